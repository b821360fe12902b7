/* What musl's files about time zones need of its inside; build/guest.sh compiles them with this before each. The zone is the one that
 * time.tzset() has seen last, as on Linux, and not the environment of the moment. */
#ifndef AMPOULE_ZONE_H
#define AMPOULE_ZONE_H
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *zone_of_environment(const char *variable);
const unsigned char *__map_file(const char *path, size_t *size);
int __munmap(void *, size_t);
#define __libc_malloc(size) (malloc)(size)

#define hidden
#define weak_alias(old, new) extern __typeof(old) new __attribute__((__weak__, __alias__(#old)))
#define LOCK(lock) ((void)0)
#define UNLOCK(lock) ((void)0)
static const struct { int secure; } libc;

/* A variable, where strings.h has a function. */
#define index zone_index
/* It trusts no name that is not its own, and CPython passes its own. */
#define __tm_to_tzname zone_of_musl
#define getenv zone_of_environment
#endif
