/* Intl.Collator and String.prototype.localeCompare */
#include "cache.h"
#include "conversions.h"
#include <unicode/coll.h>

namespace intl {

namespace {

enum class Usage { SORT, SEARCH };
enum class Sensitivity { BASE, ACCENT, CASE, VARIANT, UNSET };

const std::initializer_list<const char *> SENSITIVITIES = {"base", "accent", "case", "variant"};

struct CollatorSettings {
    Resolved resolved;
    Usage usage = Usage::SORT;
    Key collation{"co"}, numeric{"kn"}, case_first{"kf"};
    Sensitivity sensitivity = Sensitivity::UNSET;
    bool ignores_punctuation = false, punctuation_given = false;

    bool read(JSContext *context, JSValueConst locales, JSValueConst given);
    std::string key() const;
};

struct Collator : icu::UMemory {
    static constexpr const char *NAME = "Collator";
    CollatorSettings settings;
    std::shared_ptr<const icu::Collator> collator;
    JSValue held = JS_UNDEFINED;
};

} // namespace

bool CollatorSettings::read(JSContext *context, JSValueConst locales, JSValueConst given) {
    Locales requested;
    JSValue object;
    if (!canonicalize_locales(context, locales, requested) || !Options::coerce(context, given, object)) return false;
    Options options{context, {context, object}, "Intl.Collator"};
    if (!options.choice("usage", {"sort", "search"}, usage) || !read_matcher(options)) return false;
    if (!options.text("collation", {}, collation.option)) return false;
    if (!collation.option.empty() && !is_type(collation.option)) {
        JS_ThrowRangeError(context, "Invalid collation : %.100s", collation.option.c_str());
        return false;
    }
    bool is_numeric, numeric_given;
    if (!options.boolean("numeric", is_numeric, numeric_given)) return false;
    if (numeric_given) numeric.option = is_numeric ? "true" : "false";
    if (!options.text("caseFirst", {"upper", "lower", "false"}, case_first.option)) return false;
    resolved = resolve(Service::COLLATION, requested, {&collation, &case_first, &numeric});
    if (!options.choice("sensitivity", SENSITIVITIES, sensitivity)) return false;
    return options.boolean("ignorePunctuation", ignores_punctuation, punctuation_given);
}

std::string CollatorSettings::key() const {
    std::string key = resolved.locale.getName();
    for (int part : {(int)usage, (int)sensitivity, (int)ignores_punctuation, (int)punctuation_given}) key += "," + std::to_string(part);
    return key;
}

static std::shared_ptr<const icu::Collator> make(const CollatorSettings &settings) {
    UErrorCode status = U_ZERO_ERROR;
    icu::Locale locale = settings.resolved.locale;
    if (settings.usage == Usage::SEARCH) locale.setUnicodeKeywordValue("co", "search", status);
    std::shared_ptr<icu::Collator> collator(icu::Collator::createInstance(locale, status));
    if (U_FAILURE(status)) return nullptr;
    collator->setAttribute(UCOL_NORMALIZATION_MODE, UCOL_ON, status);
    if (!settings.numeric.value.empty())
        collator->setAttribute(UCOL_NUMERIC_COLLATION, settings.numeric.value == "true" ? UCOL_ON : UCOL_OFF, status);
    if (const std::string &first = settings.case_first.value; !first.empty())
        collator->setAttribute(UCOL_CASE_FIRST, first == "upper" ? UCOL_UPPER_FIRST : first == "lower" ? UCOL_LOWER_FIRST : UCOL_OFF, status);
    switch (settings.sensitivity) {
    case Sensitivity::BASE: collator->setStrength(icu::Collator::PRIMARY); break;
    case Sensitivity::ACCENT: collator->setStrength(icu::Collator::SECONDARY); break;
    case Sensitivity::CASE:
        collator->setStrength(icu::Collator::PRIMARY);
        collator->setAttribute(UCOL_CASE_LEVEL, UCOL_ON, status);
        break;
    case Sensitivity::VARIANT: collator->setStrength(icu::Collator::TERTIARY); break;
    case Sensitivity::UNSET: break;
    }
    if (settings.punctuation_given)
        collator->setAttribute(UCOL_ALTERNATE_HANDLING, settings.ignores_punctuation ? UCOL_SHIFTED : UCOL_NON_IGNORABLE, status);
    return U_SUCCESS(status) ? collator : nullptr;
}

static std::shared_ptr<const icu::Collator> collator_for(JSContext *context, const CollatorSettings &settings) {
    static Cache<icu::Collator> collators;
    auto collator = collators.get(settings.key(), [&] { return make(settings); });
    if (!collator) failed(context, U_INTERNAL_PROGRAM_ERROR);
    return collator;
}

static JSValue construct(JSContext *context, JSValueConst target, int argc, JSValueConst *argv) {
    JSValueConst new_target = engine_is_constructing(context) ? target : JS_UNDEFINED;
    Value object(context, create(context, new_target, class_of<Collator>));
    if (object.is_exception()) return JS_EXCEPTION;
    std::unique_ptr<Collator> state(new Collator);
    if (!state || !state->settings.read(context, argument(argc, argv, 0), argument(argc, argv, 1))) return JS_EXCEPTION;
    state->collator = collator_for(context, state->settings);
    return state->collator ? with_state(context, object, std::move(state)) : JS_EXCEPTION;
}

/* ---- comparing ---- */

namespace {
/* The UTF-16 units of a string: its own memory, or a copy if it is narrow. */
struct Units {
    const char16_t *units = nullptr;
    int32_t length = 0;
    icu::UnicodeString copy;

