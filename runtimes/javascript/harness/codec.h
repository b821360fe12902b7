/* Between JavaScript's strings and bytes (codec.c). */
#ifndef CODEC_H
#define CODEC_H
#include "engine.h"

enum codec { CODEC_UTF8, CODEC_UTF16LE, CODEC_LATIN1, CODEC_ASCII, CODEC_HEX, CODEC_BASE64, CODEC_BASE64URL, CODEC_WINDOWS_1252, CODEC_UTF16BE };

/* Bytes of a string; `owned` ones must be freed by codec_free. */
struct codec_bytes {
    uint8_t *bytes;
    size_t length;
    bool owned;
};

/* Unpaired surrogates become U+FFFD in UTF-8. Hex stops at the first character that is no digit pair, base64 skips what
 * is not of its alphabet, as Node's Buffer does. False: an exception is pending. */
bool codec_encode(JSContext *context, enum codec codec, JSValueConst string, struct codec_bytes *result);
void codec_free(JSContext *context, struct codec_bytes *bytes);

size_t codec_utf8_length(const struct engine_text *text);

/* `fatal`: malformed input throws a TypeError; otherwise it becomes U+FFFD as the Encoding Standard has it. */
JSValue codec_decode(JSContext *context, enum codec codec, const uint8_t *bytes, size_t length, bool fatal);
/* How many bytes at the end are the beginning of a UTF-8 sequence that could still be completed (0 to 3). */
size_t codec_utf8_unfinished(const uint8_t *bytes, size_t length);
#endif
