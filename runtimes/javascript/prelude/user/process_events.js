// The events of `process`: what the harness asks the program at the end and where nobody else caught an error (harness/loop.c).
import EventEmitter from 'events';
import { codes } from 'internal/errors';
import { apply, define, natives } from './natives.js';
import { process } from './process.js';
import { standardStreams } from './process_streams.js';

const { emit, listenerCount } = EventEmitter.prototype;
let exitCode;
const told = new WeakSet(); // rejected promises that listeners were told of

function checked(code, name) {
  if (code === undefined || code === null) return code;
  const number = typeof code === 'string' && code !== '' ? Number(code) : code;
  if (typeof number !== 'number' || (typeof code === 'string' && !Number.isInteger(number))) throw new codes.ERR_INVALID_ARG_TYPE(name, 'integer', code);
  if (!Number.isInteger(number)) throw new codes.ERR_OUT_OF_RANGE(name, 'an integer', code);
  return number;
}

function sayExit() {
  if (process._exiting) return;
  process._exiting = true;
  apply(emit, process, ['exit', +exitCode || 0]);
}

function exit(code) {
  code = checked(code, 'code');
  if (code !== undefined && code !== null) exitCode = code;
  sayExit();
  natives.exit(exitCode ?? 0);
}

function shown(reason) {
  try {
    return typeof reason === 'object' && reason !== null ? natives.inside.inspect(reason, { depth: 0 }) : String(reason);
  } catch { return '<unknown>'; }
}

/** What Node makes of a reason that is no error. */
function errorOf(reason) {
  if (Error.isError?.(reason) ?? reason instanceof Error) return reason;
  const error = new Error('This error originated either by throwing inside of an async function without a catch block, or by rejecting a promise which was ' +
    `not handled with .catch(). The promise rejected with the reason "${shown(reason)}".`);
  return Object.assign(error, { name: 'UnhandledPromiseRejection', code: 'ERR_UNHANDLED_REJECTION' });
}

function takeOver(error, origin) {
  apply(emit, process, ['uncaughtExceptionMonitor', error, origin]);
  if (capture !== null) {
    capture(error);
    return true;
  }
  return apply(emit, process, ['uncaughtException', error, origin]);
}

export const hooks = {
  unhandled(reason, promise) {
    told.add(promise);
    if (apply(emit, process, ['unhandledRejection', reason, promise])) return true;
    if (capture === null && apply(listenerCount, process, ['uncaughtException']) === 0 && apply(listenerCount, process, ['uncaughtExceptionMonitor']) === 0) return false;
    return takeOver(errorOf(reason), 'unhandledRejection');
  },
  handledLate(promise) {
    if (told.delete(promise)) process.nextTick(() => apply(emit, process, ['rejectionHandled', promise]));
  },
  uncaught: (error) => takeOver(error, 'uncaughtException'),
  beforeExit() { apply(emit, process, ['beforeExit', +exitCode || 0]); },
  leave(script, failed) {
    if (failed) exitCode = 1;
    sayExit();
    return +exitCode || 0;
  },
};

let capture = null;
Object.assign(process, {
  exit,
  setUncaughtExceptionCaptureCallback(callback) {
    if (callback !== null && typeof callback !== 'function') throw new codes.ERR_INVALID_ARG_TYPE('fn', ['Function', 'null'], callback);
    if (callback !== null && capture !== null) throw new codes.ERR_UNCAUGHT_EXCEPTION_CAPTURE_ALREADY_SET();
    capture = callback;
    natives.listens();
  },
  hasUncaughtExceptionCaptureCallback: () => capture !== null,
});

// `process` is an EventEmitter; from the first listener on the harness asks.
{
  const prototype = Object.create(EventEmitter.prototype, { constructor: { value: { process: function () {} }.process, writable: true, configurable: true } });
  for (const name of ['on', 'addListener', 'prependListener']) {
    define(prototype, {
      [name](event, listener) {
        natives.listens();
        return apply(EventEmitter.prototype[name], this, [event, listener]);
      },
    });
  }
  prototype.constructor.prototype = prototype;
  Object.setPrototypeOf(process, prototype);
  apply(EventEmitter, process, []);
  Object.defineProperty(process, 'exitCode', {
    get: () => exitCode,
    set(code) {
      exitCode = checked(code, 'code');
      natives.listens();
    },
    enumerable: true, configurable: true,
  });
  define(process, { _exiting: false });
}
standardStreams(process);
