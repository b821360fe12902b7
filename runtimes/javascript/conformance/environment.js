// What programs find besides the language, used in many small ways. environment.expected is what Node 20 prints for this
// very file; a script that runs in both.
const out = (label, f) => {
  let value;
  try { value = f(); } catch (error) { value = `threw ${error.name}: ${error.code ?? ''}`; }
  console.log(label, value);
};
const bytes = (...list) => new Uint8Array(list);

// TextEncoder, TextDecoder
out('te1', () => new TextEncoder().encode('aé€😀'));
out('te2', () => new TextEncoder().encode('\ud800x\udc00'));
out('te3', () => new TextEncoder().encodeInto('aé€😀', new Uint8Array(5)));
out('te4', () => new TextEncoder().encodeInto('a😀b', new Uint8Array(4)));
out('te5', () => [new TextEncoder().encode().length, new TextEncoder().encode(undefined).length, new TextEncoder().encode(null), new TextEncoder().encoding]);
out('td1', () => new TextDecoder().decode(bytes(0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80)));
out('td2', () => new TextDecoder().decode(bytes(0xff, 0x61, 0xc3)));
out('td3', () => [...new TextDecoder().decode(bytes(0xf0, 0x9f, 0x98, 0x41, 0xe0, 0x80, 0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80, 0xc0, 0x80))].map((c) => c.codePointAt(0)));
out('td4', () => new TextDecoder('utf-8', { fatal: true }).decode(bytes(0xff)));
out('td5', () => new TextDecoder().decode(bytes(0xef, 0xbb, 0xbf, 0x61)).length + new TextDecoder('utf8', { ignoreBOM: true }).decode(bytes(0xef, 0xbb, 0xbf, 0x61)).length);
out('td6', () => { const d = new TextDecoder(); return [d.decode(bytes(0xe2, 0x82), { stream: true }), d.decode(bytes(0xac, 0xf0), { stream: true }), d.decode(bytes(0x9f, 0x98, 0x80), { stream: true }), d.decode()]; });
out('td7', () => { const d = new TextDecoder(); d.decode(bytes(0xe2, 0x82), { stream: true }); return d.decode(); });
out('td8', () => new TextDecoder('utf-16le').decode(bytes(0x61, 0, 0x3d, 0xd8, 0, 0xde)));
out('td9', () => [...new TextDecoder('utf-16le').decode(bytes(0x3d, 0xd8, 0x61, 0, 0x61))].map((c) => c.codePointAt(0)));
out('td10', () => new TextDecoder('latin1').encoding + new TextDecoder('latin1').decode(bytes(0xe9, 0xa0)));
out('td11', () => new TextDecoder('nope'));
out('td12', () => new TextDecoder(' UTF-8 ').encoding);
out('td13', () => new TextDecoder().decode(new Uint16Array([0x6161]).buffer) + new TextDecoder().decode(new DataView(bytes(0x62).buffer)) + new TextDecoder().decode());
out('td14', () => new TextDecoder().decode('text'));
out('td15', () => { const d = new TextDecoder('utf-16le', { fatal: true }); return d.decode(bytes(0, 0xd8)); });

// atob, btoa
out('b1', () => [btoa('hello'), atob('aGVsbG8='), btoa(''), atob('aGVs bG8')]);
out('b2', () => { try { btoa('€'); } catch (e) { return e.name; } });
out('b3', () => { try { atob('a'); } catch (e) { return e.name; } });

