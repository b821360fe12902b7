#!/bin/bash
# Compiles Node's own C++ for crypto over what stands in for V8 and the rest of Node (crypto/): $OUT/libnodecrypto.a. TLS stays out.
set -euo pipefail

tar xJf "$SRC_NODEJS" --strip-components=1 --wildcards '*/src/crypto/*' '*/src/node_errors.h' '*/src/node_constants.*'
mkdir -p include/crypto objects
rm src/crypto/crypto_{context,clienthello,tls}*
cp src/crypto/*.h include/crypto
cp "$RECIPE"/crypto/*.h include

# Whatever header of Node's it asks for is ours.
for name in $(sed -n 's/^#include "\([^"/]*\.h\)".*/\1/p' src/crypto/* | sort -u); do
    [ "$name" = math.h ] || [ -e "include/$name" ] || [ -e "src/crypto/$name" ] || echo '#include "node.h"' >"include/$name"
done
# The errors that its C++ throws, with their codes and messages.
{
    echo '/* Out of node_errors.h. */'
    sed -n '/^#define ERRORS_WITH_CODE/,/^\/\/ Errors with predefined non-static/p; /^#define THROW_AND_RETURN_IF_NOT/,/while (0)/p' src/node_errors.h | sed '1i namespace node {' |
        sed '/^#define THROW_AND_RETURN_IF_NOT_BUFFER/i }'
} >include/node_errors_list.h

cd src/crypto
# Starting up is crypto/binding.cpp's.
perl -0pi -e 's/bool ProcessFipsOptions\(\) \{.*?(?=void GetFipsCrypto)/static Mutex fips_mutex;\n/s; s/.*per_process::cli_options.*\n//g' crypto_util.cc
# A program that found its way to a handle can call its constructor.
perl -0pi -e 's/(& KeyObjectHandle::Data\(\) \{\n)/$1  CHECK(data_);\n/ or die' crypto_keys.cc
# What belongs to a connection: from a function to the one that stays.
cut() { # file, first line, line behind it
    perl -0pi -e 'BEGIN { ($first, $behind) = splice @ARGV, 0, 2 } s/^\Q$first\E.*?(?=^\Q$behind\E)//ms or die "$first is not there\n"' "$2" "$3" "$1"
}
cut crypto_common.cc 'X509Pointer SSL_CTX_get_issuer(' 'const char* X509ErrorCode('
cut crypto_common.cc 'MaybeLocal<Value> GetCert(' 'Local<Value> ToV8Value('
cut crypto_common.cc 'template <const char* (*getstr)(const SSL_CIPHER*' 'void AddFingerprintDigest('
cut crypto_common.cc 'MaybeLocal<Value> GetCurrentCipherName(' 'MaybeLocal<Value> GetFingerprintDigest('
cut crypto_common.cc 'template <MaybeLocal<Value> (*Get)(' 'MaybeLocal<Object> ECPointToBuffer('
cut crypto_common.cc 'MaybeLocal<Value> GetPeerCert(' 'MaybeLocal<Object> X509ToObject('
cut crypto_cipher.cc 'void CipherBase::GetSSLCiphers(' 'void CipherBase::GetCiphers('
sed -i '/"getSSLCiphers"/d; s/registry->Register(GetSSLCiphers);//' crypto_cipher.cc
cut crypto_x509.cc 'MaybeLocal<Object> X509Certificate::GetCert(' 'void X509Certificate::Parse('
cd ../..
# crypto.constants
cp src/node_constants.h include
{
    printf '#include "%s"\n' node_crypto.h node_constants.h openssl/ssl.h
    echo 'namespace node {'
    sed -n '/^void DefineCryptoConstants/,/^}/p' src/node_constants.cc | sed 's/Local</v8::Local<v8::/'
    echo '}'
} >src/crypto/constants.cc
quickjs="$STEP_SOURCE/quickjs"
flags="-O2 -DNDEBUG -D_GNU_SOURCE -std=c++17 -fno-exceptions -fno-threadsafe-statics -fno-strict-aliasing -mexec-model=reactor -w -include $RECIPE_ROOT/guest/meter.h
    -Iinclude -Isrc/crypto -I$RECIPE/crypto -isystem $quickjs -isystem $STEP_OPENSSL/include -DNODE_WANT_INTERNALS=1 -DHAVE_OPENSSL=1"
compile() { # source
    # shellcheck disable=SC2086
    "$STEP_TOOLCHAIN/bin/c++" $flags -c "$1" -o "objects/$(basename "${1%.*}").o" || exit 255 # stops xargs
}
export -f compile
export flags
printf '%s\n' src/crypto/*.cc "$RECIPE"/crypto/*.cpp | xargs -n 1 -P "$JOBS" bash -c 'compile "$@"' compile
"$STEP_TOOLCHAIN/bin/ar" rcs "$OUT/libnodecrypto.a" objects/*.o
