// What Node's own library code finds as free variables (build/bundle.sh injects these names wherever they are used).

/** Filled by Node's internal/per_context/primordials.js: the built-ins, kept before a program can replace them. */
export const primordials = {};
export { internalBinding } from './binding.js';
export { internalRequire } from './lazy.js';
