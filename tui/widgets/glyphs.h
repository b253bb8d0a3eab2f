/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/glyphs.h - glyphs and colours of client activities and phases, the same in all views.
 */
#ifndef FED_TUI_WIDGETS_GLYPHS_H
#define FED_TUI_WIDGETS_GLYPHS_H

#include "report/client_table.h"
#include "tui/widgets/canvas.h"

struct fed_activity_glyph {
	const char *name;
	uint32_t glyph; /* in UTF-8 terminals ... */
	char ascii;     /* ... and elsewhere */
	uint8_t color;  /* enum fed_color; repeats what the glyph says */
};
extern const struct fed_activity_glyph fed__activity_marks[FED_ACTIVITIES];
extern const struct fed_activity_glyph fed__phase_marks[FED_PHASES];

void fed__activity_glyph_put(struct fed_canvas *, int column, int row,
                             const struct fed_activity_glyph *, bool utf8);

#endif
