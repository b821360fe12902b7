// The module `timers/promises`.
import { validateAbortSignal, validateBoolean, validateObject } from 'internal/validators';
import { coded } from './errors.js';
import { timerFunctions } from './timers.js';

const { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate } = timerFunctions;

function aborted(signal) {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}

function check(options) {
  validateObject(options, 'options');
  if (options.signal !== undefined) validateAbortSignal(options.signal, 'options.signal');
  if (options.ref !== undefined) validateBoolean(options.ref, 'options.ref');
}

async function wait(start, clear, value, options = {}) {
  check(options);
  const { signal, ref } = options;
  if (signal?.aborted) throw aborted(signal);
  let stop;
  try {
    return await new Promise((resolve, reject) => {
      const timer = start(() => resolve(value));
      if (ref === false) timer.unref();
      stop = () => {
        clear(timer);
        reject(aborted(signal));
      };
      signal?.addEventListener('abort', stop);
    });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function* interval(delay, value, options = {}) {
  check(options);
  const { signal, ref } = options;
  if (signal?.aborted) throw aborted(signal);
  let passed = 0, wake;
  const timer = setInterval(() => {
    passed++;
    wake?.();
  }, delay);
  if (ref === false) timer.unref();
  const stop = () => wake?.();
  signal?.addEventListener('abort', stop);
  try {
    for (;;) {
      if (signal?.aborted) throw aborted(signal);
      if (passed === 0) await new Promise((resolve) => wake = resolve);
      for (; passed > 0; passed--) yield value;
    }
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', stop);
  }
}

export const timersPromises = {
  setTimeout: (delay, value, options) => wait((done) => setTimeout(done, delay), clearTimeout, value, options),
  setImmediate: (value, options) => wait((done) => setImmediate(done), clearImmediate, value, options),
  setInterval: interval,
  scheduler: undefined,
};

class Scheduler {
  constructor() { throw coded(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor'); }
  wait(delay, options) { return wait((done) => setTimeout(done, delay), clearTimeout, undefined, options); }
  yield() { return wait((done) => setImmediate(done), clearImmediate); }
}
timersPromises.scheduler = Object.create(Scheduler.prototype);
