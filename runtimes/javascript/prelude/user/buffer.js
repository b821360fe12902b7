// Buffer, as in Node: a Uint8Array with text codecs, number access and the old constructors. Numbers: buffer_numbers.js.
import { codecs, define, defineProperty, natives } from './natives.js';
import { coded, outOfRange, wrongType } from './errors.js';
import { defineNumbers } from './buffer_numbers.js';

const MOST = 2 ** 31 - 1;
const codecNames = {
  __proto__: null, 'utf8': codecs.utf8, 'utf-8': codecs.utf8, 'ucs2': codecs.utf16le, 'ucs-2': codecs.utf16le,
  'utf16le': codecs.utf16le, 'utf-16le': codecs.utf16le, 'latin1': codecs.latin1, 'binary': codecs.latin1, 'ascii': codecs.ascii,
  'hex': codecs.hex, 'base64': codecs.base64, 'base64url': codecs.base64url,
};

function codecOf(encoding) {
  if (encoding === undefined || encoding === null || encoding === '') return codecs.utf8;
  const codec = codecNames[encoding] ?? codecNames[`${encoding}`.toLowerCase()];
  if (codec === undefined) throw coded(TypeError, 'ERR_UNKNOWN_ENCODING', `Unknown encoding: ${encoding}`);
  return codec;
}

// What makes instances; Buffer itself can be called without `new`, which a class cannot.
class Bytes extends Uint8Array {}
const { setPrototypeOf } = Object;

const encoded = (text, encoding) => setPrototypeOf(natives.encode(codecOf(encoding), text), Bytes.prototype);

export function Buffer(value, encodingOrOffset, length) {
  if (typeof value === 'number') {
    if (typeof encodingOrOffset === 'string') throw wrongType('string', 'of type string', value);
    return Buffer.alloc(value);
  }
  return Buffer.from(value, encodingOrOffset, length);
}
setPrototypeOf(Buffer, Uint8Array);
Buffer.prototype = Bytes.prototype;
define(Bytes.prototype, { constructor: Buffer });
Object.defineProperty(Buffer, Symbol.species, { get: () => Bytes, configurable: true });

function checkSize(size) {
  if (typeof size !== 'number') throw wrongType('size', 'of type number', size);
  if (!(size >= 0 && size <= MOST)) throw outOfRange('size', `>= 0 && <= ${MOST}`, size);
  return Math.trunc(size);
}

function fromObject(value, encodingOrOffset, length) {
  const inner = value.valueOf?.();
  if (inner != null && inner !== value && (typeof inner === 'string' || typeof inner === 'object'))
    return Buffer.from(inner, encodingOrOffset, length);
  if (value.length !== undefined) return typeof value.length === 'number' && value.length > 0 ? Bytes.from(value) : new Bytes(0);
  if (value.type === 'Buffer' && Array.isArray(value.data)) return Bytes.from(value.data);
  const primitive = value[Symbol.toPrimitive]?.('string');
  return typeof primitive === 'string' ? encoded(primitive, encodingOrOffset) : undefined;
}

