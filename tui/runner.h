/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/runner.h - the thread that executes command lines, and who may touch the session when.
 *
 * The session is the runner's while a line is executed, but for the moments in which it stands:
 * with nothing to do, between two events, between two lines of a script.  Then the other thread may
 * take it, look, and give it back; it never waits for it.  A call of fed_runner_take() that fails
 * makes the runner stand at the next event and write to its event descriptor.
 */
#ifndef FED_TUI_RUNNER_H
#define FED_TUI_RUNNER_H

#include "tui/watch.h"

struct fed_runner;

int fed_runner_new(struct fed_runner **, const struct fed_watch_host *, double pace,
                   struct fed_error *);
/* Stop at the next event and end the thread; a long event is waited for. */
void fed_runner_free(struct fed_runner *);

/* In the other thread -------------------------------------------------------- */

/* Event descriptor: readable when the runner stands and the session can be taken, and when its
 * state has changed.  Clear the event, then try to take the session. */
int fed_runner_event_fd(const struct fed_runner *);
void fed_runner_clear_event(struct fed_runner *);
bool fed_runner_take(struct fed_runner *);
void fed_runner_give(struct fed_runner *);
/* Stop once, and signal the event, also when the next version is made and no round is open. */
void fed_runner_request_pause(struct fed_runner *);

/* Execute this line when what runs stands. */
int fed_runner_submit(struct fed_runner *, const char *line, struct fed_error *);
void fed_runner_leave(struct fed_runner *); /* stop at the next event, and execute nothing more */
/* A signal came: check whether it stops what runs. */
void fed_runner_notify_signal(struct fed_runner *);

struct fed_runner_state {
	bool busy;      /* a line is executed, or waits */
	bool standing;  /* but stands now */
	bool paused;    /* and goes on when told to */
	bool leaving;   /* fed_runner_leave() was called ... */
	bool left;      /* ... and the thread has ended what it did */
	bool done;      /* a line asked the program to end */
	double pace;    /* rounds a second; 0: full speed */
	uint64_t lines; /* executed so far */
};
struct fed_runner_state fed_runner_state(struct fed_runner *);
void fed_runner_pause(struct fed_runner *, bool paused);
void fed_runner_pace(struct fed_runner *, double rounds_a_second);
/* While it stands: let one event or line pass; let pass what belongs to this round. */
void fed_runner_let_one(struct fed_runner *);
void fed_runner_let_round(struct fed_runner *);

/* In the runner's thread ------------------------------------------------------ */

/* As fed_watch_line and fed_watch_after; seconds: how long the line is for people to read. */
bool fed_runner_line(struct fed_runner *, double seconds);
bool fed_runner_after(struct fed_runner *);

#endif
