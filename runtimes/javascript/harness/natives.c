/* Functions that the prelude builds the environment from. Programs never see them. */
#include "guest.h"
#include "../../guest/checkpoint.h"
#include "codec.h"
#include "../intl/init.h"
#include <string.h>

#define NATIVE(name) static JSValue name(JSContext *context, JSValueConst this, int argc, JSValueConst *argv)

/* ---- output, clocks, randomness ---- */

NATIVE(native_write) {
    int32_t stream = 1;
    struct codec_bytes text;
    if (JS_ToInt32(context, &stream, argv[0]) || !codec_encode(context, CODEC_UTF8, argv[1], &text)) return JS_EXCEPTION;
    ampoule_output_write(stream, text.bytes, text.length);
    codec_free(context, &text);
    return JS_UNDEFINED;
}

NATIVE(native_write_bytes) {
    int32_t stream = 1;
    uint8_t *bytes;
    size_t length;
    if (JS_ToInt32(context, &stream, argv[0])) return JS_EXCEPTION;
    if (engine_bytes(context, argv[1], &bytes, &length)) ampoule_output_write(stream, bytes, length);
    return JS_UNDEFINED;
}

/* Nanoseconds as a BigInt; clock 0: since the epoch, 1: since the execution began. */
NATIVE(native_nanoseconds) {
    int32_t clock = 0;
    if (JS_ToInt32(context, &clock, argv[0])) return JS_EXCEPTION;
    return JS_NewBigInt64(context, clock ? clock_elapsed() : ampoule_clock_now(0));
}

NATIVE(native_milliseconds) {
    int32_t clock = 0;
    if (JS_ToInt32(context, &clock, argv[0])) return JS_EXCEPTION;
    return JS_NewFloat64(context, (clock ? clock_elapsed() : ampoule_clock_now(0)) / 1e6);
}

/* (milliseconds) */
NATIVE(native_sleep) {
    double time = 0;
    if (JS_ToFloat64(context, &time, argv[0])) return JS_EXCEPTION;
    if (time > 0) ampoule_sleep(time < 9e12 ? (int64_t)(time * 1e6) : INT64_MAX);
    return JS_UNDEFINED;
}

NATIVE(native_random) {
    uint8_t *bytes;
    size_t length;
    if (!engine_bytes(context, argv[0], &bytes, &length)) return JS_ThrowTypeError(context, "a typed array is needed");
    for (size_t at = 0; at < length; at += 65536) /* the most that one call gives */
        ampoule_random_fill(bytes + at, length - at < 65536 ? length - at : 65536);
    return JS_UNDEFINED;
}

/* ---- text and bytes ---- */

NATIVE(native_encode) {
    int32_t codec = 0;
    struct codec_bytes encoded;
    if (JS_ToInt32(context, &codec, argv[0]) || !codec_encode(context, codec, argv[1], &encoded)) return JS_EXCEPTION;
    JSValue array = JS_NewUint8ArrayCopy(context, encoded.bytes, encoded.length);
    codec_free(context, &encoded);
    return array;
}

/* (codec, bytes, start, end, fatal): bounds are those of a subarray that is known to exist */
NATIVE(native_decode) {
    int32_t codec = 0;
    uint32_t start = 0, end = 0;
    uint8_t *bytes;
    size_t length;
    if (JS_ToInt32(context, &codec, argv[0]) || JS_ToUint32(context, &start, argv[2]) || JS_ToUint32(context, &end, argv[3]))
        return JS_EXCEPTION;
    if (!engine_bytes(context, argv[1], &bytes, &length)) return JS_ThrowTypeError(context, "bytes are needed");
    if (end > length) end = length;
    if (start > end) start = end;
    return codec_decode(context, codec, bytes + start, end - start, JS_ToBool(context, argv[4]));
}

NATIVE(native_unfinished) {
    uint8_t *bytes;
    size_t length;
    if (!engine_bytes(context, argv[0], &bytes, &length)) return JS_NewInt32(context, 0);
    return JS_NewInt32(context, codec_utf8_unfinished(bytes, length));
}

/* The bytes of any view or buffer as a Uint8Array over the same memory; undefined for other values. A view of a
   buffer that was detached has none. */
NATIVE(native_view) {
    enum engine_kind kind = engine_kind(argv[0]);
    uint8_t *bytes;
    size_t length;
    if (!engine_bytes(context, argv[0], &bytes, &length)) return JS_UNDEFINED;
    JSValue buffer = JS_UNDEFINED;
    size_t offset = 0;
    if (kind == KIND_TYPED_ARRAY || kind == KIND_DATA_VIEW) {
        buffer = kind == KIND_TYPED_ARRAY ? JS_GetTypedArrayBuffer(context, argv[0], &offset, NULL, NULL)
                                          : JS_GetPropertyStr(context, argv[0], "buffer");
        uint8_t *base;
        size_t whole;
        if (JS_IsException(buffer)) {
            JS_FreeValue(context, JS_GetException(context));
            JSValueConst none = JS_NewInt32(context, 0);
            return JS_NewTypedArray(context, 1, &none, JS_TYPED_ARRAY_UINT8);
        }
        if (!engine_bytes(context, buffer, &base, &whole)) return JS_UNDEFINED;
        offset = bytes - base;
    } else {
        buffer = JS_DupValue(context, argv[0]);
    }
    JSValueConst arguments[] = {buffer, JS_NewInt64(context, offset), JS_NewInt64(context, length)};
    JSValue view = JS_NewTypedArray(context, 3, arguments, JS_TYPED_ARRAY_UINT8);
    JS_FreeValue(context, buffer);
    return view;
}

/* ---- looking into values ---- */

NATIVE(native_kind) { return JS_NewInt32(context, engine_kind(argv[0])); }

