/* QuickJS itself, in one translation unit with the functions that look inside it (engine.h).
 *
 * QuickJS guards against deep recursion by the address of the current frame in linear memory. Compiled to WebAssembly
 * a function's locals live mostly on the other, native stack, where that guard cannot see them, so JSON.parse or the
 * parser could run out of native stack first, which ends the execution. Every function that checks its depth therefore
 * also takes up PADDING bytes of the linear stack: the guard then counts levels. With the limit of 6 MiB (guest.c)
 * that is at most 24,000 levels; no program tried needs more than 16 MiB of native stack for them, half of what the host
 * gives. */
#ifndef PADDING
#define PADDING 256
#endif

#include <stdint.h>

__attribute__((always_inline)) static inline uintptr_t padded_stack_pointer(void) {
    char padding[PADDING];
    __asm__ volatile("" : : "r"(padding) : "memory");
    return (uintptr_t)padding;
}

/* quickjs.c defines js_get_stack_pointer(void) and calls js_get_stack_pointer(): rename the one, redirect the other. */
#define js_get_stack_pointer(...) STACK_POINTER_##__VA_ARGS__
#define STACK_POINTER_void unpadded_stack_pointer(void)
#define STACK_POINTER_ padded_stack_pointer()

/* JSON.parse reads numbers by strtod. libc's computes in 128-bit floating point, which wasm does in software; QuickJS's
 * own conversion is as exact. */
#include "dtoa.h"
#include <stdlib.h>
static double read_number(const char *text) {
    JSATODTempMem memory;
    return js_atod(text, NULL, 10, 0, &memory);
}
#define strtod(text, end) read_number(text)

/* The compiler's libc is wrong for subnormal numbers, and a unit off for some powers of two. */
#include <float.h>
#include <math.h>
static double exact_log2(double number) {
    int exponent;
    if (frexp(number, &exponent) == 0.5) return exponent - 1;
    return number > 0 && number < DBL_MIN ? log2(number * 0x1p54) - 54 : log2(number);
}
#define log2(number) exact_log2(number)

/* Upstream leaves Atomics out for WASI. */
#include "quickjs-c-atomics.h"
#include "single_thread.h"
#define CONFIG_ATOMICS

/* Dates are read, and placed in a time zone, as V8 does it. */
#include "date_text.h"
#define LOCAL_DATES

/* JSON is read as in V8. */
#include "numbers.h"
#define OWN_JSON

/* Stacks are V8's. */
#define OWN_STACKS
JSValue error_stack(JSContext *context, JSValueConst error, JSValueConst recorded); /* failure.c */

/* Messages tell what stands in the source. */
#include "callee_text.h"
#define OWN_MESSAGES
bool error_source(const char *file, const char **text, size_t *length); /* failure.c */

#include "quickjs.c"
#include "json_read.h"

#include "engine.h"

void engine_set_stack(JSRuntime *runtime, size_t size) {
    JS_UpdateStackTop(runtime);
    JS_SetMaxStackSize(runtime, size);
}

bool engine_stack_is_low(JSContext *context) { return js_check_stack_overflow(context->rt, 0); }

JSContext *engine_new_context(JSRuntime *runtime) {
    JSContext *context = JS_NewContextRaw(runtime);
    if (!context) return NULL;
    context->hash_seed = 0x9e3779b9;
    if (JS_AddIntrinsicBaseObjects(context) || JS_AddIntrinsicDate(context) || JS_AddIntrinsicEval(context) ||
        JS_AddIntrinsicRegExp(context) || JS_AddIntrinsicJSON(context) || JS_AddIntrinsicProxy(context) ||
        JS_AddIntrinsicMapSet(context) || JS_AddIntrinsicTypedArrays(context) || JS_AddIntrinsicPromise(context) ||
        JS_AddIntrinsicWeakRef(context) || JS_AddIntrinsicDOMException(context) || JS_AddIntrinsicAToB(context))
        return NULL;
    return context;
}

void engine_begin(JSContext *context, uint64_t random) { context->random_state = random ? random : 1; }

