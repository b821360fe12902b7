// The global `crypto` and its classes: Node's own, over its own C++ (../../crypto).
import { define, named, natives } from './natives.js';
import { complete } from './timers.js';
import { Buffer } from 'buffer';

natives.crypto.connect(complete, Buffer.prototype, (...warning) => process.emitWarning(...warning));
const { crypto, Crypto, CryptoKey, SubtleCrypto } = require('internal/crypto/webcrypto');
define(globalThis, { crypto, Crypto, CryptoKey, SubtleCrypto });

// Names that the bundler had to change.
const keys = require('internal/crypto/keys');
for (const name of ['KeyObject', 'SecretKeyObject', 'PublicKeyObject', 'PrivateKeyObject']) named(keys[name], name);
