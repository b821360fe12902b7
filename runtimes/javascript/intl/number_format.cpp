/* Intl.NumberFormat */
#include "cache.h"
#include "conversions.h"
#include "numbers.h"

namespace intl {

using icu::number::LocalizedNumberFormatter;
using icu::number::LocalizedNumberRangeFormatter;

namespace {
struct NumberFormat : icu::UMemory {
    static constexpr const char *NAME = "NumberFormat";
    NumberSettings settings;
    std::shared_ptr<const LocalizedNumberFormatter> formatter;
    JSValue held = JS_UNDEFINED;
};
} // namespace

static Cache<LocalizedNumberFormatter> formatters;
static Cache<LocalizedNumberRangeFormatter> range_formatters;

std::shared_ptr<const LocalizedNumberFormatter> number_formatter(const NumberSettings &settings) {
    return formatters.get(settings.key(), [&] {
        return std::make_shared<LocalizedNumberFormatter>(settings.formatter().locale(settings.resolved.locale));
    });
}

static JSValue construct(JSContext *context, JSValueConst new_target, int argc, JSValueConst *argv) {
    Value object(context, create(context, new_target, class_of<NumberFormat>));
    if (object.is_exception()) return JS_EXCEPTION;
    std::unique_ptr<NumberFormat> state(new NumberFormat);
    if (!state || !state->settings.read(context, argument(argc, argv, 0), argument(argc, argv, 1))) return JS_EXCEPTION;
    state->formatter = number_formatter(state->settings);
    return with_state(context, object, std::move(state));
}

/* As a function: `this` may be an object that inherits from the prototype. */
static JSValue construct_or_call(JSContext *context, JSValueConst target_or_this, int argc, JSValueConst *argv) {
    bool is_call = !engine_is_constructing(context);
    JSValueConst new_target = is_call ? JS_UNDEFINED : target_or_this;
    return chain(context, new_target, is_call ? target_or_this : JS_UNDEFINED, class_of<NumberFormat>,
                 construct(context, new_target, argc, argv));
}

/* ---- formatting ---- */

static JSValue format_value(JSContext *context, const LocalizedNumberFormatter &formatter, JSValueConst value) {
    Numeric numeric;
    if (!numeric.from(context, value)) return JS_EXCEPTION;
    UErrorCode status = U_ZERO_ERROR;
    icu::UnicodeString text = numeric.format(formatter, status).toString(status);
    return failed(context, status) ? JS_EXCEPTION : new_text(context, text);
}

static JSValue bound_format(JSContext *context, JSValueConst, int argc, JSValueConst *argv, int, JSValueConst *data) {
    auto state = state_of<NumberFormat>(context, data[0], "format");
    return state ? format_value(context, *state->formatter, argument(argc, argv, 0)) : JS_EXCEPTION;
}

static JSValue get_format(JSContext *context, JSValueConst self) {
    Value object(context, unchain(context, self, class_of<NumberFormat>, "format"));
    if (object.is_exception()) return JS_EXCEPTION;
    auto state = state_of<NumberFormat>(context, object, "format");
    return state ? bound_method(context, object, state->held, 1, bound_format) : JS_EXCEPTION;
}

static JSValue format_to_parts(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    auto state = state_of<NumberFormat>(context, self, "formatToParts");
    Numeric numeric;
    if (!state || !numeric.from(context, argument(argc, argv, 0))) return JS_EXCEPTION;
    UErrorCode status = U_ZERO_ERROR;
    icu::number::FormattedNumber formatted = numeric.format(*state->formatter, status);
    icu::UnicodeString text = formatted.toString(status);
    std::vector<Part> parts = number_parts(formatted, text, state->settings.style == Style::UNIT, numeric.is_nan(), status);
    return failed(context, status) ? JS_EXCEPTION : parts_of(context, text, parts, "literal");
}

/* ---- ranges ---- */

static bool range_end(JSContext *context, const char *name, JSValueConst value, Numeric &numeric) {
    if (!numeric.from(context, value)) return false;
    if (!numeric.is_nan()) return true;
    JS_ThrowRangeError(context, "Invalid %s : NaN", name);
    return false;
}

static JSValue format_range(JSContext *context, JSValueConst self, int argc, JSValueConst *argv, int to_parts) {
    auto state = state_of<NumberFormat>(context, self, to_parts ? "formatRangeToParts" : "formatRange");
    if (!state) return JS_EXCEPTION;
    for (int at = 0; at < 2; at++)
        if (JS_IsUndefined(argv[at])) return JS_ThrowTypeError(context, "Invalid %s : undefined", at ? "end" : "start");
    Numeric start, end;
    if (!range_end(context, "start", argv[0], start) || !range_end(context, "end", argv[1], end)) return JS_EXCEPTION;
    UErrorCode status = U_ZERO_ERROR;
    auto formatter = range_formatters.get(state->settings.key(), [&] {
        return std::make_shared<LocalizedNumberRangeFormatter>(
            icu::number::UnlocalizedNumberRangeFormatter()
                .numberFormatterBoth(state->settings.formatter())
                .identityFallback(UNUM_IDENTITY_FALLBACK_APPROXIMATELY)
                .locale(state->settings.resolved.locale));
    });
    icu::number::FormattedNumberRange formatted =
        formatter->formatFormattableRange(start.formattable(status), end.formattable(status), status);
    icu::UnicodeString text = formatted.toString(status);
    if (failed(context, status)) return JS_EXCEPTION;
    if (!to_parts) return new_text(context, text);
    std::vector<Part> parts = number_parts(formatted, text, state->settings.style == Style::UNIT, false, status);
    for (Part &part : parts)
        if (!part.source && part.type == std::string_view("approximatelySign")) part.source = "shared";
    return failed(context, status) ? JS_EXCEPTION : parts_of(context, text, parts, "literal");
}

static JSValue resolved_options(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    auto state = unwrap<NumberFormat>(context, self, "resolvedOptions");
    if (!state) return JS_EXCEPTION;
    Record record(context);
    state->settings.show(record);
    return record.release();
}

static JSValue supported_locales_of(JSContext *context, JSValueConst, int argc, JSValueConst *argv) {
    return supported_locales(context, Service::FORMATS, "Intl.NumberFormat", argc, argv);
}

JSValue format_number(JSContext *context, JSValueConst number, JSValueConst locales, JSValueConst options) {
    NumberSettings settings;
    if (!settings.read(context, locales, options)) return JS_EXCEPTION;
    return format_value(context, *number_formatter(settings), number);
}

static const JSCFunctionListEntry methods[] = {
    JS_CGETSET_DEF("format", get_format, nullptr),
    JS_CFUNC_DEF("formatToParts", 1, format_to_parts),
    JS_CFUNC_MAGIC_DEF("formatRange", 2, format_range, false),
    JS_CFUNC_MAGIC_DEF("formatRangeToParts", 2, format_range, true),
    JS_CFUNC_DEF("resolvedOptions", 0, resolved_options),
};
static const JSCFunctionListEntry statics[] = {JS_CFUNC_DEF("supportedLocalesOf", 1, supported_locales_of)};

void define_number_format(JSContext *context, JSValueConst intl) {
    define<NumberFormat>(context, intl, {construct_or_call, true, methods, std::size(methods), statics, std::size(statics)});
}

} // namespace intl
