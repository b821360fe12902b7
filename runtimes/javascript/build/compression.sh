#!/bin/bash
# Compiles zlib and brotli for WASI: $OUT/libcompression.a, $OUT/include.
set -euo pipefail

mkdir zlib brotli "$OUT/include"
tar xzf "$SRC_ZLIB" -C zlib --strip-components=1
tar xzf "$SRC_BROTLI" -C brotli --strip-components=1
flags="-O2 -DNDEBUG -w -include $RECIPE_ROOT/guest/meter.h -Ibrotli/c/include"
compile() { # source
    # shellcheck disable=SC2086
    "$STEP_TOOLCHAIN/bin/cc" $flags -c "$1" -o "$(tr / - <<<"${1%.c}").o" || exit 255  # stops xargs
}
export -f compile
export flags
{
    printf 'zlib/%s.c\n' adler32 crc32 deflate inffast inflate inftrees trees zutil
    printf '%s\n' brotli/c/{common,dec,enc}/*.c
} | xargs -n 1 -P "$JOBS" bash -c 'compile "$@"' compile
"$STEP_TOOLCHAIN/bin/ar" rcs "$OUT/libcompression.a" ./*.o
cp zlib/zlib.h zlib/zconf.h "$OUT/include"
cp -r brotli/c/include/brotli "$OUT/include"
