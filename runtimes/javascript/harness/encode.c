/* The result of a program as JSON text. What becomes of each type is a table in README.md.
 *
 * Not JSON.stringify, for three reasons: it loses integers beyond 2^53 and non-JSON types silently, it cannot say where
 * an unfit value sits, and programs may replace it. Here plain data never touches a property that a program could have
 * redefined; only toJSON, getters and proxies run user code. */
#include "guest.h"
#include "codec.h"
#include "json.h"
#include "numbers.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One level of the value being written, innermost first: for the path in messages and for finding cycles. */
struct level {
    const struct level *outer;
    JSValueConst object;    /* undefined if this level is not an object */
    JSAtom name;            /* or, if JS_ATOM_NULL, */
    int64_t index;          /* -1 at the top */
};

struct encoder {
    JSContext *context;
    struct buffer out;
    char *problem;
    const struct level *at;
    unsigned depth;         /* of objects within objects */
    bool first;             /* no property of the object at hand is written yet */
    bool asked;             /* what is written is what the toJSON of a BigInt has made of it */
};

/* Structures deeper than this are refused: far more than any JSON in use, and the search for cycles is quadratic. */
enum { MOST_LEVELS = 5000 };

enum outcome { WRITTEN = 0, NOTHING, FAILED };

static bool put_name(struct encoder *encoder, JSAtom name) {
    JSValue string = JS_AtomToString(encoder->context, name);
    bool done = !JS_IsException(string) && json_put_string(&encoder->out, encoder->context, string);
    JS_FreeValue(encoder->context, string);
    return done;
}

static bool put_base64(struct encoder *encoder, JSValueConst value) {
    uint8_t *bytes;
    size_t length;
    if (!engine_bytes(encoder->context, value, &bytes, &length)) length = 0;
    JSValue text = codec_decode(encoder->context, CODEC_BASE64, bytes, length, false);
    bool done = !JS_IsException(text) && json_put_string(&encoder->out, encoder->context, text);
    JS_FreeValue(encoder->context, text);
    return done;
}

/* ---- what cannot be written ---- */

static void put_step(struct encoder *encoder, struct buffer *path, const struct level *level) {
    if (level->name != JS_ATOM_NULL) {
        const char *name = JS_AtomToCString(encoder->context, level->name);
        bool plain = name && *name && !strchr("0123456789", *name);
        for (const char *c = name; plain && *c; c++) plain = strchr(" .[]\"'\\/-+*()\n\t", *c) == NULL;
        json_put_character(path, plain ? '.' : '[');
        if (!plain) json_put_character(path, '"');
        if (name) json_put(path, name, strlen(name));
        if (!plain) json_put(path, "\"]", 2);
        JS_FreeCString(encoder->context, name);
    } else if (level->index >= 0) {
        char text[32];
        json_put(path, text, snprintf(text, sizeof text, "[%lld]", (long long)level->index));
    } else {
        json_put(path, "result", 6);
    }
}

/* From the top down to the level at hand; of a long path the beginning and the end. */
static void put_path(struct encoder *encoder, struct buffer *path) {
    enum { HEAD = 10, TAIL = 5 };
    const struct level *shown[HEAD + TAIL];
    unsigned depth = 0, place = 0;
    for (const struct level *level = encoder->at; level; level = level->outer) depth++;
    for (const struct level *level = encoder->at; level; level = level->outer, place++) {
        unsigned from_top = depth - 1 - place;
        if (place < TAIL) shown[HEAD + TAIL - 1 - place] = level;
        else if (from_top < HEAD) shown[from_top] = level;
    }
    for (unsigned i = 0; i < HEAD + TAIL; i++) {
        bool tail = i >= HEAD;
        if (depth < HEAD + TAIL && (tail ? i < HEAD + TAIL - (depth < TAIL ? depth : TAIL) : i + TAIL >= depth)) continue;
        if (i == HEAD && depth > HEAD + TAIL) json_put(path, "...", 3);
        put_step(encoder, path, shown[i]);
    }
}

static enum outcome refuse(struct encoder *encoder, const char *what) {
    struct buffer text = {0};
    put_path(encoder, &text);
    json_put(&text, " ", 1);
    json_put(&text, what, strlen(what) + 1);
    encoder->problem = text.failed ? NULL : text.bytes;
    if (text.failed) JS_ThrowOutOfMemory(encoder->context);
    return FAILED;
}

static enum outcome done_if(bool done) { return done ? WRITTEN : FAILED; }

/* ---- values ---- */

static enum outcome write_value(struct encoder *encoder, JSValueConst value);

static enum outcome write_member(struct encoder *encoder, JSAtom name, int64_t index, JSValueConst value) {
    struct level level = {.outer = encoder->at, .name = name, .index = index, .object = JS_UNDEFINED};
    encoder->at = &level;
    enum outcome outcome = write_value(encoder, value);
    encoder->at = level.outer;
    return outcome;
}

