/* Digests of messages in pieces, HMAC (RFC 2104), PBKDF2 (RFC 8018) and scrypt (RFC 7914). */
#include "hash.h"
#include <string.h>

static const uint32_t md5[8] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
static const uint32_t sha1[8] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
static const uint32_t sha224[8] = {0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939, 0xffc00b31, 0x68581511, 0x64f98fa7, 0xbefa4fa4};
static const uint32_t sha256[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
static const uint64_t sha384[8] = {0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
                                   0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4};
static const uint64_t sha512[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                                   0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
static const uint64_t zero[25];

static const struct hash_algorithm algorithms[] = {
    {"md5", 64, 16, 4, false, 0x80, md5, hash_mix_md5},
    {"sha1", 64, 20, 4, true, 0x80, sha1, hash_mix_sha1},
    {"sha224", 64, 28, 4, true, 0x80, sha224, hash_mix_sha256},
    {"sha256", 64, 32, 4, true, 0x80, sha256, hash_mix_sha256},
    {"sha384", 128, 48, 8, true, 0x80, sha384, hash_mix_sha512},
    {"sha512", 128, 64, 8, true, 0x80, sha512, hash_mix_sha512},
    {"sha3-224", 144, 28, 8, false, 0x06, zero, hash_mix_sha3_224},
    {"sha3-256", 136, 32, 8, false, 0x06, zero, hash_mix_sha3_256},
    {"sha3-384", 104, 48, 8, false, 0x06, zero, hash_mix_sha3_384},
    {"sha3-512", 72, 64, 8, false, 0x06, zero, hash_mix_sha3_512},
};

const struct hash_algorithm *hash_find(const char *name) {
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        if (!strcmp(algorithms[i].name, name)) return &algorithms[i];
    return NULL;
}

void hash_begin(struct hash *hash, const struct hash_algorithm *algorithm) {
    memset(hash, 0, sizeof *hash);
    hash->algorithm = algorithm - algorithms;
    memcpy(&hash->state, algorithm->begin, algorithm->pad == 0x06 ? sizeof zero : 8 * algorithm->word);
}

void hash_update(struct hash *hash, const void *bytes, size_t length) {
    const struct hash_algorithm *algorithm = &algorithms[hash->algorithm];
    const uint8_t *at = bytes;
    hash->length += length;
    while (length) {
        if (!hash->used && length >= algorithm->block) {
            algorithm->mix(&hash->state, at);
            at += algorithm->block;
            length -= algorithm->block;
            continue;
        }
        size_t room = algorithm->block - hash->used, taken = length < room ? length : room;
        memcpy(hash->block + hash->used, at, taken);
        hash->used += taken;
        at += taken;
        length -= taken;
        if (hash->used == algorithm->block) {
            algorithm->mix(&hash->state, hash->block);
            hash->used = 0;
        }
    }
}

/* The message's end: a mark, zeros, and the length in bits; SHA-3 has a second mark instead, in the last byte. */
static void pad(struct hash *hash, const struct hash_algorithm *algorithm) {
    bool sponge = algorithm->pad == 0x06;
    uint64_t bits = hash->length * 8;
    hash->block[hash->used++] = algorithm->pad;
    memset(hash->block + hash->used, 0, algorithm->block - hash->used);
    if (sponge) {
        hash->block[algorithm->block - 1] |= 0x80;
    } else {
        if (hash->used > algorithm->block - 2 * algorithm->word) {
            algorithm->mix(&hash->state, hash->block);
            memset(hash->block, 0, algorithm->block);
        }
        if (algorithm->big_endian) bits = __builtin_bswap64(bits);
        memcpy(hash->block + algorithm->block - 8, &bits, 8);
    }
    algorithm->mix(&hash->state, hash->block);
}

size_t hash_end(struct hash *hash, uint8_t *digest) {
    const struct hash_algorithm *algorithm = &algorithms[hash->algorithm];
    pad(hash, algorithm);
    uint8_t bytes[HASH_MOST_DIGEST];
    for (size_t i = 0; i < HASH_MOST_DIGEST / algorithm->word && algorithm->big_endian; i++) {
        if (algorithm->word == 8) hash->state.long_words[i] = __builtin_bswap64(hash->state.long_words[i]);
        else if (i < 8) hash->state.words[i] = __builtin_bswap32(hash->state.words[i]);
    }
    memcpy(bytes, &hash->state, sizeof bytes);
    memcpy(digest, bytes, algorithm->digest);
    return algorithm->digest;
}

void hmac_begin(struct hmac *hmac, const struct hash_algorithm *algorithm, const void *key, size_t length) {
    uint8_t padded[HASH_MOST_BLOCK] = {0};
    hash_begin(&hmac->inner, algorithm);
    hash_begin(&hmac->outer, algorithm);
    if (length > algorithm->block) {
        struct hash hash = hmac->inner;
        hash_update(&hash, key, length);
        hash_end(&hash, padded);
    } else {
        memcpy(padded, key, length);
    }
    for (int i = 0; i < algorithm->block; i++) padded[i] ^= 0x36;
    hash_update(&hmac->inner, padded, algorithm->block);
    for (int i = 0; i < algorithm->block; i++) padded[i] ^= 0x36 ^ 0x5c;
    hash_update(&hmac->outer, padded, algorithm->block);
}

size_t hmac_end(struct hmac *hmac, uint8_t *digest) {
    size_t length = hash_end(&hmac->inner, digest);
    hash_update(&hmac->outer, digest, length);
    return hash_end(&hmac->outer, digest);
}

void hash_pbkdf2(const struct hash_algorithm *algorithm, const void *password, size_t password_length, const void *salt, size_t salt_length,
                 uint32_t iterations, uint8_t *key, size_t length) {
    struct hmac keyed, hmac;
    hmac_begin(&keyed, algorithm, password, password_length);
    for (uint32_t part = 1; length; part++) {
        uint8_t digest[HASH_MOST_DIGEST], sum[HASH_MOST_DIGEST];
        uint32_t number = __builtin_bswap32(part);
        hmac = keyed;
        hash_update(&hmac.inner, salt, salt_length);
        hash_update(&hmac.inner, &number, sizeof number);
        size_t size = hmac_end(&hmac, digest);
        memcpy(sum, digest, size);
        for (uint32_t i = 1; i < iterations; i++) {
            hmac = keyed;
            hash_update(&hmac.inner, digest, size);
            hmac_end(&hmac, digest);
            for (size_t j = 0; j < size; j++) sum[j] ^= digest[j];
        }
        size_t taken = length < size ? length : size;
        memcpy(key, sum, taken);
        key += taken;
        length -= taken;
    }
}

static uint32_t turn(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void salsa(uint32_t block[16]) {
    static const uint8_t quarters[8][4] = {{0, 4, 8, 12}, {5, 9, 13, 1}, {10, 14, 2, 6}, {15, 3, 7, 11},
                                           {0, 1, 2, 3}, {5, 6, 7, 4}, {10, 11, 8, 9}, {15, 12, 13, 14}};
    uint32_t x[16];
    memcpy(x, block, sizeof x);
    for (int round = 0; round < 4; round++)
        for (int i = 0; i < 8; i++) {
            const uint8_t *q = quarters[i];
            x[q[1]] ^= turn(x[q[0]] + x[q[3]], 7);
            x[q[2]] ^= turn(x[q[1]] + x[q[0]], 9);
            x[q[3]] ^= turn(x[q[2]] + x[q[1]], 13);
            x[q[0]] ^= turn(x[q[3]] + x[q[2]], 18);
        }
    for (int i = 0; i < 16; i++) block[i] += x[i];
}

/* scryptBlockMix of 2r blocks of 16 words */
static void mix_blocks(uint32_t *blocks, uint32_t *out, uint32_t r) {
    uint32_t x[16];
    memcpy(x, blocks + (2 * r - 1) * 16, sizeof x);
    for (uint32_t i = 0; i < 2 * r; i++) {
        for (int j = 0; j < 16; j++) x[j] ^= blocks[i * 16 + j];
        salsa(x);
        memcpy(out + (i / 2 + (i & 1 ? r : 0)) * 16, x, sizeof x);
    }
    memcpy(blocks, out, 128 * r);
}

void hash_scrypt(const void *password, size_t password_length, const void *salt, size_t salt_length, uint32_t n, uint32_t r, uint32_t p,
                 uint8_t *memory, uint8_t *key, size_t length) {
    const struct hash_algorithm *algorithm = hash_find("sha256");
    uint8_t *blocks = memory;
    uint32_t *scratch = (uint32_t *)(memory + 128 * r * p), *table = scratch + 64 * r, words = 32 * r;
    hash_pbkdf2(algorithm, password, password_length, salt, salt_length, 1, blocks, 128 * r * p);
    for (uint32_t i = 0; i < p; i++) {
        uint32_t *x = (uint32_t *)(blocks + 128 * r * i);
        for (uint32_t j = 0; j < n; j++) {
            memcpy(table + (size_t)words * j, x, 128 * r);
            mix_blocks(x, scratch, r);
        }
        for (uint32_t j = 0; j < n; j++) {
            const uint32_t *row = table + (size_t)words * (x[(2 * r - 1) * 16] & (n - 1));
            for (uint32_t k = 0; k < words; k++) x[k] ^= row[k];
            mix_blocks(x, scratch, r);
        }
    }
    hash_pbkdf2(algorithm, password, password_length, blocks, 128 * r * p, 1, key, length);
}
