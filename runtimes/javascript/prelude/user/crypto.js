// The part of Web Crypto that is randomness. In deterministic mode it is the request's seed that speaks.
import { define, natives } from './natives.js';

const hex = [];
for (let i = 0; i < 256; i++) hex[i] = (i + 256).toString(16).slice(1);

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
  get subtle() { throw new TypeError('crypto.subtle is not available in this sandbox'); }
  get [Symbol.toStringTag]() { return 'Crypto'; }
}
export const crypto = new Crypto();
define(globalThis, { crypto, Crypto });
