#!/bin/bash
# Cross-compiles CPython for WASI: $OUT/lib/*.a (the interpreter with every extension module linked in) and
# $OUT/include.
set -euo pipefail

cp -r "$STEP_SOURCE/cpython" source
for patch in "$RECIPE"/patches/*.patch; do
    patch -d source -p1 -s --no-backup-if-mismatch <"$patch"
done

tools="$STEP_TOOLCHAIN/bin"
cat source/Tools/wasm/config.site-wasm32-wasi "$RECIPE/build/config.site" >config.site
libs="$STEP_LIBS"
export ZLIB_CFLAGS="-I$libs/include" ZLIB_LIBS="-L$libs/lib -lz"
export BZIP2_CFLAGS="-I$libs/include" BZIP2_LIBS="-L$libs/lib -lbz2"
export LIBLZMA_CFLAGS="-I$libs/include" LIBLZMA_LIBS="-L$libs/lib -llzma"
export LIBSQLITE3_CFLAGS="-I$libs/include" LIBSQLITE3_LIBS="-L$libs/lib -lsqlite3"

mkdir build && cd build
# 30-bit digits as on 64-bit machines: multiplying two of them is one instruction here too, and most integers fit in
# one digit.
CONFIG_SITE=../config.site ../source/configure \
    --host=wasm32-wasip1 --build="$(../source/config.guess)" --with-build-python="$STEP_NATIVE/bin/python3" \
    --prefix=/ --disable-test-modules --without-ensurepip --with-pymalloc --without-mimalloc --disable-ipv6 --enable-big-digits=30 \
    CC="$tools/cc" CXX="$tools/c++" AR="$tools/ar" RANLIB="$tools/ranlib" \
    CFLAGS="-include $RECIPE_ROOT/guest/posix.h -include $RECIPE_ROOT/guest/meter.h -Wno-unused-command-line-argument -DSOCK_RAW=3" OPT="-DNDEBUG -O3 -Xclang -O3 -fwrapv" \
    >configure.log 2>&1 || { tail -60 configure.log; exit 1; }
make -j"$JOBS" libpython3.13.a >make.log 2>&1 || { grep -E 'error|Error' make.log | tail -30; exit 1; }

mkdir -p "$OUT/lib" "$OUT/include/python3.13"
cp libpython3.13.a "$OUT/lib/"
# The archives that extension modules link to, besides libpython (HACL hashes, expat, mpdec).
find Modules -name '*.a' -exec cp {} "$OUT/lib/" \;
cp -r ../source/Include/. "$OUT/include/python3.13/"
cp pyconfig.h "$OUT/include/python3.13/"
cp Modules/config.c "$OUT/"

# configure leaves out quietly what it could not link.
for module in zlib _bz2 _lzma _sqlite3 _decimal pyexpat _elementtree _sha2 _md5 unicodedata; do
    grep -q "PyInit_$module\b" Modules/config.c || { echo "configure left out $module" >&2; exit 1; }
done
