/* What libc leaves out because WASI does: permission bits, and descriptors that share an open file. */
#include "posix.h"
#include "wasi.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a new file or folder is not given: the usual umask, which libc does not have. */
enum { PERMISSIONS = 07777, MASKED = 022 };

static int fail(uint16_t error) {
    errno = error;
    return -1;
}

static struct timespec time_of(int64_t nanoseconds) {
    return (struct timespec){.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
}

static void fill(const memfs_node *node, struct stat *stat) {
    static const mode_t kinds[] = {S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR};
    __wasi_filestat_t plain;
    wasi_fill_stat(node, &plain);
    *stat = (struct stat){
        .st_dev = plain.dev,
        .st_ino = plain.ino,
        .st_nlink = plain.nlink,
        .st_size = plain.size,
        .st_mode = kinds[node->kind] | node->mode,
        .st_blksize = 4096,
        .st_blocks = (plain.size + 511) / 512,
        .st_atim = time_of(node->accessed),
        .st_mtim = time_of(node->modified),
        .st_ctim = time_of(node->changed),
    };
}

int fstat(int fd, struct stat *stat) {
    open_file *file = wasi_file(fd);
    if (!file) return fail(__WASI_ERRNO_BADF);
    if (file->kind == OPEN_NODE) fill(file->node, stat);
    else *stat = (struct stat){.st_dev = 2, .st_ino = fd + 1, .st_nlink = 1, .st_mode = S_IFIFO | 0600};
    return 0;
}

/* The node at `path` below the folder `fd`; NULL with errno set. */
static memfs_node *node_at(int fd, const char *path, bool follow) {
    memfs_node *start = wasi_folder(fd);
    memfs_place place;
    uint16_t error = !start ? (wasi_file(fd) ? __WASI_ERRNO_NOTDIR : __WASI_ERRNO_BADF)
                            : memfs_find(start, path, strlen(path), follow ? MEMFS_FOLLOW : MEMFS_STAY, &place);
    if (!error && !place.node) error = __WASI_ERRNO_NOENT;
    if (!error) return place.node;
    errno = error;
    return NULL;
}

/* libc's stat, lstat and fstatat come here, with the working directory resolved. */
int __wasilibc_nocwd_fstatat(int fd, const char *restrict path, struct stat *restrict stat, int flags) {
    memfs_node *node = node_at(fd, path, !(flags & AT_SYMLINK_NOFOLLOW));
    if (!node) return -1;
    fill(node, stat);
    return 0;
}

static int set_mode(memfs_node *node, mode_t mode) {
    if (!node) return -1;
    if (node->read_only) return fail(__WASI_ERRNO_ROFS);
    node->mode = mode & PERMISSIONS;
    return 0;
}

int chmod(const char *path, mode_t mode) { return fchmodat(AT_FDCWD, path, mode, 0); }

int fchmod(int fd, mode_t mode) {
    memfs_node *node = wasi_node(fd);
    if (!node && !wasi_file(fd)) return fail(__WASI_ERRNO_BADF);
    return node ? set_mode(node, mode) : 0;
}

int fchmodat(int fd, const char *path, mode_t mode, int flags) {
    return set_mode(node_at(fd == AT_FDCWD ? WORKING_FOLDER : fd, path, !(flags & AT_SYMLINK_NOFOLLOW)), mode);
}

static int open_with_mode(int fd, const char *path, int flags, mode_t mode) {
    struct stat before;
    bool creating = flags & O_CREAT && (flags & O_EXCL || fstatat(fd, path, &before, 0));
    int opened = openat(fd, path, flags);
    if (creating && opened >= 0) fchmod(opened, mode & ~MASKED);
    return opened;
}

#define MODE(flags, last) (flags & O_CREAT ? va_arg(last, mode_t) : 0)

int guest_open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = MODE(flags, rest);
    va_end(rest);
    return open_with_mode(AT_FDCWD, path, flags, mode);
}

int guest_openat(int fd, const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = MODE(flags, rest);
    va_end(rest);
    return open_with_mode(fd, path, flags, mode);
}

int guest_mkdir(const char *path, mode_t mode) { return guest_mkdirat(AT_FDCWD, path, mode); }

int guest_mkdirat(int fd, const char *path, mode_t mode) {
    return mkdirat(fd, path, mode) ? -1 : fchmodat(fd, path, mode & ~MASKED, 0);
}

/* One program alone cannot be in its own way: locks of files are granted. (libc knows no such commands, and SQLite
 * keeps two connections to one database apart by itself, once the system has said yes.) */
int guest_fcntl(int fd, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    enum { GETLK = 12, SETLK = 13, SETLKW = 14, UNLOCKED = 2 }; /* as SQLite defines them where libc does not */
    if (command == GETLK) ((struct flock *)argument)->l_type = UNLOCKED;
    if (command == GETLK || command == SETLK || command == SETLKW) return wasi_file(fd) ? 0 : fail(__WASI_ERRNO_BADF);
    return fcntl(fd, command, (int)(uintptr_t)argument);
}

/* libc's own does not look whether there is such a descriptor. */
int fcntl(int fd, int command, ...) {
    open_file *file = wasi_file(fd);
    if (!file) return fail(__WASI_ERRNO_BADF);
    va_list rest;
    va_start(rest, command);
    int flags = command == F_SETFL ? va_arg(rest, int) : 0;
    va_end(rest);
    switch (command) {
    case F_GETFD: return FD_CLOEXEC;
    case F_SETFD: return 0;
    case F_GETFL: return file->flags | (file->readable ? O_RDONLY : 0) | (file->writable ? O_WRONLY : 0);
    case F_SETFL: file->flags = flags & 0xfff; return 0;
    default: return fail(__WASI_ERRNO_INVAL);
    }
}

int dup(int fd) { return wasi_share(fd, -1); }

int dup2(int fd, int to) { return to < 0 ? fail(__WASI_ERRNO_BADF) : wasi_share(fd, to); }
