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

/* `body` is what compiles for `source`; `first_line` ends the wrapper's line. */
static JSValue compile_body(const message_field *source, const char *first_line, const char *body, size_t body_length, JSValueConst input) {
    static const char head[] = "(async function (", middle[] = ") {", tail[] = "\n})";
    struct names names;
    if (!parameters(input, source, &names)) return JS_EXCEPTION;
    size_t length = sizeof head + sizeof middle + sizeof tail + strlen(first_line) + body_length;
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
        at = stpcpy(at, first_line);
        memcpy(at, body, body_length);
        strcpy(at + body_length, tail);
        compiled = engine_compile(user, text, at + body_length - text + sizeof tail - 1, request.file_name, 0, JS_EVAL_TYPE_GLOBAL);
    }
    js_free(user, text);
    free_names(&names);
    return compiled;
}

/* A text with a terminator. */
static JSValue compile_script(const char *text, size_t length, bool *is_module) {
    JSValue compiled = engine_compile(user, text, length, request.file_name, 1, JS_EVAL_TYPE_GLOBAL);
    compiled = modules_or_es(compiled, request.file_name, text, length);
    *is_module = JS_VALUE_GET_TAG(compiled) == JS_TAG_MODULE;
    return compiled;
}

static JSValue compile_source(uint32_t entry, const message_field *source, JSValueConst input, bool *is_module) {
    if (entry == AMPOULE_ENTRY_BODY) return compile_body(source, "\n", source->bytes, source->length, input);
    char *text = (char *)source->bytes;
    char next = text[source->length]; /* the parser wants a terminator; ampoule_alloc left room for it */
    text[source->length] = 0;
    JSValue compiled = compile_script(text, source->length, is_module);
    text[source->length] = next;
    return compiled;
}

/* What TypeScript was translated to; undefined if the program is JavaScript. */
static JSValue translated = JS_UNDEFINED;

static JSValue compile_translated(uint32_t entry, const message_field *source, JSValueConst input, bool *is_module) {
    size_t length;
    const char *text = JS_ToCStringLen(user, &length, translated);
    if (!text) return JS_EXCEPTION;
    JSValue compiled = entry == AMPOULE_ENTRY_BODY ? compile_body(source, "", text, length, input) : compile_script(text, length, is_module);
    JS_FreeCString(user, text);
    return compiled;
}

/* Plain JavaScript is never looked at as TypeScript: only what would fail as JavaScript is. */
JSValue program_compile(uint32_t entry, const message_field *source, JSValueConst input, bool *is_module) {
    bool is_body = entry == AMPOULE_ENTRY_BODY;
    *is_module = false;
    if (typescript_is_name(request.file_name)) {
        translated = typescript_translate(request.file_name, source->bytes, source->length, is_body);
        if (JS_IsException(translated)) return JS_EXCEPTION;
        return JS_IsUndefined(translated) ? compile_source(entry, source, input, is_module) : compile_translated(entry, source, input, is_module);
    }
    JSValue compiled = compile_source(entry, source, input, is_module);
    if (!JS_IsException(compiled)) return compiled;
    translated = typescript_instead(request.file_name, source->bytes, source->length, is_body);
    if (JS_IsUndefined(translated)) return JS_EXCEPTION;
    JSValue error = JS_GetException(user);
    compiled = compile_translated(entry, source, input, is_module);
    if (!JS_IsException(compiled)) {
        JS_FreeValue(user, error);
        return compiled;
    }
    JS_FreeValue(user, JS_GetException(user));
    return JS_Throw(user, error);
}

/* The form of an ES module of TypeScript is this and its JavaScript: no bytecode begins so. */
static const char module_form[] = "\0TS";
enum { MODULE_FORM = sizeof module_form - 1 };

JSValue program_read(const message_field *code, bool *is_module) {
    *is_module = code->length >= MODULE_FORM && !memcmp(code->bytes, module_form, MODULE_FORM);
    if (*is_module) return modules_compile_es(request.file_name, code->bytes + MODULE_FORM, code->length - MODULE_FORM);
    return JS_ReadObject(user, (const uint8_t *)code->bytes, code->length, JS_READ_OBJ_BYTECODE);
}

static bool write_module(message *response) {
    if (JS_IsUndefined(translated)) {
        message_put(response, AMPOULE_CODE, NULL, 0);
        return true;
    }
    size_t length;
    const char *text = JS_ToCStringLen(user, &length, translated);
    char *form = text ? js_malloc(user, MODULE_FORM + length) : NULL;
    if (form) {
        memcpy(form, module_form, MODULE_FORM);
        memcpy(form + MODULE_FORM, text, length);
        message_put(response, AMPOULE_CODE, form, MODULE_FORM + length);
    }
    js_free(user, form);
    JS_FreeCString(user, text);
    return form;
}

/* The form of an ES module is empty, which is to say: compile it again. It is tied to the modules it imports. */
bool program_write(JSValueConst compiled, message *response) {
    size_t length;
    if (JS_VALUE_GET_TAG(compiled) == JS_TAG_MODULE) return write_module(response);
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
