/* From a path to a place in the tree: `.`, `..`, links, and the rules about trailing slashes. */
#include "memfs.h"
#include <string.h>
#include <wasi/api.h>

/* As Linux: longer chains of links are taken for a cycle. */
enum { MOST_LINKS = 40 };

static uint16_t find(memfs_node *folder, const char *path, size_t length, enum memfs_way way, memfs_place *place, int *links) {
    const char *end = path + length;
    if (!length) return __WASI_ERRNO_NOENT;
    if (length > MEMFS_LONGEST_PATH) return __WASI_ERRNO_NAMETOOLONG;
    if (memchr(path, 0, length)) return __WASI_ERRNO_INVAL;
    bool slash = end[-1] == '/';
    while (end > path && end[-1] == '/') end--;
    if (*path == '/' || end == path) folder = memfs_root();
    *place = (memfs_place){.folder = folder, .node = folder, .name = "/", .length = 1, .slash = slash};
    bool follows = way == MEMFS_FOLLOW || (way == MEMFS_STAY && slash) || (way == MEMFS_CREATE && !slash);

    while (path < end) {
        while (*path == '/') path++;
        const char *stop = memchr(path, '/', end - path);
        if (!stop) stop = end;
        size_t part = stop - path;
        bool last = stop == end;

        if (part == 1 && path[0] == '.') {
            *place = (memfs_place){.folder = folder, .node = folder, .name = ".", .length = 1, .slash = slash};
        } else if (part == 2 && path[0] == '.' && path[1] == '.') {
            folder = folder->parent;
            *place = (memfs_place){.folder = folder, .node = folder, .name = "..", .length = 2, .slash = slash};
        } else {
            if (part > MEMFS_LONGEST_NAME) return __WASI_ERRNO_NAMETOOLONG;
            memfs_entry *entry = memfs_look_up(folder, path, part);
            *place = (memfs_place){.folder = folder, .entry = entry, .node = entry ? entry->node : NULL,
                                   .name = path, .length = part, .slash = slash};
            if (!entry) return last ? 0 : __WASI_ERRNO_NOENT;
            memfs_node *node = entry->node;
            if (node->kind == MEMFS_LINK && (!last || follows)) {
                if (++*links > MOST_LINKS) return __WASI_ERRNO_LOOP;
                enum memfs_way on = last && way == MEMFS_CREATE ? MEMFS_CREATE : MEMFS_FOLLOW;
                uint16_t error = find(folder, node->bytes, node->size, on, place, links);
                if (error) return error;
                place->slash |= slash;
                node = place->node;
                if (!node) return last ? 0 : __WASI_ERRNO_NOENT;
            }
            bool is_folder = node->kind == MEMFS_FOLDER;
            if (!is_folder && (!last || (slash && way <= MEMFS_STAY))) return __WASI_ERRNO_NOTDIR;
            if (is_folder) folder = node;
        }
        path = stop;
    }
    return 0;
}

uint16_t memfs_find(memfs_node *start, const char *path, size_t length, enum memfs_way way, memfs_place *place) {
    int links = 0;
    if (start->kind != MEMFS_FOLDER) return __WASI_ERRNO_NOTDIR;
    return find(start, path, length, way, place, &links);
}
