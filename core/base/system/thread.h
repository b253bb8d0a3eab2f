/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/system/thread.h - threads with signals blocked.
 */
#ifndef FED_BASE_SYSTEM_THREAD_H
#define FED_BASE_SYSTEM_THREAD_H

#include <pthread.h>

/* Start a thread with signals blocked, so that the first thread handles Ctrl-C.  Synchronous
 * signals (bad address, division by zero) stay enabled, so that their handler can restore the
 * terminal.  Returns 0 or an errno, as pthread_create(). */
int fed_thread_start(pthread_t *, void *(*run)(void *arg), void *arg);

#endif
