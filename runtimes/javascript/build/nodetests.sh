#!/bin/bash
# Unpacks Node's own tests with their library and the plain files that they read, and the web-platform-tests that Node runs with what
# Node expects of them: $OUT/test, $OUT/wpt.
set -euo pipefail

tar xJf "$SRC_NODEJS" --strip-components=1 --wildcards '*/test/parallel/*.js' '*/test/common/*.js' '*/test/fixtures/*' '*/test/wpt/status/*'
mkdir -p "$OUT/test/fixtures"
cp -r test/parallel test/common "$OUT/test"
find test/fixtures -maxdepth 1 -type f -size -200k -exec cp {} "$OUT/test/fixtures" \;
cp -r test/fixtures/{crypto,cycles,dotenv,nested-index,x509-escaping} "$OUT/test/fixtures"
mkdir "$OUT/test/fixtures/keys"
find test/fixtures/keys -name '*-csr.pem' -o \( -name '*.pem' -o -name '*.crt' -o -name '*.spkac' -o -name '*.sha1' -o -name '*.sha256' \) -exec cp {} "$OUT/test/fixtures/keys" \;

mkdir "$OUT/wpt"
cp -r test/wpt/status "$OUT/wpt/status"
cd test/fixtures/wpt
find . \( -name '*.js' -o -name '*.json' -o -name '*.idl' -o -name LICENSE.md \) -exec cp --parents {} "$OUT/wpt" \;
