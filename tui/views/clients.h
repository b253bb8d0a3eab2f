/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/clients.h - the page of one client in the view `clients`.
 */
#ifndef FED_TUI_VIEWS_CLIENTS_H
#define FED_TUI_VIEWS_CLIENTS_H

#include "tui/views/cells.h"

/* Paint a client's page: its properties, then its invitations, newest first, from index *top on
 * (*top is clamped), or its examples, those of draw *top. */
int fed__client_page_paint(struct fed_canvas *, const struct fed_watched *, uint32_t client,
                           bool examples, uint32_t *top, struct fed_error *);
/* Paint as many of a client's examples as fit below a row; another draw is of others. */
void fed__client_examples_paint(struct fed_canvas *, const struct fed_watched *, uint32_t client,
                                uint32_t draw, int row);

#endif