/* Tables grow by being copied whole to a larger place. That is done before the snapshot, or a program that has one name or shape
 * too many would pay for all of the prelude's. */
static void reserve_names(JSContext *context, uint32_t more) {
    JSAtom *names = js_malloc(context, sizeof *names * more);
    uint32_t count = 0;
    for (; names && count < more; count++) {
        char text[32];
        snprintf(text, sizeof text, "\x01%u", count);
        if ((names[count] = JS_NewAtom(context, text)) == JS_ATOM_NULL) break;
    }
    while (count) JS_FreeAtom(context, names[--count]); /* so that the first is taken first */
    js_free(context, names);
}

static void reserve_shapes(JSRuntime *runtime, int more) {
    while (2 * (runtime->shape_hash_count + more) > runtime->shape_hash_size)
        if (resize_shape_hash(runtime, runtime->shape_hash_bits + 1)) return;
}

static void reserve_globals(JSContext *context, uint32_t more) {
    for (int i = 0; i < 2; i++) {
        JSObject *object = JS_VALUE_GET_OBJ(i ? context->global_var_obj : context->global_obj);
        JSShape *shape = object->shape;
        if (JS_REF_COUNT(shape) != 1) continue;
        bool hashed = shape->is_hashed;
        if (hashed) js_shape_hash_unlink(context->rt, shape);
        resize_properties(context, &object->shape, object, shape->prop_count + more);
        if (hashed) js_shape_hash_link(context->rt, object->shape);
    }
}

void engine_reserve(JSContext *context) {
    reserve_names(context, 8192);
    reserve_shapes(context->rt, 2048);
    reserve_globals(context, 60);
}

void engine_freeze(JSRuntime *runtime) {
    static struct list_head frozen;
    struct list_head *at;
    list_for_each(at, &runtime->context_list) js_regexp_forget(list_entry(at, JSContext, link));
    JS_RunGC(runtime);
    init_list_head(&frozen);
    if (!list_empty(&runtime->gc_obj_list)) {
        frozen = runtime->gc_obj_list;
        frozen.next->prev = &frozen;
        frozen.prev->next = &frozen;
        init_list_head(&runtime->gc_obj_list);
    }
    for (int i = 0; i < JS_ARENA_BLOCK_SIZE_COUNT; i++) {
        struct list_head *element, *next;
        list_for_each_safe(element, next, &runtime->arena_state.free_arena_list[i]) {
            list_del(element);
            init_list_head(element);
        }
    }
}

void engine_prepare_arenas(JSRuntime *runtime) {
    for (int i = 0; i < JS_ARENA_BLOCK_SIZE_COUNT; i++)
        js_arena_malloc(runtime, arena_block_sizes[i] - sizeof(JSMallocBlockHeader));
}

size_t engine_memory_used(JSRuntime *runtime) { return runtime->malloc_state.malloc_size; }

JSValue engine_compile(JSContext *context, const char *text, size_t length, const char *file, int first_line, int flags) {
    return JS_EvalInternal(context, context->global_obj, text, length, file, first_line,
                           flags | JS_EVAL_FLAG_COMPILE_ONLY, -1);
}

JSValue engine_global(JSContext *context, const char *name) {
    JSAtom atom = JS_NewAtom(context, name);
    JSValue value = atom == JS_ATOM_NULL ? JS_EXCEPTION : JS_GetGlobalVar(context, atom, false);
    JS_FreeAtom(context, atom);
    return value;
}

JSValue engine_promise(JSContext *context, JSValueConst value) {
    return js_promise_resolve(context, context->promise_ctor, 1, &value, 0);
}

