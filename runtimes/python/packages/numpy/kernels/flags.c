// See flags.h.
#include "flags.h"
#include <fenv.h>
#include <math.h>
#include "vectors.h"

enum { PLAIN, DIVISOR_ZERO, ARGUMENT_ZERO, ARGUMENT_MINUS_ONE, ARGUMENT_ONE };
enum { NOT_A_NUMBER = 1, INFINITE = 2 };
enum { PIECE = 1024, WIDEST = 32 };

typedef struct {
    const char *name;
    int pole;
} Named;

static const Named poles[] = {
    {"divide", DIVISOR_ZERO}, {"true_divide", DIVISOR_ZERO}, {"floor_divide", DIVISOR_ZERO}, {"divmod", DIVISOR_ZERO},
    {"reciprocal", ARGUMENT_ZERO}, {"log", ARGUMENT_ZERO}, {"log2", ARGUMENT_ZERO}, {"log10", ARGUMENT_ZERO}, {"power", ARGUMENT_ZERO},
    {"float_power", ARGUMENT_ZERO}, {"log1p", ARGUMENT_MINUS_ONE}, {"arctanh", ARGUMENT_ONE},
};

// They only pass on what went in, or raise flags themselves.
static const char *const harmless[] = {
    "maximum", "minimum", "fmax", "fmin", "negative", "positive", "conjugate", "sign", "copysign", "rint", "floor", "ceil", "trunc",
    "heaviside", "modf", "frexp", "arctan", "tanh", "clip", "real", "imag", "matmul", "vecdot", "matvec", "vecmat", "_ones_like",
};

static int pole_of(const char *name) {
    for (size_t i = 0; i < sizeof poles / sizeof *poles; i++)
        if (!strcmp(name, poles[i].name)) return poles[i].pole;
    return PLAIN;
}

static int is_harmless(const char *name) {
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (!strcmp(name, harmless[i])) return 1;
    return 0;
}