// URL
const urls = ['https://user:pa%20ss@EXAMPLE.com:443/a/../b/./c?x=1&y=%20#frag', 'http://[::1]:8080/', 'http://1.2.3/', 'http://0x7f.1/', 'file:///C:/a/../b', 'mailto:a@b.c', 'data:text/plain,hi', 'http://münchen.de/ä?ö#ü', 'HTTP://a.b/%7Ez/ x', '//x', 'javascript:alert(1)', 'http://a b/', 'http://ex ample.com', 'https://example.com:99999/', 'blob:https://a.com/1', 'http://☃.net/', 'http://xn--mnchen-3ya.de/', 'ws://a:80/', 'wss://a:444/x', 'http://a/?q=a+b%20c&q=2', 'https://a.com/%', 'http://a//b///c', 'https://faß.de/', 'ftp://x/y;type=a', 'about:blank', 'http://a@b@c/', 'http:\\\\a\\b', 'http://256.256.256.256/'];
for (const url of urls) out(`url ${url}`, () => { const u = new URL(url); return [u.href, u.origin, u.host, u.pathname, u.search, u.hash, u.username, u.password, u.port]; });
for (const [url, base] of [['../x', 'http://a/b/c/d'], ['?q', 'http://a/b?c#d'], ['#h', 'http://a/b?c'], ['//h/p', 'https://a/b'], ['', 'http://a/b?c#d'], ['/abs', 'http://a/b/c'], ['x', 'mailto:a'], ['http:x', 'http://a/b/c']]) out(`base ${url}`, () => new URL(url, base).href);
out('u1', () => { const u = new URL('http://a/b'); u.searchParams.append('k', 'v w'); u.hash = 'x y'; u.port = '81'; u.protocol = 'https'; u.pathname = 'é'; u.host = 'b.c:9'; u.username = 'ü'; u.search = '?z=1'; return [u.href, [...u.searchParams]]; });
out('u2', () => [URL.canParse('x:'), URL.canParse('x'), JSON.stringify(new URL('http://a')), String(new URL('http://a'))]);
out('p1', () => { const p = new URLSearchParams('?a=1&b=2&a=3&c'); return [p.get('a'), p.getAll('a'), p.has('c'), p.get('d'), p.toString(), [...p.keys()], p.size]; });
out('p2', () => { const p = new URLSearchParams({ x: 'a b', y: '&=é' }); p.append('z', '+'); p.delete('x'); p.set('n', 1); p.sort(); return p.toString(); });
out('p3', () => [new URLSearchParams([['a', '1'], ['a', '2']]).toString(), new URLSearchParams(new Map([['q', 'r']])).toString(), new URLSearchParams('a=%zz&b=%41+c').toString()]);

// structuredClone
out('s1', () => { const o = { d: new Date(0), r: /a/g, m: new Map([[1, { x: 1 }]]), s: new Set([1]), e: [1, , 3], n: null, u: undefined, b: 1n, t: new Uint8Array([1, 2]), f: new Float64Array(1), ab: new ArrayBuffer(2), bn: new Number(3), nested: { a: [{}] } }; o.self = o; const c = structuredClone(o); return [c, c !== o, c.self === c, c.d instanceof Date, c.m.get(1) !== o.m.get(1)]; });
for (const [name, make] of Object.entries({ fn: () => () => {}, sym: () => Symbol('a'), weak: () => new WeakMap(), promise: () => Promise.resolve() })) out(`s ${name}`, () => { try { structuredClone({ v: make() }); } catch (e) { return [e.name, e instanceof DOMException]; } });
out('s2', () => { const c = structuredClone(new RangeError('m', { cause: { a: 1 } })); return [c instanceof RangeError, c.message, c.cause, c.name]; });
out('s3', () => { class A { constructor() { this.x = 1; } get y() { return 2; } } const c = structuredClone(new A()); return [c, c.constructor === Object]; });
out('s4', () => { const b = new ArrayBuffer(3); const v = new Uint8Array(b); v[0] = 7; const c = structuredClone({ v }, { transfer: [b] }); return [c.v, b.byteLength, v.length]; });
out('s5', () => { const shared = { a: 1 }; const c = structuredClone([shared, shared]); return c[0] === c[1]; });

// events and aborting
out('e1', () => { const t = new EventTarget(), log = []; t.addEventListener('x', (e) => log.push(e.type, e.target === t, e instanceof Event)); t.addEventListener('x', () => log.push('once'), { once: true }); t.addEventListener('x', { handleEvent() { log.push('object'); } }); t.dispatchEvent(new Event('x')); t.dispatchEvent(new Event('x')); return log; });
out('e2', () => { const t = new EventTarget(); t.addEventListener('x', (e) => { e.preventDefault(); e.stopImmediatePropagation(); }); t.addEventListener('x', () => { throw 1; }); return [t.dispatchEvent(new Event('x', { cancelable: true })), t.dispatchEvent(new Event('x'))]; });
out('e3', () => new CustomEvent('c', { detail: { a: 1 } }).detail);
out('a1', () => { const c = new AbortController(); const log = []; c.signal.addEventListener('abort', () => log.push('aborted')); c.signal.onabort = () => log.push('on'); c.abort(); c.abort(); return [log, c.signal.aborted, c.signal.reason.name]; });
out('a2', () => { try { AbortSignal.abort('why').throwIfAborted(); } catch (e) { return e; } });
out('a3', () => { const c = new AbortController(); const s = AbortSignal.any([c.signal, new AbortController().signal]); c.abort(new Error('r')); return [s.aborted, s.reason.message]; });

