/* Shared by the files that stand in for WASI: open descriptors, and how a call is declared. Not for harnesses. */
#ifndef AMPOULE_WASI_H
#define AMPOULE_WASI_H
#include "memfs.h"
#include <wasi/api.h>

/* libc calls these symbols for what would otherwise be imports of `wasi_snapshot_preview1`; defining them here
 * leaves the module without those imports. Pointers arrive as plain numbers. */
#define WASI_CALL(name) int32_t __imported_wasi_snapshot_preview1_##name
#define POINTER(type, number) ((type *)(uintptr_t)(uint32_t)(number))

/* One open file; descriptors are indexes into a table of these. */
typedef struct {
    enum { OPEN_INPUT, OPEN_OUTPUT, OPEN_NODE } kind;
    int stream;            /* of OPEN_OUTPUT: 1 or 2 */
    uint32_t references;   /* descriptors that share it */
    bool readable, writable;
    uint16_t flags;        /* __WASI_FDFLAGS_* */
    memfs_node *node;
    uint64_t offset;
} open_file;

/* As many as a process usually gets; a program that leaks descriptors learns of it early. */
enum { MOST_DESCRIPTORS = 1024, INPUT_DESCRIPTOR = 0 };

/* What libc begins a path with instead of a descriptor (working.c). No program has them, so none can close them. */
enum { ROOT_FOLDER = INT32_MAX - 1, WORKING_FOLDER = INT32_MAX - 2 };

/* NULL if `descriptor` is not open. */
open_file *wasi_file(int32_t descriptor);
/* Same, if it is a node of the file system and not a stream. */
memfs_node *wasi_node(int32_t descriptor);
/* Same, or one of the two folders above, as the beginning of a path. */
memfs_node *wasi_folder(int32_t descriptor);
/* The working directory. */
memfs_node *wasi_working(void);
/* Whether all descriptors are in use. */
bool wasi_full(void);
/* A descriptor for `node`, or -1 when the table is full or memory is out. */
int32_t wasi_open(memfs_node *node, bool readable, bool writable, uint16_t flags);
/* Makes `to`, or the lowest free descriptor if it is negative, refer to the open file of `fd`; -1 and errno. */
int32_t wasi_share(int32_t fd, int32_t to);
/* What is read from descriptor 0, or from /dev/stdin. It must stay where it is. */
void wasi_give_input(const char *bytes, uint32_t length);
void wasi_fill_stat(const memfs_node *node, __wasi_filestat_t *stat);
uint16_t wasi_set_times(memfs_node *node, int64_t accessed, int64_t modified, int32_t flags);
__wasi_filetype_t wasi_filetype(const memfs_node *node);

#endif
