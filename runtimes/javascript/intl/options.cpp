/* Abstract operations of ECMA-402 on options. */
#include "intl.h"
#include <cmath>

namespace intl {

bool Options::get(JSContext *context, JSValueConst options, const char *reader, JSValue &object) {
    if (!JS_IsUndefined(options) && !JS_IsObject(options)) {
        JS_ThrowTypeError(context, "%s: options must be an object or undefined", reader);
        return false;
    }
    object = JS_IsUndefined(options) ? JS_NewObjectProto(context, JS_NULL) : JS_DupValue(context, options);
    return !JS_IsException(object);
}

bool Options::coerce(JSContext *context, JSValueConst options, JSValue &object) {
    if (JS_IsNull(options)) {
        JS_ThrowTypeError(context, "Cannot convert undefined or null to object");
        return false;
    }
    object = JS_IsUndefined(options) ? JS_NewObjectProto(context, JS_NULL) : JS_ToObject(context, options);
    return !JS_IsException(object);
}

bool Options::text(const char *name, std::initializer_list<const char *> names, std::string &text) const {
    Value given(context, read(name));
    if (given.is_exception()) return false;
    if (given.is_undefined()) return true;
    if (!ascii_of(context, given, text)) return false;
    if (!names.size()) return true;
    for (const char *known : names)
        if (text == known) return true;
    JS_ThrowRangeError(context, "Value %.100s out of range for %s options property %s", text.c_str(), reader, name);
    return false;
}

bool Options::choose(const char *name, std::initializer_list<const char *> names, int &at) const {
    std::string given;
    if (!text(name, names, given)) return false;
    int place = 0;
    for (const char *known : names) {
        if (given == known) at = place;
        place++;
    }
    return true;
}

bool Options::boolean(const char *name, bool &value, bool &given) const {
    Value read_value(context, read(name));
    if (read_value.is_exception()) return false;
    given = !read_value.is_undefined();
    if (given) value = JS_ToBool(context, read_value);
    return true;
}

bool Options::number(const char *name, int least, int most, int &value) const {
    Value given(context, read(name));
    return !given.is_exception() && in_range(name, given, least, most, value);
}

bool Options::in_range(const char *name, JSValueConst given, int least, int most, int &value) const {
    if (JS_IsUndefined(given)) return true;
    double number;
    if (JS_ToFloat64(context, &number, given)) return false;
    if (!(number >= least && number <= most)) {
        JS_ThrowRangeError(context, "%s value is out of range.", name);
        return false;
    }
    value = (int)std::floor(number);
    return true;
}

} // namespace intl
