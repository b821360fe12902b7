// C += alpha A B for matrices of REAL, included once per type (blas.c). The way of Goto and van de Geijn, "Anatomy of High-Performance
// Matrix Multiplication" (2008): blocks of A and B are copied into panels that the innermost kernel reads from end to end, and the kernel
// keeps a tile of C in registers: ROWS rows of two vectors, with a vector machine of 16 registers in mind.

#define COLUMNS (2 * LANES)
#define ROWS 4
enum { NAME(depth_block) = 256, NAME(row_block) = 64, NAME(column_block) = 512 };

// A matrix anywhere in memory: element (i, j) is at[i * row + j * column].
typedef struct {
    const REAL *at;
    ptrdiff_t row, column;
} NAME(Matrix);

// One tile: ROWS rows of the panel `a` times COLUMNS columns of the panel `b`, added to c.
static void NAME(tile)(int depth, const REAL *restrict a, const REAL *restrict b, REAL *restrict c, ptrdiff_t c_row) {
    VECTOR sum[ROWS][2] = {};
    // Fuel is charged every time round, which would cost as much as the sums themselves.
#pragma clang loop unroll_count(4)
    for (int k = 0; k < depth; k++) {
        VECTOR left = LOAD(b), right = LOAD(b + LANES);
        for (int i = 0; i < ROWS; i++) {
            VECTOR factor = SPLAT(a[i]);
            sum[i][0] += factor * left;
            sum[i][1] += factor * right;
        }
        a += ROWS;
        b += COLUMNS;
    }
    for (int i = 0; i < ROWS; i++) {
        STORE(c, LOAD(c) + sum[i][0]);
        STORE(c + LANES, LOAD(c + LANES) + sum[i][1]);
        c += c_row;
    }
}

// A tile over the edge of C, by way of a whole one.
static void NAME(edge)(int depth, const REAL *a, const REAL *b, REAL *c, ptrdiff_t c_row, int rows, int columns) {
    REAL whole[ROWS * COLUMNS] = {};
    NAME(tile)(depth, a, b, whole, COLUMNS);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) c[i * c_row + j] += whole[i * COLUMNS + j];
}

// Copies a block into panels of `width` lines; lines that are not there are zero.
static void NAME(pack)(REAL *to, const REAL *from, ptrdiff_t line, ptrdiff_t step, int lines, int depth, int width, REAL alpha) {
    for (int first = 0; first < lines; first += width, from += width * line, to += (ptrdiff_t)width * depth) {
        int here = lines - first < width ? lines - first : width;
        if (here == width && line == 1 && alpha == 1) {
            for (int k = 0; k < depth; k++) memcpy(to + (ptrdiff_t)k * width, from + k * step, width * sizeof(REAL));
            continue;
        }
        for (int i = 0; i < here; i++)
            for (int k = 0; k < depth; k++) to[(ptrdiff_t)k * width + i] = alpha * from[i * line + k * step];
        for (int i = here; i < width; i++)
            for (int k = 0; k < depth; k++) to[(ptrdiff_t)k * width + i] = 0;
    }
}

static void NAME(multiply_plainly)(int m, int n, int depth, REAL alpha, NAME(Matrix) a, NAME(Matrix) b, REAL *c, ptrdiff_t c_row) {
    for (int i = 0; i < m; i++, c += c_row) {
        for (int k = 0; k < depth; k++) {
            REAL factor = alpha * a.at[i * a.row + k * a.column];
            const REAL *line = b.at + k * b.row;
            if (b.column == 1)
                for (int j = 0; j < n; j++) c[j] += factor * line[j];
            else
                for (int j = 0; j < n; j++) c[j] += factor * line[j * b.column];
        }
    }
}

