// Prints the messages of errors that programs come to match on, a line a case: `code = message`. Run by Node (the recipe's step `node`) it makes
// messages.expected; tests/conformance compares what the guest prints.
const CASES = `
null.x
undefined.x
null.x.y
undefined[0]
undefined['a b']
undefined[Symbol('s')]
let a; a.b
let a = {}; a.b.c
let a = {}; a.b.c.d
let a = {}; a.b[0]
let a = {}, k = 'key'; a.b[k]
null.x = 1
let a; a.b = 1
let a = {}; a.b.c = 1
let a = {}; a.b[5] = 1
let a = null; a.b++
let a = null; delete a.b
let a = null; a.b()
let a = {}; a.b()
let a = {}; a.b.c()
let a = {b: {}}; a.b.c()
let a = {}; a['b']()
let a = {}, k = 'q'; a[k]()
let a = {b: []}; a.b[0]()
let a = [1]; a[0]()
let a = {}; a.b().c()
let a = {b() { return {}; }}; a.b().c()
let a = {b() {}}; a.b().c
let a; a()
let a = 5; a()
let a = {}; a()
let a = 'text'; a()
(1)()
(function () {})()()
(() => ({}))().x()
let f = () => 5; f()()
let a = {}; a?.b()
let a = {}; a.b?.c.d()
let a = {}; a.b\`x\`
new (class { m() { this.x(); } })().m()
new (class { m() { this.x.y(); } })().m()
new (class A { #p = 1; static t(o) { return o.#p; } static r() { A.t({}); } }).constructor.r()
class A { #p = 1; static t(o) { return o.#p; } } A.t({})
class A { #p = 1; static t(o) { o.#p = 2; } } A.t({})
class A { #m() {} static t(o) { o.#m(); } } A.t({})
let a = {}; new a()
let a = {}; new a.b()
let a = {b: {}}; new a.b()
new 5()
new (() => {})()
let f = () => {}; new f()
new Math.max()
new (async () => {})()
let o = {m() {}}; new o.m()
[].reduce((a, b) => a)
[].reduceRight((a, b) => a)
[1].map(5)
[1].map()
[1].map({})
[1].forEach(null)
[1].filter('x')
[1].find(undefined)
[1].some(1)
[1].every(null)
[1].flatMap(3)
[1].reduce(5)
[1, 2].sort(5)
[1, 2].sort('x')
[1].toSorted(5)
new Promise()
new Promise(5)
Promise()
new Map(5)
new Map([1])
new Map([[1], 2])
new Set(5)
new Set({})
new WeakMap([[1, 2]])
new WeakSet([1])
new WeakMap().set(1, 2)
Map()
Set()
x
x.y
x()
typeof x; x
x = y
'use strict'; q = 1
(() => { 'use strict'; undefinedVariable = 1; })()
let a = b; let b
{ c; const c = 1; }
const a = 1; a = 2
const a = 1; a++
const [q] = []; q = 1
const {a} = null
const {a} = undefined
const {a: {b}} = {}
const {} = null
let {a, b} = undefined
let o = {}; const {a} = o.p
let o = {}; const {a: {b}} = o
(({a}) => a)()
(({a}) => a)(null)
(function f({a}) { })()
function g({a: {b}}) { } g({})
(([a]) => a)()
const [a] = {}
const [a] = null
const [a] = undefined
const [a] = 5
let o = {}; const [a] = o
let o = {}; const [a] = o.p
let o = {}; [...o]
let o; [...o]
[...null]
[...5]
[...{}]
Math.max(...5)
let o = {}; Math.max(...o)
let o; Math.max(...o)
Math.max(...undefined)
new Set(...5)
for (const a of 5) ;
for (const a of {}) ;
let o = {}; for (const a of o) ;
let o; for (const a of o) ;
let o = {a: {}}; for (const a of o.a) ;
for (const a of null) ;
for (const [k, v] of [1]) ;
for (const [k, v] of Object.entries({a: 1}).concat([5])) ;
for (const {a} of [null]) ;
Array.from({[Symbol.iterator]: 5})
Array.from({[Symbol.iterator]() { return 5; }})
[...{[Symbol.iterator]() { return {}; }}]
Object.fromEntries(5)
Object.fromEntries([1])
Object.fromEntries()
Object.fromEntries(null)
(function* () { yield* 5; })().next()
Object.keys(null)
Object.keys(undefined)
Object.entries(undefined)
Object.values(null)
Object.assign(null)
Object.getPrototypeOf(null)
Object.getOwnPropertyNames(undefined)
Object.create(5)
Object.create()
Object.setPrototypeOf({}, 5)
Object.setPrototypeOf(null, {})
Object.setPrototypeOf(Object.preventExtensions({}), {})
let a = {}, b = Object.create(a); Object.setPrototypeOf(a, b)
Object.defineProperty(5, 'a', {})
Object.defineProperty({}, 'a', 5)
Object.defineProperty({}, 'a', {get: 5})
Object.defineProperty({}, 'a', {get() {}, value: 1})
Object.defineProperty(Object.freeze({a: 1}), 'a', {value: 2})
Object.defineProperty(Object.freeze({}), 'a', {value: 2})
Object.defineProperties({}, 5)
'use strict'; Object.freeze({a: 1}).a = 2
'use strict'; Object.freeze([1])[0] = 2
'use strict'; Object.freeze([1]).push(2)
'use strict'; Object.freeze({}).b = 2
'use strict'; Object.preventExtensions({}).b = 2
'use strict'; delete Object.freeze({a: 1}).a
'use strict'; delete [].length
'use strict'; ({get a() { return 1; }}).a = 2
'use strict'; (class { static get a() { return 1; } }).a = 2
'use strict'; 'abc'.length = 1
'use strict'; 'abc'[0] = 'x'
'use strict'; (5).x = 1
'use strict'; undefined = 1
'use strict'; NaN = 1
'use strict'; Math.PI = 1
Object.freeze([1, 2]).sort()
Object.freeze([1]).pop()
Object.freeze([1]).splice(0, 1)
Object.freeze([3, 1]).reverse()
Object.freeze([1]).length = 0
class A {} A()
class A { constructor() {} } A.call({})
class A {} class B extends A { constructor() {} } new B()
class A {} class B extends A { constructor() { this.x = 1; super(); } } new B()
class A {} class B extends A { constructor() { super(); super(); } } new B()
class B extends null {} new B()
class B extends 5 {}
class B extends undefined {}
let x = {}; class B extends x {}
let x = {}; class B extends x.y {}
class A { constructor() { return 1; } } class B extends A { constructor() { return 1; } } new B()
1n + 1
1 + 1n
1n * 2.5
+1n
Math.max(1n)
BigInt(1.5)
BigInt('x')
BigInt('1.5')
BigInt(undefined)
BigInt(null)
BigInt(Symbol())
BigInt(NaN)
new BigInt(1)
1n / 0n
2n ** -1n
1n >>> 0n
JSON.stringify(1n)
JSON.stringify({a: 1n})
JSON.stringify({a: {b: [1n]}})
let a = {}; a.a = a; JSON.stringify(a)
let a = {b: {}}; a.b.c = a; JSON.stringify(a)
let a = []; a.push(a); JSON.stringify(a)
let a = {l: []}; a.l.push(a); JSON.stringify(a)
class N { constructor() { this.next = {back: this}; } } JSON.stringify(new N())
let a = {x: {y: {z: 1}}}; a.x.y.w = a.x; JSON.stringify(a)
let a = {x: {y: {z: {}}}}; a.x.y.z.w = a; JSON.stringify(a)
JSON.parse('{bad')
Symbol() + ''
\`\${Symbol('x')}\`
+Symbol()
Symbol() + 1
new Symbol()
Symbol().description.x.y
String(Object.create(null))
'' + Object.create(null)
+Object.create(null)
+{valueOf() { return {}; }, toString() { return {}; }}
'a' in 'b'
'a' in 5
1 in null
({}) instanceof 5
({}) instanceof ({})
({}) instanceof null
let x = {}; ({}) instanceof x
({}) instanceof (() => {})
let f = function () {}; f.prototype = 5; ({}) instanceof f
new Array(-1)
new Array(1.5)
[].length = -1
'x'.repeat(-1)
'x'.repeat(Infinity)
'x'.repeat(2 ** 30)
'x'.padStart(2 ** 30)
(1).toFixed(101)
(1).toFixed(-1)
(1).toPrecision(101)
(1).toPrecision(0)
(1).toExponential(-1)
(1).toString(1)
(1).toString(37)
(1n).toString(1)
new Uint8Array(-1)
new Uint8Array(2 ** 40)
new Uint8Array(new ArrayBuffer(5), 6)
new Uint32Array(new ArrayBuffer(5))
new Uint32Array(new ArrayBuffer(8), 1)
new ArrayBuffer(-1)
new DataView(new ArrayBuffer(1)).getInt32(0)
new DataView(5)
new Uint8Array([1]).set([1, 2])
Uint8Array()
new Date(NaN).toISOString()
new Date('x').toISOString()
Date.prototype.getTime.call({})
new Date(0)[Symbol.toPrimitive]('x')
Map.prototype.get.call({}, 1)
Map.prototype.get.call(5, 1)
Set.prototype.add.call([], 1)
WeakMap.prototype.get.call({}, 1)
Promise.prototype.then.call({})
RegExp.prototype.exec.call({})
Number.prototype.toString.call('x')
Number.prototype.toFixed.call('x')
String.prototype.trim.call(null)
String.prototype.includes.call(undefined, 'x')
Array.prototype.map.call(null, x => x)
Array.prototype.forEach.call(undefined, x => x)
Boolean.prototype.valueOf.call(1)
Symbol.prototype.toString.call(1)
BigInt.prototype.toString.call(1)
Function.prototype.toString.call({})
Function.prototype.call.call(5)
Function.prototype.apply.call(5)
Function.prototype.bind.call(5)
(function () {}).apply(null, 5)
Reflect.apply(5)
Reflect.apply(() => {}, null, 5)
Reflect.construct(5)
Reflect.construct(Date, [], 5)
Reflect.ownKeys(5)
Reflect.defineProperty(5)
Reflect.get(5)
Reflect.has(5, 'a')
Reflect.setPrototypeOf({}, 5)
new Proxy({}, null)
new Proxy(5, {})
Proxy({}, {})
let {proxy, revoke} = Proxy.revocable({}, {}); revoke(); proxy.x
let {proxy, revoke} = Proxy.revocable({}, {}); revoke(); proxy.x = 1
new Proxy(Object.freeze({a: 1}), {get: () => 2}).a
Object.keys(new Proxy({}, {ownKeys: () => [1]}))
Object.keys(new Proxy({}, {ownKeys: () => 5}))
'use strict'; new Proxy({}, {set: () => false}).x = 1
'use strict'; delete new Proxy({a: 1}, {deleteProperty: () => false}).a
'abc'.startsWith(/a/)
'abc'.includes(/a/)
'abc'.endsWith(/a/)
'abc'.matchAll(/a/)
'abc'.replaceAll(/a/, '')
'abc'.normalize('x')
'abc'.localeCompare('a', 'xx-invalid-locale-tag-long')
String.fromCodePoint(-1)
String.fromCodePoint(1.5)
String.fromCodePoint(0x110000)
String.raw()
decodeURIComponent('%')
decodeURI('%E0%A4%A')
encodeURIComponent('\\ud800')
new RegExp('[')
new RegExp('(')
new RegExp(')')
new RegExp('*')
new RegExp('a**')
new RegExp('a{2,1}')
new RegExp('\\\\')
new RegExp('[b-a]')
new RegExp('(?<n>a)(?<n>b)')
new RegExp('(?<n')
new RegExp('(?<1a>x)')
new RegExp('\\\\k<x>', 'u')
new RegExp('(?x)')
new RegExp('x', 'gg')
new RegExp('x', 'y2')
new RegExp('\\\\p{Foo}', 'u')
new RegExp('\\\\u{110000}', 'u')
new RegExp('\\\\1', 'u')
new RegExp('{', 'u')
new RegExp('a', 'uv')
new RegExp('(?<=a)+')
new RegExp('[a&&&b]', 'v')
new RegExp('\\\\c', 'u')
/a/.test.call({})
Atomics.add([1], 0, 1)
structuredClone(() => {})
structuredClone(Symbol('s'))
new Intl.DateTimeFormat('en', {timeZone: 'Nowhere/City'})
new Intl.NumberFormat('en', {style: 'currency'})
new Intl.NumberFormat('en', {style: 'currency', currency: 'x'})
new Intl.NumberFormat('en', {maximumFractionDigits: 200})
(1).toLocaleString('xx-invalid-locale-tag-long')
let g = (function* () { g.next(); })(); g.next()
(function* () {}).prototype.next()
(function* () {})().next.call({})
new (function* () {})()
let f = () => { f(); }; f()
function f() { return f(f(1)); } f()
atob('*')
btoa('\\u0100')
new URL('x')
new TextDecoder('nope')
queueMicrotask(5)
setTimeout()
setTimeout('x')
setTimeout(5)
setInterval(null)
setImmediate()
require('nope').x
Symbol.keyFor('x')
Object.groupBy([1], 5)
Error.captureStackTrace(5)
new AggregateError(5)
eval('1 +')
eval('let a; let a')
eval('foo bar')
eval('{')
eval('(')
eval('"abc')
eval('var 1a')
eval('if (')
eval('}')
eval('a b')
eval('return 1')
eval('await 1')
eval('for (;;')
eval('let let = 1')
eval('const a')
eval('1 = 2')
eval('a() = 2')
eval('break')
eval('continue')
eval('x: x: 1')
eval('function (){}')
eval('class { }')
eval('new.target')
eval('super()')
eval('import x from "y"')
eval('export default 1')
eval('({a: 1, b})c')
eval('[1, 2')
eval('({a:1')
eval('\`abc')
eval('/abc')
eval('@')
eval('#x')
eval('"use strict"; with (a) {}')
eval('"use strict"; var public')
eval('"use strict"; 010')
eval('async function f() { await }')
eval('function* g() { yield = 1 }')
eval('try {}')
eval('switch (1) { case 1: default: default: }')
eval('a ?? b || c')
eval('-1 ** 2')
eval('delete this.#x')
eval('({ get a(b) {} })')
eval('"\\\\u{110000}"')
eval('"\\\\x1"')
eval('let [a]')
eval('...a')
eval('a?.b = 1')
eval('async () => { for await (x of y) }')
eval('0b12')
eval('1_')
eval('1__0')
eval('3in []')
eval('else')
eval('if (1) else')
eval('enum')
eval('let x = 5 5')
eval('{"a":1}')
eval('<html>')
eval('<!doctype html>')
`.trim().split('\n');

const show = (error) => (error instanceof Error ? `${error.name}: ${error.message}` : `thrown ${String(error)}`).replaceAll('\n', '\\n');
for (const code of CASES) {
  let value;
  try {
    (0, eval)(`(function () { ${code.startsWith("'use strict'") ? "'use strict'; " : ''}${/^(let|const|class|for|function|typeof|\{|'use)/.test(code) ? code : `return ${code}`}\n})()`);
    value = 'no error';
  } catch (error) {
    value = show(error);
  }
  console.log(`${code} = ${value}`);
}
