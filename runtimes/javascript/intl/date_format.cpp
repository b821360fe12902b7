/* Intl.DateTimeFormat */
#include "dates.h"
#include "numbers.h"
#include <cmath>
#include <unicode/fpositer.h>

namespace intl {

namespace {
struct DateTimeFormat : icu::UMemory {
    static constexpr const char *NAME = "DateTimeFormat";
    DateSettings settings;
    std::shared_ptr<const DateFormatter> formatter;
    JSValue held = JS_UNDEFINED;
};
} // namespace

static JSValue construct(JSContext *context, JSValueConst new_target, int argc, JSValueConst *argv) {
    Value object(context, create(context, new_target, class_of<DateTimeFormat>));
    if (object.is_exception()) return JS_EXCEPTION;
    std::unique_ptr<DateTimeFormat> state(new DateTimeFormat);
    if (!state || !state->settings.read(context, argument(argc, argv, 0), argument(argc, argv, 1), DateParts::ANY, DateParts::DATE))
        return JS_EXCEPTION;
    state->formatter = date_formatter(context, state->settings);
    return state->formatter ? with_state(context, object, std::move(state)) : JS_EXCEPTION;
}

static JSValue construct_or_call(JSContext *context, JSValueConst target_or_this, int argc, JSValueConst *argv) {
    bool is_call = !engine_is_constructing(context);
    JSValueConst new_target = is_call ? JS_UNDEFINED : target_or_this;
    return chain(context, new_target, is_call ? target_or_this : JS_UNDEFINED, class_of<DateTimeFormat>,
                 construct(context, new_target, argc, argv));
}

/* ---- formatting ---- */

/* ToNumber and TimeClip; `is_now`: undefined means now. */
static bool read_date(JSContext *context, JSValueConst given, bool is_now, double &date) {
    if (is_now && JS_IsUndefined(given)) date = std::floor(icu::Calendar::getNow());
    else if (JS_ToFloat64(context, &date, given)) return false;
    if (std::fabs(date) <= 8.64e15) {
        date = std::trunc(date) + 0.0;
        return true;
    }
    JS_ThrowRangeError(context, "Invalid time value");
    return false;
}

/* Before AM and PM newer data has a narrow no-break space, which broke programs that read what they format; V8 puts a
 * plain one there, too, in what format returns. */
static void simplify_spaces(icu::UnicodeString &text) {
    for (int32_t at = text.indexOf(u'\u202F'); at >= 0; at = text.indexOf(u'\u202F', at + 1)) text.setCharAt(at, u' ');
}

static JSValue format_with(JSContext *context, const DateFormatter &formatter, double date) {
    icu::UnicodeString text;
    formatter.format->format(date, text);
    simplify_spaces(text);
    return new_text(context, text);
}

JSValue format_date(JSContext *context, double milliseconds, DateParts required, DateParts defaults, JSValueConst locales,
                    JSValueConst options) {
    DateSettings settings;
    if (!settings.read(context, locales, options, required, defaults)) return JS_EXCEPTION;
    auto formatter = date_formatter(context, settings);
    return formatter ? format_with(context, *formatter, milliseconds) : JS_EXCEPTION;
}

static JSValue bound_format(JSContext *context, JSValueConst, int argc, JSValueConst *argv, int, JSValueConst *data) {
    auto state = state_of<DateTimeFormat>(context, data[0], "format");
    double date;
    if (!state || !read_date(context, argument(argc, argv, 0), true, date)) return JS_EXCEPTION;
    return format_with(context, *state->formatter, date);
}

static JSValue get_format(JSContext *context, JSValueConst self) {
    Value object(context, unchain(context, self, class_of<DateTimeFormat>, "format"));
    if (object.is_exception()) return JS_EXCEPTION;
    auto state = state_of<DateTimeFormat>(context, object, "format");
    return state ? bound_method(context, object, state->held, 1, bound_format) : JS_EXCEPTION;
}

/* ---- parts ---- */

static const char *type_of(int32_t field) {
    switch (field) {
    case UDAT_ERA_FIELD: return "era";
    case UDAT_YEAR_FIELD: case UDAT_EXTENDED_YEAR_FIELD: return "year";
    case UDAT_YEAR_NAME_FIELD: return "yearName";
    case UDAT_RELATED_YEAR_FIELD: return "relatedYear";
    case UDAT_MONTH_FIELD: case UDAT_STANDALONE_MONTH_FIELD: return "month";
    case UDAT_DATE_FIELD: return "day";
    case UDAT_HOUR_OF_DAY1_FIELD: case UDAT_HOUR_OF_DAY0_FIELD: case UDAT_HOUR1_FIELD: case UDAT_HOUR0_FIELD: return "hour";
    case UDAT_MINUTE_FIELD: return "minute";
    case UDAT_SECOND_FIELD: return "second";
    case UDAT_FRACTIONAL_SECOND_FIELD: return "fractionalSecond";
    case UDAT_DAY_OF_WEEK_FIELD: case UDAT_DOW_LOCAL_FIELD: case UDAT_STANDALONE_DAY_FIELD: return "weekday";
    case UDAT_AM_PM_FIELD: case UDAT_AM_PM_MIDNIGHT_NOON_FIELD: case UDAT_FLEXIBLE_DAY_PERIOD_FIELD: return "dayPeriod";
    case UDAT_TIMEZONE_FIELD: case UDAT_TIMEZONE_RFC_FIELD: case UDAT_TIMEZONE_GENERIC_FIELD: case UDAT_TIMEZONE_SPECIAL_FIELD:
    case UDAT_TIMEZONE_LOCALIZED_GMT_OFFSET_FIELD: case UDAT_TIMEZONE_ISO_FIELD: case UDAT_TIMEZONE_ISO_LOCAL_FIELD: return "timeZoneName";
    }
    return "literal";
}

static JSValue parts_with(JSContext *context, const DateFormatter &formatter, double date, const char *source) {
    UErrorCode status = U_ZERO_ERROR;
    icu::UnicodeString text;
    icu::FieldPositionIterator positions;
    formatter.format->format(date, text, &positions, status);
    if (failed(context, status)) return JS_EXCEPTION;
    std::vector<Part> parts;
    icu::FieldPosition position;
    while (positions.next(position)) parts.push_back({position.getBeginIndex(), position.getEndIndex(), type_of(position.getField()), source});
    return parts_of(context, text, parts, "literal");
}

static JSValue format_to_parts(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    auto state = state_of<DateTimeFormat>(context, self, "formatToParts");
    double date;
    if (!state || !read_date(context, argument(argc, argv, 0), true, date)) return JS_EXCEPTION;
    return parts_with(context, *state->formatter, date, nullptr);
}

/* ---- ranges ---- */

static bool make_intervals(const DateFormatter &formatter, UErrorCode &status) {
    if (formatter.intervals) return true;
    icu::Locale locale = formatter.locale;
    if (formatter.hour_cycle != HourCycle::NONE) locale.setUnicodeKeywordValue("hc", hour_cycle_name(formatter.hour_cycle), status);
    icu::UnicodeString pattern;
    formatter.format->toPattern(pattern);
    icu::UnicodeString skeleton = icu::DateTimePatternGenerator::staticGetSkeleton(pattern, status);
    formatter.intervals.reset(icu::DateIntervalFormat::createInstance(skeleton, locale, status));
    if (U_FAILURE(status)) formatter.intervals.reset();
    else formatter.intervals->setTimeZone(formatter.format->getTimeZone());
    return U_SUCCESS(status);
}

static std::unique_ptr<icu::Calendar> calendar_at(const DateFormatter &formatter, double date, UErrorCode &status) {
    std::unique_ptr<icu::Calendar> calendar(formatter.format->getCalendar()->clone());
    if (!calendar) status = U_MEMORY_ALLOCATION_ERROR;
    else calendar->setTime(date, status);
    return calendar;
}

static JSValue format_range(JSContext *context, JSValueConst self, int argc, JSValueConst *argv, int to_parts) {
    auto state = state_of<DateTimeFormat>(context, self, to_parts ? "formatRangeToParts" : "formatRange");
    if (!state) return JS_EXCEPTION;
    double start, end;
    if (JS_IsUndefined(argv[0]) || JS_IsUndefined(argv[1])) return JS_ThrowTypeError(context, "Invalid time value");
    if (JS_ToFloat64(context, &start, argv[0]) || JS_ToFloat64(context, &end, argv[1])) return JS_EXCEPTION;
    for (double *date : {&start, &end})
        if (Value number(context, JS_NewFloat64(context, *date)); !read_date(context, number, false, *date)) return JS_EXCEPTION;
    UErrorCode status = U_ZERO_ERROR;
    const DateFormatter &formatter = *state->formatter;
    auto from = calendar_at(formatter, start, status), to = calendar_at(formatter, end, status);
    if (U_FAILURE(status) || !make_intervals(formatter, status)) return failed(context, status), JS_EXCEPTION;
    icu::FormattedDateInterval formatted = formatter.intervals->formatToValue(*from, *to, status);
    icu::UnicodeString text = formatted.toString(status);
    if (failed(context, status)) return JS_EXCEPTION;
    std::vector<Part> parts;
    bool is_range = false;
    icu::ConstrainedFieldPosition position;
    while (formatted.nextPosition(position, status) && U_SUCCESS(status)) {
        bool is_span = position.getCategory() == UFIELD_CATEGORY_DATE_INTERVAL_SPAN;
        is_range |= is_span;
        parts.push_back({position.getStart(), position.getLimit(), is_span ? nullptr : type_of(position.getField()),
                         is_span ? (position.getField() ? "endRange" : "startRange") : nullptr});
    }
    /* what does not differ in any field that is shown is one date */
    if (!is_range) return to_parts ? parts_with(context, formatter, start, "shared") : format_with(context, formatter, start);
    return to_parts ? parts_of(context, text, parts, "literal") : new_text(context, text);
}

/* ---- what it is made of ---- */

static JSValue resolved_options(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    auto state = unwrap<DateTimeFormat>(context, self, "resolvedOptions");
    if (!state) return JS_EXCEPTION;
    const DateFormatter &formatter = *state->formatter;
    const DateSettings &settings = state->settings;
    const char *calendar = uloc_toUnicodeLocaleType("ca", formatter.format->getCalendar()->getType());
    Record record(context);
    record.put("locale", settings.resolved.tag);
    record.put("calendar", std::string_view(calendar ? calendar : "gregory"));
    record.put("numberingSystem", numbering_system_of(formatter.locale));
    record.put("timeZone", settings.time_zone);
    show_hour_cycle(record, formatter.hour_cycle);
    if (!settings.has_style()) show_pattern(record, formatter);
    if (settings.date_style >= 0) record.put("dateStyle", std::string_view(DATE_STYLES.begin()[settings.date_style]));
    if (settings.time_style >= 0) record.put("timeStyle", std::string_view(DATE_STYLES.begin()[settings.time_style]));
    return record.release();
}

static JSValue supported_locales_of(JSContext *context, JSValueConst, int argc, JSValueConst *argv) {
    return supported_locales(context, Service::FORMATS, "Intl.DateTimeFormat", argc, argv);
}

static const JSCFunctionListEntry methods[] = {
    JS_CGETSET_DEF("format", get_format, nullptr),
    JS_CFUNC_DEF("formatToParts", 1, format_to_parts),
    JS_CFUNC_MAGIC_DEF("formatRange", 2, format_range, false),
    JS_CFUNC_MAGIC_DEF("formatRangeToParts", 2, format_range, true),
    JS_CFUNC_DEF("resolvedOptions", 0, resolved_options),
};
static const JSCFunctionListEntry statics[] = {JS_CFUNC_DEF("supportedLocalesOf", 1, supported_locales_of)};

void define_date_time_format(JSContext *context, JSValueConst intl) {
    define<DateTimeFormat>(context, intl, {construct_or_call, true, methods, std::size(methods), statics, std::size(statics)});
}

} // namespace intl
