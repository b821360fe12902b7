// Names that the bundler changed: it renames a function `Buffer` to `Buffer5` where the plain name would hide a global, and a class that
// names itself to `_Headers`.
import { defineProperty, getOwnPropertyDescriptor } from './natives.js';

/** If a function is found under its own name without a number or underscore, it gets that name back. */
export function restoreName(key, value) {
  if (typeof value !== 'function' || typeof key !== 'string') return;
  const name = getOwnPropertyDescriptor(value, 'name');
  if (name?.configurable && typeof name.value === 'string' && name.value !== key && name.value.replace(/^_|\d+$/g, '') === key)
    defineProperty(value, 'name', { ...name, value: key });
}
