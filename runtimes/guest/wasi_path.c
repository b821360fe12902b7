/* WASI's calls on paths. A path is relative to a folder's descriptor; the whole tree may be reached from any. What is looked at first
 * where several things are wrong is as on Linux. */
#include "wasi.h"
#include <string.h>

/* Where `path` leads from the folder `fd`; sets `place` or returns an errno from the calling function. */
#define FIND(fd, path, length, way, place)                                                          \
    do {                                                                                            \
        if (!(length)) return __WASI_ERRNO_NOENT;                                                   \
        memfs_node *start = wasi_folder(fd);                                                        \
        if (!start) return wasi_file(fd) ? __WASI_ERRNO_NOTDIR : __WASI_ERRNO_BADF;                 \
        uint16_t error = memfs_find(start, POINTER(const char, path), length, way, place);          \
        if (error) return error;                                                                    \
    } while (0)

/* What a call does that looks at what is there, by its flags. */
static enum memfs_way way_by(int32_t look_flags) {
    return look_flags & __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW ? MEMFS_FOLLOW : MEMFS_STAY;
}

/* The path is a folder's, but no name of it: ".", ".." or "/". */
static bool is_no_name(const memfs_place *place) { return place->node && !place->entry; }

WASI_CALL(path_open)(int32_t fd, int32_t look_flags, int32_t path, int32_t length, int32_t open_flags, int64_t rights,
                     int64_t inheriting, int32_t fd_flags, int32_t result) {
    bool creating = open_flags & __WASI_OFLAGS_CREAT, exclusive = open_flags & __WASI_OFLAGS_EXCL;
    bool writable = rights & __WASI_RIGHTS_FD_WRITE, readable = rights & __WASI_RIGHTS_FD_READ;
    bool as_folder = open_flags & __WASI_OFLAGS_DIRECTORY, truncating = open_flags & __WASI_OFLAGS_TRUNC;
    if (wasi_full()) return __WASI_ERRNO_MFILE;
    enum memfs_way way = way_by(look_flags);
    if (creating) way = exclusive || way == MEMFS_STAY ? MEMFS_NAME : MEMFS_CREATE;
    memfs_place place;
    FIND(fd, path, length, way, &place);
    memfs_node *node = place.node;
    if (creating && place.slash && !is_no_name(&place)) return __WASI_ERRNO_ISDIR;

    if (!node) {
        if (!creating) return __WASI_ERRNO_NOENT;
        if (as_folder) return __WASI_ERRNO_ISDIR;
        if (place.folder->read_only) return __WASI_ERRNO_ROFS;
        uint16_t error = memfs_create(place.folder, place.name, place.length, MEMFS_FILE, &node);
        if (error) return error;
    } else {
        bool is_folder = node->kind == MEMFS_FOLDER;
        if (creating && exclusive) return __WASI_ERRNO_EXIST;
        if (creating && is_folder) return __WASI_ERRNO_ISDIR;
        if (as_folder && !is_folder) return __WASI_ERRNO_NOTDIR;
        if (node->kind == MEMFS_LINK) return __WASI_ERRNO_LOOP;
        if (is_folder && (writable || truncating)) return __WASI_ERRNO_ISDIR;
        if (node->kind == MEMFS_FILE && node->read_only && (writable || truncating)) return __WASI_ERRNO_ROFS;
    }

    if (node->kind == MEMFS_DEVICE && node->device == MEMFS_INPUT) {
        int32_t shared = wasi_file(INPUT_DESCRIPTOR) ? wasi_share(INPUT_DESCRIPTOR, -1) : -1;
        if (shared < 0) return wasi_file(INPUT_DESCRIPTOR) ? __WASI_ERRNO_MFILE : __WASI_ERRNO_NXIO;
        *POINTER(int32_t, result) = shared;
        return 0;
    }
    int32_t opened = wasi_open(node, readable, writable, fd_flags);
    if (opened < 0) return __WASI_ERRNO_NOMEM;
    if (truncating && node->kind == MEMFS_FILE) memfs_resize(node, 0);
    *POINTER(int32_t, result) = opened;
    return 0;
}

WASI_CALL(path_filestat_get)(int32_t fd, int32_t look_flags, int32_t path, int32_t length, int32_t result) {
    memfs_place place;
    FIND(fd, path, length, way_by(look_flags), &place);
    if (!place.node) return __WASI_ERRNO_NOENT;
    wasi_fill_stat(place.node, POINTER(__wasi_filestat_t, result));
    return 0;
}

WASI_CALL(path_filestat_set_times)(int32_t fd, int32_t look_flags, int32_t path, int32_t length, int64_t accessed,
                                   int64_t modified, int32_t flags) {
    memfs_place place;
    FIND(fd, path, length, way_by(look_flags), &place);
    return place.node ? wasi_set_times(place.node, accessed, modified, flags) : __WASI_ERRNO_NOENT;
}

WASI_CALL(path_create_directory)(int32_t fd, int32_t path, int32_t length) {
    memfs_place place;
    FIND(fd, path, length, MEMFS_NAME, &place);
    if (place.node && place.node->implied) {
        place.node->implied = false;
        return 0;
    }
    if (place.node) return __WASI_ERRNO_EXIST;
    if (place.folder->read_only) return __WASI_ERRNO_ROFS;
    memfs_node *made;
    return memfs_create(place.folder, place.name, place.length, MEMFS_FOLDER, &made);
}

