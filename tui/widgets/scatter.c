/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/scatter.c - scatter plot in a frame, with a legend below.
 */
#include "tui/widgets/scatter.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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
		low_x = s->x - s->reach_x;
		high_x = s->x + s->reach_x;
		low_y = s->y - s->reach_y;
		high_y = s->y + s->reach_y;
	}
	f->x = low_x / 2 + high_x / 2;
	f->y = low_y / 2 + high_y / 2;
	f->unit = fmax((high_x / 2 - low_x / 2) / (f->columns / 2.0 - 1),
	               (high_y / 2 - low_y / 2) / (CELL_RATIO * (f->rows / 2.0 - 1)));
	if (!(f->unit > 0))
		f->unit = 1;
}

/* A point's cell; `beyond` the frame it is moved to the rim, on the way to the middle. */
struct cell {
	int column, row;
	bool beyond;
};

/* The cell of point i; false: it is not shown. */
static bool cell_of_point(const struct frame *f, const struct fed_scatter_group *g, size_t i,
                          struct cell *cell)
{
	double across = (g->x[i] - f->x) / f->unit, up = (g->y[i] - f->y) / (CELL_RATIO * f->unit);
	const double most_across = (f->columns - 1) / 2, most_up = (f->rows - 1) / 2;
	const double over = fmax(fabs(across) / most_across, fabs(up) / most_up);

	if (!is_point(g, i))
		return false;
	cell->beyond = g->rim && over > 1.1; /* and not only rounded out of it */
	if (cell->beyond) {
		across /= over;
		up /= over;
	}
	across = floor(across + 0.5) + f->columns / 2;
	up = f->rows / 2 - floor(up + 0.5);
	if (!(across >= 0 && across < f->columns && up >= 0 && up < f->rows))
		return false;
	cell->column = f->column + (int)across;
	cell->row = f->row + (int)up;
	return true;
}

static bool is_inside(const struct frame *f, int column, int row)
{
	return column >= f->column && column < f->column + f->columns && row >= f->row &&
	       row < f->row + f->rows;
}

static bool is_free(const struct fed_canvas *canvas, int column, int row)
{
	return column < canvas->columns && canvas->cell[row * canvas->columns + column].code == ' ';
}

/* Whether n cells from here on are inside and free. */
static bool has_room(const struct fed_canvas *canvas, const struct frame *f, int column, int row,
                     int n)
{
	for (int k = 0; k < n; k++)
		if (!is_inside(f, column + k, row) || !is_free(canvas, column + k, row))
			return false;
	return true;
}

/* Put the label of point i to the right of it, if its cells and the next one are free; beyond the
 * frame also its distance from the middle, and if need be to the left. */
static void put_label(struct fed_canvas *canvas, const struct frame *f,
                      const struct fed_scatter_group *g, size_t i, const struct cell *cell)
{
	const struct fed_style style = {.color = FED_COLOR_GREY};
	struct fed_text label = {0};

	if (g->label && g->label[i])
		fed_text_add(&label, "%s", g->label[i]);
	else if (g->id)
		fed_text_add(&label, "%u", g->id[i]);
	if (cell->beyond)
		fed_text_add(&label, "(%.3g)", hypot(g->x[i] - f->x, g->y[i] - f->y));
	const char *text = fed_text_str(&label);
	const int n = fed_text_width(text);
	const int next = cell->column + 1, end = f->column + f->columns;
	if (n && has_room(canvas, f, next, cell->row, next + n < end ? n + 1 : n))
		fed__canvas_write(canvas, next, cell->row, text, style);
	else if (cell->beyond && has_room(canvas, f, cell->column - n, cell->row, n))
		fed__canvas_write(canvas, cell->column - n, cell->row, text, style);
	fed_text_release(&label);
}

