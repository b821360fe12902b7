// See elementary.h. The ways and constants are those of Sun's fdlibm (e_exp.c, e_log.c; http://www.netlib.org/fdlibm) and of FreeBSD's
// e_log2.c, e_log10.c and e_logf.c made from it, all below one unit in the last place. Their branches for special numbers are not
// taken here: elements that would need one are given to the C library, one by one.
#include "elementary.h"
#include <math.h>
#include "vectors.h"

static const double two_52 = 0x1p52;
static const double ln2_hi = 6.93147180369123816490e-01, ln2_lo = 1.90821492927058770002e-10;

// The nearest whole number, in the low bits of the result and, less `shift`, as a number.
static const double shift = 0x1.8p52;
static const float shift_f = 0x1.8p23f;

static inline f64x2 exp_f64(f64x2 x) {
    f64x2 shifted = x * 1.44269504088896338700 + shift, k = shifted - shift;
    f64x2 hi = x - k * ln2_hi, lo = k * ln2_lo, r = hi - lo, t = r * r;
    f64x2 low = 1.66666666666666019037e-01 + t * -2.77777777770155933842e-03, high = 6.61375632143793436117e-05 + t * -1.65339022054652515390e-06;
    f64x2 square = t * t, c = r - t * (low + square * (high + square * 4.13813679705723846039e-08));
    f64x2 y = 1.0 - ((lo - r * c / (2.0 - c)) - hi);
    return (f64x2)((i64x2)y + ((i64x2)shifted << 52));
}

// x = 2^k (1 + f), with 1 + f between sqrt(1/2) and sqrt(2).
typedef struct {
    f64x2 k, f;
} Split;

static inline Split split_f64(f64x2 x) {
    const int64_t half_root = 0x3fe6a09e00000000, one = 0x3ff0000000000000;
    i64x2 bits = (i64x2)x + (one - half_root);
    f64x2 k = (f64x2)((i64x2)((u64x2)bits >> 52) | (int64_t)0x4330000000000000) - (two_52 + 1023);
    f64x2 f = (f64x2)((bits & 0xfffffffffffff) + half_root) - 1.0;
    return (Split){k, f};
}

// log(1 + f) = f - (half the square - product)
typedef struct {
    f64x2 half_square, product;
} Series;

static inline Series series_f64(f64x2 f) {
    f64x2 s = f / (2.0 + f), z = s * s, w = z * z, half_square = 0.5 * f * f;
    f64x2 even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    f64x2 odd = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
    return (Series){half_square, s * (half_square + (even + odd))};
}

static inline f64x2 log_f64(f64x2 x) {
    Split x_ = split_f64(x);
    Series log1 = series_f64(x_.f);
    return log1.product + x_.k * ln2_lo - log1.half_square + x_.f + x_.k * ln2_hi;
}

static inline f64x2 high_half(f64x2 x) { return (f64x2)((i64x2)x & (int64_t)0xffffffff00000000); }

static inline f64x2 log2_f64(f64x2 x) {
    const double inverse_hi = 1.44269504072144627571e+00, inverse_lo = 1.67517131648865118353e-10; // of ln 2
    Split x_ = split_f64(x);
    Series log1 = series_f64(x_.f);
    f64x2 hi = high_half(x_.f - log1.half_square), lo = (x_.f - hi) - log1.half_square + log1.product;
    f64x2 value_hi = hi * inverse_hi, value_lo = (lo + hi) * inverse_lo + lo * inverse_hi, sum = x_.k + value_hi;
    return value_lo + ((x_.k - sum) + value_hi) + sum;
}

static inline f64x2 log10_f64(f64x2 x) {
    const double inverse_hi = 4.34294481878168880939e-01, inverse_lo = 2.50829467116452752298e-11; // of ln 10
    const double log2_hi = 3.01029995663611771306e-01, log2_lo = 3.69423907715893078616e-13;
    Split x_ = split_f64(x);
    Series log1 = series_f64(x_.f);
    f64x2 hi = high_half(x_.f - log1.half_square), lo = (x_.f - hi) - log1.half_square + log1.product;
    f64x2 value_hi = hi * inverse_hi, whole = x_.k * log2_hi, sum = whole + value_hi;
    f64x2 value_lo = x_.k * log2_lo + (lo + hi) * inverse_lo + lo * inverse_hi + ((whole - sum) + value_hi);
    return value_lo + sum;
}

