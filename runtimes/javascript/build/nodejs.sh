#!/bin/bash
# Takes the JavaScript of Node's own modules out of its sources, as far as it asks little of a machine: $OUT/lib. What it asks
# of Node's C++ and of the modules that stay out stands in prelude/node.
set -euo pipefail

tar xJf "$SRC_NODEJS" --strip-components=1 --wildcards '*/lib/*.js' '*/LICENSE'
mkdir "$OUT/lib"
cp LICENSE "$OUT/"
cd lib
cp --parents \
    assert.js assert/strict.js buffer.js events.js path.js path/*.js querystring.js string_decoder.js url.js util.js stream.js stream/promises.js \
    internal/{assert,buffer,constants,errors,fixed_queue,mime,querystring,util,validators}.js internal/assert/{assertion_error,calltracker}.js \
    internal/events/*.js internal/per_context/primordials.js internal/streams/*.js internal/util/{colors,comparisons,types}.js \
    internal/util/parse_args/*.js "$OUT/lib"
cd "$OUT/lib"

# Named by a variable, a module is looked up in prelude/node/lazy.js: the bundler only sees names that are written out.
sed -i 's/mod ??= require(id);/mod ??= internalRequire(id);/' internal/util.js
# Blob and File are not part of the environment.
perl -0pi -e "s/defineLazyProperties\(\n  module.exports,\n  'internal\/(blob|file)',\n.*?\);\n//sg" buffer.js
# The mark of errors that show their code is known to the harness (harness/failure.c).
sed -i "s/^const kIsNodeError = Symbol('kIsNodeError');/const kIsNodeError = Symbol.for('ampoule.showsCode');/" internal/errors.js
grep -q "ampoule.showsCode" internal/errors.js
