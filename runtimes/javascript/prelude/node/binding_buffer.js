// Buffer's C++: over the natives of harness/natives_buffer.c.
import { apply, codecs, natives } from '../user/natives.js';
import { codecOf } from './binding_string_decoder.js';

const { transfer } = ArrayBuffer.prototype, { test } = RegExp.prototype, { atob, btoa } = globalThis;
const MOST = 2 ** 32; // as in Node, though the memory of a guest ends before

const outOfBounds = () => Object.assign(new RangeError('Index out of range'), { code: 'ERR_OUT_OF_RANGE' });

function bound(value, fallback) {
  if (value === undefined) return fallback;
  value = Math.trunc(+value) || 0;
  if (value < 0) throw outOfBounds();
  return value;
}

function attached(input) {
  const bytes = natives.view(input);
  if (bytes === undefined || (input.buffer ?? input).detached) throw Object.assign(new Error('Cannot validate on a detached buffer'), { code: 'ERR_INVALID_STATE' });
  return bytes;
}

const slice = (codec) => function (start, end) {
  const { length } = natives.view(this);
  start = bound(start, 0);
  end = bound(end, length);
  if (end < start) end = start;
  if (end > length) throw outOfBounds();
  return start === end ? '' : natives.decode(codec, this, start, end, false);
};

const write = (codec) => function (text, offset, length) {
  if (typeof text !== 'string') throw Object.assign(new TypeError('argument must be a string'), { code: 'ERR_INVALID_ARG_TYPE' });
  const size = natives.view(this).length;
  offset = bound(offset, 0);
  if (offset > size)
    throw Object.assign(new RangeError('"offset" is outside of buffer bounds'), { code: 'ERR_BUFFER_OUT_OF_BOUNDS' });
  return natives.bufferWrite(codec, this, text, offset, Math.min(bound(length, size - offset), size - offset));
};

// Where a search begins, or -1 if it cannot find anything.
function begin(length, offset, needle, forward) {
  if (offset < 0) {
    if (offset + length >= 0) return length + offset;
    return forward || needle === 0 ? 0 : -1;
  }
  if (offset + needle <= length) return offset;
  if (needle === 0) return length;
  return forward ? -1 : length - 1;
}

function indexOfBytes(buffer, bytes, offset, encoding, forward) {
  const { length } = natives.view(buffer);
  const from = begin(length, Math.trunc(offset), bytes.length, forward);
  if (bytes.length === 0) return from;
  const wide = codecOf[encoding] === codecs.utf16le;
  if (from < 0 || length === 0 || bytes.length > length || (forward && from + bytes.length > length)) return -1;
  if (wide && (length < 2 || bytes.length < 2)) return -1;
  return natives.bufferSearch(buffer, bytes, from, wide ? 2 : 1, forward);
}

function swap(size) {
  return (buffer) => {
    natives.bufferSwap(buffer, size);
    return buffer;
  };
}

export const buffer = {
  kMaxLength: MOST, kStringMaxLength: 2 ** 29 - 24,
  byteLengthUtf8: (text) => natives.utf8Length(text),
  compare: (a, b) => natives.bufferCompare(a, b),
  compareOffset(source, target, targetStart, sourceStart, targetEnd, sourceEnd) {
    if (sourceStart > source.length) throw Object.assign(new RangeError('The value of "sourceStart" is out of range.'), { code: 'ERR_OUT_OF_RANGE' });
    if (targetStart > target.length) throw Object.assign(new RangeError('The value of "targetStart" is out of range.'), { code: 'ERR_OUT_OF_RANGE' });
    const view = (bytes, start, end) => new Uint8Array(bytes.buffer, bytes.byteOffset + start, Math.max(0, Math.min(end, bytes.length) - start));
    return natives.bufferCompare(view(source, sourceStart, sourceEnd), view(target, targetStart, targetEnd));
  },
  // -1: the value is no pattern; -2: outside of the buffer
  fill(target, value, start, end, encoding) {
    if (start > end || end > target.length) return -2;
    let pattern;
    if (typeof value === 'string') pattern = Buffer.from(value, encoding);
    else if (typeof value === 'boolean') pattern = [+value];
    else pattern = natives.view(value) ?? [value & 255];
    if (pattern.length === 0) return -1;
    natives.bufferFill(target, natives.view(pattern) ?? new Uint8Array(pattern), start, end);
    return 0;
  },
  isAscii: (input) => attached(input).every((byte) => byte < 128),
  isUtf8(input) {
    const bytes = attached(input);
    try {
      natives.decode(codecs.utf8, bytes, 0, bytes.length, true);
      return true;
    } catch { return false; }
  },
  indexOfBuffer: indexOfBytes,
  indexOfNumber: (buffer, number, offset, forward) => indexOfBytes(buffer, new Uint8Array([number]), offset, undefined, forward),
  indexOfString: (buffer, text, offset, encoding, forward) =>
    indexOfBytes(buffer, natives.encode(codecOf[encoding], text), offset, encoding, forward),
  swap16: swap(2), swap32: swap(4), swap64: swap(8),
  // -2: a character that is none of base64's; -1: one too few
  atob: (text) => {
    if (apply(test, /[^A-Za-z0-9+/=\t\n\f\r ]/, [text])) return -2;
    try { return atob(text); } catch { return -1; }
  },
  btoa: (text) => { try { return btoa(text); } catch { return -1; } },
  getZeroFillToggle: () => [1],
  copyArrayBuffer(target, targetStart, source, sourceStart, count) {
    new Uint8Array(target, targetStart, count).set(new Uint8Array(source, sourceStart, count));
  },
  detachArrayBuffer: (plain) => (plain.detached ? undefined : apply(transfer, plain, [])),
};
for (const [name, codec] of Object.entries({ ascii: 'latin1', base64: 'base64', base64url: 'base64url', latin1: 'latin1', hex: 'hex', ucs2: 'utf16le', utf8: 'utf8' })) {
  buffer[`${name}Slice`] = slice(codecs[name === 'ascii' ? 'ascii' : codec]);
  buffer[`${name}Write`] = write(codecs[codec]);
}
