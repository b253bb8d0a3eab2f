/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/heatmap.h - heat map of a table of shares; each cell has a shade and its number.
 */
#ifndef FED_TUI_WIDGETS_HEATMAP_H
#define FED_TUI_WIDGETS_HEATMAP_H

#include <stddef.h>

#include "tui/widgets/canvas.h"

struct fed_heatmap {
	const char *title;                      /* NULL: none */
	const char *const *row, *const *column; /* [rows], [columns] names */
	size_t rows, columns;
	const double *value; /* [rows][columns], shares; NaN: not known */
	double low, high;    /* the shares of the lightest and the darkest shade; low < high */
};

/* Append as text, at most `width` columns wide; columns that do not fit are left out and counted.
 */
int fed_heatmap_draw(const struct fed_heatmap *, int width, bool utf8, enum fed_palette,
                     struct fed_text *out, struct fed_error *);

#endif
