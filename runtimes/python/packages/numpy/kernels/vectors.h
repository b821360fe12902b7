// Vectors of 128 bits, as the compiler's own vector types: they become WebAssembly's SIMD here, and the same source runs (and can be
// tested) on any other machine.
#ifndef AMPOULE_VECTORS_H
#define AMPOULE_VECTORS_H

#include <stdint.h>
#include <string.h>

typedef double f64x2 __attribute__((vector_size(16)));
typedef float f32x4 __attribute__((vector_size(16)));
typedef int64_t i64x2 __attribute__((vector_size(16)));
typedef int32_t i32x4 __attribute__((vector_size(16)));
typedef uint64_t u64x2 __attribute__((vector_size(16)));
typedef uint32_t u32x4 __attribute__((vector_size(16)));

// The same with the alignment of an element, for loads and stores.
typedef double f64x2_at __attribute__((vector_size(16), aligned(1), may_alias));
typedef float f32x4_at __attribute__((vector_size(16), aligned(1), may_alias));

static inline f64x2 load_f64x2(const double *from) { return *(const f64x2_at *)from; }
static inline f32x4 load_f32x4(const float *from) { return *(const f32x4_at *)from; }
static inline void store_f64x2(double *to, f64x2 value) { *(f64x2_at *)to = value; }
static inline void store_f32x4(float *to, f32x4 value) { *(f32x4_at *)to = value; }
static inline f64x2 splat_f64x2(double value) { return (f64x2){value, value}; }
static inline f32x4 splat_f32x4(float value) { return (f32x4){value, value, value, value}; }

// Whether any bit of a mask is set.
static inline int any_i64x2(i64x2 mask) { return (mask[0] | mask[1]) != 0; }
#ifdef __wasm_simd128__
#include <wasm_simd128.h>
static inline int any_set(i64x2 mask) { return wasm_v128_any_true((v128_t)mask); }
#else
static inline int any_set(i64x2 mask) { return any_i64x2(mask); }
#endif

// Where the mask is set the first, else the second.
static inline f64x2 select_f64x2(i64x2 mask, f64x2 set, f64x2 unset) { return (f64x2)(((i64x2)set & mask) | ((i64x2)unset & ~mask)); }
static inline f32x4 select_f32x4(i32x4 mask, f32x4 set, f32x4 unset) { return (f32x4)(((i32x4)set & mask) | ((i32x4)unset & ~mask)); }

#endif
