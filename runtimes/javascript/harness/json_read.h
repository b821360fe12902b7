/* JSON text to values: part of engine.c, which includes it after quickjs.c. Instead of QuickJS's own reader because that nests
 * calls as deep as the text nests, where Node has no limit; because programs look at what V8's messages say; and because an
 * input's numbers that a double cannot hold keep their digits (numbers.c). */

enum json_token { JSON_END, JSON_NUMBER, JSON_STRING, JSON_OTHER };

struct json_level {
    JSValue object;         /* undefined for an array, whose elements wait among the values */
    JSAtom key;             /* of the member that is being read */
    uint32_t first, first_number;
};

struct json_reader {
    JSContext *context;
    const uint8_t *start, *at, *end;
    JSValueConst source;    /* the text as the program gave it, undefined if it is the bytes */
    bool bigints;           /* integers that a double cannot hold */
    struct numbers *numbers;
    struct json_level *levels;
    JSValue *values;
    uint32_t depth, level_room, count, value_room;
};

/* ---- errors, in V8's words ---- */

static enum json_token json_token_at(const struct json_reader *in) {
    if (in->at >= in->end) return JSON_END;
    if (*in->at == '"') return JSON_STRING;
    return *in->at == '-' || is_digit(*in->at) ? JSON_NUMBER : JSON_OTHER;
}

/* An expression that V8 would print: part of the text, by UTF-16 units. */
static JSValue json_part(struct json_reader *in, JSValueConst text, int64_t start, int64_t end) {
    JSString *string = JS_VALUE_GET_STRING(text);
    if (start < 0) start = 0;
    if (end > string->len) end = string->len;
    return js_sub_string(in->context, string, start, end < start ? start : end);
}

static void json_throw(struct json_reader *in, const char *format, JSValue first, JSValue second) {
    const char *a = JS_ToCString(in->context, first), *b = JS_ToCString(in->context, second);
    if (a && b) {
        /* JS_ThrowSyntaxError cuts what is longer than its buffer; the second is of at most 40 units or a whole text of 20 */
        JS_ThrowSyntaxError(in->context, format, a, b);
    }
    JS_FreeCString(in->context, a);
    JS_FreeCString(in->context, b);
    JS_FreeValue(in->context, first);
    JS_FreeValue(in->context, second);
}

static const char json_rest[] = "Unexpected non-whitespace character after JSON";

/* Throws; the text goes wrong where the reader stands. Without a message it is the token there that is unexpected. */
static bool json_fail(struct json_reader *in, const char *message) {
    JSContext *context = in->context;
    JSValue text = JS_IsUndefined(in->source) ? JS_NewStringLen(context, (const char *)in->start, in->end - in->start) : JS_ToString(context, in->source);
    if (JS_IsException(text)) return false;
    int position = 0;
    for (const uint8_t *at = in->start; at < in->at; at++) position += (*at & 0xc0) != 0x80 ? 1 + (*at >= 0xf0) : 0;
    enum json_token token = json_token_at(in);
    if (!message && token == JSON_NUMBER) message = "Unexpected number";
    if (!message && token == JSON_STRING) message = "Unexpected string";
    if (message) {
        JS_ThrowSyntaxError(context, message == json_rest ? "%s at position %d" : "%s in JSON at position %d", message, position);
    } else if (token == JSON_END) {
        JS_ThrowSyntaxError(context, "Unexpected end of JSON input");
    } else {
        static const char *const usual[] = {"[object Object]", "undefined", "Infinity", "NaN"};
        size_t length = in->end - in->start;
        for (int i = 0; i < 4; i++)
            if (length == strlen(usual[i]) && !memcmp(in->start, usual[i], length)) {
                JS_ThrowSyntaxError(context, "\"%s\" is not valid JSON", usual[i]);
                JS_FreeValue(context, text);
                return false;
            }
        enum { SHOWN = 10 };
        int units = JS_VALUE_GET_STRING(text)->len;
        bool is_long = units > 2 * SHOWN, to_start = position < SHOWN, to_end = position >= units - SHOWN;
        json_throw(in, !is_long || (to_start && to_end) ? "Unexpected token '%s', \"%s\" is not valid JSON"
                       : to_start ? "Unexpected token '%s', \"%s\"... is not valid JSON"
                       : to_end ? "Unexpected token '%s', ...\"%s\" is not valid JSON" : "Unexpected token '%s', ...\"%s\"... is not valid JSON",
                   json_part(in, text, position, position + 1),
                   json_part(in, text, is_long && !to_start ? position - SHOWN : 0, is_long && (to_start || !to_end) ? position + SHOWN : units));
    }
    JS_FreeValue(context, text);
    return false;
}

