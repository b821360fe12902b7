#!/bin/bash
# Unpacks QuickJS-ng's sources out of the crate that carries them: $OUT/quickjs.
set -euo pipefail

tar xzf "$SRC_QUICKJS"
mv libquickjs-ng-sys-*/embed/quickjs "$OUT/quickjs"
