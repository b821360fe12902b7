// TextEncoder and TextDecoder: Node's.
import { TextDecoder, TextEncoder } from 'internal/encoding';
import { define } from './natives.js';

define(globalThis, { TextEncoder, TextDecoder });
export { TextDecoder, TextEncoder };