static enum engine_kind kind_of_class(int class_id) {
    switch (class_id) {
    case JS_CLASS_C_FUNCTION: case JS_CLASS_BYTECODE_FUNCTION: case JS_CLASS_BOUND_FUNCTION:
    case JS_CLASS_C_FUNCTION_DATA: case JS_CLASS_C_CLOSURE: case JS_CLASS_GENERATOR_FUNCTION:
    case JS_CLASS_PROMISE_RESOLVE_FUNCTION: case JS_CLASS_PROMISE_REJECT_FUNCTION: case JS_CLASS_ASYNC_FUNCTION:
    case JS_CLASS_ASYNC_FUNCTION_RESOLVE: case JS_CLASS_ASYNC_FUNCTION_REJECT: case JS_CLASS_ASYNC_GENERATOR_FUNCTION:
        return KIND_FUNCTION;
    case JS_CLASS_ARRAY: return KIND_ARRAY;
    case JS_CLASS_ERROR: return KIND_ERROR;
    case JS_CLASS_NUMBER: return KIND_BOXED_NUMBER;
    case JS_CLASS_STRING: return KIND_BOXED_STRING;
    case JS_CLASS_BOOLEAN: return KIND_BOXED_BOOLEAN;
    case JS_CLASS_SYMBOL: return KIND_BOXED_SYMBOL;
    case JS_CLASS_BIG_INT: return KIND_BOXED_BIGINT;
    case JS_CLASS_ARGUMENTS: case JS_CLASS_MAPPED_ARGUMENTS: return KIND_ARGUMENTS;
    case JS_CLASS_DATE: return KIND_DATE;
    case JS_CLASS_REGEXP: return KIND_REGEXP;
    case JS_CLASS_ARRAY_BUFFER: return KIND_ARRAY_BUFFER;
    case JS_CLASS_SHARED_ARRAY_BUFFER: return KIND_SHARED_ARRAY_BUFFER;
    case JS_CLASS_DATAVIEW: return KIND_DATA_VIEW;
    case JS_CLASS_MAP: return KIND_MAP;
    case JS_CLASS_SET: return KIND_SET;
    case JS_CLASS_WEAKMAP: return KIND_WEAK_MAP;
    case JS_CLASS_WEAKSET: return KIND_WEAK_SET;
    case JS_CLASS_WEAK_REF: return KIND_WEAK_REF;
    case JS_CLASS_MAP_ITERATOR: return KIND_MAP_ITERATOR;
    case JS_CLASS_SET_ITERATOR: return KIND_SET_ITERATOR;
    case JS_CLASS_GENERATOR: case JS_CLASS_ASYNC_GENERATOR: return KIND_GENERATOR;
    case JS_CLASS_ARRAY_ITERATOR: case JS_CLASS_STRING_ITERATOR: case JS_CLASS_REGEXP_STRING_ITERATOR:
    case JS_CLASS_ITERATOR_HELPER: case JS_CLASS_ITERATOR_WRAP: case JS_CLASS_ITERATOR_CONCAT:
        return KIND_ITERATOR;
    case JS_CLASS_PROXY: return KIND_PROXY;
    case JS_CLASS_PROMISE: return KIND_PROMISE;
    case JS_CLASS_MODULE_NS: return KIND_MODULE_NAMESPACE;
    case JS_CLASS_DOM_EXCEPTION: return KIND_DOM_EXCEPTION;
    case JS_CLASS_RAWJSON: return KIND_RAW_JSON;
    }
    return class_id >= JS_CLASS_UINT8C_ARRAY && class_id <= JS_CLASS_FLOAT64_ARRAY ? KIND_TYPED_ARRAY : KIND_OBJECT;
}

enum engine_kind engine_kind(JSValueConst value) {
    switch (JS_VALUE_GET_NORM_TAG(value)) {
    case JS_TAG_OBJECT: return kind_of_class(JS_VALUE_GET_OBJ(value)->class_id);
    case JS_TAG_INT: case JS_TAG_FLOAT64: return KIND_NUMBER;
    case JS_TAG_STRING: case JS_TAG_STRING_ROPE: return KIND_STRING;
    case JS_TAG_BOOL: return KIND_BOOLEAN;
    case JS_TAG_NULL: return KIND_NULL;
    case JS_TAG_BIG_INT: case JS_TAG_SHORT_BIG_INT: return KIND_BIGINT;
    case JS_TAG_SYMBOL: return KIND_SYMBOL;
    }
    return KIND_UNDEFINED;
}

