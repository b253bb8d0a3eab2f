/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/matrix.c - layout of a matrix.
 *
 * Names of columns stand below, upright where they are too wide for it; of rows and columns that
 * are narrower than a letter some are left out.
 */
#include "figures/matrix.h"

#include <math.h>

#include "figures/frame.h"
#include "figures/palette.h"

#define SCALE_WIDTH 7.0
#define SCALE_STEPS 24
#define NAME_MOST 0.3 /* of the width, for names of rows */
#define CELL_MOST 34.0

struct matrix_layout {
	const struct fed_matrix_figure *of;
	double left, top, width, height; /* of the cells */
	double cell_width, cell_height;
	double row_names, column_names; /* the widest */
	double right;                   /* for the scale */
	bool upright;
};

static double name_width(const struct fed_matrix_figure *of, bool rows)
{
	struct fed_text name = {0};
	double widest = 0;

	for (size_t i = 0; i < (rows ? of->rows : of->columns); i++) {
		fed_text_clear(&name);
		(rows ? of->row_name : of->column_name)(of->ctx, i, &name);
		widest = fmax(widest, fed_drawing_text_width(fed_text_str(&name), FED_SIZE_TICK, false));
	}
	fed_text_release(&name);
	return widest;
}

/* All but the heights. */
static void measure(struct matrix_layout *l, const struct fed_matrix_figure *of, double width)
{
	*l = (struct matrix_layout){.of = of};
	l->row_names = fmin(name_width(of, true), NAME_MOST * width);
	l->left = FED_MARGIN + (fed_has_text(of->row_label) ? FED_LINE_HEIGHT : 0) + l->row_names + 4;
	if (of->least && of->most)
		l->right = SCALE_WIDTH + 11 +
		           fmax(fed_drawing_text_width(of->least, FED_SIZE_TICK, false),
		                fed_drawing_text_width(of->most, FED_SIZE_TICK, false));
	l->width = fmax(width - l->left - FED_MARGIN - l->right, 1);
	l->cell_width = l->width / (double)of->columns;
	l->column_names = name_width(of, false);
	l->upright = l->column_names + 3 > l->cell_width;
	l->column_names = fmin(l->column_names, NAME_MOST * width);
	l->top = FED_MARGIN + (fed_has_text(of->heading) ? FED_LINE_HEIGHT + 2 : 0);
}

/* What stands below the cells. */
static double below(const struct matrix_layout *l)
{
	return 3 + (l->upright ? l->column_names + 2 : FED_LINE_HEIGHT) +
	       (fed_has_text(l->of->column_label) ? FED_LINE_HEIGHT : 0) + FED_MARGIN;
}

double fed_matrix_figure_height(const struct fed_matrix_figure *of, double width)
{
	struct matrix_layout l;

	measure(&l, of, width);
	const double wanted = of->row_height > 0 ? of->row_height : fmin(l.cell_width, CELL_MOST);
	const double cell = fmin(wanted, 1.6 * width / (double)of->rows);
	const double rows = fmax(fmax(cell, of->rows <= 40 ? 9 : 0) * (double)of->rows, 12);
	return fmax(l.top + rows + below(&l), FED_FIGURE_HEIGHT_LEAST);
}

/* A name is drawn for every so many rows or columns. */
static size_t stride(double cell)
{
	return cell >= FED_SIZE_TICK + 1 ? 1 : (size_t)ceil((FED_SIZE_TICK + 1) / cell);
}

static void draw_row_names(const struct matrix_layout *l, struct fed_drawing *d)
{
	const struct fed_text_style style = {FED_INK, FED_SIZE_TICK, FED_ANCHOR_RIGHT};
	struct fed_text name = {0};

	for (size_t i = 0; i < l->of->rows; i += stride(l->cell_height)) {
		fed_text_clear(&name);
		l->of->row_name(l->of->ctx, i, &name);
		fed_drawing_text_within(d, l->left - 4,
		                        l->top + ((double)i + 0.5) * l->cell_height + 0.36 * FED_SIZE_TICK,
		                        style, l->row_names + 0.01, fed_text_str(&name));
	}
	fed_text_release(&name);
}

static void draw_column_names(const struct matrix_layout *l, struct fed_drawing *d)
{
	const double bottom = l->top + l->height;
	const struct fed_text_style style = {FED_INK, FED_SIZE_TICK,
	                                     l->upright ? FED_ANCHOR_RIGHT : FED_ANCHOR_MIDDLE, false,
	                                     l->upright};
	struct fed_text name = {0};

	for (size_t k = 0; k < l->of->columns; k += l->upright ? stride(l->cell_width) : 1) {
		const double middle = l->left + ((double)k + 0.5) * l->cell_width;

		fed_text_clear(&name);
		l->of->column_name(l->of->ctx, k, &name);
		if (l->upright)
			fed_drawing_text_within(d, middle + 0.26 * FED_SIZE_TICK, bottom + 3, style,
			                        l->column_names + 0.01, fed_text_str(&name));
		else
			fed__drawing_text(d, middle, bottom + 3 + FED_SIZE_TICK, style, fed_text_str(&name));
	}
	fed_text_release(&name);
}

