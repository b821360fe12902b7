/* read, write and their kin: lengths, ends, vectors, modes. */
#include "report.h"

static char buffer[1 << 16];

static void ends_of_files(void) {
    fresh();
    put("file", "0123456789");
    int fd = open("file", O_RDWR);
    say_bytes(read(fd, buffer, 0), buffer, "read nothing");
    say_bytes(read(fd, buffer, 4), buffer, "read four");
    say_bytes(read(fd, buffer, 100), buffer, "read what is left");
    say_bytes(read(fd, buffer, 100), buffer, "read at the end");
    say(write(fd, buffer, 0), "write nothing");
    say(write(fd, "ab", 2), "write at the end");
    say(lseek(fd, 0, SEEK_CUR), "where that leads");
    say_bytes(pread(fd, buffer, 5, 8), buffer, "pread over the end");
    say_bytes(pread(fd, buffer, 5, 12), buffer, "pread at the end");
    say_bytes(pread(fd, buffer, 5, 1000), buffer, "pread beyond it");
    say_bytes(pread(fd, buffer, 0, 3), buffer, "pread nothing");
    say_bytes(pread(fd, buffer, 5, -1), buffer, "pread before the beginning");
    say(pwrite(fd, "x", 1, -1), "pwrite before the beginning");
    say(pwrite(fd, "x", 0, 1000), "pwrite nothing, far away");
    say(pwrite(fd, "XY", 2, 3), "pwrite in the middle");
    say(lseek(fd, 0, SEEK_CUR), "which leaves the offset");
    say_text(content("file"), "the file");
    say(lseek(fd, 5, SEEK_SET), "seek");
    say(write(fd, "", 0), "write nothing in the middle");
    say(lseek(fd, 0, SEEK_CUR), "which moves nothing");
    say_text(content("file"), "nor changes the file");
    say(lseek(fd, 500, SEEK_SET), "seek beyond the end");
    say(write(fd, "", 0), "write nothing there");
    say_text(content("file"), "which makes it no longer");
}

static void misuse(void) {
    plant();
    static const struct { const char *name; int flags; } ways[] = {{"reading", O_RDONLY}, {"writing", O_WRONLY}, {"both", O_RDWR}};
    for EACH(ways) {
        int fd = open("file", ways[i].flags);
        struct iovec vector = {buffer, 3};
        say_bytes(read(fd, buffer, 3), buffer, "read for %s", ways[i].name);
        say_bytes(read(fd, buffer, 0), buffer, "read nothing for %s", ways[i].name);
        say_bytes(pread(fd, buffer, 3, 0), buffer, "pread for %s", ways[i].name);
        say_bytes(readv(fd, &vector, 1), buffer, "readv for %s", ways[i].name);
        say(write(fd, "xyz", 3), "write for %s", ways[i].name);
        say(write(fd, "xyz", 0), "write nothing for %s", ways[i].name);
        say(pwrite(fd, "xyz", 3, 0), "pwrite for %s", ways[i].name);
        say(writev(fd, &vector, 1), "writev for %s", ways[i].name);
        say_text(content("file"), "the file after %s", ways[i].name);
    }
    int folder = open("folder", O_RDONLY | O_DIRECTORY);
    say(read(folder, buffer, 3), "read a folder");
    say(read(folder, buffer, 0), "read nothing of a folder");
    say(pread(folder, buffer, 3, 0), "pread a folder");
    say(write(folder, buffer, 3), "write a folder");
    say(pwrite(folder, buffer, 3, 0), "pwrite a folder");
    say(read(77, buffer, 3), "read what is not open");
    say(write(77, buffer, 3), "write what is not open");
    say(pread(77, buffer, 3, 0), "pread what is not open");
    say(pwrite(77, buffer, 3, 0), "pwrite what is not open");
    say(read(-1, buffer, 3), "read -1");
    say(read(1 << 30, buffer, 3), "read a large number");
    say(write(0, buffer, 3), "write standard input");
    say(read(1, buffer, 0), "read nothing of standard output");
    say(pread(0, buffer, 3, 0), "pread standard input");
    say(pwrite(1, buffer, 3, 0), "pwrite standard output");
    say_bytes(read(0, buffer, 3), buffer, "read standard input");
    say_bytes(read(0, buffer, 0), buffer, "read nothing of standard input");
}

