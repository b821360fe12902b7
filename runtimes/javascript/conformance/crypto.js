// node:crypto and crypto.subtle by a fixed sequence of chances, wherever the outcome is not random. crypto.expected is what Node 20
// (OpenSSL 3.0) prints for this very file.
const crypto = require('crypto');

let state = 20251130;
const chance = (n) => {
  state = Math.imul(state ^ state >>> 15, 1 | state);
  state ^= state + Math.imul(state ^ state >>> 7, 61 | state);
  state = state + 0x6D2B79F5 | 0;
  return ((state ^ state >>> 14) >>> 0) % n;
};
const pick = (list) => list[chance(list.length)];
const bytes = (length) => Buffer.from(Array.from({ length }, () => chance(256)));
const some = (most) => bytes(chance(most));
const shown = (value) => (Buffer.isBuffer(value) ? value.toString('hex') : value instanceof ArrayBuffer ? Buffer.from(value).toString('hex')
  : JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part)));
let number = 0;
// What is long ends in its digest.
const short = (text) => (text.length <= 90 ? text : `${text.slice(0, 40)}…${crypto.hash('md5', text)}`);
const say = (what, told) => console.log(`${what} ${number++} = ${short(`${told}`)}`);
// Codes and names; of messages those that Node makes itself, as OpenSSL's may change.
const failure = (error) => `${error.name} ${error.code} ${/^error:/.test(error.message) ? '' : error.message}${error.cause ? ' cause' : ''}`;
const tell = (what, work) => {
  let told;
  try { told = shown(work()); } catch (error) { told = failure(error); }
  say(what, told);
};
const later = async (what, work) => {
  let told;
  try { told = shown(await work()); } catch (error) { told = failure(error); }
  say(what, told);
};