const char *engine_typed_array_name(JSValueConst value) {
    static const char *const names[] = {
        "Uint8ClampedArray", "Int8Array", "Uint8Array", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array",
        "BigInt64Array", "BigUint64Array", "Float16Array", "Float32Array", "Float64Array"};
    if (engine_kind(value) != KIND_TYPED_ARRAY) return NULL;
    return names[JS_VALUE_GET_OBJ(value)->class_id - JS_CLASS_UINT8C_ARRAY];
}

bool engine_bytes(JSContext *context, JSValueConst value, uint8_t **bytes, size_t *length) {
    enum engine_kind kind = engine_kind(value);
    JSObject *object = kind >= KIND_OBJECT ? JS_VALUE_GET_OBJ(value) : NULL;
    if (kind == KIND_TYPED_ARRAY) {
        *bytes = object->u.array.u.uint8_ptr;
        *length = (size_t)object->u.array.count << typed_array_size_log2(object->class_id);
    } else if (kind == KIND_ARRAY_BUFFER || kind == KIND_SHARED_ARRAY_BUFFER) {
        if (object->u.array_buffer->detached) return false;
        *bytes = object->u.array_buffer->data;
        *length = object->u.array_buffer->byte_length;
    } else if (kind == KIND_DATA_VIEW) {
        JSTypedArray *view = object->u.typed_array;
        JSArrayBuffer *buffer = view->buffer->u.array_buffer;
        if (buffer->detached || view->offset > buffer->byte_length) return false;
        *bytes = buffer->data + view->offset;
        *length = view->track_rab ? buffer->byte_length - view->offset : view->length;
        if (*length > buffer->byte_length - view->offset) return false;
    } else {
        return false;
    }
    return true;
}

JSValue engine_unboxed(JSContext *context, JSValueConst value) {
    return JS_DupValue(context, JS_VALUE_GET_OBJ(value)->u.object_data);
}

bool engine_text(JSContext *context, JSValueConst string, struct engine_text *text) {
    JSValueConst flat = string;
    if (JS_VALUE_GET_TAG(string) == JS_TAG_STRING_ROPE) {
        /* a rope that is held twice keeps the joined text as its left branch */
        JSValue held = JS_DupValue(context, string);
        JSValue joined = js_linearize_string_rope(context, held);
        JS_FreeValue(context, held);
        if (JS_IsException(joined)) return false;
        JS_FreeValue(context, joined);
        flat = JS_VALUE_GET_STRING_ROPE(string)->left;
    }
    JSString *s = JS_VALUE_GET_STRING(flat);
    *text = (struct engine_text){.length = s->len};
    if (s->is_wide_char) text->wide = str16(s);
    else text->narrow = str8(s);
    return true;
}

JSValue engine_new_latin1(JSContext *context, const uint8_t *characters, size_t length) {
    return js_new_string8_len(context, (const char *)characters, length);
}

/* Text of narrow characters must not be stored wide: atoms are compared by their memory. */
JSValue engine_new_utf16(JSContext *context, const uint16_t *units, size_t length) {
    uint16_t all = 0;
    for (size_t i = 0; i < length; i++) all |= units[i];
    if (all > 0xff) return js_new_string16_len(context, units, length);
    JSString *string = js_alloc_string(context, length, 0);
    if (!string) return JS_EXCEPTION;
    uint8_t *characters = str8(string);
    for (size_t i = 0; i < length; i++) characters[i] = units[i];
    characters[length] = 0;
    return JS_MKPTR(JS_TAG_STRING, string);
}

bool engine_elements(JSValueConst array, JSValueConst **elements, uint32_t *length) {
    JSObject *object = JS_VALUE_GET_OBJ(array);
    if (object->class_id != JS_CLASS_ARRAY || !object->fast_array) return false;
    if (JS_VALUE_GET_TAG(object->prop[0].u.value) != JS_TAG_INT ||
        JS_VALUE_GET_INT(object->prop[0].u.value) != (int32_t)object->u.array.count)
        return false;
    *elements = vc(object->u.array.u.values);
    *length = object->u.array.count;
    return true;
}

