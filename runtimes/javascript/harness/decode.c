/* The input object. JSON.parse alone would round integers beyond 2^53; those become BigInts, all else is as usual. */
#include "guest.h"
#include <string.h>

/* Whether the text has a number of 16 or more digits in a row outside of strings, the least that 2^53 takes. Numbers
 * with a fraction or an exponent may be caught too: the reviver decides. */
static bool has_long_number(const char *at, const char *end) {
    unsigned digits = 0;
    for (; at < end; at++) {
        if (*at == '"') {
            for (at++; at < end && *at != '"'; at++) at += *at == '\\';
            digits = 0;
        } else if ((unsigned)(*at - '0') < 10) {
            if (++digits >= 16) return true;
        } else {
            digits = 0;
        }
    }
    return false;
}

static JSValue parse_widening(const char *text, size_t length) {
    JSValue string = JS_NewStringLen(user, text, length);
    if (JS_IsException(string)) return JS_EXCEPTION;
    JSValue value = JS_Call(user, hooks.parse_widening, JS_UNDEFINED, 1, (JSValueConst *)&string);
    JS_FreeValue(user, string);
    return value;
}

JSValue decode_input(const message_field *input) {
    char *text = (char *)input->bytes;
    if (!input->length) return JS_NewObject(user);
    if (has_long_number(text, text + input->length)) return parse_widening(text, input->length);
    char next = text[input->length];
    text[input->length] = 0;
    JSValue value = JS_ParseJSON(user, text, input->length, "<input>");
    text[input->length] = next;
    return value;
}
