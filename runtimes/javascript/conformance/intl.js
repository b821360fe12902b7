// Prints what Intl and the methods that work by it give, a line a case: `group|locale|what = value`. Run by Node (the recipe's
// step `node`, whose ICU is the guest's version) it makes intl.expected; tests/conformance compares what the guest prints.

const LOCALES = ['en-US', 'en-GB', 'zh-CN', 'zh-TW', 'ja', 'de', 'fr', 'es', 'es-MX', 'pt-BR', 'pt-PT', 'ko', 'ru', 'it', 'ar', 'ar-EG', 'hi'];
const MORE = [...LOCALES, 'tr', 'th', 'fa', 'he', 'pl', 'sv', 'nl', 'uk', 'vi', 'id', 'bn', 'cs', 'el', 'fi', 'hu', 'ro', 'da', 'no', 'nb', 'sr',
  'sr-Latn', 'de-CH', 'fr-CA', 'en-IN', 'ta', 'zh-HK', 'sw', 'am', 'my', 'ka'];
const DATE = new Date(Date.UTC(2024, 0, 15, 13, 5, 9, 78)), LATER = new Date(Date.UTC(2024, 2, 20, 8, 45, 0)), OLD = new Date(Date.UTC(1066, 9, 14));

function show(value) {
  if (typeof value === 'bigint') return value + 'n';
  if (value === undefined) return 'undefined';
  return JSON.stringify(value, (key,
    inner) => inner === undefined ? 'undefined' : typeof inner === 'number' && !isFinite(inner) ? String(inner) : inner);
}
function line(group, locale, what, make) {
  let value;
  try {
    value = show(make());
  } catch (error) {
    value = 'throws ' + error.name;
  }
  console.log(`${group}|${locale}|${typeof what === 'string' ? what : show(what)} = ${value}`);
}
const joined = (parts) => parts.map(({ type, value, source, unit }) => [type, value, source, unit].filter((x) => x !== undefined).join(':'));

// ---- dates ----

const STYLES = ['full', 'long', 'medium', 'short'];
const DATE_OPTIONS = [
  undefined,
  { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' },
  { year: 'numeric', month: '2-digit', day: '2-digit' },
  { month: 'short', day: 'numeric' }, { year: '2-digit', month: 'narrow' }, { weekday: 'short' }, { weekday: 'narrow', hour: 'numeric' },
  { hour: 'numeric', minute: '2-digit' }, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false },
  { hour: 'numeric', hour12: true }, { hour: 'numeric', minute: 'numeric', hourCycle: 'h11' }, { hour: 'numeric', hourCycle: 'h24' },
  { minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 }, { hour: 'numeric', dayPeriod: 'long' }, { dayPeriod: 'short' },
  { year: 'numeric', era: 'short' }, { era: 'long' }, { timeZoneName: 'short', timeZone: 'America/New_York' },
  { timeZoneName: 'long', timeZone: 'Asia/Tokyo', hour: 'numeric' }, { timeZoneName: 'longOffset', timeZone: 'Asia/Kolkata' },
  { timeZoneName: 'shortGeneric', timeZone: 'Europe/Paris' }, { month: 'long' }, { day: 'numeric' }, { year: 'numeric', month: 'long' },
  { dateStyle: 'medium', timeStyle: 'short', timeZone: 'Europe/Berlin' }, { timeStyle: 'full', timeZone: 'America/Sao_Paulo' },
  { dateStyle: 'short', timeStyle: 'short', hour12: true }, { timeStyle: 'medium', hourCycle: 'h23' },
];
for (const locale of LOCALES)
  for (const options of DATE_OPTIONS) line('date', locale, options, () => new Intl.DateTimeFormat(locale, options).format(DATE));