int engine_plain_properties(JSContext *context, JSValueConst value,
                            int (*visit)(void *state, JSAtom name, JSValueConst value), void *state) {
    JSObject *object = JS_VALUE_GET_OBJ(value);
    if (object->is_exotic) return -1;
    JSShape *shape = object->shape;
    JSShapeProperty *properties = get_shape_prop(shape);
    for (int i = 0; i < shape->prop_count; i++)
        if (properties[i].atom != JS_ATOM_NULL &&
            ((properties[i].flags & JS_PROP_TMASK) || __JS_AtomIsTaggedInt(properties[i].atom)))
            return -1;
    for (int i = 0; i < object->shape->prop_count; i++) {
        JSShapeProperty *property = &get_shape_prop(object->shape)[i];
        if (property->atom == JS_ATOM_NULL || !(property->flags & JS_PROP_ENUMERABLE)) continue;
        if (JS_AtomGetKind(context, property->atom) != JS_ATOM_KIND_STRING) continue;
        if (property->flags & JS_PROP_TMASK) continue; /* changed under our feet by a toJSON */
        JSAtom name = JS_DupAtom(context, property->atom);
        JSValue held = JS_DupValue(context, object->prop[i].u.value);
        int result = visit(state, name, held);
        JS_FreeValue(context, held);
        JS_FreeAtom(context, name);
        if (result) return result;
    }
    return 0;
}

static int append(JSContext *context, JSValue array, uint32_t *count, JSValueConst value) {
    return JS_DefinePropertyValueUint32(context, array, (*count)++, js_dup(value), JS_PROP_C_W_E);
}

JSValue engine_entries(JSContext *context, JSValueConst collection, bool *pairs) {
    enum engine_kind kind = engine_kind(collection);
    JSObject *object = JS_VALUE_GET_OBJ(collection);
    JSMapState *map = NULL;
    struct list_head *at = NULL;
    bool keys = true, values = kind == KIND_MAP;
    if (kind == KIND_MAP || kind == KIND_SET) {
        map = object->u.map_state;
        at = map->records.next;
    } else if (kind == KIND_MAP_ITERATOR || kind == KIND_SET_ITERATOR) {
        JSMapIteratorData *iterator = object->u.map_iterator_data;
        if (!JS_IsUndefined(iterator->obj)) {
            map = JS_VALUE_GET_OBJ(iterator->obj)->u.map_state;
            at = iterator->cur_record ? iterator->cur_record->link.next : map->records.next;
        }
        keys = iterator->kind != JS_ITERATOR_KIND_VALUE || kind == KIND_SET_ITERATOR;
        values = iterator->kind == JS_ITERATOR_KIND_KEY_AND_VALUE ||
                 (kind == KIND_MAP_ITERATOR && iterator->kind == JS_ITERATOR_KIND_VALUE);
    }
    *pairs = keys && values;
    JSValue array = JS_NewArray(context);
    uint32_t count = 0;
    for (; map && at != &map->records && !JS_IsException(array); at = at->next) {
        JSMapRecord *record = list_entry(at, JSMapRecord, link);
        if (record->empty) continue;
        JSValueConst second = kind == KIND_SET_ITERATOR ? record->key : record->value;
        if ((keys && append(context, array, &count, record->key) < 0) ||
            (values && append(context, array, &count, second) < 0)) {
            JS_FreeValue(context, array);
            return JS_EXCEPTION;
        }
    }
    return array;
}

