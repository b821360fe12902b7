/* The few things the harness needs of QuickJS that its public header does not offer (engine.c). */
#ifndef ENGINE_H
#define ENGINE_H
#include "quickjs.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a value is, by its internal class: nothing a program does to prototypes or Symbol.toStringTag changes it. */
enum engine_kind {
    KIND_UNDEFINED, KIND_NULL, KIND_BOOLEAN, KIND_NUMBER, KIND_BIGINT, KIND_STRING, KIND_SYMBOL,
    KIND_OBJECT,          /* any object that is none of the following */
    KIND_FUNCTION, KIND_ARRAY, KIND_ERROR, KIND_BOXED_NUMBER, KIND_BOXED_STRING, KIND_BOXED_BOOLEAN, KIND_BOXED_SYMBOL,
    KIND_BOXED_BIGINT, KIND_ARGUMENTS, KIND_DATE, KIND_REGEXP, KIND_ARRAY_BUFFER, KIND_SHARED_ARRAY_BUFFER,
    KIND_TYPED_ARRAY, KIND_DATA_VIEW, KIND_MAP, KIND_SET, KIND_WEAK_MAP, KIND_WEAK_SET, KIND_WEAK_REF,
    KIND_MAP_ITERATOR, KIND_SET_ITERATOR, KIND_GENERATOR, KIND_ITERATOR, KIND_PROXY, KIND_PROMISE,
    KIND_MODULE_NAMESPACE, KIND_DOM_EXCEPTION, KIND_RAW_JSON,
};

/* The memory of a string; valid while the value is. */
struct engine_text {
    const uint8_t *narrow;  /* Latin-1 characters, or */
    const uint16_t *wide;   /* UTF-16 units */
    uint32_t length;
};

/* Gives the interpreter's stack `size` bytes of the linear-memory stack, counted from the caller's frame. */
void engine_set_stack(JSRuntime *runtime, size_t size);
/* True when the stack is so used up that a recursive function must stop. */
bool engine_stack_is_low(JSContext *context);
/* A context whose Map hashes do not depend on the moment of the image build. */
JSContext *engine_new_context(JSRuntime *runtime);
/* What must be fresh in every execution. */
void engine_begin(JSContext *context, uint64_t random);
/* Room for a program's names, shapes of objects and global variables. */
void engine_reserve(JSContext *context);
/* Takes every object made so far out of the garbage collector's sight, and every partly filled allocation arena out
 * of the allocator's: an execution neither walks nor fills them, so their pages stay those of the snapshot. */
void engine_freeze(JSRuntime *runtime);
/* Makes an arena for every size of small allocation, in which one block stays taken: QuickJS gives an empty arena back at
 * once, and a loop that makes and drops one object would otherwise make an arena each time round. */
void engine_prepare_arenas(JSRuntime *runtime);

size_t engine_memory_used(JSRuntime *runtime);

/* Parses; `first_line` is the number of the text's first line (0 hides a line put before the user's). */
JSValue engine_compile(JSContext *context, const char *text, size_t length, const char *file, int first_line, int flags);
/* A global variable of a script (let, const, class, function or var), undefined if there is none. */
JSValue engine_global(JSContext *context, const char *name);
/* Promise.resolve as the specification has it, whatever the program did to Promise. */
JSValue engine_promise(JSContext *context, JSValueConst value);

enum engine_kind engine_kind(JSValueConst value);
/* "Uint8Array" and so on for a typed array; NULL for other values. */
const char *engine_typed_array_name(JSValueConst value);
/* The bytes of a typed array, DataView or (shared) ArrayBuffer; false for other values and detached buffers. */
bool engine_bytes(JSContext *context, JSValueConst value, uint8_t **bytes, size_t *length);
/* The primitive inside a boxed primitive or a Date. */
JSValue engine_unboxed(JSContext *context, JSValueConst value);
/* False only when memory for joining a rope is out. */
bool engine_text(JSContext *context, JSValueConst string, struct engine_text *text);
JSValue engine_new_latin1(JSContext *context, const uint8_t *characters, size_t length);
JSValue engine_new_utf16(JSContext *context, const uint16_t *units, size_t length);
/* The elements of an array without holes whose elements are plain data. */
bool engine_elements(JSValueConst array, JSValueConst **elements, uint32_t *length);
/* Calls `visit` for every enumerable, string-named own property of an object whose properties are all plain data in
 * creation order; returns -1 if the object is not such a one, else what the first visit that was not 0 returned. */
