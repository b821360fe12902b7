/* The digits of an input's numbers (numbers.c). */
#ifndef NUMBERS_H
#define NUMBERS_H
#include "quickjs.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct number {
    uint64_t bits;          /* of the double that it became */
    const char *text;
    const void *holder;     /* the object or array it came in, and under which key there */
    uint64_t key;
    uint32_t length;
    bool has_key, has_twin; /* another one became the same double */
};

struct numbers {
    struct number *all;
    uint32_t count, room;
    bool is_sorted;
};

/* Takes down a number whose digits are lost; the text must stay. False: memory is out. */
bool numbers_note(struct numbers *numbers, double value, const char *text, size_t length);
/* Says where the numbers from the given one on are to be found: without a holder the key of the last, if it has none yet;
 * with one whose they are, if they are nobody's yet. */
void numbers_place(struct numbers *numbers, uint32_t first, JSAtom name, int64_t index, const void *holder);
/* What a double was that stands in this place, or came from anywhere if it is no one else's double; NULL: just that double. */
const struct number *numbers_find(struct numbers *numbers, double value, JSAtom name, int64_t index, const void *holder);
#endif
