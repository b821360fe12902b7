// util.types: by what a value is inside the engine, which nothing a program does to prototypes changes.
import { apply, natives } from '../user/natives.js';
import { kinds } from '../kinds.js';

const { includes } = Array.prototype, { includes: includesText } = String.prototype;
const kindTest = (...names) => {
  const wanted = names.map((name) => kinds[name]);
  if (wanted.length === 1) {
    const [only] = wanted;
    return (value) => natives.kind(value) === only;
  }
  return (value) => apply(includes, wanted, [natives.kind(value)]);
};
const functionTest = (word) => (value) =>
  typeof value === 'function' && natives.kind(value) === kinds.FUNCTION && apply(includesText, natives.functionKind(value), [word]);

export const types = {
  isExternal: () => false,
  isDate: kindTest('DATE'),
  isArgumentsObject: kindTest('ARGUMENTS'),
  isBigIntObject: kindTest('BOXED_BIGINT'), isBooleanObject: kindTest('BOXED_BOOLEAN'), isNumberObject: kindTest('BOXED_NUMBER'),
  isStringObject: kindTest('BOXED_STRING'), isSymbolObject: kindTest('BOXED_SYMBOL'),
  isBoxedPrimitive: kindTest('BOXED_NUMBER', 'BOXED_STRING', 'BOXED_BOOLEAN', 'BOXED_SYMBOL', 'BOXED_BIGINT'),
  isNativeError: kindTest('ERROR'), isRegExp: kindTest('REGEXP'),
  isAsyncFunction: functionTest('async'), isGeneratorFunction: functionTest('generator'), isGeneratorObject: kindTest('GENERATOR'),
  isPromise: kindTest('PROMISE'), isMap: kindTest('MAP'), isSet: kindTest('SET'),
  isMapIterator: kindTest('MAP_ITERATOR'), isSetIterator: kindTest('SET_ITERATOR'), isWeakMap: kindTest('WEAK_MAP'), isWeakSet: kindTest('WEAK_SET'),
  isArrayBuffer: kindTest('ARRAY_BUFFER'), isDataView: kindTest('DATA_VIEW'), isSharedArrayBuffer: kindTest('SHARED_ARRAY_BUFFER'),
  isProxy: kindTest('PROXY'), isModuleNamespaceObject: kindTest('MODULE_NAMESPACE'), isAnyArrayBuffer: kindTest('ARRAY_BUFFER', 'SHARED_ARRAY_BUFFER'),
};
