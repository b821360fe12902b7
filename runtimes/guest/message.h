/* Reading requests and building responses: `u32 tag, u32 length, bytes`, little endian (abi.h). */
#ifndef AMPOULE_MESSAGE_H
#define AMPOULE_MESSAGE_H
#include "abi.h"
#include <stdbool.h>

typedef struct {
    uint32_t tag, length;
    const char *bytes;
} message_field;

typedef struct {
    const char *at, *end;
} message_reader;

message_reader message_read(const void *bytes, uint32_t length);
/* The next field, false at the end. A field that would reach past the end ends the message: the host is trusted,
 * a guest must merely not run wild. */
bool message_next(message_reader *reader, message_field *field);
/* The first field of that tag; false, and an empty field, if there is none. */
bool message_find(const void *bytes, uint32_t length, uint32_t tag, message_field *field);
uint32_t message_u32(const message_field *field); /* 0 if the field does not hold four bytes */
/* Splits "name NUL rest" (files, modules, environment); false if there is no NUL. */
bool message_pair(const message_field *field, const char **rest, uint32_t *rest_length);

typedef struct {
    char *bytes;
    size_t length, capacity;
    bool failed; /* out of memory; message_answer then says so instead */
} message;

void message_put(message *m, uint32_t tag, const void *bytes, size_t length);
void message_put_u32(message *m, uint32_t tag, uint32_t value);
void message_put_text(message *m, uint32_t tag, const char *text);
/* A field "name NUL content". */
void message_put_pair(message *m, uint32_t tag, const char *name, const void *content, size_t length);
/* The return value of ampoule_run and its like. */
uint64_t message_answer(const message *m);

#endif
