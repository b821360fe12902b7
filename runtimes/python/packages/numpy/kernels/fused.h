// Loops that look at their results on the way: those of arithmetic on floats without gaps. Looking at them afterwards costs as much as
// making them, and so does keeping aside what an operation in place writes over.
#ifndef AMPOULE_FUSED_H
#define AMPOULE_FUSED_H

#include <stddef.h>

// The operands are arrays without gaps, or the first or the second is one number. Writes results as long as they are finite (large ones
// may make it stop though they are) and says how many it wrote; of the others it has touched nothing.
typedef ptrdiff_t AmpouleFused(const void *first, int first_is_one, const void *second, int second_is_one, void *to, ptrdiff_t n);

// For a ufunc of that name with such inputs and one such output, all of one type; NULL where there is none.
AmpouleFused *ampoule_fused(const char *name, int inputs, char type);

#endif
