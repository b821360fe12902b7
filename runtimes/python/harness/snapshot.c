/* Prepares the booted heap for being run from a snapshot thousands of times a second.
 *
 * A run costs about a microsecond for every page of the snapshot it writes to, and CPython writes everywhere:
 * reference counts, half-filled pools, the collector's lists. So everything alive is made immortal (its count is
 * never written again), the pools that have room are filled up (a run begins with fresh, contiguous ones), and dead
 * bytes are zeroed (they would be stored in the image). */
#define Py_BUILD_CORE
#include "harness.h"
#include "heap.h"
#include <internal/pycore_backoff.h>
#include <internal/pycore_code.h>
#include <internal/pycore_gc.h>
#include <internal/pycore_opcode_metadata.h>
#include "files.h"
#include <stdlib.h>
#include <string.h>

/* ---- immortal objects ---- */

static PyObject **pending; /* seen, not yet walked */
static size_t pending_count, pending_room;
static uintptr_t *seen; /* open addressing */
static size_t seen_mask, seen_count;

static bool is_new(uintptr_t key) {
    size_t i = (key >> 3) * 2654435761u & seen_mask;
    while (seen[i]) {
        if (seen[i] == key) return false;
        i = (i + 1) & seen_mask;
    }
    seen[i] = key;
    return true;
}

static int visit(PyObject *object, void *context) {
    if (!object || !is_new((uintptr_t)object)) return 0;
    if (++seen_count * 2 > seen_mask) Py_FatalError("more objects than the table of immortals holds");
    object->ob_refcnt = _Py_IMMORTAL_REFCNT;
    if (pending_count == pending_room) {
        pending_room = pending_room ? pending_room * 2 : 65536;
        pending = realloc(pending, pending_room * sizeof *pending);
        if (!pending) Py_FatalError("no memory for the walk over all objects");
    }
    pending[pending_count++] = object;
    return 0;
}

static void visit_type(PyTypeObject *type) {
    visit((PyObject *)type, NULL);
    visit(PyType_GetDict(type), NULL);
    visit(type->tp_mro, NULL);
    visit(type->tp_bases, NULL);
    visit((PyObject *)type->tp_base, NULL);
}

/* What bytecode counts, it counts in itself. A counter that never triggers is not written to (patches/bytecode.patch), so
 * those are stopped that were of no use during the warm-up: of instructions that could not be specialised, again and again,
 * and of specialised ones that met other types since. Instructions that have not been tried so often keep their chance. */
static void settle_bytecode(PyCodeObject *code) {
    enum { FAILED_OFTEN = 4 }; /* attempts are 2, 4, 8, 16 … executions apart */
    _Py_CODEUNIT *instructions = _PyCode_CODE(code);
    for (Py_ssize_t i = 0; i < Py_SIZE(code); i++) {
        int opcode = instructions[i].op.code, generic = _PyOpcode_Deopt[opcode], caches = _PyOpcode_Caches[generic];
        if (opcode == RESUME) instructions[i].op.code = RESUME_CHECK; /* as its first execution would */
        if (caches) {
            _Py_BackoffCounter *counter = &instructions[i + 1].counter;
            bool failed = opcode == generic && counter->backoff >= FAILED_OFTEN;
            bool missed = opcode != generic && counter->backoff == ADAPTIVE_COOLDOWN_BACKOFF && counter->value < ADAPTIVE_COOLDOWN_VALUE;
            if (failed || missed) *counter = initial_unreachable_backoff_counter();
        }
        i += caches;
    }
}

static void visit_code(PyCodeObject *code) {
    settle_bytecode(code);
    visit(code->co_consts, NULL);
    visit(code->co_names, NULL);
    visit(code->co_exceptiontable, NULL);
    visit(code->co_localsplusnames, NULL);
    visit(code->co_localspluskinds, NULL);
    visit(code->co_filename, NULL);
    visit(code->co_name, NULL);
    visit(code->co_qualname, NULL);
    visit(code->co_linetable, NULL);
}

