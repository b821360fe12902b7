// console.table: the grid of Node.
import { inspect } from './inspect.js';
import { kinds } from '../kinds.js';

// Columns that a character takes on a terminal: none for marks, two for East Asian wide ones and emoji.
const invisible = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const wide = /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]$/u;

function width(text) {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += wide.test(character) ? 2 : invisible.test(character) ? 0 : 1;
  return columns;
}

function render(head, columns) {
  const height = Math.max(...columns.map((column) => column.length));
  const rows = [];
  const widths = head.map(width);
  for (let i = 0; i < head.length; i++) {
    for (let j = 0; j < height; j++) {
      rows[j] ??= [];
      const value = rows[j][i] = Object.hasOwn(columns[i], j) ? columns[i][j] : '';
      widths[i] = Math.max(widths[i], width(value));
    }
  }
  const line = (left, middle, right) => left + widths.map((columns) => '─'.repeat(columns + 2)).join(middle) + right;
  const row = (cells) => `│ ${cells.map((cell, i) => cell + ' '.repeat(widths[i] - width(cell))).join(' │ ')} │`;
  return [line('┌', '┬', '┐'), row(head), line('├', '┼', '┤'), ...rows.map(row), line('└', '┴', '┘')].join('\n');
}

function cell(value) {
  const structured = value !== null && typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length > 2;
  return inspect(value, { depth: structured ? -1 : 0, maxArrayLength: 3, breakLength: Infinity });
}

/** The grid as text, or undefined if `data` is no object. */
export function table(data, properties, native) {
  if (data === null || typeof data !== 'object') return undefined;
  const kind = native.kind(data);
  if ([kinds.MAP, kinds.SET, kinds.MAP_ITERATOR, kinds.SET_ITERATOR].includes(kind)) {
    const [entries, pairs] = native.entries(data);
    const keys = [], values = [], indexes = [];
    for (let i = 0; i < entries.length; i += pairs ? 2 : 1) {
      indexes.push(`${indexes.length}`);
      keys.push(cell(entries[i]));
      values.push(cell(entries[pairs ? i + 1 : i]));
    }
    return pairs ? render(['(iteration index)', 'Key', 'Values'], [indexes, keys, values])
      : render(['(iteration index)', 'Values'], [indexes, values]);
  }
  const columns = new Map();
  const primitives = [];
  const indexes = Object.keys(data);
  let hasPrimitives = false;
  for (let i = 0; i < indexes.length; i++) {
    const item = data[indexes[i]];
    const primitive = item === null || (typeof item !== 'function' && typeof item !== 'object');
    if (properties === undefined && primitive) {
      hasPrimitives = true;
      primitives[i] = cell(item);
      continue;
    }
    for (const key of properties ? Array.from(properties) : Object.keys(item)) {
      if (!columns.has(key)) columns.set(key, []);
      columns.get(key)[i] = (primitive && properties) || !Object.hasOwn(item, key) ? '' : cell(item[key]);
    }
  }
  const head = ['(index)', ...columns.keys()], cells = [indexes, ...columns.values()];
  if (hasPrimitives) {
    head.push('Values');
    cells.push(primitives);
  }
  return render(head, cells);
}
