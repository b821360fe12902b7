// What programs reach for and a sandbox cannot have, answered in words.
import { define, named } from './natives.js';

const network = 'is not available: this sandbox has no network';
const reasons = {
  __proto__: null,
  fs: 'this sandbox has no file system access; ampoule.readFile and ampoule.writeFile serve the files of the request',
  'fs/promises': 'this sandbox has no file system access; ampoule.readFile and ampoule.writeFile serve the files of the request',
  child_process: 'this sandbox cannot start processes', cluster: 'this sandbox cannot start processes',
  worker_threads: 'this sandbox has a single thread', os: 'this sandbox shows nothing of the machine it runs on',
  vm: 'this sandbox runs one program only', v8: 'this sandbox does not run on V8', inspector: 'this sandbox has no debugger',
  zlib: 'compression is not part of this sandbox', stream: 'streams are not part of this sandbox',
  readline: 'this sandbox has no standard input', repl: 'this sandbox has no standard input', tty: 'this sandbox has no terminal',
};
for (const name of ['net', 'dns', 'dgram', 'http', 'http2', 'https', 'tls', 'axios', 'node-fetch', 'got', 'request', 'undici', 'ws'])
  reasons[name] = 'this sandbox has no network';

/** Why a module cannot be had, "" if there is no particular reason. */
export const reasonFor = (name) => reasons[name] ?? '';

function constructorOf(name) {
  return named(class { constructor() { throw new TypeError(`${name} ${network}`); } }, name);
}

define(globalThis, {
  // A function, so that `typeof fetch` tells a program nothing it would have to work around; a promise, as callers expect.
  fetch() { return Promise.reject(new TypeError(`fetch ${network}`)); },
  XMLHttpRequest: constructorOf('XMLHttpRequest'),
  WebSocket: constructorOf('WebSocket'),
  EventSource: constructorOf('EventSource'),
});
