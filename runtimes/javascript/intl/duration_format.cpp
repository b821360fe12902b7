/* Intl.DurationFormat */
#include "durations.h"

namespace intl {

namespace {
struct DurationFormat : icu::UMemory {
    static constexpr const char *NAME = "DurationFormat";
    DurationSettings settings;
};
} // namespace

static JSValue construct(JSContext *context, JSValueConst new_target, int argc, JSValueConst *argv) {
    Value object(context, create(context, new_target, class_of<DurationFormat>));
    if (object.is_exception()) return JS_EXCEPTION;
    std::unique_ptr<DurationFormat> state(new DurationFormat);
    if (!state || !state->settings.read(context, argument(argc, argv, 0), argument(argc, argv, 1))) return JS_EXCEPTION;
    return with_state(context, object, std::move(state));
}

static JSValue format(JSContext *context, JSValueConst self, int argc, JSValueConst *argv, int to_parts) {
    auto state = state_of<DurationFormat>(context, self, to_parts ? "formatToParts" : "format");
    Duration duration;
    if (!state || !duration.read(context, argv[0])) return JS_EXCEPTION;
    UErrorCode status = U_ZERO_ERROR;
    std::vector<DurationPart> parts = duration_parts(state->settings, duration, status);
    if (failed(context, status)) return JS_EXCEPTION;
    if (!to_parts) {
        icu::UnicodeString text;
        for (const DurationPart &part : parts) text.append(part.value);
        return new_text(context, text);
    }
    List list(context);
    for (const DurationPart &part : parts) {
        Record piece(context);
        piece.put("type", std::string_view(part.type));
        piece.put("value", part.value);
        if (part.unit) piece.put("unit", std::string_view(part.unit));
        list.add(piece.release());
    }
    return list.release();
}

static JSValue resolved_options(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    auto state = state_of<DurationFormat>(context, self, "resolvedOptions");
    if (!state) return JS_EXCEPTION;
    Record record(context);
    state->settings.show(record);
    return record.release();
}

static JSValue supported_locales_of(JSContext *context, JSValueConst, int argc, JSValueConst *argv) {
    return supported_locales(context, Service::FORMATS, "Intl.DurationFormat", argc, argv);
}

static const JSCFunctionListEntry methods[] = {
    JS_CFUNC_MAGIC_DEF("format", 1, format, false),
    JS_CFUNC_MAGIC_DEF("formatToParts", 1, format, true),
    JS_CFUNC_DEF("resolvedOptions", 0, resolved_options),
};
static const JSCFunctionListEntry statics[] = {JS_CFUNC_DEF("supportedLocalesOf", 1, supported_locales_of)};

void define_duration_format(JSContext *context, JSValueConst intl) {
    define<DurationFormat>(context, intl, {construct, false, methods, std::size(methods), statics, std::size(statics)});
}

} // namespace intl
