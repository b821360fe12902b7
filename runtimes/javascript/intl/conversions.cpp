/* What the built-in classes do by Intl: toLocaleString and its like, localeCompare, case by language. */
#include "conversions.h"

namespace intl {

/* ---- Date ---- */

static JSValue date_to_locale(JSContext *context, JSValueConst self, int argc, JSValueConst *argv, int parts) {
    double milliseconds;
    if (!engine_date(context, self, &milliseconds)) return JS_EXCEPTION;
    if (milliseconds != milliseconds) return new_text(context, std::string_view("Invalid Date"));
    auto required = (DateParts)parts;
    /* toLocaleString shows date and time unless it is told what to show */
    return format_date(context, milliseconds, required, required, argument(argc, argv, 0), argument(argc, argv, 1));
}

/* ---- Number, BigInt ---- */

static JSValue number_to_locale(JSContext *context, JSValueConst self, int argc, JSValueConst *argv, int is_bigint) {
    enum engine_kind kind = engine_kind(self), boxed = is_bigint ? KIND_BOXED_BIGINT : KIND_BOXED_NUMBER;
    if (kind != (is_bigint ? KIND_BIGINT : KIND_NUMBER) && kind != boxed)
        return JS_ThrowTypeError(context, "%s.prototype.toLocaleString requires that 'this' be a %s", is_bigint ? "BigInt" : "Number",
                                 is_bigint ? "BigInt" : "Number");
    Value number(context, kind == boxed ? engine_unboxed(context, self) : JS_DupValue(context, self));
    return format_number(context, number, argument(argc, argv, 0), argument(argc, argv, 1));
}

/* ---- String ---- */

static JSValue string_of_this(JSContext *context, JSValueConst self, const char *method) {
    if (JS_IsUndefined(self) || JS_IsNull(self))
        return JS_ThrowTypeError(context, "String.prototype.%s called on null or undefined", method);
    return JS_ToString(context, self);
}

static JSValue string_compare(JSContext *context, JSValueConst self, int argc, JSValueConst *argv, int) {
    Value left(context, string_of_this(context, self, "localeCompare"));
    if (left.is_exception()) return JS_EXCEPTION;
    Value right(context, JS_ToString(context, argument(argc, argv, 0)));
    if (right.is_exception()) return JS_EXCEPTION;
    return locale_compare(context, left, right, argument(argc, argv, 1), argument(argc, argv, 2));
}

static JSValue string_to_case(JSContext *context, JSValueConst self, int argc, JSValueConst *argv, int is_upper) {
    Value string(context, string_of_this(context, self, is_upper ? "toLocaleUpperCase" : "toLocaleLowerCase"));
    Locales requested;
    icu::UnicodeString text;
    if (string.is_exception() || !canonicalize_locales(context, argument(argc, argv, 0), requested) || !text_of(context, string, text))
        return JS_EXCEPTION;
    UErrorCode status = U_ZERO_ERROR;
    icu::Locale locale = requested.tags.empty() ? icu::Locale::getRoot() : icu::Locale::forLanguageTag(requested.tags[0], status);
    if (is_upper) text.toUpper(locale);
    else text.toLower(locale);
    return failed(context, status) ? JS_EXCEPTION : new_text(context, text);
}

/* ---- putting them in place ---- */

namespace {
struct Method {
    const char *of, *name;
    int length;
    JSCFunctionMagic *function;
    int magic;
};
} // namespace

static const Method methods[] = {
    {"Date", "toLocaleString", 0, date_to_locale, (int)DateParts::ANY},
    {"Date", "toLocaleDateString", 0, date_to_locale, (int)DateParts::DATE},
    {"Date", "toLocaleTimeString", 0, date_to_locale, (int)DateParts::TIME},
    {"Number", "toLocaleString", 0, number_to_locale, false},
    {"BigInt", "toLocaleString", 0, number_to_locale, true},
    {"String", "localeCompare", 1, string_compare, 0},
    {"String", "toLocaleUpperCase", 0, string_to_case, true},
    {"String", "toLocaleLowerCase", 0, string_to_case, false},
};

void define_conversions(JSContext *context) {
    Value global(context, JS_GetGlobalObject(context));
    for (const Method &method : methods) {
        Value constructor(context, JS_GetPropertyStr(context, global, method.of));
        Value prototype(context, JS_GetPropertyStr(context, constructor, "prototype"));
        JSValue function = JS_NewCFunctionMagic(context, method.function, method.name, method.length, JS_CFUNC_generic_magic, method.magic);
        JS_DefinePropertyValueStr(context, prototype, method.name, function, JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    }
}

} // namespace intl
