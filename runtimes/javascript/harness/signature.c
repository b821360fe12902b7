/* What a function takes, read from its text: the names that its first parameter is taken apart into. Whatever is not as
 * plain as `function main({ a, b = 2, ...rest })` is not told at all: it is the prelude of a schema, and no guess. */
#include "guest.h"
#include "json.h"
#include <stdlib.h>
#include <string.h>

enum { LONGEST_DEFAULT = 1000 };

struct text {
    const char *at, *end;
};

static void skip_space(struct text *t) {
    while (t->at < t->end) {
        if (strchr(" \t\r\n", *t->at)) t->at++;
        else if (t->end - t->at > 1 && t->at[0] == '/' && t->at[1] == '/') {
            while (t->at < t->end && *t->at != '\n') t->at++;
        } else if (t->end - t->at > 1 && t->at[0] == '/' && t->at[1] == '*') {
            const char *close = memmem(t->at + 2, t->end - t->at - 2, "*/", 2);
            t->at = close ? close + 2 : t->end;
        } else return;
    }
}

static bool next_is(struct text *t, char c) {
    skip_space(t);
    if (t->at == t->end || *t->at != c) return false;
    t->at++;
    return true;
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* A plain name; 0: there is none. */
static size_t name(struct text *t, const char **start) {
    skip_space(t);
    *start = t->at;
    while (t->at < t->end && (is_letter(*t->at) || (t->at > *start && is_digit(*t->at)))) t->at++;
    return t->at - *start;
}

static bool word(struct text *t, const char *wanted) {
    struct text before = *t;
    const char *found;
    if (name(t, &found) == strlen(wanted) && !memcmp(found, wanted, strlen(wanted))) return true;
    *t = before;
    return false;
}

/* A default that JSON has as well, added as it stands there. */
static bool put_default(struct text *t, struct buffer *out) {
    skip_space(t);
    const char *start = t->at;
    if (word(t, "true") || word(t, "false") || word(t, "null")) {
    } else if (t->at < t->end && (*t->at == '"' || *t->at == '\'')) {
        char quote = *t->at++;
        while (t->at < t->end && *t->at != quote) {
            if (*t->at == '\\' || *t->at == '"' || (unsigned char)*t->at < ' ') return false;
            t->at++;
        }
        if (t->at == t->end) return false;
        t->at++;
        json_put(out, "\"", 1);
        json_put(out, start + 1, t->at - start - 2);
        json_put(out, "\"", 1);
        return t->at - start <= LONGEST_DEFAULT;
    } else {
        if (t->at < t->end && *t->at == '-') t->at++;
        const char *digits = t->at;
        while (t->at < t->end && is_digit(*t->at)) t->at++;
        if (t->at == digits || (*digits == '0' && t->at - digits > 1)) return false;
        if (t->at < t->end && *t->at == '.') {
            const char *fraction = ++t->at;
            while (t->at < t->end && is_digit(*t->at)) t->at++;
            if (t->at == fraction) return false;
        }
        if (t->at < t->end && (is_letter(*t->at) || *t->at == '_')) return false;
    }
    json_put(out, start, t->at - start);
    return t->at - start <= LONGEST_DEFAULT;
}

static void put_text(struct buffer *out, const char *text) { json_put(out, text, strlen(text)); }

static bool put_parameter(struct text *t, struct buffer *out) {
    const char *start, *local;
    size_t length = name(t, &start);
    if (!length) return false;
    if (next_is(t, ':') && !name(t, &local)) return false;
    put_text(out, "{\"name\":\"");
    json_put(out, start, length);
    if (!next_is(t, '=')) {
        put_text(out, "\",\"required\":true}");
        return true;
    }
    put_text(out, "\",\"required\":false,\"default\":");
    if (!put_default(t, out)) return false;
    put_text(out, "}");
    return true;
}

static bool put_parameters(struct text *t, struct buffer *out) {
    const char *start;
    word(t, "async");
    if (word(t, "function") && next_is(t, '*')) return false;
    name(t, &start); /* a function's, a method's; an arrow function has none */
    if (!next_is(t, '(')) return false;
    put_text(out, "{\"parameters\":[");
    if (next_is(t, '{')) {
        for (bool first = true; !next_is(t, '}'); first = false) {
            if (!first && !next_is(t, ',')) return false;
            if (next_is(t, '}')) break;
            if (next_is(t, '.')) {
                if (!next_is(t, '.') || !next_is(t, '.') || !name(t, &start) || !next_is(t, '}')) return false;
                break;
            }
            if (!first) put_text(out, ",");
            if (!put_parameter(t, out)) return false;
        }
        if (next_is(t, '=') && !(next_is(t, '{') && next_is(t, '}'))) return false;
    }
    /* Keys that nobody asks for do no harm. */
    put_text(out, "],\"open\":true}");
    return next_is(t, ')');
}

void signature_put(message *response, JSValueConst function) {
    size_t length = 0;
    const char *source = engine_function_source(function, &length);
    struct text text = {source, source ? source + length : NULL};
    struct buffer out = {0};
    if (source && put_parameters(&text, &out) && !out.failed) message_put(response, AMPOULE_SIGNATURE, out.bytes, out.length);
    free(out.bytes);
}
