#!/bin/bash
# What compiles native packages: $OUT/bin/{cc,c++}, and $OUT/lib/libcxx.a, C++'s library with exceptions. The compiler's own one
# is built without, so libc++, libc++abi and the unwinder are compiled again from the sources beside it.
set -euo pipefail

zig="$STEP_TOOLCHAIN/ziglang/lib"
mkdir -p "$OUT/bin" "$OUT/lib" objects

# Exceptions as WebAssembly standardised them (`try_table`), not the form before, which engines are to drop. Build systems ask
# for position-independent code in extension modules; linked statically, it would only be slower.
exceptions=(-fwasm-exceptions -mexception-handling -mllvm -wasm-use-legacy-eh=false)
wrap() {
    cat >"$OUT/bin/$1" <<EOF
#!/bin/bash
arguments=()
for argument; do [ "\$argument" = -fPIC ] || arguments+=("\$argument"); done
exec "$STEP_TOOLCHAIN/bin/$1" ${*:2} "\${arguments[@]}"
EOF
    chmod +x "$OUT/bin/$1"
}
wrap cc
wrap c++ "${exceptions[@]}"

unwinder=("$OUT/bin/cc" "${exceptions[@]}" -std=c23 -O2 -DNDEBUG -w
    "-I$zig/libunwind/include" "-I$zig/libunwind/src" -D_LIBUNWIND_HAS_NO_THREADS -D_LIBUNWIND_HIDE_SYMBOLS)
library=("$OUT/bin/c++" -std=c++23 -O2 -DNDEBUG -w -fvisibility=hidden -fvisibility-inlines-hidden
    -D_LIBCPP_BUILDING_LIBRARY -DLIBCXX_BUILDING_LIBCXXABI -D_LIBCXXABI_BUILDING_LIBRARY -D_LIBCXXABI_HAS_NO_THREADS
    -D_LIBCXXABI_DISABLE_VISIBILITY_ANNOTATIONS -D_LIBCPP_DISABLE_VISIBILITY_ANNOTATIONS -D_LIBCPP_REMOVE_TRANSITIVE_INCLUDES
    "-I$zig/libcxx/src" "-I$zig/libcxxabi/src" "-I$zig/libcxxabi/include" "-I$zig/libcxx/libc" "-I$zig/libunwind/include")

# Without what needs threads or files.
skip='cxa_noexception|cxa_thread_atexit|barrier|condition_variable|future|mutex|shared_mutex|thread|random_shuffle|atomic\.cpp|call_once'
find "$zig/libcxxabi/src" "$zig/libcxx/src" -name '*.cpp' -not -path '*/experimental/*' -not -path '*/support/*' -not -path '*/pstl/*' -not -path '*/filesystem/*' |
    grep -vE "/($skip)" | sort |
    xargs -P "$JOBS" -I{} bash -c 'source=$1; shift; "$@" -c "$source" -o "objects/$(echo "${source#*/lib/}" | tr / _).o"' _ {} "${library[@]}"
"${unwinder[@]}" -c "$zig/libunwind/src/Unwind-wasm.c" -o objects/unwind.o

# The one tag that C++ exceptions are thrown with.
cat >tag.S <<'EOF'
	.globl	__cpp_exception
	.tagtype	__cpp_exception i32
__cpp_exception:
EOF
"$STEP_TOOLCHAIN/bin/cc" -mexception-handling -c tag.S -o objects/tag.o
"$STEP_TOOLCHAIN/bin/ar" rcs "$OUT/lib/libcxx.a" objects/*.o
