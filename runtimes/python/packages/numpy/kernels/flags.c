// See flags.h.
#include "flags.h"
#include <fenv.h>
#include "fused.h"
#include "numbers.h"

enum { PLAIN, DIVISOR_ZERO, ARGUMENT_ZERO, ARGUMENT_MINUS_ONE, ARGUMENT_ONE };
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
    int alike = outputs == 1;
    for (int i = 1; i < inputs + outputs; i++) alike &= types[i] == types[0];
    if (alike) watch.fused = ampoule_fused(name, inputs, types[0]);
    return watch;
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

static int is_fused(const AmpouleWatch *watch, char *const *args, const intptr_t *steps, ptrdiff_t n) {
    int out = watch->inputs, whole = width(watch->types[out]);
    if (!watch->fused || steps[out] != whole) return 0;
    for (int in = 0; in < out; in++) {
        if (steps[in] != whole && steps[in]) return 0;
        if (args[in] == args[out] && steps[in]) continue;
        if (overlap(args[in], steps[in], whole, args[out], whole, whole, n)) return 0;
    }
    return 1;
}

static void advance(const AmpouleWatch *watch, char **args, const intptr_t *steps, ptrdiff_t n) {
    for (int i = 0; i < watch->inputs + watch->outputs; i++) args[i] += n * steps[i];
}

// As far as results are finite; says how far.
static ptrdiff_t fused(const AmpouleWatch *watch, char **args, const intptr_t *steps, ptrdiff_t n) {
    ptrdiff_t done = watch->fused(args[0], !steps[0], args[1], !steps[1], args[watch->inputs], n);
    advance(watch, args, steps, done);
    return done;
}

static int in_pieces(const AmpouleWatch *watch, int is_fused, AmpouleLoop *loop, char **now, intptr_t left, const intptr_t *steps, void *data,
                     char (*kept)[PIECE * WIDEST]) {
    int operands = watch->inputs + watch->outputs, flags = 0;
    intptr_t size[16];
    char *seen[AMPOULE_WATCHED];
    intptr_t seen_steps[AMPOULE_WATCHED];
    while (left > 0) {
        size[0] = left < PIECE ? left : PIECE;
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
        memcpy(passed, now, sizeof passed);
        loop(passed, size, steps, data);
        flags |= piece_flags(watch, seen, seen_steps, size[0]);
        advance(watch, now, steps, size[0]);
        left -= size[0];
        if (is_fused) left -= fused(watch, now, steps, left);
    }
    return flags;
}

static int in_pieces_kept(const AmpouleWatch *watch, int is_fused, AmpouleLoop *loop, char **now, intptr_t left, const intptr_t *steps, void *data) {
    char kept[AMPOULE_WATCHED - 1][PIECE * WIDEST];
    return in_pieces(watch, is_fused, loop, now, left, steps, data, kept);
}

void ampoule_watched_loop(const AmpouleWatch *watch, AmpouleLoop *loop, char **args, const intptr_t *dimensions, const intptr_t *steps, void *data) {
    if (watch->inputs == 2 && watch->outputs == 1 && args[0] == args[2] && !steps[0] && !steps[2]) {
        reduction(watch, loop, args, dimensions, steps, data);
        return;
    }
    char *now[AMPOULE_WATCHED];
    for (int i = 0; i < watch->inputs + watch->outputs; i++) now[i] = args[i];
    intptr_t left = dimensions[0];
    int is_plain = is_fused(watch, now, steps, left), lost = 0;
    if (is_plain) left -= fused(watch, now, steps, left);
    if (left <= 0) return;
    for (int in = 0; in < watch->inputs; in++) lost |= is_lost(watch, now, steps, in, left);
    int flags = lost ? in_pieces_kept(watch, is_plain, loop, now, left, steps, data) : in_pieces(watch, is_plain, loop, now, left, steps, data, NULL);
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
