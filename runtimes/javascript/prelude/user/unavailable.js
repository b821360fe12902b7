// What programs reach for and a sandbox cannot have, answered in words.
import { Request, Response } from './fetch_classes.js';
import { define, named } from './natives.js';

const network = 'is not available: this sandbox has no network';
const processes = 'this sandbox cannot start processes; do the work in this program';
const reasons = {
  __proto__: null,
  child_process: processes, cluster: processes,
  vm: 'this sandbox runs one program only; new Function(…) evaluates text as code', v8: 'this sandbox runs on QuickJS, not on V8; structuredClone copies values',
  inspector: 'this sandbox has no debugger; console.log shows values', trace_events: 'this sandbox has no tracing; performance.mark measures',
  wasi: 'this sandbox has no WebAssembly', repl: 'this sandbox has no terminal', domain: 'domains are not part of this sandbox; AsyncLocalStorage of node:async_hooks follows asynchronous calls',
  test: 'this sandbox runs programs, not test suites; node:assert is there', sea: 'this sandbox runs programs from their source', sqlite: 'this sandbox has no SQLite',
  'test/reporters': 'this sandbox runs programs, not test suites', 'fs-extra': 'node:fs has most of it', glob: 'node:fs lists folders: readdirSync(folder, { recursive: true })', rimraf: 'node:fs has it: rmSync(path, { recursive: true, force: true })',
};
for (const name of ['sqlite3', 'better-sqlite3', 'sharp', 'canvas', 'bcrypt']) reasons[name] = 'this sandbox runs no native code';
for (const name of ['puppeteer', 'playwright', 'shelljs', 'execa']) reasons[name] = 'this sandbox cannot start processes';
for (const name of ['net', 'dns', 'dns/promises', 'dgram', 'http', 'http2', 'https', 'tls', 'axios', 'node-fetch', 'got', 'request', 'superagent',
  'undici', 'ws', 'cross-fetch', 'isomorphic-fetch', 'ky', 'nodemailer', 'socket.io', 'mysql', 'mysql2', 'pg', 'mongodb', 'mongoose', 'redis', 'ioredis', 'openai',
  'aws-sdk', 'googleapis'])
  reasons[name] = 'this sandbox has no network; hand in what the program needs as its input or as files, and return what is to be sent';

/** Why a module cannot be had, "" if there is no particular reason. */
export const reasonFor = (name) => reasons[name] ?? reasons[name.split('/', 1)[0]] ?? '';

function constructorOf(name) {
  return named(class { constructor() { throw new TypeError(`${name} ${network}`); } }, name);
}

/** A response to a `data:` or `blob:` address, which lies in the program itself. */
async function local(request) {
  const url = new URL(request.url);
  if (request.method !== 'GET') throw new TypeError('fetch failed', { cause: new Error('invalid method') });
  if (url.protocol === 'data:') {
    const found = require('undici/lib/web/fetch/data-url.js').dataURLProcessor(url);
    if (found === 'failure') throw new TypeError('fetch failed', { cause: new Error('invalid data: URL') });
    return new Response(found.body, { headers: { 'content-type': require('undici/lib/web/fetch/data-url.js').serializeAMimeType(found.mimeType) } });
  }
  const blob = url.search === '' ? require('internal/blob').resolveObjectURL(url.href) : undefined;
  if (blob === undefined) throw new TypeError('fetch failed', { cause: new Error('there is no such object URL') });
  return new Response(blob, { headers: { 'content-length': `${blob.size}`, 'content-type': blob.type } });
}

define(globalThis, {
  // A function, so that `typeof fetch` tells a program nothing it would have to work around; a promise, as callers expect.
  async fetch(input, init = undefined) {
    const request = new Request(input, init), { signal } = request;
    if (signal.aborted) throw signal.reason;
    if (/^(data|blob):/.test(request.url)) return local(request);
    throw new TypeError(`fetch ${network}; hand in what ${request.url} would have answered as input or as a file, or return the request for others to send`);
  },
  XMLHttpRequest: constructorOf('XMLHttpRequest'),
  WebSocket: constructorOf('WebSocket'),
  EventSource: constructorOf('EventSource'),
});
