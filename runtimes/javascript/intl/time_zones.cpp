/* Time zones by name and by offset. */
#include "dates.h"
#include <algorithm>
#include <set>
#include <unordered_map>

namespace intl {

/* Names in lower case, and what each means. Made before the snapshot. */
static std::unordered_map<std::string, std::string> *zones;

static std::string canonical_name(const icu::UnicodeString &id) {
    UErrorCode status = U_ZERO_ERROR;
    icu::UnicodeString canonical;
    icu::TimeZone::getCanonicalID(id, canonical, status);
    if (U_FAILURE(status) || canonical == u"Etc/Unknown") return "";
    std::string name = ascii_of(canonical);
    return name == "Etc/UTC" || name == "Etc/GMT" || name == "GMT" ? "UTC" : name;
}

void time_zones_init() {
    UErrorCode status = U_ZERO_ERROR;
    zones = new std::unordered_map<std::string, std::string>;
    std::unique_ptr<icu::StringEnumeration> ids(icu::TimeZone::createTimeZoneIDEnumeration(UCAL_ZONE_TYPE_ANY, nullptr, nullptr, status));
    while (const icu::UnicodeString *id = ids->snext(status))
        if (std::string name = canonical_name(*id); !name.empty()) (*zones)[lower(ascii_of(*id))] = name;
}

/* The minutes of "+01:30", "-0130" or "+01" as "+01:30"; empty: it is none. */
static std::string offset_of(std::string_view name) {
    if (name.size() < 3 || (name[0] != '+' && name[0] != '-')) return "";
    std::string digits(name.substr(1));
    if (digits.size() == 5 && digits[2] == ':') digits.erase(2, 1);
    if (digits.size() == 2) digits += "00";
    if (digits.size() != 4 || digits.find_first_not_of("0123456789") != digits.npos) return "";
    if (digits.substr(0, 2) > "23" || digits[2] > '5') return "";
    std::string sign = digits == "0000" ? "+" : std::string(name.substr(0, 1));
    return sign + digits.substr(0, 2) + ":" + digits.substr(2);
}

std::string time_zone_of(std::string_view name) {
    if (std::string offset = offset_of(name); !offset.empty()) return offset;
    auto found = zones->find(lower(name));
    return found == zones->end() ? "" : found->second;
}

std::unique_ptr<icu::TimeZone> icu_time_zone(const std::string &zone) {
    bool is_offset = zone[0] == '+' || zone[0] == '-';
    return std::unique_ptr<icu::TimeZone>(icu::TimeZone::createTimeZone(unicode_of(is_offset ? "GMT" + zone : zone)));
}

std::vector<std::string> time_zones() {
    std::set<std::string> names;
    for (const auto &[_, name] : *zones)
        if (name.rfind("SystemV/", 0) && (name.rfind("Etc/", 0)) && (name == "UTC" || name.find('/') != name.npos)) names.insert(name);
    return {names.begin(), names.end()};
}

} // namespace intl
