#!/bin/bash
# Unpacks Node's own tests with their library and the plain files that they read: $OUT/test.
set -euo pipefail

tar xJf "$SRC_NODEJS" --strip-components=1 --wildcards '*/test/parallel/*.js' '*/test/common/*.js' '*/test/fixtures/*'
mkdir -p "$OUT/test/fixtures"
cp -r test/parallel test/common "$OUT/test"
find test/fixtures -maxdepth 1 -type f -size -200k -exec cp {} "$OUT/test/fixtures" \;
cp -r test/fixtures/{crypto,cycles,dotenv,nested-index,x509-escaping} "$OUT/test/fixtures"
mkdir "$OUT/test/fixtures/keys"
find test/fixtures/keys -name '*-csr.pem' -o \( -name '*.pem' -o -name '*.crt' -o -name '*.spkac' -o -name '*.sha1' \) -exec cp {} "$OUT/test/fixtures/keys" \;
