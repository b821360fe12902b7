#!/bin/bash
# Bundles what translates TypeScript (prelude/typescript) with the part of TypeScript that it uses: $OUT/typescript.js, an expression: a
# function that returns what its main.js exports.
set -euo pipefail

unpack() { # archive, folder
    mkdir -p "$2"
    tar xzf "$1" -C "$2" --strip-components=1
}
unpack "$SRC_ESBUILD" esbuild
unpack "$SRC_TYPESCRIPT" typescript
cp -r "$RECIPE/prelude/typescript" prelude

used=$(grep -oh '\bts\.[A-Za-z]\+' prelude/*.js | sed 's/^ts\.//' | sort -u)
mkdir -p node_modules/typescript
# shellcheck disable=SC2086
python3 -I "$RECIPE/build/typescript.py" typescript/lib/typescript.js node_modules/typescript/index.mjs $used
echo '{"name": "typescript", "main": "index.mjs", "sideEffects": false}' >node_modules/typescript/package.json
./esbuild/bin/esbuild prelude/main.js --bundle --format=iife --global-name=exported --platform=browser --target=es2024 --charset=utf8 \
    --legal-comments=none --log-level=warning --external:perf_hooks --outfile=bundle.js
{ echo '(function () {'; cat bundle.js; echo 'return exported; })'; } >"$OUT/typescript.js"
