/* Compression for Node's `zlib` (prelude/node/binding_zlib.js), as its node_zlib.cc has it: zlib and brotli, each stream an
 * object with the state of the library. Their loops are metered, their memory is the guest's. */
#include "guest.h"
#include <brotli/decode.h>
#include <brotli/encode.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define NATIVE(name) static JSValue name(JSContext *context, JSValueConst this, int argc, JSValueConst *argv)

/* As Node numbers them. */
enum mode { NONE, DEFLATE, INFLATE, GZIP, GUNZIP, DEFLATERAW, INFLATERAW, UNZIP, BROTLI_DECODE, BROTLI_ENCODE };

struct stream {
    enum mode mode;
    bool begun;             /* zlib's state is there */
    int bits, level, memory, strategy, error, flush, magic;
    uint8_t *dictionary;
    size_t dictionary_length;
    z_stream z;
    BrotliEncoderState *encoder;
    BrotliDecoderState *decoder;
};

static JSClassID class_id;

static void end(struct stream *stream) {
    bool packing = stream->mode == DEFLATE || stream->mode == GZIP || stream->mode == DEFLATERAW;
    if (stream->begun) packing ? deflateEnd(&stream->z) : inflateEnd(&stream->z);
    if (stream->encoder) BrotliEncoderDestroyInstance(stream->encoder);
    if (stream->decoder) BrotliDecoderDestroyInstance(stream->decoder);
    free(stream->dictionary);
    *stream = (struct stream){0};
}

static void finalize(JSRuntime *unused, JSValueConst object) {
    struct stream *stream = JS_GetOpaque(object, class_id);
    if (!stream) return;
    end(stream);
    free(stream);
}

static struct stream *stream_of(JSContext *context, JSValueConst value) { return JS_GetOpaque2(context, value, class_id); }

/* What went wrong, as Node's onerror gets it: [message, number, code]. */
static JSValue failure(JSContext *context, const char *message, int number, const char *code) {
    JSValue values[] = {JS_NewString(context, message), JS_NewInt32(context, number), JS_NewString(context, code)};
    return JS_NewArrayFrom(context, 3, values);
}

static JSValue zlib_failure(JSContext *context, const struct stream *stream, const char *message) {
    static const char *const codes[] = {"Z_VERSION_ERROR", "Z_BUF_ERROR", "Z_MEM_ERROR", "Z_DATA_ERROR", "Z_STREAM_ERROR",
                                        "Z_ERRNO", "Z_OK", "Z_STREAM_END", "Z_NEED_DICT"};
    int at = stream->error + 6;
    return failure(context, stream->z.msg ? stream->z.msg : message, stream->error, at >= 0 && at < 9 ? codes[at] : "Z_ERRNO");
}

/* (mode) -> stream */
NATIVE(native_stream) {
    int32_t mode = 0;
    if (JS_ToInt32(context, &mode, argv[0])) return JS_EXCEPTION;
    if (mode < DEFLATE || mode > BROTLI_ENCODE) return JS_ThrowTypeError(context, "no such kind of compression");
    struct stream *stream = calloc(1, sizeof *stream);
    if (!stream) return JS_ThrowOutOfMemory(context);
    stream->mode = mode;
    JSValue object = JS_NewObjectClass(context, class_id);
    if (JS_IsException(object)) free(stream);
    else JS_SetOpaque(object, stream);
    return object;
}

/* ---- zlib ---- */

static bool set_dictionary(struct stream *stream) {
    stream->error = Z_OK;
    if (stream->dictionary && (stream->mode == DEFLATE || stream->mode == DEFLATERAW))
        stream->error = deflateSetDictionary(&stream->z, stream->dictionary, stream->dictionary_length);
    else if (stream->dictionary && stream->mode == INFLATERAW)
        stream->error = inflateSetDictionary(&stream->z, stream->dictionary, stream->dictionary_length);
    return stream->error == Z_OK;
}

/* When something is first asked of it. */
static void begin(struct stream *stream) {
    if (stream->begun) return;
    bool packing = stream->mode == DEFLATE || stream->mode == GZIP || stream->mode == DEFLATERAW;
    stream->error = packing ? deflateInit2(&stream->z, stream->level, Z_DEFLATED, stream->bits, stream->memory, stream->strategy)
                            : inflateInit2(&stream->z, stream->bits);
    stream->begun = stream->error == Z_OK;
    if (stream->begun) set_dictionary(stream);
}

