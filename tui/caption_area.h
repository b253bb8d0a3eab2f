/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/caption_area.h - the rows below the view in which a script's captions and commands are shown.
 *
 * Its height depends on that of the screen alone, so that nothing moves while a script is played:
 * a rule with title and heading, the caption, and the last two lines of commands and of what they
 * printed. A long caption has pages.
 */
#ifndef FED_TUI_CAPTION_AREA_H
#define FED_TUI_CAPTION_AREA_H

#include "tui/widgets/canvas.h"

enum { FED_CAPTION_AREA_SAID = 2 };

struct fed_caption_area {
	bool shown;
	uint64_t parts; /* of the script so far */
	struct fed_text title, heading;
	struct fed_text text; /* the caption: of this part, else of one before with this heading */
	bool fresh;           /* the caption is of this part */
	int page;
	/* The last commands and what they printed, the newest behind, with SGR escapes. */
	struct fed_text said[FED_CAPTION_AREA_SAID];
	bool replied; /* the newest is what a command printed */
};

void fed__caption_area_release(struct fed_caption_area *);
/* A part begins: its title and its heading. The caption of the part before stays if they do. */
void fed__caption_area_begin(struct fed_caption_area *, const char *title);
void fed__caption_area_heading(struct fed_caption_area *, const char *heading);
/* Add a line to the caption. */
void fed__caption_area_add(struct fed_caption_area *, const char *line);
void fed__caption_area_command(struct fed_caption_area *, const char *command);
/* What the command printed, in place of what it printed before; "": nothing. */
void fed__caption_area_reply(struct fed_caption_area *, const char *line);

/* Rows that it takes on a screen of this many; 0: it is not shown. */
int fed__caption_area_rows(const struct fed_caption_area *, int rows);
/* Paint into rows `row` and below; screen_rows: as for fed__caption_area_rows. */
void fed__caption_area_paint(const struct fed_caption_area *, struct fed_canvas *, int row,
                             int screen_rows);
/* Whether the caption has a page behind this one. */
bool fed__caption_area_has_more(const struct fed_caption_area *, int columns, int screen_rows);
/* Seconds to read what is new: the page of the caption, the command. */
double fed__caption_area_seconds(const struct fed_caption_area *, int columns, int screen_rows);

#endif