define(Buffer, {
  poolSize: 8192,
  from(value, encodingOrOffset, length) {
    if (typeof value === 'string') return encoded(value, encodingOrOffset);
    if (typeof value === 'object' && value !== null) {
      if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
        const offset = Math.trunc(encodingOrOffset) || 0, most = value.byteLength - offset;
        if (most < 0) throw coded(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', '"offset" is outside of buffer bounds');
        if (length !== undefined && length > most) throw coded(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', '"length" is outside of buffer bounds');
        return new Bytes(value, offset, length === undefined ? most : Math.max(0, Math.trunc(length) || 0));
      }
      if (ArrayBuffer.isView(value) && value.length !== undefined) return new Bytes(value);
      const made = fromObject(value, encodingOrOffset, length);
      if (made !== undefined) return made;
    }
    throw wrongType('first', 'of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object', value);
  },
  alloc(size, fill, encoding) {
    const buffer = new Bytes(checkSize(size));
    return fill !== undefined && fill !== 0 && size > 0 ? buffer.fill(fill, encoding) : buffer;
  },
  allocUnsafe: (size) => new Bytes(checkSize(size)),
  allocUnsafeSlow: (size) => new Bytes(checkSize(size)),
  isBuffer: (value) => value instanceof Buffer,
  isEncoding: (encoding) => typeof encoding === 'string' && encoding.toLowerCase() in codecNames,
  byteLength(value, encoding) {
    if (typeof value === 'string') return natives.encode(codecNames[`${encoding}`.toLowerCase()] ?? codecs.utf8, value).length;
    const view = natives.view(value);
    if (view === undefined) throw wrongType('string', 'of type string or an instance of Buffer or ArrayBuffer', value);
    return view.length;
  },
  compare(a, b) {
    if (!(a instanceof Uint8Array)) throw wrongType('buf1', 'an instance of Buffer or Uint8Array', a);
    if (!(b instanceof Uint8Array)) throw wrongType('buf2', 'an instance of Buffer or Uint8Array', b);
    const length = Math.min(a.length, b.length);
    for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
    return a.length === b.length ? 0 : a.length < b.length ? -1 : 1;
  },
  concat(list, length) {
    if (!Array.isArray(list)) throw wrongType('list', 'an instance of Array', list);
    if (length === undefined) {
      length = 0;
      for (const part of list) length += part.length ?? 0;
    }
    const whole = new Bytes(checkSize(length));
    let at = 0;
    for (let i = 0; i < list.length; i++) {
      const part = list[i];
      if (!(part instanceof Uint8Array)) throw wrongType(`list[${i}]`, 'an instance of Buffer or Uint8Array', part);
      whole.set(part.length > length - at ? part.subarray(0, length - at) : part, at);
      at = Math.min(length, at + part.length);
    }
    return whole;
  },
  copyBytesFrom(view, offset = 0, length = view.length - offset) {
    const part = view.subarray(offset, offset + length);
    return new Bytes(part.buffer.slice(part.byteOffset, part.byteOffset + part.byteLength));
  },
  of: (...bytes) => Bytes.from(bytes),
});

// Index for indexOf and lastIndexOf: the value as bytes, and where to begin.
function search(buffer, value, offset, encoding, backwards) {
  if (typeof offset === 'string') [encoding, offset] = [offset, undefined];
  offset = +offset;
  if (Number.isNaN(offset)) offset = backwards ? buffer.length : 0;
  offset = Math.trunc(offset);
  if (offset < 0) offset += buffer.length;
  if (offset < 0) {
    if (backwards) return -1;
    offset = 0;
  }
  if (typeof value === 'number') value = [value & 255];
  else if (typeof value === 'string') value = natives.encode(codecOf(encoding), value);
  else if (!(value instanceof Uint8Array)) throw wrongType('value', 'one of type number or string or an instance of Buffer or Uint8Array', value);
  const last = buffer.length - value.length;
  if (value.length === 0) return Math.min(offset, buffer.length);
  const step = backwards ? -1 : 1;
  for (let i = backwards ? Math.min(offset, last) : offset; i >= 0 && i <= last; i += step) {
    let j = 0;
    while (j < value.length && buffer[i + j] === value[j]) j++;
    if (j === value.length) return i;
  }
  return -1;
}

function swap(buffer, size) {
  if (buffer.length % size !== 0) throw coded(RangeError, 'ERR_INVALID_BUFFER_SIZE', `Buffer size must be a multiple of ${size * 8}-bits`);
  for (let i = 0; i < buffer.length; i += size) buffer.subarray(i, i + size).reverse();
  return buffer;
}

const bound = (value, fallback, most) => Math.min(most, Math.max(0, value === undefined ? fallback : Math.trunc(value) || 0));
const shown = (buffer, codec, start, end) => natives.decode(codec, buffer, start, end, false);

define(Bytes.prototype, {
  toString(encoding, start, end) {
    start = bound(start, 0, this.length);
    end = bound(end, this.length, this.length);
    const codec = codecOf(encoding);
    return end <= start ? '' : shown(this, codec, start, end);
  },
  toLocaleString(encoding, start, end) { return this.toString(encoding, start, end); },
  toJSON() { return { type: 'Buffer', data: Array.from(this) }; },
  equals(other) {
    if (!(other instanceof Uint8Array)) throw wrongType('otherBuffer', 'an instance of Buffer or Uint8Array', other);
    return Buffer.compare(this, other) === 0;
  },
  compare(target, targetStart = 0, targetEnd = target.length, start = 0, end = this.length) {
    if (!(target instanceof Uint8Array)) throw wrongType('target', 'an instance of Buffer or Uint8Array', target);
    return Buffer.compare(this.subarray(start, end), target.subarray(targetStart, targetEnd));
  },
  copy(target, targetStart = 0, start = 0, end = this.length) {
    if (!(target instanceof Uint8Array)) throw wrongType('target', 'an instance of Buffer or Uint8Array', target);
    if (start < 0 || start > this.length) throw outOfRange('sourceStart', `>= 0 && <= ${this.length}`, start);
    const count = Math.max(0, Math.min(end - start, target.length - targetStart, this.length - start));
    if (count > 0) target.set(this.subarray(start, start + count), targetStart);
    return count;
  },
  slice(start, end) { return this.subarray(start, end); },
  write(string, offset, length, encoding) {
    if (typeof string !== 'string') throw wrongType('argument', 'of type string', string);
    if (typeof offset === 'string') [encoding, offset, length] = [offset, undefined, undefined];
    else if (typeof length === 'string') [encoding, length] = [length, undefined];
    offset = offset === undefined ? 0 : offset;
    if (!(offset >= 0 && offset <= this.length)) throw outOfRange('offset', `>= 0 && <= ${this.length}`, offset);
    const codec = codecOf(encoding), bytes = natives.encode(codec, string), most = this.length - offset;
    let count = Math.min(bytes.length, length === undefined ? most : Math.min(most, length));
    if (codec === codecs.utf8 && count < bytes.length) count -= natives.unfinished(bytes.subarray(0, count));
    if (codec === codecs.utf16le) count -= count % 2;
    this.set(bytes.subarray(0, count), offset);
    return count;
  },
  fill(value, offset, end, encoding) {
    if (typeof offset === 'string') [encoding, offset, end] = [offset, undefined, undefined];
    else if (typeof end === 'string') [encoding, end] = [end, undefined];
    if (offset !== undefined && !(offset >= 0 && offset <= this.length)) throw outOfRange('offset', `>= 0 && <= ${this.length}`, offset);
    if (end !== undefined && !(end >= 0 && end <= this.length)) throw outOfRange('end', `>= 0 && <= ${this.length}`, end);
    if (typeof value === 'boolean') value = +value;
    if (typeof value === 'number') return Uint8Array.prototype.fill.call(this, value & 255, offset, end);
    const pattern = typeof value === 'string' ? natives.encode(codecOf(encoding), value) : natives.view(value) ?? [0];
    if (pattern.length === 0) {
      if (typeof value === 'string' && value !== '') throw coded(TypeError, 'ERR_INVALID_ARG_VALUE', `The argument 'value' is invalid. Received '${value}'`);
      return Uint8Array.prototype.fill.call(this, 0, offset, end);
    }
    for (let i = offset ?? 0, j = 0; i < (end ?? this.length); i++, j = (j + 1) % pattern.length) this[i] = pattern[j];
    return this;
  },
  indexOf(value, offset, encoding) { return search(this, value, offset, encoding, false); },
  lastIndexOf(value, offset, encoding) { return search(this, value, offset, encoding, true); },
  includes(value, offset, encoding) { return search(this, value, offset, encoding, false) !== -1; },
  swap16() { return swap(this, 2); },
  swap32() { return swap(this, 4); },
  swap64() { return swap(this, 8); },
  get parent() { return this.buffer; },
  get offset() { return this.byteOffset; },
  [Symbol.for('nodejs.util.inspect.custom')]() {
    const hex = shown(this, codecs.hex, 0, Math.min(50, this.length)).replace(/(.{2})(?=.)/g, '$1 ');
    const more = this.length - 50;
    return `<${this.constructor.name} ${hex}${more > 0 ? ` ... ${more} more byte${more > 1 ? 's' : ''}` : ''}>`;
  },
});
for (const name of ['utf8', 'ucs2', 'utf16le', 'latin1', 'ascii', 'hex', 'base64', 'base64url']) {
  define(Bytes.prototype, {
    [`${name}Slice`](start, end) { return this.toString(name, start, end); },
    [`${name}Write`](text, offset, length) { return this.write(text, offset, length, name); },
  });
}
defineNumbers(Bytes.prototype);

/** The module `buffer`. */
export const bufferModule = {
  Buffer, SlowBuffer: Buffer, kMaxLength: MOST, kStringMaxLength: 2 ** 29 - 24, INSPECT_MAX_BYTES: 50,
  constants: { MAX_LENGTH: MOST, MAX_STRING_LENGTH: 2 ** 29 - 24 }, atob, btoa,
  isUtf8(input) {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(input);
      return true;
    } catch { return false; }
  },
  isAscii: (input) => natives.view(input).every((byte) => byte < 128),
  transcode: (source, from, to) => Buffer.from(Buffer.from(source).toString(from), to),
};
defineProperty(Buffer, 'name', { value: 'Buffer', configurable: true });

define(globalThis, { Buffer });
