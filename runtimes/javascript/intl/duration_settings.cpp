/* Reading the options of a DurationFormat, and durations. */
#include "durations.h"
#include <cmath>

namespace intl {

const char *const DURATION_NAMES[DURATION_UNITS] = {"years", "months", "weeks", "days", "hours", "minutes", "seconds",
                                                    "milliseconds", "microseconds", "nanoseconds"};
static const std::initializer_list<const char *> STYLES = {"long", "short", "narrow", "digital"};
static const char *const STYLE_NAMES[] = {"long", "short", "narrow", "numeric", "2-digit", "numeric"};

static bool read_style(const Options &options, int unit, UnitStyle &style) {
    const char *name = DURATION_NAMES[unit];
    if (unit <= DAYS) return options.choice(name, {"long", "short", "narrow"}, style);
    if (unit <= SECONDS) return options.choice(name, {"long", "short", "narrow", "numeric", "2-digit"}, style);
    return options.choice(name, {"long", "short", "narrow", "numeric"}, style);
}

/* GetDurationUnitOptions */
static bool read_unit(const DurationSettings &settings, const Options &options, int unit, UnitStyle previous, DurationUnit &read) {
    UnitStyle style = UnitStyle::UNSET;
    if (!read_style(options, unit, style)) return false;
    bool is_always = style != UnitStyle::UNSET, after_numeric = is_numeric(previous) || previous == UnitStyle::FRACTIONAL;
    if (style == UnitStyle::UNSET && settings.is_digital()) {
        is_always = unit >= HOURS && unit <= SECONDS;
        style = unit <= DAYS ? UnitStyle::SHORT : UnitStyle::NUMERIC;
    } else if (style == UnitStyle::UNSET) {
        is_always = after_numeric && (unit == MINUTES || unit == SECONDS);
        style = after_numeric ? UnitStyle::NUMERIC : (UnitStyle)settings.style;
    }
    if (style == UnitStyle::NUMERIC && unit >= MILLISECONDS) {
        style = UnitStyle::FRACTIONAL;
        is_always = false;
    }
    std::string display = std::string(DURATION_NAMES[unit]) + "Display";
    if (!options.choice(display.c_str(), {"auto", "always"}, is_always)) return false;
    bool fits = style == UnitStyle::FRACTIONAL ? !is_always : previous != UnitStyle::FRACTIONAL && (!after_numeric || is_numeric(style));
    if (!fits) {
        JS_ThrowRangeError(options.context, "Value %s out of range for Intl.DurationFormat options property %s", STYLE_NAMES[(int)style],
                           DURATION_NAMES[unit]);
        return false;
    }
    if ((unit == MINUTES || unit == SECONDS) && is_numeric(previous)) style = UnitStyle::TWO_DIGIT;
    read = {style, is_always};
    return true;
}

bool DurationSettings::read(JSContext *context, JSValueConst locales, JSValueConst given) {
    Locales requested;
    JSValue object;
    if (!canonicalize_locales(context, locales, requested) || !Options::get(context, given, "Intl.DurationFormat", object)) return false;
    Options options{context, {context, object}, "Intl.DurationFormat"};
    Key system{"nu"};
    if (!read_matcher(options) || !read_numbering_system(options, system.option)) return false;
    resolved = resolve(Service::FORMATS, requested, {&system});
    numbering_system = system.value.empty() ? numbering_system_of(resolved.locale) : system.value;
    if (!options.choice("style", STYLES, style)) return false;
    UnitStyle previous = UnitStyle::UNSET;
    for (int unit = 0; unit < DURATION_UNITS; unit++) {
        if (!read_unit(*this, options, unit, previous, units[unit])) return false;
        if (unit >= HOURS && unit <= MICROSECONDS) previous = units[unit].style;
    }
    return options.number("fractionalDigits", 0, 9, fraction_digits);
}

void DurationSettings::show(Record &record) const {
    record.put("locale", resolved.tag);
    record.put("numberingSystem", numbering_system);
    record.put("style", std::string_view(STYLES.begin()[style]));
    for (int unit = 0; unit < DURATION_UNITS; unit++) {
        record.put(DURATION_NAMES[unit], std::string_view(STYLE_NAMES[(int)units[unit].style]));
        std::string display = std::string(DURATION_NAMES[unit]) + "Display";
        record.put(display.c_str(), std::string_view(units[unit].is_always ? "always" : "auto"));
    }
    if (fraction_digits >= 0) record.put("fractionalDigits", fraction_digits);
}

/* ---- durations ---- */

int Duration::sign() const {
    for (double value : values)
        if (value != 0) return value < 0 ? -1 : 1;
    return 0;
}

static bool is_valid(const Duration &duration) {
    static const int64_t nanoseconds[] = {86400000000000, 3600000000000, 60000000000, 1000000000, 1000000, 1000, 1};
    for (double value : duration.values)
        if (value * duration.sign() < 0 || std::fabs(value) > 1e26) return false;
    for (int unit : {YEARS, MONTHS, WEEKS})
        if (std::fabs(duration.values[unit]) >= 4294967296.0) return false;
    /* all of it, in nanoseconds, stays below 2^53 seconds; no product overflows, for 1e26 * 86400e9 < 2^127 fails before */
    __int128 total = 0, most = (__int128)9007199254740992 * 1000000000;
    for (int unit = DAYS; unit <= NANOSECONDS; unit++) {
        double value = std::fabs(duration.values[unit]);
        if (value * nanoseconds[unit - DAYS] >= 1e25) return false;
        total += (__int128)value * nanoseconds[unit - DAYS];
    }
    return total < most;
}

bool Duration::read(JSContext *context, JSValueConst given) {
    /* in the order of their names */
    static const int order[] = {DAYS, HOURS, MICROSECONDS, MILLISECONDS, MINUTES, MONTHS, NANOSECONDS, SECONDS, WEEKS, YEARS};
    if (JS_IsString(given)) {
        JS_ThrowRangeError(context, "Intl.DurationFormat: a duration is an object");
        return false;
    }
    bool has_any = false;
    if (JS_IsObject(given))
        for (int unit : order) {
            Value value(context, JS_GetPropertyStr(context, given, DURATION_NAMES[unit]));
            double number;
            if (value.is_exception()) return false;
            if (value.is_undefined()) continue;
            has_any = true;
            if (JS_ToFloat64(context, &number, value)) return false;
            if (std::trunc(number) != number || std::isinf(number)) {
                JS_ThrowRangeError(context, "Intl.DurationFormat: %s must be a whole number", DURATION_NAMES[unit]);
                return false;
            }
            values[unit] = number + 0.0;
        }
    if (!has_any) {
        JS_ThrowTypeError(context, "Intl.DurationFormat: a duration is an object with years, months, weeks, days, hours, minutes or seconds");
        return false;
    }
    if (is_valid(*this)) return true;
    JS_ThrowRangeError(context, "Intl.DurationFormat: the duration is too long, or its parts have different signs");
    return false;
}

} // namespace intl
