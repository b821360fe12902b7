#!/bin/bash
# Builds NumPy: see build/native/meson.sh for what it leaves.
set -euo pipefail
PACKAGE="$RECIPE/packages/numpy"
. "$RECIPE/build/native/meson.sh"

unpack "$SRC_NUMPY"
cp -r "$PACKAGE/kernels" source/numpy/_core/src/kernels
# Stores in the order of the source: the compiler's own turns ascending ones round, and memory beyond the first cache then takes twice as long.
cross_files -mllvm -pre-RA-sched=source
# NumPy's own fork of meson knows its CPU features; none of them exists here. Threads neither.
build python3 source/vendored-meson/meson/meson.py setup build source --cross-file cross.ini --buildtype=release \
    -Dblas=none -Dlapack=none -Dcpu-baseline=none -Dcpu-dispatch=none -Ddisable-threading=true -Ddisable-svml=true
# _simd only tests the vector instructions of other machines.
collect numpy._core._simd

# For packages built against it: a `numpy` that only knows where its headers are, with its declarations for Cython.
development="$OUT/development/numpy"
mkdir -p "$development"
cp -r source/numpy/_core/include "$development/"
cp build/numpy/_core/{__multiarray_api,__ufunc_api,_numpyconfig}.h "$development/include/numpy/"
(cd source/numpy && find . -name '*.pxd' -exec cp --parents {} "$development" \;)
cat >"$development/__init__.py" <<'EOF'
import os


def get_include():
    return os.path.join(os.path.dirname(__file__), "include")
EOF