for (const locale of MORE) {
  for (const style of STYLES) line('dateStyle', locale, style, () => new Intl.DateTimeFormat(locale, { dateStyle: style, timeStyle: style,
    timeZone: 'America/Los_Angeles' }).format(DATE));
  line('dateParts', locale, 'all', () => joined(new Intl.DateTimeFormat(locale, { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric',
    hour: 'numeric', minute: 'numeric', second: 'numeric', fractionalSecondDigits: 2, timeZoneName: 'short' }).formatToParts(DATE)));
  line('dateResolved', locale, 'default', () => new Intl.DateTimeFormat(locale).resolvedOptions());
  line('dateResolved', locale, 'time', () => new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: 'numeric' }).resolvedOptions());
  line('dateRange', locale, 'days', () => new Intl.DateTimeFormat(locale, { year: 'numeric', month: 'short', day: 'numeric' }).formatRange(DATE,
    LATER));
  line('dateRange', locale, 'hours', () => new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: 'numeric' }).formatRange(DATE,
    new Date(+DATE + 5e6)));
  line('dateRange', locale, 'same', () => new Intl.DateTimeFormat(locale, { hour: 'numeric' }).formatRange(DATE, DATE));
  line('dateString', locale, 'string', () => DATE.toLocaleString(locale));
  line('dateString', locale, 'date', () => DATE.toLocaleDateString(locale));
  line('dateString', locale, 'time', () => DATE.toLocaleTimeString(locale));
}
for (const locale of LOCALES) {
  line('dateRangeParts', locale, 'days', () => joined(new Intl.DateTimeFormat(locale, { dateStyle: 'long' }).formatRangeToParts(DATE, LATER)));
  line('dateRangeParts', locale, 'same', () => joined(new Intl.DateTimeFormat(locale, { dateStyle: 'long' }).formatRangeToParts(DATE, DATE)));
  line('dateOld', locale, 'long', () => OLD.toLocaleDateString(locale, { dateStyle: 'long' }));
}
for (const calendar of Intl.supportedValuesOf('calendar'))
  for (const locale of ['en', 'zh', 'ar', 'ja', 'he'])
    line('calendar', locale, calendar, () => {
      const format = new Intl.DateTimeFormat(locale, { calendar, dateStyle: 'long' });
      return [format.format(DATE), joined(format.formatToParts(DATE)), format.resolvedOptions().calendar];
    });
for (const zone of ['UTC', 'utc', 'GMT', 'Etc/GMT+5', 'Asia/Calcutta', 'asia/kolkata', 'US/Eastern', 'America/Argentina/Buenos_Aires', 'Europe/Kiev',
  'Europe/Kyiv', 'Pacific/Chatham', 'Antarctica/Troll', '+05:30', '-0330', '+14', '+24:00', '-00:00', '+1', 'EST', 'CET', 'PST8PDT', 'Mars/Base', '',
  'Etc/Unknown', 'local', 'Europe/Berlin\u0000'])
  line('zone', 'en', zone, () => {
    const format = new Intl.DateTimeFormat('en', { timeZone: zone, dateStyle: 'short', timeStyle: 'full' });
    return [format.format(DATE), format.resolvedOptions().timeZone];
  });
for (const zone of Intl.supportedValuesOf('timeZone')) line('zones', 'en', zone, () => new Intl.DateTimeFormat('en', { timeZone: zone,
  dateStyle: 'short', timeStyle: 'long' }).format(LATER));
for (const [locale, options] of [['en-u-ca-buddhist', {}], ['en-u-nu-arab', {}], ['ar-u-nu-latn', {}], ['ja-u-ca-japanese', { dateStyle: 'full' }],
  ['en-u-hc-h23', { timeStyle: 'short' }], ['en-GB-u-hc-h12', { hour: 'numeric' }], ['fa', { dateStyle: 'full' }], ['th', { dateStyle: 'full' }],
  ['ar-SA', { dateStyle: 'full' }], ['zh-u-nu-hanidec', { dateStyle: 'long' }], ['en-u-ca-chinese-nu-deva-hc-h24', { timeStyle: 'long' }],
  ['de-u-ca-gregorian-co-phonebk', {}], ['en-u-ca-bogus-nu-bogus', {}], ['en', { calendar: 'islamicc' }], ['en', { calendar: 'bogus' }], ['en',
  { calendar: 'x' }], ['en', { numberingSystem: 'thai' }], ['en', { numberingSystem: 'native' }], ['en-u-hc-h23', { hour12: true, hour: 'numeric' }],
  ['ja', { hour: 'numeric', hour12: true }], ['en', { hour12: false, hour: 'numeric', minute: 'numeric' }], ['ja', { hour12: true,
  timeStyle: 'short' }], ['en-JP', { hour12: true, timeStyle: 'short' }]])
  line('dateLocale', locale, options, () => [new Intl.DateTimeFormat(locale, options).format(new Date(Date.UTC(2024, 5, 1, 0, 30))),
    new Intl.DateTimeFormat(locale, options).resolvedOptions()]);
