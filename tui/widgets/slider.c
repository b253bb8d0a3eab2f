/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/slider.c - a line with ends and a mark.
 */
#include "tui/widgets/slider.h"

static const struct fed_style line_style = {.color = FED_COLOR_GREY},
							  mark_style = {.color = FED_COLOR_CYAN, .bold = true};

/* Column of the mark, from 1 to width - 2: at an end only where the version is. */
static int mark_at(const struct fed_slider *s, int width)
{
	const double share =
		s->last > s->first ? (double)(s->here - s->first) / (double)(s->last - s->first) : 1;
	const int inner = width - 3;
	int at = (int)(share * inner + 0.5);

	if (at == 0 && s->here > s->first)
		at = 1;
	if (at == inner && s->here < s->last)
		at = inner - 1;
	return 1 + at;
}

void fed__slider_paint(const struct fed_slider *s, struct fed_canvas *canvas, int column, int row,
                       int width, bool utf8)
{
	const int mark = mark_at(s, width);

	for (int i = 0; i < width; i++) {
		const bool before = i < mark;

		if (i == mark)
			fed__canvas_write(canvas, column + i, row, utf8 ? "\u25cf" : "o", mark_style);
		else if (i == 0 || i == width - 1)
			fed__canvas_write(canvas, column + i, row,
			                  !utf8    ? "|"
			                  : i == 0 ? "\u251c"
			                           : "\u2524",
			                  line_style);
		else
			fed__canvas_write(canvas, column + i, row,
			                  utf8 ? (before ? "\u2501" : "\u2500") : (before ? "=" : "-"),
			                  line_style);
	}
}
