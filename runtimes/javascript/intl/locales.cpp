/* Choosing locales: lists of tags, what there is data for, ResolveLocale. */
#include "intl.h"
#include <algorithm>
#include <unicode/calendar.h>
#include <unicode/coll.h>
#include <unicode/numsys.h>
#include <unicode/plurrule.h>
#include <unicode/udata.h>
#include <unicode/ures.h>
#include <unordered_set>

namespace intl {

static const char DEFAULT_LOCALE[] = "en-US";

/* ---- what there is ---- */

/* The tags that a service has data for. Made before the snapshot. */
using Tags = std::unordered_set<std::string>;
static Tags *available[(int)Service::COUNT];

/* Whether a locale has collations of its own. */
static bool has_collations(const icu::Locale &locale) {
    UErrorCode status = U_ZERO_ERROR;
    ures_close(ures_open(U_ICUDATA_NAME "-coll", locale.getName(), &status));
    return status == U_ZERO_ERROR;
}

/* Whether there is a way of writing lists for it, or else for its language. */
static bool has_lists(const icu::Locale &locale) {
    UErrorCode status = U_ZERO_ERROR;
    UResourceBundle *bundle = ures_open(nullptr, locale.getName(), &status);
    ures_close(ures_getByKey(bundle, "listPattern", nullptr, &status));
    ures_close(bundle);
    bool has = U_SUCCESS(status) && status != U_USING_DEFAULT_WARNING;
    return has || (strcmp(locale.getName(), locale.getLanguage()) && has_lists(icu::Locale(locale.getLanguage())));
}

static void add(Tags &tags, const icu::Locale &locale) {
    UErrorCode status = U_ZERO_ERROR;
    tags.insert(locale.toLanguageTag<std::string>(status));
    /* zh-Hant-TW is known as zh-TW too */
    if (*locale.getScript() && *locale.getCountry())
        tags.insert(icu::Locale(locale.getLanguage(), locale.getCountry()).toLanguageTag<std::string>(status));
}

static Tags *tags_of(bool (*has)(const icu::Locale &)) {
    UErrorCode status = U_ZERO_ERROR;
    auto tags = new Tags;
    UEnumeration *names = uloc_openAvailableByType(ULOC_AVAILABLE_WITH_LEGACY_ALIASES, &status);
    while (const char *name = uenum_next(names, nullptr, &status))
        if (icu::Locale locale(name); has(locale)) add(*tags, locale);
    uenum_close(names);
    return tags;
}

static Tags *tags_of_plurals() {
    UErrorCode status = U_ZERO_ERROR;
    auto tags = new Tags;
    std::unique_ptr<icu::StringEnumeration> names(icu::PluralRules::getAvailableLocales(status));
    while (const char *name = names->next(nullptr, status)) add(*tags, icu::Locale(name));
    return tags;
}

static const std::vector<std::string> *known_calendars, *known_numbering_systems;
/* Tags that are their own canonical form, as nearly all are that programs name. */
static Tags *canonical_tags;

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
    available[(int)Service::FORMATS] = tags_of([](const icu::Locale &) { return true; });
    available[(int)Service::LISTS] = tags_of(has_lists);
    available[(int)Service::COLLATION] = tags_of(has_collations);
    available[(int)Service::PLURALS] = tags_of_plurals();
    canonical_tags = new Tags;
    for (const std::string &tag : *available[(int)Service::FORMATS])
        if (std::string canonical; canonicalize_tag(tag, canonical) && canonical == tag) canonical_tags->insert(tag);
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

/* BestAvailableLocale of a tag without extensions; empty: there is none. */
static std::string best_available(Service service, std::string tag) {
    while (!available[(int)service]->count(tag)) {
        size_t end = tag.rfind('-');
        if (end == tag.npos) return "";
        tag.resize(end >= 2 && tag[end - 2] == '-' ? end - 2 : end);
    }
    return tag;
}

static std::string without_extensions(const icu::Locale &locale) {
    UErrorCode status = U_ZERO_ERROR;
    return icu::Locale(locale.getBaseName()).toLanguageTag<std::string>(status);
}

/* LookupMatchingLocaleByPrefix; the requested locale with its extensions in `desired`. */
static icu::Locale match(Service service, const Locales &requested, icu::Locale &desired) {
    UErrorCode status = U_ZERO_ERROR;
    for (const std::string &tag : requested.tags) {
        desired = icu::Locale::forLanguageTag(tag, status);
        std::string found = best_available(service, canonical_tags->count(tag) ? tag : without_extensions(desired));
        if (!found.empty()) return icu::Locale::forLanguageTag(found, status);
    }
    return desired = icu::Locale::forLanguageTag(DEFAULT_LOCALE, status);
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

JSValue supported_locales(JSContext *context, Service service, const char *reader, int argc, JSValueConst *argv) {
    Locales requested;
    JSValue object;
    if (!canonicalize_locales(context, argument(argc, argv, 0), requested) ||
        !Options::coerce(context, argument(argc, argv, 1), object))
        return JS_EXCEPTION;
    Options options{context, {context, object}, reader};
    if (!read_matcher(options)) return JS_EXCEPTION;
    List list(context);
    UErrorCode status = U_ZERO_ERROR;
    for (const std::string &tag : requested.tags)
        if (!best_available(service, without_extensions(icu::Locale::forLanguageTag(tag, status))).empty()) list.add(new_text(context, tag));
    return list.release();
}

} // namespace intl
