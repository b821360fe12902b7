/* WASI's calls on open descriptors. 0 to 2 are the streams, the rest is opened by path (wasi_path.c). */
#include "wasi.h"
#include "abi.h"
#include "files.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static open_file input = {.kind = OPEN_INPUT, .references = 1, .readable = true};
static open_file output = {.kind = OPEN_OUTPUT, .stream = 1, .references = 1, .writable = true};
static open_file errors = {.kind = OPEN_OUTPUT, .stream = 2, .references = 1, .writable = true};
static open_file *table[MOST_DESCRIPTORS] = {&input, &output, &errors};

static uint32_t open_for_writing;

static const char *given_input;
static uint32_t given_length;

#define ALL_RIGHTS (~0ULL)
#define READ_RIGHTS (__WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_READDIR)
#define WRITE_RIGHTS (__WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_ALLOCATE | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE)
#define SEEK_RIGHTS (__WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_TELL)

open_file *wasi_file(int32_t descriptor) {
    return (uint32_t)descriptor < MOST_DESCRIPTORS ? table[descriptor] : NULL;
}

memfs_node *wasi_node(int32_t descriptor) {
    open_file *file = wasi_file(descriptor);
    return file && file->kind == OPEN_NODE ? file->node : NULL;
}

memfs_node *wasi_folder(int32_t descriptor) {
    if (descriptor == WORKING_FOLDER) return wasi_working();
    if (descriptor != ROOT_FOLDER) return wasi_node(descriptor);
    memfs_init();
    return memfs_root();
}

/* The lowest descriptor that is free; MOST_DESCRIPTORS if none is. */
static int32_t lowest_free(void) {
    int32_t at = 0;
    while (at < MOST_DESCRIPTORS && table[at]) at++;
    return at;
}

bool wasi_full(void) { return lowest_free() == MOST_DESCRIPTORS; }

int32_t wasi_open(memfs_node *node, bool readable, bool writable, uint16_t flags) {
    int32_t at = lowest_free();
    open_file *file = at < MOST_DESCRIPTORS ? malloc(sizeof *file) : NULL;
    if (!file) return -1;
    *file = (open_file){OPEN_NODE, 0, 1, readable, writable, flags, node, 0};
    node->open++;
    open_for_writing += writable;
    table[at] = file;
    return at;
}

bool files_open_for_writing(void) { return open_for_writing; }

static void close_file(open_file *file) {
    if (--file->references) return;
    if (file->node) {
        open_for_writing -= file->writable;
        file->node->open--;
        memfs_release(file->node);
    }
    if (file != &input && file != &output && file != &errors) free(file);
}

WASI_CALL(fd_close)(int32_t fd) {
    open_file *file = wasi_file(fd);
    if (!file) return __WASI_ERRNO_BADF;
    table[fd] = NULL;
    close_file(file);
    return 0;
}

int32_t wasi_share(int32_t fd, int32_t to) {
    open_file *file = wasi_file(fd);
    if (!file || to >= MOST_DESCRIPTORS) {
        errno = EBADF;
        return -1;
    }
    if (to == fd) return to;
    if (to < 0) to = lowest_free();
    if (to == MOST_DESCRIPTORS) {
        errno = EMFILE;
        return -1;
    }
    if (table[to]) close_file(table[to]);
    table[to] = file;
    file->references++;
    return to;
}

/* zig's libc has a close() of its own that goes past the symbols above. */
int close(int fd) {
    int32_t error = __imported_wasi_snapshot_preview1_fd_close(fd);
    if (error) errno = error;
    return error ? -1 : 0;
}

WASI_CALL(fd_renumber)(int32_t from, int32_t to) {
    open_file *file = wasi_file(from);
    if (!file || (uint32_t)to >= MOST_DESCRIPTORS) return __WASI_ERRNO_BADF;
    if (from == to) return 0;
    if (table[to]) close_file(table[to]);
    table[to] = file;
    table[from] = NULL;
    return 0;
}

/* No folder is opened for a program: a path begins at the root or in the working directory (working.c). */
WASI_CALL(fd_prestat_get)(int32_t fd, int32_t result) { return __WASI_ERRNO_BADF; }
WASI_CALL(fd_prestat_dir_name)(int32_t fd, int32_t path, int32_t length) { return __WASI_ERRNO_BADF; }

/* ---- reading and writing ---- */

/* Not libc's generator, whose state would be frozen in the snapshot. */
static void fill_random(char *to, size_t length) {
    enum { CHUNK = 65536 };
    for (size_t part; length; to += part, length -= part) ampoule_random_fill(to, part = length < CHUNK ? length : CHUNK);
}

