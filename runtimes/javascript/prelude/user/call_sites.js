// What Error.prepareStackTrace of a program is given: call sites, as V8 has them. They know what a recorded stack tells.
import { apply, define } from './natives.js';

const { Error: ErrorClass } = globalThis, { join, map } = Array.prototype, { toString } = Error.prototype;

class CallSite {
  #name; #file; #line; #column; #made;
  constructor(frame) {
    this.#name = frame[0];
    this.#file = frame[1];
    this.#line = frame[2];
    this.#column = frame[3];
    this.#made = frame[4];
  }
  getThis() { return undefined; }
  getTypeName() { return null; }
  getFunction() { return undefined; }
  getFunctionName() { return this.#name; }
  getMethodName() { return null; }
  getFileName() { return this.#file; }
  getLineNumber() { return this.#line; }
  getColumnNumber() { return this.#column; }
  getEnclosingLineNumber() { return this.#line; }
  getEnclosingColumnNumber() { return this.#column; }
  getPosition() { return 0; }
  getEvalOrigin() { return undefined; }
  getScriptNameOrSourceURL() { return this.#file; }
  getScriptHash() { return ''; }
  getPromiseIndex() { return null; }
  isToplevel() { return this.#name === null; }
  isEval() { return false; }
  isNative() { return false; }
  isConstructor() { return this.#made; }
  isAsync() { return false; }
  isPromiseAll() { return false; }
  toString() {
    const place = `${this.#file}:${this.#line}:${this.#column}`;
    return this.#name === null ? place : `${this.#made ? 'new ' : ''}${this.#name} (${place})`;
  }
}
define(CallSite.prototype, { [Symbol.toStringTag]: 'CallSite' });

// As it is without a program's own, which the harness does without calling it.
ErrorClass.prepareStackTrace = function prepareStackTrace(error, trace) {
  const text = apply(toString, error, []);
  return trace.length === 0 ? text : `${text}\n    at ${apply(join, trace, ['\n    at '])}`;
};

/** What a program's own form of a stack comes to. */
export function prepareStack(prepare, error, frames) {
  return apply(prepare, ErrorClass, [error, apply(map, frames, [(frame) => new CallSite(frame)])]);
}
