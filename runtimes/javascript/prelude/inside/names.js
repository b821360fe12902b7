// What an inspected object is called: constructor, Symbol.toStringTag, kind of function, headline of an error.
import { kinds } from '../kinds.js';

const builtIns = new Set(Object.getOwnPropertyNames(globalThis).filter((name) => /^[A-Z]/.test(name)));

function isInstance(value, constructor) {
  try {
    return value instanceof constructor;
  } catch {
    return false;
  }
}

/** The name of the constructor in whose prototype chain the object is; null for objects without a prototype. */
export function constructorName(object, context, depth, show) {
  let first;
  for (let at = object; at;) {
    const descriptor = Object.getOwnPropertyDescriptor(at, 'constructor');
    if (descriptor !== undefined && typeof descriptor.value === 'function' && descriptor.value.name !== '' &&
        isInstance(object, descriptor.value)) return `${descriptor.value.name}`;
    at = Object.getPrototypeOf(at);
    if (first === undefined) first = at;
  }
  if (first === null) return null;
  const name = Object.prototype.toString.call(object).slice(8, -1);
  if (depth > context.depth && context.depth !== null) return `${name} <Complex prototype>`;
  const outer = constructorName(first, context, depth + 1, show);
  return outer === null ? `${name} <${show(first, { ...context, customInspect: false, depth: -1 })}>` : `${name} <${outer}>`;
}

export function prefix(constructor, tag, fallback, size = '') {
  if (constructor === null) {
    if (tag !== '' && fallback !== tag) return `[${fallback}${size}: null prototype] [${tag}] `;
    return `[${fallback}${size}: null prototype] `;
  }
  if (tag !== '' && constructor !== tag) return `${constructor}${size} [${tag}] `;
  return `${constructor}${size} `;
}

/** Symbol.toStringTag, unless it is an enumerable own property, which is shown among the others. */
export function tagOf(context, value) {
  const tag = value[Symbol.toStringTag];
  if (typeof tag !== 'string' || tag === '') return '';
  const shownAnyway = context.showHidden ? Object.hasOwn(value, Symbol.toStringTag)
    : Object.prototype.propertyIsEnumerable.call(value, Symbol.toStringTag);
  return shownAnyway ? '' : tag;
}

export function functionBase(value, constructor, tag, native) {
  const kind = native.functionKind(value);
  if (kind === 'class') {
    const name = (Object.hasOwn(value, 'name') && value.name) || '(anonymous)';
    let base = `class ${name}`;
    if (constructor !== 'Function' && constructor !== null) base += ` [${constructor}]`;
    if (tag !== '' && constructor !== tag) base += ` [${tag}]`;
    if (constructor === null) return `[${base} extends [null prototype]]`;
    const parent = Object.getPrototypeOf(value).name;
    return `[${base}${parent ? ` extends ${parent}` : ''}]`;
  }
  let type = 'Function';
  if (kind.includes('generator')) type = `Generator${type}`;
  if (kind.includes('async')) type = `Async${type}`;
  let base = `[${type}`;
  if (constructor === null) base += ' (null prototype)';
  base += value.name === '' ? ' (anonymous)]' : `: ${typeof value.name === 'symbol' ? value.name.toString() : value.name}]`;
  if (constructor !== type && constructor !== null) base += ` ${constructor}`;
  if (tag !== '' && constructor !== tag) base += ` [${tag}]`;
  return base;
}

// The first line of a stack names the class as it is, even if the error's `name` says something else.
function improve(stack, constructor, name, tag) {
  let length = name.length;
  const regular = name.endsWith('Error') && stack.startsWith(name) &&
    (stack.length === length || stack[length] === ':' || stack[length] === '\n');
  if (constructor !== null && !regular) return stack;
  let fallback = 'Error';
  if (constructor === null) {
    const start = /^([A-Z][a-z_ A-Z0-9[\]()-]+)(?::|\n\s+at)/.exec(stack) || /^([a-z_A-Z0-9-]*Error)$/.exec(stack);
    fallback = (start && start[1]) || '';
    length = fallback.length;
    fallback = fallback || 'Error';
  }
  const proper = prefix(constructor, tag, fallback).slice(0, -1);
  if (name === proper) return stack;
  if (proper.includes(name)) return length === 0 ? `${proper}: ${stack}` : `${proper}${stack.slice(length)}`;
  return `${proper} [${name}]${stack.slice(length)}`;
}

// Frames that the cause's stack has too, if they are more than three, are shown there only.
function withoutCauseFrames(error, frames) {
  const cause = error.cause;
  const stack = cause !== null && typeof cause === 'object' && typeof cause.stack === 'string' ? cause.stack : '';
  const start = stack.indexOf('\n    at');
  if (start === -1) return frames;
  const others = stack.slice(start + 1).split('\n');
  for (let i = 0; i < frames.length - 3; i++) {
    const at = others.indexOf(frames[i]);
    if (at === -1 || others.length - at <= 3) continue;
    let length = 1;
    while (length < Math.min(frames.length - i, others.length - at) && frames[i + length] === others[at + length]) length++;
    if (length > 3) {
      const skipped = length - 2;
      return [...frames.slice(0, i + 1), `    ... ${skipped} lines matching cause stack trace ...`, ...frames.slice(i + 1 + skipped)];
    }
  }
  return frames;
}

/** An error's stack as shown; takes what the stack shows already off `keys`, and adds cause and errors. */
export function errorBase(error, constructor, tag, context, keys) {
  const name = error.name != null ? `${error.name}` : 'Error';
  let stack = error.stack ? `${error.stack}` : Error.prototype.toString.call(error);
  if (!context.showHidden && keys.length !== 0) {
    for (const shown of ['name', 'message', 'stack']) {
      const index = keys.indexOf(shown);
      if (index !== -1 && (typeof error[shown] !== 'string' || stack.includes(error[shown]))) keys.splice(index, 1);
    }
  }
  if ('cause' in error && !keys.includes('cause')) keys.push('cause');
  if (Array.isArray(error.errors) && !keys.includes('errors')) keys.push('errors');
  stack = improve(stack, constructor, name, tag);
  let position = (error.message && stack.indexOf(error.message)) || -1;
  if (position !== -1) position += error.message.length;
  const frames = stack.indexOf('\n    at', position);
  if (frames === -1) stack = `[${stack}]`;
  else stack = stack.slice(0, frames + 1) + withoutCauseFrames(error, stack.slice(frames + 1).split('\n')).join('\n');
  if (context.indentation !== 0) stack = stack.replaceAll('\n', `\n${' '.repeat(context.indentation)}`);
  return stack;
}

/** Whether String(value) would only say "[object Object]" or the like, so that %s shows the structure instead. */
export function hasBuiltInToString(value, native) {
  while (native.kind(value) === kinds.PROXY) {
    value = native.proxy(value)[0];
    if (value === null) return true;
  }
  if (typeof value.toString !== 'function') return true;
  if (Object.hasOwn(value, 'toString')) return false;
  let at = value;
  do at = Object.getPrototypeOf(at); while (!Object.hasOwn(at, 'toString'));
  const descriptor = Object.getOwnPropertyDescriptor(at, 'constructor');
  return descriptor !== undefined && typeof descriptor.value === 'function' && builtIns.has(descriptor.value.name);
}
