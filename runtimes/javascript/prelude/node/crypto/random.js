// Randomness of the execution (in deterministic mode the request's), and comparison in constant time.
import { natives } from '../../user/natives.js';
import { coded } from '../../user/errors.js';
import { Buffer } from 'buffer';
import { codes } from 'internal/errors';
import { validateFunction, validateNumber } from 'internal/validators';

const MOST = 2 ** 31 - 1;

function deliver(value, callback) {
  if (callback === undefined) return value;
  validateFunction(callback, 'callback');
  process.nextTick(() => callback(null, value));
}

export function randomBytes(size, callback) {
  validateNumber(size, 'size', 0, MOST);
  const bytes = Buffer.alloc(size);
  natives.random(bytes);
  return deliver(bytes, callback);
}

export function randomFillSync(target, offset = 0, size) {
  const view = natives.view(target);
  if (view === undefined) throw new codes.ERR_INVALID_ARG_TYPE('buf', ['ArrayBuffer', 'ArrayBufferView'], target);
  const unit = target.BYTES_PER_ELEMENT ?? 1;
  validateNumber(offset, 'offset', 0, view.length / unit);
  size = size === undefined ? view.length - offset * unit : size * unit;
  validateNumber(size, 'size', 0, view.length - offset * unit);
  natives.random(view.subarray(offset * unit, offset * unit + size));
  return target;
}

export function randomFill(target, offset, size, callback) {
  if (typeof offset === 'function') [callback, offset, size] = [offset, 0, undefined];
  else if (typeof size === 'function') [callback, size] = [size, undefined];
  validateFunction(callback, 'callback');
  deliver(randomFillSync(target, offset, size), callback);
}

export function randomInt(least, most, callback) {
  if (most === undefined || typeof most === 'function') [least, most, callback] = [0, least, most];
  if (!Number.isSafeInteger(least)) throw new codes.ERR_INVALID_ARG_TYPE('min', 'a safe integer', least);
  if (!Number.isSafeInteger(most)) throw new codes.ERR_INVALID_ARG_TYPE('max', 'a safe integer', most);
  if (most <= least) throw new codes.ERR_OUT_OF_RANGE('max', `greater than the value of "min" (${least})`, most);
  const range = most - least, limit = 2 ** 48;
  if (range >= limit) throw new codes.ERR_OUT_OF_RANGE('max - min', `<= ${limit - 1}`, range);
  const bytes = Buffer.alloc(6), fair = limit - (limit % range);
  let number;
  do {
    natives.random(bytes);
    number = bytes.readUIntBE(0, 6);
  } while (number >= fair);
  return deliver(least + (number % range), callback);
}

export function timingSafeEqual(a, b) {
  const [left, right] = [natives.view(a), natives.view(b)];
  if (left === undefined) throw new codes.ERR_INVALID_ARG_TYPE('buf1', ['ArrayBuffer', 'Buffer', 'TypedArray', 'DataView'], a);
  if (right === undefined) throw new codes.ERR_INVALID_ARG_TYPE('buf2', ['ArrayBuffer', 'Buffer', 'TypedArray', 'DataView'], b);
  if (left.length !== right.length) throw coded(RangeError, 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH', 'Input buffers must have the same byte length');
  let difference = 0;
  for (let i = 0; i < left.length; i++) difference |= left[i] ^ right[i];
  return difference === 0;
}
