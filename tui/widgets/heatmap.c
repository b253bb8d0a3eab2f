/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/heatmap.c - heat map with cells of two lines: shade and number.
 */
#include "tui/widgets/heatmap.h"

#include <math.h>
#include <stdio.h>

#include "tui/widgets/canvas.h"

enum { CELL = 9, LINES = 2, LABEL_MAX = 24 };

static const uint32_t shades[] = {' ', 0x2591, 0x2592, 0x2593, 0x2588};
static const char ascii_shades[] = " .:+#";
#define SHADES 5

static int shade_of(const struct fed_heatmap *h, double value)
{
	const double share = (value - h->low) / (h->high - h->low);

	return share <= 0 ? 0 : share >= 1 ? SHADES - 1 : (int)(share * SHADES);
}

static void put_cell(struct fed_canvas *canvas, const struct fed_heatmap *h, int column, int row,
                     double value, bool utf8)
{
	const int shade = isnan(value) ? 0 : shade_of(h, value);
	/* From orange to blue, which every kind of colour vision can distinguish. */
	const struct fed_style style = {.color = shade >= 3   ? FED_COLOR_BLUE
	                                         : shade >= 1 ? FED_COLOR_CYAN
	                                                      : FED_COLOR_YELLOW};
	char text[16] = " - ";

	for (int y = 0; y < LINES; y++)
		for (int x = 0; x < CELL - 1; x++)
			fed__canvas_put(canvas, column + x, row + y,
			                utf8 ? shades[shade] : (uint32_t)ascii_shades[shade], style);
	if (!isnan(value))
		snprintf(text, sizeof text, " %.1f ", 100 * value);
	const int width = fed_text_width(text);
	fed__canvas_write(canvas, column + (CELL - 1 - width) / 2, row, text,
	                  (struct fed_style){.bold = true});
}

/* Width of the row names. */
static int label_width(const struct fed_heatmap *h)
{
	int width = 0;

	for (size_t i = 0; i < h->rows; i++) {
		const int w = fed_text_width(h->row[i]);
		width = w > width ? w : width;
	}
	return (width > LABEL_MAX ? LABEL_MAX : width) + 2;
}

/* Put the column names on two lines alternately, so that each is up to two cells wide. */
static void put_column_names(struct fed_canvas *canvas, const struct fed_heatmap *h, int left,
                             int row, size_t columns)
{
	for (size_t k = 0; k < columns; k++) {
		struct fed_text name = {0};

		fed_text_add(&name, "%.*s", 2 * CELL - 2, h->column[k]);
		fed__canvas_write(canvas, left + (int)k * CELL, row + (int)(k % 2), fed_text_str(&name),
		                  (struct fed_style){.bold = true});
		fed_text_release(&name);
	}
}

int fed_heatmap_draw(const struct fed_heatmap *h, int width, bool utf8, enum fed_palette palette,
                     struct fed_text *out, struct fed_error *err)
{
	const int left = label_width(h), title = h->title && *h->title;
	const int capacity = (width - left) / CELL;
	const size_t columns = capacity < 1                    ? 0
	                       : (size_t)capacity < h->columns ? (size_t)capacity
	                                                       : h->columns;
	const int heads = columns > 1 ? 2 : 1;
	struct fed_canvas canvas;

	if (columns == 0)
		return fed_fail(err, "a heat map takes at least %d columns", left + CELL);
	if (fed__canvas_init(&canvas, width, title + heads + (int)h->rows * (LINES + 1), err))
		return FED_FAIL;
	if (title)
		fed__canvas_write(&canvas, 0, 0, h->title, (struct fed_style){.bold = true});
	put_column_names(&canvas, h, left, title, columns);
	for (size_t i = 0; i < h->rows; i++) {
		const int row = title + heads + (int)i * (LINES + 1);
		char name[4 * LABEL_MAX + 1];

		snprintf(name, sizeof name, "%.*s", LABEL_MAX, h->row[i]);
		fed__canvas_write(&canvas, 0, row, name, (struct fed_style){0});
		for (size_t k = 0; k < columns; k++)
			put_cell(&canvas, h, left + (int)k * CELL, row, h->value[i * h->columns + k], utf8);
	}
	fed__canvas_text(&canvas, out, utf8, palette);
	fed__canvas_release(&canvas);
	if (columns < h->columns)
		fed_text_add(out, "%zu more column%s not fit; a wider terminal shows all\n",
		             h->columns - columns, h->columns - columns == 1 ? " does" : "s do");
	return FED_OK;
}