JSValue engine_named_keys(JSContext *context, JSValueConst value) {
    JSObject *object = JS_VALUE_GET_OBJ(value);
    if (object->class_id == JS_CLASS_PROXY) return JS_UNDEFINED;
    JSValue array = JS_NewArray(context);
    uint32_t count = 0;
    for (int symbols = 0; symbols < 2; symbols++) {
        for (int i = 0; i < object->shape->prop_count && !JS_IsException(array); i++) {
            JSAtom atom = get_shape_prop(object->shape)[i].atom;
            uint32_t index;
            if (atom == JS_ATOM_NULL || JS_AtomIsArrayIndex(context, &index, atom)) continue;
            JSAtomKindEnum kind = JS_AtomGetKind(context, atom);
            if (kind != (symbols ? JS_ATOM_KIND_SYMBOL : JS_ATOM_KIND_STRING)) continue;
            if (JS_DefinePropertyValueUint32(context, array, count++, JS_AtomToValue(context, atom), JS_PROP_C_W_E) < 0) {
                JS_FreeValue(context, array);
                array = JS_EXCEPTION;
            }
        }
    }
    return array;
}

JSValue engine_raw_stack(JSContext *context, JSValueConst error) {
    if (engine_kind(error) != KIND_ERROR) return JS_UNDEFINED;
    return JS_DupValue(context, JS_VALUE_GET_OBJ(error)->u.object_data);
}

JSValue engine_prepare_stack(JSContext *context) { return JS_DupValue(context, context->error_prepare_stack); }

void engine_set_raw_stack(JSContext *context, JSValueConst error, JSValue stack) {
    set_value(context, &JS_VALUE_GET_OBJ(error)->u.object_data, stack);
}

static bool has_prototype(JSValueConst error, JSValueConst prototype) {
    return engine_kind(error) == KIND_ERROR && JS_VALUE_GET_OBJ(error)->shape->proto == JS_VALUE_GET_OBJ(prototype);
}

bool engine_is_syntax_error(JSContext *context, JSValueConst error) {
    return has_prototype(error, context->native_error_proto[JS_SYNTAX_ERROR]);
}

bool engine_inherits_error(JSContext *context, JSValueConst value) {
    JSObject *wanted = JS_VALUE_GET_OBJ(context->class_proto[JS_CLASS_ERROR]);
    for (JSObject *object = JS_VALUE_GET_OBJ(value); object; object = object->shape->proto)
        if (object == wanted) return true;
    return false;
}

const char *engine_constructor_name(JSContext *context, JSValueConst prototype) {
    JSProperty *property;
    JSShapeProperty *shape = find_own_property(&property, JS_VALUE_GET_OBJ(prototype), JS_ATOM_constructor);
    if (!shape || (shape->flags & JS_PROP_TMASK)) return NULL;
    return get_func_name(context, property->u.value);
}

bool engine_lacks_message(JSContext *context, JSValueConst error) {
    return has_prototype(error, context->native_error_proto[JS_INTERNAL_ERROR]) &&
           !find_own_property1(JS_VALUE_GET_OBJ(error), JS_ATOM_message);
}

bool engine_is_out_of_memory(JSContext *context, JSValueConst error) {
    if (!has_prototype(error, context->native_error_proto[JS_INTERNAL_ERROR])) return false;
    const char *text = JS_ToCString(context, error);
    /* the second is what JS_MakeError2 says when there is no memory for the first */
    bool is = !text || strstr(text, "out of memory") || strstr(text, "Invalid error message");
    JS_FreeCString(context, text);
    return is;
}

const char *engine_function_kind(JSValueConst function) {
    JSObject *object = JS_VALUE_GET_OBJ(function);
    switch (object->class_id) {
    case JS_CLASS_GENERATOR_FUNCTION: return "generator function";
    case JS_CLASS_ASYNC_FUNCTION: return "async function";
    case JS_CLASS_ASYNC_GENERATOR_FUNCTION: return "async generator function";
    case JS_CLASS_BYTECODE_FUNCTION: {
        JSFunctionBytecode *bytecode = object->u.func.function_bytecode;
        if (bytecode->is_derived_class_constructor || (object->is_constructor && !bytecode->has_prototype)) return "class";
    }
    }
    return "function";
}

