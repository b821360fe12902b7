// Buffers, encodings and addresses by a fixed sequence of chances. bytes.expected is what Node 20 prints for this very file.
let state = 20241130;
const chance = (n) => {
  state = Math.imul(state ^ state >>> 15, 1 | state);
  state ^= state + Math.imul(state ^ state >>> 7, 61 | state);
  state = state + 0x6D2B79F5 | 0;
  return ((state ^ state >>> 14) >>> 0) % n;
};
const pick = (list) => list[chance(list.length)];
let number = 0;
const tell = (what, work) => {
  let told;
  try { told = work(); } catch (error) { told = `${error.name} ${error.code} ${error.message}`; }
  console.log(`${what} ${number++} = ${typeof told === 'string' ? JSON.stringify(told) : told}`);
};
const bytes = (most) => Buffer.from(Array.from({ length: chance(most) }, () => (chance(4) ? chance(256) : pick([0, 0x41, 0x80, 0xc3, 0xe2, 0xf0, 0xd8, 0xff, 0x3d]))));
const letters = ['a', 'Z', '0', '+', '/', '=', '-', '_', ' ', 'é', 'ß', '€', '漢', '😀', '\ud83d', '\ude00', '\u0000', '%', 'f', '\n'];
// Node's base64 and hex look at the low byte of each unit only: 'X' and U+D83D alike may be digits or ends.
const narrow = letters.filter((letter) => letter < '\u0100');
const text = (most, encoding = '') => Array.from({ length: chance(most) }, () => pick(/64|hex/.test(encoding) ? narrow : letters)).join('');
const encodings = ['utf8', 'utf16le', 'latin1', 'ascii', 'hex', 'base64', 'base64url', 'binary', 'ucs2'];
const offset = () => pick([0, 1, 2, 5, 20, -1, -3, 100, 1.5, NaN, undefined]);

for (let i = 0; i < 250; i++) {
  const encoding = pick(encodings), one = bytes(24), other = bytes(4), t = text(12, encoding), from = offset(), to = offset();
  tell('toString', () => one.toString(encoding, from, to));
  tell('from', () => Buffer.from(t, encoding).toString('hex'));
  tell('byteLength', () => Buffer.byteLength(t, encoding));
  tell('indexOf', () => [one.indexOf(other, from), one.lastIndexOf(other, from), one.includes(t, from, encoding), one.indexOf(chance(300), to)].join());
  tell('compare', () => [one.compare(other), Buffer.compare(other, one), one.equals(other)].join());
  tell('slice', () => [one.slice(from, to).toString('hex'), one.subarray(to).length].join());
  tell('fill', () => Buffer.alloc(9).fill(t, encoding).toString('hex'));
  tell('write', () => { const target = Buffer.alloc(9); return [target.write(t, pick([0, 3]), encoding), target.toString('hex')].join(); });
  const method = pick(['Int8', 'UInt16LE', 'UInt16BE', 'Int32LE', 'UInt32BE', 'FloatLE', 'DoubleBE', 'BigInt64LE', 'BigUInt64BE', 'Int16BE']);
  tell(`read${method}`, () => `${one[`read${method}`](from)}`);
  tell(`write${method}`, () => { const target = Buffer.alloc(10); target[`write${method}`](method.startsWith('Big') ? BigInt(pick([0, 1, -1, 2 ** 40])) : pick([0, 1, -1, 255, 65536, 1.5, 2 ** 31, NaN]), pick([0, 1, 2, 9])); return target.toString('hex'); });
}
for (let i = 0; i < 220; i++) {
  const label = pick(['utf-8', 'utf-16le', 'utf-16be', 'gbk', 'gb18030', 'big5', 'shift_jis', 'euc-jp', 'euc-kr', 'iso-8859-2', 'koi8-r', 'windows-1251', 'iso-8859-15', 'macintosh']);
  const given = bytes(16), fatal = chance(2) === 1, cut = chance(8);
  tell(label, () => new TextDecoder(label, { fatal }).decode(given));
  if (label.startsWith('utf')) tell(`${label} in pieces`, () => { const decoder = new TextDecoder(label, { fatal }); return decoder.decode(given.subarray(0, cut), { stream: true }) + decoder.decode(given.subarray(cut)); });
}
const parts = ['http:', 'https:', 'file:', 'foo:', '//', '/', 'user', ':', '@', 'example.com', 'EXÄMPLE.org', '[::1]', '0x7f.1', ':8080', '/a/../b', '/.', '?q=1&b=2', '#frag', '%41', 'é', '💩', 'c:', ';', '='];
for (let i = 0; i < 350; i++) {
  const address = Array.from({ length: 1 + chance(6) }, () => pick(parts)).join('');
  tell('URL', () => { const { href, origin, host, pathname, search, hash, username } = new URL(address, pick([undefined, 'http://a/b/c?d', 'https://u:p@h:1/p'])); return [href, origin, host, pathname, search, hash, username].join(' '); });
  tell('query', () => { const params = new URLSearchParams(`${text(8)}&${address}=${text(4)}`); params.sort(); return `${params} ${params.size}`; });
  tell('escape', () => [encodeURIComponent(address), require('querystring').escape(address), encodeURI(address), escape(address)].join(' '));
}
