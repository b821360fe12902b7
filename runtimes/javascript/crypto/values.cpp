/* V8's values over QuickJS: strings, objects, buffers, errors. */
#include "node.h"

extern "C" {
#include "../harness/codec.h"
}

namespace v8 {

void Isolate::ThrowException(const Local<Value> &exception) { JS_Throw(user, JS_DupValue(user, exception.Raw())); }

TryCatch::~TryCatch() {
    if (!keep && HasCaught()) JS_FreeValue(user, JS_GetException(user));
}
Local<Value> TryCatch::Exception() { return Local<Value>::Take(JS_GetException(user)); }

/* An exception that is pending is what an empty handle stands for. */
static Local<Value> result(JSValue value) { return JS_IsException(value) ? Local<Value>() : Local<Value>::Take(value); }

MaybeLocal<Object> Value::ToObject(const Local<Context> &) const { return Local<Object>::Keep(value); }

MaybeLocal<String> String::NewFromUtf8(Isolate *, const char *text, NewStringType, int length) {
    return result(codec_decode(user, CODEC_UTF8, reinterpret_cast<const uint8_t *>(text), length < 0 ? strlen(text) : length, false)).As<String>();
}

int String::Utf8Length(Isolate *) const {
    struct engine_text text;
    return engine_text(user, value, &text) ? static_cast<int>(codec_utf8_length(&text)) : 0;
}

int String::WriteUtf8(Isolate *, char *to, int size, int *, int options) const {
    struct codec_bytes bytes;
    if (!codec_encode(user, CODEC_UTF8, value, &bytes)) return 0;
    int length = static_cast<int>(bytes.length) < size ? static_cast<int>(bytes.length) : size;
    memcpy(to, bytes.bytes, length);
    if (!(options & NO_NULL_TERMINATION) && length < size) to[length++] = 0;
    codec_free(user, &bytes);
    return length;
}

Local<Object> Object::New(Isolate *, const Local<Value> &prototype, Local<Name> *names, Local<Value> *values, size_t count) {
    Local<Object> object = Local<Object>::Take(JS_NewObjectProto(user, prototype.Raw()));
    for (size_t i = 0; i < count; i++) object->Set(Local<Context>(), names[i], values[i]);
    return object;
}

Maybe<bool> Object::Set(const Local<Context> &, const Local<Value> &key, const Local<Value> &to) {
    JSAtom name = JS_ValueToAtom(user, key.Raw());
    int done = name == JS_ATOM_NULL ? -1 : JS_SetProperty(user, value, name, JS_DupValue(user, to.Raw()));
    JS_FreeAtom(user, name);
    return done < 0 ? Nothing<bool>() : Just(true);
}

Maybe<bool> Object::Set(const Local<Context> &, uint32_t index, const Local<Value> &to) {
    return JS_SetPropertyUint32(user, value, index, JS_DupValue(user, to.Raw())) < 0 ? Nothing<bool>() : Just(true);
}

MaybeLocal<Value> Object::Get(const Local<Context> &, const Local<Value> &key) {
    JSAtom name = JS_ValueToAtom(user, key.Raw());
    if (name == JS_ATOM_NULL) return {};
    Local<Value> found = result(JS_GetProperty(user, value, name));
    JS_FreeAtom(user, name);
    return found;
}
MaybeLocal<Value> Object::Get(const Local<Context> &, uint32_t index) { return result(JS_GetPropertyUint32(user, value, index)); }

Maybe<bool> Object::HasOwnProperty(const Local<Context> &, const Local<Name> &key) {
    JSAtom name = JS_ValueToAtom(user, key.Raw());
    if (name == JS_ATOM_NULL) return {};
    int has = JS_GetOwnProperty(user, nullptr, value, name);
    JS_FreeAtom(user, name);
    return has < 0 ? Nothing<bool>() : Just(has > 0);
}

Local<Array> Array::New(Isolate *, const Local<Value> *values, size_t count) {
    Local<Array> array = Local<Array>::Take(JS_NewArray(user));
    for (size_t i = 0; i < count; i++)
        JS_DefinePropertyValueUint32(user, array.Raw(), i, values[i].IsEmpty() ? JS_UNDEFINED : JS_DupValue(user, values[i].Raw()), JS_PROP_C_W_E);
    return array;
}

static std::vector<JSValue> raw(int count, Local<Value> *values) {
    std::vector<JSValue> list(count);
    for (int i = 0; i < count; i++) list[i] = values[i].IsEmpty() ? JS_UNDEFINED : values[i].Raw();
    return list;
}

MaybeLocal<Value> Function::Call(const Local<Context> &, const Local<Value> &self, int count, Local<Value> *values) {
    return result(JS_Call(user, value, self.Raw(), count, raw(count, values).data()));
}

MaybeLocal<Object> Function::NewInstance(const Local<Context> &, int count, Local<Value> *values) const {
    return result(JS_CallConstructor(user, value, count, raw(count, values).data())).As<Object>();
}

/* ---- buffers ---- */

static void release_plain(void *data, size_t, void *) { free(data); }

std::unique_ptr<BackingStore> ArrayBuffer::NewBackingStore(Isolate *, size_t length) {
    void *data = calloc(1, length ? length : 1);
    if (!data) abort();
    return NewBackingStore(data, length, release_plain, nullptr);
}

std::unique_ptr<BackingStore> BackingStore::Reallocate(Isolate *isolate, std::unique_ptr<BackingStore> store, size_t length) {
    auto other = ArrayBuffer::NewBackingStore(isolate, length);
    memcpy(other->data, store->data, length < store->length ? length : store->length);
    return other;
}

static void *resize(JSRuntime *, void *, void *data, size_t size) {
    if (size) return realloc(data, size);
    free(data);
    return nullptr;
}

Local<ArrayBuffer> ArrayBuffer::New(Isolate *, std::shared_ptr<BackingStore> store) {
    if (!store->ByteLength()) return Local<ArrayBuffer>::Take(JS_NewArrayBufferCopy(user, nullptr, 0));
    size_t length = store->ByteLength();
    JSValue buffer = JS_NewArrayBuffer(user, static_cast<uint8_t *>(store->Take()), length, 0, resize, nullptr, false);
    if (JS_IsException(buffer)) abort(); /* there is no memory for it, and callers take it for granted */
    return Local<ArrayBuffer>::Take(buffer);
}
Local<ArrayBuffer> ArrayBuffer::New(Isolate *isolate, std::unique_ptr<BackingStore> store) { return New(isolate, std::shared_ptr<BackingStore>(std::move(store))); }

static void *bytes_of(JSValueConst value, size_t *length) {
    uint8_t *bytes;
    if (engine_bytes(user, value, &bytes, length)) return bytes;
    *length = 0;
    return nullptr;
}
void *ArrayBuffer::Data() const {
    size_t length;
    return bytes_of(value, &length);
}
size_t ArrayBuffer::ByteLength() const {
    size_t length;
    bytes_of(value, &length);
    return length;
}
size_t ArrayBufferView::ByteLength() const {
    size_t length;
    bytes_of(value, &length);
    return length;
}

Local<Uint8Array> Uint8Array::New(const Local<ArrayBuffer> &buffer, size_t offset, size_t length) {
    JSValueConst values[] = {buffer.Raw(), JS_NewInt64(user, offset), JS_NewInt64(user, length)};
    return result(JS_NewTypedArray(user, 3, values, JS_TYPED_ARRAY_UINT8)).As<Uint8Array>();
}

/* ---- errors ---- */

typedef JSValue thrower(JSContext *, const char *, ...);

/* By way of what throws one, which gives it its stack. */
static Local<Value> make_error(thrower *throws, const Local<String> &message) {
    JSValue thrown = JS_HasException(user) ? JS_GetException(user) : JS_UNDEFINED; /* stays pending */
    throws(user, "%s", "");
    Local<Value> error = Local<Value>::Take(JS_GetException(user));
    if (!JS_IsUndefined(thrown)) JS_Throw(user, thrown);
    JS_DefinePropertyValueStr(user, error.Raw(), "message", JS_DupValue(user, message.Raw()), JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE);
    return error;
}
Local<Value> Exception::Error(const Local<String> &message) { return make_error(JS_ThrowPlainError, message); }
Local<Value> Exception::TypeError(const Local<String> &message) { return make_error(JS_ThrowTypeError, message); }
Local<Value> Exception::RangeError(const Local<String> &message) { return make_error(JS_ThrowRangeError, message); }

}  // namespace v8
