/* What a guest does where a checkpoint of it is taken, and what goes on from there in the guests that start from it. */
#ifndef AMPOULE_CHECKPOINT_H
#define AMPOULE_CHECKPOINT_H
#include <stdint.h>

/* Called last of all by ampoule_prepare, when the top level of a program has completed: nothing of the host's is kept, and
 * no dead bytes. */
void checkpoint_keep(void);

/* Nanoseconds since the execution began. After a checkpoint they go on from those at the checkpoint, so that no time that
 * a program has noted lies in the future. (wasi.c) */
int64_t clock_elapsed(void);
void clock_keep(void);

#endif
