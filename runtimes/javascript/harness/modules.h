/* What the two halves of the modules share: modules.c (the request's modules, `require`) and modules_es.c (`import`). */
#ifndef MODULES_H
#define MODULES_H
#include "engine.h"

/* A module of the request by its exact name; its source ends at `length`. */
bool modules_find(const char *name, const char **source, uint32_t *length);
/* The name under which the request has what `name`, written in `base`, means; NULL if it has no such module. To be
 * freed with js_free. */
char *modules_resolve(JSContext *context, const char *base, const char *name);
bool modules_ends_with(const char *text, const char *ending);
/* Bytecode of a CommonJS module's function, or an ES module. */
JSValue modules_compile(const char *name, const char *source, uint32_t length);

#endif
