/* Intl.ListFormat */
#include "cache.h"
#include "intl.h"
#include <unicode/listformatter.h>

namespace intl {

namespace {
struct ListFormat : icu::UMemory {
    static constexpr const char *NAME = "ListFormat";
    Resolved resolved;
    int type = 0, width = 0;        /* places in their names */
    std::shared_ptr<const icu::ListFormatter> formatter;
};
} // namespace

static const std::initializer_list<const char *> TYPES = {"conjunction", "disjunction", "unit"};
static const std::initializer_list<const char *> WIDTHS = {"long", "short", "narrow"};

static std::shared_ptr<const icu::ListFormatter> make(const ListFormat &state) {
    static const UListFormatterType types[] = {ULISTFMT_TYPE_AND, ULISTFMT_TYPE_OR, ULISTFMT_TYPE_UNITS};
    static const UListFormatterWidth widths[] = {ULISTFMT_WIDTH_WIDE, ULISTFMT_WIDTH_SHORT, ULISTFMT_WIDTH_NARROW};
    UErrorCode status = U_ZERO_ERROR;
    return std::shared_ptr<const icu::ListFormatter>(
        icu::ListFormatter::createInstance(state.resolved.locale, types[state.type], widths[state.width], status));
}

static JSValue construct(JSContext *context, JSValueConst new_target, int argc, JSValueConst *argv) {
    static Cache<icu::ListFormatter> all;
    Value object(context, create(context, new_target, class_of<ListFormat>));
    if (object.is_exception()) return JS_EXCEPTION;
    std::unique_ptr<ListFormat> state(new ListFormat);
    Locales requested;
    JSValue got;
    if (!state || !canonicalize_locales(context, argument(argc, argv, 0), requested) ||
        !Options::get(context, argument(argc, argv, 1), "Intl.ListFormat", got))
        return JS_EXCEPTION;
    Options options{context, {context, got}, "Intl.ListFormat"};
    if (!read_matcher(options)) return JS_EXCEPTION;
    state->resolved = resolve(Service::LISTS, requested, {});
    if (!options.choice("type", TYPES, state->type) || !options.choice("style", WIDTHS, state->width)) return JS_EXCEPTION;
    std::string key = state->resolved.tag + "," + std::to_string(state->type) + std::to_string(state->width);
    state->formatter = all.get(key, [&] { return make(*state); });
    if (!state->formatter) return failed(context, U_INTERNAL_PROGRAM_ERROR), JS_EXCEPTION;
    return with_state(context, object, std::move(state));
}

namespace {
/* StringListFromIterable */
struct Strings {
    JSContext *context;
    std::vector<icu::UnicodeString> texts;

    static bool add(void *state, JSValueConst value) {
        auto strings = (Strings *)state;
        if (JS_IsString(value)) return text_of(strings->context, value, strings->texts.emplace_back());
        Value shown(strings->context, JS_IsObject(value) ? JS_NewString(strings->context, "an object") : JS_DupValue(strings->context, value));
        const char *text = JS_ToCString(strings->context, shown);
        if (text) JS_ThrowTypeError(strings->context, "Iterable yielded %.100s which is not a string", text);
        JS_FreeCString(strings->context, text);
        return false;
    }
};
} // namespace

static JSValue format(JSContext *context, JSValueConst self, int argc, JSValueConst *argv, int to_parts) {
    auto state = state_of<ListFormat>(context, self, to_parts ? "formatToParts" : "format");
    if (!state) return JS_EXCEPTION;
    Strings strings{context, {}};
    if (!JS_IsUndefined(argv[0]) && !engine_iterate(context, argv[0], Strings::add, &strings)) return JS_EXCEPTION;
    UErrorCode status = U_ZERO_ERROR;
    icu::FormattedList formatted = state->formatter->formatStringsToValue(strings.texts.data(), (int32_t)strings.texts.size(), status);
    icu::UnicodeString text = formatted.toString(status);
    if (failed(context, status)) return JS_EXCEPTION;
    if (!to_parts) return new_text(context, text);
    List list(context);
    auto add = [&](const char *type, int32_t start, int32_t end) {
        Record part(context);
        part.put("type", std::string_view(type));
        part.put("value", text.tempSubStringBetween(start, end));
        list.add(part.release());
    };
    /* an element may be empty, and is a part all the same */
    icu::ConstrainedFieldPosition position;
    position.constrainCategory(UFIELD_CATEGORY_LIST);
    int32_t at = 0;
    while (formatted.nextPosition(position, status) && U_SUCCESS(status)) {
        if (position.getField() != ULISTFMT_ELEMENT_FIELD) continue;
        if (position.getStart() > at) add("literal", at, position.getStart());
        add("element", position.getStart(), position.getLimit());
        at = position.getLimit();
    }
    if (at < text.length()) add("literal", at, text.length());
    return failed(context, status) ? JS_EXCEPTION : list.release();
}

static JSValue resolved_options(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    auto state = state_of<ListFormat>(context, self, "resolvedOptions");
    if (!state) return JS_EXCEPTION;
    Record record(context);
    record.put("locale", state->resolved.tag);
    record.put("type", std::string_view(TYPES.begin()[state->type]));
    record.put("style", std::string_view(WIDTHS.begin()[state->width]));
    return record.release();
}

static JSValue supported_locales_of(JSContext *context, JSValueConst, int argc, JSValueConst *argv) {
    return supported_locales(context, Service::LISTS, "Intl.ListFormat", argc, argv);
}

static const JSCFunctionListEntry methods[] = {
    JS_CFUNC_MAGIC_DEF("format", 1, format, false),
    JS_CFUNC_MAGIC_DEF("formatToParts", 1, format, true),
    JS_CFUNC_DEF("resolvedOptions", 0, resolved_options),
};
static const JSCFunctionListEntry statics[] = {JS_CFUNC_DEF("supportedLocalesOf", 1, supported_locales_of)};

void define_list_format(JSContext *context, JSValueConst intl) {
    define<ListFormat>(context, intl, {construct, false, methods, std::size(methods), statics, std::size(statics)});
}

} // namespace intl
