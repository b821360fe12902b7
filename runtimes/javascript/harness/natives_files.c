/* Files and environment for the prelude, over libc and so over the tree in the guest's memory (../../guest/memfs.c). */
#include "guest.h"
#include "../intl/init.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NATIVE(name) static JSValue name(JSContext *context, JSValueConst this, int argc, JSValueConst *argv)

extern char **environ;

/* What went wrong as a number; the prelude words it. */
static JSValue errno_value(JSContext *context) { return JS_NewInt32(context, errno); }

/* What has no size is read to its end. */
static uint8_t *read_stream(int file, size_t *length) {
    size_t room = 65536;
    uint8_t *bytes = malloc(room);
    ssize_t count;
    for (*length = 0; bytes && (count = read(file, bytes + *length, room - *length)) > 0;) {
        *length += count;
        if (*length < room) continue;
        uint8_t *larger = realloc(bytes, room *= 2);
        if (!larger) free(bytes);
        bytes = larger;
    }
    if (!bytes) errno = ENOMEM;
    return bytes;
}

static uint8_t *read_all(int file, size_t *length) {
    struct stat stat;
    if (fstat(file, &stat)) return NULL;
    if (S_ISFIFO(stat.st_mode)) return read_stream(file, length);
    if (S_ISDIR(stat.st_mode)) {
        errno = EISDIR;
        return NULL;
    }
    size_t room = stat.st_size;
    uint8_t *bytes = malloc(room ? room : 1);
    ssize_t count;
    for (*length = 0; bytes && *length < room; *length += count)
        if ((count = read(file, bytes + *length, room - *length)) <= 0) break;
    return bytes;
}

static void *resize(JSRuntime *unused, void *opaque, void *bytes, size_t length) {
    if (length) return realloc(bytes, length);
    free(bytes);
    return NULL;
}

/* (path) -> Uint8Array, or an error number */
NATIVE(native_read_file) {
    const char *path = JS_ToCString(context, argv[0]);
    if (!path) return JS_EXCEPTION;
    int file = open(path, O_RDONLY);
    JS_FreeCString(context, path);
    if (file < 0) return errno_value(context);
    size_t length = 0;
    uint8_t *bytes = read_all(file, &length);
    JSValue result = bytes ? JS_NewUint8Array(context, bytes, length, resize, NULL, false)
                           : errno == ENOMEM ? JS_ThrowOutOfMemory(context) : errno_value(context);
    close(file);
    return result;
}

/* (path, bytes, append) -> undefined, or an error number */
NATIVE(native_write_file) {
    uint8_t *bytes;
    size_t length;
    if (!engine_bytes(context, argv[1], &bytes, &length)) return JS_ThrowTypeError(context, "bytes are needed");
    const char *path = JS_ToCString(context, argv[0]);
    if (!path) return JS_EXCEPTION;
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        bool refused = mkdir(path, 0777) && errno != EEXIST;
        *slash = '/';
        if (!refused) continue;
        JS_FreeCString(context, path);
        return errno_value(context);
    }
    int file = open(path, O_WRONLY | O_CREAT | (JS_ToBool(context, argv[2]) ? O_APPEND : O_TRUNC), 0666);
    JS_FreeCString(context, path);
    if (file < 0) return errno_value(context);
    ssize_t count = 0;
    for (size_t at = 0; at < length; at += count)
        if ((count = write(file, bytes + at, length - at)) <= 0) break;
    JSValue result = count < 0 ? errno_value(context) : JS_UNDEFINED;
    if (close(file) && count >= 0) result = errno_value(context);
    return result;
}

/* (path) -> array of names, folders with a slash at the end; or an error number */
NATIVE(native_list_folder) {
    const char *path = JS_ToCString(context, argv[0]);
    if (!path) return JS_EXCEPTION;
    DIR *folder = opendir(path);
    JS_FreeCString(context, path);
    if (!folder) return errno_value(context);
    JSValue names = JS_NewArray(context);
    uint32_t count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        JSValue name = JS_NewString(context, entry->d_name);
        if (JS_DefinePropertyValueUint32(context, names, count * 2, name, JS_PROP_C_W_E) < 0) break;
        JS_DefinePropertyValueUint32(context, names, count++ * 2 + 1, JS_NewBool(context, entry->d_type == DT_DIR), JS_PROP_C_W_E);
    }
    closedir(folder);
    return names;
}

/* (path) -> undefined, or an error number */
NATIVE(native_remove_file) {
    const char *path = JS_ToCString(context, argv[0]);
    if (!path) return JS_EXCEPTION;
    int failed = unlink(path);
    JS_FreeCString(context, path);
    return failed ? errno_value(context) : JS_UNDEFINED;
}

NATIVE(native_error_text) {
    int32_t number = 0;
    if (JS_ToInt32(context, &number, argv[0])) return JS_EXCEPTION;
    return JS_NewString(context, strerror(number));
}

NATIVE(native_environment) {
    JSValue object = JS_NewObject(context);
    for (char **entry = environ; entry && *entry; entry++) {
        const char *equals = strchr(*entry, '=');
        if (!equals) continue;
        JSAtom name = JS_NewAtomLen(context, *entry, equals - *entry);
        if (name == 0 || JS_DefinePropertyValue(context, object, name, JS_NewString(context, equals + 1), JS_PROP_C_W_E) < 0)
            return JS_EXCEPTION;
        JS_FreeAtom(context, name);
    }
    return object;
}

/* (name, or undefined): the time zone of process.env.TZ */
NATIVE(native_set_zone) {
    const char *name = JS_IsUndefined(argv[0]) ? NULL : JS_ToCString(context, argv[0]);
    local_zone_set(name ? name : "");
    JS_FreeCString(context, name);
    return JS_UNDEFINED;
}

NATIVE(native_program_name) { return JS_NewString(context, request.file_name); }

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("readFile", 1, native_read_file),
    JS_CFUNC_DEF("writeFile", 3, native_write_file),
    JS_CFUNC_DEF("listFolder", 1, native_list_folder),
    JS_CFUNC_DEF("removeFile", 1, native_remove_file),
    JS_CFUNC_DEF("errorText", 1, native_error_text),
    JS_CFUNC_DEF("environment", 0, native_environment),
    JS_CFUNC_DEF("setZone", 1, native_set_zone),
    JS_CFUNC_DEF("programName", 0, native_program_name),
};

void natives_add_files(JSContext *context, JSValueConst object) {
    JS_SetPropertyFunctionList(context, object, functions, sizeof functions / sizeof *functions);
}
