/* link, symlink, readlink, and the ways of links. */
#include "report.h"

static void hard(void) {
    static const char *const from[] = {"file", "file/", "folder", "to-file", "to-folder", "to-folder/inside", "to-file/", "dangling", "missing", "", "."};
    plant();
    for EACH(from) {
        for (size_t k = 0; k < path_count; k++) {
            int result = link(from[i], paths[k]);
            say(result, "link %s as %s", shown(from[i]), shown(paths[k]));
            if (result) continue;
            say_text(tree(), "link %s as %s: after", shown(from[i]), shown(paths[k]));
            plant();
        }
    }
    say_text(tree(), "after links that are refused");
    plant();
    say(linkat(AT_FDCWD, "to-file", AT_FDCWD, "same", AT_SYMLINK_FOLLOW), "linkat that follows");
    say(linkat(AT_FDCWD, "to-file", AT_FDCWD, "link", 0), "linkat that does not");
    say(linkat(AT_FDCWD, "dangling", AT_FDCWD, "x", AT_SYMLINK_FOLLOW), "linkat that follows to nothing");
    say_text(tree(), "after linkat");
    char name[8];
    struct stat stat;
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "n%d", i);
        if (link("other", name)) say(-1, "link %d", i);
    }
    say(lstat("n99", &stat) ? -1 : (long long)stat.st_nlink, "a hundred names and one");
    struct stat same;
    say(lstat("other", &same) ? -1 : same.st_ino == stat.st_ino, "they are one file");
    say(truncate("n5", 3), "truncate by one name");
    say_text(content("n50"), "it is seen by another");
}

static void symbolic(void) {
    static const char *const targets[] = {"file", "folder/inside", "../nothing", "", "/", "a/very/long/way/../../to/nowhere"};
    plant();
    for EACH(targets) {
        for (size_t k = 0; k < path_count; k++) {
            int result = symlink(targets[i], paths[k]);
            say(result, "symlink %s as %s", shown(targets[i]), shown(paths[k]));
            if (result) continue;
            say_text(tree(), "symlink %s as %s: after", shown(targets[i]), shown(paths[k]));
            plant();
        }
    }
    say_text(tree(), "after symbolic links that are refused");
    plant();
    for (size_t i = 0; i < path_count; i++) {
        char buffer[40] = {0};
        say_bytes(readlink(paths[i], buffer, sizeof buffer), buffer, "readlink %s", shown(paths[i]));
    }
    for (size_t room = 0; room < 6; room++) {
        char buffer[8] = "-------";
        say(readlink("to-file", buffer, room), "readlink into %zu bytes", room);
        say_text(buffer, "what is in them, %zu", room);
    }
    static char target[5000];
    for (size_t length = 4090; length < 4100; length++) {
        memset(target, 'x', length);
        target[length] = 0;
        char name[20];
        snprintf(name, sizeof name, "long%zu", length);
        say(symlink(target, name), "a target of %zu bytes", length);
    }
    say(readlink("long4095", target, sizeof target), "the longest is read");
    struct stat stat;
    say(lstat("long4095", &stat) ? -1 : stat.st_size, "the size of the longest");
    say_ok(open("long4095", O_RDONLY), "it is followed");
}

/* Links of links: as many are followed as Linux follows. */
static void chains(void) {
    fresh();
    put("end", "the end");
    if (symlink("end", "c0")) say(-1, "the first link");
    for (int i = 1; i < 60; i++) {
        char name[8], before[8];
        snprintf(name, sizeof name, "c%d", i);
        snprintf(before, sizeof before, "c%d", i - 1);
        if (symlink(before, name)) say(-1, "link %d", i);
        say_ok(open(name, O_RDONLY), "a chain of %d", i + 1);
    }
    mkdir("d", 0777);
    symlink(".", "d/self");
    put("d/x", "x");
    char path[1024] = "d";
    for (int i = 1; i < 60; i++) {
        strcat(path, "/self");
        char whole[1100];
        snprintf(whole, sizeof whole, "%s/x", path);
        if (i > 30) say_ok(open(whole, O_RDONLY), "%d links on the way", i);
    }
    symlink("d/", "slash");
    symlink("end/", "file-slash");
    symlink("d/../end", "around");
    symlink("./d/./self//x", "dots");
    symlink("new", "to-new");
    symlink("d/new", "to-inside");
    symlink("missing/new", "to-missing");
    symlink("b", "a");
    symlink("a", "b");
    say_ok(open("slash", O_RDONLY | O_DIRECTORY), "a target that ends in a slash");
    say_ok(open("file-slash", O_RDONLY), "a file's with a slash");
    say_text(content("around"), "a link itself is not read");
    say_ok(open("around", O_RDONLY), "a target by way of a folder");
    say_ok(open("dots", O_RDONLY), "a target with dots");
    say_ok(open("a", O_RDONLY), "two that name each other");
    say_ok(open("a", O_WRONLY | O_CREAT, 0666), "and to create");
    say_ok(open("to-new", O_WRONLY | O_CREAT, 0666), "a file is made where a link leads");
    say_ok(open("to-inside", O_WRONLY | O_CREAT, 0666), "and in another folder");
    say_ok(open("to-missing", O_WRONLY | O_CREAT, 0666), "and in a missing one");
    say(mkdir("to-new/x", 0777), "a folder below a file by a link");
    say(rename("to-new", "renamed"), "the link is renamed, not the file");
    say(unlink("renamed"), "the link is removed, not the file");
    say_text(tree(), "after chains");
}

void links(void) {
    hard();
    symbolic();
    chains();
}
