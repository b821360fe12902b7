// What Node's library code has in C++, for the modules of it that the bundle takes: over the harness's natives.
import { kinds } from '../kinds.js';
import { natives } from '../user/natives.js';
import { blob } from './binding_blob.js';
import { buffer } from './binding_buffer.js';
import { constants } from './binding_constants.js';
import { encodingBinding, icuDecoding } from './binding_encoding.js';
import { FSEvent, binding as fs, dirBinding, streamState } from './binding_fs.js';
import { messaging } from './binding_messaging.js';
import { os } from './binding_os.js';
import { performance } from './binding_performance.js';
import { getStringWidth } from './binding_width.js';
import { privateSymbols, symbols } from './binding_symbols.js';
import { url } from './binding_url.js';
import { uv } from './binding_uv.js';
import { zlib } from './binding_zlib.js';
import { stringDecoder } from './binding_string_decoder.js';
import { types } from './binding_types.js';

// In plain loops: a program that replaced the methods of arrays still sees its buffers in the console.
const { getOwnPropertyDescriptor, prototype: { toString } } = Object, { apply, ownKeys } = Reflect;
const isIndex = (key) => typeof key === 'string' && `${key >>> 0}` === key && key >>> 0 !== 4294967295;
const ONLY_ENUMERABLE = 2, SKIP_SYMBOLS = 16;

const util = {
  constants: { ALL_PROPERTIES: 0, ONLY_WRITABLE: 1, ONLY_ENUMERABLE, ONLY_CONFIGURABLE: 4, SKIP_STRINGS: 8, SKIP_SYMBOLS,
    kPending: 0, kFulfilled: 1, kRejected: 2 },
  getOwnNonIndexProperties(object, filter) {
    const keys = natives.namedKeys(object) ?? ownKeys(object), found = [];
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      if (isIndex(key) || (filter & SKIP_SYMBOLS && typeof key === 'symbol')) continue;
      if (!(filter & ONLY_ENUMERABLE) || getOwnPropertyDescriptor(object, key)?.enumerable) found[found.length] = key;
    }
    return found;
  },
  privateSymbols,
  isArrayBufferDetached: (value) => value.detached,
  getPromiseDetails: (value) => natives.promise(value),
  getProxyDetails(value, both = true) {
    if (natives.kind(value) !== kinds.PROXY) return undefined;
    const parts = natives.proxy(value);
    return both ? parts : parts[0];
  },
  getConstructorName: (value) => apply(toString, value, []).slice(8, -1),
  getExternalValue: () => 0n,
  isInsideNodeModules: () => true,
  guessHandleType: () => 'PIPE',
  previewEntries(object, isIterator) {
    const [entries, pairs] = natives.entries(object);
    return isIterator ? [entries, pairs] : entries;
  },
  sleep: (milliseconds) => natives.sleep(milliseconds),
  isConstructor(value) {
    try {
      Reflect.construct(Object, [], value);
      return true;
    } catch { return false; }
  },
  parseEnv(text) {
    const found = {};
    const line = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*(?:'([^']*)'|"([^"]*)"|`([^`]*)`|([^\n#]*))/gm;
    for (const [, name, single, double, back, bare] of text.replaceAll('\r\n', '\n').matchAll(line))
      found[name] = single ?? double?.replaceAll('\\n', '\n') ?? back ?? bare.trim();
    return found;
  },
  getCallSite: () => [],
};

const bindings = {
  __proto__: null,
  buffer, util, types,
  string_decoder: stringDecoder,
  config: { hasIntl: true },
  icu: {
    ...icuDecoding, getStringWidth,
    icuErrName: (code) => (code === 1 ? 'U_ILLEGAL_ARGUMENT_ERROR' : 'U_ZERO_ERROR'),
    transcode(source, from, to) {
      const known = ['ucs2', 'utf8', 'utf16le', 'latin1', 'ascii', 'binary'];
      if (!known.includes(from) || !known.includes(to)) return 1;
      const text = Buffer.from(source.buffer, source.byteOffset, source.byteLength).toString(from);
      if (to !== 'latin1' && to !== 'ascii' && to !== 'binary') return Buffer.from(text, to);
      return Buffer.from(Array.from(text, (character) => {
        const code = character.codePointAt(0);
        return code > (to === 'ascii' ? 127 : 255) ? 0x3f : code;
      }));
    },
  },
  constants, crypto: natives.crypto, fs, url, fs_dir: dirBinding, fs_event_wrap: { FSEvent }, uv, messaging, symbols, blob, performance, zlib,
  encoding_binding: encodingBinding,
  trace_events: { trace() {}, isTraceCategoryEnabled: () => false, setTraceCategoryStateUpdateHandler() {} },
  errors: { exitCodes: {}, triggerUncaughtException(error) { queueMicrotask(() => { throw error; }); } },
  stream_wrap: { streamBaseState: streamState, kReadBytesOrError: 0, kArrayBufferOffset: 1, kBytesWritten: 2, kLastWriteWasAsync: 3 },
  worker: { isMainThread: true, threadId: 0, ownsProcessState: true, getEnvMessagePort() {} },
  timers: { getLibuvNow: () => natives.milliseconds(1), immediateInfo: new Uint32Array(3), timerInfo: new Int32Array(1), toggleImmediateRef() {} },
  os, credentials: { safeGetenv: (name) => process.env[name] },
};
export const internalBinding = (name) => bindings[name];
