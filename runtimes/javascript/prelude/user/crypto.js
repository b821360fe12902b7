// The part of Web Crypto that is randomness and digests. In deterministic mode it is the request's seed that speaks.
import { define, natives } from './natives.js';
import { wrongType } from './errors.js';

const hex = [];
for (let i = 0; i < 256; i++) hex[i] = (i + 256).toString(16).slice(1);

class SubtleCrypto {
  async digest(algorithm, data) {
    const name = `${algorithm?.name ?? algorithm}`.toLowerCase();
    if (!/^sha-(1|256|384|512)$/.test(name)) throw new DOMException('Unrecognized algorithm name', 'NotSupportedError');
    const bytes = natives.view(data);
    if (bytes === undefined) throw wrongType('data', 'an instance of ArrayBuffer, Buffer, TypedArray, or DataView', data);
    const state = natives.hashBegin(name.replace('-', ''), undefined);
    natives.hashUpdate(state, bytes);
    return natives.hashEnd(state).buffer;
  }
  get [Symbol.toStringTag]() { return 'SubtleCrypto'; }
}
for (const name of ['encrypt', 'decrypt', 'sign', 'verify', 'generateKey', 'deriveKey', 'deriveBits', 'importKey', 'exportKey', 'wrapKey', 'unwrapKey']) {
  define(SubtleCrypto.prototype, {
    async [name]() { throw new DOMException(`crypto.subtle.${name} is not available in this sandbox: it has digest only`, 'NotSupportedError'); },
  });
}
const subtle = new SubtleCrypto();

class Crypto {
  getRandomValues(array) {
    const name = natives.typedArrayName(array);
    if (name === undefined || name.startsWith('Float'))
      throw new DOMException('The data argument must be an integer-type TypedArray', 'TypeMismatchError');
    if (array.byteLength > 65536)
      throw new DOMException(`The requested length exceeds 65,536 bytes`, 'QuotaExceededError');
    natives.random(array);
    return array;
  }
  randomUUID() {
    const b = new Uint8Array(16);
    natives.random(b);
    b[6] = (b[6] & 15) | 64;
    b[8] = (b[8] & 63) | 128;
    let text = '';
    for (let i = 0; i < 16; i++) text += (i === 4 || i === 6 || i === 8 || i === 10 ? '-' : '') + hex[b[i]];
    return text;
  }
  get subtle() { return subtle; }
  get [Symbol.toStringTag]() { return 'Crypto'; }
}
export const crypto = new Crypto();
define(globalThis, { crypto, Crypto, SubtleCrypto });
