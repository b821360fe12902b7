/* The Python guest's exports: boots CPython once, then answers requests.
 *
 * What a request means is Python code (bootstrap/program.py); here its fields become Python objects and what comes
 * back becomes a response. When that fails for lack of memory, the answer says so without allocating. */
#include "harness.h"
#include "checkpoint.h"
#include "files.h"
#include "heap.h"
#include "memfs.h"
#include "message.h"
#include <unistd.h>

/* Initial memory that an execution can use without asking the host for more. */
enum { READY_BYTES = 4 << 20 };

static const unsigned char tree[] = {
#embed "tree.bin"
};

int guest_float_flags; /* build/native/include/fenv.h */

static PyObject *run_program, *compile_program, *prepare_program, *call_program;

static void check(PyStatus status) {
    if (PyStatus_Exception(status)) Py_ExitStatusException(status);
}

static void check_text(PyConfig *config, wchar_t **field, const wchar_t *text) { check(PyConfig_SetString(config, field, text)); }

static void boot(void) {
    PyPreConfig pre;
    PyPreConfig_InitIsolatedConfig(&pre);
    pre.utf8_mode = 1;
    check(Py_PreInitialize(&pre));
    harness_arenas();
    PyImport_AppendInittab("_ampoule_guest", harness_module);
    harness_packages();

    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    config.write_bytecode = 0;
    config.install_signal_handlers = 0;
    config.pathconfig_warnings = 0;
    config.buffered_stdio = 0; /* nothing printed is lost when the guest is stopped */
    config.use_hash_seed = 1;  /* the snapshot freezes any seed; 0 makes the order of sets the same everywhere */
    config.hash_seed = 0;
    config.module_search_paths_set = 1;
    check(PyWideStringList_Append(&config.module_search_paths, L"/usr/lib/python3.13"));
    check_text(&config, &config.home, L"/usr");
    check_text(&config, &config.prefix, L"/usr");
    check_text(&config, &config.exec_prefix, L"/usr");
    check_text(&config, &config.base_prefix, L"/usr");
    check_text(&config, &config.base_exec_prefix, L"/usr");
    check_text(&config, &config.stdlib_dir, L"/usr/lib/python3.13");
    check_text(&config, &config.executable, L"");
    check_text(&config, &config.program_name, L"python3");
    check_text(&config, &config.stdio_encoding, L"utf-8");
    check_text(&config, &config.stdio_errors, L"surrogateescape");
    check(Py_InitializeFromConfig(&config));
    PyConfig_Clear(&config);
}

static void stop(const char *what) {
    PyErr_Print();
    Py_FatalError(what);
}

AMPOULE_EXPORT(ampoule_init) void ampoule_init(void) {
    memfs_init();
    memfs_mount(tree, sizeof tree);
    chdir("/work");
    boot();
    PyObject *program = PyImport_ImportModule("_ampoule.boot");
    if (!program) stop("the bootstrap failed");
    run_program = PyObject_GetAttrString(program, "run");
    compile_program = PyObject_GetAttrString(program, "compile_program");
    prepare_program = PyObject_GetAttrString(program, "prepare");
    call_program = PyObject_GetAttrString(program, "call");
    if (!run_program || !compile_program || !prepare_program || !call_program) stop("the bootstrap lacks a function");
    harness_seal();
    heap_seal(READY_BYTES);
}

AMPOULE_EXPORT(ampoule_alloc) void *ampoule_alloc(uint32_t length) { return malloc(length); }

/* ---- request ---- */

static PyObject *text_of(const message_field *field) { return PyUnicode_DecodeUTF8(field->bytes, field->length, "surrogatepass"); }

/* Adds "name NUL value" to the dict in `*into`, which is made when it is first needed. */
static bool add_pair(PyObject **into, const message_field *field) {
    const char *rest;
    uint32_t length;
    if (!message_pair(field, &rest, &length)) return true;
    if (!*into && !(*into = PyDict_New())) return false;
    PyObject *name = PyUnicode_DecodeUTF8(field->bytes, rest - 1 - field->bytes, "surrogatepass");
    PyObject *value = PyUnicode_DecodeUTF8(rest, length, "surrogatepass");
    bool ok = name && value && PyDict_SetItem(*into, name, value) == 0;
    Py_XDECREF(name);
    Py_XDECREF(value);
    return ok;
}

enum { ENTRY, FILE_NAME, SOURCE, INPUT, CODE, MODULES, ENVIRONMENT, ARGUMENTS };

/* Turns a request into the arguments of run, compile_program and the like; absent ones stay NULL. */
static bool read_request(const void *request, uint32_t length, PyObject **arguments) {
    message_reader reader = message_read(request, length);
    message_field field;
    while (message_next(&reader, &field)) {
        PyObject **slot = NULL;
        switch (field.tag) {
        case AMPOULE_ENTRY: *(slot = &arguments[ENTRY]) = PyLong_FromLong(message_u32(&field)); break;
        case AMPOULE_FILE_NAME: *(slot = &arguments[FILE_NAME]) = text_of(&field); break;
        case AMPOULE_SOURCE: *(slot = &arguments[SOURCE]) = text_of(&field); break;
        case AMPOULE_INPUT: *(slot = &arguments[INPUT]) = text_of(&field); break;
        case AMPOULE_CODE: *(slot = &arguments[CODE]) = PyBytes_FromStringAndSize(field.bytes, field.length); break;
        case AMPOULE_MODULE: if (!add_pair(&arguments[MODULES], &field)) return false; break;
        case AMPOULE_ENV: if (!add_pair(&arguments[ENVIRONMENT], &field)) return false; break;
        default: break;
        }
        if (slot && !*slot) return false;
    }
    return true;
}

