/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/pane.h - the pane over the view that shows what a command prints, and can be scrolled.
 *
 * One line or two of output are no pane: they are shown below (caption_area.h, or the footer). What
 * a command prints while it makes events is none either, because the view shows them.
 */
#ifndef FED_TUI_PANE_H
#define FED_TUI_PANE_H

#include "tui/views/view.h"

struct fed_pane {
	bool open;
	bool scripted;        /* of a script's command: it closes when the session goes on */
	struct fed_text head; /* the command */
	struct fed_text text; /* its lines, with SGR escapes, a newline behind each */
	int lines, top, left; /* lines; the first line and column shown */
	uint64_t last;        /* number of the session's last event at the last line */
	/* Of the command that runs, whose third line takes the pane. */
	struct {
		bool scripted;
		struct fed_text head, first;
		unsigned lines;
		uint64_t event; /* number of the session's last event at its begin */
	} next;
};

void fed__pane_release(struct fed_pane *);
/* A command begins. A script's pane stays until another takes its place. */
void fed__pane_begin(struct fed_pane *, const char *command, bool scripted, uint64_t event);
/* Add a line that it printed. Returns whether the pane shows it. */
bool fed__pane_add(struct fed_pane *, const char *line, uint64_t event);
/* Append its one or two lines so far as one. */
void fed__pane_reply(const struct fed_pane *, struct fed_text *);
/* Show a text that is wider than the screen, until it is closed. */
void fed__pane_tell(struct fed_pane *, const char *text, int columns);
/* Show lines that no command printed under a head, until it is closed. */
void fed__pane_answer(struct fed_pane *, const char *head, const char *lines, int columns);
void fed__pane_close(struct fed_pane *);
/* Close if the session went on since, under a script. event: number of its last event now. */
void fed__pane_follow(struct fed_pane *, uint64_t event);
/* Handle a key that scrolls or closes; false: it is another. rows: of the pane. */
bool fed__pane_press(struct fed_pane *, uint32_t code, int rows);
/* Whether text is left below. */
bool fed__pane_has_more(const struct fed_pane *, int rows);
/* Seconds to look at it. */
double fed__pane_seconds(const struct fed_pane *);
void fed__pane_paint(struct fed_pane *, struct fed_canvas *);

#endif