/* (stream, window bits, level, memory level, strategy, dictionary or undefined) */
NATIVE(native_init) {
    struct stream *stream = stream_of(context, argv[0]);
    int32_t numbers[4];
    if (!stream) return JS_EXCEPTION;
    for (int i = 0; i < 4; i++)
        if (JS_ToInt32(context, &numbers[i], argv[1 + i])) return JS_EXCEPTION;
    if (stream->begun || stream->mode < DEFLATE || stream->mode > UNZIP) return JS_ThrowTypeError(context, "the stream is in use");
    stream->bits = numbers[0], stream->level = numbers[1], stream->memory = numbers[2], stream->strategy = numbers[3];
    if (stream->mode == GZIP || stream->mode == GUNZIP) stream->bits += 16;
    if (stream->mode == UNZIP) stream->bits += 32;
    if (stream->mode == DEFLATERAW || stream->mode == INFLATERAW) stream->bits = -stream->bits;
    uint8_t *bytes;
    size_t length;
    free(stream->dictionary);
    stream->dictionary = NULL;
    if (!engine_bytes(context, argv[5], &bytes, &length) || !length) return JS_UNDEFINED;
    stream->dictionary = malloc(length);
    if (!stream->dictionary) return JS_ThrowOutOfMemory(context);
    memcpy(stream->dictionary, bytes, length);
    stream->dictionary_length = length;
    return JS_UNDEFINED;
}

static void reset(struct stream *stream) {
    begin(stream);
    if (!stream->begun) return;
    bool packing = stream->mode == DEFLATE || stream->mode == GZIP || stream->mode == DEFLATERAW;
    stream->error = packing ? deflateReset(&stream->z) : inflateReset(&stream->z);
    if (stream->error == Z_OK) set_dictionary(stream);
}

/* Whether the input is gzip's, by its first two bytes, which may come one by one. */
static void find_out(struct stream *stream) {
    const Bytef *next = stream->z.avail_in ? stream->z.next_in : NULL;
    if (!next) return;
    if (stream->magic == 0) {
        if (*next != 0x1f) {
            stream->mode = INFLATE;
            return;
        }
        stream->magic = 1;
        if (stream->z.avail_in == 1) return;
        next++;
    }
    stream->mode = *next == 0x8b ? GUNZIP : INFLATE;
}

static void work(struct stream *stream) {
    begin(stream);
    if (!stream->begun || stream->error != Z_OK) return;
    if (stream->mode == DEFLATE || stream->mode == GZIP || stream->mode == DEFLATERAW) {
        stream->error = deflate(&stream->z, stream->flush);
        return;
    }
    if (stream->mode == UNZIP) find_out(stream);
    stream->error = inflate(&stream->z, stream->flush);
    if (stream->mode != INFLATERAW && stream->error == Z_NEED_DICT && stream->dictionary) {
        stream->error = inflateSetDictionary(&stream->z, stream->dictionary, stream->dictionary_length);
        if (stream->error == Z_OK) stream->error = inflate(&stream->z, stream->flush);
        else if (stream->error == Z_DATA_ERROR) stream->error = Z_NEED_DICT; /* a bad dictionary, not bad input */
    }
    /* another member of the same archive; zeros are padding */
    while (stream->z.avail_in && stream->mode == GUNZIP && stream->error == Z_STREAM_END && *stream->z.next_in) {
        reset(stream);
        stream->error = inflate(&stream->z, stream->flush);
    }
}

static JSValue outcome(JSContext *context, const struct stream *stream) {
    switch (stream->error) {
    case Z_OK: case Z_BUF_ERROR:
        if (stream->z.avail_out && stream->flush == Z_FINISH) return zlib_failure(context, stream, "unexpected end of file");
        return JS_UNDEFINED;
    case Z_STREAM_END: return JS_UNDEFINED;
    case Z_NEED_DICT: return zlib_failure(context, stream, stream->dictionary ? "Bad dictionary" : "Missing dictionary");
    default: return zlib_failure(context, stream, "Zlib error");
    }
}

