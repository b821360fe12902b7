// Floating-point exception flags for native packages. WebAssembly has none, so libc's <fenv.h> names none and forgets what is
// raised. Here they are a variable: whoever raises and tests them by hand (integer division, LinAlgError) works as elsewhere.
// Arithmetic does not raise them; see packages/numpy/patches/float-flags.patch.
#pragma once
#include_next <fenv.h>

#undef FE_ALL_EXCEPT
#define FE_INVALID 1
#define FE_DIVBYZERO 4
#define FE_OVERFLOW 8
#define FE_UNDERFLOW 16
#define FE_INEXACT 32
#define FE_ALL_EXCEPT 61

#ifdef __cplusplus
extern "C" {
#endif
// Defined in harness/packages.c.
extern int guest_float_flags;
#ifdef __cplusplus
}
#endif

static inline int guest_feclearexcept(int flags) {
    guest_float_flags &= ~flags;
    return 0;
}

static inline int guest_feraiseexcept(int flags) {
    guest_float_flags |= flags;
    return 0;
}

static inline int guest_fetestexcept(int flags) {
    return guest_float_flags & flags;
}

#define feclearexcept guest_feclearexcept
#define feraiseexcept guest_feraiseexcept
#define fetestexcept guest_fetestexcept
