// Runs once, before the snapshot: makes the formatters that programs reach for. Those made alike are shared
// (intl/cache.h), and so is what ICU reads for a locale, so that an execution finds them made.
const LOCALES = ['en-US', 'en-GB', 'en', 'zh-CN', 'ja-JP', 'de-DE', 'fr-FR', 'es-ES', 'pt-BR', 'ko-KR', 'ru-RU', 'it-IT', 'ar', 'hi-IN'];
const DATES = [
  { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' },
  { year: 'numeric', month: 'long', day: 'numeric' },
  { year: 'numeric', month: 'short', day: 'numeric' },
  { year: 'numeric', month: '2-digit', day: '2-digit' },
  { dateStyle: 'medium' },
];
const NUMBERS = [
  { minimumFractionDigits: 2, maximumFractionDigits: 2 },
  { maximumFractionDigits: 2 },
  { style: 'percent' },
  { notation: 'compact' },
];
const CURRENCIES = {
  'en-US': ['USD', 'EUR', 'GBP'], 'en-GB': ['GBP'], en: ['USD'], 'zh-CN': ['CNY'], 'ja-JP': ['JPY'], 'de-DE': ['EUR'], 'fr-FR': ['EUR'], 'es-ES': ['EUR'],
  'pt-BR': ['BRL'], 'ko-KR': ['KRW'], 'ru-RU': ['RUB'], 'it-IT': ['EUR'], ar: ['SAR'], 'hi-IN': ['INR'],
};

// ICU prepares a format of numbers for speed when it is used for the fourth time.
const ENOUGH = 4;
function number(value, locale, options) {
  for (let times = 0; times < ENOUGH; times++) value.toLocaleString(locale, options);
}

export function warmIntl() {
  const date = new Date(0);
  for (const locale of LOCALES) {
    for (const of of [locale, ...(locale === 'en-US' ? [undefined] : [])]) {
      date.toLocaleString(of);
      date.toLocaleDateString(of);
      date.toLocaleTimeString(of);
      number(1234.5, of);
      'a'.localeCompare('b', of);
    }
    date.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' });
    date.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit', hour12: false });
    for (const options of DATES) date.toLocaleDateString(locale, options);
    for (const options of NUMBERS) number(1234.5, locale, options);
    for (const currency of CURRENCIES[locale]) number(-1234.5, locale, { style: 'currency', currency });
    for (let times = 0; times < ENOUGH; times++) new Intl.PluralRules(locale).select(1);
    new Intl.ListFormat(locale).format(['a', 'b', 'c']);
    new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(-2, 'day');
    new Intl.DisplayNames(locale, { type: 'region' }).of('DE');
    for (const granularity of ['grapheme', 'word', 'sentence']) [...new Intl.Segmenter(locale, { granularity }).segment('a b. 你好。 สวัสดี')];
  }
  date.toLocaleString('en-US', { timeZone: 'America/New_York', timeZoneName: 'short' });
}
