/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/timeline.h - activity of clients in a window of virtual time, for views.
 */
#ifndef FED_REPORT_TIMELINE_H
#define FED_REPORT_TIMELINE_H

#include "history/invitation_log.h"
#include "session/session.h"

/* A window of the run; valid until the session changes. */
struct fed_timeline {
	const struct fed_invitation_log *invitation_log;
	const struct fed_event_log *event_log;
	const struct fed_clients *clients; /* for their names */
	uint64_t first;                    /* number of an event at or before the window's beginning */
	const struct fed_record *round;    /* [rounds] versions made in the window, the oldest first */
	size_t rounds;
	double from, to;  /* virtual seconds */
	double now;       /* open phases extend to this time */
	uint32_t *client; /* [n] busy in the window, ascending */
	uint32_t n;
	const uint32_t *marked; /* [n_marked] ascending, shown with a star; NULL: none */
	uint32_t n_marked;
};

/* The window of the last `rounds` rounds until now, with the busy clients among who [n_who]
 * (ascending; NULL: all). */
int fed_timeline_init(struct fed_timeline *, const struct fed_session *, uint64_t rounds,
                      const uint32_t *who, uint32_t n_who, struct fed_error *);
/* The window between two times, the later one at most now. */
int fed_timeline_between(struct fed_timeline *, const struct fed_session *, double from, double to,
                         const uint32_t *who, uint32_t n_who, struct fed_error *);
/* Split learning: a phase of a client's turn, between received and trained. */
struct fed_timeline_span {
	uint32_t at;          /* index in client[] */
	struct fed_span span; /* FED_PHASE_WAIT: for the server */
	uint64_t invitation, version;
	uint64_t bytes; /* of the message, while it uploads or downloads */
};
/* Call take(ctx, span) for the spans of the window's rounds (some may be before the window), as far
 * as the event log has them; those of a client in order of time. */
int fed_timeline_turns(const struct fed_timeline *,
                       void (*take)(void *ctx, const struct fed_timeline_span *), void *ctx,
                       struct fed_error *);
/* The earliest known time of the run, which may be restored or exceed the log. */
double fed_timeline_start(const struct fed_session *);
void fed_timeline_release(struct fed_timeline *);

#endif
