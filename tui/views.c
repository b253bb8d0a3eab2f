/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The views, in the order of their numbers. */
#include "tui/views.h"

static const struct fed_view *const views[] = {
	&fed_view_clients,
	&fed_view_timeline,
};

const struct fed_view *fed_view_at(size_t i)
{
	return i < sizeof views / sizeof *views ? views[i] : NULL;
}
