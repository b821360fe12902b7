#!/bin/bash
# pytest and what tests import beside it, with the tests of the native packages, for `just conformance`: $OUT/site is laid out as
# site-packages, with byte code that needs no check against the sources.
set -euo pipefail

python="$STEP_NATIVE/bin/python3"
site="$OUT/site"
mkdir "$site"
for wheel in ${!SRC_@}; do
    "$python" -I -m zipfile -e "${!wheel}" "$site"
done
for package in "$STEP_NUMPY" "$STEP_PANDAS"; do
    cp -r "$package/tests/." "$site/"
done

cd "$site"
# Which a test looks for beside itself.
mkdir -p pandas/io/formats
cp -r "$STEP_PANDAS/site-packages/pandas/io/formats/templates" pandas/io/formats/
# Of f2py, which needs a Fortran compiler, and of type checkers; nothing of the guest's reads lexers but those for Python.
rm -rf numpy/f2py numpy/typing numpy/_pyinstaller
find . -type d -name __pycache__ -prune -exec rm -rf {} +
find pygments/lexers -name '*.py' ! -name __init__.py ! -name _mapping.py ! -name python.py ! -name '_unicode*' ! -name diff.py -delete
"$python" -I -m compileall -q -j "$JOBS" --invalidation-mode unchecked-hash -s "$site" -p /work/site "$site" || true
