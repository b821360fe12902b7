/* Sequences of operations that the test draws (tests/wasi/random.rs): over few names, so that they meet. */
#include "report.h"

/* As `Operation` in random.rs. */
typedef struct {
    uint8_t call, a, b, c;
    int32_t number;
} operation;

/* The operations of all sequences; before those of each, one whose call is NEXT. WASI: the host writes them before the start. */
operation operations[1 << 17];
uint32_t operation_count;

enum { NEXT = 255, SLOTS = 4, LEVELS = 20, MOST_UP = 6 };

/* Those from the 24th on are forms of paths that wasmtime-wasi or libc have their own way with: see `plain`. */
static const char *const places[] = {
    "a", "b", "c", "d", "a/a", "a/b", "a/c", "b/a", "b/b", "b/d", "c/a", "c/c", "d/a", "d/c", "a/b/c", "a/b/a", "b/a/c", "c/b/a", "./a", "a/./b", "a/../b", "b/../a/c", "a//b", "c/../c",
    "a/b/..", "a/..", "a/.", "b/.", "a/", "b/", "c/", "d/", "a/b/", "b/a/", "c/a/", ".", "./", "", "d/./", "b//",
};
static const char *const targets[] = {"a", "b", "c", "d", "a/b", "b/c", "c/a", "./b", "a/", "b/.", ".", "d/d", "../a", "../b", "..", "../b/a", "a/../b"};
static const int openings[] = {
    O_RDONLY, O_WRONLY, O_RDWR, O_RDWR | O_CREAT, O_RDWR | O_CREAT, O_RDWR | O_CREAT, O_WRONLY | O_CREAT, O_RDONLY | O_CREAT, O_RDWR | O_CREAT | O_EXCL,
    O_RDWR | O_CREAT | O_TRUNC, O_WRONLY | O_TRUNC, O_RDWR | O_APPEND, O_WRONLY | O_CREAT | O_APPEND, O_RDONLY | O_DIRECTORY, O_RDONLY | O_DIRECTORY, O_RDONLY | O_DIRECTORY,
    O_RDONLY | O_NOFOLLOW, O_RDWR | O_CREAT | O_NOFOLLOW,
};
#define OF(array, index) (array)[(index) % (sizeof(array) / sizeof *(array))]

static struct {
    int fd;
    bool appends, writes, folder;
} slots[SLOTS];
static int ups; /* links made whose target goes up: no path leads higher than LEVELS */

static char buffer[1 << 12];

static void put_in(int slot, int fd, int flags) {
    struct stat stat;
    if (fd < 0) return;
    if (slots[slot].fd >= 0) close(slots[slot].fd);
    slots[slot].fd = fd;
    slots[slot].appends = flags & O_APPEND;
    slots[slot].writes = (flags & O_ACCMODE) != O_RDONLY;
    slots[slot].folder = !fstat(fd, &stat) && S_ISDIR(stat.st_mode);
}

/* The slot that a number means: for calls that need folders most often one with a folder, if there is one. */
static int slot_of(const operation *o, int number) {
    int slot = number % SLOTS;
    bool for_folders = o->call >= 33 && o->call <= 42 && (o->call <= 37 || o->call >= 41);
    for (int i = 0; for_folders && o->number % 8 && i < SLOTS && !slots[slot].folder; i++) slot = (slot + 1) % SLOTS;
    return slot;
}

static bool goes_up(int place) { return strstr(OF(places, place), ".."); }

/* Whether an operation is one that wasmtime-wasi does as Linux does: no calls by a file's descriptor that are for a folder's, and the
 * other way round, no writing by a descriptor that is for reading and made its file, no paths that may lead out of a folder that they
 * begin in. */
static bool is_plain(const operation *o) {
    int slot = slot_of(o, o->c), other = slot_of(o, o->c / SLOTS);
    switch (o->call) {
    case 5: case 6: case 10: return !slots[slot].folder;
    case 7: case 8: case 9: case 11: case 14: return slots[slot].writes;
    case 33: case 34: case 35: case 36: case 42: return slots[slot].folder && !goes_up(o->a);
    case 37: case 41: return slots[slot].folder && slots[other].folder && !goes_up(o->a) && !goes_up(o->b);
    default: return true;
    }
}

