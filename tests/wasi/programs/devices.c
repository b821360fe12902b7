/* Devices: /dev/null, /dev/zero, /dev/urandom. */
#include "report.h"

static void use(const char *path) {
    unsigned char buffer[64];
    struct stat stat;
    int fd = open(path, O_RDWR);
    say_ok(fd, "%s", path);
    if (fd < 0) return;
    memset(buffer, 7, sizeof buffer);
    ssize_t length = read(fd, buffer, sizeof buffer);
    say(length, "%s: read", path);
    int zeros = 0, as_before = 0;
    for (size_t i = 0; i < sizeof buffer; i++) zeros += !buffer[i], as_before += buffer[i] == 7;
    say_text(zeros == 64 ? "zeros" : as_before == 64 ? "nothing" : "something", "%s: what is read", path);
    say(pread(fd, buffer, 10, 1000), "%s: pread", path);
    say(read(fd, buffer, 0), "%s: read nothing", path);
    say(write(fd, "text", 4), "%s: write", path);
    say(pwrite(fd, "text", 4, 1000), "%s: pwrite", path);
    say(fstat(fd, &stat) ? -1 : S_ISCHR(stat.st_mode), "%s: is a device", path);
    say(stat.st_size, "%s: size", path);
    say(ftruncate(fd, 0), "%s: ftruncate", path);
    say(isatty(fd), "%s: isatty", path);
    say(close(fd), "%s: close", path);
    say_ok(open(path, O_RDONLY | O_DIRECTORY), "%s: as a folder", path);
    say_ok(open(path, O_WRONLY | O_CREAT | O_EXCL, 0666), "%s: as a new file", path);
    say_ok(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666), "%s: truncated", path);
    say_ok(open(path, O_WRONLY | O_APPEND), "%s: to append", path);
    say(access(path, R_OK | W_OK), "%s: access", path);
    say(mkdir(path, 0777), "%s: mkdir", path);
    char below[40];
    snprintf(below, sizeof below, "%s/", path);
    say_ok(open(below, O_RDONLY), "%s: with a slash", path);
    snprintf(below, sizeof below, "%s/x", path);
    say_ok(open(below, O_RDONLY), "%s: below it", path);
}

void devices(void) {
    use("/dev/null");
    use("/dev/zero");
    use("/dev/urandom");
    int null = open("/dev/null", O_WRONLY);
    struct iovec two[] = {{"ab", 2}, {"cde", 3}};
    say(writev(null, two, 2), "two vectors into nothing");
    say(lseek(null, 0, SEEK_CUR), "where nothing is");
}
