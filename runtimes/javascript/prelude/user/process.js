// `process`: what programs ask of it without a machine around them. Its events are process_events.js's, which come later: Node's
// library wants a process while it is evaluated.
import { define, defineProperty, natives } from './natives.js';
import { coded } from './errors.js';
import { activeResources, nextTick } from './timers.js';

const library = {
  get codes() { return require('internal/errors').codes; },
  get validators() { return require('internal/validators'); },
};
let environment;

/** What Node's environment does: values are text, and TZ moves the time zone of Date at once. */
const variables = {
  __proto__: null,
  set(target, name, value) { return variables.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true }); },
  defineProperty(target, name, descriptor) {
    const { value, writable, enumerable, configurable } = descriptor;
    if (!writable || !enumerable || !configurable || descriptor.get || descriptor.set)
      throw coded(TypeError, 'ERR_INVALID_OBJECT_DEFINE_PROPERTY', descriptor.get || descriptor.set ? "'process.env' does not accept an accessor(getter/setter) descriptor"
        : "'process.env' only accepts a configurable, writable, and enumerable data descriptor");
    if (typeof name === 'symbol') throw new TypeError('Cannot convert a Symbol value to a string');
    const text = `${value}`;
    defineProperty(target, name, { value: text, writable, enumerable, configurable });
    if (name === 'TZ') natives.setZone(text);
    return true;
  },
  deleteProperty(target, name) {
    delete target[name];
    if (name === 'TZ') natives.setZone(undefined);
    return true;
  },
};

/** Packages look at it when they are evaluated, at image build. */
export function forgetEnvironment() { environment = undefined; }

/** A variable of a call, for a program that has looked at its environment before. */
export function setVariable(name, value) {
  if (environment === undefined || environment === null) return;
  try { environment[name] = value; } catch {}
}

function hrtime(previous) {
  const now = natives.nanoseconds(1);
  let seconds = Number(now / 1000000000n), nanoseconds = Number(now % 1000000000n);
  if (previous !== undefined) {
    if (!Array.isArray(previous)) throw new library.codes.ERR_INVALID_ARG_TYPE('time', 'Array', previous);
    if (previous.length !== 2) throw new library.codes.ERR_OUT_OF_RANGE('time', 2, previous.length);
    seconds -= previous[0];
    nanoseconds -= previous[1];
    if (nanoseconds < 0) {
      seconds--;
      nanoseconds += 1e9;
    }
  }
  return [seconds, nanoseconds];
}
define(hrtime, { bigint: () => natives.nanoseconds(1) });

function warningOf(warning, type, code, detail, caller) {
  if (typeof type === 'object' && type !== null && !Array.isArray(type)) ({ type, code, detail } = type);
  else if (typeof type === 'function') type = code = undefined;
  if (type !== undefined) library.validators.validateString(type, 'type');
  if (typeof code === 'function') code = undefined;
  else if (code !== undefined) library.validators.validateString(code, 'code');
  if (typeof warning !== 'string' && !(warning instanceof Error)) throw new library.codes.ERR_INVALID_ARG_TYPE('warning', ['Error', 'string'], warning);
  if (warning instanceof Error) return warning;
  const error = new Error(warning);
  error.name = type || 'Warning';
  if (code !== undefined) error.code = code;
  if (typeof detail === 'string') error.detail = detail;
  Error.captureStackTrace(error, caller);
  return error;
}

function emitWarning(warning, type, code, caller) {
  const error = warningOf(warning, type, code, undefined, emitWarning);
  if (error.name === 'DeprecationWarning' && process.noDeprecation) return;
  nextTick(() => {
    if (environment?.NODE_NO_WARNINGS !== '1')
      natives.inside.console.error(`(node:1) ${error.code ? `[${error.code}] ` : ''}${error.name}: ${error.message}${typeof error.detail === 'string' ? `\n${error.detail}` : ''}`);
    process.emit('warning', error);
  });
}

function cpuUsage(before) {
  const now = { user: Math.round(natives.milliseconds(1) * 1000), system: 0 };
  if (before === undefined || before === null) return now;
  library.validators.validateObject(before, 'prevValue');
  for (const name of ['user', 'system']) {
    library.validators.validateNumber(before[name], `prevValue.${name}`);
    if (before[name] < 0 || before[name] > Number.MAX_SAFE_INTEGER) throw new library.codes.ERR_INVALID_ARG_VALUE.RangeError(`prevValue.${name}`, before[name]);
    now[name] -= before[name];
  }
  return now;
}

