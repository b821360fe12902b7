/* What ICU's decimal numbers use of <signal.h>: a trap that ICU never arms. The guest has no signals. */
#pragma once
#define SIGFPE 8
static inline int raise(int signal) { __builtin_trap(); }