/* ---- response ---- */

static void put_object(message *m, uint32_t tag, PyObject *value) {
    if (PyBytes_Check(value)) message_put(m, tag, PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value));
    else if (PyLong_Check(value)) message_put_u32(m, tag, PyLong_AsUnsignedLong(value));
}

/* `answer` is a flat tuple: tag, value, tag, value … */
static void put_answer(message *m, PyObject *answer) {
    for (Py_ssize_t i = 0; i + 1 < PyTuple_GET_SIZE(answer); i += 2)
        put_object(m, PyLong_AsUnsignedLong(PyTuple_GET_ITEM(answer, i)), PyTuple_GET_ITEM(answer, i + 1));
}

/* What is left when even the Python code that describes failures has failed, as it does when the program has replaced
 * what that code stands on: type and message of the exception that was to be described, which is at the end of the
 * chain of contexts. */
static void put_last_resort(message *m) {
    bool memory = PyErr_ExceptionMatches(PyExc_MemoryError);
    message_put_u32(m, AMPOULE_KIND, memory ? AMPOULE_MEMORY : AMPOULE_RAISED);
    PyObject *raised = PyErr_GetRaisedException(), *context;
    while (raised && (context = PyException_GetContext(raised))) raised = context;
    PyObject *text = raised && !memory ? PyObject_Str(raised) : NULL;
    const char *said = text ? PyUnicode_AsUTF8(text) : NULL;
    message_put_text(m, AMPOULE_FAIL_TYPE, raised ? Py_TYPE(raised)->tp_name : "SystemError");
    message_put_text(m, AMPOULE_FAIL_MESSAGE, memory ? "out of memory" : said ? said : "the failure could not be described");
    PyErr_Clear();
}

static void put_file_error(message *m, const char *path, uint16_t error) {
    char text[512];
    snprintf(text, sizeof text, "cannot write the input file %.400s: errno %u", path, error);
    message_put_u32(m, AMPOULE_KIND, AMPOULE_RAISED);
    message_put_text(m, AMPOULE_FAIL_TYPE, "OSError");
    message_put_text(m, AMPOULE_FAIL_MESSAGE, text);
}

/* Nothing is released, not even what is returned: in most cases the guest ends with this answer. */
static PyObject *call(message *m, PyObject *function, const void *request, uint32_t length, PyObject **arguments) {
    PyObject *answer = NULL;
    if (read_request(request, length, arguments)) {
        for (int i = 0; i < ARGUMENTS; i++)
            if (!arguments[i]) arguments[i] = Py_None;
        answer = PyObject_Vectorcall(function, arguments, ARGUMENTS | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    }
    if (answer && PyTuple_Check(answer)) put_answer(m, answer);
    else put_last_resort(m);
    return answer;
}

/* Whether `answer` begins with the kind "completed". */
static bool has_completed(PyObject *answer) {
    return answer && PyTuple_Check(answer) && PyTuple_GET_SIZE(answer) > 1 && PyLong_AsLong(PyTuple_GET_ITEM(answer, 1)) == AMPOULE_COMPLETED;
}

static uint64_t execute(PyObject *function, const void *request, uint32_t length) {
    message m = {0};
    PyObject *slots[ARGUMENTS + 1] = {0};
    const char *path = "";
    uint16_t error = files_apply(request, length, &path);
    if (error) put_file_error(&m, path, error);
    else {
        if (has_completed(call(&m, function, request, length, slots + 1))) files_warn();
        files_collect(&m);
    }
    return message_answer(&m);
}

AMPOULE_EXPORT(ampoule_compile) uint64_t ampoule_compile(void *request, uint32_t length) {
    message m = {0};
    PyObject *slots[ARGUMENTS + 1] = {0};
    const char *path = "";
    uint16_t error = files_apply(request, length, &path); /* wheels, whose modules are compiled, too */
    if (error) put_file_error(&m, path, error);
    else call(&m, compile_program, request, length, slots + 1);
    return message_answer(&m);
}

AMPOULE_EXPORT(ampoule_run) uint64_t ampoule_run(void *request, uint32_t length) { return execute(run_program, request, length); }
AMPOULE_EXPORT(ampoule_call) uint64_t ampoule_call(void *request, uint32_t length) { return execute(call_program, request, length); }

/* The one after which the guest lives on: what was only for this call is released. */
AMPOULE_EXPORT(ampoule_prepare) uint64_t ampoule_prepare(void *request, uint32_t length) {
    message m = {0};
    PyObject *slots[ARGUMENTS + 1] = {0}, **arguments = slots + 1;
    const char *path = "";
    uint16_t error = files_apply(request, length, &path);
    if (error) {
        put_file_error(&m, path, error);
        return message_answer(&m);
    }
    PyObject *answer = call(&m, prepare_program, request, length, arguments);
    if (!has_completed(answer)) {
        files_collect(&m);
        return message_answer(&m);
    }
    Py_DECREF(answer);
    for (int i = 0; i < ARGUMENTS; i++) Py_DECREF(arguments[i]);
    free(request);
    files_settle();
    checkpoint_keep();
    return message_answer(&m);
}