for (const options of [{ dateStyle: 'full', year: 'numeric' }, { month: 'x' }, { timeZone: null }, { fractionalSecondDigits: 0 },
  { fractionalSecondDigits: 4 }, { hourCycle: 'h13' }, { localeMatcher: 'x' }, { formatMatcher: 'x' }, { timeStyle: 'x' }, null, 3, 'abc',
  { weekday: '' }, { numberingSystem: '' }])
  line('dateOptions', 'en', options, () => new Intl.DateTimeFormat('en', options).format(DATE));
line('dateOptions', 'en', 'date with timeStyle', () => DATE.toLocaleDateString('en', { timeStyle: 'short' }));
line('dateOptions', 'en', 'time with dateStyle', () => DATE.toLocaleTimeString('en', { dateStyle: 'short' }));
line('dateOptions', 'en', 'date with hour', () => DATE.toLocaleDateString('en', { hour: 'numeric' }));
line('dateOptions', 'en', 'time with year', () => DATE.toLocaleTimeString('en', { year: 'numeric' }));
for (const value of [NaN, Infinity, 8.64e15, 8.64e15 + 1, -8.64e15, 'x', '12', null, true, {}, 0.9, -0.9, -1])
  line('dateValue', 'en', String(value), () => new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'long' }).format(value));
line('dateValue', 'en', 'Invalid Date', () => new Date(NaN).toLocaleString());
line('dateValue', 'en', 'range undefined', () => new Intl.DateTimeFormat('en').formatRange(undefined, DATE));
line('dateValue', 'en', 'range backwards', () => new Intl.DateTimeFormat('en').formatRange(LATER, DATE));

// ---- numbers ----

const NUMBERS = [0, -0, 1, -1, 1234567.891, 0.000123, 1e21, NaN, -Infinity, 123456789012345678901234567890n];
const NUMBER_OPTIONS = [
  undefined,
  { style: 'currency', currency: 'EUR' }, { style: 'currency', currency: 'JPY' }, { style: 'currency', currency: 'usd', currencyDisplay: 'name' },
  { style: 'currency', currency: 'CNY', currencyDisplay: 'narrowSymbol' }, { style: 'currency', currency: 'USD', currencySign: 'accounting' },
  { style: 'percent' }, { style: 'percent', maximumFractionDigits: 2, signDisplay: 'exceptZero' },
  { style: 'unit', unit: 'kilometer-per-hour' }, { style: 'unit', unit: 'liter', unitDisplay: 'long' }, { style: 'unit', unit: 'celsius',
    unitDisplay: 'narrow' },
  { notation: 'compact' }, { notation: 'compact', compactDisplay: 'long' }, { notation: 'scientific' }, { notation: 'engineering',
    maximumFractionDigits: 1 },
  { notation: 'compact', style: 'currency', currency: 'BRL' },
  { minimumFractionDigits: 2, maximumFractionDigits: 2 }, { maximumSignificantDigits: 3 }, { minimumIntegerDigits: 5, useGrouping: false },
  { useGrouping: 'min2' }, { useGrouping: 'always', signDisplay: 'always' }, { signDisplay: 'never' }, { signDisplay: 'negative' },
];
for (const locale of LOCALES)
  for (const options of NUMBER_OPTIONS) line('number', locale, options, () => NUMBERS.map((number) => new Intl.NumberFormat(locale,
    options).format(number)));
