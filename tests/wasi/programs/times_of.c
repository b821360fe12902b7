/* Times of files: what sets them, and what moves them. */
#include "report.h"

enum { THEN = 1000000000 };

/* So that it shows whether a time was moved. */
static void set_back(const char *name) {
    struct timespec times[2] = {{THEN, 5000}, {THEN, 7000}};
    if (utimensat(AT_FDCWD, name, times, AT_SYMLINK_NOFOLLOW)) say(-1, "set the times of %s back", name);
}

static bool modified(const char *name) {
    struct stat stat;
    return !lstat(name, &stat) && (stat.st_mtim.tv_sec != THEN || stat.st_mtim.tv_nsec != 7000);
}

static void moved_by_calls(void) {
    struct stat before, after;
    plant();
    set_back("file");
    set_back("folder");
    set_back("to-file");
    say(modified("file") || modified("folder") || modified("to-file"), "all are set back");
#define MOVES(what, name, call)                                                                                                   \
    do {                                                                                                                          \
        set_back(name);                                                                                                           \
        long long result = call;                                                                                                  \
        if (result == -1) say(result, "%s", what);                                                                                \
        say(modified(name), "%s: is %s modified", what, name);                                                                    \
    } while (0)
    int fd = open("file", O_RDWR), folder = open("folder", O_RDONLY | O_DIRECTORY);
    char buffer[8];
    MOVES("write", "file", write(fd, "x", 1));
    MOVES("write nothing", "file", write(fd, "x", 0));
    MOVES("pwrite", "file", pwrite(fd, "x", 1, 0));
    MOVES("read", "file", read(fd, buffer, 1));
    MOVES("ftruncate shorter", "file", ftruncate(fd, 9));
    MOVES("ftruncate longer", "file", ftruncate(fd, 20));
    MOVES("ftruncate as it is", "file", ftruncate(fd, 20));
    MOVES("truncate as it is", "file", truncate("file", 20));
    MOVES("open to read", "file", close(open("file", O_RDONLY)));
    MOVES("open to write", "file", close(open("file", O_WRONLY)));
    MOVES("open to truncate", "file", close(open("file", O_WRONLY | O_TRUNC)));
    MOVES("open to truncate what is empty", "file", close(open("file", O_WRONLY | O_TRUNC)));
    MOVES("link", "file", link("file", "another-name"));
    MOVES("rename", "file", rename("another-name", "yet-another"));
    MOVES("unlink", "file", unlink("yet-another"));
    MOVES("fsync", "file", fsync(fd));
    MOVES("a new file", "folder", close(openat(folder, "new", O_CREAT | O_WRONLY, 0666)));
    MOVES("an old file", "folder", close(openat(folder, "new", O_CREAT | O_WRONLY, 0666)));
    MOVES("writing to it", "folder", ({ int one = openat(folder, "new", O_WRONLY); long long n = write(one, "x", 1); close(one); n; }));
    MOVES("unlink in it", "folder", unlinkat(folder, "new", 0));
    MOVES("mkdir in it", "folder", mkdirat(folder, "deep", 0777));
    MOVES("mkdir deeper", "folder", mkdir("folder/deep/er", 0777));
    MOVES("rmdir deeper", "folder", rmdir("folder/deep/er"));
    MOVES("rename in it", "folder", rename("folder/deep", "folder/deep2"));
    MOVES("rename to itself", "folder", rename("folder/deep2", "folder/deep2"));
    MOVES("rename into it", "folder", rename("other", "folder/other"));
    MOVES("rename out of it", "folder", rename("folder/other", "other"));
    MOVES("link in it", "folder", link("other", "folder/linked"));
    MOVES("symlink in it", "folder", symlink("other", "folder/symlinked"));
    MOVES("rmdir in it", "folder", rmdir("folder/deep2"));
    MOVES("a failed mkdir", "folder", mkdir("folder/sub", 0777) ? 0 : 1);
    MOVES("rename of itself", "folder", rename("folder", "folder2"));
    (void)before, (void)after;
}

static int from_epoch(const struct timespec *time) { return (int)(time->tv_sec - THEN); }

