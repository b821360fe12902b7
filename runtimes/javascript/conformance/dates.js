// Prints what Date makes of texts and in which words it shows dates, a line a case: `text = milliseconds`. Run by Node with TZ=UTC it makes
// dates.expected (any Node 20 or 22: what Date reads does not depend on ICU); tests/conformance compares what the guest prints.

// The same numbers everywhere.
let state = 20240115;
const random = (below) => (state = (Math.imul(state, 1103515245) + 12345) >>> 0, Math.floor(state / 65536) % below);
const pick = (list) => list[random(list.length)];
const pad = (number, width = 2) => String(number).padStart(width, '0');

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const ZONES = ['', ' Z', 'Z', ' GMT', ' UTC', ' UT', ' EST', ' EDT', ' CST', ' CDT', ' MST', ' MDT', ' PST', ' PDT', ' CET', ' BST', ' JST', ' +0000', ' +0530', ' -0800',
  ' GMT+0200', ' GMT-8', ' UTC+3', ' +05:30', '+02:00', '-03:30', ' +1', ' -12345', ' (CET)', ' GMT+0100 (Central European Standard Time)', ' +00', ' z', ' gmt'];
const SEPARATORS = ['-', '/', '.', ' ', ', ', '', '--', ' - ', ' / '];

function fields() {
  return {
    year: pick([random(100), 1900 + random(200), 1970 + random(80), 2024, 0, 9999, 10000 + random(300000), 49, 50, 99, 100, 999]),
    month: pick([1 + random(12), 1 + random(12), 1 + random(12), 0, 13, 20]), day: pick([1 + random(28), 1 + random(31), 1 + random(31), 0, 32, 40]),
    hour: pick([random(24), random(24), random(12), 12, 24, 25]), minute: pick([random(60), random(60), 0, 60]), second: pick([random(60), random(60), 59, 60]),
    ms: pick(['0', '5', '12', '123', '1234', '123456', '999999999', '9999999999', '000']),
  };
}
const name = (month) => pick([MONTHS[(month + 11) % 12], MONTHS[(month + 11) % 12].slice(0, 3), MONTHS[(month + 11) % 12].slice(0, 3).toUpperCase(), MONTHS[(month + 11) % 12].toLowerCase(),
  MONTHS[(month + 11) % 12].slice(0, 3) + '.', MONTHS[(month + 11) % 12].slice(0, 4), 'Sept', MONTHS[(month + 11) % 12].slice(0, 2)]);
const weekday = () => pick(['', `${pick(DAYS).slice(0, 3)}, `, `${pick(DAYS)}, `, `${pick(DAYS).slice(0, 3)} `, `${pick(DAYS)} `, 'on ', 'Datum: ']);
const time = ({ hour, minute, second, ms }) => pick([`${hour}:${pad(minute)}`, `${pad(hour)}:${pad(minute)}`, `${pad(hour)}:${pad(minute)}:${pad(second)}`, `${pad(hour)}:${pad(minute)}:${pad(second)}.${ms}`,
  `${hour}:${minute}:${second}`, `${hour % 12 || 12}:${pad(minute)} ${pick(['AM', 'PM', 'am', 'pm', 'a.m.', 'p.m.'])}`, `${hour}:${pad(minute)}${pick(['am', 'pm', 'AM'])}`, `${hour} PM`, `${hour}pm`,
  `${pad(hour)}.${pad(minute)}`, `${pad(hour)}:${pad(minute)}:${pad(second)},${ms}`, `${hour}::${pad(minute)}`, `${pad(hour)}h${pad(minute)}`, `${pad(hour)}:${pad(minute)}:${pad(second)}:${ms}`]);

