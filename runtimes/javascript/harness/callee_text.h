/* Parts of a program's source for messages (callee_text.c). */
#ifndef CALLEE_TEXT_H
#define CALLEE_TEXT_H
#include <stdbool.h>
#include <stddef.h>

/* What is called at `place` (the last name of a callee, the '(' behind another expression, or `new`), as V8 tells it in
 * "a.b(...).c is not a function". False: it cannot be told. */
bool callee_text(const char *source, size_t length, size_t place, char *text, size_t size);
/* A plain expression that stands at `place` behind `of` or `...`. False: there is none. */
bool iterable_text(const char *source, size_t length, size_t place, char *text, size_t size);
/* The first property of the pattern that `place` stands in, "" if it has none, and what is taken apart, if that is a plain
 * expression behind a '=', ":" if the pattern is the value of a property of another one, else "". False: there is no pattern. */
bool pattern_text(const char *source, size_t length, size_t place, char *property, char *value, size_t size);
#endif
