#!/bin/bash
# Bundles the prelude with the npm packages it uses into one script a realm: $OUT/inside.js and $OUT/user.js, each an
# expression: a function of the natives that returns what its main.js exports.
set -euo pipefail

unpack() { # archive, folder
    mkdir -p "$2"
    tar xzf "$1" -C "$2" --strip-components=1
}
unpack "$SRC_ESBUILD" esbuild
for package in whatwg-url tr46 webidl-conversions punycode; do
    variable="SRC_$(tr a-z- A-Z_ <<<"$package")"
    unpack "${!variable}" "node_modules/$package"
done
cp -r "$RECIPE/prelude" prelude

for realm in inside user; do
    ./esbuild/bin/esbuild "prelude/$realm/main.js" --bundle --format=iife --global-name=exported --target=es2024 \
        --platform=browser --charset=utf8 --legal-comments=none --log-level=warning --outfile="$realm.js"
    { echo '(function (native) {'; cat "$realm.js"; echo 'return exported.default; })'; } >"$OUT/$realm.js"
done
