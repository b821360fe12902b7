/* Programs: from source, by entry, to something that QuickJS evaluates, and its serialised form.
 *
 * `main` and `script` are sloppy global scripts, as in a browser or `node -e`; if such a source is no script but is an
 * ES module (it imports or exports), it is evaluated as one. `body` is wrapped into an async function whose parameters
 * are the input's keys; the wrapper's first line is line 0, so that the user's lines and columns are exact. */
#include "guest.h"
#include "libregexp.h"
#include "libunicode.h"
#include <stdlib.h>
#include <string.h>

/* Words that cannot be parameters of an async function, */
static const char *const reserved[] = {
    "await", "break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do", "else", "enum", "export",
    "extends", "false", "finally", "for", "function", "if", "import", "in", "instanceof", "new", "null", "return", "super", "switch",
    "this", "throw", "true", "try", "typeof", "var", "void", "while", "with"};
/* and those that cannot if it is strict. */
static const char *const reserved_strictly[] = {
    "arguments", "eval", "implements", "interface", "let", "package", "private", "protected", "public", "static", "yield"};

static bool is_among(const char *name, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!strcmp(name, words[i])) return true;
    return false;
}

static bool is_parameter_name(const char *name, bool is_strict) {
    if (is_among(name, reserved, sizeof reserved / sizeof *reserved)) return false;
    if (is_strict && is_among(name, reserved_strictly, sizeof reserved_strictly / sizeof *reserved_strictly)) return false;
    const uint8_t *at = (const uint8_t *)name;
    for (bool first = true; *at || first; first = false) {
        uint32_t c = *at++;
        if (c >= 0x80) { /* valid UTF-8 made by QuickJS */
            int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
            for (c &= 0x3f >> more; more; more--) c = c << 6 | (*at++ & 63);
        }
        if (first ? !lre_js_is_ident_first(c) : !lre_js_is_ident_next(c)) return false;
    }
    return true;
}

struct names {
    const char **names;
    uint32_t count;
};

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* Whether a body begins with "use strict", behind comments and other directives. */
static bool is_strict_body(const message_field *source) {
    const char *at = source->bytes, *end = at + source->length;
    while (at < end) {
        if (strchr(" \t\r\n;", *at)) {
            at++;
        } else if (end - at > 1 && !memcmp(at, "//", 2)) {
            while (at < end && *at != '\n') at++;
        } else if (end - at > 1 && !memcmp(at, "/*", 2)) {
            for (at += 2; at < end && (*at != '*' || at[1] != '/');) at++;
            at += 2;
        } else if (*at == '"' || *at == '\'') {
            const char *close = memchr(at + 1, *at, end - at - 1);
            if (!close) return false;
            if (close - at == 11 && !memcmp(at + 1, "use strict", 10)) return true;
            at = close + 1;
        } else {
            return false;
        }
    }
    return false;
}

/* The input's keys that can be parameters, sorted, so that the compiled form does not depend on their order. */
static bool parameters(JSValueConst input, const message_field *source, struct names *names) {
    bool is_strict = is_strict_body(source);
    JSPropertyEnum *keys;
    uint32_t count;
    if (JS_GetOwnPropertyNames(user, &keys, &count, input, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY)) return false;
    *names = (struct names){.names = malloc(sizeof(char *) * (count + 1))};
    for (uint32_t i = 0; i < count && names->names; i++) {
        const char *name = JS_AtomToCString(user, keys[i].atom);
        if (name && is_parameter_name(name, is_strict)) names->names[names->count++] = name;
        else JS_FreeCString(user, name);
    }
    JS_FreePropertyEnum(user, keys, count);
    if (!names->names) JS_ThrowOutOfMemory(user);
    else qsort(names->names, names->count, sizeof *names->names, by_name);
    return names->names;
}

static void free_names(struct names *names) {
    for (uint32_t i = 0; i < names->count; i++) JS_FreeCString(user, names->names[i]);
    free(names->names);
}

static JSValue compile_body(const message_field *source, JSValueConst input) {
    static const char head[] = "(async function (", middle[] = ") {\n", tail[] = "\n})";
    struct names names;
    if (!parameters(input, source, &names)) return JS_EXCEPTION;
    size_t length = sizeof head + sizeof middle + sizeof tail + source->length;
    for (uint32_t i = 0; i < names.count; i++) length += strlen(names.names[i]) + 1;
    char *text = js_malloc(user, length), *at = text;
    JSValue compiled = JS_EXCEPTION;
    if (text) {
        at = stpcpy(at, head);
        for (uint32_t i = 0; i < names.count; i++) {
            if (i) *at++ = ',';
            at = stpcpy(at, names.names[i]);
        }
        at = stpcpy(at, middle);
        memcpy(at, source->bytes, source->length);
        strcpy(at + source->length, tail);
        compiled = engine_compile(user, text, at + source->length - text + sizeof tail - 1, request.file_name, 0, JS_EVAL_TYPE_GLOBAL);
    }
    js_free(user, text);
    free_names(&names);
    return compiled;
}

JSValue program_compile(uint32_t entry, const message_field *source, JSValueConst input, bool *is_module) {
    *is_module = false;
    if (entry == AMPOULE_ENTRY_BODY) return compile_body(source, input);
    char *text = (char *)source->bytes;
    char next = text[source->length]; /* the parser wants a terminator; ampoule_alloc left room for it */
    text[source->length] = 0;
    JSValue compiled = engine_compile(user, text, source->length, request.file_name, 1, JS_EVAL_TYPE_GLOBAL);
    compiled = modules_or_es(compiled, request.file_name, text, source->length);
    *is_module = JS_VALUE_GET_TAG(compiled) == JS_TAG_MODULE;
    text[source->length] = next;
    return compiled;
}

JSValue program_read(const message_field *code) {
    return JS_ReadObject(user, (const uint8_t *)code->bytes, code->length, JS_READ_OBJ_BYTECODE);
}

/* The form of an ES module is empty, which is to say: compile it again. It is tied to the modules it imports. */
bool program_write(JSValueConst compiled, message *response) {
    size_t length;
    if (JS_VALUE_GET_TAG(compiled) == JS_TAG_MODULE) {
        message_put(response, AMPOULE_CODE, NULL, 0);
        return true;
    }
    uint8_t *code = JS_WriteObject(user, &length, compiled, JS_WRITE_OBJ_BYTECODE);
    if (!code) return false;
    message_put(response, AMPOULE_CODE, code, length);
    js_free(user, code);
    return true;
}

JSValue program_call_body(JSValueConst function, JSValueConst input) {
    struct names names;
    message_field source = {0};
    message_find(request.bytes, request.length, AMPOULE_SOURCE, &source);
    if (!parameters(input, &source, &names)) return JS_EXCEPTION;
    JSValue result = JS_EXCEPTION;
    JSValue *arguments = js_malloc(user, sizeof *arguments * (names.count + 1));
    uint32_t count = 0;
    if (arguments) {
        for (; count < names.count; count++) arguments[count] = JS_GetPropertyStr(user, input, names.names[count]);
        result = JS_Call(user, function, JS_UNDEFINED, count, (JSValueConst *)arguments);
    }
    for (uint32_t i = 0; i < count; i++) JS_FreeValue(user, arguments[i]);
    js_free(user, arguments);
    free_names(&names);
    return result;
}
