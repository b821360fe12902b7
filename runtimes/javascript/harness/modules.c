/* Modules that come with the request: `require`, `import` and `import()` of them. CommonJS is put together in the
 * prelude (prelude/user/modules.js) from the natives here; ES modules are QuickJS's own, fed by the loader below, which
 * turns everything that is not an ES module (CommonJS, JSON, built-ins, refusals) over to `require`. */
#include "guest.h"
#include "modules.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NATIVE(name) static JSValue name(JSContext *context, JSValueConst this, int argc, JSValueConst *argv)


bool modules_find(const char *name, const char **source, uint32_t *length) {
    message_reader reader = message_read(request.bytes, request.length);
    message_field field;
    while (message_next(&reader, &field))
        if (field.tag == AMPOULE_MODULE && message_pair(&field, source, length) && !strcmp(field.bytes, name)) return true;
    return false;
}

/* Joins `name` to the folder of `base` if it is relative and resolves "." and "..". The result fits if `out` has room
 * for both and a slash. */
static void join(char *out, const char *base, const char *name) {
    char *end = out;
    const char *slash = strrchr(base, '/');
    if (*name == '.' && slash) {
        memcpy(out, base, slash - base);
        end += slash - base;
    }
    while (*name) {
        size_t length = strcspn(name, "/");
        if (length == 2 && name[0] == '.' && name[1] == '.') {
            while (end > out && *--end != '/') {}
        } else if (length && !(length == 1 && *name == '.')) {
            if (end > out) *end++ = '/';
            memcpy(end, name, length);
            end += length;
        }
        name += length + (name[length] == '/');
    }
    *end = 0;
}

/* The name under which the request has what `name`, written in `base`, means; NULL if it has no such module. To be
 * freed with js_free. */
char *modules_resolve(JSContext *context, const char *base, const char *name) {
    static const char *const endings[] = {"", ".js", ".mjs", ".cjs", ".json", ".ts", ".mts", ".cts", "/index.js", "/index.mjs", "/index.ts", "/index.mts"};
    char *path = js_malloc(context, strlen(base) + strlen(name) + 16);
    if (!path) return NULL;
    join(path, base, name);
    size_t length = strlen(path);
    const char *source;
    uint32_t source_length;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        strcpy(path + length, endings[i]);
        if (modules_find(path, &source, &source_length)) return path;
    }
    /* TypeScript is imported by the name of the JavaScript that it becomes */
    path[length] = 0;
    char *ending = strrchr(path, '.');
    if (ending && (!strcmp(ending, ".js") || !strcmp(ending, ".mjs") || !strcmp(ending, ".cjs"))) {
        ending[strlen(ending) - 2] = 't';
        if (modules_find(path, &source, &source_length)) return path;
    }
    js_free(context, path);
    return NULL;
}

bool modules_ends_with(const char *text, const char *ending) {
    size_t length = strlen(text), ending_length = strlen(ending);
    return length >= ending_length && !strcmp(text + length - ending_length, ending);
}

/* Compiles `prefix` + source + `suffix`, the prefix being a line that line numbers do not count. */
static JSValue compile_wrapped(const char *name, const char *prefix, const char *source, uint32_t length, const char *suffix) {
    size_t before = strlen(prefix), after = strlen(suffix);
    char *text = js_malloc(user, before + length + after + 1);
    if (!text) return JS_EXCEPTION;
    memcpy(text, prefix, before);
    memcpy(text + before, source, length);
    memcpy(text + before + length, suffix, after + 1);
    JSValue compiled = engine_compile(user, text, before + length + after, name, 0, JS_EVAL_TYPE_GLOBAL);
    js_free(user, text);
    return compiled;
}

JSValue modules_compile_es(const char *name, const char *source, uint32_t length) {
    char *text = js_strndup(user, source, length);
    if (!text) return JS_EXCEPTION;
    JSValue compiled = engine_compile(user, text, length, name, 1, JS_EVAL_TYPE_MODULE);
    js_free(user, text);
    return compiled;
}

