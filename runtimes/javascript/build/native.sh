#!/bin/bash
# qjs of the same sources for this machine, with the flags of upstream's release build: $OUT/bin/qjs, the fair baseline
# for benchmarks, and $OUT/tests, upstream's tests.
set -euo pipefail

source="$STEP_SOURCE/quickjs"
flags='-O3 -DNDEBUG -D_GNU_SOURCE -DQUICKJS_NG_BUILD -funsigned-char -w'
for file in quickjs libregexp libunicode dtoa quickjs-libc qjs gen/repl gen/standalone; do
    echo "$file"
done | xargs -P "$JOBS" -I{} sh -c "exec \"\${CC:-gcc}\" $flags -I'$source' -c '$source/{}.c' -o \"\$(basename {}).o\""
mkdir -p "$OUT/bin"
"${CC:-gcc}" ./*.o -o "$OUT/bin/qjs" -lm -lpthread -ldl
cp -r "$source/tests" "$OUT/tests"
"$OUT/bin/qjs" -e 'if ([3, 1, 2].sort().join() !== "1,2,3") throw new Error("qjs is broken")'
