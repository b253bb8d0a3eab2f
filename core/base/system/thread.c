/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/system/thread.c - threads with all but synchronous signals blocked; waits with an end.
 */
#include "base/system/thread.h"

#include <math.h>
#include <signal.h>
#include <time.h>

int fed_thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg)
{
	static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	sigset_t all, old;

	sigfillset(&all);
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		sigdelset(&all, own[i]);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	const int error = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return error;
}

void fed_condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

int fed_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, double until)
{
	const struct timespec at = {(time_t)until, (long)((until - floor(until)) * 1e9)};

	return pthread_cond_timedwait(condition, lock, &at);
}
