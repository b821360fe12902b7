/* JSON in and out of an execution, for the values that JSON itself has. Every execution reads its input and writes its
 * result once, in a fresh guest; Python's own json makes many small objects for that. What is not handled here (other
 * types, deep nesting, numbers beyond Python's limits, whatever is not JSON) is left to bootstrap/program.py and
 * results.py, which give the same answers slowly, and the errors. */
#include "harness.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wasm_simd128.h>

/* Deeper than programs nest on purpose; 100 bytes of stack a level. */
enum { DEEPEST = 200 };

/* ---- reading ---- */

enum { REMEMBERED = 64, LONGEST_KEY = 32, LONGEST_NUMBER = 64, MOST_DIGITS = 18, LANES = 16 };

typedef struct {
    const char *at, *end;
    unsigned depth;
    PyObject *keys[REMEMBERED]; /* records repeat their keys */
} reader;

static PyObject *read_value(reader *r);

static void skip_space(reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r')) r->at++;
}

static bool next_is(reader *r, char c) {
    skip_space(r);
    if (r->at >= r->end || *r->at != c) return false;
    r->at++;
    return true;
}

static bool hex4(const char *p, const char *end, unsigned *code) {
    if (end - p < 4) return false;
    *code = 0;
    for (int i = 0; i < 4; i++) {
        unsigned c = (unsigned char)p[i], digit;
        if (c - '0' < 10) digit = c - '0';
        else if ((c | 32) - 'a' < 6) digit = (c | 32) - 'a' + 10;
        else return false;
        *code = *code << 4 | digit;
    }
    return true;
}

/* A lone surrogate becomes the three bytes that "surrogatepass" reads. */
static char *put_utf8(char *out, unsigned code) {
    if (code < 0x80) *out++ = code;
    else if (code < 0x800) {
        *out++ = 0xc0 | code >> 6;
        *out++ = 0x80 | (code & 63);
    } else if (code < 0x10000) {
        *out++ = 0xe0 | code >> 12;
        *out++ = 0x80 | (code >> 6 & 63);
        *out++ = 0x80 | (code & 63);
    } else {
        *out++ = 0xf0 | code >> 18;
        *out++ = 0x80 | (code >> 12 & 63);
        *out++ = 0x80 | (code >> 6 & 63);
        *out++ = 0x80 | (code & 63);
    }
    return out;
}

/* An escape is at least as long as what it stands for, so the text fits where its source did. NULL if it is bad. */
static char *unescape(const char *from, const char *end, char *out) {
    v128_t backslash = wasm_i8x16_const_splat('\\');
    while (from < end) {
        if (end - from >= LANES) {
            v128_t bytes = wasm_v128_load(from);
            uint32_t found = wasm_i8x16_bitmask(wasm_i8x16_eq(bytes, backslash));
            size_t plain = found ? __builtin_ctz(found) : LANES;
            wasm_v128_store(out, bytes);
            from += plain;
            out += plain;
            if (!found) continue;
        } else if (*from != '\\') {
            *out++ = *from++;
            continue;
        }
        char name = from[1];
        unsigned code, low;
        from += 2;
        switch (name) {
        case '"': case '\\': case '/': *out++ = name; continue;
        case 'b': *out++ = '\b'; continue;
        case 'f': *out++ = '\f'; continue;
        case 'n': *out++ = '\n'; continue;
        case 'r': *out++ = '\r'; continue;
        case 't': *out++ = '\t'; continue;
        case 'u': break;
        default: return NULL;
        }
        if (!hex4(from, end, &code)) return NULL;
        from += 4;
        bool pair = code - 0xd800 < 0x400 && end - from >= 6 && from[0] == '\\' && from[1] == 'u' && hex4(from + 2, end, &low) && low - 0xdc00 < 0x400;
        if (pair) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            from += 6;
        }
        out = put_utf8(out, code);
    }
    return out;
}

