#!/bin/bash
# Compiles QuickJS with the harness, the guest's own file system and the prelude: $OUT/guest.wasm and packages.json.
set -euo pipefail

cc="$STEP_TOOLCHAIN/bin/cc"
quickjs="$STEP_SOURCE/quickjs"
guest="$RECIPE_ROOT/guest"

# The linear stack: 6 MiB for JavaScript (harness/guest.c), the rest for the C functions below its last check.
stack=$((8 << 20))
flags="-O3 -Xclang -O3 -DNDEBUG -D_GNU_SOURCE -DQUICKJS_NG_BUILD -funsigned-char -mexec-model=reactor -std=gnu23 -include $guest/meter.h -I$quickjs -isystem $STEP_COMPRESSION/include --embed-dir=$STEP_BUNDLE --embed-dir=$STEP_ICU --embed-dir=$STEP_PACKAGES --embed-dir=$STEP_TYPESCRIPT"
plus="-O2 -DNDEBUG -D_GNU_SOURCE -std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics -mexec-model=reactor -include $guest/meter.h
    -I$quickjs -isystem $STEP_ICU/include -DU_STATIC_IMPLEMENTATION -DU_CHARSET_IS_UTF8=1 -Wno-c99-designator"
ours='-Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers -Werror'

compile() { # object, flags, source
    # shellcheck disable=SC2086
    case $3 in
    *.cpp) "$STEP_TOOLCHAIN/bin/c++" $plus $2 -c "$3" -o "$1.o" ;;
    *) "$cc" $flags $2 -c "$3" -o "$1.o" ;;
    esac
}
export -f compile
export cc flags plus
{
    for file in "$guest"/*.c; do printf '%s\0' "guest-$(basename "$file" .c)" -w "$file"; done
    # engine.c includes quickjs.c, whose warnings are upstream's
    printf '%s\0' harness-engine -w "$RECIPE/harness/engine.c"
    for file in "$RECIPE"/harness/*.c; do
        [ "$(basename "$file")" = engine.c ] || printf '%s\0' "harness-$(basename "$file" .c)" "$ours" "$file"
    done
    for file in "$RECIPE"/intl/*.c "$RECIPE"/intl/*.cpp; do
        name=$(basename "$file")
        printf '%s\0' "intl-${name%.*}" "$ours" "$file"
    done
    for file in libregexp libunicode dtoa; do printf '%s\0' "quickjs-$file" -w "$quickjs/$file.c"; done
} | xargs -0 -n 3 -P "$JOBS" bash -c 'compile "$@"' compile

# The guest's objects first: they replace functions of libc, whose archive the linker would otherwise take them from.
"$STEP_TOOLCHAIN/bin/c++" -mexec-model=reactor -Wl,--strip-debug -Wl,--fatal-warnings -Wl,--gc-sections -Wl,-z,stack-size=$stack \
    guest-*.o harness-*.o quickjs-*.o intl-*.o "$STEP_ICU/libicu.a" "$STEP_COMPRESSION/libcompression.a" "$STEP_NODECRYPTO/libnodecrypto.a" "$STEP_OPENSSL/libcrypto.a" -o "$OUT/guest.wasm" -Wl,--export=__stack_pointer
python3 "$guest/check_imports.py" "$OUT/guest.wasm"

echo '[{"name": "quickjs-ng", "version": "0.18.0", "licence": "MIT", "native": true}]' >"$OUT/packages.json"
