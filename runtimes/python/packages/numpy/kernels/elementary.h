// exp and log of arrays, two doubles or four floats at a time. Steps are in bytes. An element's result does not depend on where in
// the array it stands.
#ifndef AMPOULE_ELEMENTARY_H
#define AMPOULE_ELEMENTARY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AMPOULE_ELEMENTARY(name) void name(const char *from, ptrdiff_t from_step, char *to, ptrdiff_t to_step, ptrdiff_t n)
AMPOULE_ELEMENTARY(ampoule_exp_f64);
AMPOULE_ELEMENTARY(ampoule_log_f64);
AMPOULE_ELEMENTARY(ampoule_log2_f64);
AMPOULE_ELEMENTARY(ampoule_log10_f64);
AMPOULE_ELEMENTARY(ampoule_exp_f32);
AMPOULE_ELEMENTARY(ampoule_log_f32);

#ifdef __cplusplus
}
#endif
#endif