/* (object) -> own keys but for array indices; undefined for a proxy */
NATIVE(native_named_keys) { return JS_IsObject(argv[0]) ? engine_named_keys(context, argv[0]) : JS_UNDEFINED; }

NATIVE(native_typed_array_name) {
    const char *name = engine_typed_array_name(argv[0]);
    return name ? JS_NewString(context, name) : JS_UNDEFINED;
}

NATIVE(native_unboxed) { return engine_unboxed(context, argv[0]); }

static JSValue pair(JSContext *context, JSValue first, JSValue second) {
    JSValue values[] = {first, second};
    return JS_NewArrayFrom(context, 2, values);
}

NATIVE(native_entries) {
    bool pairs;
    JSValue array = engine_entries(context, argv[0], &pairs);
    return JS_IsException(array) ? array : pair(context, array, JS_NewBool(context, pairs));
}

NATIVE(native_proxy) {
    if (engine_is_revoked_proxy(argv[0])) return pair(context, JS_NULL, JS_NULL);
    return pair(context, JS_GetProxyTarget(context, argv[0]), JS_GetProxyHandler(context, argv[0]));
}

/* [0: pending, 1: fulfilled, 2: rejected; value] */
NATIVE(native_promise) {
    JSPromiseStateEnum state = JS_PromiseState(context, argv[0]);
    return pair(context, JS_NewInt32(context, state),
                state == JS_PROMISE_PENDING ? JS_UNDEFINED : JS_PromiseResult(context, argv[0]));
}

/* Whether Error.prototype of the user's realm is in the prototype chain. */
NATIVE(native_is_user_error) {
    return JS_NewBool(context, engine_inherits_error(user, argv[0]));
}

NATIVE(native_function_kind) { return JS_NewString(context, engine_function_kind(argv[0])); }

/* Makes a function of the other realm a function of the user's: called by the user, its errors are the user's errors. */
static JSValue call_inside(JSContext *context, JSValueConst this, int argc, JSValueConst *argv, int magic, JSValueConst *data) {
    JSValue result = JS_Call(inside, data[0], this, argc, argv);
    if (!JS_IsException(result)) return result;
    JSValue error = JS_GetException(inside);
    engine_adopt_error(inside, user, error);
    return JS_Throw(context, error);
}

/* (function, name, length) */
NATIVE(native_expose) {
    int32_t length = 0;
    const char *name = JS_ToCString(context, argv[1]);
    if (!name || JS_ToInt32(context, &length, argv[2])) return JS_EXCEPTION;
    JSValue function = JS_NewCFunctionData2(user, call_inside, name, length, 0, 1, argv);
    JS_FreeCString(context, name);
    return function;
}

/* An object or array of the user's realm, for what is handed out. */
NATIVE(native_user_object) { return JS_NewObject(user); }
NATIVE(native_user_array) { return JS_NewArray(user); }

/* ---- the event loop ---- */

NATIVE(native_ticks) {
    loop_ticks = true;
    return JS_UNDEFINED;
}

NATIVE(native_listens) {
    loop_listens = true;
    return JS_UNDEFINED;
}

NATIVE(native_exit) {
    int32_t code = 0;
    if (argc > 0 && JS_ToInt32(context, &code, argv[0])) return JS_EXCEPTION;
    loop_exit = true;
    loop_exit_code = code;
    JSValue error = JS_NewError(context);
    JS_SetUncatchableError(context, error);
    return JS_Throw(context, error);
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("write", 2, native_write),
    JS_CFUNC_DEF("writeBytes", 2, native_write_bytes),
    JS_CFUNC_DEF("nanoseconds", 1, native_nanoseconds),
    JS_CFUNC_DEF("milliseconds", 1, native_milliseconds),
    JS_CFUNC_DEF("sleep", 1, native_sleep),
    JS_CFUNC_DEF("random", 1, native_random),
    JS_CFUNC_DEF("encode", 2, native_encode),
    JS_CFUNC_DEF("decode", 5, native_decode),
    JS_CFUNC_DEF("unfinished", 1, native_unfinished),
    JS_CFUNC_DEF("view", 1, native_view),
    JS_CFUNC_DEF("kind", 1, native_kind),
    JS_CFUNC_DEF("namedKeys", 1, native_named_keys),
    JS_CFUNC_DEF("typedArrayName", 1, native_typed_array_name),
    JS_CFUNC_DEF("unboxed", 1, native_unboxed),
    JS_CFUNC_DEF("entries", 1, native_entries),
    JS_CFUNC_DEF("proxy", 1, native_proxy),
    JS_CFUNC_DEF("promise", 1, native_promise),
    JS_CFUNC_DEF("isUserError", 1, native_is_user_error),
    JS_CFUNC_DEF("userFrames", 0, failure_user_frames),
    JS_CFUNC_DEF("functionKind", 1, native_function_kind),
    JS_CFUNC_DEF("expose", 3, native_expose),
    JS_CFUNC_DEF("userObject", 0, native_user_object),
    JS_CFUNC_DEF("userArray", 0, native_user_array),
    JS_CFUNC_DEF("ticks", 0, native_ticks),
    JS_CFUNC_DEF("listens", 0, native_listens),
    JS_CFUNC_DEF("exit", 1, native_exit),
};

JSValue natives_object(JSContext *context) {
    JSValue object = JS_NewObject(context);
    JS_SetPropertyFunctionList(context, object, functions, sizeof functions / sizeof *functions);
    natives_add_files(context, object);
    natives_add_fs(context, object);
    natives_add_zlib(context, object);
    natives_add_async_context(context, object);
    natives_add_buffer(context, object);
    natives_add_crypto(context, object);
    natives_add_converters(context, object);
    modules_add_natives(context, object);
    return object;
}
