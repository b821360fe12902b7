/* The loader of ES modules: QuickJS's own, fed by what the request holds. What is no ES module (CommonJS, JSON, the image's
 * modules, refusals) is turned over to `require` and becomes a module of C, whose exports are the properties of what that gave. */
#include "guest.h"
#include "modules.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *normalize(JSContext *context, const char *base, const char *name, void *unused) {
    char *path = modules_resolve(context, base, name);
    return path ? path : js_strdup(context, name);
}

/* What `import x from` gives: the exports as a whole, as Node has it; of the image's packages that are ES modules in
 * Node (they were bundled as CommonJS) their own default. */
static JSValue default_export(JSContext *context, JSModuleDef *module, JSValueConst exports) {
    JSAtom atom = JS_GetModuleName(context, module);
    const char *source, *name = JS_AtomToCString(context, atom);
    uint32_t length;
    bool ours = name && !modules_find(name, &source, &length) && JS_IsObject(exports);
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
    if (modules_find(name, &source, &length) && !modules_ends_with(name, ".json")) compiled = modules_compile(name, source, length);
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
