// Digests and HMACs; the work is done in harness/hash.c.
import { natives } from '../../user/natives.js';
import { Buffer } from 'buffer';
import LazyTransform from 'internal/streams/lazy_transform';
import { codes } from 'internal/errors';
import { validateEncoding, validateString } from 'internal/validators';

const names = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha3-224', 'sha3-256', 'sha3-384', 'sha3-512'];
const states = new WeakMap(), { get, set } = WeakMap.prototype, { apply } = Reflect;
const stateOf = (digest) => apply(get, states, [digest]);

/** OpenSSL's many names of one digest: SHA-256, sha256, RSA-SHA256, SHA2-256. */
export function digestName(name) {
  const plain = name.toLowerCase().replace(/^rsa-/, '').replace(/^sha-?(?:2-)?(1|224|256|384|512)$/, 'sha$1');
  return names.includes(plain) ? plain : undefined;
}

/** What a digest or key is made of, as bytes. */
export function bytesOf(data, encoding, name = 'data') {
  if (typeof data === 'string') return Buffer.from(data, encoding === 'buffer' ? 'utf8' : encoding);
  const view = natives.view(data);
  if (view === undefined) throw new codes.ERR_INVALID_ARG_TYPE(name, ['string', 'Buffer', 'TypedArray', 'DataView'], data);
  return view;
}

export const asBuffer = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const shown = (bytes, encoding) => (encoding && encoding !== 'buffer' ? asBuffer(bytes).toString(encoding) : asBuffer(bytes));

function begin(digest, options, state) {
  apply(set, states, [digest, { bytes: state, ended: false, name: options.name }]);
  apply(LazyTransform, digest, [options.stream]);
}

export function Hash(algorithm, options) {
  if (new.target === undefined) return new Hash(algorithm, options);
  validateString(algorithm, 'algorithm');
  const name = digestName(algorithm);
  if (name === undefined) throw new Error('Digest method not supported');
  const wanted = options?.outputLength;
  if (wanted !== undefined && wanted !== natives.hashSizes(name)[0]) throw new Error('Unsupported state or unable to set the output length');
  begin(this, { name, stream: options }, natives.hashBegin(name, undefined));
}
Object.setPrototypeOf(Hash.prototype, LazyTransform.prototype);
Object.setPrototypeOf(Hash, LazyTransform);

Hash.prototype.copy = function copy(options) {
  const { bytes, ended, name } = stateOf(this);
  if (ended) throw new codes.ERR_CRYPTO_HASH_FINALIZED();
  const other = Object.create(Hash.prototype);
  begin(other, { name, stream: options }, bytes.slice());
  return other;
};

function update(data, encoding) {
  const state = stateOf(this);
  if (state.ended) throw new codes.ERR_CRYPTO_HASH_FINALIZED();
  if (typeof data === 'string') validateEncoding(data, encoding);
  natives.hashUpdate(state.bytes, bytesOf(data, encoding));
  return this;
}

function end(state) {
  state.ended = true;
  return natives.hashEnd(state.bytes);
}

Hash.prototype.update = update;
Hash.prototype.digest = function digest(encoding) {
  const state = stateOf(this);
  if (state.ended) throw new codes.ERR_CRYPTO_HASH_FINALIZED();
  return shown(end(state), encoding);
};
Hash.prototype._transform = function _transform(chunk, encoding, callback) {
  this.update(chunk, encoding);
  callback();
};
Hash.prototype._flush = function _flush(callback) {
  this.push(this.digest());
  callback();
};

export function Hmac(algorithm, key, options) {
  if (new.target === undefined) return new Hmac(algorithm, key, options);
  validateString(algorithm, 'hmac');
  const secret = bytesOf(key, options?.encoding, 'key'), name = digestName(algorithm);
  if (name === undefined) throw new codes.ERR_CRYPTO_INVALID_DIGEST(algorithm);
  begin(this, { name, stream: options }, natives.hashBegin(name, secret));
}
Object.setPrototypeOf(Hmac.prototype, LazyTransform.prototype);
Object.setPrototypeOf(Hmac, LazyTransform);

Hmac.prototype.update = update;
Hmac.prototype.digest = function digest(encoding) {
  const state = stateOf(this);
  if (state.ended) return shown(new Uint8Array(0), encoding); // as in Node
  return shown(end(state), encoding);
};
Hmac.prototype._transform = Hash.prototype._transform;
Hmac.prototype._flush = Hash.prototype._flush;

export const createHash = (algorithm, options) => new Hash(algorithm, options);
export const createHmac = (algorithm, key, options) => new Hmac(algorithm, key, options);
export const getHashes = () => [...names];

/** The digest of one piece of data. */
export function hash(algorithm, data, encoding = 'hex') {
  const name = digestName(algorithm);
  if (name === undefined) throw new Error('Digest method not supported');
  const state = natives.hashBegin(name, undefined);
  natives.hashUpdate(state, bytesOf(data, 'utf8'));
  return shown(natives.hashEnd(state), encoding);
}