// The bytes of a float or complex number of a type; 0 for other types.
static int width(char type) {
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

static int is_complex(char type) { return type == 'F' || type == 'D' || type == 'G'; }
static char part_of(char type) { return type == 'F' ? 'f' : type == 'D' ? 'd' : type == 'G' ? 'g' : type; }

AmpouleWatch ampoule_watch(const char *name, int inputs, int outputs, const char *types) {
    AmpouleWatch watch = {};
    if (inputs + outputs > AMPOULE_WATCHED || inputs == 0) return watch;
    int floats_out = 0;
    for (int i = 0; i < inputs + outputs; i++) {
        watch.types[i] = types[i];
        floats_out += i >= inputs && width(types[i]);
    }
    if (!floats_out) return watch;
    if (is_harmless(name) || (!strcmp(name, "absolute") && !is_complex(types[0]))) return watch;
    watch.watched = 1;
    watch.pole = pole_of(name);
    watch.inputs = inputs;
    watch.outputs = outputs;
    return watch;
}

static double half_value(const void *at) {
    uint16_t bits;
    memcpy(&bits, at, sizeof bits);
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double size = exponent == 31 ? (fraction ? NAN : INFINITY) : exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    return bits >> 15 ? -size : size;
}

// A part of a number; a long double is only told apart as far as a double can.
static double part(char type, const char *at) {
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

static int state(char type, const char *at) {
    int state = 0;
    for (int half = 0; half <= is_complex(type); half++, at += width(part_of(type))) {
        double value = part(type, at);
        state |= value != value ? NOT_A_NUMBER : isinf(value) ? INFINITE : 0;
    }
    return state;
}

// Whether a number, or an integer, is that one.
static int is(char type, const char *at, double number) {
    if (!width(type)) {
        static const char letters[] = "?bBhHiIlLqQ", widths[] = {1, 1, 1, 2, 2, 4, 4, sizeof(long), sizeof(long), 8, 8};
        const char *letter = strchr(letters, type);
        static const char zeros[8];
        return letter && number == 0 && !memcmp(at, zeros, widths[letter - letters]);
    }
    return part(type, at) == number && (!is_complex(type) || part(type, at + width(type) / 2) == 0);
}

static int at_pole(int pole, const char *types, const char *first, const char *second) {
    switch (pole) {
    case DIVISOR_ZERO: return second && is(types[1], second, 0);
    case ARGUMENT_ZERO: return is(types[0], first, 0);
    case ARGUMENT_MINUS_ONE: return is(types[0], first, -1);
    case ARGUMENT_ONE: return is(types[0], first, 1) || is(types[0], first, -1);
    }
    return 0;
}

// What a result that is not finite tells, given what went in.
static int flags_of(int result, int given, int pole) {
    if (given & NOT_A_NUMBER) return 0;
    int flags = result & NOT_A_NUMBER ? FE_INVALID : 0;
    if (result & INFINITE && !(given & INFINITE)) flags |= pole ? FE_DIVBYZERO : FE_OVERFLOW;
    return flags;
}

// The sum of numbers is finite only if they all are; the other way round it may be too large, so a 0 here only asks for another look.
static int all_finite_f64(const double *at, ptrdiff_t n) {
    f64x2 sums[8] = {};
    ptrdiff_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (int j = 0; j < 8; j++) sums[j] += load_f64x2(at + i + 2 * j);
    for (int j = 1; j < 8; j++) sums[0] += sums[j];
    double sum = sums[0][0] + sums[0][1];
    for (; i < n; i++) sum += at[i];
    return isfinite(sum);
}

static int all_finite_f32(const float *at, ptrdiff_t n) {
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
static int all_finite(char type, const char *at, ptrdiff_t step, ptrdiff_t n) {
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

static int any_state(char type, const char *at, ptrdiff_t step, ptrdiff_t n) {
    int found = 0;
    if (!all_finite(type, at, step, n))
        for (; n > 0; n--, at += step) found |= state(type, at);
    return found;
}

// The flags of a piece: of every result that is not finite.
static int piece_flags(const AmpouleWatch *watch, char *const *args, const intptr_t *steps, ptrdiff_t n) {
    int flags = 0;
    for (int out = watch->inputs; out < watch->inputs + watch->outputs; out++) {
        char type = watch->types[out];
        if (!width(type) || all_finite(type, args[out], steps[out], n)) continue;
        for (ptrdiff_t i = 0; i < n; i++) {
            int result = state(type, args[out] + i * steps[out]), given = 0;
            if (!result) continue;
            for (int in = 0; in < watch->inputs; in++)
                if (width(watch->types[in])) given |= state(watch->types[in], args[in] + i * steps[in]);
            int pole = watch->pole && at_pole(watch->pole, watch->types, args[0] + i * steps[0], watch->inputs > 1 ? args[1] + i * steps[1] : NULL);
            flags |= flags_of(result, given, pole);
        }
    }
    return flags;
}

// A reduction goes through in one piece, for its sums are made in an order of their own.
static void reduction(const AmpouleWatch *watch, AmpouleLoop *loop, char **args, const intptr_t *dimensions, const intptr_t *steps, void *data) {
    int before = state(watch->types[0], args[0]);
    loop(args, dimensions, steps, data);
    int result = state(watch->types[2], args[2]);
    if (!result || before & NOT_A_NUMBER) return;
    int given = before | any_state(watch->types[1], args[1], steps[1], dimensions[0]), pole = 0;
    if (watch->pole == DIVISOR_ZERO)
        for (intptr_t i = 0; i < dimensions[0]; i++) pole |= is(watch->types[1], args[1] + i * steps[1], 0);
    int flags = flags_of(result, given, pole);
    if (flags) feraiseexcept(flags);
}

static int overlap(const char *a, ptrdiff_t a_step, ptrdiff_t a_width, const char *b, ptrdiff_t b_step, ptrdiff_t b_width, ptrdiff_t n) {
    const char *a_low = a_step < 0 ? a + (n - 1) * a_step : a, *b_low = b_step < 0 ? b + (n - 1) * b_step : b;
    const char *a_high = (a_step < 0 ? a : a + (n - 1) * a_step) + a_width, *b_high = (b_step < 0 ? b : b + (n - 1) * b_step) + b_width;
    return a_low < b_high && b_low < a_high;
}

// An input that the loop writes over is kept aside, but for an accumulation's, whose last result is its next input.
static int is_lost(const AmpouleWatch *watch, char *const *args, const intptr_t *steps, int in, ptrdiff_t n) {
    if (!width(watch->types[in])) return 0;
    for (int out = watch->inputs; out < watch->inputs + watch->outputs; out++) {
        if (!width(watch->types[out])) continue;
        if (args[out] == args[in] + steps[in] && steps[out] == steps[in] && steps[in]) continue;
        if (overlap(args[in], steps[in], width(watch->types[in]), args[out], steps[out], width(watch->types[out]), n)) return 1;
    }
    return 0;
}

static void keep(char *to, const char *from, ptrdiff_t step, int width, ptrdiff_t n) {
    if (step == width) {
        memcpy(to, from, n * width);
        return;
    }
    for (; n > 0; n--, to += width, from += step) memcpy(to, from, width);
}

static int in_pieces(const AmpouleWatch *watch, AmpouleLoop *loop, char **args, const intptr_t *dimensions, const intptr_t *steps, void *data,
                     char (*kept)[PIECE * WIDEST]) {
    int operands = watch->inputs + watch->outputs, flags = 0;
    intptr_t size[16], total = dimensions[0];
    char *now[AMPOULE_WATCHED], *seen[AMPOULE_WATCHED];
    intptr_t seen_steps[AMPOULE_WATCHED];
    for (int i = 0; i < operands; i++) now[i] = args[i];
    for (intptr_t done = 0; done < total; done += PIECE) {
        size[0] = total - done < PIECE ? total - done : PIECE;
        for (int i = 0; i < operands; i++) {
            seen[i] = now[i];
            seen_steps[i] = steps[i];
            if (kept && i < watch->inputs && is_lost(watch, now, steps, i, size[0])) {
                keep(kept[i], now[i], steps[i], width(watch->types[i]), size[0]);
                seen[i] = kept[i];
                seen_steps[i] = width(watch->types[i]);
            }
        }
        char *passed[AMPOULE_WATCHED];
        memcpy(passed, now, sizeof now);
        loop(passed, size, steps, data);
        flags |= piece_flags(watch, seen, seen_steps, size[0]);
        for (int i = 0; i < operands; i++) now[i] += size[0] * steps[i];
    }
    return flags;
}

static int in_pieces_kept(const AmpouleWatch *watch, AmpouleLoop *loop, char **args, const intptr_t *dimensions, const intptr_t *steps, void *data) {
    char kept[AMPOULE_WATCHED - 1][PIECE * WIDEST];
    return in_pieces(watch, loop, args, dimensions, steps, data, kept);
}

void ampoule_watched_loop(const AmpouleWatch *watch, AmpouleLoop *loop, char **args, const intptr_t *dimensions, const intptr_t *steps, void *data) {
    if (watch->inputs == 2 && watch->outputs == 1 && args[0] == args[2] && !steps[0] && !steps[2]) {
        reduction(watch, loop, args, dimensions, steps, data);
        return;
    }
    int lost = 0;
    for (int in = 0; in < watch->inputs; in++) lost |= is_lost(watch, args, steps, in, dimensions[0]);
    int flags = lost ? in_pieces_kept(watch, loop, args, dimensions, steps, data) : in_pieces(watch, loop, args, dimensions, steps, data, NULL);
    if (flags) feraiseexcept(flags);
}

void ampoule_watch_scalar(const char *name, char type, const void *first, const void *second, const void *result) {
    int found = width(type) ? state(type, result) : 0;
    if (!found) return;
    char types[2] = {type, type};
    int given = state(type, first) | (second ? state(type, second) : 0);
    int flags = flags_of(found, given, at_pole(pole_of(name), types, first, second));
    if (flags) feraiseexcept(flags);
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
