/* See where.h. */
#include "where.h"
#include "abi.h"
#include <string.h>

enum { SIZE = 8192, HEAD = 8 };

/* A field AMPOULE_FAIL_LINE, the head of a field AMPOULE_FAIL_TRACEBACK, its text. */
static char answer[HEAD + 4 + HEAD + SIZE];
static size_t used;

static char *const text = answer + HEAD + 4 + HEAD;

static void put_head(char *at, uint32_t tag, uint32_t length) {
    memcpy(at, &tag, 4);
    memcpy(at + 4, &length, 4);
}

void where_begin(void) { used = 0; }

void where_bytes(const char *bytes, size_t length) {
    if (length > SIZE - used) length = SIZE - used;
    memcpy(text + used, bytes, length);
    used += length;
}

void where_text(const char *bytes) { where_bytes(bytes, strlen(bytes)); }

void where_number(uint32_t number) {
    char digits[10];
    size_t at = sizeof digits;
    do digits[--at] = '0' + number % 10;
    while (number /= 10);
    where_bytes(digits + at, sizeof digits - at);
}

void where_character(uint32_t character) {
    /* Surrogates and what is no character are shown as what they are not. */
    if (character > 0x10FFFF || (character >= 0xD800 && character < 0xE000)) character = 0xFFFD;
    char bytes[4];
    size_t length = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    static const unsigned char marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t at = length - 1; at > 0; at--, character >>= 6) bytes[at] = 0x80 | (character & 0x3F);
    bytes[0] = marks[length == 1 ? 0 : length] | character;
    if (length <= SIZE - used) where_bytes(bytes, length);
}

uint64_t where_answer(uint32_t line) {
    if (!used) return 0;
    put_head(answer, AMPOULE_FAIL_LINE, 4);
    memcpy(answer + HEAD, &line, 4);
    put_head(answer + HEAD + 4, AMPOULE_FAIL_TRACEBACK, used);
    return (uint64_t)(uintptr_t)answer << 32 | (HEAD + 4 + HEAD + used);
}
