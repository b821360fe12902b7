/* What Node's C++ knows of V8's handles, over QuickJS: a handle is a counted reference, so scopes do nothing. */
#ifndef CRYPTO_HANDLES_H
#define CRYPTO_HANDLES_H
extern "C" {
#include "../harness/engine.h"
}
#include <cstdlib>
#include <type_traits>
#include <utility>

extern "C" JSRuntime *runtime;
extern "C" JSContext *user;

namespace v8 {

/* What is in a handle: nothing but the engine's value. */
template <class T> class Local {
    JSValue value;
    template <class> friend class Local;

public:
    Local() : value(JS_UNINITIALIZED) {}
    Local(const Local &other) : value(JS_DupValue(user, other.value)) {}
    Local(Local &&other) noexcept : value(std::exchange(other.value, JS_UNINITIALIZED)) {}
    template <class S, class = std::enable_if_t<std::is_base_of_v<T, S> && !std::is_same_v<T, S>>>
    Local(const Local<S> &other) : value(JS_DupValue(user, other.value)) {}
    ~Local() { JS_FreeValueRT(runtime, value); }
    Local &operator=(Local other) noexcept {
        std::swap(value, other.value);
        return *this;
    }
    /* Of a value that is owned. */
    static Local Take(JSValue owned) {
        Local taken;
        taken.value = owned;
        return taken;
    }
    static Local Keep(JSValueConst borrowed) { return Take(JS_DupValue(user, borrowed)); }
    template <class S> static Local Cast(const Local<S> &other) { return Keep(other.value); }
    template <class S> Local<S> As() const { return Local<S>::Keep(value); }
    bool IsEmpty() const { return JS_IsUninitialized(value); }
    void Clear() { *this = Local(); }
    JSValue Raw() const { return value; }
    JSValue Release() { return std::exchange(value, JS_UNINITIALIZED); }
    T *operator->() const { return reinterpret_cast<T *>(const_cast<JSValue *>(&value)); }
    T *operator*() const { return operator->(); }
    template <class S> bool operator==(const Local<S> &other) const { return JS_IsStrictEqual(user, value, other.value); }
    template <class S> bool operator!=(const Local<S> &other) const { return !(*this == other); }
};

template <class T> class MaybeLocal {
    Local<T> local;
    template <class> friend class MaybeLocal;

public:
    MaybeLocal() = default;
    template <class S> MaybeLocal(const Local<S> &some) : local(some) {}
    template <class S> MaybeLocal(const MaybeLocal<S> &some) : local(some.local) {}
    bool IsEmpty() const { return local.IsEmpty(); }
    template <class S> bool ToLocal(Local<S> *out) const {
        *out = local;
        return !IsEmpty();
    }
    Local<T> ToLocalChecked() const {
        if (IsEmpty()) abort();
        return local;
    }
    template <class S> Local<S> FromMaybe(Local<S> otherwise) const { return IsEmpty() ? otherwise : Local<S>(local); }
};

template <class T> class Maybe {
    bool has = false;
    T value{};

public:
    Maybe() = default;
    explicit Maybe(T given) : has(true), value(std::move(given)) {}
    bool IsNothing() const { return !has; }
    bool IsJust() const { return has; }
    bool To(T *out) const {
        if (has) *out = value;
        return has;
    }
    T FromJust() const {
        if (!has) abort();
        return value;
    }
    T ToChecked() const { return FromJust(); }
    void Check() const { FromJust(); }
    T FromMaybe(const T &otherwise) const { return has ? value : otherwise; }
};
template <> class Maybe<void> {
    bool has;

public:
    explicit Maybe(bool has = false) : has(has) {}
    bool IsNothing() const { return !has; }
    bool IsJust() const { return has; }
    void Check() const {
        if (!has) abort();
    }
};
template <class T> Maybe<T> Just(T value) { return Maybe<T>(std::move(value)); }
template <class T> Maybe<T> Nothing() { return Maybe<T>(); }
inline Maybe<void> JustVoid() { return Maybe<void>(true); }

class Value;
class Object;
class String;
class Message;

class Context {
public:
    class Scope {
    public:
        explicit Scope(Local<Context>) {}
        ~Scope() {}
    };
};

class Isolate {
public:
    Local<Context> GetCurrentContext() { return Local<Context>::Take(JS_UNDEFINED); }
    /* What is thrown is pending until the function that JavaScript called returns (functions.cpp). */
    void ThrowException(const Local<Value> &exception);
    void AdjustAmountOfExternalAllocatedMemory(int64_t) {}
};

class HandleScope {
public:
    explicit HandleScope(Isolate *) {}
    ~HandleScope() {}
};
class EscapableHandleScope : public HandleScope {
public:
    using HandleScope::HandleScope;
    template <class T> Local<T> Escape(Local<T> local) { return local; }
};

class TryCatch {
public:
    explicit TryCatch(Isolate *) {}
    ~TryCatch();
    bool HasCaught() const { return JS_HasException(user); }
    bool HasTerminated() const { return false; }
    Local<Value> Exception();
    void ReThrow() { keep = true; }

private:
    bool keep = false;
};

}  // namespace v8
#endif
