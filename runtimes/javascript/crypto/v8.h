/* V8's values as Node's C++ for crypto uses them, over QuickJS. Each class is the engine's value and nothing more. */
#ifndef CRYPTO_V8_H
#define CRYPTO_V8_H
#include "handles.h"
#include <cstdint>
#include <memory>

namespace v8 {

class Value {
public:
    JSValue value;

    bool IsUndefined() const { return JS_IsUndefined(value); }
    bool IsNull() const { return JS_IsNull(value); }
    bool IsNullOrUndefined() const { return IsUndefined() || IsNull(); }
    bool IsString() const { return JS_IsString(value); }
    bool IsNumber() const { return JS_IsNumber(value); }
    bool IsBoolean() const { return JS_IsBool(value); }
    bool IsTrue() const { return IsBoolean() && JS_VALUE_GET_BOOL(value); }
    bool IsObject() const { return JS_IsObject(value); }
    bool IsFunction() const { return JS_IsFunction(user, value); }
    bool IsArray() const { return JS_IsArray(value); }
    bool IsInt32() const { return IsNumber() && Number() == static_cast<int32_t>(Clamped()); }
    bool IsUint32() const { return IsNumber() && Number() == static_cast<uint32_t>(Clamped()); }
    bool IsArrayBuffer() const { return engine_kind(value) == KIND_ARRAY_BUFFER; }
    bool IsSharedArrayBuffer() const { return engine_kind(value) == KIND_SHARED_ARRAY_BUFFER; }
    bool IsArrayBufferView() const {
        enum engine_kind kind = engine_kind(value);
        return kind == KIND_TYPED_ARRAY || kind == KIND_DATA_VIEW;
    }
    bool BooleanValue(Isolate *) const { return JS_ToBool(user, value) > 0; }
    Maybe<uint32_t> Uint32Value(const Local<Context> &) const {
        uint32_t number;
        return JS_ToUint32(user, &number, value) ? Nothing<uint32_t>() : Just(number);
    }
    Maybe<int64_t> IntegerValue(const Local<Context> &) const {
        double number;
        if (JS_ToFloat64(user, &number, value)) return Nothing<int64_t>();
        return Just(number != number ? 0 : number >= 9e18 ? INT64_MAX : number <= -9e18 ? INT64_MIN : static_cast<int64_t>(number));
    }
    MaybeLocal<Object> ToObject(const Local<Context> &) const;

protected:
    double Number() const {
        double number = 0;
        if (JS_IsNumber(value)) JS_ToFloat64(user, &number, value); /* runs nothing of the program's */
        return number;
    }
    int64_t Clamped() const {
        double number = Number();
        return number >= -9e15 && number <= 9e15 ? static_cast<int64_t>(number) : INT64_MIN;
    }
};

class Data : public Value {};
class Name : public Value {};

enum class NewStringType { kNormal, kInternalized };

class String : public Name {
public:
    static constexpr int kMaxLength = (1 << 30) - 1;
    enum { NO_OPTIONS = 0, NO_NULL_TERMINATION = 2, REPLACE_INVALID_UTF8 = 8 };
    static MaybeLocal<String> NewFromUtf8(Isolate *, const char *text, NewStringType = NewStringType::kNormal, int length = -1);
    static Local<String> Empty(Isolate *) { return Local<String>::Take(JS_NewString(user, "")); }
    int Utf8Length(Isolate *) const;
    int WriteUtf8(Isolate *, char *to, int size, int *characters = nullptr, int options = 0) const;
};

class Number : public Value {
public:
    static Local<Number> New(Isolate *, double number) { return Local<Number>::Take(JS_NewNumber(user, number)); }
    double Value() const { return v8::Value::Number(); }
};
class Integer : public Number {
public:
    static Local<Integer> New(Isolate *, int32_t number) { return Local<Integer>::Take(JS_NewInt32(user, number)); }
    static Local<Integer> NewFromUnsigned(Isolate *, uint32_t number) { return Local<Integer>::Take(JS_NewUint32(user, number)); }
    int64_t Value() const { return Clamped(); }
};
class Int32 : public Integer {
public:
    static Local<Int32> New(Isolate *, int32_t number) { return Local<Int32>::Take(JS_NewInt32(user, number)); }
    int32_t Value() const { return static_cast<int32_t>(Clamped()); }
};
class Uint32 : public Integer {
public:
    static Local<Uint32> New(Isolate *, uint32_t number) { return Local<Uint32>::Take(JS_NewUint32(user, number)); }
    uint32_t Value() const { return static_cast<uint32_t>(Clamped()); }
};
class Boolean : public Value {
public:
    static Local<Boolean> New(Isolate *, bool is) { return Local<Boolean>::Take(JS_NewBool(user, is)); }
};
class BigInt : public Value {
public:
    static Local<BigInt> New(Isolate *, int64_t number) { return Local<BigInt>::Take(JS_NewBigInt64(user, number)); }
};
inline Local<Value> Undefined(Isolate *) { return Local<Value>::Take(JS_UNDEFINED); }
inline Local<Value> Null(Isolate *) { return Local<Value>::Take(JS_NULL); }
inline Local<Boolean> True(Isolate *) { return Local<Boolean>::Take(JS_TRUE); }
inline Local<Boolean> False(Isolate *) { return Local<Boolean>::Take(JS_FALSE); }

enum PropertyAttribute { None = 0, ReadOnly = 1, DontEnum = 2, DontDelete = 4 };
enum class SideEffectType { kHasSideEffect, kHasNoSideEffect };
enum class ConstructorBehavior { kThrow, kAllow };

class Object : public Value {
public:
    static Local<Object> New(Isolate *) { return Local<Object>::Take(JS_NewObject(user)); }
    static Local<Object> New(Isolate *, const Local<Value> &prototype, Local<Name> *names, Local<Value> *values, size_t count);
    Maybe<bool> Set(const Local<Context> &, const Local<Value> &key, const Local<Value> &to);
    Maybe<bool> Set(const Local<Context> &, uint32_t index, const Local<Value> &to);
    MaybeLocal<Value> Get(const Local<Context> &, const Local<Value> &key);
    MaybeLocal<Value> Get(const Local<Context> &, uint32_t index);
    Maybe<bool> HasOwnProperty(const Local<Context> &, const Local<Name> &key);
};

class Array : public Object {
public:
    static Local<Array> New(Isolate *, int = 0) { return Local<Array>::Take(JS_NewArray(user)); }
    static Local<Array> New(Isolate *, const Local<Value> *values, size_t count);
    uint32_t Length() const {
        int64_t length = 0;
        return JS_GetLength(user, value, &length) ? 0 : static_cast<uint32_t>(length);
    }
};

class Function : public Object {
public:
    MaybeLocal<Value> Call(const Local<Context> &, const Local<Value> &self, int count, Local<Value> *values);
    MaybeLocal<Object> NewInstance(const Local<Context> &, int count = 0, Local<Value> *values = nullptr) const;
};

/* Memory that an ArrayBuffer will take over. */
class BackingStore {
public:
    typedef void (*Deleter)(void *data, size_t length, void *more);
    BackingStore(void *data, size_t length, Deleter deleter, void *more) : data(data), length(length), deleter(deleter), more(more) {}
    ~BackingStore() {
        if (data) deleter(data, length, more);
    }
    /* The memory is malloc's, whoever asked for it (OpenSSL's is, too). */
    void *Take() { return std::exchange(data, nullptr); }
    void *Data() const { return data; }
    size_t ByteLength() const { return length; }
    static std::unique_ptr<BackingStore> Reallocate(Isolate *, std::unique_ptr<BackingStore> store, size_t length);

private:
    void *data;
    size_t length;
    Deleter deleter;
    void *more;
};

class ArrayBuffer : public Object {
public:
    static std::unique_ptr<BackingStore> NewBackingStore(Isolate *, size_t length);
    static std::unique_ptr<BackingStore> NewBackingStore(void *data, size_t length, BackingStore::Deleter deleter, void *more) {
        return std::make_unique<BackingStore>(data, length, deleter, more);
    }
    static Local<ArrayBuffer> New(Isolate *, std::unique_ptr<BackingStore> store);
    static Local<ArrayBuffer> New(Isolate *isolate, std::shared_ptr<BackingStore> store);
    void *Data() const;
    size_t ByteLength() const;
};
class SharedArrayBuffer : public ArrayBuffer {};
class ArrayBufferView : public Object {
public:
    /* Callers only want to know where the bytes are: `Buffer` answers for the view itself, whose bytes begin at 0. */
    Local<ArrayBuffer> Buffer() const { return Local<ArrayBuffer>::Keep(value); }
    size_t ByteOffset() const { return 0; }
    size_t ByteLength() const;
};
class TypedArray : public ArrayBufferView {
public:
    static constexpr size_t kMaxLength = 0x7fffffff;
};
class Uint8Array : public TypedArray {
public:
    static Local<Uint8Array> New(const Local<ArrayBuffer> &buffer, size_t offset, size_t length);
};

struct Exception {
    static Local<Value> Error(const Local<String> &message);
    static Local<Value> TypeError(const Local<String> &message);
    static Local<Value> RangeError(const Local<String> &message);
};

}  // namespace v8
#include "functions.h"
#endif