/* Whether the cell shows a letter of the groups before group k. */
static bool has_letter(const struct fed_canvas *canvas, const struct fed_scatter *s, size_t k,
                       int column, int row)
{
	for (size_t j = 0; j < k; j++) {
		const struct fed_scatter_group *g = &s->group[j];
		const uint32_t glyph = s->utf8 ? g->glyph : (uint32_t)g->ascii;

		if (g->letter && canvas->cell[row * canvas->columns + column].code == glyph)
			return true;
	}
	return false;
}

/* Move a letter of group k to the next column without one; at the rim to the next row with a free
 * cell, as labels are beside it. */
static void step_aside(const struct fed_canvas *canvas, const struct frame *f,
                       const struct fed_scatter *s, size_t k, struct cell *cell)
{
	const int most = cell->beyond ? f->rows : f->columns;

	for (int by = 0; by < most; by++)
		for (int side = 1; side >= -1; side -= 2) {
			const int column = cell->column + (cell->beyond ? 0 : side * by);
			const int row = cell->row + (cell->beyond ? side * by : 0);

			if (!is_inside(f, column, row) || has_letter(canvas, s, k, column, row) ||
			    (cell->beyond && !is_free(canvas, column, row)))
				continue;
			cell->column = column;
			cell->row = row;
			return;
		}
}

static void put_group(struct fed_canvas *canvas, const struct frame *f, const struct fed_scatter *s,
                      size_t k)
{
	const struct fed_scatter_group *g = &s->group[k];
	const struct fed_style style = {.color = g->color};

	for (size_t i = 0; i < g->n; i++) {
		struct cell cell;

		if (!cell_of_point(f, g, i, &cell))
			continue;
		if (g->letter)
			step_aside(canvas, f, s, k, &cell);
		fed__canvas_put(canvas, cell.column, cell.row, s->utf8 ? g->glyph : (uint32_t)g->ascii,
		                style);
		if (g->letter)
			put_label(canvas, f, g, i, &cell);
	}
}

/* Put the labels after all points, so that no point is covered; whether a point is beyond the
 * frame. */
static bool put_labels(struct fed_canvas *canvas, const struct frame *f,
                       const struct fed_scatter_group *g)
{
	bool beyond = false;

	for (size_t i = 0; (g->id || g->rim) && i < g->n; i++) {
		struct cell cell;

		if (!cell_of_point(f, g, i, &cell))
			continue;
		beyond |= cell.beyond;
		if (!g->letter)
			put_label(canvas, f, g, i, &cell);
	}
	return beyond;
}

/* "o honest  x Byzantine  M mean" */
static void put_legend(struct fed_canvas *canvas, int column, int end, int row,
                       const struct fed_scatter *s, bool beyond)
{
	static const char far[] = "(d) at the rim: d away";

	if (beyond && column + (int)strlen(far) <= end)
		column = 2 + fed__canvas_write(canvas, column, row, far, (struct fed_style){0});
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
	bool beyond = false;
	for (size_t k = 0; k < s->n; k++)
		put_group(canvas, &f, s, k);
	for (size_t k = 0; k < s->n; k++)
		beyond |= put_labels(canvas, &f, &s->group[k]);
	put_legend(canvas, column, column + columns, row + rows - 1, s, beyond);
}

int fed__scatter_draw(const struct fed_scatter *s, int columns, int rows, enum fed_palette palette,
                      struct fed_text *out, struct fed_error *err)
{
	struct fed_canvas canvas;

	if (columns < FED_SCATTER_COLUMNS || rows < FED_SCATTER_ROWS)
		return fed_fail(err, "a map takes at least %d columns and %d rows", FED_SCATTER_COLUMNS,
		                FED_SCATTER_ROWS);
	if (fed__canvas_init(&canvas, columns, rows, err))
		return FED_FAIL;
	fed__scatter_put(&canvas, 0, 0, columns, rows, s);
	fed__canvas_text(&canvas, out, s->utf8, palette);
	fed__canvas_release(&canvas);
	return FED_OK;
}
