/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/timeline.h - timeline chart: a row for each client over virtual time, the server's
 * versions above.
 *
 * Each cell shows the phase its client spent most time in, or the end of an invitation without an
 * update (lost, refused, late, cancelled). Colours repeat what glyphs say.
 */
#ifndef FED_TUI_WIDGETS_TIMELINE_H
#define FED_TUI_WIDGETS_TIMELINE_H

#include "report/timeline.h"
#include "tui/widgets/canvas.h"

enum {
	FED_TIMELINE_COLUMNS = 30, /* smallest width */
	FED_TIMELINE_FRAME = 3,    /* rows besides those of clients: versions, time, legend */
};

/* Fill the canvas, with at most rows - FED_TIMELINE_FRAME clients. */
int fed__timeline_chart_paint(struct fed_canvas *, const struct fed_timeline *, bool utf8,
                              struct fed_error *);
/* Append as text with a row for each client; each line ends with a newline. */
int fed_timeline_chart_text(const struct fed_timeline *, int columns, bool utf8, enum fed_palette,
                            struct fed_text *out, struct fed_error *);

#endif
