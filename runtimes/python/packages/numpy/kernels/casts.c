// See flags.h.
#include <fenv.h>
#include "flags.h"
#include "numbers.h"
#include <wasm_simd128.h>

// A whole number added to a large enough power of two stands in the sum's last bits; what lies above them is the power's as long as the
// number is in range, which one look at many sums tells. Returns how many numbers were cast, all of them in range.
static ptrdiff_t cast_f64_i64(const double *from, int64_t *to, ptrdiff_t n) {
    const f64x2 offset = splat_f64x2(0x1.8p52);
    const i64x2 power = (i64x2)splat_f64x2(0x1p52), middle = {1LL << 51, 1LL << 51};
    ptrdiff_t i = 0;
    for (; i + 8 <= n; i += 8) {
        i64x2 all = {}, sums[4];
        for (int j = 0; j < 4; j++) all |= sums[j] = (i64x2)((f64x2)wasm_f64x2_trunc((v128_t)load_f64x2(from + i + 2 * j)) + offset) ^ power;
        if (any_set(all >> 52)) break;
        for (int j = 0; j < 4; j++) store_f64x2((double *)to + i + 2 * j, (f64x2)(sums[j] - middle));
    }
    return i;
}

static ptrdiff_t cast_f64_i32(const double *from, int32_t *to, ptrdiff_t n) {
    const f64x2 offset = splat_f64x2(0x1p52 + 0x1p31);
    const i64x2 power = (i64x2)splat_f64x2(0x1p52);
    const i32x4 middle = {INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN};
    ptrdiff_t i = 0;
    for (; i + 8 <= n; i += 8) {
        i64x2 all = {}, sums[4];
        for (int j = 0; j < 4; j++) all |= sums[j] = (i64x2)((f64x2)wasm_f64x2_trunc((v128_t)load_f64x2(from + i + 2 * j)) + offset) ^ power;
        if (any_set(all >> 32)) break;
        for (int j = 0; j < 2; j++) {
            i32x4 low = __builtin_shufflevector((i32x4)sums[2 * j], (i32x4)sums[2 * j + 1], 0, 2, 4, 6);
            store_f32x4((float *)to + i + 4 * j, (f32x4)(low ^ middle));
        }
    }
    return i;
}

ptrdiff_t ampoule_cast(char type, char kind, size_t size, const char *from, char *to, ptrdiff_t n) {
    if (type != 'd' || kind != 'i') return 0;
    if (size == 8) return cast_f64_i64((const double *)from, (int64_t *)to, n);
    return size == 4 ? cast_f64_i32((const double *)from, (int32_t *)to, n) : 0;
}

void ampoule_watch_cast(char type, char kind, size_t size, const char *from, intptr_t step, const char *to, intptr_t to_step, intptr_t n) {
    char plain = part_of(type);
    if (kind == 'f') { // the flag of halves is raised by NumPy's own conversion
        char to_type = size == 4 ? 'f' : 'd';
        if (width(plain) <= (int)size || all_finite(to_type, to, to_step, n)) return;
        for (; n > 0; n--, from += step, to += to_step) {
            if (state(to_type, to) == INFINITE && !state(plain, from)) {
                feraiseexcept(FE_OVERFLOW);
                return;
            }
        }
        return;
    }
    // Integers are converted to by way of one of 32 or 64 bits; what that does not hold is invalid.
    int wide = size == 8 || (size == 4 && kind == 'u');
    double low = wide ? -0x1p63 : -0x1p31, high = kind == 'u' && size == 8 ? 0x1p64 : wide ? 0x1p63 : 0x1p31;
    int bad = 0;
    if (plain == 'd') {
        if (step == sizeof(double)) {
            const double *values = (const double *)from;
            for (intptr_t i = 0; i < n; i++) bad |= !(values[i] >= low) | !(values[i] < high);
            if (bad && !wide) // rounded towards zero, a little less than the least is fine
                for (bad = 0; n > 0; n--, values++) bad |= !(*values > low - 1) | !(*values < high);
        } else {
            for (; n > 0; n--, from += step) {
                double value;
                memcpy(&value, from, sizeof value);
                bad |= !(wide ? value >= low : value > low - 1) | !(value < high);
            }
        }
    } else if (plain == 'f') {
        float low_f = (float)low, high_f = (float)high;
        if (step == sizeof(float)) {
            const float *values = (const float *)from;
            for (intptr_t i = 0; i < n; i++) bad |= !(values[i] >= low_f) | !(values[i] < high_f);
        } else {
            for (; n > 0; n--, from += step) {
                float value;
                memcpy(&value, from, sizeof value);
                bad |= !(value >= low_f) | !(value < high_f);
            }
        }
    } else if (plain == 'e') {
        for (; n > 0; n--, from += step) bad |= (*(const uint16_t *)from & 0x7c00) == 0x7c00;
    } else {
        for (; n > 0; n--, from += step) {
            long double value;
            memcpy(&value, from, sizeof value);
            bad |= !(value > (long double)low - 1) | !(value < high);
        }
    }
    if (bad) feraiseexcept(FE_INVALID);
}
