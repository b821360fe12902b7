/* internalBinding('crypto'): what Node's C++ for crypto exports, and OpenSSL brought up before the snapshot. */
#include "node_crypto.h"
#include <openssl/crypto.h>
#include <openssl/rand.h>

extern "C" void ampoule_random_fill(void *bytes, int32_t length) __attribute__((import_module("ampoule"), import_name("random_fill")));

namespace node {
extern JSValue schedule, emit_warning, buffer_prototype;
void DefineCryptoConstants(v8::Local<v8::Object> target);
}

/* ---- randomness ---- */

/* Everything random comes from the execution's own stream at the moment it is asked for: there is no generator whose state could be
 * part of a snapshot or of a checkpoint. */
static int draw(unsigned char *bytes, int length) {
    for (int at = 0; at < length; at += 65536) /* the most that one call gives */
        ampoule_random_fill(bytes + at, length - at < 65536 ? length - at : 65536);
    return 1;
}
static int is_seeded() { return 1; }
static int seed(const void *, int) { return 1; }
static int add(const void *, int, double) { return 1; }

/* ---- algorithms ---- */

/* Fetched once, they are found in OpenSSL's store by every execution. */
static void fetch_all() {
    EVP_CIPHER_do_all_provided(nullptr, [](EVP_CIPHER *, void *) {}, nullptr);
    EVP_MD_do_all_provided(nullptr, [](EVP_MD *, void *) {}, nullptr);
    EVP_KDF_do_all_provided(nullptr, [](EVP_KDF *, void *) {}, nullptr);
    EVP_MAC_do_all_provided(nullptr, [](EVP_MAC *, void *) {}, nullptr);
    EVP_KEYMGMT_do_all_provided(nullptr, [](EVP_KEYMGMT *, void *) {}, nullptr);
    EVP_SIGNATURE_do_all_provided(nullptr, [](EVP_SIGNATURE *, void *) {}, nullptr);
    EVP_ASYM_CIPHER_do_all_provided(nullptr, [](EVP_ASYM_CIPHER *, void *) {}, nullptr);
    EVP_KEYEXCH_do_all_provided(nullptr, [](EVP_KEYEXCH *, void *) {}, nullptr);
}

static void begin() {
    static const RAND_METHOD ours = {seed, draw, nullptr, add, draw, is_seeded};
    if (!RAND_set_rand_method(&ours) || !OPENSSL_init_crypto(OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_LOAD_CONFIG, nullptr)) abort();
    fetch_all();
    ERR_clear_error();
}

/* ---- the binding ---- */

/* (schedule, prototype of buffers, emitWarning) */
static JSValue connect(JSContext *context, JSValueConst, int, JSValueConst *values) {
    node::schedule = JS_DupValue(context, values[0]);
    node::buffer_prototype = JS_DupValue(context, values[1]);
    node::emit_warning = JS_DupValue(context, values[2]);
    return JS_UNDEFINED;
}

/* Whether a copy may be the object itself: nothing changes it. */
static JSValue is_shareable(JSContext *context, JSValueConst, int, JSValueConst *values) {
    auto *base = static_cast<node::BaseObject *>(JS_GetOpaque(values[0], node::base_object_class));
    return JS_NewBool(context, base && base->GetTransferMode() == node::BaseObject::TransferMode::kCloneable);
}

extern "C" void natives_add_crypto(JSContext *context, JSValueConst object);
extern "C" void natives_add_crypto(JSContext *context, JSValueConst object) {
    using namespace node;
    if (context != user) return;
    begin();
    register_base_object_class();
    v8::Local<v8::Object> target = v8::Object::New(nullptr);
    Environment *env = &Environment::only;
#define V(name) crypto::name::Initialize(env, target);
    V(AES) V(CipherBase) V(DiffieHellman) V(DSAAlg) V(ECDH) V(Hash) V(HKDFJob) V(Hmac) V(Keygen) V(Keys) V(NativeKeyObject) V(PBKDF2Job) V(Random)
    V(RSAAlg) V(ScryptJob) V(Sign) V(SPKAC) V(Timing) V(Util) V(Verify) V(X509Certificate)
#undef V
    JS_SetPropertyStr(context, target.Raw(), "connect", JS_NewCFunction(context, connect, "connect", 3));
    JS_SetPropertyStr(context, target.Raw(), "isShareable", JS_NewCFunction(context, is_shareable, "isShareable", 1));
    JS_SetPropertyStr(context, target.Raw(), "version", JS_NewString(context, OpenSSL_version(OPENSSL_VERSION_STRING)));
    v8::Local<v8::Object> constants = v8::Object::New(nullptr);
    DefineCryptoConstants(constants);
    JS_SetPropertyStr(context, target.Raw(), "constants", constants.Release());
    JS_SetPropertyStr(context, object, "crypto", target.Release());
}
