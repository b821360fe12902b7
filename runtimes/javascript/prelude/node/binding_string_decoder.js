// string_decoder's C++: text in pieces. The state is a Buffer of a few bytes, laid out as Node's.
import { codecs, natives } from '../user/natives.js';

// Node's encodings in their order; lib/internal/util.js numbers them so.
const encodings = ['ascii', 'utf8', 'base64', 'utf16le', 'latin1', 'hex', 'buffer', 'base64url'];
export const codecOf = encodings.map((name) => codecs[name]);
const kIncompleteCharactersStart = 0, kIncompleteCharactersEnd = 4, kMissingBytes = 4, kBufferedBytes = 5, kEncodingField = 6, kSize = 7;
const UTF16 = encodings.indexOf('utf16le'), UTF8 = encodings.indexOf('utf8');

const text = (state, bytes, start, end) => natives.decode(codecOf[state[kEncodingField]], bytes, start, end, false);

// How many bytes at the end of `bytes` are the beginning of a character, and how many it lacks. Of UTF-16, halves of a
// pair are only waited for behind `body`: what was kept from earlier pieces is given out once it is complete, as in Node.
function unfinished(state, bytes, body) {
  const encoding = state[kEncodingField], length = bytes.length;
  if (encoding === UTF8) {
    const count = natives.unfinished(bytes);
    if (count === 0) return [0, 0];
    const lead = bytes[length - count];
    return [count, (lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2) - count];
  }
  if (encoding === UTF16) {
    const odd = length % 2, high = length - odd - 1;
    if (length < body) return [length, body - length];
    if (odd === 0 && high >= body && (bytes[high] & 0xfc) === 0xd8) return [2, 2];
    return [odd, odd];
  }
  if (codecOf[encoding] === codecs.base64 || codecOf[encoding] === codecs.base64url) {
    const count = length % 3;
    return [count, count && 3 - count];
  }
  return [0, 0];
}

function decode(state, chunk) {
  let bytes = natives.view(chunk);
  if (bytes === undefined) throw new TypeError('The "buf" argument must be an instance of Buffer, TypedArray, or DataView.');
  const kept = state[kBufferedBytes];
  if (kept > 0) {
    const joined = new Uint8Array(kept + bytes.length);
    joined.set(state.subarray(kIncompleteCharactersStart, kept));
    joined.set(bytes, kept);
    bytes = joined;
  }
  const [count, missing] = unfinished(state, bytes, kept > 0 ? kept + state[kMissingBytes] : 0);
  state.set(bytes.subarray(bytes.length - count), kIncompleteCharactersStart);
  state[kBufferedBytes] = count;
  state[kMissingBytes] = missing;
  return text(state, bytes, 0, bytes.length - count);
}

function flush(state) {
  let count = state[kBufferedBytes];
  if (state[kEncodingField] === UTF16 && count % 2 === 1) count--; // half a unit is nothing
  state[kBufferedBytes] = state[kMissingBytes] = 0;
  return count === 0 ? '' : text(state, state, kIncompleteCharactersStart, count);
}

export const stringDecoder = {
  encodings, kIncompleteCharactersStart, kIncompleteCharactersEnd, kMissingBytes, kBufferedBytes, kEncodingField, kNumFields: kSize, kSize,
  decode, flush,
};
