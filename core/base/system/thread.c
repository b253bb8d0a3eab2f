/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/system/thread.c - threads with all but synchronous signals blocked.
 */
#include "base/system/thread.h"

#include <signal.h>

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
