// AbortController is user/events.js's; nothing can be transferred, as there is one thread.
import { AbortController, AbortSignal } from '../../user/events.js';

export { AbortController, AbortSignal };
export const transferableAbortController = () => new AbortController();
export const transferableAbortSignal = (signal) => signal;
export const aborted = (signal) => new Promise((resolve) => {
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
});
