// process.stdin, stdout and stderr: streams as Node's. What is written is written at once; there is nothing to read.
import { natives } from './natives.js';
import { Readable, Writable } from 'stream';
import { nextTick } from './timers.js';

function output(number) {
  const put = (chunk, encoding) => {
    if (typeof chunk === 'string' && (encoding === undefined || encoding === 'utf8' || encoding === 'utf-8' || typeof encoding !== 'string')) natives.write(number, chunk);
    else natives.writeBytes(number, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
  };
  const stream = new Writable({
    decodeStrings: false, autoDestroy: false, emitClose: false,
    write(chunk, encoding, callback) {
      put(chunk, encoding);
      callback();
    },
  });
  Object.assign(stream, { fd: number, isTTY: false, _type: 'pipe' });
  const { write } = stream;
  // Most programs write text and look no further: that goes straight out.
  stream.write = function (chunk, encoding, callback) {
    if (typeof chunk !== 'string' || typeof encoding === 'string' || stream.writableCorked || stream.writableEnded || stream.destroyed)
      return Reflect.apply(write, this, arguments);
    natives.write(number, chunk);
    const done = typeof encoding === 'function' ? encoding : callback;
    if (typeof done === 'function') nextTick(done);
    return true;
  };
  stream._destroy = (error, callback) => callback(error);
  return stream;
}

function input() {
  const stream = new Readable({ read() { this.push(null); } });
  return Object.assign(stream, { fd: 0, isTTY: false, setRawMode() { return this; }, ref() { return this; }, unref() { return this; } });
}

export function standardStreams(process) {
  const made = {};
  const lazily = (name, make) => Object.defineProperty(process, name, { get: () => made[name] ??= make(), enumerable: true, configurable: true });
  lazily('stdin', input);
  lazily('stdout', () => output(1));
  lazily('stderr', () => output(2));
}
