// NumPy's universal intrinsics ("NPYV", numpy/_core/src/common/simd) for WebAssembly's vectors, as sse/ and neon/ have them for other
// machines: what its loops call, and no more. Most are the compiler's own operators on vector types, by macro for all element types.
#ifndef NPY_SIMD
#define NPY_SIMD 128
#define NPY_SIMD_WIDTH 16
#define NPY_SIMD_F32 1
#define NPY_SIMD_F64 1
#define NPY_SIMD_FMA3 0
#define NPY_SIMD_BIGENDIAN 0
#define NPY_SIMD_CMPSIGNAL 0

#include <wasm_simd128.h>

#define FN NPY_FINLINE
#define EACH_8(M) M(u8, b8, npy_uint8, 16) M(s8, b8, npy_int8, 16)
#define EACH_16(M) M(u16, b16, npy_uint16, 8) M(s16, b16, npy_int16, 8)
#define EACH_32(M) M(u32, b32, npy_uint32, 4) M(s32, b32, npy_int32, 4)
#define EACH_64(M) M(u64, b64, npy_uint64, 2) M(s64, b64, npy_int64, 2)
#define EACH_FLOAT(M) M(f32, b32, float, 4) M(f64, b64, double, 2)
#define EACH_INT(M) EACH_8(M) EACH_16(M) EACH_32(M) EACH_64(M)
#define EACH(M) EACH_INT(M) EACH_FLOAT(M)
#define EACH_WIDE(M) EACH_32(M) EACH_64(M) EACH_FLOAT(M)
#define EACH_BOOL(M) M(b8, u8) M(b16, u16) M(b32, u32) M(b64, u64)

#define npyv_nlanes_u8 16
#define npyv_nlanes_s8 16
#define npyv_nlanes_u16 8
#define npyv_nlanes_s16 8
#define npyv_nlanes_u32 4
#define npyv_nlanes_s32 4
#define npyv_nlanes_u64 2
#define npyv_nlanes_s64 2
#define npyv_nlanes_f32 4
#define npyv_nlanes_f64 2

