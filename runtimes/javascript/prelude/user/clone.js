// structuredClone of the HTML Standard: everything but what only browsers have.
import { apply, define, natives } from './natives.js';
import { kinds } from '../kinds.js';

function refuse(value) {
  const shown = typeof value === 'object' ? `#<${Object.prototype.toString.call(value).slice(8, -1)}>` : String(value);
  throw new DOMException(`${shown} could not be cloned.`, 'DataCloneError');
}

const errors = { __proto__: null, Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

function cloneError(error, memory) {
  const constructor = errors[error.name] ?? Error;
  const copy = new constructor(error.message);
  memory.set(error, copy);
  Object.defineProperty(copy, 'stack', { value: error.stack, writable: true, configurable: true });
  if (Object.hasOwn(error, 'cause'))
    Object.defineProperty(copy, 'cause', { value: clone(error.cause, memory), writable: true, configurable: true });
  return copy;
}

function cloneProperties(from, to, memory) {
  for (const key of Object.keys(from)) to[key] = clone(from[key], memory);
  return to;
}

function cloneView(view, memory) {
  const buffer = clone(view.buffer, memory);
  const name = natives.typedArrayName(view);
  if (name === undefined) return new DataView(buffer, view.byteOffset, view.byteLength);
  return new globalThis[name](buffer, view.byteOffset, view.length);
}

function clone(value, memory) {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
    if (typeof value === 'symbol') refuse(value);
    return value;
  }
  if (memory.has(value)) return memory.get(value);
  const keep = (copy) => {
    memory.set(value, copy);
    return copy;
  };
  switch (natives.kind(value)) {
    case kinds.OBJECT: case kinds.ARGUMENTS:
      return cloneProperties(value, keep({}), memory);
    case kinds.ARRAY: {
      const copy = keep([]);
      copy.length = value.length;
      return cloneProperties(value, copy, memory);
    }
    case kinds.DATE: return keep(new Date(natives.unboxed(value)));
    case kinds.REGEXP: return keep(new RegExp(value.source, value.flags));
    case kinds.BOXED_NUMBER: case kinds.BOXED_STRING: case kinds.BOXED_BOOLEAN: case kinds.BOXED_BIGINT:
      return keep(Object(natives.unboxed(value)));
    case kinds.MAP: {
      const copy = keep(new Map()), [entries] = natives.entries(value);
      for (let i = 0; i < entries.length; i += 2) copy.set(clone(entries[i], memory), clone(entries[i + 1], memory));
      return copy;
    }
    case kinds.SET: {
      const copy = keep(new Set()), [entries] = natives.entries(value);
      for (const entry of entries) copy.add(clone(entry, memory));
      return copy;
    }
    case kinds.ERROR: return cloneError(value, memory);
    case kinds.DOM_EXCEPTION: return keep(new DOMException(value.message, value.name));
    case kinds.ARRAY_BUFFER:
      if (value.detached) refuse(value);
      return keep(value.slice(0));
    case kinds.SHARED_ARRAY_BUFFER: return value;
    case kinds.TYPED_ARRAY: case kinds.DATA_VIEW: return keep(cloneView(value, memory));
    default: return refuse(value);
  }
}

export function structuredClone(value, options) {
  if (arguments.length === 0) throw new TypeError("The \"value\" argument must be specified");
  const memory = new Map();
  const moved = [];
  for (const buffer of options?.transfer ?? []) {
    if (natives.kind(buffer) !== kinds.ARRAY_BUFFER) throw new DOMException('Value not transferable', 'DataCloneError');
    if (buffer.detached || memory.has(buffer)) throw new DOMException('An ArrayBuffer is detached or listed twice', 'DataCloneError');
    memory.set(buffer, buffer.slice(0));
    moved.push(buffer);
  }
  const copy = clone(value, memory);
  for (const buffer of moved) apply(ArrayBuffer.prototype.transfer, buffer, []); // detaches it
  return copy;
}

define(globalThis, { structuredClone });
