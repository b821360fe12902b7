#!/bin/bash
# Compiles OpenSSL's libcrypto for WASI: $OUT/libcrypto.a, $OUT/include. No threads, sockets, files, engines, modules or assembler; no
# TLS, and no algorithms that Node 20 does not have.
set -euo pipefail

tar xzf "$SRC_OPENSSL" --strip-components=1
cat >Configurations/50-wasi.conf <<'END'
my %targets = (
    "wasi" => {
        inherit_from => [ "BASE_unix" ],
        cflags => "-O3",
        bn_ops => "BN_LLONG",
        thread_scheme => "(unknown)",
        dso_scheme => "",
    },
);
END
# Randomness is given by crypto/binding.cpp: nothing seeds itself.
perl Configure wasi CC="$STEP_TOOLCHAIN/bin/cc" AR="$STEP_TOOLCHAIN/bin/ar" RANLIB="$STEP_TOOLCHAIN/bin/ranlib" --prefix=/nowhere --openssldir=/nowhere --with-rand-seed=none \
    no-{apps,asm,async,atexit,autoload-config,cmp,cms,comp,ct,default-thread-pool,dgram,docs,dso,dtls,engine,filenames,http,legacy,makedepend,ml-dsa,ml-kem,module} \
    no-{multiblock,ocsp,posix-io,psk,quic,rfc3779,secure-memory,shared,slh-dsa,sock,srp,srtp,ssl-trace,stdio,tests,thread-pool,threads,tls,ts,ui-console} >configure.log
make -j"$JOBS" build_generated libcrypto.a >make.log 2>&1 || { tail -30 make.log; exit 1; }
cp -r libcrypto.a include "$OUT"