#define TYPES(t, b, T, n) \
    typedef T npyv_##t __attribute__((vector_size(16))); \
    typedef T npyv__at_##t __attribute__((vector_size(16), aligned(1), may_alias)); \
    typedef struct { npyv_##t val[2]; } npyv_##t##x2; \
    typedef struct { npyv_##t val[3]; } npyv_##t##x3;
EACH(TYPES)
typedef npyv_u8 npyv_b8;
typedef npyv_u16 npyv_b16;
typedef npyv_u32 npyv_b32;
typedef npyv_u64 npyv_b64;

#define npyv_cleanup() ((void)0)
#define npyv__cast(to, value) ((npyv_##to)(value))

// Whole vectors: of integers by an addition, which would lose the sign of a float's zero.
#define SETALL_INT(t, b, T, n) FN npyv_##t npyv_setall_##t(T a) { return (npyv_##t){} + a; }
EACH_INT(SETALL_INT)
FN npyv_f32 npyv_setall_f32(float a) { return (npyv_f32){a, a, a, a}; }
FN npyv_f64 npyv_setall_f64(double a) { return (npyv_f64){a, a}; }

// Memory.
#define LOADS(t, b, T, n) \
    FN npyv_##t npyv_load_##t(const T *at) { return *(const npyv__at_##t *)at; } \
    FN npyv_##t npyv_loada_##t(const T *at) { return *(const npyv__at_##t *)at; } \
    FN npyv_##t npyv_loads_##t(const T *at) { return *(const npyv__at_##t *)at; } \
    FN npyv_##t npyv_loadl_##t(const T *at) { return (npyv_##t)wasm_v128_load64_zero(at); } \
    FN void npyv_store_##t(T *at, npyv_##t a) { *(npyv__at_##t *)at = a; } \
    FN void npyv_storea_##t(T *at, npyv_##t a) { *(npyv__at_##t *)at = a; } \
    FN void npyv_stores_##t(T *at, npyv_##t a) { *(npyv__at_##t *)at = a; } \
    FN void npyv_storel_##t(T *at, npyv_##t a) { wasm_v128_store64_lane(at, (v128_t)a, 0); } \
    FN void npyv_storeh_##t(T *at, npyv_##t a) { wasm_v128_store64_lane(at, (v128_t)a, 1); } \
    FN npyv_##t npyv_zero_##t(void) { return (npyv_##t){0}; } \
    FN T npyv_extract0_##t(npyv_##t a) { return a[0]; } \
    FN npyv_##t npyv_select_##t(npyv_##b mask, npyv_##t a, npyv_##t b_) { return (npyv_##t)wasm_v128_bitselect((v128_t)a, (v128_t)b_, (v128_t)mask); }
EACH(LOADS)

// With steps, and partly. The lanes beyond are not touched in memory; a loaded vector has `fill` there.
#define PARTS(t, b, T, n) \
    FN npyv_##t npyv_loadn_till_##t(const T *at, npy_intp step, npy_uintp lanes, T fill) { \
        npyv_##t a = npyv_setall_##t(fill); \
        for (npy_uintp i = 0; i < n; i++) if (i < lanes) a[i] = at[(npy_intp)i * step]; \
        return a; \
    } \
    FN npyv_##t npyv_loadn_##t(const T *at, npy_intp step) { \
        npyv_##t a; \
        for (int i = 0; i < n; i++) a[i] = at[i * step]; \
        return a; \
    } \
    FN npyv_##t npyv_loadn_tillz_##t(const T *at, npy_intp step, npy_uintp lanes) { return npyv_loadn_till_##t(at, step, lanes, 0); } \
    FN npyv_##t npyv_load_till_##t(const T *at, npy_uintp lanes, T fill) { return lanes >= n ? npyv_load_##t(at) : npyv_loadn_till_##t(at, 1, lanes, fill); } \
    FN npyv_##t npyv_load_tillz_##t(const T *at, npy_uintp lanes) { return npyv_load_till_##t(at, lanes, 0); } \
    FN void npyv_storen_##t(T *at, npy_intp step, npyv_##t a) { for (int i = 0; i < n; i++) at[i * step] = a[i]; } \
    FN void npyv_storen_till_##t(T *at, npy_intp step, npy_uintp lanes, npyv_##t a) { for (npy_uintp i = 0; i < n; i++) if (i < lanes) at[(npy_intp)i * step] = a[i]; } \
    FN void npyv_store_till_##t(T *at, npy_uintp lanes, npyv_##t a) { if (lanes >= n) npyv_store_##t(at, a); else npyv_storen_till_##t(at, 1, lanes, a); } \
    /* pairs of lanes */ \
    FN npyv_##t npyv_loadn2_till_##t(const T *at, npy_intp step, npy_uintp pairs, T low, T high) { \
        npyv_##t a; \
        for (npy_uintp i = 0; i < n; i++) a[i] = i / 2 < pairs ? at[(npy_intp)(i / 2) * step + i % 2] : i % 2 ? high : low; \
        return a; \
    } \
    FN npyv_##t npyv_loadn2_##t(const T *at, npy_intp step) { return npyv_loadn2_till_##t(at, step, n / 2, 0, 0); } \
    FN npyv_##t npyv_loadn2_tillz_##t(const T *at, npy_intp step, npy_uintp pairs) { return npyv_loadn2_till_##t(at, step, pairs, 0, 0); } \
    FN npyv_##t npyv_load2_till_##t(const T *at, npy_uintp pairs, T low, T high) { return npyv_loadn2_till_##t(at, 2, pairs, low, high); } \
    FN npyv_##t npyv_load2_tillz_##t(const T *at, npy_uintp pairs) { return npyv_loadn2_till_##t(at, 2, pairs, 0, 0); } \
    FN void npyv_storen2_till_##t(T *at, npy_intp step, npy_uintp pairs, npyv_##t a) { \
        for (npy_uintp i = 0; i < n; i++) if (i / 2 < pairs) at[(npy_intp)(i / 2) * step + i % 2] = a[i]; \
    } \
    FN void npyv_storen2_##t(T *at, npy_intp step, npyv_##t a) { npyv_storen2_till_##t(at, step, n / 2, a); } \
    FN void npyv_store2_till_##t(T *at, npy_uintp pairs, npyv_##t a) { npyv_storen2_till_##t(at, 2, pairs, a); }
EACH_WIDE(PARTS)

