/* The context that AsyncLocalStorage keeps (prelude/user/context.js): one value, undefined for most programs. What is asked of
 * a promise while there is one runs under it again. */
#include "guest.h"

static JSValue context_now;

void async_context_init(void) { context_now = JS_UNDEFINED; }

static void enter(JSValue value) {
    JSValue before = context_now;
    context_now = value;
    JS_FreeValue(user, before);
}

void async_context_leave(void) {
    if (!JS_IsUndefined(context_now)) enter(JS_UNDEFINED);
}

static JSValue call_within(JSContext *context, JSValueConst this, int argc, JSValueConst *argv, int magic, JSValueConst *data) {
    JSValue before = JS_DupValue(context, context_now);
    enter(JS_DupValue(context, data[1]));
    JSValue result = JS_Call(context, data[0], this, argc, argv);
    enter(before);
    return result;
}

/* Called by QuickJS (patches/async-context.patch) for what a promise is to call later. */
JSValue async_context_bind(JSContext *context, JSValueConst function) {
    if (JS_IsUndefined(context_now) || !JS_IsFunction(context, function)) return JS_DupValue(context, function);
    JSValueConst data[] = {function, context_now};
    JSValue bound = JS_NewCFunctionData(context, call_within, 1, 0, 2, data);
    if (!JS_IsException(bound)) return bound;
    JS_FreeValue(context, JS_GetException(context)); /* memory is out: rather without its context than not at all */
    return JS_DupValue(context, function);
}

static JSValue native_context(JSContext *context, JSValueConst this, int argc, JSValueConst *argv) {
    return JS_DupValue(context, context_now);
}

static JSValue native_enter(JSContext *context, JSValueConst this, int argc, JSValueConst *argv) {
    enter(JS_DupValue(context, argv[0]));
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("context", 0, native_context),
    JS_CFUNC_DEF("enterContext", 1, native_enter),
};

void natives_add_async_context(JSContext *context, JSValueConst object) {
    JS_SetPropertyFunctionList(context, object, functions, sizeof functions / sizeof *functions);
}
