// The console: log, info, debug and the like to stdout; warn, error, trace, assert to stderr.
import { format as formatPrimitives } from './format.js';
import { table } from './table.js';

const STDOUT = 1, STDERR = 2;
const diverted = []; // by number of the stream: what a program has put in the place of its `write`

/** From now on a program's own function is given what would be written. */
export function divert(stream, write) { diverted[stream] = write; }

let userFormat, userInspect, userWarn;

/** Objects are shown by Node's own util.inspect, which is the user realm's. */
export function showBy(format, inspect, warn) {
  userFormat = format;
  userInspect = inspect;
  userWarn = warn;
}

function format(values) {
  for (let i = 0; i < values.length; i++)
    if ((typeof values[i] === 'object' && values[i] !== null) || typeof values[i] === 'function') return Reflect.apply(userFormat, undefined, values);
  return formatPrimitives(values);
}

function inspect(value, options) {
  return userInspect(value, options);
}

export function makeConsole(native) {
  let indentation = '';
  const counts = new Map(), starts = new Map();

  function write(stream, text) {
    if (indentation !== '') text = indentation + text.replaceAll('\n', `\n${indentation}`);
    text += '\n';
    if (diverted[stream] === undefined) native.write(stream, text);
    else diverted[stream](text);
  }
  const log = (...values) => write(STDOUT, values.length === 0 ? '' : format(values));
  const error = (...values) => write(STDERR, values.length === 0 ? '' : format(values));

  function duration(label) {
    const ms = native.milliseconds(1) - starts.get(label);
    if (ms < 1000) return `${Number(ms.toFixed(3))}ms`;
    const seconds = ms / 1000;
    if (seconds < 60) return `${seconds.toFixed(3)}s`;
    const whole = Math.floor(seconds), minutes = Math.floor(whole / 60);
    const fraction = (seconds % 60).toFixed(3).padStart(6, '0');
    if (minutes < 60) return `${minutes}:${fraction} (m:ss.mmm)`;
    return `${Math.floor(minutes / 60)}:${`${minutes % 60}`.padStart(2, '0')}:${`${whole % 60}`.padStart(2, '0')} (h:mm:ss)`;
  }
  const warning = (text) => userWarn(text);

  return {
    log, info: log, debug: log, error, warn: error, dirxml: log,
    dir(object, options) { write(STDOUT, inspect(object, { __proto__: null, customInspect: false, ...options })); },
    trace(...values) {
      const text = values.length === 0 ? '' : format(values);
      write(STDERR, `Trace${text === '' ? '' : `: ${text}`}${native.userFrames()}`);
    },
    assert(condition, ...values) {
      if (condition) return;
      if (values.length === 0) error('Assertion failed');
      else if (typeof values[0] === 'string') error(`Assertion failed: ${values[0]}`, ...values.slice(1));
      else error('Assertion failed:', ...values);
    },
    table(data, properties) {
      const text = table(data, properties, native);
      if (text === undefined) log(data);
      else write(STDOUT, text);
    },
    group(...values) {
      if (values.length > 0) log(...values);
      indentation += '  ';
    },
    groupEnd() { indentation = indentation.slice(2); },
    count(label = 'default') {
      label = `${label}`;
      const count = (counts.get(label) ?? 0) + 1;
      counts.set(label, count);
      log(`${label}: ${count}`);
    },
    countReset(label = 'default') {
      if (!counts.delete(`${label}`)) warning(`Count for '${label}' does not exist`);
    },
    time(label = 'default') {
      label = `${label}`;
      if (starts.has(label)) warning(`Label '${label}' already exists for console.time()`);
      else starts.set(label, native.milliseconds(1));
    },
    timeEnd(label = 'default') {
      label = `${label}`;
      if (!starts.has(label)) return warning(`No such label '${label}' for console.timeEnd()`);
      log(`${label}: ${duration(label)}`);
      starts.delete(label);
    },
    timeLog(label = 'default', ...values) {
      label = `${label}`;
      if (!starts.has(label)) return warning(`No such label '${label}' for console.timeLog()`);
      log(`${label}: ${duration(label)}`, ...values);
    },
  };
}