const char *engine_function_source(JSValueConst function, size_t *length) {
    JSObject *object = JS_VALUE_GET_OBJ(function);
    if (!js_class_has_bytecode(object->class_id)) return NULL;
    JSFunctionBytecode *bytecode = object->u.func.function_bytecode;
    *length = bytecode->source_len;
    return bytecode->source;
}

bool engine_is_revoked_proxy(JSValueConst proxy) { return JS_VALUE_GET_OBJ(proxy)->u.proxy_data->is_revoked; }

void engine_adopt_error(JSContext *from, JSContext *to, JSValueConst error) {
    if (engine_kind(error) != KIND_ERROR) return;
    JSObject *prototype = JS_VALUE_GET_OBJ(error)->shape->proto;
    if (!prototype) return;
    if (prototype == JS_VALUE_GET_OBJ(from->class_proto[JS_CLASS_ERROR]))
        JS_SetPrototype(to, error, to->class_proto[JS_CLASS_ERROR]);
    for (int i = 0; i < JS_NATIVE_ERROR_COUNT; i++)
        if (prototype == JS_VALUE_GET_OBJ(from->native_error_proto[i]))
            JS_SetPrototype(to, error, to->native_error_proto[i]);
}

JSValue engine_parse(JSContext *context, const char *text, size_t length, bool bigints, struct numbers *numbers) {
    struct json_reader in = {.context = context, .start = (const uint8_t *)text, .at = (const uint8_t *)text,
                             .end = (const uint8_t *)text + length, .source = JS_UNDEFINED, .bigints = bigints, .numbers = numbers};
    return json_read(&in);
}

/* ---- for the classes of Intl ---- */

JSValue engine_create(JSContext *context, JSValueConst new_target, JSClassID class_id) {
    return js_create_from_ctor(context, new_target, class_id);
}

bool engine_is_constructing(JSContext *context) { return context->rt->current_stack_frame->is_constructor; }

int engine_inherits(JSContext *context, JSValueConst object, JSValueConst constructor) {
    return JS_OrdinaryIsInstanceOf(context, object, constructor);
}

void engine_set_tag(JSContext *context, JSValueConst prototype, const char *tag) {
    JS_DefinePropertyValue(context, prototype, JS_ATOM_Symbol_toStringTag, JS_NewString(context, tag), JS_PROP_CONFIGURABLE);
}

JSAtom engine_index(JSContext *context, int64_t index) { return JS_NewAtomInt64(context, index); }

JSValue engine_to_number_primitive(JSContext *context, JSValueConst value) {
    return JS_ToPrimitive(context, value, HINT_NUMBER);
}

bool engine_iterate(JSContext *context, JSValueConst iterable, bool (*visit)(void *state, JSValueConst value), void *state) {
    JSValue iterator = JS_GetIterator(context, iterable, false);
    if (JS_IsException(iterator)) return false;
    JSValue next = JS_GetProperty(context, iterator, JS_ATOM_next);
    int done = JS_IsException(next);
    bool went_well = !done;
    while (!done) {
        JSValue value = JS_IteratorNext(context, iterator, next, 0, NULL, &done);
        if (JS_IsException(value)) {
            went_well = false;
            break;
        }
        if (!done && !visit(state, value)) {
            JS_IteratorClose(context, iterator, true);
            went_well = false;
            done = true;
        }
        JS_FreeValue(context, value);
    }
    JS_FreeValue(context, next);
    JS_FreeValue(context, iterator);
    return went_well;
}

JSValue engine_iterator_prototype(JSContext *context) {
    return JS_NewObjectProto(context, context->class_proto[JS_CLASS_ITERATOR]);
}

void engine_set_iterator_method(JSContext *context, JSValueConst prototype, JSCFunction *function) {
    JS_DefinePropertyValue(context, prototype, JS_ATOM_Symbol_iterator,
                           JS_NewCFunction(context, function, "[Symbol.iterator]", 0), JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
}

bool engine_date(JSContext *context, JSValueConst value, double *milliseconds) {
    return !JS_ThisTimeValue(context, milliseconds, value);
}

#include "engine_where.h"
