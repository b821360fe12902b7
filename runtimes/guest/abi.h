/* The boundary between a guest and its host: every import, every export, every message field.
 *
 * A guest is a WASI reactor compiled to one core module. It imports the five functions below and
 * nothing else (the list is repeated in crates/model/src/imports.rs and asserted against every
 * image). Files, environment, arguments and working directory live in the guest's own memory
 * (memfs.c, wasi.c), so no file-system or network function is imported.
 *
 * Life of a guest: `ampoule_init` runs once, at image build; the snapshot is taken after it. Every
 * execution starts from that snapshot: the host calls `ampoule_alloc`, writes a request message
 * there, and calls `ampoule_compile`, `ampoule_run` or `ampoule_prepare`, which answer with a response
 * message. After an `ampoule_prepare` that completed the host keeps what the guest's memory differs in from
 * the snapshot, a checkpoint; in guests that start from it, it calls `ampoule_alloc` and `ampoule_call`.
 *
 * A message is a sequence of fields, each `u32 tag, u32 length, length bytes`, little endian,
 * unpadded. Repeated fields simply occur several times. Text is UTF-8.
 */
#ifndef AMPOULE_ABI_H
#define AMPOULE_ABI_H
#include <stddef.h>
#include <stdint.h>

#define AMPOULE_IMPORT(name) __attribute__((import_module("ampoule"), import_name(#name)))
#define AMPOULE_EXPORT(name) __attribute__((export_name(#name), used, visibility("default")))

/* ---- imports: all a guest can ask of its host ---- */

/* Nanoseconds; clock 0: since the Unix epoch, clock 1: since this execution started.
 * Coarsened by the host; fixed by the request in deterministic mode. */
AMPOULE_IMPORT(clock_now) int64_t ampoule_clock_now(int32_t clock);

/* Fills `length` bytes from the execution's own random stream (at most 64 KiB a call, else a trap). */
AMPOULE_IMPORT(random_fill) void ampoule_random_fill(void *bytes, int32_t length);

/* Appends to stdout (stream 1) or stderr (stream 2). The host stops the execution when the two
 * together exceed the output limit. */
AMPOULE_IMPORT(output_write) void ampoule_output_write(int32_t stream, const void *bytes, int32_t length);

/* Sleeps; the host stops the execution when its wall time is over. */
AMPOULE_IMPORT(sleep) void ampoule_sleep(int64_t nanoseconds);

/* Ends the execution at once: what exit(3), abort(3) and _exit(2) become. */
AMPOULE_IMPORT(exit) _Noreturn void ampoule_exit(int32_t code);

/* ---- exports ----
 * void     ampoule_init(void)                  boots the interpreter; image build only
 * void    *ampoule_alloc(uint32_t length)      room for a request; NULL when memory is out
 * uint64_t ampoule_compile(void *, uint32_t)   request -> response with AMPOULE_CODE, or a failure; runs no user code
 * uint64_t ampoule_run(void *, uint32_t)       request -> response
 * uint64_t ampoule_prepare(void *, uint32_t)   request -> response; runs the top level of a program whose entry is `main`, and
 *                                              no more: KIND completed and AMPOULE_SIGNATURE, or the failure, as of a run
 * uint64_t ampoule_call(void *, uint32_t)      request (input, files, environment, stdin, output) -> response, as of a run; calls the `main`
 *                                              that ampoule_prepare has left in this memory
 * uint64_t ampoule_where(void)                 after a limit has stopped one of these: a message with AMPOULE_FAIL_TRACEBACK and
 *                                              AMPOULE_FAIL_LINE, where the user's code was; 0 if that is not known. Whatever
 *                                              was interrupted, malloc included, is as it was: it reads and allocates nothing
 * The answer is (address << 32) | length of the response message, which stays in guest memory.
 * Globals exported for the host: `memory`, `__stack_pointer`. All that a guest changes is in the memory and in exported
 * globals (check_imports.py): else a checkpoint would miss it. */

/* ---- request fields ---- */
enum {
    AMPOULE_ENTRY = 1,       /* u32: enum ampoule_entry */
    AMPOULE_FILE_NAME = 2,   /* name shown in tracebacks */
    AMPOULE_SOURCE = 3,      /* the program's source */
    AMPOULE_CODE = 4,        /* compiled form from ampoule_compile of this very image, source, entry, file name and input keys; optional */
    AMPOULE_INPUT = 5,       /* JSON text of one object */
    AMPOULE_MODULE = 6,      /* name, NUL, source; repeated */
    AMPOULE_FILE = 7,        /* path below the working directory, NUL, content; repeated; also in responses */
    AMPOULE_ENV = 8,         /* key, NUL, value; repeated */
    AMPOULE_DETERMINISTIC = 9, /* empty; present when seed and clock come from the request */
    AMPOULE_STDIN = 10,      /* what descriptor 0 reads; without it that is at its end. Not for ampoule_prepare */
    AMPOULE_OUTPUT = 11,     /* a pattern of files that come back beside those below out/ (crates/model/src/pattern.rs); repeated. Not
                              * for ampoule_prepare */
    AMPOULE_BIGINTS = 12,    /* empty; JavaScript: integers of the input that a double cannot hold are BigInts. Not in ampoule_call, which
                              * goes by what prepared it */
};
enum ampoule_entry { AMPOULE_ENTRY_MAIN = 1, AMPOULE_ENTRY_BODY = 2, AMPOULE_ENTRY_SCRIPT = 3 };

/* ---- response fields ---- */
enum {
    AMPOULE_KIND = 16,       /* u32: enum ampoule_kind */
    AMPOULE_RESULT = 17,     /* JSON text */
    AMPOULE_FAIL_TYPE = 18,  /* exception class, e.g. ValueError */
    AMPOULE_FAIL_MESSAGE = 19,
    AMPOULE_FAIL_TRACEBACK = 20, /* whole traceback as the language prints it, user frames only */
    AMPOULE_FAIL_LINE = 21,  /* u32, 1-based, innermost user frame or the syntax error; absent if unknown */
    AMPOULE_FAIL_COLUMN = 22, /* u32, 1-based */
    AMPOULE_SIGNATURE = 23,  /* JSON text: what `main` takes (README.md of each runtime); absent if that is not known */
    /* AMPOULE_FILE: what the program wrote below out/ (path includes "out/"), and what else of its own a pattern means */
    /* AMPOULE_CODE: compiled form */
};
enum ampoule_kind {
    AMPOULE_COMPLETED = 0,
    AMPOULE_RAISED = 1,
    AMPOULE_INVALID_RESULT = 2,
    AMPOULE_MEMORY = 3,      /* ended by an uncaught out-of-memory error of the language */
};
#endif
