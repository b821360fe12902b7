// Wycheproof's vectors against node:crypto. The files of vectors are input files; returns what did not come out as they say, and how
// many did.
const crypto = require('crypto'), fs = require('fs');

const hex = (text) => Buffer.from(text, 'hex');
const digest = (name) => name.toLowerCase().replace('sha-', 'sha').replace('/', '-');
const gives = (work) => { try { return work(); } catch { return undefined; } };
const is = (found, wanted) => found !== undefined && Buffer.from(found).equals(hex(wanted));
const curves = { secp256r1: 'prime256v1', secp192r1: 'prime192v1' };
const spki = (key) => crypto.createPublicKey({ key: hex(key), format: 'der', type: 'spki' });
const publicOf = (group) => (group.key ??= spki(group.publicKeyDer)), privateOf = (group) => (group.key ??= crypto.createPrivateKey(group.privateKeyPem));
// Node takes one digest for both.
const isOffered = (group) => group.mgfSha === undefined || group.mgfSha === group.sha;
const point = { 'P-256': 'ec', 'P-384': 'ec', 'P-521': 'ec', secp256k1: 'ec' };

function sealed(algorithm, group) {
  const bits = group.keySize;
  if (algorithm === 'CHACHA20-POLY1305') return 'chacha20-poly1305';
  const [, cipher, mode] = /^(AES|ARIA|CAMELLIA)-(GCM|CCM)$/.exec(algorithm) ?? [];
  return cipher && (mode === 'GCM' || cipher === 'AES') ? `${cipher.toLowerCase()}-${bits}-${mode.toLowerCase()}` : undefined;
}

