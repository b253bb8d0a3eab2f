/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/guard/handover.c - short calls on one processor.
 */
#include "plug/guard/handover.h"

void fed_processors_find(struct fed_processors *p)
{
	p->known = sched_getaffinity(0, sizeof p->set, &p->set) == 0;
}

void fed_processors_restore(const struct fed_processors *p)
{
	if (p->known)
		(void)sched_setaffinity(0, sizeof p->set, &p->set);
}

/* The processor of this thread alone; false: it is not known. */
static bool find_here(cpu_set_t *one)
{
	const int here = sched_getcpu();

	if (here < 0 || here >= CPU_SETSIZE)
		return false;
	CPU_ZERO(one);
	CPU_SET(here, one);
	return true;
}

void fed_processor_stay(void)
{
	cpu_set_t one;

	if (find_here(&one))
		(void)sched_setaffinity(0, sizeof one, &one);
}

void fed__handover(pid_t other, struct fed_processors *was)
{
	const int policy = sched_getscheduler(0);
	cpu_set_t one;

	was->known = false;
	if (policy < 0 || (policy & ~SCHED_RESET_ON_FORK) == SCHED_FIFO || !find_here(&one))
		return;
	fed_processors_find(was);
	was->known = was->known && sched_setaffinity(0, sizeof one, &one) == 0;
	if (was->known)
		(void)sched_setaffinity(other, sizeof one, &one);
}