int engine_plain_properties(JSContext *context, JSValueConst object,
                            int (*visit)(void *state, JSAtom name, JSValueConst value), void *state);
/* An array of an object's own keys that are no array indices, strings and then symbols; of an array or typed array without a
 * look at its elements. Undefined for a proxy. */
JSValue engine_named_keys(JSContext *context, JSValueConst object);
/* Makes an array of a Map's or Set's (or one of their iterators') next entries, keys and values alternating for maps
 * and entry iterators (`*pairs`). */
JSValue engine_entries(JSContext *context, JSValueConst collection, bool *pairs);
/* The stack of an Error as QuickJS recorded it, undefined for other values. */
JSValue engine_raw_stack(JSContext *context, JSValueConst error);
/* Error.prepareStackTrace */
JSValue engine_prepare_stack(JSContext *context);
void engine_set_raw_stack(JSContext *context, JSValueConst error, JSValue stack);
bool engine_is_syntax_error(JSContext *context, JSValueConst error);
/* Whether Error.prototype is in the prototype chain, as far as that has no proxies. */
bool engine_inherits_error(JSContext *context, JSValueConst object);
/* The name of the function that is a prototype's own plain property `constructor`, to be freed; NULL if there is none. */
const char *engine_constructor_name(JSContext *context, JSValueConst prototype);
/* Whether it is the error that QuickJS throws when an allocation fails. */
bool engine_is_out_of_memory(JSContext *context, JSValueConst error);
/* Whether it is an InternalError without a message of its own: what is left of one when there is no memory for it. */
bool engine_lacks_message(JSContext *context, JSValueConst error);
/* How a function came about: "function", "class", "async function", "generator function", "async generator function". */
const char *engine_function_kind(JSValueConst function);
/* The text of a function written in JavaScript; NULL for others. */
const char *engine_function_source(JSValueConst function, size_t *length);
bool engine_is_revoked_proxy(JSValueConst proxy);
/* Gives an error made by code of one context the prototype that the same error has in another. */
void engine_adopt_error(JSContext *from, JSContext *to, JSValueConst error);

struct numbers;
/* JSON.parse of text that ends in a NUL. `bigints`: integers that a double cannot hold become BigInts; else their digits go to
 * `numbers`, whose text must stay. */
JSValue engine_parse(JSContext *context, const char *text, size_t length, bool bigints, struct numbers *numbers);

/* ---- for the classes of Intl ---- */

/* An object of a class of ours with the prototype that new.target asks for. */
JSValue engine_create(JSContext *context, JSValueConst new_target, JSClassID class_id);
/* Whether the C function that runs was called by `new`. */
bool engine_is_constructing(JSContext *context);
/* OrdinaryHasInstance; -1: an exception is pending. */
int engine_inherits(JSContext *context, JSValueConst object, JSValueConst constructor);
/* Gives a prototype its Symbol.toStringTag. */
void engine_set_tag(JSContext *context, JSValueConst prototype, const char *tag);
/* The name of a property by number; 0: memory is out. */
JSAtom engine_index(JSContext *context, int64_t index);
/* ToPrimitive with hint number. */
JSValue engine_to_number_primitive(JSContext *context, JSValueConst value);
/* Calls `visit` for what an iterable yields, until it returns false, which closes the iterator; whether all went well. */
bool engine_iterate(JSContext *context, JSValueConst iterable, bool (*visit)(void *state, JSValueConst value), void *state);
/* A new object that inherits from %IteratorPrototype%. */
JSValue engine_iterator_prototype(JSContext *context);
/* Defines the method whose name is Symbol.iterator. */
void engine_set_iterator_method(JSContext *context, JSValueConst prototype, JSCFunction *function);
/* The milliseconds of a Date; false: it is none, an exception is pending. */
bool engine_date(JSContext *context, JSValueConst value, double *milliseconds);

#endif
