/* How many digits a number is written with: SetNumberFormatDigitOptions. */
#include "numbers.h"
#include <algorithm>

namespace intl {

using namespace icu::number;

static const std::initializer_list<const char *> ROUNDING_MODES = {
    "ceil", "floor", "expand", "trunc", "halfCeil", "halfFloor", "halfExpand", "halfTrunc", "halfEven"};
static const UNumberFormatRoundingMode ICU_MODES[] = {
    UNUM_ROUND_CEILING, UNUM_ROUND_FLOOR, UNUM_ROUND_UP, UNUM_ROUND_DOWN, UNUM_ROUND_HALF_CEILING,
    UNUM_ROUND_HALF_FLOOR, UNUM_ROUND_HALFUP, UNUM_ROUND_HALFDOWN, UNUM_ROUND_HALFEVEN};
static const int INCREMENTS[] = {1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 5000};

enum { MOST_FRACTION = 100, MOST_SIGNIFICANT = 21 };
enum Priority { AUTO, MORE_PRECISION, LESS_PRECISION };

static bool out_of_range(JSContext *context, const char *name) {
    JS_ThrowRangeError(context, "%s value is out of range.", name);
    return false;
}

static bool read_fraction(Digits &digits, const Options &options, JSValueConst least, JSValueConst most,
                          int least_default, int most_default) {
    int minimum = -1, maximum = -1;
    if (!options.in_range("minimumFractionDigits", least, 0, MOST_FRACTION, minimum)) return false;
    if (!options.in_range("maximumFractionDigits", most, 0, MOST_FRACTION, maximum)) return false;
    if (minimum < 0 && maximum < 0) {
        minimum = least_default;
        maximum = most_default;
    }
    if (minimum < 0) minimum = std::min(least_default, maximum);
    else if (maximum < 0) maximum = std::max(most_default, minimum);
    else if (minimum > maximum) return out_of_range(options.context, "maximumFractionDigits");
    digits.least_fraction = minimum;
    digits.most_fraction = maximum;
    return true;
}

bool Digits::read(const Options &options, int least_default, int most_default, bool is_compact) {
    JSContext *context = options.context;
    if (!options.number("minimumIntegerDigits", 1, MOST_SIGNIFICANT, least_integer)) return false;
    Value least_f(context, options.read("minimumFractionDigits"));
    if (least_f.is_exception()) return false;
    Value most_f(context, options.read("maximumFractionDigits"));
    if (most_f.is_exception()) return false;
    Value least_s(context, options.read("minimumSignificantDigits"));
    if (least_s.is_exception()) return false;
    Value most_s(context, options.read("maximumSignificantDigits"));
    if (most_s.is_exception()) return false;
    if (!options.number("roundingIncrement", 1, 5000, increment)) return false;
    if (std::find(std::begin(INCREMENTS), std::end(INCREMENTS), increment) == std::end(INCREMENTS))
        return out_of_range(context, "roundingIncrement");
    Priority priority = AUTO;
    if (!options.choice("roundingMode", ROUNDING_MODES, mode)) return false;
    if (!options.choice("roundingPriority", {"auto", "morePrecision", "lessPrecision"}, priority)) return false;
    if (!options.choice("trailingZeroDisplay", {"auto", "stripIfInteger"}, strip_if_integer)) return false;
    if (increment != 1) most_default = least_default;

    bool asks_significant = !least_s.is_undefined() || !most_s.is_undefined();
    bool asks_fraction = !least_f.is_undefined() || !most_f.is_undefined();
    bool has_significant = priority != AUTO || asks_significant;
    has_fraction = priority != AUTO || !(asks_significant || (!asks_fraction && is_compact));
    if (has_significant) {
        least_significant = 1;
        most_significant = MOST_SIGNIFICANT;
        if (!options.in_range("minimumSignificantDigits", least_s, 1, MOST_SIGNIFICANT, least_significant)) return false;
        if (!options.in_range("maximumSignificantDigits", most_s, least_significant, MOST_SIGNIFICANT, most_significant)) return false;
    }
    if (has_fraction && !read_fraction(*this, options, least_f, most_f, least_default, most_default)) return false;
    if (!has_significant && !has_fraction) {
        compact_default = has_fraction = true;
        least_fraction = most_fraction = 0;
        least_significant = 1;
        most_significant = 2;
        rounding = Rounding::MORE;
    } else if (priority != AUTO) {
        rounding = priority == MORE_PRECISION ? Rounding::MORE : Rounding::LESS;
    } else {
        rounding = asks_significant ? Rounding::SIGNIFICANT : Rounding::FRACTION;
    }
    if (increment == 1) return true;
    if (rounding != Rounding::FRACTION) {
        JS_ThrowTypeError(context, "roundingIncrement value is invalid.");
        return false;
    }
    return least_fraction == most_fraction || out_of_range(context, "maximumFractionDigits");
}

void Digits::show_digits(Record &record) const {
    record.put("minimumIntegerDigits", least_integer);
    if (has_fraction) {
        record.put("minimumFractionDigits", least_fraction);
        record.put("maximumFractionDigits", most_fraction);
    }
    if (least_significant) {
        record.put("minimumSignificantDigits", least_significant);
        record.put("maximumSignificantDigits", most_significant);
    }
}

void Digits::show_rounding(Record &record) const {
    static const std::string_view priorities[] = {"auto", "auto", "morePrecision", "lessPrecision"};
    record.put("roundingIncrement", increment);
    record.put("roundingMode", std::string_view(ROUNDING_MODES.begin()[mode]));
    record.put("roundingPriority", priorities[(int)rounding]);
    record.put("trailingZeroDisplay", std::string_view(strip_if_integer ? "stripIfInteger" : "auto"));
}

static Precision precision(const Digits &digits) {
    if (digits.increment != 1)
        return Precision::incrementExact(digits.increment, (int16_t)-digits.most_fraction).withMinFraction(digits.least_fraction);
    FractionPrecision fraction = Precision::minMaxFraction(digits.least_fraction, digits.most_fraction);
    switch (digits.rounding) {
    case Rounding::FRACTION: return fraction;
    case Rounding::SIGNIFICANT: return Precision::minMaxSignificantDigits(digits.least_significant, digits.most_significant);
    default:
        return fraction.withSignificantDigits(digits.least_significant, digits.most_significant,
                                              digits.rounding == Rounding::MORE ? UNUM_ROUNDING_PRIORITY_RELAXED
                                                                                : UNUM_ROUNDING_PRIORITY_STRICT);
    }
}

UnlocalizedNumberFormatter Digits::apply(const UnlocalizedNumberFormatter &formatter) const {
    Precision rounded = precision(*this);
    if (strip_if_integer) rounded = rounded.trailingZeroDisplay(UNUM_TRAILING_ZERO_HIDE_IF_WHOLE);
    return formatter.roundingMode(ICU_MODES[mode]).integerWidth(IntegerWidth::zeroFillTo(least_integer)).precision(rounded);
}

std::string Digits::key() const {
    std::string key;
    for (int number : {least_integer, least_fraction, most_fraction, least_significant, most_significant, increment, mode,
                       (int)rounding, (int)strip_if_integer})
        key += std::to_string(number) + ",";
    return key;
}

} // namespace intl
