/* Intl.Segmenter, its Segments and their iterators */
#include "intl.h"
#include <cmath>
#include <unicode/brkiter.h>

namespace intl {

namespace {

enum class Granularity { GRAPHEME, WORD, SENTENCE };
const std::initializer_list<const char *> GRANULARITIES = {"grapheme", "word", "sentence"};

struct Segmenter : icu::UMemory {
    static constexpr const char *NAME = "Segmenter";
    Resolved resolved;
    Granularity granularity = Granularity::GRAPHEME;
    std::unique_ptr<icu::BreakIterator> breaks;
};

/* A text that is segmented. `held` is the same as a value. */
struct Text {
    icu::UnicodeString units;
};

struct Segments : icu::UMemory {
    static constexpr const char *NAME = "Segments";
    Granularity granularity;
    std::shared_ptr<const Text> text;
    std::unique_ptr<icu::BreakIterator> breaks;
    JSValue held = JS_UNDEFINED;
};

struct SegmentIterator : icu::UMemory {
    static constexpr const char *NAME = "SegmentIterator";
    Granularity granularity;
    std::shared_ptr<const Text> text;
    std::unique_ptr<icu::BreakIterator> breaks;
    JSValue held = JS_UNDEFINED;
};

} // namespace

static JSValue construct(JSContext *context, JSValueConst new_target, int argc, JSValueConst *argv) {
    Value object(context, create(context, new_target, class_of<Segmenter>));
    if (object.is_exception()) return JS_EXCEPTION;
    std::unique_ptr<Segmenter> state(new Segmenter);
    Locales requested;
    JSValue got;
    if (!state || !canonicalize_locales(context, argument(argc, argv, 0), requested) ||
        !Options::get(context, argument(argc, argv, 1), "Intl.Segmenter", got))
        return JS_EXCEPTION;
    Options options{context, {context, got}, "Intl.Segmenter"};
    if (!read_matcher(options)) return JS_EXCEPTION;
    state->resolved = resolve(Service::FORMATS, requested, {});
    if (!options.choice("granularity", GRANULARITIES, state->granularity)) return JS_EXCEPTION;
    UErrorCode status = U_ZERO_ERROR;
    const icu::Locale &locale = state->resolved.locale;
    switch (state->granularity) {
    case Granularity::GRAPHEME: state->breaks.reset(icu::BreakIterator::createCharacterInstance(locale, status)); break;
    case Granularity::WORD: state->breaks.reset(icu::BreakIterator::createWordInstance(locale, status)); break;
    case Granularity::SENTENCE: state->breaks.reset(icu::BreakIterator::createSentenceInstance(locale, status)); break;
    }
    return failed(context, status) ? JS_EXCEPTION : with_state(context, object, std::move(state));
}

/* CreateSegmentDataObject, for the segment that the breaks have just reached the end of. */
template <class State> static JSValue segment_data(JSContext *context, const State &state, int32_t start, int32_t end) {
    Record record(context);
    record.put("segment", state.text->units.tempSubStringBetween(start, end));
    record.put("index", (int)start);
    record.put("input", JS_DupValue(context, state.held));
    if (state.granularity == Granularity::WORD) record.put("isWordLike", state.breaks->getRuleStatus() >= UBRK_WORD_NONE_LIMIT);
    return record.release();
}

/* ---- Segments ---- */

static JSValue segment(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    auto segmenter = state_of<Segmenter>(context, self, "segment");
    if (!segmenter) return JS_EXCEPTION;
    Value string(context, JS_ToString(context, argv[0]));
    if (string.is_exception()) return JS_EXCEPTION;
    Value object(context, create(context, JS_UNDEFINED, class_of<Segments>));
    if (object.is_exception()) return JS_EXCEPTION;
    std::unique_ptr<Segments> state(new Segments);
    auto text = std::make_shared<Text>();
    if (!state || !text_of(context, string, text->units)) return JS_EXCEPTION;
    state->granularity = segmenter->granularity;
    state->text = text;
    state->breaks.reset(segmenter->breaks->clone());
    if (!state->breaks) return JS_ThrowOutOfMemory(context);
    state->breaks->setText(text->units);
    state->held = string.release();
    return with_state(context, object, std::move(state));
}

static JSValue containing(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    auto state = state_of<Segments>(context, self, "containing");
    double at;
    if (!state || JS_ToFloat64(context, &at, argv[0])) return JS_EXCEPTION;
    at = at != at ? 0 : std::trunc(at);
    if (at < 0 || at >= state->text->units.length()) return JS_UNDEFINED;
    int32_t unit = state->text->units.getChar32Start((int32_t)at);
    int32_t start = state->breaks->isBoundary(unit) ? unit : state->breaks->preceding(unit);
    int32_t end = state->breaks->following(unit);
    return segment_data(context, *state, start, end);
}

static JSValue iterate(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    auto segments = state_of<Segments>(context, self, "[Symbol.iterator]");
    if (!segments) return JS_EXCEPTION;
    Value object(context, create(context, JS_UNDEFINED, class_of<SegmentIterator>));
    if (object.is_exception()) return JS_EXCEPTION;
    std::unique_ptr<SegmentIterator> state(new SegmentIterator);
    if (!state) return JS_ThrowOutOfMemory(context);
    state->granularity = segments->granularity;
    state->text = segments->text;
    state->breaks.reset(segments->breaks->clone());
    if (!state->breaks) return JS_ThrowOutOfMemory(context);
    state->breaks->setText(state->text->units);
    state->breaks->first();
    state->held = JS_DupValue(context, segments->held);
    return with_state(context, object, std::move(state));
}

static JSValue next(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    auto state = state_of<SegmentIterator>(context, self, "next");
    if (!state) return JS_EXCEPTION;
    int32_t start = state->breaks->current(), end = state->breaks->next();
    bool is_done = end == icu::BreakIterator::DONE;
    Record record(context);
    record.put("value", is_done ? JS_UNDEFINED : segment_data(context, *state, start, end));
    record.put("done", is_done);
    return record.release();
}

/* ---- the class ---- */

static JSValue resolved_options(JSContext *context, JSValueConst self, int argc, JSValueConst *argv) {
    auto state = state_of<Segmenter>(context, self, "resolvedOptions");
    if (!state) return JS_EXCEPTION;
    Record record(context);
    record.put("locale", state->resolved.tag);
    record.put("granularity", std::string_view(GRANULARITIES.begin()[(int)state->granularity]));
    return record.release();
}

static JSValue supported_locales_of(JSContext *context, JSValueConst, int argc, JSValueConst *argv) {
    return supported_locales(context, Service::FORMATS, "Intl.Segmenter", argc, argv);
}

static const JSCFunctionListEntry methods[] = {
    JS_CFUNC_DEF("segment", 1, segment),
    JS_CFUNC_DEF("resolvedOptions", 0, resolved_options),
};
static const JSCFunctionListEntry statics[] = {JS_CFUNC_DEF("supportedLocalesOf", 1, supported_locales_of)};
static const JSCFunctionListEntry segments_methods[] = {JS_CFUNC_DEF("containing", 1, containing)};
static const JSCFunctionListEntry iterator_methods[] = {JS_CFUNC_DEF("next", 0, next)};

void define_segmenter(JSContext *context, JSValueConst intl) {
    define<Segmenter>(context, intl, {construct, false, methods, std::size(methods), statics, std::size(statics)});
    register_state<Segments>(context);
    JSValue prototype = JS_NewObject(context);
    JS_SetPropertyFunctionList(context, prototype, segments_methods, std::size(segments_methods));
    engine_set_iterator_method(context, prototype, iterate);
    JS_SetClassProto(context, class_of<Segments>.id, prototype);
    register_state<SegmentIterator>(context);
    prototype = engine_iterator_prototype(context);
    JS_SetPropertyFunctionList(context, prototype, iterator_methods, std::size(iterator_methods));
    engine_set_tag(context, prototype, "Segmenter String Iterator");
    JS_SetClassProto(context, class_of<SegmentIterator>.id, prototype);
}

} // namespace intl
