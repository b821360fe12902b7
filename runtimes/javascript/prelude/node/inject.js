// What Node's own library code finds as free variables (build/bundle.sh injects these names wherever they are used).

/** Filled by Node's internal/per_context/primordials.js: the built-ins, kept before a program can replace them. */
export const primordials = {};
export { internalBinding } from './binding.js';
export { internalRequire } from './lazy.js';

// Globals, as they were before any program: a script's `const process = …` hides the global from all code of the realm. (Named so
// that the bundler has no reason to rename a class that is called as a global is.)
let $process, $Buffer, $DOMException, $URL, $URLSearchParams, $TextDecoder, $TextEncoder, $AbortController, $AbortSignal, $Event,
  $EventTarget, $MessageChannel, $Blob, $File, $FormData, $Headers, $Request, $Response, $ReadableStream, $TransformStream,
  $WritableStream, $crypto, $performance, $queueMicrotask, $structuredClone, $setTimeout, $clearTimeout, $setImmediate;
export {
  $process as process, $Buffer as Buffer, $DOMException as DOMException, $URL as URL, $URLSearchParams as URLSearchParams,
  $TextDecoder as TextDecoder, $TextEncoder as TextEncoder, $AbortController as AbortController, $AbortSignal as AbortSignal,
  $Event as Event, $EventTarget as EventTarget, $MessageChannel as MessageChannel, $Blob as Blob, $File as File, $FormData as FormData,
  $Headers as Headers, $Request as Request, $Response as Response, $ReadableStream as ReadableStream, $TransformStream as TransformStream,
  $WritableStream as WritableStream, $crypto as crypto, $performance as performance, $queueMicrotask as queueMicrotask,
  $structuredClone as structuredClone, $setTimeout as setTimeout, $clearTimeout as clearTimeout, $setImmediate as setImmediate,
};

/** Called whenever globals have been defined. */
export function keepGlobals() {
  ({
    process: $process, Buffer: $Buffer, DOMException: $DOMException, URL: $URL, URLSearchParams: $URLSearchParams,
    TextDecoder: $TextDecoder, TextEncoder: $TextEncoder, AbortController: $AbortController, AbortSignal: $AbortSignal, Event: $Event,
    EventTarget: $EventTarget, MessageChannel: $MessageChannel, Blob: $Blob, File: $File, FormData: $FormData, Headers: $Headers,
    Request: $Request, Response: $Response, ReadableStream: $ReadableStream, TransformStream: $TransformStream,
    WritableStream: $WritableStream, crypto: $crypto, performance: $performance, queueMicrotask: $queueMicrotask,
    structuredClone: $structuredClone, setTimeout: $setTimeout, clearTimeout: $clearTimeout, setImmediate: $setImmediate,
  } = globalThis);
}
