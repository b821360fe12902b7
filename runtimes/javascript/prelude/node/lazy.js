// Modules that Node's library names by a variable: exports that are looked up when they are first asked for.
const modules = {
  __proto__: null,
  'internal/mime': () => require('internal/mime'),
  'internal/util/parse_args/parse_args': () => require('internal/util/parse_args/parse_args'),
  'internal/encoding': () => require('internal/encoding'),
  'internal/fs/dir': () => require('internal/fs/dir'),
  'internal/blob': () => require('internal/blob'),
  'internal/file': () => require('internal/file'),
  'internal/abort_controller': () => require('internal/abort_controller'),
};
export const internalRequire = (id) => modules[id]();