/* A bit for each byte at which a text cannot simply go on: a quote, a backslash, a control character. */
static uint32_t stops_in(const char *p) {
    v128_t bytes = wasm_v128_load(p), quote = wasm_i8x16_const_splat('"'), backslash = wasm_i8x16_const_splat('\\');
    v128_t either = wasm_v128_or(wasm_i8x16_eq(bytes, quote), wasm_i8x16_eq(bytes, backslash));
    return wasm_i8x16_bitmask(wasm_v128_or(either, wasm_u8x16_lt(bytes, wasm_i8x16_const_splat(' '))));
}

static bool is_stop(char c) { return c == '"' || c == '\\' || (unsigned char)c < ' '; }

/* The first of them, or the end. */
static const char *plain_until(const char *p, const char *end) {
    for (; end - p >= LANES; p += LANES) {
        uint32_t found = stops_in(p);
        if (found) return p + __builtin_ctz(found);
    }
    while (p < end && !is_stop(*p)) p++;
    return p;
}

static bool is_ascii(const char *p, const char *end) {
    for (; end - p >= LANES; p += LANES)
        if (wasm_i8x16_bitmask(wasm_v128_load(p))) return false;
    for (; p < end; p++)
        if ((unsigned char)*p >= 0x80) return false;
    return true;
}

static PyObject *string_of(const char *text, size_t length, const char *errors) {
    /* Shorter ones are there already. */
    if (length < 2 || !is_ascii(text, text + length)) return PyUnicode_DecodeUTF8(text, length, errors);
    PyObject *string = PyUnicode_New(length, 0x7f);
    if (string) memcpy(PyUnicode_DATA(string), text, length);
    return string;
}

/* After the opening quote. */
static PyObject *read_string(reader *r, bool is_key) {
    const char *start = r->at, *p = plain_until(start, r->end);
    bool escaped = p < r->end && *p == '\\';
    while (p < r->end && *p == '\\') {
        if (r->end - p < 2) return NULL;
        p = plain_until(p + 2, r->end);
    }
    if (p >= r->end || *p != '"') return NULL;
    r->at = p + 1;
    size_t length = p - start;
    if (escaped) {
        char *text = malloc(length);
        char *stop = text ? unescape(start, p, text) : NULL;
        PyObject *string = stop ? string_of(text, stop - text, "surrogatepass") : NULL;
        free(text);
        return string;
    }
    if (!is_key || !length || length > LONGEST_KEY || !is_ascii(start, p)) return string_of(start, length, NULL);
    PyObject **place = &r->keys[(length * 7 + (unsigned char)start[0] * 3 + (unsigned char)p[-1]) % REMEMBERED], *key = *place;
    if (key && (size_t)PyUnicode_GET_LENGTH(key) == length && !memcmp(PyUnicode_DATA(key), start, length)) return Py_NewRef(key);
    PyObject *string = PyUnicode_DecodeUTF8(start, length, NULL);
    Py_XDECREF(key);
    *place = Py_XNewRef(string);
    return string;
}

static PyObject *read_number(reader *r) {
    const char *start = r->at, *p = start + (*r->at == '-');
    const char *digits = p;
    int64_t value = 0;
    for (; p < r->end && *p >= '0' && *p <= '9'; p++)
        if (p - digits < MOST_DIGITS) value = value * 10 + (*p - '0');
    if (p == digits || (*digits == '0' && p - digits > 1)) return NULL;
    bool whole = p == r->end || (*p != '.' && *p != 'e' && *p != 'E');
    if (whole && p - digits <= MOST_DIGITS) {
        r->at = p;
        return PyLong_FromLongLong(*start == '-' ? -value : value);
    }
    while (p < r->end && (*p == '.' || *p == '+' || *p == '-' || (*p | 32) == 'e' || (*p >= '0' && *p <= '9'))) p++;
    char text[LONGEST_NUMBER + 1], last = p[-1];
    const char *point = memchr(start, '.', p - start);
    size_t length = p - start;
    if (length > LONGEST_NUMBER || last < '0' || last > '9' || (point && (point[1] < '0' || point[1] > '9'))) return NULL;
    memcpy(text, start, length);
    text[length] = 0;
    r->at = p;
    if (whole) return PyLong_FromString(text, NULL, 10);
    char *stop;
    double number = PyOS_string_to_double(text, &stop, NULL);
    return *stop ? NULL : PyFloat_FromDouble(number);
}

