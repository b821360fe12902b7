// The console, which is the inside realm's; and the class Console, Node's, for consoles that write to other streams.
import { define, natives } from './natives.js';

export const { console } = natives.inside;
define(globalThis, { console });
// A namespace of Web IDL: its prototype is an empty object of its own.
Object.setPrototypeOf(console, {});

/** Node's library has to be there first. */
export function completeConsole() {
  const { Console, kBindProperties } = require('internal/console/constructor'), { format, inspect } = require('internal/util/inspect');
  natives.inside.showBy(format, inspect, (text) => void process.emitWarning(text));
  console.Console = Console;
  // It counts as one of its class, without its state.
  Console.prototype[kBindProperties].call(console, true, 'auto');
  console.clear = { clear() { if (process.stdout.isTTY && process.env.TERM !== 'dumb') process.stdout.write('\x1b[1;1H\x1b[0J'); } }.clear;
  for (const name of ['profile', 'profileEnd', 'timeStamp']) console[name] = { [name]() {} }[name];
  Object.defineProperty(console, Symbol.toStringTag, { value: 'console', configurable: true });
}
