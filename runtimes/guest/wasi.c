/* WASI without files: arguments, environment, clocks, randomness, sleeping, the end, and the network that is not
 * there. What libc asks of WASI is answered here, in wasi_fd.c and in wasi_path.c, from the guest's own memory and
 * the five imports of abi.h. */
#define _WASI_EMULATED_PROCESS_CLOCKS
#include "wasi.h"
#include "abi.h"
#include "checkpoint.h"
#include <string.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

/* Most that the host hands out in one call. */
enum { RANDOM_CHUNK = 65536 };

/* No arguments and no environment at start: a request brings its own. */
WASI_CALL(args_get)(int32_t argv, int32_t buffer) { return 0; }
WASI_CALL(environ_get)(int32_t environ, int32_t buffer) { return 0; }

WASI_CALL(args_sizes_get)(int32_t count, int32_t size) {
    *POINTER(uint32_t, count) = *POINTER(uint32_t, size) = 0;
    return 0;
}

WASI_CALL(environ_sizes_get)(int32_t count, int32_t size) {
    *POINTER(uint32_t, count) = *POINTER(uint32_t, size) = 0;
    return 0;
}

static int64_t kept; /* what the clock showed at the checkpoint */

int64_t clock_elapsed(void) { return kept + ampoule_clock_now(1); }
void clock_keep(void) { kept = clock_elapsed(); }

static int64_t slept; /* in this execution: nothing sleeps while an image is built */

/* A guest is told no processor time of its own: it is taken to compute whenever it does not sleep. */
static int64_t time_awake(void) { return clock_elapsed() - slept; }

static int64_t clock_value(uint32_t clock) {
    switch (clock) {
    case __WASI_CLOCKID_REALTIME: return ampoule_clock_now(0);
    case __WASI_CLOCKID_MONOTONIC: return clock_elapsed();
    default: return time_awake();
    }
}

static void sleep_for(int64_t nanoseconds) {
    int64_t began = ampoule_clock_now(1);
    ampoule_sleep(nanoseconds);
    slept += ampoule_clock_now(1) - began;
}

/* As coarse as the host makes its clocks (CLOCK_RESOLUTION_NANOS in crates/engine/src/host/mod.rs). */
enum { RESOLUTION = 100000 };

static bool is_clock(uint32_t clock) { return clock <= __WASI_CLOCKID_THREAD_CPUTIME_ID; }

WASI_CALL(clock_res_get)(int32_t clock, int32_t result) {
    if (!is_clock(clock)) return __WASI_ERRNO_INVAL;
    *POINTER(int64_t, result) = RESOLUTION;
    return 0;
}

WASI_CALL(clock_time_get)(int32_t clock, int64_t precision, int32_t result) {
    if (!is_clock(clock)) return __WASI_ERRNO_INVAL;
    *POINTER(int64_t, result) = clock_value(clock);
    return 0;
}

/* libc's own count from when it was initialised, which was when the image was built. */
clock_t clock(void) { return time_awake(); }

/* Unlike clock(), this counts in the ticks that sysconf(_SC_CLK_TCK) tells, which libc's own does not. */
clock_t times(struct tms *times) {
    int64_t tick = 1000000000 / sysconf(_SC_CLK_TCK);
    *times = (struct tms){.tms_utime = time_awake() / tick};
    return clock_elapsed() / tick;
}

WASI_CALL(random_get)(int32_t buffer, int32_t length) {
    char *at = POINTER(char, buffer);
    for (uint32_t left = length; left;) {
        uint32_t part = left < RANDOM_CHUNK ? left : RANDOM_CHUNK;
        ampoule_random_fill(at, part);
        at += part;
        left -= part;
    }
    return 0;
}

_Noreturn void __imported_wasi_snapshot_preview1_proc_exit(int32_t code) { ampoule_exit(code); }

WASI_CALL(sched_yield)(void) { return 0; }

/* Waiting: files and streams are always ready, so a call sleeps only when it waits for clocks alone. */
WASI_CALL(poll_oneoff)(int32_t in, int32_t out, int32_t count, int32_t result) {
    const __wasi_subscription_t *subscriptions = POINTER(const __wasi_subscription_t, in);
    __wasi_event_t *events = POINTER(__wasi_event_t, out);
    uint32_t happened = 0;
    int64_t shortest = INT64_MAX;
    int32_t first = -1;
    if (!count) return __WASI_ERRNO_INVAL;
    for (int32_t i = 0; i < count; i++) {
        const __wasi_subscription_t *s = &subscriptions[i];
        if (s->u.tag == __WASI_EVENTTYPE_CLOCK) {
            uint64_t wait = s->u.u.clock.timeout;
            if (s->u.u.clock.flags & __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME) {
                int64_t now = clock_value(s->u.u.clock.id);
                wait = (int64_t)wait > now ? wait - now : 0;
            }
            if (wait > INT64_MAX) wait = INT64_MAX;
            if (first < 0 || (int64_t)wait < shortest) {
                shortest = wait;
                first = i;
            }
            continue;
        }
        __wasi_event_t *event = &events[happened++];
        memset(event, 0, sizeof *event);
        event->userdata = s->userdata;
        event->type = s->u.tag;
        event->error = wasi_file(s->u.u.fd_read.file_descriptor) ? 0 : __WASI_ERRNO_BADF;
        event->fd_readwrite.nbytes = 1;
    }
    if (!happened) {
        if (shortest > 0) sleep_for(shortest);
        __wasi_event_t *event = &events[happened++];
        memset(event, 0, sizeof *event);
        event->userdata = subscriptions[first].userdata;
        event->type = __WASI_EVENTTYPE_CLOCK;
    }
    *POINTER(uint32_t, result) = happened;
    return 0;
}

static int32_t no_socket(int32_t fd) { return wasi_file(fd) ? __WASI_ERRNO_NOTSOCK : __WASI_ERRNO_BADF; }

WASI_CALL(sock_accept)(int32_t socket, int32_t flags, int32_t result) { return no_socket(socket); }
WASI_CALL(sock_recv)(int32_t socket, int32_t data, int32_t count, int32_t flags, int32_t size, int32_t out_flags) {
    return no_socket(socket);
}
WASI_CALL(sock_send)(int32_t socket, int32_t data, int32_t count, int32_t flags, int32_t size) { return no_socket(socket); }
WASI_CALL(sock_shutdown)(int32_t socket, int32_t how) { return no_socket(socket); }
