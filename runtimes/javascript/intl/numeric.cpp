/* Numbers of any size and precision: ToIntlMathematicalValue. */
#include "numbers.h"
#include <cmath>

namespace intl {

static bool is_space(char16_t c) {
    return (c >= 9 && c <= 13) || c == ' ' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFEFF;
}

/* The text of a finite decimal literal: its digits are the exact value. Others are exact as doubles (Infinity), or
 * integers in another base, which few write with more than 53 bits. */
static std::string decimal_literal(const icu::UnicodeString &text) {
    int32_t start = 0, end = text.length();
    while (start < end && is_space(text[start])) start++;
    while (end > start && is_space(text[end - 1])) end--;
    std::string literal = ascii_of(text.tempSubStringBetween(start, end));
    if (literal.find_first_not_of("+-.0123456789eE") != literal.npos) return "";
    if (literal.find_first_of("0123456789") == literal.npos) return "";
    return literal[0] == '+' ? literal.substr(1) : literal;
}

bool Numeric::from(JSContext *context, JSValueConst value) {
    Value primitive(context, engine_to_number_primitive(context, value));
    if (primitive.is_exception()) return false;
    if (JS_IsBigInt(primitive)) {
        if (!ascii_of(context, primitive, decimal)) return false;
        number = decimal[0] == '-' ? -1 : 1;
        return true;
    }
    if (JS_ToFloat64(context, &number, primitive)) return false;
    if (!JS_IsString(primitive) || !std::isfinite(number) || number == 0) return true;
    icu::UnicodeString text;
    if (!text_of(context, primitive, text)) return false;
    decimal = decimal_literal(text);
    return true;
}

icu::number::FormattedNumber Numeric::format(const icu::number::LocalizedNumberFormatter &formatter, UErrorCode &status) const {
    return decimal.empty() ? formatter.formatDouble(number, status) : formatter.formatDecimal(decimal, status);
}

icu::Formattable Numeric::formattable(UErrorCode &status) const {
    return decimal.empty() ? icu::Formattable(number) : icu::Formattable(icu::StringPiece(decimal), status);
}

} // namespace intl
