/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/timeline.h - a row for each client over virtual time, the server's versions above.
 *
 * Each cell shows what its client did longest in it; how an invitation ended without an update
 * (lost, refused, late, recalled) stands over that.  Colours repeat what glyphs say.
 */
#ifndef FED_TUI_WIDGETS_TIMELINE_H
#define FED_TUI_WIDGETS_TIMELINE_H

#include "report/timeline.h"

struct fed_canvas;

enum {
	FED_TIMELINE_COLUMNS = 30, /* the least */
	FED_TIMELINE_FRAME = 3,    /* rows beside those of clients: versions, time, legend */
};

/* Fill the canvas: rows - FED_TIMELINE_FRAME clients at most. */
int fed_timeline_chart_paint(struct fed_canvas *, const struct fed_timeline *, bool utf8,
                             struct fed_error *);
/* Append it as text with a row for each client, each line ended with a newline. */
int fed_timeline_chart_text(const struct fed_timeline *, int columns, bool utf8, bool color,
                            struct fed_text *out, struct fed_error *);

#endif
