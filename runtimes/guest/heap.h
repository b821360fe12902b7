/* The guest's one allocator: malloc and friends for libc, the interpreter and the file system (heap.c). */
#ifndef AMPOULE_HEAP_H
#define AMPOULE_HEAP_H
#include <stddef.h>
#include <stdint.h>

/* Called once, at the end of ampoule_init. Until then freed memory is zeroed, so that the snapshot holds no dead
 * bytes; from then on an execution allocates from the nursery and then from the end of the heap, so that it touches
 * few pages of the snapshot. `ready` bytes at the end are part of the initial memory, so that a small execution never
 * grows it. Free blocks scattered between live ones are given up. */
void heap_seal(size_t ready);

/* Memory for what every execution writes to, where it allocates first; before the heap is sealed. */
void *heap_take_from_nursery(size_t alignment, size_t size);

/* Zeroes what was freed: where a checkpoint is taken, so that it holds no dead bytes. */
void heap_wipe(void);

/* Bytes between the start of the heap and the end of memory, and of them free; for measurements. */
size_t heap_size(void);
size_t heap_free_bytes(void);

#endif