static void begin(void) {
    for (int i = 0; i < SLOTS; i++) {
        if (slots[i].fd > 2) close(slots[i].fd);
        slots[i].fd = -1;
        slots[i].appends = slots[i].writes = slots[i].folder = false;
    }
    ups = 0;
    fresh();
    for (int i = 0; i < LEVELS; i++)
        if (mkdir("n", 0777) || chdir("n")) exit(95);
}

enum { THEN = 1000000000 };

static const char *form(const struct stat *stat) {
    static char text[80];
    if (S_ISDIR(stat->st_mode)) snprintf(text, sizeof text, "folder %d", stat->st_mtim.tv_sec == THEN);
    else
        snprintf(text, sizeof text, "%s %lld %u %d", S_ISLNK(stat->st_mode) ? "link" : "file", (long long)stat->st_size, (unsigned)stat->st_nlink,
                 stat->st_mtim.tv_sec == THEN);
    return text;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static const char *names_in(const char *path) {
    static char text[1024];
    char *found[64];
    size_t count = 0, length = 0;
    DIR *folder = opendir(path);
    if (!folder) return error_name(errno);
    for (struct dirent *entry; count < 64 && (entry = readdir(folder));) found[count++] = strdup(entry->d_name);
    closedir(folder);
    qsort(found, count, sizeof *found, by_name);
    *text = 0;
    for (size_t i = 0; i < count; i++) {
        length += snprintf(text + length, sizeof text - length, " %s", found[i]);
        free(found[i]);
    }
    return text;
}

static void fill(size_t length, int number) {
    for (size_t i = 0; i < length; i++) buffer[i] = (char)(number * 31 + i * 7 + 1);
}

/* Of a call with two paths that are both wrong, wasmtime-wasi looks at the second first. */
static void say_either(int result, const char *label) {
    if (variant && result) say_text("refused", "%s", label);
    else say(result, "%s", label);
}

static void run(unsigned sequence, unsigned at, const operation *o) {
    const char *p = OF(places, o->a), *q = OF(places, o->b);
    int slot = slot_of(o, o->c), other = slot_of(o, o->c / SLOTS), fd = slots[slot].fd, n = o->number;
    size_t length = (unsigned)n % 300;
    struct stat stat;
    char label[96];
#define LABEL(...)                                                                                                                \
    do {                                                                                                                          \
        int used = snprintf(label, sizeof label, "%u.%u ", sequence, at);                                                         \
        snprintf(label + used, sizeof label - used, __VA_ARGS__);                                                                 \
    } while (0)
    switch (o->call) {
    case 0: case 1: case 2: case 3: {
        int flags = o->call == 3 ? O_RDONLY | O_DIRECTORY : OF(openings, (unsigned)n);
        LABEL("open %s %u into %d", p, (unsigned)n % (unsigned)(sizeof openings / sizeof *openings), slot);
        int opened = open(p, flags, 0666);
        say_ok(opened, "%s", label);
        put_in(slot, opened, flags);
        break;
    }
    case 4:
        LABEL("close %d", slot);
        say(close(fd), "%s", label);
        slots[slot].fd = -1;
        slots[slot].appends = slots[slot].writes = slots[slot].folder = false;
        break;
    case 5: case 6:
        LABEL("read %zu of %d", length, slot);
        say_bytes(read(fd, buffer, length), buffer, "%s", label);
        break;
    case 7: case 8: case 9:
        fill(length, n);
        LABEL("write %zu to %d", length, slot);
        say(write(fd, buffer, length), "%s", label);
        break;
    case 10:
        LABEL("pread %zu of %d at %d", length, slot, o->a * 4);
        say_bytes(pread(fd, buffer, length, o->a * 4), buffer, "%s", label);
        break;
    case 11:
        if (slots[slot].appends) break; /* Linux appends, wherever pwrite is to write */
        fill(length, n);
        LABEL("pwrite %zu to %d at %d", length, slot, o->a * 4);
        say(pwrite(fd, buffer, length, o->a * 4), "%s", label);
        break;
    case 12: case 13: {
        /* Where a folder's entries begin is its file system's affair. */
        if (slots[slot].folder) break;
        int whence = o->a % 3;
        off_t to = n % 500 - 100;
        LABEL("lseek %d to %d from %d", slot, (int)to, whence);
        say(lseek(fd, to, whence == 0 ? SEEK_SET : whence == 1 ? SEEK_CUR : SEEK_END), "%s", label);
        break;
    }
    case 14:
        LABEL("ftruncate %d to %d", slot, n % 700);
        say(ftruncate(fd, n % 700), "%s", label);
        break;
    case 15: case 16: case 17:
        LABEL("mkdir %s", p);
        say(mkdir(p, 0777), "%s", label);
        break;
    case 18: case 19:
        LABEL("rmdir %s", p);
        say(rmdir(p), "%s", label);
        break;
    case 20: case 21:
        LABEL("unlink %s", p);
        say(unlink(p), "%s", label);
        break;
    case 22: case 23: case 24:
        LABEL("rename %s to %s", p, q);
        say(rename(p, q), "%s", label);
        break;
    case 25:
        LABEL("link %s as %s", p, q);
        say_either(link(p, q), label);
        break;
    case 26: case 27: {
        const char *target = OF(targets, o->b);
        bool up = strstr(target, "..");
        if (up && (variant || ups == MOST_UP)) break;
        LABEL("symlink %s as %s", target, p);
        int result = symlink(target, p);
        say(result, "%s", label);
        ups += up && !result;
        break;
    }
    case 28:
        LABEL("readlink %s", p);
        say_bytes(readlink(p, buffer, sizeof buffer), buffer, "%s", label);
        break;
    case 29:
        LABEL("stat %s", p);
        say_text(fstatat(AT_FDCWD, p, &stat, 0) ? error_name(errno) : form(&stat), "%s", label);
        break;
    case 30:
        LABEL("lstat %s", p);
        say_text(lstat(p, &stat) ? error_name(errno) : form(&stat), "%s", label);
        break;
    case 31:
        LABEL("fstat %d", slot);
        say_text(fstat(fd, &stat) ? error_name(errno) : form(&stat), "%s", label);
        break;
    case 32:
        LABEL("names in %s", p);
        say_text(names_in(p), "%s", label);
        break;
    case 33: case 34: {
        if (fd < 0 && !*p) break; /* libc looks at the descriptor first */
        int flags = OF(openings, (unsigned)n);
        if (variant && flags != O_RDONLY && !(flags & O_DIRECTORY)) break; /* what a folder is opened for its files are opened for */
        other = o->c / SLOTS % SLOTS;
        LABEL("openat %d %s %u into %d", slot, p, (unsigned)n % (unsigned)(sizeof openings / sizeof *openings), other);
        int opened = openat(fd < 0 ? 77 : fd, p, flags, 0666);
        say_ok(opened, "%s", label);
        put_in(other, opened, flags);
        break;
    }
    case 35:
        LABEL("mkdirat %d %s", slot, p);
        say(mkdirat(fd < 0 ? 77 : fd, p, 0777), "%s", label);
        break;
    case 36:
        LABEL("unlinkat %d %s %d", slot, p, n & 1);
        say(unlinkat(fd < 0 ? 77 : fd, p, n & 1 ? AT_REMOVEDIR : 0), "%s", label);
        break;
    case 37:
        LABEL("renameat %d %s to %d %s", slot, p, other, q);
        say(renameat(fd < 0 ? 77 : fd, p, slots[other].fd < 0 ? 77 : slots[other].fd, q), "%s", label);
        break;
    case 38:
        LABEL("truncate %s to %d", p, n % 700);
        say(truncate(p, n % 700), "%s", label);
        break;
    case 39: {
        struct timespec times[2] = {{THEN, 0}, {THEN, 0}};
        LABEL("set times of %s", p);
        say(utimensat(AT_FDCWD, p, times, n & 1 ? AT_SYMLINK_NOFOLLOW : 0), "%s", label);
        break;
    }
    case 40: {
        int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
        if (flags < 0 || slots[slot].folder) break;
        slots[slot].appends = n & 1;
        LABEL("append to %d: %d", slot, n & 1);
        say(fcntl(fd, F_SETFL, n & 1 ? flags | O_APPEND : flags & ~O_APPEND), "%s", label);
        break;
    }
    case 41:
        LABEL("linkat %d %s as %d %s", slot, p, other, q);
        say_either(linkat(fd < 0 ? 77 : fd, p, slots[other].fd < 0 ? 77 : slots[other].fd, q, n & 1 && !variant ? AT_SYMLINK_FOLLOW : 0), label);
        break;
    case 42: {
        int into = n & 1 && fd >= 0 ? fd : -1;
        LABEL("symlinkat b as %d %s", slot, p);
        say(symlinkat("b", into < 0 ? 77 : into, p), "%s", label);
        break;
    }
    /* Those below are not for wasmtime-wasi. */
    case 43: {
        LABEL("dup %d into %d", slot, other);
        int copy = dup(fd < 0 ? 77 : fd);
        say_ok(copy, "%s", label);
        put_in(other, copy, 0);
        if (copy >= 0) slots[other].appends = slots[slot].appends, slots[other].writes = slots[slot].writes;
        break;
    }
    case 44: {
        if (fd < 0 || slots[other].fd < 0) break;
        LABEL("dup2 %d over %d", slot, other);
        say(dup2(fd, slots[other].fd) >= 0, "%s", label);
        fd = slots[other].fd;
        slots[other] = slots[slot];
        slots[other].fd = fd;
        break;
    }
    case 45:
        LABEL("allocate %d from %d in %d", n % 200, o->a * 4, slot);
        errno = posix_fallocate(fd < 0 ? 77 : fd, o->a * 4, n % 200);
        say(errno ? -1 : 0, "%s", label);
        futimens(fd, NULL); /* whether that is a change of what was long enough is the file system's affair */
        break;
    case 46: {
        struct iovec parts[3] = {{buffer, length / 2}, {buffer + 1000, o->a % 20}, {buffer + 2000, length}};
        fill(2400, n);
        LABEL("writev %zu to %d", length, slot);
        say(writev(fd, parts, 3), "%s", label);
        break;
    }
    case 47: {
        if (slots[slot].folder) break; /* no bytes at all can be read of a folder by readv, and by read they cannot */
        struct iovec parts[3] = {{buffer, length / 2}, {buffer + 1000, o->a % 20}, {buffer + 2000, length}};
        memset(buffer, 0, sizeof buffer);
        LABEL("readv %zu of %d", length, slot);
        say(readv(fd, parts, 3), "%s", label);
        LABEL("what was read");
        say_bytes(2400, buffer, "%s", label);
        break;
    }
    }
    if (at % 8 == 7) say_text(tree(), "%u.%u tree", sequence, at);
}

void random_operations(void) {
#ifndef __wasi__
    size_t size = 0;
    for (ssize_t part; (part = read(0, (char *)operations + size, sizeof operations - size)) > 0;) size += part;
    operation_count = size / sizeof *operations;
#endif
    unsigned sequence = 0, at = 0;
    for (int i = 0; i < SLOTS; i++) slots[i].fd = -1;
    for (uint32_t i = 0; i < operation_count; i++) {
        if (operations[i].call == NEXT) {
            if (at) say_text(tree(), "%u.end tree", sequence);
            sequence = operations[i].number;
            at = 0;
            begin();
        } else if (!variant || is_plain(&operations[i])) run(sequence, at++, &operations[i]);
    }
    if (at) say_text(tree(), "%u.end tree", sequence);
}
