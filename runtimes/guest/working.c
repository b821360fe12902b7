/* The working directory. libc knows it as a text, to which every step is added (/work/a/../b), and which means nothing once a folder of it
 * is renamed. Here it is a folder, held as an open one is; and a path that begins in it, or at the root, begins at a number that only libc
 * is given. */
#include "wasi.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static memfs_node *working; /* NULL: the root */

memfs_node *wasi_working(void) {
    if (!working) {
        memfs_init();
        working = memfs_root();
        working->open++;
    }
    return working;
}

/* By this libc finds what a path is relative to. The path stays what it is, in the memory it is in. */
int __wasilibc_find_relpath_alloc(const char *path, const char **prefix, char **relative, size_t *room, int can_grow) {
    *prefix = "";
    *relative = (char *)path;
    return *path == '/' ? ROOT_FOLDER : WORKING_FOLDER;
}

int chdir(const char *path) {
    memfs_place place;
    uint16_t error = memfs_find(wasi_working(), path, strlen(path), MEMFS_FOLLOW, &place);
    if (!error && !place.node) error = __WASI_ERRNO_NOENT;
    if (!error && place.node->kind != MEMFS_FOLDER) error = __WASI_ERRNO_NOTDIR;
    if (error) {
        errno = error;
        return -1;
    }
    memfs_node *left = working;
    working = place.node;
    working->open++;
    left->open--;
    memfs_release(left);
    return 0;
}

static char *fail(uint16_t error) {
    errno = error;
    return NULL;
}

char *getcwd(char *buffer, size_t size) {
    size_t length = 0;
    memfs_node *node = wasi_working();
    for (; node != memfs_root(); node = node->parent) {
        if (!node->name) return fail(__WASI_ERRNO_NOENT); /* it was removed */
        length += 1 + node->name->length;
    }
    if (!length) length = 1;
    if (!buffer) buffer = malloc(size = length + 1);
    else if (!size) return fail(__WASI_ERRNO_INVAL);
    if (!buffer) return fail(__WASI_ERRNO_NOMEM);
    if (size <= length) return fail(__WASI_ERRNO_RANGE);
    char *at = buffer + length;
    *at = 0;
    for (node = working; node != memfs_root(); node = node->parent) {
        at -= node->name->length;
        memcpy(at, node->name->name, node->name->length);
        *--at = '/';
    }
    if (at > buffer) *--at = '/';
    return buffer;
}
