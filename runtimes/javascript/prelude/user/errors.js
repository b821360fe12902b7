// Errors with a code, worded as in Node.
import { define, natives } from './natives.js';

/** The symbol of errors whose stack shows their code (harness/failure.c). */
const showsCode = Symbol.for('ampoule.showsCode');

export function coded(Type, code, message) {
  const error = new Type(message);
  error.code = code;
  define(error, { [showsCode]: true });
  return error;
}

function received(value) {
  if (value == null) return ` Received ${value}`;
  if (typeof value === 'function') return ` Received function ${value.name}`;
  if (typeof value === 'object')
    return value.constructor?.name ? ` Received an instance of ${value.constructor.name}` : ` Received ${natives.inside.inspect(value, { depth: -1 })}`;
  let shown = natives.inside.inspect(value);
  if (shown.length > 28) shown = `${shown.slice(0, 25)}...`;
  return ` Received type ${typeof value} (${shown})`;
}

export const wrongType = (name, expected, value) =>
  coded(TypeError, 'ERR_INVALID_ARG_TYPE', `The "${name}" argument must be ${expected}.${received(value)}`);

export function outOfRange(name, range, value) {
  let shown = typeof value === 'bigint' ? `${value}n` : natives.inside.inspect(value);
  if (Number.isInteger(value) ? Math.abs(value) > 2 ** 32 : typeof value === 'bigint' && (value > 2n ** 32n || value < -(2n ** 32n)))
    shown = shown.replace(/\B(?=(\d{3})+(?!\d))/g, '_');
  return coded(RangeError, 'ERR_OUT_OF_RANGE', `The value of "${name}" is out of range. It must be ${range}. Received ${shown}`);
}
