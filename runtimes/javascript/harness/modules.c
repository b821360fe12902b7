/* Modules that come with the request: `require`, `import` and `import()` of them. CommonJS is put together in the
 * prelude (prelude/user/modules.js) from the natives here; ES modules are QuickJS's own, fed by the loader below, which
 * turns everything that is not an ES module (CommonJS, JSON, built-ins, refusals) over to `require`. */
#include "guest.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NATIVE(name) static JSValue name(JSContext *context, JSValueConst this, int argc, JSValueConst *argv)

/* A module of the request by its exact name; its source ends at `length`. */
static bool find(const char *name, const char **source, uint32_t *length) {
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
static char *resolve(JSContext *context, const char *base, const char *name) {
    static const char *const endings[] = {"", ".js", ".mjs", ".cjs", ".json", "/index.js", "/index.mjs"};
    char *path = js_malloc(context, strlen(base) + strlen(name) + 16);
    if (!path) return NULL;
    join(path, base, name);
    size_t length = strlen(path);
    const char *source;
    uint32_t source_length;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        strcpy(path + length, endings[i]);
        if (find(path, &source, &source_length)) return path;
    }
    js_free(context, path);
    return NULL;
}

static bool ends_with(const char *text, const char *ending) {
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

/* Bytecode of a CommonJS module's function, or an ES module. */
static JSValue compile_any(const char *name, const char *source, uint32_t length) {
    static const char head[] = "(function (exports, require, module, __filename, __dirname) {\n", tail[] = "\n})";
    if (ends_with(name, ".mjs")) return modules_compile_es(name, source, length);
    JSValue compiled = compile_wrapped(name, head, source, length, tail);
    return ends_with(name, ".cjs") ? compiled : modules_or_es(compiled, name, source, length);
}

/* ---- natives ---- */

/* (base, name) -> name of a module of the request, or undefined */
NATIVE(native_resolve) {
    const char *base = JS_ToCString(context, argv[0]), *name = JS_ToCString(context, argv[1]);
    JSValue result = JS_UNDEFINED;
    if (!base || !name) return JS_EXCEPTION;
    char *path = resolve(context, base, name);
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

/* (name) -> text of a module */
NATIVE(native_module_text) {
    const char *source, *name = JS_ToCString(context, argv[0]);
    uint32_t length;
    if (!name) return JS_EXCEPTION;
    JSValue text = find(name, &source, &length) ? JS_NewStringLen(context, source, length) : JS_UNDEFINED;
    JS_FreeCString(context, name);
    return text;
}

/* (name) -> function (exports, require, module, __filename, __dirname), or undefined for an ES module */
NATIVE(native_compile_module) {
    const char *source, *name = JS_ToCString(context, argv[0]);
    uint32_t length;
    if (!name) return JS_EXCEPTION;
    JSValue function = JS_UNDEFINED;
    if (find(name, &source, &length)) function = compile_any(name, source, length);
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

/* ---- the loader of ES modules ---- */

static char *normalize(JSContext *context, const char *base, const char *name, void *unused) {
    char *path = resolve(context, base, name);
    return path ? path : js_strdup(context, name);
}

/* What `import x from` gives: the exports as a whole, as Node has it; of the image's packages that are ES modules in
 * Node (they were bundled as CommonJS) their own default. */
static JSValue default_export(JSContext *context, JSModuleDef *module, JSValueConst exports) {
    JSAtom atom = JS_GetModuleName(context, module);
    const char *source, *name = JS_AtomToCString(context, atom);
    uint32_t length;
    bool ours = name && !find(name, &source, &length) && JS_IsObject(exports);
    JS_FreeCString(context, name);
    JS_FreeAtom(context, atom);
    JSValue marked = ours ? JS_GetPropertyStr(context, exports, "__esModule") : JS_UNDEFINED;
    JSValue value = JS_ToBool(context, marked) > 0 ? JS_GetPropertyStr(context, exports, "default") : JS_UNDEFINED;
    JS_FreeValue(context, marked);
    return JS_IsUndefined(value) ? JS_DupValue(context, exports) : value;
}

/* Sets the exports `names` of a module to properties of what `require` gave. */
static int set_exports(JSContext *context, JSModuleDef *module, JSValueConst exports, const JSPropertyEnum *names, uint32_t count) {
    int failed = JS_SetModuleExport(context, module, "default", default_export(context, module, exports));
    for (uint32_t i = 0; i < count && !failed; i++) {
        const char *name = JS_AtomToCString(context, names[i].atom);
        JSValue value = JS_GetProperty(context, exports, names[i].atom);
        if (!name || JS_IsException(value)) failed = -1;
        else if (strcmp(name, "default")) JS_SetModuleExport(context, module, name, value);
        JS_FreeCString(context, name);
    }
    return failed;
}

static void own_names(JSContext *context, JSValueConst exports, JSPropertyEnum **names, uint32_t *count) {
    *names = NULL;
    *count = 0;
    if (JS_IsObject(exports)) JS_GetOwnPropertyNames(context, names, count, exports, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY);
}

static int fill_synthetic(JSContext *context, JSModuleDef *module) {
    JSValue exports = JS_GetModulePrivateValue(context, module);
    JSPropertyEnum *names;
    uint32_t count;
    own_names(context, exports, &names, &count);
    int failed = set_exports(context, module, exports, names, count);
    JS_FreePropertyEnum(context, names, count);
    JS_FreeValue(context, exports);
    return failed;
}

static JSValue require_module(JSContext *context, const char *name) {
    JSValue argument = JS_NewString(user, name);
    JSValue exports = JS_Call(user, hooks.require, JS_UNDEFINED, 1, (JSValueConst *)&argument);
    JS_FreeValue(user, argument);
    return exports;
}

static JSModuleDef *with_exports(JSContext *context, const char *name, JSModuleInitFunc *fill, const JSPropertyEnum *names, uint32_t count) {
    JSModuleDef *module = JS_NewCModule(context, name, fill);
    if (!module) return NULL;
    JS_AddModuleExport(context, module, "default");
    for (uint32_t i = 0; i < count; i++) {
        const char *exported = JS_AtomToCString(context, names[i].atom);
        if (exported && strcmp(exported, "default")) JS_AddModuleExport(context, module, exported);
        JS_FreeCString(context, exported);
    }
    return module;
}

/* Exports of `require` as an ES module: the whole as `default`, its properties by name. */
static JSModuleDef *synthetic(JSContext *context, const char *name) {
    JSValue exports = require_module(context, name);
    if (JS_IsException(exports)) return NULL;
    JSPropertyEnum *names;
    uint32_t count;
    own_names(context, exports, &names, &count);
    JSModuleDef *module = with_exports(context, name, fill_synthetic, names, count);
    JS_FreePropertyEnum(context, names, count);
    if (module) JS_SetModulePrivateValue(context, module, exports);
    else JS_FreeValue(context, exports);
    return module;
}

/* Runs a CommonJS module when its turn has come among the modules. Its private value are the names of its exports. */
static int run_commonjs(JSContext *context, JSModuleDef *module) {
    JSAtom atom = JS_GetModuleName(context, module);
    const char *name = JS_AtomToCString(context, atom);
    JSValue exports = name ? require_module(context, name) : JS_EXCEPTION, names = JS_GetModulePrivateValue(context, module);
    JSPropertyEnum *properties;
    uint32_t count;
    own_names(context, names, &properties, &count);
    int failed = JS_IsException(exports) ? -1 : set_exports(context, module, exports, properties, count);
    JS_FreePropertyEnum(context, properties, count);
    JS_FreeValue(context, names);
    JS_FreeValue(context, exports);
    JS_FreeCString(context, name);
    JS_FreeAtom(context, atom);
    return failed;
}

/* A CommonJS module of the request whose text tells what it exports. NULL without an exception: the text does not. */
static JSModuleDef *commonjs(JSContext *context, const char *name) {
    JSValue argument = JS_NewString(user, name);
    JSValue names = JS_Call(user, hooks.export_names, JS_UNDEFINED, 1, (JSValueConst *)&argument);
    JS_FreeValue(user, argument);
    if (JS_IsException(names)) return NULL;
    JSPropertyEnum *properties;
    uint32_t count;
    own_names(context, names, &properties, &count);
    JSModuleDef *module = count ? with_exports(context, name, run_commonjs, properties, count) : NULL;
    JS_FreePropertyEnum(context, properties, count);
    if (module) JS_SetModulePrivateValue(context, module, names);
    else JS_FreeValue(context, names);
    return module;
}

void modules_set_meta(JSModuleDef *module, const char *name) {
    char path[300], url[320];
    snprintf(path, sizeof path, "/work/%s", name);
    snprintf(url, sizeof url, "file://%s", path);
    char *slash = strrchr(path, '/');
    JSValue meta = JS_GetImportMeta(user, module);
    JS_DefinePropertyValueStr(user, meta, "dirname", JS_NewStringLen(user, path, slash - path), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(user, meta, "filename", JS_NewString(user, path), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(user, meta, "url", JS_NewString(user, url), JS_PROP_C_W_E);
    JS_FreeValue(user, meta);
}

static int fill_nothing(JSContext *context, JSModuleDef *module) { return 0; }

static JSModuleDef *load(JSContext *context, const char *name, void *unused, JSValueConst attributes) {
    const char *source;
    uint32_t length;
    JSValue compiled = JS_UNDEFINED;
    if (find(name, &source, &length) && !ends_with(name, ".json")) compiled = compile_any(name, source, length);
    if (JS_IsException(compiled)) return NULL;
    if (JS_VALUE_GET_TAG(compiled) != JS_TAG_MODULE) {
        bool is_commonjs = !JS_IsUndefined(compiled);
        JS_FreeValue(user, compiled);
        /* a compilation runs no user code, so what `require` would say is for the execution to find out */
        if (request.compiling) return JS_NewCModule(context, name, fill_nothing);
        JSModuleDef *module = is_commonjs ? commonjs(context, name) : NULL;
        return module || JS_HasException(context) ? module : synthetic(context, name);
    }
    JSModuleDef *module = JS_VALUE_GET_PTR(compiled);
    modules_set_meta(module, name);
    JS_FreeValue(context, compiled); /* the context's list of modules holds it */
    return module;
}

/* `with { type: "json" }` or no attribute at all. */
static int check_attributes(JSContext *context, void *unused, JSValueConst attributes) {
    JSPropertyEnum *names;
    uint32_t count;
    int failed = 0;
    if (JS_GetOwnPropertyNames(context, &names, &count, attributes, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY)) return -1;
    for (uint32_t i = 0; i < count && !failed; i++) {
        const char *name = JS_AtomToCString(context, names[i].atom);
        JSValue value = JS_GetProperty(context, attributes, names[i].atom);
        const char *text = JS_ToCString(context, value);
        if (!name || !text || strcmp(name, "type") || strcmp(text, "json")) failed = -1;
        if (name && text && failed) JS_ThrowTypeError(context, "import attribute %s \"%s\" is not supported", name, text);
        JS_FreeCString(context, text);
        JS_FreeValue(context, value);
        JS_FreeCString(context, name);
    }
    JS_FreePropertyEnum(context, names, count);
    return failed;
}

void modules_init(void) { JS_SetModuleLoaderFunc2(runtime, normalize, load, check_attributes, NULL); }
