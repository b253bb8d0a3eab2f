/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/frame.c - axes with ticks, grid and labels.
 */
#include "figures/frame.h"

#include <math.h>

static const struct fed_text_style tick_right = {{FED_ROLE_INK, 0, 1},
                                                 FED_SIZE_TICK,
                                                 FED_ANCHOR_RIGHT},
								   tick_middle = {
									   {FED_ROLE_INK, 0, 1}, FED_SIZE_TICK, FED_ANCHOR_MIDDLE};

double fed__plot_at_x(const struct fed_plot_frame *f, double x)
{
	return f->left + fed_axis_share(&f->x, x) * f->width;
}

double fed__plot_at_y(const struct fed_plot_frame *f, double y)
{
	return f->top + (1 - fed_axis_share(&f->y, y)) * f->height;
}

int fed_frame_check(const struct fed_drawing *d, struct fed_error *err)
{
	if (d->width >= FED_FIGURE_WIDTH_LEAST && d->height >= FED_FIGURE_HEIGHT_LEAST)
		return FED_OK;
	return fed_fail(err, "%.1f x %.1f cm are too few for a figure: at least %.1f x %.1f",
	                d->width / FED_POINTS_PER_CM, d->height / FED_POINTS_PER_CM,
	                FED_FIGURE_WIDTH_LEAST / FED_POINTS_PER_CM + 0.05,
	                FED_FIGURE_HEIGHT_LEAST / FED_POINTS_PER_CM + 0.05);
}

double fed_frame_above(const struct fed_frame_text *text)
{
	return FED_MARGIN + (fed_has_text(text->heading) ? FED_LINE_HEIGHT + 2 : 0);
}

double fed__frame_below(const struct fed_frame_text *text)
{
	return FED_TICK_LENGTH + FED_LINE_HEIGHT + (fed_has_text(text->x_label) ? FED_LINE_HEIGHT : 0) +
	       FED_MARGIN;
}

static double widest_label(const struct fed_axis *axis)
{
	double widest = 0;
	char label[32];

	for (int i = 0; i < axis->n; i++) {
		fed_axis_label(axis, i, label);
		widest = fmax(widest, fed_drawing_text_width(label, FED_SIZE_TICK, false));
	}
	return widest;
}

double fed__frame_beside(const struct fed_frame_text *text, const struct fed_axis *y)
{
	return FED_MARGIN + (fed_has_text(text->y_label) ? FED_LINE_HEIGHT : 0) + widest_label(y) +
	       FED_TICK_LENGTH + 3;
}

void fed__frame_choose_x(struct fed_plot_frame *f, double lo, double hi, bool log, bool whole)
{
	for (int most = 12; most >= 3; most--) {
		if (log)
			fed_axis_init_log(&f->x, lo, hi, most, false);
		else
			fed_axis_init(&f->x, lo, hi, most, whole, false);
		if (f->x.n * (widest_label(&f->x) + 10) <= f->width)
			return;
	}
}

static void draw_y_axis(const struct fed_plot_frame *f, const struct fed_frame_text *text,
                        struct fed_drawing *d)
{
	double last = INFINITY; /* the place of the last label */
	char label[32];

	for (int i = 0; i < f->y.n; i++) {
		const double at = fed__plot_at_y(f, fed_axis_value(&f->y, i));

		if (!text->plain)
			fed_drawing_segment(d, f->left, at, f->left + f->width, at, 0.5, FED_GRID);
		fed_drawing_segment(d, f->left - FED_TICK_LENGTH, at, f->left, at, 0.7, FED_INK);
		if (last - at < FED_SIZE_TICK + 0.5)
			continue;
		fed_axis_label(&f->y, i, label);
		fed__drawing_text(d, f->left - FED_TICK_LENGTH - 2, at + 0.36 * FED_SIZE_TICK, tick_right,
		                  label);
		last = at;
	}
	if (fed_has_text(text->y_label)) {
		const struct fed_text_style style = {FED_INK, FED_SIZE_LABEL, FED_ANCHOR_MIDDLE, false,
		                                     true};
		const double middle = f->top + f->height / 2;

		fed_drawing_text_within(d, FED_MARGIN + FED_SIZE_LABEL, middle, style,
		                        f->height + FED_TICK_LENGTH, text->y_label);
	}
}

