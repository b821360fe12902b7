/* opendir, readdir, telldir, seekdir, rewinddir, with changes in between. */
#include "report.h"

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Names in order; what a folder's own order is may differ. */
static const char *rest_of(DIR *folder) {
    static char text[1 << 15];
    static char *found[2000];
    size_t count = 0, length = 0;
    errno = 0;
    for (struct dirent *entry; count < 2000 && (entry = readdir(folder));) found[count++] = strdup(entry->d_name);
    int error = errno;
    qsort(found, count, sizeof *found, by_name);
    *text = 0;
    for (size_t i = 0; i < count; i++) {
        if (length + strlen(found[i]) + 2 < sizeof text) length += sprintf(text + length, "%s%s", i ? " " : "", found[i]);
        free(found[i]);
    }
    if (error) sprintf(text + length, " and %s", error_name(error));
    return text;
}

static void kinds(void) {
    plant();
    for (size_t i = 0; i < path_count; i++) {
        DIR *folder = opendir(paths[i]);
        say_ok(folder ? 0 : -1, "opendir %s", shown(paths[i]));
        if (!folder) continue;
        /* The folder above has what other programs leave. */
        if (!strstr(paths[i], "..") || strstr(paths[i], "r/..") || strstr(paths[i], "y/..")) say_text(rest_of(folder), "opendir %s: names", shown(paths[i]));
        say(closedir(folder), "opendir %s: closed", shown(paths[i]));
    }
    DIR *folder = opendir(".");
    struct stat dot, above, stat;
    lstat(".", &dot);
    lstat("..", &above);
    int types = 0, numbers = 0, count = 0;
    for (struct dirent *entry; (entry = readdir(folder)); count++) {
        if (!strcmp(entry->d_name, "..")) { /* wasmtime-wasi says itself that it has the wrong number */
            types += entry->d_type == DT_DIR;
            numbers++;
            continue;
        }
        lstat(entry->d_name, &stat);
        unsigned char type = S_ISDIR(stat.st_mode) ? DT_DIR : S_ISLNK(stat.st_mode) ? DT_LNK : DT_REG;
        types += entry->d_type == type;
        numbers += entry->d_ino == stat.st_ino;
    }
    say(count, "entries");
    say(types, "entries of the right type");
    say(numbers, "entries of the right number");
    rewinddir(folder);
    int own = 0;
    for (struct dirent *entry; (entry = readdir(folder));)
        own += (!strcmp(entry->d_name, ".") && entry->d_ino == dot.st_ino) || (!strcmp(entry->d_name, "..") && entry->d_ino == above.st_ino);
    say(own, "numbers of . and ..");
    closedir(folder);
    int file = open("file", O_RDONLY);
    say_ok(fdopendir(file) ? 0 : -1, "fdopendir of a file");
    say_ok(fdopendir(77) ? 0 : -1, "fdopendir of what is not open");
    int opened = open("folder", O_RDONLY | O_DIRECTORY);
    folder = fdopendir(opened);
    say_text(rest_of(folder), "fdopendir of a folder");
    say(dirfd(folder) == opened, "its descriptor");
    closedir(folder);
    say(close(opened), "which is closed with it");
}

static void fill(int count) {
    char name[40];
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "entry-number-%04d-of-many", i);
        put(name, "");
    }
}

static void many(void) {
    fresh();
    fill(1000);
    DIR *folder = opendir(".");
    int count = 0;
    while (readdir(folder)) count++;
    say(count, "a thousand entries");
    say(readdir(folder) ? 1 : 0, "and no more");
    rewinddir(folder);
    for (count = 0; readdir(folder);) count++;
    say(count, "again from the start");
    closedir(folder);

    /* As programs empty a folder: remove what readdir says, while it goes on. */
    folder = opendir(".");
    int removed = 0;
    for (struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_name[0] != '.') removed += !unlink(entry->d_name);
    closedir(folder);
    say(removed, "removed while they are read");
    say_text(tree(), "what is left");

    fresh();
    fill(300);
    folder = opendir(".");
    int seen = 0;
    for (struct dirent *entry; (entry = readdir(folder)); seen++) {
        char name[300];
        if (strncmp(entry->d_name, "entry", 5)) continue;
        snprintf(name, sizeof name, "was-%s", entry->d_name);
        rename(entry->d_name, name);
        if (seen > 2000) break;
    }
    closedir(folder);
    say_text(seen >= 302 && seen <= 2000 ? "some" : "none or no end", "renamed while they are read");
    folder = opendir(".");
    for (count = 0; readdir(folder);) count++;
    say(count, "all are there under new names");
    closedir(folder);
}

static void positions(void) {
    fresh();
    fill(200);
    DIR *folder = opendir(".");
    char names[202][40];
    long places[203];
    int count = 0;
    places[0] = telldir(folder);
    for (struct dirent *entry; count < 202 && (entry = readdir(folder));) {
        snprintf(names[count], sizeof names[count], "%s", entry->d_name);
        places[++count] = telldir(folder);
    }
    say(count, "entries with places");
    int right = 0;
    for (int i = 0; i < count; i++) {
        int at = i * 67 % count;
        seekdir(folder, places[at]);
        struct dirent *entry = readdir(folder);
        right += entry && !strcmp(entry->d_name, names[at]);
    }
    say(right, "found again by their places");
    seekdir(folder, places[count]);
    say(readdir(folder) ? 1 : 0, "at the last place is the end");
    /* Places stay good when others are removed. */
    for (int i = 0; i < 100; i++)
        if (names[i][0] != '.') unlink(names[i]);
    right = 0;
    for (int i = 100; i < count; i++) {
        seekdir(folder, places[i]);
        struct dirent *entry = readdir(folder);
        right += entry && !strcmp(entry->d_name, names[i]);
    }
    say(right, "and when half of them were removed");
    rewinddir(folder);
    int left = 0;
    while (readdir(folder)) left++;
    say(left, "what is left from the start");
    put("one-more", "");
    rewinddir(folder);
    for (left = 0; readdir(folder);) left++;
    say(left, "a new one is seen from the start");
    closedir(folder);
}

static void removed(void) {
    fresh();
    mkdir("gone", 0777);
    put("gone/x", "x");
    DIR *folder = opendir("gone");
    say_ok(readdir(folder) ? 0 : -1, "the first entry");
    unlink("gone/x");
    rmdir("gone");
    rewinddir(folder);
    say_text(rest_of(folder), "names in a folder that was removed");
    closedir(folder);

    /* A name that does not fit into the buffer that is left. */
    fresh();
    char name[256];
    for (int i = 0; i < 40; i++) {
        memset(name, 'a' + i % 26, 255);
        name[254] = (char)('0' + i / 26);
        name[255] = 0;
        put(name, "");
    }
    folder = opendir(".");
    int count = 0, whole = 0;
    for (struct dirent *entry; (entry = readdir(folder)); count++) whole += strlen(entry->d_name) == 255;
    say(count, "entries with long names");
    say(whole, "their names are whole");
    closedir(folder);
}

void folders(void) {
    kinds();
    many();
    positions();
    removed();
}
