/* What the parts of Intl (ECMA-402) share. Each class of Intl is a file; ICU does the work, these files the
 * specification: reading options, choosing locales, errors, the order of what a program can observe.
 *
 * Nothing here runs code of the user's realm but what the specification says: methods read options and call
 * conversions, results are made in C++. An object of Intl keeps its state as the opaque pointer of its class, so no
 * program can forge one. */
#ifndef INTL_H
#define INTL_H

extern "C" {
#include "../harness/engine.h"
}
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <unicode/locid.h>
#include <unicode/unistr.h>
#include <utility>
#include <vector>

namespace intl {

/* ---- values.cpp: JavaScript values and ICU's ---- */

/* A JSValue that is given back when it goes out of sight. */
class Value {
  public:
    Value(JSContext *context, JSValue value) : context(context), value(value) {}
    Value(Value &&other) : context(other.context), value(other.release()) {}
    Value(const Value &) = delete;
    ~Value() { JS_FreeValue(context, value); }
    operator JSValueConst() const { return value; }
    bool is_exception() const { return JS_IsException(value); }
    bool is_undefined() const { return JS_IsUndefined(value); }
    JSValue release() { return std::exchange(value, JS_UNDEFINED); }

  private:
    JSContext *context;
    JSValue value;
};

/* A function's argument, undefined if it was not given. */
inline JSValueConst argument(int argc, JSValueConst *argv, int at) { return at < argc ? argv[at] : JS_UNDEFINED; }

JSValue new_text(JSContext *context, const icu::UnicodeString &text);
JSValue new_text(JSContext *context, std::string_view ascii);
/* The text of a string value; false: an exception is pending. */
bool text_of(JSContext *context, JSValueConst string, icu::UnicodeString &text);
/* ToString. What is not ASCII comes out as '?', which no name or tag contains. */
bool ascii_of(JSContext *context, JSValueConst value, std::string &ascii);
std::string ascii_of(const icu::UnicodeString &text);
inline icu::UnicodeString unicode_of(std::string_view ascii) {
    return icu::UnicodeString(ascii.data(), (int32_t)ascii.size(), US_INV);
}
std::string lower(std::string_view ascii);

/* Throws what an ICU call failed with, if it did. */
bool failed(JSContext *context, UErrorCode status);

/* An ordinary object that is being filled; properties stay in the order in which they are put. */
class Record {
  public:
    explicit Record(JSContext *context) : context(context), object(JS_NewObject(context)) {}
    Record(const Record &) = delete;
    ~Record() { JS_FreeValue(context, object); }
    void put(const char *name, JSValue value);
    void put(const char *name, std::string_view ascii) { put(name, new_text(context, ascii)); }
    void put(const char *name, const icu::UnicodeString &text) { put(name, new_text(context, text)); }
    void put(const char *name, bool value) { put(name, JS_NewBool(context, value)); }
    void put(const char *name, int value) { put(name, JS_NewInt32(context, value)); }
    void put(const char *name, const char *) = delete;
    JSValue release();

  private:
    JSContext *context;
    JSValue object;
    bool is_broken = false;
};

/* An array that is being filled. */
class List {
  public:
    explicit List(JSContext *context) : context(context), array(JS_NewArray(context)) {}
    List(const List &) = delete;
    ~List() { JS_FreeValue(context, array); }
    void add(JSValue value);
    JSValue release();

  private:
    JSContext *context;
    JSValue array;
    uint32_t length = 0;
    bool is_broken = false;
};

JSValue list_of(JSContext *context, const std::vector<std::string> &texts);

/* ---- parts.cpp: formatted text and what its pieces are ---- */

/* A piece of formatted text; inner pieces come after those that hold them. */
struct Part {
    int32_t start, end;
    const char *type;
    const char *source = nullptr;   /* of a range: "startRange", "endRange", "shared" */
};

/* The array of { type, value } of pieces that cover the text, the gaps between them being `rest`. `unit`: a further
 * property `unit` of all but literals. */
JSValue parts_of(JSContext *context, const icu::UnicodeString &text, std::vector<Part> &parts, const char *rest,
                 const char *unit = nullptr);
/* The pieces without overlap and gaps, in order. */
std::vector<Part> flatten(int32_t length, std::vector<Part> parts, const char *rest);

/* ---- options.cpp: abstract operations on options ---- */

/* The options object of a constructor and who reads it, for messages. */
struct Options {
    JSContext *context;
    Value object;
    const char *reader;     /* "Intl.NumberFormat" */

