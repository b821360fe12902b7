/* The file system in the guest's memory: nodes, folders, content.
 *
 * Nodes and names live on the heap, so files count against the guest's memory limit, belong to its snapshot and
 * vanish with it. Files of a mounted tree point into the blob they came in; nothing is copied. Paths are walked in
 * memfs_path.c. Every failure is a WASI errno. */
#include "memfs.h"
#include "abi.h"
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

/* Times of the files in the image: one fixed moment, so that images do not differ by when they were built. */
#define IMAGE_TIME (1750000000LL * 1000000000)
/* A file fits in 32-bit memory beside everything else; larger sizes are refused before they are tried. */
#define LARGEST_FILE 0x7fff0000u
enum { FIRST_BUCKETS = 8 };

static memfs_node *root;
static uint32_t last_number;
static bool booting; /* files made now are the image's */
static bool any_written; /* since memfs_settle */
/* As deep as memfs_walk goes: its paths have no room for more. */
enum { DEEPEST = 2048 };

memfs_node *memfs_root(void) { return root; }

static int64_t now(void) { return booting ? IMAGE_TIME : ampoule_clock_now(0); }

static void touch(memfs_node *node) { node->modified = node->changed = now(); }

static uint32_t hash_of(const char *name, size_t length) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)name[i]) * 16777619u;
    return hash;
}

static memfs_node *new_node(enum memfs_kind kind) {
    memfs_node *node = calloc(1, sizeof *node);
    if (!node) return NULL;
    node->kind = kind;
    node->number = ++last_number;
    node->mode = kind == MEMFS_FOLDER ? 0755 : kind == MEMFS_FILE ? 0644 : kind == MEMFS_LINK ? 0777 : 0666;
    node->accessed = node->modified = node->changed = now();
    return node;
}

/* ---- folders ---- */

memfs_entry *memfs_look_up(memfs_node *folder, const char *name, size_t length) {
    if (!folder->bucket_count) return NULL;
    uint32_t hash = hash_of(name, length);
    memfs_entry *entry = folder->buckets[hash & (folder->bucket_count - 1)];
    while (entry && (entry->hash != hash || entry->length != length || memcmp(entry->name, name, length))) entry = entry->chain;
    return entry;
}


static bool make_buckets(memfs_node *folder) {
    uint32_t count = folder->bucket_count ? folder->bucket_count * 2 : FIRST_BUCKETS;
    memfs_entry **buckets = calloc(count, sizeof *buckets);
    if (!buckets) return false;
    free(folder->buckets);
    folder->buckets = buckets;
    folder->bucket_count = count;
    for (memfs_entry *entry = folder->oldest; entry; entry = entry->newer) {
        memfs_entry **slot = &buckets[entry->hash & (count - 1)];
        entry->chain = *slot;
        *slot = entry;
    }
    return true;
}

uint16_t memfs_attach(memfs_node *folder, const char *name, size_t length, memfs_node *node) {
    if (folder->read_only && !booting) return __WASI_ERRNO_ROFS;
    if (length > MEMFS_LONGEST_NAME) return __WASI_ERRNO_NAMETOOLONG;
    if (!folder->links) return __WASI_ERRNO_NOENT; /* removed while it was open */
    if (folder->count >= folder->bucket_count && !make_buckets(folder)) return __WASI_ERRNO_NOSPC;
    memfs_entry *entry = malloc(sizeof *entry + length + 1);
    if (!entry) return __WASI_ERRNO_NOSPC;
    memcpy(entry->name, name, length);
    entry->name[length] = 0;
    entry->length = length;
    entry->hash = hash_of(name, length);
    entry->serial = ++folder->last_serial;
    entry->node = node;
    memfs_entry **slot = &folder->buckets[entry->hash & (folder->bucket_count - 1)];
    entry->chain = *slot;
    *slot = entry;
    entry->newer = NULL;
    entry->older = folder->newest;
    if (folder->newest) folder->newest->newer = entry;
    else folder->oldest = entry;
    folder->newest = entry;
    folder->count++;
    node->links++;
    if (node->kind == MEMFS_FOLDER) {
        node->parent = folder;
        node->name = entry;
    }
    touch(folder);
    node->changed = folder->changed;
    return 0;
}

void memfs_detach(memfs_node *folder, memfs_entry *entry) {
    memfs_entry **slot = &folder->buckets[entry->hash & (folder->bucket_count - 1)];
    while (*slot != entry) slot = &(*slot)->chain;
    *slot = entry->chain;
    if (entry->older) entry->older->newer = entry->newer;
    else folder->oldest = entry->newer;
    if (entry->newer) entry->newer->older = entry->older;
    else folder->newest = entry->older;
    if (folder->reached == entry) folder->reached = entry->older;
    folder->count--;
    touch(folder);
    memfs_node *node = entry->node;
    node->links--;
    node->changed = folder->changed;
    if (node->kind == MEMFS_FOLDER && !node->links) {
        node->name = NULL;
        folder->open++; /* it is still above one that is open: memfs_release */
    }
    free(entry);
}

