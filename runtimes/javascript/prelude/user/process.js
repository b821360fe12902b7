// `process`: enough for programs that look at it. process.exit ends the program.
import { define, defineProperty, natives } from './natives.js';
import { coded } from './errors.js';
import { nextTick } from './timers.js';

const noEvents = function () { return this; };
let environment, stdin;

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
export function forgetEnvironment() { environment = stdin = undefined; }

/** All of the request's stdin at once, when somebody reads. */
function openStdin() {
  const { Readable } = require('stream'), { Buffer } = require('buffer');
  const input = new Readable({
    read() {
      const bytes = natives.readFile('/dev/stdin');
      if (typeof bytes === 'object' && bytes.length > 0) this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
      this.push(null);
    },
  });
  return Object.assign(input, { fd: 0, isTTY: false });
}

/** A variable of a call, for a program that has looked at its environment before. */
export function setVariable(name, value) {
  if (environment === undefined || environment === null) return;
  try { environment[name] = value; } catch {}
}

function stream(number) {
  return {
    write(chunk, encoding, callback) {
      if (typeof chunk === 'string') natives.write(number, chunk);
      else natives.writeBytes(number, chunk);
      const done = typeof encoding === 'function' ? encoding : callback;
      if (typeof done === 'function') nextTick(done);
      return true;
    },
    end(chunk) { if (chunk !== undefined) this.write(chunk); },
    on: noEvents, once: noEvents, off: noEvents, emit: () => false, removeListener: noEvents,
    isTTY: false, fd: number, writable: true, columns: undefined,
  };
}

function hrtime(previous) {
  const now = natives.nanoseconds(1);
  let seconds = Number(now / 1000000000n), nanoseconds = Number(now % 1000000000n);
  if (previous !== undefined) {
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

export const process = {
  title: 'ampoule', version: 'v20.19.2', versions: { node: '20.19.2', quickjs: '0.18.0', ampoule: '1' },
  platform: 'linux', arch: 'wasm32', pid: 1, ppid: 0, execPath: '/usr/bin/node', execArgv: [], exitCode: undefined, release: { name: 'node' },
  features: {}, config: {},
  get env() { return environment ??= new Proxy(natives.environment(), variables); },
  set env(value) { environment = value; },
  get argv() { return ['node', `/work/${natives.programName()}`]; },
  get argv0() { return 'node'; },
  get stdin() { return stdin ??= openStdin(); },
  stdout: stream(1), stderr: stream(2),
  nextTick, hrtime,
  cwd: () => '/work',
  uptime: () => natives.milliseconds(1) / 1000,
  memoryUsage: () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 }),
  exit(code = process.exitCode) { natives.exit(code === undefined ? 0 : Number(code)); },
  emitWarning(warning, type, code) {
    if (typeof type === 'object' && type !== null) ({ type, code } = type);
    const name = warning?.name ?? (typeof type === 'string' ? type : 'Warning'), id = warning?.code ?? (typeof code === 'string' ? code : undefined);
    natives.write(2, `(node:1) ${id ? `[${id}] ` : ''}${name}: ${warning?.message ?? warning}\n`);
  },
  on: noEvents, once: noEvents, off: noEvents, addListener: noEvents, removeListener: noEvents, removeAllListeners: noEvents,
  prependListener: noEvents, emit: () => false, listeners: () => [], listenerCount: () => 0, umask: () => 18, getuid: () => 1000,
};
defineProperty(process, Symbol.toStringTag, { value: 'process', configurable: true });
define(globalThis, { process });
