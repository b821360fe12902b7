// Event, CustomEvent, EventTarget, AbortController and AbortSignal of the DOM Standard, as far as there is no tree.
import { define } from './natives.js';
import { timerFunctions } from './timers.js';

const { setTimeout } = timerFunctions;
const dispatching = Symbol('dispatching');

export class Event {
  #type; #bubbles; #cancelable; #composed; #prevented = false; #stopped = false; #target = null; #time = performance.now();
  #passive = false; #phase = 0;
  constructor(type, options = {}) {
    if (arguments.length === 0) throw new TypeError('The "type" argument must be specified');
    this.#type = `${type}`;
    this.#bubbles = !!options?.bubbles;
    this.#cancelable = !!options?.cancelable;
    this.#composed = !!options?.composed;
  }
  get type() { return this.#type; }
  get target() { return this.#target; }
  get currentTarget() { return this.#phase ? this.#target : null; }
  get srcElement() { return this.#target; }
  get eventPhase() { return this.#phase; }
  get bubbles() { return this.#bubbles; }
  get cancelable() { return this.#cancelable; }
  get composed() { return this.#composed; }
  get defaultPrevented() { return this.#prevented; }
  get returnValue() { return !this.#prevented; }
  get timeStamp() { return this.#time; }
  get isTrusted() { return false; }
  get cancelBubble() { return this.#stopped; }
  set cancelBubble(value) { if (value) this.#stopped = true; }
  composedPath() { return this.#phase ? [this.#target] : []; }
  preventDefault() { if (this.#cancelable && !this.#passive) this.#prevented = true; }
  stopPropagation() { this.#stopped = true; }
  stopImmediatePropagation() { this[dispatching].halted = true; }
  get [dispatching]() {
    const event = this;
    return {
      begin(target) { event.#target = target; event.#phase = 2; event.#halted = false; },
      end() { event.#phase = 0; },
      get halted() { return event.#halted; },
      set halted(value) { event.#halted = value; },
      get busy() { return event.#phase !== 0; },
      set passive(value) { event.#passive = value; },
    };
  }
  #halted = false;
  static NONE = 0; static CAPTURING_PHASE = 1; static AT_TARGET = 2; static BUBBLING_PHASE = 3;
  get [Symbol.toStringTag]() { return 'Event'; }
}

export class CustomEvent extends Event {
  #detail;
  constructor(type, options = {}) {
    super(type, options);
    this.#detail = options?.detail ?? null;
  }
  get detail() { return this.#detail; }
  get [Symbol.toStringTag]() { return 'CustomEvent'; }
}

export class EventTarget {
  #listeners = new Map();
  addEventListener(type, callback, options) {
    if (callback == null) return;
    const capture = typeof options === 'boolean' ? options : !!options?.capture;
    const list = this.#listeners.get(type = `${type}`) ?? [];
    if (list.some((listener) => listener.callback === callback && listener.capture === capture)) return;
    if (options?.signal?.aborted) return;
    this.#listeners.set(type, [...list, { callback, capture, once: !!options?.once, passive: !!options?.passive }]);
    options?.signal?.addEventListener('abort', () => this.removeEventListener(type, callback, capture), { once: true });
  }
  removeEventListener(type, callback, options) {
    const capture = typeof options === 'boolean' ? options : !!options?.capture;
    const list = this.#listeners.get(type = `${type}`) ?? [];
    this.#listeners.set(type, list.filter((listener) => listener.callback !== callback || listener.capture !== capture));
  }
  dispatchEvent(event) {
    if (!(event instanceof Event)) throw new TypeError('The "event" argument must be an instance of Event');
    const state = event[dispatching];
    if (state.busy) throw new DOMException('The event is already being dispatched', 'InvalidStateError');
    state.begin(this);
    for (const listener of this.#listeners.get(event.type) ?? []) {
      if (!this.#listeners.get(event.type).includes(listener)) continue;
      if (listener.once) this.removeEventListener(event.type, listener.callback, listener.capture);
      state.passive = listener.passive;
      try {
        if (typeof listener.callback === 'function') listener.callback.call(this, event);
        else listener.callback.handleEvent(event);
      } catch (error) {
        queueMicrotask(() => { throw error; }); // the others still run; the error is not lost
      }
      if (state.halted) break;
    }
    state.end();
    return !event.defaultPrevented;
  }
  get [Symbol.toStringTag]() { return 'EventTarget'; }
}

let newSignal, abort;
export class AbortSignal extends EventTarget {
  #aborted = false; #reason = undefined; #handler = null; #dependents = [];
  constructor(key) {
    if (key !== dispatching) throw new TypeError('Illegal constructor');
    super();
  }
  static {
    newSignal = () => new AbortSignal(dispatching);
    abort = (signal, reason) => {
      if (signal.#aborted) return;
      signal.#aborted = true;
      signal.#reason = reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason;
      for (const dependent of signal.#dependents) abort(dependent, signal.#reason);
      signal.dispatchEvent(new Event('abort'));
    };
  }
  get aborted() { return this.#aborted; }
  get reason() { return this.#reason; }
  throwIfAborted() { if (this.#aborted) throw this.#reason; }
  get onabort() { return this.#handler; }
  set onabort(handler) {
    if (this.#handler) this.removeEventListener('abort', this.#handler);
    this.#handler = typeof handler === 'function' ? handler : null;
    if (this.#handler) this.addEventListener('abort', this.#handler);
  }
  static abort(reason) {
    const signal = newSignal();
    abort(signal, reason);
    return signal;
  }
  static timeout(delay) {
    const signal = newSignal();
    setTimeout(() => abort(signal, new DOMException('The operation was aborted due to timeout', 'TimeoutError')), delay).unref();
    return signal;
  }
  static any(signals) {
    const all = [...signals], signal = newSignal();
    const done = all.find((one) => one.aborted);
    if (done) abort(signal, done.reason);
    else for (const one of all) one.#dependents.push(signal);
    return signal;
  }
  get [Symbol.toStringTag]() { return 'AbortSignal'; }
}

export class AbortController {
  #signal = newSignal();
  get signal() { return this.#signal; }
  abort(reason) { abort(this.#signal, reason); }
  get [Symbol.toStringTag]() { return 'AbortController'; }
}

define(globalThis, { Event, CustomEvent, EventTarget, AbortSignal, AbortController });
