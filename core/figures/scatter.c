/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/scatter.c - points in a plane.
 */
#include "figures/scatter.h"

#include <math.h>

#include "base/mem.h"
#include "figures/palette.h"

#define AROUND 1.12 /* of the reach, for marks and labels at the rim */
#define RADIUS 2.4
#define LABELS_MOST 400 /* of more points none is legible */

struct scatter_layout {
	const struct fed_scatter_figure *of;
	struct fed_drawing *d;
	struct fed_plot_frame f;
	struct fed_frame_text text;
	struct fed_legend_entry *entry; /* [entries] groups with points */
	size_t entries;
	double (*box)[4]; /* [boxes] what labels must not meet */
	size_t boxes, boxes_most;
};

static bool finite_at(const struct fed_scatter_points *g, size_t i)
{
	return isfinite(g->x[i]) && isfinite(g->y[i]);
}

static void find_reach(const struct fed_scatter_figure *of, double middle[2], double reach[2])
{
	double lo[2] = {INFINITY, INFINITY}, hi[2] = {-INFINITY, -INFINITY};

	middle[0] = of->x;
	middle[1] = of->y;
	reach[0] = of->reach_x;
	reach[1] = of->reach_y;
	if (reach[0] > 0 || reach[1] > 0)
		return;
	for (size_t g = 0; g < of->n; g++)
		for (size_t i = 0; i < of->group[g].n; i++) {
			const double at[2] = {of->group[g].x[i], of->group[g].y[i]};

			for (int k = 0; k < 2 && finite_at(&of->group[g], i); k++) {
				lo[k] = fmin(lo[k], fed_axis_limit(at[k]));
				hi[k] = fmax(hi[k], fed_axis_limit(at[k]));
			}
		}
	for (int k = 0; k < 2; k++) {
		middle[k] = lo[k] <= hi[k] ? lo[k] / 2 + hi[k] / 2 : 0;
		reach[k] = lo[k] <= hi[k] ? hi[k] / 2 - lo[k] / 2 : 0;
	}
}

/* The axis from middle - half to middle + half. */
static void set_axis(struct fed_axis *axis, double middle, double half, int most)
{
	fed_axis_init(axis, middle - half, middle + half, most > 3 ? most : 3, 0, false);
}

static void lay_out(struct scatter_layout *l)
{
	struct fed_plot_frame *f = &l->f;
	const struct fed_drawing *d = l->d;
	const int rows = fed_legend_rows(d, l->entry, l->entries);
	const double above = fed_frame_above(&l->text), below = fed__frame_below(&l->text);
	const int most = (int)fmax(0, (d->height - above - below - 44) / FED_LINE_HEIGHT);
	double middle[2], reach[2];

	find_reach(l->of, middle, reach);
	f->top = above + (rows < most ? rows : most) * FED_LINE_HEIGHT + 4;
	f->height = fmax(d->height - f->top - below, 1);
	f->left = fed__frame_beside(&l->text, &(struct fed_axis){.n = 0}) + 24;
	for (int pass = 0; pass < 2; pass++) { /* the second with the width of the labels */
		f->width = fmax(d->width - f->left - FED_MARGIN - 8, 1);
		double unit = AROUND * fmax(2 * reach[0] / f->width, 2 * reach[1] / f->height);
		if (!(unit > 0))
			unit = 2 / fmin(f->width, f->height);
		set_axis(&f->y, middle[1], unit * f->height / 2, (int)(f->height / 24) + 1);
		set_axis(&f->x, middle[0], unit * f->width / 2, (int)(f->width / 40) + 1);
		f->left = fed__frame_beside(&l->text, &f->y);
	}
	f->width = fmax(d->width - f->left - FED_MARGIN - 8, 1);
	const double half = (f->y.hi - f->y.lo) / f->height * f->width / 2;
	set_axis(&f->x, middle[0], half, (int)(f->width / 40) + 1);
	fed_legend_draw(l->d, l->entry, l->entries, above, most);
}

static bool meets(const struct scatter_layout *l, const double box[4])
{
	const struct fed_plot_frame *f = &l->f;

	if (box[0] < f->left + 1 || box[2] > f->left + f->width || box[1] < f->top ||
	    box[3] > f->top + f->height)
		return true;
	for (size_t i = 0; i < l->boxes; i++)
		if (box[0] < l->box[i][2] && l->box[i][0] < box[2] && box[1] < l->box[i][3] &&
		    l->box[i][1] < box[3])
			return true;
	return false;
}

static void block(struct scatter_layout *l, const double box[4])
{
	for (int k = 0; k < 4 && l->boxes < l->boxes_most; k++)
		l->box[l->boxes][k] = box[k];
	l->boxes += l->boxes < l->boxes_most;
}

