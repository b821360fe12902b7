/* Node's header of the same name without TLS, whose objects do not exist here. */
#ifndef CRYPTO_NODE_CRYPTO_H
#define CRYPTO_NODE_CRYPTO_H
#include "node.h"
namespace node::crypto {
class SecureContext;
}
#include "crypto/crypto_aes.h"
#include "crypto/crypto_bio.h"
#include "crypto/crypto_cipher.h"
#include "crypto/crypto_dh.h"
#include "crypto/crypto_dsa.h"
#include "crypto/crypto_ec.h"
#include "crypto/crypto_hash.h"
#include "crypto/crypto_hkdf.h"
#include "crypto/crypto_hmac.h"
#include "crypto/crypto_keygen.h"
#include "crypto/crypto_keys.h"
#include "crypto/crypto_pbkdf2.h"
#include "crypto/crypto_random.h"
#include "crypto/crypto_rsa.h"
#include "crypto/crypto_scrypt.h"
#include "crypto/crypto_sig.h"
#include "crypto/crypto_spkac.h"
#include "crypto/crypto_timing.h"
#include "crypto/crypto_util.h"
#include "crypto/crypto_x509.h"

namespace node::crypto {
/* As in crypto_context.cc, which is TLS's otherwise. */
inline BIOPointer LoadBIO(Environment *env, v8::Local<v8::Value> value) {
    if (!value->IsString() && !value->IsArrayBufferView()) return nullptr;
    ByteSource bytes = ByteSource::FromStringOrBuffer(env, value);
    BIOPointer bio(BIO_new(BIO_s_secmem()));
    if (!bio || bytes.size() > INT_MAX || BIO_write(bio.get(), bytes.data<char>(), bytes.size()) != static_cast<int>(bytes.size())) return nullptr;
    return bio;
}
}  // namespace node::crypto
#endif
