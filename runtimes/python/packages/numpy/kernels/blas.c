// The part of CBLAS that NumPy calls: products of matrices and vectors of float, double and their complex numbers. Standing in for a
// BLAS, rather than inside NumPy's own loops, makes every way that NumPy sends to a BLAS fast: matmul, dot, inner, vdot, tensordot,
// einsum. What the arguments mean: https://www.netlib.org/blas/blast-forum/cblas.tgz. Steps are never negative here (NumPy's blas_stride).
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include "numpy/npy_common.h"
#include "npy_cblas.h"
#include "vectors.h"

#define NAME(name) d##name
#define REAL double
#define VECTOR f64x2
#define LANES 2
#define LOAD load_f64x2
#define STORE store_f64x2
#define SPLAT splat_f64x2
#include "gemm.h"
#undef NAME
#undef REAL
#undef VECTOR
#undef LANES
#undef LOAD
#undef STORE
#undef SPLAT

#define NAME(name) s##name
#define REAL float
#define VECTOR f32x4
#define LANES 4
#define LOAD load_f32x4
#define STORE store_f32x4
#define SPLAT splat_f32x4
#include "gemm.h"

typedef enum CBLAS_ORDER Order;
typedef enum CBLAS_TRANSPOSE Transpose;

// A x beta, beta 0 meaning that what is there does not count, be it NaN.
#define SCALED(beta, value) ((beta) == 0 ? 0 : (beta) == 1 ? (value) : (beta) * (value))

#define REALS(p, REAL) \
    static p##Matrix p##_stored(Order order, Transpose transpose, const REAL *at, int leading) { \
        int by_rows = (order == CblasRowMajor) == (transpose == CblasNoTrans); \
        return (p##Matrix){at, by_rows ? leading : 1, by_rows ? 1 : leading}; \
    } \
    /* C, by rows, = alpha A B + beta C */ \
    static void p##_product(int m, int n, int depth, REAL alpha, p##Matrix a, p##Matrix b, REAL beta, REAL *c, ptrdiff_t c_row) { \
        for (int i = 0; i < m && beta != 1; i++) \
            for (int j = 0; j < n; j++) c[i * c_row + j] = SCALED(beta, c[i * c_row + j]); \
        if (alpha != 0) p##multiply(m, n, depth, alpha, a, b, c, c_row); \
    } \
    void cblas_##p##gemm(Order order, Transpose trans_a, Transpose trans_b, int m, int n, int depth, REAL alpha, const REAL *a, \
                         int lda, const REAL *b, int ldb, REAL beta, REAL *c, int ldc) { \
        p##Matrix left = p##_stored(order, trans_a, a, lda), right = p##_stored(order, trans_b, b, ldb); \
        if (order == CblasRowMajor) { \
            p##_product(m, n, depth, alpha, left, right, beta, c, ldc); \
        } else { /* by columns: the transposed product, by rows */ \
            p##Matrix first = {right.at, right.column, right.row}, second = {left.at, left.column, left.row}; \
            p##_product(n, m, depth, alpha, first, second, beta, c, ldc); \
        } \
    } \
    /* Both triangles, where BLAS only promises one: NumPy copies one to the other. */ \
    void cblas_##p##syrk(Order order, enum CBLAS_UPLO half, Transpose trans, int n, int depth, REAL alpha, const REAL *a, int lda, \
                         REAL beta, REAL *c, int ldc) { \
        cblas_##p##gemm(order, trans, trans == CblasNoTrans ? CblasTrans : CblasNoTrans, n, n, depth, alpha, a, lda, a, lda, beta, c, ldc); \
    } \
    void cblas_##p##gemv(Order order, Transpose trans, int m, int n, REAL alpha, const REAL *a, int lda, const REAL *x, int x_step, \
                         REAL beta, REAL *y, int y_step) { \
        p##Matrix matrix = p##_stored(order, trans, a, lda); \
        int rows = trans == CblasNoTrans ? m : n, columns = trans == CblasNoTrans ? n : m; \
        for (int i = 0; i < rows; i++) y[(ptrdiff_t)i * y_step] = SCALED(beta, y[(ptrdiff_t)i * y_step]); \
        if (y_step == 1 && x_step == 1) { \
            p##multiply_vector(rows, columns, alpha, matrix, x, y); \
        } else if (matrix.column == 1 || x_step != 1) { \
            for (int i = 0; i < rows; i++) \
                y[(ptrdiff_t)i * y_step] += alpha * p##dot(columns, matrix.at + i * matrix.row, matrix.column, x, x_step); \
        } else { \
            for (int j = 0; j < columns; j++) p##add_scaled(rows, alpha * x[j], matrix.at + j * matrix.column, matrix.row, y, y_step); \
        } \
    } \
    REAL cblas_##p##dot(int n, const REAL *x, int x_step, const REAL *y, int y_step) { return p##dot(n, x, x_step, y, y_step); } \
    void cblas_##p##axpy(int n, REAL alpha, const REAL *x, int x_step, REAL *y, int y_step) { \
        p##add_scaled(n, alpha, x, x_step, y, y_step); \
    }

