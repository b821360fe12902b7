// Stands in for QuickJS's module `os` in upstream's tests.
const { setTimeout, clearTimeout } = globalThis;
export { setTimeout, clearTimeout };
export const platform = 'wasi', now = () => performance.now();
