/* Descriptors: dup, closing, exhaustion, fcntl, poll. */
#include "report.h"
#include <poll.h>

static char buffer[64];

static void duplicates(void) {
    plant();
    int first = open("file", O_RDWR), second = dup(first);
    say_ok(second, "dup");
    say_bytes(read(first, buffer, 4), buffer, "dup: read by the first");
    say_bytes(read(second, buffer, 4), buffer, "dup: read by the second");
    say(lseek(first, 0, SEEK_CUR), "dup: they share the offset");
    fcntl(first, F_SETFL, O_APPEND);
    say(write(second, "+", 1), "dup: they share flags");
    say_text(content("file"), "dup: as is seen");
    say(close(first), "dup: close the first");
    say_bytes(pread(second, buffer, 4, 0), buffer, "dup: the second is open");
    int third = dup2(second, 50);
    say(third, "dup2 to 50");
    say_bytes(pread(50, buffer, 4, 0), buffer, "dup2: it is open");
    int other = open("other", O_RDONLY);
    say(dup2(other, 50), "dup2 over what is open");
    say_bytes(pread(50, buffer, 4, 0), buffer, "dup2: it is the other");
    say(dup2(50, 50), "dup2 to itself");
    say(dup2(77, 77), "dup2 of what is not open to itself");
    say(dup2(77, 50), "dup2 of what is not open");
    say_bytes(pread(50, buffer, 4, 0), buffer, "dup2: which leaves what was there");
    say(dup2(other, -1), "dup2 to -1");
    say(dup2(other, -100), "dup2 to -100");
    say(dup2(other, 1 << 20), "dup2 to a large number");
    say(dup2(other, 1024), "dup2 to 1024");
    say(dup2(other, 1023), "dup2 to 1023");
    say(dup(77), "dup of what is not open");
    say(dup(-1), "dup of -1");
    close(50);
    close(1023);
    int copy = dup(1);
    say_ok(copy, "dup of stdout");
    report_flush();
    say(write(copy, "dup: written to the copy = yes\n", 31), "dup: written to the copy, result");
    say(close(copy), "dup: close it");
    say(close(copy), "dup: close it again");
    int low = dup(0);
    close(low);
    say_text(dup(0) == low ? "yes" : "no", "dup: the lowest free one is taken");
}

static void closed(void) {
    plant();
    int fd = open("file", O_RDWR);
    struct stat stat;
    say(close(fd), "close");
    say(close(fd), "close again");
    say(read(fd, buffer, 4), "closed: read");
    say(write(fd, buffer, 4), "closed: write");
    say(lseek(fd, 0, SEEK_SET), "closed: lseek");
    say(fstat(fd, &stat), "closed: fstat");
    say(ftruncate(fd, 0), "closed: ftruncate");
    say(fcntl(fd, F_GETFL), "closed: fcntl GETFL");
    say(fcntl(fd, F_GETFD), "closed: fcntl GETFD");
    say(fcntl(fd, F_SETFL, 0), "closed: fcntl SETFL");
    say(fsync(fd), "closed: fsync");
    say_ok(openat(fd, "x", O_RDONLY), "closed: openat");
    say_ok(openat(fd, "file", O_WRONLY | O_CREAT, 0666), "closed: openat to create");
    say(close(-1), "close -1");
    say(close(1 << 30), "close a large number");
    say_ok(openat(open("file", O_RDONLY), "x", O_RDONLY), "openat below a file");
    say_ok(openat(open("folder", O_RDONLY | O_DIRECTORY), "", O_RDONLY), "openat of nothing");
    say_ok(openat(0, "x", O_RDONLY), "openat below a stream");

    /* A new one takes the number; the folder stream of another goes on. */
    DIR *folder = opendir(".");
    int one = open("file", O_RDONLY);
    close(one);
    int two = open("other", O_RDONLY);
    say_text(one == two ? "yes" : "no", "a number is used again");
    int count = 0;
    while (readdir(folder)) count++;
    say(count, "a folder is read meanwhile");
    closedir(folder);
}

/* What a program closes that closes all it does not know, as before it starts another. */
static void closing_all(void) {
    plant();
    for (int fd = 3; fd < 1024; fd++) close(fd);
    say_ok(open("file", O_RDONLY), "open after all were closed");
    say(mkdir("new", 0777), "mkdir after all were closed");
    say_text(tree(), "the tree after all were closed");
    int fd = open("file", O_RDONLY);
    for (int to = 3; to < 10; to++)
        if (to != fd) dup2(fd, to);
    say_ok(open("other", O_RDONLY), "open after a file was put everywhere");
    say(rmdir("new"), "rmdir after a file was put everywhere");
    for (int to = 3; to < 1024; to++) close(to);
    say_ok(open("other", O_RDONLY), "open after all that");
}

