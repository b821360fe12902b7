#!/bin/bash
# Unpacks the C compiler for WASI (clang, linker and wasi-libc, as the PyPI wheel `ziglang`) and names its parts:
# $OUT/bin/{cc,c++,ar,ranlib}. `cc` compiles with the flags every guest shares.
set -euo pipefail

python3 -m zipfile -e "$SRC_ZIGLANG" "$OUT"
chmod +x "$OUT/ziglang/zig"
mkdir "$OUT/bin"

# No debug information (it makes the module five times as large), no undefined-behaviour traps, and the vector
# instructions that every engine has.
flags='-target wasm32-wasi -g0 -fno-sanitize=undefined -msimd128 -Wno-date-time'
wrap() {
    cat >"$OUT/bin/$1" <<EOF
#!/bin/bash
here=\$(cd "\$(dirname "\${BASH_SOURCE[0]}")/.." && pwd)
export ZIG_GLOBAL_CACHE_DIR=\${AMPOULE_TOOL_CACHE:?}/zig ZIG_LOCAL_CACHE_DIR=\$AMPOULE_TOOL_CACHE/zig
exec "\$here/ziglang/zig" $2 "\$@"
EOF
    chmod +x "$OUT/bin/$1"
}
wrap cc "cc $flags"
wrap c++ "c++ $flags"
wrap ar ar
wrap ranlib ranlib
