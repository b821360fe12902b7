// The context that goes along with asynchronous calls: a Map of AsyncLocalStorages to what they hold, undefined while none holds
// anything. Promises take it along in C (harness/async_context.c), timers and the like by `wrap`.
import { apply, natives } from './natives.js';

export const { context: currentContext, enterContext } = natives;

/** Calls in a context that is not the present one. */
export function within(context, callback, receiver, values) {
  const before = currentContext();
  enterContext(context);
  try {
    return apply(callback, receiver, values);
  } finally {
    enterContext(before);
  }
}

/** What to call later: itself, or in the context of now. */
export function wrap(callback) {
  const context = currentContext();
  if (context === undefined) return callback;
  return function (...values) { return within(context, callback, this, values); };
}
