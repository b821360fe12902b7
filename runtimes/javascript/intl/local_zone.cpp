/* The time zone of the program: that of the environment's TZ, or of process.env.TZ. Names are read as Node reads them. */
#include "dates.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unicode/basictz.h>
#include <unicode/gregocal.h>

extern "C" {
#include "../harness/date_text.h"
#include "init.h"
}

namespace intl {

namespace {
struct LocalZone {
    bool is_known = false, is_utc = true;
    std::unique_ptr<icu::TimeZone> zone;
    std::string shown = "UTC";          /* as Intl names it */
    std::string names[2];               /* in winter, in summer; made when they are asked for */
};
} // namespace

static LocalZone *local;

/* "JST-9", "UTC+3", "EST5:30": hours west of UTC, of POSIX. */
static bool posix_minutes(std::string_view name, int &west) {
    size_t at = name.find_first_of("+-0123456789");
    if (at == name.npos || at < 3 || name.substr(0, at).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != name.npos) return false;
    int sign = name[at] == '-' ? -1 : 1, hours, minutes = 0;
    std::string rest(name.substr(at + (name[at] == '-' || name[at] == '+')));
    char more;
    int read = sscanf(rest.c_str(), "%2d:%2d%c", &hours, &minutes, &more);
    bool is_plain = rest.find_first_not_of("0123456789:") == rest.npos && !rest.empty() && rest[0] != ':' && rest.back() != ':';
    if (!is_plain || (rest.find(':') == rest.npos ? read != 1 || rest.size() > 2 : read != 2) || hours > 24 || minutes > 59) return false;
    west = sign * (hours * 60 + minutes);
    return true;
}

static void set(std::string name) {
    LocalZone made;
    made.is_known = true;
    if (name.rfind(":", 0) == 0) name.erase(0, 1);
    for (const char *prefix : {"posix/", "right/"})
        if (name.rfind(prefix, 0) == 0) name.erase(0, strlen(prefix));
    int west = 0;
    std::string canonical = time_zone_of(name);
    bool is_offset = !canonical.empty() && (canonical[0] == '+' || canonical[0] == '-');
    if (!canonical.empty() && !is_offset && canonical != "UTC") {
        auto zone = icu_time_zone(name);
        icu::UnicodeString id;
        /* names of zones have but one spelling; abbreviations that are ambiguous mean nothing to a Unix */
        static const char abbreviations[] = " ACT AET AGT ART AST BET BST CAT CNT CST CTT EAT ECT IET IST JST MIT NET NST PLT PNT PRT PST SST VST ";
        bool is_ambiguous = name.size() == 3 && strstr(abbreviations, (" " + name + " ").c_str());
        if (zone && !is_ambiguous && ascii_of(zone->getID(id)) == name) {
            made.zone = std::move(zone);
            made.shown = canonical;
        } else if (zone && is_ambiguous) {
            made.names[0] = ascii_of(zone->getDisplayName(false, icu::TimeZone::LONG, icu::Locale::getUS(), id));
        } else {
            made.names[0] = "GMT";
        }
    } else if (canonical.empty() && posix_minutes(name, west) && west) {
        char offset[16];
        snprintf(offset, sizeof offset, "%c%02d:%02d", west < 0 ? '+' : '-', abs(west) / 60, abs(west) % 60);
        made.zone = icu_time_zone(offset);
        made.shown = offset;
    } else if (canonical.empty() && !name.empty() && west == 0) {
        made.names[0] = "GMT";
    }
    made.is_utc = !made.zone;
    if (name == "GMT" || name == "Etc/GMT") made.names[0] = "Greenwich Mean Time";
    *local = std::move(made);
}

static const LocalZone &zone() {
    if (!local) local = new LocalZone;
    if (!local->is_known) {
        const char *name = getenv("TZ");
        if (name && *name && strcmp(name, "UTC")) set(name);
        local->is_known = true;
    }
    return *local;
}

std::string local_zone() { return zone().shown; }

/* A moment within 1970 to 2037 of a year that begins on the same weekday: what summer is like is told from the rules of today. */
static double of_our_days(double time) {
    if (time >= 0 && time <= 2147483647e3) return time;
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::Calendar> calendar(icu::Calendar::createInstance(*icu::TimeZone::getGMT(), icu::Locale::getRoot(), status));
    if (U_FAILURE(status)) return time;
    static_cast<icu::GregorianCalendar *>(calendar.get())->setGregorianChange(-8.64e15 * 2, status);
    calendar->setTime(time, status);
    int year = calendar->get(UCAL_EXTENDED_YEAR, status);
    bool is_leap = (year % 4 == 0) && (year % 100 || year % 400 == 0);
    icu::UnicodeString ignored;
    int month = calendar->get(UCAL_MONTH, status), day = calendar->get(UCAL_DAY_OF_MONTH, status), in_day = calendar->get(UCAL_MILLISECONDS_IN_DAY, status);
    calendar->set(year, UCAL_JANUARY, 1);
    int weekday = calendar->get(UCAL_DAY_OF_WEEK, status) - UCAL_SUNDAY;
    int recent = (is_leap ? 1956 : 1967) + weekday * 12 % 28;
    calendar->set(2008 + (recent + 3 * 28 - 2008) % 28, month, day);
    calendar->set(UCAL_MILLISECONDS_IN_DAY, in_day);
    double moved = calendar->getTime(status);
    return U_FAILURE(status) ? time : moved;
}

} // namespace intl

using namespace intl;

extern "C" void local_zone_forget(void) {
    if (local) *local = LocalZone();
}

extern "C" void local_zone_set(const char *name) {
    zone();
    set(name);
}

extern "C" int64_t local_zone_offset(double time, bool is_utc) {
    const LocalZone &here = zone();
    if (here.is_utc) return 0;
    int32_t raw = 0, summer = 0;
    UErrorCode status = U_ZERO_ERROR;
    if (is_utc) here.zone->getOffset(time, false, raw, summer, status);
    else static_cast<icu::BasicTimeZone *>(here.zone.get())->getOffsetFromLocal(time, UCAL_TZ_LOCAL_FORMER, UCAL_TZ_LOCAL_FORMER, raw, summer, status);
    return (int64_t)raw + summer;
}

extern "C" void local_zone_name(double time, char *name, int size) {
    const LocalZone &here = zone();
    int32_t raw = 0, summer = 0;
    UErrorCode status = U_ZERO_ERROR;
    if (here.zone) here.zone->getOffset(of_our_days(time), false, raw, summer, status);
    std::string &known = local->names[summer != 0];
    if (known.empty() && here.zone) {
        icu::UnicodeString text;
        known = ascii_of(here.zone->getDisplayName(summer != 0, icu::TimeZone::LONG, icu::Locale::getUS(), text));
    }
    snprintf(name, size, "%s", known.empty() ? "Coordinated Universal Time" : known.c_str());
}
