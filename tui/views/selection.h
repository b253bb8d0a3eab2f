/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/selection.h - the set of marked clients in struct fed_watched, ascending.
 */
#ifndef FED_TUI_VIEWS_SELECTION_H
#define FED_TUI_VIEWS_SELECTION_H

#include "report/client_table.h"
#include "tui/views/view.h"

/* Toggle the mark of a client. */
int fed__selection_turn(struct fed_watched *, uint32_t client, struct fed_error *);
/* Mark all clients of the table. */
int fed__selection_add(struct fed_watched *, const struct fed_client_table *, struct fed_error *);

#endif