for (const locale of MORE) {
  line('numberParts', locale, 'currency', () => joined(new Intl.NumberFormat(locale, { style: 'currency', currency: 'EUR' }).formatToParts(-1234.5)));
  line('numberParts', locale, 'compact', () => joined(new Intl.NumberFormat(locale, { notation: 'compact' }).formatToParts(12345)));
  line('numberParts', locale, 'unit', () => joined(new Intl.NumberFormat(locale, { style: 'unit', unit: 'mile-per-hour',
    unitDisplay: 'long' }).formatToParts(3)));
  line('numberRange', locale, 'currency', () => new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD',
    maximumFractionDigits: 0 }).formatRange(3, 5));
  line('numberRange', locale, 'same', () => new Intl.NumberFormat(locale).formatRange(2.9999, 3.0001));
  line('numberRange', locale, 'parts', () => joined(new Intl.NumberFormat(locale, { style: 'unit', unit: 'gram' }).formatRangeToParts(1, 2000)));
  line('numberResolved', locale, 'default', () => new Intl.NumberFormat(locale).resolvedOptions());
  line('numberString', locale, 'string', () => [(1234567.891).toLocaleString(locale), (-5).toLocaleString(locale, { style: 'percent' }),
    12345678901234567890n.toLocaleString(locale)]);
}
for (const options of [{ style: 'percent' }, { style: 'currency', currency: 'CLF' }, { style: 'currency', currency: 'JPY', notation: 'compact' },
  { style: 'unit', unit: 'byte' }, { minimumSignificantDigits: 2 }, { maximumFractionDigits: 0 }, { minimumFractionDigits: 5 },
  { notation: 'compact' }, { roundingPriority: 'morePrecision', maximumFractionDigits: 1 }, { roundingPriority: 'lessPrecision',
  maximumSignificantDigits: 2 }, { roundingIncrement: 5, maximumFractionDigits: 2, minimumFractionDigits: 2 }, { roundingMode: 'floor' },
  { trailingZeroDisplay: 'stripIfInteger', minimumFractionDigits: 2 }, { useGrouping: true }, { useGrouping: false }, { useGrouping: 'true' },
  { useGrouping: 'false' }, { useGrouping: '' }, { useGrouping: undefined }, { useGrouping: null }, { minimumIntegerDigits: 21 }])
  line('numberOptions', 'en', { ...options, ...(options.useGrouping === undefined && 'useGrouping' in options && { useGrouping: undefined }) },
    () => {
    const format = new Intl.NumberFormat('en', options);
    return [[0, 1, 1.25, 1234.56789, 99999.5, 1e9].map((number) => format.format(number)), format.resolvedOptions()];
  });
for (const roundingMode of ['ceil', 'floor', 'expand', 'trunc', 'halfCeil', 'halfFloor', 'halfExpand', 'halfTrunc', 'halfEven'])
  line('rounding', 'en', roundingMode, () => [-2.5, -1.5, -0.4, 0.4, 0.5, 1.5, 2.5, 2.51].map((number) => new Intl.NumberFormat('en', { roundingMode,
    maximumFractionDigits: 0 }).format(number)));
for (const roundingIncrement of [1, 2, 3, 5, 10, 25, 50, 100, 5000])
  line('increment', 'en', String(roundingIncrement), () => new Intl.NumberFormat('en', { roundingIncrement, maximumFractionDigits: 2,
    minimumFractionDigits: 2 }).format(123.456));
for (const options of [{ style: 'x' }, { style: 'currency' }, { style: 'currency', currency: 'EU' }, { style: 'unit' }, { style: 'unit',
  unit: 'parsec' }, { style: 'unit', unit: 'meter-per-meter-per-meter' }, { currency: '' }, { unit: '' }, { minimumFractionDigits: 101 },
  { maximumFractionDigits: -1 }, { minimumIntegerDigits: 0 }, { minimumSignificantDigits: 5, maximumSignificantDigits: 3 },
  { minimumFractionDigits: 5, maximumFractionDigits: 3 }, { roundingIncrement: 5 }, { roundingIncrement: 5, maximumSignificantDigits: 3 },
  { roundingIncrement: 7 }, { roundingMode: 'x' }, { useGrouping: 'x' }, { notation: 'x' }, { signDisplay: 'x' }, null, 0,
  { maximumFractionDigits: 100 }, { maximumFractionDigits: NaN }, { minimumIntegerDigits: '3' }])
  line('numberErrors', 'en', options, () => new Intl.NumberFormat('en', options).format(1234.5));
for (const value of ['', ' 12 ', '0x10', '0b101', '1e5', '1e500', '-1e-500', '.5', '5.', '+7', '-7', '1_000', 'abc',
  '123456789123456789123456789.987654321', '-0', 'Infinity', '- 5', '1e', null, undefined, true, [], {}, [5], '9007199254740993',
  '0.1000000000000000055511151231257827'])
  line('numberValues', 'en', show(value), () => [new Intl.NumberFormat('en', { maximumFractionDigits: 20 }).format(value), new Intl.NumberFormat('en',
    { notation: 'compact' }).format(value)]);
