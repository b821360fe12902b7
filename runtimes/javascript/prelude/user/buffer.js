// Buffer: the npm package `buffer`, with text conversion done natively and what Node added since.
import { Buffer as Base, kMaxLength } from 'buffer/';
import { codecs, define, defineProperty, natives } from './natives.js';

export const Buffer = Base;

const codecNames = {
  __proto__: null, utf8: codecs.utf8, 'utf-8': codecs.utf8, ucs2: codecs.utf16le, 'ucs-2': codecs.utf16le,
  utf16le: codecs.utf16le, 'utf-16le': codecs.utf16le, latin1: codecs.latin1, binary: codecs.latin1, ascii: codecs.ascii,
  hex: codecs.hex, base64: codecs.base64, base64url: codecs.base64url,
};

function codecOf(encoding) {
  if (encoding === undefined || encoding === null || encoding === '') return codecs.utf8;
  const codec = codecNames[encoding] ?? codecNames[`${encoding}`.toLowerCase()];
  if (codec !== undefined) return codec;
  const error = new TypeError(`Unknown encoding: ${encoding}`);
  error.code = 'ERR_UNKNOWN_ENCODING';
  throw error;
}

function asBuffer(bytes) {
  Object.setPrototypeOf(bytes, Buffer.prototype);
  return bytes;
}

const from = Buffer.from, fill = Buffer.prototype.fill, indexOf = Buffer.prototype.indexOf, lastIndexOf = Buffer.prototype.lastIndexOf;

const statics = {
  from(value, encodingOrOffset, length) {
    if (typeof value === 'string') return asBuffer(natives.encode(codecOf(encodingOrOffset), value));
    return from(value, encodingOrOffset, length);
  },
  byteLength(value, encoding) {
    if (typeof value !== 'string') {
      const view = natives.view(value);
      if (view !== undefined) return view.length;
      const error = new TypeError('The "string" argument must be of type string or an instance of Buffer or ArrayBuffer.');
      error.code = 'ERR_INVALID_ARG_TYPE';
      throw error;
    }
    return natives.encode(codecOf(encoding), value).length;
  },
  isEncoding(encoding) { return typeof encoding === 'string' && encoding.toLowerCase() in codecNames; },
  copyBytesFrom(view, offset = 0, length = view.length - offset) {
    const part = view.subarray(offset, offset + length);
    return statics.from(part.buffer.slice(part.byteOffset, part.byteOffset + part.byteLength));
  },
};

const methods = {
  toString(encoding, start = 0, end = this.length) {
    start = Math.max(0, Math.trunc(start) || 0);
    end = Math.min(this.length, Math.trunc(end) || 0);
    return end <= start ? '' : natives.decode(codecOf(encoding), this, start, end, false);
  },
  write(string, offset, length, encoding) {
    if (typeof offset === 'string') [encoding, offset] = [offset, undefined];
    if (typeof length === 'string') [encoding, length] = [length, undefined];
    offset = offset === undefined ? 0 : Math.trunc(offset);
    if (offset < 0 || offset > this.length) {
      const error = new RangeError(`The value of "offset" is out of range. It must be >= 0 && <= ${this.length}. Received ${offset}`);
      error.code = 'ERR_OUT_OF_RANGE';
      throw error;
    }
    const codec = codecOf(encoding), bytes = natives.encode(codec, `${string}`);
    let count = Math.min(bytes.length, this.length - offset, length === undefined ? Infinity : length);
    if (codec === codecs.utf8 && count < bytes.length) count -= natives.unfinished(bytes.subarray(0, count));
    if (codec === codecs.utf16le) count -= count % 2;
    this.set(bytes.subarray(0, count), offset);
    return count;
  },
  fill(value, offset, end, encoding) {
    if (typeof offset === 'string') [encoding, offset] = [offset, undefined];
    if (typeof end === 'string') [encoding, end] = [end, undefined];
    if (typeof value === 'string' && value.length > 0) value = statics.from(value, encoding);
    return fill.call(this, value, offset, end);
  },
  indexOf(value, offset, encoding) {
    if (typeof offset === 'string') [encoding, offset] = [offset, undefined];
    return indexOf.call(this, typeof value === 'string' ? statics.from(value, encoding) : value, offset);
  },
  lastIndexOf(value, offset, encoding) {
    if (typeof offset === 'string') [encoding, offset] = [offset, undefined];
    return lastIndexOf.call(this, typeof value === 'string' ? statics.from(value, encoding) : value, offset);
  },
  includes(value, offset, encoding) { return this.indexOf(value, offset, encoding) !== -1; },
  toLocaleString(...values) { return this.toString(...values); },
};

define(Buffer, statics);
define(Buffer.prototype, methods);

for (const name of Object.getOwnPropertyNames(Buffer.prototype)) // as in Node: readUInt8 is also readUint8
  if (name.includes('UInt')) define(Buffer.prototype, { [name.replace('UInt', 'Uint')]: Buffer.prototype[name] });

defineProperty(Buffer.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value() {
    const shown = natives.decode(codecs.hex, this, 0, 50, false).replace(/(.{2})(?=.)/g, '$1 ');
    const more = this.length - 50;
    return `<${this.constructor.name} ${shown}${more > 0 ? ` ... ${more} more byte${more > 1 ? 's' : ''}` : ''}>`;
  },
  writable: true, configurable: true,
});
defineProperty(Buffer, 'name', { value: 'Buffer', configurable: true });

/** The module `buffer`. */
export const bufferModule = {
  Buffer, kMaxLength, constants: { MAX_LENGTH: kMaxLength, MAX_STRING_LENGTH: 536870888 }, INSPECT_MAX_BYTES: 50,
  atob: globalThis.atob, btoa: globalThis.btoa,
  isUtf8(input) {
    try {
      return (new TextDecoder('utf-8', { fatal: true }).decode(input), true);
    } catch { return false; }
  },
  isAscii: (input) => natives.view(input).every((byte) => byte < 128),
};

define(globalThis, { Buffer });
