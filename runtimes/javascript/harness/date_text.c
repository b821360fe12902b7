/* Dates written as text, by the rules of V8: ISO 8601 as the standard has it, else what people, mails and logs write.
 * The second kind takes numbers, words and signs as they come: a number before a colon begins a time, words that are no
 * month, no zone and no AM or PM are passed over until there was a number, what stands in parentheses always. */
#include "date_text.h"
#include "libunicode.h"
#include <string.h>

enum token_kind { END, NUMBER, SYMBOL, WORD, SPACE, OTHER, BAD };
enum word { NO_WORD, MONTH, ZONE, TIME_MARK, HALF };

struct token {
    enum token_kind kind;
    enum word word;
    int value, length; /* of a number, its digits */
};

struct reader {
    const uint8_t *narrow;
    const uint16_t *wide;
    uint32_t at, length;
    struct token next;
};

static const struct { char name[4]; int8_t word, value; } words[] = {
    {"jan", MONTH, 1}, {"feb", MONTH, 2}, {"mar", MONTH, 3}, {"apr", MONTH, 4}, {"may", MONTH, 5}, {"jun", MONTH, 6},
    {"jul", MONTH, 7}, {"aug", MONTH, 8}, {"sep", MONTH, 9}, {"oct", MONTH, 10}, {"nov", MONTH, 11}, {"dec", MONTH, 12},
    {"am", HALF, 0}, {"pm", HALF, 12}, {"ut", ZONE, 0}, {"utc", ZONE, 0}, {"z", ZONE, 0}, {"gmt", ZONE, 0},
    {"cdt", ZONE, -5}, {"cst", ZONE, -6}, {"edt", ZONE, -4}, {"est", ZONE, -5}, {"mdt", ZONE, -6}, {"mst", ZONE, -7},
    {"pdt", ZONE, -7}, {"pst", ZONE, -8}, {"t", TIME_MARK, 0}};

/* 0 at the end, and where the text has a NUL, which ends it too */
static uint32_t character(const struct reader *in) {
    return in->at >= in->length ? 0 : in->narrow ? in->narrow[in->at] : in->wide[in->at];
}
static bool is_digit(uint32_t c) { return c - '0' < 10; }
static bool is_word(uint32_t c) { return c >= 'A' && (c == 0x2028 || c == 0x2029 || !lre_is_space(c)); }

static struct token read_number(struct reader *in) {
    struct token token = {.kind = NUMBER};
    uint32_t start = in->at;
    while (character(in) == '0') in->at++;
    for (int digits = 0; is_digit(character(in)); digits++, in->at++)
        if (digits < 9) token.value = token.value * 10 + (character(in) - '0');
    token.length = in->at - start;
    return token;
}

static struct token read_word(struct reader *in) {
    struct token token = {.kind = WORD};
    uint32_t c, start[3] = {0};
    for (; is_word(c = character(in)); in->at++, token.length++)
        if (token.length < 3) start[token.length] = c - 'A' < 26 ? c + 32 : c;
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        const char *name = words[i].name;
        /* only months may go on after their third letter */
        if (name[0] != start[0] || name[1] != start[1] || (name[1] && name[2] != start[2])) continue;
        if (!name[1] && start[2]) continue;
        if (token.length > 3 && words[i].word != MONTH) continue;
        token.word = words[i].word;
        token.value = words[i].value;
        break;
    }
    return token;
}

static struct token scan(struct reader *in) {
    uint32_t c = character(in);
    if (!c) return (struct token){.kind = END};
    if (is_digit(c)) return read_number(in);
    if (strchr(":-+.)", c < 0x80 ? (int)c : 'x')) {
        in->at++;
        return (struct token){.kind = SYMBOL, .value = c};
    }
    if (is_word(c)) return read_word(in);
    in->at++;
    if (lre_is_space(c)) return (struct token){.kind = SPACE};
    if (c == '(')
        for (int open = 1; open && (c = character(in)); in->at++) open += (c == '(') - (c == ')');
    return (struct token){.kind = OTHER};
}

static struct token take(struct reader *in) {
    struct token token = in->next;
    in->next = scan(in);
    return token;
}
static bool next_is(const struct reader *in, char symbol) { return in->next.kind == SYMBOL && in->next.value == symbol; }
static bool next_is_sign(const struct reader *in) { return next_is(in, '-') || next_is(in, '+'); }
static bool skip(struct reader *in, char symbol) { return next_is(in, symbol) && (take(in), true); }
static bool is_z(const struct token *token) { return token->kind == WORD && token->word == ZONE && token->length == 1; }
/* A number of so many digits, between the two. */
static bool next_in(const struct reader *in, int digits, int least, int most) {
    return in->next.kind == NUMBER && in->next.length == digits && in->next.value >= least && in->next.value <= most;
}