for (const unit of Intl.supportedValuesOf('unit')) for (const locale of ['en', 'de', 'ru', 'ja', 'ar']) line('unit', locale, unit, () => ['long',
  'short', 'narrow'].map((unitDisplay) => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay }).format(2)));
for (const currency of Intl.supportedValuesOf('currency')) line('currency', 'en', currency, () => ['code', 'symbol', 'narrowSymbol',
  'name'].map((currencyDisplay) => new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay }).format(1.5)));
for (const numberingSystem of Intl.supportedValuesOf('numberingSystem')) line('digits', 'en', numberingSystem, () => [new Intl.NumberFormat('en',
  { numberingSystem }).format(1234567890.5), new Intl.DateTimeFormat('en', { numberingSystem }).format(DATE)]);

// ---- the others ----

for (const locale of MORE) {
  for (const type of ['cardinal', 'ordinal']) {
    const rules = new Intl.PluralRules(locale, { type });
    line('plural', locale, type, () => [[0, 1, 2, 3, 4, 5, 6, 11, 12, 21, 22, 100, 101, 1.5, 1e6, -1, NaN,
      Infinity].map((number) => rules.select(number)), Object.entries(rules.resolvedOptions()).map(([name, value]) => [name,
      Array.isArray(value) ? value.sort() : value])]);
  }
  line('plural', locale, 'range', () => [[0, 1], [1, 2], [2, 5], [1, 1]].map(([a, b]) => new Intl.PluralRules(locale).selectRange(a, b)));
  line('plural', locale, 'digits', () => [1, 1.04, 2].map((number) => new Intl.PluralRules(locale, { minimumFractionDigits: 1 }).select(number)));
  for (const type of ['conjunction', 'disjunction', 'unit'])
    line('list', locale, type, () => ['long', 'short', 'narrow'].flatMap((style) => [[], ['A'], ['A', 'B'], ['A', 'B', 'C'], ['A', 'B', 'C',
      'D']].map((items) => new Intl.ListFormat(locale, { type, style }).format(items))));
  line('listParts', locale, 'three', () => joined(new Intl.ListFormat(locale).formatToParts(['A', '', 'C'])));
  const words = ['z', 'Z', 'ä', 'a', 'Ä', 'A', 'ö', 'o', 'é', 'e', 'ch', 'c', 'd', 'll', 'l', 'ñ', 'n', 'å', 'ø', '10', '2', '-', '_', ' ', '', '中',
    '文', 'あ', 'ア', 'ㄱ', '가', 'я', 'а', 'ب', 'ا', 'क', 'ı', 'i', 'I', 'İ'];
  line('sort', locale, 'default', () => [...words].sort(new Intl.Collator(locale).compare).join('|'));
  line('sort', locale, 'options', () => [...words].sort(new Intl.Collator(locale, { numeric: true, caseFirst: 'upper', sensitivity: 'case',
    ignorePunctuation: true }).compare).join('|'));
  line('sort', locale, 'localeCompare', () => words.slice(1).map((word, at) => word.localeCompare(words[at], locale,
    { sensitivity: 'base' })).join());
  line('sort', locale, 'resolved', () => [new Intl.Collator(locale).resolvedOptions(), new Intl.Collator(locale, { usage: 'search',
    sensitivity: 'base' }).resolvedOptions()]);
  line('case', locale, 'both', () => ['iıİI ßﬁ ΑΣ άς ǆ ì̇j'.toLocaleUpperCase(locale), 'Iİ ẞ ΑΣ ÌJ́ Ǆ'.toLocaleLowerCase(locale)]);
  line('locale', locale, 'info', () => {
    const of = new Intl.Locale(locale);
    return [of.maximize().toString(), of.minimize().toString(), of.calendars, of.collations, of.hourCycles, of.numberingSystems, of.textInfo,
      of.timeZones?.length, of.weekInfo];
  });
}
for (const locale of LOCALES) {
  for (const numeric of ['always', 'auto'])
    for (const style of ['long', 'short', 'narrow'])
      line('relative', locale, `${numeric} ${style}`, () => ['year', 'quarter', 'month', 'weeks', 'days', 'hour', 'minute',
        'second'].flatMap((unit) => [-1, 0, 1, 10.5].map((value) => new Intl.RelativeTimeFormat(locale, { numeric, style }).format(value, unit))));
  line('relativeParts', locale, 'days', () => joined(new Intl.RelativeTimeFormat(locale).formatToParts(-1234.5, 'day')));
  line('relativeParts', locale, 'auto', () => joined(new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).formatToParts(1, 'day')));
  const names = (type, codes, more) => line('names', locale, `${type} ${show(more) ?? ''}`, () => codes.map((code) => new Intl.DisplayNames(locale,
    { type, ...more }).of(code)));
  names('language', ['en', 'de-AT', 'zh-Hant-TW', 'fr-CA', 'sr-Latn', 'xx', 'en-GB-oxendict']);
  names('language', ['en-GB', 'zh-Hans', 'pt-BR'], { languageDisplay: 'standard' });
  names('language', ['en-GB', 'zh-Hans', 'xx'], { style: 'short', fallback: 'none' });
  names('region', ['US', 'DE', 'CN', '419', 'ZZ', 'QQ', 'HK']);
  names('region', ['US', 'GB', 'QQ'], { style: 'short', fallback: 'none' });
  names('script', ['Latn', 'Arab', 'Hans', 'Zzzz', 'Qaaa']);
  names('currency', ['USD', 'eur', 'JPY', 'XXX', 'ABC']);
  names('currency', ['USD', 'eur', 'ABC'], { style: 'short' });
  names('currency', ['USD', 'CAD', 'ABC'], { style: 'narrow', fallback: 'none' });
  names('calendar', ['gregory', 'buddhist', 'islamic-civil', 'ethioaa', 'roc', 'bogus']);
  names('dateTimeField', ['era', 'year', 'quarter', 'month', 'weekOfYear', 'weekday', 'day', 'dayPeriod', 'hour', 'minute', 'second',
    'timeZoneName']);
  names('dateTimeField', ['era', 'year', 'weekday', 'timeZoneName'], { style: 'narrow' });
  for (const granularity of ['grapheme', 'word', 'sentence'])
    line('segment', locale, granularity, () => [...new Intl.Segmenter(locale,
      { granularity }).segment('Hello, Wörld! 你好世界。これは日本語です。 สวัสดีชาวโลก It’s 3.5€. 👩‍👩‍👧‍👦é🇩🇪 नमस्ते दुनिया؟ مرحبا')].map(({ segment, index,
      isWordLike }) => [segment, index, isWordLike].join('/')));
}
for (const tag of ['EN-us', 'zh-hant-tw', 'cmn-Hans-cn', 'iw', 'i-klingon', 'art-lojban', 'sgn-de', 'en-u-ca-gregorian', 'en-u-kn-true', 'en-u-kn',
  'de-DE-1996', 'sl-rozaj-biske-1994', 'en-x-priv', 'x-priv', 'en-a-foo-b-bar', 'en-b-bar-a-foo', 'en-t-fr-m0-true', 'en-u-rg-uszzzz', 'mo', 'sh',
  'no-bok', 'zh-min-nan', 'ja-Latn-hepburn-heploc', 'und', 'und-Latn', 'en_US', 'e', 'english-us', 'en-us-us', 'en-1996-1996', 'en-u', 'en-u-ca',
  'en-t', 'en-x', 'de-u-co-phonebk-co-dict', 'hy-arevela', 'ru-SU', 'az-u-tz-uaiev', 'abcd', 'abcdefgh', 'en-lat', 'und-u-ka-shifted',
  'en-u-ms-imperial', ''])
  line('tag', tag, 'canonical', () => [Intl.getCanonicalLocales(tag), Intl.DateTimeFormat.supportedLocalesOf(tag),
    Intl.Collator.supportedLocalesOf(tag), new Intl.NumberFormat(tag).resolvedOptions().locale, new Intl.Collator(tag).resolvedOptions().locale]);
