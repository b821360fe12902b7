/* The guest's one allocator: malloc and friends for libc, the interpreter and the file system (heap.c). */
#ifndef AMPOULE_HEAP_H
#define AMPOULE_HEAP_H
#include <stddef.h>
#include <stdint.h>

/* Called once, at the end of ampoule_init. Until then freed memory is zeroed, so that the snapshot holds no dead
 * bytes; from then on an execution allocates from one contiguous fresh stretch, so that it touches few pages of
 * the snapshot. `ready` bytes of that stretch are part of the initial memory, so that a small execution never
 * grows it. Free blocks scattered between live ones are given up. */
void heap_seal(size_t ready);

/* Bytes between the start of the heap and the end of memory, and of them free; for measurements. */
size_t heap_size(void);
size_t heap_free_bytes(void);

#endif