static PyObject *read_list(reader *r) {
    PyObject *list = PyList_New(0);
    if (!list || next_is(r, ']')) return list;
    do {
        PyObject *value = read_value(r);
        bool bad = !value || PyList_Append(list, value);
        Py_XDECREF(value);
        if (bad) goto failed;
    } while (next_is(r, ','));
    if (next_is(r, ']')) return list;
failed:
    Py_DECREF(list);
    return NULL;
}

static PyObject *read_dict(reader *r) {
    PyObject *dict = PyDict_New();
    if (!dict || next_is(r, '}')) return dict;
    do {
        PyObject *key = next_is(r, '"') ? read_string(r, true) : NULL;
        PyObject *value = key && next_is(r, ':') ? read_value(r) : NULL;
        bool bad = !value || PyDict_SetItem(dict, key, value);
        Py_XDECREF(value);
        Py_XDECREF(key);
        if (bad) goto failed;
    } while (next_is(r, ','));
    if (next_is(r, '}')) return dict;
failed:
    Py_DECREF(dict);
    return NULL;
}

static PyObject *read_word(reader *r, const char *word, PyObject *value) {
    size_t length = strlen(word);
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length)) return NULL;
    r->at += length;
    return Py_NewRef(value);
}

static PyObject *read_value(reader *r) {
    skip_space(r);
    if (r->at >= r->end || r->depth == DEEPEST) return NULL;
    r->depth++;
    PyObject *value;
    switch (*r->at) {
    case '{': r->at++; value = read_dict(r); break;
    case '[': r->at++; value = read_list(r); break;
    case '"': r->at++; value = read_string(r, false); break;
    case 't': value = read_word(r, "true", Py_True); break;
    case 'f': value = read_word(r, "false", Py_False); break;
    case 'n': value = read_word(r, "null", Py_None); break;
    default: value = read_number(r);
    }
    r->depth--;
    return value;
}

PyObject *harness_read_json(PyObject *module, PyObject *text) {
    Py_ssize_t length;
    const char *bytes = PyUnicode_AsUTF8AndSize(text, &length);
    reader r = {.at = bytes, .end = bytes + length};
    PyObject *value = bytes ? read_value(&r) : NULL;
    for (int i = 0; i < REMEMBERED; i++) Py_XDECREF(r.keys[i]);
    skip_space(&r);
    if (value && r.at == r.end) return value;
    Py_XDECREF(value);
    if (PyErr_ExceptionMatches(PyExc_MemoryError)) return NULL;
    PyErr_Clear();
    Py_RETURN_NOTIMPLEMENTED;
}

/* ---- writing ---- */

typedef struct {
    char *bytes;
    size_t used, room;
    unsigned depth;
} writer;

static bool write_value(writer *w, PyObject *value);

/* Room for so many more bytes. */
static bool reserve(writer *w, size_t more) {
    if (w->room - w->used >= more) return true;
    size_t room = w->room * 2 + more;
    char *bytes = realloc(w->bytes, room);
    if (!bytes) {
        PyErr_NoMemory();
        return false;
    }
    w->bytes = bytes;
    w->room = room;
    return true;
}

static bool put(writer *w, const char *bytes, size_t length) {
    if (!reserve(w, length)) return false;
    memcpy(w->bytes + w->used, bytes, length);
    w->used += length;
    return true;
}

