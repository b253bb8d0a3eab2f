/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/app_internal.h - declarations shared by the app*.c files.
 */
#ifndef FED_TUI_APP_INTERNAL_H
#define FED_TUI_APP_INTERNAL_H

#include "tui/app.h"

/* A key that works in every view, unless the view has the same. */
struct fed_app_key {
	uint32_t code, also;
	const char *name, *help; /* as in struct fed_key */
	const char *word;        /* shorter, for the footer; NULL: not in the footer */
	bool looks;              /* reads the session: only while it is paused */
	enum fed_app_action (*press)(struct fed_app *, const struct fed_press *);
	bool commands; /* commands the session, or writes a file: not for onlookers */
};
extern const struct fed_app_key fed__app_keys[]; /* ends with code 0 */

const struct fed_app_key *fed__app_key(uint32_t code);
const struct fed_key *fed__view_key(const struct fed_view *, uint32_t code);

const struct fed_view *fed__app_view(const struct fed_app *);
/* Make view `at` the current one; opens it the first time. */
int fed__app_open(struct fed_app *, size_t at, struct fed_error *);
/* The same, if there is such a view; on failure the error becomes a notice. */
void fed__app_show(struct fed_app *, size_t at);
/* A command is submitted: its output is shown as a notice. */
void fed__app_ask(struct fed_app *);
void fed__app_prompt(struct fed_app *, enum fed_prompting, const char *line);
/* Whether the view is out of date.  The session must be paused. */
bool fed__app_is_stale(const struct fed_app *);
/* First row of the view on a screen of this many rows. */
int fed__app_title_rows(int rows);

#endif
