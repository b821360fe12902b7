/* Input files and environment of a request, and the files an execution hands back. */
#include "files.h"
#include "abi.h"
#include "memfs.h"
#include "pattern.h"
#include "wasi.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORK "/work/"
enum { ERRNO_INVALID = 28, ERRNO_NO_MEMORY = 48 }; /* as WASI numbers them */

static bool have_wheel;

/* The request, if it has patterns of files. */
static const void *asking;
static uint32_t asking_length;

bool files_have_wheel(void) { return have_wheel; }

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && !strcmp(text + length - end_length, end);
}

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
    have_wheel |= ends_with(absolute, ".whl");
    free(absolute);
    if (error) *path = field->bytes;
    return error;
}

uint16_t files_apply(const void *request, uint32_t length, const char **path) {
    message_reader reader = message_read(request, length);
    message_field field;
    bool have_files = false;
    while (message_next(&reader, &field)) {
        const char *value;
        uint32_t value_length;
        uint16_t error = 0;
        if (field.tag == AMPOULE_FILE) {
            have_files = true;
            error = apply_file(&field, path);
        } else if (field.tag == AMPOULE_STDIN) {
            wasi_give_input(field.bytes, field.length);
        } else if (field.tag == AMPOULE_OUTPUT) {
            /* Most requests have none, and every page that is written to takes time. */
            asking = request;
            asking_length = length;
        }
        else if (field.tag == AMPOULE_ENV && message_pair(&field, &value, &value_length)) {
            char *text = strndup(value, value_length);
            if (!text || setenv(field.bytes, text, 1)) error = ERRNO_NO_MEMORY;
            free(text);
        }
        if (error) return error;
    }
    if (have_files) memfs_settle(WORK);
    return 0;
}

/* ---- which files come back ---- */

static bool is_below_out(const char *path) { return !strncmp(path, "out/", 4); }

static bool is_asked_for(const char *path) {
    message_reader reader = message_read(asking, asking_length);
    message_field field;
    while (message_next(&reader, &field))
        if (field.tag == AMPOULE_OUTPUT && pattern_matches(field.bytes, field.length, path)) return true;
    return false;
}

static void add_file(const char *path, const void *content, size_t length, void *context) {
    char name[4104] = "out/";
    strncat(name, path, sizeof name - 5);
    message_put_pair(context, AMPOULE_FILE, name, content, length);
}

static void add_asked(const char *path, const void *content, size_t length, void *context) {
    if (!is_below_out(path) && is_asked_for(path)) message_put_pair(context, AMPOULE_FILE, path, content, length);
}

void files_collect(message *response) {
    memfs_walk(WORK "out", add_file, response);
    if (asking) memfs_walk_written(WORK, add_asked, response);
}

/* ---- files that will not come back ---- */

enum { MOST_NAMES = 5, LONGEST_NAME = 200 };

typedef struct {
    char names[1200]; /* of the first few, with commas between them */
    size_t length;
    uint32_t count;
    bool asked; /* there is a file that was asked for */
} outside;

static void add_outside(const char *path, const void *content, size_t length, void *context) {
    outside *found = context;
    if (is_asked_for(path)) found->asked = true;
    if (found->asked || is_below_out(path) || strstr(path, "__pycache__/")) return;
    if (found->count++ >= MOST_NAMES) return;
    char *at = found->names + found->length;
    found->length += snprintf(at, sizeof found->names - found->length, "%s%.*s", found->count > 1 ? ", " : "", LONGEST_NAME, path);
    for (; *at; at++)
        if ((unsigned char)*at < ' ') *at = '?';
}

void files_warn(void) {
    outside found = {0};
    memfs_walk_written(WORK, add_outside, &found);
    /* Who got files that were asked for knows of the others. */
    if (found.asked || !found.count) return;
    char text[sizeof found.names + 160];
    uint32_t more = found.count > MOST_NAMES ? found.count - MOST_NAMES : 0;
    int length = snprintf(text, sizeof text, "ampoule: wrote %s", found.names);
    if (more) length += snprintf(text + length, sizeof text - length, " and %u more", more);
    length += snprintf(text + length, sizeof text - length, " outside out/: only files below out/ come back, and those that output_files names\n");
    ampoule_output_write(2, text, length);
}

void files_settle(void) {
    memfs_settle(WORK);
    have_wheel = false;
    asking = NULL;
    asking_length = 0;
    wasi_give_input(NULL, 0);
}
