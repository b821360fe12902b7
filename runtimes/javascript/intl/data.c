/* ICU's data, as build/icu.sh picked it, under the name by which ICU finds it when it is linked in. */
_Alignas(16) const unsigned char icudt76_dat[] = {
#embed "icudt.dat"
};
