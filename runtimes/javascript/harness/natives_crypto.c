/* Natives of `crypto`: digests as states that the prelude holds (prelude/user/crypto_hash.js), and keys from passwords. */
#include "guest.h"
#include "hash.h"
#include <string.h>

#define NATIVE(name) static JSValue name(JSContext *context, JSValueConst this, int argc, JSValueConst *argv)

/* A computation at hand; without a key only `inner` counts. Programs never see the bytes of it. */
struct state {
    uint32_t keyed;
    struct hmac hmac;
};

static const struct hash_algorithm *algorithm_of(JSContext *context, JSValueConst value) {
    const char *name = JS_ToCString(context, value);
    const struct hash_algorithm *algorithm = name ? hash_find(name) : NULL;
    JS_FreeCString(context, name);
    return algorithm;
}

static bool input(JSContext *context, JSValueConst value, uint8_t **bytes, size_t *length) {
    if (engine_bytes(context, value, bytes, length)) return true;
    JS_ThrowTypeError(context, "bytes are needed");
    return false;
}

static struct state *state_of(JSContext *context, JSValueConst value) {
    uint8_t *bytes;
    size_t length;
    if (!engine_bytes(context, value, &bytes, &length) || length != sizeof(struct state)) {
        JS_ThrowTypeError(context, "a state is needed");
        return NULL;
    }
    return (struct state *)bytes;
}

/* (name) -> [size of the digest, of the block], undefined for an unknown one */
NATIVE(native_hash_sizes) {
    const struct hash_algorithm *algorithm = algorithm_of(context, argv[0]);
    if (!algorithm) return JS_UNDEFINED;
    JSValue sizes = JS_NewArray(context);
    JS_DefinePropertyValueUint32(context, sizes, 0, JS_NewInt32(context, algorithm->digest), JS_PROP_C_W_E);
    JS_DefinePropertyValueUint32(context, sizes, 1, JS_NewInt32(context, algorithm->block), JS_PROP_C_W_E);
    return sizes;
}

/* (name, key or undefined) -> state */
NATIVE(native_hash_begin) {
    const struct hash_algorithm *algorithm = algorithm_of(context, argv[0]);
    if (!algorithm) return JS_ThrowTypeError(context, "no such digest");
    struct state state = {.keyed = !JS_IsUndefined(argv[1])};
    if (state.keyed) {
        uint8_t *key;
        size_t length;
        if (!input(context, argv[1], &key, &length)) return JS_EXCEPTION;
        hmac_begin(&state.hmac, algorithm, key, length);
    } else {
        hash_begin(&state.hmac.inner, algorithm);
    }
    return JS_NewUint8ArrayCopy(context, (uint8_t *)&state, sizeof state);
}

/* (state, bytes) */
NATIVE(native_hash_update) {
    struct state *state = state_of(context, argv[0]);
    uint8_t *bytes;
    size_t length;
    if (!state || !input(context, argv[1], &bytes, &length)) return JS_EXCEPTION;
    hash_update(&state->hmac.inner, bytes, length);
    return JS_UNDEFINED;
}

/* (state) -> digest */
NATIVE(native_hash_end) {
    struct state *state = state_of(context, argv[0]);
    uint8_t digest[HASH_MOST_DIGEST];
    if (!state) return JS_EXCEPTION;
    size_t length = state->keyed ? hmac_end(&state->hmac, digest) : hash_end(&state->hmac.inner, digest);
    return JS_NewUint8ArrayCopy(context, digest, length);
}

/* A new Uint8Array for a key of so many bytes. */
static JSValue new_key(JSContext *context, uint32_t length, uint8_t **key) {
    JSValue size = JS_NewInt64(context, length), array = JS_NewTypedArray(context, 1, (JSValueConst *)&size, JS_TYPED_ARRAY_UINT8);
    size_t unused;
    if (!JS_IsException(array)) engine_bytes(context, array, key, &unused);
    return array;
}

/* (name, password, salt, iterations, length) -> key */
NATIVE(native_pbkdf2) {
    const struct hash_algorithm *algorithm = algorithm_of(context, argv[0]);
    uint8_t *password, *salt, *key;
    size_t password_length, salt_length;
    uint32_t iterations = 0, length = 0;
    if (!algorithm) return JS_ThrowTypeError(context, "no such digest");
    if (JS_ToUint32(context, &iterations, argv[3]) || JS_ToUint32(context, &length, argv[4])) return JS_EXCEPTION;
    JSValue array = new_key(context, length, &key);
    if (JS_IsException(array)) return array;
    if (!input(context, argv[1], &password, &password_length) || !input(context, argv[2], &salt, &salt_length)) return JS_EXCEPTION;
    hash_pbkdf2(algorithm, password, password_length, salt, salt_length, iterations, key, length);
    return array;
}

/* (password, salt, n, r, p, length) -> key; numbers are checked: their product is the memory that maxmem allows */
NATIVE(native_scrypt) {
    uint8_t *password, *salt, *key;
    size_t password_length, salt_length;
    uint32_t n = 0, r = 0, p = 0, length = 0;
    if (JS_ToUint32(context, &n, argv[2]) || JS_ToUint32(context, &r, argv[3]) || JS_ToUint32(context, &p, argv[4]) ||
        JS_ToUint32(context, &length, argv[5]))
        return JS_EXCEPTION;
    uint64_t needed = ((uint64_t)n + p + 2) * r * 128;
    if ((n & (n - 1)) || !r || !p || r > 1 << 24 || needed > UINT32_MAX) return JS_ThrowRangeError(context, "scrypt needs too much memory");
    uint8_t *memory = js_malloc(context, needed);
    if (!memory) return JS_EXCEPTION;
    JSValue array = new_key(context, length, &key);
    if (!JS_IsException(array) && input(context, argv[0], &password, &password_length) && input(context, argv[1], &salt, &salt_length))
        hash_scrypt(password, password_length, salt, salt_length, n, r, p, memory, key, length);
    js_free(context, memory);
    return array;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("hashSizes", 1, native_hash_sizes),
    JS_CFUNC_DEF("hashBegin", 2, native_hash_begin),
    JS_CFUNC_DEF("hashUpdate", 2, native_hash_update),
    JS_CFUNC_DEF("hashEnd", 1, native_hash_end),
    JS_CFUNC_DEF("pbkdf2", 5, native_pbkdf2),
    JS_CFUNC_DEF("scrypt", 6, native_scrypt),
};

void natives_add_crypto(JSContext *context, JSValueConst object) {
    JS_SetPropertyFunctionList(context, object, functions, sizeof functions / sizeof *functions);
}
