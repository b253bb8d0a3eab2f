/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/thread.h - threads beside the first one.
 */
#ifndef FED_BASE_THREAD_H
#define FED_BASE_THREAD_H

#include <pthread.h>

/* Signals are the first thread's: no other may be the one that Ctrl-C interrupts.  Those of its own
 * mistakes (a bad address, a division by zero) stay, so that who handles them can restore the
 * terminal.  Returns 0 or an errno, as pthread_create(). */
int fed_thread_start(pthread_t *, void *(*run)(void *arg), void *arg);

#endif
