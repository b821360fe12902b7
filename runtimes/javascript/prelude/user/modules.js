// require: modules of the request (CommonJS, JSON, ES modules) and the few built-ins that make sense without a machine.
import { apply, define, natives } from './natives.js';
import { builtins } from './builtins.js';
import { coded, wrongType } from './errors.js';
import { packageModule, packageNames } from './packages.js';
import { reasonFor } from './unavailable.js';

const { parse: lex } = require('cjs-module-lexer');
const cache = { __proto__: null };      // modules of the request by name
const parse = JSON.parse;

function missing(name, base) {
  const plain = name.startsWith('node:') ? name.slice(5) : name;
  const reason = reasonFor(plain);
  const own = natives.moduleNames();
  const names = [...own, ...Object.keys(builtins), ...packageNames()];
  const message = `Cannot find module '${name}'${base === '' ? '' : ` (required by ${base})`}` +
    `${reason ? `: ${reason}` : ''}; available: ${names.join(', ')}`;
  return Object.assign(new Error(message), { code: 'MODULE_NOT_FOUND' });
}

function folderOf(name) {
  const slash = name.lastIndexOf('/');
  return slash < 0 ? '/work' : `/work/${name.slice(0, slash)}`;
}

function load(name) {
  const known = cache[name];
  if (known !== undefined) return known.exports;
  const module = { exports: {}, id: name, filename: `/work/${name}`, loaded: false, children: [], paths: [] };
  cache[name] = module;
  try {
    if (name.endsWith('.json')) {
      module.exports = parse(natives.moduleText(name));
    } else {
      const body = natives.compileModule(name);
      if (body === undefined) module.exports = natives.importNow(name);
      else apply(body, module.exports, [module.exports, makeRequire(name), module, module.filename, folderOf(name)]);
    }
  } catch (error) {
    delete cache[name]; // a module that failed runs again when it is asked for again
    throw error;
  }
  module.loaded = true;
  return module.exports;
}

// What the image has under a name: Node's modules with or without `node:`, npm packages without.
const shipped = (name) => (name.startsWith('node:') ? builtins[name.slice(5)] : builtins[name] ?? packageModule(name));

export function requireFrom(base, name) {
  if (typeof name !== 'string') throw wrongType('id', 'of type string', name);
  const resolved = name.startsWith('/work/') ? natives.resolve('', `./${name.slice(6)}`) : natives.resolve(base, name);
  if (resolved !== undefined) return load(resolved);
  const exports = shipped(name);
  if (exports === undefined) throw missing(name, base);
  return exports;
}

/** The names that a CommonJS module of the request exports, as far as its text tells: what Node's lexer finds, as keys. */
export function exportNames(name) {
  const names = new Set(), seen = new Set();
  const visit = (module) => {
    if (seen.has(module)) return;
    seen.add(module);
    let found;
    try {
      found = lex(natives.moduleText(module));
    } catch { return; } // it says why when it is run
    for (const exported of found.exports) names.add(exported);
    for (const other of found.reexports) {
      const resolved = natives.resolve(module, other);
      if (resolved !== undefined && !resolved.endsWith('.json')) visit(resolved);
    }
  };
  visit(name);
  names.delete('default');
  return Object.fromEntries([...names].map((exported) => [exported, true]));
}

function makeRequire(base) {
  const require = (name) => requireFrom(base, name);
  define(require, {
    cache, main: module,
    resolve(name) {
      const resolved = natives.resolve(base, name);
      if (resolved !== undefined) return `/work/${resolved}`;
      if (shipped(name) === undefined) throw missing(name, base);
      return name;
    },
  });
  return require;
}

builtins.module = {
  createRequire(from) {
    const path = `${from?.href ?? from}`.replace(/^file:\/\//, '');
    if (!path.startsWith('/')) throw coded(TypeError, 'ERR_INVALID_ARG_VALUE', `The argument 'filename' must be a file URL or an absolute path. Received '${path}'`);
    return makeRequire(path.replace(/^\/work\//, ''));
  },
  isBuiltin: (name) => (name.startsWith('node:') ? name.slice(5) : name) in builtins,
  builtinModules: Object.keys(builtins),
};

const module = { exports: {}, id: '.', filename: '/work/main.js', loaded: false, children: [], paths: [] };
define(globalThis, { require: makeRequire(''), module, exports: module.exports, __filename: '/work/main.js', __dirname: '/work' });
