/* Shared by the files of the Python harness. */
#ifndef AMPOULE_HARNESS_H
#define AMPOULE_HARNESS_H
#include <Python.h>

/* The end of ampoule_init: makes the heap fit to be run from a snapshot many times (snapshot.c). */
void harness_seal(void);
/* Before the interpreter starts: memory for its small objects from page-aligned arenas. */
void harness_arenas(void);
/* Before the interpreter starts: the extension modules of packages become built-in ones (written by build/guest.sh). */
void harness_packages(void);
/* The module `_ampoule_guest`, for the bootstrap. */
PyObject *harness_module(void);
/* Its functions read_json(str) and write_json(value) -> bytes (json.c); NotImplemented for what they leave to Python. */
PyObject *harness_read_json(PyObject *module, PyObject *text);
PyObject *harness_write_json(PyObject *module, PyObject *value);
/* Its function awaits(coroutine), which says what of the program is awaited, or None (where.c). */
PyObject *harness_awaits(PyObject *module, PyObject *coroutine);
/* Its function tzset(), which becomes time.tzset (zone.c). */
PyObject *harness_tzset(PyObject *module, PyObject *unused);

#endif
