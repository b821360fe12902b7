/* What a DateTimeFormat is made of: reading its options (CreateDateTimeFormat). */
#include "dates.h"
#include "numbers.h"
#include <algorithm>

namespace intl {

const std::initializer_list<const char *> DATE_STYLES = {"full", "long", "medium", "short"};

const Component components[COMPONENTS] = {
    {"weekday", {"narrow", "short", "long"}, {"EEEEE", "EEE", "EEEE"}},
    {"era", {"narrow", "short", "long"}, {"GGGGG", "GGG", "GGGG"}},
    {"year", {"2-digit", "numeric"}, {"yy", "y"}},
    {"month", {"2-digit", "numeric", "narrow", "short", "long"}, {"MM", "M", "MMMMM", "MMM", "MMMM"}},
    {"day", {"2-digit", "numeric"}, {"dd", "d"}},
    {"dayPeriod", {"narrow", "short", "long"}, {"BBBBB", "B", "BBBB"}},
    {"hour", {"2-digit", "numeric"}, {}},
    {"minute", {"2-digit", "numeric"}, {"mm", "m"}},
    {"second", {"2-digit", "numeric"}, {"ss", "s"}},
    {"timeZoneName", {"short", "long", "shortOffset", "longOffset", "shortGeneric", "longGeneric"}, {"z", "zzzz", "O", "OOOO", "v", "vvvv"}},
};
enum { NUMERIC = 1 };   /* its place among the values of year, month, day, hour, minute and second */

static bool read_calendar(const Options &options, Key &calendar) {
    Value given(options.context, options.read("calendar"));
    if (given.is_exception()) return false;
    if (given.is_undefined()) return true;
    std::string name;
    if (!ascii_of(options.context, given, name)) return false;
    if (!is_type(name)) {
        JS_ThrowRangeError(options.context, "Invalid calendar : %.100s", name.c_str());
        return false;
    }
    icu::Locale with("und");
    UErrorCode status = U_ZERO_ERROR;
    with.setUnicodeKeywordValue("ca", lower(name), status);
    with.canonicalize(status);
    calendar.option = with.getUnicodeKeywordValue<std::string>("ca", status);
    if (U_FAILURE(status)) calendar.option = lower(name);
    return true;
}

static bool read_hour_cycle(DateSettings &settings, const Options &options, Key &cycle) {
    bool value, given;
    if (!options.boolean("hour12", value, given)) return false;
    if (given) settings.hour12 = value;
    return options.text("hourCycle", {"h11", "h12", "h23", "h24"}, cycle.option);
}

/* hour12 goes before what the tag says of hours. */
static void drop_hour_cycle(Resolved &resolved) {
    UErrorCode status = U_ZERO_ERROR;
    resolved.locale.setUnicodeKeywordValue("hc", nullptr, status);
    icu::Locale shown = icu::Locale::forLanguageTag(resolved.tag, status);
    shown.setUnicodeKeywordValue("hc", nullptr, status);
    resolved.tag = shown.toLanguageTag<std::string>(status);
}

static bool read_time_zone(DateSettings &settings, const Options &options) {
    Value given(options.context, options.read("timeZone"));
    if (given.is_exception()) return false;
    if (given.is_undefined()) {
        settings.time_zone = local_zone();
        return true;
    }
    Value string(options.context, JS_ToString(options.context, given));
    icu::UnicodeString text;
    if (string.is_exception() || !text_of(options.context, string, text)) return false;
    if (text.charAt(0) == u'\u2212') text.setCharAt(0, u'-');    /* the mathematical minus sign */
    std::string name = ascii_of(text);
    settings.time_zone = time_zone_of(name);
    if (!settings.time_zone.empty()) return true;
    JS_ThrowRangeError(options.context, "Invalid time zone specified: %.100s", name.c_str());
    return false;
}

static bool read_components(DateSettings &settings, const Options &options) {
    for (int at = 0; at < COMPONENTS; at++) {
        /* between second and timeZoneName, as in the specification's table */
        if (at == TIME_ZONE_NAME && !options.number("fractionalSecondDigits", 1, 3, settings.fraction_digits)) return false;
        settings.chosen[at] = -1;
        if (!options.choice(components[at].name, components[at].values, settings.chosen[at])) return false;
    }
    return true;
}

static bool read_styles(DateSettings &settings, const Options &options, DateParts required) {
    std::string ignored;
    if (!options.text("formatMatcher", {"basic", "best fit"}, ignored)) return false;
    if (!options.choice("dateStyle", DATE_STYLES, settings.date_style)) return false;
    if (!options.choice("timeStyle", DATE_STYLES, settings.time_style)) return false;
    if (!settings.has_style()) return true;
    const char *wrong = nullptr;
    for (int at = 0; at < COMPONENTS; at++)
        if (settings.chosen[at] >= 0 && !wrong) wrong = components[at].name;
    if (settings.fraction_digits && !wrong) wrong = "fractionalSecondDigits";
    if (required == DateParts::DATE && settings.time_style >= 0) wrong = "timeStyle";
    if (required == DateParts::TIME && settings.date_style >= 0) wrong = "dateStyle";
    if (wrong) JS_ThrowTypeError(options.context, "Can't set option %s when %s is used", wrong, settings.date_style >= 0 ? "dateStyle" : "timeStyle");
    return !wrong;
}

static void fill_defaults(DateSettings &settings, DateParts required, DateParts defaults) {
    auto has = [&](std::initializer_list<int> some) { return std::any_of(some.begin(), some.end(), [&](int at) { return settings.chosen[at] >= 0; }); };
    if (required != DateParts::TIME && has({WEEKDAY, YEAR, MONTH, DAY})) return;
    if (required != DateParts::DATE && (has({DAY_PERIOD, HOUR, MINUTE, SECOND}) || settings.fraction_digits)) return;
    if (defaults != DateParts::TIME)
        for (int at : {YEAR, MONTH, DAY}) settings.chosen[at] = NUMERIC;
    if (defaults != DateParts::DATE)
        for (int at : {HOUR, MINUTE, SECOND}) settings.chosen[at] = NUMERIC;
}

bool DateSettings::read(JSContext *context, JSValueConst locales, JSValueConst given, DateParts required, DateParts defaults) {
    Locales requested;
    JSValue object;
    if (!canonicalize_locales(context, locales, requested) || !Options::coerce(context, given, object)) return false;
    Options options{context, {context, object}, "Intl.DateTimeFormat"};
    Key calendar{"ca"}, system{"nu"}, cycle{"hc"};
    if (!read_matcher(options) || !read_calendar(options, calendar) || !read_numbering_system(options, system.option)) return false;
    if (!read_hour_cycle(*this, options, cycle)) return false;
    resolved = resolve(Service::FORMATS, requested, {&calendar, &system, &cycle});
    if (hour12 >= 0) drop_hour_cycle(resolved);
    else
        for (HourCycle known : {HourCycle::H11, HourCycle::H12, HourCycle::H23, HourCycle::H24})
            if (cycle.value == hour_cycle_name(known)) hour_cycle = known;
    if (!read_time_zone(*this, options) || !read_components(*this, options) || !read_styles(*this, options, required)) return false;
    if (!has_style()) fill_defaults(*this, required, defaults);
    return true;
}

std::string DateSettings::key() const {
    std::string key = std::string(resolved.locale.getName()) + "|" + time_zone + "|";
    for (int part : chosen) key += (char)('a' + part);
    for (int part : {fraction_digits, date_style, time_style, (int)hour_cycle, hour12}) key += "," + std::to_string(part);
    return key;
}

} // namespace intl
