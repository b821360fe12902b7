// For EventEmitterAsyncResource: a resource that runs what it is given.
export class AsyncResource {
  constructor(type) { this.type = type; }
  runInAsyncScope(fn, receiver, ...values) { return Reflect.apply(fn, receiver, values); }
  emitDestroy() { return this; }
  asyncId() { return 1; }
  triggerAsyncId() { return 0; }
  static bind(fn) { return fn; }
  bind(fn) { return fn; }
}
