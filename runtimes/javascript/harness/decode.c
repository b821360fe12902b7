/* The input object: as JSON.parse reads it, but that the digits of numbers which a double cannot hold are kept for the result. */
#include "guest.h"
#include "numbers.h"

struct numbers input_numbers;

JSValue decode_input(const message_field *input, bool bigints) {
    char *text = (char *)input->bytes;
    if (!input->length) return JS_NewObject(user);
    char next = text[input->length];
    text[input->length] = 0;
    JSValue value = engine_parse(user, text, input->length, bigints, &input_numbers);
    text[input->length] = next;
    return value;
}
