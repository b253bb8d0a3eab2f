/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/app_internal.h - what the files of the stage share; not for others.
 */
#ifndef FED_TUI_APP_INTERNAL_H
#define FED_TUI_APP_INTERNAL_H

#include "tui/app.h"

/* Keys that work in every view, unless the view has the same. */
struct fed_stage_key {
	uint32_t code, also;
	const char *name, *help; /* as in struct fed_key */
	const char *word;        /* shorter, for the footer; NULL: never there */
	bool looks;              /* at the session */
	enum fed_deed (*press)(struct fed_stage *, const struct fed_press *);
};
extern const struct fed_stage_key fed_stage_keys[]; /* ends with code 0 */

const struct fed_stage_key *fed_stage_key(uint32_t code);
const struct fed_key *fed_view_key(const struct fed_view *, uint32_t code);

const struct fed_view *fed_stage_view(const struct fed_stage *);
/* Show view number `at`, opened if it never was. */
int fed_stage_open(struct fed_stage *, size_t at, struct fed_error *);
/* The same, if there is such a view; a failure is a notice. */
void fed_stage_show(struct fed_stage *, size_t at);
void fed_stage_prompt(struct fed_stage *, enum fed_prompting, const char *line);
/* The session stands still: whether the view would be drawn differently. */
bool fed_stage_is_stale(const struct fed_stage *);
/* The row where the view begins on a screen with so many rows. */
int fed_stage_top(int rows);

#endif
