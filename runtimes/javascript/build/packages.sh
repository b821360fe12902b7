#!/bin/bash
# Makes one script of each npm package that has modules (packages/*.toml): $OUT/packages.bin, a list of name, NUL, length (u32), text.
# A text is a function of `require` that returns the package's modules by name, each a function to its exports and whether to
# call that before the snapshot. A name that begins with `-`
# is a list of modules, whose text is kept as bytes until one of them is asked for. Packages that are offered find each other by `require`, so that there is one of each; what is
# not offered is bundled with who needs it.
set -euo pipefail

unpack() { # archive, folder
    mkdir -p "$2"
    tar xzf "$1" -C "$2" --strip-components=1
}
unpack "$SRC_ESBUILD" esbuild
unset SRC_ESBUILD
for variable in ${!SRC_@}; do
    unpack "${!variable}" unpacked
    name=$(python3 -I -c 'import json; print(json.load(open("unpacked/package.json"))["name"])')
    mkdir -p "node_modules/$(dirname "$name")"
    mv unpacked "node_modules/$name"
done
cp -r "$RECIPE/prelude/packages" stand-ins

# Its generator would be seeded once, when the image is built: every execution would draw the same numbers.
generator=node_modules/mathjs/lib/cjs/function/probability/util/seededRNG.js
sed -i 's/(0, _seedrandom\.default)(Date\.now())/Math.random/' "$generator"
grep -qF 'singletonRandom = /* #__PURE__ */Math.random;' "$generator"

python3 -I "$RECIPE/build/tables.py" node_modules/gpt-tokenizer/{cjs,esm}/bpeRanks/*.js

python3 -I "$RECIPE/build/packages.py" "$RECIPE"/packages/*.toml >offered
builtin=(assert buffer crypto events fs path querystring stream string_decoder timers url util vm)
# Packages whose builds for browsers have less than what is documented, or want a document: theirs for Node are taken.
for_node=' turndown iconv-lite nunjucks ejs liquidjs object-hash jsonwebtoken bcryptjs ulid csv csv-generate stream-transform diff xlsx simple-statistics '
while read -r package modules; do
    name_of_text=$package package=${package#-}
    [ "$name_of_text" = "$package" ] || name_of_text=-$(sed 's/\(^\| \)[-+]/\1/g' <<<"$modules")
    {
        echo 'export default { __proto__: null,'
        for module in $modules; do
            when=${module:0:1} module=${module:1}
            for file in node_modules/${module}.js; do # names of patterns lose their ending
                case "$module" in
                *'*') name=${file#node_modules/} && name=${name%.js} ;;
                *) name=$module ;;
                esac
                echo "'$name': [() => require('$name'), '$when' === '+'],"
            done
        done
        echo '};'
    } >entry.js
    platform=browser
    [[ $for_node == *" $package "* ]] && platform=node
    mapfile -t others < <(cut -d' ' -f1 offered | sed 's/^-//' | sort -u | grep -vxF "$package")
    ./esbuild/bin/esbuild entry.js --bundle --format=iife --global-name=exported --target=es2024 --platform=$platform --charset=utf8 \
        --legal-comments=none --log-level=error "${builtin[@]/#/--external:}" "${others[@]/#/--external:}" \
        --alias:side-channel=./stand-ins/side-channel.js --alias:source-map=./stand-ins/absent.js --outfile=bundle.js
    { echo '(function (require) {'; cat bundle.js; echo 'return exported.default; })'; } >text
    size=$(stat -c %s text)
    # shellcheck disable=SC2059
    { printf '%s\0' "$name_of_text"; printf "$(printf '\\x%02x' $((size & 255)) $((size >> 8 & 255)) $((size >> 16 & 255)) $((size >> 24)))"; cat text; } >>"$OUT/packages.bin"
done <offered