    /* GetOptionsObject: undefined or an object. */
    static bool get(JSContext *context, JSValueConst options, const char *reader, JSValue &object);
    /* CoerceOptionsToObject */
    static bool coerce(JSContext *context, JSValueConst options, JSValue &object);

    /* GetOption of type string. `text` is left as it is if the option is undefined; no names: any text. */
    bool text(const char *name, std::initializer_list<const char *> names, std::string &text) const;
    /* The same for an enumeration whose values are the places in `names`. */
    template <class Enum> bool choice(const char *name, std::initializer_list<const char *> names, Enum &value) const {
        int at = (int)value;
        if (!choose(name, names, at)) return false;
        value = (Enum)at;
        return true;
    }
    /* GetOption of type boolean; `given` tells whether it was there. */
    bool boolean(const char *name, bool &value, bool &given) const;
    /* GetNumberOption; `value` is left as it is if the option is undefined. */
    bool number(const char *name, int least, int most, int &value) const;
    /* DefaultNumberOption of a value that was read before. */
    bool in_range(const char *name, JSValueConst given, int least, int most, int &value) const;
    JSValue read(const char *name) const { return JS_GetPropertyStr(context, object, name); }

  private:
    bool choose(const char *name, std::initializer_list<const char *> names, int &at) const;
};

/* ---- tags.cpp: language tags ---- */

/* CanonicalizeUnicodeLocaleId of a well-formed tag; false: it is none. */
bool canonicalize_tag(std::string_view tag, std::string &canonical);
bool is_language(std::string_view subtag);
bool is_script(std::string_view subtag);
bool is_region(std::string_view subtag);
bool is_variant(std::string_view subtag);
/* Of the form of `type` in UTS 35: (3*8alphanum) *("-" (3*8alphanum)). */
bool is_type(std::string_view value);
JSValue throw_bad_tag(JSContext *context);

/* ---- locales.cpp: choosing locales ---- */

struct Locales {
    std::vector<std::string> tags;
};

/* What locales have data for differs. */
enum class Service { FORMATS, LISTS, COLLATION, PLURALS, COUNT };

/* A key of a Unicode extension that a constructor heeds, and what an option says it should be. */
struct Key {
    const char *name;           /* "nu" */
    std::string option;         /* empty: none */
    std::string value = {};     /* comes out: empty if neither tag nor option has a supported one */
};

struct Resolved {
    std::string tag;            /* as resolvedOptions shows it */
    icu::Locale locale;         /* for ICU, with the keys' values */
};

bool canonicalize_locales(JSContext *context, JSValueConst locales, Locales &list);
/* ResolveLocale. */
Resolved resolve(Service service, const Locales &requested, std::initializer_list<Key *> keys);
/* Reads localeMatcher. */
bool read_matcher(const Options &options);
JSValue supported_locales(JSContext *context, Service service, const char *reader, int argc, JSValueConst *argv);
std::vector<std::string> numbering_systems();
std::vector<std::string> calendars(const char *locale);
std::vector<std::string> collations(const char *locale);
void locales_init();

/* ---- classes.cpp: what all classes have ---- */

/* The class of objects whose state is a State. */
struct Class {
    const char *name;           /* "NumberFormat" */
    JSClassID id;
    JSValue constructor;
};

template <class State> inline Class class_of{State::NAME, 0, JS_UNDEFINED};

void register_class(JSContext *context, Class &which, JSClassFinalizer *finalizer, JSClassGCMark *mark);

/* What a class looks like from a program. */
struct Face {
    JSCFunction *construct;
    bool callable;              /* without new */
    const JSCFunctionListEntry *methods;
    int method_count;
    const JSCFunctionListEntry *statics;
    int static_count;
    int length = 0;
};
void define_class(JSContext *context, JSValueConst intl, Class &which, const Face &face);

/* Registers the class of State: what happens to its objects' states. A state may hold a value, by the name `held`. */
template <class State> void register_state(JSContext *context) {
    JSClassFinalizer *finalize = [](JSRuntime *runtime, JSValueConst object) {
        auto state = (State *)JS_GetOpaque(object, class_of<State>.id);
        if constexpr (requires { state->held; })
            if (state) JS_FreeValueRT(runtime, state->held);
        delete state;
    };
    JSClassGCMark *mark = nullptr;
    if constexpr (requires(State state) { state.held; })
        mark = [](JSRuntime *runtime, JSValueConst object, JS_MarkFunc *visit) {
            auto state = (State *)JS_GetOpaque(object, class_of<State>.id);
            if (state) JS_MarkValue(runtime, state->held, visit);
        };
    register_class(context, class_of<State>, finalize, mark);
}

template <class State> void define(JSContext *context, JSValueConst intl, const Face &face) {
    register_state<State>(context);
    define_class(context, intl, class_of<State>, face);
}

/* The state of `this`, which must be an object of the class. */
template <class State> State *state_of(JSContext *context, JSValueConst object, const char *method) {
    auto state = (State *)JS_GetOpaque(object, class_of<State>.id);
    if (!state)
        JS_ThrowTypeError(context, "Method Intl.%s.prototype.%s called on incompatible receiver", State::NAME, method);
    return state;
}

/* An object of the class with the prototype that new.target asks for, without state yet. */
JSValue create(JSContext *context, JSValueConst new_target, const Class &which);
/* Gives the object its state; null: memory is out. */
template <class State> JSValue with_state(JSContext *context, Value &object, std::unique_ptr<State> state) {
    if (!state) return JS_ThrowOutOfMemory(context);
    JS_SetOpaque(object, state.release());
    return object.release();
}

/* Constructors that may be called on an object that inherits from their prototype keep what they made behind a symbol
 * there (ChainDateTimeFormat, ChainNumberFormat). */
JSValue chain(JSContext *context, JSValueConst new_target, JSValueConst self, const Class &which, JSValue made);
/* The object itself or what is kept behind the symbol. */
JSValue unchain(JSContext *context, JSValueConst self, const Class &which, const char *method);
template <class State> State *unwrap(JSContext *context, JSValueConst self, const char *method) {
    /* whoever holds the object holds what is behind its symbol */
    Value object(context, unchain(context, self, class_of<State>, method));
    return object.is_exception() ? nullptr : state_of<State>(context, object, method);
}
/* The getter of a method that is bound to its object, made at the first use. */
JSValue bound_method(JSContext *context, JSValueConst object, JSValue &held, int length, JSCFunctionData *function);

/* ---- each class ---- */

void define_locale(JSContext *context, JSValueConst intl);
void define_collator(JSContext *context, JSValueConst intl);
void define_number_format(JSContext *context, JSValueConst intl);
void define_plural_rules(JSContext *context, JSValueConst intl);
void define_date_time_format(JSContext *context, JSValueConst intl);
void define_relative_time_format(JSContext *context, JSValueConst intl);
void define_list_format(JSContext *context, JSValueConst intl);
void define_display_names(JSContext *context, JSValueConst intl);
void define_segmenter(JSContext *context, JSValueConst intl);
void define_duration_format(JSContext *context, JSValueConst intl);
/* toLocaleString and its like, of the built-in classes */
void define_conversions(JSContext *context);

/* The tag of an Intl.Locale; empty for other values. */
std::string tag_of_locale_object(JSValueConst value);

} // namespace intl

#endif
