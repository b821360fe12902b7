/* The object Intl. */
#include "intl.h"
#include "dates.h"
#include "numbers.h"
#include <algorithm>
#include <set>
#include <unicode/ucurr.h>

extern "C" {
#include "init.h"
}

namespace intl {

static JSValue get_canonical_locales(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    Locales list;
    return canonicalize_locales(context, argv[0], list) ? list_of(context, list.tags) : JS_EXCEPTION;
}

/* ---- supportedValuesOf ---- */

static std::vector<std::string> currencies() {
    UErrorCode status = U_ZERO_ERROR;
    /* with names but not in ICU's list, as in V8 */
    std::vector<std::string> codes = {"SVC", "XDR", "XSU", "ZWL"};
    UEnumeration *all = ucurr_openISOCurrencies(UCURR_COMMON | UCURR_NON_DEPRECATED, &status);
    while (const char *code = uenum_next(all, nullptr, &status)) {
        UBool is_choice;
        int32_t length;
        UErrorCode named = U_ZERO_ERROR;
        icu::UnicodeString currency = unicode_of(code);
        ucurr_getName(currency.getTerminatedBuffer(), "en", UCURR_LONG_NAME, &is_choice, &length, &named);
        /* the bolivar fuerte is of the past */
        if (named != U_USING_DEFAULT_WARNING && strcmp(code, "VEF")) codes.push_back(code);
    }
    uenum_close(all);
    return codes;
}

static JSValue supported_values_of(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    std::string key;
    if (!ascii_of(context, argv[0], key)) return JS_EXCEPTION;
    std::vector<std::string> values;
    if (key == "calendar") values = calendars("");
    else if (key == "collation") values = collations("");
    else if (key == "currency") values = currencies();
    else if (key == "numberingSystem") values = numbering_systems();
    else if (key == "timeZone") values = time_zones();
    else if (key == "unit") values = simple_units();
    else return JS_ThrowRangeError(context, "Invalid key : %.100s", key.c_str());
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return list_of(context, values);
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("getCanonicalLocales", 1, get_canonical_locales),
    JS_CFUNC_DEF("supportedValuesOf", 1, supported_values_of),
};

static void define_intl(JSContext *context) {
    locales_init();
    time_zones_init();
    JSValue object = JS_NewObject(context);
    JS_SetPropertyFunctionList(context, object, functions, std::size(functions));
    engine_set_tag(context, object, "Intl");
    for (auto define_one : {define_date_time_format, define_number_format, define_collator, define_plural_rules,
                            define_relative_time_format, define_list_format, define_locale, define_display_names, define_segmenter,
                            define_duration_format})
        define_one(context, object);
    JSValue global = JS_GetGlobalObject(context);
    JS_DefinePropertyValueStr(context, global, "Intl", object, JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    JS_FreeValue(context, global);
    define_conversions(context);
}

} // namespace intl

extern "C" void intl_init(JSContext *context) { intl::define_intl(context); }