void memfs_release(memfs_node *node) {
    while (!node->links && !node->open) {
        memfs_node *above = node->kind == MEMFS_FOLDER ? node->parent : NULL;
        if (above) free(node->buckets);
        else if (!node->borrowed && node->kind != MEMFS_DEVICE) free(node->bytes);
        free(node);
        if (!above) return;
        above->open--;
        node = above;
    }
}

memfs_entry *memfs_next(memfs_node *folder, uint32_t serial) {
    memfs_entry *entry = folder->reached && folder->reached->serial <= serial ? folder->reached : folder->oldest;
    while (entry && entry->serial <= serial) entry = entry->newer;
    if (entry) folder->reached = entry;
    return entry;
}

uint16_t memfs_create(memfs_node *folder, const char *name, size_t length, enum memfs_kind kind, memfs_node **made) {
    memfs_node *node = new_node(kind);
    if (!node) return __WASI_ERRNO_NOSPC;
    uint16_t error = memfs_attach(folder, name, length, node);
    if (error) {
        free(node);
        return error;
    }
    if (kind == MEMFS_FILE) node->written = any_written = true;
    *made = node;
    return 0;
}

/* ---- content ---- */

static uint16_t reserve(memfs_node *file, uint64_t size) {
    if (size <= file->capacity) return 0;
    if (size > LARGEST_FILE) return __WASI_ERRNO_FBIG;
    uint64_t capacity = file->capacity + file->capacity / 2;
    if (capacity < size) capacity = size;
    char *bytes = capacity <= LARGEST_FILE ? realloc(file->bytes, capacity) : NULL;
    if (!bytes) bytes = realloc(file->bytes, capacity = size);
    if (!bytes) return __WASI_ERRNO_NOSPC;
    file->bytes = bytes;
    file->capacity = capacity;
    return 0;
}

uint16_t memfs_resize(memfs_node *file, uint64_t size) {
    if (file->read_only) return __WASI_ERRNO_ROFS;
    if (size == 0) {
        free(file->bytes);
        file->bytes = NULL;
        file->capacity = 0;
    } else if (size > file->size) {
        uint16_t error = reserve(file, size);
        if (error) return error;
        memset(file->bytes + file->size, 0, size - file->size);
    }
    file->size = size;
    file->written = any_written = true;
    touch(file);
    return 0;
}

uint16_t memfs_write(memfs_node *file, uint64_t offset, const void *bytes, size_t length) {
    if (file->read_only) return __WASI_ERRNO_ROFS;
    if (!length) return 0;
    if (offset > LARGEST_FILE || length > LARGEST_FILE) return __WASI_ERRNO_FBIG;
    uint16_t error = reserve(file, offset + length);
    if (error) return error;
    if (offset > file->size) memset(file->bytes + file->size, 0, offset - file->size);
    memcpy(file->bytes + offset, bytes, length);
    if (offset + length > file->size) file->size = offset + length;
    file->written = any_written = true;
    touch(file);
    return 0;
}

/* ---- the image's part ---- */

/* The folder at `path` (relative to the root), made if it is missing; NULL if that cannot be. */
static memfs_node *folder_at(const char *path, size_t length) {
    memfs_node *folder = root;
    const char *end = path + length;
    while (path < end) {
        const char *slash = memchr(path, '/', end - path);
        size_t part = (slash ? slash : end) - path;
        if (part) {
            memfs_entry *entry = memfs_look_up(folder, path, part);
            memfs_node *next = entry ? entry->node : NULL;
            if (!next && memfs_create(folder, path, part, MEMFS_FOLDER, &next)) return NULL;
            if (next->kind != MEMFS_FOLDER) return NULL;
            folder = next;
        }
        path += part + 1;
    }
    return folder;
}

static void make_read_only(memfs_node *node) {
    node->read_only = true;
    if (node->kind != MEMFS_FOLDER) return;
    for (memfs_entry *entry = node->oldest; entry; entry = entry->newer) make_read_only(entry->node);
}

void memfs_init(void) {
    if (root) return;
    booting = true;
    root = new_node(MEMFS_FOLDER);
    root->links = 1;
    root->parent = root;
    static const struct { const char *name; enum memfs_device device; } devices[] = {
        {"null", MEMFS_NULL}, {"zero", MEMFS_ZERO}, {"random", MEMFS_RANDOM}, {"urandom", MEMFS_RANDOM}, {"stdin", MEMFS_INPUT}};
    memfs_node *dev = folder_at("dev", 3), *node;
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        if (!memfs_create(dev, devices[i].name, strlen(devices[i].name), MEMFS_DEVICE, &node)) node->device = devices[i].device;
    if (!memfs_create(folder_at("mnt", 3), "data", 4, MEMFS_LINK, &node)) memfs_write(node, 0, "/work", 5);
    make_read_only(root);
    folder_at("tmp", 3);
    folder_at("work/out", 8)->implied = true;
    booting = false;
}

