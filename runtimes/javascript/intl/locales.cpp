/* Choosing locales: lists of tags, what there is data for, ResolveLocale. */
#include "intl.h"
#include <algorithm>
#include <set>
#include <unicode/calendar.h>
#include <unicode/coll.h>
#include <unicode/localematcher.h>
#include <unicode/numsys.h>
#include <unordered_set>

namespace intl {

static const char DEFAULT_LOCALE[] = "en-US";

/* ---- what there is ---- */

namespace {

/* The locales that a service has data for, and how the nearest is found. Made before the snapshot. */
struct Available {
    std::unordered_set<std::string> tags;
    std::unique_ptr<icu::LocaleMatcher> matcher;

    Available(const icu::Locale *locales, int32_t count) {
        UErrorCode status = U_ZERO_ERROR;
        icu::LocaleMatcher::Builder builder;
        builder.setDefaultLocale(nullptr);
        for (int32_t at = 0; at < count; at++) {
            add(locales[at], builder);
            /* zh-Hant-TW is known as zh-TW too */
            if (!*locales[at].getScript() || !*locales[at].getCountry()) continue;
            icu::Locale unscripted(locales[at].getLanguage(), locales[at].getCountry());
            icu::Locale likely(unscripted);
            likely.addLikelySubtags(status);
            if (!strcmp(likely.getScript(), locales[at].getScript())) add(unscripted, builder);
        }
        matcher = std::make_unique<icu::LocaleMatcher>(builder.build(status));
    }

