// The module `crypto`: digests, message authentication, keys from passwords and randomness. Ciphers and key pairs are left out.
import { crypto as webcrypto } from '../user/crypto.js';
import { Hash, Hmac, createHash, createHmac, getHashes, hash } from './crypto/hash.js';
import { hkdf, hkdfSync, pbkdf2, pbkdf2Sync, scrypt, scryptSync } from './crypto/keys.js';
import { randomBytes, randomFill, randomFillSync, randomInt, timingSafeEqual } from './crypto/random.js';

const absent = (name, instead) => [name, () => {
  throw Object.assign(new Error(`crypto.${name} is not available in this sandbox${instead}`), { code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' });
}];
const ciphers = '; require("crypto-js") has AES', pairs = ': it has digests, HMAC and randomness, but no public keys';

export default {
  Hash, Hmac, createHash, createHmac, getHashes, hash, hkdf, hkdfSync, pbkdf2, pbkdf2Sync, scrypt, scryptSync,
  randomBytes, pseudoRandomBytes: randomBytes, randomFill, randomFillSync, randomInt, timingSafeEqual,
  randomUUID: () => webcrypto.randomUUID(),
  getRandomValues: (array) => webcrypto.getRandomValues(array),
  getCiphers: () => [], getCurves: () => [], getFips: () => 0,
  constants: {},
  webcrypto, subtle: webcrypto.subtle,
  ...Object.fromEntries([
    ...['createCipheriv', 'createDecipheriv', 'createCipher', 'createDecipher'].map((name) => absent(name, ciphers)),
    ...['createSign', 'createVerify', 'sign', 'verify', 'generateKeyPair', 'generateKeyPairSync', 'generateKey', 'generateKeySync', 'createPrivateKey',
      'createPublicKey', 'createSecretKey', 'publicEncrypt', 'privateDecrypt', 'privateEncrypt', 'publicDecrypt', 'createDiffieHellman', 'createECDH',
      'diffieHellman', 'generatePrime', 'checkPrime'].map((name) => absent(name, pairs)),
  ]),
};
