/* All programs in one; which is asked for in `chosen` (WASI: the host writes it before the start) or as an argument (Linux). */
#include "report.h"

#ifdef AMPOULE_POSIX_H
#include "heap.h"
#include "wasi.h"
#endif
#ifndef __wasi__
#include <sys/resource.h>
#endif

static void (*const programs[])(void) = {
    descriptors, devices, ends, folders, input, links, modes, opening, names, process, random_operations, raw, reading, removing, renaming, seeking, status, times_of,
};

/* Below programs/ in the order of their names, see PROGRAMS in tests/wasi/programs.rs. */
int chosen, variant;

/* What a guest's standard input has; the host writes it before the start. */
char given_input[4096];
uint32_t given_length;

int main(int count, char **arguments) {
#ifdef __wasi__
    (void)count, (void)arguments;
#ifdef AMPOULE_POSIX_H
    memfs_init();
    heap_seal(1 << 20); /* as at run time */
    wasi_give_input(given_input, given_length);
#endif
    if (chdir("/work")) return 96;
#else
    umask(022);
    struct rlimit most = {1024, 1024}; /* as many descriptors as a guest has */
    setrlimit(RLIMIT_NOFILE, &most);
    if (count > 1) chosen = atoi(arguments[1]);
    if (count > 2) variant = atoi(arguments[2]);
#endif
    programs[chosen]();
    report_flush();
    return 0;
}
