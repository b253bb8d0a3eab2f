/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/glyphs.h - one glyph and one colour for what a client does or what became of its
 * work: the same in all views.
 */
#ifndef FED_TUI_WIDGETS_GLYPHS_H
#define FED_TUI_WIDGETS_GLYPHS_H

#include "report/client_table.h"
#include "tui/widgets/canvas.h"

struct fed_activity_glyph {
	const char *name;
	uint32_t glyph; /* in UTF-8 terminals ... */
	char ascii;     /* ... and elsewhere */
	uint8_t color;  /* enum fed_color: what the glyph says, again */
};
extern const struct fed_activity_glyph fed_activity_marks[FED_ACTIVITIES];
extern const struct fed_activity_glyph fed_phase_marks[FED_PHASES];

void fed_activity_glyph_put(struct fed_canvas *, int column, int row,
                            const struct fed_activity_glyph *, bool utf8);

#endif
