/* Intl as the harness sees it. */
#ifndef INTL_INIT_H
#define INTL_INIT_H
#include "../harness/engine.h"

/* Gives a realm the object Intl, and its built-in classes what works by it: toLocaleString, localeCompare and the like. */
void intl_init(JSContext *context);
/* Functions for the prelude: encodings. */
void natives_add_converters(JSContext *context, JSValueConst object);

/* The time zone of Date and the default one of Intl (local_zone.cpp): of this name, */
void local_zone_set(const char *name);
/* or the environment's, which is read when it is asked for. */
void local_zone_forget(void);

#endif
