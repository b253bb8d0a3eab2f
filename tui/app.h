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
	FED_STAGE_COLUMNS = 40, /* the least */
	FED_STAGE_ROWS = 10,
	FED_STAGE_VIEWS = 9,
};

enum fed_prompting {
	FED_PROMPTING_NOTHING,
	FED_PROMPTING_COMMAND,
	FED_PROMPTING_FILTER,
	FED_PROMPTING_FILE
};

struct fed_stage {
	struct fed_watched watched;   /* the caller sets session, utf8, command, ctx and messages */
	size_t at;                    /* the view that is shown, from 0 */
	void *state[FED_STAGE_VIEWS]; /* NULL: never opened */
	uint64_t stamp;               /* of the view as it is in `view` */
	uint64_t made;                /* version of which the view was told */
	bool fresh;                   /* `view` shows the view as it is at its size */
	struct fed_canvas view, whole;
	char title[200];               /* the session's state as it was when it last stood still */
	int name_end[FED_STAGE_VIEWS]; /* column behind each view's name in the title; 0: not there */
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

/* What a key wants that is not the stage's. */
enum fed_deed {
	FED_DEED_NONE,
	FED_DEED_LEAVE,
	FED_DEED_PAUSE,
	FED_DEED_STEP,
	FED_DEED_ROUND,
	FED_DEED_FASTER,
	FED_DEED_SLOWER,
	FED_DEED_MOUSE,
	FED_DEED_REDRAW,
	FED_DEED_LINE,     /* execute prompt.line */
	FED_DEED_COMPLETE, /* fed_prompt_complete() it */
	FED_DEED_OLDER,
	FED_DEED_NEWER,
};

/* name NULL: the first view. */
int fed_stage_init(struct fed_stage *, const char *name, struct fed_error *);
void fed_stage_release(struct fed_stage *);
int fed_stage_switch(struct fed_stage *, const char *name, struct fed_error *);

/* Whether the key can be handled only while the session stands still. */
bool fed_stage_needs_session(const struct fed_stage *, const struct fed_press *);
/* Whether what is typed behind it is text. */
bool fed_stage_begins_line(const struct fed_press *);
enum fed_deed fed_stage_press(struct fed_stage *, const struct fed_press *);
void fed_stage_tell(struct fed_stage *, bool alarm, const char *text);
/* The session stands still: tell the view of a version that was just made. */
void fed_stage_look(struct fed_stage *);
/* Whether the view that is shown wants to be told of versions. */
bool fed_stage_awaits_versions(const struct fed_stage *);
/* Look at new messages; true: something is shown differently. */
bool fed_stage_listen(struct fed_stage *);
/* The session stands still: whether view or title would be drawn differently. */
bool fed_stage_is_changed(const struct fed_stage *, const struct fed_runner_state *);

/* Paint into `whole`; still: the session stands still, else the view's last picture is used. */
int fed_stage_paint(struct fed_stage *, const struct fed_runner_state *, bool still, int columns,
                    int rows, struct fed_error *);

#endif
