/* Before the snapshot: evaluates the prelude, and hands it the npm packages. */
#include "guest.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The prelude, bundled (build/bundle.sh), what translates TypeScript (build/typescript.sh) and the npm packages (build/packages.sh). */
extern char prelude_inside[], prelude_user[], prelude_typescript[], prelude_packages[];
extern const uint32_t prelude_inside_length, prelude_user_length, prelude_typescript_length, prelude_packages_length;

static _Noreturn void give_up(JSContext *context, const char *what) {
    JSValue error = JS_GetException(context);
    JSValue stack = JS_GetPropertyStr(context, error, "stack");
    const char *text = JS_ToCString(context, error), *frames = JS_ToCString(context, stack);
    fprintf(stderr, "%s: %s\n%s\n", what, text ? text : "?", frames ? frames : "");
    abort();
}

/* Compiles a part of the prelude. Its source is thrown away, so that its functions show as native code. */
static uint8_t *prelude_code(JSContext *context, char *text, size_t length, const char *name, size_t *code_length) {
    JSValue compiled = engine_compile(context, text, length, name, 1, JS_EVAL_TYPE_GLOBAL);
    memset(text, 0, length);
    if (JS_IsException(compiled)) give_up(context, name);
    uint8_t *code = JS_WriteObject(context, code_length, compiled, JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE);
    JS_FreeValue(context, compiled);
    if (!code) give_up(context, name);
    return code;
}

/* Evaluates a part of the prelude, a function of `argument`, and returns its result. */
static JSValue prelude(JSContext *context, char *text, size_t length, const char *name, JSValue argument) {
    size_t code_length;
    uint8_t *code = prelude_code(context, text, length, name, &code_length);
    JSValue function = JS_EvalFunction(context, JS_ReadObject(context, code, code_length, JS_READ_OBJ_BYTECODE));
    js_free(context, code);
    if (JS_IsException(function)) give_up(context, name);
    JSValue result = JS_Call(context, function, JS_UNDEFINED, 1, (JSValueConst *)&argument);
    JS_FreeValue(context, function);
    JS_FreeValue(context, argument);
    if (JS_IsException(result) || !loop_drain()) give_up(context, name);
    return result;
}

static JSValue hook(JSContext *context, JSValueConst exports, const char *name) {
    JSValue function = JS_GetPropertyStr(context, exports, name);
    if (!JS_IsFunction(context, function)) give_up(context, name);
    return function;
}

/* Packages that are loaded when they are asked for: compiled, as bytes that nobody reads before. */
static struct {
    uint8_t *code;
    size_t length;
} later[64];
static int later_count;

/* The table of such a package, of that number. `data`: `require`. */
static JSValue load_later(JSContext *context, JSValueConst this, int argc, JSValueConst *argv, int number, JSValueConst *data) {
    JSValue function = JS_EvalFunction(user, JS_ReadObject(user, later[number].code, later[number].length, JS_READ_OBJ_BYTECODE));
    if (JS_IsException(function)) return function;
    JSValue table = JS_Call(user, function, JS_UNDEFINED, 1, data);
    JS_FreeValue(user, function);
    return table;
}

static void add_later(JSValueConst add, const char *modules, char *text, uint32_t length, const char *file, JSValueConst require) {
    if (later_count == sizeof later / sizeof *later) give_up(user, "too many packages that are loaded later");
    later[later_count].code = prelude_code(user, text, length, file, &later[later_count].length);
    JSValue arguments[] = {JS_NewString(user, modules), JS_NewCFunctionData(user, load_later, 0, later_count++, 1, &require)};
    JSValue done = JS_Call(user, add, JS_UNDEFINED, 2, (JSValueConst *)arguments);
    if (JS_IsException(done)) give_up(user, file);
    JS_FreeValue(user, arguments[0]);
    JS_FreeValue(user, arguments[1]);
}

static void add_package(JSValueConst add, char *text, uint32_t length, const char *file, JSValueConst require) {
    JSValue modules = prelude(user, text, length, file, JS_DupValue(user, require));
    JSValue done = JS_Call(user, add, JS_UNDEFINED, 1, (JSValueConst *)&modules);
    if (JS_IsException(done)) give_up(user, file);
    JS_FreeValue(user, modules);
}

/* Hands the npm packages to the prelude, each as a table of functions that evaluate its modules. */
static void add_packages(JSValueConst exports) {
    JSValue require = hook(user, exports, "requireInPackage"), add = hook(user, exports, "addPackage"), add_module = hook(user, exports, "addLater");
    /* Those for later first: what compiling a large one takes of the heap is room for the others then. */
    for (int pass = 0; pass < 2; pass++) {
        for (char *at = prelude_packages, *end = at + prelude_packages_length; at < end;) {
            char file[128];
            uint32_t length;
            snprintf(file, sizeof file, "ampoule:%s", at);
            size_t name_length = strlen(at) + 1;
            memcpy(&length, at + name_length, sizeof length);
            char *text = at + name_length + sizeof length, after = text[length];
            bool is_later = *at == '-';
            text[length] = 0; /* the parser wants a terminator */
            if (is_later && !pass) add_later(add_module, at + 1, text, length, file, require);
            if (!is_later && pass) add_package(add, text, length, file, require);
            text[length] = after;
            if (pass) memset(at, 0, text - at);
            at = text + length;
        }
    }
    JS_FreeValue(user, add);
    JS_FreeValue(user, add_module);
    JS_FreeValue(user, require);
}

void boot_prelude(void) {
    JSValue shown = prelude(inside, prelude_inside, prelude_inside_length, "ampoule:inside", natives_object(inside));
    hooks.inspect_error = hook(inside, shown, "inspectError");
    hooks.inspect = hook(inside, shown, "inspect");
    JSValue translator = prelude(inside, prelude_typescript, prelude_typescript_length, "ampoule:typescript", JS_UNDEFINED);
    hooks.translate = hook(inside, translator, "translate");
    JS_FreeValue(inside, translator);
    JSValue natives = natives_object(user);
    JS_SetPropertyStr(user, natives, "inside", JS_GetPropertyStr(inside, shown, "exposed"));
    JSValue exports = prelude(user, prelude_user, prelude_user_length, "ampoule:user", natives);
    hooks.run_ticks = hook(user, exports, "runTicks");
    hooks.run_timer = hook(user, exports, "runTimer");
    hooks.set_variable = hook(user, exports, "setVariable");
    hooks.prepare_stack = hook(user, exports, "prepareStack");
    hooks.require = hook(user, exports, "require");
    hooks.export_names = hook(user, exports, "exportNames");
    hooks.unhandled = hook(user, exports, "unhandled");
    hooks.handled_late = hook(user, exports, "handledLate");
    hooks.uncaught = hook(user, exports, "uncaught");
    hooks.before_exit = hook(user, exports, "beforeExit");
    hooks.leave = hook(user, exports, "leave");
    add_packages(exports);
    JSValue warm = hook(user, exports, "warm");
    JSValue warmed = JS_Call(user, warm, JS_UNDEFINED, 0, NULL);
    if (JS_IsException(warmed) || !loop_drain()) give_up(user, "warm");
    JS_FreeValue(user, warm);
    JS_FreeValue(user, exports);
    JS_FreeValue(inside, shown);
}
