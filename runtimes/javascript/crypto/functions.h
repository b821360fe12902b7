/* V8's function templates and the functions that JavaScript calls, over QuickJS (functions.cpp). */
#ifndef CRYPTO_FUNCTIONS_H
#define CRYPTO_FUNCTIONS_H
#include "v8.h"

namespace v8 {

template <class T> class ReturnValue {
    Local<Value> *slot;

public:
    explicit ReturnValue(Local<Value> *slot) : slot(slot) {}
    template <class S> void Set(const Local<S> &value) { *slot = value; }
    template <class S, class = std::enable_if_t<std::is_arithmetic_v<S> || std::is_enum_v<S>>> void Set(S value) {
        if constexpr (std::is_same_v<S, bool>) *slot = Boolean::New(nullptr, value);
        else *slot = Number::New(nullptr, static_cast<double>(value));
    }
    void SetEmptyString() { *slot = String::Empty(nullptr); }
    void SetNull() { *slot = Null(nullptr); }
    void SetUndefined() { *slot = Undefined(nullptr); }
};

template <class T> class FunctionCallbackInfo {
public:
    FunctionCallbackInfo(Local<Object> self, int count, JSValueConst *values, bool constructs)
        : self(std::move(self)), count(count), values(values), constructs(constructs) {}
    Local<Value> operator[](int at) const { return Local<Value>::Keep(at < count ? values[at] : JS_UNDEFINED); }
    int Length() const { return count; }
    Local<Object> This() const { return self; }
    bool IsConstructCall() const { return constructs; }
    Isolate *GetIsolate() const { return &isolate; }
    v8::ReturnValue<Value> GetReturnValue() const { return v8::ReturnValue<Value>(&result); }
    mutable Local<Value> result = Undefined(nullptr);

private:
    static inline Isolate isolate;
    Local<Object> self;
    int count;
    JSValueConst *values;
    bool constructs;
};
typedef void (*FunctionCallback)(const FunctionCallbackInfo<Value> &info);

class FunctionTemplate;
class Signature : public Data {
public:
    static Local<Signature> New(Isolate *, const Local<FunctionTemplate> &of);
};

class ObjectTemplate : public Object {
public:
    void SetInternalFieldCount(int) {}
    /* `value` is the prototype. */
    void SetAccessorProperty(const Local<Name> &name, const Local<FunctionTemplate> &getter, const Local<FunctionTemplate> &setter = {}, int = 0);
};

/* A template is the constructor that it would make. */
class FunctionTemplate : public Function {
public:
    static Local<FunctionTemplate> New(Isolate *, FunctionCallback callback = nullptr, const Local<Value> & = {}, const Local<Signature> & = {}, int = 0,
                                       ConstructorBehavior = ConstructorBehavior::kThrow, SideEffectType = SideEffectType::kHasSideEffect);
    MaybeLocal<Function> GetFunction(const Local<Context> &) { return Local<Function>::Keep(value); }
    Local<ObjectTemplate> InstanceTemplate() { return PrototypeTemplate(); }
    Local<ObjectTemplate> PrototypeTemplate();
    void SetClassName(const Local<String> &name);
    void Inherit(const Local<FunctionTemplate> &) {}
    bool HasInstance(const Local<Value> &object) { return JS_IsInstanceOf(user, object.Raw(), value) > 0; }
};

}  // namespace v8

namespace node {
/* A constructor, whose objects a BaseObject can be behind. */
v8::Local<v8::FunctionTemplate> NewFunctionTemplate(v8::Isolate *, v8::FunctionCallback callback);
void SetProtoMethod(v8::Isolate *, const v8::Local<v8::FunctionTemplate> &of, const char *name, v8::FunctionCallback callback);
inline void SetProtoMethodNoSideEffect(v8::Isolate *isolate, const v8::Local<v8::FunctionTemplate> &of, const char *name, v8::FunctionCallback callback) {
    SetProtoMethod(isolate, of, name, callback);
}
void SetMethod(const v8::Local<v8::Context> &, const v8::Local<v8::Object> &target, const char *name, v8::FunctionCallback callback);
inline void SetMethodNoSideEffect(const v8::Local<v8::Context> &context, const v8::Local<v8::Object> &target, const char *name, v8::FunctionCallback callback) {
    SetMethod(context, target, name, callback);
}
void SetConstructorFunction(const v8::Local<v8::Context> &, const v8::Local<v8::Object> &target, const v8::Local<v8::String> &name, const v8::Local<v8::FunctionTemplate> &of);
void SetConstructorFunction(const v8::Local<v8::Context> &, const v8::Local<v8::Object> &target, const char *name, const v8::Local<v8::FunctionTemplate> &of);

/* The class of objects that have a BaseObject behind them. */
extern JSClassID base_object_class;
void register_base_object_class();
}  // namespace node
#endif
