/* JavaScript values and ICU's. */
#include "intl.h"

namespace intl {

JSValue new_text(JSContext *context, const icu::UnicodeString &text) {
    if (text.isBogus()) return JS_ThrowOutOfMemory(context);
    return engine_new_utf16(context, (const uint16_t *)text.getBuffer(), text.length());
}

JSValue new_text(JSContext *context, std::string_view ascii) {
    return engine_new_latin1(context, (const uint8_t *)ascii.data(), ascii.size());
}

bool text_of(JSContext *context, JSValueConst string, icu::UnicodeString &text) {
    struct engine_text from;
    if (!engine_text(context, string, &from)) return false;
    char16_t *to = text.getBuffer(from.length);
    if (!to) {
        JS_ThrowOutOfMemory(context);
        return false;
    }
    if (from.wide) memcpy(to, from.wide, from.length * sizeof *to);
    else
        for (uint32_t at = 0; at < from.length; at++) to[at] = from.narrow[at];
    text.releaseBuffer(from.length);
    return true;
}

bool ascii_of(JSContext *context, JSValueConst value, std::string &ascii) {
    Value string(context, JS_ToString(context, value));
    struct engine_text from;
    if (string.is_exception() || !engine_text(context, string, &from)) return false;
    ascii.resize(from.length);
    for (uint32_t at = 0; at < from.length; at++) {
        uint32_t unit = from.wide ? from.wide[at] : from.narrow[at];
        ascii[at] = unit > 0 && unit < 0x80 ? unit : '?';
    }
    return true;
}

std::string ascii_of(const icu::UnicodeString &text) {
    std::string ascii(text.length(), '?');
    for (int32_t at = 0; at < text.length(); at++)
        if (text[at] < 0x80) ascii[at] = text[at];
    return ascii;
}

std::string lower(std::string_view ascii) {
    std::string lowered(ascii);
    for (char &c : lowered)
        if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
    return lowered;
}

bool failed(JSContext *context, UErrorCode status) {
    if (U_SUCCESS(status)) return false;
    if (status == U_MEMORY_ALLOCATION_ERROR) JS_ThrowOutOfMemory(context);
    else JS_ThrowRangeError(context, "Internal error. Icu error.");
    return true;
}

void Record::put(const char *name, JSValue value) {
    if (JS_IsException(value) || JS_DefinePropertyValueStr(context, object, name, value, JS_PROP_C_W_E) < 0) is_broken = true;
}

JSValue Record::release() { return is_broken ? JS_EXCEPTION : std::exchange(object, JS_UNDEFINED); }

void List::add(JSValue value) {
    if (JS_IsException(value) || JS_DefinePropertyValueUint32(context, array, length++, value, JS_PROP_C_W_E) < 0)
        is_broken = true;
}

JSValue List::release() { return is_broken ? JS_EXCEPTION : std::exchange(array, JS_UNDEFINED); }

JSValue list_of(JSContext *context, const std::vector<std::string> &texts) {
    List list(context);
    for (const std::string &text : texts) list.add(new_text(context, text));
    return list.release();
}

} // namespace intl
