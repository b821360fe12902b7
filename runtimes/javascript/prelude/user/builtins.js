// The built-in modules that `require` and `import` offer, by name.
import os from 'os';
import * as asyncHooks from 'async_hooks';
import * as workerThreads from 'worker_threads';
import { console } from './console.js';
import { process } from './process.js';
import { timerFunctions } from './timers.js';
import { timersPromises } from './timers_promises.js';
import { terminal } from './terminal.js';

const assert = require('assert'), path = require('path'), util = require('util'), fs = require('fs');

export const builtins = {
  __proto__: null,
  assert,
  'assert/strict': assert.strict,
  async_hooks: { ...asyncHooks },
  buffer: require('buffer'),
  console,
  constants: Object.assign({}, ...['dlopen', 'errno', 'priority', 'signals'].map((name) => os.constants[name]), fs.constants),
  crypto: require('crypto'),
  diagnostics_channel: require('diagnostics_channel'),
  events: require('events'),
  fs,
  'fs/promises': fs.promises,
  os,
  path,
  'path/posix': path.posix,
  'path/win32': path.win32,
  perf_hooks: require('perf_hooks'),
  process,
  punycode: require('punycode'),
  querystring: require('querystring'),
  readline: require('readline'),
  'readline/promises': require('readline/promises'),
  stream: require('stream'),
  _stream_duplex: require('stream').Duplex, _stream_passthrough: require('stream').PassThrough, _stream_readable: require('stream').Readable,
  _stream_transform: require('stream').Transform, _stream_writable: require('stream').Writable,
  'stream/consumers': require('stream/consumers'),
  'stream/promises': require('stream/promises'),
  'stream/web': require('stream/web'),
  string_decoder: require('string_decoder'),
  sys: util,
  timers: timerFunctions,
  'timers/promises': timersPromises,
  tty: terminal,
  url: require('url'),
  util,
  'util/types': util.types,
  worker_threads: { ...workerThreads },
  zlib: require('zlib'),
};
timerFunctions.promises = timersPromises;
