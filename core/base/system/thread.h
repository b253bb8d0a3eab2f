/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/system/thread.h - threads with signals blocked; waits with an end.
 */
#ifndef FED_BASE_SYSTEM_THREAD_H
#define FED_BASE_SYSTEM_THREAD_H

#include <pthread.h>

/* Start a thread with signals blocked, so that the first thread handles Ctrl-C.  Synchronous
 * signals (bad address, division by zero) stay enabled, so that their handler can restore the
 * terminal.  Returns 0 or an errno, as pthread_create(). */
int fed_thread_start(pthread_t *, void *(*run)(void *arg), void *arg);

/* Initialise a condition whose waits may end by the clock of fed_wall_seconds(), which is never
 * set. */
void fed_condition_init(pthread_cond_t *);
/* Wait for it until then at most, with the lock held.  Returns 0 or ETIMEDOUT, as
 * pthread_cond_timedwait(). */
int fed_condition_wait(pthread_cond_t *, pthread_mutex_t *, double until);

#endif
