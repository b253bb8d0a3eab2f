/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/views.h - declarations of all views, for the table in views.c.
 */
#ifndef FED_TUI_VIEWS_VIEWS_H
#define FED_TUI_VIEWS_VIEWS_H

#include "tui/views/view.h"

extern const struct fed_view fed_view_overview, fed_view_clients, fed_view_updates,
	fed_view_timeline, fed_view_split, fed_view_log, fed_view_compare;

#endif
