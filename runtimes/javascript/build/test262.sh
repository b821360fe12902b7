#!/bin/bash
# Unpacks test262 out of SpiderMonkey's sources, as far as it is about what the guest has: $OUT/test262.
set -euo pipefail

where='*/js/src/tests/test262'
tar -xf "$SRC_MOZJS" --wildcards "$where/shell.js" "$where/LICENSE" "$where/GIT-INFO" "$where/language/*" "$where/built-ins/*" "$where/annexB/*" "$where/intl402/*" \
    --exclude "$where/built-ins/Temporal" --exclude "$where/intl402/Temporal"
mv firefox-*/js/src/tests/test262 "$OUT/test262"
