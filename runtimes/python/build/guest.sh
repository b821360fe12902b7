#!/bin/bash
# Compiles the harness and the shared guest files and links them with the interpreter and the tree of files into
# one module that imports nothing but the five functions of abi.h: $OUT/guest.wasm.
set -euo pipefail

cc="$STEP_TOOLCHAIN/bin/cc"
include="$STEP_INTERPRETER/include/python3.13"

mkdir objects
cp "$STEP_TREE/tree.bin" .
compile() { "$cc" -O3 -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Werror -std=gnu23 -I"$RECIPE_ROOT/guest" "$@"; }
for source in "$RECIPE_ROOT"/guest/*.c; do
    compile -c "$source" -o "objects/guest-$(basename "$source" .c).o"
done
for source in "$RECIPE"/harness/*.c; do
    compile -I"$include" -I"$include/internal" -D_WASI_EMULATED_GETPID -D_WASI_EMULATED_SIGNAL \
        -D_WASI_EMULATED_PROCESS_CLOCKS --embed-dir=. -c "$source" -o "objects/harness-$(basename "$source" .c).o"
done

# CPython's own module over OpenSSL, which asks for one that is safe with threads; there are none.
"$cc" -O3 -w -std=gnu17 -DPy_BUILD_CORE_BUILTIN=1 -DOPENSSL_THREADS -I"$include" -I"$include/internal" -I"$STEP_SOURCE/cpython/Modules" -isystem "$STEP_OPENSSL/include" \
    -c "$STEP_SOURCE/cpython/Modules/_hashopenssl.c" -o objects/hashopenssl.o

# Time zones are musl's own, which wasi-libc leaves out. Its tm_gmtoff is an int where musl has a long, which is the same here. They are
# linked first: what another file has asked libc for before is libc's.
musl="$STEP_TOOLCHAIN/ziglang/lib/libc/musl/src/time"
mkdir -p zone/sys
touch zone/{libc,lock,fork_impl}.h zone/sys/mman.h
cp "$musl"/{__tz.c,localtime_r.c,mktime.c,time_impl.h} zone
# What was before the only transition of a zone is not what its rule for the future says.
perl -0pi -e 's/(\n\tif \(a == n-1\) return -1;)(\n\tif \(a == 0\) \{.*?\n\t\})/$2$1/s or die' zone/__tz.c
for name in __tz localtime_r mktime; do
    "$cc" -O2 -w -Wno-incompatible-pointer-types -std=gnu17 -include "$RECIPE/harness/zone.h" -Izone -c "zone/$name.c" -o "objects/first-zone-$name.o"
done

# The extension modules of native packages, found by the importer of built-in modules under their full names.
extensions=("$STEP_NUMPY"/objects/*.o "$STEP_PANDAS"/objects/*.o)
mapfile -t modules < <(printf '%s\n' "${extensions[@]}" | sed 's#.*/##; s/\.o$//' | sort)
{
    echo '#include "harness.h"'
    echo 'PyObject *PyInit__hashlib(void);'
    for module in "${modules[@]}"; do echo "PyObject *PyInit_${module//./__}(void);"; done
    echo 'void harness_packages(void) {'
    echo '    PyImport_AppendInittab("_hashlib", PyInit__hashlib);'
    for module in "${modules[@]}"; do echo "    PyImport_AppendInittab(\"$module\", PyInit_${module//./__});"; done
    echo '}'
} >packages.c
compile -I"$include" -I"$RECIPE/harness" -c packages.c -o objects/packages.o

# wasm-ld only warns when two symbols of one name differ in signature, and the result traps when called: no warnings.
"$cc" -mexec-model=reactor -O2 -Wl,--strip-debug -Wl,--fatal-warnings -Wl,-z,stack-size=8388608 \
    -Wl,--export=__stack_pointer -Wl,--export-memory \
    objects/*.o "${extensions[@]}" -L"$STEP_CXX/lib" -L"$STEP_INTERPRETER/lib" -L"$STEP_LIBS/lib" -lpython3.13 -lHacl_Hash_SHA2 -lexpat -lmpdec \
    -lcxx -lz -lbz2 -llzma -lsqlite3 "$STEP_OPENSSL/libcrypto.a" -lwasi-emulated-signal -lwasi-emulated-getpid -lwasi-emulated-process-clocks \
    -o "$OUT/guest.wasm"

"$STEP_NATIVE/bin/python3" -I "$RECIPE_ROOT/guest/check_imports.py" "$OUT/guest.wasm"

# What has no source under its own name in the recipe.
sqlite=$(sed -n 's/^#define SQLITE_VERSION  *"\(.*\)"/\1/p' "$STEP_LIBS/include/sqlite3.h")
cat >"$OUT/packages.json" <<EOF
[
  {"name": "sqlite", "version": "$sqlite", "licence": "blessing", "native": true},
  {"name": "wasi-libc", "version": "ziglang 0.17.0", "licence": "MIT", "native": true}
]
EOF
