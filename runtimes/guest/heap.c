/* malloc for a guest: two-level segregated fit over one heap that ends where linear memory ends.
 *
 * libc's own allocator is not used: it rounds to powers of two and scatters what an execution allocates over the
 * pages of the snapshot, and every page an execution touches costs the host a fault and a copy. Here blocks carry
 * eight bytes of header, payloads are 16-byte aligned, neighbours coalesce at once, and an execution allocates from
 * two contiguous stretches: the nursery, set aside at the start of the heap before anything else, and, once that is
 * full, the end of the heap. The nursery is at the start because the host keeps the lowest pages that guests wrote
 * ready for the next one, and only so many of them. Nobody else may grow the memory. */
#include "heap.h"
#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* `before` and `size` precede the payload; the links are the first bytes of a free block's payload. A block starts
 * 8 below a multiple of 16. Bit 0 of `size` says free. */
typedef struct block {
    struct block *before;
    uint32_t size;
    struct block *next, *previous;
} block;

enum { HEADER = 8, MINIMUM = 16, SMALL = 256, FINE_BITS = 4, FINE = 1 << FINE_BITS, COARSE = 26 };
/* Memory grows by an eighth of the heap, within these bounds: few calls to the host without wasting a limit. */
/* Room for a first arena of small objects and twice as much for the rest. */
enum { NURSERY = 768 << 10 };
enum { GROW_LEAST = 256 << 10, GROW_MOST = 8 << 20, WASM_PAGE = 1 << 16 };
/* Larger requests than this cannot be met beside anything else in 32 bits. */
#define LARGEST ((size_t)0x7fff0000)

extern unsigned char __heap_base;

static block *free_lists[COARSE][FINE];
static uint32_t coarse_map, fine_map[COARSE];
static block *first, *last, *end; /* end: the head of a used block of size 0 that closes the heap */
/* Bytes from here on are still zero, but for the links of one free block: in the nursery, and behind it. */
static char *nursery_untouched, *untouched;
static block *nursery_end; /* a block that stays in use, so that nothing coalesces across */
static bool sealed;

static char **untouched_near(const void *p) { return (const block *)p < nursery_end ? &nursery_untouched : &untouched; }
static uint32_t size_of(const block *b) { return b->size & ~1u; }
static bool is_free(const block *b) { return b->size & 1; }
static block *after(block *b) { return (block *)((char *)b + size_of(b)); }
/* `end` keeps no link to the last block: it lies on a page that a short execution need not touch. */
static void set_before(block *b, block *before) {
    if (b == end) last = before;
    else b->before = before;
}
static void *payload(block *b) { return (char *)b + HEADER; }
static block *block_of(void *p) { return (block *)((char *)p - HEADER); }

static void class_of(uint32_t size, unsigned *coarse, unsigned *fine) {
    if (size < SMALL) {
        *coarse = 0;
        *fine = size / (SMALL / FINE);
    } else {
        unsigned top = 31 - __builtin_clz(size);
        *coarse = top - 7;
        *fine = (size >> (top - FINE_BITS)) & (FINE - 1);
    }
}

static void link_free(block *b) {
    unsigned coarse, fine;
    class_of(size_of(b), &coarse, &fine);
    block *head = free_lists[coarse][fine];
    b->next = head;
    b->previous = NULL;
    if (head) head->previous = b;
    free_lists[coarse][fine] = b;
    fine_map[coarse] |= 1u << fine;
    coarse_map |= 1u << coarse;
    b->size |= 1;
}

static void unlink_free(block *b) {
    unsigned coarse, fine;
    class_of(size_of(b), &coarse, &fine);
    if (b->next) b->next->previous = b->previous;
    if (b->previous) b->previous->next = b->next;
    else if (!(free_lists[coarse][fine] = b->next) && !(fine_map[coarse] &= ~(1u << fine))) coarse_map &= ~(1u << coarse);
    b->size &= ~1u;
}

/* A free block of at least `size`, or NULL. Sizes are rounded up to the next class, so that any block of the class
 * found will do: constant time. */
static block *find_free(uint32_t size) {
    unsigned coarse, fine;
    uint32_t rounded = size;
    if (size >= SMALL) rounded += (1u << (31 - __builtin_clz(size) - FINE_BITS)) - 1;
    class_of(rounded, &coarse, &fine);
    if (coarse >= COARSE) return NULL;
    uint32_t map = fine_map[coarse] & (~0u << fine);
    if (!map) {
        uint32_t larger = coarse + 1 < COARSE ? coarse_map & (~0u << (coarse + 1)) : 0;
        if (!larger) return NULL;
        coarse = __builtin_ctz(larger);
        map = fine_map[coarse];
    }
    return free_lists[coarse][__builtin_ctz(map)];
}

/* The same among the blocks of the class of `size` itself, not all of which are large enough. Asked before memory
 * grows: what was freed can then be allocated again, which matters where a few large blocks fill the limit. */
static block *find_fitting(uint32_t size) {
    unsigned coarse, fine;
    class_of(size, &coarse, &fine);
    block *b = free_lists[coarse][fine];
    while (b && size_of(b) < size) b = b->next;
    return b;
}