// Bits, and comparisons, which no NaN disturbs.
#define BITS(t, b, T, n) \
    FN npyv_##t npyv_and_##t(npyv_##t a, npyv_##t c) { return (npyv_##t)wasm_v128_and((v128_t)a, (v128_t)c); } \
    FN npyv_##t npyv_or_##t(npyv_##t a, npyv_##t c) { return (npyv_##t)wasm_v128_or((v128_t)a, (v128_t)c); } \
    FN npyv_##t npyv_xor_##t(npyv_##t a, npyv_##t c) { return (npyv_##t)wasm_v128_xor((v128_t)a, (v128_t)c); } \
    FN npyv_##t npyv_not_##t(npyv_##t a) { return (npyv_##t)wasm_v128_not((v128_t)a); } \
    FN npyv_##b npyv_cmpeq_##t(npyv_##t a, npyv_##t c) { return (npyv_##b)(a == c); } \
    FN npyv_##b npyv_cmpneq_##t(npyv_##t a, npyv_##t c) { return (npyv_##b)(a != c); } \
    FN npyv_##b npyv_cmpgt_##t(npyv_##t a, npyv_##t c) { return (npyv_##b)(a > c); } \
    FN npyv_##b npyv_cmpge_##t(npyv_##t a, npyv_##t c) { return (npyv_##b)(a >= c); } \
    FN npyv_##b npyv_cmplt_##t(npyv_##t a, npyv_##t c) { return (npyv_##b)(a < c); } \
    FN npyv_##b npyv_cmple_##t(npyv_##t a, npyv_##t c) { return (npyv_##b)(a <= c); } \
    FN npyv_##t npyv_add_##t(npyv_##t a, npyv_##t c) { return a + c; } \
    FN npyv_##t npyv_sub_##t(npyv_##t a, npyv_##t c) { return a - c; } \
    FN npyv_##t npyv_mul_##t(npyv_##t a, npyv_##t c) { return a * c; } \
    FN npyv_##b npyv_cvt_##b##_##t(npyv_##t a) { return (npyv_##b)a; } \
    FN npyv_##t npyv_cvt_##t##_##b(npyv_##b a) { return (npyv_##t)a; } \
    FN int npyv_any_##t(npyv_##t a) { return wasm_v128_any_true((v128_t)(a != (npyv_##t){0})); } \
    FN int npyv_all_##t(npyv_##t a) { return !wasm_v128_any_true((v128_t)(a == (npyv_##t){0})); }
EACH(BITS)
FN npyv_u8 npyv_andc_u8(npyv_u8 a, npyv_u8 c) { return a & ~c; }

#define BOOLS(b, u) \
    FN npyv_##b npyv_and_##b(npyv_##b a, npyv_##b c) { return a & c; } \
    FN npyv_##b npyv_or_##b(npyv_##b a, npyv_##b c) { return a | c; } \
    FN npyv_##b npyv_xor_##b(npyv_##b a, npyv_##b c) { return a ^ c; } \
    FN npyv_##b npyv_not_##b(npyv_##b a) { return ~a; } \
    FN npyv_##b npyv_andc_##b(npyv_##b a, npyv_##b c) { return a & ~c; } \
    FN npyv_##b npyv_orc_##b(npyv_##b a, npyv_##b c) { return a | ~c; } \
    FN npyv_##b npyv_xnor_##b(npyv_##b a, npyv_##b c) { return ~(a ^ c); } \
    FN int npyv_any_##b(npyv_##b a) { return wasm_v128_any_true((v128_t)a); } \
    FN int npyv_all_##b(npyv_##b a) { return !wasm_v128_any_true((v128_t)~a); }
EACH_BOOL(BOOLS)

FN npy_uint64 npyv_tobits_b8(npyv_b8 a) { return wasm_i8x16_bitmask((v128_t)a); }
FN npy_uint64 npyv_tobits_b16(npyv_b16 a) { return wasm_i16x8_bitmask((v128_t)a); }
FN npy_uint64 npyv_tobits_b32(npyv_b32 a) { return wasm_i32x4_bitmask((v128_t)a); }
FN npy_uint64 npyv_tobits_b64(npyv_b64 a) { return wasm_i64x2_bitmask((v128_t)a); }

#define npyv_set_u32(...) ((npyv_u32){__VA_ARGS__})
#define npyv_set_u64(...) ((npyv_u64){__VA_ARGS__})
#define npyv_shli_u16(a, by) ((npyv_u16)((a) << (by)))
#define npyv_shli_u32(a, by) ((npyv_u32)((a) << (by)))
#define npyv_shli_u64(a, by) ((npyv_u64)((a) << (by)))
#define npyv_shri_u16(a, by) ((npyv_u16)((a) >> (by)))
#define npyv_shri_u32(a, by) ((npyv_u32)((a) >> (by)))
#define npyv_shri_u64(a, by) ((npyv_u64)((a) >> (by)))

