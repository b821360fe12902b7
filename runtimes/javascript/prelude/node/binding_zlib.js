// zlib's C++: streams of harness/natives_zlib.c. What is asked for is done at once; `write` tells so later.
import { codecs, natives } from '../user/natives.js';
import { complete } from '../user/timers.js';

const { zlib: calls } = natives;

class Handle {
  constructor(mode) {
    this.mode = mode;
    this.state = calls.stream(mode);
  }
  fail(problem) { this.onerror?.(problem[0], problem[1], problem[2]); }
  writeSync(flush, from, fromStart, fromLength, to, toStart, toLength) {
    const problem = calls.work(this.state, flush, from, fromStart, fromLength, to, toStart, toLength, this.left);
    if (problem !== undefined) this.fail(problem);
  }
  write(flush, from, fromStart, fromLength, to, toStart, toLength) {
    this.busy = true;
    complete(() => {
      if (this.state === undefined) return;
      const problem = calls.work(this.state, flush, from, fromStart, fromLength, to, toStart, toLength, this.left);
      this.busy = false;
      if (problem !== undefined) this.fail(problem);
      else this.callback();
      if (this.closing) this.close();
    });
  }
  reset() {
    const problem = calls.reset(this.state);
    if (problem !== undefined) this.fail(problem);
  }
  close() {
    if (this.busy) {
      this.closing = true;
    } else if (this.state !== undefined) {
      calls.end(this.state);
      this.state = undefined;
    }
  }
  getAsyncId() { return 1; }
}

class Zlib extends Handle {
  init(bits, level, memory, strategy, left, callback, dictionary) {
    this.left = left;
    this.callback = callback;
    calls.init(this.state, bits, level, memory, strategy, dictionary);
  }
  params(level, strategy) {
    const problem = calls.params(this.state, level, strategy);
    if (problem !== undefined) this.fail(problem);
  }
}

class Brotli extends Handle {
  init(parameters, left, callback) {
    this.left = left;
    this.callback = callback;
    const problem = calls.brotliInit(this.state, parameters);
    if (problem === undefined) return;
    this.fail(problem);
    throw Object.assign(new Error('Initialization failed'), { code: 'ERR_ZLIB_INITIALIZATION_FAILED' });
  }
  params() {}
}

class BrotliEncoder extends Brotli {}
class BrotliDecoder extends Brotli {}

export const zlib = {
  Zlib, BrotliEncoder, BrotliDecoder,
  crc32: (data, value) => calls.crc32(typeof data === 'string' ? natives.encode(codecs.utf8, data) : data, value),
};
