/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A view of a small session without a terminal: keys go in, text comes out.
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
	struct fed_text text; /* as painted last */
	char said[1024];      /* command lines that the view asked for, a newline after each */
};

/* A bare session, composed by small_do(&g->session, ...), then the view of it. */
void glass_init(struct glass *, const char *lines);
void glass_open(struct glass *, const struct fed_view *);
void glass_close(struct glass *); /* the view */
void glass_release(struct glass *);

/* Keys by their names, "up", "page down", "<", parted by commas; they must exist and succeed. */
void glass_press(struct glass *, const char *names);
/* Any key: what its function returns; FED_OK where the view does not know it. */
int glass_try(struct glass *, const struct fed_press *, struct fed_error *);
/* What is seen; the canvas is checked: no cell out of order. */
const char *glass_look(struct glass *, int columns, int rows, bool utf8);
/* The same must be tests/tui/golden/view-NAME.txt (FEDSH_GOLDEN=write writes it). */
void glass_golden(struct glass *, const char *name, int columns, int rows, bool utf8);
/* What is seen has, or has not, these words. */
void glass_shows(struct glass *, const char *words);
void glass_hides(struct glass *, const char *words);

#endif
