// The natives, and the built-ins that the prelude calls while programs run, kept before a program can replace them.

import { keepGlobals } from '../node/inject.js';

/* global native: set by the bundle's wrapper (build/bundle.sh) */
export const natives = native;
export const { apply, ownKeys } = Reflect;
export const { defineProperty, getOwnPropertyDescriptor } = Object;

/** Defines globals as built-ins are: writable, configurable, not enumerable. */
export function define(target, values) {
  for (const name of ownKeys(values))
    defineProperty(target, name, { ...getOwnPropertyDescriptor(values, name), enumerable: false });
  if (target === globalThis) keepGlobals();
}

/** Marks a function or class as what it stands for in messages and stacks. */
export function named(fn, name) {
  defineProperty(fn, 'name', { value: name, configurable: true });
  return fn;
}

export const codecs = { utf8: 0, utf16le: 1, latin1: 2, ascii: 3, hex: 4, base64: 5, base64url: 6, windows1252: 7, utf16be: 8 };
