// The module `async_hooks`: AsyncLocalStorage and AsyncResource over the context that goes along with asynchronous calls. Hooks that
// look at every asynchronous resource do not exist here; createHook says nothing, as it would where nothing happens.
import { validateFunction, validateString } from 'internal/validators';
import { codes } from 'internal/errors';
import { currentContext, enterContext, within } from '../user/context.js';
import { apply } from '../user/natives.js';

let lastId = 1;
const running = [];

export class AsyncResource {
  #context = currentContext(); #id = ++lastId; #trigger;
  constructor(type, options = {}) {
    validateString(type, 'type');
    if (type.length === 0) throw new codes.ERR_ASYNC_TYPE(type);
    const trigger = typeof options === 'number' ? options : options?.triggerAsyncId ?? executionAsyncId();
    if (!Number.isSafeInteger(trigger) || trigger < -1) throw new codes.ERR_INVALID_ASYNC_ID('triggerAsyncId', trigger);
    this.#trigger = trigger;
  }
  runInAsyncScope(fn, receiver, ...values) {
    running.push(this);
    try {
      return within(this.#context, fn, receiver, values);
    } finally {
      running.pop();
    }
  }
  emitDestroy() { return this; }
  asyncId() { return this.#id; }
  triggerAsyncId() { return this.#trigger; }
  bind(fn, receiver) {
    validateFunction(fn, 'fn');
    const resource = this;
    const bound = receiver === undefined
      ? function (...values) { return resource.runInAsyncScope(fn, this, ...values); }
      : (...values) => resource.runInAsyncScope(fn, receiver, ...values);
    Object.defineProperties(bound, {
      length: { configurable: true, enumerable: false, value: fn.length, writable: false },
      asyncResource: { configurable: true, enumerable: true, value: this, writable: true },
    });
    return bound;
  }
  static bind(fn, type, receiver) { return new AsyncResource(type || fn.name || 'bound-anonymous-fn').bind(fn, receiver); }
}

export const executionAsyncId = () => running.at(-1)?.asyncId() ?? 1;
export const triggerAsyncId = () => running.at(-1)?.triggerAsyncId() ?? 0;
const top = {};
export const executionAsyncResource = () => running.at(-1) ?? top;

export class AsyncLocalStorage {
  static bind(fn) { return AsyncResource.bind(fn); }
  static snapshot() {
    const context = currentContext();
    return function (fn, ...values) { return within(context, fn, this, values); };
  }
  #with(store) { return new Map(currentContext()).set(this, store); }
  disable() {
    const context = currentContext();
    if (context?.has(this)) {
      const without = new Map(context);
      without.delete(this);
      enterContext(without.size ? without : undefined);
    }
  }
  enterWith(store) { enterContext(this.#with(store)); }
  run(store, fn, ...values) {
    if (Object.is(store, this.getStore())) return apply(fn, null, values);
    return within(this.#with(store), fn, null, values);
  }
  exit(fn, ...values) {
    const context = currentContext();
    if (!context?.has(this)) return apply(fn, null, values);
    const without = new Map(context);
    without.delete(this);
    return within(without.size ? without : undefined, fn, null, values);
  }
  getStore() { return currentContext()?.get(this); }
}

export function createHook(callbacks) {
  for (const name of ['init', 'before', 'after', 'destroy', 'promiseResolve']) {
    if (callbacks[name] !== undefined && typeof callbacks[name] !== 'function') throw new codes.ERR_ASYNC_CALLBACK(`hook.${name}`);
  }
  return { enable() { return this; }, disable() { return this; } };
}

export const asyncWrapProviders = Object.freeze({ __proto__: null, NONE: 0, FSREQCALLBACK: 8, MESSAGEPORT: 17, PROMISE: 25, Timeout: 54, Immediate: 55 });
