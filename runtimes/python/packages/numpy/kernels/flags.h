// Floating-point errors, found by looking at numbers: WebAssembly's arithmetic raises no flags. What came out infinite or not a number,
// though nothing of the kind went in, tells of an overflow, a division by zero or an invalid operation; the flag is then raised by hand
// (build/native/include/fenv.h) where NumPy looks for it. Underflow is not found; NumPy ignores it unless told otherwise.
// Nor are found: an invalid operation among numbers of which one was not a number before; overflow within products of matrices and
// vectors, and in ufunc.at. np.spacing of an infinity is said to be invalid, which it is not natively.
#ifndef AMPOULE_FLAGS_H
#define AMPOULE_FLAGS_H

#include <stddef.h>
#include <stdint.h>
#include "fused.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { AMPOULE_WATCHED = 4 };

// How one inner loop is watched. Operands are told by the letters of NumPy's types; `pole` says which finite numbers are taken to infinity,
// `fused`, if any, is what does the same without leaving flags to look for, where it can.
typedef struct {
    unsigned char watched, pole, inputs, outputs;
    char types[AMPOULE_WATCHED];
    AmpouleFused *fused;
} AmpouleWatch;

typedef void AmpouleLoop(char **args, const intptr_t *dimensions, const intptr_t *steps, void *data);

// For a ufunc of that name; `types` are its inputs' and then its outputs'. Nothing is watched that raises no flags or no floats come out of.
AmpouleWatch ampoule_watch(const char *name, int inputs, int outputs, const char *types);

// Calls the loop, in pieces, and raises the flags.
void ampoule_watched_loop(const AmpouleWatch *watch, AmpouleLoop *loop, char **args, const intptr_t *dimensions, const intptr_t *steps, void *data);

// After one operation on scalars; `second` may be null.
void ampoule_watch_scalar(const char *name, char type, const void *first, const void *second, const void *result);

// Casts as many of n floats without gaps to such integers without gaps as are in range, in some cases; says how many.
ptrdiff_t ampoule_cast(char type, char kind, size_t size, const char *from, char *to, ptrdiff_t n);

// Before or after a cast of n floats (only real parts, of complex numbers) to integers of that size, or to smaller floats (`kind` f).
void ampoule_watch_cast(char type, char kind, size_t size, const char *from, intptr_t step, const char *to, intptr_t to_step, intptr_t n);

#ifdef __cplusplus
}
#endif
#endif
