/* What Node's `fs` has in C++ (prelude/node/binding_fs.js): the calls of POSIX, over the tree in the guest's memory. A call
 * that fails answers with the number that Linux gives the error, negative; what succeeds without a value answers 0. */
#include "../../guest/posix.h" /* first: it renames what libc declares */
#include "guest.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NATIVE(name) static JSValue name(JSContext *context, JSValueConst this, int argc, JSValueConst *argv)

static int linux_number(int number) {
    static const struct { int here, there; } numbers[] = {
        {EPERM, 1}, {ENOENT, 2}, {EIO, 5}, {EBADF, 9}, {EAGAIN, 11}, {ENOMEM, 12}, {EACCES, 13}, {EFAULT, 14}, {EBUSY, 16}, {EEXIST, 17},
        {EXDEV, 18}, {ENODEV, 19}, {ENOTDIR, 20}, {EISDIR, 21}, {EINVAL, 22}, {ENFILE, 23}, {EMFILE, 24}, {ETXTBSY, 26}, {EFBIG, 27},
        {ENOSPC, 28}, {ESPIPE, 29}, {EROFS, 30}, {EMLINK, 31}, {EPIPE, 32}, {ENAMETOOLONG, 36}, {ENOSYS, 38}, {ENOTEMPTY, 39}, {ELOOP, 40},
        {EOVERFLOW, 75}, {EILSEQ, 84}, {ENOTSUP, 95},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].here == number) return numbers[i].there;
#ifdef ENOTCAPABLE
    if (number == ENOTCAPABLE) return 9; /* a descriptor that is not open for this */
#endif
    return 5;
}

static JSValue outcome(JSContext *context, long result) {
    return JS_NewInt64(context, result < 0 ? -linux_number(errno) : result);
}

/* Up to two paths and numbers of a call, in the order of its arguments. */
struct arguments {
    const char *path, *other;
    int64_t numbers[4];
};

static void leave(JSContext *context, struct arguments *arguments) {
    JS_FreeCString(context, arguments->path);
    JS_FreeCString(context, arguments->other);
}

/* `shape`: p for a path, n for a number, a letter an argument */
static bool take(JSContext *context, const char *shape, JSValueConst *argv, struct arguments *arguments) {
    *arguments = (struct arguments){0};
    int count = 0;
    for (; *shape; shape++, argv++) {
        if (*shape == 'n') {
            if (JS_ToInt64(context, &arguments->numbers[count++], *argv)) break;
        } else {
            const char *path = JS_ToCString(context, *argv);
            if (!path) break;
            *(arguments->path ? &arguments->other : &arguments->path) = path;
        }
    }
    if (!*shape) return true;
    leave(context, arguments);
    return false;
}

/* A call whose outcome is one number. */
#define CALL(name, shape, expression)                                                                                  \
    NATIVE(name) {                                                                                                     \
        struct arguments a;                                                                                            \
        if (!take(context, shape, argv, &a)) return JS_EXCEPTION;                                                      \
        JSValue result = outcome(context, expression);                                                                 \
        leave(context, &a);                                                                                            \
        return result;                                                                                                 \
    }

/* ---- open files ---- */

/* Flags as Linux numbers them, which is what programs combine. */
static int flags_here(int flags) {
    static const struct { int there, here; } bits[] = {
        {0100, O_CREAT}, {0200, O_EXCL}, {01000, O_TRUNC}, {02000, O_APPEND}, {04000, O_NONBLOCK}, {0200000, O_DIRECTORY}, {0400000, O_NOFOLLOW},
    };
    int result = (flags & 3) == 0 ? O_RDONLY : (flags & 3) == 1 ? O_WRONLY : O_RDWR;
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        if (flags & bits[i].there) result |= bits[i].here;
    return result;
}

/* The bytes of an argument from `offset` on, at most `*length` of them; false: an exception is pending. */
static bool part(JSContext *context, JSValueConst value, int64_t offset, int64_t wanted, uint8_t **bytes, size_t *length) {
    size_t whole;
    if (!engine_bytes(context, value, bytes, &whole)) {
        JS_ThrowTypeError(context, "bytes are needed");
        return false;
    }
    size_t start = offset < 0 ? 0 : (uint64_t)offset > whole ? whole : (size_t)offset;
    *bytes += start;
    *length = whole - start;
    if (wanted >= 0 && (uint64_t)wanted < *length) *length = wanted;
    return true;
}

