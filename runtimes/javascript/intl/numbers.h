/* What formats of numbers share: NumberFormat, PluralRules, RelativeTimeFormat, DurationFormat. */
#ifndef INTL_NUMBERS_H
#define INTL_NUMBERS_H

#include "intl.h"
#include <unicode/formattedvalue.h>
#include <unicode/numberformatter.h>
#include <unicode/numberrangeformatter.h>

namespace intl {

/* ---- digits.cpp: SetNumberFormatDigitOptions ---- */

enum class Rounding { FRACTION, SIGNIFICANT, MORE, LESS };

struct Digits {
    int least_integer = 1;
    int least_fraction = 0, most_fraction = 3;
    int least_significant = 0, most_significant = 0;    /* 0: not used */
    bool has_fraction = true;
    int increment = 1;
    int mode = 6;                   /* place in ROUNDING_MODES: halfExpand */
    Rounding rounding = Rounding::FRACTION;
    bool compact_default = false;   /* neither was asked for: as compact notation has it */
    bool strip_if_integer = false;

    bool read(const Options &options, int least_fraction, int most_fraction, bool is_compact);
    /* minimumIntegerDigits to maximumSignificantDigits of resolvedOptions */
    void show_digits(Record &record) const;
    /* roundingIncrement to trailingZeroDisplay */
    void show_rounding(Record &record) const;
    icu::number::UnlocalizedNumberFormatter apply(const icu::number::UnlocalizedNumberFormatter &formatter) const;
    std::string key() const;
};

/* ---- numeric.cpp: ToIntlMathematicalValue ---- */

/* A number of any size and precision. */
struct Numeric {
    double number = 0;
    std::string decimal;            /* if not empty, the exact value; `number` is near it */

    bool from(JSContext *context, JSValueConst value);
    bool is_nan() const { return decimal.empty() && number != number; }
    icu::number::FormattedNumber format(const icu::number::LocalizedNumberFormatter &formatter, UErrorCode &status) const;
    icu::Formattable formattable(UErrorCode &status) const;
};

/* ---- number_parts.cpp ---- */

/* The pieces of a formatted number or range of numbers. */
std::vector<Part> number_parts(const icu::FormattedValue &value, const icu::UnicodeString &text, bool is_unit,
                               bool is_nan, UErrorCode &status);

/* ---- number_settings.cpp: what NumberFormat is made of ---- */

enum class Style { DECIMAL, PERCENT, CURRENCY, UNIT };
enum class Notation { STANDARD, SCIENTIFIC, ENGINEERING, COMPACT };
enum class Grouping { MIN2, AUTO, ALWAYS, NEVER };
enum class Sign { AUTO, NEVER, ALWAYS, EXCEPT_ZERO, NEGATIVE };

struct NumberSettings {
    Resolved resolved;
    std::string numbering_system;
    Style style = Style::DECIMAL;
    std::string currency, unit;
    int currency_display = 1;       /* place in its names: symbol */
    int unit_display = 0;           /* short */
    bool accounting = false;
    Notation notation = Notation::STANDARD;
    bool compact_long = false;
    Grouping grouping = Grouping::AUTO;
    Sign sign = Sign::AUTO;
    Digits digits;

    bool read(JSContext *context, JSValueConst locales, JSValueConst options);
    void show(Record &record) const;
    icu::number::UnlocalizedNumberFormatter formatter() const;
    std::string key() const;
};

/* number_format.cpp: the formatter of such settings, shared */
std::shared_ptr<const icu::number::LocalizedNumberFormatter> number_formatter(const NumberSettings &settings);
bool is_currency(std::string_view code);
bool is_unit(std::string_view unit);
/* The units of one word that ECMA-402 allows. */
std::vector<std::string> simple_units();
/* A numbering system's name out of the option of that name; empty if it is not given. */
bool read_numbering_system(const Options &options, std::string &name);
/* The system that a locale uses. */
std::string numbering_system_of(const icu::Locale &locale);

} // namespace intl

#endif