let mask = 0o22;
function umask(value) {
  const before = mask;
  if (value !== undefined) {
    if (typeof value === 'string' && !/^[0-7]+$/.test(value)) throw new library.codes.ERR_INVALID_ARG_VALUE('mask', value, 'must be a 32-bit unsigned integer or an octal string');
    if (typeof value === 'string') value = parseInt(value, 8);
    library.validators.validateUint32(value, 'mask');
    mask = value & 0o777;
  }
  return before;
}

/** There is one user, and nobody to become another of. */
const users = {};
for (const name of ['setuid', 'seteuid', 'setgid', 'setegid']) {
  users[name] = { [name](id) {
    if (typeof id !== 'number' && typeof id !== 'string') throw new library.codes.ERR_INVALID_ARG_TYPE('id', ['number', 'string'], id);
    if (typeof id === 'number') library.validators.validateUint32(id, 'id');
    else throw new library.codes.ERR_UNKNOWN_CREDENTIAL(name.endsWith('uid') ? 'User' : 'Group', id);
    if (id !== 1000) throw Object.assign(new Error(`EPERM, Operation not permitted`), { code: 'EPERM', errno: -1, syscall: name });
  } }[name];
}

const refused = (name) => ({ [name]() { throw new Error(`process.${name} is not available: this sandbox runs a single process and no native code`); } })[name];

export const process = {
  title: 'ampoule', version: 'v20.19.2', versions: { node: '20.19.2', quickjs: '0.18.0', openssl: natives.crypto.version, ampoule: '1' },
  platform: 'linux', arch: 'wasm32', pid: 1, ppid: 0, execPath: '/usr/bin/node', execArgv: [], release: { name: 'node', lts: 'Iron' },
  features: { inspector: false, debug: false, uv: false, ipv6: false, tls_alpn: false, tls_sni: false, tls_ocsp: false, tls: false, cached_builtins: true, require_module: true }, config: { target_defaults: {}, variables: { node_shared_openssl: true } }, allowedNodeEnvironmentFlags: new Set(), debugPort: 9229, noDeprecation: false,
  get env() { return environment ??= new Proxy(natives.environment(), variables); },
  set env(value) { environment = value; },
  get argv() { return ['node', `/work/${natives.programName()}`]; },
  get argv0() { return 'node'; },
  nextTick, hrtime, reallyExit: (code) => natives.exit(code ?? 0), emitWarning, umask,
  cwd: () => natives.fs.cwd(),
  chdir(folder) {
    library.validators.validateString(folder, 'directory');
    const failed = natives.fs.chdir(folder);
    if (failed < 0) throw new (require('internal/errors').UVException)({ errno: failed, syscall: 'chdir', path: natives.fs.cwd(), dest: folder });
  },
  uptime: () => natives.milliseconds(1) / 1000,
  memoryUsage: Object.assign(() => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 }), { rss: () => 0 }),
  constrainedMemory: () => 0, availableMemory: () => 0,
  cpuUsage,
  resourceUsage: () => ({ userCPUTime: Math.round(natives.milliseconds(1) * 1000), systemCPUTime: 0, maxRSS: 0 }),
  assert(value, message) { if (!value) throw Object.assign(new Error(message || 'assertion error'), { code: 'ERR_ASSERTION' }); },
  getActiveResourcesInfo: activeResources, setSourceMapsEnabled(enabled) { library.validators.validateBoolean(enabled, 'enabled'); },
  ...users, getuid: () => 1000, geteuid: () => 1000, getgid: () => 1000, getegid: () => 1000, getgroups: () => [1000],
  kill: refused('kill'), abort: refused('abort'), dlopen: refused('dlopen'), binding: refused('binding'),
  loadEnvFile(path = '.env') {
    const found = require('util').parseEnv(require('fs').readFileSync(path, 'utf8'));
    for (const name of Object.keys(found)) process.env[name] ??= found[name];
  },
};
defineProperty(process, Symbol.toStringTag, { value: 'process', configurable: true });
define(globalThis, { process });
