/* Functions and constructors of Node's C++ as JavaScript calls them, and the objects behind theirs. */
#include "node.h"

#include <openssl/err.h>

namespace node {

Environment Environment::only;
JSClassID base_object_class;

/* The template whose constructor or method runs. */
static int constructing;
static int templates;

BaseObject::BaseObject(Environment *, const v8::Local<v8::Object> &object) : kind(constructing), value(JS_DupValue(user, object.Raw())) {
    JS_SetOpaque(value, this);
}
BaseObject::~BaseObject() {
    if (!holds) return;
    JS_SetOpaque(value, nullptr);
    JS_FreeValueRT(runtime, value);
}
void BaseObject::MakeWeak() {
    if (!holds) return;
    holds = false;
    JS_FreeValue(user, value);
}
std::unique_ptr<worker::TransferData> BaseObject::CloneForMessaging() const { return nullptr; }

/* An object that its BaseObject holds is never finalized before that lets it go. */
void finalize_base_object(JSRuntime *, JSValueConst object) {
    delete static_cast<BaseObject *>(JS_GetOpaque(object, base_object_class));
}

void register_base_object_class() {
    static const JSClassDef definition = {.class_name = "BaseObject", .finalizer = finalize_base_object};
    JS_NewClassID(runtime, &base_object_class);
    JS_NewClass(runtime, base_object_class, &definition);
}

static JSValue outcome(v8::Local<v8::Value> &result) { return JS_HasException(user) ? JS_EXCEPTION : result.IsEmpty() ? JS_UNDEFINED : result.Release(); }

static v8::FunctionCallback callback_of(JSValueConst value) {
    return reinterpret_cast<v8::FunctionCallback>(static_cast<uintptr_t>(JS_VALUE_GET_INT(value)));
}
static JSValue number_of(v8::FunctionCallback callback) { return JS_NewInt32(user, static_cast<int32_t>(reinterpret_cast<uintptr_t>(callback))); }

/* data: [callback, template of the objects it is a method of or 0] */
static JSValue call_function(JSContext *, JSValueConst self, int count, JSValueConst *values, int, JSValueConst *data) {
    if (int kind = JS_VALUE_GET_INT(data[1])) {
        auto *base = static_cast<BaseObject *>(JS_GetOpaque(self, base_object_class));
        if (!base || base->kind != kind) return JS_ThrowTypeError(user, "Illegal invocation");
    }
    v8::FunctionCallbackInfo<v8::Value> info(v8::Local<v8::Object>::Keep(self), count, values, false);
    callback_of(data[0])(info);
    return outcome(info.result);
}

/* data: [callback or 0, template]; `target` is new.target */
static JSValue call_constructor(JSContext *, JSValueConst target, int count, JSValueConst *values, int, JSValueConst *data) {
    if (!JS_IsFunction(user, target)) return JS_ThrowTypeError(user, "Class constructor cannot be invoked without 'new'");
    JSValue object = engine_create(user, target, base_object_class);
    if (JS_IsException(object)) return object;
    v8::FunctionCallbackInfo<v8::Value> info(v8::Local<v8::Object>::Take(object), count, values, true);
    constructing = JS_VALUE_GET_INT(data[1]);
    if (v8::FunctionCallback callback = callback_of(data[0])) callback(info);
    return JS_HasException(user) ? JS_EXCEPTION : JS_DupValue(user, object);
}

static JSValue make_function(v8::FunctionCallback callback, const char *name, int kind) {
    JSValue data[] = {number_of(callback), JS_NewInt32(user, kind)};
    return JS_NewCFunctionData2(user, call_function, name, 0, 0, 2, data);
}

static int kind_of(const v8::Local<v8::FunctionTemplate> &of) {
    JSValue kind = JS_GetPropertyStr(user, of.Raw(), "kind");
    return JS_VALUE_GET_INT(kind);
}

v8::Local<v8::FunctionTemplate> NewFunctionTemplate(v8::Isolate *, v8::FunctionCallback callback) {
    JSValue data[] = {number_of(callback), JS_NewInt32(user, ++templates)};
    JSValue function = JS_NewCFunctionData2(user, call_constructor, "", 0, 0, 2, data);
    JS_SetConstructorBit(user, function, true);
    JS_SetConstructor(user, function, v8::Local<v8::Object>::Take(JS_NewObject(user)).Raw());
    JS_DefinePropertyValueStr(user, function, "kind", JS_NewInt32(user, templates), 0);
    return v8::Local<v8::FunctionTemplate>::Take(function);
}

static void define(JSValueConst object, const char *name, JSValue value) {
    JS_DefinePropertyValueStr(user, object, name, value, JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
}

void SetProtoMethod(v8::Isolate *, const v8::Local<v8::FunctionTemplate> &of, const char *name, v8::FunctionCallback callback) {
    define(of->PrototypeTemplate().Raw(), name, make_function(callback, name, kind_of(of)));
}
void SetMethod(const v8::Local<v8::Context> &, const v8::Local<v8::Object> &target, const char *name, v8::FunctionCallback callback) {
    JS_SetPropertyStr(user, target.Raw(), name, make_function(callback, name, 0));
}
void SetConstructorFunction(const v8::Local<v8::Context> &context, const v8::Local<v8::Object> &target, const v8::Local<v8::String> &name,
                            const v8::Local<v8::FunctionTemplate> &of) {
    of->SetClassName(name);
    target->Set(context, name, of).Check();
}
void SetConstructorFunction(const v8::Local<v8::Context> &context, const v8::Local<v8::Object> &target, const char *name,
                            const v8::Local<v8::FunctionTemplate> &of) {
    SetConstructorFunction(context, target, OneByteString(nullptr, name), of);
}

/* ---- work ---- */

v8::MaybeLocal<v8::Value> AsyncWrap::MakeCallback(const v8::Local<v8::String> &name, int count, v8::Local<v8::Value> *values) {
    v8::Local<v8::Value> callback;
    if (!object()->Get(env()->context(), name).ToLocal(&callback) || !callback->IsFunction()) return {};
    return callback.As<v8::Function>()->Call(env()->context(), object(), count, values);
}

JSValue schedule = JS_UNDEFINED;     /* (function), which is called when the event loop comes to it */
JSValue emit_warning = JS_UNDEFINED; /* (text, type, code) */

v8::Maybe<bool> ProcessEmitWarningGeneric(const std::string &warning, const char *type, const char *code) {
    JSValue values[] = {JS_NewStringLen(user, warning.data(), warning.size()), type ? JS_NewString(user, type) : JS_UNDEFINED, code ? JS_NewString(user, code) : JS_UNDEFINED};
    JSValue done = JS_Call(user, emit_warning, JS_UNDEFINED, 3, values);
    for (JSValue value : values) JS_FreeValue(user, value);
    if (JS_IsException(done)) return v8::Nothing<bool>();
    JS_FreeValue(user, done);
    return v8::Just(true);
}

static JSValue tell(JSContext *, JSValueConst, int, JSValueConst *, int, JSValueConst *data) {
    reinterpret_cast<ThreadPoolWork *>(static_cast<uintptr_t>(JS_VALUE_GET_INT(data[0])))->AfterThreadPoolWork(0);
    return JS_HasException(user) ? JS_EXCEPTION : JS_UNDEFINED;
}

void ThreadPoolWork::ScheduleWork() {
    if (scheduled) return; /* it is gone when it was told */
    scheduled = true;
    ERR_set_mark(); /* a thread has a queue of errors of its own, which ends with it */
    DoThreadPoolWork();
    ERR_pop_to_mark();
    if (JS_HasException(user)) JS_FreeValue(user, JS_GetException(user)); /* from a thread there is no throwing */
    JSValue number = JS_NewInt32(user, static_cast<int32_t>(reinterpret_cast<uintptr_t>(this)));
    JSValue function = JS_NewCFunctionData(user, tell, 0, 0, 1, &number);
    JS_FreeValue(user, JS_Call(user, schedule, JS_UNDEFINED, 1, &function));
    JS_FreeValue(user, function);
}

}  // namespace node

namespace v8 {

Local<FunctionTemplate> FunctionTemplate::New(Isolate *, FunctionCallback callback, const Local<Value> &, const Local<Signature> &signature, int, ConstructorBehavior,
                                              SideEffectType) {
    int kind = signature.IsEmpty() ? 0 : node::kind_of(signature.As<FunctionTemplate>());
    return Local<FunctionTemplate>::Take(node::make_function(callback, "", kind));
}
Local<Signature> Signature::New(Isolate *, const Local<FunctionTemplate> &of) { return of.As<Signature>(); }

Local<ObjectTemplate> FunctionTemplate::PrototypeTemplate() { return Local<ObjectTemplate>::Take(JS_GetPropertyStr(user, value, "prototype")); }

void FunctionTemplate::SetClassName(const Local<String> &name) {
    JS_DefinePropertyValueStr(user, value, "name", JS_DupValue(user, name.Raw()), JS_PROP_CONFIGURABLE);
}

void ObjectTemplate::SetAccessorProperty(const Local<Name> &name, const Local<FunctionTemplate> &getter, const Local<FunctionTemplate> &, int) {
    JSAtom atom = JS_ValueToAtom(user, name.Raw());
    JS_DefinePropertyGetSet(user, value, atom, JS_DupValue(user, getter.Raw()), JS_UNDEFINED, JS_PROP_ENUMERABLE);
    JS_FreeAtom(user, atom);
}

}  // namespace v8
