/* WASI's calls themselves, where libc hides what they answer. Nothing on Linux. */
#include "report.h"

#ifdef __wasi__
#include <wasi/api.h>

static int root;

static void code(__wasi_errno_t error, const char *label) {
    errno = error;
    say(error ? -1 : 0, "%s", label);
    report_flush();
}

static void preopened(void) {
    __wasi_prestat_t prestat = {0};
    code(__wasi_fd_prestat_get(3, &prestat), "prestat of 3");
    say(prestat.tag, "prestat of 3: tag");
    say(prestat.u.dir.pr_name_len, "prestat of 3: length of its name");
    uint8_t name[8] = "-------";
    code(__wasi_fd_prestat_dir_name(3, name, 1), "name of 3");
    say_text((char *)name, "name of 3: it is");
    code(__wasi_fd_prestat_dir_name(3, name, 0), "name of 3 without room");
    code(__wasi_fd_prestat_dir_name(3, name, 7), "name of 3 with more room");
    say_text((char *)name, "name of 3: it is still");
    code(__wasi_fd_prestat_get(4, &prestat), "prestat of 4");
    code(__wasi_fd_prestat_get(0, &prestat), "prestat of 0");
    code(__wasi_fd_prestat_get(-1, &prestat), "prestat of -1");
}

static void rights(void) {
    static const struct { const char *name; int flags; } ways[] = {{"R", O_RDONLY}, {"W", O_WRONLY}, {"RW", O_RDWR}, {"W|APPEND", O_WRONLY | O_APPEND}};
    static const struct { const char *name; __wasi_rights_t right; } some[] = {{"read", __WASI_RIGHTS_FD_READ}, {"write", __WASI_RIGHTS_FD_WRITE}, {"seek", __WASI_RIGHTS_FD_SEEK}};
    plant();
    __wasi_fdstat_t stat;
    for EACH(ways) {
        code(__wasi_fd_fdstat_get(open("file", ways[i].flags), &stat), ways[i].name);
        for (size_t k = 0; k < 3; k++) say(!!(stat.fs_rights_base & some[k].right), "%s: right to %s", ways[i].name, some[k].name);
        say(stat.fs_filetype, "%s: type", ways[i].name);
        say(stat.fs_flags, "%s: flags", ways[i].name);
    }
    code(__wasi_fd_fdstat_get(open(".", O_RDONLY | O_DIRECTORY), &stat), "a folder");
    say(stat.fs_filetype, "a folder: type");
    for (int fd = 0; fd < 3; fd++) {
        code(__wasi_fd_fdstat_get(fd, &stat), "a stream");
        say(stat.fs_filetype, "fd %d: type", fd);
        for (size_t k = 0; k < 3; k++) say(!!(stat.fs_rights_base & some[k].right), "fd %d: right to %s", fd, some[k].name);
    }
    code(__wasi_fd_fdstat_get(77, &stat), "what is not open");
    __wasi_filestat_t file;
    code(__wasi_fd_filestat_get(1, &file), "filestat of stdout");
    say(file.filetype, "filestat of stdout: type");
    say(file.size, "filestat of stdout: size");
    int fd = open("file", O_RDWR);
    code(__wasi_fd_filestat_get(fd, &file), "filestat");
    say(file.filetype, "filestat: type");
    say(file.size, "filestat: size");
    say(file.nlink, "filestat: names");
    __wasi_filestat_t by_path;
    code(__wasi_path_filestat_get(root, 0, "work", &by_path), "filestat by path");
    say(by_path.filetype, "filestat by path: type");
    say(by_path.dev == file.dev, "filestat: one device");
    code(__wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_APPEND), "set flags");
    code(__wasi_fd_fdstat_get(fd, &stat), "look at them");
    say(stat.fs_flags, "flags that were set");
    code(__wasi_fd_fdstat_set_flags(fd, 0), "clear flags");
    code(__wasi_fd_fdstat_get(fd, &stat), "look at them again");
    say(stat.fs_flags, "flags that were cleared");
    code(__wasi_fd_fdstat_set_flags(77, 0), "set flags of what is not open");
}

static void renumbering(void) {
    plant();
    int file = open("file", O_RDONLY), other = open("other", O_RDONLY);
    char buffer[40];
    code(__wasi_fd_renumber(file, other), "renumber over what is open");
    say(read(other, buffer, 7), "it is the other");
    say_bytes(7, buffer, "with the other's content");
    say(read(file, buffer, 7), "the first is closed");
    code(__wasi_fd_renumber(other, other), "renumber to itself");
    code(__wasi_fd_renumber(77, other), "renumber what is not open");
    code(__wasi_fd_renumber(other, 1 << 30), "renumber to a large number");
    code(__wasi_fd_renumber(77, 77), "renumber what is not open to itself");
    say(read(other, buffer, 40), "it is as it was");
    int again = open("other", O_RDONLY);
    say_text(again == file ? "yes" : "no", "the number is free");
    close(again);
}