for (const list of [[], ['de', 'de', 'DE'], ['xx', 'fr'], [['de']], [1], [null], 1, {}, { length: 1, 0: 'it' }, null, true,
  [new Intl.Locale('pt-br')], new Set(['de'])])
  line('tags', 'list', list instanceof Set ? 'Set' : list, () => [Intl.getCanonicalLocales(list),
    new Intl.NumberFormat(list).resolvedOptions().locale]);
for (const tag of ['de-at', 'zh-TW', 'en-ZA', 'en-ZZ', 'fr-FR-fonipa', 'xx', 'xx-YY', 'sr-RS', 'pt-AO', 'es-419', 'es-AR', 'zh-Hans-HK', 'zh-MO',
  'yue', 'no-NO', 'nn', 'tl', 'fil', 'in', 'ji', 'sr-ME', 'az-Cyrl', 'uz-Arab', 'mn-MN', 'gsw', 'bs', 'hr', 'ku', 'ckb', 'prs', 'arz', 'ro-MD',
  'en-150', 'en-001', 'ca-valencia'])
  line('resolve', tag, 'all', () => [Intl.DateTimeFormat, Intl.NumberFormat, Intl.Collator, Intl.PluralRules, Intl.RelativeTimeFormat,
    Intl.ListFormat, Intl.Segmenter].map((of) => new of(tag).resolvedOptions().locale).concat(new Intl.DisplayNames(tag,
    { type: 'region' }).resolvedOptions().locale));
