/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/watch.h - the watch: a full-screen view of a running session with keys, views and a command
 * line.
 *
 * Two threads. The caller's thread owns the terminal: it paints and reads keys. The runner's thread
 * executes command lines through callbacks of the caller and owns the session meanwhile. Between
 * two events of a run the runner waits for the terminal's thread to read the session, for the pace
 * and while paused. A line that is typed during a run interrupts the run between two events, is
 * executed, and the run is resumed.
 */
#ifndef FED_TUI_WATCH_H
#define FED_TUI_WATCH_H

#include "session/session.h"

struct fed_room_source;
struct fed_runner;
struct fed_travel;
struct fed_watch;

/* The callbacks of the program, and its session. */
struct fed_watch_host {
	void *ctx;
	struct fed_session *session;
	const struct fed_travel *travel;    /* its history; or NULL */
	const struct fed_room_source *room; /* its room (room/status.h); or NULL */
	/* In the runner's thread. */
	/* Report output and errors by fed_watch_message(). queued: it was typed or is of the script;
	 * else it resumes an interrupted run. */
	void (*execute)(void *ctx, const char *line, bool queued);
	/* Take the command that resumes the interrupted run; NULL: there is none. Valid until the next
	 * line is executed. */
	const char *(*resume)(void *ctx);
	bool (*done)(void *ctx); /* the last line asked to quit the program */
	/* In the caller's thread; complete, hint, help and looks are called while the session is
	 * paused. */
	int (*ending)(void); /* number of a termination signal that came, or 0 */
	/* Candidates for the word before `point`, one a line, which begins at *start. */
	void (*complete)(void *ctx, const char *line, size_t point, struct fed_text *, size_t *start);
	/* Append what the command at the end of the line takes next, as it is shown behind the cursor;
	 * its help, in lines. */
	void (*hint)(void *ctx, const char *line, size_t len, struct fed_text *);
	void (*help)(void *ctx, const char *line, size_t len, struct fed_text *);
	bool (*continues)(void *ctx, const char *line); /* the next line goes on with this one */
	bool (*looks)(void *ctx, const char *line);     /* it only looks at the session */
	const char *(*history)(void *ctx, size_t back); /* from 1, the newest; NULL beyond the oldest */
	void (*remember)(void *ctx, const char *line);
	/* Optional, beside each frame: without the session, whether it is needed; then with it. */
	bool (*beside)(void *ctx, bool has_session, bool busy);
	/* Descriptors that are readable when that has something to do; -1: none.  busy: rounds run. */
	void (*beside_descriptors)(void *ctx, bool busy, int descriptor[2]);
	int (*theme)(void *ctx); /* enum fed_theme; called while the session is paused */
	/* The watch is open and takes messages from now on; NULL: it is closed. */
	int (*opened)(void *ctx, struct fed_watch *, struct fed_error *);
};

struct fed_watch_options {
	const char *view;          /* its name; NULL: the first */
	double pace;               /* rounds a second; 0: full speed; below 0: not chosen */
	const char *const *script; /* first command lines, NULL-ended; NULL: none */
	int terminal;              /* a descriptor; keys come from standard input */
	bool color;
	int theme;  /* enum fed_theme */
	bool alone; /* no shell prompt follows: `q` quits the program */
	/* Executes a line already; NULL: none. The caller has taken its session; host.opened() gives it
	 * back, or takes it again. The watch is left without interrupting the line. */
	struct fed_runner *runner;
	bool readonly; /* no file is written */
};

/* Check terminal and view name; on failure the error says what to do instead. */
int fed_watch_check(const struct fed_watch_options *, struct fed_error *);
/* Runs until the user leaves or the program ends. */
int fed_watch_run(const struct fed_watch_options *, const struct fed_watch_host *,
                  struct fed_error *);

/* In the runner's thread ----------------------------------------------------- */

/* Origins of messages. What commands print (OUT) may have SGR escapes. */
enum fed_watch_stream {
	FED_STREAM_OUT,
	FED_STREAM_ERROR,
	FED_STREAM_LINE,    /* a command of a script */
	FED_STREAM_TYPED,   /* a line of the prompt, when it was typed */
	FED_STREAM_STDERR,  /* captured output */
	FED_STREAM_BEGIN,   /* a line of the prompt is about to be executed */
	FED_STREAM_PART,    /* a part of a script begins: its title ... */
	FED_STREAM_HEADING, /* ... and its heading */
	FED_STREAM_CAPTION, /* a caption of that part, a message for each of its lines */
	FED_STREAMS
};
/* Add output to the messages; a newline ends a message. */
void fed_watch_message(struct fed_watch *, enum fed_watch_stream, const char *bytes, size_t n);
/* Change the view (NULL: unchanged) and the pace (below 0: unchanged). */
int fed_watch_switch(struct fed_watch *, const char *view, double pace, struct fed_error *);
/* A script begins, or ends: unless the user has chosen a pace, it runs at one that can be followed.
 */
void fed_watch_script(struct fed_watch *, bool begins);
/* What a script shows before a command; "": nothing. */
struct fed_watch_part {
	const char *title, *heading; /* what the script is about; the same until they change */
	const char *caption, *command;
	bool step; /* wait for a key, not for as long as one reads */
	bool last; /* nothing follows: wait only until the caption's last page is shown */
};
/* Show it, and wait until it is read and the command may run. False: the user left, do not run it.
 */
bool fed_watch_part(struct fed_watch *, const struct fed_watch_part *);
/* The columns and rows of the pane that shows what commands print. */
void fed_watch_pane(const struct fed_watch *, int *columns, int *rows);
/* Called after each command: resumes an interrupted run. False: the run stays interrupted. */
bool fed_watch_after(struct fed_watch *);

#endif
