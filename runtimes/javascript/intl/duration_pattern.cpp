/* Formatting durations: PartitionDurationFormatPattern. */
#include "durations.h"
#include <unicode/listformatter.h>
#include <unicode/ures.h>

namespace intl {

namespace {

/* One way through a duration. Each group becomes an element of a list: "1 hr", "0:15:30". */
class Writer {
  public:
    Writer(const DurationSettings &settings, const Duration &duration, UErrorCode &status)
        : settings(settings), duration(duration), status(status) {}

    std::vector<std::vector<DurationPart>> groups() {
        std::vector<std::vector<DurationPart>> all;
        for (int unit = 0; unit < DURATION_UNITS; unit++) {
            const DurationUnit &how = settings.units[unit];
            if (is_numeric(how.style)) {
                std::vector<DurationPart> clock = numeric_units(unit);
                if (!clock.empty()) all.push_back(clock);
                break;
            }
            bool has_fraction = unit >= SECONDS && unit < NANOSECONDS && settings.units[unit + 1].style == UnitStyle::FRACTIONAL;
            std::string value = has_fraction ? with_fraction(unit) : whole(unit);
            if (how.is_always || !is_zero(value)) all.push_back(named_unit(unit, value, has_fraction));
            if (has_fraction) break;
        }
        return all;
    }

  private:
    const DurationSettings &settings;
    const Duration &duration;
    UErrorCode &status;
    bool shows_sign = true;

    static bool is_zero(const std::string &decimal) { return decimal.find_first_of("123456789") == decimal.npos; }

    static std::string decimal_of(__int128 value, int digits_after_point) {
        bool is_negative = value < 0;
        if (is_negative) value = -value;
        std::string digits;
        for (; value || (int)digits.size() <= digits_after_point; value /= 10) digits.insert(digits.begin(), '0' + (int)(value % 10));
        if (digits_after_point) digits.insert(digits.size() - digits_after_point, ".");
        return (is_negative ? "-" : "") + digits;
    }

    std::string whole(int unit) const { return decimal_of((__int128)duration.values[unit], 0); }

    /* The unit with those below it as its fraction. */
    std::string with_fraction(int unit) const {
        __int128 value = 0;
        for (int at = unit; at <= NANOSECONDS; at++) value = value * (at == unit ? 1 : 1000) + (__int128)duration.values[at];
        return decimal_of(value, 3 * (NANOSECONDS - unit));
    }

    /* Only the first number has the duration's sign, even if it is zero. */
    void set_sign(NumberSettings &numbers, std::string &value) {
        if (!shows_sign) numbers.sign = Sign::NEVER;
        else if (is_zero(value) && duration.sign() < 0) value = "-0";
        shows_sign = false;
    }

    void set_fraction(Digits &digits) const {
        digits.least_fraction = settings.fraction_digits < 0 ? 0 : settings.fraction_digits;
        digits.most_fraction = settings.fraction_digits < 0 ? 9 : settings.fraction_digits;
        digits.mode = 3;    /* trunc */
    }

    std::vector<DurationPart> format(const NumberSettings &numbers, const std::string &value, int unit) {
        icu::number::FormattedNumber formatted = number_formatter(numbers)->formatDecimal(value, status);
        icu::UnicodeString text = formatted.toString(status);
        std::vector<DurationPart> parts;
        static const char *const singular[] = {"year", "month", "week", "day", "hour", "minute", "second", "millisecond", "microsecond", "nanosecond"};
        for (const Part &part : flatten(text.length(), number_parts(formatted, text, true, false, status), "literal"))
            parts.push_back({part.type, icu::UnicodeString(text, part.start, part.end - part.start), singular[unit]});
        return parts;
    }

    NumberSettings numbers() const {
        NumberSettings numbers;
        numbers.resolved = settings.resolved;
        numbers.digits.most_fraction = 0;
        return numbers;
    }

    std::vector<DurationPart> named_unit(int unit, std::string value, bool has_fraction) {
        static const int displays[] = {2, 0, 1};    /* of long, short, narrow among NumberFormat's */
        NumberSettings how = numbers();
        if (has_fraction) set_fraction(how.digits);
        set_sign(how, value);
        how.style = Style::UNIT;
        how.unit = std::string(DURATION_NAMES[unit], strlen(DURATION_NAMES[unit]) - 1);
        how.unit_display = displays[(int)settings.units[unit].style];
        return format(how, value, unit);
    }