for (const [tag, options] of [['en', { region: 'gb', script: 'latn' }], ['en-US', { language: 'de', calendar: 'buddhist', collation: 'phonebk',
  hourCycle: 'h23', caseFirst: 'upper', numeric: true, numberingSystem: 'arab' }], ['en', { numeric: false }], ['en', { caseFirst: 'false' }], ['en',
  { region: 'x' }], ['en', { script: 'la' }], ['en', { language: 'e' }], ['en', { language: '' }], ['en', { hourCycle: 'h25' }], ['en',
  { calendar: '' }], ['en', { calendar: 'gregorian' }], ['en-u-ca-gregorian-nu-latn-kf-upper-kn', {}], ['en-u-kf', {}], ['en-u-kn-false', {}], ['en',
  null], ['en', 3], ['', {}], ['sh', {}], ['und-Cyrl', {}]])
  line('localeClass', tag, options, () => {
    const of = new Intl.Locale(tag, options);
    return [String(of), of.language, of.script, of.region, of.baseName, of.calendar, of.caseFirst, of.collation, of.hourCycle, of.numeric,
      of.numberingSystem, String(of.maximize()), String(of.minimize())];
  });
line('localeClass', 'none', 'errors', () => [() => Intl.Locale('en'), () => new Intl.Locale(), () => new Intl.Locale(3),
  () => new Intl.Locale(new Intl.Locale('de'),
  { region: 'AT' }).baseName].map((make) => { try { return make(); } catch (error) { return error.name; } }));
for (const key of ['calendar', 'collation', 'currency', 'numberingSystem', 'timeZone', 'unit', 'x']) line('values', 'all', key,
  () => Intl.supportedValuesOf(key));
for (const [left, right, ...more] of [['a', 'b'], ['a', 'á', 'en', { sensitivity: 'base' }], ['a', 'A', undefined, { sensitivity: 'accent' }],
  ['item 10', 'item 9', undefined, { numeric: true }], ['ä', 'z', 'sv'], ['ä', 'z', 'de'], ['ä', 'ae', 'de-u-co-phonebk'], ['a-b', 'ab', 'en',
  { ignorePunctuation: true }], ['\u0061\u030a', '\u00e5'], ['', 'a'], ['a', undefined], ['a', 'b', 'x'], ['a', 'b', 'en', { sensitivity: 'x' }],
  ['résumé', 'resume'], ['résumé', 'Resume', 'fr', { usage: 'search', sensitivity: 'base' }], ['東京', '京都', 'ja'], ['東京', '京都', 'zh-u-co-stroke'],
  ['東京', '京都', 'zh', { collation: 'pinyin' }]])
  line('compare', more[0] ?? 'none', [left, right, more[1]], () => left.localeCompare(right, ...more));
