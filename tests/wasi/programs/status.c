/* stat and its kin, access. */
#include "report.h"

static const char *form(const struct stat *stat) {
    static char text[100];
    const char *kind = S_ISDIR(stat->st_mode) ? "folder" : S_ISLNK(stat->st_mode) ? "link" : S_ISREG(stat->st_mode) ? "file" : S_ISCHR(stat->st_mode) ? "device" : "other";
    /* Of folders, size and number of names are the file system's affair. */
    if (S_ISDIR(stat->st_mode)) snprintf(text, sizeof text, "%s", kind);
    else snprintf(text, sizeof text, "%s size %lld names %u", kind, (long long)stat->st_size, (unsigned)stat->st_nlink);
    return text;
}

void status(void) {
    struct stat one, two;
    plant();
    for (size_t i = 0; i < path_count; i++) {
        say_text(stat(paths[i], &one) ? error_name(errno) : form(&one), "stat %s", shown(paths[i]));
        say_text(lstat(paths[i], &one) ? error_name(errno) : form(&one), "lstat %s", shown(paths[i]));
        say(access(paths[i], F_OK), "access %s", shown(paths[i]));
    }
    say(access("file", R_OK | W_OK), "access to read and write");
    say(access("folder", R_OK | W_OK | X_OK), "access to a folder");
    say(access("file", 64), "access in no way");

    stat("file", &one);
    lstat("hard", &two);
    say(one.st_ino == two.st_ino && one.st_dev == two.st_dev, "names of one file are one file");
    stat("to-file", &two);
    say(one.st_ino == two.st_ino, "a link leads to it");
    lstat("to-file", &two);
    say(one.st_ino == two.st_ino, "and is another itself");
    stat("other", &two);
    say(one.st_ino == two.st_ino, "as another file is");
    say(one.st_dev == two.st_dev, "on the same device");
    int fd = open("file", O_RDONLY), folder = open("folder", O_RDONLY | O_DIRECTORY);
    say_text(fstat(fd, &two) ? error_name(errno) : form(&two), "fstat");
    say(one.st_ino == two.st_ino, "fstat is of the same");
    say_text(fstat(folder, &two) ? error_name(errno) : form(&two), "fstat of a folder");
    stat("folder/.", &one);
    say(one.st_ino == two.st_ino, "which is the same by its dot");
    stat("folder/sub/..", &one);
    say(one.st_ino == two.st_ino, "and from below");
    say(fstat(77, &two), "fstat of what is not open");
    say(fstat(-1, &two), "fstat of -1");
    for (int stream = 0; stream < 3; stream++) {
        say(fstat(stream, &two) ? -1 : S_ISREG(two.st_mode) || S_ISDIR(two.st_mode), "fstat of stream %d", stream);
        say(isatty(stream), "isatty %d", stream);
    }
    say(isatty(fd) ? 1 : -1, "isatty of a file");
    say(isatty(77) ? 1 : -1, "isatty of what is not open");
    say_text(fstatat(folder, "inside", &two, 0) ? error_name(errno) : form(&two), "fstatat");
    say_text(fstatat(folder, "../to-file", &two, AT_SYMLINK_NOFOLLOW) ? error_name(errno) : form(&two), "fstatat of a link");
    say_text(fstatat(folder, "../to-file", &two, 0) ? error_name(errno) : form(&two), "fstatat by a link");
    say_text(fstatat(fd, "x", &two, 0) ? error_name(errno) : form(&two), "fstatat below a file");
    say_text(fstatat(77, "x", &two, 0) ? error_name(errno) : form(&two), "fstatat below what is not open");
    say_text(fstatat(folder, "", &two, 0) ? error_name(errno) : form(&two), "fstatat of nothing");
    say(fsync(fd), "fsync");
    say(fdatasync(fd), "fdatasync");
    say(fsync(folder), "fsync of a folder");
    say(fsync(77), "fsync of what is not open");
}
