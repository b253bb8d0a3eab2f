/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/views.c - the table of views, in the order of their numbers. */
#include "tui/views/views.h"

#include "base/text.h"
#include "tui/views/cells.h"

static const struct fed_view *const views[] = {
	&fed__view_overview, &fed__view_clients, &fed__view_updates,
	&fed__view_timeline, &fed__view_split,   &fed__view_log,
	&fed__view_compare,  &fed__view_plane,   &fed__view_room,
};

const struct fed_view *fed__view_at(size_t i)
{
	return i < sizeof views / sizeof *views ? views[i] : NULL;
}

static const char *view_name_at(const void *ctx, size_t i)
{
	(void)ctx;
	return fed__view_at(i) ? fed__view_at(i)->name : NULL;
}

uint64_t fed__view_stamp(const struct fed_view *view, const void *state,
                         const struct fed_watched *w)
{
	return view->stamp ? view->stamp(state, w) : fed__stamp_of(w);
}

int fed__view_find(const char *name, size_t *at, struct fed_error *err)
{
	for (size_t i = 0; fed__view_at(i); i++) {
		if (fed_same_name(fed__view_at(i)->name, name)) {
			*at = i;
			return FED_OK;
		}
	}
	const char *near = fed_nearest(name, view_name_at, NULL);
	if (near)
		return fed_fail(err, "no view %s; did you mean %s?", fed_show(name).s, near);
	struct fed_text names = {0};
	for (size_t i = 0; fed__view_at(i); i++)
		fed_text_add(&names, "%s%s", i ? ", " : "", fed__view_at(i)->name);
	fed_fail(err, "no view %s; there are %s", fed_show(name).s, fed_text_str(&names));
	fed_text_release(&names);
	return FED_FAIL;
}