for (const [make, what] of [
  [() => new Intl.ListFormat('en').format([1]), 'list of number'],
  [() => new Intl.ListFormat('en').format('abc'), 'list of text'],
  [() => new Intl.ListFormat('en').format(5), 'list of 5'],
  [() => new Intl.ListFormat('en', { type: 'x' }), 'list type'],
  [() => new Intl.ListFormat('en', null), 'list null'],
  [() => new Intl.ListFormat('en', 'x'), 'list text options'],
  [() => new Intl.RelativeTimeFormat('en').format(1, 'x'), 'relative unit'],
  [() => new Intl.RelativeTimeFormat('en').format(Infinity, 'day'), 'relative infinite'],
  [() => new Intl.RelativeTimeFormat('en').format(-0, 'day'), 'relative -0'],
  [() => new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(-0, 'day'), 'relative auto -0'],
  [() => new Intl.RelativeTimeFormat('en').format('5', 'days'), 'relative text'],
  [() => new Intl.DisplayNames('en'), 'names without options'],
  [() => new Intl.DisplayNames('en', {}), 'names without type'],
  [() => new Intl.DisplayNames('en', { type: 'region' }).of('usa'), 'names of a bad region'],
  [() => new Intl.DisplayNames('en', { type: 'language' }).of('e'), 'names of a bad language'],
  [() => new Intl.DisplayNames('en', { type: 'language' }).of('en-u-ca-gregory'), 'names of an extension'],
  [() => new Intl.DisplayNames('en', { type: 'currency' }).of('euro'), 'names of a bad currency'],
  [() => new Intl.DisplayNames('en', { type: 'dateTimeField' }).of('x'), 'names of a bad field'],
  [() => new Intl.DisplayNames('en', { type: 'region' }).of('us'), 'names of a region in lower case'],
  [() => new Intl.DisplayNames('en', { type: 'script' }).of('latn'), 'names of a script in lower case'],
  [() => new Intl.PluralRules('ar').resolvedOptions().pluralCategories, 'plural order'],
  [() => Intl.DisplayNames('en', { type: 'region' }), 'names called'],
  [() => Intl.NumberFormat('de').format(1.5), 'numbers called'],
  [() => Intl.DateTimeFormat('de').format(DATE), 'dates called'],
  [() => Intl.Collator('de').compare('a', 'b'), 'collator called'],
  [() => Intl.PluralRules('de'), 'plural called'],
  [() => Intl.NumberFormat.prototype.resolvedOptions.call({}), 'foreign this'],
  [() => Intl.DateTimeFormat.prototype.formatToParts.call(new Intl.NumberFormat()), 'other this'],
  [() => [1234.5, DATE, null, undefined, 'x', [12345n]].toLocaleString('de', { timeZone: 'UTC' }), 'array'],
  [() => new Float64Array([1234.5, 0.25]).toLocaleString('de', { minimumFractionDigits: 2 }), 'typed array'],
  [() => Object.prototype.toString.call(Intl), 'tag'],
  [() => ['DateTimeFormat', 'NumberFormat', 'Collator', 'PluralRules', 'RelativeTimeFormat', 'ListFormat', 'Locale', 'DisplayNames',
    'Segmenter'].map((name) => [name, Intl[name].length, Intl[name].name, Object.prototype.toString.call(Intl[name].prototype),
    Object.getOwnPropertyNames(Intl[name]).sort()]), 'shape'],
  [() => [...new Intl.Segmenter('en', { granularity: 'word' }).segment('')], 'empty segments'],
  [() => [0, 1, 5, 6, -1, 99, NaN, '2'].map((at) => new Intl.Segmenter('en', { granularity: 'word' }).segment('Hi, you').containing(at)),
    'containing'],
  [() => new Intl.Segmenter('en', { granularity: 'line' }), 'line'],
  [() => Object.prototype.toString.call(new Intl.Segmenter().segment('a')[Symbol.iterator]()), 'iterator tag'],
  [() => new Intl.PluralRules('en').selectRange(2, 1), 'plural backwards'],
  [() => new Intl.PluralRules('en').selectRange(1), 'plural undefined'],
  [() => new Intl.NumberFormat('en').formatRange(5, 3), 'numbers backwards'],
  [() => new Intl.NumberFormat('en').formatRange(NaN, 3), 'numbers NaN'],
  [() => new Intl.NumberFormat('en').formatRange('1', 10n ** 30n), 'numbers big'],
  [() => ['\u1E9B\u0323', 'ﬁ①', '가', 'Å'].flatMap((text) => ['NFC', 'NFD', 'NFKC', 'NFKD'].map((form) => text.normalize(form))), 'normalize'],
])
  line('else', 'en', what, make);
