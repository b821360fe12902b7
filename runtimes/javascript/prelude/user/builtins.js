// The built-in modules that `require` and `import` offer, by name.
import cryptoModule from 'crypto';
import os from 'os';
import { performance } from './performance.js';
import { process } from './process.js';
import { timerFunctions } from './timers.js';
import { timersPromises } from './timers_promises.js';

export const builtins = {
  __proto__: null,
  assert: require('assert'),
  'assert/strict': require('assert').strict,
  buffer: require('buffer'),
  console: globalThis.console,
  crypto: cryptoModule,
  events: require('events'),
  os,
  path: require('path'),
  'path/posix': require('path').posix,
  'path/win32': require('path').win32,
  perf_hooks: { performance },
  process,
  punycode: require('punycode'),
  querystring: require('querystring'),
  stream: require('stream'),
  'stream/promises': require('stream/promises'),
  string_decoder: require('string_decoder'),
  timers: timerFunctions,
  'timers/promises': timersPromises,
  url: require('url'),
  util: require('util'),
  'util/types': require('util').types,
};
