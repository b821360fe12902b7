/* Growing text and the JSON forms of primitives (json.c). */
#ifndef JSON_H
#define JSON_H
#include "engine.h"

struct buffer {
    char *bytes;
    size_t length, capacity;
    bool failed;
};

/* Room for `more` bytes at the end; NULL, and `failed` from then on, when memory is out. */
char *json_reserve(struct buffer *buffer, size_t more);
void json_put(struct buffer *buffer, const void *bytes, size_t length);
void json_put_character(struct buffer *buffer, char c);
/* Quoted. These two return false with an exception pending. */
bool json_put_string(struct buffer *out, JSContext *context, JSValueConst string);
bool json_put_bigint(struct buffer *out, JSContext *context, JSValueConst value);
/* Shortest digits that read back as the same number, 0 for -0; NaN and infinities are null. */
void json_put_number(struct buffer *out, JSValueConst value);
/* Milliseconds since the epoch as Date.prototype.toISOString has them; null if invalid. */
void json_put_date(struct buffer *out, double time);
#endif