// Complex numbers, p's parts of which are q's: products of the parts. Only what NumPy asks for: alpha is 1 and beta 0.
#define COMPLEXES(p, q, REAL) \
    static void p##_product(int m, int n, int depth, q##Matrix a, REAL a_sign, q##Matrix b, REAL b_sign, REAL *c, ptrdiff_t c_row, ptrdiff_t c_column) { \
        q##Matrix a_imaginary = {a.at + 1, a.row, a.column}, b_imaginary = {b.at + 1, b.row, b.column}; \
        REAL small[128], *real = (ptrdiff_t)m * n <= 64 ? small : malloc(2 * sizeof(REAL) * m * n), *imaginary = real + (ptrdiff_t)m * n; \
        if (!real) abort(); \
        memset(real, 0, 2 * sizeof(REAL) * m * n); \
        q##multiply(m, n, depth, 1, a, b, real, n); \
        q##multiply(m, n, depth, -a_sign * b_sign, a_imaginary, b_imaginary, real, n); \
        q##multiply(m, n, depth, b_sign, a, b_imaginary, imaginary, n); \
        q##multiply(m, n, depth, a_sign, a_imaginary, b, imaginary, n); \
        for (int i = 0; i < m; i++) { \
            for (int j = 0; j < n; j++) { \
                c[i * c_row + j * c_column] = real[(ptrdiff_t)i * n + j]; \
                c[i * c_row + j * c_column + 1] = imaginary[(ptrdiff_t)i * n + j]; \
            } \
        } \
        if (real != small) free(real); \
    } \
    static q##Matrix p##_stored(Order order, Transpose transpose, const void *at, int leading) { \
        int by_rows = (order == CblasRowMajor) == (transpose == CblasNoTrans); \
        return (q##Matrix){at, by_rows ? 2 * (ptrdiff_t)leading : 2, by_rows ? 2 : 2 * (ptrdiff_t)leading}; \
    } \
    void cblas_##p##gemm(Order order, Transpose trans_a, Transpose trans_b, int m, int n, int depth, const void *alpha, const void *a, \
                         int lda, const void *b, int ldb, const void *beta, void *c, int ldc) { \
        int by_rows = order == CblasRowMajor; \
        p##_product(m, n, depth, p##_stored(order, trans_a, a, lda), trans_a == CblasConjTrans ? -1 : 1, p##_stored(order, trans_b, b, ldb), \
                    trans_b == CblasConjTrans ? -1 : 1, c, by_rows ? 2 * (ptrdiff_t)ldc : 2, by_rows ? 2 : 2 * (ptrdiff_t)ldc); \
    } \
    void cblas_##p##syrk(Order order, enum CBLAS_UPLO half, Transpose trans, int n, int depth, const void *alpha, const void *a, int lda, \
                         const void *beta, void *c, int ldc) { \
        cblas_##p##gemm(order, trans, trans == CblasNoTrans ? CblasTrans : CblasNoTrans, n, n, depth, alpha, a, lda, a, lda, beta, c, ldc); \
    } \
    void cblas_##p##gemv(Order order, Transpose trans, int m, int n, const void *alpha, const void *a, int lda, const void *x, int x_step, \
                         const void *beta, void *y, int y_step) { \
        q##Matrix vector = {x, 2 * (ptrdiff_t)x_step, 2}; \
        int rows = trans == CblasNoTrans ? m : n, columns = trans == CblasNoTrans ? n : m; \
        p##_product(rows, 1, columns, p##_stored(order, trans, a, lda), trans == CblasConjTrans ? -1 : 1, vector, 1, y, 2 * (ptrdiff_t)y_step, 2); \
    } \
    void cblas_##p##dotu_sub(int n, const void *x, int x_step, const void *y, int y_step, void *result) { \
        q##Matrix left = {x, 2, 2 * (ptrdiff_t)x_step}, right = {y, 2 * (ptrdiff_t)y_step, 2}; \
        p##_product(1, 1, n, left, 1, right, 1, result, 2, 2); \
    } \
    void cblas_##p##dotc_sub(int n, const void *x, int x_step, const void *y, int y_step, void *result) { \
        q##Matrix left = {x, 2, 2 * (ptrdiff_t)x_step}, right = {y, 2 * (ptrdiff_t)y_step, 2}; \
        p##_product(1, 1, n, left, -1, right, 1, result, 2, 2); \
    } \
    void cblas_##p##axpy(int n, const void *alpha, const void *x, int x_step, void *y, int y_step) { \
        const REAL *factor = alpha, *from = x; \
        REAL *to = y; \
        for (int i = 0; i < n; i++, from += 2 * (ptrdiff_t)x_step, to += 2 * (ptrdiff_t)y_step) { \
            to[0] += factor[0] * from[0] - factor[1] * from[1]; \
            to[1] += factor[0] * from[1] + factor[1] * from[0]; \
        } \
    }

REALS(d, double)
REALS(s, float)
COMPLEXES(z, d, double)
COMPLEXES(c, s, float)
