/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/runner.h - the thread that executes command lines, and the sharing of the session with it.
 *
 * The runner owns the session while it executes a line, except where it waits: without a line,
 * between two events and between two lines of a script.  There the terminal's thread may take the
 * session, read it and give it back. fed_runner_take() never blocks: on failure the runner waits
 * at the next event and signals its event descriptor.
 */
#ifndef FED_TUI_RUNNER_H
#define FED_TUI_RUNNER_H

#include "tui/watch.h"

struct fed_runner;

/* pace below 0: not chosen; full speed, but in scripts. */
int fed_runner_new(struct fed_runner **, const struct fed_watch_host *, double pace,
                   struct fed_error *);
/* Stop at the next event and join the thread; blocks until that event is over. */
void fed_runner_free(struct fed_runner *);

/* Called by the terminal's thread -------------------------------------------------------- */

/* Event descriptor for poll(): readable when the session can be taken and when the runner's state
 * has changed. Clear the event, then try to take the session. */
int fed_runner_event_fd(const struct fed_runner *);
void fed_runner_clear_event(struct fed_runner *);
bool fed_runner_take(struct fed_runner *);
void fed_runner_give(struct fed_runner *);
/* Wait and signal once when the next version is made and no round is open. */
void fed_runner_request_pause(struct fed_runner *);
/* Neither the session nor a version is waited for any longer. */
void fed_runner_cancel(struct fed_runner *);

/* Queue a line; a running line is interrupted at its next event to execute it. */
int fed_runner_submit(struct fed_runner *, const char *line, struct fed_error *);
void fed__runner_leave(struct fed_runner *); /* stop at the next event, execute no further line */
/* A signal came: wake the runner to check for an interrupt. */
void fed_runner_notify_signal(struct fed_runner *);

/* How a part of a script is held, as in struct fed_watch_part. */
struct fed_runner_hold {
	bool by_key, last;
};
struct fed_runner_state {
	bool busy;      /* a line is executed or queued */
	bool waiting;   /* the runner waits inside it */
	bool held;      /* ... until the part of a script that is shown is read: */
	bool by_key;    /*     a key says so, not the time */
	bool last;      /*     nothing follows */
	bool paused;    /* until fed__runner_pause(false) or the last line's end; not while permitted */
	bool leaving;   /* fed__runner_leave() was called ... */
	bool left;      /* ... and the thread has ended */
	bool done;      /* a line asked to quit the program */
	double pace;    /* rounds a second that are kept now; 0: full speed */
	uint64_t lines; /* lines executed so far */
};
struct fed_runner_state fed_runner_state(struct fed_runner *);
void fed__runner_pause(struct fed_runner *, bool paused);
void fed__runner_pace(struct fed_runner *, double rounds_a_second);
/* What a script shows is read. */
void fed__runner_release(struct fed_runner *);
/* Pause, but permit one more event or line; or the rest of this round. Either releases. */
void fed__runner_permit_one(struct fed_runner *);
void fed__runner_permit_round(struct fed_runner *);

/* Called by the runner's thread ------------------------------------------------------ */

/* Implement fed_watch_part; how: NULL: without waiting until it is read. */
bool fed__runner_part(struct fed_runner *, const struct fed_runner_hold *how);
/* Implement fed_watch_script and fed_watch_after. */
void fed__runner_script(struct fed_runner *, bool begins);
bool fed_runner_after(struct fed_runner *);

#endif
