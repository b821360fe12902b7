// Stands in for `qjs:std`, `qjs:os` and the test runner's global `qjs` when QuickJS's own tests run in the guest.
export function gc() {} // A guest collects by itself; what these tests look for is a crash.
export const platform = 'wasi';
export const now = Date.now;

const SHORT_STRING = 1024; // From here on a slice refers to the string it was taken from; the runner tells the two apart.
globalThis.qjs ??= { getStringKind: (text) => text.length < SHORT_STRING ? 0 : 1 };
globalThis.print ??= console.log;