/* Small ticks at 2, 3, ... 9 times the powers of ten. */
static void draw_minor(const struct fed_plot_frame *f, struct fed_drawing *d, bool along_x)
{
	const struct fed_axis *axis = along_x ? &f->x : &f->y;

	if (!axis->powers || axis->step > 1)
		return;
	for (double power = pow(10, floor(log10(axis->lo))); power < axis->hi; power *= 10)
		for (int k = 2; k < 10; k++) {
			const double value = k * power;

			if (value < axis->lo || value > axis->hi)
				continue;
			const double at = along_x ? fed__plot_at_x(f, value) : fed__plot_at_y(f, value);
			const double bottom = f->top + f->height;
			if (along_x)
				fed_drawing_segment(d, at, bottom, at, bottom + FED_TICK_LENGTH / 2, 0.5, FED_INK);
			else
				fed_drawing_segment(d, f->left - FED_TICK_LENGTH / 2, at, f->left, at, 0.5,
				                    FED_INK);
		}
}

/* A label at a tick of x, unless it meets the last one. */
static void label_tick(const struct fed_plot_frame *f, struct fed_drawing *d, double at,
                       const char *label, double most, double *from)
{
	const double width = fmin(fed_drawing_text_width(label, FED_SIZE_TICK, false), most);
	const double half = width / 2, edge = d->width - 1;
	const double middle = fmax(fmin(at, edge - half), half + 1);

	if (middle - half < *from)
		return;
	fed_drawing_text_within(d, middle, f->top + f->height + FED_TICK_LENGTH + FED_SIZE_TICK + 1,
	                        tick_middle, most + 0.01, label);
	*from = middle + half + 4;
}

static void draw_x_axis(const struct fed_plot_frame *f, const struct fed_frame_text *text,
                        struct fed_drawing *d)
{
	const double bottom = f->top + f->height;
	const int n = text->tick_name ? (int)text->tick_names : f->x.n;
	double from = 0;
	char label[32];

	for (int i = 0; i < n; i++) {
		const double at = fed__plot_at_x(f, text->tick_name ? i + 1 : fed_axis_value(&f->x, i));

		if (!text->tick_name)
			fed_axis_label(&f->x, i, label);
		fed_drawing_segment(d, at, bottom, at, bottom + FED_TICK_LENGTH, 0.7, FED_INK);
		label_tick(f, d, at, text->tick_name ? text->tick_name[i] : label,
		           text->tick_name ? f->width / n - 4 : f->width, &from);
	}
	if (fed_has_text(text->x_label)) {
		const struct fed_text_style style = {FED_INK, FED_SIZE_LABEL, FED_ANCHOR_MIDDLE};
		const double middle = f->left + f->width / 2;

		fed_drawing_text_within(d, middle,
		                        bottom + FED_TICK_LENGTH + FED_LINE_HEIGHT + FED_SIZE_LABEL, style,
		                        2 * fmin(middle, d->width - middle) - 2, text->x_label);
	}
}

static void draw_heading(const char *heading, struct fed_drawing *d)
{
	const struct fed_text_style style = {FED_INK, FED_SIZE_LABEL, FED_ANCHOR_LEFT, true, false};

	fed_drawing_text_within(d, FED_MARGIN, FED_MARGIN + FED_SIZE_LABEL, style,
	                        d->width - 2 * FED_MARGIN, heading);
}

void fed__frame_draw(const struct fed_plot_frame *f, const struct fed_frame_text *text,
                     struct fed_drawing *d)
{
	const double bottom = f->top + f->height;

	if (fed_has_text(text->heading))
		draw_heading(text->heading, d);
	draw_y_axis(f, text, d);
	draw_x_axis(f, text, d);
	draw_minor(f, d, false);
	draw_minor(f, d, true);
	fed_drawing_line(
		d, (const double[3][2]){{f->left, f->top}, {f->left, bottom}, {f->left + f->width, bottom}},
		3, 0.7, 0, FED_INK);
}
