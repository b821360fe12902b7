/* How C code in a guest ends, or waits for ever. The compiler's libc traps in these places, and a trap looks like a
 * fault of the guest; here the host is told what it is. */
#include "abi.h"
#include <pthread.h>
#include <stdlib.h>

/* What a shell shows for a process that SIGABRT ended. */
enum { ABORTED = 134 };

_Noreturn void abort(void) { ampoule_exit(ABORTED); }

/* There is no other thread to wake this one: it waits until the wall time is over. */
int pthread_cond_wait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex) {
    (void)condition, (void)mutex;
    for (;;) ampoule_sleep(INT64_MAX);
}
