// The global `crypto` and its classes: Node's own, over its own C++ (../../crypto).
import { define, natives } from './natives.js';
import { complete } from './timers.js';
import { Buffer } from 'buffer';

natives.crypto.connect(complete, Buffer.prototype, (...warning) => process.emitWarning(...warning));
const { crypto, Crypto, CryptoKey, SubtleCrypto } = require('internal/crypto/webcrypto');
define(globalThis, { crypto, Crypto, CryptoKey, SubtleCrypto });
