/* Intl.Locale */
#include "intl.h"
#include <algorithm>
#include <unicode/calendar.h>
#include <unicode/dtptngen.h>
#include <unicode/localebuilder.h>
#include <unicode/numsys.h>
#include <unicode/timezone.h>

namespace intl {

namespace {
struct Locale : icu::UMemory {
    static constexpr const char *NAME = "Locale";
    icu::Locale locale;
    std::string tag;
};
} // namespace

std::string tag_of_locale_object(JSValueConst value) {
    auto state = (Locale *)JS_GetOpaque(value, class_of<Locale>.id);
    return state ? state->tag : std::string();
}

/* ---- making one ---- */

/* An option that must have a form; empty if it is not given. */
static bool read_formed(const Options &options, const char *name, bool (*is_formed)(std::string_view), std::string &text) {
    static const std::string ABSENT(1, '\0');
    text = ABSENT;
    if (!options.text(name, {}, text)) return false;
    if (text == ABSENT) text.clear();
    else if (!is_formed(text)) return throw_bad_tag(options.context), false;
    return true;
}

static bool is_variants(std::string_view text) {
    std::vector<std::string> seen;
    for (size_t start = 0;;) {
        size_t end = text.find('-', start);
        std::string variant = lower(text.substr(start, end == text.npos ? end : end - start));
        if (!is_variant(variant) || std::find(seen.begin(), seen.end(), variant) != seen.end()) return false;
        seen.push_back(variant);
        if (end == text.npos) return true;
        start = end + 1;
    }
}

static bool read_language(const Options &options, icu::LocaleBuilder &builder) {
    std::string language, script, region, variants;
    if (!read_formed(options, "language", is_language, language)) return false;
    if (!read_formed(options, "script", is_script, script)) return false;
    if (!read_formed(options, "region", is_region, region)) return false;
    if (!read_formed(options, "variants", is_variants, variants)) return false;
    if (!language.empty()) builder.setLanguage(language);
    if (!script.empty()) builder.setScript(script);
    if (!region.empty()) builder.setRegion(region);
    if (!variants.empty()) builder.setVariant(variants);
    return true;
}

/* "mon" or 1 for "mon": weekdays have numbers too. */
static std::string weekday_type(const std::string &given) {
    static const char *const names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    return given.size() == 1 && given[0] >= '0' && given[0] <= '7' ? names[given[0] - '0'] : given;
}

static bool is_weekday_type(std::string_view given) { return is_type(weekday_type(std::string(given))); }

static bool read_keywords(const Options &options, icu::LocaleBuilder &builder) {
    std::string calendar, collation, weekday, hour_cycle, case_first, numbering_system;
    bool numeric, numeric_given;
    if (!read_formed(options, "calendar", is_type, calendar)) return false;
    if (!read_formed(options, "collation", is_type, collation)) return false;
    if (!read_formed(options, "firstDayOfWeek", is_weekday_type, weekday)) return false;
    if (!options.text("hourCycle", {"h11", "h12", "h23", "h24"}, hour_cycle)) return false;
    if (!options.text("caseFirst", {"upper", "lower", "false"}, case_first)) return false;
    if (!options.boolean("numeric", numeric, numeric_given)) return false;
    if (!read_formed(options, "numberingSystem", is_type, numbering_system)) return false;
    auto set = [&](const char *key, const std::string &value) {
        if (!value.empty()) builder.setUnicodeLocaleKeyword(key, lower(value));
    };
    set("ca", calendar);
    set("co", collation);
    set("fw", weekday_type(weekday));
    set("hc", hour_cycle);
    set("kf", case_first);
    if (numeric_given) set("kn", numeric ? "true" : "false");
    set("nu", numbering_system);
    return true;
}

static JSValue make(JSContext *context, Value &object, icu::Locale locale) {
    UErrorCode status = U_ZERO_ERROR;
    locale.canonicalize(status);
    std::string tag = locale.toLanguageTag<std::string>(status);
    if (U_FAILURE(status) || locale.isBogus()) return throw_bad_tag(context);
    std::unique_ptr<Locale> state(new Locale);
    if (state) {
        state->locale = locale;
        state->tag = tag;
    }
    return with_state(context, object, std::move(state));
}

static JSValue construct(JSContext *context, JSValueConst new_target, int argc, JSValueConst *argv) {
    Value object(context, create(context, new_target, class_of<Locale>));
    if (object.is_exception()) return JS_EXCEPTION;
    JSValueConst given = argument(argc, argv, 0);
    if (!JS_IsString(given) && !JS_IsObject(given))
        return JS_ThrowTypeError(context, "First argument to Intl.Locale constructor can't be empty or missing");
    std::string tag = tag_of_locale_object(given), canonical;
    if (tag.empty() && !ascii_of(context, given, tag)) return JS_EXCEPTION;
    JSValue coerced;
    if (!Options::coerce(context, argument(argc, argv, 1), coerced)) return JS_EXCEPTION;
    Options options{context, {context, coerced}, "Intl.Locale"};
    if (!canonicalize_tag(tag, canonical)) return throw_bad_tag(context);
    UErrorCode status = U_ZERO_ERROR;
    icu::LocaleBuilder builder;
    builder.setLanguageTag(canonical);
    if (!read_language(options, builder)) return JS_EXCEPTION;
    icu::Locale with_language = builder.build(status);
    with_language.canonicalize(status);
    if (U_FAILURE(status)) return throw_bad_tag(context);
    builder.setLocale(with_language);
    if (!read_keywords(options, builder)) return JS_EXCEPTION;
    icu::Locale locale = builder.build(status);
    return U_FAILURE(status) ? throw_bad_tag(context) : make(context, object, locale);
}

/* ---- methods ---- */

static JSValue likely_subtags(JSContext *context, JSValueConst self, int argc, JSValueConst *argv, int minimize) {
    auto state = state_of<Locale>(context, self, minimize ? "minimize" : "maximize");
    if (!state) return JS_EXCEPTION;
    UErrorCode status = U_ZERO_ERROR;
    icu::Locale base(state->locale.getBaseName());
    if (minimize) base.minimizeSubtags(status);
    else base.addLikelySubtags(status);
    icu::LocaleBuilder builder;
    builder.setLocale(state->locale).setLanguage(base.getLanguage()).setScript(base.getScript()).setRegion(base.getCountry());
    icu::Locale locale = builder.build(status);
    if (failed(context, status)) return JS_EXCEPTION;
    Value object(context, create(context, JS_UNDEFINED, class_of<Locale>));
    return object.is_exception() ? JS_EXCEPTION : make(context, object, locale);
}

static JSValue to_string(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    auto state = state_of<Locale>(context, self, "toString");
    return state ? new_text(context, state->tag) : JS_EXCEPTION;
}

static std::string keyword(const Locale &state, const char *name) {
    UErrorCode status = U_ZERO_ERROR;
    std::string value = state.locale.getUnicodeKeywordValue<std::string>(name, status);
    return U_SUCCESS(status) ? value : std::string();
}

/* By magic: the places of getters in `methods`. */
enum { LANGUAGE, SCRIPT, REGION, VARIANTS, BASE_NAME, CALENDAR, CASE_FIRST, COLLATION, WEEKDAY, HOUR_CYCLE, NUMERIC, NUMBERING_SYSTEM };

static std::string variants(const icu::Locale &locale) {
    UErrorCode status = U_ZERO_ERROR;
    std::string tag = icu::Locale(nullptr, nullptr, locale.getVariant()).toLanguageTag<std::string>(status);
    return tag.substr(0, 4) == "und-" ? tag.substr(4) : "";
}

static JSValue get(JSContext *context, JSValueConst self, int what) {
    static const char *const keys[] = {"", "", "", "", "", "ca", "kf", "co", "fw", "hc", "kn", "nu"};
    auto state = state_of<Locale>(context, self, "property");
    if (!state) return JS_EXCEPTION;
    UErrorCode status = U_ZERO_ERROR;
    const icu::Locale &locale = state->locale;
    std::string text;
    switch (what) {
    case LANGUAGE: text = *locale.getLanguage() ? locale.getLanguage() : "und"; break;
    case SCRIPT: text = locale.getScript(); break;
    case REGION: text = locale.getCountry(); break;
    case VARIANTS: text = variants(locale); break;
    case BASE_NAME: text = icu::Locale(locale.getBaseName()).toLanguageTag<std::string>(status); break;
    case NUMERIC: return JS_NewBool(context, keyword(*state, "kn") == "true");
    default: text = keyword(*state, keys[what]);
    }
    if (what == CASE_FIRST && (text == "true" || text == "yes")) text = "";
    else if (text.empty()) return JS_UNDEFINED;
    return new_text(context, text);
}

/* ---- what is known of a locale ---- */

enum { CALENDARS, COLLATIONS, HOUR_CYCLES, NUMBERING_SYSTEMS, TEXT_INFO, TIME_ZONES, WEEK_INFO };

static JSValue calendars_of(JSContext *context, const Locale &state) {
    UErrorCode status = U_ZERO_ERROR;
    std::vector<std::string> types;
    std::unique_ptr<icu::StringEnumeration> names(icu::Calendar::getKeywordValuesForLocale("calendar", state.locale, true, status));
    while (const char *name = U_SUCCESS(status) ? names->next(nullptr, status) : nullptr)
        types.push_back(uloc_toUnicodeLocaleType("ca", name));
    return failed(context, status) ? JS_EXCEPTION : list_of(context, types);
}

static JSValue collations_of(JSContext *context, const Locale &state) {
    std::vector<std::string> types = collations(state.locale.getBaseName());
    std::sort(types.begin(), types.end());
    return list_of(context, types);
}

static JSValue hour_cycles_of(JSContext *context, const Locale &state) {
    static const char *const names[] = {"h11", "h12", "h23", "h24"};
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::DateTimePatternGenerator> generator(icu::DateTimePatternGenerator::createInstance(state.locale, status));
    if (failed(context, status)) return JS_EXCEPTION;
    return list_of(context, {names[generator->getDefaultHourCycle(status)]});
}

static JSValue time_zones_of(JSContext *context, const Locale &state) {
    if (!*state.locale.getCountry()) return JS_UNDEFINED;
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::StringEnumeration> zones(icu::TimeZone::createTimeZoneIDEnumeration(
        UCAL_ZONE_TYPE_CANONICAL, state.locale.getCountry(), nullptr, status));
    std::vector<std::string> names;
    while (const char *name = U_SUCCESS(status) ? zones->next(nullptr, status) : nullptr) names.push_back(name);
    std::sort(names.begin(), names.end());
    return failed(context, status) ? JS_EXCEPTION : list_of(context, names);
}

static JSValue week_info_of(JSContext *context, const Locale &state) {
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::Calendar> calendar(icu::Calendar::createInstance(state.locale, status));
    if (failed(context, status)) return JS_EXCEPTION;
    auto number = [](int day) { return day == UCAL_SUNDAY ? 7 : day - 1; };
    Record record(context);
    record.put("firstDay", number(calendar->getFirstDayOfWeek(status)));
    List weekend(context);
    for (int day : {UCAL_MONDAY, UCAL_TUESDAY, UCAL_WEDNESDAY, UCAL_THURSDAY, UCAL_FRIDAY, UCAL_SATURDAY, UCAL_SUNDAY})
        if (calendar->getDayOfWeekType((UCalendarDaysOfWeek)day, status) != UCAL_WEEKDAY) weekend.add(JS_NewInt32(context, number(day)));
    record.put("weekend", weekend.release());
    record.put("minimalDays", calendar->getMinimalDaysInFirstWeek());
    return failed(context, status) ? JS_EXCEPTION : record.release();
}

static JSValue get_info(JSContext *context, JSValueConst self, int what) {
    static const char *const keys[] = {"ca", "co", "hc", "nu"};
    auto state = state_of<Locale>(context, self, "property");
    if (!state) return JS_EXCEPTION;
    UErrorCode status = U_ZERO_ERROR;
    if (what <= NUMBERING_SYSTEMS)
        if (std::string chosen = keyword(*state, keys[what]); !chosen.empty()) return list_of(context, {chosen});
    switch (what) {
    case CALENDARS: return calendars_of(context, *state);
    case COLLATIONS: return collations_of(context, *state);
    case HOUR_CYCLES: return hour_cycles_of(context, *state);
    case TIME_ZONES: return time_zones_of(context, *state);
    case WEEK_INFO: return week_info_of(context, *state);
    case NUMBERING_SYSTEMS: {
        std::unique_ptr<icu::NumberingSystem> system(icu::NumberingSystem::createInstance(state->locale, status));
        return failed(context, status) ? JS_EXCEPTION : list_of(context, {system->getName()});
    }
    }
    Record record(context);
    record.put("direction", std::string_view(state->locale.isRightToLeft() ? "rtl" : "ltr"));
    return record.release();
}

static JSValue call_info(JSContext *context, JSValueConst self, int argc, JSValueConst *argv, int what) {
    return get_info(context, self, what);
}

/* Information is both a method, as in the standard, and a property, as in Node up to 22. */
#define INFORMATION(property, method, what)                                                                            \
    JS_CGETSET_MAGIC_DEF(property, get_info, nullptr, what), JS_CFUNC_MAGIC_DEF(method, 0, call_info, what)
#define GETTER(name, what) JS_CGETSET_MAGIC_DEF(name, get, nullptr, what)

static const JSCFunctionListEntry methods[] = {
    JS_CFUNC_DEF("toString", 0, to_string),
    JS_CFUNC_MAGIC_DEF("maximize", 0, likely_subtags, false),
    JS_CFUNC_MAGIC_DEF("minimize", 0, likely_subtags, true),
    GETTER("language", LANGUAGE), GETTER("script", SCRIPT), GETTER("region", REGION), GETTER("variants", VARIANTS),
    GETTER("baseName", BASE_NAME), GETTER("calendar", CALENDAR), GETTER("caseFirst", CASE_FIRST),
    GETTER("collation", COLLATION), GETTER("firstDayOfWeek", WEEKDAY), GETTER("hourCycle", HOUR_CYCLE),
    GETTER("numeric", NUMERIC), GETTER("numberingSystem", NUMBERING_SYSTEM),
    INFORMATION("calendars", "getCalendars", CALENDARS),
    INFORMATION("collations", "getCollations", COLLATIONS),
    INFORMATION("hourCycles", "getHourCycles", HOUR_CYCLES),
    INFORMATION("numberingSystems", "getNumberingSystems", NUMBERING_SYSTEMS),
    INFORMATION("textInfo", "getTextInfo", TEXT_INFO),
    INFORMATION("timeZones", "getTimeZones", TIME_ZONES),
    INFORMATION("weekInfo", "getWeekInfo", WEEK_INFO),
};

void define_locale(JSContext *context, JSValueConst intl) {
    define<Locale>(context, intl, {.construct = construct, .methods = methods, .method_count = std::size(methods), .length = 1});
}

} // namespace intl
