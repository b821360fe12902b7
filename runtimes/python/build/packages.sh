#!/bin/bash
# Unpacks the wheels into one folder, $OUT/site-packages, with byte code that needs no check against the sources. Stays out: native
# code (each package has a pure way beside it), tests, what only tools read. $OUT/preimported names the modules that the
# recipe wants imported at the snapshot.
set -euo pipefail

python="$STEP_NATIVE/bin/python3"
site="$OUT/site-packages"
mkdir "$site"
for wheel in ${!SRC_@}; do
    "$python" -I -m zipfile -e "${!wheel}" "$site"
done

cd "$site"
for patch in "$RECIPE"/patches/packages/*.patch; do
    patch -p1 -s --no-backup-if-mismatch <"$patch"
done
# pymongo is here for its bson; the zones lie in /usr/share/zoneinfo, pytz has tables of its own.
rm -rf pymongo gridfs _yaml certifi/tests google/protobuf/{compiler,testdata} google/protobuf/internal/*_benchmark.py ./*.data
find . -type d \( -name test -o -name tests -o -name benchmarks -o -name __pycache__ \) -prune -exec rm -rf {} +
find . -type f \( -name '*.so' -o -name '*.c' -o -name '*.h' -o -name '*.pyi' -o -name '*.pyx' -o -name py.typed \) -delete
# importlib.metadata works, licences stay.
find . -path '*.dist-info/*' -type f ! -name METADATA ! -name entry_points.txt ! -iname '*licen[sc]e*' ! -name COPYING ! -name NOTICE -delete
find . -type d -empty -delete
"$python" -I -m compileall -q -j "$JOBS" --invalidation-mode unchecked-hash -s "$site" -p /usr/lib/python3.13/site-packages "$site"

"$python" -I - "$RECIPE" >"$OUT/preimported" <<'EOF'
import pathlib
import sys
import tomllib

folder = pathlib.Path(sys.argv[1])
recipe = tomllib.loads((folder / "recipe.toml").read_text())
more = [tomllib.loads((folder / name).read_text()) for name in recipe["image"]["sources"]]
for source in recipe["source"] + [source for file in more for source in file["source"]]:
    for module in source.get("preimported", ()):
        print(module)
EOF