/* ---- what there is in JSON ---- */

static void json_skip_space(struct json_reader *in) {
    while (in->at < in->end && (*in->at == ' ' || *in->at == '\n' || *in->at == '\r' || *in->at == '\t')) in->at++;
}

static bool json_skip(struct json_reader *in, char c) {
    json_skip_space(in);
    if (in->at >= in->end || *in->at != c) return false;
    in->at++;
    return true;
}

/* One of the two pieces of an escape; the reader stands behind the backslash. -1: it is none. */
static int json_read_escape(struct json_reader *in) {
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    uint8_t c = in->at < in->end ? *in->at : 0;
    const char *name = c ? strchr(names, c) : NULL;
    if (name) {
        in->at++;
        return (uint8_t)meant[name - names];
    }
    if (in->at >= in->end || c >= 0x80) {
        const uint8_t *next;
        bool is_wide = c >= 0x80 && utf8_decode(in->at, &next) > 0xff;
        json_fail(in, in->at >= in->end || is_wide ? NULL : "Bad escaped character");
        return -1;
    }
    if (c != 'u') {
        json_fail(in, "Bad escaped character");
        return -1;
    }
    int unit = 0;
    in->at++;
    for (int i = 0; i < 4; i++, in->at++) {
        int digit = in->at < in->end ? from_hex(*in->at) : -1;
        if (digit < 0) {
            json_fail(in, "Bad Unicode escape");
            return -1;
        }
        unit = unit << 4 | digit;
    }
    return unit;
}

/* The reader stands behind the quote. */
static JSValue json_read_string(struct json_reader *in) {
    StringBuffer text;
    const uint8_t *start = in->at;
    while (in->at < in->end && *in->at != '"' && *in->at != '\\' && *in->at >= 0x20 && *in->at < 0x80) in->at++;
    if (in->at < in->end && *in->at == '"') return js_new_string8_len(in->context, (const char *)start, in->at++ - start);
    if (string_buffer_init(in->context, &text, 48)) return JS_EXCEPTION;
    string_buffer_write8(&text, start, in->at - start);
    for (;;) {
        if (in->at >= in->end) {
            json_fail(in, "Unterminated string");
            break;
        }
        uint32_t c = *in->at;
        if (c == '"') {
            in->at++;
            return string_buffer_end(&text);
        } else if (c < 0x20) {
            json_fail(in, "Bad control character in string literal");
            break;
        } else if (c == '\\') {
            in->at++;
            int unit = json_read_escape(in);
            if (unit < 0) break;
            c = unit;
            if (string_buffer_putc16(&text, c)) break;
            continue;
        } else if (c < 0x80) {
            start = in->at;
            while (in->at < in->end && *in->at != '"' && *in->at != '\\' && *in->at >= 0x20 && *in->at < 0x80) in->at++;
            if (string_buffer_write8(&text, start, in->at - start)) break;
            continue;
        }
        const uint8_t *next;
        c = utf8_decode(in->at, &next);
        in->at = next;
        if (string_buffer_putc(&text, c)) break;
    }
    string_buffer_free(&text);
    return JS_EXCEPTION;
}

