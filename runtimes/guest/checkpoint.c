/* Makes memory fit to be kept: a page that holds what it holds in the image is not part of a checkpoint, and what was
 * never used is zero there. */
#include "checkpoint.h"
#include "heap.h"
#include <stdbool.h>
#include <string.h>

enum { PAGE = 4096 };

static bool is_zero(const uint64_t *page) {
    uint64_t all = 0;
    for (unsigned i = 0; i < PAGE / sizeof *page; i++) all |= page[i];
    return !all;
}

/* The stack lies first in memory and grows down. Most of it was never written to, and a page that is only read costs
 * nothing. */
__attribute__((noinline)) static void wipe_dead_stack(void) {
    enum { MARGIN = 16384 }; /* the frames of this function and of what it calls */
    char here;
    for (uintptr_t page = PAGE; page + PAGE + MARGIN < (uintptr_t)&here; page += PAGE)
        if (!is_zero((const uint64_t *)page)) memset((void *)page, 0, PAGE);
}

void checkpoint_keep(void) {
    clock_keep();
    heap_wipe();
    wipe_dead_stack();
}
