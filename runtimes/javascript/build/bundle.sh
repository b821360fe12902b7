#!/bin/bash
# Bundles the prelude with Node's modules and the npm packages it uses into one script a realm: $OUT/inside.js and
# $OUT/user.js, each an expression: a function of the natives that returns what its main.js exports.
set -euo pipefail

unpack() { # archive, folder
    mkdir -p "$2"
    tar xzf "$1" -C "$2" --strip-components=1
}
unpack "$SRC_ESBUILD" esbuild
for package in whatwg-url tr46 webidl-conversions punycode cjs-module-lexer undici urlpattern-polyfill; do
    variable="SRC_$(tr a-z- A-Z_ <<<"$package")"
    unpack "${!variable}" "node_modules/$package"
done
cp -r "$RECIPE/prelude" prelude

# Node's modules are found by their names; what prelude/node has stands in for Node's own (by links: a file's imports
# are relative to where it is).
cp -r "$STEP_NODEJS"/lib/* node_modules/
(cd prelude/node && find . -name '*.js' | while read -r file; do
    case "$file" in ./inject.js | ./lazy.js | ./binding*.js) continue ;; esac
    mkdir -p "../../node_modules/$(dirname "$file")"
    ln -sf "$PWD/$file" "../../node_modules/$file"
done)

ln -sf "$PWD/prelude/node/binding_url_encoding.js" node_modules/whatwg-url/lib/encoding.js

# What is never reached, as it is for what a sandbox does not have.
absent=(vm internal/process/execution internal/process/warning internal/source_map/source_map_cache internal/tty
    internal/deps/minimatch/index)
# undici asks for Node's modules by their whole names; two of them are not there.
aliases=(--alias:node:http=./prelude/node/no_network.js --alias:node:net=./prelude/node/no_network.js)
for module in assert buffer crypto events perf_hooks querystring stream util worker_threads zlib; do aliases+=("--alias:node:$module=$module"); done
for realm in inside user; do
    inject=()
    [ "$realm" = user ] && inject=(--inject:prelude/node/inject.js)
    ./esbuild/bin/esbuild "prelude/$realm/main.js" --bundle --format=iife --global-name=exported --target=es2024 \
        --platform=browser --charset=utf8 --legal-comments=none --log-level=warning "${inject[@]}" "${absent[@]/#/--external:}" "${aliases[@]}" \
        --keep-names=false --outfile="$realm.js"
    # A program that gives Object.prototype a `get` breaks no descriptor of the bundler's.
    sed -i 's/__defProp({}, "__esModule", { value: true })/__defProp({}, "__esModule", { __proto__: null, value: true })/; s/__defProp(to, key, { get:/__defProp(to, key, { __proto__: null, get:/; s/__defProp(target, name, { get:/__defProp(target, name, { __proto__: null, get:/' "$realm.js"
    { echo '(function (native) {'; cat "$realm.js"; echo 'return exported.default; })'; } >"$OUT/$realm.js"
done