/* A source is CommonJS if it can be a function's body; only then, as import and export cannot stand there, may it be an
 * ES module. Of two syntax errors the one further on is the one that counts. */
JSValue modules_or_es(JSValue compiled, const char *name, const char *source, uint32_t length) {
    if (!JS_IsException(compiled)) return compiled;
    JSValue error = JS_GetException(user);
    if (!engine_is_syntax_error(user, error)) return JS_Throw(user, error);
    compiled = modules_compile_es(name, source, length);
    if (JS_IsException(compiled)) {
        JSValue other = JS_GetException(user);
        bool further = !engine_is_syntax_error(user, other) || failure_position(other) > failure_position(error);
        JS_FreeValue(user, further ? error : other);
        return JS_Throw(user, further ? other : error);
    }
    JS_FreeValue(user, error);
    return compiled;
}

static JSValue compile_javascript(const char *name, const char *source, uint32_t length) {
    static const char head[] = "(function (exports, require, module, __filename, __dirname) {\n", tail[] = "\n})";
    if (modules_ends_with(name, ".mjs") || modules_ends_with(name, ".mts")) return modules_compile_es(name, source, length);
    JSValue compiled = compile_wrapped(name, head, source, length, tail);
    return modules_ends_with(name, ".cjs") || modules_ends_with(name, ".cts") ? compiled : modules_or_es(compiled, name, source, length);
}

/* What modules were translated to, by their names, as a module's text is wanted more than once. */
static JSValue translations = JS_UNDEFINED;

static JSValue known_translation(const char *name) {
    return JS_IsUndefined(translations) ? JS_UNDEFINED : JS_GetPropertyStr(user, translations, name);
}
static void keep_translation(const char *name, JSValueConst text) {
    if (JS_IsUndefined(translations)) translations = JS_NewObjectProto(user, JS_NULL);
    JS_DefinePropertyValueStr(user, translations, name, JS_DupValue(user, text), JS_PROP_C_W_E);
}

static JSValue compile_text(const char *name, JSValueConst text) {
    size_t length;
    const char *javascript = JS_ToCStringLen(user, &length, text);
    JSValue compiled = javascript ? compile_javascript(name, javascript, length) : JS_EXCEPTION;
    JS_FreeCString(user, javascript);
    return compiled;
}

/* The JavaScript of a module that is named as TypeScript, or was found to be: undefined if it is JavaScript as it is. */
static JSValue translation(const char *name, const char *source, uint32_t length) {
    JSValue text = known_translation(name);
    if (!JS_IsUndefined(text) || !typescript_is_name(name)) return text;
    text = typescript_translate(name, source, length, false);
    if (JS_IsString(text)) keep_translation(name, text);
    return text;
}

JSValue modules_compile(const char *name, const char *source, uint32_t length) {
    JSValue text = translation(name, source, length);
    if (JS_IsException(text)) return text;
    JSValue compiled = JS_IsString(text) ? compile_text(name, text) : compile_javascript(name, source, length);
    if (!JS_IsException(compiled) || JS_IsString(text)) {
        JS_FreeValue(user, text);
        return compiled;
    }
    text = typescript_instead(name, source, length, false);
    if (!JS_IsString(text)) return JS_EXCEPTION;
    JSValue error = JS_GetException(user);
    compiled = compile_text(name, text);
    if (JS_IsException(compiled)) {
        JS_FreeValue(user, JS_GetException(user));
        JS_Throw(user, error);
    } else {
        keep_translation(name, text);
        JS_FreeValue(user, error);
    }
    JS_FreeValue(user, text);
    return compiled;
}

/* ---- natives ---- */

