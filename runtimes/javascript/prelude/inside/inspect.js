// What failures and tables show of a value: as Node's util.inspect, which is for the user realm (node's own), rule by rule.
//
// It runs in the inside realm, so a program's changes to built-in prototypes cannot reach it; classes are told by
// native.kind, not by properties, which a program could forge.
import { combine, escapeName, formatBigInt, formatNumber, formatString, quote, remainingText } from './text.js';
import { constructorName, errorBase, functionBase, prefix, tagOf } from './names.js';
import { kinds } from '../kinds.js';

const custom = Symbol.for('nodejs.util.inspect.custom');
const defaults = {
  showHidden: false, depth: 2, colors: false, customInspect: true, showProxy: false, maxArrayLength: 100,
  maxStringLength: 10000, breakLength: 80, compact: 3, sorted: false, getters: false, numericSeparator: false,
};
const plainName = /^[a-zA-Z_][a-zA-Z_0-9]*$/;
const getter = (name) => Function.prototype.call.bind(Object.getOwnPropertyDescriptor(RegExp.prototype, name).get);
const regexpSource = getter('source'), regexpFlags = getter('flags');
let native;

export function useNatives(natives) { native = natives; }

function newContext(options) {
  const context = { ...defaults, seen: [], indentation: 0, currentDepth: 0, circular: undefined, budget: 0 };
  if (options) for (const key of Object.keys(defaults)) if (options[key] !== undefined) context[key] = options[key];
  if (context.maxArrayLength === null) context.maxArrayLength = Infinity;
  if (context.maxStringLength === null) context.maxStringLength = Infinity;
  return context;
}

export function inspect(value, options, depth, colors) {
  if (typeof options === 'boolean') options = { showHidden: options, depth, colors };
  return formatValue(newContext(options), value, 0);
}

function formatPrimitive(context, value) {
  switch (typeof value) {
    case 'string': return formatString(context, value);
    case 'number': return formatNumber(value, context.numericSeparator);
    case 'bigint': return formatBigInt(value, context.numericSeparator);
    case 'symbol': return Symbol.prototype.toString.call(value);
    default: return `${value}`;
  }
}

function callCustom(context, value, shown, depth) {
  const method = value[custom];
  if (typeof method !== 'function' || method === exposedInspect) return undefined;
  if (value.constructor !== undefined && value.constructor !== null && value.constructor.prototype === value) return undefined;
  const options = native.userObject();
  for (const key of Object.keys(defaults)) options[key] = context[key];
  options.stylize = exposedStylize;
  const remaining = context.depth === null ? null : context.depth - depth;
  const answer = Reflect.apply(method, shown, [remaining, options, exposedInspect]);
  if (answer === shown) return undefined;
  if (typeof answer !== 'string') return formatValue(context, answer, depth);
  return answer.replaceAll('\n', `\n${' '.repeat(context.indentation)}`);
}

let exposedInspect, exposedStylize;
export function useExposed(inspectFunction, stylizeFunction) {
  exposedInspect = inspectFunction;
  exposedStylize = stylizeFunction;
}

function formatValue(context, value, depth, insideTypedArray) {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return formatPrimitive(context, value);
  const shown = value;
  while (native.kind(value) === kinds.PROXY) {
    if (context.showProxy) return formatProxy(context, value, depth);
    value = native.proxy(value)[0];
    if (value === null) return '<Revoked Proxy>';
  }
  if (context.customInspect) {
    const text = callCustom(context, value, shown, depth);
    if (text !== undefined) return text;
  }
  if (context.seen.includes(value)) {
    context.circular ??= new Map();
    let index = context.circular.get(value);
    if (index === undefined) context.circular.set(value, index = context.circular.size + 1);
    return `[Circular *${index}]`;
  }
  return formatObject(context, value, depth, insideTypedArray);
}

function formatProxy(context, proxy, depth) {
  const [target, handler] = native.proxy(proxy);
  if (target === null) return '<Revoked Proxy>';
  if (depth > context.depth && context.depth !== null) return 'Proxy [Array]';
  context.indentation += 2;
  const output = [formatValue(context, target, depth + 1), formatValue(context, handler, depth + 1)];
  context.indentation -= 2;
  return combine(context, output, '', ['Proxy [', ']'], true, depth + 1);
}

const isIndex = (key) => /^(0|[1-9]\d{0,9})$/.test(key) && Number(key) < 2 ** 32 - 1;

function keysOf(context, value, withoutIndexes) {
  let keys;
  if (context.showHidden) {
    keys = Object.getOwnPropertyNames(value);
  } else {
    try {
      keys = Object.keys(value);
    } catch { // a module namespace with bindings that are not initialised yet
      keys = Object.getOwnPropertyNames(value);
    }
  }
  if (withoutIndexes) keys = keys.filter((key) => !isIndex(key));
  for (const symbol of Object.getOwnPropertySymbols(value))
    if (context.showHidden || Object.prototype.propertyIsEnumerable.call(value, symbol)) keys.push(symbol);
  return keys;
}

