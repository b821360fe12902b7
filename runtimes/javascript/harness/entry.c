/* The function of a program that is called: which it is, and how. */
#include "guest.h"
#include "../../guest/abi.h"
#include <string.h>

/* A function of this name: a global or an export, of either kind; undefined if there is none. */
static JSValue find_named(JSValueConst namespace, const char *name) {
    JSValue found = JS_IsUndefined(namespace) ? engine_global(user, name) : JS_GetPropertyStr(user, namespace, name);
    if (JS_IsException(found) || JS_IsFunction(user, found)) return found;
    JS_FreeValue(user, found);
    JSValue module = JS_IsUndefined(namespace) ? engine_global(user, "module") : JS_UNDEFINED;
    JSValue exports = JS_IsObject(module) ? JS_GetPropertyStr(user, module, "exports") : JS_UNDEFINED;
    JS_FreeValue(user, module);
    if (JS_IsException(exports) || !JS_IsObject(exports)) return exports;
    found = JS_GetPropertyStr(user, exports, name);
    JS_FreeValue(user, exports);
    if (JS_IsException(found) || JS_IsFunction(user, found)) return found;
    JS_FreeValue(user, found);
    return JS_UNDEFINED;
}

/* What the services that call handlers tell them of the call, as far as it is known here. */
static JSValue handler_context(void) {
    static const char digits[] = "0123456789abcdef";
    uint8_t random[16];
    char id[37], *at = id;
    ampoule_random_fill(random, sizeof random);
    random[6] = (random[6] & 0x0f) | 0x40;
    random[8] = (random[8] & 0x3f) | 0x80;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
        *at++ = digits[random[i] >> 4];
        *at++ = digits[random[i] & 15];
    }
    *at = 0;
    JSValue context = JS_NewObject(user);
    if (JS_IsException(context)) return context;
    if (JS_SetPropertyStr(user, context, "functionName", JS_NewString(user, "main")) < 0 ||
        JS_SetPropertyStr(user, context, "functionVersion", JS_NewString(user, "$LATEST")) < 0 ||
        JS_SetPropertyStr(user, context, "awsRequestId", JS_NewString(user, id)) < 0) {
        JS_FreeValue(user, context);
        return JS_EXCEPTION;
    }
    return context;
}

/* What a script's top level left as the function to call: `main`, else module.exports or exports.main. */
static JSValue find_main(JSValueConst namespace) {
    JSValue main = JS_IsUndefined(namespace) ? engine_global(user, "main") : JS_GetPropertyStr(user, namespace, "main");
    if (JS_IsException(main) || JS_IsFunction(user, main)) return main;
    JS_FreeValue(user, main);
    if (!JS_IsUndefined(namespace)) {
        main = JS_GetPropertyStr(user, namespace, "default");
        if (JS_IsException(main) || JS_IsFunction(user, main)) return main;
        JS_FreeValue(user, main);
        return JS_UNDEFINED;
    }
    JSValue module = engine_global(user, "module");
    JSValue exports = JS_IsObject(module) ? JS_GetPropertyStr(user, module, "exports") : JS_UNDEFINED;
    JS_FreeValue(user, module);
    if (JS_IsException(exports) || JS_IsFunction(user, exports) || !JS_IsObject(exports)) return exports;
    main = JS_GetPropertyStr(user, exports, "main");
    JS_FreeValue(user, exports);
    return main;
}

JSValue entry_main(JSValueConst namespace, bool *is_handler) {
    JSValue main = find_main(namespace);
    *is_handler = false;
    if (JS_IsException(main) || JS_IsFunction(user, main)) return main;
    JS_FreeValue(user, main);
    JSValue handler = find_named(namespace, "handler");
    *is_handler = true;
    if (JS_IsException(handler) || JS_IsFunction(user, handler)) return handler;
    JS_FreeValue(user, handler);
    if (JS_IsUndefined(namespace))
        return JS_ThrowTypeError(user, "the program defines no function named main: write function main(input) { ... }, or handler(event, context)");
    return JS_ThrowTypeError(user, "the program is a module that exports no function named main: write export function main(input) { ... }, or "
                                   "export handler(event, context)");
}

JSValue entry_call(JSValueConst main, bool is_handler, JSValueConst input) {
    JSValueConst arguments[2] = {input, is_handler ? handler_context() : JS_UNDEFINED};
    if (JS_IsException(arguments[1])) return JS_EXCEPTION;
    return JS_Call(user, main, JS_UNDEFINED, is_handler ? 2 : 1, arguments);
}