/* What `object` refers to. The collector's traversal leaves out static types and the string keys of dicts. */
static void walk(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    visit_type(type);
    if (PyCode_Check(object)) visit_code((PyCodeObject *)object);
    if (PyDict_Check(object)) {
        Py_ssize_t position = 0;
        PyObject *key, *value;
        while (PyDict_Next(object, &position, &key, &value)) {
            visit(key, NULL);
            visit(value, NULL);
        }
    }
    if (PyType_Check(object)) {
        visit_type((PyTypeObject *)object);
        /* Given on the first look for an attribute else, and written into the type. */
        PyUnstable_Type_AssignVersionTag((PyTypeObject *)object);
        PyObject *subclasses = PyObject_CallMethod((PyObject *)&PyType_Type, "__subclasses__", "O", object);
        if (subclasses)
            for (Py_ssize_t i = 0; i < PyList_GET_SIZE(subclasses); i++) visit(PyList_GET_ITEM(subclasses, i), NULL);
        Py_XDECREF(subclasses);
        PyErr_Clear();
    }
    if (Py_IS_TYPE(object, &PyMethodDescr_Type) || Py_IS_TYPE(object, &PyGetSetDescr_Type) ||
        Py_IS_TYPE(object, &PyMemberDescr_Type) || Py_IS_TYPE(object, &PyWrapperDescr_Type)) {
        visit(((PyDescrObject *)object)->d_name, NULL);
        visit(((PyDescrObject *)object)->d_qualname, NULL);
    }
    if (!PyType_IS_GC(type) || (type->tp_is_gc && !type->tp_is_gc(object))) return;
    if (type->tp_traverse) type->tp_traverse(object, visit, NULL);
}

static void make_immortal(void) {
    enum { SEEN_BITS = 22 };
    seen_mask = ((size_t)1 << SEEN_BITS) - 1;
    seen = calloc(seen_mask + 1, sizeof *seen);
    PyObject *gc = PyImport_ImportModule("gc");
    PyObject *all = gc ? PyObject_CallMethod(gc, "get_objects", NULL) : NULL;
    if (!seen || !all) Py_FatalError("cannot list all objects");
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(all); i++) visit(PyList_GET_ITEM(all, i), NULL);
    visit(PyImport_GetModuleDict(), NULL);
    visit((PyObject *)&PyBaseObject_Type, NULL);
    while (pending_count) walk(pending[--pending_count]);
    free(pending);
    free(seen);
    /* The list itself, its references and `gc` are not worth undoing: immortal like the rest. */
    PyObject *frozen = PyObject_CallMethod(gc, "freeze", NULL);
    if (!frozen) Py_FatalError("gc.freeze failed");
    /* Free objects kept for reuse lie scattered over the snapshot. */
    _PyGC_ClearAllFreeLists(PyInterpreterState_Get());
}

/* ---- pools ---- */

/* The pools as patches/pools.patch makes them; arenas begin on a page. */
enum { POOL = 2048, PAGE = 4096, LARGEST_SMALL = 512, SMALL_STEP = 8 };

static size_t arenas;
static bool last_arena; /* the next one is what executions begin with */

static void *new_arena(void *context, size_t size) {
    arenas++;
    return last_arena ? heap_take_from_nursery(PAGE, size) : aligned_alloc(PAGE, size);
}

static void free_arena(void *context, void *arena, size_t size) { free(arena); }

void harness_arenas(void) {
    PyObjectArenaAllocator allocator = {NULL, new_arena, free_arena};
    PyObject_SetArenaAllocator(&allocator);
}

/* The count of used blocks is the first word of a pool's head. */
static uint32_t blocks_in_pool_of(void *block) { return *(uint32_t *)((uintptr_t)block & ~(uintptr_t)(POOL - 1)); }

/* Uses up every free block of every pool in use, and every free pool of every arena in use. */
static void retire_pools(void) {
    for (int size = SMALL_STEP; size <= LARGEST_SMALL; size += SMALL_STEP) {
        void *block;
        do block = PyObject_Malloc(size);
        while (block && blocks_in_pool_of(block) != 1);
        PyObject_Free(block);
    }
    size_t before = arenas;
    last_arena = true;
    void *block;
    do block = PyObject_Malloc(LARGEST_SMALL);
    while (block && arenas == before);
    PyObject_Free(block);
    last_arena = false;
}

/* ---- the stack ---- */

