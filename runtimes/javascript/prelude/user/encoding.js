// TextEncoder and TextDecoder of the Encoding Standard: UTF-8, UTF-16 and windows-1252 (alias latin1, ascii).
import { codecs, define, natives } from './natives.js';
import { coded, wrongType } from './errors.js';

const labels = {
  __proto__: null,
  'utf-8': 'utf-8', 'utf8': 'utf-8', 'unicode-1-1-utf-8': 'utf-8', 'unicode11utf8': 'utf-8', 'unicode20utf8': 'utf-8',
  'x-unicode20utf8': 'utf-8',
  'utf-16le': 'utf-16le', 'utf-16': 'utf-16le', 'ucs-2': 'utf-16le', 'unicode': 'utf-16le', 'iso-10646-ucs-2': 'utf-16le',
  'csunicode': 'utf-16le', 'unicodefeff': 'utf-16le', 'utf-16be': 'utf-16be', 'unicodefffe': 'utf-16be',
};
for (const label of ['ansi_x3.4-1968', 'ascii', 'cp1252', 'cp819', 'csisolatin1', 'ibm819', 'iso-8859-1', 'iso-ir-100', 'iso8859-1',
  'iso88591', 'iso_8859-1', 'iso_8859-1:1987', 'l1', 'latin1', 'us-ascii', 'windows-1252', 'x-cp1252']) labels[label] = 'windows-1252';
const codecOf = { __proto__: null, 'utf-8': codecs.utf8, 'utf-16le': codecs.utf16le, 'utf-16be': codecs.utf16be, 'windows-1252': codecs.windows1252 };

export class TextEncoder {
  get encoding() { return 'utf-8'; }
  encode(input = '') { return natives.encode(codecs.utf8, `${input}`); }
  encodeInto(source, destination) {
    source = `${source}`;
    const bytes = natives.encode(codecs.utf8, source);
    if (bytes.length <= destination.length) {
      destination.set(bytes);
      return { read: source.length, written: bytes.length };
    }
    const written = destination.length - natives.unfinished(bytes.subarray(0, destination.length));
    destination.set(bytes.subarray(0, written));
    return { read: natives.decode(codecs.utf8, bytes, 0, written, false).length, written };
  }
}

const nothing = new Uint8Array(0);

export class TextDecoder {
  #encoding; #fatal; #ignoreBOM; #kept = nothing; #begun = false;
  constructor(label = 'utf-8', options = {}) {
    const encoding = labels[`${label}`.trim().toLowerCase()];
    if (encoding === undefined) {
      throw coded(RangeError, 'ERR_ENCODING_NOT_SUPPORTED',
        `The "${label}" encoding is not supported: this sandbox knows utf-8, utf-16le, utf-16be and latin1`);
    }
    this.#encoding = encoding;
    this.#fatal = !!options?.fatal;
    this.#ignoreBOM = !!options?.ignoreBOM;
  }
  get encoding() { return this.#encoding; }
  get fatal() { return this.#fatal; }
  get ignoreBOM() { return this.#ignoreBOM; }

  decode(input = nothing, options = {}) {
    let bytes = natives.view(input);
    if (bytes === undefined) throw wrongType('list', 'an instance of SharedArrayBuffer, ArrayBuffer or ArrayBufferView', input);
    const stream = !!options?.stream;
    if (this.#kept.length > 0) {
      const joined = new Uint8Array(this.#kept.length + bytes.length);
      joined.set(this.#kept);
      joined.set(bytes, this.#kept.length);
      bytes = joined;
      this.#kept = nothing;
    }
    const utf16 = this.#encoding === 'utf-16le' || this.#encoding === 'utf-16be';
    const unfinished = this.#encoding === 'utf-8' ? natives.unfinished(bytes) : utf16 ? this.#unfinishedUtf16(bytes, stream) : 0;
    if (stream && unfinished > 0) {
      this.#kept = bytes.slice(bytes.length - unfinished);
      bytes = bytes.subarray(0, bytes.length - unfinished);
    }
    let text;
    try {
      text = natives.decode(codecOf[this.#encoding], bytes, 0, bytes.length, this.#fatal);
    } catch (error) {
      error.code = 'ERR_ENCODING_INVALID_ENCODED_DATA';
      throw error;
    }
    if (utf16) text = this.#checkUtf16(text, bytes.length % 2 === 1);
    if (!this.#begun && !this.#ignoreBOM && text[0] === '\ufeff') text = text.slice(1);
    this.#begun = stream && (this.#begun || bytes.length > 0);
    return text;
  }

  #unfinishedUtf16(bytes, stream) {
    if (!stream) return 0;
    const odd = bytes.length % 2, last = bytes.length - odd - (this.#encoding === 'utf-16le' ? 1 : 2);
    return last >= 0 && (bytes[last] & 0xfc) === 0xd8 ? odd + 2 : odd;
  }
  #checkUtf16(text, cut) {
    if (!cut && text.isWellFormed()) return text;
    if (this.#fatal)
      throw coded(TypeError, 'ERR_ENCODING_INVALID_ENCODED_DATA', `The encoded data was not valid for encoding ${this.#encoding}`);
    return text.toWellFormed() + (cut ? '\ufffd' : '');
  }
}

for (const [prototype, tag] of [[TextEncoder.prototype, 'TextEncoder'], [TextDecoder.prototype, 'TextDecoder']])
  Object.defineProperty(prototype, Symbol.toStringTag, { value: tag, configurable: true });
define(globalThis, { TextEncoder, TextDecoder });