// Buffer
const B = Buffer;
out('B1', () => [B.from('héllo'), B.from('68656c6c6f', 'hex'), B.from('aGk=', 'base64'), B.from('aGk', 'base64url'), B.from('abc', 'latin1'), B.from('aé', 'ascii'), B.from('a€', 'utf16le'), B.from('zz', 'hex'), B.from('6162f', 'hex')]);
out('B2', () => ['utf8', 'hex', 'base64', 'base64url', 'latin1', 'ascii', 'utf16le', 'binary', 'ucs2'].map((e) => B.from([0x61, 0xc3, 0xa9, 0xff, 0xfe, 0x62]).toString(e)));
out('B3', () => [B.alloc(3), B.alloc(3, 1), B.alloc(5, 'ab'), B.alloc(4, 'YQ==', 'base64'), B.concat([B.from('a'), B.from('bc')]), B.concat([B.from('abc')], 2), B.allocUnsafe(2).length]);
out('B4', () => [B.byteLength('é€'), B.byteLength('abc', 'base64'), B.byteLength('abcd', 'hex'), B.byteLength(new ArrayBuffer(3)), B.compare(B.from('a'), B.from('b')), B.isBuffer(B.from('')), B.isBuffer(new Uint8Array()), B.isEncoding('UTF-8'), B.isEncoding('x')]);
out('B5', () => { const b = B.alloc(10); return [b.write('héy'), b.write('xyz', 8), b.write('ff00', 1, 'hex'), b.write('abc', 2, 2, 'latin1'), b]; });
out('B6', () => { const b = B.alloc(24); b.writeUInt8(255, 0); b.writeInt16LE(-2, 1); b.writeUInt32BE(0xdeadbeef, 3); b.writeFloatLE(1.5, 7); b.writeDoubleBE(-2.25, 11); b.writeIntLE(-3, 19, 3); return [b, b.readUInt8(0), b.readInt16LE(1), b.readUInt32BE(3), b.readFloatLE(7), b.readDoubleBE(11), b.readIntLE(19, 3), b.readUint8(0)]; });
out('B7', () => { const b = B.alloc(16); b.writeBigUInt64LE(2n ** 63n, 0); b.writeBigInt64BE(-5n, 8); return [b.readBigUInt64LE(0), b.readBigInt64BE(8)]; });
out('B8', () => B.alloc(2).readUInt32LE(0));
out('B9', () => B.alloc(2).writeUInt8(256, 0));
out('B10', () => { const b = B.from('abcabc'); return [b.indexOf('c'), b.indexOf('c', 3), b.lastIndexOf('a'), b.includes('bca'), b.indexOf(98), b.indexOf(B.from('ca')), b.indexOf('zz'), b.indexOf(''), b.lastIndexOf('b', -3)]; });
out('B11', () => { const b = B.from('hello'); return [b.slice(1, 3).toString(), b.subarray(-2).toString(), b.toString('utf8', 1, 3), b.equals(B.from('hello')), b.compare(B.from('help')), b.toJSON(), JSON.stringify(b), String(b), b.length, [...b.entries()].length]; });
out('B12', () => { const b = B.from('0102', 'hex'); b.swap16(); const c = B.alloc(4); b.copy(c, 1); return [b, c, c.fill('x'), c.fill(0, 1, 2), B.from([1, 2, 3]).reverse()]; });
out('B13', () => [B.from(new Uint16Array([1, 256])), B.from({ length: 2, 0: 5, 1: 6 }), B.from(B.from('a')), B.from(new String('s')), B.from([1.9, -1, 300, 'x'])]);
out('B14', () => B.from(5));
out('B15', () => { const ab = new ArrayBuffer(4); const b = B.from(ab, 1, 2); b[0] = 9; return [new Uint8Array(ab), b.byteOffset, b.buffer === ab, b.parent === ab]; });
out('B16', () => [B.from('a') instanceof Uint8Array, B.from('€').toString('latin1'), B.from('test').toString('nope')]);
out('B17', () => [B.from('abc').at(-1), B.from('abc').map((x) => x + 1), B.from('abc').filter((x) => x > 97), Object.prototype.toString.call(B.from('')), B.poolSize > 0, B.from('a').toLocaleString()]);
out('B18', () => [B.from('ab', 'utf-16le').toString('utf16le'), B.from('  aGVs\nbG8 ', 'base64').toString(), B.from('a-_b', 'base64').toString('hex'), B.from('a+/b', 'base64url').toString('hex')]);
out('B19', () => B.concat('x'));
out('B20', () => B.from('tést').toString('utf8', 0, 2));