static size_t read_node(memfs_node *node, uint64_t offset, char *to, size_t length) {
    if (node->kind == MEMFS_DEVICE) {
        if (node->device == MEMFS_NULL) return 0;
        if (node->device == MEMFS_ZERO) memset(to, 0, length);
        else fill_random(to, length);
        return length;
    }
    if (offset >= node->size) return 0;
    if (length > node->size - offset) length = node->size - offset;
    memcpy(to, node->bytes + offset, length);
    return length;
}

void wasi_give_input(const char *bytes, uint32_t length) {
    given_input = bytes;
    given_length = length;
}

static size_t read_input(uint64_t offset, char *to, size_t length) {
    if (offset >= given_length) return 0;
    if (length > given_length - offset) length = given_length - offset;
    memcpy(to, given_input + offset, length);
    return length;
}

static uint16_t read_vectors(open_file *file, int32_t vectors, int32_t count, uint64_t offset, size_t *total) {
    const __wasi_iovec_t *v = POINTER(const __wasi_iovec_t, vectors);
    *total = 0;
    if (!file || !file->readable) return __WASI_ERRNO_BADF;
    if (file->kind == OPEN_NODE && file->node->kind == MEMFS_FOLDER) return __WASI_ERRNO_ISDIR;
    for (int32_t i = 0; i < count; i++) {
        char *to = (char *)v[i].buf;
        size_t length = v[i].buf_len;
        *total += file->kind == OPEN_INPUT ? read_input(offset + *total, to, length) : read_node(file->node, offset + *total, to, length);
    }
    return 0;
}

static uint16_t write_vectors(open_file *file, int32_t vectors, int32_t count, uint64_t offset, size_t *total) {
    const __wasi_ciovec_t *v = POINTER(const __wasi_ciovec_t, vectors);
    *total = 0;
    if (!file || !file->writable) return __WASI_ERRNO_BADF;
    for (int32_t i = 0; i < count; i++) {
        if (!v[i].buf_len) continue;
        uint16_t error = 0;
        if (file->kind == OPEN_OUTPUT) ampoule_output_write(file->stream, v[i].buf, v[i].buf_len);
        else if (file->node->kind == MEMFS_FILE) error = memfs_write(file->node, offset + *total, v[i].buf, v[i].buf_len);
        if (error) return *total ? 0 : error;
        *total += v[i].buf_len;
    }
    return 0;
}

/* Streams and devices are always at their beginning. */
static bool has_offset(const open_file *file) { return file->kind == OPEN_NODE && file->node->kind == MEMFS_FILE; }

WASI_CALL(fd_read)(int32_t fd, int32_t vectors, int32_t count, int32_t result) {
    open_file *file = wasi_file(fd);
    size_t total;
    uint16_t error = read_vectors(file, vectors, count, file ? file->offset : 0, &total);
    if (error) return error;
    /* The input has a place, too, which its copies share; only, nothing can set it. */
    if (has_offset(file) || file->kind == OPEN_INPUT) file->offset += total;
    *POINTER(uint32_t, result) = total;
    return 0;
}

/* Where a write goes that is meant for `offset`: what appends writes at the end, and as on Linux pwrite does so, too. */
static uint64_t place_to_write(const open_file *file, uint64_t offset) {
    bool appends = has_offset(file) && file->flags & __WASI_FDFLAGS_APPEND;
    return appends ? file->node->size : offset;
}

WASI_CALL(fd_write)(int32_t fd, int32_t vectors, int32_t count, int32_t result) {
    open_file *file = wasi_file(fd);
    if (!file) return __WASI_ERRNO_BADF;
    uint64_t offset = place_to_write(file, file->offset);
    size_t total;
    uint16_t error = write_vectors(file, vectors, count, offset, &total);
    if (error) return error;
    if (total && has_offset(file)) file->offset = offset + total;
    *POINTER(uint32_t, result) = total;
    return 0;
}

WASI_CALL(fd_pread)(int32_t fd, int32_t vectors, int32_t count, int64_t offset, int32_t result) {
    if (!wasi_node(fd)) return wasi_file(fd) ? __WASI_ERRNO_SPIPE : __WASI_ERRNO_BADF;
    if (offset < 0) return __WASI_ERRNO_INVAL;
    size_t total;
    uint16_t error = read_vectors(wasi_file(fd), vectors, count, offset, &total);
    if (!error) *POINTER(uint32_t, result) = total;
    return error;
}

