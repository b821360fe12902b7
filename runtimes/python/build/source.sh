#!/bin/bash
# Unpacks CPython and applies Debian's security fixes for it (every CVE patch of the package, and its two
# crash fixes), leaving out what the distribution changes for its own layout.
set -euo pipefail

tar -xf "$SRC_CPYTHON"
mkdir debian-files && tar -xf "$SRC_CPYTHON_FIXES" -C debian-files
patches=debian-files/debian/patches

cd Python-3.13.5
grep -E '^(CVE-|dict-use-after-free|traverse-managed-dicts)' "../$patches/series" | while read -r name; do
    patch -p1 -s --no-backup-if-mismatch <"../$patches/$name"
done
rm -rf Doc PC PCbuild Mac iOS Android

cd ..
mv Python-3.13.5 "$OUT/cpython"
