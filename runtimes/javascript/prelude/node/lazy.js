// Modules that Node's library names by a variable: exports that are looked up when they are first asked for.
const modules = {
  __proto__: null,
  'internal/mime': () => require('internal/mime'),
  'internal/util/parse_args/parse_args': () => require('internal/util/parse_args/parse_args'),
  'internal/encoding': () => ({ TextEncoder, TextDecoder }),
};
export const internalRequire = (id) => modules[id]();
