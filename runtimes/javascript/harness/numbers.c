/* The digits of an input's numbers. A program computes with doubles, as in Node, but an id of 19 digits that it only hands on comes
 * out as it went in: what a double cannot hold is taken down, and found again by the double. Two that became the same double are
 * told apart by where they stand: they keep their digits in the object that they came in, and are that double elsewhere. */
#include "numbers.h"
#include "dtoa.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DIGITS = 17 };  /* that the shortest form of a double has */

/* The digits from the first to the last that is not 0, and the place of the point behind the first. */
struct decimal {
    char digits[MOST_DIGITS + 1];
    int count;              /* may be more than are kept */
    int64_t exponent;
};

static struct decimal decimal_of(const char *text, size_t length) {
    struct decimal decimal = {0};
    const char *end = text + length;
    bool after_point = false;
    int zeros = 0; /* not followed by another digit yet */
    int64_t place = 0;
    for (; text < end && *text != 'e' && *text != 'E'; text++) {
        if (*text == '.') after_point = true;
        if (*text < '0' || *text > '9') continue;
        if (*text == '0' && !decimal.count) {
            place -= after_point;
            continue;
        }
        if (!after_point) place++;
        if (*text == '0') {
            zeros++;
            continue;
        }
        for (; zeros; zeros--, decimal.count++)
            if (decimal.count < MOST_DIGITS) decimal.digits[decimal.count] = '0';
        if (decimal.count < MOST_DIGITS) decimal.digits[decimal.count] = *text;
        decimal.count++;
    }
    decimal.exponent = place + (text < end ? strtol(text + 1, NULL, 10) : 0);
    return decimal;
}

static bool are_digits_lost(double value, const char *text, size_t length) {
    if (value == 0) return signbit(value);
    if (!isfinite(value)) return false;
    if (length <= 15) return false; /* all of so few digits are held */
    struct decimal there = decimal_of(text, length);
    if (there.count <= 15) return false;
    char shortest[64];
    JSDTOATempMem memory;
    struct decimal here = decimal_of(shortest, js_dtoa(shortest, value, 10, 0, JS_DTOA_FORMAT_FREE, &memory));
    return there.count != here.count || there.exponent != here.exponent || memcmp(there.digits, here.digits, here.count);
}

static uint64_t bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

bool numbers_note(struct numbers *numbers, double value, const char *text, size_t length) {
    if (!are_digits_lost(value, text, length)) return true;
    if (numbers->count == numbers->room) {
        uint32_t room = numbers->room ? numbers->room * 2 : 16;
        struct number *all = realloc(numbers->all, room * sizeof *all);
        if (!all) return false;
        numbers->all = all;
        numbers->room = room;
    }
    numbers->all[numbers->count++] = (struct number){.bits = bits_of(value), .text = text, .length = length};
    return true;
}

static uint64_t key_of(JSAtom name, int64_t index) { return name != JS_ATOM_NULL ? (uint64_t)name << 32 : (uint64_t)index; }

void numbers_place(struct numbers *numbers, uint32_t first, JSAtom name, int64_t index, const void *holder) {
    for (uint32_t i = numbers->count; i-- > first;) {
        struct number *number = &numbers->all[i];
        if (holder) {
            if (!number->holder) number->holder = holder;
        } else {
            if (!number->has_key) number->key = key_of(name, index);
            number->has_key = true;
            return;
        }
    }
}

static int by_place(const void *a, const void *b) {
    const struct number *one = a, *other = b;
    if (one->bits != other->bits) return one->bits < other->bits ? -1 : 1;
    if (one->holder != other->holder) return (uintptr_t)one->holder < (uintptr_t)other->holder ? -1 : 1;
    return one->key < other->key ? -1 : one->key > other->key;
}

static bool same_text(const struct number *one, const struct number *other) {
    return one->length == other->length && !memcmp(one->text, other->text, one->length);
}

static void sort(struct numbers *numbers) {
    numbers->is_sorted = true;
    qsort(numbers->all, numbers->count, sizeof *numbers->all, by_place);
    for (uint32_t start = 0, end; start < numbers->count; start = end) {
        bool differ = false;
        for (end = start + 1; end < numbers->count && numbers->all[end].bits == numbers->all[start].bits; end++)
            differ |= !same_text(&numbers->all[start], &numbers->all[end]);
        for (uint32_t i = start; i < end; i++) numbers->all[i].has_twin = differ;
    }
}

const struct number *numbers_find(struct numbers *numbers, double value, JSAtom name, int64_t index, const void *holder) {
    if (!numbers->count) return NULL;
    if (!numbers->is_sorted) sort(numbers);
    struct number wanted = {.bits = bits_of(value)};
    for (int exactly = 0; exactly < 2; exactly++) {
        if (exactly) {
            wanted.holder = holder;
            wanted.key = key_of(name, index);
        }
        uint32_t low = 0, high = numbers->count;
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (by_place(&numbers->all[middle], &wanted) < 0) low = middle + 1;
            else high = middle;
        }
        const struct number *found = &numbers->all[low];
        if (low == numbers->count || found->bits != wanted.bits) return NULL;
        if (!found->has_twin || (exactly && !by_place(found, &wanted))) return found;
    }
    return NULL;
}
