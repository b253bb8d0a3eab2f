/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/event_log.h - event log: ring of the last events, and the invitation log.
 *
 * The session adds every event.  The last FED_EVENTS_MAX are kept, 48 bytes each (50 MB when full),
 * and each different text once; texts beyond FED_TEXTS_BYTES evict the oldest events.  Events of an
 * aborted round stay, marked as undone: the user has seen them, though the clock was rolled back.
 * No function fails: when memory is short, the oldest events are evicted earlier.
 */
#ifndef FED_HISTORY_EVENT_LOG_H
#define FED_HISTORY_EVENT_LOG_H

#include "history/invitation_log.h"
#include "history/string_pool.h"

#define FED_EVENTS_MAX (1u << 20)
#define FED_TEXTS_BYTES ((size_t)16 << 20)

struct fed_logged_event {
	double clock;
	uint64_t version;
	union {
		struct {
			uint64_t invitation, bytes;
		};
		struct { /* FED_EVENT_ROUND */
			double accuracy, loss;
			uint32_t used, invited;
		};
	};
	uint32_t client;
	uint32_t kind : 6; /* enum fed_event_kind */
	uint32_t undone : 1;
	uint32_t text : 25; /* number in the string pool, or 0 */
};

/* Event log; zeroed is empty. */
struct fed_event_log {
	struct fed_logged_event
		*event;        /* ring [capacity], a power of two; event k is at k mod capacity */
	uint64_t first, n; /* kept: first .. n; numbers from 1 */
	uint32_t capacity,
		limit;       /* limit 0: FED_EVENTS_MAX; set before the first event, a power of two */
	uint64_t run;    /* number of the present run's first event */
	uint64_t opened; /* first event of the open round; 0: none is open */
	uint64_t runs;   /* that began, restarts and restored ones among them */
	struct fed_string_pool texts;
	struct fed_invitation_log invitation_log;
};

void fed_event_log_release(struct fed_event_log *);
void fed_event_log_take(struct fed_event_log *, const struct fed_event *);
/* Begin another run: version 0 again, or a restored session. */
void fed_event_log_restart(struct fed_event_log *);

/* Bytes of memory that it takes. */
size_t fed_event_log_bytes(const struct fed_event_log *);
/* A copy of the whole log; FED_FAIL: no memory, and *to is empty. */
int fed_event_log_copy(struct fed_event_log *to, const struct fed_event_log *, struct fed_error *);
/* Put a former copy in the place of a log, and take its contents.  Its events get numbers above
 * those of the log, and its run another number, so that what remembers either of them notices. */
void fed_event_log_return(struct fed_event_log *, struct fed_event_log *copy);

/* Place in a log, to go back to; zeroed is empty. */
struct fed_event_mark {
	uint64_t n, run, opened; /* numbers of events at that time */
	uint64_t runs;
	struct fed_invitation_mark invitations;
};
int fed_event_log_mark(struct fed_event_mark *, const struct fed_event_log *, struct fed_error *);
void fed_event_mark_release(struct fed_event_mark *); /* zeroed is fine */
/* Remove all events after a mark of the same run; numbers of events have grown by `more` since the
 * mark was made (fed_event_log_return). */
void fed_event_log_cut(struct fed_event_log *, const struct fed_event_mark *, uint64_t more);

/* Event k, or NULL when it is not kept. */
const struct fed_logged_event *fed_event_log_at(const struct fed_event_log *, uint64_t k);
/* Text of an event, or NULL. */
const char *fed_event_log_text(const struct fed_event_log *, const struct fed_logged_event *);
/* The first event of the present run at this version or a later one; n + 1 when there is none. */
uint64_t fed_event_log_since(const struct fed_event_log *, uint64_t version);

/* First version of the present run, now at `version`, whose events are all kept: 0, or later when
 * the run was restored (a saved file has no events) or old events were evicted. */
uint64_t fed_event_log_begins(const struct fed_event_log *, uint64_t version);

/* Name of an event kind, "sent", "refused"; NULL past the last. */
const char *fed_event_name(size_t kind);
/* Whether a kind is a step inside a round, of which there are many. */
bool fed_event_is_step(enum fed_event_kind);

#endif