const schemas = {
  aead(test, group, { algorithm }) {
    const name = sealed(algorithm, group), options = { authTagLength: group.tagSize / 8 }, message = hex(test.msg);
    const open = gives(() => {
      const decipher = crypto.createDecipheriv(name, hex(test.key), hex(test.iv), options);
      decipher.setAuthTag(hex(test.tag));
      decipher.setAAD(hex(test.aad), { plaintextLength: hex(test.ct).length });
      return Buffer.concat([decipher.update(hex(test.ct)), decipher.final()]);
    });
    if (test.result !== 'valid') return is(open, test.msg);
    const made = gives(() => {
      const cipher = crypto.createCipheriv(name, hex(test.key), hex(test.iv), options);
      cipher.setAAD(hex(test.aad), { plaintextLength: message.length });
      return Buffer.concat([cipher.update(message), cipher.final(), cipher.getAuthTag()]);
    });
    return is(open, test.msg) && is(made, test.ct + test.tag);
  },
  ind_cpa(test, group, { algorithm }) {
    const decipher = (work) => gives(() => { const one = crypto[work](`${algorithm.split('-')[0].toLowerCase()}-${group.keySize}-cbc`, hex(test.key), hex(test.iv)); return (data) => Buffer.concat([one.update(data), one.final()]); });
    return is(gives(() => decipher('createDecipheriv')(hex(test.ct))), test.msg) && (test.result !== 'valid' || is(gives(() => decipher('createCipheriv')(hex(test.msg))), test.ct));
  },
  mac(test, group, { algorithm }) {
    const made = gives(() => crypto.createHmac(algorithm.slice(4).toLowerCase().replace('/', '-'), hex(test.key)).update(hex(test.msg)).digest().subarray(0, group.tagSize / 8));
    return is(made, test.tag);
  },
  keywrap(test, group, { algorithm }) {
    const name = algorithm === 'AES-KWP' ? `id-aes${group.keySize}-wrap-pad` : `id-aes${group.keySize}-wrap`, iv = algorithm === 'AES-KWP' ? hex('a65959a6') : hex('a6a6a6a6a6a6a6a6');
    return is(gives(() => { const one = crypto.createDecipheriv(name, hex(test.key), iv); return Buffer.concat([one.update(hex(test.ct)), one.final()]); }), test.msg);
  },
  dsa_verify: (test, group) => gives(() => crypto.verify(digest(group.sha), hex(test.msg), publicOf(group), hex(test.sig))),
  dsa_p1363_verify: (test, group) => gives(() => crypto.verify(digest(group.sha), hex(test.msg), { key: publicOf(group), dsaEncoding: 'ieee-p1363' }, hex(test.sig))),
  eddsa_verify: (test, group) => gives(() => crypto.verify(null, hex(test.msg), publicOf(group), hex(test.sig))),
  ecdh(test, group) {
    return is(gives(() => {
      const mine = crypto.createECDH(curves[group.curve] ?? group.curve);
      mine.setPrivateKey(hex(test.private));
      const { x, y, crv } = spki(test.public).export({ format: 'jwk' });
      return mine.computeSecret(point[crv] ? Buffer.concat([hex('04'), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]) : undefined);
    }), test.shared);
  },
  ecdh_ecpoint(test, group) {
    return is(gives(() => {
      const mine = crypto.createECDH(curves[group.curve] ?? group.curve);
      mine.setPrivateKey(hex(test.private));
      return mine.computeSecret(hex(test.public));
    }), test.shared);
  },
  hkdf: (test, group, { algorithm }) => is(gives(() => crypto.hkdfSync(digest(algorithm.slice(5)), hex(test.ikm), hex(test.salt), hex(test.info), test.size)), test.okm),
  pbkdf: (test, group, { algorithm }) => is(gives(() => crypto.pbkdf2Sync(hex(test.password), hex(test.salt), test.iterationCount, test.dkLen, algorithm.slice(11).toLowerCase())), test.dk),
  primality: (test) => gives(() => crypto.checkPrimeSync(/^[89a-f]/.test(test.value) && test.value.length % 2 === 0 ? 4n : BigInt(`0x${test.value}`))),
  rsaes_oaep_decrypt: (test, group) => is(gives(() => crypto.privateDecrypt({ key: privateOf(group), padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: digest(group.sha), oaepLabel: hex(test.label) }, hex(test.ct))), test.msg),
  rsaes_pkcs1_decrypt: (test, group) => is(gives(() => crypto.privateDecrypt({ key: privateOf(group), padding: crypto.constants.RSA_PKCS1_PADDING }, hex(test.ct))), test.msg),
  rsassa_pkcs1_verify: (test, group) => gives(() => crypto.verify(digest(group.sha), hex(test.msg), publicOf(group), hex(test.sig))),
  rsassa_pss_verify: (test, group) => gives(() => crypto.verify(digest(group.sha), hex(test.msg), { key: publicOf(group), padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: group.sLen }, hex(test.sig))),
  xdh_comp(test, group) {
    const crv = { curve25519: 'X25519', curve448: 'X448' }[group.curve], b64 = (text) => hex(text).toString('base64url');
    return is(gives(() => crypto.diffieHellman({
      privateKey: crypto.createPrivateKey({ format: 'der', type: 'pkcs8', key: Buffer.concat([hex(crv === 'X25519' ? '302e020100300506032b656e04220420' : '3046020100300506032b656f043a0438'), hex(test.private)]) }),
      publicKey: crypto.createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv, x: b64(test.public) } }),
    })), test.shared);
  },
};
schemas.ecdsa_verify = schemas.dsa_verify;
schemas.ecdsa_p1363_verify = schemas.dsa_p1363_verify;

function main() {
  const wrong = [];
  let right = 0;
  for (const file of fs.readdirSync('vectors').sort()) {
    const set = JSON.parse(fs.readFileSync(`vectors/${file}`, 'utf8')), check = schemas[set.schema.replace(/_(test_)?schema(_v1)?\.json$/, '')];
    for (const group of set.testGroups.filter(isOffered)) for (const test of group.tests) {
      const came = check(test, group, set) === true;
      if (test.result === 'acceptable' || came === (test.result === 'valid')) right++;
      else wrong.push(`${file.replace(/_test\.json$/, '')}:${test.tcId} ${test.result} ${test.flags.join()} ${test.comment}`);
    }
  }
  return { right, wrong };
}
if (typeof process === 'object' && process.argv[1]?.endsWith('wycheproof.js') && !globalThis.ampoule) console.log(JSON.stringify(main(), null, 1));
