#!/bin/bash
# Takes the JavaScript of Node's own modules out of its sources, as far as it asks little of a machine: $OUT/lib. What it asks
# of Node's C++ and of the modules that stay out stands in prelude/node.
set -euo pipefail

tar xJf "$SRC_NODEJS" --strip-components=1 --wildcards '*/lib/*.js' '*/LICENSE'
mkdir "$OUT/lib"
cp LICENSE "$OUT/"
cd lib
cp --parents \
    assert.js assert/strict.js buffer.js crypto.js diagnostics_channel.js events.js fs.js fs/promises.js os.js path.js path/*.js perf_hooks.js querystring.js \
    readline.js readline/promises.js stream.js stream/*.js string_decoder.js url.js util.js util/types.js zlib.js \
    internal/{abort_controller,assert,blob,buffer,constants,encoding,errors,event_target,file,fixed_queue,mime,querystring,url,util,validators,webidl}.js \
    internal/cli_table.js internal/console/constructor.js internal/assert/{assertion_error,calltracker}.js internal/crypto/*.js internal/events/*.js \
    internal/fs/*.js internal/fs/*/*.js internal/per_context/primordials.js internal/perf/*.js internal/readline/*.js internal/streams/*.js \
    internal/util/{colors,comparisons,inspect,types}.js internal/util/parse_args/*.js internal/webstreams/*.js \
    internal/worker/{io,js_transferable}.js "$OUT/lib"
cd "$OUT/lib"

# What a certificate's parts are called is the only thing that crypto asks of TLS.
{ echo "'use strict';"; echo 'const { JSONParse } = primordials;'; sed -n '/^function translatePeerCertificate/,/^}/p' "$OLDPWD/_tls_common.js"; echo 'module.exports = { translatePeerCertificate };'; } >_tls_common.js
grep -q infoAccess _tls_common.js
# Node hands a key where its handle is meant, which works in its C++ by how the two lie in memory.
sed -i 's/\(new HKDFJob(kCryptoJob[A-Za-z]*, hash, key\),/\1[kHandle],/; s/^  validateByteSource,$/  kHandle,\n&/' internal/crypto/hkdf.js
[ "$(grep -c kHandle internal/crypto/hkdf.js)" = 3 ]
# Nothing random is kept for later: a checkpoint would hand it out again and again.
sed -i 's/return disableEntropyCache ? getUnbufferedUUID() : getBufferedUUID();/return getUnbufferedUUID();/; s/new FastBuffer(6 \* 1024)/new FastBuffer(6)/' internal/crypto/random.js
# The table of hexadecimal bytes is made before the snapshot.
sed -i 's/^function serializeUUID/getHexBytes();\n\n&/' internal/crypto/random.js
grep -q 'return getUnbufferedUUID' internal/crypto/random.js && grep -q 'FastBuffer(6)' internal/crypto/random.js

# Named by a variable, a module is looked up in prelude/node/lazy.js: the bundler only sees names that are written out.
sed -i 's/mod ??= require(id);/mod ??= internalRequire(id);/' internal/util.js
# A realm of its own for patterns is more than is needed: the primordials are as safe.
perl -0pi -e "s/const \{ runInNewContext \} = require\('vm'\);\n    internalGlobal = runInNewContext\(.*?\);/internalGlobal = globalThis;/s" internal/util.js
grep -q 'internalGlobal = globalThis' internal/util.js
# In V8 what is held weakly lives on for a while, here it is gone at once: a signal made of others holds those.
sed -i 's/resultSignal\[kSourceSignals\].add(new SafeWeakRef(signal));/resultSignal[kSourceSignals].add({ __proto__: null, deref: () => signal });/' internal/abort_controller.js
grep -q 'deref: () => signal' internal/abort_controller.js
# For the same reason all listeners that something holds weakly stay with it, not the last alone.
perl -0pi -e 's/weakListeners\(\)\.map\.set\(weak, listener\);/weakListeners().map.set(weak, { __proto__: null, listener, others: weakListeners().map.get(weak) });/' internal/event_target.js
grep -q 'others: weakListeners' internal/event_target.js
# Dates are shown by %s as they are inspected, as in Node before and after this version.
sed -i "s/  if (typeof value\[SymbolToPrimitive\] === 'function') {/  if (typeof value[SymbolToPrimitive] === 'function' \&\& !isDate(value)) {/" internal/util/inspect.js
grep -q '!isDate(value)' internal/util/inspect.js
# A program that replaced the methods of arrays still sees objects in the console.
sed -i 's/ctx\.seen\.includes(value)/primordials.ArrayPrototypeIncludes(ctx.seen, value)/; s/ctx\.seen\.push(value)/primordials.ArrayPrototypePush(ctx.seen, value)/; s/ctx\.seen\.pop()/primordials.ArrayPrototypePop(ctx.seen)/' internal/util/inspect.js
! grep -q 'ctx\.seen\.\(push\|pop\|includes\)' internal/util/inspect.js
# The mark of errors that show their code is known to the harness (harness/failure.c).
sed -i "s/^const kIsNodeError = Symbol('kIsNodeError');/const kIsNodeError = Symbol.for('ampoule.showsCode');/" internal/errors.js
grep -q "ampoule.showsCode" internal/errors.js