#define REINTERPRETED(to, from) FN npyv_##to npyv_reinterpret_##to##_##from(npyv_##from a) { return (npyv_##to)a; }
#define REINTERPRET(t, b, T, n) \
    REINTERPRETED(u8, t) REINTERPRETED(s8, t) REINTERPRETED(u16, t) REINTERPRETED(s16, t) REINTERPRETED(u32, t) \
    REINTERPRETED(s32, t) REINTERPRETED(u64, t) REINTERPRETED(s64, t) REINTERPRETED(f32, t) REINTERPRETED(f64, t)
EACH(REINTERPRET)

// Order.
#define ZIPS_OF(t, low, high, even, odd) \
    FN npyv_##t##x2 npyv_zip_##t(npyv_##t a, npyv_##t c) { npyv_##t##x2 r = {{low, high}}; return r; } \
    FN npyv_##t##x2 npyv_unzip_##t(npyv_##t a, npyv_##t c) { npyv_##t##x2 r = {{even, odd}}; return r; }
#define SHUFFLE(...) __builtin_shufflevector(a, c, __VA_ARGS__)
#define ZIPS_32(t) ZIPS_OF(t, SHUFFLE(0, 4, 1, 5), SHUFFLE(2, 6, 3, 7), SHUFFLE(0, 2, 4, 6), SHUFFLE(1, 3, 5, 7))
#define ZIPS_64(t) ZIPS_OF(t, SHUFFLE(0, 2), SHUFFLE(1, 3), SHUFFLE(0, 2), SHUFFLE(1, 3))
ZIPS_32(u32) ZIPS_32(s32) ZIPS_32(f32) ZIPS_64(u64) ZIPS_64(s64) ZIPS_64(f64)
#define PAIRS(t, b, T, n) \
    FN npyv_##t##x2 npyv_load_##t##x2(const T *at) { return npyv_unzip_##t(npyv_load_##t(at), npyv_load_##t(at + n)); } \
    FN void npyv_store_##t##x2(T *at, npyv_##t##x2 a) { \
        npyv_##t##x2 r = npyv_zip_##t(a.val[0], a.val[1]); \
        npyv_store_##t(at, r.val[0]); \
        npyv_store_##t(at + n, r.val[1]); \
    }
EACH_WIDE(PAIRS)
#define npyv_permi128_u32(a, i, j, k, l) __builtin_shufflevector(a, a, i, j, k, l)
#define npyv_permi128_s32(a, i, j, k, l) __builtin_shufflevector(a, a, i, j, k, l)
#define npyv_permi128_f32(a, i, j, k, l) __builtin_shufflevector(a, a, i, j, k, l)
#define npyv_permi128_u64(a, i, j) __builtin_shufflevector(a, a, i, j)
#define npyv_permi128_s64(a, i, j) __builtin_shufflevector(a, a, i, j)
#define npyv_permi128_f64(a, i, j) __builtin_shufflevector(a, a, i, j)
FN npyv_u8 npyv_rev64_u8(npyv_u8 a) { return __builtin_shufflevector(a, a, 7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8); }

FN npyv_u16x2 npyv_expand_u16_u8(npyv_u8 a) { npyv_u16x2 r = {{(npyv_u16)wasm_u16x8_extend_low_u8x16((v128_t)a), (npyv_u16)wasm_u16x8_extend_high_u8x16((v128_t)a)}}; return r; }
FN npyv_u32x2 npyv_expand_u32_u16(npyv_u16 a) { npyv_u32x2 r = {{(npyv_u32)wasm_u32x4_extend_low_u16x8((v128_t)a), (npyv_u32)wasm_u32x4_extend_high_u16x8((v128_t)a)}}; return r; }
FN npyv_s16x2 npyv_expand_s16_s8(npyv_s8 a) { npyv_s16x2 r = {{(npyv_s16)wasm_i16x8_extend_low_i8x16((v128_t)a), (npyv_s16)wasm_i16x8_extend_high_i8x16((v128_t)a)}}; return r; }
FN npyv_s32x2 npyv_expand_s32_s16(npyv_s16 a) { npyv_s32x2 r = {{(npyv_s32)wasm_i32x4_extend_low_i16x8((v128_t)a), (npyv_s32)wasm_i32x4_extend_high_i16x8((v128_t)a)}}; return r; }

