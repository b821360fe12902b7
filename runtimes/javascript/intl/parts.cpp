/* Formatted text and what its pieces are: the arrays that formatToParts returns. */
#include "intl.h"
#include <algorithm>

namespace intl {

/* Every unit of text belongs to the innermost piece over it. */
std::vector<Part> flatten(int32_t length, std::vector<Part> parts, const char *rest) {
    std::stable_sort(parts.begin(), parts.end(), [](const Part &a, const Part &b) {
        if (a.start != b.start) return a.start < b.start;
        return a.end != b.end ? a.end > b.end : a.source && !b.source;
    });
    std::vector<Part> flat, open = {{0, length, rest}};
    int32_t at = 0;
    auto advance = [&](int32_t to) {
        while (at < to) {
            while (open.size() > 1 && open.back().end <= at) open.pop_back();
            int32_t end = std::min(to, open.back().end);
            flat.push_back({at, end, open.back().type, open.back().source});
            at = end;
        }
    };
    for (const Part &part : parts) {
        if (part.start >= part.end) continue;
        advance(part.start);
        while (open.size() > 1 && open.back().end <= at) open.pop_back();
        Part inner = part;
        if (!inner.type) inner.type = open.back().type;
        if (!inner.source) inner.source = open.back().source;
        open.push_back(inner);
    }
    advance(length);
    return flat;
}

JSValue parts_of(JSContext *context, const icu::UnicodeString &text, std::vector<Part> &parts, const char *rest,
                 const char *unit) {
    List list(context);
    bool have_sources = false;
    for (const Part &part : parts) have_sources |= part.source != nullptr;
    for (const Part &part : flatten(text.length(), parts, rest)) {
        Record piece(context);
        piece.put("type", std::string_view(part.type));
        piece.put("value", text.tempSubStringBetween(part.start, part.end));
        if (have_sources) piece.put("source", std::string_view(part.source ? part.source : "shared"));
        if (unit && std::string_view(part.type) != "literal") piece.put("unit", std::string_view(unit));
        list.add(piece.release());
    }
    return list.release();
}

} // namespace intl
