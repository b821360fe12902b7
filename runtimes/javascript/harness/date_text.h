/* Dates written as text (date_text.c), and the time zone of Date (../intl/local_zone.cpp). */
#ifndef DATE_TEXT_H
#define DATE_TEXT_H
#include <stdbool.h>
#include <stdint.h>

/* What a date's text says. `offset` is in seconds east of UTC; without one it is in local time. */
struct date_text {
    int year, month, day, hour, minute, second, millisecond; /* the month from 0 */
    int offset;
    bool is_local;
};

/* The text is of Latin-1 characters (`narrow`) or of UTF-16 units. False: it is no date. */
bool date_text_read(const uint8_t *narrow, const uint16_t *wide, uint32_t length, struct date_text *date);

/* Milliseconds that local time is ahead of UTC at a moment, which is told in UTC or in local time. */
int64_t local_zone_offset(double time, bool is_utc);
/* The name that the zone has at a moment, in English. */
void local_zone_name(double time, char *name, int size);
#endif