// What is shown of an object: { base, braces, keys, entries (function of context, depth), isArray } or a finished text.
function describe(context, value, depth, insideTypedArray) {
  const kind = native.kind(value);
  const constructor = constructorName(value, context, depth, inspect);
  const tag = tagOf(context, value);
  switch (kind) {
    case kinds.ARRAY: {
      const lead = constructor !== 'Array' || tag !== '' ? prefix(constructor, tag, 'Array', `(${value.length})`) : '';
      const keys = keysOf(context, value, true);
      if (value.length === 0 && keys.length === 0) return `${lead}[]`;
      return { braces: [`${lead}[`, ']'], keys, isArray: true, entries: () => formatArray(context, value, depth + 1) };
    }
    case kinds.SET: case kinds.MAP: {
      const [entries, pairs] = native.entries(value);
      const size = pairs ? entries.length / 2 : entries.length;
      const lead = prefix(constructor, tag, kind === kinds.SET ? 'Set' : 'Map', `(${size})`);
      const keys = keysOf(context, value);
      if (size === 0 && keys.length === 0) return `${lead}{}`;
      return { braces: [`${lead}{`, '}'], keys, entries: () => formatCollection(context, entries, pairs, depth + 1) };
    }
    case kinds.TYPED_ARRAY: {
      const keys = keysOf(context, value, true);
      const name = native.typedArrayName(value), bytes = native.view(value);
      const view = bytes === undefined ? [] : new globalThis[name](bytes.buffer, bytes.byteOffset, bytes.length / globalThis[name].BYTES_PER_ELEMENT);
      const lead = prefix(constructor, tag, name, `(${view.length})`);
      if (view.length === 0 && keys.length === 0 && !context.showHidden) return `${lead}[]`;
      return { braces: [`${lead}[`, ']'], keys, isArray: true, entries: () => formatTypedArray(context, view, value, depth + 1) };
    }
    case kinds.MAP_ITERATOR: case kinds.SET_ITERATOR: {
      const type = kind === kinds.MAP_ITERATOR ? 'Map' : 'Set';
      const [entries, pairs] = native.entries(value);
      let name = tag;
      if (name !== `${type} Iterator`) name = name === '' ? `${type} Iterator` : `${name}] [${type} Iterator`;
      if (pairs) name = name.replace(/ Iterator$/, ' Entries');
      return { braces: [`[${name}] {`, '}'], keys: keysOf(context, value), entries: () => formatIterator(context, entries, pairs, depth + 1) };
    }
  }
  return describeOther(context, value, depth, insideTypedArray, kind, constructor, tag);
}

function describeOther(context, value, depth, insideTypedArray, kind, constructor, tag) {
  const keys = keysOf(context, value);
  const braced = (fallback, entries) => ({ braces: [`${prefix(constructor, tag, fallback)}{`, '}'], keys, entries });
  const based = (base) => (keys.length === 0 ? base : { base, braces: ['{', '}'], keys });
  const named = (text, fallback) => {
    const lead = prefix(constructor, tag, fallback);
    return lead === `${fallback} ` ? text : lead + text;
  };
  switch (kind) {
    case kinds.ARGUMENTS: return keys.length === 0 ? '[Arguments] {}' : { braces: ['[Arguments] {', '}'], keys };
    case kinds.FUNCTION: return based(functionBase(value, constructor, tag, native));
    case kinds.REGEXP: {
      const text = named(`/${regexpSource(value)}/${regexpFlags(value)}`, 'RegExp');
      return depth > context.depth && context.depth !== null ? text : based(text);
    }
    case kinds.DATE: {
      const time = native.unboxed(value);
      return based(named(Number.isNaN(time) ? 'Invalid Date' : new Date(time).toISOString(), 'Date'));
    }
    case kinds.ERROR: case kinds.DOM_EXCEPTION: return based(errorBase(value, constructor, tag, context, keys));
    case kinds.ARRAY_BUFFER: case kinds.SHARED_ARRAY_BUFFER: {
      const lead = prefix(constructor, tag, kind === kinds.ARRAY_BUFFER ? 'ArrayBuffer' : 'SharedArrayBuffer');
      if (insideTypedArray && keys.length === 0) return `${lead}{ byteLength: ${value.byteLength} }`;
      keys.unshift('byteLength');
      return { braces: [`${lead}{`, '}'], keys, entries: insideTypedArray ? undefined : () => formatArrayBuffer(context, value) };
    }
    case kinds.DATA_VIEW:
      keys.unshift('byteLength', 'byteOffset', 'buffer');
      return braced('DataView');
    case kinds.PROMISE: return braced('Promise', () => formatPromise(context, value, depth + 1));
    case kinds.WEAK_SET: return braced('WeakSet', () => ['<items unknown>']);
    case kinds.WEAK_MAP: return braced('WeakMap', () => ['<items unknown>']);
    case kinds.MODULE_NAMESPACE: {
      const entries = () => keys.splice(0).map((key) => formatBinding(context, value, depth + 1, key));
      return { braces: [`${prefix(constructor, tag, 'Module')}{`, '}'], keys, entries };
    }
    case kinds.BOXED_NUMBER: return based(boxed(context, value, 'Number', constructor, tag));
    case kinds.BOXED_BOOLEAN: return based(boxed(context, value, 'Boolean', constructor, tag));
    case kinds.BOXED_BIGINT: return based(boxed(context, value, 'BigInt', constructor, tag));
    case kinds.BOXED_SYMBOL: return based(boxed(context, value, 'Symbol', constructor, tag));
    case kinds.BOXED_STRING:
      keys.splice(0, value.length);
      return based(boxed(context, value, 'String', constructor, tag));
  }
  if (native.isUserError(value)) return based(errorBase(value, constructor, tag, context, keys));
  const fallback = constructor === null ? Object.prototype.toString.call(value).slice(8, -1) : 'Object';
  const lead = constructor === 'Object' && tag === '' ? '' : prefix(constructor, tag, fallback);
  if (keys.length === 0) return `${lead}{}`;
  return { braces: [`${lead}{`, '}'], keys };
}

