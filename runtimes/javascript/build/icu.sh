#!/bin/bash
# Compiles ICU4C for WASI and picks the data that Intl reads: $OUT/libicu.a, $OUT/include, $OUT/icudt.dat.
set -euo pipefail

tar xzf "$SRC_ICU" --wildcards 'icu/source/common/*' 'icu/source/i18n/*' icu/source/data/in/icudt76l.dat
cd icu/source
# Left out is what Intl never calls. The names keep their version suffix: the data's symbol has it too.
flags="-O2 -DNDEBUG -std=c++17 -fno-exceptions -fno-threadsafe-statics -ffunction-sections -fdata-sections -w
    -include $RECIPE_ROOT/guest/meter.h -I$RECIPE/intl/shims -Icommon -Ii18n
    -DU_STATIC_IMPLEMENTATION -DU_CHARSET_IS_UTF8=1 -DU_HAVE_TZSET=0 -DU_HAVE_TIMEZONE=0 -DU_HAVE_TZNAME=0
    -DU_ENABLE_DYLOAD=0 -DU_ENABLE_TRACING=0 -DUCONFIG_NO_FILE_IO=1
    -DUCONFIG_NO_TRANSLITERATION=1 -DUCONFIG_NO_REGULAR_EXPRESSIONS=1 -DUCONFIG_NO_IDNA=1 -DUCONFIG_NO_SERVICE=1
    -DUCONFIG_NO_MF2=1"
compile() { # library, source
    # shellcheck disable=SC2086
    "$STEP_TOOLCHAIN/bin/c++" $flags "-DU_$(tr a-z A-Z <<<"$1")_IMPLEMENTATION" -c "$1/$2" -o "$1-${2%.cpp}.o" || exit 255  # stops xargs
}
export -f compile
export flags
{
    sed 's/^/common /' common/sources.txt
    sed 's/^/i18n /' i18n/sources.txt
} | xargs -n 2 -P "$JOBS" bash -c 'compile "$@"' compile
"$STEP_TOOLCHAIN/bin/ar" rcs "$OUT/libicu.a" ./*.o

mkdir "$OUT/include"
cp -r common/unicode i18n/unicode "$OUT/include"
python3 "$RECIPE/intl/pick_data.py" data/in/icudt76l.dat "$OUT/icudt.dat"
