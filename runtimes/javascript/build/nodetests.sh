#!/bin/bash
# Unpacks Node's own tests with their library and the plain files that they read: $OUT/test.
set -euo pipefail

tar xJf "$SRC_NODEJS" --strip-components=1 --wildcards '*/test/parallel/*.js' '*/test/common/*.js' '*/test/fixtures/*'
mkdir -p "$OUT/test/fixtures"
cp -r test/parallel test/common "$OUT/test"
find test/fixtures -maxdepth 1 -type f -size -200k -exec cp {} "$OUT/test/fixtures" \;
cp -r test/fixtures/{cycles,dotenv,nested-index} "$OUT/test/fixtures"
