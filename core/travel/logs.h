/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/logs.h - event logs of the places that were left, to go back to.
 *
 * A log holds the events of the whole path to its place, so that the log of any place before it is
 * had by cutting.  The numbers of events grow with each return (history/event_log.h): `shift` is
 * what they have grown by, `epoch` changes when a log begins anew.
 */
#ifndef FED_TRAVEL_LOGS_H
#define FED_TRAVEL_LOGS_H

#include "travel/tree.h"

#define FED_LOGS_MAX 8u

struct fed_left_log {
	struct fed_place at;
	uint32_t run;
	struct fed_event_log log;
	size_t bytes; /* of memory */
	uint64_t shift;
	uint32_t epoch;
};
struct fed_left_logs {
	struct fed_left_log left[FED_LOGS_MAX]; /* [n], the oldest first */
	uint32_t n;
	size_t bytes, most; /* of memory for all of them, and what they may have */
	uint64_t shift;     /* of the session's log */
	uint32_t epoch, epochs;
};
void fed__logs_release(struct fed_left_logs *);
/* Have at most so many bytes of memory. */
void fed__logs_limit(struct fed_left_logs *, size_t most);
/* Keep a copy of the session's log, which is at a place, and forget older ones that leave no room
 * for it; without memory none is kept. */
void fed__logs_leave(struct fed_left_logs *, const struct fed_tree *, struct fed_place,
                     const struct fed_session *);
/* The session was restored from a snapshot of a place: give it the log of then, if one is known. */
void fed__logs_return(struct fed_left_logs *, const struct fed_tree *, struct fed_place,
                      const struct fed_snapshot *, struct fed_session *);

#endif
