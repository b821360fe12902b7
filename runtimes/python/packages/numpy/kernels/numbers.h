// Floats told by the letter of NumPy's type: what a watch over floating-point errors (flags.h) looks at.
#ifndef AMPOULE_NUMBERS_H
#define AMPOULE_NUMBERS_H

#include <math.h>
#include "vectors.h"

enum { NOT_A_NUMBER = 1, INFINITE = 2 };

// The bytes of a float or complex number of a type; 0 for other types.
static inline int width(char type) {
    switch (type) {
    case 'e': return 2;
    case 'f': return 4;
    case 'd': return 8;
    case 'g': return sizeof(long double);
    case 'F': return 8;
    case 'D': return 16;
    case 'G': return 2 * sizeof(long double);
    }
    return 0;
}

static inline int is_complex(char type) { return type == 'F' || type == 'D' || type == 'G'; }
static inline char part_of(char type) { return type == 'F' ? 'f' : type == 'D' ? 'd' : type == 'G' ? 'g' : type; }

static inline double half_value(const void *at) {
    uint16_t bits;
    memcpy(&bits, at, sizeof bits);
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double size = exponent == 31 ? (fraction ? NAN : INFINITY) : exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    return bits >> 15 ? -size : size;
}

// A part of a number; a long double is only told apart as far as a double can.
static inline double part(char type, const char *at) {
    float single;
    double value;
    long double wide;
    switch (part_of(type)) {
    case 'e': return half_value(at);
    case 'f': memcpy(&single, at, sizeof single); return single;
    case 'd': memcpy(&value, at, sizeof value); return value;
    }
    memcpy(&wide, at, sizeof wide);
    return wide != wide ? NAN : wide == INFINITY ? INFINITY : wide == -INFINITY ? -INFINITY : wide == 0 ? 0 : wide == 1 ? 1 : wide == -1 ? -1 : 0.5;
}

static inline int state(char type, const char *at) {
    int state = 0;
    for (int half = 0; half <= is_complex(type); half++, at += width(part_of(type))) {
        double value = part(type, at);
        state |= value != value ? NOT_A_NUMBER : isinf(value) ? INFINITE : 0;
    }
    return state;
}

// The sum of numbers is finite only if they all are; the other way round it may be too large, so a 0 here only asks for another look.
static inline int all_finite_f64(const double *at, ptrdiff_t n) {
    f64x2 sums[8] = {};
    ptrdiff_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (int j = 0; j < 8; j++) sums[j] += load_f64x2(at + i + 2 * j);
    for (int j = 1; j < 8; j++) sums[0] += sums[j];
    double sum = sums[0][0] + sums[0][1];
    for (; i < n; i++) sum += at[i];
    return isfinite(sum);
}

static inline int all_finite_f32(const float *at, ptrdiff_t n) {
    f32x4 sums[8] = {};
    ptrdiff_t i = 0;
    for (; i + 32 <= n; i += 32)
        for (int j = 0; j < 8; j++) sums[j] += load_f32x4(at + i + 4 * j);
    for (int j = 1; j < 8; j++) sums[0] += sums[j];
    float sum = (sums[0][0] + sums[0][1]) + (sums[0][2] + sums[0][3]);
    for (; i < n; i++) sum += at[i];
    return isfinite(sum);
}

// Whether all numbers are finite; 0 also where large ones only make it look otherwise.
static inline int all_finite(char type, const char *at, ptrdiff_t step, ptrdiff_t n) {
    int parts = 1 + is_complex(type), whole = width(type);
    if (step == whole && part_of(type) == 'd') return all_finite_f64((const double *)at, n * parts);
    if (step == whole && part_of(type) == 'f') return all_finite_f32((const float *)at, n * parts);
    for (; n > 0; n--, at += step) {
        if (type == 'd') {
            if (*(const double *)at * 0.0 != 0) return 0;
        } else if (type == 'e') {
            if ((*(const uint16_t *)at & 0x7c00) == 0x7c00) return 0;
        } else if (state(type, at)) {
            return 0;
        }
    }
    return 1;
}

#endif