  private:
    void add(const icu::Locale &locale, icu::LocaleMatcher::Builder &builder) {
        UErrorCode status = U_ZERO_ERROR;
        std::string tag = locale.toLanguageTag<std::string>(status);
        if (U_SUCCESS(status) && tags.insert(tag).second) builder.addSupportedLocale(locale);
    }
};

} // namespace

static Available *available_formats, *available_collations;
static const std::vector<std::string> *known_calendars, *known_numbering_systems;
/* Tags that are their own canonical form, as nearly all are that programs name. */
static std::unordered_set<std::string> *canonical_tags;

static Available &available(Service service) {
    return service == Service::COLLATION ? *available_collations : *available_formats;
}

static std::vector<std::string> values_of(icu::StringEnumeration *values) {
    std::unique_ptr<icu::StringEnumeration> owner(values);
    std::vector<std::string> all;
    UErrorCode status = U_ZERO_ERROR;
    while (const char *value = owner ? owner->next(nullptr, status) : nullptr) all.push_back(value);
    return all;
}

std::vector<std::string> calendars(const char *locale) {
    UErrorCode status = U_ZERO_ERROR;
    icu::Locale of(locale);
    std::vector<std::string> types;
    for (const std::string &name : values_of(icu::Calendar::getKeywordValuesForLocale("calendar", of, *locale, status)))
        if (const char *type = uloc_toUnicodeLocaleType("ca", name.c_str())) types.push_back(type);
    return types;
}

std::vector<std::string> collations(const char *locale) {
    UErrorCode status = U_ZERO_ERROR;
    std::vector<std::string> types;
    for (const std::string &name :
         values_of(*locale ? icu::Collator::getKeywordValuesForLocale("collation", icu::Locale(locale), true, status)
                           : icu::Collator::getKeywordValues("collation", status))) {
        const char *type = uloc_toUnicodeLocaleType("co", name.c_str());
        if (type && strcmp(type, "standard") && strcmp(type, "search")) types.push_back(type);
    }
    return types;
}

std::vector<std::string> numbering_systems() {
    UErrorCode status = U_ZERO_ERROR;
    std::vector<std::string> names;
    for (const std::string &name : values_of(icu::NumberingSystem::getAvailableNames(status))) {
        std::unique_ptr<icu::NumberingSystem> system(icu::NumberingSystem::createInstanceByName(name.c_str(), status));
        if (U_SUCCESS(status) && !system->isAlgorithmic()) names.push_back(name);
    }
    return names;
}

void locales_init() {
    int32_t count;
    const icu::Locale *locales = icu::Locale::getAvailableLocales(count);
    available_formats = new Available(locales, count);
    canonical_tags = new std::unordered_set<std::string>;
    for (const std::string &tag : available_formats->tags)
        if (std::string canonical; canonicalize_tag(tag, canonical) && canonical == tag) canonical_tags->insert(tag);
    locales = icu::Collator::getAvailableLocales(count);
    available_collations = new Available(locales, count);
    known_calendars = new std::vector(calendars(""));
    known_numbering_systems = new std::vector(numbering_systems());
}

/* ---- lists ---- */

static bool add_tag(JSContext *context, const std::string &tag, Locales &list) {
    std::string canonical;
    if (canonical_tags->count(tag)) canonical = tag;
    else if (!canonicalize_tag(tag, canonical)) return throw_bad_tag(context), false;
    if (std::find(list.tags.begin(), list.tags.end(), canonical) == list.tags.end()) list.tags.push_back(canonical);
    return true;
}

static bool add_element(JSContext *context, JSValueConst element, Locales &list) {
    if (!JS_IsString(element) && !JS_IsObject(element)) {
        JS_ThrowTypeError(context, "Language ID should be string or object.");
        return false;
    }
    std::string tag = tag_of_locale_object(element);
    if (tag.empty() && !ascii_of(context, element, tag)) return false;
    return add_tag(context, tag, list);
}

bool canonicalize_locales(JSContext *context, JSValueConst locales, Locales &list) {
    if (JS_IsUndefined(locales)) return true;
    if (JS_IsString(locales) || !tag_of_locale_object(locales).empty()) return add_element(context, locales, list);
    if (JS_IsNull(locales)) {
        JS_ThrowTypeError(context, "Cannot convert undefined or null to object");
        return false;
    }
    Value object(context, JS_ToObject(context, locales));
    int64_t length;
    if (object.is_exception() || JS_GetLength(context, object, &length) < 0) return false;
    for (int64_t at = 0; at < length; at++) {
        JSAtom index = engine_index(context, at);
        if (!index) return false;
        int has = JS_HasProperty(context, object, index);
        Value element(context, has > 0 ? JS_GetProperty(context, object, index) : JS_UNDEFINED);
        JS_FreeAtom(context, index);
        if (has < 0 || element.is_exception()) return false;
        if (has && !add_element(context, element, list)) return false;
    }
    return true;
}

/* ---- ResolveLocale ---- */

static bool contains(const std::vector<std::string> &values, const std::string &value) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

static bool supports(const char *key, const std::string &value, const icu::Locale &locale) {
    std::string_view name = key;
    if (name == "nu") return contains(*known_numbering_systems, value);
    if (name == "ca") return contains(*known_calendars, value);
    if (name == "hc") return value == "h11" || value == "h12" || value == "h23" || value == "h24";
    if (name == "kn") return value == "true" || value == "false";
    if (name == "kf") return value == "upper" || value == "lower" || value == "false";
    return contains(collations(locale.getBaseName()), value);
}

/* The locale that there is data for and that fits best; the requested one with its extensions in `desired`. */
static icu::Locale match(Service service, const Locales &requested, icu::Locale &desired) {
    UErrorCode status = U_ZERO_ERROR;
    const Available &from = available(service);
    std::vector<icu::Locale> wanted;
    for (const std::string &tag : requested.tags) {
        wanted.push_back(icu::Locale::forLanguageTag(tag, status));
        icu::Locale base(wanted.back().getBaseName());
        if (wanted.size() == 1 && from.tags.count(base.toLanguageTag<std::string>(status))) {
            desired = wanted[0];
            return base;
        }
    }
    if (!wanted.empty()) {
        icu::Locale::RangeIterator range(wanted.begin(), wanted.end());
        icu::LocaleMatcher::Result result = from.matcher->getBestMatchResult(range, status);
        if (U_SUCCESS(status) && result.getSupportedLocale()) {
            desired = *result.getDesiredLocale();
            return *result.getSupportedLocale();
        }
    }
    desired = icu::Locale(DEFAULT_LOCALE);
    return icu::Locale::forLanguageTag(DEFAULT_LOCALE, status);
}

Resolved resolve(Service service, const Locales &requested, std::initializer_list<Key *> keys) {
    UErrorCode status = U_ZERO_ERROR;
    icu::Locale desired, shown = match(service, requested, desired), locale = shown;
    for (Key *key : keys) {
        UErrorCode absent = U_ZERO_ERROR;
        std::string value = desired.getUnicodeKeywordValue<std::string>(key->name, absent);
        if (U_FAILURE(absent)) value.clear();
        bool is_shown = !value.empty() && supports(key->name, value, locale);
        key->value = is_shown ? value : "";
        if (!key->option.empty() && key->option != key->value && supports(key->name, key->option, locale)) {
            key->value = key->option;
            is_shown = false;
        }
        if (is_shown) shown.setUnicodeKeywordValue(key->name, value, status);
        if (!key->value.empty()) locale.setUnicodeKeywordValue(key->name, key->value, status);
    }
    return {shown.toLanguageTag<std::string>(status), locale};
}

bool read_matcher(const Options &options) {
    std::string ignored;
    return options.text("localeMatcher", {"lookup", "best fit"}, ignored);
}

/* LookupSupportedLocales: there is data for the tag, or for it without some of its last subtags. */
static bool is_supported(Service service, const std::string &tag) {
    UErrorCode status = U_ZERO_ERROR;
    icu::Locale base(icu::Locale::forLanguageTag(tag, status).getBaseName());
    std::string prefix = base.toLanguageTag<std::string>(status);
    while (!available(service).tags.count(prefix)) {
        size_t end = prefix.rfind('-');
        if (end == prefix.npos) return false;
        prefix.resize(end >= 2 && prefix[end - 2] == '-' ? end - 2 : end);
    }
    return true;
}

JSValue supported_locales(JSContext *context, Service service, const char *reader, int argc, JSValueConst *argv) {
    Locales requested;
    JSValue object;
    if (!canonicalize_locales(context, argument(argc, argv, 0), requested) ||
        !Options::coerce(context, argument(argc, argv, 1), object))
        return JS_EXCEPTION;
    Options options{context, {context, object}, reader};
    if (!read_matcher(options)) return JS_EXCEPTION;
    List list(context);
    for (const std::string &tag : requested.tags)
        if (is_supported(service, tag)) list.add(new_text(context, tag));
    return list.release();
}

} // namespace intl