static void setting(void) {
    struct stat now;
    plant();
#define SHOW(what, call)                                                                                                          \
    do {                                                                                                                          \
        struct timespec back[2] = {{THEN, 5000}, {THEN, 7000}};                                                                   \
        utimensat(AT_FDCWD, "file", back, 0);                                                                                     \
        say(call, "%s", what);                                                                                                    \
        stat("file", &now);                                                                                                       \
        bool read = now.st_atim.tv_sec > THEN + 100000000, written = now.st_mtim.tv_sec > THEN + 100000000;                       \
        say_text(read ? "now" : from_epoch(&now.st_atim) || now.st_atim.tv_nsec != 5000 ? "set" : "old", "%s: accessed", what);    \
        say_text(written ? "now" : from_epoch(&now.st_mtim) || now.st_mtim.tv_nsec != 7000 ? "set" : "old", "%s: modified", what); \
        if (!read) say(from_epoch(&now.st_atim) * 1000000000LL + now.st_atim.tv_nsec, "%s: accessed at", what);                   \
        if (!written) say(from_epoch(&now.st_mtim) * 1000000000LL + now.st_mtim.tv_nsec, "%s: modified at", what);                \
    } while (0)
    int fd = open("file", O_RDONLY), folder = open("folder", O_RDONLY | O_DIRECTORY);
    struct timespec both[2] = {{THEN + 1, 123456789}, {THEN + 2, 987654321}};
    SHOW("both", utimensat(AT_FDCWD, "file", both, 0));
    SHOW("by a link", utimensat(AT_FDCWD, "to-file", both, 0));
    SHOW("of a link", utimensat(AT_FDCWD, "to-file", both, AT_SYMLINK_NOFOLLOW));
    SHOW("by a descriptor", futimens(fd, both));
    SHOW("by a folder's descriptor", utimensat(folder, "../file", both, 0));
    SHOW("now", utimensat(AT_FDCWD, "file", NULL, 0));
    struct timespec omit_first[2] = {{0, UTIME_OMIT}, {THEN + 9, 0}}, omit_last[2] = {{THEN + 9, 0}, {0, UTIME_OMIT}}, omit_both[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
    SHOW("omit the first", utimensat(AT_FDCWD, "file", omit_first, 0));
    SHOW("omit the last", utimensat(AT_FDCWD, "file", omit_last, 0));
    SHOW("omit both", utimensat(AT_FDCWD, "file", omit_both, 0));
    struct timespec now_first[2] = {{0, UTIME_NOW}, {THEN + 9, 0}}, now_last[2] = {{THEN + 9, 0}, {0, UTIME_NOW}}, now_both[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
    SHOW("the first now", utimensat(AT_FDCWD, "file", now_first, 0));
    SHOW("the last now", utimensat(AT_FDCWD, "file", now_last, 0));
    SHOW("both now", futimens(fd, now_both));
    struct timespec wrong[2] = {{THEN, 2000000000}, {THEN, 0}}, less[2] = {{THEN, -5}, {THEN, 0}}, zero[2] = {{0, 0}, {0, 0}}, before[2] = {{-1, 0}, {-1, 0}};
    SHOW("two thousand million nanoseconds", utimensat(AT_FDCWD, "file", wrong, 0));
    SHOW("less than no nanoseconds", utimensat(AT_FDCWD, "file", less, 0));
    SHOW("the epoch", utimensat(AT_FDCWD, "file", zero, 0));
    SHOW("before the epoch", utimensat(AT_FDCWD, "file", before, 0));
    SHOW("what is missing", utimensat(AT_FDCWD, "missing", both, 0));
    SHOW("a dangling link's end", utimensat(AT_FDCWD, "dangling", both, 0));
    SHOW("a dangling link", utimensat(AT_FDCWD, "dangling", both, AT_SYMLINK_NOFOLLOW));
    SHOW("below a file", utimensat(AT_FDCWD, "file/x", both, 0));
    SHOW("a file with a slash", utimensat(AT_FDCWD, "file/", both, 0));
    SHOW("a folder", utimensat(AT_FDCWD, "folder/", both, 0));
    SHOW("what is not open", futimens(77, both));
    SHOW("a folder by its descriptor", futimens(folder, both));
}

/* The moment of the last change cannot be set back: it must have moved on since before a pause. */
static void changed(void) {
    static const char *const names[] = {"w", "t", "l", "u", "r", "m", "f", "o", "p", "s", "d", "e"};
    struct stat before[12], after;
    fresh();
    for EACH(names) put(names[i], "x");
    unlink("d");
    unlink("e");
    mkdir("d", 0777);
    mkdir("e", 0777);
    link("u", "u2");
    link("m", "m2");
    for EACH(names) lstat(names[i], &before[i]);
    struct timespec pause = {0, 30000000}, omit[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}}, set[2] = {{THEN, 0}, {THEN, 0}};
    nanosleep(&pause, NULL);
    int w = open("w", O_RDWR), t = open("t", O_RDWR), f = open("f", O_RDONLY);
    char buffer[4];
    write(w, "y", 1);
    ftruncate(t, 1);
    link("l", "l2");
    unlink("u2");
    rename("r", "r2");
    rename("m", "m3");
    read(f, buffer, 1);
    close(open("o", O_WRONLY));
    utimensat(AT_FDCWD, "p", omit, 0);
    utimensat(AT_FDCWD, "s", set, 0);
    put("d/x", "");
    rename("e", "e2");
#define CHANGED(what, name, which)                                                                                                \
    say(lstat(name, &after) ? -1                                                                                                  \
                            : after.st_ctim.tv_sec != before[which].st_ctim.tv_sec || after.st_ctim.tv_nsec != before[which].st_ctim.tv_nsec,      \
        "changed by %s", what)
    CHANGED("write", "w", 0);
    CHANGED("ftruncate", "t", 1);
    CHANGED("link", "l", 2);
    CHANGED("unlink of another name", "u", 3);
    CHANGED("rename", "r2", 4);
    CHANGED("rename over nothing, of two names", "m3", 5);
    CHANGED("read", "f", 6);
    CHANGED("open", "o", 7);
    CHANGED("setting no time", "p", 8);
    CHANGED("setting times", "s", 9);
    CHANGED("a new name in it", "d", 10);
    CHANGED("rename of a folder", "e2", 11);
}

void times_of(void) {
    moved_by_calls();
    setting();
    changed();
}
