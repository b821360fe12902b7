// See fused.h.
#include "fused.h"
#include <wasm_simd128.h>
#include "vectors.h"

#define INLINE static inline __attribute__((always_inline))

// The results of a block are in registers when their sum is looked at, which is finite only if they all are: nothing is written over
// before that, and nothing has to be read again. All loads come before all stores, so that an operand may be the result's array.
#define LOOP(name, REAL, VECTOR, LANES, LOAD, STORE, SPLAT, RESULT, ONE_RESULT) \
    INLINE ptrdiff_t name##_loop(const REAL *first, int first_is_one, const REAL *second, int second_is_one, REAL *to, ptrdiff_t n) { \
        if (n <= 0) return 0; \
        const REAL first_one = *first, second_one = *second; \
        ptrdiff_t i = 0; \
        for (; i + 8 * LANES <= n; i += 8 * LANES) { \
            VECTOR results[8]; \
            for (int j = 0; j < 8; j++) { \
                VECTOR a = first_is_one ? SPLAT(first_one) : LOAD(first + i + j * LANES); \
                VECTOR b = second_is_one ? SPLAT(second_one) : LOAD(second + i + j * LANES); \
                (void)b; \
                results[j] = RESULT; \
            } \
            VECTOR sum = ((results[0] + results[1]) + (results[2] + results[3])) + ((results[4] + results[5]) + (results[6] + results[7])); \
            if (any_set((i64x2)(sum - sum != (VECTOR){}))) return i; \
            for (int j = 0; j < 8; j++) STORE(to + i + j * LANES, results[j]); \
        } \
        for (; i < n; i++) { \
            REAL a = first_is_one ? first_one : first[i], b = second_is_one ? second_one : second[i]; \
            (void)b; \
            REAL result = ONE_RESULT; \
            if (!(result - result == 0)) break; \
            to[i] = result; \
        } \
        return i; \
    }

#define BINARY(name, REAL, VECTOR, LANES, LOAD, STORE, SPLAT, OPERATOR) \
    LOOP(name, REAL, VECTOR, LANES, LOAD, STORE, SPLAT, a OPERATOR b, a OPERATOR b) \
    static ptrdiff_t name(const void *first, int first_is_one, const void *second, int second_is_one, void *to, ptrdiff_t n) { \
        if (first_is_one) return second_is_one ? 0 : name##_loop(first, 1, second, 0, to, n); \
        return second_is_one ? name##_loop(first, 0, second, 1, to, n) : name##_loop(first, 0, second, 0, to, n); \
    }

#define UNARY(name, REAL, VECTOR, LANES, LOAD, STORE, SPLAT, RESULT, ONE_RESULT) \
    LOOP(name, REAL, VECTOR, LANES, LOAD, STORE, SPLAT, RESULT, ONE_RESULT) \
    static ptrdiff_t name(const void *first, int first_is_one, const void *second, int second_is_one, void *to, ptrdiff_t n) { \
        (void)second, (void)second_is_one; \
        return first_is_one ? 0 : name##_loop(first, 0, first, 1, to, n); \
    }

#define F64(MACRO, name, ...) MACRO(name##_f64, double, f64x2, 2, load_f64x2, store_f64x2, splat_f64x2, __VA_ARGS__)
#define F32(MACRO, name, ...) MACRO(name##_f32, float, f32x4, 4, load_f32x4, store_f32x4, splat_f32x4, __VA_ARGS__)

F64(BINARY, add, +)
F64(BINARY, subtract, -)
F64(BINARY, multiply, *)
F64(BINARY, divide, /)
F64(UNARY, square, a * a, a * a)
F64(UNARY, square_root, (f64x2)wasm_f64x2_sqrt((v128_t)a), __builtin_sqrt(a))
F32(BINARY, add, +)
F32(BINARY, subtract, -)
F32(BINARY, multiply, *)
F32(BINARY, divide, /)
F32(UNARY, square, a * a, a * a)
F32(UNARY, square_root, (f32x4)wasm_f32x4_sqrt((v128_t)a), __builtin_sqrtf(a))

static const struct {
    const char *name;
    int inputs;
    AmpouleFused *f64, *f32;
} loops[] = {
    {"add", 2, add_f64, add_f32},
    {"subtract", 2, subtract_f64, subtract_f32},
    {"multiply", 2, multiply_f64, multiply_f32},
    {"divide", 2, divide_f64, divide_f32},
    {"square", 1, square_f64, square_f32},
    {"sqrt", 1, square_root_f64, square_root_f32},
};

AmpouleFused *ampoule_fused(const char *name, int inputs, char type) {
    for (size_t i = 0; i < sizeof loops / sizeof *loops; i++)
        if (!strcmp(name, loops[i].name) && inputs == loops[i].inputs) return type == 'd' ? loops[i].f64 : type == 'f' ? loops[i].f32 : NULL;
    return NULL;
}