static void entries(void) {
    fresh();
    put("a", "");
    put("bb", "");
    put("ccc", "");
    int fd = open(".", O_RDONLY | O_DIRECTORY);
    uint8_t buffer[512];
    __wasi_size_t used;
    enum { HEAD = sizeof(__wasi_dirent_t) };
    /* ".", "..", three more, in an order that may differ: their sizes together do not. */
    code(__wasi_fd_readdir(fd, buffer, sizeof buffer, 0, &used), "readdir");
    say(used, "readdir: bytes");
    int count = 0, with_next = 0, lengths = 0;
    __wasi_dircookie_t cookies[8] = {0};
    for (size_t at = 0; at + HEAD <= used; count++) {
        __wasi_dirent_t entry;
        memcpy(&entry, buffer + at, HEAD);
        cookies[count + 1] = entry.d_next;
        with_next += entry.d_next != 0;
        lengths += entry.d_namlen;
        at += HEAD + entry.d_namlen;
    }
    say(count, "readdir: entries");
    say(with_next, "readdir: entries that say what is next");
    say(lengths, "readdir: lengths of names");
    for (int i = 0; i <= count; i++) {
        code(__wasi_fd_readdir(fd, buffer, sizeof buffer, cookies[i], &used), "readdir from a cookie");
        int rest = 0;
        for (size_t at = 0; at + HEAD <= used; rest++) {
            __wasi_dirent_t entry;
            memcpy(&entry, buffer + at, HEAD);
            at += HEAD + entry.d_namlen;
        }
        say(rest, "readdir from cookie %d", i);
    }
    for (unsigned room = 0; room < 60; room += 7) {
        code(__wasi_fd_readdir(fd, buffer, room, 0, &used), "readdir into little room");
        say(used, "readdir into %u bytes", room);
    }
    code(__wasi_fd_readdir(fd, buffer, sizeof buffer, 1000, &used), "readdir from far behind the end");
    say(used, "readdir from far behind the end: bytes");
    int file = open("a", O_RDONLY);
    code(__wasi_fd_readdir(file, buffer, sizeof buffer, 0, &used), "readdir of a file");
    code(__wasi_fd_readdir(77, buffer, sizeof buffer, 0, &used), "readdir of what is not open");
    code(__wasi_fd_readdir(0, buffer, sizeof buffer, 0, &used), "readdir of a stream");
}

static void clocks(void) {
    __wasi_timestamp_t time;
    code(__wasi_clock_time_get(__WASI_CLOCKID_REALTIME, 0, &time), "realtime");
    code(__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1000000, &time), "monotonic");
    code(__wasi_clock_res_get(__WASI_CLOCKID_MONOTONIC, &time), "resolution");
    say(time, "resolution: nanoseconds");
    code(__wasi_clock_time_get(__WASI_CLOCKID_PROCESS_CPUTIME_ID, 0, &time), "processor time");
    code(__wasi_clock_res_get(__WASI_CLOCKID_THREAD_CPUTIME_ID, &time), "resolution of processor time");
    ODD_NUMBER(code(__wasi_clock_time_get(77, 0, &time), "a clock that does not exist"), "a clock that does not exist");
    ODD_NUMBER(code(__wasi_clock_res_get(77, &time), "resolution of a clock that does not exist"), "resolution of a clock that does not exist");
}

static __wasi_subscription_t clock_after(__wasi_timestamp_t timeout, __wasi_userdata_t userdata) {
    return (__wasi_subscription_t){.userdata = userdata, .u.tag = __WASI_EVENTTYPE_CLOCK, .u.u.clock = {.id = __WASI_CLOCKID_MONOTONIC, .timeout = timeout}};
}

static void waiting(void) {
    plant();
    int fd = open("file", O_RDWR);
    __wasi_event_t events[4];
    __wasi_size_t happened = 99;
    code(__wasi_poll_oneoff(NULL, events, 0, &happened), "wait for nothing");
    __wasi_subscription_t two[] = {clock_after(1000000000000, 11), clock_after(1000000, 22)};
    code(__wasi_poll_oneoff(two, events, 2, &happened), "wait for two clocks");
    say(happened, "wait for two clocks: events");
    say(events[0].userdata, "wait for two clocks: the earlier one's");
    say(events[0].type, "wait for two clocks: type");
    say(events[0].error, "wait for two clocks: error");
    __wasi_subscription_t one = clock_after(0, 33);
    code(__wasi_poll_oneoff(&one, events, 1, &happened), "wait for no time");
    say(happened, "wait for no time: events");
    __wasi_timestamp_t now;
    code(__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, &now), "now");
    one.u.u.clock.flags = __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME;
    one.u.u.clock.timeout = now + 2000000;
    code(__wasi_poll_oneoff(&one, events, 1, &happened), "wait for a moment");
    __wasi_timestamp_t then;
    code(__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, &then), "then");
    say_text(then >= now + 1900000 ? "yes" : "no", "wait for a moment: it is past");
    one.u.u.clock.timeout = now;
    code(__wasi_poll_oneoff(&one, events, 1, &happened), "wait for what is past");
    __wasi_subscription_t both[] = {clock_after(1000000000000, 44), {.userdata = 55, .u.tag = __WASI_EVENTTYPE_FD_READ, .u.u.fd_read.file_descriptor = fd}};
    code(__wasi_poll_oneoff(both, events, 2, &happened), "wait for a file and a clock");
    say(happened, "wait for a file and a clock: events");
    say(events[0].userdata, "wait for a file and a clock: the file's");
    say(events[0].type, "wait for a file and a clock: type");
    say(events[0].error, "wait for a file and a clock: error");
}