// The polynomial: Cephes' expf.c (https://www.netlib.org/cephes), within 1.1 units in the last place.
static inline f32x4 exp_f32(f32x4 x) {
    f32x4 shifted = x * 1.44269504088896341f + shift_f, k = shifted - shift_f;
    f32x4 r = (x - k * 0.693359375f) - k * -2.12194440e-4f;
    f32x4 p = ((((1.9875691500e-4f * r + 1.3981999507e-3f) * r + 8.3334519073e-3f) * r + 4.1665795894e-2f) * r + 1.6666665459e-1f) * r + 5.0000001201e-1f;
    f32x4 y = (p * (r * r) + r) + 1.0f;
    return (f32x4)((i32x4)y + ((i32x4)shifted << 23));
}

static inline f32x4 log_f32(f32x4 x) {
    const int32_t half_root = 0x3f3504f3, one = 0x3f800000;
    i32x4 bits = (i32x4)x + (one - half_root);
    f32x4 k = __builtin_convertvector((i32x4)((u32x4)bits >> 23) - 127, f32x4);
    f32x4 f = (f32x4)((bits & 0x7fffff) + half_root) - 1.0f, s = f / (2.0f + f), z = s * s, w = z * z, half_square = 0.5f * f * f;
    f32x4 series = w * (0.40000972152f + w * 0.24279078841f) + z * (0.66666662693f + w * 0.28498786688f);
    return s * (half_square + series) + k * 9.0580006145e-06f - half_square + f + k * 6.9313812256e-01f;
}

// What the vectors above are right for; all others go to the C library.
static inline i64x2 exp_f64_takes(f64x2 x) { return ((f64x2)((i64x2)x & INT64_MAX) < 708.0); }
static inline i32x4 exp_f32_takes(f32x4 x) { return ((f32x4)((i32x4)x & INT32_MAX) < 87.0f); }
static inline i64x2 log_f64_takes(f64x2 x) { return (x >= 0x1p-1022) & (x <= 0x1.fffffffffffffp1023); }
static inline i32x4 log_f32_takes(f32x4 x) { return (x >= 0x1p-126f) & (x <= 0x1.fffffep127f); }

// The compiler's own log2 and log10 are wrong for numbers below 2^-1022.
static double log2_other(double x) {
    return x > 0 && x < 0x1p-1022 ? log2_f64(splat_f64x2(x * 0x1p54))[0] - 54 : log2(x);
}
static double log10_other(double x) {
    return x > 0 && x < 0x1p-1022 ? log10_f64(splat_f64x2(x * 0x1p54))[0] - 16.255619765854984 : log10(x);
}

#define ELEMENTARY(name, REAL, LANES, VECTOR, MASK, LOAD, STORE, vector_of, takes, one_of) \
    static inline VECTOR name##_vector(VECTOR x) { \
        VECTOR y = vector_of(x); \
        MASK taken = takes(x); \
        if (__builtin_expect(any_set((i64x2)~taken), 0)) \
            for (int lane = 0; lane < LANES; lane++) \
                if (!taken[lane]) y[lane] = one_of(x[lane]); \
        return y; \
    } \
    void name(const char *from, ptrdiff_t from_step, char *to, ptrdiff_t to_step, ptrdiff_t n) { \
        ptrdiff_t i = 0; \
        if (from_step == sizeof(REAL) && to_step == sizeof(REAL)) \
            for (; i + LANES <= n; i += LANES) STORE((REAL *)to + i, name##_vector(LOAD((const REAL *)from + i))); \
        for (from += i * from_step, to += i * to_step; i < n; i += LANES, from += LANES * from_step, to += LANES * to_step) { \
            int here = n - i < LANES ? (int)(n - i) : LANES; \
            VECTOR x = (VECTOR){} + 1; \
            for (int lane = 0; lane < here; lane++) x[lane] = *(const REAL *)(from + lane * from_step); \
            VECTOR y = name##_vector(x); \
            for (int lane = 0; lane < here; lane++) *(REAL *)(to + lane * to_step) = y[lane]; \
        } \
    }

#define ELEMENTARY_F64(name, takes, one_of) ELEMENTARY(ampoule_##name, double, 2, f64x2, i64x2, load_f64x2, store_f64x2, name, takes, one_of)
#define ELEMENTARY_F32(name, takes, one_of) ELEMENTARY(ampoule_##name, float, 4, f32x4, i32x4, load_f32x4, store_f32x4, name, takes, one_of)
ELEMENTARY_F64(exp_f64, exp_f64_takes, exp)
ELEMENTARY_F64(log_f64, log_f64_takes, log)
ELEMENTARY_F64(log2_f64, log_f64_takes, log2_other)
ELEMENTARY_F64(log10_f64, log_f64_takes, log10_other)
ELEMENTARY_F32(exp_f32, exp_f32_takes, expf)
ELEMENTARY_F32(log_f32, log_f32_takes, logf)
