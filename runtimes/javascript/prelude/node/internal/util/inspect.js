// util.inspect and util.format: those of the inside realm (inside/inspect.js), which a program cannot break.
import { natives } from '../../../user/natives.js';


const { inspect, format, formatWithOptions } = natives.inside;
Object.defineProperty(inspect, 'custom', { value: Symbol.for('nodejs.util.inspect.custom'), writable: true, enumerable: true });
const defaultOptions = {
  showHidden: false, depth: 2, colors: false, customInspect: true, showProxy: false, maxArrayLength: 100, maxStringLength: 10000,
  breakLength: 128, compact: 3, sorted: false, getters: false, numericSeparator: false,
};
// From when a program has looked at them on, they are read with every inspection.
Object.defineProperty(inspect, 'defaultOptions', {
  get() {
    natives.inside.followDefaults(defaultOptions);
    return defaultOptions;
  },
  set(options) {
    require('internal/validators').validateObject(options, 'options');
    Object.assign(inspect.defaultOptions, options);
  },
  enumerable: true, configurable: true,
});

const colors = Object.assign({ __proto__: null }, {
  reset: [0, 0], bold: [1, 22], dim: [2, 22], italic: [3, 23], underline: [4, 24], blink: [5, 25], inverse: [7, 27], hidden: [8, 28],
  strikethrough: [9, 29], doubleunderline: [21, 24], framed: [51, 54], overlined: [53, 55],
});
['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'].forEach((name, i) => {
  const bright = name === 'black' ? 'gray' : `${name}Bright`;
  colors[name] = [30 + i, 39];
  colors[`bg${name[0].toUpperCase()}${name.slice(1)}`] = [40 + i, 49];
  colors[bright] = [90 + i, 39];
  colors[`bg${bright[0].toUpperCase()}${bright.slice(1)}`] = [100 + i, 49];
});
colors.grey = colors.gray;
Object.defineProperty(inspect, 'colors', { value: colors, writable: true });
Object.defineProperty(inspect, 'styles', {
  value: Object.assign({ __proto__: null }, {
    special: 'cyan', number: 'yellow', bigint: 'yellow', boolean: 'yellow', undefined: 'grey', null: 'bold', string: 'green', symbol: 'green',
    date: 'magenta', regexp: 'red', module: 'underline',
  }),
  writable: true,
});

const controls = /[\u001b\u009b][[\]()#;?]*(?:(?:(?:(?:;[-a-zA-Z\d/#&.:=?%@~_]+)*|[a-zA-Z\d]+(?:;[-a-zA-Z\d/#&.:=?%@~_]*)*)?(?:\u0007|\u001b\u005c|\u009c))|(?:(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PR-TZcf-nq-uy=><~]))/g;

/** For events.js: the first stretch of lines of `a` that `b` has too. */
function identicalSequenceRange(a, b) {
  for (let i = 0; i < a.length - 3; i++) {
    const at = b.indexOf(a[i]);
    if (at === -1) continue;
    const rest = b.length - at;
    if (rest <= 3) continue;
    let length = 1;
    while (length < Math.min(a.length - i, rest) && a[i + length] === b[at + length]) length++;
    if (length > 3) return { len: length, offset: i };
  }
  return { len: 0, offset: 0 };
}

/** How many columns of a terminal a text takes. */
const wide = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const none = /[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u;
export function getStringWidth(text, removeControls = true) {
  let width = 0;
  if (removeControls) text = text.replace(controls, '');
  for (const character of text.normalize('NFC')) width += wide.test(character) ? 2 : none.test(character) ? 0 : 1;
  return width;
}

export { inspect, format, formatWithOptions, identicalSequenceRange };
export const stripVTControlCharacters = (text) => {
  if (typeof text !== 'string') throw new (require('internal/errors').codes.ERR_INVALID_ARG_TYPE)('str', 'string', text);
  return text.replace(controls, '');
};
