/* Message digests: MD5, SHA-1, SHA-2, SHA-3, HMAC, and the derivation of keys from passwords (hash.c, hash_blocks.c). */
#ifndef HASH_H
#define HASH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HASH_MOST_BLOCK = 144, HASH_MOST_DIGEST = 64 };

/* How an algorithm works: sizes in bytes, `begin` sets the state, `mix` takes in one block. */
struct hash_algorithm {
    const char *name;
    uint8_t block, digest, word;    /* word: 4 or 8 bytes of the state's words */
    bool big_endian;
    uint8_t pad;                    /* the first byte after the message */
    const void *begin;
    void (*mix)(void *state, const uint8_t *block);
};
const struct hash_algorithm *hash_find(const char *name);

/* Plain data: a copy of it is a copy of the computation. */
struct hash {
    uint32_t algorithm;             /* its place in the list */
    uint32_t used;                  /* bytes in `block` */
    uint64_t length;
    union { uint32_t words[8]; uint64_t long_words[25]; } state;
    uint8_t block[HASH_MOST_BLOCK];
};
void hash_begin(struct hash *hash, const struct hash_algorithm *algorithm);
void hash_update(struct hash *hash, const void *bytes, size_t length);
/* Writes the digest and returns its size. */
size_t hash_end(struct hash *hash, uint8_t *digest);

struct hmac { struct hash inner, outer; };
void hmac_begin(struct hmac *hmac, const struct hash_algorithm *algorithm, const void *key, size_t length);
size_t hmac_end(struct hmac *hmac, uint8_t *digest);

void hash_pbkdf2(const struct hash_algorithm *algorithm, const void *password, size_t password_length, const void *salt, size_t salt_length,
                 uint32_t iterations, uint8_t *key, size_t length);
/* `memory`: 128 * r * (n + p + 2) bytes. n is a power of two. */
void hash_scrypt(const void *password, size_t password_length, const void *salt, size_t salt_length, uint32_t n, uint32_t r, uint32_t p,
                 uint8_t *memory, uint8_t *key, size_t length);

/* hash_blocks.c: what `mix` is */
void hash_mix_md5(void *state, const uint8_t *block);
void hash_mix_sha1(void *state, const uint8_t *block);
void hash_mix_sha256(void *state, const uint8_t *block);
void hash_mix_sha512(void *state, const uint8_t *block);
void hash_mix_sha3_224(void *state, const uint8_t *block);
void hash_mix_sha3_256(void *state, const uint8_t *block);
void hash_mix_sha3_384(void *state, const uint8_t *block);
void hash_mix_sha3_512(void *state, const uint8_t *block);
#endif
