// performance.now and timeOrigin, read from the clock of the execution, so that nothing of it is in the snapshot.
import { define, natives } from './natives.js';

class Performance {
  get timeOrigin() { return natives.milliseconds(0) - natives.milliseconds(1); }
  now() { return natives.milliseconds(1); }
  toJSON() { return { timeOrigin: this.timeOrigin }; }
  get [Symbol.toStringTag]() { return 'Performance'; }
}
export const performance = new Performance();
define(globalThis, { performance });
