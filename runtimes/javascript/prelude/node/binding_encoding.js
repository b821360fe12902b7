// The C++ of TextEncoder and TextDecoder: UTF-8 and UTF-16 by harness/codec.c, the other encodings of the Encoding Standard by ICU.
import { codecs, natives } from '../user/natives.js';
import { coded, wrongType } from '../user/errors.js';
import { toASCII, toUnicode } from 'tr46';

const FLUSH = 1, FATAL = 2, IGNORE_BOM = 4;
const encodeIntoResults = new Uint32Array(2);
const nothing = new Uint8Array(0);
const replacement = '\ufffd';

const invalid = (encoding) => coded(TypeError, 'ERR_ENCODING_INVALID_ENCODED_DATA', `The encoded data was not valid for encoding ${encoding}`);

function bytesOf(input) {
  const bytes = natives.view(input);
  if (bytes !== undefined) return bytes;
  if (input instanceof ArrayBuffer || ArrayBuffer.isView(input)) return nothing; // it is detached
  throw wrongType('list', 'an instance of SharedArrayBuffer, ArrayBuffer or ArrayBufferView', input);
}

function decodePlain(codec, encoding, bytes, fatal) {
  try {
    return natives.decode(codec, bytes, 0, bytes.length, fatal);
  } catch (error) {
    throw error instanceof TypeError ? invalid(encoding) : error;
  }
}

/** UTF-8 and UTF-16 in pieces: the end of one may be the beginning of a character. */
class Unicode {
  constructor(encoding, flags) {
    this.encoding = encoding;
    this.fatal = (flags & FATAL) !== 0;
    this.ignoreBOM = (flags & IGNORE_BOM) !== 0;
    this.reset();
  }
  reset() {
    this.kept = nothing;
    this.begun = false;
  }
  unfinished(bytes) {
    if (this.encoding === 'utf-8') return natives.unfinished(bytes);
    const odd = bytes.length % 2, last = bytes.length - odd - (this.encoding === 'utf-16le' ? 1 : 2);
    return last >= 0 && (bytes[last] & 0xfc) === 0xd8 ? odd + 2 : odd;
  }
  decode(bytes, flush) {
    if (this.kept.length > 0) {
      const joined = new Uint8Array(this.kept.length + bytes.length);
      joined.set(this.kept);
      joined.set(bytes, this.kept.length);
      bytes = joined;
      this.kept = nothing;
    }
    const count = flush ? 0 : this.unfinished(bytes);
    if (count > 0) {
      this.kept = bytes.slice(bytes.length - count);
      bytes = bytes.subarray(0, bytes.length - count);
    }
    let text;
    try {
      text = this.text(bytes);
    } catch (error) {
      this.reset();
      throw error;
    }
    const begins = !this.begun && text.length > 0;
    this.begun ||= text.length > 0;
    if (begins && !this.ignoreBOM && text[0] === '\ufeff') text = text.slice(1);
    if (flush) this.reset();
    return text;
  }
  text(bytes) {
    if (this.encoding === 'utf-8') return decodePlain(codecs.utf8, 'utf-8', bytes, this.fatal);
    const text = decodePlain(this.encoding === 'utf-16le' ? codecs.utf16le : codecs.utf16be, this.encoding, bytes, this.fatal), cut = bytes.length % 2 === 1;
    if (!cut && text.isWellFormed()) return text;
    if (this.fatal) throw invalid(this.encoding);
    return text.toWellFormed() + (cut ? replacement : '');
  }
}

/** One of ICU's converters. */
class Legacy {
  constructor(encoding, converter) {
    this.encoding = encoding;
    this.converter = converter;
  }
  decode(bytes, flush) {
    const text = natives.convert(this.converter, bytes, flush);
    if (text === undefined) throw invalid(this.encoding);
    return text;
  }
}

function getConverter(encoding, flags) {
  if (encoding.startsWith('utf-')) return new Unicode(encoding, flags);
  const converter = natives.openConverter(encoding, (flags & FATAL) !== 0);
  return converter === undefined ? undefined : new Legacy(encoding, converter);
}

export const icuDecoding = {
  getConverter, hasConverter: (encoding) => getConverter(encoding, 0) !== undefined,
  decode: (converter, input, flags) => converter.decode(bytesOf(input), (flags & FLUSH) !== 0),
};

export const encodingBinding = {
  encodeIntoResults,
  encodeInto(source, destination) {
    if (destination.length === 0) return void encodeIntoResults.fill(0); // It may be detached, and `set` would throw.
    const bytes = natives.encode(codecs.utf8, source);
    if (bytes.length <= destination.length) {
      destination.set(bytes);
      encodeIntoResults[0] = source.length;
      encodeIntoResults[1] = bytes.length;
      return;
    }
    const written = destination.length - natives.unfinished(bytes.subarray(0, destination.length));
    destination.set(bytes.subarray(0, written));
    encodeIntoResults[0] = natives.decode(codecs.utf8, bytes, 0, written, false).length;
    encodeIntoResults[1] = written;
  },
  encodeUtf8String: (text) => natives.encode(codecs.utf8, text),
  decodeUTF8(input, ignoreBOM, fatal) {
    const text = decodePlain(codecs.utf8, 'utf-8', bytesOf(input), fatal);
    return !ignoreBOM && text[0] === '\ufeff' ? text.slice(1) : text;
  },
  // As the standard has it: Node 20 takes the bytes 128 to 159 for controls.
  decodeLatin1: (input) => decodePlain(codecs.windows1252, 'windows-1252', bytesOf(input), false),
  toASCII: (name) => toASCII(name) ?? '', toUnicode: (name) => toUnicode(name).domain,
};