/* Black or white, whichever is legible on a shade. */
static struct fed_paint on_shade(double shade)
{
	return FED_DATA(shade > 0.5 ? 0xFFFFFF : 0x1A1A1A);
}

static void draw_cell(const struct matrix_layout *l, struct fed_drawing *d, size_t i, size_t k,
                      struct fed_text *text)
{
	const struct fed_matrix_figure *of = l->of;
	const double x = l->left + (double)k * l->cell_width, y = l->top + (double)i * l->cell_height;
	const double shade = of->shade(of->ctx, i, k);

	fed_drawing_rect(d, x, y, l->cell_width, l->cell_height, true,
	                 FED_DATA(fed__shade_rgb(isnan(shade) ? 0 : shade)));
	fed_text_clear(text);
	if (of->cell && l->cell_height >= FED_SIZE_CELL + 2)
		of->cell(of->ctx, i, k, text);
	if (text->len &&
	    fed_drawing_text_width(fed_text_str(text), FED_SIZE_CELL, false) + 1.5 <= l->cell_width) {
		const struct fed_text_style style = {on_shade(isnan(shade) ? 0 : shade), FED_SIZE_CELL,
		                                     FED_ANCHOR_MIDDLE};
		fed__drawing_text(d, x + l->cell_width / 2, y + l->cell_height / 2 + 0.36 * FED_SIZE_CELL,
		                  style, fed_text_str(text));
	}
}

static void draw_scale(const struct matrix_layout *l, struct fed_drawing *d)
{
	const double height = fmin(l->height, 90), x = l->left + l->width + 7;
	const struct fed_text_style style = {FED_INK, FED_SIZE_TICK, FED_ANCHOR_LEFT};

	for (int k = 0; k < SCALE_STEPS; k++)
		fed_drawing_rect(d, x, l->top + height * k / SCALE_STEPS, SCALE_WIDTH, height / SCALE_STEPS,
		                 true, FED_DATA(fed__shade_rgb(1 - (k + 0.5) / SCALE_STEPS)));
	fed__drawing_text(d, x + SCALE_WIDTH + 3, l->top + 0.76 * FED_SIZE_TICK, style, l->of->most);
	if (height > 2 * FED_SIZE_TICK + 2)
		fed__drawing_text(d, x + SCALE_WIDTH + 3, l->top + height, style, l->of->least);
}

static void draw_frame(const struct matrix_layout *l, struct fed_drawing *d)
{
	const double right = l->left + l->width, bottom = l->top + l->height;
	const double around[5][2] = {
		{l->left, l->top}, {right, l->top}, {right, bottom}, {l->left, bottom}, {l->left, l->top}};

	fed_drawing_line(d, around, 5, 0.6, 0, FED_INK);
}

static void draw_labels(const struct matrix_layout *l, struct fed_drawing *d)
{
	const struct fed_matrix_figure *of = l->of;
	const double across = l->left + l->width / 2, down = l->top + l->height / 2;

	if (fed_has_text(of->heading))
		fed_drawing_text_within(
			d, FED_MARGIN, FED_MARGIN + FED_SIZE_LABEL,
			(struct fed_text_style){FED_INK, FED_SIZE_LABEL, FED_ANCHOR_LEFT, true, false},
			d->width - 2 * FED_MARGIN, of->heading);
	if (fed_has_text(of->row_label))
		fed_drawing_text_within(
			d, FED_MARGIN + FED_SIZE_LABEL, down,
			(struct fed_text_style){FED_INK, FED_SIZE_LABEL, FED_ANCHOR_MIDDLE, false, true},
			l->height, of->row_label);
	if (fed_has_text(of->column_label))
		fed_drawing_text_within(d, across, d->height - FED_MARGIN - 0.24 * FED_SIZE_LABEL,
		                        (struct fed_text_style){FED_INK, FED_SIZE_LABEL, FED_ANCHOR_MIDDLE},
		                        l->width, of->column_label);
}

int fed_matrix_figure_draw(const struct fed_matrix_figure *of, struct fed_drawing *d,
                           struct fed_error *err)
{
	struct matrix_layout l;
	struct fed_text text = {0};

	if (!of->rows || !of->columns)
		return fed_fail(err, "a matrix without cells cannot be drawn");
	if (fed_frame_check(d, err))
		return FED_FAIL;
	measure(&l, of, d->width);
	l.height = d->height - l.top - below(&l);
	if (l.height < 10)
		return fed_fail(err, "%.1f cm are too few for this matrix; height=%.1fcm shows it",
		                d->height / FED_POINTS_PER_CM,
		                fed_matrix_figure_height(of, d->width) / FED_POINTS_PER_CM + 0.05);
	l.cell_height = l.height / (double)of->rows;
	for (size_t i = 0; i < of->rows; i++)
		for (size_t k = 0; k < of->columns; k++)
			draw_cell(&l, d, i, k, &text);
	fed_text_release(&text);
	draw_row_names(&l, d);
	draw_column_names(&l, d);
	draw_frame(&l, d);
	draw_labels(&l, d);
	if (of->least && of->most)
		draw_scale(&l, d);
	return FED_OK;
}