function boxed(context, value, type, constructor, tag) {
  let base = `[${type}`;
  if (type !== constructor) base += constructor === null ? ' (null prototype)' : ` (${constructor})`;
  base += `: ${formatPrimitive(context, native.unboxed(value))}]`;
  return tag !== '' && tag !== constructor ? `${base} [${tag}]` : base;
}

function formatObject(context, value, depth, insideTypedArray) {
  const shape = describe(context, value, depth, insideTypedArray);
  if (typeof shape === 'string') return shape;
  if (depth > context.depth && context.depth !== null) {
    const constructor = constructorName(value, context, depth, inspect);
    const fallback = constructor === null ? Object.prototype.toString.call(value).slice(8, -1) : 'Object';
    const name = prefix(constructor, tagOf(context, value), fallback).slice(0, -1);
    return constructor === null ? name : `[${name}]`;
  }
  context.seen.push(value);
  context.currentDepth = depth + 1;
  const output = shape.entries ? shape.entries() : [];
  for (const key of shape.keys) output.push(formatProperty(context, value, depth + 1, key, shape.isArray ? 'extra' : 'object'));
  context.seen.pop();
  let base = shape.base ?? '';
  const index = context.circular?.get(value);
  if (index !== undefined) {
    if (context.compact === true) shape.braces[0] = `<ref *${index}> ${shape.braces[0]}`;
    else base = base === '' ? `<ref *${index}>` : `<ref *${index}> ${base}`;
  }
  if (context.sorted) {
    const order = context.sorted === true ? undefined : context.sorted;
    if (!shape.isArray) output.sort(order);
  }
  const text = combine(context, output, base, shape.braces, shape.isArray === true, depth + 1, value);
  context.budget += text.length;
  if (context.budget > 2 ** 27) context.depth = -1;
  return text;
}

// `role`: 'element' of an array (value alone), 'extra' property of an array, or property of an 'object'.
function formatProperty(context, object, depth, key, role, known) {
  const descriptor = known ?? Object.getOwnPropertyDescriptor(object, key) ?? { value: object[key], enumerable: true };
  let text, gap = ' ';
  if (descriptor.value !== undefined) {
    const step = context.compact !== true || role !== 'object' ? 2 : 3;
    context.indentation += step;
    text = formatValue(context, descriptor.value, depth);
    if (step === 3 && context.breakLength < text.length) gap = `\n${' '.repeat(context.indentation)}`;
    context.indentation -= step;
  } else if (descriptor.get !== undefined) {
    text = formatGetter(context, object, descriptor, depth);
  } else {
    text = descriptor.set !== undefined ? '[Setter]' : 'undefined';
  }
  if (role === 'element') return text;
  let name;
  if (typeof key === 'symbol') name = `[${escapeName(Symbol.prototype.toString.call(key))}]`;
  else if (key === '__proto__') name = "['__proto__']";
  else if (descriptor.enumerable === false) name = `[${escapeName(key)}]`;
  else name = plainName.test(key) ? key : quote(key);
  return `${name}:${gap}${text}`;
}