WASI_CALL(fd_pwrite)(int32_t fd, int32_t vectors, int32_t count, int64_t offset, int32_t result) {
    if (!wasi_node(fd)) return wasi_file(fd) ? __WASI_ERRNO_SPIPE : __WASI_ERRNO_BADF;
    if (offset < 0) return __WASI_ERRNO_INVAL;
    size_t total;
    uint16_t error = write_vectors(wasi_file(fd), vectors, count, place_to_write(wasi_file(fd), offset), &total);
    if (!error) *POINTER(uint32_t, result) = total;
    return error;
}

WASI_CALL(fd_seek)(int32_t fd, int64_t delta, int32_t whence, int32_t result) {
    memfs_node *node = wasi_node(fd);
    if (!node) return wasi_file(fd) ? __WASI_ERRNO_SPIPE : __WASI_ERRNO_BADF;
    open_file *file = wasi_file(fd);
    int64_t base;
    switch (whence) {
    case __WASI_WHENCE_SET: base = 0; break;
    case __WASI_WHENCE_CUR: base = file->offset; break;
    case __WASI_WHENCE_END: base = node->kind == MEMFS_FILE ? node->size : 0; break;
    default: return __WASI_ERRNO_INVAL;
    }
    int64_t offset;
    if (__builtin_add_overflow(base, delta, &offset) || offset < 0) return __WASI_ERRNO_INVAL;
    if (node->kind == MEMFS_DEVICE) offset = 0;
    file->offset = offset;
    *POINTER(int64_t, result) = offset;
    return 0;
}

WASI_CALL(fd_tell)(int32_t fd, int32_t result) {
    return __imported_wasi_snapshot_preview1_fd_seek(fd, 0, __WASI_WHENCE_CUR, result);
}

WASI_CALL(fd_readdir)(int32_t fd, int32_t buffer, int32_t length, int64_t cookie, int32_t result) {
    memfs_node *folder = wasi_node(fd);
    if (!folder) return __WASI_ERRNO_BADF;
    if (folder->kind != MEMFS_FOLDER) return __WASI_ERRNO_NOTDIR;
    char *to = POINTER(char, buffer);
    uint32_t used = 0, room = length;
    /* Cookies 0 and 1 precede "." and ".."; the one after an entry is its serial plus 2. A folder that was removed has neither. */
    while (used < room && folder->links && cookie >= 0 && cookie <= UINT32_MAX) {
        const char *name = cookie == 0 ? "." : "..";
        uint32_t name_length = cookie + 1;
        memfs_node *node = cookie == 0 ? folder : folder->parent;
        int64_t next = cookie + 1;
        if (cookie >= 2) {
            memfs_entry *entry = memfs_next(folder, cookie - 2);
            if (!entry) break;
            name = entry->name;
            name_length = entry->length;
            node = entry->node;
            next = entry->serial + 2;
        }
        __wasi_dirent_t head = {.d_next = next, .d_ino = node->number, .d_namlen = name_length, .d_type = wasi_filetype(node)};
        uint32_t part = room - used < sizeof head ? room - used : sizeof head;
        memcpy(to + used, &head, part);
        used += part;
        part = room - used < name_length ? room - used : name_length;
        memcpy(to + used, name, part);
        used += part;
        cookie = next;
    }
    *POINTER(uint32_t, result) = used;
    return 0;
}

/* ---- status ---- */

__wasi_filetype_t wasi_filetype(const memfs_node *node) {
    static const __wasi_filetype_t types[] = {__WASI_FILETYPE_REGULAR_FILE, __WASI_FILETYPE_DIRECTORY,
                                              __WASI_FILETYPE_SYMBOLIC_LINK, __WASI_FILETYPE_CHARACTER_DEVICE};
    return types[node->kind];
}

void wasi_fill_stat(const memfs_node *node, __wasi_filestat_t *stat) {
    *stat = (__wasi_filestat_t){
        .dev = 1,
        .ino = node->number,
        .filetype = wasi_filetype(node),
        .nlink = node->links,
        .size = node->kind == MEMFS_FILE || node->kind == MEMFS_LINK ? node->size : 0,
        .atim = node->accessed,
        .mtim = node->modified,
        .ctim = node->changed,
    };
}

WASI_CALL(fd_filestat_get)(int32_t fd, int32_t result) {
    open_file *file = wasi_file(fd);
    if (!file) return __WASI_ERRNO_BADF;
    __wasi_filestat_t *stat = POINTER(__wasi_filestat_t, result);
    if (file->kind == OPEN_NODE) wasi_fill_stat(file->node, stat);
    else *stat = (__wasi_filestat_t){.dev = 2, .ino = fd + 1, .nlink = 1};
    return 0;
}