const FORMS = {
  iso: (f) => `${pad(f.year, 4)}-${pad(f.month)}-${pad(f.day)}${pick(['', 'T', 't', ' ', ' T'])}${pad(f.hour)}:${pad(f.minute)}${pick(['', `:${pad(f.second)}`, `:${pad(f.second)}.${f.ms}`])}${pick(ZONES)}`,
  isoDay: (f) => pick([`${pad(f.year, 4)}-${pad(f.month)}-${pad(f.day)}`, `${pad(f.year, 4)}-${pad(f.month)}`, pad(f.year, 4), `${f.year}-${f.month}-${f.day}`, `${pad(f.year, 4)}${pad(f.month)}${pad(f.day)}`,
    `+${pad(f.year, 6)}-${pad(f.month)}-${pad(f.day)}`, `-${pad(f.year, 6)}-${pad(f.month)}-${pad(f.day)}T00:00Z`, `+${pad(f.year, 6)}-01-01T${pad(f.hour)}:00:00.000Z`]),
  mail: (f) => `${weekday()}${pick([f.day, pad(f.day)])} ${name(f.month)} ${f.year} ${time(f)}${pick(ZONES)}`,
  web: (f) => `${pick(DAYS).slice(0, 3)}, ${pad(f.day)}${pick(['-', ' '])}${name(f.month)}${pick(['-', ' '])}${pick([f.year, pad(f.year % 100)])} ${time(f)} GMT`,
  us: (f) => `${weekday()}${name(f.month)} ${f.day}${pick(['', ',', 'th', 'st'])} ${f.year}${pick(['', ' ', ', ', ' at '])}${pick(['', time(f)])}${pick(ZONES)}`,
  numbers: (f) => { const s = pick(SEPARATORS); return `${pick([[f.month, f.day, f.year], [f.day, f.month, f.year], [f.year, f.month, f.day]]).map((n) => pick([n, pad(n)])).join(s)}${pick(['', ' ', ', '])}${pick(['', time(f)])}${pick(ZONES)}`; },
  timeFirst: (f) => `${time(f)}${pick([' ', ', ', ' on '])}${pick([`${name(f.month)} ${f.day} ${f.year}`, `${f.month}/${f.day}/${f.year}`, `${f.day} ${name(f.month)}`])}${pick(ZONES)}`,
  shown: (f) => `${pick(DAYS).slice(0, 3)} ${name(f.month)} ${pad(f.day)} ${f.year} ${pad(f.hour)}:${pad(f.minute)}:${pad(f.second)}${pick(ZONES)}`,
  unix: (f) => `${pick(DAYS).slice(0, 3)} ${name(f.month)} ${String(f.day).padStart(2)} ${time(f)}${pick(ZONES)} ${f.year}`,
  log: (f) => pick([`${pad(f.day)}/${name(f.month)}/${f.year}:${pad(f.hour)}:${pad(f.minute)}:${pad(f.second)}${pick(ZONES)}`, `[${f.year}-${pad(f.month)}-${pad(f.day)} ${time(f)}]`, `${f.year}.${pad(f.month)}.${pad(f.day)} ${time(f)}`,
    `${name(f.month)} ${f.day} ${pad(f.hour)}:${pad(f.minute)}:${pad(f.second)}`, `${f.year}/${pad(f.month)}/${pad(f.day)}-${time(f)}`, `${f.year}年${f.month}月${f.day}日`, `${f.day}. ${name(f.month)} ${f.year}`, String(f.year * 86400)]),
  short: (f) => pick([`${f.day}-${name(f.month)}-${pad(f.year % 100)}`, `${name(f.month)} ${f.year}`, `${name(f.month)}-${pad(f.year % 100)}`, `${f.month}/${f.day}`, `${f.month}/${f.year}`, `${name(f.month)} ${f.day}`, time(f), `${f.year} ${name(f.month)}`,
    `${f.day} ${name(f.month)}`, name(f.month), `${f.month}/${f.day}/${pad(f.year % 100)} (${pick(DAYS)})`, `(${f.year}) ${f.month}/${f.day}/${f.year} ((a) b) ${time(f)}`]),
};
const PIECES = ['1', '5', '12', '13', '24', '31', '32', '49', '50', '59', '60', '99', '100', '999', '1999', '2024', '02024', '20240115', '+', '-', ':', '::', '.', ',', '/', ' ', ' ', ' ', '\t', '\u00a0', '\u2028',
  '(', ')', '(x)', 'T', 'Z', 'z', 'GMT', 'UTC', 'EST', 'PDT', 'am', 'PM', 'Jan', 'may', 'December', 'Decembrist', 'foo', 'T10:00', '10:00', '10:00:00', '.123', '+0200', '-8', '\u00e9', '\u65e5', '\u2212', '_', '@', '0'];

