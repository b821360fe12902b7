// How strings, numbers and symbols are written inside of structures, and how wide a line may be: Node's rules.

// Escapes for the characters up to U+009F that are not shown as they are; '' for the others.
const escapes = [];
for (let code = 0; code < 0xa0; code++) {
  const shown = (code >= 0x20 && code < 0x7f) ? '' : `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`;
  escapes.push(shown);
}
Object.assign(escapes, { 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r', 39: "\\'", 92: '\\\\' });

const needsEscape = /[\x00-\x1f\x27\x5c\x7f-\x9f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const needsEscapeGlobal = new RegExp(needsEscape.source, 'g');
const needsEscapeButQuote = new RegExp(needsEscape.source.replace('\\x27', ''));
const needsEscapeButQuoteGlobal = new RegExp(needsEscapeButQuote.source, 'g');

function escapeCharacter(character) {
  const code = character.charCodeAt(0);
  return code < escapes.length ? escapes[code] : `\\u${code.toString(16)}`;
}

/** Quoted with the first of ' " ` that the string does not contain. */
export function quote(string) {
  let pattern = needsEscape, patternGlobal = needsEscapeGlobal, mark = "'";
  if (string.includes("'")) {
    if (!string.includes('"')) mark = '"';
    else if (!string.includes('`') && !string.includes('${')) mark = '`';
    if (mark !== "'") {
      pattern = needsEscapeButQuote;
      patternGlobal = needsEscapeButQuoteGlobal;
    }
  }
  if (!pattern.test(string)) return mark + string + mark;
  return mark + string.replace(patternGlobal, escapeCharacter) + mark;
}

export const escapeName = (name) => name.replace(needsEscapeGlobal, escapeCharacter);

function separated(digits) {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, '_');
}

export function formatNumber(number, separator) {
  if (Object.is(number, -0)) return '-0';
  const text = `${number}`;
  if (!separator || !/^-?\d+(\.\d+)?$/.test(text)) return text;
  const [whole, fraction] = text.split('.');
  if (fraction === undefined) return separated(whole);
  return `${separated(whole)}.${fraction.replace(/(\d{3})(?=\d)/g, '$1_')}`;
}

export function formatBigInt(number, separator) {
  const text = `${number}`;
  return `${separator ? separated(text) : text}n`;
}

export function formatString(context, string) {
  let trailer = '';
  if (string.length > context.maxStringLength) {
    const remaining = string.length - context.maxStringLength;
    string = string.slice(0, context.maxStringLength);
    trailer = `... ${remaining} more character${remaining > 1 ? 's' : ''}`;
  }
  if (context.compact !== true && string.length > 16 && string.length > context.breakLength - context.indentation - 4) {
    const lines = string.split(/(?<=\n)/).map(quote);
    return lines.join(` +\n${' '.repeat(context.indentation + 2)}`) + trailer;
  }
  return quote(string) + trailer;
}

export const remainingText = (count) => `... ${count} more item${count > 1 ? 's' : ''}`;

// Rows of an array of more than six short entries, in columns. `value` decides the alignment: numbers to the right.
export function groupElements(context, output, value) {
  let total = 0, longest = 0;
  const count = context.maxArrayLength < output.length ? output.length - 1 : output.length; // not "... more items"
  const lengths = [];
  for (let i = 0; i < count; i++) {
    lengths[i] = output[i].length;
    total += lengths[i] + 2;
    longest = Math.max(longest, lengths[i]);
  }
  const widest = longest + 2;
  if (widest * 3 + context.indentation >= context.breakLength || (total / widest <= 5 && longest > 6)) return output;
  const bias = Math.sqrt(widest - total / output.length);
  const biased = Math.max(widest - 3 - bias, 1);
  const columns = Math.min(
    Math.round(Math.sqrt(2.5 * biased * count) / biased),
    Math.floor((context.breakLength - context.indentation) / widest),
    context.compact * 4,
    15,
  );
  if (columns <= 1) return output;
  const widths = [];
  for (let i = 0; i < columns; i++) {
    let width = 0;
    for (let j = i; j < output.length; j += columns) if (lengths[j] > width) width = lengths[j];
    widths.push(width + 2);
  }
  let toTheRight = value !== undefined;
  for (let i = 0; toTheRight && i < output.length; i++)
    toTheRight = typeof value[i] === 'number' || typeof value[i] === 'bigint';
  const rows = [];
  for (let i = 0; i < count; i += columns) {
    const end = Math.min(i + columns, count);
    let row = '', j = i;
    for (; j < end - 1; j++) {
      const cell = `${output[j]}, `;
      row += toTheRight ? cell.padStart(widths[j - i]) : cell.padEnd(widths[j - i]);
    }
    rows.push(row + (toTheRight ? output[j].padStart(widths[j - i] - 2) : output[j]));
  }
  if (context.maxArrayLength < output.length) rows.push(output[count]);
  return rows;
}

function fits(context, output, start, base) {
  let total = output.length + start;
  if (total + output.length > context.breakLength) return false;
  for (const entry of output) {
    total += entry.length;
    if (total > context.breakLength) return false;
  }
  return base === '' || !base.includes('\n');
}

/** Puts entries between braces: on one line if they are few, shallow and short enough, else one a line. */
export function combine(context, output, base, braces, isArray, depth, value) {
  const lead = base ? `${base} ` : '';
  const indentation = `\n${' '.repeat(context.indentation)}`;
  if (context.compact === true) {
    if (fits(context, output, 0, base)) return `${braces[0]}${base ? ` ${base}` : ''} ${output.join(', ')} ${braces[1]}`;
    const start = base === '' && braces[0].length === 1 ? ' ' : `${base ? ` ${base}` : ''}${indentation}  `;
    return `${braces[0]}${start}${output.join(`,${indentation}  `)} ${braces[1]}`;
  }
  if (typeof context.compact === 'number' && context.compact >= 1) {
    const entries = output.length;
    if (isArray && entries > 6) output = groupElements(context, output, value);
    if (context.currentDepth - depth < context.compact && entries === output.length) {
      const start = output.length + context.indentation + braces[0].length + base.length + 10;
      if (fits(context, output, start, base)) {
        const joined = output.join(', ');
        if (!joined.includes('\n')) return `${lead}${braces[0]} ${joined} ${braces[1]}`;
      }
    }
  }
  return `${lead}${braces[0]}${indentation}  ${output.join(`,${indentation}  `)}${indentation}${braces[1]}`;
}
