/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/breakpoints.h - where runs stop: breakpoints and a pause; what a stop left of a run.
 *
 * A breakpoint over events (client==7) is hit by each event for which it holds.  One over metrics
 * is hit when it begins to hold, and again after it has not held: refused>0 stops once in a round,
 * not at every later event.  Counters and the clock are looked at after each event, other metrics
 * after each round.  All of it depends on virtual time alone: replays stop at the same places.
 */
#ifndef FED_SESSION_BREAKPOINTS_H
#define FED_SESSION_BREAKPOINTS_H

#include "history/condition.h"

struct fed_session;

#define FED_BREAKPOINTS_MAX 100

struct fed_breakpoint {
	uint64_t number, hits; /* numbers from 1, given once */
	char *text;            /* as typed */
	struct fed_condition *when;
	bool holds;  /* over metrics: held when it was last judged */
	bool struck; /* over events: by this one, in the step that runs */
	enum fed_event_kind kind;
	uint64_t version;
	double clock;
};

/* What is left of `round N` or `run until`; zeroed: nothing. */
struct fed_remaining_run {
	uint64_t versions;
	bool endless;                /* as many versions as it takes */
	struct fed_condition *until; /* NULL: none */
};

struct fed_breakpoints {
	struct fed_breakpoint *point; /* [n], by number */
	size_t n;
	uint64_t numbered;
	bool pausing; /* the next run stops when version `pause` stands */
	uint64_t pause;
	bool listening; /* a step runs: what is told is about it */
	bool heard;     /* something was told in this step */
};

/* Breakpoints and pause go. */
void fed_breakpoints_clear(struct fed_breakpoints *);
void fed_remaining_run_clear(struct fed_remaining_run *);
/* Versions are still to be made. */
bool fed_remaining_run_pending(const struct fed_remaining_run *, const struct fed_history *);

/* An event of the federation, as it happens. */
void fed_breakpoints_take_event(struct fed_session *, const struct fed_event *);
/* After a step: the breakpoints that it hits are counted and told.  made: a version stands. */
bool fed_breakpoints_check(struct fed_session *, bool made);
/* At the end of a round: the pause has come; it is told and over. */
bool fed_breakpoints_pause_due(struct fed_session *);

#endif
