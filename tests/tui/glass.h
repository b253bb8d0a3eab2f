/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/glass.h - a view of a small session without a terminal: keys as input, text as output.
 */
#ifndef TESTS_TUI_GLASS_H
#define TESTS_TUI_GLASS_H

#include "session/small.h"
#include "tui/views/views.h"

struct glass {
	struct fed_session session;
	struct fed_watched watched;
	const struct fed_view *view;
	void *state;
	struct fed_text text; /* the last picture */
	char said[1024];      /* command lines that the view submitted, a newline after each */
};

/* A bare session composed by small_do(&g->session, lines); then open a view of it. */
void glass_init(struct glass *, const char *lines);
void glass_open(struct glass *, const struct fed_view *);
void glass_close(struct glass *); /* the view */
void glass_release(struct glass *);

/* Press keys by name, "up", "page down", "<", separated by commas; they must exist and succeed. */
void glass_press(struct glass *, const char *names);
/* Press a key; returns its function's result, FED_OK if the view has no such key. */
int glass_try(struct glass *, const struct fed_press *, struct fed_error *);
/* Paint and return the picture as text; checks that every cell is valid. */
const char *glass_look(struct glass *, int columns, int rows, bool utf8);
/* Check that a text equals tests/tui/golden/NAME.txt (FEDSH_GOLDEN=write writes it). */
void glass_compare(const char *seen, const char *name);
/* The same of the picture and golden/view-NAME.txt. */
void glass_golden(struct glass *, const char *name, int columns, int rows, bool utf8);
/* Check that the picture contains, or does not contain, these words. */
void glass_shows(struct glass *, const char *words);
void glass_hides(struct glass *, const char *words);

#endif
