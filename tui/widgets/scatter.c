/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/scatter.c - scatter plot in a frame, with a legend below.
 */
#include "tui/widgets/scatter.h"

#include <math.h>
#include <stdio.h>

/* Height of a cell in units of its width. */
#define CELL_RATIO 2.0

struct frame {
	int column, row, columns, rows; /* of the inside */
	double x, y, unit; /* coordinates of the middle; width of a column in units of the data */
};

static bool is_point(const struct fed_scatter_group *g, size_t i)
{
	return isfinite(g->x[i]) && isfinite(g->y[i]);
}

/* Choose the smallest scale that shows every point, the same in both directions. */
static void fit(const struct fed_scatter *s, struct frame *f)
{
	double low_x = INFINITY, high_x = -INFINITY, low_y = INFINITY, high_y = -INFINITY;

	for (size_t k = 0; k < s->n; k++) {
		const struct fed_scatter_group *g = &s->group[k];

		for (size_t i = 0; i < g->n; i++) {
			if (!is_point(g, i))
				continue;
			low_x = fmin(low_x, g->x[i]);
			high_x = fmax(high_x, g->x[i]);
			low_y = fmin(low_y, g->y[i]);
			high_y = fmax(high_y, g->y[i]);
		}
	}
	if (!(low_x <= high_x))
		low_x = high_x = low_y = high_y = 0;
	if (s->reach_x > 0 || s->reach_y > 0) {
		low_x = -(high_x = s->reach_x);
		low_y = -(high_y = s->reach_y);
	}
	f->x = low_x / 2 + high_x / 2;
	f->y = low_y / 2 + high_y / 2;
	f->unit = fmax((high_x / 2 - low_x / 2) / (f->columns / 2.0 - 1),
	               (high_y / 2 - low_y / 2) / (CELL_RATIO * (f->rows / 2.0 - 1)));
	if (!(f->unit > 0))
		f->unit = 1;
}

/* The cell of point i; false: outside the frame. */
static bool cell_of_point(const struct frame *f, const struct fed_scatter_group *g, size_t i,
                          int *column, int *row)
{
	const double across = floor((g->x[i] - f->x) / f->unit + 0.5) + f->columns / 2;
	const double down = f->rows / 2 - floor((g->y[i] - f->y) / (CELL_RATIO * f->unit) + 0.5);

	if (!(across >= 0 && across < f->columns && down >= 0 && down < f->rows))
		return false;
	*column = f->column + (int)across;
	*row = f->row + (int)down;
	return true;
}

static bool is_free(const struct fed_canvas *canvas, int column, int row)
{
	return column < canvas->columns && canvas->cell[row * canvas->columns + column].code == ' ';
}

/* Put a label to the right of its point, if its cells and the next one are free. */
static void put_id(struct fed_canvas *canvas, const struct frame *f, int column, int row,
                   uint32_t id)
{
	char text[12];
	const int n = snprintf(text, sizeof text, "%u", id);

	if (column + n > f->column + f->columns)
		return;
	for (int k = 0; k < n + 1; k++)
		if (column + k < f->column + f->columns && !is_free(canvas, column + k, row))
			return;
	fed__canvas_write(canvas, column, row, text, (struct fed_style){.color = FED_COLOR_GREY});
}

static void put_group(struct fed_canvas *canvas, const struct frame *f,
                      const struct fed_scatter_group *g, bool utf8)
{
	const struct fed_style style = {.color = g->color};

	for (size_t i = 0; i < g->n; i++) {
		int column, row;

		if (!is_point(g, i) || !cell_of_point(f, g, i, &column, &row))
			continue;
		fed__canvas_put(canvas, column, row, utf8 ? g->glyph : (uint32_t)g->ascii, style);
	}
}

/* Put the labels after all points, so that no point is covered. */
static void put_ids(struct fed_canvas *canvas, const struct frame *f,
                    const struct fed_scatter_group *g)
{
	for (size_t i = 0; g->id && i < g->n; i++) {
		int column, row;

		if (!is_point(g, i) || !cell_of_point(f, g, i, &column, &row))
			continue;
		put_id(canvas, f, column + 1, row, g->id[i]);
	}
}

/* "o honest  x Byzantine  M mean" */
static void put_legend(struct fed_canvas *canvas, int column, int end, int row,
                       const struct fed_scatter *s)
{
	for (size_t k = 0; k < s->n && column + 2 < end; k++) {
		const struct fed_scatter_group *g = &s->group[k];

		if (g->n == 0 || column + 2 + fed_text_width(g->name) > end)
			continue;
		fed__canvas_put(canvas, column, row, s->utf8 ? g->glyph : (uint32_t)g->ascii,
		                (struct fed_style){.color = g->color});
		column = 2 + fed__canvas_write(canvas, column + 2, row, g->name, (struct fed_style){0});
	}
}

void fed__scatter_put(struct fed_canvas *canvas, int column, int row, int columns, int rows,
                      const struct fed_scatter *s)
{
	const int title = s->title && *s->title;
	struct frame f = {.column = column + 1,
	                  .row = row + title + 1,
	                  .columns = columns - 2,
	                  .rows = rows - title - 3};

	if (columns < FED_SCATTER_COLUMNS || rows < FED_SCATTER_ROWS)
		return;
	if (title)
		fed__canvas_write(canvas, column, row, s->title, (struct fed_style){.bold = true});
	fed__canvas_box(canvas, column, row + title, columns, rows - title - 1,
	                (struct fed_style){.color = FED_COLOR_GREY});
	fit(s, &f);
	for (size_t k = 0; k < s->n; k++)
		put_group(canvas, &f, &s->group[k], s->utf8);
	for (size_t k = 0; k < s->n; k++)
		put_ids(canvas, &f, &s->group[k]);
	put_legend(canvas, column, column + columns, row + rows - 1, s);
}

int fed__scatter_draw(const struct fed_scatter *s, int columns, int rows, bool color,
                      struct fed_text *out, struct fed_error *err)
{
	struct fed_canvas canvas;

	if (columns < FED_SCATTER_COLUMNS || rows < FED_SCATTER_ROWS)
		return fed_fail(err, "a map takes at least %d columns and %d rows", FED_SCATTER_COLUMNS,
		                FED_SCATTER_ROWS);
	if (fed__canvas_init(&canvas, columns, rows, err))
		return FED_FAIL;
	fed__scatter_put(&canvas, 0, 0, columns, rows, s);
	fed__canvas_text(&canvas, out, s->utf8, color);
	fed__canvas_release(&canvas);
	return FED_OK;
}
