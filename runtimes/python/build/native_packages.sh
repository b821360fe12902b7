#!/bin/bash
# For benchmarks: the native interpreter with PyPI's own builds of NumPy and pandas, as $OUT/bin/python3.
set -euo pipefail

mkdir -p "$OUT/bin" "$OUT/site-packages"
for wheel in "$SRC_NUMPY_WHEEL" "$SRC_PANDAS_WHEEL"; do
    "$STEP_NATIVE/bin/python3" -I -m zipfile -e "$wheel" "$OUT/site-packages"
done
cp -r "$STEP_PACKAGES"/site-packages/{dateutil,six.py,tzdata} "$OUT/site-packages/"
cat >"$OUT/bin/python3" <<EOF
#!/bin/bash
here=\$(cd "\$(dirname "\${BASH_SOURCE[0]}")/.." && pwd)
# One thread, as in a guest.
PYTHONPATH="\$here/site-packages" OPENBLAS_NUM_THREADS=1 exec "$STEP_NATIVE/bin/python3" "\$@"
EOF
chmod +x "$OUT/bin/python3"
# With byte code, as pip leaves it.
"$STEP_NATIVE/bin/python3" -I -m compileall -q -j "$JOBS" "$OUT/site-packages"
"$OUT/bin/python3" -c "import pandas"
