/* unlink, rmdir, mkdir, remove, and what is removed while it is open. */
#include "report.h"

static int make(const char *path) { return mkdir(path, 0777); }

static void each(const char *name, int (*call)(const char *)) {
    plant();
    for (size_t i = 0; i < path_count; i++) {
        int result = call(paths[i]);
        say(result, "%s %s", name, shown(paths[i]));
        if (result) continue;
        say_text(tree(), "%s %s: after", name, shown(paths[i]));
        plant();
    }
    say_text(tree(), "after all that %s refuses", name);
}

static void open_files(void) {
    char buffer[32];
    plant();
    int file = open("other", O_RDWR), again = open("other", O_RDONLY), hard = open("file", O_RDONLY);
    struct stat stat;
    say(unlink("other"), "unlink an open file");
    say_ok(open("other", O_RDONLY), "it is not found");
    say_bytes(read(file, buffer, sizeof buffer), buffer, "it is read");
    say(write(file, " and more", 9), "it is written");
    say(fstat(file, &stat) ? -1 : stat.st_size, "its size");
    say(fstat(file, &stat) ? -1 : (long long)stat.st_nlink, "its names");
    say(close(file), "it is closed");
    say_bytes(read(again, buffer, sizeof buffer), buffer, "it is read by another descriptor");
    put("other", "new");
    say_bytes(pread(again, buffer, sizeof buffer, 0), buffer, "one of the same name is another");
    say(ftruncate(again, 0), "truncate by a descriptor for reading");
    say(close(again), "close the other");
    say(unlink("file"), "unlink one of two names");
    say(fstat(hard, &stat) ? -1 : (long long)stat.st_nlink, "names that are left");
    say(unlink("hard"), "unlink the other");
    say_bytes(pread(hard, buffer, sizeof buffer, 0), buffer, "it is still read");
    say_text(tree(), "after open files");
    close(hard);
}

static void open_folders(void) {
    char buffer[64];
    fresh();
    say(mkdir("a", 0777), "mkdir a");
    say(mkdir("a/b", 0777), "mkdir a/b");
    put("a/file", "content");
    int outer = open("a", O_RDONLY | O_DIRECTORY), inner = open("a/b", O_RDONLY | O_DIRECTORY);
    struct stat stat;
    say(rmdir("a/b"), "rmdir an open folder");
    say(fstat(inner, &stat) ? -1 : S_ISDIR(stat.st_mode), "it is a folder");
    say_ok(openat(inner, "x", O_RDONLY), "a file in it");
    say_ok(openat(inner, "x", O_WRONLY | O_CREAT, 0666), "a new file in it");
    say(mkdirat(inner, "x", 0777), "a new folder in it");
    say(symlinkat("x", inner, "x"), "a new link in it");
    say(linkat(AT_FDCWD, "a/file", inner, "x", 0), "a new name in it");
    say(renameat(AT_FDCWD, "a/file", inner, "x"), "a file moved into it");
    say(renameat(AT_FDCWD, "a", inner, "x"), "its folder moved into it");
    say_ok(openat(inner, ".", O_RDONLY | O_DIRECTORY), "itself, by a dot");
    say_ok(openat(inner, "../file", O_RDONLY), "what was beside it");
    say(unlink("a/file"), "unlink what was beside it");
    say_ok(openat(inner, "../file", O_RDONLY), "which is gone for it, too");
    say(rmdir("a"), "rmdir the outer folder");
    say_ok(openat(outer, "b", O_RDONLY), "the inner one in the outer one");
    say_ok(openat(inner, "..", O_RDONLY | O_DIRECTORY), "the outer one from the inner one");
    say_ok(openat(inner, "../new", O_WRONLY | O_CREAT, 0666), "a new file in the outer one");
    say_ok(openat(inner, "../..", O_RDONLY | O_DIRECTORY), "what is above both");
    say(close(outer), "close the outer one");
    say(mkdir("fill", 0777), "mkdir of another");
    for (int i = 0; i < 40; i++) {
        snprintf(buffer, sizeof buffer, "fill/%d", i);
        put(buffer, "memory that was freed is used again");
    }
    say_ok(openat(inner, "../new", O_WRONLY | O_CREAT, 0666), "a new file in the outer one, which is closed");
    say_ok(openat(inner, "../../fill/1", O_RDONLY), "a file above both");
    say(renameat(AT_FDCWD, "fill", inner, "../x"), "a folder moved into the outer one");
    say(close(inner), "close the inner one");
    say(mkdir("a", 0777), "mkdir a again");
    say_text(tree(), "after open folders");

    /* The working directory itself. */
    fresh();
    say(mkdir("here", 0777), "mkdir here");
    say(chdir("here"), "chdir here");
    say(rmdir("../here"), "rmdir the working directory");
    say_ok(open("x", O_WRONLY | O_CREAT, 0666), "a new file in the working directory that was removed");
    say(mkdir("x", 0777), "a new folder in it");
    say(rmdir("."), "rmdir of its dot");
    say_ok(open("missing", O_RDONLY), "a missing file in it");
    fresh();
}

void removing(void) {
    each("unlink", unlink);
    each("rmdir", rmdir);
    each("mkdir", make);
    each("remove", remove);
    open_files();
    open_folders();

    plant();
    int folder = open("folder", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY);
    say(unlinkat(folder, "inside", 0), "unlinkat");
    say(unlinkat(folder, "sub", 0), "unlinkat of a folder");
    say(unlinkat(folder, "sub", AT_REMOVEDIR), "unlinkat of a folder, as such");
    say(unlinkat(folder, "../other", 0), "unlinkat above");
    say(unlinkat(file, "x", 0), "unlinkat below a file");
    say(unlinkat(77, "x", 0), "unlinkat below what is not open");
    say(unlinkat(folder, "", AT_REMOVEDIR), "unlinkat of nothing");
    say(mkdirat(folder, "new", 0777), "mkdirat");
    say(mkdirat(file, "new", 0777), "mkdirat below a file");
    say(mkdirat(folder, "", 0777), "mkdirat of nothing");
    say_text(tree(), "after calls by descriptors");
}
