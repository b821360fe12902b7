// The module `events`: Node's EventEmitter.

export class EventEmitter {
  #listeners = new Map();
  #add(name, listener, atFront) {
    if (typeof listener !== 'function') throw new TypeError('The "listener" argument must be of type function');
    if (name !== 'newListener' && this.#listeners.has('newListener')) this.emit('newListener', name, listener.listener ?? listener);
    const list = this.#listeners.get(name) ?? [];
    this.#listeners.set(name, atFront ? [listener, ...list] : [...list, listener]);
    return this;
  }
  #once(name, listener) {
    const wrapper = (...values) => {
      this.off(name, wrapper);
      return listener.apply(this, values);
    };
    wrapper.listener = listener;
    return wrapper;
  }
  on(name, listener) { return this.#add(name, listener, false); }
  addListener(name, listener) { return this.#add(name, listener, false); }
  prependListener(name, listener) { return this.#add(name, listener, true); }
  once(name, listener) { return this.#add(name, this.#once(name, listener), false); }
  prependOnceListener(name, listener) { return this.#add(name, this.#once(name, listener), true); }
  off(name, listener) {
    const list = this.#listeners.get(name) ?? [];
    const index = list.findLastIndex((one) => one === listener || one.listener === listener);
    if (index < 0) return this;
    if (list.length === 1) this.#listeners.delete(name);
    else this.#listeners.set(name, list.toSpliced(index, 1));
    if (this.#listeners.has('removeListener')) this.emit('removeListener', name, listener);
    return this;
  }
  removeListener(name, listener) { return this.off(name, listener); }
  removeAllListeners(name) {
    if (name === undefined) this.#listeners.clear();
    else this.#listeners.delete(name);
    return this;
  }
  emit(name, ...values) {
    const list = this.#listeners.get(name);
    if (list === undefined) {
      if (name === 'error') throw values[0] instanceof Error ? values[0] : new Error(`Unhandled error. (${values[0]})`);
      return false;
    }
    for (const listener of list) listener.apply(this, values);
    return true;
  }
  listeners(name) { return (this.#listeners.get(name) ?? []).map((one) => one.listener ?? one); }
  rawListeners(name) { return [...(this.#listeners.get(name) ?? [])]; }
  listenerCount(name) { return (this.#listeners.get(name) ?? []).length; }
  eventNames() { return [...this.#listeners.keys()]; }
  setMaxListeners() { return this; }
  getMaxListeners() { return 10; }

  static EventEmitter = EventEmitter;
  static defaultMaxListeners = 10;
  static once(emitter, name) {
    return new Promise((resolve, reject) => {
      const failed = (error) => {
        emitter.off(name, done);
        reject(error);
      };
      const done = (...values) => {
        emitter.off('error', failed);
        resolve(values);
      };
      emitter.once(name, done);
      if (name !== 'error') emitter.once('error', failed);
    });
  }
}
