/* Standard input: a stream, in whatever pieces it is read. */
#include "report.h"

static char buffer[8192];

/* As much as there is: a pipe may hand it out in pieces. */
static ssize_t read_whole(int fd, size_t length) {
    size_t used = 0;
    for (ssize_t part; used < length && (part = read(fd, buffer + used, length - used)) > 0;) used += part;
    return used;
}

void input(void) {
    struct stat stat;
    say(fstat(0, &stat) ? -1 : S_ISREG(stat.st_mode) || S_ISDIR(stat.st_mode), "is a file");
    say_bytes(read(0, buffer, 0), buffer, "nothing of it");
    say_bytes(read(0, buffer, 5), buffer, "five bytes");
    say_bytes(read(0, buffer, 6), buffer, "the next six");
    char a[4], b[4];
    struct iovec two[] = {{a, 3}, {b, 0}};
    say_bytes(readv(0, two, 2), a, "by vectors");
    say(lseek(0, 0, SEEK_SET), "seek to its beginning");
    say(lseek(0, 0, SEEK_CUR), "seek to where it is");
    say(pread(0, buffer, 3, 0), "pread");
    say(write(0, "x", 1), "write");
    say(pwrite(0, "x", 1, 0), "pwrite");
    say(ftruncate(0, 0), "ftruncate");
    say_bytes(read(0, buffer, 4), buffer, "which moves nothing");
    say_bytes(read_whole(0, 1000), buffer, "a thousand bytes");
    int copy = dup(0);
    say_ok(copy, "dup");
    say_bytes(read(copy, buffer, 4), buffer, "dup: read");
    say_bytes(read(0, buffer, 4), buffer, "dup: they share the position");
    int device = open("/dev/stdin", O_RDONLY);
    say_ok(device, "/dev/stdin");
    say_bytes(read(device, buffer, 4), buffer, "/dev/stdin: read");
    say_bytes(read(0, buffer, 4), buffer, "/dev/stdin: they share the position");
    say(close(device), "/dev/stdin: close");
    say(close(0), "close");
    say(read(0, buffer, 4), "read what is closed");
    say_bytes(read(copy, buffer, 4), buffer, "dup: it is still open");
    say_text(dup(copy) == 0 ? "yes" : "no", "dup: back in its place");
    say_bytes(read_whole(0, sizeof buffer), buffer, "all the rest");
    say(read(0, buffer, sizeof buffer), "at the end");
    say(read(0, buffer, sizeof buffer), "at the end again");
}
