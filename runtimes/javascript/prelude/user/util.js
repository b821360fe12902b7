// The module `util`.
import { natives } from './natives.js';
import { kinds } from '../kinds.js';

const kindTest = (...names) => {
  const wanted = names.map((name) => kinds[name]);
  return (value) => wanted.includes(natives.kind(value));
};
const typedArrayTest = (name) => (value) => natives.typedArrayName(value) === name;
const functionTest = (word) => (value) => typeof value === 'function' && natives.kind(value) === kinds.FUNCTION && natives.functionKind(value).includes(word);

const types = {
  isDate: kindTest('DATE'), isRegExp: kindTest('REGEXP'), isMap: kindTest('MAP'), isSet: kindTest('SET'),
  isWeakMap: kindTest('WEAK_MAP'), isWeakSet: kindTest('WEAK_SET'), isPromise: kindTest('PROMISE'), isProxy: kindTest('PROXY'),
  isNativeError: kindTest('ERROR'), isArrayBuffer: kindTest('ARRAY_BUFFER'), isSharedArrayBuffer: kindTest('SHARED_ARRAY_BUFFER'),
  isAnyArrayBuffer: kindTest('ARRAY_BUFFER', 'SHARED_ARRAY_BUFFER'), isArrayBufferView: ArrayBuffer.isView, isDataView: kindTest('DATA_VIEW'),
  isTypedArray: kindTest('TYPED_ARRAY'), isArgumentsObject: kindTest('ARGUMENTS'), isGeneratorObject: kindTest('GENERATOR'),
  isMapIterator: kindTest('MAP_ITERATOR'), isSetIterator: kindTest('SET_ITERATOR'), isModuleNamespaceObject: kindTest('MODULE_NAMESPACE'),
  isNumberObject: kindTest('BOXED_NUMBER'), isStringObject: kindTest('BOXED_STRING'), isBooleanObject: kindTest('BOXED_BOOLEAN'),
  isSymbolObject: kindTest('BOXED_SYMBOL'), isBigIntObject: kindTest('BOXED_BIGINT'),
  isBoxedPrimitive: kindTest('BOXED_NUMBER', 'BOXED_STRING', 'BOXED_BOOLEAN', 'BOXED_SYMBOL', 'BOXED_BIGINT'),
  isAsyncFunction: functionTest('async'), isGeneratorFunction: functionTest('generator'),
};
for (const name of ['Uint8Array', 'Uint8ClampedArray', 'Uint16Array', 'Uint32Array', 'Int8Array', 'Int16Array', 'Int32Array',
  'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array']) types[`is${name}`] = typedArrayTest(name);

// Deep equality with SameValue for primitives, prototypes compared, cycles allowed.
function equal(a, b, seen) {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const kind = natives.kind(a);
  if (kind !== natives.kind(b) || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (seen.get(a) === b) return true;
  seen.set(a, b);
  if ([kinds.DATE, kinds.BOXED_NUMBER, kinds.BOXED_STRING, kinds.BOXED_BOOLEAN, kinds.BOXED_SYMBOL, kinds.BOXED_BIGINT].includes(kind) &&
      !Object.is(natives.unboxed(a), natives.unboxed(b))) return false;
  if (kind === kinds.REGEXP && String(a) !== String(b)) return false;
  if (kind === kinds.ERROR && (a.message !== b.message || a.name !== b.name)) return false;
  if (kind === kinds.SET || kind === kinds.MAP) {
    if (a.size !== b.size) return false;
    const left = [...a], right = [...b];
    return left.every((entry) => {
      const index = right.findIndex((other) => equal(entry, other, seen));
      return index >= 0 && right.splice(index, 1);
    });
  }
  if (kind === kinds.ARRAY_BUFFER || kind === kinds.DATA_VIEW) {
    const left = natives.view(a), right = natives.view(b);
    if (left.length !== right.length || left.some((byte, i) => byte !== right[i])) return false;
  }
  const shown = (object) => Reflect.ownKeys(object).filter((key) => Object.prototype.propertyIsEnumerable.call(object, key));
  const keys = shown(a);
  return a.length === b.length && keys.length === shown(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key], seen));
}

const promisified = Symbol.for('nodejs.util.promisify.custom');
const { inspect, format } = natives.inside;
Object.defineProperty(inspect, 'custom', { value: Symbol.for('nodejs.util.inspect.custom'), writable: true, enumerable: true });
Object.defineProperty(inspect, 'defaultOptions', { value: { depth: 2, compact: 3, breakLength: 80 }, writable: true, enumerable: true });

export const util = {
  inspect, format, types,
  formatWithOptions: (options, ...values) => format(...values),
  isDeepStrictEqual: (a, b) => equal(a, b, new Map()),
  isArray: Array.isArray,
  promisify: Object.assign((original) => {
    if (typeof original !== 'function') throw new TypeError('The "original" argument must be of type function');
    if (original[promisified]) return original[promisified];
    return function (...values) {
      return new Promise((resolve, reject) => {
        original.call(this, ...values, (error, value) => (error ? reject(error) : resolve(value)));
      });
    };
  }, { custom: promisified }),
  callbackify: (original) => function (...values) {
    const callback = values.pop();
    original.apply(this, values).then((value) => process.nextTick(callback, null, value), (error) => process.nextTick(callback, error));
  },
  deprecate: (fn) => fn,
  debuglog: () => () => {},
  inherits(constructor, parent) {
    Object.defineProperty(constructor, 'super_', { value: parent, writable: true, configurable: true });
    Object.setPrototypeOf(constructor.prototype, parent.prototype);
  },
  stripVTControlCharacters: (text) => text.replace(/\x1b\[[0-9;]*[A-Za-z]/g, ''),
  toUSVString: (text) => `${text}`.toWellFormed(),
  TextEncoder, TextDecoder,
};
