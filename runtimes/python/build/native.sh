#!/bin/bash
# Builds CPython for this machine: the build-python that the cross build needs, and the native interpreter that
# benchmarks compare with. Upstream's default optimisation (-O3, no profile), so that the comparison is fair.
set -euo pipefail

mkdir build && cd build
"$STEP_SOURCE/cpython/configure" --prefix=/usr/local --without-ensurepip --disable-test-modules \
    OPT="-DNDEBUG -g0 -fwrapv -O3" >configure.log 2>&1 || { tail -40 configure.log; exit 1; }
make -j"$JOBS" >make.log 2>&1 || { tail -60 make.log; exit 1; }

# A relocatable tree: the interpreter finds ../lib/python3.13 from where it stands. No `make install`, which
# would spend minutes on byte-compiling the library three times.
lib="$OUT/lib/python3.13"
mkdir -p "$OUT/bin" "$lib/lib-dynload"
cp python "$OUT/bin/python3.13"
ln -s python3.13 "$OUT/bin/python3"
cp -r "$STEP_SOURCE/cpython/Lib/." "$lib/"
find build -name '*.so' -exec cp {} "$lib/lib-dynload/" \;
cp "$(cat pybuilddir.txt)"/_sysconfigdata*.py "$lib/"
# Headers, for whoever builds extension modules with this Python.
mkdir -p "$OUT/include/python3.13"
cp -r "$STEP_SOURCE/cpython/Include/." "$OUT/include/python3.13/"
cp pyconfig.h "$OUT/include/python3.13/"
"$OUT/bin/python3" -I -c "import json, math, _struct"
