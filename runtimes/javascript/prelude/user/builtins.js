// The built-in modules that `require` and `import` offer; each is made when it is first asked for.
import { bufferModule } from './buffer.js';
import { crypto } from './crypto.js';
import { EventEmitter } from './emitter.js';
import { path } from './path.js';
import { performance } from './performance.js';
import { process } from './process.js';
import { timerFunctions } from './timers.js';
import { natives } from './natives.js';
import { util } from './util.js';

const once = (make) => {
  let made;
  return () => made ??= make();
};
const { setTimeout, setImmediate } = timerFunctions;

export const builtins = {
  __proto__: null,
  buffer: () => bufferModule,
  console: () => globalThis.console,
  crypto: once(() => ({
    randomUUID: () => crypto.randomUUID(),
    getRandomValues: (array) => crypto.getRandomValues(array),
    randomBytes(size) {
      const bytes = Buffer.alloc(size);
      natives.random(bytes);
      return bytes;
    },
    randomInt(least, most) {
      if (most === undefined) [least, most] = [0, least];
      const [word] = new BigUint64Array(this.randomBytes(8).buffer);
      return least + Number(word % BigInt(most - least));
    },
    webcrypto: crypto,
  })),
  events: () => EventEmitter,
  path: () => path,
  'path/posix': () => path,
  perf_hooks: () => ({ performance }),
  process: () => process,
  querystring: once(() => ({
    parse(text) {
      const values = { __proto__: null };
      for (const [name, value] of new URLSearchParams(text)) values[name] = name in values ? [values[name], value].flat() : value;
      return values;
    },
    stringify(values) {
      const pairs = [];
      for (const name of Object.keys(values))
        for (const value of [values[name]].flat()) pairs.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
      return pairs.join('&');
    },
    escape: encodeURIComponent, unescape: decodeURIComponent,
  })),
  timers: () => timerFunctions,
  'timers/promises': once(() => ({
    setTimeout: (delay, value) => new Promise((resolve) => setTimeout(resolve, delay, value)),
    setImmediate: (value) => new Promise((resolve) => setImmediate(resolve, value)),
    async* setInterval(delay, value) {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, delay));
        yield value;
      }
    },
  })),
  url: once(() => ({
    URL, URLSearchParams,
    fileURLToPath: (url) => decodeURIComponent(new URL(url).pathname),
    pathToFileURL: (name) => new URL(`file://${path.resolve(name)}`),
  })),
  util: () => util,
};