/* ---- brotli ---- */

static JSValue brotli_begin(JSContext *context, struct stream *stream) {
    if (stream->encoder) BrotliEncoderDestroyInstance(stream->encoder);
    if (stream->decoder) BrotliDecoderDestroyInstance(stream->decoder);
    stream->encoder = NULL, stream->decoder = NULL;
    if (stream->mode == BROTLI_ENCODE) stream->encoder = BrotliEncoderCreateInstance(NULL, NULL, NULL);
    else stream->decoder = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    if (stream->encoder || stream->decoder) return JS_UNDEFINED;
    return failure(context, "Could not initialize Brotli instance", -1, "ERR_ZLIB_INITIALIZATION_FAILED");
}

/* (stream, Uint32Array of parameters, all ones where there is none) */
NATIVE(native_brotli_init) {
    struct stream *stream = stream_of(context, argv[0]);
    uint8_t *bytes;
    size_t length;
    if (!stream) return JS_EXCEPTION;
    if (stream->mode < BROTLI_DECODE || !engine_bytes(context, argv[1], &bytes, &length)) return JS_ThrowTypeError(context, "parameters are needed");
    JSValue begun = brotli_begin(context, stream);
    if (!JS_IsUndefined(begun)) return begun;
    for (size_t i = 0; i < length / 4; i++) {
        uint32_t value;
        memcpy(&value, bytes + 4 * i, 4);
        if (value == UINT32_MAX) continue;
        bool set = stream->encoder ? BrotliEncoderSetParameter(stream->encoder, i, value) : BrotliDecoderSetParameter(stream->decoder, i, value);
        if (!set) return failure(context, "Setting parameter failed", -1, "ERR_BROTLI_PARAM_SET_FAILED");
    }
    return JS_UNDEFINED;
}

static JSValue brotli_work(JSContext *context, struct stream *stream) {
    z_stream *z = &stream->z;
    size_t in = z->avail_in, out = z->avail_out;
    const uint8_t *from = z->next_in;
    uint8_t *to = z->next_out;
    JSValue problem = JS_UNDEFINED;
    if (stream->encoder) {
        if (!BrotliEncoderCompressStream(stream->encoder, stream->flush, &in, &from, &out, &to, NULL))
            problem = failure(context, "Compression failed", -1, "ERR_BROTLI_COMPRESSION_FAILED");
    } else if (stream->decoder) {
        BrotliDecoderResult result = BrotliDecoderDecompressStream(stream->decoder, &in, &from, &out, &to, NULL);
        if (result == BROTLI_DECODER_RESULT_ERROR) {
            char code[100] = "ERR_";
            BrotliDecoderErrorCode number = BrotliDecoderGetErrorCode(stream->decoder);
            strncat(code, BrotliDecoderErrorString(number), sizeof code - 5);
            problem = failure(context, "Decompression failed", number, code);
        } else if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT && stream->flush == BROTLI_OPERATION_FINISH) {
            problem = failure(context, "unexpected end of file", Z_BUF_ERROR, "Z_BUF_ERROR");
        }
    }
    z->avail_in = in, z->avail_out = out;
    return problem;
}

/* ---- both ---- */

static bool piece(JSContext *context, JSValueConst array, JSValueConst start, JSValueConst count, uint8_t **bytes, uint32_t *length) {
    size_t whole;
    uint32_t from = 0;
    if (JS_ToUint32(context, &from, start) || JS_ToUint32(context, length, count)) return false;
    if (engine_bytes(context, array, bytes, &whole) && from <= whole && *length <= whole - from) {
        *bytes += from;
        return true;
    }
    JS_ThrowRangeError(context, "outside of the buffer");
    return false;
}