// timers
out('t1', () => { const t = setTimeout(() => {}, 1); clearTimeout(t); return [typeof t, typeof t.ref, t.hasRef(), typeof +t, t.unref() === t]; });
out('t2', () => setTimeout('code'));

// util, path, events, querystring
const util = require('util'), path = require('node:path'), EventEmitter = require('events'), qs = require('querystring');
out('p1', () => [path.join('a', '..', '/b', './c//d/'), path.normalize('/a/./b/../../c/'), path.basename('/x/y.tar.gz', '.gz'), path.extname('a.b.c'), path.extname('.bashrc'), path.dirname('/a/b/'), path.dirname('a'), path.isAbsolute('/x'), path.relative('/a/b/c', '/a/d'), path.parse('/home/u/f.txt'), path.format({ dir: '/d', base: 'b' }), path.sep, path.basename('a/'), path.join(''), path.extname('a.'), path.dirname('/a')]);
out('v1', () => { const e = new EventEmitter(), log = []; e.on('x', (...a) => log.push(a)); e.once('x', () => log.push('once')); e.prependListener('x', () => log.push('first')); return [e.emit('x', 1, 2), e.emit('x'), e.emit('y'), log, e.listenerCount('x'), e.eventNames()]; });
out('v2', () => new EventEmitter().emit('error', new TypeError('t')));
out('q1', () => [qs.parse('a=1&b=2&a=3'), qs.stringify({ x: [1, 2], y: 'z w' })]);
out('ut1', () => [util.format('%s %d %j', 'a', 1, {}), util.types.isPromise(Promise.resolve()), util.isDeepStrictEqual([1, { a: 2 }], [1, { a: 2 }]), util.types.isTypedArray(new Uint8Array()), util.types.isAsyncFunction(async () => {}), util.types.isProxy(new Proxy({}, {})), util.inspect(new Map([['a', 1]]))]);
(async () => {
  console.log(await util.promisify((a, cb) => cb(null, a + 1))(1), await util.promisify((cb) => cb(new Error('pe')))().catch((e) => e.message));
  console.log(await EventEmitter.once(Object.assign(new EventEmitter(), { kick() { setTimeout(() => this.emit('go', 5), 1); return this; } }).kick(), 'go'));
  console.log(await require('timers/promises').setTimeout(1, 'waited'));
  const order = [];
  setTimeout(() => order.push('timeout 0'), 0); setTimeout(() => order.push('timeout 5'), 5); setTimeout((v) => order.push(v), 2, 'timeout 2');
  const interval = setInterval(() => { if (order.push('interval') > 6) clearInterval(interval); }, 3);
  process.nextTick(() => { order.push('tick'); Promise.resolve().then(() => order.push('micro after tick')); });
  Promise.resolve().then(() => order.push('micro')); queueMicrotask(() => order.push('queued'));
  await new Promise((done) => setTimeout(done, 40));
  console.log(order.slice(0, 5));
  await new Promise((done) => { setImmediate(() => { console.log('immediate'); process.nextTick(() => console.log('tick in immediate')); Promise.resolve().then(() => console.log('micro in immediate')); }); setImmediate(() => { console.log('second immediate'); done(); }); });
  const u = crypto.randomUUID(); console.log(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(u), crypto.getRandomValues(new Uint8Array(4)).length, typeof performance.now(), performance.timeOrigin > 1.6e12);
  console.log(await AbortSignal.timeout(1).aborted, await new Promise((r) => { const s = AbortSignal.timeout(2); s.onabort = () => r(s.reason.name); setTimeout(() => {}, 20); }));
  for await (const x of (async function* () { yield 1; yield 2; })()) console.log(x);
})();