/* Cuts `b` (used) down to `size` and gives the rest back. */
static void trim(block *b, uint32_t size) {
    uint32_t rest = size_of(b) - size;
    if (rest < MINIMUM) return;
    block *tail = (block *)((char *)b + size);
    tail->before = b;
    tail->size = rest;
    b->size = size;
    block *next = after(tail);
    if (is_free(next)) {
        unlink_free(next);
        tail->size += size_of(next);
        if (!sealed) memset(next, 0, sizeof *next);
        next = after(tail);
    }
    set_before(next, tail);
    link_free(tail);
}

/* Lays out the nursery, in use until the heap is sealed, and an empty heap behind it. */
static bool start(uintptr_t base, uintptr_t limit) {
    uintptr_t least = base + NURSERY + 64;
    if (limit < least) {
        size_t pages = (least - limit + WASM_PAGE - 1) / WASM_PAGE;
        if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) return false;
        limit += pages * WASM_PAGE;
    }
    first = (block *)base;
    first->before = NULL;
    first->size = NURSERY;
    nursery_end = after(first);
    nursery_end->before = first;
    nursery_end->size = MINIMUM;
    last = after(nursery_end);
    last->before = nursery_end;
    end = (block *)(limit - HEADER);
    last->size = (char *)end - (char *)last;
    end->size = 0;
    nursery_untouched = (char *)(first + 1);
    untouched = (char *)last;
    link_free(last);
    return true;
}

