/* Where a program was that a limit has stopped, as a traceback without its source lines. */
#define Py_BUILD_CORE
#include <Python.h>

#include "abi.h"
#include "harness.h"
#include "where.h"
#include <internal/pycore_frame.h>
#include <internal/pycore_pystate.h>
#include <stdbool.h>

/* Names are for people: longer ones are cut. */
enum { LONGEST_NAME = 200 };

static void put_name(PyObject *name) {
    if (!name || !PyUnicode_Check(name)) {
        where_text("?");
        return;
    }
    Py_ssize_t length = PyUnicode_GET_LENGTH(name);
    for (Py_ssize_t i = 0; i < length && i < LONGEST_NAME; i++) where_character(PyUnicode_READ_CHAR(name, i));
}

/* Whether a name begins so. */
static bool begins(PyObject *name, const char *with) {
    Py_ssize_t length = strlen(with);
    if (PyUnicode_GET_LENGTH(name) < length) return false;
    for (Py_ssize_t i = 0; i < length; i++)
        if (PyUnicode_READ_CHAR(name, i) != (Py_UCS4)with[i]) return false;
    return true;
}

/* The library's frames and ours say nothing to the user (bootstrap/failures.py). */
static bool is_users(const PyCodeObject *code) {
    PyObject *name = code->co_filename;
    return name && PyUnicode_Check(name) && !begins(name, "/usr/lib/") && !begins(name, "<frozen");
}

struct place { PyCodeObject *code; int line; };

static bool take(struct place *place, _PyInterpreterFrame *frame) {
    if (frame->owner == FRAME_OWNED_BY_CSTACK || _PyFrame_IsIncomplete(frame)) return false;
    if (!frame->f_executable || !PyCode_Check(frame->f_executable)) return false;
    PyCodeObject *code = _PyFrame_GetCode(frame);
    if (!is_users(code)) return false;
    *place = (struct place){code, PyUnstable_InterpreterFrame_GetLine(frame)};
    return true;
}

/* The program's coroutine while it is awaited, borrowed from whoever awaits it; or NULL. */
static PyObject *awaited;

PyObject *harness_awaits(PyObject *module, PyObject *coroutine) {
    awaited = coroutine == Py_None ? NULL : coroutine;
    Py_RETURN_NONE;
}

/* Where the program's coroutine waits, and those that it waits for, the innermost first: for a program that was stopped while
 * nothing of it ran. What it waits for by other ways, as tasks, is told by the line that does. */
static int waiting(struct place *frames) {
    int count = 0;
    PyObject *waits = awaited;
    for (int looks = 0; waits && looks < WHERE_LOOKS && (PyCoro_CheckExact(waits) || PyGen_CheckExact(waits)); looks++) {
        PyGenObject *generator = (PyGenObject *)waits;
        if (generator->gi_frame_state >= FRAME_EXECUTING) break;
        _PyInterpreterFrame *frame = (_PyInterpreterFrame *)generator->gi_iframe;
        if (count == WHERE_FRAMES) memmove(frames, frames + 1, --count * sizeof *frames);
        count += take(&frames[count], frame);
        waits = generator->gi_frame_state == FRAME_SUSPENDED_YIELD_FROM ? _PyFrame_StackPeek(frame) : NULL;
    }
    for (int i = 0; i < count / 2; i++) {
        struct place outer = frames[i];
        frames[i] = frames[count - 1 - i];
        frames[count - 1 - i] = outer;
    }
    return count;
}

AMPOULE_EXPORT(ampoule_where) uint64_t ampoule_where(void) {
    where_begin();
    PyThreadState *state = _PyThreadState_GET();
    /* None while it sleeps, as others could run then: there is one thread. */
    if (!state) state = PyInterpreterState_ThreadHead(PyInterpreterState_Main());
    if (!state) return 0;
    struct place frames[WHERE_FRAMES];
    int count = 0, looks = 0;
    for (_PyInterpreterFrame *frame = state->current_frame; frame && looks < WHERE_LOOKS && count < WHERE_FRAMES; frame = frame->previous, looks++)
        count += take(&frames[count], frame);
    if (!count) count = waiting(frames);
    if (!count) return 0;
    where_text("Traceback (most recent call last):\n");
    for (int i = count - 1; i >= 0; i--) {
        where_text("  File \"");
        put_name(frames[i].code->co_filename);
        where_text("\", line ");
        where_number(frames[i].line > 0 ? frames[i].line : 0);
        where_text(", in ");
        put_name(frames[i].code->co_name);
        where_text("\n");
    }
    return where_answer(frames[0].line > 0 ? frames[0].line : 0);
}