static int write_property(void *state, JSAtom name, JSValueConst value) {
    struct encoder *encoder = state;
    size_t before = encoder->out.length;
    bool first = encoder->first;
    if (!first) json_put_character(&encoder->out, ',');
    if (!put_name(encoder, name)) return FAILED;
    json_put_character(&encoder->out, ':');
    enum outcome outcome = write_member(encoder, name, 0, value);
    encoder->first = first && outcome == NOTHING;
    if (outcome == NOTHING) encoder->out.length = before;
    return outcome == FAILED ? FAILED : WRITTEN;
}

static enum outcome write_properties(struct encoder *encoder, JSValueConst object) {
    JSContext *context = encoder->context;
    JSPropertyEnum *names;
    uint32_t count;
    encoder->first = true;
    int plain = engine_plain_properties(context, object, write_property, encoder);
    if (plain >= 0) return plain;
    if (JS_GetOwnPropertyNames(context, &names, &count, object, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY)) return FAILED;
    enum outcome outcome = WRITTEN;
    for (uint32_t i = 0; i < count && outcome != FAILED; i++) {
        JSValue value = JS_GetProperty(context, object, names[i].atom);
        outcome = JS_IsException(value) ? FAILED : write_property(encoder, names[i].atom, value);
        JS_FreeValue(context, value);
    }
    JS_FreePropertyEnum(context, names, count);
    return outcome;
}

static enum outcome write_object(struct encoder *encoder, JSValueConst object) {
    json_put_character(&encoder->out, '{');
    enum outcome outcome = write_properties(encoder, object);
    json_put_character(&encoder->out, '}');
    return outcome;
}

/* Anything with a length and indexed elements. */
static enum outcome write_array(struct encoder *encoder, JSValueConst array) {
    int64_t length;
    if (JS_GetLength(encoder->context, array, &length)) return FAILED;
    json_put_character(&encoder->out, '[');
    for (int64_t i = 0; i < length; i++) {
        JSValueConst *elements;
        uint32_t count;
        JSValue element = engine_elements(array, &elements, &count) && i < count
                              ? JS_DupValue(encoder->context, elements[i]) /* user code may free the array's hold */
                              : JS_GetPropertyInt64(encoder->context, array, i);
        if (i) json_put_character(&encoder->out, ',');
        enum outcome outcome = JS_IsException(element) ? FAILED : write_member(encoder, JS_ATOM_NULL, i, element);
        JS_FreeValue(encoder->context, element);
        if (outcome == FAILED) return FAILED;
        if (outcome == NOTHING) json_put(&encoder->out, "null", 4);
        if (encoder->out.failed) break; /* no use going on */
    }
    json_put_character(&encoder->out, ']');
    return WRITTEN;
}

static enum outcome write_map(struct encoder *encoder, JSValueConst entries) {
    JSContext *context = encoder->context;
    int64_t length = 0;
    if (JS_GetLength(context, entries, &length)) return FAILED;
    enum outcome outcome = WRITTEN;
    json_put_character(&encoder->out, '{');
    encoder->first = true;
    for (int64_t i = 0; i < length && outcome != FAILED; i += 2) {
        JSValue key = JS_GetPropertyInt64(context, entries, i), value = JS_GetPropertyInt64(context, entries, i + 1);
        enum engine_kind kind = engine_kind(key);
        if (kind >= KIND_SYMBOL) {
            outcome = refuse(encoder, kind == KIND_SYMBOL ? "is a Map with a symbol as a key, which has no JSON form"
                                                          : "is a Map with an object as a key, which has no JSON form");
        } else {
            JSAtom name = JS_ValueToAtom(context, key);
            outcome = name == JS_ATOM_NULL ? FAILED : write_property(encoder, name, value);
            JS_FreeAtom(context, name);
        }
        JS_FreeValue(context, key);
        JS_FreeValue(context, value);
    }
    json_put_character(&encoder->out, '}');
    return outcome;
}

static enum outcome write_collection(struct encoder *encoder, JSValueConst collection) {
    bool pairs;
    JSValue entries = engine_entries(encoder->context, collection, &pairs);
    if (JS_IsException(entries)) return FAILED;
    enum outcome outcome = pairs ? write_map(encoder, entries) : write_array(encoder, entries);
    JS_FreeValue(encoder->context, entries);
    return outcome;
}

static enum outcome write_error(struct encoder *encoder, JSValueConst error) {
    static const char *const names[] = {"name", "message"};
    json_put_character(&encoder->out, '{');
    encoder->first = true;
    enum outcome outcome = WRITTEN;
    for (int i = 0; i < 2 && outcome != FAILED; i++) {
        JSAtom name = JS_NewAtom(encoder->context, names[i]);
        JSValue value = JS_GetProperty(encoder->context, error, name);
        outcome = JS_IsException(value) ? FAILED : write_property(encoder, name, value);
        JS_FreeValue(encoder->context, value);
        JS_FreeAtom(encoder->context, name);
    }
    json_put_character(&encoder->out, '}');
    return outcome;
}

