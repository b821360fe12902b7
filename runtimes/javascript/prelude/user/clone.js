// structuredClone of the HTML Standard, and what goes through a MessagePort.
import { apply, define, natives } from './natives.js';
import { coded } from './errors.js';
import { kinds } from '../kinds.js';
import { isPort, movePort, transferList } from '../node/binding_ports.js';
import { privateSymbols, sharedClasses, symbols } from '../node/binding_symbols.js';

const { messaging_clone_symbol: kClone, messaging_transfer_symbol: kTransfer, messaging_transfer_list_symbol: kTransferList,
  messaging_deserialize_symbol: kDeserialize } = symbols;

// The classes of Node's library that can be copied or handed over, as their objects name them.
const classes = {
  __proto__: null,
  'internal/blob:ClonedBlob': () => require('internal/blob').ClonedBlob,
  'internal/abort_controller:ClonedAbortSignal': () => require('internal/abort_controller').ClonedAbortSignal,
  'internal/fs/promises:FileHandle': () => require('internal/fs/promises').FileHandle,
  'internal/crypto/keys:InternalCryptoKey': () => require('internal/crypto/keys').InternalCryptoKey,
  'internal/crypto/x509:InternalX509Certificate': () => require('internal/crypto/x509').InternalX509Certificate,
  'internal/webstreams/readablestream:TransferredReadableStream': () => require('internal/webstreams/readablestream').TransferredReadableStream,
  'internal/webstreams/writablestream:TransferredWritableStream': () => require('internal/webstreams/writablestream').TransferredWritableStream,
  'internal/webstreams/transformstream:TransferredTransformStream': () => require('internal/webstreams/transformstream').TransferredTransformStream,
  'internal/webstreams/transfer:ClonedDOMException': () => require('internal/webstreams/transfer').ClonedDOMException,
};

function rebuilt({ data, deserializeInfo }, memory) {
  const object = new (classes[deserializeInfo]())();
  object[kDeserialize](clone(data, memory));
  return object;
}

function refuse(value) {
  const shown = typeof value === 'object' ? `#<${Object.prototype.toString.call(value).slice(8, -1)}>` : String(value);
  throw new DOMException(`${shown} could not be cloned.`, 'DataCloneError');
}

const untransferable = privateSymbols.untransferable_object_private_symbol;
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
  if (isPort(value)) throw coded(TypeError, 'ERR_MISSING_TRANSFERABLE_IN_TRANSFER_LIST', 'Object that needs transfer was found in message but not listed in transferList');
  if (typeof value[kClone] === 'function' && typeof value[kDeserialize] === 'function') return keep(rebuilt(value[kClone](), memory));
  if (typeof value[kTransfer] === 'function' && typeof value[kDeserialize] === 'function')
    throw coded(TypeError, 'ERR_MISSING_TRANSFERABLE_IN_TRANSFER_LIST', 'Object that needs transfer was found in message but not listed in transferList');
  if (sharedClasses.some((one) => value instanceof one)) return value;
  switch (natives.kind(value)) {
    case kinds.OBJECT: case kinds.ARGUMENTS:
      if (natives.crypto.isShareable(value)) return value;
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

/** The copy, and the ports that came along. */
export function cloneMessage(value, list) {
  const memory = new Map(), buffers = [], ports = [], objects = [];
  const hand = (one) => {
    if (memory.has(one)) throw new DOMException(`Transfer list contains duplicate ${natives.kind(one) === kinds.ARRAY_BUFFER ? 'ArrayBuffer' : 'MessagePort'}`, 'DataCloneError');
    if (natives.kind(one) === kinds.ARRAY_BUFFER) {
      if (one[untransferable]) return; // it is copied
      if (one.detached) throw new DOMException('An ArrayBuffer is detached and could not be cloned.', 'DataCloneError');
      memory.set(one, one.slice(0));
      buffers.push(one);
    } else if (typeof one === 'object' && one !== null && isPort(one)) {
      memory.set(one, undefined);
      ports.push(one);
    } else if (typeof one?.[kTransfer] === 'function') {
      memory.set(one, undefined);
      objects.push(one);
    } else {
      throw coded(TypeError, 'ERR_INVALID_TRANSFER_OBJECT', 'Found invalid object in transferList');
    }
  };
  for (const one of list) hand(one);
  const moved = ports.map((port) => {
    const now = movePort(port);
    memory.set(port, now);
    return now;
  });
  for (const object of objects) {
    const inner = object[kTransferList]?.() ?? [], given = object[kTransfer]();
    for (const port of inner) if (isPort(port)) memory.set(port, movePort(port));
    memory.set(object, rebuilt(given, memory));
  }
  const copy = clone(value, memory);
  for (const buffer of buffers) apply(ArrayBuffer.prototype.transfer, buffer, []); // detaches it
  return { value: copy, ports: moved };
}

export function structuredClone(value, options) {
  if (arguments.length === 0) throw coded(TypeError, 'ERR_MISSING_ARGS', 'The "value" argument must be specified');
  if (options === undefined || options === null) return cloneMessage(value, []).value;
  if (typeof options !== 'object' && typeof options !== 'function') throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "options" argument must be of type object.');
  return cloneMessage(value, transferList({ transfer: options.transfer })).value;
}

define(globalThis, { structuredClone });
