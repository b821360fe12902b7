// Keys from passwords and from other keys: PBKDF2, scrypt (harness/hash.c) and HKDF.
import { natives } from '../../user/natives.js';
import { codes } from 'internal/errors';
import { validateFunction, validateInteger, validateString } from 'internal/validators';
import { asBuffer, bytesOf, digestName } from './hash.js';

const MOST = 2 ** 31 - 1, MEMORY = 32 * 1024 * 1024;

function digest(name) {
  validateString(name, 'digest');
  const known = digestName(name);
  if (known === undefined) throw new codes.ERR_CRYPTO_INVALID_DIGEST(name);
  return known;
}

export function pbkdf2Sync(password, salt, iterations, length, name) {
  const algorithm = digest(name);
  password = bytesOf(password, 'utf8', 'password');
  salt = bytesOf(salt, 'utf8', 'salt');
  validateInteger(iterations, 'iterations', 1, MOST);
  validateInteger(length, 'keylen', 0, MOST);
  return asBuffer(natives.pbkdf2(algorithm, password, salt, iterations, length));
}

export function scryptSync(password, salt, length, options = {}) {
  password = bytesOf(password, 'utf8', 'password');
  salt = bytesOf(salt, 'utf8', 'salt');
  validateInteger(length, 'keylen', 0, MOST);
  const n = options.N ?? options.cost ?? 16384, r = options.r ?? options.blockSize ?? 8, p = options.p ?? options.parallelization ?? 1;
  const most = options.maxmem ?? MEMORY;
  const bad = (reason) => Object.assign(new RangeError(`Invalid scrypt params: ${reason}`), { code: 'ERR_CRYPTO_INVALID_SCRYPT_PARAMS' });
  for (const [name, value] of Object.entries({ N: n, r, p })) validateInteger(value, name, 1, 2 ** 32 - 1);
  if (n < 2 || (n & (n - 1)) !== 0) throw bad('N must be a power of two greater than 1');
  if (128 * n * r > most) throw bad('memory limit exceeded');
  if (length === 0) return asBuffer(new Uint8Array(0));
  return asBuffer(natives.scrypt(password, salt, n, r, p, length));
}

export function hkdfSync(name, key, salt, info, length) {
  const algorithm = digest(name), size = natives.hashSizes(algorithm)[0];
  const [secret, salted, context] = [bytesOf(key, 'utf8', 'ikm'), bytesOf(salt, 'utf8', 'salt'), bytesOf(info, 'utf8', 'info')];
  if (context.length > 1024) throw new codes.ERR_OUT_OF_RANGE('info', 'must not contain more than 1024 bytes', context.length);
  validateInteger(length, 'length', 0, MOST);
  if (length > 255 * size) throw new codes.ERR_CRYPTO_INVALID_KEYLEN();
  const mac = (key, ...parts) => {
    const state = natives.hashBegin(algorithm, key);
    for (const part of parts) natives.hashUpdate(state, part);
    return natives.hashEnd(state);
  };
  const base = mac(salted.length === 0 ? new Uint8Array(size) : salted, secret), out = new Uint8Array(length);
  for (let at = 0, last = new Uint8Array(0), part = 1; at < length; at += size, part++) {
    last = mac(base, last, context, new Uint8Array([part]));
    out.set(last.subarray(0, Math.min(size, length - at)), at);
  }
  return out.buffer;
}

// The same by callback: the work is done at once, the answer comes later.
const later = (compute) => (...values) => {
  const callback = values.pop();
  validateFunction(callback, 'callback');
  let key, failure = null;
  try {
    key = compute(...values);
  } catch (error) {
    if (error.code !== undefined && error.code !== 'ERR_OPERATION_FAILED') throw error;
    failure = error;
  }
  process.nextTick(() => (failure === null ? callback(null, key) : callback(failure)));
};
export const pbkdf2 = later(pbkdf2Sync), scrypt = later(scryptSync), hkdf = later(hkdfSync);
