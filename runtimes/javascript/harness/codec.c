/* UTF-8, UTF-16, Latin-1, hexadecimal and base64, natively: byte by byte in an interpreter they would be the slowest
 * thing that ordinary programs do. */
#include "codec.h"
#include <string.h>

enum { REPLACEMENT = 0xfffd, STRING_LIMIT = (1 << 30) - 1 };

/* ---- strings to bytes ---- */

static uint32_t unit(const struct engine_text *text, size_t i) { return text->narrow ? text->narrow[i] : text->wide[i]; }

/* The character at *i, which moves past it. */
static uint32_t next_character(const struct engine_text *text, size_t *i) {
    uint32_t c = unit(text, (*i)++);
    if (text->narrow || (c & 0xf800) != 0xd800) return c;
    if (c < 0xdc00 && *i < text->length && (text->wide[*i] & 0xfc00) == 0xdc00)
        return 0x10000 + ((c - 0xd800) << 10) + (text->wide[(*i)++] - 0xdc00);
    return REPLACEMENT;
}

size_t codec_utf8_length(const struct engine_text *text) {
    size_t length = 0;
    for (size_t i = 0; i < text->length;) {
        uint32_t c = next_character(text, &i);
        length += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    }
    return length;
}

static void write_utf8(const struct engine_text *text, uint8_t *at) {
    for (size_t i = 0; i < text->length;) {
        uint32_t c = next_character(text, &i);
        if (c < 0x80) {
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
    }
}

static int hex_digit(uint32_t c) {
    if (c - '0' < 10) return c - '0';
    c |= 32;
    return c - 'a' < 6 ? (int)(c - 'a' + 10) : -1;
}

static size_t write_hex_bytes(const struct engine_text *text, uint8_t *at) {
    size_t length = 0;
    for (size_t i = 0; i + 1 < text->length; i += 2) {
        int high = hex_digit(unit(text, i)), low = hex_digit(unit(text, i + 1));
        if (high < 0 || low < 0) break;
        at[length++] = high << 4 | low;
    }
    return length;
}

static int base64_digit(uint32_t c) {
    if (c - 'A' < 26) return c - 'A';
    if (c - 'a' < 26) return c - 'a' + 26;
    if (c - '0' < 10) return c - '0' + 52;
    if (c == '+' || c == '-') return 62;
    if (c == '/' || c == '_') return 63;
    return -1;
}

static size_t write_base64_bytes(const struct engine_text *text, uint8_t *at) {
    size_t length = 0;
    uint32_t bits = 0, count = 0;
    for (size_t i = 0; i < text->length; i++) {
        uint32_t c = unit(text, i);
        if (c == '=') break;
        int digit = base64_digit(c);
        if (digit < 0) continue;
        bits = bits << 6 | digit;
        if ((count += 6) >= 8) at[length++] = bits >> (count -= 8);
    }
    return length;
}

static bool is_ascii(const uint8_t *bytes, size_t length) {
    size_t i = 0;
    uint64_t word, high = 0;
    for (; i + 8 <= length; i += 8) {
        memcpy(&word, bytes + i, 8);
        high |= word;
    }
    for (; i < length; i++) high |= (uint64_t)bytes[i] << 56 | bytes[i];
    return !(high & 0x8080808080808080);
}

bool codec_encode(JSContext *context, enum codec codec, JSValueConst string, struct codec_bytes *result) {
    struct engine_text text;
    if (!engine_text(context, string, &text)) return false;
    *result = (struct codec_bytes){.length = text.length};
    bool as_it_is = text.narrow && (codec == CODEC_LATIN1 || codec == CODEC_ASCII ||
                                    (codec == CODEC_UTF8 && is_ascii(text.narrow, text.length)));
    if (as_it_is) {
        result->bytes = (uint8_t *)text.narrow;
        return true;
    }
    size_t room = codec == CODEC_UTF8 ? codec_utf8_length(&text) : codec == CODEC_UTF16LE ? (size_t)text.length * 2 : text.length;
    uint8_t *at = result->bytes = js_malloc(context, room ? room : 1);
    if (!at) return false;
    result->owned = true;
    result->length = room;
    switch (codec) {
    case CODEC_UTF8: write_utf8(&text, at); break;
    case CODEC_UTF16LE:
        for (size_t i = 0; i < text.length; i++) {
            at[2 * i] = unit(&text, i);
            at[2 * i + 1] = unit(&text, i) >> 8;
        }
        break;
    case CODEC_HEX: result->length = write_hex_bytes(&text, at); break;
    case CODEC_BASE64: case CODEC_BASE64URL: result->length = write_base64_bytes(&text, at); break;
    default:
        for (size_t i = 0; i < text.length; i++) at[i] = unit(&text, i);
    }
    return true;
}

void codec_free(JSContext *context, struct codec_bytes *bytes) {
    if (bytes->owned) js_free(context, bytes->bytes);
}

/* ---- bytes to strings ---- */

/* Reads one character of UTF-8; malformed input gives REPLACEMENT for each maximal beginning of a sequence and sets
 * *malformed. */
static uint32_t read_utf8(const uint8_t *bytes, size_t length, size_t *i, bool *malformed) {
    uint8_t lead = bytes[(*i)++];
    if (lead < 0x80) return lead;
    unsigned more = lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 0;
    if (!more) goto bad;
    uint8_t least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80, most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    uint32_t c = lead & (0x3f >> more);
    for (; more; more--) {
        if (*i >= length || bytes[*i] < least || bytes[*i] > most) goto bad;
        c = c << 6 | (bytes[(*i)++] & 63);
        least = 0x80, most = 0xbf;
    }
    return c;
bad:
    *malformed = true;
    return REPLACEMENT;
}

size_t codec_utf8_unfinished(const uint8_t *bytes, size_t length) {
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        uint8_t c = bytes[length - back];
        if ((c & 0xc0) == 0x80) continue;
        size_t whole = c > 0xf4 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;
        if (whole <= back) return 0;
        /* a beginning that no continuation can save is not kept back */
        if (back > 1) {
            size_t i = 0;
            uint8_t padded[4];
            bool malformed = false;
            memcpy(padded, bytes + length - back, back);
            memset(padded + back, 0x80, whole - back);
            read_utf8(padded, whole, &i, &malformed);
            if (malformed) return 0;
        }
        return back;
    }
    return 0;
}

