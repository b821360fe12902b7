#!/bin/bash
# Compiles the C libraries behind zlib, bz2, lzma and sqlite3 for the guest: $OUT/{lib,include}.
set -euo pipefail

cc="$STEP_TOOLCHAIN/bin/cc"
ar="$STEP_TOOLCHAIN/bin/ar"
mkdir -p "$OUT/lib" "$OUT/include"

# library NAME FLAGS... -- SOURCES...
library() {
    local name=$1 flags=()
    shift
    while [ "$1" != -- ]; do flags+=("$1"); shift; done
    shift
    mkdir "objects-$name"
    printf '%s\n' "$@" | xargs -P "$JOBS" -I{} bash -c \
        'out=$1/$(echo "$2" | tr / _).o; shift; source=$1; shift; "$@" -c "$source" -o "$out"' \
        _ "objects-$name" {} "$cc" -O2 -w "${flags[@]}"
    "$ar" rcs "$OUT/lib/lib$name.a" "objects-$name"/*.o
}

mkdir zlib bzip2 xz sqlite
tar -xf "$SRC_ZLIB" -C zlib --strip-components=1
tar -xf "$SRC_BZIP2" -C bzip2 --strip-components=1
tar -xf "$SRC_XZ" -C xz --strip-components=1
tar -xf "$SRC_SQLITE" -C sqlite --strip-components=1

library z -DHAVE_UNISTD_H -- zlib/{adler32,compress,crc32,deflate,infback,inffast,inflate,inftrees,trees,uncompr,zutil}.c
cp zlib/zlib.h zlib/zconf.h "$OUT/include/"

library bz2 -D_FILE_OFFSET_BITS=64 -- bzip2/{blocksort,huffman,crctable,randtable,compress,decompress,bzlib}.c
cp bzip2/bzlib.h "$OUT/include/"

# liblzma by its own list of features, without its configure script (which insists on threads or a shell).
lzma=xz/src/liblzma
library lzma \
    -std=gnu11 -DHAVE_STDBOOL_H -DHAVE_STDINT_H -DHAVE_INTTYPES_H -DHAVE_STRING_H -DHAVE_LIMITS_H -D_GNU_SOURCE \
    -DHAVE_CHECK_CRC32 -DHAVE_CHECK_CRC64 -DHAVE_CHECK_SHA256 -DHAVE_VISIBILITY=0 -DTUKLIB_SYMBOL_PREFIX=lzma_ \
    -DHAVE_ENCODERS -DHAVE_DECODERS -DHAVE_MF_HC3 -DHAVE_MF_HC4 -DHAVE_MF_BT2 -DHAVE_MF_BT3 -DHAVE_MF_BT4 \
    -DHAVE_ENCODER_LZMA1 -DHAVE_ENCODER_LZMA2 -DHAVE_ENCODER_DELTA -DHAVE_ENCODER_X86 -DHAVE_ENCODER_ARM \
    -DHAVE_ENCODER_ARMTHUMB -DHAVE_ENCODER_ARM64 -DHAVE_ENCODER_IA64 -DHAVE_ENCODER_POWERPC -DHAVE_ENCODER_SPARC \
    -DHAVE_ENCODER_RISCV -DHAVE_DECODER_LZMA1 -DHAVE_DECODER_LZMA2 -DHAVE_DECODER_DELTA -DHAVE_DECODER_X86 \
    -DHAVE_DECODER_ARM -DHAVE_DECODER_ARMTHUMB -DHAVE_DECODER_ARM64 -DHAVE_DECODER_IA64 -DHAVE_DECODER_POWERPC \
    -DHAVE_DECODER_SPARC -DHAVE_DECODER_RISCV -DHAVE_LZIP_DECODER -DASSUME_RAM=128 -DSIZEOF_SIZE_T=4 -DPIC= \
    -I$lzma/api -I$lzma/common -I$lzma/check -I$lzma/lz -I$lzma/rangecoder -I$lzma/lzma -I$lzma/delta -I$lzma/simple \
    -Ixz/src/common -- \
    $(ls $lzma/{common,check,lz,rangecoder,lzma,delta,simple}/*.c xz/src/common/tuklib_physmem.c |
        grep -vE '_tablegen\.c|_mt\.c|price_tablegen|fastpos_tablegen|crc(32|64)_small|outqueue|hardware_cputhreads|crc32_x86|crc64_x86')
cp -r $lzma/api/lzma.h $lzma/api/lzma "$OUT/include/"

# Its file locks go to runtimes/guest/posix.c; by default it would lock by making a file, which keeps all others out.
library sqlite3 -Dfcntl=guest_fcntl -DSQLITE_DEFAULT_UNIX_VFS='"unix"' -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_WAL -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_DEFAULT_MEMSTATUS=0 \
    -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_COLUMN_METADATA \
    -DSQLITE_MAX_MMAP_SIZE=0 -DSQLITE_TEMP_STORE=2 -D_WASI_EMULATED_GETPID -D_WASI_EMULATED_PROCESS_CLOCKS \
    -D_WASI_EMULATED_SIGNAL -Isqlite/sqlite3 -- sqlite/sqlite3/sqlite3.c
cp sqlite/sqlite3/sqlite3.h "$OUT/include/"
