// The language's own objects, as they are before packages: some carry polyfills that replace parts of them.

const NAMES = ['Object', 'Function', 'Array', 'String', 'Number', 'Boolean', 'Symbol', 'BigInt', 'Date', 'RegExp', 'Promise', 'Proxy', 'Reflect', 'JSON', 'Math', 'Atomics',
  'Map', 'Set', 'WeakMap', 'WeakSet', 'WeakRef', 'FinalizationRegistry', 'Iterator', 'ArrayBuffer', 'SharedArrayBuffer', 'DataView',
  'Error', 'AggregateError', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError',
  'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'BigInt64Array', 'BigUint64Array', 'Float32Array', 'Float64Array'];

/** What `during` returns; whatever it does to the language is undone. */
export function keepingLanguage(during) {
  const objects = new Set([Reflect.getPrototypeOf(Uint8Array), Reflect.getPrototypeOf(Uint8Array.prototype)]);
  for (const name of NAMES) {
    const value = globalThis[name];
    if (value === undefined) continue;
    objects.add(value);
    if (value.prototype !== undefined) objects.add(value.prototype);
  }
  const before = [...objects].map((object) => [object, Object.getOwnPropertyDescriptors(object)]);
  const result = during();
  for (const [object, properties] of before) {
    for (const key of Reflect.ownKeys(object)) {
      if (!Object.hasOwn(properties, key)) {
        delete object[key];
        continue;
      }
      const now = Reflect.getOwnPropertyDescriptor(object, key), then = properties[key];
      if (now.value !== then.value || now.get !== then.get || now.set !== then.set) Object.defineProperty(object, key, then);
    }
  }
  return result;
}
