/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/app.h - what the watch shows and what its keys do: no terminal, no threads.
 *
 * From above: the names of the views and the state of the session, the view, what a lesson says,
 * and a footer with the keys that matter now, the last message, or the line that is typed.
 */
#ifndef FED_TUI_APP_H
#define FED_TUI_APP_H

#include "tui/prompt.h"
#include "tui/runner.h"

enum {
	FED_APP_COLUMNS = 40, /* the least */
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
	size_t at;                  /* the view that is shown, from 0 */
	void *state[FED_APP_VIEWS]; /* NULL: never opened */
	uint64_t stamp;             /* of the view as it is in `view` */
	uint64_t made;              /* version of which the view was told */
	bool fresh;                 /* `view` shows the view as it is at its size */
	struct fed_canvas view, whole;
	char title[200];             /* the session's state as it was when it last stood still */
	int name_end[FED_APP_VIEWS]; /* column behind each view's name in the title; 0: not there */
	struct fed_prompt prompt;
	enum fed_prompting prompting;
	int cursor; /* column in the last row, or -1 */
	bool alone; /* as in struct fed_watch_options */
	bool helping, mouse;
	int help_row;
	char notice[400];       /* in the footer until a key is pressed */
	bool alarm;             /* it is an error */
	bool asked;             /* a line was typed: what it prints is shown */
	uint32_t printed;       /* lines that it printed so far */
	uint64_t heard;         /* messages looked at */
	struct fed_text lesson; /* what a script says, lines */
	bool lesson_over;       /* its next words begin anew */
};

/* What a key wants that is not the app's. */
enum fed_app_action {
	FED_APP_ACTION_NONE,
	FED_APP_ACTION_LEAVE,
	FED_APP_ACTION_PAUSE,
	FED_APP_ACTION_STEP,
	FED_APP_ACTION_ROUND,
	FED_APP_ACTION_FASTER,
	FED_APP_ACTION_SLOWER,
	FED_APP_ACTION_MOUSE,
	FED_APP_ACTION_REDRAW,
	FED_APP_ACTION_LINE,     /* execute prompt.line */
	FED_APP_ACTION_COMPLETE, /* fed_prompt_complete() it */
	FED_APP_ACTION_OLDER,
	FED_APP_ACTION_NEWER,
};

/* name NULL: the first view. */
int fed_app_init(struct fed_app *, const char *name, struct fed_error *);
void fed_app_release(struct fed_app *);
int fed_app_switch(struct fed_app *, const char *name, struct fed_error *);

/* Whether the key can be handled only while the session stands still. */
bool fed_app_needs_session(const struct fed_app *, const struct fed_press *);
/* Whether what is typed behind it is text. */
bool fed_app_begins_line(const struct fed_press *);
enum fed_app_action fed_app_press(struct fed_app *, const struct fed_press *);
void fed_app_tell(struct fed_app *, bool alarm, const char *text);
/* The session stands still: tell the view of a version that was just made. */
void fed_app_look(struct fed_app *);
/* Whether the view that is shown wants to be told of versions. */
bool fed_app_awaits_versions(const struct fed_app *);
/* Look at new messages; true: something is shown differently. */
bool fed_app_listen(struct fed_app *);
/* The session stands still: whether view or title would be drawn differently. */
bool fed_app_is_changed(const struct fed_app *, const struct fed_runner_state *);

/* Paint into `whole`; still: the session stands still, else the view's last picture is used. */
int fed_app_paint(struct fed_app *, const struct fed_runner_state *, bool still, int columns,
                  int rows, struct fed_error *);

#endif
