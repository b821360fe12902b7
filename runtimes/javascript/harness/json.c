/* JSON text of primitives. JSON.stringify is not used for results: encode.c says why. */
#include "json.h"
#include "dtoa.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *json_reserve(struct buffer *buffer, size_t more) {
    if (more > buffer->capacity - buffer->length) {
        size_t capacity = buffer->capacity ? buffer->capacity * 2 : 512;
        while (capacity < buffer->length + more) capacity *= 2;
        char *bytes = buffer->failed ? NULL : realloc(buffer->bytes, capacity);
        if (!bytes) {
            buffer->failed = true;
            return NULL;
        }
        buffer->bytes = bytes;
        buffer->capacity = capacity;
    }
    return buffer->bytes + buffer->length;
}

void json_put(struct buffer *buffer, const void *bytes, size_t length) {
    char *at = json_reserve(buffer, length);
    if (!at) return;
    memcpy(at, bytes, length);
    buffer->length += length;
}

void json_put_character(struct buffer *buffer, char c) { json_put(buffer, &c, 1); }

/* ---- text ---- */

/* Writes one UTF-16 unit or pair at `at` and returns what follows. */
static char *put_escaped(char *at, uint32_t c) {
    static const char names[] = "\bb\tt\nn\ff\rr\"\"\\\\"; /* each character, then its name */
    const char *name = c < 0x80 && c ? strchr(names, c) : NULL;
    if (name) {
        *at++ = '\\';
        *at++ = name[1];
    } else if (c < 0x20 || (c & ~0x7ffu) == 0xd800) { /* unpaired surrogates have no UTF-8 form */
        at += snprintf(at, 7, "\\u%04x", c);
    } else if (c < 0x80) {
        *at++ = c;
    } else if (c < 0x800) {
        *at++ = 0xc0 | c >> 6;
        *at++ = 0x80 | (c & 63);
    } else {
        if (c < 0x10000) {
            *at++ = 0xe0 | c >> 12;
        } else {
            *at++ = 0xf0 | c >> 18;
            *at++ = 0x80 | (c >> 12 & 63);
        }
        *at++ = 0x80 | (c >> 6 & 63);
        *at++ = 0x80 | (c & 63);
    }
    return at;
}

bool json_put_string(struct buffer *out, JSContext *context, JSValueConst string) {
    struct engine_text text;
    if (!engine_text(context, string, &text)) return false;
    json_put_character(out, '"');
    for (uint32_t i = 0; i < text.length;) {
        /* in pieces, each with room for the longest escapes */
        uint32_t end = text.length - i > 1024 ? i + 1024 : text.length;
        char *at = json_reserve(out, (end - i) * 6 + 8);
        if (!at) return true;
        char *start = at;
        while (i < end) {
            uint32_t c = text.narrow ? text.narrow[i++] : text.wide[i++];
            if (c - 0x20 < 0x60 - 1 && c != '"' && c != '\\') {
                *at++ = c;
                continue;
            }
            if ((c & 0xfc00) == 0xd800 && i < text.length && (text.wide[i] & 0xfc00) == 0xdc00)
                c = 0x10000 + ((c - 0xd800) << 10) + (text.wide[i++] - 0xdc00);
            at = put_escaped(at, c);
        }
        out->length += at - start;
    }
    json_put_character(out, '"');
    return true;
}

/* ---- numbers and dates ---- */

void json_put_number(struct buffer *out, JSValueConst value) {
    char *at = json_reserve(out, 64);
    JSDTOATempMem memory;
    double number;
    if (!at) return;
    if (JS_VALUE_GET_TAG(value) == JS_TAG_INT) out->length += i32toa(at, JS_VALUE_GET_INT(value));
    else if (!isfinite(number = JS_VALUE_GET_FLOAT64(value))) json_put(out, "null", 4);
    else out->length += js_dtoa(at, number, 10, 0, JS_DTOA_FORMAT_FREE, &memory);
}

bool json_put_bigint(struct buffer *out, JSContext *context, JSValueConst value) {
    size_t length;
    const char *digits = JS_ToCStringLen(context, &length, value);
    if (!digits) return false;
    json_put(out, digits, length);
    JS_FreeCString(context, digits);
    return true;
}

/* ISO 8601 as Date.prototype.toISOString has it. */
void json_put_date(struct buffer *out, double time) {
    if (!isfinite(time)) {
        json_put(out, "null", 4);
        return;
    }
    int64_t all = (int64_t)time, days = all / 86400000, rest = all % 86400000;
    if (rest < 0) {
        rest += 86400000;
        days--;
    }
    /* days since 0000-03-01, in eras of 400 years */
    int64_t shifted = days + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int day_of_era = shifted - era * 146097;
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted_month = (5 * day_of_year + 2) / 153, day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    int month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    int year = year_of_era + era * 400 + (month <= 2);
    char text[48];
    int length = snprintf(text, sizeof text, year >= 0 && year <= 9999 ? "\"%04d" : "\"%+07d", year);
    length += snprintf(text + length, sizeof text - length, "-%02d-%02dT%02d:%02d:%02d.%03dZ\"", month, day,
                       (int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60), (int)(rest % 1000));
    json_put(out, text, length);
}