function formatGetter(context, object, descriptor, depth) {
  const label = descriptor.set !== undefined ? 'Getter/Setter' : 'Getter';
  const { getters } = context;
  const wanted = getters && (getters === true || (getters === 'get') === (descriptor.set === undefined));
  if (!wanted) return `[${label}]`;
  try {
    const value = Reflect.apply(descriptor.get, object, []);
    context.indentation += 2;
    const text = value === null || typeof value !== 'object' ? formatPrimitive(context, value) : formatValue(context, value, depth);
    context.indentation -= 2;
    return value === null || typeof value !== 'object' ? `[${label}: ${text}]` : `[${label}] ${text}`;
  } catch (error) {
    return `[${label}: <Inspection threw (${error.message})>]`;
  }
}

function formatBinding(context, namespace, depth, key) {
  try {
    return formatProperty(context, namespace, depth, key, 'object');
  } catch {
    return `${typeof key === 'symbol' ? `[${String(key)}]` : key}: <uninitialized>`;
  }
}

function formatArray(context, array, depth) {
  const length = Math.min(Math.max(0, context.maxArrayLength), array.length);
  const output = [];
  for (let i = 0; i < length; i++) {
    if (!Object.hasOwn(array, i)) return formatSparse(context, array, depth, length, output, i);
    output.push(formatProperty(context, array, depth, i, 'element'));
  }
  if (array.length > length) output.push(remainingText(array.length - length));
  return output;
}

function formatSparse(context, array, depth, most, output, start) {
  const empty = (count) => `<${count} empty item${count > 1 ? 's' : ''}>`;
  const keys = Object.keys(array);
  let index = start;
  for (let i = start; i < keys.length && output.length < most; i++) {
    const key = keys[i];
    if (!isIndex(key)) break;
    if (Number(key) !== index) {
      output.push(empty(key - index));
      index = Number(key);
      if (output.length === most) break;
    }
    output.push(formatProperty(context, array, depth, key, 'element'));
    index++;
  }
  const remaining = array.length - index;
  if (remaining > 0) output.push(output.length !== most ? empty(remaining) : remainingText(remaining));
  return output;
}

function formatTypedArray(context, view, value, depth) {
  const length = Math.min(Math.max(0, context.maxArrayLength), view.length);
  const output = [];
  const format = typeof view[0] === 'bigint' ? formatBigInt : formatNumber;
  for (let i = 0; i < length; i++) output.push(format(view[i], context.numericSeparator));
  if (view.length > length) output.push(remainingText(view.length - length));
  if (context.showHidden) {
    context.indentation += 2;
    for (const key of ['BYTES_PER_ELEMENT', 'length', 'byteLength', 'byteOffset', 'buffer'])
      output.push(`[${key}]: ${formatValue(context, value[key], depth, true)}`);
    context.indentation -= 2;
  }
  return output;
}

function formatArrayBuffer(context, buffer) {
  const bytes = native.view(buffer);
  if (bytes === undefined) return ['(detached)'];
  const length = Math.min(Math.max(0, context.maxArrayLength), bytes.length);
  const output = [];
  for (let i = 0; i < length; i++) output.push(bytes[i].toString(16).padStart(2, '0'));
  const remaining = bytes.length - length;
  const more = remaining > 0 ? ` ... ${remaining} more byte${remaining > 1 ? 's' : ''}` : '';
  return [`[Uint8Contents]: <${output.join(' ')}${more}>`];
}

function formatCollection(context, entries, pairs, depth) {
  const step = pairs ? 2 : 1;
  const length = Math.min(Math.max(0, context.maxArrayLength), entries.length / step);
  const output = [];
  context.indentation += 2;
  for (let i = 0; i < length; i++) {
    const first = formatValue(context, entries[i * step], depth);
    output.push(pairs ? `${first} => ${formatValue(context, entries[i * 2 + 1], depth)}` : first);
  }
  context.indentation -= 2;
  if (entries.length / step > length) output.push(remainingText(entries.length / step - length));
  return output;
}

function formatIterator(context, entries, pairs, depth) {
  if (!pairs) return formatCollection(context, entries, false, depth);
  const output = [];
  context.indentation += 2;
  for (let i = 0; i < entries.length; i += 2) {
    const pair = [formatValue(context, entries[i], depth), formatValue(context, entries[i + 1], depth)];
    output.push(combine(context, pair, '', ['[', ']'], true, depth, undefined));
  }
  context.indentation -= 2;
  return output;
}

function formatPromise(context, promise, depth) {
  const [state, result] = native.promise(promise);
  if (state === 0) return ['<pending>'];
  context.indentation += 2;
  const text = formatValue(context, result, depth);
  context.indentation -= 2;
  return [state === 2 ? `<rejected> ${text}` : text];
}
