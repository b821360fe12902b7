/* The event loop: promise jobs, process.nextTick, timers, and what nobody handled. Order as in Node: ticks before jobs,
 * both before the next timer. Endless promise chains are the host's to stop, by fuel. */
#include "guest.h"
#include <stdlib.h>

bool loop_ticks, loop_exit, loop_listens;
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
    if (!loop_listens) return;
    JSValue told = JS_Call(user, hooks.handled_late, JS_UNDEFINED, 1, &promise);
    if (JS_IsException(told)) JS_FreeValue(user, JS_GetException(user));
}

void loop_init(void) {
    async_context_init();
    JS_SetHostPromiseRejectionTracker(runtime, track_rejection, NULL);
}

/* Whether the program takes the pending exception into its own hands (process.on('uncaughtException')). */
bool loop_survives(void) {
    if (loop_exit || !loop_listens) return false;
    JSValue error = JS_GetException(user);
    JSValue answer = JS_Call(user, hooks.uncaught, JS_UNDEFINED, 1, (JSValueConst *)&error);
    if (JS_IsException(answer)) return JS_FreeValue(user, error), false; /* what the listener threw */
    if (JS_ToBool(user, answer)) {
        loop_ticks = true; /* there may be some behind the one that threw */
        JS_FreeValue(user, error);
        return true;
    }
    JS_Throw(user, error);
    return false;
}

bool loop_drain(void) {
    for (;;) {
        if (loop_exit) return false;
        if (loop_ticks) {
            loop_ticks = false;
            async_context_leave();
            JSValue done = JS_Call(user, hooks.run_ticks, JS_UNDEFINED, 0, NULL);
            if (JS_IsException(done) && !loop_survives()) return false;
        }
        JSContext *context;
        int ran;
        do {
            async_context_leave();
            ran = JS_ExecutePendingJob(runtime, &context);
            if (ran < 0 && !loop_survives()) return false;
        } while (ran && !loop_exit);
        if (!loop_ticks) return !loop_exit;
    }
}

/* Hands the oldest unhandled rejection to the program, or throws its reason. */
static bool tell_rejection(void) {
    struct rejection *rejection = rejections;
    if (!(rejections = rejection->next)) last_rejection = &rejections;
    JSValueConst arguments[] = {rejection->reason, rejection->promise};
    JSValue answer = loop_listens ? JS_Call(user, hooks.unhandled, JS_UNDEFINED, 2, arguments) : JS_FALSE;
    bool heard = !JS_IsException(answer) && JS_ToBool(user, answer);
    if (!heard && !JS_IsException(answer)) JS_Throw(user, JS_DupValue(user, rejection->reason));
    JS_FreeValue(user, rejection->promise);
    JS_FreeValue(user, rejection->reason);
    js_free_rt(runtime, rejection);
    return heard;
}

bool loop_settle(void) {
    for (;;) {
        if (!loop_drain()) return false;
        if (!rejections) return true;
        if (!tell_rejection()) return false;
    }
}

/* One timer, or the wait for it. 1: something ran or time passed; 0: there is no timer; -1: an exception is pending. */
static int turn(void) {
    async_context_leave();
    JSValue answer = JS_Call(user, hooks.run_timer, JS_UNDEFINED, 0, NULL);
    double wait = -1;
    if (JS_IsException(answer)) return loop_survives() ? 1 : -1;
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

/* Whether there is more to do, after what the program does when there is nothing (process.on('beforeExit')). */
static int goes_on(void) {
    if (!loop_listens) return 0;
    JSValue done = JS_Call(user, hooks.before_exit, JS_UNDEFINED, 0, NULL);
    if (JS_IsException(done)) return loop_survives() ? 1 : -1;
    if (!loop_settle()) return -1;
    return turn();
}

bool loop_finish(void) {
    for (int turned = 1; turned;) {
        if (!loop_settle()) return false;
        if ((turned = turn()) < 0 || (!turned && (turned = goes_on()) < 0)) return false;
    }
    return true;
}

bool loop_leave(bool script, bool failed) {
    if (!loop_listens || loop_exit) return !failed;
    JSValue error = failed ? JS_GetException(user) : JS_UNDEFINED;
    JSValueConst arguments[] = {JS_NewBool(user, script), JS_NewBool(user, failed)};
    JSValue code = JS_Call(user, hooks.leave, JS_UNDEFINED, 2, arguments);
    if (JS_IsException(code)) return JS_FreeValue(user, error), false;
    int32_t number = 0;
    JS_ToInt32(user, &number, code);
    JS_FreeValue(user, code);
    if (failed) {
        JS_Throw(user, error);
        return false;
    }
    if (script && number) {
        loop_exit = true;
        loop_exit_code = number;
    }
    return true;
}
