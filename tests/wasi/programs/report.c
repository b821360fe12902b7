#include "report.h"

/* ---- lines ---- */

static char pending[1 << 15];
static size_t used;

void report_flush(void) {
    for (size_t at = 0; at < used;) {
        ssize_t written = write(1, pending + at, used - at);
        if (written <= 0) abort();
        at += written;
    }
    used = 0;
}

static void add(const char *text) {
    size_t length = strlen(text);
    if (used + length > sizeof pending) report_flush();
    if (length > sizeof pending) length = sizeof pending;
    memcpy(pending + used, text, length);
    used += length;
}

const char *error_name(int error) {
    switch (error) {
#define NAME(name) case name: return #name;
    NAME(E2BIG) NAME(EACCES) NAME(EAGAIN) NAME(EBADF) NAME(EBUSY) NAME(EEXIST) NAME(EFAULT) NAME(EFBIG) NAME(EILSEQ) NAME(EINTR)
    NAME(EINVAL) NAME(EIO) NAME(EISDIR) NAME(ELOOP) NAME(EMFILE) NAME(EMLINK) NAME(ENAMETOOLONG) NAME(ENFILE) NAME(ENODEV)
    NAME(ENOENT) NAME(ENOMEM) NAME(ENOSPC) NAME(ENOSYS) NAME(ENOTDIR) NAME(ENOTEMPTY) NAME(ENOTSOCK) NAME(ENOTSUP) NAME(ENOTTY)
    NAME(ENXIO) NAME(EOVERFLOW) NAME(EPERM) NAME(EPIPE) NAME(ERANGE) NAME(EROFS) NAME(ESPIPE) NAME(ETXTBSY) NAME(EXDEV)
#ifdef ENOTCAPABLE
    NAME(ENOTCAPABLE)
#endif
#undef NAME
    }
    static char other[24];
    snprintf(other, sizeof other, "error %d", error);
    return other;
}

static void line(const char *result, const char *label, va_list rest) {
    char text[1024];
    vsnprintf(text, sizeof text, label, rest);
    add(text);
    add(" = ");
    add(result);
    add("\n");
}

#define LINE(result)                                                                                                              \
    do {                                                                                                                          \
        va_list rest;                                                                                                             \
        va_start(rest, label);                                                                                                    \
        line(result, label, rest);                                                                                                \
        va_end(rest);                                                                                                             \
    } while (0)

void say(long long value, const char *label, ...) {
    char number[24];
    const char *result = value == -1 ? error_name(errno) : number;
    snprintf(number, sizeof number, "%lld", value);
    LINE(result);
}

void say_ok(long long value, const char *label, ...) {
    const char *result = value == -1 ? error_name(errno) : "ok";
    LINE(result);
}

void say_text(const char *text, const char *label, ...) { LINE(text); }

static uint32_t hash_of(const void *bytes, size_t length) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < length; i++) hash = (hash ^ ((const unsigned char *)bytes)[i]) * 16777619u;
    return hash;
}

void say_bytes(long long value, const void *bytes, const char *label, ...) {
    char both[40];
    const char *result = value == -1 ? error_name(errno) : both;
    snprintf(both, sizeof both, "%lld #%08x", value, value > 0 ? hash_of(bytes, value) : 0);
    LINE(result);
}

/* ---- trees ---- */

static char base[512];
static unsigned folder_count;

void fresh(void) {
    char name[24];
    if (!*base && !getcwd(base, sizeof base)) abort();
    snprintf(name, sizeof name, "t%u", folder_count++);
    if (chdir(base) || mkdir(name, 0777) || chdir(name)) {
        say(-1, "a new folder %s", name);
        exit(99);
    }
}

void put(const char *name, const char *content) {
    int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0666);
    size_t length = strlen(content);
    if (fd < 0 || write(fd, content, length) != (ssize_t)length || close(fd)) {
        say(-1, "a new file %s", name);
        exit(99);
    }
}

void plant(void) {
    fresh();
    put("file", "content of a file");
    put("other", "another");
    if (mkdir("folder", 0777) || mkdir("folder/sub", 0777) || mkdir("empty", 0777)) exit(98);
    put("folder/inside", "inside");
    if (symlink("file", "to-file") || symlink("folder", "to-folder") || symlink("empty", "to-empty") || symlink("nothing", "dangling") ||
        symlink("loop", "loop") || link("file", "hard"))
        exit(97);
}

const char *const paths[] = {
    "file", "file/", "file/.", "file/..", "file/x", "file//", "hard", "folder", "folder/", "folder//", "folder/.", "folder/./", "folder/..",
    "folder//inside", "./folder/inside", "folder/inside/", "folder/../file", "folder/sub", "folder/sub/", "folder/sub/..", "folder/sub/x", "folder/sub/x/",
    "empty", "empty/", "empty/.", "empty/..", "empty/x", "to-file", "to-file/", "to-file/x", "to-folder", "to-folder/", "to-folder/.",
    "to-folder/..", "to-folder/inside", "to-folder/sub", "to-folder/../file", "to-empty", "to-empty/", "to-empty/x", "dangling", "dangling/", "dangling/x",
    "loop", "loop/", "loop/x", "missing", "missing/", "missing/.", "missing/x", "missing/../file", ".", "./", "..", "../", "",
};
const size_t path_count = sizeof paths / sizeof *paths;

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

typedef struct {
    char text[1 << 15];
    size_t length;
} listing;

static void note(listing *all, const char *form, ...) {
    va_list rest;
    va_start(rest, form);
    int length = vsnprintf(all->text + all->length, sizeof all->text - all->length, form, rest);
    va_end(rest);
    all->length += length;
    if (all->length >= sizeof all->text) all->length = sizeof all->text - 1;
}

static char bytes[1 << 16];

const char *content(const char *name) {
    static char text[64];
    int fd = open(name, O_RDONLY | O_NOFOLLOW);
    if (fd < 0) return error_name(errno);
    size_t length = 0;
    ssize_t part;
    while ((part = read(fd, bytes + length, sizeof bytes - length)) > 0) length += part;
    if (part < 0) snprintf(text, sizeof text, "read %s", error_name(errno));
    else snprintf(text, sizeof text, "%zu#%04x", length, hash_of(bytes, length) & 0xffff);
    close(fd);
    return text;
}

static void list(listing *all, const char *folder) {
    enum { MOST = 256 };
    char *found[MOST];
    size_t count = 0;
    DIR *entries = opendir(*folder ? folder : ".");
    if (!entries) {
        note(all, " %s!%s", folder, error_name(errno));
        return;
    }
    for (struct dirent *entry; count < MOST && (entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) found[count++] = strdup(entry->d_name);
    closedir(entries);
    qsort(found, count, sizeof *found, by_name);
    for (size_t i = 0; i < count; i++) {
        char path[700], target[300];
        struct stat stat;
        snprintf(path, sizeof path, "%s%s%s", folder, *folder ? "/" : "", found[i]);
        ssize_t length;
        if (lstat(path, &stat)) note(all, " %s!%s", path, error_name(errno));
        else if (S_ISDIR(stat.st_mode)) {
            note(all, " %s/", path);
            list(all, path);
        } else if (S_ISLNK(stat.st_mode)) {
            length = readlink(path, target, sizeof target);
            note(all, " %s>%.*s", path, (int)(length < 0 ? 0 : length), target);
        } else note(all, " %s:%u:%s", path, (unsigned)stat.st_nlink, content(path));
        free(found[i]);
    }
}

const char *tree(void) {
    static listing all;
    all.length = 0;
    all.text[0] = 0;
    list(&all, "");
    return *all.text ? all.text + 1 : "nothing";
}