WASI_CALL(fd_fdstat_get)(int32_t fd, int32_t result) {
    static const open_file folder = {.kind = OPEN_NODE, .readable = true};
    bool is_begin = fd == ROOT_FOLDER || fd == WORKING_FOLDER;
    const open_file *file = is_begin ? &folder : wasi_file(fd);
    if (!file) return __WASI_ERRNO_BADF;
    uint64_t rights = ALL_RIGHTS & ~(READ_RIGHTS | WRITE_RIGHTS | SEEK_RIGHTS);
    if (file->readable) rights |= READ_RIGHTS;
    if (file->writable) rights |= WRITE_RIGHTS;
    if (file->kind == OPEN_NODE) rights |= SEEK_RIGHTS;
    *POINTER(__wasi_fdstat_t, result) = (__wasi_fdstat_t){
        .fs_filetype = file->kind == OPEN_NODE ? wasi_filetype(wasi_folder(fd)) : __WASI_FILETYPE_UNKNOWN,
        .fs_flags = file->flags,
        .fs_rights_base = rights,
        .fs_rights_inheriting = ALL_RIGHTS,
    };
    return 0;
}

WASI_CALL(fd_fdstat_set_flags)(int32_t fd, int32_t flags) {
    open_file *file = wasi_file(fd);
    if (!file) return __WASI_ERRNO_BADF;
    file->flags = flags;
    return 0;
}

WASI_CALL(fd_fdstat_set_rights)(int32_t fd, int64_t base, int64_t inheriting) { return wasi_file(fd) ? 0 : __WASI_ERRNO_BADF; }

WASI_CALL(fd_filestat_set_size)(int32_t fd, int64_t size) {
    open_file *file = wasi_file(fd);
    if (!file) return __WASI_ERRNO_BADF;
    if (!file->writable || file->kind != OPEN_NODE || file->node->kind != MEMFS_FILE || size < 0) return __WASI_ERRNO_INVAL;
    return memfs_resize(file->node, size);
}

WASI_CALL(fd_allocate)(int32_t fd, int64_t offset, int64_t length) {
    open_file *file = wasi_file(fd);
    if (!file) return __WASI_ERRNO_BADF;
    if (offset < 0 || length <= 0) return __WASI_ERRNO_INVAL;
    if (!file->writable) return __WASI_ERRNO_BADF;
    if (file->kind != OPEN_NODE) return __WASI_ERRNO_SPIPE;
    if (file->node->kind != MEMFS_FILE) return __WASI_ERRNO_NODEV;
    int64_t size;
    if (__builtin_add_overflow(offset, length, &size)) return __WASI_ERRNO_FBIG;
    return memfs_resize(file->node, size > file->node->size ? size : file->node->size);
}

uint16_t wasi_set_times(memfs_node *node, int64_t accessed, int64_t modified, int32_t flags) {
    enum { ACCESSED = __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_ATIM_NOW, MODIFIED = __WASI_FSTFLAGS_MTIM | __WASI_FSTFLAGS_MTIM_NOW };
    if ((flags & ACCESSED) == ACCESSED || (flags & MODIFIED) == MODIFIED) return __WASI_ERRNO_INVAL;
    if (!flags) return 0;
    if (node->read_only) return __WASI_ERRNO_ROFS;
    int64_t now = ampoule_clock_now(0);
    if (flags & __WASI_FSTFLAGS_ATIM) node->accessed = accessed;
    if (flags & __WASI_FSTFLAGS_ATIM_NOW) node->accessed = now;
    if (flags & __WASI_FSTFLAGS_MTIM) node->modified = modified;
    if (flags & __WASI_FSTFLAGS_MTIM_NOW) node->modified = now;
    node->changed = now;
    return 0;
}

WASI_CALL(fd_filestat_set_times)(int32_t fd, int64_t accessed, int64_t modified, int32_t flags) {
    memfs_node *node = wasi_node(fd);
    return node ? wasi_set_times(node, accessed, modified, flags) : __WASI_ERRNO_BADF;
}

WASI_CALL(fd_sync)(int32_t fd) { return wasi_file(fd) ? 0 : __WASI_ERRNO_BADF; }
WASI_CALL(fd_datasync)(int32_t fd) { return wasi_file(fd) ? 0 : __WASI_ERRNO_BADF; }

WASI_CALL(fd_advise)(int32_t fd, int64_t offset, int64_t length, int32_t advice) {
    open_file *file = wasi_file(fd);
    if (!file) return __WASI_ERRNO_BADF;
    if (file->kind != OPEN_NODE) return __WASI_ERRNO_SPIPE;
    return (uint32_t)advice <= __WASI_ADVICE_NOREUSE ? 0 : __WASI_ERRNO_INVAL;
}
