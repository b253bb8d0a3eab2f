/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/prompt.h - a line that is typed: editing, history, completion.
 */
#ifndef FED_TUI_PROMPT_H
#define FED_TUI_PROMPT_H

#include "tui/views/view.h"

enum { FED_PROMPT_MOST = 4096 }; /* bytes */

struct fed_prompt {
	const char *label; /* in front of the line */
	char line[FED_PROMPT_MOST];
	size_t n, cursor;            /* bytes; the cursor stands before this one */
	size_t back;                 /* lines of the history; 0: the one that is typed ... */
	char typed[FED_PROMPT_MOST]; /* ... which is kept here meanwhile */
	bool pasting;
	struct fed_text choices; /* that TAB found, for people; "" most of the time */
};

enum fed_prompt_end {
	FED_PROMPT_OPEN,
	FED_PROMPT_DONE,  /* Enter */
	FED_PROMPT_LEFT,  /* Escape, or Backspace on an empty line */
	FED_PROMPT_TAB,   /* candidates are wanted: fed_prompt_complete() */
	FED_PROMPT_OLDER, /* the history is: fed_prompt_recall() */
	FED_PROMPT_NEWER,
};

void fed_prompt_open(struct fed_prompt *, const char *label, const char *line);
void fed_prompt_release(struct fed_prompt *);
enum fed_prompt_end fed_prompt_press(struct fed_prompt *, const struct fed_press *);
/* Candidates, one a line, for what stands between `start` and the cursor. */
void fed_prompt_complete(struct fed_prompt *, const char *candidates, size_t start);
/* One line of the history further; line(ctx, back) is NULL beyond its end. */
void fed_prompt_recall(struct fed_prompt *, bool older, const char *(*line)(void *ctx, size_t back),
                       void *ctx);
/* In one row of the canvas; returns the cursor's column. */
int fed_prompt_paint(const struct fed_prompt *, struct fed_canvas *, int row);

#endif
