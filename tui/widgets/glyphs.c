/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/widgets/glyphs.c - glyphs and colours of activities and phases. */
#include "tui/widgets/glyphs.h"

#define DOWNLOAD 0x25C2, '<', FED_COLOR_BLUE
#define COMPUTE 0x2588, '=', FED_COLOR_GREEN
#define UPLOAD 0x25B8, '>', FED_COLOR_YELLOW
#define QUEUE 0x2591, ':', FED_COLOR_YELLOW
#define WAIT 0xB7, '.', FED_COLOR_GREY

const struct fed_activity_glyph fed__phase_marks[FED_PHASES] = {
	[FED_PHASE_DOWNLOAD] = {"download", DOWNLOAD}, [FED_PHASE_COMPUTE] = {"compute", COMPUTE},
	[FED_PHASE_UPLOAD] = {"upload", UPLOAD},       [FED_PHASE_QUEUE] = {"queued", QUEUE},
	[FED_PHASE_WAIT] = {"waiting", WAIT},
};

const struct fed_activity_glyph fed__activity_marks[FED_ACTIVITIES] = {
	[FED_ACTIVITY_IDLE] = {"idle", ' ', ' ', FED_COLOR_GREY},
	[FED_ACTIVITY_DOWNLOADS] = {"downloading", DOWNLOAD},
	[FED_ACTIVITY_TRAINS] = {"training", COMPUTE},
	[FED_ACTIVITY_HOLDS] = {"holding", WAIT},
	[FED_ACTIVITY_UPLOADS] = {"uploading", UPLOAD},
	[FED_ACTIVITY_QUEUES] = {"queued", QUEUE},
	[FED_ACTIVITY_DONE] = {"done", 0x2713, '+', FED_COLOR_CYAN},
	[FED_ACTIVITY_REFUSED] = {"refused", 0x2298, '%', FED_COLOR_RED},
	[FED_ACTIVITY_LOST] = {"lost", 0x2717, 'x', FED_COLOR_RED},
	[FED_ACTIVITY_LATE] = {"late", '!', '!', FED_COLOR_MAGENTA},
	[FED_ACTIVITY_CANCELLED] = {"cancelled", '~', '~', FED_COLOR_MAGENTA},
	[FED_ACTIVITY_AWAY] = {"away", 0x25CC, 'o', FED_COLOR_GREY},
};

void fed__activity_glyph_put(struct fed_canvas *canvas, int column, int row,
                             const struct fed_activity_glyph *mark, bool utf8)
{
	fed__canvas_put(canvas, column, row, utf8 ? mark->glyph : (uint32_t)mark->ascii,
	                (struct fed_style){.color = mark->color});
}
