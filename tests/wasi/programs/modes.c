/* Permission bits, which WASI does not have: the guests keep and show them (posix.c), as Linux does. */
#include "report.h"

#ifdef AMPOULE_POSIX_H
#define open guest_open
#define openat guest_openat
#define mkdir guest_mkdir
#define mkdirat guest_mkdirat
#endif

static void mode_of(const char *path, const char *label) {
    struct stat stat;
    say(lstat(path, &stat) ? -1 : stat.st_mode & 07777, "%s", label);
}

void modes(void) {
    static const mode_t some[] = {0, 0400, 0600, 0644, 0666, 0755, 0777, 0100, 04755, 01777};
    plant();
    mode_of("file", "a new file");
    mode_of("folder", "a new folder");
    for EACH(some) {
        char label[40];
        snprintf(label, sizeof label, "file made with %o", some[i]);
        say_ok(open("new", O_WRONLY | O_CREAT | O_EXCL, some[i]), "%s: made", label);
        mode_of("new", label);
        snprintf(label, sizeof label, "chmod %o", some[i]);
        say(chmod("new", some[i]), "%s: done", label);
        mode_of("new", label);
        unlink("new");
        snprintf(label, sizeof label, "folder made with %o", some[i] & 01777);
        say(mkdir("made", some[i] & 01777), "%s: made", label);
        mode_of("made", label);
        rmdir("made");
    }
    say_ok(open("file", O_WRONLY | O_CREAT, 0600), "open what is there");
    mode_of("file", "which leaves its mode");
    say(chmod("to-file", 0640), "chmod by a link");
    mode_of("file", "which is its target's");
    say(chmod("missing", 0640), "chmod what is missing");
    say(chmod("dangling", 0640), "chmod a dangling link");
    say(chmod("file/", 0640), "chmod a file with a slash");
    say(chmod("folder/", 0700), "chmod a folder with a slash");
    mode_of("folder", "which is done");
    say(chmod("", 0640), "chmod nothing");
    int fd = open("other", O_RDONLY), folder = open("folder", O_RDONLY | O_DIRECTORY);
    say(fchmod(fd, 0604), "fchmod");
    mode_of("other", "which is done by descriptor");
    say(fchmod(77, 0604), "fchmod what is not open");
    say(fchmodat(folder, "inside", 0622, 0), "fchmodat");
    mode_of("folder/inside", "which is done by path");
    say(fchmodat(folder, "missing", 0622, 0), "fchmodat what is missing");
    say(fchmodat(fd, "x", 0622, 0), "fchmodat below a file");
    say(fchmodat(77, "x", 0622, 0), "fchmodat below what is not open");
    say_ok(openat(folder, "new", O_WRONLY | O_CREAT, 0611), "openat with a mode");
    mode_of("folder/new", "which it has");
    say(mkdirat(folder, "deep", 0711), "mkdirat with a mode");
    mode_of("folder/deep", "which the folder has");
    say(rename("folder/new", "renamed"), "rename");
    mode_of("renamed", "which keeps the mode");
}
