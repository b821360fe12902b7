/* The prelude's text, as build/bundle.sh made it. */
#include <stdint.h>

const char prelude_inside[] = {
#embed "inside.js"
    , 0};
const uint32_t prelude_inside_length = sizeof prelude_inside - 1;

const char prelude_user[] = {
#embed "user.js"
    , 0};
const uint32_t prelude_user_length = sizeof prelude_user - 1;
