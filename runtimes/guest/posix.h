/* POSIX calls that WASI does not have and guest files do. Included before every source file of an interpreter
 * (`-include`): libc's own of these names either fail always or do not exist. Defined in posix.c. */
#ifndef AMPOULE_POSIX_H
#define AMPOULE_POSIX_H

#define chmod guest_chmod /* libc's headers then declare the functions under these names */
#define fchmod guest_fchmod
#define fchmodat guest_fchmodat
#define dup guest_dup
#define dup2 guest_dup2

#ifndef __ASSEMBLER__
int guest_dup(int);
int guest_dup2(int, int);
/* As libc's own, but with regard to the mode. No macros: too much else is called `open`. */
int guest_open(const char *path, int flags, ...);
int guest_openat(int fd, const char *path, int flags, ...);
int guest_mkdir(const char *path, __UINT32_TYPE__ mode);
int guest_mkdirat(int fd, const char *path, __UINT32_TYPE__ mode);
#endif

#endif
