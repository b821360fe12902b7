/* rename: everything to everything. */
#include "report.h"

void renaming(void) {
    plant();
    for (size_t i = 0; i < path_count; i++) {
        for (size_t k = 0; k < path_count; k++) {
            int result = rename(paths[i], paths[k]);
            say(result, "%s to %s", shown(paths[i]), shown(paths[k]));
            if (result) continue;
            say_text(tree(), "%s to %s: after", shown(paths[i]), shown(paths[k]));
            plant();
        }
        say_text(tree(), "after all that fails with %s", shown(paths[i]));
        plant();
    }

    /* What is open stays open. */
    char buffer[32];
    int file = open("file", O_RDWR), other = open("other", O_RDONLY), folder = open("folder", O_RDONLY | O_DIRECTORY);
    say(rename("file", "other"), "open file over open file");
    say_bytes(read(file, buffer, sizeof buffer), buffer, "the renamed one is read");
    say_bytes(read(other, buffer, sizeof buffer), buffer, "the replaced one is read");
    struct stat stat;
    say(fstat(other, &stat) ? -1 : (long long)stat.st_nlink, "names of the replaced one");
    say(fstat(file, &stat) ? -1 : (long long)stat.st_nlink, "names of the renamed one");
    say(rename("folder", "moved"), "open folder");
    say_ok(openat(folder, "inside", O_RDONLY), "a file below it by its descriptor");
    say(rename("moved", "empty"), "folder over empty folder");
    say_ok(openat(folder, "sub/../inside", O_RDONLY), "and below that");
    say_ok(openat(folder, "../other", O_RDONLY), "and beside it");
    say(mkdirat(folder, "made", 0777), "a new folder by its descriptor");
    say_text(tree(), "after moves of what is open");
    say(renameat(folder, "inside", folder, "sub/inside"), "renameat below the descriptor");
    say(renameat(folder, "sub/inside", AT_FDCWD, "out"), "renameat out of it");
    say(renameat(file, "x", AT_FDCWD, "y"), "renameat from a file's descriptor");
    say(renameat(AT_FDCWD, "out", file, "y"), "renameat to a file's descriptor");
    say(renameat(77, "x", AT_FDCWD, "y"), "renameat from what is not open");
    say(renameat(AT_FDCWD, "missing", 77, "y"), "renameat of a missing one to what is not open");
    say_text(tree(), "after renameat");
}
