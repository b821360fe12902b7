// The npm packages of the image. Each is a table of modules: name -> function to the exports, and whether that is called
// before the snapshot (build/packages.sh).
import { builtins } from './builtins.js';
import { keepingLanguage } from './language.js';

const modules = { __proto__: null }, early = [];

/** Called once a package, at image build. */
export function addPackage(table) {
  for (const name of Object.keys(table)) {
    modules[name] = table[name][0];
    if (table[name][1]) early.push(modules[name]);
  }
}

/** Called once a package that is loaded when it is first asked for: names of its modules, and what gives its table. */
export function addLater(names, load) {
  let table;
  for (const name of names.split(' ')) modules[name] = () => (table ??= load())[name][0]();
}

/** Evaluates modules, at image build: an execution finds them ready. Returns what they export. */
export const evaluatePackages = () => keepingLanguage(() => early.map((load) => load()));

/** Modules that are a property of their package, as each function of lodash is. */
const parts = {
  __proto__: null,
  lodash: (exports, name) => exports[name],
  'date-fns': (exports, name) => ({ [name]: exports[name], default: exports[name] }),
};
const aliases = { __proto__: null, 'lodash-es': 'lodash' };

/** The exports of a module of a package, undefined if there is none of that name. */
export function packageModule(name) {
  if (name.endsWith('.js') && !(name in modules)) name = name.slice(0, -3);
  const load = modules[name];
  if (load !== undefined) return load();
  const slash = name.indexOf('/'), whole = slash < 0 ? name : name.slice(0, slash), part = name.slice(slash + 1);
  if (whole in aliases) return packageModule(slash < 0 ? aliases[whole] : `${aliases[whole]}/${part}`);
  if (slash < 0 || !(whole in parts)) return undefined;
  const exports = modules[whole]();
  return Object.hasOwn(exports, part) && typeof exports[part] === 'function' ? parts[whole](exports, part) : undefined;
}

/** Names of the packages, for messages. */
export const packageNames = () => Object.keys(modules).filter((name) => !name.includes('/'));

/** `require` as packages see it. */
export function requireInPackage(name) {
  if (name.startsWith('./locale/')) name = `moment${name.slice(1)}`; // moment looks for its languages so
  const exports = builtins[name.startsWith('node:') ? name.slice(5) : name] ?? packageModule(name);
  if (exports === undefined) throw new Error(`Cannot find module '${name}'`);
  return exports;
}
