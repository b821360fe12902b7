/* TypeScript, in front of what compiles JavaScript: the hook that translates it (prelude/typescript), when it is asked, and what it says. */
#include "guest.h"
#include <stdio.h>
#include <string.h>

bool typescript_is_name(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && (!strcmp(dot, ".ts") || !strcmp(dot, ".mts") || !strcmp(dot, ".cts"));
}

/* The SyntaxError that the translator found. */
static JSValue throw_found(JSValueConst found, const char *name) {
    char stack[400];
    int32_t line = 1, column = 1;
    JSValue message = JS_GetPropertyStr(inside, found, "message"), at_line = JS_GetPropertyStr(inside, found, "line"),
            at_column = JS_GetPropertyStr(inside, found, "column");
    JS_ToInt32(inside, &line, at_line);
    JS_ToInt32(inside, &column, at_column);
    const char *text = JS_ToCString(inside, message);
    JS_ThrowSyntaxError(user, "%s", text ? text : "");
    JSValue error = JS_GetException(user);
    snprintf(stack, sizeof stack, "    at %s:%d:%d\n", name, line, column);
    engine_set_raw_stack(user, error, JS_NewString(user, stack));
    JS_FreeCString(inside, text);
    JS_FreeValue(inside, message);
    return JS_Throw(user, error);
}

JSValue typescript_translate(const char *name, const char *source, size_t length, bool is_body) {
    JSValue arguments[] = {JS_NewStringLen(inside, source, length), JS_NewString(inside, name), JS_NewBool(inside, is_body)};
    JSValue found = JS_Call(inside, hooks.translate, JS_UNDEFINED, 3, (JSValueConst *)arguments);
    JS_FreeValue(inside, arguments[0]);
    JS_FreeValue(inside, arguments[1]);
    if (JS_IsException(found)) {
        JSValue error = JS_GetException(inside);
        engine_adopt_error(inside, user, error);
        return JS_Throw(user, error);
    }
    if (!JS_IsObject(found)) return found;
    throw_found(found, name);
    JS_FreeValue(inside, found);
    return JS_EXCEPTION;
}

JSValue typescript_instead(const char *name, const char *source, size_t length, bool is_body) {
    JSValue error = JS_GetException(user);
    JSValue text = engine_is_syntax_error(user, error) ? typescript_translate(name, source, length, is_body) : JS_UNDEFINED;
    if (JS_IsException(text)) JS_FreeValue(user, JS_GetException(user));
    JS_Throw(user, error);
    return JS_IsString(text) ? text : JS_UNDEFINED;
}