// Masks of lanes made narrower: all bits are alike, so that any byte of a lane will do.
FN npyv_b8 npyv_pack_b8_b16(npyv_b16 a, npyv_b16 b) { return (npyv_b8)wasm_i8x16_narrow_i16x8((v128_t)a, (v128_t)b); }
FN npyv_b8 npyv_pack_b8_b32(npyv_b32 a, npyv_b32 b, npyv_b32 c, npyv_b32 d) {
    return (npyv_b8)wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4((v128_t)a, (v128_t)b), wasm_i16x8_narrow_i32x4((v128_t)c, (v128_t)d));
}
FN npyv_b8 npyv_pack_b8_b64(npyv_b64 a, npyv_b64 b, npyv_b64 c, npyv_b64 d, npyv_b64 e, npyv_b64 f, npyv_b64 g, npyv_b64 h) {
    return npyv_pack_b8_b32((npyv_b32)wasm_i16x8_narrow_i32x4((v128_t)a, (v128_t)b), (npyv_b32)wasm_i16x8_narrow_i32x4((v128_t)c, (v128_t)d),
                            (npyv_b32)wasm_i16x8_narrow_i32x4((v128_t)e, (v128_t)f), (npyv_b32)wasm_i16x8_narrow_i32x4((v128_t)g, (v128_t)h));
}

// Arithmetic.
#define SATURATED(t, b, T, n) \
    FN npyv_##t npyv_adds_##t(npyv_##t a, npyv_##t c) { return __builtin_elementwise_add_sat(a, c); } \
    FN npyv_##t npyv_subs_##t(npyv_##t a, npyv_##t c) { return __builtin_elementwise_sub_sat(a, c); }
EACH_8(SATURATED) EACH_16(SATURATED)

#define ORDERED_INT(t, b, T, n) \
    FN npyv_##t npyv_max_##t(npyv_##t a, npyv_##t c) { return __builtin_elementwise_max(a, c); } \
    FN npyv_##t npyv_min_##t(npyv_##t a, npyv_##t c) { return __builtin_elementwise_min(a, c); } \
    FN T npyv_reduce_max_##t(npyv_##t a) { return __builtin_reduce_max(a); } \
    FN T npyv_reduce_min_##t(npyv_##t a) { return __builtin_reduce_min(a); }
EACH_INT(ORDERED_INT)

#define SUM(t, b, T, n) FN T npyv_sum_##t(npyv_##t a) { T sum = a[0]; for (int i = 1; i < n; i++) sum += a[i]; return sum; }
SUM(u32, b32, npy_uint32, 4) SUM(u64, b64, npy_uint64, 2) SUM(f64, b64, double, 2)
FN float npyv_sum_f32(npyv_f32 a) { return (a[0] + a[2]) + (a[1] + a[3]); }
FN npy_uint16 npyv_sumup_u8(npyv_u8 a) { npy_uint16 sum = 0; for (int i = 0; i < 16; i++) sum += a[i]; return sum; }
FN npy_uint32 npyv_sumup_u16(npyv_u16 a) { npy_uint32 sum = 0; for (int i = 0; i < 8; i++) sum += a[i]; return sum; }

