#!/bin/bash
# Unpacks QuickJS-ng's sources out of the crate that carries them, and applies our patches: $OUT/quickjs.
set -euo pipefail

tar xzf "$SRC_QUICKJS"
mv libquickjs-ng-sys-*/embed/quickjs "$OUT/quickjs"
for patch in "$RECIPE"/patches/*.patch; do
    patch -d "$OUT/quickjs" -p1 -s --no-backup-if-mismatch <"$patch"
done