    bool of(JSContext *context, JSValueConst string) {
        struct engine_text text;
        if (!engine_text(context, string, &text)) return false;
        length = text.length;
        units = (const char16_t *)text.wide;
        if (units || !length) return true;
        if (!text_of(context, string, copy)) return false;
        units = copy.getBuffer();
        return true;
    }
};
} // namespace

static JSValue compare(JSContext *context, const icu::Collator &collator, JSValueConst left, JSValueConst right) {
    Value a(context, JS_ToString(context, left));
    if (a.is_exception()) return JS_EXCEPTION;
    Value b(context, JS_ToString(context, right));
    Units x, y;
    if (b.is_exception() || !x.of(context, a) || !y.of(context, b)) return JS_EXCEPTION;
    UErrorCode status = U_ZERO_ERROR;
    UCollationResult result = collator.compare(x.units ? x.units : u"", x.length, y.units ? y.units : u"", y.length, status);
    return failed(context, status) ? JS_EXCEPTION : JS_NewInt32(context, result);
}

JSValue locale_compare(JSContext *context, JSValueConst left, JSValueConst right, JSValueConst locales, JSValueConst options) {
    /* as most programs call it, without either */
    static std::shared_ptr<const icu::Collator> usual;
    std::shared_ptr<const icu::Collator> collator = usual;
    bool is_usual = JS_IsUndefined(locales) && JS_IsUndefined(options);
    if (!is_usual || !collator) {
        CollatorSettings settings;
        if (!settings.read(context, locales, options)) return JS_EXCEPTION;
        collator = collator_for(context, settings);
        if (!collator) return JS_EXCEPTION;
        if (is_usual) usual = collator;
    }
    return compare(context, *collator, left, right);
}

static JSValue bound_compare(JSContext *context, JSValueConst, int argc, JSValueConst *argv, int, JSValueConst *data) {
    auto state = state_of<Collator>(context, data[0], "compare");
    return state ? compare(context, *state->collator, argument(argc, argv, 0), argument(argc, argv, 1)) : JS_EXCEPTION;
}

static JSValue get_compare(JSContext *context, JSValueConst self) {
    auto state = state_of<Collator>(context, self, "compare");
    return state ? bound_method(context, self, state->held, 2, bound_compare) : JS_EXCEPTION;
}

/* ---- what it is made of ---- */

static std::string_view sensitivity_of(const icu::Collator &collator, UErrorCode &status) {
    switch (collator.getStrength()) {
    case icu::Collator::PRIMARY: return collator.getAttribute(UCOL_CASE_LEVEL, status) == UCOL_ON ? "case" : "base";
    case icu::Collator::SECONDARY: return "accent";
    default: return "variant";
    }
}

static std::string_view case_first_of(const icu::Collator &collator, UErrorCode &status) {
    switch (collator.getAttribute(UCOL_CASE_FIRST, status)) {
    case UCOL_UPPER_FIRST: return "upper";
    case UCOL_LOWER_FIRST: return "lower";
    default: return "false";
    }
}

static JSValue resolved_options(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    auto state = state_of<Collator>(context, self, "resolvedOptions");
    if (!state) return JS_EXCEPTION;
    UErrorCode status = U_ZERO_ERROR;
    const icu::Collator &collator = *state->collator;
    Record record(context);
    record.put("locale", state->settings.resolved.tag);
    record.put("usage", std::string_view(state->settings.usage == Usage::SORT ? "sort" : "search"));
    record.put("sensitivity", sensitivity_of(collator, status));
    record.put("ignorePunctuation", collator.getAttribute(UCOL_ALTERNATE_HANDLING, status) == UCOL_SHIFTED);
    const std::string &collation = state->settings.collation.value;
    record.put("collation", std::string_view(collation.empty() ? "default" : collation));
    record.put("numeric", collator.getAttribute(UCOL_NUMERIC_COLLATION, status) == UCOL_ON);
    record.put("caseFirst", case_first_of(collator, status));
    return failed(context, status) ? JS_EXCEPTION : record.release();
}

static JSValue supported_locales_of(JSContext *context, JSValueConst, int argc, JSValueConst *argv) {
    return supported_locales(context, Service::COLLATION, "Intl.Collator", argc, argv);
}

static const JSCFunctionListEntry methods[] = {
    JS_CGETSET_DEF("compare", get_compare, nullptr),
    JS_CFUNC_DEF("resolvedOptions", 0, resolved_options),
};
static const JSCFunctionListEntry statics[] = {JS_CFUNC_DEF("supportedLocalesOf", 1, supported_locales_of)};

void define_collator(JSContext *context, JSValueConst intl) {
    define<Collator>(context, intl, {construct, true, methods, std::size(methods), statics, std::size(statics)});
}

} // namespace intl