static void vectors(void) {
    fresh();
    put("file", "0123456789");
    int fd = open("file", O_RDWR);
    char a[4] = "", b[4] = "", c[4] = "";
    struct iovec one[] = {{a, 3}}, none[] = {{a, 0}}, several[] = {{a, 3}, {b, 2}, {c, 4}}, empty_first[] = {{a, 0}, {b, 0}, {c, 4}};
    say_bytes(readv(fd, one, 1), a, "one vector");
    say(readv(fd, none, 1), "an empty vector");
    say(readv(fd, several, 0), "no vectors");
    say(readv(fd, several, -1), "less than none");
    say(readv(fd, empty_first, 3), "empty vectors first");
    say(lseek(fd, 0, SEEK_SET), "back");
    say(readv(fd, several, 3), "several vectors are filled");
    say(lseek(fd, 0, SEEK_CUR), "as far as they go");
    say(readv(fd, several, 3), "several vectors over the end");
    say(preadv(fd, several, 3, 4), "preadv");
    say(preadv(fd, several, 3, -4), "preadv before the beginning");
    struct iovec texts[] = {{"abc", 3}, {"", 0}, {"de", 2}, {"f", 1}};
    say(writev(fd, texts, 4), "several vectors are written");
    say(writev(fd, texts + 1, 1), "an empty vector is written");
    say(writev(fd, texts, 0), "no vectors are written");
    say_text(content("file"), "the file");
    say(pwritev(fd, texts, 4, 1), "pwritev");
    say(pwritev(fd, texts, 4, -1), "pwritev before the beginning");
    say_text(content("file"), "the file after pwritev");
    say(lseek(fd, 0, SEEK_CUR), "where all that leads");
}

static void appending(void) {
    fresh();
    put("file", "begin");
    int first = open("file", O_WRONLY | O_APPEND), second = open("file", O_RDWR | O_APPEND), plain = open("file", O_RDWR);
    say(lseek(first, 0, SEEK_CUR), "where appending begins");
    say(write(first, "", 0), "append nothing");
    say(lseek(first, 0, SEEK_CUR), "where that leads");
    say(write(first, "-1", 2), "append");
    say(lseek(first, 0, SEEK_CUR), "where it leads");
    say(write(second, "-two", 4), "append by another");
    say(write(first, "-3", 2), "append by the first again");
    say(lseek(first, 0, SEEK_CUR), "which is at the end");
    say(lseek(second, 2, SEEK_SET), "the other goes back");
    say_bytes(read(second, buffer, 3), buffer, "and reads there");
    say(write(second, "!", 1), "and writes at the end");
    say(lseek(second, 0, SEEK_CUR), "where it is then");
    say(write(plain, "BE", 2), "one that does not append");
    say_text(content("file"), "all together");
    say(pwrite(second, "?", 1, 1), "pwrite to what appends");
    say_text(content("file"), "which pwrite does where it says");
    say(ftruncate(second, 4), "cut off");
    say(write(first, "new", 3), "append behind the new end");
    say_text(content("file"), "after that");
    int flags = fcntl(plain, F_GETFL);
    say(fcntl(plain, F_SETFL, flags | O_APPEND), "begin to append");
    say(write(plain, "++", 2), "as one that appends");
    say(fcntl(plain, F_SETFL, flags & ~O_APPEND), "no longer append");
    say(lseek(plain, 0, SEEK_SET), "go to the beginning");
    say(write(plain, "--", 2), "as one that does not");
    say_text(content("file"), "in the end");
}

static void large(void) {
    fresh();
    for (size_t i = 0; i < sizeof buffer; i++) buffer[i] = (char)(i * 31 + (i >> 8));
    int fd = open("large", O_RDWR | O_CREAT, 0666);
    for (int i = 0; i < 20; i++) say(write(fd, buffer, 50000 + i), "write of 50,000 and %d", i);
    say(lseek(fd, 0, SEEK_END), "size");
    uint32_t sum = 0;
    lseek(fd, 0, SEEK_SET);
    for (ssize_t part; (part = read(fd, buffer, 60001)) > 0;)
        for (ssize_t i = 0; i < part; i++) sum = sum * 31 + (unsigned char)buffer[i];
    say(sum, "sum of all");
    for (int i = 0; i < 30; i++) {
        off_t at = (off_t)i * 33333 % 1000190;
        say_bytes(pread(fd, buffer, 4096, at), buffer, "a page at %lld", (long long)at);
    }
}

void reading(void) {
    ends_of_files();
    misuse();
    vectors();
    appending();
    large();
}
