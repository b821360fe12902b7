// The console, which is the inside realm's; and the class Console, Node's, for consoles that write to other streams.
import { define, natives } from './natives.js';

export const { console } = natives.inside;
define(globalThis, { console });

/** Node's library has to be there first. */
export function completeConsole() {
  const { Console } = require('internal/console/constructor');
  console.Console = Console;
  for (const name of ['profile', 'profileEnd', 'timeStamp']) console[name] = { [name]() {} }[name];
  Object.defineProperty(console, Symbol.toStringTag, { value: 'console', configurable: true });
}
