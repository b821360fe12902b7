/* Failures: what a program threw, told as Node tells it but with the user's frames only.
 *
 * QuickJS records a stack as lines "    at name (file:line:column)". Programs see it in an error's property `stack`, made when
 * it is first looked at (patches/stacks.patch), which is V8's form: a first line with name and message, top-level and anonymous
 * frames without a name, neither native frames nor the prelude's; or what the program's Error.prepareStackTrace makes of it. */
#include "guest.h"
#include "json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The prelude's own code is compiled under names that begin so; QuickJS calls the text given to JSON.parse the other. */
#define OURS "ampoule:"
#define PARSED "<input>"

struct frame {
    const char *name, *file;    /* not terminated */
    size_t name_length, file_length;
    unsigned line, column;
};

/* Reads one line of a recorded stack; false for frames that are not the user's. */
static bool read_frame(const char *line, size_t length, struct frame *frame) {
    static const char at[] = "    at ";
    if (length < sizeof at - 1 || memcmp(line, at, sizeof at - 1)) return false;
    const char *start = line + sizeof at - 1, *end = line + length;
    *frame = (struct frame){.name = start};
    if (length && end[-1] == ')') {
        const char *open = end;
        while (open > start && *open != '(') open--;
        if (open == start) return false;
        frame->name_length = open - 1 - start;
        start = open + 1;
        end--;
    }
    /* file:line:column from the end */
    const char *colon = end;
    while (colon > start && *--colon != ':') {}
    if (colon == start) return false;
    frame->column = strtoul(colon + 1, NULL, 10);
    const char *second = colon;
    while (second > start && *--second != ':') {}
    if (second == start) return false;
    frame->line = strtoul(second + 1, NULL, 10);
    frame->file = start;
    frame->file_length = second - start;
    if (frame->file_length == sizeof PARSED - 1 && !memcmp(start, PARSED, sizeof PARSED - 1)) return false;
    if (!frame->line) return false; /* what TypeScript adds (prelude/typescript/layout.js) */
    return frame->file_length < sizeof OURS - 1 || memcmp(start, OURS, sizeof OURS - 1);
}

static bool name_is(const struct frame *frame, const char *name) {
    return frame->name_length == strlen(name) && !memcmp(frame->name, name, frame->name_length);
}

/* The classes an error is of, the most derived first. */
struct classes {
    const char *names[8];
    int count;
};

static void find_classes(JSContext *context, JSValueConst error, struct classes *classes) {
    JSValue at = JS_GetPrototype(context, error);
    for (classes->count = 0; classes->count < 8 && JS_IsObject(at) && engine_kind(at) != KIND_PROXY;) {
        JSValue next = JS_GetPrototype(context, at);
        classes->names[classes->count] = engine_constructor_name(context, at);
        JS_FreeValue(context, at);
        if (!classes->names[classes->count++]) break;
        at = next;
    }
}

static void free_classes(JSContext *context, struct classes *classes) {
    for (int i = 0; i < classes->count; i++) JS_FreeCString(context, classes->names[i]);
}

static bool is_constructor(const struct frame *frame) { return frame->name_length > 4 && !memcmp(frame->name, "new ", 4); }

/* Takes the next of the user's frames off a recorded stack; false: there is none. `is_first`: none was taken yet. The constructors
 * of the error's own classes are left out: it happened where `new` stands. */
static bool next_frame(const char **raw, const struct classes *classes, bool is_first, struct frame *frame) {
    while (**raw) {
        const char *line = *raw;
        size_t length = strcspn(line, "\n");
        *raw += length + (line[length] == '\n');
        bool shown = read_frame(line, length, frame);
        struct frame class = *frame;
        class.name += 4;
        class.name_length -= 4;
        for (int i = 0; shown && is_first && classes && is_constructor(frame) && i < classes->count; i++)
            if (classes->names[i] && name_is(&class, classes->names[i])) shown = false;
        if (shown) return true;
    }
    return false;
}

static bool is_named(const struct frame *frame) {
    return frame->name_length && !name_is(frame, "<anonymous>") && !name_is(frame, "<eval>");
}