const lines = new Map();
function line(what, make) {
  let value;
  try { value = make(); } catch (error) { value = `${error.name}: ${error.message}`; }
  if (!what.includes(' = ') && !/[\n\r]/.test(what)) lines.set(what, value);
}
const read = (text) => line(JSON.stringify(text), () => Date.parse(text));
for (const form of Object.values(FORMS)) for (let i = 0; i < 400; i++) read(form(fields()));
for (let i = 0; i < 2500; i++) read(Array.from({ length: 2 + random(8) }, () => pick(PIECES)).join(''));

// How dates are shown.
const SHOWN = ['toString', 'toDateString', 'toTimeString', 'toISOString', 'toUTCString', 'toJSON', 'toGMTString'];
for (const moment of [0, -1, 1705339800123, 8.64e15, -8.64e15, -62167219200001, -62198755200000, 253402300800000, -1e14, NaN, 1e12, 951782400000])
  for (const method of SHOWN) line(`${moment} ${method}`, () => new Date(moment)[method]());
for (let i = 0; i < 150; i++) {
  const numbers = Array.from({ length: 2 + random(6) }, () => pick([random(100), random(3000), -random(50), random(14), 1e6, -1e7, 0.9, -0.9, 3e5, 8.64e15, NaN]));
  line(`new Date(${numbers})`, () => new Date(...numbers).getTime());
  line(`UTC(${numbers})`, () => Date.UTC(...numbers));
  const setter = pick(['setFullYear', 'setMonth', 'setDate', 'setHours', 'setMinutes', 'setSeconds', 'setMilliseconds', 'setUTCHours', 'setYear', 'setTime', 'setUTCDate']);
  line(`${setter}(${numbers.slice(0, 3)})`, () => new Date(1705339800123)[setter](...numbers.slice(0, 3)));
}

// In time zones, by process.env.TZ.
const MOMENTS = [0, 1705339800123, 1719792000000, -2208988800000, -1e13, 4102444800000, 1e14, 1711846800000, 1711850400000, 1729990800000];
for (const zone of ['Asia/Shanghai', 'America/New_York', 'Australia/Adelaide', 'Europe/London', 'Asia/Kolkata', 'America/Sao_Paulo', 'Europe/Moscow', 'Pacific/Apia', 'Africa/Monrovia', 'America/St_Johns', 'Asia/Tehran',
  'Europe/Dublin', 'Pacific/Auckland', 'EST5EDT', 'UTC', ':Europe/Paris', 'Foo/Bar', 'PST', 'JST-9', 'Etc/GMT+5', 'US/Pacific', 'Asia/Calcutta']) {
  process.env.TZ = zone;
  for (const moment of MOMENTS) {
    const date = new Date(moment);
    line(`${zone} ${moment}`, () => `${date.toString()} | ${date.getTimezoneOffset()} ${date.getDay()} ${date.getHours()}`);
  }
  for (const text of ['2024-03-31T02:30', '2024-10-27 01:30', 'Nov 3 2024 1:30', 'March 10, 2024 02:30', '2024-01-01', '1/1/1900', '2024-07-01T12:00:00'])
    line(`${zone} ${text}`, () => Date.parse(text));
  for (const numbers of [[2024, 2, 10, 2, 30], [2024, 10, 3, 1, 30], [1800, 0, 1], [2024, 6, 1], [275760, 8, 13]])
    line(`${zone} ${numbers}`, () => new Date(...numbers).getTime());
}
process.env.TZ = 'UTC';

for (const [what, value] of lines) console.log(`${what} = ${value}`);