void memfs_mount(const void *blob, size_t length) {
    booting = true;
    const char *at = blob, *end = at + length;
    while (end - at >= 8) {
        uint32_t path_length, size;
        memcpy(&path_length, at, 4);
        memcpy(&size, at + 4, 4);
        const char *path = at + 8, *slash = path + path_length;
        while (slash > path && slash[-1] != '/') slash--;
        memfs_node *folder = folder_at(path, slash - path), *node;
        if (folder && !memfs_create(folder, slash, path + path_length - slash, MEMFS_FILE, &node)) {
            node->bytes = (char *)path + path_length;
            node->size = size;
            node->borrowed = node->read_only = true;
            node->mode = 0444;
        }
        for (; folder && !folder->read_only; folder = folder->parent) folder->read_only = true;
        at = path + path_length + size;
        at += -(at - (const char *)blob) & 3;
    }
    booting = false;
}

uint16_t memfs_write_file(const char *path, const void *content, size_t length) {
    const char *name = strrchr(path, '/') + 1;
    memfs_node *folder = folder_at(path, name - path), *node;
    if (!folder || !*name) return __WASI_ERRNO_NOTDIR;
    memfs_entry *entry = memfs_look_up(folder, name, strlen(name));
    if (entry) node = entry->node;
    else {
        uint16_t error = memfs_create(folder, name, strlen(name), MEMFS_FILE, &node);
        if (error) return error;
    }
    if (node->kind != MEMFS_FILE) return __WASI_ERRNO_ISDIR;
    uint16_t error = memfs_resize(node, 0);
    return error ? error : memfs_write(node, 0, content, length);
}

/* ---- walking ---- */

static int by_name(const void *a, const void *b) {
    return strcmp((*(memfs_entry *const *)a)->name, (*(memfs_entry *const *)b)->name);
}

typedef struct {
    void (*visit)(const char *, const void *, size_t, void *);
    void *context;
    bool only_written;
    char path[4096];
} walk;

/* What a name is, or the file that it is a link to. Folders are not walked by way of links: those can lead in circles. */
static memfs_node *linked_file(memfs_node *folder, memfs_entry *entry) {
    memfs_place place;
    if (entry->node->kind != MEMFS_LINK) return entry->node;
    if (memfs_find(folder, entry->name, entry->length, MEMFS_FOLLOW, &place) || !place.node) return entry->node;
    return place.node->kind == MEMFS_FILE ? place.node : entry->node;
}

static void walk_folder(walk *w, memfs_node *folder, size_t length) {
    memfs_entry **entries = malloc(folder->count * sizeof *entries + 1);
    if (!entries) return;
    size_t count = 0;
    for (memfs_entry *entry = folder->oldest; entry; entry = entry->newer) entries[count++] = entry;
    qsort(entries, count, sizeof *entries, by_name);
    for (size_t i = 0; i < count; i++) {
        memfs_entry *entry = entries[i];
        if (length + entry->length + 2 > sizeof w->path) continue;
        memcpy(w->path + length, entry->name, entry->length + 1);
        size_t longer = length + entry->length;
        memfs_node *file = w->only_written ? entry->node : linked_file(folder, entry);
        if (file->kind == MEMFS_FILE && (file->written || !w->only_written)) w->visit(w->path, file->bytes, file->size, w->context);
        if (entry->node->kind != MEMFS_FOLDER) continue;
        w->path[longer] = '/';
        walk_folder(w, entry->node, longer + 1);
    }
    free(entries);
}

static memfs_node *folder_found(const char *path) {
    memfs_place place;
    if (memfs_find(root, path, strlen(path), MEMFS_FOLLOW, &place) || !place.node || place.node->kind != MEMFS_FOLDER) return NULL;
    return place.node;
}

static void walk_from(const char *path, bool only_written, void (*visit)(const char *, const void *, size_t, void *), void *context) {
    memfs_node *folder = folder_found(path);
    if (!folder || !folder->count) return;
    walk *w = malloc(sizeof *w);
    if (!w) return;
    w->visit = visit;
    w->context = context;
    w->only_written = only_written;
    walk_folder(w, folder, 0);
    free(w);
}

void memfs_walk(const char *folder, void (*visit)(const char *, const void *, size_t, void *), void *context) {
    walk_from(folder, false, visit, context);
}

void memfs_walk_written(const char *folder, void (*visit)(const char *, const void *, size_t, void *), void *context) {
    if (any_written) walk_from(folder, true, visit, context);
}

static void mark(memfs_node *node, bool written, int depth) {
    node->written = written;
    if (node->kind != MEMFS_FOLDER || depth == DEEPEST) return;
    for (memfs_entry *entry = node->oldest; entry; entry = entry->newer) mark(entry->node, written, depth + 1);
}

void memfs_settle(const char *folder) {
    memfs_node *node = any_written ? folder_found(folder) : NULL;
    if (node) mark(node, false, 0);
    any_written = false;
}

void memfs_moved(memfs_node *node) {
    any_written = true;
    mark(node, true, 0);
}
