/* The text of the prelude, of the npm packages and of TypeScript, as build/bundle.sh, packages.sh and typescript.sh made it. It can be written: it is
 * erased once it is compiled, so that it is not part of the image. */
#include <stdint.h>

char prelude_inside[] = {
#embed "inside.js"
    , 0};
const uint32_t prelude_inside_length = sizeof prelude_inside - 1;

char prelude_user[] = {
#embed "user.js"
    , 0};
const uint32_t prelude_user_length = sizeof prelude_user - 1;

char prelude_typescript[] = {
#embed "typescript.js"
    , 0};
const uint32_t prelude_typescript_length = sizeof prelude_typescript - 1;

char prelude_packages[] = {
#embed "packages.bin"
    , 0};
const uint32_t prelude_packages_length = sizeof prelude_packages - 1;
