/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/guard/handover.h - short calls of a worker process on the processor of the thread that waits
 * for them.
 *
 * One of the two works while the other sleeps.  A sleeper on another processor is woken by an
 * interrupt, and late where that processor sleeps as well; on the same one the scheduler switches
 * from one to the other, and what was written is in its cache.
 */
#ifndef FED_PLUG_GUARD_HANDOVER_H
#define FED_PLUG_GUARD_HANDOVER_H

#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

/* Processors that a thread may run on. */
struct fed_processors {
	cpu_set_t set;
	bool known; /* false: nothing is to be restored */
};

/* Those of this thread. */
void fed_processors_find(struct fed_processors *);
/* Give this thread back what it had. */
void fed_processors_restore(const struct fed_processors *);
/* Hold this thread where it is: it is about to wake one that was put there. */
void fed_processor_stay(void);
/* Hold this thread on the processor where it is, and put a sleeping one of another process there,
 * which restores its own when it is woken.  *was: for this thread to restore after the call.  No
 * more than a hint: does nothing where the system refuses, or under SCHED_FIFO, where a call that
 * never ends would keep the processor from the one that watches its deadline. */
void fed__handover(pid_t other, struct fed_processors *was);

#endif
