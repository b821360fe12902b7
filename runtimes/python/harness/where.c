/* Where a program was that a limit has stopped, as a traceback without its source lines. */
#define Py_BUILD_CORE
#include <Python.h>

#include "abi.h"
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

AMPOULE_EXPORT(ampoule_where) uint64_t ampoule_where(void) {
    where_begin();
    PyThreadState *state = _PyThreadState_GET();
    /* None while it sleeps, as others could run then: there is one thread. */
    if (!state) state = PyInterpreterState_ThreadHead(PyInterpreterState_Main());
    if (!state) return 0;
    struct { PyCodeObject *code; int line; } frames[WHERE_FRAMES];
    int count = 0, looks = 0;
    for (_PyInterpreterFrame *frame = state->current_frame; frame && looks < WHERE_LOOKS && count < WHERE_FRAMES; frame = frame->previous, looks++) {
        if (frame->owner == FRAME_OWNED_BY_CSTACK || _PyFrame_IsIncomplete(frame)) continue;
        if (!frame->f_executable || !PyCode_Check(frame->f_executable)) continue;
        PyCodeObject *code = _PyFrame_GetCode(frame);
        if (!is_users(code)) continue;
        frames[count].code = code;
        frames[count++].line = PyUnstable_InterpreterFrame_GetLine(frame);
    }
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
