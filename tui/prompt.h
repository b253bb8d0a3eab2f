/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/prompt.h - the line editor of the watch: editing, history, completion.
 */
#ifndef FED_TUI_PROMPT_H
#define FED_TUI_PROMPT_H

#include "tui/views/view.h"

enum { FED_PROMPT_MOST = 4096 }; /* bytes */

struct fed_prompt {
	const char *label; /* shown in front of the line */
	char line[FED_PROMPT_MOST];
	size_t n, cursor;            /* bytes; the cursor is in front of byte `cursor` */
	size_t back;                 /* how far back in the history; 0: the typed line ... */
	char typed[FED_PROMPT_MOST]; /* ... which is saved here */
	bool pasting;
	struct fed_text hint;    /* what comes next, shown behind a cursor at the end; "": nothing */
	struct fed_text choices; /* several candidates of the last TAB, to be shown; else "" */
};

enum fed_prompt_end {
	FED_PROMPT_OPEN,
	FED_PROMPT_DONE,  /* Enter */
	FED_PROMPT_LEFT,  /* Escape, or Backspace on an empty line */
	FED_PROMPT_TAB,   /* the caller calls fed__prompt_complete() */
	FED_PROMPT_OLDER, /* the caller calls fed__prompt_recall() */
	FED_PROMPT_NEWER,
};

void fed__prompt_open(struct fed_prompt *, const char *label, const char *line);
void fed__prompt_release(struct fed_prompt *);
enum fed_prompt_end fed__prompt_press(struct fed_prompt *, const struct fed_press *);
/* Go on in another line of the same command. */
void fed__prompt_continue(struct fed_prompt *);
void fed__prompt_insert(struct fed_prompt *, char);
/* Complete the bytes from `start` to the cursor; candidates: one a line. */
void fed__prompt_complete(struct fed_prompt *, const char *candidates, size_t start);
/* Show the next older or newer line of the history; line(ctx, back) is NULL beyond its end. */
void fed__prompt_recall(struct fed_prompt *, bool older,
                        const char *(*line)(void *ctx, size_t back), void *ctx);
/* Paint into one row of the canvas; returns the cursor's column. */
int fed__prompt_paint(const struct fed_prompt *, struct fed_canvas *, int row);

#endif