/* Where a point is drawn: inside the frame, at its rim if it is beyond; true: it is. */
static bool place(const struct scatter_layout *l, const struct fed_scatter_points *g, size_t i,
                  double at[2])
{
	const struct fed_plot_frame *f = &l->f;
	const double x = fed__plot_at_x(f, g->x[i]), y = fed__plot_at_y(f, g->y[i]);

	at[0] = fmin(fmax(x, f->left + 2 * RADIUS), f->left + f->width - 2 * RADIUS);
	at[1] = fmin(fmax(y, f->top + 2 * RADIUS), f->top + f->height - 2 * RADIUS);
	return at[0] != x || at[1] != y;
}

/* An arrow from a mark at the rim outwards. */
static void draw_arrow(struct scatter_layout *l, const double at[2], double x, double y,
                       struct fed_paint paint)
{
	const double away = hypot(x - at[0], y - at[1]), reach = 1.9 * RADIUS;

	if (away > 0)
		fed_drawing_segment(l->d, at[0], at[1], at[0] + (x - at[0]) / away * reach,
		                    at[1] + (y - at[1]) / away * reach, 0.9, paint);
}

static void draw_points(struct scatter_layout *l, const struct fed_scatter_points *g)
{
	const struct fed_paint paint = g->paint;

	for (size_t i = 0; i < g->n; i++) {
		double at[2];

		if (!finite_at(g, i))
			continue;
		if (place(l, g, i, at))
			draw_arrow(l, at, fed__plot_at_x(&l->f, g->x[i]), fed__plot_at_y(&l->f, g->y[i]),
			           paint);
		fed__mark_draw(l->d, g->mark, at[0], at[1], RADIUS, g->hollow, paint);
		block(l, (const double[4]){at[0] - RADIUS, at[1] - RADIUS, at[0] + RADIUS, at[1] + RADIUS});
	}
}

/* Put a label right of its point, left, above or below, where it meets nothing. */
static void label_point(struct scatter_layout *l, const double at[2], const char *label)
{
	const struct fed_text_style style = {FED_INK, FED_SIZE_NOTE, FED_ANCHOR_LEFT};
	const double width = fed_drawing_text_width(label, FED_SIZE_NOTE, false);
	const double places[4][2] = {{at[0] + RADIUS + 1.2, at[1] + 2},
	                             {at[0] - RADIUS - 1.2 - width, at[1] + 2},
	                             {at[0] - width / 2, at[1] - RADIUS - 2.2},
	                             {at[0] - width / 2, at[1] + RADIUS + FED_SIZE_NOTE * 0.9}};

	for (int k = 0; k < 4; k++) {
		const double box[4] = {places[k][0], places[k][1] - 0.76 * FED_SIZE_NOTE,
		                       places[k][0] + width, places[k][1] + 0.24 * FED_SIZE_NOTE};
		if (meets(l, box))
			continue;
		fed__drawing_text(l->d, places[k][0], places[k][1], style, label);
		block(l, box);
		return;
	}
}

static void label_points(struct scatter_layout *l, const struct fed_scatter_points *g)
{
	for (size_t i = 0; g->label && i < g->n; i++) {
		double at[2];

		if (!finite_at(g, i) || !fed_has_text(g->label[i]))
			continue;
		place(l, g, i, at);
		label_point(l, at, g->label[i]);
	}
}

static int prepare(struct scatter_layout *l, struct fed_error *err)
{
	const struct fed_scatter_figure *of = l->of;
	size_t points = 0;

	for (size_t g = 0; g < of->n; g++)
		points += of->group[g].n;
	l->boxes_most = 2 * points + 1;
	l->entry = fed_alloc_array(of->n + 1, sizeof *l->entry);
	l->box = fed_alloc_array(l->boxes_most, sizeof *l->box);
	if (!l->entry || !l->box)
		return fed_fail_memory(err, l->boxes_most * sizeof *l->box, "a figure");
	for (size_t g = 0; g < of->n; g++)
		if (of->group[g].n)
			l->entry[l->entries++] = (struct fed_legend_entry){.name = of->group[g].name,
			                                                   .sample = FED_SAMPLE_MARK,
			                                                   .hollow = of->group[g].hollow,
			                                                   .mark = of->group[g].mark,
			                                                   .paint = of->group[g].paint};
	return FED_OK;
}

int fed_scatter_figure_draw(const struct fed_scatter_figure *of, struct fed_drawing *d,
                            struct fed_plot_frame *frame, struct fed_error *err)
{
	struct scatter_layout l = {
		.of = of,
		.d = d,
		.text = {.heading = of->heading, .x_label = of->x_label, .y_label = of->y_label}};
	int rc = fed_frame_check(d, err);

	if (rc == FED_OK)
		rc = prepare(&l, err);
	if (rc == FED_OK) {
		lay_out(&l);
		fed__frame_draw(&l.f, &l.text, d);
		for (size_t g = 0; g < of->n; g++)
			draw_points(&l, &of->group[g]);
		for (size_t g = of->n; g-- > 0 && l.boxes <= LABELS_MOST;)
			label_points(&l, &of->group[g]);
		if (frame)
			*frame = l.f;
	}
	fed_free(l.entry);
	fed_free(l.box);
	return rc;
}
