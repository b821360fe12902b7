// The module `tty`: nothing is a terminal.
import { Readable, Writable } from 'stream';

const none = () => { throw new Error('this sandbox has no terminal; process.stdout.isTTY says so'); };

export const terminal = {
  isatty: () => false,
  ReadStream: class ReadStream extends Readable { constructor() { super(); none(); } },
  WriteStream: class WriteStream extends Writable { constructor() { super(); none(); } },
};
