#!/bin/bash
# Gathers the files the guest sees: the standard library (sources, and byte code that needs no check against them),
# our own modules beside it, the packages, and the time zones. $OUT/tree.bin is the blob for memfs, $OUT/tree the same as a folder.
set -euo pipefail

python="$STEP_NATIVE/bin/python3"
lib="$OUT/tree/usr/lib/python3.13"
mkdir -p "$lib" "$OUT/tree/usr/share"
cp -r "$STEP_SOURCE/cpython/Lib/." "$lib/"
for patch in "$RECIPE"/patches/lib/*.patch; do
    patch -d "$lib" -p1 -s --no-backup-if-mismatch <"$patch"
done

# Tests, what needs a screen, and what installs packages.
(cd "$lib" && rm -rf test idlelib tkinter turtledemo ensurepip site-packages)
find "$lib" -name __pycache__ -prune -exec rm -rf {} +

cp -r "$RECIPE/lib/." "$lib/"
mkdir "$lib/_ampoule" && cp "$RECIPE"/bootstrap/*.py "$STEP_PACKAGES/preimported" "$lib/_ampoule/"
"$python" -I "$RECIPE/build/sysconfigdata.py" "$STEP_INTERPRETER/include/python3.13/pyconfig.h" >"$lib/_sysconfigdata__wasi_wasm32-wasi.py"

"$python" -I -m compileall -q -j "$JOBS" --invalidation-mode unchecked-hash -s "$OUT/tree" -p / "$lib"

cp -r "$STEP_PACKAGES/site-packages" "$lib/"
for package in "$STEP_NUMPY" "$STEP_PANDAS"; do
    cp -r "$package/site-packages/." "$lib/site-packages/"
done
mv "$lib/site-packages/tzdata/zoneinfo" "$OUT/tree/usr/share/zoneinfo"
find "$OUT/tree/usr/share/zoneinfo" -name '*.py' -delete
# The zones lie once, where everything but the package itself looks for them.
echo '__path__.append("/usr/share")' >>"$lib/site-packages/tzdata/__init__.py"
rm -rf "$lib/site-packages/tzdata/__pycache__"
"$python" -I -m compileall -q --invalidation-mode unchecked-hash -s "$OUT/tree" -p / "$lib/site-packages/tzdata"

"$python" -I "$RECIPE_ROOT/guest/tree.py" "$OUT/tree" "$OUT/tree.bin"
