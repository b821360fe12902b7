// Buffer, which is Node's.
import { define } from './natives.js';
import { Buffer, atob, btoa } from 'buffer';

export { Buffer };
define(globalThis, { Buffer, atob, btoa });
