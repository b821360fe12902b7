#!/bin/bash
# Compiles OpenSSL's libcrypto for WASI: $OUT/libcrypto.a, $OUT/include. No threads, sockets, files, engines, modules or assembler; no
# TLS, and no algorithms that Node 20 does not have. Both runtimes build it so.
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
# Randomness is given by whoever links it: nothing seeds itself.
perl Configure wasi CC="$STEP_TOOLCHAIN/bin/cc" AR="$STEP_TOOLCHAIN/bin/ar" RANLIB="$STEP_TOOLCHAIN/bin/ranlib" --prefix=/nowhere --openssldir=/nowhere --with-rand-seed=none \
    no-{apps,asm,async,atexit,autoload-config,cmp,cms,comp,ct,default-thread-pool,dgram,docs,dso,dtls,engine,filenames,http,legacy,makedepend,ml-dsa,ml-kem,module} \
    no-{multiblock,ocsp,posix-io,psk,quic,rfc3779,secure-memory,shared,slh-dsa,sock,srp,srtp,ssl-trace,stdio,tests,thread-pool,threads,tls,ts,ui-console} >configure.log
# The generation of RSA keys asks how strong a generator is that does not exist: randomness is given by the host.
sed -i 's/if (!rsa_validate_rng_strength(RAND_get0_private(rsa->libctx), nbits))/if (0)/' crypto/rsa/rsa_sp800_56b_gen.c
grep -q 'if (0)' crypto/rsa/rsa_sp800_56b_gen.c
# Digests of SHAKE without a length are as long as in the OpenSSL that Node 20 comes with.
perl -0pi -e 's/0 \/\* no default md length \*\//bitlen/ and s/(PROV_FUNC_SHAKE_DIGEST\(shake_##bitlen, bitlen, *\\\n *SHA3_BLOCKSIZE\(bitlen\), )0,/$1SHA3_MDSIZE(bitlen),/ or die' providers/implementations/digests/sha3_prov.c
make -j"$JOBS" build_generated libcrypto.a >make.log 2>&1 || { tail -30 make.log; exit 1; }
cp -r libcrypto.a include "$OUT"
