/* What DateTimeFormat is made of. */
#ifndef INTL_DATES_H
#define INTL_DATES_H

#include "conversions.h"
#include <unicode/dtitvfmt.h>
#include <unicode/dtptngen.h>
#include <unicode/smpdtfmt.h>
#include <unicode/timezone.h>

namespace intl {

/* ---- time_zones.cpp ---- */

/* The zone that an option names, as resolvedOptions shows it; empty: there is none. */
std::string time_zone_of(std::string_view name);
std::unique_ptr<icu::TimeZone> icu_time_zone(const std::string &zone);
/* The zones that supportedValuesOf lists. */
std::vector<std::string> time_zones();
void time_zones_init();

/* ---- local_zone.cpp ---- */

/* The zone of Date, as Intl names it. */
std::string local_zone();

/* ---- date_settings.cpp: CreateDateTimeFormat, as far as it reads ---- */

/* In ICU's order, too. */
enum class HourCycle { H11, H12, H23, H24, NONE };

/* A component of a date: its option, the values that may have and what each is in a skeleton. Hours are in date_pattern.cpp. */
struct Component {
    const char *name;
    std::initializer_list<const char *> values;
    const char *skeletons[6];
};
enum { WEEKDAY, ERA, YEAR, MONTH, DAY, DAY_PERIOD, HOUR, MINUTE, SECOND, TIME_ZONE_NAME, COMPONENTS };
extern const Component components[COMPONENTS];

struct DateSettings {
    Resolved resolved;
    std::string time_zone;
    int chosen[COMPONENTS];             /* place among the component's values, -1: not wanted */
    int fraction_digits = 0;
    int date_style = -1, time_style = -1;   /* places in STYLES */
    HourCycle hour_cycle = HourCycle::NONE; /* as the option or the tag has it */
    int hour12 = -1;                    /* -1: not given */

    bool read(JSContext *context, JSValueConst locales, JSValueConst options, DateParts required, DateParts defaults);
    std::string key() const;
    bool has_style() const { return date_style >= 0 || time_style >= 0; }
};
extern const std::initializer_list<const char *> DATE_STYLES;

/* ---- date_pattern.cpp: ICU's formatter ---- */

struct DateFormatter {
    std::unique_ptr<icu::SimpleDateFormat> format;
    icu::Locale locale;
    HourCycle hour_cycle = HourCycle::NONE;
    /* made at the first range */
    mutable std::unique_ptr<icu::DateIntervalFormat> intervals;
};

/* Null: an exception is pending. */
std::shared_ptr<const DateFormatter> date_formatter(JSContext *context, const DateSettings &settings);
/* hourCycle to timeZoneName of resolvedOptions */
void show_pattern(Record &record, const DateFormatter &formatter);
void show_hour_cycle(Record &record, HourCycle cycle);
const char *hour_cycle_name(HourCycle cycle);

} // namespace intl

#endif