/* (base, name) -> name of a module of the request, or undefined */
NATIVE(native_resolve) {
    const char *base = JS_ToCString(context, argv[0]), *name = JS_ToCString(context, argv[1]);
    JSValue result = JS_UNDEFINED;
    if (!base || !name) return JS_EXCEPTION;
    char *path = modules_resolve(context, base, name);
    if (path) result = JS_NewString(context, path);
    js_free(context, path);
    JS_FreeCString(context, base);
    JS_FreeCString(context, name);
    return result;
}

/* () -> names of the request's modules */
NATIVE(native_module_names) {
    message_reader reader = message_read(request.bytes, request.length);
    message_field field;
    JSValue names = JS_NewArray(context);
    uint32_t count = 0;
    while (message_next(&reader, &field))
        if (field.tag == AMPOULE_MODULE)
            JS_DefinePropertyValueUint32(context, names, count++, JS_NewString(context, field.bytes), JS_PROP_C_W_E);
    return names;
}

/* (name) -> text of a module, in JavaScript */
NATIVE(native_module_text) {
    const char *source, *name = JS_ToCString(context, argv[0]);
    uint32_t length;
    if (!name) return JS_EXCEPTION;
    JSValue text = JS_UNDEFINED;
    if (modules_find(name, &source, &length)) {
        text = translation(name, source, length);
        if (JS_IsUndefined(text)) text = JS_NewStringLen(context, source, length);
    }
    JS_FreeCString(context, name);
    return text;
}

/* (name) -> function (exports, require, module, __filename, __dirname), or undefined for an ES module */
NATIVE(native_compile_module) {
    const char *source, *name = JS_ToCString(context, argv[0]);
    uint32_t length;
    if (!name) return JS_EXCEPTION;
    JSValue function = JS_UNDEFINED;
    if (modules_find(name, &source, &length)) function = modules_compile(name, source, length);
    if (JS_VALUE_GET_TAG(function) == JS_TAG_FUNCTION_BYTECODE) {
        function = JS_EvalFunction(user, function);
    } else if (JS_VALUE_GET_TAG(function) == JS_TAG_MODULE) {
        JS_FreeValue(user, function); /* it stays among the loaded modules, where importNow finds it */
        function = JS_UNDEFINED;
    }
    JS_FreeCString(context, name);
    return function;
}

/* (name) -> namespace of an ES module, evaluated if need be. One that awaits at its top level cannot be had this way. */
NATIVE(native_import_now) {
    const char *name = JS_ToCString(context, argv[0]);
    if (!name) return JS_EXCEPTION;
    JSValue promise = JS_LoadModule(user, "", name, JS_UNDEFINED);
    JS_FreeCString(context, name);
    if (JS_IsException(promise)) return promise;
    JSPromiseStateEnum state = JS_PromiseState(user, promise);
    if (state == JS_PROMISE_PENDING) {
        JSContext *ran;
        while ((state = JS_PromiseState(user, promise)) == JS_PROMISE_PENDING && JS_ExecutePendingJob(runtime, &ran) > 0) {}
    }
    if (state != JS_PROMISE_PENDING) JS_PromiseMarkAsHandled(user, promise);
    JSValue result = state == JS_PROMISE_PENDING
                         ? JS_ThrowPlainError(user, "the module awaits at its top level: use import() instead of require()")
                         : JS_PromiseResult(user, promise);
    JS_FreeValue(user, promise);
    return state == JS_PROMISE_REJECTED ? JS_Throw(user, result) : result;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("resolve", 2, native_resolve),
    JS_CFUNC_DEF("moduleNames", 0, native_module_names),
    JS_CFUNC_DEF("moduleText", 1, native_module_text),
    JS_CFUNC_DEF("compileModule", 1, native_compile_module),
    JS_CFUNC_DEF("importNow", 1, native_import_now),
};

void modules_add_natives(JSContext *context, JSValueConst object) {
    JS_SetPropertyFunctionList(context, object, functions, sizeof functions / sizeof *functions);
}
