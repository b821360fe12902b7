/* What Node's C++ for crypto asks of the rest of Node: small tools, the environment, objects behind JavaScript's. Every header of
 * Node's that it names is this one (build/nodecrypto.sh). */
#ifndef CRYPTO_NODE_H
#define CRYPTO_NODE_H
#include "v8.h"
#include <cinttypes>
#include <climits>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>
#include <openssl/evp.h>

#define NODE_WANT_INTERNALS 1
#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#define MUST_USE_RESULT __attribute__((warn_unused_result))
/* Ends the execution, as it would end Node. */
#define CHECK(condition) ((condition) ? (void)0 : abort())
#define CHECK_EQ(a, b) CHECK((a) == (b))
#define CHECK_NE(a, b) CHECK((a) != (b))
#define CHECK_LT(a, b) CHECK((a) < (b))
#define CHECK_LE(a, b) CHECK((a) <= (b))
#define CHECK_GT(a, b) CHECK((a) > (b))
#define CHECK_GE(a, b) CHECK((a) >= (b))
#define CHECK_NULL(value) CHECK((value) == nullptr)
#define CHECK_NOT_NULL(value) CHECK((value) != nullptr)
#define CHECK_IMPLIES(a, b) CHECK(!(a) || (b))
#define DCHECK_GT(a, b) CHECK_GT(a, b)
#define ABORT() abort()
#define UNREACHABLE(...) abort()
#define USE(value) ((void)(value))

namespace node {

template <class T, size_t n> constexpr size_t arraysize(const T (&)[n]) { return n; }
template <class T, void (*release)(T *)> struct FunctionDeleter {
    void operator()(T *pointer) const { release(pointer); }
};
template <class T, void (*release)(T *)> using DeleteFnPtr = std::unique_ptr<T, FunctionDeleter<T, release>>;

inline size_t MultiplyWithOverflowCheck(size_t a, size_t b) {
    size_t product;
    CHECK(!__builtin_mul_overflow(a, b, &product));
    return product;
}
inline char ToLower(char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }
inline char ToUpper(char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; }
inline bool StringEqualNoCase(const char *a, const char *b) { return !strcasecmp(a, b); }

template <class F> struct OnScopeLeaveImpl {
    F leave;
    ~OnScopeLeaveImpl() { leave(); }
};
template <class F> OnScopeLeaveImpl<F> OnScopeLeave(F &&leave) { return {std::move(leave)}; }

template <class T> class NonCopyableMaybe {
    bool empty = true;
    T value{};

public:
    NonCopyableMaybe() = default;
    explicit NonCopyableMaybe(T &&given) : empty(false), value(std::move(given)) {}
    bool IsEmpty() const { return empty; }
    const T *get() const { return empty ? nullptr : &value; }
    const T *operator->() const {
        CHECK(!empty);
        return &value;
    }
    T &&Release() {
        CHECK(!empty);
        empty = true;
        return std::move(value);
    }
};

template <class T, size_t n> class MaybeStackBuffer {
    std::vector<T> items;

public:
    explicit MaybeStackBuffer(size_t count) : items(count) {}
    T &operator[](size_t at) { return items[at]; }
    T *out() { return items.data(); }
};

/* One thread. */
class Mutex {
public:
    struct ScopedLock {
        explicit ScopedLock(const Mutex &) {}
        ~ScopedLock() {}
    };
};

/* Nobody takes heap snapshots. */
struct MemoryTracker {
    template <class... T> void TrackField(T &&...) {}
    template <class... T> void TrackFieldWithSize(T &&...) {}
};
struct MemoryRetainer {
    virtual ~MemoryRetainer() = default;
    virtual void MemoryInfo(MemoryTracker *) const {}
    virtual const char *MemoryInfoName() const { return ""; }
    virtual size_t SelfSize() const { return 0; }
    virtual bool IsNotIndicativeOfMemoryLeakAtExit() const { return false; }
};
#define SET_NO_MEMORY_INFO() \
    void MemoryInfo(node::MemoryTracker *) const override {}
#define SET_MEMORY_INFO_NAME(name) \
    const char *MemoryInfoName() const override { return #name; }
#define SET_SELF_SIZE(name) \
    size_t SelfSize() const override { return sizeof(*this); }

struct ExternalReferenceRegistry {
    void Register(v8::FunctionCallback) {}
};

std::string Format(const char *format, const std::vector<std::string> &values);
inline std::string ToText(const char *text) { return text; }
inline std::string ToText(const std::string &text) { return text; }
template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>> std::string ToText(T number) { return std::to_string(number); }
template <class T> auto ToText(const T &text) -> decltype(text.ToString()) { return text.ToString(); }
template <class... T> std::string SPrintF(const char *format, T &&...values) { return Format(format, {ToText(values)...}); }

v8::Local<v8::String> OneByteString(v8::Isolate *, const char *text, int length = -1);
inline v8::Local<v8::String> OneByteString(v8::Isolate *isolate, const unsigned char *text, int length = -1) {
    return OneByteString(isolate, reinterpret_cast<const char *>(text), length);
}
#define FIXED_ONE_BYTE_STRING(isolate, text) node::OneByteString(isolate, text)
v8::MaybeLocal<v8::Value> ToV8Value(const v8::Local<v8::Context> &, const std::vector<std::string> &texts);

class Utf8Value {
    std::string text;

public:
    Utf8Value(v8::Isolate *, const v8::Local<v8::Value> &value);
    const char *operator*() const { return text.c_str(); }
    const char *out() const { return text.c_str(); }
    size_t length() const { return text.size(); }
    std::string ToString() const { return text; }
    bool operator==(const char *other) const { return text == other; }
    bool operator!=(const char *other) const { return text != other; }
};

template <class T> class ArrayBufferViewContents {
    uint8_t *bytes = nullptr;
    size_t size = 0;

public:
    explicit ArrayBufferViewContents(const v8::Local<v8::Value> &view) {
        if (!engine_bytes(user, view.Raw(), &bytes, &size)) bytes = nullptr, size = 0;
    }
    const T *data() const { return reinterpret_cast<const T *>(bytes); }
    size_t length() const { return size; }
};

#define NODE_DEFINE_CONSTANT(target, constant) \
    (target)->Set(v8::Local<v8::Context>(), node::OneByteString(nullptr, #constant), v8::Number::New(nullptr, static_cast<double>(constant))).Check()

#define NODE_DEFINE_STRING_CONSTANT(target, name, text) (target)->Set(v8::Local<v8::Context>(), node::OneByteString(nullptr, name), node::OneByteString(nullptr, text)).Check()

enum { SECURITY_REVERT_CVE_2023_46809 };
inline bool IsReverted(int) { return false; }
}  // namespace node
#include "environment.h"
#include "encodings.h"
#include "node_errors_list.h"
#endif