/* What was read so far. */
enum { UNKNOWN = INT32_MAX };
struct parts {
    int days[3], day_count, month;
    bool is_iso;
    int times[4], time_count, half;
    int sign, zone_hour, zone_minute;
};

static bool add_day(struct parts *parts, int number) { return parts->day_count < 3 && (parts->days[parts->day_count++] = number, true); }
static bool add_time(struct parts *parts, int number) { return parts->time_count < 4 && (parts->times[parts->time_count++] = number, true); }
static bool add_last_time(struct parts *parts, int number) {
    if (!add_time(parts, number)) return false;
    while (parts->time_count < 4) add_time(parts, 0);
    return true;
}
static bool wants_time(const struct parts *parts, int number) {
    int count = parts->time_count;
    return count > 0 && count < 4 && number >= 0 && number <= (count == 3 ? 999 : 59);
}

/* The first three digits after a point. */
static int milliseconds(struct token token) {
    int length = token.length > 9 ? 9 : token.length;
    for (; length < 3; length++) token.value *= 10;
    for (; length > 3; length--) token.value /= 10;
    return token.value;
}

/* [T]HH:mm[:ss[.sss]][Z|+hh:mm|+hhmm], to the end */
static bool read_iso_time(struct reader *in, struct parts *parts) {
    if (!next_in(in, 2, 0, 24)) return false;
    bool is_midnight = in->next.value == 24;
    int most = is_midnight ? 0 : 59;
    add_time(parts, take(in).value);
    if (!skip(in, ':') || !next_in(in, 2, 0, most)) return false;
    add_time(parts, take(in).value);
    if (skip(in, ':')) {
        if (!next_in(in, 2, 0, most)) return false;
        add_time(parts, take(in).value);
        if (skip(in, '.')) {
            if (in->next.kind != NUMBER || (is_midnight && in->next.value > 0)) return false;
            add_time(parts, milliseconds(take(in)));
        }
    }
    if (is_z(&in->next)) {
        take(in);
        parts->sign = 1;
        parts->zone_hour = parts->zone_minute = 0;
    } else if (next_is_sign(in)) {
        parts->sign = take(in).value == '+' ? 1 : -1;
        if (next_in(in, 4, 0, 2359)) {
            int both = take(in).value;
            parts->zone_hour = both / 100;
            parts->zone_minute = both % 100;
            if (parts->zone_minute > 59) return false;
        } else {
            if (!next_in(in, 2, 0, 23)) return false;
            parts->zone_hour = take(in).value;
            if (!skip(in, ':') || !next_in(in, 2, 0, 59)) return false;
            parts->zone_minute = take(in).value;
        }
    }
    return in->next.kind == END;
}

/* As much as there is of ISO 8601; returns the token from which on the text is something else, END: it is not. */
static struct token read_iso(struct reader *in, struct parts *parts) {
    if (next_is_sign(in)) {
        struct token sign = take(in);
        if (!next_in(in, 6, 0, 999999)) return sign;
        int year = take(in).value;
        if (sign.value == '-' && !year) return sign;
        add_day(parts, sign.value == '-' ? -year : year);
    } else {
        if (!next_in(in, 4, 0, 9999)) return take(in);
        add_day(parts, take(in).value);
    }
    if (skip(in, '-')) {
        if (!next_in(in, 2, 1, 12)) return take(in);
        add_day(parts, take(in).value);
        if (skip(in, '-')) {
            if (!next_in(in, 2, 1, 31)) return take(in);
            add_day(parts, take(in).value);
        }
    }
    if (in->next.kind == WORD && in->next.word == TIME_MARK) {
        take(in);
        if (!read_iso_time(in, parts)) return (struct token){.kind = BAD};
    } else if (in->next.kind != END) {
        return take(in);
    } else {
        parts->sign = 1; /* a date alone is in UTC */
        parts->zone_hour = parts->zone_minute = 0;
    }
    parts->is_iso = true;
    return (struct token){.kind = END};
}

static bool read_loose_number(struct reader *in, struct parts *parts, int number) {
    if (skip(in, ':')) {
        if (skip(in, ':')) return !parts->time_count && add_time(parts, number) && add_time(parts, 0);
        if (!add_time(parts, number)) return false;
        skip(in, '.');
        return true;
    }
    if (skip(in, '.') && wants_time(parts, number)) {
        add_time(parts, number);
        return in->next.kind == NUMBER && (add_last_time(parts, milliseconds(take(in))), true);
    }
    if (parts->zone_hour != UNKNOWN && parts->zone_minute == UNKNOWN && number <= 59) {
        parts->zone_minute = number;
        return true;
    }
    if (wants_time(parts, number)) {
        add_last_time(parts, number);
        return in->next.kind == END || in->next.kind == SPACE || is_z(&in->next) || next_is_sign(in);
    }
    if (!add_day(parts, number)) return false;
    skip(in, '-');
    return true;
}

