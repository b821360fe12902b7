// The largest or smallest of numbers without gaps. NaNs need care in every comparison, or, as here, only once: a NaN among the numbers
// makes their sum one too. Returns 0, and has done nothing, when it is (or when large numbers made the sum one).
#ifndef AMPOULE_EXTREMES_H
#define AMPOULE_EXTREMES_H

#include <wasm_simd128.h>
#include "vectors.h"

// Enough sums under way that none waits for the one before.
#define AMPOULE_EXTREME(name, REAL, VECTOR, LANES, LOAD, pick, COMPARE) \
    static inline int name(const REAL *from, ptrdiff_t n, REAL *best) { \
        VECTOR bests[4], sums[4]; \
        if (n < 4 * LANES) return 0; \
        for (int j = 0; j < 4; j++) sums[j] = bests[j] = LOAD(from + j * LANES); \
        ptrdiff_t i = 4 * LANES; \
        for (; i + 8 * LANES <= n; i += 8 * LANES) \
            for (int j = 0; j < 8; j++) { \
                VECTOR now = LOAD(from + i + j * LANES); \
                bests[j % 4] = (VECTOR)pick((v128_t)bests[j % 4], (v128_t)now); \
                sums[j % 4] += now; \
                if (j == 3) __asm__ volatile("" ::: "memory"); /* fewer loads at a time: registers */ \
            } \
        REAL found = *best, sum = found; \
        for (int j = 0; j < 4; j++) \
            for (int lane = 0; lane < LANES; lane++) { \
                if (bests[j][lane] COMPARE found) found = bests[j][lane]; \
                sum += sums[j][lane]; \
            } \
        for (; i < n; i++) { \
            if (from[i] COMPARE found) found = from[i]; \
            sum += from[i]; \
        } \
        if (sum != sum) return 0; \
        *best = found; \
        return 1; \
    }

AMPOULE_EXTREME(ampoule_max_f64, double, f64x2, 2, load_f64x2, wasm_f64x2_pmax, >)
AMPOULE_EXTREME(ampoule_min_f64, double, f64x2, 2, load_f64x2, wasm_f64x2_pmin, <)
AMPOULE_EXTREME(ampoule_max_f32, float, f32x4, 4, load_f32x4, wasm_f32x4_pmax, >)
AMPOULE_EXTREME(ampoule_min_f32, float, f32x4, 4, load_f32x4, wasm_f32x4_pmin, <)
#undef AMPOULE_EXTREME

// Where the first of the largest or smallest numbers stands, found piece by piece, so that only one has to be searched; -1 where that
// does not tell.
#define AMPOULE_PLACE(name, REAL, extreme, COMPARE) \
    static inline ptrdiff_t name(const REAL *from, ptrdiff_t n) { \
        enum { PIECE = 512 }; \
        if (n < PIECE) return -1; \
        REAL best = *from; \
        ptrdiff_t place = 0; \
        for (ptrdiff_t i = 0; i < n; i += PIECE) { \
            REAL found = best; \
            ptrdiff_t start = i + PIECE <= n ? i : n - PIECE; \
            if (!extreme(from + start, PIECE, &found)) return -1; \
            if (found COMPARE best) { \
                best = found; \
                place = start; \
            } \
        } \
        while (from[place] != best) place++; \
        return place; \
    }

AMPOULE_PLACE(ampoule_argmax_f64, double, ampoule_max_f64, >)
AMPOULE_PLACE(ampoule_argmin_f64, double, ampoule_min_f64, <)
AMPOULE_PLACE(ampoule_argmax_f32, float, ampoule_max_f32, >)
AMPOULE_PLACE(ampoule_argmin_f32, float, ampoule_min_f32, <)
#undef AMPOULE_PLACE

#endif
