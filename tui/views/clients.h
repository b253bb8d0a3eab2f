/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/clients.h - what the files of the view `clients` share: the table and one client's
 * page.
 */
#ifndef FED_TUI_VIEWS_CLIENTS_H
#define FED_TUI_VIEWS_CLIENTS_H

#include "tui/views/cells.h"

/* The page of a client: what it is, then its invitations, the last one first, from number `top` of
 * them on, which is kept within them. */
int fed_client_page_paint(struct fed_canvas *, const struct fed_watched *, uint32_t client,
                          uint32_t *top, struct fed_error *);

#endif
