# For the scripts of native packages built by meson (sourced). What leaves a package's step:
#   $OUT/site-packages/         its Python files, byte-compiled, and what pip would tell of it (dist-info)
#   $OUT/tests/                 its own tests, for `just conformance`; not part of the image
#   $OUT/objects/<module>.o     one object per extension module, named in full, in which only the module's init function is seen

# unpack SDIST: into ./source, with the patches beside the calling script.
unpack() {
    mkdir source
    tar -xf "$1" -C source --strip-components=1
    local patch
    for patch in "$PACKAGE"/patches/*.patch; do
        [ ! -e "$patch" ] || patch -d source -p1 -s --no-backup-if-mismatch <"$patch"
    done
}

# cross_files [C FLAGS...]: cross.ini and python.json, which tell meson of the compiler and of the guest's Python.
cross_files() {
    local include="$STEP_INTERPRETER/include/python3.13" flags="" flag
    # Casts between functions of different types are reported: a call through one traps. See casts.py.
    for flag in -Wno-everything -Wcast-function-type-mismatch -O3 -Xclang -O3 -DNDEBUG -fno-trapping-math -fvisibility=hidden \
        "-I$RECIPE/build/native/include" -include "$RECIPE_ROOT/guest/posix.h" -include "$RECIPE_ROOT/guest/meter.h" "$@"; do
        flags+="'$flag', "
    done
    cat >cross.ini <<EOF
[binaries]
c = '$STEP_CXX/bin/cc'
cpp = '$STEP_CXX/bin/c++'
ar = '$STEP_TOOLCHAIN/bin/ar'
ranlib = '$STEP_TOOLCHAIN/bin/ranlib'
strip = '/bin/true'
cython = '$STEP_TOOLS/bin/cython'
python = '$STEP_NATIVE/bin/python3'

[host_machine]
system = 'wasi'
cpu_family = 'wasm32'
cpu = 'wasm32'
endian = 'little'

[properties]
longdouble_format = 'IEEE_QUAD_LE'
skip_sanity_check = true
needs_exe_wrapper = true

[built-in options]
python.build_config = '$PWD/python.json'
c_args = [$flags]
cpp_args = [$flags]
EOF
    cat >python.json <<EOF
{
  "schema_version": "1.0", "base_prefix": "/usr", "platform": "wasi-wasm32",
  "language": {"version": "3.13", "version_info": {"major": 3, "minor": 13, "micro": 5, "releaselevel": "final", "serial": 0}},
  "implementation": {"name": "cpython", "cache_tag": "cpython-313", "version": {"major": 3, "minor": 13, "micro": 5, "releaselevel": "final", "serial": 0}, "hexversion": 51184112},
  "abi": {"flags": [], "extension_suffix": ".so", "stable_abi_suffix": ".abi3.so"},
  "libpython": {"link_extensions": false},
  "c_api": {"headers": "$include", "pkgconfig_path": "$PWD"}
}
EOF
    # Found by meson's own reading of pkg-config files only where that is installed; the headers are given anyway.
    sed -i "s#^c_args = \[#&'-I$include', #; s#^cpp_args = \[#&'-I$include', #" cross.ini
}

# build MESON...: configures with this command and compiles everything but the extension modules themselves, which are not linked.
build() {
    # Build scripts call `python3` and import Cython.
    "$STEP_NATIVE/bin/python3" -I "$RECIPE/build/native/methods.py" source
    export PATH="$STEP_TOOLS/bin:$STEP_NATIVE/bin:$PATH" PYTHONPATH="$STEP_TOOLS/lib:${PYTHONPATH:-}"
    "$@" >setup.log 2>&1 || { tail -60 setup.log; return 1; }
    ninja -C build -t targets all | sed -nE 's/^(.*\.(so|a)\.p\/.*\.o|.*\.a): .*/\1/p' >targets
    xargs ninja -C build -j "$JOBS" <targets >ninja.log 2>&1 || { grep -E 'error|FAILED' ninja.log | head -30; return 1; }
    "$STEP_NATIVE/bin/python3" -I "$RECIPE/build/native/casts.py" "$PACKAGE/casts.txt" <ninja.log
}

# collect [WITHOUT...]: fills $OUT from the build; the extension modules named are left out.
collect() {
    local python="$STEP_NATIVE/bin/python3" site=/usr/lib/python3.13/site-packages
    mkdir "$OUT/objects" "$OUT/site-packages" "$OUT/tests"
    "$python" -I "$RECIPE/build/native/collect.py" "$STEP_TOOLS/bin/ninja" "$STEP_TOOLCHAIN/ziglang/zig" "$OUT" "$@"
    "$python" -I -m compileall -q -j "$JOBS" --invalidation-mode unchecked-hash -s "$OUT/site-packages" -p "$site" "$OUT/site-packages"
}