/* Adds the user's frames of a recorded stack to `out`; the first of them also to `*innermost`. */
static void put_frames(struct buffer *out, const char *raw, const struct classes *classes, struct frame *innermost) {
    struct frame frame;
    for (bool first = true; next_frame(&raw, classes, first, &frame); first = false) {
        char position[32];
        bool named = is_named(&frame);
        if (first && innermost) *innermost = frame;
        json_put(out, "\n    at ", 8);
        if (named) {
            json_put(out, frame.name, frame.name_length);
            json_put(out, " (", 2);
        }
        json_put(out, frame.file, frame.file_length);
        json_put(out, position, snprintf(position, sizeof position, ":%u:%u%s", frame.line, frame.column, named ? ")" : ""));
    }
}

uint64_t failure_position(JSValueConst error) {
    JSValue raw = engine_raw_stack(user, error);
    const char *lines = JS_IsString(raw) ? JS_ToCString(user, raw) : NULL;
    struct frame frame = {0};
    if (lines) read_frame(lines, strcspn(lines, "\n"), &frame);
    JS_FreeCString(user, lines);
    JS_FreeValue(user, raw);
    return (uint64_t)frame.line << 32 | frame.column;
}

static void put_text_of(struct buffer *out, JSContext *context, JSValueConst value) {
    size_t length;
    const char *text = JS_ToCStringLen(context, &length, value);
    if (text) json_put(out, text, length);
    else JS_FreeValue(context, JS_GetException(context));
    JS_FreeCString(context, text);
}

/* A property as text, "" if it is missing, unreadable or no string. */
static JSValue text_property(JSContext *context, JSValueConst object, const char *name) {
    JSValue value = JS_GetPropertyStr(context, object, name);
    if (JS_IsString(value)) return value;
    if (JS_IsException(value)) JS_FreeValue(context, JS_GetException(context));
    JS_FreeValue(context, value);
    return JS_NewString(context, "");
}

/* The symbol by which errors say that their code is part of their name, as Node's own errors do. */
static JSAtom shows_code;

static bool has_mark(JSContext *context, JSValueConst error) {
    JSValue mark = shows_code && JS_IsObject(error) ? JS_GetProperty(context, error, shows_code) : JS_UNDEFINED;
    if (JS_IsException(mark)) JS_FreeValue(context, JS_GetException(context));
    bool marked = JS_VALUE_GET_TAG(mark) == JS_TAG_BOOL && JS_VALUE_GET_BOOL(mark);
    JS_FreeValue(context, mark);
    return marked;
}

/* "name: message", "name [code]: message" */
static void put_headline(struct buffer *out, JSContext *context, JSValueConst error) {
    JSValue name = text_property(context, error, "name"), message = text_property(context, error, "message");
    size_t start = out->length;
    put_text_of(out, context, name);
    if (has_mark(context, error)) {
        JSValue code = text_property(context, error, "code");
        json_put(out, " [", 2);
        put_text_of(out, context, code);
        json_put(out, "]", 1);
        JS_FreeValue(context, code);
    }
    size_t named = out->length;
    if (named > start) json_put(out, ": ", 2);
    size_t before = out->length;
    put_text_of(out, context, message);
    if (out->length == before) out->length = named;
    JS_FreeValue(context, name);
    JS_FreeValue(context, message);
}

static JSValue formatted(JSContext *context, JSValueConst error, JSValueConst raw) {
    struct buffer out = {0};
    const char *lines = JS_ToCString(context, raw);
    if (!lines) return JS_EXCEPTION;
    struct classes classes;
    find_classes(context, error, &classes);
    put_headline(&out, context, error);
    put_frames(&out, lines, &classes, NULL);
    free_classes(context, &classes);
    JS_FreeCString(context, lines);
    JSValue text = out.failed ? JS_ThrowOutOfMemory(context) : JS_NewStringLen(context, out.bytes ? out.bytes : "", out.length);
    free(out.bytes);
    return text;
}

