// In place of whatwg-url's lib/encoding.js, which wants a TextEncoder while it is evaluated.
import { codecs, natives } from '../user/natives.js';

export const utf8Encode = (text) => natives.encode(codecs.utf8, text);
export const utf8DecodeWithoutBOM = (bytes) => natives.decode(codecs.utf8, bytes, 0, bytes.length, false);
