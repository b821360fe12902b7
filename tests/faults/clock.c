/* Stands before libc in a process under test: its wall clock is as many seconds off as the file $FAKE_CLOCK says, whenever
   it is asked. The other clocks are the system's. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static volatile int64_t *offset(void) {
    static volatile int64_t *mapped;
    if (!mapped) {
        int file = open(getenv("FAKE_CLOCK"), O_RDONLY);
        mapped = mmap(NULL, sizeof *mapped, PROT_READ, MAP_SHARED, file, 0);
    }
    return mapped;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) {
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    }
    int result = real(clock, time);
    if (result == 0 && clock == CLOCK_REALTIME) {
        time->tv_sec += *offset();
    }
    return result;
}