/* The stack lies first in memory and grows down: what is below here is what init left behind. */
__attribute__((noinline)) static void wipe_dead_stack(void) {
    enum { LOWEST = 1024, MARGIN = 16384 };
    char here;
    uintptr_t top = (uintptr_t)&here;
    if (top > LOWEST + MARGIN) memset((void *)LOWEST, 0, top - MARGIN - LOWEST);
}

/* ---- what Python code asks of this ---- */

int _PyRandom_Forget(PyObject *generator); /* patches/random.patch */

static PyObject *forget(PyObject *module, PyObject *generator) {
    if (_PyRandom_Forget(generator)) return NULL;
    Py_RETURN_NONE;
}

/* Gives a type another method or property of that name, whether or not the type is one that can be changed; the one before. */
static PyObject *replace(PyObject *module, PyObject *arguments) {
    PyTypeObject *type;
    PyObject *name, *method;
    if (!PyArg_ParseTuple(arguments, "O!UO", &PyType_Type, &type, &name, &method)) return NULL;
    PyObject *dict = PyType_GetDict(type), *before = PyDict_GetItemWithError(dict, name);
    Py_XINCREF(before);
    if (!before) PyErr_SetObject(PyExc_KeyError, name);
    else if (PyDict_SetItem(dict, name, method)) Py_CLEAR(before);
    PyType_Modified(type);
    Py_DECREF(dict);
    return before;
}

/* Whether a generator of NumPy's kind MT19937 has a state: see packages/numpy/patches/reseed.patch, which says what the
 * position beyond the last but one is. The capsule holds a bitgen_t, whose first member is the state. */
static PyObject *has_state(PyObject *module, PyObject *capsule) {
    enum { WORDS = 624, UNSEEDED = WORDS + 1 };
    struct { uint32_t key[WORDS]; int position; } **generator = PyCapsule_GetPointer(capsule, "BitGenerator");
    if (!generator) return NULL;
    return PyBool_FromLong((*generator)->position != UNSEEDED);
}

/* SQLite's random() seeds itself on its first use, too. */
static PyObject *forget_sqlite(PyObject *module, PyObject *unused) {
    void sqlite3_randomness(int, void *);
    sqlite3_randomness(0, NULL);
    Py_RETURN_NONE;
}

static PyObject *open_for_writing(PyObject *module, PyObject *unused) { return PyBool_FromLong(files_open_for_writing()); }

static PyObject *have_wheel(PyObject *module, PyObject *unused) { return PyBool_FromLong(files_have_wheel()); }

int guest_dup2(int, int); /* ../guest/posix.c */

static PyObject *duplicate_to(PyObject *module, PyObject *arguments) {
    int fd, to, inheritable;
    if (!PyArg_ParseTuple(arguments, "ii|p:dup2", &fd, &to, &inheritable)) return NULL;
    if (guest_dup2(fd, to) < 0) return PyErr_SetFromErrno(PyExc_OSError);
    return PyLong_FromLong(to);
}

PyObject *harness_module(void) {
    static PyMethodDef methods[] = {
        {"forget", forget, METH_O, "Makes a random.Random seed itself anew on its next use."},
        {"forget_sqlite", forget_sqlite, METH_NOARGS, "Makes SQLite's generator seed itself anew on its next use."},
        {"has_state", has_state, METH_O, "Whether a generator of NumPy's has drawn a state or was given one."},
        {"replace", replace, METH_VARARGS, "Replaces an attribute of a type; returns the one before."},
        {"open_for_writing", open_for_writing, METH_NOARGS, "Whether any file is open for writing."},
        {"have_wheel", have_wheel, METH_NOARGS, "Whether a file of the request is a wheel."},
        {"read_json", harness_read_json, METH_O, "The value of a JSON text."},
        {"write_json", harness_write_json, METH_O, "A plain value as JSON text in UTF-8."},
        {"dup2", duplicate_to, METH_VARARGS, "os.dup2, which CPython leaves out on WASI."},
        {"tzset", harness_tzset, METH_NOARGS, "Takes up the time zone that the environment variable TZ names now."},
        {"awaits", harness_awaits, METH_O, "Says which coroutine of the program is awaited, for where a limit stops it; None: none is."},
        {0},
    };
    static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_ampoule_guest", NULL, 0, methods};
    return PyModule_Create(&definition);
}

void harness_seal(void) {
    make_immortal();
    retire_pools();
    wipe_dead_stack();
}
