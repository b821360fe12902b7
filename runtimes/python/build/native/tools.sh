#!/bin/bash
# What native packages are built with, on this machine: $OUT/bin/{meson,ninja,cython}, run by the native CPython.
set -euo pipefail

python="$STEP_NATIVE/bin/python3"
mkdir -p "$OUT/bin" "$OUT/lib"
for wheel in "$SRC_MESON" "$SRC_NINJA" "$SRC_CYTHON"; do
    "$python" -I -m zipfile -e "$wheel" "$OUT/lib"
done
find "$OUT/lib" -path '*.data/scripts/ninja' -exec mv {} "$OUT/bin/ninja" \;
chmod +x "$OUT/bin/ninja"

program() {
    cat >"$OUT/bin/$1" <<EOF
#!/bin/bash
PYTHONPATH="$OUT/lib\${PYTHONPATH:+:\$PYTHONPATH}" exec "$python" -B -m "$2" "\$@"
EOF
    chmod +x "$OUT/bin/$1"
}
program meson mesonbuild.mesonmain
program cython cython