static JSAtom json_read_key(struct json_reader *in) {
    const uint8_t *start = in->at;
    while (in->at < in->end && *in->at != '"' && *in->at != '\\' && *in->at >= 0x20 && *in->at < 0x80) in->at++;
    if (in->at < in->end && *in->at == '"') return JS_NewAtomLen(in->context, (const char *)start, in->at++ - start);
    in->at = start;
    JSValue text = json_read_string(in);
    return JS_IsException(text) ? JS_ATOM_NULL : JS_NewAtomStr(in->context, JS_VALUE_GET_STRING(text));
}

static JSValue json_read_number(struct json_reader *in) {
    const uint8_t *start = in->at, *digits;
    bool is_integer = true;
    if (*in->at == '-') in->at++;
    digits = in->at;
    while (is_digit(*in->at)) in->at++;
    if (in->at == digits) return json_fail(in, "No number after minus sign"), JS_EXCEPTION;
    if (*digits == '0' && in->at > digits + 1) {
        in->at = digits + 1;
        return json_fail(in, NULL), JS_EXCEPTION;
    }
    if (in->at - digits <= 9 && *in->at != '.' && (*in->at | 32) != 'e' && (start == digits || *digits != '0')) {
        int32_t value = 0;
        for (; digits < in->at; digits++) value = value * 10 + (*digits - '0');
        return js_int32(*start == '-' ? -value : value);
    }
    if (*in->at == '.') {
        is_integer = false;
        in->at++;
        if (!is_digit(*in->at)) return json_fail(in, "Unterminated fractional number"), JS_EXCEPTION;
        while (is_digit(*in->at)) in->at++;
    }
    if ((*in->at | 32) == 'e') {
        is_integer = false;
        in->at++;
        if (*in->at == '+' || *in->at == '-') in->at++;
        if (!is_digit(*in->at)) return json_fail(in, "Exponent part is missing a number"), JS_EXCEPTION;
        while (is_digit(*in->at)) in->at++;
    }
    size_t length = in->at - start;
    double value = strtod((const char *)start, NULL);
    if (in->bigints && is_integer && fabs(value) > (double)MAX_SAFE_INTEGER)
        return js_atof(in->context, (const char *)start, NULL, 10, ATOD_INT_ONLY | ATOD_TYPE_BIG_INT);
    if (in->numbers && !numbers_note(in->numbers, value, (const char *)start, length)) return JS_ThrowOutOfMemory(in->context);
    return js_number(value);
}

static JSValue json_read_word(struct json_reader *in) {
    static const char *const words[] = {"true", "false", "null"};
    for (int i = 0; i < 3; i++) {
        const char *word = words[i];
        if (in->at >= in->end || *in->at != *word) continue;
        for (; *word; word++, in->at++)
            if (in->at >= in->end || *in->at != *word) return json_fail(in, NULL), JS_EXCEPTION;
        return i == 2 ? JS_NULL : js_bool(!i);
    }
    return json_fail(in, NULL), JS_EXCEPTION;
}

/* ---- the whole ---- */

static bool json_enter(struct json_reader *in, JSValue object) {
    if (JS_IsException(object)) return false;
    if (in->depth == in->level_room) {
        uint32_t room = in->level_room ? in->level_room * 2 : 16;
        struct json_level *levels = js_realloc(in->context, in->levels, room * sizeof *levels);
        if (!levels) return JS_FreeValue(in->context, object), false;
        in->levels = levels;
        in->level_room = room;
    }
    in->levels[in->depth++] = (struct json_level){object, JS_ATOM_NULL, in->count, in->numbers ? in->numbers->count : 0};
    return true;
}

static bool json_push(struct json_reader *in, JSValue value) {
    if (in->count == in->value_room) {
        uint32_t room = in->value_room ? in->value_room * 2 : 32;
        JSValue *values = js_realloc(in->context, in->values, room * sizeof *values);
        if (!values) return JS_FreeValue(in->context, value), false;
        in->values = values;
        in->value_room = room;
    }
    in->values[in->count++] = value;
    return true;
}

static bool json_name_member(struct json_reader *in, const char *message, const char *colon) {
    struct json_level *level = &in->levels[in->depth - 1];
    if (!json_skip(in, '"')) return json_fail(in, message);
    level->key = json_read_key(in);
    if (level->key == JS_ATOM_NULL) return false;
    return json_skip(in, ':') || json_fail(in, colon);
}

