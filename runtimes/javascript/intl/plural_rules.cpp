/* Intl.PluralRules */
#include "cache.h"
#include "numbers.h"
#include <algorithm>
#include <unicode/plurrule.h>

namespace intl {

namespace {

struct Rules {
    std::unique_ptr<icu::PluralRules> rules;
    icu::number::LocalizedNumberFormatter formatter;
    icu::number::LocalizedNumberRangeFormatter range_formatter;
};

struct PluralRules : icu::UMemory {
    static constexpr const char *NAME = "PluralRules";
    Resolved resolved;
    bool is_ordinal = false;
    Digits digits;
    std::shared_ptr<const Rules> rules;
};

} // namespace

static std::shared_ptr<const Rules> make(const PluralRules &state) {
    UErrorCode status = U_ZERO_ERROR;
    auto rules = std::make_shared<Rules>();
    const icu::Locale &locale = state.resolved.locale;
    rules->rules.reset(icu::PluralRules::forLocale(locale, state.is_ordinal ? UPLURAL_TYPE_ORDINAL : UPLURAL_TYPE_CARDINAL, status));
    auto formatter = state.digits.apply(icu::number::UnlocalizedNumberFormatter());
    rules->formatter = formatter.locale(locale);
    rules->range_formatter = icu::number::UnlocalizedNumberRangeFormatter().numberFormatterBoth(formatter).locale(locale);
    return U_SUCCESS(status) ? rules : nullptr;
}

static JSValue construct(JSContext *context, JSValueConst new_target, int argc, JSValueConst *argv) {
    static Cache<Rules> all;
    Value object(context, create(context, new_target, class_of<PluralRules>));
    if (object.is_exception()) return JS_EXCEPTION;
    std::unique_ptr<PluralRules> state(new PluralRules);
    Locales requested;
    JSValue coerced;
    if (!state || !canonicalize_locales(context, argument(argc, argv, 0), requested) ||
        !Options::coerce(context, argument(argc, argv, 1), coerced))
        return JS_EXCEPTION;
    Options options{context, {context, coerced}, "Intl.PluralRules"};
    if (!read_matcher(options) || !options.choice("type", {"cardinal", "ordinal"}, state->is_ordinal)) return JS_EXCEPTION;
    if (!state->digits.read(options, 0, 3, false)) return JS_EXCEPTION;
    state->resolved = resolve(Service::PLURALS, requested, {});
    std::string key = state->resolved.tag + "," + std::to_string(state->is_ordinal) + "," + state->digits.key();
    state->rules = all.get(key, [&] { return make(*state); });
    if (!state->rules) return failed(context, U_INTERNAL_PROGRAM_ERROR), JS_EXCEPTION;
    return with_state(context, object, std::move(state));
}

static JSValue select(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    auto state = state_of<PluralRules>(context, self, "select");
    double number;
    if (!state || JS_ToFloat64(context, &number, argv[0])) return JS_EXCEPTION;
    UErrorCode status = U_ZERO_ERROR;
    icu::number::FormattedNumber formatted = state->rules->formatter.formatDouble(number, status);
    icu::UnicodeString category = state->rules->rules->select(formatted, status);
    return failed(context, status) ? JS_EXCEPTION : new_text(context, category);
}

static JSValue select_range(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    auto state = state_of<PluralRules>(context, self, "selectRange");
    if (!state) return JS_EXCEPTION;
    double ends[2];
    for (int at = 0; at < 2; at++)
        if (JS_IsUndefined(argv[at])) return JS_ThrowTypeError(context, "Invalid %s : undefined", at ? "endRange" : "startRange");
    for (int at = 0; at < 2; at++)
        if (JS_ToFloat64(context, &ends[at], argv[at])) return JS_EXCEPTION;
    for (int at = 0; at < 2; at++)
        if (ends[at] != ends[at]) return JS_ThrowRangeError(context, "Invalid %s : NaN", at ? "endRange" : "startRange");
    UErrorCode status = U_ZERO_ERROR;
    auto formatted = state->rules->range_formatter.formatFormattableRange(ends[0], ends[1], status);
    icu::UnicodeString category = state->rules->rules->select(formatted, status);
    return failed(context, status) ? JS_EXCEPTION : new_text(context, category);
}

static std::vector<std::string> categories(const icu::PluralRules &rules) {
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::StringEnumeration> keywords(rules.getKeywords(status));
    std::vector<std::string> known, ordered;
    while (const char *keyword = U_SUCCESS(status) ? keywords->next(nullptr, status) : nullptr) known.push_back(keyword);
    for (const char *name : {"zero", "one", "two", "few", "many", "other"})
        if (std::find(known.begin(), known.end(), name) != known.end()) ordered.push_back(name);
    return ordered;
}

static JSValue resolved_options(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    auto state = state_of<PluralRules>(context, self, "resolvedOptions");
    if (!state) return JS_EXCEPTION;
    Record record(context);
    record.put("locale", state->resolved.tag);
    record.put("type", std::string_view(state->is_ordinal ? "ordinal" : "cardinal"));
    state->digits.show_digits(record);
    record.put("pluralCategories", list_of(context, categories(*state->rules->rules)));
    state->digits.show_rounding(record);
    return record.release();
}

static JSValue supported_locales_of(JSContext *context, JSValueConst, int argc, JSValueConst *argv) {
    return supported_locales(context, Service::PLURALS, "Intl.PluralRules", argc, argv);
}

static const JSCFunctionListEntry methods[] = {
    JS_CFUNC_DEF("select", 1, select),
    JS_CFUNC_DEF("selectRange", 2, select_range),
    JS_CFUNC_DEF("resolvedOptions", 0, resolved_options),
};
static const JSCFunctionListEntry statics[] = {JS_CFUNC_DEF("supportedLocalesOf", 1, supported_locales_of)};

void define_plural_rules(JSContext *context, JSValueConst intl) {
    define<PluralRules>(context, intl, {construct, false, methods, std::size(methods), statics, std::size(statics)});
}

} // namespace intl