WASI_CALL(path_unlink_file)(int32_t fd, int32_t path, int32_t length) {
    memfs_place place;
    FIND(fd, path, length, MEMFS_NAME, &place);
    if (!place.node) return __WASI_ERRNO_NOENT;
    if (place.node->kind == MEMFS_FOLDER) return __WASI_ERRNO_ISDIR;
    if (place.slash) return __WASI_ERRNO_NOTDIR;
    if (place.folder->read_only) return __WASI_ERRNO_ROFS;
    memfs_detach(place.folder, place.entry);
    memfs_release(place.node);
    return 0;
}

WASI_CALL(path_remove_directory)(int32_t fd, int32_t path, int32_t length) {
    memfs_place place;
    FIND(fd, path, length, MEMFS_NAME, &place);
    if (!place.node) return __WASI_ERRNO_NOENT;
    if (is_no_name(&place)) return place.length == 2 ? __WASI_ERRNO_NOTEMPTY : *place.name == '.' ? __WASI_ERRNO_INVAL : __WASI_ERRNO_BUSY;
    if (place.node->kind != MEMFS_FOLDER) return __WASI_ERRNO_NOTDIR;
    if (place.folder->read_only) return __WASI_ERRNO_ROFS;
    if (place.node->count) return __WASI_ERRNO_NOTEMPTY;
    if (place.folder == memfs_root()) return __WASI_ERRNO_ROFS;
    memfs_detach(place.folder, place.entry);
    memfs_release(place.node);
    return 0;
}

WASI_CALL(path_link)(int32_t old_fd, int32_t old_flags, int32_t old_path, int32_t old_length, int32_t new_fd,
                     int32_t new_path, int32_t new_length) {
    memfs_place from, to;
    FIND(old_fd, old_path, old_length, way_by(old_flags), &from);
    if (!from.node) return __WASI_ERRNO_NOENT;
    FIND(new_fd, new_path, new_length, MEMFS_NAME, &to);
    if (to.node) return __WASI_ERRNO_EXIST;
    if (to.slash || !to.folder->links) return __WASI_ERRNO_NOENT;
    if (from.node->kind == MEMFS_FOLDER) return __WASI_ERRNO_PERM;
    uint16_t error = memfs_attach(to.folder, to.name, to.length, from.node);
    if (!error) memfs_moved(from.node);
    return error;
}

WASI_CALL(path_symlink)(int32_t target, int32_t target_length, int32_t fd, int32_t path, int32_t length) {
    if (!target_length) return __WASI_ERRNO_NOENT;
    if (target_length > MEMFS_LONGEST_PATH) return __WASI_ERRNO_NAMETOOLONG;
    memfs_place place;
    FIND(fd, path, length, MEMFS_NAME, &place);
    if (place.node) return __WASI_ERRNO_EXIST;
    if (place.slash) return __WASI_ERRNO_NOENT;
    memfs_node *made;
    uint16_t error = memfs_create(place.folder, place.name, place.length, MEMFS_LINK, &made);
    return error ? error : memfs_write(made, 0, POINTER(const char, target), target_length);
}

WASI_CALL(path_readlink)(int32_t fd, int32_t path, int32_t length, int32_t buffer, int32_t room, int32_t result) {
    memfs_place place;
    FIND(fd, path, length, MEMFS_STAY, &place);
    if (!place.node) return __WASI_ERRNO_NOENT;
    if (place.node->kind != MEMFS_LINK) return __WASI_ERRNO_INVAL;
    uint32_t part = place.node->size < (uint32_t)room ? place.node->size : (uint32_t)room;
    memcpy(POINTER(char, buffer), place.node->bytes, part);
    *POINTER(uint32_t, result) = part;
    return 0;
}

static bool is_inside(memfs_node *folder, const memfs_node *outer) {
    while (folder != outer && folder != memfs_root()) folder = folder->parent;
    return folder == outer;
}

WASI_CALL(path_rename)(int32_t old_fd, int32_t old_path, int32_t old_length, int32_t new_fd, int32_t new_path, int32_t new_length) {
    memfs_place from, to;
    FIND(old_fd, old_path, old_length, MEMFS_NAME, &from);
    FIND(new_fd, new_path, new_length, MEMFS_NAME, &to);
    if (is_no_name(&from) || is_no_name(&to)) return __WASI_ERRNO_BUSY;
    if (!from.node || !to.folder->links) return __WASI_ERRNO_NOENT;
    bool folder = from.node->kind == MEMFS_FOLDER;
    if (!folder && (from.slash || to.slash)) return __WASI_ERRNO_NOTDIR;
    if (folder && is_inside(to.folder, from.node)) return __WASI_ERRNO_INVAL;
    if (to.node && to.node->kind == MEMFS_FOLDER && is_inside(from.folder, to.node)) return __WASI_ERRNO_NOTEMPTY;
    if (from.folder->read_only || to.folder->read_only || from.folder == memfs_root()) return __WASI_ERRNO_ROFS;
    if (to.node == from.node) return 0;
    if (to.node) {
        if (to.node->kind == MEMFS_FOLDER && !folder) return __WASI_ERRNO_ISDIR;
        if (to.node->kind != MEMFS_FOLDER && folder) return __WASI_ERRNO_NOTDIR;
        if (to.node->kind == MEMFS_FOLDER && to.node->count) return __WASI_ERRNO_NOTEMPTY;
    }
    uint16_t error = memfs_attach(to.folder, to.name, to.length, from.node);
    if (error) return error;
    if (to.node) {
        memfs_detach(to.folder, to.entry);
        memfs_release(to.node);
    }
    memfs_detach(from.folder, from.entry);
    memfs_moved(from.node);
    return 0;
}
