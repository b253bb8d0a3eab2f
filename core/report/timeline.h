/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/timeline.h - a window of virtual time onto the run: who did what when, for views.
 */
#ifndef FED_REPORT_TIMELINE_H
#define FED_REPORT_TIMELINE_H

#include "history/invitation_log.h"
#include "session/session.h"

/* Valid until the session changes. */
struct fed_timeline {
	const struct fed_invitation_log *invitation_log;
	const struct fed_event_log *event_log;
	uint64_t first;                 /* number of an event at or before the window's beginning */
	const struct fed_record *round; /* [rounds] versions made in the window, the oldest first */
	size_t rounds;
	double from, to;  /* virtual seconds */
	double now;       /* what has no end yet goes on until here */
	uint32_t *client; /* [n] that were busy in the window, ascending */
	uint32_t n;
	const uint32_t *marked; /* [n_marked] ascending: those to be shown with a star; NULL: none */
	uint32_t n_marked;
};

/* The last `rounds` rounds until now, and of the clients that were busy those among who [n_who]
 * (ascending; NULL: all). */
int fed_timeline_init(struct fed_timeline *, const struct fed_session *, uint64_t rounds,
                      const uint32_t *who, uint32_t n_who, struct fed_error *);
/* Between two times, the later one at most now. */
int fed_timeline_between(struct fed_timeline *, const struct fed_session *, double from, double to,
                         const uint32_t *who, uint32_t n_who, struct fed_error *);
/* Split learning: what the clients do in their turns, between received and trained. */
struct fed_timeline_span {
	uint32_t at;          /* place in client[] */
	struct fed_span span; /* FED_PHASE_COMPUTE, or _WAIT for messages and the server */
	uint64_t invitation, version;
};
/* Those of the rounds of the window (some may lie before it), as far as their events are kept; each
 * client's in the order of time. */
int fed_timeline_turns(const struct fed_timeline *,
                       void (*take)(void *ctx, const struct fed_timeline_span *), void *ctx,
                       struct fed_error *);
/* When the run began, as far as it is known: it may have been restored, or be very long. */
double fed_timeline_start(const struct fed_session *);
void fed_timeline_release(struct fed_timeline *);

#endif
