/* The parts of the harness and what they share. Life of an execution: guest.c. */
#ifndef GUEST_H
#define GUEST_H
#include "engine.h"
#include "../../guest/message.h"

/* Two realms share one runtime. `user` is where programs run. `inside` holds console and inspection, so that nothing
 * a program does to Array.prototype and the like reaches them; it is never handed out, except through functions made
 * by expose (natives.c). */
extern JSRuntime *runtime;
extern JSContext *user, *inside;

/* What the prelude gives the harness to call; undefined until it has run. */
struct hooks {
    JSValue inspect_error;  /* inside: (error) -> text as console.error shows it */
    JSValue inspect;        /* inside: (value) -> text */
    JSValue translate;      /* inside: (TypeScript, file name, whether it is a body) -> JavaScript, undefined if it is that already, or what is wrong */
    JSValue run_ticks;      /* user: runs what process.nextTick queued */
    JSValue run_timer;      /* user: runs one due timer or immediate: 0; nothing due: nanoseconds to wait; none: -1 */
    JSValue set_variable;   /* user: (name, text), an environment variable that came after the program had looked */
    JSValue prepare_stack;  /* user: (Error.prepareStackTrace, error, frames) -> the stack */
    JSValue require;        /* user: (name) -> exports of a CommonJS module, for import() */
    JSValue export_names;   /* user: (name) -> names that a CommonJS module of the request exports */
    JSValue unhandled;      /* user: (reason, promise) -> whether the program listens for rejections that nobody handled */
    JSValue handled_late;   /* user: (promise), one of them that is handled after all */
    JSValue uncaught;       /* user: (error) -> whether the program takes it into its own hands */
    JSValue before_exit;    /* user: (), when there is nothing left to do */
    JSValue leave;          /* user: (whether a script ends, whether it failed) -> exit code */
};
extern struct hooks hooks;

/* The request of the program: in a call, that which prepared it. It holds the modules' sources. */
struct request {
    const char *bytes;
    uint32_t length;
    char file_name[256];
    bool compiling;     /* ampoule_compile: no user code may run */
};
extern struct request request;

/* An allocation failed since the execution began. */
extern bool memory_refused;
extern uint64_t memory_refused_at;
uint64_t ampoule_where(void); /* abi.h */

/* natives.c, natives_files.c, natives_fs.c, natives_zlib.c, natives_buffer.c, ../crypto/binding.cpp, modules.c: functions for the prelude */
JSValue natives_object(JSContext *context);
void natives_add_files(JSContext *context, JSValueConst object);
void natives_add_fs(JSContext *context, JSValueConst object);
void natives_add_zlib(JSContext *context, JSValueConst object);
void natives_add_buffer(JSContext *context, JSValueConst object);
void natives_add_crypto(JSContext *context, JSValueConst object);
void modules_add_natives(JSContext *context, JSValueConst object);
void modules_init(void);
/* Sets what import.meta holds. */
void modules_set_meta(JSModuleDef *module, const char *name);
/* `compiled` if it is none of a syntax error; else the source as an ES module, if it is one. */
JSValue modules_or_es(JSValue compiled, const char *name, const char *source, uint32_t length);

/* An ES module. */
JSValue modules_compile_es(const char *name, const char *source, uint32_t length);

/* decode.c: the input object; an exception for bad JSON. The byte after the text is overwritten and put back; the text must stay. */
JSValue decode_input(const message_field *input, bool bigints);
/* The digits of numbers of the input that they lost. */
extern struct numbers input_numbers;

/* typescript.c */
/* Whether a file of this name is TypeScript. */
bool typescript_is_name(const char *name);
/* The JavaScript of a source in TypeScript, undefined if it is JavaScript as it is; an exception for a syntax error. Of a body: what stands between
 * the line before its first and the end. */
JSValue typescript_translate(const char *name, const char *source, size_t length, bool is_body);
/* With an exception pending, which stays: the JavaScript of what is none but is TypeScript, else undefined. */
JSValue typescript_instead(const char *name, const char *source, size_t length, bool is_body);

/* boot.c: evaluates the prelude and the packages, when an image is built */
void boot_prelude(void);

/* entry.c: the function to call, an exception if there is none. `*is_handler`: it is called as functions for AWS Lambda are. */
JSValue entry_main(JSValueConst namespace, bool *is_handler);
JSValue entry_call(JSValueConst main, bool is_handler, JSValueConst input);

/* program.c: source or compiled form -> something to evaluate, an exception for a syntax error */
JSValue program_compile(uint32_t entry, const message_field *source, JSValueConst input, bool *is_module);
JSValue program_read(const message_field *code, bool *is_module);
bool program_write(JSValueConst compiled, message *response);
JSValue program_call_body(JSValueConst function, JSValueConst input);

/* loop.c */
void loop_init(void);
/* Set by natives.c when process.nextTick queued something. */
extern bool loop_ticks;
/* Set by natives.c when the program listens to the events of `process`, or sets its exit code. */
extern bool loop_listens;
/* Set by process.exit; everything unwinds. */
extern bool loop_exit;
extern int loop_exit_code;
/* Whether the program goes on in spite of the pending exception. */
bool loop_survives(void);
/* The program is over: tells it so. False: an exception is pending, as `failed` says that there is, or a new one. */
bool loop_leave(bool script, bool failed);
/* async_context.c: what comes next belongs to no context. */
void async_context_init(void);
void async_context_leave(void);
void natives_add_async_context(JSContext *context, JSValueConst object);
/* Runs ticks and jobs until there are none; false: an exception is pending. */
bool loop_drain(void);
/* Runs what is due at once; false: an exception is pending, or one that nobody handled. */
bool loop_settle(void);
/* Until `promise` (owned) is settled: its value, or an exception. */
JSValue loop_await(JSValue promise);
/* Until nothing is left to do; false: an exception is pending. */
bool loop_finish(void);

/* signature.c: what a function takes, if its text tells; AMPOULE_SIGNATURE */
void signature_put(message *response, JSValueConst function);

/* encode.c: false if the value has no JSON form (`*problem`, to be freed, says where and why; NULL: an exception is pending) */
bool encode_result(JSValueConst value, message *response, char **problem);

/* failure.c */
void failure_init(void);
void failure_keep_default(void); /* after the prelude: its Error.prepareStackTrace is the form that the harness makes by itself */
/* Where an error happened, as a number that grows with line and column. */
uint64_t failure_position(JSValueConst error);
/* Answers with the pending exception. */
void failure_put_exception(message *response);
void failure_put_value(message *response, JSValue reason);
/* native.userFrames: the user's part of the current stack as lines */
JSValue failure_user_frames(JSContext *context, JSValueConst this, int argc, JSValueConst *argv);
void failure_put(message *response, enum ampoule_kind kind, const char *type, const char *text);

#endif
