/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/app_internal.h - what the files of the app share; not for others.
 */
#ifndef FED_TUI_APP_INTERNAL_H
#define FED_TUI_APP_INTERNAL_H

#include "tui/app.h"

/* Keys that work in every view, unless the view has the same. */
struct fed_app_key {
	uint32_t code, also;
	const char *name, *help; /* as in struct fed_key */
	const char *word;        /* shorter, for the footer; NULL: never there */
	bool looks;              /* at the session */
	enum fed_app_action (*press)(struct fed_app *, const struct fed_press *);
};
extern const struct fed_app_key fed_app_keys[]; /* ends with code 0 */

const struct fed_app_key *fed_app_key(uint32_t code);
const struct fed_key *fed_view_key(const struct fed_view *, uint32_t code);

const struct fed_view *fed_stage_view(const struct fed_app *);
/* Show view number `at`, opened if it never was. */
int fed_stage_open(struct fed_app *, size_t at, struct fed_error *);
/* The same, if there is such a view; a failure is a notice. */
void fed_app_show(struct fed_app *, size_t at);
void fed_app_prompt(struct fed_app *, enum fed_prompting, const char *line);
/* The session stands still: whether the view would be drawn differently. */
bool fed_app_is_stale(const struct fed_app *);
/* The row where the view begins on a screen with so many rows. */
int fed_app_top(int rows);

#endif