/* (stream, flush, in, its start, its length, out, its start, its length, [room left, input left]) -> undefined or what failed */
NATIVE(native_work) {
    static uint8_t nothing;
    struct stream *stream = stream_of(context, argv[0]);
    uint8_t *in = &nothing, *out, *left;
    uint32_t in_length = 0, out_length = 0;
    size_t left_length;
    int32_t flush = 0;
    if (!stream || JS_ToInt32(context, &flush, argv[1])) return JS_EXCEPTION;
    if (!JS_IsNull(argv[2]) && !piece(context, argv[2], argv[3], argv[4], &in, &in_length)) return JS_EXCEPTION;
    if (!piece(context, argv[5], argv[6], argv[7], &out, &out_length)) return JS_EXCEPTION;
    if (stream->mode == NONE || flush < 0 || flush > Z_BLOCK) return JS_ThrowTypeError(context, "the stream is closed");
    stream->flush = flush;
    stream->z.next_in = in, stream->z.avail_in = in_length;
    stream->z.next_out = out, stream->z.avail_out = out_length;
    JSValue problem;
    if (stream->mode >= BROTLI_DECODE) {
        problem = brotli_work(context, stream);
    } else {
        if (stream->error == Z_BUF_ERROR || stream->error == Z_STREAM_END || stream->error == Z_NEED_DICT) stream->error = Z_OK;
        work(stream);
        problem = outcome(context, stream);
    }
    if (!engine_bytes(context, argv[8], &left, &left_length) || left_length < 8) return problem;
    memcpy(left, (uint32_t[]){stream->z.avail_out, stream->z.avail_in}, 8);
    return problem;
}

/* (stream, level, strategy) */
NATIVE(native_params) {
    struct stream *stream = stream_of(context, argv[0]);
    int32_t level = 0, strategy = 0;
    if (!stream || JS_ToInt32(context, &level, argv[1]) || JS_ToInt32(context, &strategy, argv[2])) return JS_EXCEPTION;
    if (stream->mode != DEFLATE && stream->mode != GZIP && stream->mode != DEFLATERAW) return JS_UNDEFINED;
    begin(stream);
    if (!stream->begun) return zlib_failure(context, stream, "Failed to init stream before set parameters");
    stream->z.avail_in = stream->z.avail_out = 0; /* of the last piece nothing is left but what zlib holds itself */
    stream->error = deflateParams(&stream->z, level, strategy);
    if (stream->error == Z_OK || stream->error == Z_BUF_ERROR) return JS_UNDEFINED;
    return zlib_failure(context, stream, "Failed to set parameters");
}

NATIVE(native_reset) {
    struct stream *stream = stream_of(context, argv[0]);
    if (!stream) return JS_EXCEPTION;
    if (stream->mode >= BROTLI_DECODE) return brotli_begin(context, stream);
    if (stream->mode == NONE) return JS_UNDEFINED;
    stream->error = Z_OK;
    reset(stream);
    return stream->error == Z_OK ? JS_UNDEFINED : zlib_failure(context, stream, "Failed to reset stream");
}

NATIVE(native_end) {
    struct stream *stream = stream_of(context, argv[0]);
    if (!stream) return JS_EXCEPTION;
    end(stream);
    return JS_UNDEFINED;
}

/* (bytes, value so far) */
NATIVE(native_crc32) {
    uint8_t *bytes;
    size_t length;
    uint32_t value = 0;
    if (!engine_bytes(context, argv[0], &bytes, &length) || JS_ToUint32(context, &value, argv[1])) return JS_ThrowTypeError(context, "bytes are needed");
    return JS_NewUint32(context, crc32_z(value, bytes, length));
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("stream", 1, native_stream),
    JS_CFUNC_DEF("init", 6, native_init),
    JS_CFUNC_DEF("brotliInit", 2, native_brotli_init),
    JS_CFUNC_DEF("work", 9, native_work),
    JS_CFUNC_DEF("params", 3, native_params),
    JS_CFUNC_DEF("reset", 1, native_reset),
    JS_CFUNC_DEF("end", 1, native_end),
    JS_CFUNC_DEF("crc32", 2, native_crc32),
};

/* As an object of its own: native.zlib */
void natives_add_zlib(JSContext *context, JSValueConst object) {
    static const JSClassDef definition = {"CompressionState", finalize};
    JS_NewClassID(runtime, &class_id);
    if (!JS_IsRegisteredClass(runtime, class_id)) JS_NewClass(runtime, class_id, &definition);
    JSValue calls = JS_NewObject(context);
    JS_SetPropertyFunctionList(context, calls, functions, sizeof functions / sizeof *functions);
    JS_SetPropertyStr(context, (JSValue)object, "zlib", calls);
}
