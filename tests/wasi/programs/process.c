/* Clocks, arguments, environment, the working directory, streams, randomness. */
#include "report.h"
#include <sys/time.h>

static long long nanoseconds(clockid_t clock) {
    struct timespec now;
    return clock_gettime(clock, &now) ? -1 : now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void clocks(void) {
    static const struct { const char *name; clockid_t id; } all[] = {{"realtime", CLOCK_REALTIME}, {"monotonic", CLOCK_MONOTONIC}};
    for EACH(all) {
        struct timespec resolution;
        say(clock_getres(all[i].id, &resolution), "resolution of %s", all[i].name);
        long long step = resolution.tv_sec * 1000000000LL + resolution.tv_nsec;
        say_text(step > 0 && step <= 100000000 ? "yes" : "no", "resolution of %s is between 1 ns and 100 ms", all[i].name);
        long long before = nanoseconds(all[i].id), least = 1LL << 62;
        int back = 0, changes = 0;
        for (int k = 0; k < 2000000 && changes < 20; k++) {
            long long now = nanoseconds(all[i].id);
            back += now < before;
            if (now > before) {
                changes++;
                if (now - before < least) least = now - before;
            }
            before = now;
        }
        say(back, "%s goes back", all[i].name);
        say_text(changes == 20 ? "yes" : "no", "%s goes on", all[i].name);
        say_text(least >= step ? "yes" : "no", "%s moves by its resolution or more", all[i].name);
        long long begin = nanoseconds(all[i].id);
        struct timespec pause = {0, 20000000};
        say(nanosleep(&pause, NULL), "sleep by %s", all[i].name);
        say_text(nanoseconds(all[i].id) - begin >= 19900000 ? "yes" : "no", "%s sees the sleep", all[i].name);
    }
    say_text(nanoseconds(CLOCK_REALTIME) > 1700000000LL * 1000000000 ? "yes" : "no", "realtime is of this age");
    struct timeval day;
    say(gettimeofday(&day, NULL), "gettimeofday");
    long long apart = day.tv_sec - time(NULL);
    say_text(apart >= -1 && apart <= 1 ? "yes" : "no", "time and gettimeofday agree");
    struct timespec wrong = {0, 1000000000}, less = {-1, 0};
    say(nanosleep(&wrong, NULL), "sleep for a thousand million nanoseconds");
    say(nanosleep(&less, NULL), "sleep for less than nothing");
    struct stat stat;
    fresh();
    put("now", "");
    lstat("now", &stat);
    apart = stat.st_mtim.tv_sec - time(NULL);
    say_text(apart >= -2 && apart <= 1 ? "yes" : "no", "a new file is of now");
}

extern char **environ;

static void surroundings(void) {
    int count = 0;
    for (char **one = environ; one && *one; one++) count++;
    say(count, "variables at the start");
    say_text(getenv("NAME") ? getenv("NAME") : "missing", "a variable that is not there");
    say(setenv("NAME", "value", 0), "setenv");
    say_text(getenv("NAME") ? getenv("NAME") : "missing", "it is there");
    say(setenv("NAME", "other", 0), "setenv, not over what is there");
    say_text(getenv("NAME") ? getenv("NAME") : "missing", "it stays");
    say(setenv("NAME", "other", 1), "setenv, over what is there");
    say_text(getenv("NAME") ? getenv("NAME") : "missing", "it is changed");
    say(setenv("A=B", "x", 1), "setenv with an equals sign");
    say(setenv("", "x", 1), "setenv of nothing");
    say(unsetenv("NAME"), "unsetenv");
    say_text(getenv("NAME") ? getenv("NAME") : "missing", "it is gone");
}

/* Where we are, from where we began. */
static const char *here(const char *start) {
    static char text[8192];
    if (!getcwd(text, sizeof text)) return error_name(errno);
    size_t length = strlen(start);
    return strncmp(text, start, length) ? "elsewhere" : text[length] ? text + length : "at the start";
}

static void working_directory(void) {
    char start[600], small[4];
    plant();
    if (!getcwd(start, sizeof start)) {
        say(-1, "getcwd");
        return;
    }
    for (size_t i = 0; i < path_count; i++) {
        int result = chdir(paths[i]);
        say(result, "chdir %s", shown(paths[i]));
        if (result) continue;
        say_text(strstr(paths[i], "..") == paths[i] ? "above" : here(start), "chdir %s: where", shown(paths[i]));
        say(chdir(start), "chdir %s: and back", shown(paths[i]));
    }
    say_text(here(start), "chdir that is refused leaves us");
    say_ok(getcwd(small, sizeof small) ? 0 : -1, "getcwd into little room");
    chdir("folder");
    chdir("sub");
    say_text(here(start), "two steps");
    say_ok(open("../inside", O_RDONLY), "a path from there");
    chdir("../..");
    say_text(here(start), "two steps back");
    chdir("folder");
    chdir("..");
    chdir("folder");
    chdir("..");
    say_text(here(start), "forth and back");
    chdir("to-folder");
    say_text(here(start), "by a link");
    chdir("..");
    say_text(here(start), "and up");
    say(chdir("folder/sub/../sub/./"), "by a long way");
    say_text(here(start), "where that leads");
    say(rename("../../folder", "../../moved"), "the folder above is renamed");
    say_ok(open("../inside", O_RDONLY), "a path from there still leads");
    say_text(here(start), "getcwd knows the new name");
    say(chdir(".."), "up from there");
    say_text(here(start), "where that is");
    say(chdir(start), "back to the start");
    for (int i = 0; i < 100; i++) {
        mkdir("deep", 0777);
        if (chdir("deep")) say(-1, "step %d", i);
    }
    put("bottom", "x");
    say_ok(open("bottom", O_RDONLY), "a hundred steps down");
    say((long long)strlen(here(start)), "how long that is");
    for (int i = 0; i < 100; i++) chdir("..");
    say_text(here(start), "a hundred steps up");
    int folder = open("empty", O_RDONLY | O_DIRECTORY);
    say_ok(folder, "a folder's descriptor");
    fresh();
}

static void streams(void) {
    report_flush();
    say(write(1, "a line to stdout = yes\n", 23), "a line to stdout, result");
    report_flush();
    say(write(2, "a line to stderr\n", 17), "a line to stderr, result");
    say(write(1, "", 0), "nothing to stdout");
    struct iovec vector = {"a vector to stderr\n", 19};
    say(writev(2, &vector, 1), "a vector to stderr, result");
    char byte;
    say(read(0, &byte, 1), "stdin is at its end");
    say(close(2), "close stderr");
    say(write(2, "x", 1), "write to what was stderr");
    say(close(0), "close stdin");
    say(read(0, &byte, 1), "read what was stdin");
    fresh();
    put("as-stdin", "input");
    say_text(open("as-stdin", O_RDONLY) == 0 ? "yes" : "no", "the next file that is opened is stdin");
}

static void randomness(void) {
    unsigned char some[300] = {0}, more[300] = {0};
    say(getentropy(some, 256), "getentropy");
    getentropy(more, 256);
    say_text(memcmp(some, more, 256) ? "other bytes" : "the same", "getentropy again");
    say(getentropy(some, 257), "getentropy of too much");
    say(getentropy(some, 0), "getentropy of nothing");
}

void process(void) {
    clocks();
    surroundings();
    working_directory();
    randomness();
    streams();
}