static bool write_string(writer *w, PyObject *string) {
    Py_ssize_t length;
    /* Fails for lone surrogates. */
    const char *text = PyUnicode_AsUTF8AndSize(string, &length);
    if (!text) return false;
    const char *p = text, *end = text + length;
    size_t escapes = 0;
    for (; end - p >= LANES; p += LANES) escapes += __builtin_popcount(stops_in(p));
    for (; p < end; p++) escapes += is_stop(*p);
    /* Most that a byte becomes is \u001f. */
    if ((size_t)length > SIZE_MAX / 8 || !reserve(w, length + escapes * 5 + 2)) return false;
    char *out = w->bytes + w->used;
    *out++ = '"';
    for (p = text;; p++) {
        const char *stop = plain_until(p, end);
        memcpy(out, p, stop - p);
        out += stop - p;
        p = stop;
        if (p == end) break;
        unsigned char c = *p;
        static const char names[0x20] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
        *out++ = '\\';
        if (c >= 0x20) *out++ = c;
        else if (names[c]) *out++ = names[c];
        else {
            memcpy(out, c & 16 ? "u001" : "u000", 4);
            out[4] = "0123456789abcdef"[c & 15];
            out += 5;
        }
    }
    *out++ = '"';
    w->used = out - w->bytes;
    return true;
}

static bool write_int(writer *w, PyObject *value) {
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow) {
        PyObject *text = PyObject_Repr(value);
        if (!text) return false;
        bool ok = put(w, PyUnicode_DATA(text), PyUnicode_GET_LENGTH(text));
        Py_DECREF(text);
        return ok;
    }
    char digits[24], *p = digits + sizeof digits;
    unsigned long long rest = number < 0 ? -(unsigned long long)number : (unsigned long long)number;
    do *--p = '0' + rest % 10;
    while (rest /= 10);
    if (number < 0) *--p = '-';
    return put(w, p, digits + sizeof digits - p);
}

static bool write_float(writer *w, PyObject *value) {
    double number = PyFloat_AS_DOUBLE(value);
    if (!isfinite(number)) return false;
    char *text = PyOS_double_to_string(number, 'r', 0, Py_DTSF_ADD_DOT_0, NULL);
    bool ok = text && put(w, text, strlen(text));
    PyMem_Free(text);
    return ok;
}

static bool write_items(writer *w, PyObject *const *items, Py_ssize_t count) {
    if (!put(w, "[", 1)) return false;
    for (Py_ssize_t i = 0; i < count; i++)
        if ((i && !put(w, ",", 1)) || !write_value(w, items[i])) return false;
    return put(w, "]", 1);
}

static bool write_dict(writer *w, PyObject *dict) {
    if (!put(w, "{", 1)) return false;
    PyObject *key, *value;
    Py_ssize_t at = 0;
    for (bool first = true; PyDict_Next(dict, &at, &key, &value); first = false)
        if ((!first && !put(w, ",", 1)) || !PyUnicode_CheckExact(key) || !write_string(w, key) || !put(w, ":", 1) || !write_value(w, value)) return false;
    return put(w, "}", 1);
}

/* Runs no Python code, so nothing changes while it is written. */
static bool write_value(writer *w, PyObject *value) {
    if (value == Py_None) return put(w, "null", 4);
    if (value == Py_True) return put(w, "true", 4);
    if (value == Py_False) return put(w, "false", 5);
    if (PyUnicode_CheckExact(value)) return write_string(w, value);
    if (PyLong_CheckExact(value)) return write_int(w, value);
    if (PyFloat_CheckExact(value)) return write_float(w, value);
    if (w->depth == DEEPEST) return false;
    w->depth++;
    bool ok = false;
    if (PyDict_CheckExact(value)) ok = write_dict(w, value);
    else if (PyList_CheckExact(value)) ok = write_items(w, ((PyListObject *)value)->ob_item, PyList_GET_SIZE(value));
    else if (PyTuple_CheckExact(value)) ok = write_items(w, ((PyTupleObject *)value)->ob_item, PyTuple_GET_SIZE(value));
    w->depth--;
    return ok;
}

PyObject *harness_write_json(PyObject *module, PyObject *value) {
    writer w = {0};
    PyObject *bytes = NULL;
    if (write_value(&w, value)) bytes = PyBytes_FromStringAndSize(w.bytes, w.used);
    free(w.bytes);
    if (bytes || PyErr_ExceptionMatches(PyExc_MemoryError)) return bytes;
    PyErr_Clear();
    Py_RETURN_NOTIMPLEMENTED;
}
