/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/watch.h - a full-screen view of a session that runs: keys, views, a command line.
 *
 * Two threads.  The caller's keeps the terminal: it paints and listens to keys.  The other one, the
 * runner, executes command lines through functions that the caller lends, and owns the session
 * while it does.  Between two events of a run the runner stands still when the terminal's thread
 * wants to look, when the pace says so and while all is paused; a line that is typed meanwhile
 * stops the run there, is executed, and the run goes on.
 */
#ifndef FED_TUI_WATCH_H
#define FED_TUI_WATCH_H

#include "session/session.h"

struct fed_watch;

/* What the program lends. */
struct fed_watch_host {
	void *ctx;
	struct fed_session *session;
	/* In the runner's thread. */
	void (*execute)(void *ctx, const char *line); /* errors are told through fed_watch_say() */
	/* The command that finishes what was stopped between two events, once; NULL: nothing was.
	 * Valid until the next line is executed. */
	const char *(*resume)(void *ctx);
	bool (*done)(void *ctx); /* the last line asks the program to end */
	/* In the caller's thread; complete only while the session stands still. */
	int (*ending)(void); /* a signal asks the program to end: its number, or 0 */
	/* Candidates for the word before `point`, one a line, which begins at *start. */
	void (*complete)(void *ctx, const char *line, size_t point, struct fed_text *, size_t *start);
	const char *(*history)(void *ctx, size_t back); /* from 1, the last; NULL: none so old */
	void (*remember)(void *ctx, const char *line);
	/* The watch stands: what is said may be handed to it from now on.  NULL: it is over. */
	int (*opened)(void *ctx, struct fed_watch *, struct fed_error *);
};

struct fed_watch_options {
	const char *view;          /* its name; NULL: the first */
	double pace;               /* rounds a second; 0: full speed */
	const char *const *script; /* command lines to begin with, NULL-ended; NULL: none */
	int terminal;              /* a descriptor; keys come from standard input */
	bool color;
	bool alone; /* there is no shell to go back to: `q` leaves the program */
};

/* FED_OK when the terminal and the view will do; else what to do instead. */
int fed_watch_check(const struct fed_watch_options *, struct fed_error *);
/* Until the user leaves or the program ends. */
int fed_watch_run(const struct fed_watch_options *, const struct fed_watch_host *,
                  struct fed_error *);

/* In the runner's thread ----------------------------------------------------- */

enum fed_saying { FED_SAID_OUT, FED_SAID_ERROR, FED_MESSAGE_LINE, FED_SAID_STDERR };
/* Bytes that a command printed. */
void fed_watch_say(struct fed_watch *, enum fed_saying, const char *bytes, size_t n);
/* Another view (NULL: as it is), another pace (below 0: as it is). */
int fed_watch_switch(struct fed_watch *, const char *view, double pace, struct fed_error *);
/* A script's line is about to be executed; false: it must not, the user left. */
bool fed_watch_line(struct fed_watch *, const char *text);
/* After each command.  What was stopped is finished here, unless false is returned. */
bool fed_watch_after(struct fed_watch *);

#endif
