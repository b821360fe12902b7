/* What a NumberFormat is made of: its options, and ICU's formatter for them. */
#include "numbers.h"
#include <algorithm>
#include <unicode/measunit.h>
#include <unicode/numsys.h>
#include <unicode/ucurr.h>

namespace intl {

using namespace icu::number;

static const std::initializer_list<const char *> STYLES = {"decimal", "percent", "currency", "unit"};
static const std::initializer_list<const char *> CURRENCY_DISPLAYS = {"code", "symbol", "narrowSymbol", "name"};
static const UNumberUnitWidth CURRENCY_WIDTHS[] = {UNUM_UNIT_WIDTH_ISO_CODE, UNUM_UNIT_WIDTH_SHORT, UNUM_UNIT_WIDTH_NARROW, UNUM_UNIT_WIDTH_FULL_NAME};
static const std::initializer_list<const char *> UNIT_DISPLAYS = {"short", "narrow", "long"};
static const UNumberUnitWidth UNIT_WIDTHS[] = {UNUM_UNIT_WIDTH_SHORT, UNUM_UNIT_WIDTH_NARROW, UNUM_UNIT_WIDTH_FULL_NAME};
static const std::initializer_list<const char *> NOTATIONS = {"standard", "scientific", "engineering", "compact"};
static const std::initializer_list<const char *> SIGNS = {"auto", "never", "always", "exceptZero", "negative"};

/* IsSanctionedSingleUnitIdentifier */
static const char *const UNITS[] = {
    "acre", "bit", "byte", "celsius", "centimeter", "day", "degree", "fahrenheit", "fluid-ounce", "foot", "gallon",
    "gigabit", "gigabyte", "gram", "hectare", "hour", "inch", "kilobit", "kilobyte", "kilogram", "kilometer", "liter",
    "megabit", "megabyte", "meter", "microsecond", "mile", "mile-scandinavian", "milliliter", "millimeter",
    "millisecond", "minute", "month", "nanosecond", "ounce", "percent", "petabyte", "pound", "second", "stone",
    "terabit", "terabyte", "week", "yard", "year"};

std::vector<std::string> simple_units() { return {std::begin(UNITS), std::end(UNITS)}; }

static bool is_simple_unit(std::string_view unit) { return std::find(std::begin(UNITS), std::end(UNITS), unit) != std::end(UNITS); }

bool is_unit(std::string_view unit) {
    size_t per = unit.find("-per-");
    if (per == unit.npos) return is_simple_unit(unit);
    return is_simple_unit(unit.substr(0, per)) && is_simple_unit(unit.substr(per + 5));
}

bool is_currency(std::string_view code) {
    auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return code.size() == 3 && std::all_of(code.begin(), code.end(), is_letter);
}

static std::string upper(std::string text) {
    for (char &c : text)
        if (c >= 'a' && c <= 'z') c -= 'a' - 'A';
    return text;
}

bool read_numbering_system(const Options &options, std::string &name) {
    Value given(options.context, options.read("numberingSystem"));
    if (given.is_exception()) return false;
    if (given.is_undefined()) return true;
    if (!ascii_of(options.context, given, name)) return false;
    if (!is_type(name)) {
        JS_ThrowRangeError(options.context, "Invalid numberingSystem : %.100s", name.c_str());
        return false;
    }
    name = lower(name);
    return true;
}

std::string numbering_system_of(const icu::Locale &locale) {
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::NumberingSystem> system(icu::NumberingSystem::createInstance(locale, status));
    return U_SUCCESS(status) ? system->getName() : "latn";
}

/* ---- reading: SetNumberFormatUnitOptions and what follows it ---- */

static bool read_currency(NumberSettings &settings, const Options &options) {
    Value given(options.context, options.read("currency"));
    if (given.is_exception()) return false;
    if (given.is_undefined()) {
        if (settings.style != Style::CURRENCY) return true;
        JS_ThrowTypeError(options.context, "Currency code is required with currency style.");
        return false;
    }
    if (!ascii_of(options.context, given, settings.currency)) return false;
    if (!is_currency(settings.currency)) {
        JS_ThrowRangeError(options.context, "Invalid currency code : %.100s", settings.currency.c_str());
        return false;
    }
    settings.currency = upper(settings.currency);
    return true;
}

static bool read_unit(NumberSettings &settings, const Options &options) {
    Value given(options.context, options.read("unit"));
    if (given.is_exception()) return false;
    if (given.is_undefined()) {
        if (settings.style != Style::UNIT) return true;
        JS_ThrowTypeError(options.context, "Invalid unit argument for Intl.NumberFormat() ''");
        return false;
    }
    if (!ascii_of(options.context, given, settings.unit)) return false;
    if (is_unit(settings.unit)) return true;
    JS_ThrowRangeError(options.context, "Invalid unit argument for Intl.NumberFormat() '%.100s'", settings.unit.c_str());
    return false;
}

/* GetBooleanOrStringNumberFormatOption */
static bool read_grouping(NumberSettings &settings, const Options &options) {
    settings.grouping = settings.notation == Notation::COMPACT ? Grouping::MIN2 : Grouping::AUTO;
    Value given(options.context, options.read("useGrouping"));
    if (given.is_exception()) return false;
    if (given.is_undefined()) return true;
    if (JS_IsBool(given) && JS_ToBool(options.context, given)) {
        settings.grouping = Grouping::ALWAYS;
        return true;
    }
    if (!JS_ToBool(options.context, given)) {
        settings.grouping = Grouping::NEVER;
        return true;
    }
    std::string text;
    if (!ascii_of(options.context, given, text)) return false;
    if (text == "true" || text == "false") return true;
    int place = 0;
    for (const char *name : {"min2", "auto", "always"}) {
        if (text == name) {
            settings.grouping = (Grouping)place;
            return true;
        }
        place++;
    }
    JS_ThrowRangeError(options.context, "Value %.100s out of range for %s options property useGrouping", text.c_str(), options.reader);
    return false;
}

bool NumberSettings::read(JSContext *context, JSValueConst locales, JSValueConst given) {
    Locales requested;
    JSValue object;
    if (!canonicalize_locales(context, locales, requested) || !Options::coerce(context, given, object)) return false;
    Options options{context, {context, object}, "Intl.NumberFormat"};
    Key system{"nu"};
    if (!read_matcher(options) || !read_numbering_system(options, system.option)) return false;
    resolved = resolve(Service::FORMATS, requested, {&system});
    numbering_system = system.value.empty() ? numbering_system_of(resolved.locale) : system.value;

    if (!options.choice("style", STYLES, style) || !read_currency(*this, options)) return false;
    if (!options.choice("currencyDisplay", CURRENCY_DISPLAYS, currency_display)) return false;
    if (!options.choice("currencySign", {"standard", "accounting"}, accounting) || !read_unit(*this, options)) return false;
    if (!options.choice("unitDisplay", UNIT_DISPLAYS, unit_display)) return false;
    if (!options.choice("notation", NOTATIONS, notation)) return false;
    int least = 0, most = style == Style::PERCENT ? 0 : 3;
    if (style == Style::CURRENCY && notation == Notation::STANDARD) {
        UErrorCode status = U_ZERO_ERROR;
        least = most = ucurr_getDefaultFractionDigits(unicode_of(currency).getTerminatedBuffer(), &status);
    }
    if (!digits.read(options, least, most, notation == Notation::COMPACT)) return false;
    if (!options.choice("compactDisplay", {"short", "long"}, compact_long)) return false;
    return read_grouping(*this, options) && options.choice("signDisplay", SIGNS, sign);
}

void NumberSettings::show(Record &record) const {
    auto name = [](std::initializer_list<const char *> names, auto place) { return std::string_view(names.begin()[(int)place]); };
    record.put("locale", resolved.tag);
    record.put("numberingSystem", numbering_system);
    record.put("style", name(STYLES, style));
    if (style == Style::CURRENCY) {
        record.put("currency", currency);
        record.put("currencyDisplay", name(CURRENCY_DISPLAYS, currency_display));
        record.put("currencySign", std::string_view(accounting ? "accounting" : "standard"));
    }
    if (style == Style::UNIT) {
        record.put("unit", unit);
        record.put("unitDisplay", name(UNIT_DISPLAYS, unit_display));
    }
    digits.show_digits(record);
    if (grouping == Grouping::NEVER) record.put("useGrouping", false);
    else record.put("useGrouping", name({"min2", "auto", "always"}, grouping));
    record.put("notation", name(NOTATIONS, notation));
    if (notation == Notation::COMPACT) record.put("compactDisplay", std::string_view(compact_long ? "long" : "short"));
    record.put("signDisplay", name(SIGNS, sign));
    digits.show_rounding(record);
}

/* ---- ICU's formatter ---- */

static icu::MeasureUnit measure_unit(const std::string &name) {
    UErrorCode status = U_ZERO_ERROR;
    return icu::MeasureUnit::forIdentifier(name, status);
}

static UnlocalizedNumberFormatter with_style(const NumberSettings &settings, UnlocalizedNumberFormatter formatter) {
    UErrorCode status = U_ZERO_ERROR;
    switch (settings.style) {
    case Style::DECIMAL: break;
    case Style::PERCENT: return formatter.unit(icu::MeasureUnit::getPercent()).scale(Scale::powerOfTen(2));
    case Style::CURRENCY:
        return formatter.unit(icu::CurrencyUnit(icu::StringPiece(settings.currency), status))
            .unitWidth(CURRENCY_WIDTHS[settings.currency_display]);
    case Style::UNIT: {
        size_t per = settings.unit.find("-per-");
        formatter = formatter.unit(measure_unit(settings.unit.substr(0, per))).unitWidth(UNIT_WIDTHS[settings.unit_display]);
        if (per != settings.unit.npos) formatter = formatter.perUnit(measure_unit(settings.unit.substr(per + 5)));
    }
    }
    return formatter;
}

static icu::number::Notation icu_notation(const NumberSettings &settings) {
    using icu::number::Notation;
    switch (settings.notation) {
    case intl::Notation::SCIENTIFIC: return Notation::scientific();
    case intl::Notation::ENGINEERING: return Notation::engineering();
    case intl::Notation::COMPACT: return settings.compact_long ? Notation::compactLong() : Notation::compactShort();
    default: return Notation::simple();
    }
}

UnlocalizedNumberFormatter NumberSettings::formatter() const {
    static const UNumberGroupingStrategy groupings[] = {UNUM_GROUPING_MIN2, UNUM_GROUPING_AUTO, UNUM_GROUPING_ON_ALIGNED, UNUM_GROUPING_OFF};
    static const UNumberSignDisplay signs[][2] = {
        {UNUM_SIGN_AUTO, UNUM_SIGN_ACCOUNTING},
        {UNUM_SIGN_NEVER, UNUM_SIGN_NEVER},
        {UNUM_SIGN_ALWAYS, UNUM_SIGN_ACCOUNTING_ALWAYS},
        {UNUM_SIGN_EXCEPT_ZERO, UNUM_SIGN_ACCOUNTING_EXCEPT_ZERO},
        {UNUM_SIGN_NEGATIVE, UNUM_SIGN_ACCOUNTING_NEGATIVE}};
    UnlocalizedNumberFormatter formatter = with_style(*this, UnlocalizedNumberFormatter());
    formatter = digits.apply(formatter.notation(icu_notation(*this)));
    return formatter.grouping(groupings[(int)grouping]).sign(signs[(int)sign][accounting]);
}

std::string NumberSettings::key() const {
    std::string key = std::string(resolved.locale.getName()) + "|" + currency + "|" + unit + "|";
    for (int part : {(int)style, currency_display, unit_display, (int)accounting, (int)notation, (int)compact_long, (int)grouping, (int)sign})
        key += std::to_string(part) + ",";
    return key + digits.key();
}

} // namespace intl
