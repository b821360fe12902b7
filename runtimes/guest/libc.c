/* Functions of libc that the compiler's own libc has in a form a guest cannot use: three that allocate behind the
 * back of heap.c, and the ones that scan memory byte by byte although they are hot in every interpreter, or more of it than they need. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wasm_simd128.h>
#include <wchar.h>

/* Or the compiler would find in a loop here the very function that the loop is in. */
#pragma clang attribute push(__attribute__((no_builtin)), apply_to = function)

enum { LANES = 16 };

char *strndup(const char *text, size_t most) {
    size_t length = strnlen(text, most);
    char *copy = malloc(length + 1);
    if (!copy) return NULL;
    memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}

char *strdup(const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

wchar_t *wcsdup(const wchar_t *text) {
    size_t size = (wcslen(text) + 1) * sizeof *text;
    wchar_t *copy = malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

/* Reads whole aligned vectors, which may reach beyond the text but never beyond memory. */
size_t strlen(const char *text) {
    const char *at = (const char *)((uintptr_t)text & ~(uintptr_t)(LANES - 1));
    v128_t zero = wasm_i8x16_const_splat(0);
    uint32_t found = wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(at), zero)) >> (text - at);
    if (found) return __builtin_ctz(found);
    do {
        at += LANES;
        found = wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(at), zero));
    } while (!found);
    return at + __builtin_ctz(found) - text;
}

size_t strnlen(const char *text, size_t most) {
    const char *end = memchr(text, 0, most);
    return end ? (size_t)(end - text) : most;
}

char *strncpy(char *restrict to, const char *restrict from, size_t size) {
    size_t length = strnlen(from, size);
    memcpy(to, from, length);
    memset(to + length, 0, size - length);
    return to;
}

void *memchr(const void *bytes, int byte, size_t length) {
    const char *at = bytes, *end = at + length;
    v128_t wanted = wasm_i8x16_splat(byte);
    for (; end - at >= LANES; at += LANES) {
        uint32_t found = wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(at), wanted));
        if (found) return (void *)(at + __builtin_ctz(found));
    }
    for (; at < end; at++)
        if (*at == (char)byte) return (void *)at;
    return NULL;
}

void *memrchr(const void *bytes, int byte, size_t length) {
    const char *at = (const char *)bytes + length;
    v128_t wanted = wasm_i8x16_splat(byte);
    for (; at - (const char *)bytes >= LANES; at -= LANES) {
        uint32_t found = wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(at - LANES), wanted));
        if (found) return (void *)(at - LANES + 31 - __builtin_clz(found));
    }
    while (at-- > (const char *)bytes)
        if (*at == (char)byte) return (void *)at;
    return NULL;
}

int memcmp(const void *left, const void *right, size_t length) {
    const unsigned char *a = left, *b = right;
    for (; length >= LANES; a += LANES, b += LANES, length -= LANES) {
        uint32_t same = wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(a), wasm_v128_load(b)));
        if (same == 0xffff) continue;
        unsigned at = __builtin_ctz(~same);
        return a[at] - b[at];
    }
    for (; length; a++, b++, length--)
        if (*a != *b) return *a - *b;
    return 0;
}

/* The compiler's libc, which is Zig's, takes the length of the whole text first, byte by byte: a tokenizer that asks for the end
 * of each line would take time with the square of its source's length. */
char *strchrnul(const char *text, int byte) {
    const char *at = (const char *)((uintptr_t)text & ~(uintptr_t)(LANES - 1));
    v128_t zero = wasm_i8x16_const_splat(0), wanted = wasm_i8x16_splat(byte);
    v128_t bytes = wasm_v128_load(at);
    uint32_t found = wasm_i8x16_bitmask(wasm_v128_or(wasm_i8x16_eq(bytes, zero), wasm_i8x16_eq(bytes, wanted))) >> (text - at);
    if (found) return (char *)text + __builtin_ctz(found);
    do {
        at += LANES;
        bytes = wasm_v128_load(at);
        found = wasm_i8x16_bitmask(wasm_v128_or(wasm_i8x16_eq(bytes, zero), wasm_i8x16_eq(bytes, wanted)));
    } while (!found);
    return (char *)at + __builtin_ctz(found);
}

char *strchr(const char *text, int byte) {
    char *at = strchrnul(text, byte);
    return *at == (char)byte ? at : NULL;
}

#pragma clang attribute pop