static bool read_loose_word(struct reader *in, struct parts *parts, const struct token *token, bool was_number) {
    if (token->word == HALF && parts->time_count) {
        parts->half = token->value;
    } else if (token->word == MONTH) {
        parts->month = token->value;
        skip(in, '-');
    } else if (token->word == ZONE && was_number) {
        parts->sign = token->value < 0 ? -1 : 1;
        parts->zone_hour = token->value * parts->sign;
        parts->zone_minute = 0;
    } else {
        return !was_number && in->next.kind != NUMBER;
    }
    return true;
}

/* GMT+0800, +08:00, -8 */
static bool read_loose_offset(struct reader *in, struct parts *parts, int sign) {
    struct token number = {0};
    parts->sign = sign == '+' ? 1 : -1;
    if (in->next.kind == NUMBER) number = take(in);
    if (next_is(in, ':')) {
        parts->zone_hour = number.value;
        parts->zone_minute = UNKNOWN;
    } else if (number.length == 1 || number.length == 2) {
        parts->zone_hour = number.value;
        parts->zone_minute = 0;
    } else if (number.length == 3 || number.length == 4) {
        parts->zone_hour = number.value / 100;
        parts->zone_minute = number.value % 100;
    } else {
        return false;
    }
    return true;
}

static bool read_loose(struct reader *in, struct parts *parts, struct token token) {
    bool was_number = parts->day_count > 0;
    for (; token.kind != END; token = take(in)) {
        bool is_sign = token.kind == SYMBOL && (token.value == '+' || token.value == '-');
        bool is_utc = parts->zone_hour == 0 && parts->zone_minute == 0;
        if (token.kind == NUMBER) {
            was_number = true;
            if (!read_loose_number(in, parts, token.value)) return false;
        } else if (token.kind == WORD) {
            if (!read_loose_word(in, parts, &token, was_number)) return false;
        } else if (is_sign && (is_utc || parts->time_count)) {
            was_number = true;
            if (!read_loose_offset(in, parts, token.value)) return false;
        } else if (was_number && (is_sign || (token.kind == SYMBOL && token.value == ')'))) {
            return false;
        }
    }
    return true;
}

static bool is_day(int number) { return number >= 1 && number <= 31; }

/* Which number is year, month and day; those that are not given are 1, also the year, which is 2001 then. */
static bool settle_day(struct parts *parts, struct date_text *date) {
    const int *days = parts->days;
    if (!parts->day_count) return false;
    while (add_day(parts, 1)) {}
    bool year_first = parts->is_iso || !is_day(days[0]);
    date->month = parts->month;
    if (date->month == UNKNOWN) {
        date->year = days[year_first ? 0 : 2];
        date->month = days[year_first ? 1 : 0];
        date->day = days[year_first ? 2 : 1];
    } else {
        date->year = days[year_first ? 0 : 1];
        date->day = days[year_first ? 1 : 0];
    }
    if (!parts->is_iso && date->year >= 0 && date->year <= 99) date->year += date->year < 50 ? 2000 : 1900;
    return date->month-- >= 1 && date->month < 12 && is_day(date->day);
}

static bool settle_time(struct parts *parts, struct date_text *date) {
    while (parts->time_count < 4) add_time(parts, 0);
    date->hour = parts->times[0];
    date->minute = parts->times[1];
    date->second = parts->times[2];
    date->millisecond = parts->times[3];
    if (parts->half != UNKNOWN) {
        if (date->hour > 12) return false;
        date->hour = date->hour % 12 + parts->half;
    }
    if (date->hour < 24 && date->minute < 60 && date->second < 60 && date->millisecond < 1000) return true;
    return date->hour == 24 && !date->minute && !date->second && !date->millisecond;
}

static bool settle_zone(const struct parts *parts, struct date_text *date) {
    date->is_local = !parts->sign;
    int64_t hour = parts->zone_hour == UNKNOWN ? 0 : parts->zone_hour, minute = parts->zone_minute == UNKNOWN ? 0 : parts->zone_minute;
    uint32_t seconds = (uint32_t)(hour * 3600 + minute * 60); /* V8 lets it wrap */
    if (!date->is_local && seconds > INT32_MAX) return false;
    date->offset = parts->sign < 0 ? -(int)seconds : (int)seconds;
    return true;
}

bool date_text_read(const uint8_t *narrow, const uint16_t *wide, uint32_t length, struct date_text *date) {
    struct reader in = {.narrow = narrow, .wide = wide, .length = length};
    struct parts parts = {.month = UNKNOWN, .half = UNKNOWN, .zone_hour = UNKNOWN, .zone_minute = UNKNOWN};
    in.next = scan(&in);
    struct token rest = read_iso(&in, &parts);
    if (rest.kind == BAD || !read_loose(&in, &parts, rest)) return false;
    return settle_day(&parts, date) && settle_time(&parts, date) && settle_zone(&parts, date);
}
