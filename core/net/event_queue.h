/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/event_queue.h - the event queue: discrete events ordered by virtual time, ties by sequence
 * number.
 */
#ifndef FED_NET_EVENT_QUEUE_H
#define FED_NET_EVENT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "fedsh/plugin.h"

enum fed_queued_event_kind {
	FED_QUEUED_MESSAGE = 1, /* ref: the message's id arrives */
	FED_QUEUED_LOST,        /* ref: the message's id is lost */
	FED_QUEUED_DEADLINE,    /* ref: its number */
	FED_QUEUED_TRAINED,     /* ref: the job's id; who: the client that finishes */
	FED_QUEUED_CRASH,       /* ref: the invitation's number; who: the client that crashes */
	FED_QUEUED_WORK,   /* the scheme's own: a computation ended; ref and who as it defines them */
	FED_QUEUED_ANSWER, /* ref: the loss query that a client can answer now; who: the client */
	/* Of the message `ref` (net/server_link.h); who: the client at its other end. */
	FED_QUEUED_AT_SERVER_LINK, /* it reaches the server's link */
	FED_QUEUED_PASSES,         /* it waited there and begins to pass */
	FED_QUEUED_DEPARTS,        /* it has passed the link and leaves for its client */
	/* Over a real transport; who: the client. */
	FED_QUEUED_REPORT, /* the message `ref` of a client on another machine arrived */
	FED_QUEUED_GONE,   /* the client will not answer; the message `ref` says why */
	FED_QUEUED_LAST = FED_QUEUED_GONE,
};

/* An event, as plain data that can be listed and saved. */
struct fed_queued_event {
	double when;  /* virtual seconds */
	uint64_t seq; /* order among equals: the order in which they were scheduled */
	uint64_t ref;
	uint32_t who;
	uint32_t kind; /* enum fed_queued_event_kind */
};

struct fed_event_queue {
	double now;
	uint64_t next_seq;
	struct fed_queued_event *heap;
	size_t n, capacity;
};

void fed_event_queue_init(struct fed_event_queue *);
void fed_event_queue_release(struct fed_event_queue *);
/* when < now counts as now; NaN and infinity are refused.  The queue assigns the sequence
 * number. */
int fed_event_queue_add(struct fed_event_queue *, double when, enum fed_queued_event_kind,
                        uint64_t ref, uint32_t who, struct fed_error *);
/* Remove the earliest event and advance `now` to it; false when the queue is empty. */
bool fed__event_queue_next(struct fed_event_queue *, struct fed_queued_event *);
/* When the earliest event is due; INFINITY: there is none. */
double fed__event_queue_earliest(const struct fed_event_queue *);
/* Remove all events; `now` is unchanged. */
void fed_event_queue_clear(struct fed_event_queue *);

#endif