static void odd_calls(void) {
    plant();
    int fd = open("file", O_RDWR);
    __wasi_fd_t opened;
    code(__wasi_path_open(root, 0, "work", __WASI_OFLAGS_DIRECTORY, 0, 0, 0, &opened), "open with no rights");
    code(__wasi_path_open(77, 0, "work", 0, 0, 0, 0, &opened), "open below what is not open");
    code(__wasi_path_open(fd, 0, "work", 0, 0, 0, 0, &opened), "open below a file");
    code(__wasi_path_open(0, 0, "work", 0, 0, 0, 0, &opened), "open below a stream");
    __wasi_filesize_t offset;
    code(__wasi_fd_tell(fd, &offset), "tell");
    say(offset, "tell: offset");
    code(__wasi_fd_tell(1, &offset), "tell of a stream");
    code(__wasi_fd_tell(77, &offset), "tell of what is not open");
    code(__wasi_fd_filestat_set_times(fd, 1, 2, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_ATIM_NOW), "a time that is now and is not");
    code(__wasi_fd_filestat_set_times(fd, 1, 2, __WASI_FSTFLAGS_MTIM | __WASI_FSTFLAGS_MTIM_NOW), "another time that is now and is not");
    code(__wasi_path_filestat_set_times(root, 0, "work", 1, 2, __WASI_FSTFLAGS_MTIM | __WASI_FSTFLAGS_MTIM_NOW), "a time by path that is now and is not");
    code(__wasi_fd_filestat_set_times(1, 1, 2, __WASI_FSTFLAGS_MTIM), "times of a stream");
    code(__wasi_fd_filestat_set_size(fd, ~0ULL), "a size beyond all numbers");
    code(__wasi_fd_sync(1), "sync of a stream");
    uint8_t byte;
    code(__wasi_random_get(&byte, 0), "no random bytes");
    static uint8_t many[200000];
    code(__wasi_random_get(many, sizeof many), "many random bytes");
    int zeros = 0;
    for (size_t i = 0; i < sizeof many; i++) zeros += !many[i];
    say_text(zeros > 400 && zeros < 1300 ? "as many as there should be" : "too few or many", "many random bytes: zeros");
    code(__wasi_sched_yield(), "yield");
    __wasi_size_t size;
    __wasi_roflags_t roflags;
    code(__wasi_sock_shutdown(fd, 1), "shutdown of a file");
    code(__wasi_sock_shutdown(77, 1), "shutdown of what is not open");
    __wasi_iovec_t into = {many, 1};
    code(__wasi_sock_recv(fd, &into, 1, 0, &size, &roflags), "receive from a file");
    __wasi_ciovec_t from = {many, 1};
    code(__wasi_sock_send(fd, &from, 1, 0, &size), "send to a file");
    code(__wasi_sock_send(77, &from, 1, 0, &size), "send to what is not open");
}

/* The folder that absolute paths are looked up in. */
static void outside(void) {
    struct stat stat;
    say(lstat("/", &stat) ? -1 : S_ISDIR(stat.st_mode), "the root");
    say(lstat("/..", &stat) ? -1 : S_ISDIR(stat.st_mode), "what is above the root");
    say(lstat("/../work", &stat) ? -1 : S_ISDIR(stat.st_mode), "and down again");
    say(lstat("/work", &stat) ? -1 : S_ISDIR(stat.st_mode), "the working directory");
    say(mkdir("/new", 0777), "mkdir in the root");
    say_ok(open("/file", O_WRONLY | O_CREAT, 0666), "a new file in the root");
    say(rename("/work", "/elsewhere"), "rename the working directory");
    say(rmdir("/work"), "rmdir the working directory");
    say(rmdir("/"), "rmdir the root");
    say(rename("/", "/work/x"), "rename the root");
    say(rename("/work", "/"), "rename over the root");
    say(unlink("/"), "unlink the root");
    say(mkdir("/", 0777), "mkdir the root");
    say(symlink("/work", "/work/absolute"), "a link to an absolute path");
    say_ok(open("/work/absolute", O_RDONLY | O_DIRECTORY), "which leads there");
}

void raw(void) {
    root = open("/", O_RDONLY | O_DIRECTORY);
    preopened();
    rights();
    renumbering();
    entries();
    clocks();
    waiting();
    odd_calls();
    outside();
}
#else
void raw(void) {}
#endif
