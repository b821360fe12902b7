/* Language tags: their form (UTS 35, unicode_locale_id) and their canonical form. */
#include "intl.h"
#include <set>
#include <unicode/localebuilder.h>

namespace intl {

static bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool all(std::string_view text, bool (*holds)(char)) {
    for (char c : text)
        if (!holds(c)) return false;
    return true;
}
static bool is_alphanumeric(char c) { return is_alpha(c) || is_digit(c); }
static bool is_long(std::string_view text, size_t least, size_t most) { return text.size() >= least && text.size() <= most; }

bool is_language(std::string_view subtag) {
    return (is_long(subtag, 2, 3) || is_long(subtag, 5, 8)) && all(subtag, is_alpha);
}
bool is_script(std::string_view subtag) { return subtag.size() == 4 && all(subtag, is_alpha); }
bool is_region(std::string_view subtag) {
    return (subtag.size() == 2 && all(subtag, is_alpha)) || (subtag.size() == 3 && all(subtag, is_digit));
}
bool is_variant(std::string_view subtag) {
    if (!all(subtag, is_alphanumeric)) return false;
    return is_long(subtag, 5, 8) || (subtag.size() == 4 && is_digit(subtag[0]));
}
static bool is_long_type(std::string_view subtag) { return is_long(subtag, 3, 8) && all(subtag, is_alphanumeric); }

static std::vector<std::string_view> split(std::string_view tag) {
    std::vector<std::string_view> subtags;
    for (size_t start = 0;;) {
        size_t end = tag.find('-', start);
        subtags.push_back(tag.substr(start, end == tag.npos ? end : end - start));
        if (end == tag.npos) return subtags;
        start = end + 1;
    }
}

bool is_type(std::string_view value) {
    for (std::string_view part : split(value))
        if (!is_long_type(part)) return false;
    return true;
}

namespace {

/* Reads a tag subtag by subtag. */
class TagReader {
  public:
    explicit TagReader(std::string_view tag) : subtags(split(tag)) {}

    bool is_well_formed() {
        if (!language_id()) return false;
        while (!at_end()) {
            std::string_view singleton = next();
            if (singleton.size() != 1 || !is_alphanumeric(singleton[0])) return false;
            char kind = lower(singleton)[0];
            if (kind == 'x') return private_use();
            if (!singletons.insert(kind).second) return false;
            if (!(kind == 'u' ? unicode() : kind == 't' ? transformed() : other())) return false;
        }
        return true;
    }

  private:
    std::vector<std::string_view> subtags;
    size_t at = 0;
    std::set<char> singletons;

    bool at_end() const { return at == subtags.size(); }
    std::string_view next() { return subtags[at++]; }
    bool take(bool (*fits)(std::string_view)) {
        if (at_end() || !fits(subtags[at])) return false;
        at++;
        return true;
    }

    bool language_id() {
        if (!take(is_language)) return false;
        take(is_script);
        take(is_region);
        std::set<std::string> variants;
        while (!at_end() && is_variant(subtags[at]))
            if (!variants.insert(lower(next())).second) return false;
        return true;
    }

    bool private_use() {
        if (at_end()) return false;
        while (!at_end())
            if (std::string_view part = next(); !is_long(part, 1, 8) || !all(part, is_alphanumeric)) return false;
        return true;
    }

    static bool is_key(std::string_view part) { return part.size() == 2 && is_alphanumeric(part[0]) && is_alpha(part[1]); }
    static bool is_field(std::string_view part) { return part.size() == 2 && is_alpha(part[0]) && is_digit(part[1]); }
    static bool is_other_type(std::string_view part) { return is_long(part, 2, 8) && all(part, is_alphanumeric); }

    bool unicode() {
        size_t start = at;
        while (take(is_long_type)) {}
        while (take(is_key))
            while (take(is_long_type)) {}
        return at > start;
    }

    bool transformed() {
        size_t start = at;
        if (!at_end() && is_language(subtags[at]) && !language_id()) return false;
        while (take(is_field)) {
            if (!take(is_long_type)) return false;
            while (take(is_long_type)) {}
        }
        return at > start;
    }

    bool other() {
        if (!take(is_other_type)) return false;
        while (take(is_other_type)) {}
        return true;
    }
};

} // namespace

/* More than this no real tag has; ICU's own limits are near. */
enum { LONGEST_TAG = 4096 };

bool canonicalize_tag(std::string_view tag, std::string &canonical) {
    if (tag.size() > LONGEST_TAG || !TagReader(tag).is_well_formed()) return false;
    UErrorCode status = U_ZERO_ERROR;
    icu::Locale locale = icu::LocaleBuilder().setLanguageTag({tag.data(), (int32_t)tag.size()}).build(status);
    locale.canonicalize(status);
    canonical = locale.toLanguageTag<std::string>(status);
    return U_SUCCESS(status) && !locale.isBogus() && !canonical.empty();
}

JSValue throw_bad_tag(JSContext *context) {
    return JS_ThrowRangeError(context, "Incorrect locale information provided");
}

} // namespace intl