    /* "1:05:09" */
    std::vector<DurationPart> numeric_units(int first) {
        std::string values[3] = {whole(HOURS), whole(MINUTES), with_fraction(SECONDS)};
        bool shown[3];
        for (int at = 0; at < 3; at++) shown[at] = first <= HOURS + at && (settings.units[HOURS + at].is_always || !is_zero(values[at]));
        if (first <= MINUTES && shown[0] && shown[2]) shown[1] = true;
        std::vector<DurationPart> parts;
        for (int at = 0; at < 3; at++) {
            if (!shown[at]) continue;
            if (!parts.empty()) parts.push_back({"literal", separator(), nullptr});
            NumberSettings how = numbers();
            set_sign(how, values[at]);
            how.grouping = Grouping::NEVER;
            if (settings.units[HOURS + at].style == UnitStyle::TWO_DIGIT) how.digits.least_integer = 2;
            if (HOURS + at == SECONDS) set_fraction(how.digits);
            for (DurationPart &part : format(how, values[at], HOURS + at)) parts.push_back(part);
        }
        return parts;
    }

    /* Of the locale's digits, as in "1.05.09"; ICU keeps it out of its symbols. */
    icu::UnicodeString separator() const {
        UErrorCode found = U_ZERO_ERROR;
        UResourceBundle *locale = ures_open(nullptr, settings.resolved.locale.getBaseName(), &found);
        UResourceBundle *elements = ures_getByKey(locale, "NumberElements", nullptr, &found);
        UResourceBundle *system = ures_getByKey(elements, settings.numbering_system.c_str(), nullptr, &found);
        UResourceBundle *symbols = ures_getByKey(system, "symbols", nullptr, &found);
        int32_t length = 0;
        const char16_t *text = ures_getStringByKey(symbols, "timeSeparator", &length, &found);
        icu::UnicodeString separator = U_SUCCESS(found) ? icu::UnicodeString(text, length) : icu::UnicodeString(u":");
        for (UResourceBundle *bundle : {symbols, system, elements, locale}) ures_close(bundle);
        return separator;
    }
};

} // namespace

std::vector<DurationPart> duration_parts(const DurationSettings &settings, const Duration &duration, UErrorCode &status) {
    static const UListFormatterWidth widths[] = {ULISTFMT_WIDTH_WIDE, ULISTFMT_WIDTH_SHORT, ULISTFMT_WIDTH_NARROW, ULISTFMT_WIDTH_SHORT};
    std::vector<std::vector<DurationPart>> groups = Writer(settings, duration, status).groups();
    std::vector<icu::UnicodeString> texts;
    for (const auto &group : groups) {
        texts.emplace_back();
        for (const DurationPart &part : group) texts.back().append(part.value);
    }
    std::vector<DurationPart> parts;
    std::unique_ptr<icu::ListFormatter> lists(
        icu::ListFormatter::createInstance(settings.resolved.locale, ULISTFMT_TYPE_UNITS, widths[settings.style], status));
    if (U_FAILURE(status)) return parts;
    icu::FormattedList formatted = lists->formatStringsToValue(texts.data(), (int32_t)texts.size(), status);
    icu::UnicodeString text = formatted.toString(status);
    icu::ConstrainedFieldPosition position;
    position.constrainField(UFIELD_CATEGORY_LIST, ULISTFMT_ELEMENT_FIELD);
    int32_t at = 0;
    size_t group = 0;
    while (formatted.nextPosition(position, status) && U_SUCCESS(status) && group < groups.size()) {
        if (position.getStart() > at) parts.push_back({"literal", icu::UnicodeString(text, at, position.getStart() - at), nullptr});
        parts.insert(parts.end(), groups[group].begin(), groups[group].end());
        group++;
        at = position.getLimit();
    }
    if (at < text.length()) parts.push_back({"literal", icu::UnicodeString(text, at), nullptr});
    return parts;
}

} // namespace intl
