// Values as console.log shows them. inspect.expected is what Node 20 prints for this very file; a script that runs in both.
class Foo { constructor() { this.x = 1; } }
class Bar extends Foo { #p = 1; get y() { return 2; } static z = 3; }
class Tagged { get [Symbol.toStringTag]() { return 'Tag'; } }
class MyError extends Error { constructor(m) { super(m); this.name = 'MyError'; this.code = 42; } }
class Stack extends Array {}
class MyMap extends Map {}
class MySet extends Set {}
class MyPromise extends Promise {}
const circular = { name: 'c', list: [1, 2] }; circular.self = circular; circular.list.push(circular);
const twice = { a: {}, b: {} }; twice.a.up = twice; twice.b.up = twice.a;
const deep = { a: { b: { c: { d: 1 } } } };
const sparse = [1, , 3, , , 6]; const holes = new Array(5); const withProps = [1, 2, 3]; withProps.extra = 'x'; withProps[-1] = 'neg';
const nullProto = Object.create(null); nullProto.a = 1;
const sym = { [Symbol('s')]: 1, [Symbol.iterator]: undefined, [Symbol('with space')]: { a: 1 } };
const accessors = { get a() { return 1; }, set b(v) {}, get c() { return 1; }, set c(v) {} };
const hidden = Object.defineProperty({ v: 1 }, 'h', { value: 2, enumerable: false });
const noStack = (e) => { e.stack = `${e.name}: ${e.message}`; return e; };
function Old() { this.a = 1; } Old.prototype.m = function () {};
const fnProps = function named() {}; fnProps.a = 1;
async function af() {} function* gf() {} async function* agf() {}
const custom = { [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) { return `<<custom ${depth} ${typeof inspect}>>`; } };
const customObject = { [Symbol.for('nodejs.util.inspect.custom')]() { return { replaced: true }; } };
const long = (n, f = (i) => i) => Array.from({ length: n }, (_, i) => f(i));
const show = (...values) => console.log(...values);

for (const value of [undefined, null, true, false, 0, -0, 1.5, NaN, Infinity, -Infinity, 1e21, 1e-7, 123456789012, 10n, -5n, '', 'text', 'it\'s',
  Symbol('x'), Symbol(), Symbol.iterator, Symbol.for('k y')]) { show(value); show([value]); show({ value }); }
for (const text of ['a\nb', 'tab\t', '\u0000\u001b\u007f', 'quote\'s', 'both \' and "', 'all \' " `', '\\', '\ud83d', '\ude00 x', '😀', 'é', '\u2028', '${x}\'"'])
  show([text]);
show([], {}, [[]], [{}], { a: [] }, { a: {} });
show([1, 2, 3]); show([1, 'a', null, undefined, true]); show([[1, [2, [3, [4, [5]]]]]]); show({ a: 1, b: 'x', c: [1, 2] });
show(deep); show({ 'a-b': 1, 2: 3, valid_name: 4, 'ünï': 5, $d: 6, '': 7 }); show(sparse); show(holes); show([, 'a']); show([, ,]); show(withProps);
show(circular); show(twice); show(nullProto); show(Object.create(null)); show(Object.create({})); show(Object.create(Foo.prototype)); show(sym); show(accessors); show(hidden);
show(new Foo()); show(new Bar()); show(Foo); show(Bar); show(class {}); show(class extends Foo {}); show(new Tagged()); show(new (class {})()); show(new Old()); show({ constructor: 'x' }); show(Object.create({ constructor: Foo }));
show(() => {}); show(function () {}); show(function name() {}); show(fnProps); show(af); show(gf); show(agf); show(Math.max); show({ f() {}, g: () => {}, h: class A {} }); show(Function.prototype); show(Object.assign(() => {}, { a: 1 }));
show([() => {}, function x() {}]); show(gf()); show(agf()); show(Math); show(JSON); show(Reflect); show(globalThis === global); show(Symbol); show(Array.prototype); show(Foo.prototype); show(Bar.prototype);
show(new Map()); show(new Map([[1, 2], ['a', { b: 1 }]])); show(new Map([[{ k: 1 }, new Map([[1, new Map([[2, new Map()]])]])]])); show(new Set()); show(new Set([1, 'a', [1]])); show(new MyMap([[1, 2]])); show(new MySet([1])); show(new Stack(1, 2, 3)); show(Stack.from([]));
show(new WeakMap()); show(new WeakSet()); show(new Map([[1, 2]]).entries()); show(new Map([[1, 2]]).keys()); show(new Map([[1, 2]]).values()); show(new Set([5]).values()); show(new Set([5]).entries()); show([1, 2][Symbol.iterator]()); show('ab'[Symbol.iterator]()); show('ab'.matchAll(/a/g));
show(Object.assign(new Map([[1, 2]]), { extra: 1 })); show(Object.assign(new Set([1]), { extra: 1 }));
show(new Date(0)); show(new Date(NaN)); show([new Date(1e12)]); show(Object.assign(new Date(0), { a: 1 })); show(/a+/gi); show([/x/]); show(Object.assign(/x/, { a: 1 })); show(new (class R extends RegExp {})('a'));
show(new Number(3)); show(new String('abc')); show(new Boolean(false)); show(Object(Symbol('b'))); show(Object(5n)); show(new Number(-0)); show(Object.assign(new String('ab'), { c: 1 })); show([new String('x')]);
show(Promise.resolve(4)); show(Promise.resolve({ a: { b: { c: {} } } })); show(new Promise(() => {})); const rejected = Promise.reject(3); rejected.catch(() => {}); show(rejected); show(MyPromise.resolve('x'));
show(new Uint8Array([1, 2, 3])); show(new Uint8Array()); show(new Float64Array([1.5, -0, NaN])); show(new BigInt64Array([1n, -2n])); show(new Uint8ClampedArray(2)); show(new Float32Array(3)); show({ a: new Uint16Array([1]) });
show(new ArrayBuffer(4)); show(new Uint8Array([1, 255]).buffer); show(new DataView(new ArrayBuffer(2))); show(new SharedArrayBuffer(1)); show(Buffer.from('hello')); show(Buffer.alloc(0)); show(Buffer.alloc(60)); show([Buffer.from('a')]); show(Object.assign(new Uint8Array(1), { x: 1 }));
show(noStack(new Error('boom'))); show([noStack(new TypeError('bad'))]); show({ e: noStack(new RangeError('r')) }); show(noStack(new MyError('mine'))); show(noStack(new Error(''))); show(noStack(new Error('with cause', { cause: noStack(new Error('inner')) })));
show(noStack(new AggregateError([noStack(new Error('1')), noStack(new Error('2'))], 'many'))); show(noStack(Object.assign(new Error('props'), { code: 'E1', info: { a: 1 } }))); show(noStack(new Error('multi\nline')));
{ const e = new Error('m'); e.name = 'Custom'; noStack(e); show(e); const f = new Error('plain'); f.stack = 'no stack at all'; show(f); }
{ class ValidationError extends Error {} const v = new ValidationError('v'); v.stack = 'Error: v\n    at somewhere'; show(v); const k = new Error('keep'); k.stack = 'Error: keep\n    at a (b.js:1:2)\n    at c (d.js:3:4)'; show(k); show({ nested: k }); show([[k]]); }
show(custom); show({ custom }); show([[custom]]); show(customObject); show({ inner: customObject });
show(long(7)); show(long(20)); show(long(100)); show(long(101)); show(long(120, (i) => i * 1000)); show(long(30, (i) => 'item' + i)); show(long(8, (i) => 'x'.repeat(i * 3))); show(long(10, (i) => ({ id: i }))); show(long(27, (i) => i % 2 ? i : -i * 1.5));
show(long(7, (i) => 'long string number ' + i)); show(long(3, (i) => 'a very long string number '.repeat(2) + i)); show({ list: long(50) }); show({ a: { list: long(30, (i) => `k${i}`) } }); show(new Set(long(20))); show(new Map(long(10, (i) => [i, `v${i}`]))); show(new Uint8Array(long(150)));
show(long(12, () => undefined)); show(long(12, (i) => i % 3 ? 'abc' : 1)); show(long(15, (i) => BigInt(i) ** 20n)); show(long(7, (i) => [i, i])); show(long(7, (i) => null)); show(long(26, (i) => String.fromCharCode(97 + i)));
show({ aaaaaaaaaaaa: 1, bbbbbbbbbbbbb: 2, cccccccccccccc: 3, ddddddddddddddd: 4, eeee: 5 }); show({ aaaaaaaaaaaa: 1, bbbbbbbbbbbbb: 2, cccccccccccccc: 3, ddddddddddddddd: 4, eeeeeeeeeeeeee: 5, fffffffff: 6 });
show({ text: 'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore' }); show({ text: 'line one is here\nline two is here\nline three is also here' }); show(['a long line\nwith a break that does not fit on one line because it is very very long indeed yes']);
show({ user: { id: 1, name: 'Ann', tags: ['a', 'b'], address: { city: 'X', geo: { lat: 1, lon: 2 } } }, ok: true }); show([{ id: 1, name: 'Ann', roles: ['admin', 'user'] }, { id: 2, name: 'Bob', roles: [] }]); show([[1, 2, [3, 4, [5, [6]]]], { a: { b: { c: {} } } }]);
show({ a: 1, b: { c: [1, 2, { d: 3 }] }, e: [[]], f: [[[]]], g: [[[[]]]] }); show({ a: undefined, b: null, c: NaN, d: () => {}, e: Symbol('q'), f: 1n, g: -0 });
show({ a: [Foo, Bar], b: [new Foo()], c: new Map([['k', new Foo()]]) }); show(Object.freeze({ a: 1 })); show(new Proxy({ a: 1 }, {})); show(new Proxy([1, 2], {})); show(new Proxy(function f() {}, {})); show(new Proxy(class Q {}, {})); { const r = Proxy.revocable({}, {}); r.revoke(); show(r.proxy); }
(function () { show(arguments); })(1, 'a'); (function () { show(arguments); })(); (function () { show([arguments]); })(1);
show({ [Symbol.toStringTag]: 'T' }); show(Object.create({ [Symbol.toStringTag]: 'P' })); show(Object.assign(Object.create(null), { [Symbol.toStringTag]: 'N' })); show(Object.setPrototypeOf([1], null)); show(Object.setPrototypeOf(new Map([[1, 2]]), null)); show(Object.setPrototypeOf(new Date(0), null)); show(Object.setPrototypeOf(function x() {}, null)); show(Object.setPrototypeOf(/r/, null)); show(Object.setPrototypeOf(noStack(new Error('np')), null));
show('%s is %d years and %i', 'Bob', 42.5, 42.9); show('%f', '1.50abc'); show('%j', { a: [1] }); show('%o', { f() {} }); show('%O', { a: { b: { c: { d: 1 } } } }); show('%%', 1); show('%s', 'a', 'b', { c: 1 }); show('%x', 1); show('100%', 1); show('%s'); show('%s %s', 'one'); show('%c styled', 'color: red'); show('a', 'b', 1, [2]);
show('%s', null, undefined); show('%s', { a: 1 }); show('%s', [1, [2, [3]]]); show('%s', new Foo()); show('%s', new Date(0)); show('%s', () => 1); show('%s', Symbol('a')); show('%s', 5n); show('%s', -0); show('%s', { toString() { return 'own'; } }); show('%s', class Z {}); show('%d', '0x10'); show('%d', {}); show('%d', 5n); show('%i', 'abc'); show('%d', Symbol('a')); show('%s', noStack(new Error('es'))); show('%j', circular); show('%s', Object.create(null)); show('%d', []); show('%i', [3]); show('%o', [1, 2]); show('%o', 'str');
show(1, '%s', 2); show(null, 'x'); show(); show(''); show(' '); show('%'); show('%%%s', 1); show('%s%s', 1, 2, 3); show([['a', 1], ['b', 2]]); show([undefined, null, [undefined]]); show([1.0, 2.50, 100]); show({ 1: 'a', b: 2, 0: 'z' });
show(new URL('https://user:pw@example.com:8080/p/a?x=1#h')); show(new URLSearchParams('a=1&b=2')); show(new URLSearchParams()); show([new URLSearchParams('q=x')]);
show(new (class extends Map { constructor() { super([[1, 2]]); this.p = 1; } })()); show(new (class X extends Foo { constructor() { super(); this.y = [new Foo()]; } })()); show({ a: new (class Deep { b = { c: { d: {} } }; })() });
console.info('info'); console.debug({ debug: 1 }); console.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 }); console.dir(deep, { depth: null }); console.dir(custom);
console.group('G1'); console.log('in\nside'); console.group(); console.log({ a: 1 }); console.groupEnd(); console.groupEnd(); console.log('out'); console.groupEnd();
console.count(); console.count(); console.count('x'); console.countReset(); console.count(); console.assert(true, 'never');
console.table([{ a: 1, b: 'x' }, { a: 2, c: true }]); console.table([[1, 2], [3, 4]]); console.table(['p', 'q']); console.table({ r1: { v: 1 }, r2: { v: 2 } }); console.table(new Map([['k', 1]])); console.table(new Set(['s'])); console.table(5); console.table([{ a: 1, b: 2 }], ['b']); console.table([]); console.table([{ 名: '値' }]); console.table([1, { a: { b: { c: 1 } } }, 'x']);
const util = require('util');
show(util.inspect({ a: { b: { c: { d: 1 } } } }, { depth: 0 })); show(util.inspect(deep, false, null)); show(util.inspect('str')); show(util.inspect({ a: 1, b: [1, 2] }, { compact: false })); show(util.inspect({ a: 1, b: 'xx'.repeat(60) }, { breakLength: Infinity })); show(util.inspect({ b: 1, a: 2 }, { sorted: true })); show(util.inspect([1, 2, 3], { maxArrayLength: 1 })); show(util.inspect('abcdef', { maxStringLength: 2 })); show(util.inspect({ get a() { return { x: 1 }; }, get b() { return 1; } }, { getters: true })); show(util.inspect(1234567.891, { numericSeparator: true })); show(util.inspect([1], { showHidden: true })); show(util.inspect(new Proxy({ a: 1 }, { get() {} }), { showProxy: true })); show(util.inspect(new Map([[1, { a: { b: {} } }]]), { depth: 0 })); show(util.inspect({ a: 1 }, { compact: true })); show(util.inspect({ a: { b: 1, c: [1, 2, 3] }, d: 'x' }, { compact: 1 })); show(util.format('%s=%d', 'x', 1, 'y')); show(util.inspect(Object.defineProperty({}, 'h', { value: 1 }), { showHidden: true })); show(util.inspect(new Set([[1, 2]]), { compact: false })); show(util.isDeepStrictEqual({ a: [1, new Set([{ b: 1 }])] }, { a: [1, new Set([{ b: 1 }])] }), util.isDeepStrictEqual([1], [2]), util.types.isDate(new Date()), util.types.isMap({}));
show({ a: { b: { c: Object.create(null), d: new Foo(), e: [], f: [1], g: new Map([[1, 1]]), h: Object.assign(Object.create(null), { x: 1 }), i: new Date(0), j: /x/, k: () => {}, l: noStack(new Error('deep')), m: Foo, n: nullProto } } });

