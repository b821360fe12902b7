/* The message codec of the ABI, guest side. A response is built in one growing buffer; when memory for it is out,
 * the answer is a constant message of kind AMPOULE_MEMORY, so that a guest can always answer. */
#include "message.h"
#include <stdlib.h>
#include <string.h>

message_reader message_read(const void *bytes, uint32_t length) {
    return (message_reader){.at = bytes, .end = (const char *)bytes + length};
}

bool message_next(message_reader *reader, message_field *field) {
    size_t left = reader->end - reader->at;
    if (left < 8) return false;
    memcpy(&field->tag, reader->at, 4);
    memcpy(&field->length, reader->at + 4, 4);
    if (field->length > left - 8) return false;
    field->bytes = reader->at + 8;
    reader->at += 8 + field->length;
    return true;
}

bool message_find(const void *bytes, uint32_t length, uint32_t tag, message_field *field) {
    message_reader reader = message_read(bytes, length);
    while (message_next(&reader, field))
        if (field->tag == tag) return true;
    *field = (message_field){.tag = tag, .bytes = ""};
    return false;
}

uint32_t message_u32(const message_field *field) {
    uint32_t value = 0;
    if (field->length == 4) memcpy(&value, field->bytes, 4);
    return value;
}

bool message_pair(const message_field *field, const char **rest, uint32_t *rest_length) {
    const char *nul = memchr(field->bytes, 0, field->length);
    if (!nul) return false;
    *rest = nul + 1;
    *rest_length = field->bytes + field->length - *rest;
    return true;
}

/* Room for `more` bytes at the end, or NULL. */
static char *reserve(message *m, size_t more) {
    if (m->failed) return NULL;
    if (more > m->capacity - m->length) {
        size_t capacity = m->capacity < 2048 ? 4096 : m->capacity * 2;
        if (capacity < m->length + more) capacity = m->length + more;
        char *bytes = realloc(m->bytes, capacity);
        if (!bytes) bytes = realloc(m->bytes, capacity = m->length + more);
        if (!bytes) {
            m->failed = true;
            return NULL;
        }
        m->bytes = bytes;
        m->capacity = capacity;
    }
    char *at = m->bytes + m->length;
    m->length += more;
    return at;
}

static char *field_head(message *m, uint32_t tag, size_t length) {
    char *at = reserve(m, 8 + length);
    if (!at) return NULL;
    uint32_t short_length = length;
    memcpy(at, &tag, 4);
    memcpy(at + 4, &short_length, 4);
    return at + 8;
}

void message_put(message *m, uint32_t tag, const void *bytes, size_t length) {
    char *at = field_head(m, tag, length);
    if (at && length) memcpy(at, bytes, length);
}

void message_put_u32(message *m, uint32_t tag, uint32_t value) { message_put(m, tag, &value, 4); }

void message_put_text(message *m, uint32_t tag, const char *text) { message_put(m, tag, text, strlen(text)); }

void message_put_pair(message *m, uint32_t tag, const char *name, const void *content, size_t length) {
    size_t name_length = strlen(name) + 1;
    char *at = field_head(m, tag, name_length + length);
    if (!at) return;
    memcpy(at, name, name_length);
    if (length) memcpy(at + name_length, content, length);
}

uint64_t message_answer(const message *m) {
    static const uint32_t out_of_memory[] = {AMPOULE_KIND, 4, AMPOULE_MEMORY};
    const void *bytes = m->failed ? (const void *)out_of_memory : m->bytes;
    uint32_t length = m->failed ? sizeof out_of_memory : m->length;
    return (uint64_t)(uintptr_t)bytes << 32 | length;
}