/* What Error.prepareStackTrace makes of it: it is given the frames as [name, file, line, column, was made by new]. */
static JSValue prepared(JSContext *context, JSValueConst prepare, JSValueConst error, const char *lines) {
    struct classes classes;
    struct frame frame;
    uint32_t count = 0;
    JSValue frames = JS_NewArray(context);
    find_classes(context, error, &classes);
    for (; next_frame(&lines, &classes, !count, &frame); count++) {
        bool made = is_constructor(&frame);
        JSValue parts[] = {
            is_named(&frame) ? JS_NewStringLen(context, frame.name + 4 * made, frame.name_length - 4 * made) : JS_NULL,
            JS_NewStringLen(context, frame.file, frame.file_length), JS_NewUint32(context, frame.line),
            JS_NewUint32(context, frame.column), JS_NewBool(context, made)};
        JS_DefinePropertyValueUint32(context, frames, count, JS_NewArrayFrom(context, 5, parts), JS_PROP_C_W_E);
    }
    free_classes(context, &classes);
    JSValueConst arguments[] = {prepare, error, frames};
    JSValue stack = JS_Call(context, hooks.prepare_stack, JS_UNDEFINED, 3, arguments);
    JS_FreeValue(context, frames);
    return stack;
}

/* Error.prepareStackTrace as the prelude leaves it: the harness's own form, so it need not be called. */
static JSValue default_prepare;
void failure_keep_default(void) { default_prepare = engine_prepare_stack(user); }

JSValue error_stack(JSContext *context, JSValueConst error, JSValueConst recorded) {
    if (!JS_IsString(recorded)) return JS_UNDEFINED;
    JSValue prepare = context == user ? engine_prepare_stack(context) : JS_UNDEFINED, stack = JS_EXCEPTION;
    if (JS_IsFunction(context, prepare) && !JS_IsStrictEqual(context, prepare, default_prepare)) {
        const char *lines = JS_ToCString(context, recorded);
        if (lines) stack = prepared(context, prepare, error, lines);
        JS_FreeCString(context, lines);
    } else {
        stack = formatted(context, error, recorded);
    }
    JS_FreeValue(context, prepare);
    return stack;
}

JSValue failure_user_frames(JSContext *context, JSValueConst this, int argc, JSValueConst *argv) {
    JSValue error = JS_NewError(context), raw = engine_raw_stack(context, error);
    const char *lines = JS_ToCString(context, raw);
    struct buffer out = {0};
    if (lines) put_frames(&out, lines, NULL, NULL);
    JSValue text = JS_NewStringLen(context, out.bytes ? out.bytes : "", out.length);
    free(out.bytes);
    JS_FreeCString(context, lines);
    JS_FreeValue(context, raw);
    JS_FreeValue(context, error);
    return text;
}

void failure_init(void) {
    JSValue mark = JS_NewSymbol(user, "ampoule.showsCode", true);
    shows_code = JS_ValueToAtom(user, mark);
    JS_FreeValue(user, mark);
}

/* ---- answers ---- */

void failure_put(message *response, enum ampoule_kind kind, const char *type, const char *text) {
    message_put_u32(response, AMPOULE_KIND, kind);
    message_put_text(response, AMPOULE_FAIL_TYPE, type);
    message_put_text(response, AMPOULE_FAIL_MESSAGE, text);
}

static void put_value(message *response, uint32_t tag, JSContext *context, JSValue value) {
    struct buffer out = {0};
    if (JS_IsException(value)) JS_FreeValue(context, JS_GetException(context));
    else put_text_of(&out, context, value);
    JS_FreeValue(context, value);
    message_put(response, tag, out.bytes, out.length);
    free(out.bytes);
}

static JSValue inspected(JSValueConst hook, JSValueConst value) {
    return JS_Call(inside, hook, JS_UNDEFINED, 1, &value);
}

/* The text of a file of the program's, by the name that its functions are compiled under. */
bool error_source(const char *file, const char **text, size_t *length) {
    message_reader reader = message_read(request.bytes, request.length);
    message_field field;
    bool is_main = !strcmp(file, request.file_name);
    while (message_next(&reader, &field)) {
        const char *content = field.bytes;
        uint32_t content_length = field.length;
        if (is_main ? field.tag != AMPOULE_SOURCE
                    : field.tag != AMPOULE_MODULE || strcmp(field.bytes, file) || !message_pair(&field, &content, &content_length)) continue;
        *text = content;
        *length = content_length;
        return true;
    }
    return false;
}