static void exhausted(void) {
#if defined __wasi__ && !defined AMPOULE_POSIX_H
    enum { MOST = 100 }; /* wasmtime-wasi has as many as the process that runs the tests */
#else
    enum { MOST = 5000 };
#endif
    static int all[MOST];
    plant();
    int count = 0;
    for (; count < MOST; count++)
        if ((all[count] = open("file", O_RDONLY)) < 0) break;
    say(-1, "too many");
    say_text(count > 900 && count < 1024 ? "about a thousand" : "another number", "how many are open");
    say_ok(open("new", O_WRONLY | O_CREAT, 0666), "a new file when there are too many");
    say_ok(open("other", O_WRONLY | O_TRUNC), "truncate a file when there are too many");
    say_ok(open("missing", O_RDONLY), "a missing file when there are too many");
    say(dup(all[0]), "dup when there are too many");
    say_ok(opendir(".") ? 0 : -1, "opendir when there are too many");
    struct stat stat;
    say(lstat("new", &stat), "the new file");
    say(lstat("other", &stat) ? -1 : stat.st_size, "the other file's size");
    say(mkdir("made", 0777), "mkdir needs none");
    say(rename("made", "moved"), "rename needs none");
    close(all[10]);
    say_ok(open("file", O_RDONLY), "one is free again");
    say_ok(open("file", O_RDONLY), "and no more");
    for (int i = 0; i < count; i++) close(all[i]);
    int unlinked = open("file", O_RDONLY);
    say_ok(unlinked, "all are free again");
    for (int i = 0; i < 3000; i++) {
        int fd = open("other", O_RDONLY);
        if (fd < 0) say(fd, "open and close, %d", i);
        close(fd);
    }
    say_text(content("file"), "the file");
}

static void flags(void) {
    static const struct { const char *name; int flags; } ways[] = {
        {"R", O_RDONLY}, {"W", O_WRONLY}, {"RW", O_RDWR}, {"W|APPEND", O_WRONLY | O_APPEND}, {"RW|CREAT|TRUNC", O_RDWR | O_CREAT | O_TRUNC}, {"R|NONBLOCK", O_RDONLY | O_NONBLOCK},
    };
    plant();
    for EACH(ways) {
        int fd = open("file", ways[i].flags, 0666), flags = fcntl(fd, F_GETFL);
        int mode = flags & O_ACCMODE;
        say_text(mode == O_RDONLY ? "R" : mode == O_WRONLY ? "W" : mode == O_RDWR ? "RW" : "another", "fcntl: mode of %s", ways[i].name);
        say(!!(flags & O_APPEND), "fcntl: append of %s", ways[i].name);
        say(!!(flags & O_NONBLOCK), "fcntl: nonblock of %s", ways[i].name);
        say(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK), "fcntl: set flags of %s", ways[i].name);
        flags = fcntl(fd, F_GETFL);
        say_text((flags & O_ACCMODE) == mode ? "the same" : "changed", "fcntl: mode of %s after that", ways[i].name);
        say(!!(flags & O_APPEND), "fcntl: append of %s after that", ways[i].name);
        say(!!(flags & O_NONBLOCK), "fcntl: nonblock of %s after that", ways[i].name);
    }
    int folder = open(".", O_RDONLY | O_DIRECTORY);
    say_text((fcntl(folder, F_GETFL) & O_ACCMODE) == O_RDONLY ? "R" : "another", "fcntl: mode of a folder");
    say(fcntl(folder, F_SETFL, 0), "fcntl: set flags of a folder");
    say_text((fcntl(0, F_GETFL) & O_ACCMODE) == O_WRONLY ? "W" : "can be read", "fcntl: mode of stdin");
    say_text((fcntl(1, F_GETFL) & O_ACCMODE) == O_RDONLY ? "R" : "can be written", "fcntl: mode of stdout");
    say(fcntl(folder, 12345), "fcntl: an unknown command");
}

static void polling(void) {
    plant();
    int fd = open("file", O_RDWR);
    struct pollfd one = {fd, POLLIN, 0};
    say(poll(&one, 1, 0), "poll a file to read");
    say(one.revents == POLLIN, "which is ready");
    lseek(fd, 0, SEEK_END);
    say(poll(&one, 1, 0), "poll a file at its end");
    say(one.revents == POLLIN, "which is ready, too");
    one.events = POLLIN | POLLOUT;
    say(poll(&one, 1, -1), "poll to read and write, without end");
    say(one.revents == (POLLIN | POLLOUT), "both are ready");
    struct pollfd several[] = {{fd, POLLIN, 0}, {77, POLLIN, 0}, {-1, POLLIN, 7}, {1, POLLOUT, 0}};
    say(poll(several, 4, 10), "poll several");
    say(several[0].revents == POLLIN, "poll: the file");
    say(several[1].revents == POLLNVAL, "poll: what is not open");
    say(several[2].revents, "poll: the one without a descriptor");
    say(several[3].revents == POLLOUT, "poll: stdout");
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    say(poll(NULL, 0, 25), "poll nothing for 25 ms");
    clock_gettime(CLOCK_MONOTONIC, &end);
    long long took = (end.tv_sec - begin.tv_sec) * 1000LL + (end.tv_nsec - begin.tv_nsec) / 1000000;
    say_text(took >= 24 ? "yes" : "no", "which takes that long");
}

void descriptors(void) {
    duplicates();
    closed();
    flags();
    polling();
    exhausted();
    closing_all();
}
