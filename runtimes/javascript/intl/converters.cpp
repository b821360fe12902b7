/* TextDecoder's encodings that are neither UTF-8 nor UTF-16, by ICU's converters, as in Node: native.openConverter and
 * native.convert (prelude/node/binding_encoding.js). */
#include "intl.h"
#include <cstdlib>
#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>
#include <unicode/ucnv_err.h>

extern "C" {
#include "init.h"
#include "../harness/engine.h"
}

namespace {

JSClassID class_id;

void finalize(JSRuntime *runtime, JSValueConst object) { ucnv_close(static_cast<UConverter *>(JS_GetOpaque(object, class_id))); }

const JSClassDef definition = {"Converter", finalize};

/* ICU's own writes U+001A for some. */
void write_replacement(const void *, UConverterToUnicodeArgs *arguments, const char *, int32_t, UConverterCallbackReason reason, UErrorCode *status) {
    static const UChar replacement = 0xfffd;
    if (reason > UCNV_IRREGULAR) return;
    *status = U_ZERO_ERROR;
    ucnv_cbToUWriteUChars(arguments, &replacement, 1, 0, status);
}

/* (name, fatal) -> converter, undefined if there is none of that name */
JSValue open_converter(JSContext *context, JSValueConst, int argc, JSValueConst *argv) {
    const char *name = JS_ToCString(context, argv[0]);
    if (!name) return JS_EXCEPTION;
    UErrorCode status = U_ZERO_ERROR;
    UConverter *converter = ucnv_open(name, &status);
    JS_FreeCString(context, name);
    if (U_FAILURE(status)) return status == U_MEMORY_ALLOCATION_ERROR ? JS_ThrowOutOfMemory(context) : JS_UNDEFINED;
    bool fatal = JS_ToBool(context, argv[1]);
    ucnv_setToUCallBack(converter, fatal ? UCNV_TO_U_CALLBACK_STOP : write_replacement, nullptr, nullptr, nullptr, &status);
    JSValue object = JS_NewObjectClass(context, class_id);
    if (JS_IsException(object)) ucnv_close(converter);
    else JS_SetOpaque(object, converter);
    return object;
}

/* (converter, bytes, last) -> text, undefined if the bytes are no text; `last`: nothing follows, the converter begins anew */
JSValue convert(JSContext *context, JSValueConst, int argc, JSValueConst *argv) {
    auto *converter = static_cast<UConverter *>(JS_GetOpaque2(context, argv[0], class_id));
    uint8_t *bytes;
    size_t length;
    if (!converter) return JS_EXCEPTION;
    if (!engine_bytes(context, argv[1], &bytes, &length)) return JS_ThrowTypeError(context, "bytes are needed");
    bool last = JS_ToBool(context, argv[2]);
    size_t room = length * 2 + 64, count = 0;
    auto *units = static_cast<uint16_t *>(js_malloc(context, room * 2));
    if (!units) return JS_EXCEPTION;
    auto *from = reinterpret_cast<const char *>(bytes), *end = from + length;
    UErrorCode status;
    do {
        status = U_ZERO_ERROR;
        auto *to = reinterpret_cast<UChar *>(units + count);
        ucnv_toUnicode(converter, &to, reinterpret_cast<UChar *>(units + room), &from, end, nullptr, last, &status);
        count = reinterpret_cast<uint16_t *>(to) - units;
        if (status != U_BUFFER_OVERFLOW_ERROR) break;
        auto *larger = static_cast<uint16_t *>(js_realloc(context, units, (room *= 2) * 2));
        if (!larger) {
            js_free(context, units);
            return JS_EXCEPTION;
        }
        units = larger;
    } while (true);
    if (last || U_FAILURE(status)) ucnv_resetToUnicode(converter);
    JSValue text = U_FAILURE(status) ? JS_UNDEFINED : engine_new_utf16(context, units, count);
    js_free(context, units);
    return text;
}

const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("openConverter", 2, open_converter),
    JS_CFUNC_DEF("convert", 3, convert),
};

} // namespace

extern "C" void natives_add_converters(JSContext *context, JSValueConst object) {
    JSRuntime *runtime = JS_GetRuntime(context);
    JS_NewClassID(runtime, &class_id);
    if (!JS_IsRegisteredClass(runtime, class_id)) JS_NewClass(runtime, class_id, &definition);
    JS_SetPropertyFunctionList(context, object, functions, sizeof functions / sizeof *functions);
}
