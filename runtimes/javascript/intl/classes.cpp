/* What all classes of Intl have: constructor, prototype, objects with state. */
#include "intl.h"

namespace intl {

/* Where an object keeps what a legacy constructor made for it. */
static JSAtom kept;

void register_class(JSContext *context, Class &which, JSClassFinalizer *finalizer, JSClassGCMark *mark) {
    JSRuntime *runtime = JS_GetRuntime(context);
    JSClassDef definition = {which.name, finalizer, mark, nullptr, nullptr};
    JS_NewClassID(runtime, &which.id);
    JS_NewClass(runtime, which.id, &definition);
}

void define_class(JSContext *context, JSValueConst intl, Class &which, const Face &face) {
    JSValue prototype = JS_NewObject(context);
    /* a generic function sees `this` when it is called and new.target when it constructs */
    JSCFunctionEnum kind = face.callable ? JS_CFUNC_generic : JS_CFUNC_constructor;
    which.constructor = JS_NewCFunction2(context, face.construct, which.name, face.length, kind, 0);
    JS_SetConstructorBit(context, which.constructor, true);
    JS_SetConstructor(context, which.constructor, prototype);
    JS_SetPropertyFunctionList(context, prototype, face.methods, face.method_count);
    JS_SetPropertyFunctionList(context, which.constructor, face.statics, face.static_count);
    engine_set_tag(context, prototype, (std::string("Intl.") + which.name).c_str());
    JS_SetClassProto(context, which.id, prototype);
    JS_DefinePropertyValueStr(context, intl, which.name, JS_DupValue(context, which.constructor),
                              JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
}

JSValue create(JSContext *context, JSValueConst new_target, const Class &which) {
    return engine_create(context, JS_IsUndefined(new_target) ? which.constructor : new_target, which.id);
}

static JSAtom kept_symbol(JSContext *context) {
    if (!kept) {
        Value symbol(context, JS_NewSymbol(context, "IntlLegacyConstructedSymbol", false));
        kept = JS_ValueToAtom(context, symbol);
    }
    return kept;
}

JSValue chain(JSContext *context, JSValueConst new_target, JSValueConst self, const Class &which, JSValue made) {
    if (JS_IsException(made) || !JS_IsUndefined(new_target)) return made;
    int inherits = engine_inherits(context, self, which.constructor);
    if (!inherits) return made;
    if (inherits < 0 || JS_DefinePropertyValue(context, self, kept_symbol(context), made, JS_PROP_THROW) < 0) {
        if (inherits < 0) JS_FreeValue(context, made);
        return JS_EXCEPTION;
    }
    return JS_DupValue(context, self);
}

JSValue unchain(JSContext *context, JSValueConst self, const Class &which, const char *method) {
    if (JS_IsObject(self) && !JS_GetOpaque(self, which.id)) {
        int inherits = engine_inherits(context, self, which.constructor);
        if (inherits < 0) return JS_EXCEPTION;
        if (inherits) return JS_GetProperty(context, self, kept_symbol(context));
    }
    return JS_DupValue(context, self);
}

JSValue bound_method(JSContext *context, JSValueConst object, JSValue &held, int length, JSCFunctionData *function) {
    if (JS_IsUndefined(held)) held = JS_NewCFunctionData2(context, function, "", length, 0, 1, &object);
    if (JS_IsException(held)) {
        held = JS_UNDEFINED;
        return JS_EXCEPTION;
    }
    return JS_DupValue(context, held);
}

} // namespace intl
