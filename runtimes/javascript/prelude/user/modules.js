// require: modules of the request (CommonJS, JSON, ES modules) and the few built-ins that make sense without a machine.
import { apply, define, natives } from './natives.js';
import { builtins } from './builtins.js';
import { coded, wrongType } from './errors.js';
import { packageModule, packageNames } from './packages.js';
import { reasonFor } from './unavailable.js';

const cache = { __proto__: null };      // modules of the request by name
const parse = JSON.parse;

function missing(name, base) {
  const plain = name.startsWith('node:') ? name.slice(5) : name;
  const reason = reasonFor(plain);
  const own = natives.moduleNames();
  const names = [...own, ...Object.keys(builtins), ...packageNames()];
  return coded(Error, 'MODULE_NOT_FOUND', `Cannot find module '${name}'${base === '' ? '' : ` (required by ${base})`}` +
    `${reason ? `: ${reason}` : ''}; available: ${names.join(', ')}`);
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

export function requireFrom(base, name) {
  if (typeof name !== 'string') throw wrongType('id', 'of type string', name);
  const resolved = natives.resolve(base, name);
  if (resolved !== undefined) return load(resolved);
  const builtin = name.startsWith('node:') ? builtins[name.slice(5)] : builtins[name] ?? packageModule(name);
  if (builtin !== undefined) return builtin;
  throw missing(name, base);
}

function makeRequire(base) {
  const require = (name) => requireFrom(base, name);
  define(require, {
    cache,
    resolve(name) {
      const resolved = natives.resolve(base, name);
      if (resolved === undefined && builtins[name.startsWith('node:') ? name.slice(5) : name] === undefined && packageModule(name) === undefined) throw missing(name, base);
      return resolved === undefined ? name : `/work/${resolved}`;
    },
  });
  return require;
}

const module = { exports: {}, id: '.', filename: '/work/main.js', loaded: false, children: [], paths: [] };
define(globalThis, { require: makeRequire(''), module, exports: module.exports, __filename: '/work/main.js', __dirname: '/work' });
