/* Node's encodings of bytes as strings, over the harness's (../harness/codec.h). */
#ifndef CRYPTO_ENCODINGS_H
#define CRYPTO_ENCODINGS_H

namespace node {

/* Node's own numbers (lib/internal/util.js gets them as binding strings). */
enum encoding { ASCII, UTF8, BASE64, UCS2, BINARY, HEX, BUFFER, BASE64URL, LATIN1 = BINARY };
enum encoding ParseEncoding(v8::Isolate *, const v8::Local<v8::Value> &name, enum encoding otherwise);
enum encoding ParseEncoding(v8::Isolate *, const v8::Local<v8::Value> &name, const v8::Local<v8::Value> &id, enum encoding otherwise);

namespace StringBytes {
v8::MaybeLocal<v8::Value> Encode(v8::Isolate *, const char *bytes, size_t length, enum encoding encoding, v8::Local<v8::Value> *error);
v8::Maybe<size_t> Size(v8::Isolate *, const v8::Local<v8::Value> &text, enum encoding encoding);
size_t Write(v8::Isolate *, char *to, size_t length, const v8::Local<v8::Value> &text, enum encoding encoding);
class InlineDecoder {
    std::string bytes;

public:
    v8::Maybe<bool> Decode(class Environment *, const v8::Local<v8::String> &text, enum encoding encoding);
    const char *out() const { return bytes.data(); }
    size_t size() const { return bytes.size(); }
};
}  // namespace StringBytes
inline v8::Local<v8::Value> Encode(v8::Isolate *isolate, const char *bytes, size_t length, enum encoding encoding) {
    v8::Local<v8::Value> error;
    return StringBytes::Encode(isolate, bytes, length, encoding, &error).FromMaybe(v8::Local<v8::Value>());
}

namespace Buffer {
inline size_t Length(const v8::Local<v8::Value> &value) { return value.As<v8::ArrayBufferView>()->ByteLength(); }
bool HasInstance(const v8::Local<v8::Value> &value);
v8::MaybeLocal<v8::Object> Copy(Environment *, const char *bytes, size_t length);
/* A program may have no Buffer of its own any more: its prototype is kept. */
v8::MaybeLocal<v8::Uint8Array> New(Environment *, const v8::Local<v8::ArrayBuffer> &buffer, size_t offset, size_t length);
}  // namespace Buffer

}  // namespace node
#endif
