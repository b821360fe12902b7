// What Node's own library code finds as free variables (build/bundle.sh injects these names wherever they are used).

/** Filled by Node's internal/per_context/primordials.js: the built-ins, kept before a program can replace them. */
export const primordials = {};
export { internalBinding } from './binding.js';
export { internalRequire } from './lazy.js';

// Globals, as they were before any program: a script's `const process = …` hides the global from all code of the realm.
export let process, Buffer, DOMException, URL, URLSearchParams, TextDecoder, TextEncoder, AbortController, AbortSignal, Event, EventTarget,
  MessageChannel, Blob, File, FormData, Headers, Request, Response, ReadableStream, TransformStream, WritableStream, crypto, performance,
  queueMicrotask, structuredClone, setTimeout, clearTimeout, setImmediate;

/** Called whenever globals have been defined. */
export function keepGlobals() {
  const { globalThis: found } = globalThis;
  ({
    process, Buffer, DOMException, URL, URLSearchParams, TextDecoder, TextEncoder, AbortController, AbortSignal, Event, EventTarget,
    MessageChannel, Blob, File, FormData, Headers, Request, Response, ReadableStream, TransformStream, WritableStream, crypto, performance,
    queueMicrotask, structuredClone, setTimeout, clearTimeout, setImmediate,
  } = found);
}
