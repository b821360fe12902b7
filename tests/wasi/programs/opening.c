/* open: flags against what is at the path. */
#include "report.h"

static const struct { const char *name; int flags; } ways[] = {
    {"R", O_RDONLY},
    {"W", O_WRONLY},
    {"RW", O_RDWR},
    {"W|CREAT", O_WRONLY | O_CREAT},
    {"R|CREAT", O_RDONLY | O_CREAT},
    {"W|CREAT|EXCL", O_WRONLY | O_CREAT | O_EXCL},
    {"W|EXCL", O_WRONLY | O_EXCL},
    {"W|TRUNC", O_WRONLY | O_TRUNC},
    {"R|TRUNC", O_RDONLY | O_TRUNC},
    {"RW|CREAT|TRUNC", O_RDWR | O_CREAT | O_TRUNC},
    {"W|APPEND", O_WRONLY | O_APPEND},
    {"RW|APPEND|CREAT", O_RDWR | O_APPEND | O_CREAT},
    {"R|DIRECTORY", O_RDONLY | O_DIRECTORY},
    {"W|DIRECTORY", O_WRONLY | O_DIRECTORY},
    {"R|NOFOLLOW", O_RDONLY | O_NOFOLLOW},
    {"W|NOFOLLOW|CREAT", O_WRONLY | O_NOFOLLOW | O_CREAT},
    {"R|NOFOLLOW|DIRECTORY", O_RDONLY | O_NOFOLLOW | O_DIRECTORY},
};

/* What can be done with what is open. */
static void use(int fd, const char *label) {
    char buffer[8];
    struct stat stat;
    say(fstat(fd, &stat) ? -1 : S_ISDIR(stat.st_mode) ? 2 : 1, "%s: kind", label);
    say_bytes(read(fd, buffer, 4), buffer, "%s: read", label);
    say(write(fd, "new", 3), "%s: write", label);
    if (!S_ISDIR(stat.st_mode)) {
        say(lseek(fd, 0, SEEK_CUR), "%s: at", label);
        say(ftruncate(fd, 5), "%s: truncate", label);
    }
    say(close(fd), "%s: close", label);
}

void opening(void) {
    plant();
    for EACH(ways) {
        for (size_t p = 0; p < path_count; p++) {
            char label[100];
            snprintf(label, sizeof label, "%s %s", shown(paths[p]), ways[i].name);
            int fd = open(paths[p], ways[i].flags, 0666);
            say_ok(fd, "%s", label);
            if (fd < 0) continue;
            use(fd, label);
            say_text(tree(), "%s: after", label);
            plant();
        }
        say_text(tree(), "after all that fails by %s", ways[i].name);
        plant();
    }
}