/* QuickJS words an unexpected end as an unexpected '' or, in a body, as an unexpected '}' of our wrapper, one line after
 * the source's last. Moves the frame back into the source; true if the source ended too early. */
static bool settle_in_source(struct frame *frame, JSValueConst message) {
    message_field source;
    if (!message_find(request.bytes, request.length, AMPOULE_SOURCE, &source)) return false;
    if (frame->file_length != strlen(request.file_name) || memcmp(frame->file, request.file_name, frame->file_length)) return false;
    unsigned lines = 1, column = 1;
    for (uint32_t i = 0; i < source.length; i++) {
        if (source.bytes[i] == '\n') lines++, column = 1;
        else column += (source.bytes[i] & 0xc0) != 0x80;
    }
    const char *text = JS_ToCString(user, message);
    bool ended = frame->line > lines || (text && !strcmp(text, "Unexpected token ''"));
    JS_FreeCString(user, text);
    if (frame->line > lines) {
        frame->line = lines;
        frame->column = column;
    }
    return ended;
}

/* Puts the syntax error's wording and place right. */
static void settle_syntax_error(JSValueConst error) {
    JSValue raw = engine_raw_stack(user, error), message = text_property(user, error, "message");
    const char *lines = JS_IsString(raw) ? JS_ToCString(user, raw) : NULL;
    struct frame frame;
    if (lines && read_frame(lines, strcspn(lines, "\n"), &frame) && settle_in_source(&frame, message)) {
        char stack[400];
        snprintf(stack, sizeof stack, "    at %s:%u:%u\n", request.file_name, frame.line, frame.column);
        engine_set_raw_stack(user, error, JS_NewString(user, stack));
        JS_DefinePropertyValueStr(user, error, "message", JS_NewString(user, "Unexpected end of input"),
                                  JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    }
    JS_FreeCString(user, lines);
    JS_FreeValue(user, message);
    JS_FreeValue(user, raw);
}

/* The line of the source that a syntax error points at, and a caret below it. */
static void put_source_line(struct buffer *out, const struct frame *frame) {
    message_field source;
    if (frame->file_length != strlen(request.file_name) || memcmp(frame->file, request.file_name, frame->file_length)) return;
    if (!message_find(request.bytes, request.length, AMPOULE_SOURCE, &source)) return;
    const char *line = source.bytes, *end = source.bytes + source.length;
    for (unsigned i = 1; i < frame->line && line; i++) {
        line = memchr(line, '\n', end - line);
        if (line) line++;
    }
    if (!line || line >= end) return;
    const char *line_end = memchr(line, '\n', end - line);
    size_t length = (line_end ? line_end : end) - line;
    if (length > 400) return; /* minified code: the caret would be of no use */
    char position[300];
    json_put(out, position, snprintf(position, sizeof position, "%s:%u\n", request.file_name, frame->line));
    json_put(out, line, length);
    json_put_character(out, '\n');
    for (size_t i = 0, columns = 1; i < length && columns < frame->column; i++) {
        if ((line[i] & 0xc0) == 0x80) continue;
        json_put_character(out, line[i] == '\t' ? '\t' : ' ');
        columns++;
    }
    json_put(out, "^\n\n", 3);
}

static void put_error(message *response, JSValueConst error, bool is_syntax_error) {
    struct frame frame = {0};
    struct classes classes;
    struct buffer scratch = {0}, traceback = {0};
    JSValue raw = engine_raw_stack(user, error), text;
    const char *lines = JS_IsString(raw) ? JS_ToCString(user, raw) : NULL;
    find_classes(user, error, &classes);
    if (lines) put_frames(&scratch, lines, &classes, &frame);
    free_classes(user, &classes);
    if (is_syntax_error && frame.line) put_source_line(&traceback, &frame);
    text = inspected(hooks.inspect_error, error);
    if (JS_IsException(text)) { /* too deep or too large to be shown in full */
        JS_FreeValue(inside, JS_GetException(inside));
        put_headline(&traceback, user, error);
        json_put(&traceback, scratch.bytes, scratch.length);
    } else {
        put_text_of(&traceback, user, text);
    }
    message_put(response, AMPOULE_FAIL_TRACEBACK, traceback.bytes, traceback.length);
    if (frame.line) {
        message_put_u32(response, AMPOULE_FAIL_LINE, frame.line);
        message_put_u32(response, AMPOULE_FAIL_COLUMN, frame.column);
    }
    JS_FreeCString(user, lines);
    JS_FreeValue(user, raw);
    JS_FreeValue(user, text);
    free(scratch.bytes);
    free(traceback.bytes);
}

/* The name to report: of the error, else of its class. */
static JSValue type_name(JSValueConst value) {
    JSValue name = text_property(user, value, "name");
    if (JS_GetLength(user, name, &(int64_t){0}) == 0) {
        const char *text = JS_ToCString(user, name);
        bool empty = text && !*text;
        JS_FreeCString(user, text);
        if (!empty) return name;
    }
    JS_FreeValue(user, name);
    JSValue constructor = JS_GetPropertyStr(user, value, "constructor");
    name = JS_IsObject(constructor) ? text_property(user, constructor, "name") : JS_NewString(user, "Object");
    if (JS_IsException(constructor)) JS_FreeValue(user, JS_GetException(user));
    JS_FreeValue(user, constructor);
    return name;
}

/* `throw` of something that is no Error. */
static void put_thrown_value(message *response, JSValueConst value) {
    static const char *const types[] = {[KIND_UNDEFINED] = "undefined", [KIND_NULL] = "null", [KIND_BOOLEAN] = "Boolean",
                                        [KIND_NUMBER] = "Number", [KIND_BIGINT] = "BigInt", [KIND_STRING] = "String",
                                        [KIND_SYMBOL] = "Symbol"};
    enum engine_kind kind = engine_kind(value);
    JSValue text = kind == KIND_STRING ? JS_DupValue(user, value) : inspected(hooks.inspect, value);
    if (JS_IsException(text)) {
        JS_FreeValue(inside, JS_GetException(inside));
        text = JS_NewString(user, "a value that cannot be shown");
    }
    if (kind <= KIND_SYMBOL) message_put_text(response, AMPOULE_FAIL_TYPE, types[kind]);
    else put_value(response, AMPOULE_FAIL_TYPE, user, type_name(value));
    struct buffer traceback = {0};
    json_put(&traceback, "Uncaught ", 9);
    put_text_of(&traceback, user, text);
    message_put(response, AMPOULE_FAIL_TRACEBACK, traceback.bytes, traceback.length);
    free(traceback.bytes);
    put_value(response, AMPOULE_FAIL_MESSAGE, user, text);
}

void failure_put_value(message *response, JSValue reason) {
    /* an allocation that failed while the error was being made leaves null, or an error without a message */
    bool memory = engine_is_out_of_memory(user, reason) || engine_is_out_of_memory(inside, reason) ||
                  (memory_refused && (JS_IsNull(reason) || engine_lacks_message(user, reason)));
    if (memory) {
        failure_put(response, AMPOULE_MEMORY, "InternalError", "out of memory");
        message_reader where = message_read((const void *)(uintptr_t)(memory_refused_at >> 32), (uint32_t)memory_refused_at);
        message_field field;
        while (message_next(&where, &field)) message_put(response, field.tag, field.bytes, field.length);
        return;
    }
    message_put_u32(response, AMPOULE_KIND, AMPOULE_RAISED);
    enum engine_kind kind = engine_kind(reason);
    if (engine_is_syntax_error(user, reason)) settle_syntax_error(reason);
    if (kind == KIND_ERROR || kind == KIND_DOM_EXCEPTION) {
        put_value(response, AMPOULE_FAIL_TYPE, user, type_name(reason));
        put_value(response, AMPOULE_FAIL_MESSAGE, user, text_property(user, reason, "message"));
        put_error(response, reason, engine_is_syntax_error(user, reason));
    } else {
        put_thrown_value(response, reason);
    }
}

void failure_put_exception(message *response) { failure_put_value(response, JS_GetException(user)); }
