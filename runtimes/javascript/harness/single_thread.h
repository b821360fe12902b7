/* What QuickJS's Atomics want of threads, for a guest that has one: nothing ever waits, as Atomics.wait throws where
 * blocking is not allowed, which is QuickJS's default. */
#ifndef SINGLE_THREAD_H
#define SINGLE_THREAD_H
#include <stdint.h>

typedef char js_mutex_t, js_cond_t, js_once_t;
#define JS_ONCE_INIT 0

static inline void js_mutex_init(js_mutex_t *mutex) { *mutex = 0; }
static inline void js_mutex_lock(js_mutex_t *mutex) { *mutex = 1; }
static inline void js_mutex_unlock(js_mutex_t *mutex) { *mutex = 0; }
static inline void js_cond_init(js_cond_t *condition) { *condition = 0; }
static inline void js_cond_destroy(js_cond_t *condition) { *condition = 0; }
static inline void js_cond_signal(js_cond_t *condition) { *condition = 1; }
static inline void js_cond_wait(js_cond_t *condition, js_mutex_t *mutex) { *condition = *mutex; }
static inline int js_cond_timedwait(js_cond_t *condition, js_mutex_t *mutex, uint64_t timeout) { return -1; }
static inline void js_once(js_once_t *once, void (*callback)(void)) {
    if (!*once) callback();
    *once = 1;
}
#endif
