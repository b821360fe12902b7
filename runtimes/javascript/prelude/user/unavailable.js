// What programs reach for and a sandbox cannot have, answered in words.
import { define, named } from './natives.js';

const network = 'is not available: this sandbox has no network';
const reasons = {
  __proto__: null,
  fs: 'this sandbox has no file system access; ampoule.readFile and ampoule.writeFile serve the files of the request',
  'fs/promises': 'this sandbox has no file system access; ampoule.readFile and ampoule.writeFile serve the files of the request',
  child_process: 'this sandbox cannot start processes', cluster: 'this sandbox cannot start processes',
  worker_threads: 'this sandbox has a single thread',
  vm: 'this sandbox runs one program only', v8: 'this sandbox does not run on V8', inspector: 'this sandbox has no debugger',
  zlib: 'compression is not part of this sandbox; the package pako has it', async_hooks: 'this sandbox does not follow asynchronous calls',
  diagnostics_channel: 'this sandbox has no diagnostics', trace_events: 'this sandbox has no diagnostics', wasi: 'this sandbox runs one program only',
  readline: 'standard input is process.stdin, whole', repl: 'this sandbox runs one program only', tty: 'this sandbox has no terminal',
};
for (const name of ['sqlite3', 'better-sqlite3', 'sharp', 'canvas', 'bcrypt']) reasons[name] = 'this sandbox runs no native code';
for (const name of ['puppeteer', 'playwright', 'shelljs', 'execa']) reasons[name] = 'this sandbox cannot start processes';
for (const name of ['fs-extra', 'glob', 'rimraf']) reasons[name] = reasons.fs;
for (const name of ['net', 'dns', 'dgram', 'http', 'http2', 'https', 'tls', 'axios', 'node-fetch', 'got', 'request', 'superagent',
  'undici', 'ws', 'cross-fetch', 'isomorphic-fetch', 'ky', 'nodemailer', 'socket.io', 'mysql', 'mysql2', 'pg', 'mongodb', 'mongoose', 'redis', 'ioredis', 'openai',
  'aws-sdk', 'googleapis'])
  reasons[name] = 'this sandbox has no network';

/** Why a module cannot be had, "" if there is no particular reason. */
export const reasonFor = (name) => reasons[name] ?? reasons[name.split('/', 1)[0]] ?? '';

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
