/* Intl.DisplayNames */
#include "numbers.h"
#include <unicode/dtptngen.h>
#include <unicode/locdspnm.h>
#include <unicode/ucurr.h>

namespace intl {

namespace {
enum class Width { NARROW, SHORT, LONG };
enum class Type { LANGUAGE, REGION, SCRIPT, CURRENCY, CALENDAR, FIELD, UNSET };

struct DisplayNames : icu::UMemory {
    static constexpr const char *NAME = "DisplayNames";
    Resolved resolved;
    Width width = Width::LONG;
    Type type = Type::UNSET;
    bool is_code_enough = true, is_standard = false;
    std::unique_ptr<icu::LocaleDisplayNames> names;
    std::unique_ptr<icu::DateTimePatternGenerator> fields;
};
} // namespace

static const std::initializer_list<const char *> TYPES = {"language", "region", "script", "currency", "calendar", "dateTimeField"};
static const std::initializer_list<const char *> WIDTHS = {"narrow", "short", "long"};

static void make_names(DisplayNames &state, UErrorCode &status) {
    UDisplayContext contexts[] = {
        state.width == Width::LONG ? UDISPCTX_LENGTH_FULL : UDISPCTX_LENGTH_SHORT,
        state.is_standard ? UDISPCTX_STANDARD_NAMES : UDISPCTX_DIALECT_NAMES,
        UDISPCTX_CAPITALIZATION_NONE,
        state.is_code_enough ? UDISPCTX_SUBSTITUTE : UDISPCTX_NO_SUBSTITUTE,
    };
    if (state.type == Type::FIELD) state.fields.reset(icu::DateTimePatternGenerator::createInstance(state.resolved.locale, status));
    else if (state.type != Type::CURRENCY)
        state.names.reset(icu::LocaleDisplayNames::createInstance(state.resolved.locale, contexts, std::size(contexts)));
}

static JSValue construct(JSContext *context, JSValueConst new_target, int argc, JSValueConst *argv) {
    Value object(context, create(context, new_target, class_of<DisplayNames>));
    if (object.is_exception()) return JS_EXCEPTION;
    std::unique_ptr<DisplayNames> state(new DisplayNames);
    Locales requested;
    if (!state || !canonicalize_locales(context, argv[0], requested)) return JS_EXCEPTION;
    JSValue got;
    if (JS_IsUndefined(argv[1])) return JS_ThrowTypeError(context, "Intl.DisplayNames: options must be an object");
    if (!Options::get(context, argv[1], "Intl.DisplayNames", got)) return JS_EXCEPTION;
    Options options{context, {context, got}, "Intl.DisplayNames"};
    if (!read_matcher(options)) return JS_EXCEPTION;
    state->resolved = resolve(Service::FORMATS, requested, {});
    bool is_undefined_enough = false;
    if (!options.choice("style", WIDTHS, state->width) || !options.choice("type", TYPES, state->type)) return JS_EXCEPTION;
    if (state->type == Type::UNSET) return JS_ThrowTypeError(context, "Intl.DisplayNames: the option type is missing");
    if (!options.choice("fallback", {"code", "none"}, is_undefined_enough)) return JS_EXCEPTION;
    if (!options.choice("languageDisplay", {"dialect", "standard"}, state->is_standard)) return JS_EXCEPTION;
    state->is_code_enough = !is_undefined_enough;
    UErrorCode status = U_ZERO_ERROR;
    make_names(*state, status);
    return failed(context, status) ? JS_EXCEPTION : with_state(context, object, std::move(state));
}

/* ---- of: each takes a well-formed code and gives a bogus text if it has no name ---- */

static std::string with_case(std::string code, bool upper_first, bool upper_rest) {
    code = lower(code);
    for (size_t at = 0; at < code.size(); at++)
        if ((at ? upper_rest : upper_first) && code[at] >= 'a' && code[at] <= 'z') code[at] -= 'a' - 'A';
    return code;
}

/* Of any style the name, as in Node; the symbol is what NumberFormat shows. */
static icu::UnicodeString currency_name(const DisplayNames &state, const std::string &code) {
    UErrorCode status = U_ZERO_ERROR;
    icu::UnicodeString currency = unicode_of(code), name;
    UBool is_choice;
    int32_t length = 0;
    const char16_t *found = ucurr_getName(currency.getTerminatedBuffer(), state.resolved.locale.getName(), UCURR_LONG_NAME, &is_choice, &length,
                                          &status);
    name.setTo(found, length);
    /* that ICU found nothing shows by its giving back the code */
    if (U_FAILURE(status) || (status == U_USING_DEFAULT_WARNING && name == currency)) name.setToBogus();
    return name;
}

static icu::UnicodeString calendar_name(const DisplayNames &state, const std::string &code) {
    icu::UnicodeString name;
    const char *legacy = uloc_toLegacyType("ca", code.c_str());
    state.names->keyValueDisplayName("calendar", legacy ? legacy : code.c_str(), name);
    return legacy || !state.is_code_enough ? name : unicode_of(code);
}

/* The field's place in ICU's list; UDATPG_FIELD_COUNT: there is none of that name. */
static UDateTimePatternField field_of(const std::string &code) {
    static const char *const names[] = {"era", "year", "quarter", "month", "weekOfYear", "", "weekday", "", "", "day",
                                        "dayPeriod", "hour", "minute", "second", "", "timeZoneName"};
    for (size_t at = 0; at < std::size(names); at++)
        if (*names[at] && code == names[at]) return (UDateTimePatternField)at;
    return UDATPG_FIELD_COUNT;
}

static bool is_language_id(const std::string &code, std::string &canonical) {
    for (size_t at = 0; at + 1 < code.size(); at++)
        if (code[at] == '-' && (at + 2 == code.size() || code[at + 2] == '-')) return false;   /* an extension */
    return canonicalize_tag(code, canonical);
}

static JSValue of(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    static const UDateTimePGDisplayWidth widths[] = {UDATPG_NARROW, UDATPG_ABBREVIATED, UDATPG_WIDE};
    auto state = state_of<DisplayNames>(context, self, "of");
    std::string code, canonical;
    if (!state || !ascii_of(context, argv[0], code)) return JS_EXCEPTION;
    bool is_formed = false;
    icu::UnicodeString name;
    switch (state->type) {
    case Type::LANGUAGE:
        if ((is_formed = is_language_id(code, canonical))) state->names->localeDisplayName(canonical.c_str(), name);
        break;
    case Type::REGION:
        canonical = with_case(code, true, true);
        if ((is_formed = is_region(code))) state->names->regionDisplayName(canonical.c_str(), name);
        break;
    case Type::SCRIPT:
        canonical = with_case(code, true, false);
        if ((is_formed = is_script(code))) state->names->scriptDisplayName(canonical.c_str(), name);
        break;
    case Type::CURRENCY:
        canonical = with_case(code, true, true);
        if ((is_formed = is_currency(code))) name = currency_name(*state, canonical);
        break;
    case Type::CALENDAR:
        canonical = lower(code);
        if ((is_formed = is_type(code))) name = calendar_name(*state, canonical);
        break;
    default:
        if ((is_formed = field_of(code) != UDATPG_FIELD_COUNT)) name = state->fields->getFieldDisplayName(field_of(code), widths[(int)state->width]);
    }
    if (!is_formed)
        return JS_ThrowRangeError(context, "Invalid argument to Intl.DisplayNames.prototype.of: %.100s", code.c_str());
    if (!name.isBogus()) return new_text(context, name);
    return state->is_code_enough ? new_text(context, canonical) : JS_UNDEFINED;
}

static JSValue resolved_options(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    auto state = state_of<DisplayNames>(context, self, "resolvedOptions");
    if (!state) return JS_EXCEPTION;
    Record record(context);
    record.put("locale", state->resolved.tag);
    record.put("style", std::string_view(WIDTHS.begin()[(int)state->width]));
    record.put("type", std::string_view(TYPES.begin()[(int)state->type]));
    record.put("fallback", std::string_view(state->is_code_enough ? "code" : "none"));
    if (state->type == Type::LANGUAGE) record.put("languageDisplay", std::string_view(state->is_standard ? "standard" : "dialect"));
    return record.release();
}

static JSValue supported_locales_of(JSContext *context, JSValueConst, int argc, JSValueConst *argv) {
    return supported_locales(context, Service::FORMATS, "Intl.DisplayNames", argc, argv);
}

static const JSCFunctionListEntry methods[] = {
    JS_CFUNC_DEF("of", 1, of),
    JS_CFUNC_DEF("resolvedOptions", 0, resolved_options),
};
static const JSCFunctionListEntry statics[] = {JS_CFUNC_DEF("supportedLocalesOf", 1, supported_locales_of)};

void define_display_names(JSContext *context, JSValueConst intl) {
    define<DisplayNames>(context, intl, {construct, false, methods, std::size(methods), statics, std::size(statics), 2});
}

} // namespace intl