// max and min of floats take the first of two that are not ordered; `p`: rather a number than a NaN; `n`: rather a NaN than a number.
#define FLOATS(t, b, T, n, W) \
    FN npyv_##t npyv_div_##t(npyv_##t a, npyv_##t c) { return a / c; } \
    FN npyv_##t npyv_muladd_##t(npyv_##t a, npyv_##t c, npyv_##t d) { return a * c + d; } \
    FN npyv_##t npyv_mulsub_##t(npyv_##t a, npyv_##t c, npyv_##t d) { return a * c - d; } \
    FN npyv_##t npyv_nmuladd_##t(npyv_##t a, npyv_##t c, npyv_##t d) { return d - a * c; } \
    FN npyv_##t npyv_nmulsub_##t(npyv_##t a, npyv_##t c, npyv_##t d) { return -(a * c) - d; } \
    FN npyv_##t npyv_muladdsub_##t(npyv_##t a, npyv_##t c, npyv_##t d) { npyv_##t m = a * c; for (int i = 0; i < n; i++) d[i] = i % 2 ? d[i] : -d[i]; return m + d; } \
    FN npyv_##t npyv_sqrt_##t(npyv_##t a) { return (npyv_##t)wasm_##W##_sqrt((v128_t)a); } \
    FN npyv_##t npyv_square_##t(npyv_##t a) { return a * a; } \
    FN npyv_##t npyv_recip_##t(npyv_##t a) { return (T)1 / a; } \
    FN npyv_##t npyv_rint_##t(npyv_##t a) { return (npyv_##t)wasm_##W##_nearest((v128_t)a); } \
    FN npyv_##t npyv_ceil_##t(npyv_##t a) { return (npyv_##t)wasm_##W##_ceil((v128_t)a); } \
    FN npyv_##t npyv_floor_##t(npyv_##t a) { return (npyv_##t)wasm_##W##_floor((v128_t)a); } \
    FN npyv_##t npyv_trunc_##t(npyv_##t a) { return (npyv_##t)wasm_##W##_trunc((v128_t)a); } \
    FN npyv_##b npyv_notnan_##t(npyv_##t a) { return (npyv_##b)(a == a); } \
    FN npyv_##t npyv_max_##t(npyv_##t a, npyv_##t c) { return (npyv_##t)wasm_##W##_pmax((v128_t)a, (v128_t)c); } \
    FN npyv_##t npyv_min_##t(npyv_##t a, npyv_##t c) { return (npyv_##t)wasm_##W##_pmin((v128_t)a, (v128_t)c); } \
    FN npyv_##t npyv_maxp_##t(npyv_##t a, npyv_##t c) { return npyv_select_##t((npyv_##b)(a == a), npyv_max_##t(a, c), c); } \
    FN npyv_##t npyv_minp_##t(npyv_##t a, npyv_##t c) { return npyv_select_##t((npyv_##b)(a == a), npyv_min_##t(a, c), c); } \
    FN npyv_##t npyv_maxn_##t(npyv_##t a, npyv_##t c) { return npyv_select_##t((npyv_##b)(c == c), npyv_max_##t(a, c), c); } \
    FN npyv_##t npyv_minn_##t(npyv_##t a, npyv_##t c) { return npyv_select_##t((npyv_##b)(c == c), npyv_min_##t(a, c), c); } \
    FN T npyv_reduce_max_##t(npyv_##t a) { T r = a[0]; for (int i = 1; i < n; i++) r = r < a[i] ? a[i] : r; return r; } \
    FN T npyv_reduce_min_##t(npyv_##t a) { T r = a[0]; for (int i = 1; i < n; i++) r = a[i] < r ? a[i] : r; return r; } \
    FN T npyv_reduce_maxp_##t(npyv_##t a) { T r = a[0]; for (int i = 1; i < n; i++) r = r < a[i] || r != r ? a[i] : r; return r; } \
    FN T npyv_reduce_minp_##t(npyv_##t a) { T r = a[0]; for (int i = 1; i < n; i++) r = a[i] < r || r != r ? a[i] : r; return r; } \
    FN T npyv_reduce_maxn_##t(npyv_##t a) { T r = a[0]; for (int i = 1; i < n; i++) r = r < a[i] || a[i] != a[i] ? a[i] : r; return r; } \
    FN T npyv_reduce_minn_##t(npyv_##t a) { T r = a[0]; for (int i = 1; i < n; i++) r = a[i] < r || a[i] != a[i] ? a[i] : r; return r; }
// The bits of a sign, hidden from the compilers: they would make the instruction for absolute values of it, which fetches them every time.
#define ABS(t, u, all) FN npyv_##t npyv_abs_##t(npyv_##t a) { npyv_##u mask = npyv_setall_##u(all); __asm__("" : "+r"(mask)); return (npyv_##t)((npyv_##u)a & mask); }
ABS(f32, u32, 0x7fffffff)
ABS(f64, u64, 0x7fffffffffffffff)
FLOATS(f32, b32, float, 4, f32x4)
FLOATS(f64, b64, double, 2, f64x2)

#undef FN
#undef TYPES
#undef LOADS
#undef PARTS
#undef BITS
#undef BOOLS
#undef REINTERPRETED
#undef REINTERPRET
#undef ZIPS_OF
#undef ZIPS_32
#undef ZIPS_64
#undef SHUFFLE
#undef PAIRS
#undef SATURATED
#undef ORDERED_INT
#undef SUM
#undef SETALL_INT
#undef FLOATS
#undef ABS
#undef EACH
#undef EACH_8
#undef EACH_16
#undef EACH_32
#undef EACH_64
#undef EACH_INT
#undef EACH_FLOAT
#undef EACH_WIDE
#undef EACH_BOOL
#endif