// The same by options.
const { inspect } = require('util');
const shapes = [{ a: 1, b: 'x', c: [1, 2, { d: { e: {} } }], f: undefined, g: null, h: true, i: 10n, [Symbol('s')]: Symbol('v') }, circular, withProps, sparse, new Map([[{ k: 1 }, [1]], ['b', new Set([1, 'two'])]]), new Bar(), accessors, hidden,
  noStack(new MyError('m')), noStack(Object.assign(new TypeError('t'), { code: 'E', errno: 1 })), new Date(0), /x/giu, class A extends Foo {}, Promise.resolve({ a: 1 }), new Uint8Array([1, 2, 255]), Buffer.from('hello'), new ArrayBuffer(4), new Proxy({ a: 1 }, {}), nullProto,
  long(120), long(30, (i) => 'w'.repeat(i % 7)), 'quote \' and "', ['a\nb', '\u001b'], 123456789.123, -0, 1234567890123n, Object(1), Object('str'), Object(Symbol('q')), new Error('with cause', { cause: { a: 1 } }).cause, new WeakSet(), new URLSearchParams('a=1&b=2'), { z: 1, y: 2, x: { w: 1, v: 2 } }];
for (const options of [{ colors: true }, { showHidden: true }, { compact: false }, { compact: true }, { compact: 1, breakLength: 40 }, { depth: 0 }, { depth: Infinity, breakLength: Infinity }, { sorted: true }, { getters: true }, { numericSeparator: true },
  { maxArrayLength: 2, maxStringLength: 5 }, { showProxy: true }, { customInspect: false, depth: 1 }, { colors: true, compact: false, showHidden: true, depth: 1 }])
  for (const shape of shapes) console.log(inspect(shape, options));