/* The name or number under which the value at hand stands, as text; empty at the top. */
static JSValue key_of(struct encoder *encoder) {
    const struct level *at = encoder->at;
    if (at->name != JS_ATOM_NULL) return JS_AtomToString(encoder->context, at->name);
    if (at->index < 0) return JS_NewString(encoder->context, "");
    char text[24];
    return JS_NewStringLen(encoder->context, text, snprintf(text, sizeof text, "%lld", (long long)at->index));
}

/* Calls toJSON if the value has one: WRITTEN or FAILED; NOTHING if it has none. */
static enum outcome write_own_json(struct encoder *encoder, JSValueConst object) {
    JSContext *context = encoder->context;
    JSValue method = JS_GetPropertyStr(context, object, "toJSON");
    if (JS_IsException(method)) return FAILED;
    enum outcome outcome = NOTHING;
    if (JS_IsFunction(context, method)) {
        JSValue key = key_of(encoder);
        JSValue replaced = JS_Call(context, method, object, 1, (JSValueConst *)&key);
        JS_FreeValue(context, key);
        if (JS_IsException(replaced)) {
            outcome = FAILED;
        } else if (engine_kind(replaced) >= KIND_OBJECT && JS_IsStrictEqual(context, replaced, object)) {
            outcome = NOTHING; /* "return this": write it as it is */
        } else {
            outcome = write_value(encoder, replaced);
            if (outcome == NOTHING) {
                json_put(&encoder->out, "null", 4);
                outcome = WRITTEN;
            }
        }
        JS_FreeValue(context, replaced);
    }
    JS_FreeValue(context, method);
    return outcome;
}

/* What JSON.rawJSON made, which has seen to it that it is JSON. */
static enum outcome write_raw(struct encoder *encoder, JSValueConst value) {
    JSValue raw = JS_GetPropertyStr(encoder->context, value, "rawJSON");
    size_t length;
    const char *text = JS_ToCStringLen(encoder->context, &length, raw);
    if (text) json_put(&encoder->out, text, length);
    JS_FreeCString(encoder->context, text);
    JS_FreeValue(encoder->context, raw);
    return done_if(text != NULL);
}

static enum outcome write_by_kind(struct encoder *encoder, JSValueConst value, enum engine_kind kind) {
    JSContext *context = encoder->context;
    JSValue inner;
    const char *name;
    switch (kind) {
    case KIND_FUNCTION: return refuse(encoder, "is a function, which has no JSON form");
    case KIND_PROMISE: return refuse(encoder, "is a Promise, which has no JSON form; is an await missing?");
    case KIND_WEAK_MAP: return refuse(encoder, "is a WeakMap, which has no JSON form");
    case KIND_WEAK_SET: return refuse(encoder, "is a WeakSet, which has no JSON form");
    case KIND_WEAK_REF: return refuse(encoder, "is a WeakRef, which has no JSON form");
    case KIND_GENERATOR: return refuse(encoder, "is a generator, which has no JSON form; spread it into an array");
    case KIND_ITERATOR: case KIND_MAP_ITERATOR: case KIND_SET_ITERATOR:
        return refuse(encoder, "is an iterator, which has no JSON form; spread it into an array");
    case KIND_REGEXP: return refuse(encoder, "is a RegExp, which has no JSON form");
    case KIND_BOXED_SYMBOL: return refuse(encoder, "is a symbol, which has no JSON form");
    case KIND_BOXED_NUMBER: case KIND_BOXED_STRING: case KIND_BOXED_BOOLEAN: case KIND_BOXED_BIGINT: {
        inner = engine_unboxed(context, value);
        enum outcome outcome = write_value(encoder, inner);
        JS_FreeValue(context, inner);
        return outcome;
    }
    case KIND_ARRAY: case KIND_ARGUMENTS: return write_array(encoder, value);
    case KIND_TYPED_ARRAY:
        name = engine_typed_array_name(value);
        return strcmp(name, "Uint8Array") ? write_array(encoder, value) : done_if(put_base64(encoder, value));
    case KIND_ARRAY_BUFFER: case KIND_SHARED_ARRAY_BUFFER: case KIND_DATA_VIEW: return done_if(put_base64(encoder, value));
    case KIND_MAP: case KIND_SET: return write_collection(encoder, value);
    case KIND_ERROR: case KIND_DOM_EXCEPTION: return write_error(encoder, value);
    case KIND_PROXY:
        if (engine_is_revoked_proxy(value)) return refuse(encoder, "is a revoked Proxy, which has no JSON form");
        if (JS_IsFunction(context, value)) return refuse(encoder, "is a function, which has no JSON form");
        inner = JS_GetProxyTarget(context, value);
        bool is_array = engine_kind(inner) == KIND_ARRAY;
        JS_FreeValue(context, inner);
        return is_array ? write_array(encoder, value) : write_object(encoder, value);
    case KIND_RAW_JSON: return write_raw(encoder, value);
    default: return write_object(encoder, value);
    }
}

