/* The JavaScript guest: the exports of ../../guest/abi.h, and the way of one execution through the harness. */
#include "guest.h"
#include "../intl/init.h"
#include "../../guest/checkpoint.h"
#include "../../guest/files.h"
#include "../../guest/heap.h"
#include "../../guest/memfs.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of the linear stack (8 MiB, build/guest.sh) JavaScript may use this much; the rest is for C below the last check. */
enum { JAVASCRIPT_STACK = 6 << 20 };
/* Memory that an execution has at hand without growing: enough for most. */
enum { READY_MEMORY = 1 << 20 };
/* The first collection comes when a program has allocated this much. */
enum { FIRST_COLLECTION = 8 << 20 };

JSRuntime *runtime;
JSContext *user, *inside;
struct hooks hooks;
struct request request;
bool memory_refused;
/* Where that was last: an answer of ampoule_where, 0 if it is not known. */
uint64_t memory_refused_at;

/* The prelude, bundled (build/bundle.sh), what translates TypeScript (build/typescript.sh) and the npm packages (build/packages.sh). */
extern char prelude_inside[], prelude_user[], prelude_typescript[], prelude_packages[];
extern const uint32_t prelude_inside_length, prelude_user_length, prelude_typescript_length, prelude_packages_length;

/* ---- memory ---- */

static void *note(void *bytes) {
    if (!bytes) {
        memory_refused = true;
        memory_refused_at = ampoule_where();
    }
    return bytes;
}
static void *allocate_zeroed(void *unused, size_t count, size_t size) { return note(calloc(count, size)); }
static void *allocate(void *unused, size_t size) { return note(malloc(size)); }
static void release(void *unused, void *bytes) { free(bytes); }
static void *reallocate(void *unused, void *bytes, size_t size) {
    void *moved = realloc(bytes, size);
    return size ? note(moved) : moved;
}
size_t malloc_usable_size(void *);
static size_t usable_size(const void *bytes) { return malloc_usable_size((void *)bytes); }

/* ---- image build ---- */

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