/* Puts a value into what holds it and goes on, up to where the next value begins; `value` is the whole at the end. */
static bool json_put_value(struct json_reader *in, JSValue *value) {
    while (in->depth) {
        struct json_level *level = &in->levels[in->depth - 1];
        bool is_array = JS_IsUndefined(level->object);
        if (is_array) {
            if (in->numbers) numbers_place(in->numbers, level->first_number, JS_ATOM_NULL, in->count - level->first, NULL);
            if (!json_push(in, *value)) return *value = JS_UNDEFINED, false;
            *value = JS_UNDEFINED;
            if (json_skip(in, ',')) return true;
            if (!json_skip(in, ']')) return json_fail(in, "Expected ',' or ']' after array element");
            *value = js_create_array(in->context, in->count - level->first, vc(in->values + level->first));
            while (in->count > level->first) JS_FreeValue(in->context, in->values[--in->count]);
            if (JS_IsException(*value)) return false;
        } else {
            if (in->numbers) numbers_place(in->numbers, level->first_number, level->key, 0, NULL);
            int done = JS_DefinePropertyValue(in->context, level->object, level->key, *value, JS_PROP_C_W_E);
            *value = JS_UNDEFINED;
            JS_FreeAtom(in->context, level->key);
            level->key = JS_ATOM_NULL;
            if (done < 0) return false;
            if (json_skip(in, ',')) return json_name_member(in, "Expected double-quoted property name", NULL);
            if (!json_skip(in, '}')) return json_fail(in, "Expected ',' or '}' after property value");
            *value = level->object;
        }
        if (in->numbers) numbers_place(in->numbers, level->first_number, JS_ATOM_NULL, -1, JS_VALUE_GET_PTR(*value));
        in->depth--;
    }
    return true;
}

/* `buf` ends in a NUL. */
static JSValue json_read(struct json_reader *in) {
    JSValue value = JS_UNDEFINED;
    bool goes_well;
    do {
        goes_well = true;
        bool is_open = false;
        json_skip_space(in);
        enum json_token token = json_token_at(in);
        if (token == JSON_STRING) {
            in->at++;
            value = json_read_string(in);
        } else if (token == JSON_NUMBER) {
            value = json_read_number(in);
        } else if (token == JSON_OTHER && *in->at == '{') {
            in->at++;
            if (json_skip(in, '}')) value = JS_NewObject(in->context);
            else {
                is_open = true;
                goes_well = json_enter(in, JS_NewObject(in->context)) && json_name_member(in, "Expected property name or '}'", "Expected ':' after property name");
            }
        } else if (token == JSON_OTHER && *in->at == '[') {
            in->at++;
            if (json_skip(in, ']')) value = JS_NewArray(in->context);
            else {
                is_open = true;
                goes_well = json_enter(in, JS_UNDEFINED);
            }
        } else {
            value = json_read_word(in);
        }
        if (!is_open) goes_well = !JS_IsException(value) && json_put_value(in, &value);
    } while (goes_well && in->depth);
    json_skip_space(in);
    if (goes_well && in->at < in->end) goes_well = json_fail(in, json_rest);
    if (!goes_well) {
        JS_FreeValue(in->context, value);
        value = JS_EXCEPTION;
        while (in->depth) {
            struct json_level *level = &in->levels[--in->depth];
            JS_FreeAtom(in->context, level->key);
            JS_FreeValue(in->context, level->object);
        }
        while (in->count) JS_FreeValue(in->context, in->values[--in->count]);
    }
    js_free(in->context, in->levels);
    js_free(in->context, in->values);
    return value;
}

/* JSON.parse without a reviver; for one, the text is known to be right afterwards. */
static JSValue json_read_text(JSContext *context, JSValueConst source, const char *text, size_t length) {
    struct json_reader in = {.context = context, .start = (const uint8_t *)text, .at = (const uint8_t *)text,
                             .end = (const uint8_t *)text + length, .source = source};
    return json_read(&in);
}
