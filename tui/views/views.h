/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/views.h - declarations of all views, for the table in views.c.
 */
#ifndef FED_TUI_VIEWS_VIEWS_H
#define FED_TUI_VIEWS_VIEWS_H

#include "tui/views/view.h"

extern const struct fed_view fed__view_overview, fed__view_clients, fed__view_updates,
	fed__view_timeline, fed__view_split, fed__view_log, fed__view_compare, fed__view_plane,
	fed__view_room;

#endif