const pkcs8 = {
  rsa: 'MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAL9ryv8M8/c8/GDHmf6seIhupMVtbcdUyHlkGF2ViSV8DUTkpTxKCNu9AokIWKTZ14OhNaHJLU9CCL8naOdmLy1ZeNg0wT9VKdw+L8xKoOjOO1JJj4PxCMVHIomiBKllSuwVBgHvdqDgc9r3YGBoiXkQ2h9UMgrtfqRrH8toTPfvAgMBAAECgYAkOs6s/1KdlNlfp+epoBMgH3DoPRHuDEn1T9CcxdSzV4tbYrszcf/DNz7nmMDOUrzLmROBj4YX3jOxmk/snBaJdvoeasc9hkkoR7LUEX2id2wBkyu2jsuDurhaYpGjYvVsjXVzuaTtfKeP67qay7w8eli30BxajbNljXggbGnT4QJBAOGAwE7ZxjmM9WWusgv76ax5kIOukCv+SsjGdczTQBkdDjAvLX9ZMUJ4HFvM2azKs1gobJWnnbJF7QBtZIQM3XsCQQDZTxOWNJKAxM4P1Xo/mZrjtTAqJ792E5cC2299cAeKksIDggW9yOsq9seJxmj3ND4IK0F2jNkradn9MhLsS1MdAkEAtEsqdmCrmevXb/rio64/wARZxM7WujXQOQJjwOXNw8Z1R5UQvVbkiY5arhL0nrBZ/8wiNO0Uqio6OTM9QE7A7QJAU9Ls+0PMP1+rHPB794yI8s0xhxFOCX4FAlUi7IAKaKmzrSa6kDqwfCI1Vi/yzWiZhQ0qc1BhdR2fuMtYAU4NAQJAMseo6Nnd/Het8bmCugJpJ5+6xB0UDoYR3nyzp0wq7uYbhI1reRKWCYObBKuq6RPVRlOR7Wkm7Vcl4USbx4fgww==',
  ec256: 'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKv1qwANkaOAr+KEF8+d8fdjDOOiyfRrhw1MyUqIn6qehRANCAATwZScSMlW27rTRVI4pNga+pfu+PJAUaVbVhkzlL9LokIBNDYs+A3D+ulIh8IJPQaiFhBCEDpuoPAm5Sx0wMG4K',
  ec384: 'MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDCefef3EdTs4gYriZBOw1/cem5wZi+IkYVzeydmmRiKEPnJZBvFQ5j10EA5pX/rz+GhZANiAAQ/0rbn8EidDWZQA6zQ5WTqmdKxlRUn3CTNGibcvcE1zw4dm5t3a3E7qJ6DSQei4iMIRo73e2xBdMB75g8u23KgtnDVubq1EZUwOAOOAQcffyFSThcb5z2lDUikcNppUm0=',
  ec521: 'MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIAV3/CHsJ8HdQUsGGp5oKSbnhCQsAsbeWA1lPh/WrqErSogjjfhXYUn8Jp2+vXQu5q0AqUYdBC8eoaN4ZnNzhDM3ihgYkDgYYABACfhCXtV88RNx2Sl4kAklPQsZw3oLRit/cis3lXhvIV+sjT+a71NLjfbUgl9PXi9RYWJuE3dwLIsGWni1bVWG2r4gAIec2dZwoOFMcnsmcX75m5vyJqgd7oagyggdpul3753VtFwFM4xzdUzhFK3ojF9Wl5OR4I9JLMBBGdNNAVGS+xkg==',
  k1: 'MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgv+edQYKLqgWW8Df63OMpBnff9Tn9SDBRgM3qEjiwN5mhRANCAAQFQfcJNJDsXvQLAlMnRoiSeuXNvQxGl4jTyiDp24N2HWaomszAZ7MJ6r71UPq9gTnPxrUwLijFJ1nWXwYNgw5m',
  ed25519: 'MC4CAQAwBQYDK2VwBCIEIJlCxEWDhGKZM9I6uEFN7bqfwGCl/SAI4AsrQ5GSO0X3',
  ed448: 'MEcCAQAwBQYDK2VxBDsEOcq0wHRTj2cuq9keVKvN5wtMLnV8TWmAlrFvxsbxMEem1UyM7B/wpAzxpBWx5ug0e1tv/y9RwdzbXQ==',
  x25519: 'MC4CAQAwBQYDK2VuBCIEIPDIfrvbO1OQ1mHwWkebYHouLBssHjkqIkHCrnDWQklO',
  x448: 'MEYCAQAwBQYDK2VvBDoEOPD39ry8hXcDYy1m5bBBEoiwLoI1ogd489poJiN+rWqlCwMRZ/2kRhltMvVwogn59oYn4lRwYYbl',
};
const certificate = 'MIICOTCCAd+gAwIBAgIUYDydpETLir93tYPLqRMNTFz5ycIwCgYIKoZIzj0EAwIwNzELMAkGA1UEBhMCREUxEjAQBgNVBAoMCVpvw6sgR21iSDEUMBIGA1UEAwwLZXhhbXBsZS5jb20wIBcNMjYxMTMwMjAwNjEwWhgPMjEyNjExMDYyMDA2MTBaMDcxCzAJBgNVBAYTAkRFMRIwEAYDVQQKDAlab8OrIEdtYkgxFDASBgNVBAMMC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEfOdENJ43l9NWNqf7kem6mGJMxTHZ0URYQt44+z3nPPBCKZ9ME4xBo93MSSfts09Fg3GnmgYYJMpglP5ND9Sl+6OBxjCBwzAdBgNVHQ4EFgQU0r1mYCq04pd+1gMjgFc6e3oBoIgwHwYDVR0jBBgwFoAU0r1mYCq04pd+1gMjgFc6e3oBoIgwDwYDVR0TAQH/BAUwAwEB/zBRBgNVHREESjBIggtleGFtcGxlLmNvbYINKi5leGFtcGxlLm9yZ4cECgAAAYENYUBleGFtcGxlLmNvbYYVaHR0cHM6Ly9leGFtcGxlLmNvbS9hMB0GA1UdJQQWMBQGCCsGAQUFBwMBBggrBgEFBQcDAjAKBggqhkjOPQQDAgNIADBFAiAfOjlR0vtuP+DbAawLDQSn3CmfQB+0H86EcrghulURRgIhAMYyBMxEpZstnWgZDB++DxQzlx5vJD2WXWvX3h79ZY5p';
const key = {};
for (const name of Object.keys(pkcs8)) key[name] = crypto.createPrivateKey({ key: Buffer.from(pkcs8[name], 'base64'), format: 'der', type: 'pkcs8' });
const publicOf = (name) => crypto.createPublicKey(key[name]);

const hashes = ['RSA-MD5', 'RSA-SHA1', 'blake2b512', 'blake2s256', 'md5', 'md5-sha1', 'ripemd160', 'rmd160', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha512-224', 'sha512-256', 'sha3-224', 'sha3-256', 'sha3-384',
  'sha3-512', 'shake128', 'shake256', 'sm3', 'SHA256', 'nope', 'md4'];
