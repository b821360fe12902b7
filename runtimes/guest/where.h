/* The text of ampoule_where (abi.h): in a buffer of its own, as the program may have been stopped within malloc. */
#ifndef AMPOULE_WHERE_H
#define AMPOULE_WHERE_H
#include <stddef.h>
#include <stdint.h>

/* Frames that are told, the innermost ones, and those that are looked at for them. */
enum { WHERE_FRAMES = 20, WHERE_LOOKS = 100000 };

void where_begin(void);
void where_text(const char *text);
void where_bytes(const char *bytes, size_t length);
void where_number(uint32_t number);
/* One character as UTF-8. */
void where_character(uint32_t character);
/* The return value of ampoule_where; `line` is the innermost frame's, 0 if there is none. */
uint64_t where_answer(uint32_t line);
#endif
