/* Forms of names and paths: long ones, strange ones. */
#include "report.h"

static char path[20000];

static const char *repeated(const char *part, size_t length) {
    size_t each = strlen(part);
    for (size_t at = 0; at < length; at++) path[at] = part[at % each];
    path[length] = 0;
    return path;
}

static void lengths(void) {
    static const size_t sizes[] = {1, 100, 254, 255, 256, 257, 1000};
    fresh();
    for EACH(sizes) {
        const char *name = repeated("n", sizes[i]);
        say_ok(open(name, O_WRONLY | O_CREAT, 0666), "a file's name of %zu bytes", sizes[i]);
        struct stat stat;
        say(lstat(name, &stat), "lstat of %zu bytes", sizes[i]);
        say_ok(open(name, O_RDONLY), "open %zu bytes", sizes[i]);
        say(unlink(name), "unlink %zu bytes", sizes[i]);
        say(mkdir(name, 0777), "a folder's name of %zu bytes", sizes[i]);
        say(rmdir(name), "rmdir %zu bytes", sizes[i]);
        say(symlink("x", name), "a link's name of %zu bytes", sizes[i]);
        put("from", "x");
        say(rename("from", name), "rename to %zu bytes", sizes[i]);
        put("from", "x");
        say(link("from", name), "link as %zu bytes", sizes[i]);
        strcat(path, "/x");
        say_ok(open(path, O_RDONLY), "below a name of %zu bytes", sizes[i]);
        fresh();
    }
    /* By a descriptor, so that the working directory's length does not count. */
    mkdir("d", 0777);
    put("d/f", "x");
    int folder = open("d", O_RDONLY | O_DIRECTORY);
    static const size_t lengths[] = {1023, 2047, 4091, 4093, 4095, 4097, 4101, 5001, 19999};
    for EACH(lengths) {
        repeated("./", lengths[i] - 1);
        path[lengths[i] - 1] = 'f';
        path[lengths[i]] = 0;
        say_ok(openat(folder, path, O_RDONLY), "a path of %zu bytes", lengths[i]);
        struct stat stat;
        say(fstatat(folder, path, &stat, 0), "fstatat of %zu bytes", lengths[i]);
        repeated("/", lengths[i]);
        path[0] = '.';
        say_ok(openat(folder, path, O_RDONLY | O_DIRECTORY), "a dot and slashes, %zu bytes", lengths[i]);
    }
}

static void deep(void) {
    fresh();
    int depth = 0;
    *path = 0;
    for (; depth < 300; depth++) {
        strcat(path, depth ? "/dd" : "dd");
        if (mkdir(path, 0777)) break;
    }
    say(depth, "folders in folders");
    strcat(path, "/file");
    put(path, "deep down");
    say_text(content(path), "a file at the end");
    int fd = -1;
    for (int i = 0; i < 300; i++) {
        int next = openat(fd < 0 ? AT_FDCWD : fd, "dd", O_RDONLY | O_DIRECTORY);
        if (fd >= 0) close(fd);
        fd = next;
        if (fd < 0) break;
    }
    say_ok(openat(fd, "file", O_RDONLY), "by descriptors");
    char up[1000] = "..";
    for (int i = 0; i < 298; i++) strcat(up, "/..");
    struct stat top, reached;
    stat("dd", &top);
    say(fstatat(fd, up, &reached, 0) ? -1 : reached.st_ino == top.st_ino, "and up again");
    say(rename("dd", "dd/dd/dd"), "rename into its own depth");
    say(rename("dd/dd", "top"), "rename from its depth");
    say_ok(openat(fd, "../../file", O_RDONLY), "up from below where it was moved");
}

static void strange(void) {
    static const char *const odd[] = {
        "a b", "a\nb", "\x01", "\x7f", "caf\xc3\xa9", "cafe\xcc\x81", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x98\x80", "...", ".hidden", "a.", " ", "~", "*", "a\\b", "a:b", "-rf",
        "A", "a", "con", "\"", "$(x)", "%s%n", "\xed\xa0\x80", "\xff", "\xc3", "caf\xe9", "\xc0\xaf", "a\xf8",
    };
    fresh();
    for EACH(odd) {
        int fd = open(odd[i], O_RDWR | O_CREAT | O_EXCL, 0666);
        say_ok(fd, "odd name %zu", i);
        if (fd < 0) continue;
        close(fd);
        DIR *folder = opendir(".");
        int found = 0;
        for (struct dirent *entry; (entry = readdir(folder));) found += !strcmp(entry->d_name, odd[i]);
        closedir(folder);
        say(found, "odd name %zu is listed", i);
        say(unlink(odd[i]), "odd name %zu is removed", i);
    }
    say(mkdir("\xff", 0777), "a folder's name that is not UTF-8");
    say(symlink("\xff\xfe", "l"), "a link to a name that is not UTF-8");
    char target[8] = "";
    say_bytes(readlink("l", target, sizeof target), target, "such a link is read");
    say(rename("missing", "\xff"), "rename to a name that is not UTF-8");
    say(rmdir("\xff"), "rmdir of it");
    put("x", "");
    say_ok(open("x\xff", O_RDONLY), "a missing one that is not UTF-8");
}

static void slashes(void) {
    static const char *const forms[] = {
        "d/e/f", "d//e///f", "./d/./e/./f", "d/../d/e/../e/f", ".//d/e/f", "d/e/f/", "d/e/f/.", "d/e/f/..", "d/e/", "d/e//", "d/e/.", "d/e/..", "d/e/../", "d/e/../..", "d/e/../../", "d/x/../e/f",
        "d/e/f/../f", "x/../d", "d/.../f", "d/e/ ", ".", "./", ".//", "./.", "././", "",
    };
    struct stat file, folder, here, found;
    fresh();
    mkdir("d", 0777);
    mkdir("d/e", 0777);
    put("d/e/f", "f");
    stat("d/e/f", &file);
    stat("d/e", &folder);
    stat(".", &here);
    for EACH(forms) {
        const char *what = stat(forms[i], &found)                ? error_name(errno)
                           : found.st_ino == file.st_ino   ? "the file"
                           : found.st_ino == folder.st_ino ? "the folder"
                           : found.st_ino == here.st_ino   ? "here"
                                                           : "another";
        say_text(what, "form %s", shown(forms[i]));
    }
    char absolute[700];
    if (!getcwd(absolute, 500)) return;
    size_t length = strlen(absolute);
    strcpy(absolute + length, "/d/e/f");
    say(stat(absolute, &found) ? -1 : found.st_ino == file.st_ino, "an absolute path");
    strcpy(absolute + length, "//d/./e/../e/f");
    say(stat(absolute, &found) ? -1 : found.st_ino == file.st_ino, "an absolute path with more in it");
    strcpy(absolute + length, "/d/e/f/");
    say(stat(absolute, &found), "an absolute path of a file with a slash");
    absolute[length] = 0;
    symlink(absolute, "whole");
    int fd = open("d", O_RDONLY | O_DIRECTORY);
    strcpy(absolute + length, "/d/e/f");
    say_ok(openat(fd, absolute, O_RDONLY), "openat of an absolute path");
}

void names(void) {
    lengths();
    deep();
    strange();
    slashes();
}
