// The numbers that native.kind answers with: enum engine_kind in harness/engine.h, in its order.
export const kinds = Object.freeze(Object.fromEntries([
  'UNDEFINED', 'NULL', 'BOOLEAN', 'NUMBER', 'BIGINT', 'STRING', 'SYMBOL',
  'OBJECT', 'FUNCTION', 'ARRAY', 'ERROR', 'BOXED_NUMBER', 'BOXED_STRING', 'BOXED_BOOLEAN', 'BOXED_SYMBOL', 'BOXED_BIGINT',
  'ARGUMENTS', 'DATE', 'REGEXP', 'ARRAY_BUFFER', 'SHARED_ARRAY_BUFFER', 'TYPED_ARRAY', 'DATA_VIEW', 'MAP', 'SET', 'WEAK_MAP',
  'WEAK_SET', 'WEAK_REF', 'MAP_ITERATOR', 'SET_ITERATOR', 'GENERATOR', 'ITERATOR', 'PROXY', 'PROMISE', 'MODULE_NAMESPACE',
  'DOM_EXCEPTION', 'RAW_JSON',
].map((name, number) => [name, number])));