static JSValue decode_utf8(JSContext *context, const uint8_t *bytes, size_t length, bool fatal) {
    if (is_ascii(bytes, length)) return engine_new_latin1(context, bytes, length);
    uint16_t *units = js_malloc(context, length * 2);
    if (!units) return JS_EXCEPTION;
    size_t count = 0;
    bool malformed = false;
    for (size_t i = 0; i < length;) {
        uint32_t c = read_utf8(bytes, length, &i, &malformed);
        if (c >= 0x10000) {
            units[count++] = 0xd7c0 + (c >> 10);
            c = 0xdc00 | (c & 0x3ff);
        }
        units[count++] = c;
    }
    JSValue text = fatal && malformed
                       ? JS_ThrowTypeError(context, "The encoded data was not valid for encoding utf-8")
                       : engine_new_utf16(context, units, count);
    js_free(context, units);
    return text;
}

static JSValue decode_utf16(JSContext *context, const uint8_t *bytes, size_t length, bool big_endian) {
    size_t count = length / 2;
    uint16_t *units = js_malloc(context, count * 2 + 1);
    if (!units) return JS_EXCEPTION;
    for (size_t i = 0; i < count; i++)
        units[i] = big_endian ? bytes[2 * i] << 8 | bytes[2 * i + 1] : bytes[2 * i] | bytes[2 * i + 1] << 8;
    JSValue text = engine_new_utf16(context, units, count);
    js_free(context, units);
    return text;
}

static JSValue decode_windows_1252(JSContext *context, const uint8_t *bytes, size_t length) {
    static const uint16_t high[32] = {
        0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d, 0x8f,
        0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178};
    uint16_t *units = js_malloc(context, length * 2 + 1);
    if (!units) return JS_EXCEPTION;
    for (size_t i = 0; i < length; i++) units[i] = bytes[i] - 0x80u < 32 ? high[bytes[i] - 0x80] : bytes[i];
    JSValue text = engine_new_utf16(context, units, length);
    js_free(context, units);
    return text;
}

static size_t write_base64(uint8_t *at, const uint8_t *bytes, size_t length, bool url) {
    const char *digits = url ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                             : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t *start = at;
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t bits = bytes[i] << 16 | (left > 1 ? bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
        *at++ = digits[bits >> 18];
        *at++ = digits[bits >> 12 & 63];
        if (left > 1) *at++ = digits[bits >> 6 & 63];
        else if (!url) *at++ = '=';
        if (left > 2) *at++ = digits[bits & 63];
        else if (!url) *at++ = '=';
    }
    return at - start;
}

static JSValue decode_digits(JSContext *context, enum codec codec, const uint8_t *bytes, size_t length) {
    uint8_t *text = js_malloc(context, codec == CODEC_HEX ? length * 2 + 1 : length / 3 * 4 + 5);
    if (!text) return JS_EXCEPTION;
    size_t count = 0;
    if (codec == CODEC_HEX) {
        for (size_t i = 0; i < length; i++) {
            text[count++] = "0123456789abcdef"[bytes[i] >> 4];
            text[count++] = "0123456789abcdef"[bytes[i] & 15];
        }
    } else {
        count = write_base64(text, bytes, length, codec == CODEC_BASE64URL);
    }
    JSValue string = engine_new_latin1(context, text, count);
    js_free(context, text);
    return string;
}

static JSValue decode_ascii(JSContext *context, const uint8_t *bytes, size_t length) {
    uint8_t *text = js_malloc(context, length + 1);
    if (!text) return JS_EXCEPTION;
    for (size_t i = 0; i < length; i++) text[i] = bytes[i] & 127;
    JSValue string = engine_new_latin1(context, text, length);
    js_free(context, text);
    return string;
}

JSValue codec_decode(JSContext *context, enum codec codec, const uint8_t *bytes, size_t length, bool fatal) {
    if (length > STRING_LIMIT / 2) return JS_ThrowRangeError(context, "Cannot create a string longer than 0x1fffffe8 characters");
    switch (codec) {
    case CODEC_UTF8: return decode_utf8(context, bytes, length, fatal);
    case CODEC_UTF16LE: case CODEC_UTF16BE: return decode_utf16(context, bytes, length, codec == CODEC_UTF16BE);
    case CODEC_LATIN1: return engine_new_latin1(context, bytes, length);
    case CODEC_ASCII: return decode_ascii(context, bytes, length);
    case CODEC_WINDOWS_1252: return decode_windows_1252(context, bytes, length);
    case CODEC_HEX: case CODEC_BASE64: case CODEC_BASE64URL: return decode_digits(context, codec, bytes, length);
    }
    return JS_UNDEFINED;
}