for (const name of hashes) for (const length of [0, 1, 55, 64, 111, 128, 200, 1000]) {
  const data = bytes(length);
  tell(`hash ${name}`, () => crypto.createHash(name).update(data).digest('hex'));
  tell(`hmac ${name}`, () => crypto.createHmac(name, bytes(length % 150)).update(data).digest('base64'));
  tell(`once ${name}`, () => crypto.hash(name, data, pick(['hex', 'base64', 'base64url', 'buffer'])));
}
for (const length of [0, 1, 16, 32, 33, 500]) for (const name of ['shake128', 'shake256', 'sha256']) tell(`xof ${name}`, () => crypto.createHash(name, { outputLength: length }).update('x').digest('hex'));

const ciphers = crypto.getCiphers().filter((name) => !/^(des|rc|bf|cast|seed|idea)|null|stitched|hmac|-siv|wrap|wrap-inv/i.test(name)).sort();
for (const name of ciphers) {
  const info = crypto.getCipherInfo(name);
  tell(`info ${name}`, () => info);
  for (let i = 0; i < 3; i++) {
    const secret = bytes(info.keyLength + (chance(12) ? 0 : 1)), iv = info.ivLength === undefined ? null : bytes(info.ivLength + (chance(12) ? 0 : 1)), data = some(100), aad = some(20);
    const options = ['ccm', 'ocb', 'gcm'].includes(info.mode) || /chacha20-poly/.test(name) ? { authTagLength: 16 } : {};
    let made, tag;
    tell(`cipher ${name}`, () => {
      const cipher = crypto.createCipheriv(name, secret, iv, options);
      if (options.authTagLength) cipher.setAAD(aad, { plaintextLength: data.length });
      made = Buffer.concat([cipher.update(data), cipher.final()]);
      if (options.authTagLength) tag = cipher.getAuthTag();
      return [made.toString('hex'), tag?.toString('hex')];
    });
    tell(`decipher ${name}`, () => {
      const decipher = crypto.createDecipheriv(name, secret, iv, options);
      if (tag) { decipher.setAuthTag(chance(4) ? tag : bytes(16)); decipher.setAAD(aad, { plaintextLength: made.length }); }
      return Buffer.concat([decipher.update(chance(5) ? made : some(40)), decipher.final()]);
    });
  }
}
for (const name of ['aes128-wrap', 'aes256-wrap', 'id-aes192-wrap-pad']) tell(name, () => crypto.createCipheriv(name, bytes(crypto.getCipherInfo(name).keyLength), bytes(crypto.getCipherInfo(name).ivLength)).update(bytes(24)));

for (let i = 0; i < 60; i++) {
  const digest = pick(['md5', 'sha1', 'sha256', 'sha384', 'sha512', 'sha3-256', 'nope']), password = some(40), salt = some(40), length = pick([0, 1, 16, 20, 33, 100]);
  tell('pbkdf2', () => crypto.pbkdf2Sync(password, salt, 1 + chance(20), length, digest));
  tell('hkdf', () => crypto.hkdfSync(digest, password, salt, some(30), length));
  tell('scrypt', () => crypto.scryptSync(password, salt, length, { N: pick([2, 4, 16, 64, 3]), r: 1 + chance(4), p: 1 + chance(3) }));
}

