/* The event loop: promise jobs, process.nextTick, timers, and what nobody handled. Order as in Node: ticks before jobs,
 * both before the next timer. Endless promise chains are the host's to stop, by fuel. */
#include "guest.h"
#include <stdlib.h>

bool loop_ticks, loop_exit;
int loop_exit_code;

/* Rejected promises without a handler, oldest first. */
static struct rejection {
    struct rejection *next;
    JSValue promise, reason;
} *rejections, **last_rejection = &rejections;

static void track_rejection(JSContext *context, JSValueConst promise, JSValueConst reason, bool handled, void *unused) {
    if (!handled) {
        struct rejection *rejection = js_malloc_rt(runtime, sizeof *rejection);
        if (!rejection) return;
        *rejection = (struct rejection){NULL, JS_DupValue(context, promise), JS_DupValue(context, reason)};
        *last_rejection = rejection;
        last_rejection = &rejection->next;
        return;
    }
    for (struct rejection **at = &rejections; *at; at = &(*at)->next) {
        struct rejection *rejection = *at;
        if (JS_VALUE_GET_PTR(rejection->promise) != JS_VALUE_GET_PTR(promise)) continue;
        if (!(*at = rejection->next)) last_rejection = at;
        JS_FreeValue(context, rejection->promise);
        JS_FreeValue(context, rejection->reason);
        js_free_rt(runtime, rejection);
        return;
    }
}

void loop_init(void) { JS_SetHostPromiseRejectionTracker(runtime, track_rejection, NULL); }

bool loop_drain(void) {
    for (;;) {
        if (loop_exit) return false;
        if (loop_ticks) {
            loop_ticks = false;
            JSValue done = JS_Call(user, hooks.run_ticks, JS_UNDEFINED, 0, NULL);
            if (JS_IsException(done)) return false;
        }
        JSContext *context;
        int ran = JS_ExecutePendingJob(runtime, &context);
        if (ran < 0) return false;
        if (!ran && !loop_ticks) return true;
        while (ran && !loop_exit) {
            if ((ran = JS_ExecutePendingJob(runtime, &context)) < 0) return false;
        }
    }
}

/* Throws the reason of the oldest unhandled rejection. */
static bool none_unhandled(void) {
    if (!rejections) return true;
    JS_Throw(user, JS_DupValue(user, rejections->reason));
    return false;
}

bool loop_settle(void) { return loop_drain() && none_unhandled(); }

/* One timer, or the wait for it. 1: something ran or time passed; 0: there is no timer; -1: an exception is pending. */
static int turn(void) {
    JSValue answer = JS_Call(user, hooks.run_timer, JS_UNDEFINED, 0, NULL);
    double wait = -1;
    if (JS_IsException(answer)) return -1;
    JS_ToFloat64(user, &wait, answer);
    if (wait < 0) return 0;
    if (wait > 0) ampoule_sleep((int64_t)(wait * 1e6));
    return 1;
}

JSValue loop_await(JSValue promise) {
    JS_PromiseMarkAsHandled(user, promise);
    for (;;) {
        if (!loop_settle()) return JS_EXCEPTION;
        JSPromiseStateEnum state = JS_PromiseState(user, promise);
        if (state != JS_PROMISE_PENDING) {
            JSValue value = JS_PromiseResult(user, promise);
            JS_FreeValue(user, promise);
            return state == JS_PROMISE_FULFILLED ? value : JS_Throw(user, value);
        }
        int turned = turn();
        if (turned < 0) return JS_EXCEPTION;
        if (!turned)
            return JS_ThrowPlainError(user, "the program waits for a promise that can never settle: no timer and no "
                                            "other work is left that could resolve it");
    }
}

bool loop_finish(void) {
    for (int turned = 1; turned;) {
        if (!loop_settle()) return false;
        if ((turned = turn()) < 0) return false;
    }
    return true;
}
