/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/selection.h - the marked clients of struct fed_watched: ascending, each once.
 */
#ifndef FED_TUI_VIEWS_SELECTION_H
#define FED_TUI_VIEWS_SELECTION_H

#include "report/client_table.h"
#include "tui/views/view.h"

/* Mark a client, or take its mark away. */
int fed_selection_turn(struct fed_watched *, uint32_t client, struct fed_error *);
/* Mark all that are in the roster. */
int fed_selection_add(struct fed_watched *, const struct fed_client_table *, struct fed_error *);

#endif