for (const name of Object.keys(key)) {
  tell(`details ${name}`, () => [key[name].type, key[name].asymmetricKeyType, key[name].asymmetricKeyDetails]);
  tell(`jwk ${name}`, () => [key[name].export({ format: 'jwk' }), publicOf(name).export({ format: 'jwk' })]);
  for (const type of ['pkcs1', 'pkcs8', 'spki', 'sec1']) for (const format of ['pem', 'der']) {
    tell(`private ${name} ${type}`, () => crypto.createPrivateKey({ key: key[name].export({ type, format }), type, format }).export({ type, format }));
    tell(`public ${name} ${type}`, () => crypto.createPublicKey({ key: publicOf(name).export({ type, format }), type, format }).export({ type, format }));
  }
  tell(`encrypted ${name}`, () => crypto.createPrivateKey({ key: key[name].export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'pw' }), passphrase: 'pw' }).equals(key[name]));
  tell(`wrong passphrase ${name}`, () => crypto.createPrivateKey({ key: key[name].export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'pw' }), passphrase: 'x' }));
  tell(`no passphrase ${name}`, () => crypto.createPrivateKey(key[name].export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'pw' })));
  for (const digest of [null, undefined, 'sha1', 'sha256', 'sha512', 'sha3-256', 'nope']) {
    const data = some(50);
    tell(`sign ${name} ${digest}`, () => {
      const signature = crypto.sign(digest, data, key[name]);
      const is = [crypto.verify(digest, data, publicOf(name), signature), crypto.verify(digest, some(9), publicOf(name), signature)];
      return [/^ec|k1/.test(name) ? '' : signature.toString('hex'), ...is];
    });
    tell(`stream ${name} ${digest}`, () => {
      const signature = crypto.createSign(digest).update(data).sign({ key: key[name], dsaEncoding: 'ieee-p1363' });
      return [signature.length, crypto.createVerify(digest).update(data).verify({ key: publicOf(name), dsaEncoding: 'ieee-p1363' }, signature)];
    });
    tell(`pss ${name} ${digest}`, () => {
      const options = { padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: pick([0, 20, undefined]) };
      return crypto.verify(digest, data, { key: publicOf(name), ...options, saltLength: crypto.constants.RSA_PSS_SALTLEN_AUTO }, crypto.sign(digest, data, { key: key[name], ...options }));
    });
  }
  for (const padding of ['RSA_NO_PADDING', 'RSA_PKCS1_PADDING', 'RSA_PKCS1_OAEP_PADDING']) for (const oaepHash of ['sha1', 'sha256', 'sha512']) {
    const data = bytes(padding === 'RSA_NO_PADDING' ? 128 : chance(130)), options = { padding: crypto.constants[padding], oaepHash, oaepLabel: some(4) };
    data[0] = 0;
    tell(`encrypt ${name} ${padding}`, () => crypto.publicEncrypt({ key: publicOf(name), ...options }, data).length);
    if (padding !== 'RSA_PKCS1_PADDING') tell(`decrypt ${name} ${padding}`, () => crypto.privateDecrypt({ key: key[name], ...options }, crypto.publicEncrypt({ key: publicOf(name), ...options }, data)).equals(data));
    tell(`reverse ${name} ${padding}`, () => crypto.publicDecrypt({ key: publicOf(name), padding: options.padding }, crypto.privateEncrypt({ key: key[name], padding: options.padding }, data)));
  }
  for (const other of Object.keys(key)) tell(`agree ${name} ${other}`, () => crypto.diffieHellman({ privateKey: key[name], publicKey: publicOf(other) }));
}

for (const curve of ['secp256k1', 'prime256v1', 'secp384r1', 'secp521r1', 'brainpoolP256r1', 'sect233k1', 'nope']) for (let i = 0; i < 3; i++) tell(`ecdh ${curve}`, () => {
  const mine = crypto.createECDH(curve), other = crypto.createECDH(curve), secret = bytes(28);
  mine.setPrivateKey(secret);
  other.setPrivateKey(bytes(28));
  return [mine.getPublicKey('hex', 'compressed'), mine.getPublicKey('base64'), mine.computeSecret(other.getPublicKey(), null, 'hex'), crypto.ECDH.convertKey(mine.getPublicKey(), curve, undefined, 'hex', 'hybrid')];
});
for (const group of ['modp1', 'modp5', 'modp14', 'modp99']) tell(`dh ${group}`, () => {
  const made = crypto.getDiffieHellman(group), mine = crypto.createDiffieHellman(made.getPrime(), made.getGenerator()), other = crypto.createDiffieHellman(made.getPrime(), made.getGenerator());
  mine.setPrivateKey(bytes(30));
  other.setPrivateKey(bytes(30));
  mine.generateKeys();
  other.generateKeys();
  return [made.verifyError, mine.getPublicKey('hex'), mine.computeSecret(other.getPublicKey(), undefined, 'hex') === other.computeSecret(mine.getPublicKey(), undefined, 'hex')];
});
for (const n of [0, 1, 2, 3, 4, 97, 561, 7919, 2n ** 89n - 1n, 2n ** 89n + 1n, -1]) tell('prime', () => crypto.checkPrimeSync(n));

const x509 = new crypto.X509Certificate(Buffer.from(certificate, 'base64'));
for (const name of ['subject', 'issuer', 'subjectAltName', 'infoAccess', 'validFrom', 'validTo', 'fingerprint', 'fingerprint256', 'fingerprint512', 'keyUsage', 'serialNumber', 'ca']) tell(name, () => x509[name]);
for (const host of ['example.com', 'a.example.org', 'a.b.example.org', 'x.com']) tell('checkHost', () => [x509.checkHost(host), x509.checkHost(host, { wildcards: false })]);
tell('checkEmail', () => [x509.checkEmail('a@example.com'), x509.checkEmail('b@example.com'), x509.checkIP('10.0.0.1'), x509.checkIP('10.0.0.2')]);
tell('x509', () => [x509.checkIssued(x509), x509.verify(x509.publicKey), x509.toString() === `${x509}`, x509.checkPrivateKey(key.ec256), x509.publicKey.asymmetricKeyDetails]);
tell('legacy', () => Object.fromEntries(Object.entries(x509.toLegacyObject()).map(([name, value]) => [name, Buffer.isBuffer(value) ? value.toString('base64') : value])));
tell('bad x509', () => new crypto.X509Certificate('nothing'));

