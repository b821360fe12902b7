/* What DurationFormat is made of, and what it formats. */
#ifndef INTL_DURATIONS_H
#define INTL_DURATIONS_H

#include "numbers.h"

namespace intl {

enum { YEARS, MONTHS, WEEKS, DAYS, HOURS, MINUTES, SECONDS, MILLISECONDS, MICROSECONDS, NANOSECONDS, DURATION_UNITS };
extern const char *const DURATION_NAMES[DURATION_UNITS];    /* "years" */

enum class UnitStyle { LONG, SHORT, NARROW, NUMERIC, TWO_DIGIT, FRACTIONAL, UNSET };
inline bool is_numeric(UnitStyle style) { return style == UnitStyle::NUMERIC || style == UnitStyle::TWO_DIGIT; }

struct DurationUnit {
    UnitStyle style = UnitStyle::UNSET;
    bool is_always = false;
};

/* duration_settings.cpp */
struct DurationSettings {
    Resolved resolved;
    std::string numbering_system;
    int style = 1;                  /* place in its names: short */
    DurationUnit units[DURATION_UNITS];
    int fraction_digits = -1;       /* -1: as many as there are */

    bool read(JSContext *context, JSValueConst locales, JSValueConst options);
    void show(Record &record) const;
    bool is_digital() const { return style == 3; }
};

/* A duration record: whole numbers of one sign. */
struct Duration {
    double values[DURATION_UNITS] = {};

    bool read(JSContext *context, JSValueConst given);
    int sign() const;
};

/* A piece of a formatted duration. */
struct DurationPart {
    std::string type;
    icu::UnicodeString value;
    const char *unit;               /* "hour"; null for what is between */
};

/* duration_pattern.cpp: PartitionDurationFormatPattern */
std::vector<DurationPart> duration_parts(const DurationSettings &settings, const Duration &duration, UErrorCode &status);

} // namespace intl

#endif
