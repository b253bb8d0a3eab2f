/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/app.h - state of the watch: views, title, footer, prompt, and the handling of keys.
 *
 * Without terminal and threads, so that tests can drive it.  From top to bottom the screen has the
 * names of the views and the state of the session, the view or what a command printed, the captions
 * of a script, and a footer with the keys of the moment, the last message or the prompt.
 */
#ifndef FED_TUI_APP_H
#define FED_TUI_APP_H

#include "tui/caption_area.h"
#include "tui/pane.h"
#include "tui/prompt.h"
#include "tui/runner.h"
#include "tui/widgets/slider.h"

enum {
	FED_APP_COLUMNS = 40, /* smallest size that is painted */
	FED_APP_ROWS = 10,
	FED_APP_VIEWS = 9,
};

enum fed_prompting {
	FED_PROMPTING_NOTHING,
	FED_PROMPTING_COMMAND,
	FED_PROMPTING_FILTER,
	FED_PROMPTING_FILE
};

struct fed_app {
	struct fed_watched watched; /* the caller sets session, utf8, command, ctx and messages */
	size_t at;                  /* index of the current view */
	void *state[FED_APP_VIEWS]; /* by view; NULL: not opened yet */
	uint64_t stamp;             /* of the contents of `view` */
	uint64_t notified;          /* version that the view was notified of */
	bool fresh;                 /* `view` is up to date */
	struct fed_canvas view, whole;
	char title[200];             /* state of the session at its last pause */
	struct fed_slider slider;    /* its versions then */
	uint64_t matter;             /* the view's keys, by index, that mattered then */
	bool unfinished;             /* a run could go on then */
	int name_end[FED_APP_VIEWS]; /* column behind each view's name in the title; 0: not shown */
	struct fed_prompt prompt;
	enum fed_prompting prompting;
	int cursor;           /* column in the last row, or -1 */
	bool alone, readonly; /* as in struct fed_watch_options */
	bool onlooker;        /* it only looks: keys that command the session are refused */
	bool helping, mouse;
	enum fed_look look; /* of pictures that are written to files */
	int help_row;
	char notice[400];      /* shown in the footer until a key is pressed; may have SGR escapes */
	bool alarm;            /* the notice is an error */
	bool asked;            /* a command was typed: its output is shown as a notice */
	bool replied;          /* it has printed something */
	uint32_t printed;      /* lines of its output so far, and events that answer it */
	uint64_t heard;        /* messages read */
	uint64_t events_heard; /* events of the session that were read for answers */
	struct fed_caption_area captions; /* of a script */
	struct fed_pane pane;             /* what a command printed */
	struct fed_runner_state now;      /* the caller sets it before keys are handled */
	struct fed_runner_state painted;  /* whose keys the footer has */
};

/* Actions of keys that the caller carries out. */
enum fed_app_action {
	FED_APP_ACTION_NONE,
	FED_APP_ACTION_LEAVE,
	FED_APP_ACTION_PAUSE,
	FED_APP_ACTION_NEXT, /* the caption is read */
	FED_APP_ACTION_STEP,
	FED_APP_ACTION_ROUND,
	FED_APP_ACTION_FASTER,
	FED_APP_ACTION_SLOWER,
	FED_APP_ACTION_MOUSE,
	FED_APP_ACTION_REDRAW,
	FED_APP_ACTION_LINE,     /* submit prompt.line */
	FED_APP_ACTION_COMPLETE, /* call fed__prompt_complete() */
	FED_APP_ACTION_ASK,      /* `?`: show the help of what comes next, or put it into the line */
	FED_APP_ACTION_OLDER,
	FED_APP_ACTION_NEWER,
};

/* name: of the view to open; NULL: the first. */
int fed__app_init(struct fed_app *, const char *name, struct fed_error *);
void fed__app_release(struct fed_app *);
int fed__app_switch(struct fed_app *, const char *name, struct fed_error *);

/* Whether handling the key needs the session, which must be paused then. */
bool fed__app_needs_session(const struct fed_app *, const struct fed_press *);
/* Whether the key opens a prompt, so that keys behind it are text. */
bool fed__app_begins_line(const struct fed_press *);
enum fed_app_action fed__app_press(struct fed_app *, const struct fed_press *);
/* The caller is an onlooker whose view asked for a command: say where they are typed. */
void fed__app_refuse(struct fed_app *);
/* Show a notice in the footer. */
void fed__app_notice(struct fed_app *, bool alarm, const char *text);
/* Notify the view of a new version.  The session must be paused. */
void fed__app_notify_version(struct fed_app *);
/* Whether the current view is notified of new versions. */
bool fed__app_awaits_versions(const struct fed_app *);
/* Read new messages; returns whether the screen changed. */
bool fed__app_read_messages(struct fed_app *);
/* Show notices, warnings and faults that a typed command caused; returns whether the screen
 * changed. The session must be paused. */
bool fed__app_read_events(struct fed_app *);
/* Whether title or view are out of date.  The session must be paused. */
bool fed__app_is_changed(const struct fed_app *, const struct fed_runner_state *);

/* Whether the caption has another page; turn to it, if there is one. */
bool fed__app_has_more(const struct fed_app *);
bool fed__app_turn(struct fed_app *);
/* Seconds to read what a script shows new: caption, command, output. */
double fed__app_reading_time(const struct fed_app *);
/* The columns and rows of the pane on a screen of this size. */
void fed__app_pane_size(const struct fed_app *, int columns, int rows, int *pane_columns,
                        int *pane_rows);

/* Paint into `whole`.  still: the session is paused; else the view's last picture is reused. */
int fed__app_paint(struct fed_app *, const struct fed_runner_state *, bool still, int columns,
                   int rows, struct fed_error *);

#endif