const { subtle } = crypto.webcrypto;
const usages = { HMAC: ['sign', 'verify'], 'AES-CBC': ['encrypt', 'decrypt'], 'AES-CTR': ['encrypt', 'decrypt'], 'AES-GCM': ['encrypt', 'decrypt'], 'AES-KW': ['wrapKey', 'unwrapKey'], HKDF: ['deriveBits', 'deriveKey'], PBKDF2: ['deriveBits', 'deriveKey'] };
async function web() {
  for (const hash of ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512', 'MD5']) {
    await later(`digest ${hash}`, () => subtle.digest(hash, some(200)));
    for (const length of [1, 20, 64, 100, 0]) await later(`web hmac ${hash}`, async () => {
      const secret = await subtle.importKey('raw', bytes(length), { name: 'HMAC', hash }, true, usages.HMAC), data = some(99), signature = await subtle.sign('HMAC', secret, data);
      return [Buffer.from(signature).toString('hex'), await subtle.verify('HMAC', secret, signature, data), await subtle.exportKey('jwk', secret), secret.algorithm];
    });
    for (const name of ['HKDF', 'PBKDF2']) for (const length of [8, 128, 256, 7, null]) await later(`derive ${name} ${hash}`, async () => subtle.deriveBits({ name, hash, salt: some(20), info: some(20), iterations: 5 }, await subtle.importKey('raw', bytes(20), name, false, usages[name]), length));
  }
  for (const name of ['AES-CBC', 'AES-CTR', 'AES-GCM', 'AES-KW']) for (const length of [16, 24, 32, 20]) for (let i = 0; i < 3; i++) await later(`web ${name}`, async () => {
    const secret = await subtle.importKey('raw', bytes(length), name, true, usages[name]);
    if (name === 'AES-KW') return subtle.wrapKey('raw', await subtle.importKey('raw', bytes(16), 'AES-CBC', true, usages['AES-CBC']), secret, name);
    const how = { name, iv: bytes(pick([16, 12])), counter: bytes(16), length: pick([64, 128, 8, 1]), additionalData: some(20), tagLength: pick([128, 96, 32]) }, data = some(60);
    const made = await subtle.encrypt(how, secret, data);
    return [Buffer.from(made).toString('hex'), Buffer.from(await subtle.decrypt(how, secret, made)).equals(data), await subtle.exportKey('jwk', secret)];
  });
  for (const [name, algorithm] of [['rsa', { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }], ['rsa', { name: 'RSA-PSS', hash: 'SHA-1' }], ['ec256', { name: 'ECDSA', namedCurve: 'P-256' }], ['ec384', { name: 'ECDSA', namedCurve: 'P-384' }],
    ['ec521', { name: 'ECDSA', namedCurve: 'P-521' }], ['ec256', { name: 'ECDSA', namedCurve: 'P-384' }], ['ed25519', { name: 'Ed25519' }]]) await later(`web sign ${algorithm.name}`, async () => {
    const secret = await subtle.importKey('pkcs8', Buffer.from(pkcs8[name], 'base64'), algorithm, true, ['sign']);
    const open = await subtle.importKey('jwk', publicOf(name).export({ format: 'jwk' }), algorithm, true, ['verify']);
    const how = { name: algorithm.name, hash: 'SHA-384', saltLength: 10 }, data = some(80), signature = await subtle.sign(how, secret, data);
    return [signature.byteLength, await subtle.verify(how, open, signature, data), Buffer.from(await subtle.exportKey('spki', open)).toString('base64'), name === 'ed25519' || await subtle.exportKey('jwk', secret)];
  });
  await later('web ecdh', async () => subtle.deriveBits({ name: 'ECDH', public: await subtle.importKey('jwk', publicOf('ec256').export({ format: 'jwk' }), { name: 'ECDH', namedCurve: 'P-256' }, true, []) },
    await subtle.importKey('jwk', key.ec256.export({ format: 'jwk' }), { name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']), 256));
  await later('web unknown', () => subtle.generateKey('nope', true, ['sign']));
  await later('web usages', () => subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['encrypt']));
}
web();
