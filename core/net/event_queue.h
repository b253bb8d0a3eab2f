/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/event_queue.h - virtual time: a heap of what is due, ties broken by sequence number.
 */
#ifndef FED_NET_EVENT_QUEUE_H
#define FED_NET_EVENT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "fedsh/plugin.h"

enum fed_due_kind {
	FED_DUE_MESSAGE = 1, /* ref: the message's id arrives */
	FED_DUE_LOST,        /* ref: the message's id is lost */
	FED_DUE_DEADLINE,    /* ref: its number */
	FED_DUE_TRAINED,     /* ref: the job's id; who: the client that finishes */
	FED_DUE_CRASH,       /* ref: the invitation's number; who: the client that dies */
	FED_DUE_WORK,        /* the scheme's own: something was computed; ref and who as it likes */
};

/* Plain data, so that what is pending can be listed and saved. */
struct fed_due {
	double when;  /* virtual seconds */
	uint64_t seq; /* order among equals: the order in which they were scheduled */
	uint64_t ref;
	uint32_t who;
	uint32_t kind; /* enum fed_due_kind */
};

struct fed_vclock {
	double now;
	uint64_t next_seq;
	struct fed_due *heap;
	size_t n, capacity;
};

void fed_vclock_init(struct fed_vclock *);
void fed_vclock_release(struct fed_vclock *);
/* when < now counts as now; NaN and infinity are refused.  The clock gives the sequence number. */
int fed_vclock_add(struct fed_vclock *, double when, enum fed_due_kind, uint64_t ref, uint32_t who,
                   struct fed_error *);
/* Take the earliest and move `now` to it; false when nothing is due. */
bool fed_vclock_next(struct fed_vclock *, struct fed_due *);
/* Forget all that is due; `now` stays. */
void fed_vclock_clear(struct fed_vclock *);

#endif
