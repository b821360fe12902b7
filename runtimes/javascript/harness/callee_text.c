/* Parts of a program's source for messages: "config.users.find is not a function" says more than "not a function". The compiled
 * form knows where a call stands; what is called is read backwards from there. It is text for people: where strings or comments
 * mislead it, a message is less exact, and nothing else. */
#include "callee_text.h"
#include <stdio.h>
#include <string.h>

static const char intermediate[] = "(intermediate value)";

static bool is_name(char c) { return (unsigned char)c >= 0x80 || c == '_' || c == '$' || c == '#' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'); }
static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static size_t before_blanks(const char *text, size_t at) {
    while (at && is_blank(text[at - 1])) at--;
    return at;
}
static size_t before_name(const char *text, size_t at) {
    while (at && is_name(text[at - 1])) at--;
    return at;
}

/* The place of the bracket that the one before `end` closes; -1: none. */
static size_t opening(const char *text, size_t end) {
    int depth = 0;
    for (size_t at = end; at--;) {
        char c = text[at];
        if (c == ')' || c == ']' || c == '}') depth++;
        else if ((c == '(' || c == '[' || c == '{') && !--depth) return at;
        else if (c == '"' || c == '\'' || c == '`')
            do {
                if (!at) return -1;
            } while (text[--at] != c);
    }
    return -1;
}

/* Whether an expression ends before `at`, so that a bracket there calls it or takes a member. */
static bool ends_expression(const char *text, size_t at) {
    static const char *const words[] = {"return", "typeof", "await", "yield", "case", "in", "of", "if", "while", "for", "new", "delete", "void", "else", "do", "throw", "instanceof"};
    if (!at) return false;
    if (text[at - 1] == ')' || text[at - 1] == ']') return true;
    size_t start = before_name(text, at);
    for (size_t i = 0; start < at && i < sizeof words / sizeof *words; i++)
        if (at - start == strlen(words[i]) && !memcmp(text + start, words[i], at - start)) return start && text[start - 1] == '.';
    return start < at;
}

struct out {
    char *text;
    size_t length, size;
};

static void put(struct out *out, const char *text, size_t length) {
    if (length > out->size - 1 - out->length) length = out->size - 1 - out->length;
    memcpy(out->text + out->length, text, length);
    out->length += length;
}

static bool is_plain(const char *text, size_t start, size_t end) {
    for (size_t at = start; at < end; at++)
        if (!is_name(text[at]) && !strchr(".[]'\"", text[at])) return false;
    return start < end;
}

static void put_key(struct out *out, const char *text, size_t start, size_t end) {
    char quote = end > start + 1 ? text[start] : 0;
    if ((quote == '"' || quote == '\'') && text[end - 1] == quote) {
        put(out, ".", 1);
        put(out, text + start + 1, end - start - 2);
        return;
    }
    bool is_name = is_plain(text, start, end) && !memchr(text + start, '.', end - start);
    put(out, "[", 1);
    put(out, is_name ? text + start : intermediate, is_name ? end - start : sizeof intermediate - 1);
    put(out, "]", 1);
}

/* Puts the expression that ends at `end`; false: it is none that can be told. */
static bool put_expression(struct out *out, const char *text, size_t end, int depth) {
    end = before_blanks(text, end);
    if (!end || depth > 20) return false;
    char last = text[end - 1];
    if (is_name(last)) {
        size_t start = before_name(text, end), dot = before_blanks(text, start);
        if (dot && text[dot - 1] == '.' && !(dot > 1 && text[dot - 2] == '.') && start < end) {
            bool optional = dot > 1 && text[dot - 2] == '?';
            if (!put_expression(out, text, dot - 1 - optional, depth + 1)) return false;
            put(out, "?.", 2);
            if (!optional) out->length -= 2, put(out, ".", 1);
        } else if (end - start == 5 && !memcmp(text + start, "super", 5)) {
            return put(out, intermediate, sizeof intermediate - 1), true;
        }
        put(out, text + start, end - start);
        return true;
    }
    if (last == ')' || last == ']') {
        size_t open = opening(text, end), before = open == (size_t)-1 ? 0 : before_blanks(text, open);
        if (open == (size_t)-1) return false;
        if (ends_expression(text, before)) {
            size_t name = before_blanks(text, before_name(text, before));
            bool made = last == ')' && name >= 3 && !memcmp(text + name - 3, "new", 3) && (name == 3 || !is_name(text[name - 4]));
            if (before > 1 && text[before - 1] == '.' && text[before - 2] == '?') before -= 2;
            if (made) put(out, intermediate, sizeof intermediate - 1);
            else if (!put_expression(out, text, before, depth + 1)) return false;
            else if (last == ')') put(out, "(...)", 5);
            if (last == ']') put_key(out, text, open + 1, end - 1);
            return true;
        }
        if (last == ')' && is_plain(text, open + 1, end - 1)) return put_expression(out, text, end - 1, depth + 1);
        return put(out, intermediate, sizeof intermediate - 1), true;
    }
    if (last == '}') return put(out, intermediate, sizeof intermediate - 1), true;
    if (last == '"' || last == '\'') {
        size_t start = end - 1;
        while (start && text[start - 1] != last) start--;
        put(out, "\"", 1);
        put(out, text + start, end - 1 - start);
        return put(out, "\"", 1), true;
    }
    return false;
}

/* Where what `new` makes ends: before its arguments. */
static size_t made_end(const char *text, size_t length, size_t at) {
    while (at < length && is_blank(text[at])) at++;
    int depth = 0;
    for (bool first = true; at < length; at++, first = false) {
        char c = text[at];
        if (!depth && c == '(' && !first) break;
        if (c == '(' || c == '[' || c == '{') depth++;
        else if (c == ')' || c == ']' || c == '}') {
            if (!depth--) break;
        } else if (!depth && !is_name(c) && c != '.') break;
    }
    return at;
}

bool callee_text(const char *source, size_t length, size_t place, char *text, size_t size) {
    struct out out = {text, 0, size};
    size_t end = place;
    if (place >= length) return false;
    if (length - place > 4 && !memcmp(source + place, "new", 3) && !is_name(source[place + 3])) {
        end = made_end(source, length, place + 3);
        size_t start = place + 3;
        while (start < end && is_blank(source[start])) start++;
        if (start < end && source[start] == '(' && !is_plain(source, start + 1, end - 1)) {
            put(&out, intermediate, sizeof intermediate - 1);
            return text[out.length] = 0, true;
        }
    } else {
        while (end < length && is_name(source[end])) end++;
        if (end == place && source[place] != '(') return false;
    }
    if (!put_expression(&out, source, end, 0)) return false;
    text[out.length] = 0;
    return out.length > 0;
}

bool iterable_text(const char *source, size_t length, size_t place, char *text, size_t size) {
    if (place >= length) return false;
    size_t before = before_blanks(source, place), end = place;
    if (before < 3 || (memcmp(source + before - 2, "of", 2) && memcmp(source + before - 3, "...", 3))) return false;
    while (end < length && (is_name(source[end]) || (source[end] == '.' && end > place))) end++;
    if (end == place || end - place >= size || end >= length || !strchr("),;]} \n\r", source[end])) return false;
    snprintf(text, size, "%.*s", (int)(end - place), source + place);
    return true;
}

bool pattern_text(const char *source, size_t length, size_t place, char *property, char *value, size_t size) {
    if (place >= length) return false;
    size_t open = before_blanks(source, place);
    if (!open || source[open - 1] != '{') return false;
    size_t end = place;
    while (end < length && is_name(source[end])) end++;
    snprintf(property, size, "%.*s", (int)(end - place < size ? end - place : size - 1), source + place);
    value[0] = 0;
    size_t outer = before_blanks(source, open - 1);
    if (outer && source[outer - 1] == ':') return value[0] = ':', value[1] = 0, true;
    int depth = 1;
    size_t at = place;
    for (; at < length && depth; at++) depth += (source[at] == '{') - (source[at] == '}');
    while (at < length && is_blank(source[at])) at++;
    if (at >= length || source[at] != '=' || (at + 1 < length && (source[at + 1] == '=' || source[at + 1] == '>'))) return true;
    for (at++; at < length && is_blank(source[at]);) at++;
    size_t start = at;
    while (at < length && (is_name(source[at]) || source[at] == '.')) at++;
    if (at > start && at - start < size && (at == length || strchr(";,)\n\r }", source[at]))) snprintf(value, size, "%.*s", (int)(at - start), source + start);
    return true;
}
