/* Patterns of paths: `*` and `?` within a part, `**` for parts. */
#ifndef AMPOULE_PATTERN_H
#define AMPOULE_PATTERN_H
#include <stdbool.h>
#include <stddef.h>

/* Whether a pattern, which crates/model/src/pattern.rs has found to be one and says the meaning of, means the relative path `path`.
 * The host looks once more at what comes back: were the two to differ, the answer would count as malformed. */
bool pattern_matches(const char *pattern, size_t length, const char *path);

#endif
