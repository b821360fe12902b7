/* lseek, ftruncate, posix_fallocate: offsets, holes, ends. */
#include "report.h"

static void offsets(void) {
    static const struct { const char *name; int whence; } whences[] = {{"SET", SEEK_SET}, {"CUR", SEEK_CUR}, {"END", SEEK_END}};
    static const long long deltas[] = {0, 1, 10, 17, 18, 1000, -1, -10, -17, -18, 1LL << 31, (1LL << 31) - 1, 1LL << 32, INT64_MAX, INT64_MIN, -(1LL << 32)};
    plant();
    int fd = open("file", O_RDWR);
    for (size_t w = 0; w < 3; w++)
        for EACH(deltas) {
            lseek(fd, 5, SEEK_SET);
            /* How far a file system goes is its own affair. */
            if (deltas[i] == INT64_MAX) continue;
            say(lseek(fd, deltas[i], whences[w].whence), "seek %lld %s", deltas[i], whences[w].name);
            say(lseek(fd, 0, SEEK_CUR), "seek %lld %s: at", deltas[i], whences[w].name);
        }
    lseek(fd, 10, SEEK_SET);
    ODD_NUMBER(say(lseek(fd, 0, 77), "seek from nowhere"), "seek from nowhere");
    say(lseek(fd, INT64_MAX, SEEK_CUR), "seek beyond all numbers");
    say(lseek(fd, INT64_MAX, SEEK_END), "seek beyond all numbers from the end");
    say(lseek(fd, 0, SEEK_CUR), "and stay");
    say(lseek(77, 0, SEEK_SET), "seek in what is not open");
    say(lseek(1, 0, SEEK_CUR), "seek in a stream");
    say(lseek(-1, 0, SEEK_CUR), "seek in -1");
}

static void holes(void) {
    char buffer[64];
    fresh();
    int fd = open("hole", O_RDWR | O_CREAT, 0666);
    struct stat stat;
    say(lseek(fd, 100, SEEK_SET), "seek beyond the end");
    say(fstat(fd, &stat) ? -1 : stat.st_size, "which makes it no longer");
    say_bytes(read(fd, buffer, 8), buffer, "read beyond the end");
    say(write(fd, "end", 3), "write beyond the end");
    say(fstat(fd, &stat) ? -1 : stat.st_size, "which does");
    say_bytes(pread(fd, buffer, 64, 60), buffer, "the hole is zeros");
    say(pwrite(fd, "x", 1, 200), "pwrite beyond the end");
    say(lseek(fd, 0, SEEK_CUR), "pwrite leaves the offset");
    say_text(content("hole"), "holes");
    say(ftruncate(fd, 150), "shorten into a hole");
    say(ftruncate(fd, 160), "and lengthen");
    say_bytes(pread(fd, buffer, 64, 100), buffer, "what was cut off is zeros");
    say(lseek(fd, 0, SEEK_END), "the end");
    say(ftruncate(fd, 0), "shorten to nothing");
    say(lseek(fd, 0, SEEK_CUR), "which leaves the offset");
    say(write(fd, "tail", 4), "write where the end was");
    say_text(content("hole"), "after that");
    say(ftruncate(fd, -1), "a negative length");
    say(ftruncate(fd, 4), "a short length");
    say(pwrite(fd, "abcdefgh", 8, 2), "pwrite over the end");
    say_text(content("hole"), "over the end");
    /* What was cut off must not come back by writing behind it. */
    say(pwrite(fd, "secret", 6, 50), "pwrite");
    say(ftruncate(fd, 10), "cut it off");
    say(pwrite(fd, "z", 1, 60), "write behind it");
    say_bytes(pread(fd, buffer, 12, 48), buffer, "it is zeros");
    say_text(content("hole"), "all of it");
    int read_only = open("hole", O_RDONLY), folder = open(".", O_RDONLY | O_DIRECTORY);
    say(ftruncate(read_only, 1), "ftruncate of what is open for reading");
    say(ftruncate(folder, 1), "ftruncate of a folder");
    say(ftruncate(77, 1), "ftruncate of what is not open");
    say(ftruncate(1, 1), "ftruncate of a stream");
    say(truncate("hole", 7), "truncate");
    say(truncate("missing", 7), "truncate what is missing");
    say(truncate(".", 7), "truncate a folder");
    say(truncate("hole/", 7), "truncate a file with a slash");
    say(truncate("hole", -1), "truncate to less than nothing");
    say_text(content("hole"), "after truncate");
}

static void allocate(void) {
    static const long long ranges[][2] = {{0, 10}, {0, 0}, {5, 0}, {0, -1}, {-1, 5}, {0, 3}, {20, 10}, {100, 1}, {INT64_MAX, 10}};
    fresh();
    put("file", "seventeen letters");
    int fd = open("file", O_RDWR), read_only = open("file", O_RDONLY), folder = open(".", O_RDONLY | O_DIRECTORY);
    for EACH(ranges) {
        errno = posix_fallocate(fd, ranges[i][0], ranges[i][1]);
        say(errno ? -1 : 0, "allocate %lld from %lld", ranges[i][1], ranges[i][0]);
        say_text(content("file"), "allocate %lld from %lld: after", ranges[i][1], ranges[i][0]);
    }
    errno = posix_fallocate(read_only, 0, 100);
    say(errno ? -1 : 0, "allocate by a descriptor for reading");
    errno = posix_fallocate(folder, 0, 100);
    say(errno ? -1 : 0, "allocate in a folder");
    errno = posix_fallocate(77, 0, 100);
    say(errno ? -1 : 0, "allocate in what is not open");
    errno = posix_fallocate(1, 0, 100);
    say(errno ? -1 : 0, "allocate in a stream");
    static const struct { const char *name; int number; } advice[] = {{"NORMAL", POSIX_FADV_NORMAL}, {"DONTNEED", POSIX_FADV_DONTNEED}};
    for EACH(advice) {
        errno = posix_fadvise(fd, 0, 100, advice[i].number);
        say(errno ? -1 : 0, "advise %s", advice[i].name);
    }
    ODD_NUMBER(({ errno = posix_fadvise(fd, 0, 100, 77); say(errno ? -1 : 0, "odd advice"); }), "odd advice");
    errno = posix_fadvise(77, 0, 100, POSIX_FADV_NORMAL);
    say(errno ? -1 : 0, "advise what is not open");
    errno = posix_fadvise(fd, 0, -5, POSIX_FADV_NORMAL);
    say(errno ? -1 : 0, "advise less than nothing");
    errno = posix_fadvise(1, 0, 5, POSIX_FADV_NORMAL);
    say(errno ? -1 : 0, "advise a stream");
}

/* Beyond what 32 bits reach. */
static void large(void) {
    fresh();
    int fd = open("large", O_RDWR | O_CREAT, 0666);
    say(ftruncate(fd, 1LL << 40), "a tebibyte");
    say(ftruncate(fd, 0), "and nothing");
    say(lseek(fd, (1LL << 40), SEEK_SET), "seek there");
    char buffer[4];
    say(read(fd, buffer, 4), "read there");
    say(write(fd, "x", 1), "write there");
    say(pread(fd, buffer, 4, (1LL << 33)), "pread there");
    say(ftruncate(fd, 0), "and nothing again");
    close(fd);
}

void seeking(void) {
    offsets();
    holes();
    allocate();
    large();
}
