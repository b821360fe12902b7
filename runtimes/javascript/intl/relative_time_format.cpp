/* Intl.RelativeTimeFormat */
#include "cache.h"
#include "numbers.h"
#include <cmath>
#include <unicode/decimfmt.h>
#include <unicode/reldatefmt.h>

namespace intl {

namespace {
enum class Width { LONG, SHORT, NARROW };

struct RelativeTimeFormat : icu::UMemory {
    static constexpr const char *NAME = "RelativeTimeFormat";
    Resolved resolved;
    std::string numbering_system;
    Width width = Width::LONG;
    bool is_auto = false;
    std::shared_ptr<const icu::RelativeDateTimeFormatter> formatter;
};
} // namespace

static std::shared_ptr<const icu::RelativeDateTimeFormatter> make(const RelativeTimeFormat &state) {
    static const UDateRelativeDateTimeFormatterStyle widths[] = {UDAT_STYLE_LONG, UDAT_STYLE_SHORT, UDAT_STYLE_NARROW};
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::NumberFormat> numbers(icu::NumberFormat::createInstance(state.resolved.locale, UNUM_DECIMAL, status));
    if (U_FAILURE(status)) return nullptr;
    /* digits are grouped as the locale does by itself */
    ((icu::DecimalFormat &)*numbers).setMinimumGroupingDigits(UNUM_MINIMUM_GROUPING_DIGITS_AUTO);
    auto formatter = std::make_shared<icu::RelativeDateTimeFormatter>(state.resolved.locale, numbers.release(), widths[(int)state.width],
                                                                      UDISPCTX_CAPITALIZATION_NONE, status);
    return U_SUCCESS(status) ? formatter : nullptr;
}

static JSValue construct(JSContext *context, JSValueConst new_target, int argc, JSValueConst *argv) {
    static Cache<icu::RelativeDateTimeFormatter> all;
    Value object(context, create(context, new_target, class_of<RelativeTimeFormat>));
    if (object.is_exception()) return JS_EXCEPTION;
    std::unique_ptr<RelativeTimeFormat> state(new RelativeTimeFormat);
    Locales requested;
    JSValue coerced;
    if (!state || !canonicalize_locales(context, argument(argc, argv, 0), requested) ||
        !Options::coerce(context, argument(argc, argv, 1), coerced))
        return JS_EXCEPTION;
    Options options{context, {context, coerced}, "Intl.RelativeTimeFormat"};
    Key system{"nu"};
    if (!read_matcher(options) || !read_numbering_system(options, system.option)) return JS_EXCEPTION;
    state->resolved = resolve(Service::FORMATS, requested, {&system});
    state->numbering_system = system.value.empty() ? numbering_system_of(state->resolved.locale) : system.value;
    if (!options.choice("style", {"long", "short", "narrow"}, state->width)) return JS_EXCEPTION;
    if (!options.choice("numeric", {"always", "auto"}, state->is_auto)) return JS_EXCEPTION;
    std::string key = std::string(state->resolved.locale.getName()) + "," + std::to_string((int)state->width);
    state->formatter = all.get(key, [&] { return make(*state); });
    if (!state->formatter) return failed(context, U_INTERNAL_PROGRAM_ERROR), JS_EXCEPTION;
    return with_state(context, object, std::move(state));
}

/* ---- formatting ---- */

/* SingularRelativeTimeUnit: the unit's place, -1 if there is none of that name. */
static int unit_of(std::string_view name, const char *&singular) {
    static const char *const names[] = {"year", "quarter", "month", "week", "day", "hour", "minute", "second"};
    if (!name.empty() && name.back() == 's') name.remove_suffix(1);
    for (int at = 0; at < 8; at++)
        if (name == names[at]) {
            singular = names[at];
            return at;
        }
    return -1;
}

static JSValue format(JSContext *context, JSValueConst self, int argc, JSValueConst *argv, int to_parts) {
    static const URelativeDateTimeUnit units[] = {UDAT_REL_UNIT_YEAR, UDAT_REL_UNIT_QUARTER, UDAT_REL_UNIT_MONTH, UDAT_REL_UNIT_WEEK,
                                                  UDAT_REL_UNIT_DAY, UDAT_REL_UNIT_HOUR, UDAT_REL_UNIT_MINUTE, UDAT_REL_UNIT_SECOND};
    const char *method = to_parts ? "formatToParts" : "format", *singular;
    auto state = state_of<RelativeTimeFormat>(context, self, method);
    double number;
    std::string name;
    if (!state || JS_ToFloat64(context, &number, argv[0]) || !ascii_of(context, argv[1], name)) return JS_EXCEPTION;
    int unit = unit_of(name, singular);
    if (unit < 0)
        return JS_ThrowRangeError(context, "Invalid unit argument for Intl.RelativeTimeFormat.prototype.%s() '%.100s'", method, name.c_str());
    if (!std::isfinite(number))
        return JS_ThrowRangeError(context, "Value need to be finite number for Intl.RelativeTimeFormat.prototype.%s()", method);
    UErrorCode status = U_ZERO_ERROR;
    icu::FormattedRelativeDateTime formatted = state->is_auto ? state->formatter->formatToValue(number, units[unit], status)
                                                              : state->formatter->formatNumericToValue(number, units[unit], status);
    icu::UnicodeString text = formatted.toString(status);
    if (failed(context, status)) return JS_EXCEPTION;
    if (!to_parts) return new_text(context, text);
    std::vector<Part> parts = number_parts(formatted, text, false, false, status);
    return failed(context, status) ? JS_EXCEPTION : parts_of(context, text, parts, "literal", singular);
}

static JSValue resolved_options(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    static const std::string_view widths[] = {"long", "short", "narrow"};
    auto state = state_of<RelativeTimeFormat>(context, self, "resolvedOptions");
    if (!state) return JS_EXCEPTION;
    Record record(context);
    record.put("locale", state->resolved.tag);
    record.put("style", widths[(int)state->width]);
    record.put("numeric", std::string_view(state->is_auto ? "auto" : "always"));
    record.put("numberingSystem", state->numbering_system);
    return record.release();
}

static JSValue supported_locales_of(JSContext *context, JSValueConst, int argc, JSValueConst *argv) {
    return supported_locales(context, Service::FORMATS, "Intl.RelativeTimeFormat", argc, argv);
}

static const JSCFunctionListEntry methods[] = {
    JS_CFUNC_MAGIC_DEF("format", 2, format, false),
    JS_CFUNC_MAGIC_DEF("formatToParts", 2, format, true),
    JS_CFUNC_DEF("resolvedOptions", 0, resolved_options),
};
static const JSCFunctionListEntry statics[] = {JS_CFUNC_DEF("supportedLocalesOf", 1, supported_locales_of)};

void define_relative_time_format(JSContext *context, JSValueConst intl) {
    define<RelativeTimeFormat>(context, intl, {construct, false, methods, std::size(methods), statics, std::size(statics)});
}

} // namespace intl