static enum outcome write_level(struct encoder *encoder, JSValueConst value, enum engine_kind kind) {
    if (encoder->depth >= MOST_LEVELS || engine_stack_is_low(encoder->context)) return refuse(encoder, "is nested too deeply");
    for (const struct level *level = encoder->at; level; level = level->outer) {
        if (engine_kind(level->object) < KIND_OBJECT || JS_VALUE_GET_PTR(level->object) != JS_VALUE_GET_PTR(value)) continue;
        return refuse(encoder, "refers back to an object that contains it: a circular structure has no JSON form");
    }
    struct level level = *encoder->at;
    level.object = value;
    encoder->at = &level;
    encoder->depth++;
    enum outcome outcome = NOTHING;
    bool asks = kind == KIND_OBJECT || kind == KIND_ARRAY || kind == KIND_ERROR || kind == KIND_PROXY || kind == KIND_MAP ||
                kind == KIND_SET || kind == KIND_REGEXP || kind == KIND_DOM_EXCEPTION;
    if (asks && !(kind == KIND_PROXY && engine_is_revoked_proxy(value))) outcome = write_own_json(encoder, value);
    if (outcome == NOTHING) outcome = write_by_kind(encoder, value, kind);
    encoder->depth--;
    return outcome;
}

/* A number that came with the input and lost digits on the way has them back. */
static void write_number(struct encoder *encoder, JSValueConst value) {
    const struct level *at = encoder->at;
    const struct number *came = NULL;
    if (input_numbers.count && JS_VALUE_GET_TAG(value) != JS_TAG_INT) {
        const void *holder = at->outer && engine_kind(at->outer->object) >= KIND_OBJECT ? JS_VALUE_GET_PTR(at->outer->object) : NULL;
        came = numbers_find(&input_numbers, JS_VALUE_GET_FLOAT64(value), at->name, at->index, holder);
    }
    if (came) json_put(&encoder->out, came->text, came->length);
    else json_put_number(&encoder->out, value);
}

static enum outcome write_value(struct encoder *encoder, JSValueConst value) {
    struct buffer *out = &encoder->out;
    enum engine_kind kind = engine_kind(value);
    switch (kind) {
    case KIND_UNDEFINED: return NOTHING;
    case KIND_NULL: json_put(out, "null", 4); return WRITTEN;
    case KIND_BOOLEAN: json_put(out, JS_VALUE_GET_BOOL(value) ? "true" : "false", JS_VALUE_GET_BOOL(value) ? 4 : 5); return WRITTEN;
    case KIND_NUMBER: write_number(encoder, value); return WRITTEN;
    case KIND_BIGINT: {
        bool asked = encoder->asked;
        encoder->asked = true;
        enum outcome outcome = asked ? NOTHING : write_own_json(encoder, value);
        encoder->asked = asked;
        return outcome != NOTHING ? outcome : done_if(json_put_bigint(out, encoder->context, value));
    }
    case KIND_STRING: return done_if(json_put_string(&encoder->out, encoder->context, value));
    case KIND_SYMBOL: return refuse(encoder, "is a symbol, which has no JSON form");
    case KIND_DATE: {
        JSValue time = engine_unboxed(encoder->context, value);
        double milliseconds = NAN;
        JS_ToFloat64(encoder->context, &milliseconds, time);
        json_put_date(out, milliseconds);
        return WRITTEN;
    }
    default: {
        const struct level *here = encoder->at;
        enum outcome outcome = write_level(encoder, value, kind);
        encoder->at = here;
        return outcome;
    }
    }
}

bool encode_result(JSValueConst value, message *response, char **problem) {
    struct level top = {.index = -1, .name = JS_ATOM_NULL, .object = JS_UNDEFINED};
    struct encoder encoder = {.context = user, .at = &top};
    enum outcome outcome = write_value(&encoder, value);
    if (outcome == NOTHING) json_put(&encoder.out, "null", 4);
    if (encoder.out.failed && outcome != FAILED) {
        JS_ThrowOutOfMemory(user);
        outcome = FAILED;
    }
    *problem = encoder.problem;
    if (outcome != FAILED) message_put(response, AMPOULE_RESULT, encoder.out.bytes, encoder.out.length);
    free(encoder.out.bytes);
    return outcome != FAILED;
}
