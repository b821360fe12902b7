/* The guest's file system: an inode tree in linear memory (memfs.c). wasi.c serves libc's calls from it; a harness
 * needs only the first group of functions. Functions that can fail return 0 or a WASI errno. */
#ifndef AMPOULE_MEMFS_H
#define AMPOULE_MEMFS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Prepares `/` (read-only), `/dev`, `/mnt/data` (a link to `/work`), `/tmp`, `/work` and `/work/out` (writable). Called by
 * ampoule_init first of all; harmless when called again. The working directory is for the harness to choose: chdir("/work"). */
void memfs_init(void);
/* Adds the files of a tree blob (tree.py writes it) below `/`, read-only. The blob stays where it is. */
void memfs_mount(const void *blob, size_t length);
/* Writes a whole file, making the folders on the way; `path` is absolute and must stay in a writable place. */
uint16_t memfs_write_file(const char *path, const void *content, size_t length);
/* Takes note that every file below `folder` is as it should be: none is `written` any more. */
void memfs_settle(const char *folder);
/* Calls `visit` with the path (relative to `folder`) and content of every regular file below it, and of every link to one, in name
 * order. */
void memfs_walk(const char *folder, void (*visit)(const char *path, const void *content, size_t length, void *context),
                void *context);
/* The same, of files only that were made or changed since the last memfs_settle, and of no links. */
void memfs_walk_written(const char *folder, void (*visit)(const char *path, const void *content, size_t length, void *context),
                        void *context);

/* ---- for wasi.c ---- */

enum memfs_kind { MEMFS_FILE, MEMFS_FOLDER, MEMFS_LINK, MEMFS_DEVICE };
enum memfs_device { MEMFS_NULL, MEMFS_ZERO, MEMFS_RANDOM, MEMFS_INPUT };

/* As Linux, in bytes. */
enum { MEMFS_LONGEST_NAME = 255, MEMFS_LONGEST_PATH = 4095 };

typedef struct memfs_entry memfs_entry;

typedef struct memfs_node {
    uint8_t kind, device;
    bool read_only;     /* content, entries and times are fixed */
    bool borrowed;      /* `bytes` points into a blob */
    uint32_t links;     /* names; for a folder 1 while it is reachable */
    uint32_t open;      /* descriptors that refer to it, and folders that were removed from it while they were open */
    uint32_t number;    /* inode number */
    uint16_t mode;      /* permission bits; kept for those who ask, not enforced */
    bool implied;       /* a folder that is there before it was made: making it succeeds, once */
    bool written;       /* a file that was made or changed since memfs_settle */
    int64_t accessed, modified, changed; /* nanoseconds since the epoch */
    union {
        struct { char *bytes; uint32_t size, capacity; };               /* files and links */
        struct {                                                        /* folders */
            struct memfs_node *parent;
            memfs_entry *name;      /* its own in `parent`; NULL of the root and of one that was removed */
            memfs_entry *oldest, *newest;
            memfs_entry *reached;   /* where a listing was last; NULL: at its start */
            memfs_entry **buckets;
            uint32_t count, bucket_count, last_serial;
        };
    };
} memfs_node;

/* A name in a folder. Serials grow within a folder, so that a listing that goes on after deletions misses nothing. */
struct memfs_entry {
    memfs_entry *chain, *older, *newer;
    memfs_node *node;
    uint32_t hash, serial, length;
    char name[];
};

/* Where a path leads: the folder of its last part, that part, and its entry if there is one. */
typedef struct {
    memfs_node *folder;
    memfs_entry *entry;      /* NULL if the name is free, or if the path is a folder itself (".", "/") */
    memfs_node *node;        /* NULL if the name is free */
    const char *name;        /* not terminated; lives as long as the path that was given, or as a link on its way. Of a path that is
                                a folder itself ".", ".." or "/" */
    uint32_t length;
    bool slash;              /* the path ended in a slash: a folder is meant */
} memfs_place;

/* What becomes of a link in the last part of a path, and of a slash behind it. As on Linux. */
enum memfs_way {
    MEMFS_FOLLOW, /* the link is followed; before a slash is a folder */
    MEMFS_STAY,   /* the link is meant, unless a slash comes after it */
    MEMFS_CREATE, /* the link is followed, as what it leads to may be made; not before a slash, which the caller looks at */
    MEMFS_NAME,   /* the name is meant, to be made or removed, whatever has it; the caller looks at the slash */
};

memfs_node *memfs_root(void);
memfs_entry *memfs_look_up(memfs_node *folder, const char *name, size_t length);
uint16_t memfs_find(memfs_node *start, const char *path, size_t length, enum memfs_way way, memfs_place *place);
uint16_t memfs_create(memfs_node *folder, const char *name, size_t length, enum memfs_kind kind, memfs_node **made);
uint16_t memfs_attach(memfs_node *folder, const char *name, size_t length, memfs_node *node);
void memfs_detach(memfs_node *folder, memfs_entry *entry);
/* Takes note that a file, or those in a folder, are news where they are now. */
void memfs_moved(memfs_node *node);
/* Frees a node that has neither a name nor a descriptor. */
void memfs_release(memfs_node *node);
uint16_t memfs_resize(memfs_node *file, uint64_t size);
uint16_t memfs_write(memfs_node *file, uint64_t offset, const void *bytes, size_t length);
/* The first entry with a serial above `serial`, or NULL. */
memfs_entry *memfs_next(memfs_node *folder, uint32_t serial);

#endif
