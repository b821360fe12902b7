/* Patterns of dates, and ICU's formatter for them. */
#include "cache.h"
#include "dates.h"
#include <unicode/gregocal.h>

namespace intl {

/* The letter of the hour in patterns, by cycle. */
static const char16_t HOUR_LETTERS[] = {u'K', u'h', u'H', u'k'};
static const char *const CYCLE_NAMES[] = {"h11", "h12", "h23", "h24", ""};

const char *hour_cycle_name(HourCycle cycle) { return CYCLE_NAMES[(int)cycle]; }

static bool is_hour(char16_t letter) { return letter == u'h' || letter == u'H' || letter == u'K' || letter == u'k'; }

/* Calls `visit` with every letter of a pattern that stands for a field, and how often it stands there. */
template <class Visit> static void visit_fields(const icu::UnicodeString &pattern, Visit visit) {
    bool is_quoted = false;
    for (int32_t at = 0; at < pattern.length();) {
        char16_t letter = pattern[at];
        int32_t start = at++;
        if (letter == u'\'') is_quoted = !is_quoted;
        if (is_quoted || !((letter >= u'a' && letter <= u'z') || (letter >= u'A' && letter <= u'Z'))) continue;
        while (at < pattern.length() && pattern[at] == letter) at++;
        visit(letter, at - start);
    }
}

static HourCycle cycle_of(const icu::UnicodeString &pattern) {
    HourCycle cycle = HourCycle::NONE;
    visit_fields(pattern, [&](char16_t letter, int32_t) {
        for (int at = 0; at < 4; at++)
            if (letter == HOUR_LETTERS[at]) cycle = (HourCycle)at;
    });
    return cycle;
}

static icu::UnicodeString with_cycle(const icu::UnicodeString &pattern, HourCycle cycle) {
    icu::UnicodeString changed;
    bool is_quoted = false;
    char16_t last = 0;
    for (int32_t at = 0; at < pattern.length(); at++) {
        char16_t letter = pattern[at];
        if (letter == u'\'') is_quoted = !is_quoted;
        bool is_field = !is_quoted && is_hour(letter);
        if (is_field && last == u'd') changed.append(u' ');
        changed.append(is_field && cycle != HourCycle::NONE ? HOUR_LETTERS[(int)cycle] : letter);
        last = letter;
    }
    return changed;
}

/* A skeleton asks for a cycle by the hour's letter; markers of halves of the day follow from it. */
static icu::UnicodeString skeleton_with_cycle(const icu::UnicodeString &skeleton, HourCycle cycle) {
    icu::UnicodeString changed;
    for (int32_t at = 0; at < skeleton.length(); at++) {
        char16_t letter = skeleton[at];
        if (letter == u'a' || letter == u'b' || letter == u'B') continue;
        changed.append(is_hour(letter) ? HOUR_LETTERS[(int)cycle] : letter);
    }
    return changed;
}

static icu::UnicodeString skeleton_of(const DateSettings &settings, HourCycle cycle) {
    icu::UnicodeString skeleton;
    for (int at = 0; at < COMPONENTS; at++) {
        int chosen = settings.chosen[at];
        if (at == TIME_ZONE_NAME)
            for (int digit = 0; digit < settings.fraction_digits; digit++) skeleton.append(u'S');
        if (chosen < 0) continue;
        if (at != HOUR) skeleton.append(unicode_of(components[at].skeletons[chosen]));
        else
            for (int count = chosen == 0 ? 2 : 1; count > 0; count--) skeleton.append(HOUR_LETTERS[(int)cycle]);
    }
    return skeleton;
}

/* The cycle that is asked for, or the locale's own. */
static HourCycle choose_cycle(const DateSettings &settings, const icu::DateTimePatternGenerator &generator, UErrorCode &status) {
    if (settings.hour12 < 0 && settings.hour_cycle != HourCycle::NONE) return settings.hour_cycle;
    auto usual = (HourCycle)generator.getDefaultHourCycle(status);
    if (settings.hour12 < 0) return usual;
    if (settings.hour12) {
        if (usual == HourCycle::H11 || usual == HourCycle::H12) return usual;
        return !strcmp(settings.resolved.locale.getCountry(), "JP") ? HourCycle::H11 : HourCycle::H12;
    }
    return usual == HourCycle::H23 || usual == HourCycle::H24 ? usual : HourCycle::H23;
}

using Format = std::unique_ptr<icu::SimpleDateFormat>;

static Format format_of(const icu::UnicodeString &pattern, const icu::Locale &locale, UErrorCode &status) {
    return std::make_unique<icu::SimpleDateFormat>(pattern, locale, status);
}

/* For dateStyle and timeStyle: the locale's own, which some calendars give digits of their own, unless the cycle differs. */
static Format format_with_style(const DateSettings &settings, HourCycle cycle, icu::DateTimePatternGenerator &generator, UErrorCode &status) {
    auto style = [](int place) { return place < 0 ? icu::DateFormat::kNone : (icu::DateFormat::EStyle)(icu::DateFormat::kFull + place); };
    const icu::Locale &locale = settings.resolved.locale;
    Format usual((icu::SimpleDateFormat *)icu::DateFormat::createDateTimeInstance(style(settings.date_style), style(settings.time_style), locale));
    if (!usual) {
        status = U_MEMORY_ALLOCATION_ERROR;
        return nullptr;
    }
    icu::UnicodeString pattern;
    usual->toPattern(pattern);
    if (settings.time_style < 0 || cycle == cycle_of(pattern)) return usual;
    icu::UnicodeString skeleton = skeleton_with_cycle(icu::DateTimePatternGenerator::staticGetSkeleton(pattern, status), cycle);
    return format_of(with_cycle(generator.getBestPattern(skeleton, UDATPG_MATCH_HOUR_FIELD_LENGTH, status), cycle), locale, status);
}

static Format format_with_components(const DateSettings &settings, HourCycle cycle, icu::DateTimePatternGenerator &generator, UErrorCode &status) {
    icu::UnicodeString pattern = generator.getBestPattern(skeleton_of(settings, cycle), UDATPG_MATCH_HOUR_FIELD_LENGTH, status);
    return format_of(with_cycle(pattern, cycle), settings.resolved.locale, status);
}

static std::shared_ptr<const DateFormatter> make(const DateSettings &settings, UErrorCode &status) {
    /* making one takes milliseconds */
    static Cache<icu::DateTimePatternGenerator> generators;
    const icu::Locale &locale = settings.resolved.locale;
    auto cached = generators.get(locale.getName(), [&] {
        return std::shared_ptr<icu::DateTimePatternGenerator>(icu::DateTimePatternGenerator::createInstance(locale, status));
    });
    if (U_FAILURE(status)) return nullptr;
    auto &generator = const_cast<icu::DateTimePatternGenerator &>(*cached);
    auto formatter = std::make_shared<DateFormatter>();
    bool has_hour = settings.has_style() ? settings.time_style >= 0 : settings.chosen[HOUR] >= 0;
    HourCycle cycle = has_hour ? choose_cycle(settings, generator, status) : HourCycle::NONE;
    formatter->locale = locale;
    formatter->hour_cycle = cycle;
    formatter->format = settings.has_style() ? format_with_style(settings, cycle, generator, status)
                                             : format_with_components(settings, cycle, generator, status);
    if (U_FAILURE(status)) return nullptr;
    formatter->format->adoptTimeZone(icu_time_zone(settings.time_zone).release());
    /* the Gregorian calendar of JavaScript has no Julian past */
    const icu::Calendar *calendar = formatter->format->getCalendar();
    if (calendar->getDynamicClassID() == icu::GregorianCalendar::getStaticClassID()) {
        std::unique_ptr<icu::GregorianCalendar> proleptic((icu::GregorianCalendar *)calendar->clone());
        proleptic->setGregorianChange(-8.64e15, status);
        formatter->format->adoptCalendar(proleptic.release());
    }
    return U_SUCCESS(status) ? formatter : nullptr;
}

std::shared_ptr<const DateFormatter> date_formatter(JSContext *context, const DateSettings &settings) {
    static Cache<DateFormatter> formatters;
    UErrorCode status = U_ZERO_ERROR;
    auto formatter = formatters.get(settings.key(), [&] { return make(settings, status); });
    if (!formatter && !failed(context, status)) JS_ThrowOutOfMemory(context);
    return formatter;
}

/* ---- what a pattern shows ---- */

void show_hour_cycle(Record &record, HourCycle cycle) {
    if (cycle == HourCycle::NONE) return;
    record.put("hourCycle", std::string_view(hour_cycle_name(cycle)));
    record.put("hour12", cycle == HourCycle::H11 || cycle == HourCycle::H12);
}

static const char *by_count(int32_t count, const char *one, const char *two, const char *three, const char *four, const char *five) {
    const char *values[] = {one, one, two, three, four, five};
    return values[count < 5 ? count : 5];
}

/* The value of the option that a field of a pattern stands for; null: of none. */
static const char *value_of(char16_t letter, int32_t count, int &component) {
    switch (letter) {
    case u'E': case u'c': component = WEEKDAY; return by_count(count, "short", "short", "short", "long", "narrow");
    case u'G': component = ERA; return by_count(count, "short", "short", "short", "long", "narrow");
    case u'y': component = YEAR; return count == 2 ? "2-digit" : "numeric";
    case u'M': case u'L': component = MONTH; return by_count(count, "numeric", "2-digit", "short", "long", "narrow");
    case u'd': component = DAY; return count == 2 ? "2-digit" : "numeric";
    case u'B': case u'b': component = DAY_PERIOD; return by_count(count, "short", "short", "short", "long", "narrow");
    case u'h': case u'H': case u'K': case u'k': component = HOUR; return count == 2 ? "2-digit" : "numeric";
    case u'm': component = MINUTE; return count == 2 ? "2-digit" : "numeric";
    case u's': component = SECOND; return count == 2 ? "2-digit" : "numeric";
    case u'z': component = TIME_ZONE_NAME; return count < 4 ? "short" : "long";
    case u'O': component = TIME_ZONE_NAME; return count < 4 ? "shortOffset" : "longOffset";
    case u'v': component = TIME_ZONE_NAME; return count < 4 ? "shortGeneric" : "longGeneric";
    }
    return nullptr;
}

void show_pattern(Record &record, const DateFormatter &formatter) {
    icu::UnicodeString pattern;
    formatter.format->toPattern(pattern);
    const char *values[COMPONENTS] = {};
    int fraction_digits = 0;
    visit_fields(pattern, [&](char16_t letter, int32_t count) {
        int component;
        if (letter == u'S') fraction_digits = count;
        else if (const char *value = value_of(letter, count, component)) values[component] = value;
    });
    for (int at = 0; at < COMPONENTS; at++) {
        if (at == TIME_ZONE_NAME && fraction_digits) record.put("fractionalSecondDigits", fraction_digits);
        if (values[at]) record.put(components[at].name, std::string_view(values[at]));
    }
}

} // namespace intl
