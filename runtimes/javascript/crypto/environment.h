/* Node's environment and the objects behind JavaScript's, as far as its C++ for crypto knows them. */
#ifndef CRYPTO_ENVIRONMENT_H
#define CRYPTO_ENVIRONMENT_H

namespace node {

struct Options {
    bool pending_deprecation = false;
};
struct IsolateData {};
struct NoArrayBufferZeroFillScope {
    explicit NoArrayBufferZeroFillScope(IsolateData *) {}
    ~NoArrayBufferZeroFillScope() {}
};

struct FreeDigest {
    void operator()(EVP_MD *digest) const { EVP_MD_free(digest); }
};

#define PROPERTY_NAMES(V)                                                                                                                 \
    V(asn1curve, "asn1Curve") V(bits, "bits") V(ca, "ca") V(code, "code") V(crypto_dh, "dh") V(crypto_dsa, "dsa") V(crypto_ec, "ec")      \
    V(crypto_ed25519, "ed25519") V(crypto_ed448, "ed448") V(crypto_rsa, "rsa") V(crypto_rsa_pss, "rsa-pss") V(crypto_x25519, "x25519")    \
    V(crypto_x448, "x448") V(dh, "DH") V(divisor_length, "divisorLength") V(ecdh, "ECDH") V(exponent, "exponent")                         \
    V(ext_key_usage, "ext_key_usage") V(fingerprint256, "fingerprint256") V(fingerprint512, "fingerprint512")                             \
    V(fingerprint, "fingerprint") V(function, "function") V(hash_algorithm, "hashAlgorithm") V(infoaccess, "infoAccess")                  \
    V(issuer, "issuer") V(issuercert, "issuerCertificate") V(jwk_crv, "crv") V(jwk_d, "d") V(jwk_dp, "dp") V(jwk_dq, "dq")                \
    V(jwk_dsa, "DSA") V(jwk_e, "e") V(jwk_ec, "EC") V(jwk_g, "g") V(jwk_k, "k") V(jwk_kty, "kty") V(jwk_n, "n") V(jwk_oct, "oct")         \
    V(jwk_okp, "OKP") V(jwk_p, "p") V(jwk_q, "q") V(jwk_qi, "qi") V(jwk_rsa, "RSA") V(jwk_x, "x") V(jwk_y, "y") V(length, "length")       \
    V(library, "library") V(mgf1_hash_algorithm, "mgf1HashAlgorithm") V(modulus, "modulus") V(modulus_length, "modulusLength")            \
    V(name, "name") V(named_curve, "namedCurve") V(nistcurve, "nistCurve") V(ondone, "ondone") V(pubkey, "pubkey")                        \
    V(public_exponent, "publicExponent") V(raw, "raw") V(reason, "reason") V(salt_length, "saltLength") V(serial_number, "serialNumber") \
    V(size, "size") V(standard_name, "standardName") V(subject, "subject") V(subjectaltname, "subjectaltname") V(type, "type")            \
    V(valid_from, "valid_from") V(valid_to, "valid_to") V(verify_error, "verifyError") V(version, "version")

class Environment {
    v8::Isolate the_isolate;
    IsolateData data;
    Options the_options;

public:
    template <class T> static Environment *GetCurrent(const T &) { return &only; }
    static Environment only;
    v8::Isolate *isolate() { return &the_isolate; }
    v8::Local<v8::Context> context() { return the_isolate.GetCurrentContext(); }
    IsolateData *isolate_data() { return &data; }
    Options *options() { return &the_options; }
    bool EmitProcessEnvWarning() { return false; }
    void PrintSyncTrace() {}
    bool owns_process_state() const { return true; }

#define V(name, text) \
    v8::Local<v8::String> name##_string() { return OneByteString(&the_isolate, text); }
    PROPERTY_NAMES(V)
#undef V
    v8::Local<v8::String> openssl_error_stack() { return OneByteString(&the_isolate, "opensslErrorStack"); }

#define CONSTRUCTORS(V)                                                                                                   \
    V(crypto_key_object_handle_constructor, v8::FunctionTemplate) V(crypto_key_object_secret_constructor, v8::Function)   \
    V(crypto_key_object_public_constructor, v8::Function) V(crypto_key_object_private_constructor, v8::Function)          \
    V(x509_constructor_template, v8::FunctionTemplate) V(builtin_module_require, v8::Function)
#define V(name, type)                                      \
    v8::Local<type> the_##name;                            \
    v8::Local<type> name() const { return the_##name; }    \
    void set_##name(v8::Local<type> value) { the_##name = std::move(value); }
    CONSTRUCTORS(V)
#undef V
#undef CONSTRUCTORS

    std::vector<std::string> supported_hash_algorithms;
    std::vector<std::unique_ptr<EVP_MD, FreeDigest>> evp_md_cache;
    std::unordered_map<std::string, size_t> alias_to_md_id_map;
};
v8::Maybe<bool> ProcessEmitWarningGeneric(const std::string &warning, const char *type = nullptr, const char *code = nullptr);
template <class... T> v8::Maybe<bool> ProcessEmitWarning(Environment *, const char *format, T &&...values) {
    return ProcessEmitWarningGeneric(SPrintF(format, std::forward<T>(values)...));
}
inline v8::Maybe<bool> ProcessEmitDeprecationWarning(Environment *, const char *warning, const char *code) {
    return ProcessEmitWarningGeneric(warning, "DeprecationWarning", code);
}
struct Realm {
    v8::Isolate *isolate() { return Environment::only.isolate(); }
};

namespace worker {
struct TransferData;
}

class BaseObject : public MemoryRetainer {
public:
    enum { kInternalFieldCount = 1 };
    enum class TransferMode { kUntransferable, kTransferable, kCloneable };
    BaseObject(Environment *env, const v8::Local<v8::Object> &object);
    ~BaseObject() override;
    /* From now on it lives as long as its object. */
    void MakeWeak();
    v8::Local<v8::Object> object() const { return v8::Local<v8::Object>::Keep(value); }
    Environment *env() const { return &Environment::only; }
    virtual TransferMode GetTransferMode() const { return TransferMode::kUntransferable; }
    virtual std::unique_ptr<worker::TransferData> CloneForMessaging() const;
    /* Which constructor made the object (functions.cpp). */
    const int kind;

private:
    friend void finalize_base_object(JSRuntime *, JSValueConst);
    JSValue value;
    bool holds = true;
};

/* By its type: a program can lay its hands on a handle and pass it where another is meant. */
template <class T> T *Unwrap(const v8::Local<v8::Value> &object) {
    return dynamic_cast<T *>(static_cast<BaseObject *>(JS_GetOpaque(object.Raw(), base_object_class)));
}
#define ASSIGN_OR_RETURN_UNWRAP(pointer, object, ...)                                        \
    do {                                                                                     \
        *pointer = node::Unwrap<std::remove_pointer_t<std::remove_reference_t<decltype(**pointer)>> >(object); \
        if (!*pointer) return __VA_ARGS__;                                                   \
    } while (0)

template <class T> class BaseObjectPtr {
    T *base = nullptr;
    v8::Local<v8::Object> object;

public:
    BaseObjectPtr() = default;
    explicit BaseObjectPtr(T *base) { reset(base); }
    void reset(T *to = nullptr) {
        base = to;
        object = to ? to->object() : v8::Local<v8::Object>();
    }
    T *get() const { return base; }
    T *operator->() const { return base; }
    operator bool() const { return base; }
};

namespace worker {
struct TransferData : MemoryRetainer {
    virtual BaseObjectPtr<BaseObject> Deserialize(Environment *, v8::Local<v8::Context>, std::unique_ptr<TransferData>) = 0;
};
}  // namespace worker

class AsyncWrap : public BaseObject {
public:
    enum ProviderType {
        PROVIDER_CHECKPRIMEREQUEST, PROVIDER_CIPHERREQUEST, PROVIDER_DERIVEBITSREQUEST, PROVIDER_HASHREQUEST, PROVIDER_KEYEXPORTREQUEST,
        PROVIDER_KEYGENREQUEST, PROVIDER_KEYPAIRGENREQUEST, PROVIDER_PBKDF2REQUEST, PROVIDER_RANDOMBYTESREQUEST, PROVIDER_RANDOMPRIMEREQUEST,
        PROVIDER_SCRYPTREQUEST, PROVIDER_SIGNREQUEST, PROVIDER_VERIFYREQUEST,
    };
    AsyncWrap(Environment *env, const v8::Local<v8::Object> &object, ProviderType) : BaseObject(env, object) {}
    v8::MaybeLocal<v8::Value> MakeCallback(const v8::Local<v8::String> &name, int count, v8::Local<v8::Value> *values);
    static v8::Local<v8::FunctionTemplate> GetConstructorTemplate(Environment *) { return {}; }
};

/* There are no threads: what is asked for is done at once, and told when the event loop comes to it. */
class ThreadPoolWork {
public:
    ThreadPoolWork(Environment *, const char *) {}
    virtual ~ThreadPoolWork() = default;
    virtual void DoThreadPoolWork() = 0;
    virtual void AfterThreadPoolWork(int status) = 0;
    void ScheduleWork();

private:
    bool scheduled = false;
};
enum { UV_ECANCELED = -125 };

namespace errors {
struct TryCatchScope : v8::TryCatch {
    explicit TryCatchScope(Environment *env) : TryCatch(env->isolate()) {}
};
}  // namespace errors

}  // namespace node
#endif
