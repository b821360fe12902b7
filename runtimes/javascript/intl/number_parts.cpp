/* The pieces of formatted numbers. */
#include "numbers.h"

namespace intl {

static const char *sign_type(const icu::UnicodeString &sign) {
    return sign.indexOf(u'+') >= 0 || sign.indexOf(u'\uFF0B') >= 0 || sign.indexOf(u'\uFB29') >= 0 ? "plusSign" : "minusSign";
}

static const char *type_of(int32_t field, const icu::UnicodeString &text, bool is_unit, bool is_nan) {
    switch (field) {
    case UNUM_INTEGER_FIELD: return is_nan ? "nan" : text.indexOf(u'\u221E') >= 0 ? "infinity" : "integer";
    case UNUM_FRACTION_FIELD: return "fraction";
    case UNUM_DECIMAL_SEPARATOR_FIELD: return "decimal";
    case UNUM_EXPONENT_SYMBOL_FIELD: return "exponentSeparator";
    case UNUM_EXPONENT_SIGN_FIELD: return "exponentMinusSign";
    case UNUM_EXPONENT_FIELD: return "exponentInteger";
    case UNUM_GROUPING_SEPARATOR_FIELD: return "group";
    case UNUM_CURRENCY_FIELD: return "currency";
    case UNUM_PERCENT_FIELD: return is_unit ? "unit" : "percentSign";
    case UNUM_SIGN_FIELD: return sign_type(text);
    case UNUM_MEASURE_UNIT_FIELD: return "unit";
    case UNUM_COMPACT_FIELD: return "compact";
    case UNUM_APPROXIMATELY_SIGN_FIELD: return "approximatelySign";
    }
    return "literal";
}

std::vector<Part> number_parts(const icu::FormattedValue &value, const icu::UnicodeString &text, bool is_unit,
                               bool is_nan, UErrorCode &status) {
    std::vector<Part> parts;
    icu::ConstrainedFieldPosition position;
    while (value.nextPosition(position, status) && U_SUCCESS(status)) {
        int32_t start = position.getStart(), end = position.getLimit();
        if (position.getCategory() == UFIELD_CATEGORY_NUMBER_RANGE_SPAN)
            parts.push_back({start, end, nullptr, position.getField() ? "endRange" : "startRange"});
        else if (position.getCategory() == UFIELD_CATEGORY_NUMBER)
            parts.push_back({start, end, type_of(position.getField(), text.tempSubStringBetween(start, end), is_unit, is_nan)});
    }
    return parts;
}

} // namespace intl
