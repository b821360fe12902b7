// What Node's library code has in C++, for the modules of it that the bundle takes: over the harness's natives.
import { natives } from '../user/natives.js';
import { toASCII, toUnicode } from 'tr46';
import { buffer } from './binding_buffer.js';
import { stringDecoder } from './binding_string_decoder.js';
import { types } from './binding_types.js';

// In plain loops: a program that replaced the methods of arrays still sees its buffers in the console.
const { getOwnPropertyDescriptor } = Object, { ownKeys } = Reflect;
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
  privateSymbols: {
    arrow_message_private_symbol: Symbol('arrow_message'), decorated_private_symbol: Symbol('decorated'),
    untransferable_object_private_symbol: Symbol('untransferable'),
  },
  isArrayBufferDetached: (value) => value.detached,
  isInsideNodeModules: () => true,
  guessHandleType: () => 'PIPE',
  sleep() {},
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
  // What buffer.transcode needs of ICU.
  icu: {
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
  constants: { os: { signals: { __proto__: null, SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 } } },
  encoding_binding: { toASCII: (name) => toASCII(name) ?? '' },
  url: {
    format(href, fragment, unicode, search, auth) {
      const url = new URL(href);
      if (!fragment) url.hash = '';
      if (!search) url.search = '';
      if (!auth) url.username = url.password = '';
      if (!unicode || url.hostname === '') return url.href;
      return url.href.replace(url.hostname, toUnicode(url.hostname).domain);
    },
  },
  uv: { getErrorMap: () => new Map(), errname: (code) => `Unknown system error ${code}`, UV_EOF: -4095 },
  messaging: { get DOMException() { return DOMException; } },
  errors: { exitCodes: {} },
  os: { getOSInformation: () => ['Linux', '', '', 'wasm32'] },
};
export const internalBinding = (name) => bindings[name];