static void run_prelude(void) {
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

AMPOULE_EXPORT(ampoule_init) void ampoule_init(void) {
    static const JSMallocFunctions memory = {allocate_zeroed, allocate, release, reallocate, usable_size};
    memfs_init();
    chdir("/work");
    runtime = JS_NewRuntime2(&memory, NULL);
    engine_set_stack(runtime, JAVASCRIPT_STACK);
    inside = engine_new_context(runtime);
    user = engine_new_context(runtime);
    loop_init();
    modules_init();
    failure_init();
    intl_init(user);
    run_prelude();
    local_zone_forget();
    failure_keep_default();
    engine_reserve(user);
    loop_listens = false;
    engine_freeze(runtime);
    heap_seal(READY_MEMORY);
    engine_prepare_arenas(runtime);
    memory_refused = false;
    memory_refused_at = 0;
}

/* ---- executions ---- */

AMPOULE_EXPORT(ampoule_alloc) void *ampoule_alloc(uint32_t length) { return malloc((size_t)length + 1); }

/* What is fresh in every guest, also in one that starts from a checkpoint. */
static void begin_here(void) {
    uint64_t random;
    ampoule_random_fill(&random, sizeof random);
    engine_begin(user, random);
    engine_set_stack(runtime, JAVASCRIPT_STACK);
    JS_SetGCThreshold(runtime, engine_memory_used(runtime) + FIRST_COLLECTION);
}

static void begin(const void *bytes, uint32_t length) {
    message_field name;
    request.bytes = bytes;
    request.length = length;
    bool named = message_find(bytes, length, AMPOULE_FILE_NAME, &name) && name.length;
    snprintf(request.file_name, sizeof request.file_name, "%.*s", named ? (int)name.length : 7, named ? name.bytes : "main.js");
    begin_here();
}

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

static JSValue evaluate(JSValue compiled, bool is_module, JSValue *namespace) {
    if (!is_module) return JS_EvalFunction(user, compiled);
    JSModuleDef *module = JS_VALUE_GET_PTR(compiled);
    modules_set_meta(module, request.file_name);
    JSValue promise = JS_EvalFunction(user, compiled);
    if (JS_IsException(promise)) return promise;
    JSValue value = loop_await(promise);
    if (!JS_IsException(value)) *namespace = JS_GetModuleNamespace(user, module);
    return value;
}

/* The function to call, an exception if there is none. `*is_handler`: it is called as functions for AWS Lambda are. */
static JSValue main_of(JSValueConst namespace, bool *is_handler) {
    JSValue main = find_main(namespace);
    *is_handler = false;
    if (JS_IsException(main) || JS_IsFunction(user, main)) return main;
    JS_FreeValue(user, main);
    JSValue handler = find_named(namespace, "handler");
    *is_handler = true;
    if (JS_IsException(handler) || JS_IsFunction(user, handler)) return handler;
    JS_FreeValue(user, handler);
    return JS_ThrowTypeError(user, "the program defines no function named main: write function main(input) { ... }, or handler(event, context)");
}

static JSValue call_main(JSValueConst main, bool is_handler, JSValueConst input) {
    JSValueConst arguments[2] = {input, is_handler ? handler_context() : JS_UNDEFINED};
    if (JS_IsException(arguments[1])) return JS_EXCEPTION;
    return JS_Call(user, main, JS_UNDEFINED, is_handler ? 2 : 1, arguments);
}

/* What a call's result comes to: awaited, with all that was to be done at once. */
static JSValue settled(JSValue result) {
    if (JS_IsException(result)) return result;
    if (JS_IsObject(result)) {
        JSValue then = JS_IsPromise(result) ? JS_UNDEFINED : JS_GetPropertyStr(user, result, "then");
        if (JS_IsException(then)) return then;
        if (JS_IsPromise(result) || JS_IsFunction(user, then)) return loop_await(engine_promise(user, result));
    }
    return loop_settle() ? result : JS_EXCEPTION;
}

static JSValue run(uint32_t entry, JSValueConst input, JSValue compiled, bool is_module) {
    JSValue namespace = JS_UNDEFINED;
    JSValue value = evaluate(compiled, is_module, &namespace);
    if (JS_IsException(value) && (entry != AMPOULE_ENTRY_SCRIPT || !loop_survives())) return value;
    if (entry == AMPOULE_ENTRY_SCRIPT) return loop_finish() ? JS_UNDEFINED : JS_EXCEPTION;
    JSValue result;
    if (entry == AMPOULE_ENTRY_BODY) {
        result = program_call_body(value, input);
    } else {
        bool is_handler;
        JSValue main = main_of(namespace, &is_handler);
        if (JS_IsException(main)) return main;
        result = call_main(main, is_handler, input);
    }
    return settled(result);
}

static void answer_result(message *response, JSValueConst value) {
    char *problem = NULL;
    message_put_u32(response, AMPOULE_KIND, AMPOULE_COMPLETED);
    if (encode_result(value, response, &problem)) {
        files_warn();
        return;
    }
    response->length = 0;
    if (problem) failure_put(response, AMPOULE_INVALID_RESULT, "InvalidResult", problem);
    else failure_put_exception(response);
}

static void answer_exit(message *response) {
    if (!loop_exit_code) {
        message_put_u32(response, AMPOULE_KIND, AMPOULE_COMPLETED);
        message_put_text(response, AMPOULE_RESULT, "null");
        files_warn();
        return;
    }
    char text[64];
    snprintf(text, sizeof text, "the program ended itself by process.exit(%d)", loop_exit_code);
    failure_put(response, AMPOULE_RAISED, "ProcessExit", text);
}

static void answer(message *response, JSValueConst result, bool script) {
    if (!loop_leave(script, JS_IsException(result))) result = JS_EXCEPTION;
    if (loop_exit) answer_exit(response);
    else if (JS_IsException(result)) failure_put_exception(response);
    else answer_result(response, result);
    files_collect(response);
}

/* Of the request, or in a call of that which prepared it. */
static bool wants_bigints(void) {
    message_field field;
    return message_find(request.bytes, request.length, AMPOULE_BIGINTS, &field);
}

/* Puts files and environment in place; false: the response says what was wrong. */
static bool apply_files(const void *bytes, uint32_t length, message *response) {
    const char *path = "";
    uint16_t error = files_apply(bytes, length, &path);
    if (!error) return true;
    char text[400];
    snprintf(text, sizeof text, "input file \"%.300s\" cannot be written: %s", path, strerror(error));
    failure_put(response, error == ENOMEM ? AMPOULE_MEMORY : AMPOULE_RAISED, "Error", text);
    return false;
}

AMPOULE_EXPORT(ampoule_run) uint64_t ampoule_run(void *bytes, uint32_t length) {
    message response = {0};
    message_field entry, input_text, source, code;
    begin(bytes, length);
    message_find(bytes, length, AMPOULE_ENTRY, &entry);
    message_find(bytes, length, AMPOULE_INPUT, &input_text);
    message_find(bytes, length, AMPOULE_SOURCE, &source);
    if (apply_files(bytes, length, &response)) {
        bool is_module = false, has_code = message_find(bytes, length, AMPOULE_CODE, &code) && code.length;
        JSValue input = decode_input(&input_text, wants_bigints()), compiled = JS_EXCEPTION, result = JS_EXCEPTION;
        if (!JS_IsException(input))
            compiled = has_code ? program_read(&code, &is_module) : program_compile(message_u32(&entry), &source, input, &is_module);
        if (!JS_IsException(compiled)) result = run(message_u32(&entry), input, compiled, is_module);
        answer(&response, result, message_u32(&entry) == AMPOULE_ENTRY_SCRIPT);
    }
    return message_answer(&response);
}

/* ---- checkpoints ---- */

/* What ampoule_prepare leaves for ampoule_call. */
static JSValue prepared_main;
static bool prepared_is_handler;

static JSValue prepare(const message_field *source, const message_field *code) {
    bool is_module = false;
    JSValue namespace = JS_UNDEFINED;
    JSValue compiled = code->length ? program_read(code, &is_module) : program_compile(AMPOULE_ENTRY_MAIN, source, JS_UNDEFINED, &is_module);
    if (JS_IsException(compiled)) return compiled;
    /* As in a run, what the top level's last statement came to lives on. */
    JSValue value = evaluate(compiled, is_module, &namespace);
    return JS_IsException(value) ? value : main_of(namespace, &prepared_is_handler);
}

/* The request stays: modules that were not imported yet are read from it. */
AMPOULE_EXPORT(ampoule_prepare) uint64_t ampoule_prepare(void *bytes, uint32_t length) {
    message response = {0};
    message_field entry, source, code;
    begin(bytes, length);
    message_find(bytes, length, AMPOULE_ENTRY, &entry);
    message_find(bytes, length, AMPOULE_SOURCE, &source);
    message_find(bytes, length, AMPOULE_CODE, &code);
    if (message_u32(&entry) != AMPOULE_ENTRY_MAIN) {
        failure_put(&response, AMPOULE_RAISED, "Error", "only a program whose entry is main has a top level apart from its call");
    } else if (apply_files(bytes, length, &response)) {
        prepared_main = prepare(&source, &code);
        if (loop_exit && loop_exit_code) answer_exit(&response);
        else if (loop_exit) failure_put(&response, AMPOULE_RAISED, "ProcessExit", "the program ended itself at its top level: there is nothing left to call");
        else if (JS_IsException(prepared_main)) failure_put_exception(&response);
        else {
            message_put_u32(&response, AMPOULE_KIND, AMPOULE_COMPLETED);
            signature_put(&response, prepared_main);
            files_settle();
            checkpoint_keep();
            return message_answer(&response);
        }
        files_collect(&response);
    }
    return message_answer(&response);
}

static bool set_variables(const void *bytes, uint32_t length) {
    message_reader reader = message_read(bytes, length);
    message_field field;
    const char *text;
    uint32_t text_length;
    while (message_next(&reader, &field)) {
        if (field.tag != AMPOULE_ENV || !message_pair(&field, &text, &text_length)) continue;
        if (!strcmp(field.bytes, "TZ")) local_zone_forget(); /* it is in the environment already */
        JSValue arguments[] = {JS_NewString(user, field.bytes), JS_NewStringLen(user, text, text_length)};
        JSValue done = JS_Call(user, hooks.set_variable, JS_UNDEFINED, 2, (JSValueConst *)arguments);
        if (JS_IsException(done)) return false;
        JS_FreeValue(user, arguments[0]);
        JS_FreeValue(user, arguments[1]);
    }
    return true;
}

AMPOULE_EXPORT(ampoule_call) uint64_t ampoule_call(void *bytes, uint32_t length) {
    message response = {0};
    message_field input_text;
    memory_refused = false;
    memory_refused_at = 0;
    begin_here();
    message_find(bytes, length, AMPOULE_INPUT, &input_text);
    if (apply_files(bytes, length, &response)) {
        JSValue input = decode_input(&input_text, wants_bigints()), result = JS_EXCEPTION;
        if (!JS_IsException(input) && set_variables(bytes, length))
            result = settled(call_main(prepared_main, prepared_is_handler, input));
        answer(&response, result, false);
    }
    return message_answer(&response);
}

AMPOULE_EXPORT(ampoule_compile) uint64_t ampoule_compile(void *bytes, uint32_t length) {
    message response = {0};
    message_field entry, input_text, source;
    begin(bytes, length);
    message_find(bytes, length, AMPOULE_ENTRY, &entry);
    message_find(bytes, length, AMPOULE_INPUT, &input_text);
    message_find(bytes, length, AMPOULE_SOURCE, &source);
    bool is_module;
    request.compiling = true;
    JSValue input = decode_input(&input_text, wants_bigints());
    JSValue compiled = JS_IsException(input) ? JS_EXCEPTION : program_compile(message_u32(&entry), &source, input, &is_module);
    if (JS_IsException(compiled) || !program_write(compiled, &response)) {
        response.length = 0;
        failure_put_exception(&response);
    } else {
        message_put_u32(&response, AMPOULE_KIND, AMPOULE_COMPLETED);
    }
    return message_answer(&response);
}
