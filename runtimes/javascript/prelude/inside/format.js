// util.format: the %-placeholders of console.log and the joining of its arguments.
import { inspect } from './inspect.js';
import { formatBigInt, formatNumber } from './text.js';
import { hasBuiltInToString } from './names.js';

let native;
export function useNatives(natives) { native = natives; }

function asText(value, options) {
  if (typeof value === 'number') return formatNumber(value, false);
  if (typeof value === 'bigint') return formatBigInt(value, false);
  if (typeof value !== 'object' || value === null || !hasBuiltInToString(value, native)) return String(value);
  return inspect(value, { ...options, depth: 0, colors: false, compact: 3 });
}

function asJson(value) {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (/circular/i.test(`${error.message}`)) return '[Circular]';
    throw error;
  }
}

const number = (value, convert) => {
  if (typeof value === 'symbol') return 'NaN';
  return formatNumber(convert(value), false);
};

function placeholder(kind, value, options) {
  switch (kind) {
    case 's': return asText(value, options);
    case 'j': return `${asJson(value)}`;
    case 'd': return typeof value === 'bigint' ? formatBigInt(value, false) : number(value, (v) => typeof v === 'object' && v !== null ? Number(asPrimitive(v)) : Number(v));
    case 'i': return typeof value === 'bigint' ? formatBigInt(value, false) : number(value, (v) => parseInt(v));
    case 'f': return number(value, (v) => parseFloat(v));
    case 'o': return inspect(value, { ...options, showHidden: true, showProxy: true, depth: 4 });
    case 'O': return inspect(value, options);
    case 'c': return '';
    default: return undefined;
  }
}

const asPrimitive = (object) => (typeof object.valueOf === 'function' ? object.valueOf() : object);

export function format(values, options) {
  const first = values[0];
  if (typeof first !== 'string') return rest(values, 0, '', options);
  if (values.length === 1) return first;
  let text = '', last = 0, used = 0;
  for (let i = 0; i < first.length - 1; i++) {
    if (first[i] !== '%') continue;
    const kind = first[++i];
    if (kind === '%') {
      text += first.slice(last, i);
      last = i + 1;
    } else if (used + 1 < values.length && 'sjdifoOc'.includes(kind)) {
      text += first.slice(last, i - 1) + placeholder(kind, values[++used], options);
      last = i + 1;
    }
  }
  return rest(values, used + 1, text + first.slice(last), options);
}

function rest(values, from, text, options) {
  for (let i = from; i < values.length; i++) {
    if (i > 0) text += ' ';
    text += typeof values[i] === 'string' ? values[i] : inspect(values[i], options);
  }
  return text;
}