/* (file, bytes, offset, length, position): position below 0: where the file stands */
static JSValue transfer(JSContext *context, JSValueConst *argv, bool writing) {
    struct arguments a;
    uint8_t *bytes;
    size_t length;
    JSValueConst numbers[] = {argv[0], argv[2], argv[3], argv[4]};
    if (!take(context, "nnnn", numbers, &a) || !part(context, argv[1], a.numbers[1], a.numbers[2], &bytes, &length)) return JS_EXCEPTION;
    int file = a.numbers[0];
    int64_t position = a.numbers[3];
    if (writing) return outcome(context, position < 0 ? write(file, bytes, length) : pwrite(file, bytes, length, position));
    return outcome(context, position < 0 ? read(file, bytes, length) : pread(file, bytes, length, position));
}
NATIVE(native_read) { return transfer(context, argv, false); }
NATIVE(native_write) { return transfer(context, argv, true); }

CALL(native_open, "pnn", guest_open(a.path, flags_here(a.numbers[0]), (mode_t)a.numbers[1]))
CALL(native_close, "n", close(a.numbers[0]))
CALL(native_ftruncate, "nn", ftruncate(a.numbers[0], a.numbers[1]))
CALL(native_fchmod, "nn", fchmod(a.numbers[0], a.numbers[1]))

/* ---- names ---- */

/* By the permission bits, which nothing here enforces. */
static int may(const char *path, int wanted) {
    struct stat found;
    if (stat(path, &found)) return -1;
    bool allowed = (!(wanted & 4) || found.st_mode & 0444) && (!(wanted & 2) || found.st_mode & 0222) && (!(wanted & 1) || found.st_mode & 0111);
    if (!allowed) errno = EACCES;
    return allowed ? 0 : -1;
}

CALL(native_access, "pn", may(a.path, a.numbers[0]))
CALL(native_chmod, "pn", chmod(a.path, a.numbers[0]))
CALL(native_rename, "pp", rename(a.path, a.other))
CALL(native_unlink, "p", unlink(a.path))
CALL(native_rmdir, "p", rmdir(a.path))
CALL(native_mkdir, "pn", guest_mkdir(a.path, a.numbers[0]))
CALL(native_link, "pp", link(a.path, a.other))
CALL(native_symlink, "pp", symlink(a.path, a.other))
CALL(native_chdir, "p", chdir(a.path))

NATIVE(native_cwd) {
    char path[4097];
    return getcwd(path, sizeof path) ? JS_NewString(context, path) : outcome(context, -1);
}

/* Bytes of a name as a string: what is no UTF-8 in it becomes U+FFFD. */
NATIVE(native_readlink) {
    struct arguments a;
    char target[4097];
    if (!take(context, "p", argv, &a)) return JS_EXCEPTION;
    ssize_t length = readlink(a.path, target, sizeof target - 1);
    JSValue result = length < 0 ? outcome(context, -1) : JS_NewStringLen(context, target, length);
    leave(context, &a);
    return result;
}

/* (path) -> names and kinds, alternating; kinds as libuv numbers them */
NATIVE(native_readdir) {
    struct arguments a;
    if (!take(context, "p", argv, &a)) return JS_EXCEPTION;
    DIR *folder = opendir(a.path);
    leave(context, &a);
    if (!folder) return outcome(context, -1);
    JSValue names = JS_NewArray(context);
    uint32_t count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        int kind = entry->d_type == DT_REG ? 1 : entry->d_type == DT_DIR ? 2 : entry->d_type == DT_LNK ? 3 : entry->d_type == DT_CHR ? 6 : 0;
        if (JS_DefinePropertyValueUint32(context, names, count++, JS_NewString(context, entry->d_name), JS_PROP_C_W_E) < 0 ||
            JS_DefinePropertyValueUint32(context, names, count++, JS_NewInt32(context, kind), JS_PROP_C_W_E) < 0)
            break;
    }
    closedir(folder);
    return names;
}

/* ---- what is known of a file ---- */

static int64_t nanoseconds(struct timespec time) { return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec; }

/* Writes the fields in Node's order into a Float64Array or BigInt64Array of 18, the array in `argv[at]`; 0, or an error. */
static JSValue put_stat(JSContext *context, int failed, const struct stat *stat, JSValueConst fields) {
    if (failed) return outcome(context, -1);
    uint8_t *bytes;
    size_t length;
    if (!engine_bytes(context, fields, &bytes, &length) || length < 18 * 8) return JS_ThrowTypeError(context, "room for 18 fields is needed");
    int64_t made = nanoseconds(stat->st_ctim), times[] = {nanoseconds(stat->st_atim), nanoseconds(stat->st_mtim), made, made};
    int64_t values[18] = {stat->st_dev, stat->st_mode, stat->st_nlink, stat->st_uid, stat->st_gid, stat->st_rdev,
                          stat->st_blksize, stat->st_ino, stat->st_size, stat->st_blocks};
    for (int i = 0; i < 4; i++) {
        int64_t seconds = times[i] / 1000000000, rest = times[i] % 1000000000;
        values[10 + 2 * i] = rest < 0 ? seconds - 1 : seconds;
        values[11 + 2 * i] = rest < 0 ? rest + 1000000000 : rest;
    }
    bool big = !strcmp(engine_typed_array_name(fields), "BigInt64Array");
    for (int i = 0; i < 18; i++) {
        double plain = values[i];
        memcpy(bytes + 8 * i, big ? (const void *)&values[i] : (const void *)&plain, 8);
    }
    return JS_NewInt32(context, 0);
}

