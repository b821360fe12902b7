/* Patterns of paths. After a mismatch the last `*`, or `**`, takes one more: what lies before it need not be tried again. */
#include "pattern.h"
#include <string.h>

static const char *end_of_part(const char *at, const char *end) {
    const char *slash = memchr(at, '/', end - at);
    return slash ? slash : end;
}

static const char *after_slash(const char *at, const char *end) { return at < end ? at + 1 : end; }

static const char *after_character(const char *at, const char *end) {
    do at++;
    while (at < end && (*at & 0xc0) == 0x80);
    return at;
}

static bool part_matches(const char *pattern, const char *pattern_end, const char *name, const char *name_end) {
    const char *star = NULL, *tried = NULL;
    while (name < name_end) {
        bool is_left = pattern < pattern_end;
        if (is_left && *pattern == '*') {
            star = ++pattern;
            tried = name;
        } else if (is_left && *pattern == '?') {
            pattern++;
            name = after_character(name, name_end);
        } else if (is_left && *pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star;
            name = ++tried;
        } else {
            return false;
        }
    }
    while (pattern < pattern_end && *pattern == '*') pattern++;
    return pattern == pattern_end;
}

bool pattern_matches(const char *pattern, size_t length, const char *path) {
    const char *pattern_end = pattern + length, *path_end = path + strlen(path);
    const char *deep = NULL, *tried = NULL;
    while (path < path_end) {
        const char *wanted_end = end_of_part(pattern, pattern_end), *part_end = end_of_part(path, path_end);
        bool is_left = pattern < pattern_end;
        if (is_left && wanted_end - pattern == 2 && !memcmp(pattern, "**", 2)) {
            pattern = deep = after_slash(wanted_end, pattern_end);
            tried = path;
        } else if (is_left && part_matches(pattern, wanted_end, path, part_end)) {
            pattern = after_slash(wanted_end, pattern_end);
            path = after_slash(part_end, path_end);
        } else if (deep) {
            tried = after_slash(end_of_part(tried, path_end), path_end);
            path = tried;
            pattern = deep;
        } else {
            return false;
        }
    }
    return pattern == pattern_end;
}
