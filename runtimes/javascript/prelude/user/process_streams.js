// process.stdin, stdout and stderr: streams as Node's. What is written is written at once, what is read is the request's stdin.
import { apply, defineProperty, natives } from './natives.js';
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
  const plain = function (chunk, encoding, callback) {
    if (typeof chunk !== 'string' || typeof encoding === 'string' || stream.writableCorked || stream.writableEnded || stream.destroyed)
      return Reflect.apply(write, this, arguments);
    natives.write(number, chunk);
    const done = typeof encoding === 'function' ? encoding : callback;
    if (typeof done === 'function') nextTick(done);
    return true;
  };
  defineProperty(plain, 'name', { value: 'write', configurable: true });
  // A function that a program puts in its place also gets what the console says.
  let current = plain;
  defineProperty(stream, 'write', {
    get: () => current,
    set(value) {
      current = value;
      natives.inside.divert(number, value === plain || typeof value !== 'function' ? undefined : (text) => void apply(value, stream, [text]));
    },
    enumerable: true, configurable: true,
  });
  stream._destroy = (error, callback) => callback(error);
  return stream;
}

function input() {
  const stream = new Readable({
    read(size) {
      const chunk = Buffer.allocUnsafeSlow(Math.max(size, 65536)), count = natives.fs.read(0, chunk, 0, chunk.length, -1);
      this.push(count > 0 ? chunk.subarray(0, count) : null);
    },
  });
  return Object.assign(stream, { fd: 0, isTTY: false, setRawMode() { return this; }, ref() { return this; }, unref() { return this; } });
}

export function standardStreams(process) {
  const made = {};
  const lazily = (name, make) => Object.defineProperty(process, name, { get: () => made[name] ??= make(), enumerable: true, configurable: true });
  lazily('stdin', input);
  lazily('stdout', () => output(1));
  lazily('stderr', () => output(2));
}