/* Makes the last free block at least `need` bytes by growing memory. */
static bool grow(uint32_t need) {
    if (!first) {
        uintptr_t base = (((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15) + 8;
        if (!start(base, (uintptr_t)__builtin_wasm_memory_size(0) * WASM_PAGE)) return false;
    }
    uint32_t have = is_free(last) ? size_of(last) : 0;
    if (have >= need) return true;
    uint32_t missing = need - have;
    size_t wanted = heap_size() / 8;
    if (wanted < GROW_LEAST) wanted = GROW_LEAST;
    if (wanted > GROW_MOST) wanted = GROW_MOST;
    if (wanted < missing) wanted = missing;
    size_t pages = (wanted + WASM_PAGE - 1) / WASM_PAGE;
    size_t at = __builtin_wasm_memory_grow(0, pages);
    if (at == (size_t)-1) {
        pages = ((size_t)missing + WASM_PAGE - 1) / WASM_PAGE;
        at = __builtin_wasm_memory_grow(0, pages);
        if (at == (size_t)-1) return false;
    }
    if (at * WASM_PAGE != (uintptr_t)end + HEADER) __builtin_trap(); /* somebody else has grown the memory */
    block *added = end;
    end = (block *)((char *)end + pages * WASM_PAGE);
    end->size = 0;
    if (have) {
        unlink_free(last);
        last->size += pages * WASM_PAGE;
    } else {
        added->before = last;
        added->size = pages * WASM_PAGE;
        last = added;
    }
    link_free(last);
    return true;
}

static uint32_t block_size(size_t payload_size) { return payload_size <= 8 ? MINIMUM : (payload_size + HEADER + 15) & ~(size_t)15; }

static void touch(block *b) {
    char *stop = (char *)b + size_of(b) + sizeof(block); /* behind it follows the head of a free block */
    char **mark = untouched_near(b);
    if (stop > *mark) *mark = stop;
}

void *malloc(size_t size) {
    if (size > LARGEST) {
        errno = ENOMEM;
        return NULL;
    }
    uint32_t wanted = block_size(size);
    block *b = find_free(wanted);
    if (!b) b = find_fitting(wanted);
    if (!b) {
        if (!grow(wanted)) {
            errno = ENOMEM;
            return NULL;
        }
        b = find_free(wanted);
        if (!b) b = last; /* just large enough, but of a class below the rounded size */
    }
    unlink_free(b);
    trim(b, wanted);
    touch(b);
    return payload(b);
}

void free(void *p) {
    if (!p) return;
    block *b = block_of(p);
    if (is_free(b)) __builtin_trap(); /* freed twice: the heap cannot be trusted any more */
    if (!sealed) memset(p, 0, size_of(b) - HEADER);
    block *next = after(b);
    if (is_free(next)) {
        unlink_free(next);
        b->size += size_of(next);
        if (!sealed) memset(next, 0, sizeof *next);
        set_before(after(b), b);
    }
    block *before = b->before;
    if (before && is_free(before)) {
        unlink_free(before);
        before->size += size_of(b);
        if (!sealed) memset(b, 0, HEADER);
        b = before;
        set_before(after(b), b);
    }
    link_free(b);
}

size_t malloc_usable_size(void *p) { return p ? size_of(block_of(p)) - HEADER : 0; }

void *calloc(size_t count, size_t each) {
    size_t size;
    if (__builtin_mul_overflow(count, each, &size)) {
        errno = ENOMEM;
        return NULL;
    }
    char *marks[] = {nursery_untouched, untouched};
    char *p = malloc(size);
    if (!p) return NULL;
    char *fresh = marks[untouched_near(p) == &untouched];
    /* What lies beyond the old mark was never written, but for the links at the start of a free block. */
    size_t dirty = size < 16 ? size : 16;
    if (!fresh) dirty = size;
    else if (fresh > p + dirty) dirty = (size_t)(fresh - p) < size ? (size_t)(fresh - p) : size;
    memset(p, 0, dirty);
    return p;
}

/* Extends `b` over the free block behind it, growing memory when it is the last. */
static bool extend(block *b, uint32_t wanted) {
    block *next = after(b);
    uint32_t missing = wanted - size_of(b);
    block *beyond = is_free(next) ? after(next) : next;
    if (beyond == end) {
        if (!grow(missing)) return false;
        next = after(b);
    }
    if (!is_free(next) || size_of(next) < missing) return false;
    unlink_free(next);
    b->size += size_of(next);
    set_before(after(b), b);
    if (!sealed) memset(next, 0, sizeof *next);
    trim(b, wanted);
    touch(b);
    return true;
}

void *realloc(void *p, size_t size) {
    if (!p) return malloc(size);
    if (size > LARGEST) {
        errno = ENOMEM;
        return NULL;
    }
    block *b = block_of(p);
    uint32_t wanted = block_size(size), have = size_of(b);
    if (wanted <= have) {
        if (have - wanted >= MINIMUM) {
            if (!sealed) memset((char *)b + wanted, 0, have - wanted);
            trim(b, wanted);
        }
        return p;
    }
    if (extend(b, wanted)) return p;
    void *moved = malloc(size);
    if (!moved) return NULL;
    memcpy(moved, p, have - HEADER);
    free(p);
    return moved;
}

/* Cuts an aligned block out of `b`, which is in use and has room for it and for a block before it. */
static void *align_within(block *b, size_t alignment, size_t size) {
    char *p = payload(b);
    uintptr_t aligned = ((uintptr_t)p + alignment - 1) & ~(uintptr_t)(alignment - 1);
    if (aligned != (uintptr_t)p) { /* a multiple of 16 away: the part before is a whole block */
        block *inner = block_of((void *)aligned);
        inner->before = b;
        inner->size = (char *)after(b) - (char *)inner;
        set_before(after(inner), inner);
        b->size = (char *)inner - (char *)b;
        free(p);
        b = inner;
    }
    trim(b, block_size(size));
    touch(b);
    return payload(b);
}

void *memalign(size_t alignment, size_t size) {
    if (alignment <= 16) return malloc(size);
    if (alignment & (alignment - 1) || alignment > LARGEST || size > LARGEST - alignment - 2 * MINIMUM) {
        errno = alignment & (alignment - 1) ? EINVAL : ENOMEM;
        return NULL;
    }
    char *p = malloc(size + alignment + MINIMUM);
    return p ? align_within(block_of(p), alignment, size) : NULL;
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment < sizeof(void *) || alignment & (alignment - 1)) return EINVAL;
    void *p = memalign(alignment, size);
    if (!p) return ENOMEM;
    *result = p;
    return 0;
}

void *reallocarray(void *p, size_t count, size_t each) {
    size_t size;
    if (__builtin_mul_overflow(count, each, &size)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(p, size);
}

size_t heap_size(void) { return first ? (size_t)((char *)end - (char *)first) : 0; }

size_t heap_free_bytes(void) {
    size_t total = 0;
    for (block *b = first; b && b != end; b = after(b))
        if (is_free(b)) total += size_of(b);
    return total;
}

void heap_wipe(void) {
    for (block *b = first; b && b != end; b = after(b)) {
        char *from = (char *)(b + 1), *to = (char *)after(b), *mark = *untouched_near(b);
        if (to > mark) to = mark; /* beyond it are zeros, on pages that need not be touched */
        if (is_free(b) && to > from) memset(from, 0, to - from);
    }
}

static block *open_nursery(void) {
    if (first && !is_free(first) && size_of(first) == NURSERY) free(payload(first));
    return first;
}

void *heap_take_from_nursery(size_t alignment, size_t size) {
    block *b = open_nursery();
    if (!b || !is_free(b) || size_of(b) < size + alignment + 2 * MINIMUM) return memalign(alignment, size);
    unlink_free(b);
    return align_within(b, alignment, size);
}

void heap_seal(size_t ready) {
    open_nursery();
    memset(free_lists, 0, sizeof free_lists);
    memset(fine_map, 0, sizeof fine_map);
    coarse_map = 0;
    for (block *b = first; b && b != end; b = after(b)) {
        if (!is_free(b)) continue;
        b->size &= ~1u;
        b->next = b->previous = NULL;
        if (after(b) == end || b < nursery_end) link_free(b);
    }
    grow(ready);
    /* The last block starts on a page of its own (8 bytes into it, as every block), so that the first allocation does
     * not copy a page of the snapshot. */
    uintptr_t page = (((uintptr_t)last + 4095) & ~(uintptr_t)4095) + HEADER;
    uint32_t filler = page - (uintptr_t)last;
    if (is_free(last) && filler >= MINIMUM && filler + 4096 < size_of(last)) {
        unlink_free(last);
        trim(last, filler);
    }
    sealed = true;
}