static void NAME(multiply)(int m, int n, int depth, REAL alpha, NAME(Matrix) a, NAME(Matrix) b, REAL *c, ptrdiff_t c_row) {
    int depths = depth < NAME(depth_block) ? depth : NAME(depth_block);
    int rows = m < NAME(row_block) ? (m + ROWS - 1) / ROWS * ROWS : NAME(row_block);
    int columns = n < NAME(column_block) ? (n + COLUMNS - 1) / COLUMNS * COLUMNS : NAME(column_block);
    REAL *panels = NULL;
    if ((double)m * n * depth > 2048) panels = malloc((size_t)depths * (rows + columns) * sizeof(REAL));
    if (!panels) {
        NAME(multiply_plainly)(m, n, depth, alpha, a, b, c, c_row);
        return;
    }
    REAL *b_panels = panels + (size_t)depths * rows;
    for (int j = 0; j < n; j += columns) {
        int across = n - j < columns ? n - j : columns;
        for (int k = 0; k < depth; k += depths) {
            int deep = depth - k < depths ? depth - k : depths;
            NAME(pack)(b_panels, b.at + j * b.column + k * b.row, b.column, b.row, across, deep, COLUMNS, 1);
            for (int i = 0; i < m; i += rows) {
                int down = m - i < rows ? m - i : rows;
                NAME(pack)(panels, a.at + i * a.row + k * a.column, a.row, a.column, down, deep, ROWS, alpha);
                for (int jj = 0; jj < across; jj += COLUMNS) {
                    const REAL *b_panel = b_panels + (ptrdiff_t)jj * deep;
                    for (int ii = 0; ii < down; ii += ROWS) {
                        REAL *corner = c + (i + ii) * c_row + j + jj;
                        const REAL *a_panel = panels + (ptrdiff_t)ii * deep;
                        if (down - ii >= ROWS && across - jj >= COLUMNS)
                            NAME(tile)(deep, a_panel, b_panel, corner, c_row);
                        else
                            NAME(edge)(deep, a_panel, b_panel, corner, c_row, down - ii < ROWS ? down - ii : ROWS, across - jj < COLUMNS ? across - jj : COLUMNS);
                    }
                }
            }
        }
    }
    free(panels);
}

// The sum of products of two lines.
static REAL NAME(dot)(ptrdiff_t n, const REAL *x, ptrdiff_t x_step, const REAL *y, ptrdiff_t y_step) {
    REAL sum = 0;
    ptrdiff_t i = 0;
    if (x_step == 1 && y_step == 1) {
        VECTOR parts[4] = {};
        for (; i + 4 * LANES <= n; i += 4 * LANES)
            for (int part = 0; part < 4; part++) parts[part] += LOAD(x + i + part * LANES) * LOAD(y + i + part * LANES);
        VECTOR all = (parts[0] + parts[1]) + (parts[2] + parts[3]);
        for (int lane = 0; lane < LANES; lane++) sum += all[lane];
    }
    for (; i < n; i++) sum += x[i * x_step] * y[i * y_step];
    return sum;
}

// y += alpha x
static void NAME(add_scaled)(ptrdiff_t n, REAL alpha, const REAL *x, ptrdiff_t x_step, REAL *y, ptrdiff_t y_step) {
    ptrdiff_t i = 0;
    if (x_step == 1 && y_step == 1)
        for (; i + LANES <= n; i += LANES) STORE(y + i, LOAD(y + i) + SPLAT(alpha) * LOAD(x + i));
    for (; i < n; i++) y[i * y_step] += alpha * x[i * x_step];
}

// y += alpha A x, for x and y without gaps.
static void NAME(multiply_vector)(int m, int n, REAL alpha, NAME(Matrix) a, const REAL *x, REAL *y) {
    if (a.column == 1 || n == 1) {
        for (int i = 0; i < m; i++) y[i] += alpha * NAME(dot)(n, a.at + i * a.row, 1, x, 1);
        return;
    }
    for (int j = 0; j < n; j++) NAME(add_scaled)(m, alpha * x[j], a.at + j * a.column, a.row, y, 1);
}

#undef COLUMNS
#undef ROWS
