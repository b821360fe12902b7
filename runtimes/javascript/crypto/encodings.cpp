/* Node's encodings of bytes as strings, and its buffers, over the harness's. */
#include "node.h"

extern "C" {
#include "../harness/codec.h"
}

namespace node {

static const enum codec codecs[] = {CODEC_ASCII, CODEC_UTF8, CODEC_BASE64, CODEC_UTF16LE, CODEC_LATIN1, CODEC_HEX, CODEC_UTF8, CODEC_BASE64URL};
JSValue buffer_prototype = JS_UNDEFINED;

v8::Local<v8::String> OneByteString(v8::Isolate *, const char *text, int length) {
    return v8::Local<v8::String>::Take(engine_new_latin1(user, reinterpret_cast<const uint8_t *>(text), length < 0 ? strlen(text) : length));
}

v8::MaybeLocal<v8::Value> ToV8Value(const v8::Local<v8::Context> &, const std::vector<std::string> &texts) {
    std::vector<v8::Local<v8::Value>> values;
    for (const std::string &text : texts) values.push_back(v8::String::NewFromUtf8(nullptr, text.data(), {}, text.size()).ToLocalChecked());
    return v8::Array::New(nullptr, values.data(), values.size());
}

/* %s, %d and their like all stand for the next value. */
std::string Format(const char *format, const std::vector<std::string> &values) {
    std::string text;
    size_t next = 0;
    for (; *format; format++) {
        if (*format != '%') {
            text += *format;
            continue;
        }
        while (strchr("lz", format[1]) && format[1]) format++;
        if (*++format == '%') text += '%';
        else if (next < values.size()) text += values[next++];
        if (!*format) break;
    }
    return text;
}

static std::string encoded(const v8::Local<v8::Value> &text, enum codec codec) {
    struct codec_bytes bytes;
    if (!codec_encode(user, codec, text.Raw(), &bytes)) return {};
    std::string found(reinterpret_cast<char *>(bytes.bytes), bytes.length);
    codec_free(user, &bytes);
    return found;
}

Utf8Value::Utf8Value(v8::Isolate *, const v8::Local<v8::Value> &value) {
    v8::Local<v8::Value> string = v8::Local<v8::Value>::Take(JS_ToString(user, value.Raw()));
    if (string->IsString()) text = encoded(string, CODEC_UTF8);
}

enum encoding ParseEncoding(v8::Isolate *isolate, const v8::Local<v8::Value> &value, enum encoding otherwise) {
    static const struct {
        const char *name;
        enum encoding encoding;
    } names[] = {{"utf8", UTF8}, {"utf-8", UTF8}, {"ucs2", UCS2}, {"ucs-2", UCS2}, {"utf16le", UCS2}, {"utf-16le", UCS2}, {"latin1", LATIN1}, {"binary", LATIN1},
                 {"buffer", BUFFER}, {"base64", BASE64}, {"base64url", BASE64URL}, {"hex", HEX}, {"ascii", ASCII}};
    if (!value->IsString()) return otherwise;
    Utf8Value text(isolate, value);
    for (const auto &one : names)
        if (StringEqualNoCase(*text, one.name)) return one.encoding;
    return otherwise;
}

enum encoding ParseEncoding(v8::Isolate *isolate, const v8::Local<v8::Value> &name, const v8::Local<v8::Value> &id, enum encoding otherwise) {
    if (id->IsUint32() && id.As<v8::Uint32>()->Value() <= BASE64URL) return static_cast<enum encoding>(id.As<v8::Uint32>()->Value());
    return ParseEncoding(isolate, name, otherwise);
}

v8::MaybeLocal<v8::Value> StringBytes::Encode(v8::Isolate *, const char *bytes, size_t length, enum encoding encoding, v8::Local<v8::Value> *error) {
    if (encoding == BUFFER) return Buffer::Copy(&Environment::only, bytes, length);
    JSValue text = codec_decode(user, codecs[encoding], reinterpret_cast<const uint8_t *>(bytes), length, false);
    if (!JS_IsException(text)) return v8::Local<v8::Value>::Take(text);
    *error = v8::Local<v8::Value>::Take(JS_GetException(user));
    return {};
}

v8::Maybe<size_t> StringBytes::Size(v8::Isolate *, const v8::Local<v8::Value> &text, enum encoding encoding) {
    return v8::Just(encoded(text, codecs[encoding]).size());
}

size_t StringBytes::Write(v8::Isolate *, char *to, size_t length, const v8::Local<v8::Value> &text, enum encoding encoding) {
    std::string bytes = encoded(text, codecs[encoding]);
    if (bytes.size() < length) length = bytes.size();
    memcpy(to, bytes.data(), length);
    return length;
}

v8::Maybe<bool> StringBytes::InlineDecoder::Decode(Environment *, const v8::Local<v8::String> &text, enum encoding encoding) {
    bytes = encoded(text, codecs[encoding]);
    return JS_HasException(user) ? v8::Nothing<bool>() : v8::Just(true);
}

bool Buffer::HasInstance(const v8::Local<v8::Value> &value) { return value->IsArrayBufferView(); }

v8::MaybeLocal<v8::Uint8Array> Buffer::New(Environment *, const v8::Local<v8::ArrayBuffer> &buffer, size_t offset, size_t length) {
    v8::Local<v8::Uint8Array> array = v8::Uint8Array::New(buffer, offset, length);
    if (!array.IsEmpty()) JS_SetPrototype(user, array.Raw(), buffer_prototype);
    return array;
}

v8::MaybeLocal<v8::Object> Buffer::Copy(Environment *env, const char *bytes, size_t length) {
    JSValue buffer = JS_NewArrayBufferCopy(user, reinterpret_cast<const uint8_t *>(bytes), length);
    if (JS_IsException(buffer)) return {};
    return New(env, v8::Local<v8::ArrayBuffer>::Take(buffer), 0, length);
}

}  // namespace node