/* (path, follow, fields) */
NATIVE(native_stat) {
    struct arguments a;
    struct stat found;
    if (!take(context, "p", argv, &a)) return JS_EXCEPTION;
    int failed = JS_ToBool(context, argv[1]) ? stat(a.path, &found) : lstat(a.path, &found);
    leave(context, &a);
    return put_stat(context, failed, &found, argv[2]);
}

/* (file, fields) */
NATIVE(native_fstat) {
    struct arguments a;
    struct stat found;
    if (!take(context, "n", argv, &a)) return JS_EXCEPTION;
    return put_stat(context, fstat(a.numbers[0], &found), &found, argv[1]);
}

static bool take_times(JSContext *context, JSValueConst *argv, struct timespec times[2]) {
    for (int i = 0; i < 2; i++) {
        double seconds;
        if (JS_ToFloat64(context, &seconds, argv[i])) return false;
        int64_t whole = seconds >= 0 ? (int64_t)seconds : -(int64_t)-seconds;
        int64_t rest = (int64_t)((seconds - whole) * 1e6 + (seconds < 0 ? -0.5 : 0.5)) * 1000;
        if (rest < 0) whole--, rest += 1000000000;
        times[i] = (struct timespec){whole, rest};
    }
    return true;
}

/* (path, accessed, modified, follow) */
NATIVE(native_utimes) {
    struct arguments a;
    struct timespec times[2];
    if (!take_times(context, argv + 1, times) || !take(context, "p", argv, &a)) return JS_EXCEPTION;
    JSValue result = outcome(context, utimensat(AT_FDCWD, a.path, times, JS_ToBool(context, argv[3]) ? 0 : AT_SYMLINK_NOFOLLOW));
    leave(context, &a);
    return result;
}

/* (file, accessed, modified) */
NATIVE(native_futimes) {
    struct arguments a;
    struct timespec times[2];
    if (!take_times(context, argv + 1, times) || !take(context, "n", argv, &a)) return JS_EXCEPTION;
    return outcome(context, futimens(a.numbers[0], times));
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("read", 5, native_read),
    JS_CFUNC_DEF("write", 5, native_write),
    JS_CFUNC_DEF("open", 3, native_open),
    JS_CFUNC_DEF("close", 1, native_close),
    JS_CFUNC_DEF("ftruncate", 2, native_ftruncate),
    JS_CFUNC_DEF("fchmod", 2, native_fchmod),
    JS_CFUNC_DEF("access", 2, native_access),
    JS_CFUNC_DEF("chmod", 2, native_chmod),
    JS_CFUNC_DEF("rename", 2, native_rename),
    JS_CFUNC_DEF("unlink", 1, native_unlink),
    JS_CFUNC_DEF("rmdir", 1, native_rmdir),
    JS_CFUNC_DEF("mkdir", 2, native_mkdir),
    JS_CFUNC_DEF("link", 2, native_link),
    JS_CFUNC_DEF("symlink", 2, native_symlink),
    JS_CFUNC_DEF("chdir", 1, native_chdir),
    JS_CFUNC_DEF("cwd", 0, native_cwd),
    JS_CFUNC_DEF("readlink", 1, native_readlink),
    JS_CFUNC_DEF("readdir", 1, native_readdir),
    JS_CFUNC_DEF("stat", 3, native_stat),
    JS_CFUNC_DEF("fstat", 2, native_fstat),
    JS_CFUNC_DEF("utimes", 4, native_utimes),
    JS_CFUNC_DEF("futimes", 3, native_futimes),
};

/* As an object of its own: native.fs */
void natives_add_fs(JSContext *context, JSValueConst object) {
    JSValue calls = JS_NewObject(context);
    JS_SetPropertyFunctionList(context, calls, functions, sizeof functions / sizeof *functions);
    JS_SetPropertyStr(context, (JSValue)object, "fs", calls);
}
