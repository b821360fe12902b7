// Buffer, which is Node's.
import { define } from './natives.js';
import { Buffer } from 'buffer';

export { Buffer };
define(globalThis, { Buffer });
