/* Input files and environment of a request, and the files an execution hands back. */
#include "files.h"
#include "memfs.h"
#include <stdlib.h>
#include <string.h>

#define WORK "/work/"
enum { ERRNO_INVALID = 28, ERRNO_NO_MEMORY = 48 }; /* as WASI numbers them */

static uint16_t apply_file(const message_field *field, const char **path) {
    const char *content;
    uint32_t length;
    if (!message_pair(field, &content, &length)) return ERRNO_INVALID;
    size_t name_length = content - field->bytes; /* with its NUL */
    char *absolute = malloc(sizeof WORK + name_length);
    if (!absolute) return ERRNO_NO_MEMORY;
    memcpy(absolute, WORK, sizeof WORK - 1);
    memcpy(absolute + sizeof WORK - 1, field->bytes, name_length);
    uint16_t error = memfs_write_file(absolute, content, length);
    free(absolute);
    if (error) *path = field->bytes;
    return error;
}

uint16_t files_apply(const void *request, uint32_t length, const char **path) {
    message_reader reader = message_read(request, length);
    message_field field;
    while (message_next(&reader, &field)) {
        const char *value;
        uint32_t value_length;
        uint16_t error = 0;
        if (field.tag == AMPOULE_FILE) error = apply_file(&field, path);
        else if (field.tag == AMPOULE_ENV && message_pair(&field, &value, &value_length)) {
            char *text = strndup(value, value_length);
            if (!text || setenv(field.bytes, text, 1)) error = ERRNO_NO_MEMORY;
            free(text);
        }
        if (error) return error;
    }
    return 0;
}

static void add_file(const char *path, const void *content, size_t length, void *context) {
    char name[4104] = "out/";
    strncat(name, path, sizeof name - 5);
    message_put_pair(context, AMPOULE_FILE, name, content, length);
}

void files_collect(message *response) { memfs_walk(WORK "out", add_file, response); }
