/* Natives of Buffer: what prelude/node/binding_buffer.js does not do in JavaScript. Arguments are what the prelude has checked;
 * bounds are checked again, as a getter of the program's may have run in between. */
#include "guest.h"
#include "codec.h"
#include <string.h>

#define NATIVE(name) static JSValue name(JSContext *context, JSValueConst this, int argc, JSValueConst *argv)

static JSValue no_bytes(JSContext *context) { return JS_ThrowTypeError(context, "argument must be a buffer"); }

/* (text) -> its bytes in UTF-8 */
NATIVE(native_utf8_length) {
    struct engine_text text;
    if (!JS_IsString(argv[0])) return JS_ThrowTypeError(context, "a string is needed");
    if (!engine_text(context, argv[0], &text)) return JS_EXCEPTION;
    return JS_NewInt64(context, codec_utf8_length(&text));
}

/* (codec, bytes, text, offset, length) -> how many bytes of the text were written: no part of a character */
NATIVE(native_buffer_write) {
    int32_t codec = 0;
    uint32_t offset = 0, room = 0;
    uint8_t *bytes;
    size_t length;
    struct codec_bytes text;
    if (JS_ToInt32(context, &codec, argv[0]) || JS_ToUint32(context, &offset, argv[3]) || JS_ToUint32(context, &room, argv[4]) ||
        !codec_encode(context, codec, argv[2], &text))
        return JS_EXCEPTION;
    if (!engine_bytes(context, argv[1], &bytes, &length) || offset > length) {
        codec_free(context, &text);
        return no_bytes(context);
    }
    if (room > length - offset) room = length - offset;
    size_t count = text.length < room ? text.length : room;
    if (codec == CODEC_UTF8 && count < text.length) count -= codec_utf8_unfinished(text.bytes, count);
    if (codec == CODEC_UTF16LE) count &= ~(size_t)1;
    memcpy(bytes + offset, text.bytes, count);
    codec_free(context, &text);
    return JS_NewInt64(context, count);
}

/* (a, b) -> -1, 0, 1 */
NATIVE(native_buffer_compare) {
    uint8_t *a, *b;
    size_t a_length, b_length;
    if (!engine_bytes(context, argv[0], &a, &a_length) || !engine_bytes(context, argv[1], &b, &b_length)) return no_bytes(context);
    size_t common = a_length < b_length ? a_length : b_length;
    int order = common ? memcmp(a, b, common) : 0;
    if (!order) order = a_length < b_length ? -1 : a_length > b_length;
    return JS_NewInt32(context, order < 0 ? -1 : order > 0);
}

/* (bytes, wanted, from, step, forward) -> where it is, or -1; `step` 2: only at even places */
NATIVE(native_buffer_search) {
    uint8_t *bytes, *wanted;
    size_t length, size;
    uint32_t from = 0, step = 1;
    if (JS_ToUint32(context, &from, argv[2]) || JS_ToUint32(context, &step, argv[3])) return JS_EXCEPTION;
    if (!engine_bytes(context, argv[0], &bytes, &length) || !engine_bytes(context, argv[1], &wanted, &size)) return no_bytes(context);
    if (step == 2) {
        length &= ~(size_t)1;
        size &= ~(size_t)1;
        from &= ~1u;
    }
    if (!size || size > length || !step) return JS_NewInt32(context, -1);
    size_t last = length - size;
    if (JS_ToBool(context, argv[4])) {
        for (size_t at = from; at <= last; at += step) {
            if (step == 1) {
                const uint8_t *first = memchr(bytes + at, *wanted, last - at + 1);
                if (!first) break;
                at = first - bytes;
            }
            if (!memcmp(bytes + at, wanted, size)) return JS_NewInt64(context, at);
        }
    } else {
        for (size_t at = from < last ? from : last;; at -= step) {
            if (!memcmp(bytes + at, wanted, size)) return JS_NewInt64(context, at);
            if (at < step) break;
        }
    }
    return JS_NewInt32(context, -1);
}

/* (bytes, pattern, start, end): the pattern over and over */
NATIVE(native_buffer_fill) {
    uint8_t *bytes, *pattern;
    size_t length, size;
    uint32_t start = 0, end = 0;
    if (JS_ToUint32(context, &start, argv[2]) || JS_ToUint32(context, &end, argv[3])) return JS_EXCEPTION;
    if (!engine_bytes(context, argv[0], &bytes, &length) || !engine_bytes(context, argv[1], &pattern, &size) || !size) return no_bytes(context);
    if (end > length) end = length;
    if (start >= end) return JS_UNDEFINED;
    size_t wanted = end - start, done = size < wanted ? size : wanted;
    memmove(bytes + start, pattern, done);
    while (done < wanted) { /* what there is doubles */
        size_t more = done < wanted - done ? done : wanted - done;
        memcpy(bytes + start + done, bytes + start, more);
        done += more;
    }
    return JS_UNDEFINED;
}

/* (bytes, size): reverses the bytes of every group of 2, 4 or 8 */
NATIVE(native_buffer_swap) {
    uint8_t *bytes;
    size_t length;
    uint32_t size = 2;
    if (JS_ToUint32(context, &size, argv[1])) return JS_EXCEPTION;
    if (!engine_bytes(context, argv[0], &bytes, &length)) return no_bytes(context);
    for (size_t at = 0; at + size <= length; at += size)
        for (uint32_t i = 0; i < size / 2; i++) {
            uint8_t byte = bytes[at + i];
            bytes[at + i] = bytes[at + size - 1 - i];
            bytes[at + size - 1 - i] = byte;
        }
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("utf8Length", 1, native_utf8_length),
    JS_CFUNC_DEF("bufferWrite", 5, native_buffer_write),
    JS_CFUNC_DEF("bufferCompare", 2, native_buffer_compare),
    JS_CFUNC_DEF("bufferSearch", 5, native_buffer_search),
    JS_CFUNC_DEF("bufferFill", 4, native_buffer_fill),
    JS_CFUNC_DEF("bufferSwap", 2, native_buffer_swap),
};

void natives_add_buffer(JSContext *context, JSValueConst object) {
    JS_SetPropertyFunctionList(context, object, functions, sizeof functions / sizeof *functions);
}
