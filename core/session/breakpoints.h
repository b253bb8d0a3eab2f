/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/breakpoints.h - breakpoints, the pause, and the remaining versions of a stopped run.
 *
 * A condition over events (client==7) hits at each event for which it holds.  A condition over
 * metrics hits when it becomes true, and again only after it was false: refused>0 stops once in a
 * round, not at every later event.  Counters and the clock are checked after each event, other
 * metrics after each round.  All depends on virtual time alone: replays stop at the same events.
 */
#ifndef FED_SESSION_BREAKPOINTS_H
#define FED_SESSION_BREAKPOINTS_H

#include "history/condition.h"

struct fed_session;

#define FED_BREAKPOINTS_MAX 100

struct fed_breakpoint {
	uint64_t number, hits; /* numbers from 1, never reused */
	char *text;            /* as typed */
	struct fed_condition *when;
	bool holds;  /* over metrics: the last result */
	bool struck; /* over events: hit in this step, by the event below */
	enum fed_event_kind kind;
	uint64_t version;
	double clock;
};

/* Conditions that stop nothing: a search through the past (travel/reverse.c) is told where they
 * hit.
 */
struct fed_probe {
	struct fed_breakpoint *point; /* [n] */
	size_t n;
	void (*hit)(void *ctx, const struct fed_breakpoint *);
	void (*step)(void *ctx); /* a step begins; NULL: not called */
	void *ctx;
};

/* The remaining versions of `round N` or `run until`; zeroed: none. */
struct fed_remaining_run {
	uint64_t versions;
	bool endless;                /* no limit but the condition */
	struct fed_condition *until; /* NULL: none */
};

struct fed_breakpoints {
	struct fed_breakpoint *point; /* [n], by number */
	size_t n;
	uint64_t last_number;
	bool pausing; /* the next run stops when version `pause` is committed */
	uint64_t pause;
	bool in_step;   /* events belong to the running step */
	bool saw_event; /* in this step */
};

/* Delete all breakpoints and the pause. */
void fed__breakpoints_clear(struct fed_breakpoints *);
void fed_remaining_run_clear(struct fed_remaining_run *);
/* True if versions are still to be made. */
bool fed_remaining_run_pending(const struct fed_remaining_run *, const struct fed_history *);

/* Begin to tell a probe, which is borrowed: what holds now does not hit before it was false.  NULL:
 * end it. */
void fed_probe_begin(struct fed_session *, struct fed_probe *);
/* Whether runs must make single steps for breakpoints or the probe. */
bool fed__breakpoints_need_steps(const struct fed_session *);
/* Check the breakpoints over events against an event of the federation. */
void fed__breakpoints_take_event(struct fed_session *, const struct fed_event *);
/* After a step: count and report the breakpoints that it hit; true if any.  made: the step
 * committed a version. */
bool fed__breakpoints_check(struct fed_session *, bool made);
/* At the end of a round: true if the pause is due; reports and removes it. */
bool fed__breakpoints_pause_due(struct fed_session *);

#endif
