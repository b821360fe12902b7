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
    boot_prelude();
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
        JSValue main = entry_main(namespace, &is_handler);
        if (JS_IsException(main)) return main;
        result = entry_call(main, is_handler, input);
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
    return JS_IsException(value) ? value : entry_main(namespace, &prepared_is_handler);
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
            result = settled(entry_call(prepared_main, prepared_is_handler, input));
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
