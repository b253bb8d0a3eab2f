/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/plot.c - layout of curves over two axes.
 *
 * From the top: heading, legend, curves, axis, its labels, the label of x.  The size of letters is
 * that of a page and does not depend on the figure's.
 */
#include "figures/plot.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "figures/palette.h"

#define TICK_APART_Y 20.0 /* least distance of ticks */
#define CURVE_MARKS 9     /* marks of a curve of many points */
#define FEW_POINTS 14     /* each of them is marked */
#define COLUMN 0.2        /* points of a page, of which many data are drawn as their range */

struct plot_layout {
	const struct fed_plot *plot;
	struct fed_drawing *d;
	struct fed_plot_frame f;
	struct fed_frame_text text;
	struct fed_legend_entry *entry; /* [entries] */
	size_t entries;
	int legend_rows;
	bool empty;
};

struct plot_range {
	double lo, hi;
};

static bool drawn(const struct fed_plot *plot, const struct fed_plot_series *s, size_t k)
{
	return k < s->n && isfinite(s->x[k]) && isfinite(s->y[k]) && !(plot->log_x && s->x[k] <= 0) &&
	       !(plot->log_y && s->y[k] <= 0);
}

/* Whether the band has both ends at point k.  On a logarithmic axis an end that is not above 0 is
 * at the axis. */
static bool banded(const struct fed_plot *plot, const struct fed_plot_series *s, size_t k)
{
	return s->lower && s->upper && drawn(plot, s, k) && isfinite(s->lower[k]) &&
	       isfinite(s->upper[k]) && !(plot->log_y && s->upper[k] <= 0);
}

/* Axes -------------------------------------------------------------------------------- */

static void widen(struct plot_range *r, double value)
{
	value = fed_axis_limit(value);
	r->lo = fmin(r->lo, value);
	r->hi = fmax(r->hi, value);
}

static void find_ranges(struct plot_layout *l, struct plot_range *x, struct plot_range *y,
                        bool *whole)
{
	const struct fed_plot *plot = l->plot;

	*x = *y = (struct plot_range){INFINITY, -INFINITY};
	*whole = true;
	for (size_t i = 0; i < plot->n; i++) {
		const struct fed_plot_series *s = &plot->series[i];

		for (size_t k = 0; k < s->n; k++) {
			if (!isfinite(s->x[k]))
				continue;
			l->f.omitted += isfinite(s->y[k]) && !drawn(plot, s, k);
			if (plot->log_x && s->x[k] <= 0)
				continue;
			widen(x, s->x[k]);
			*whole = *whole && s->x[k] == rint(s->x[k]);
			if (drawn(plot, s, k))
				widen(y, s->y[k]);
			if (banded(plot, s, k)) {
				widen(y, s->upper[k]);
				if (!plot->log_y || s->lower[k] > 0)
					widen(y, s->lower[k]);
			}
		}
	}
	l->empty = y->lo > y->hi;
	if (x->lo > x->hi)
		*x = (struct plot_range){plot->log_x, 1 + plot->log_x};
	if (l->empty)
		*y = (struct plot_range){plot->log_y, 1 + plot->log_y};
	if (plot->bars) {
		const double half = plot->bar_width / 2;

		*x = (struct plot_range){x->lo - half, x->hi + half};
		widen(y, 0);
	}
	if (plot->tick_name)
		*x = (struct plot_range){x->lo - 0.5, x->hi + 0.5};
	if (x->lo == x->hi && !plot->log_x)
		*x = (struct plot_range){x->lo - 1, x->hi + 1};
}

/* Layout ------------------------------------------------------------------------------ */

/* The entries of the legend: the series, if there are several, and what the marks are. */
static size_t legend_of(const struct fed_plot *plot, struct fed_legend_entry *e)
{
	const bool marks = plot->marks && fed_has_text(plot->mark_name);
	size_t n = 0;

	if (plot->n < 2 && !marks)
		return 0;
	for (; n < plot->n; n++)
		e[n] = (struct fed_legend_entry){.name = plot->series[n].name,
		                                 .dash = fed__series_dash(n),
		                                 .band = plot->series[n].lower,
		                                 .mark = n,
		                                 .paint = FED_DATA(fed_series_rgb(n))};
	if (marks)
		e[n++] = (struct fed_legend_entry){
			.name = plot->mark_name, .sample = FED_SAMPLE_LINE, .dash = 2, .paint = FED_INK};
	return n;
}

static void lay_out(struct plot_layout *l)
{
	const struct fed_drawing *d = l->d;
	struct fed_plot_frame *f = &l->f;
	struct plot_range x, y;
	bool whole;

	find_ranges(l, &x, &y, &whole);
	const double above = fed_frame_above(&l->text);
	const double below = fed__frame_below(&l->text) + (f->omitted ? FED_LINE_HEIGHT : 0);
	const int most = (int)fmax(0, (d->height - above - below - 44) / FED_LINE_HEIGHT);

	l->legend_rows = fed_legend_rows(d, l->entry, l->entries);
	l->legend_rows = l->legend_rows < most ? l->legend_rows : most;
	f->top = above + l->legend_rows * FED_LINE_HEIGHT + 4;
	f->height = fmax(d->height - f->top - below, 1);
	const int ticks = (int)(f->height / TICK_APART_Y) + 1;
	if (l->plot->log_y)
		fed_axis_init_log(&f->y, y.lo, y.hi, ticks > 3 ? ticks : 3, true);
	else
		fed_axis_init(&f->y, y.lo, y.hi, ticks > 3 ? ticks : 3, 0, true);
	f->left = fed__frame_beside(&l->text, &f->y);
	f->width = fmax(d->width - f->left - FED_MARGIN - 8, 1);
	fed__frame_choose_x(f, x.lo, x.hi, l->plot->log_x, whole);
}

/* Curves ------------------------------------------------------------------------------- */

/* Points of a page that wait to be drawn. */
struct path {
	double (*at)[2];
	size_t n;
};

/* Of many points within a column of the page the first, the least, the greatest and the last are
 * kept, which draws the same. */
static void thin(struct path *p)
{
	size_t to = 0;

	for (size_t k = 0, end; k < p->n; k = end) {
		size_t least = k, most = k;

		for (end = k + 1; end < p->n && p->at[end][0] - p->at[k][0] < COLUMN; end++) {
			least = p->at[end][1] < p->at[least][1] ? end : least;
			most = p->at[end][1] > p->at[most][1] ? end : most;
		}
		const size_t pick[4] = {k, least < most ? least : most, least < most ? most : least,
		                        end - 1};
		for (size_t i = 0; i < 4; i++)
			if (i == 0 || pick[i] != pick[i - 1])
				memmove(p->at[to++], p->at[pick[i]], sizeof *p->at);
	}
	p->n = to;
}

static void flush_line(struct plot_layout *l, struct path *p, size_t i)
{
	const struct fed_paint paint = FED_DATA(fed_series_rgb(i));

	if (p->n > (size_t)(l->f.width / COLUMN))
		thin(p);
	if (p->n > 1)
		fed_drawing_line(l->d, (const double(*)[2])p->at, p->n, FED_CURVE_WIDTH,
		                 fed__series_dash(i), paint);
	else if (p->n)
		fed__mark_draw(l->d, i, p->at[0][0], p->at[0][1], FED_MARK_RADIUS, false, paint);
	p->n = 0;
}

static void draw_curve(struct plot_layout *l, size_t i, struct path *p)
{
	const struct fed_plot_series *s = &l->plot->series[i];

	p->n = 0;
	for (size_t k = 0; k <= s->n; k++) {
		if (!drawn(l->plot, s, k)) {
			flush_line(l, p, i);
			continue;
		}
		p->at[p->n][0] = fed__plot_at_x(&l->f, s->x[k]);
		p->at[p->n++][1] = fed__plot_at_y(&l->f, s->y[k]);
	}
}

/* Points of several series at one name stand side by side. */
static double beside(const struct plot_layout *l, size_t i)
{
	if (!l->plot->tick_name || l->plot->n < 2)
		return 0;
	const double step = fmin(7, 0.6 * l->f.width / (double)(l->plot->tick_names * l->plot->n));
	return step * ((double)i - (double)(l->plot->n - 1) / 2);
}

/* Marks, at points spread evenly over the page; series begin at different places. */
static void draw_marks_of(struct plot_layout *l, size_t i)
{
	const struct fed_plot *plot = l->plot;
	const struct fed_plot_series *s = &plot->series[i];
	const bool all = s->n <= FEW_POINTS || plot->dots || plot->tick_name;
	const double apart = l->f.width / CURVE_MARKS;
	double next = l->f.left + apart * (0.3 + 0.6 * (double)i / (double)plot->n);

	if (plot->n < 2 && !all)
		return;
	for (size_t k = 0; k < s->n; k++) {
		if (!drawn(plot, s, k))
			continue;
		const double x = fed__plot_at_x(&l->f, s->x[k]);

		if (!all && x < next)
			continue;
		fed__mark_draw(l->d, i, x + beside(l, i), fed__plot_at_y(&l->f, s->y[k]), FED_MARK_RADIUS,
		               false, FED_DATA(fed_series_rgb(i)));
		while (next <= x)
			next += apart;
	}
}

/* The band over points from .. end - 1, forth along its upper and back along its lower end. */
static void draw_band_part(struct plot_layout *l, size_t i, size_t from, size_t end, struct path *p)
{
	const struct fed_plot_series *s = &l->plot->series[i];
	struct fed_paint paint = FED_DATA(fed_series_rgb(i));
	const size_t n = end - from;
	struct path half = {p->at, n}, back = {p->at + n, n};

	for (size_t k = 0; k < n; k++) {
		const double lower =
			l->plot->log_y && s->lower[from + k] <= 0 ? l->f.y.lo : s->lower[from + k];

		half.at[k][0] = back.at[k][0] = fed__plot_at_x(&l->f, s->x[from + k]);
		half.at[k][1] = fed__plot_at_y(&l->f, s->upper[from + k]);
		back.at[k][1] = fed__plot_at_y(&l->f, lower);
	}
	if (n > (size_t)(l->f.width / COLUMN)) {
		thin(&half);
		thin(&back);
	}
	for (size_t k = 0; k < back.n; k++) /* behind the first half, in the other direction */
		memmove(p->at[half.n + k], back.at[k], sizeof *p->at);
	for (size_t a = half.n, b = half.n + back.n; a + 1 < b; a++) {
		double held[2];

		b--;
		memcpy(held, p->at[a], sizeof held);
		memcpy(p->at[a], p->at[b], sizeof held);
		memcpy(p->at[b], held, sizeof held);
	}
	paint.opacity = FED_BAND_OPACITY;
	fed__drawing_area(l->d, (const double(*)[2])p->at, half.n + back.n, paint);
}

static void draw_band(struct plot_layout *l, size_t i, struct path *p)
{
	const struct fed_plot_series *s = &l->plot->series[i];
	size_t from = 0;

	for (size_t k = 0; k <= s->n; k++) {
		if (banded(l->plot, s, k))
			continue;
		if (k - from > 1)
			draw_band_part(l, i, from, k, p);
		from = k + 1;
	}
}

/* A bar with two ends through each point. */
static void draw_errors(struct plot_layout *l, size_t i)
{
	const struct fed_plot_series *s = &l->plot->series[i];
	const struct fed_paint paint = FED_DATA(fed_series_rgb(i));

	for (size_t k = 0; k < s->n; k++) {
		if (!banded(l->plot, s, k))
			continue;
		const double x = fed__plot_at_x(&l->f, s->x[k]) + beside(l, i);
		const double at[2] = {
			fed__plot_at_y(&l->f, l->plot->log_y && s->lower[k] <= 0 ? l->f.y.lo : s->lower[k]),
			fed__plot_at_y(&l->f, s->upper[k])};

		fed_drawing_segment(l->d, x, at[0], x, at[1], 0.9, paint);
		for (int end = 0; end < 2; end++)
			fed_drawing_segment(l->d, x - 2.2, at[end], x + 2.2, at[end], 0.9, paint);
	}
}

static void draw_bars(struct plot_layout *l)
{
	const struct fed_plot_series *s = l->plot->series;
	const double half = l->plot->bar_width / 2;

	for (size_t k = 0; k < s->n; k++) {
		if (!drawn(l->plot, s, k))
			continue;
		const double x0 = fed__plot_at_x(&l->f, s->x[k] - half),
					 x1 = fed__plot_at_x(&l->f, s->x[k] + half), zero = fed__plot_at_y(&l->f, 0),
					 y = fed__plot_at_y(&l->f, s->y[k]);
		fed_drawing_rect(l->d, x0 + 0.4, fmin(y, zero), fmax(x1 - x0 - 0.8, 0.2), fabs(zero - y),
		                 false, FED_DATA(fed_series_rgb(0)));
	}
}

static void draw_marks(struct plot_layout *l)
{
	const struct fed_plot_frame *f = &l->f;

	for (size_t i = 0; i < l->plot->marks; i++) {
		const double x = l->plot->mark[i], at = fed__plot_at_x(f, x);

		if (x >= f->x.lo && x <= f->x.hi)
			fed_drawing_line(l->d, (const double[2][2]){{at, f->top}, {at, f->top + f->height}}, 2,
			                 0.8, 2, FED_INK);
	}
}

/* "3 values that are not above 0 left out" */
static void say_omitted(struct plot_layout *l)
{
	const struct fed_text_style style = {FED_FAINT, FED_SIZE_TICK, FED_ANCHOR_RIGHT};
	struct fed_text text = {0};

	fed_text_add(&text, "%zu value%s not above 0 left out", l->f.omitted,
	             l->f.omitted == 1 ? "" : "s");
	fed_drawing_text_within(l->d, l->d->width - FED_MARGIN, l->d->height - FED_MARGIN, style,
	                        l->d->width - 2 * FED_MARGIN, fed_text_str(&text));
	fed_text_release(&text);
}

static int draw_curves(struct plot_layout *l, struct fed_error *err)
{
	size_t most = 1;

	for (size_t i = 0; i < l->plot->n; i++)
		most = l->plot->series[i].n > most ? l->plot->series[i].n : most;
	struct path p = {.at = fed_alloc_array(2 * most, sizeof *p.at)};
	if (!p.at)
		return fed_fail_memory(err, 2 * most * sizeof *p.at, "a curve");
	for (size_t i = 0; i < l->plot->n; i++)
		if (l->plot->tick_name)
			draw_errors(l, i);
		else
			draw_band(l, i, &p);
	for (size_t i = 0; i < l->plot->n && !l->plot->tick_name; i++)
		draw_curve(l, i, &p);
	for (size_t i = 0; i < l->plot->n; i++)
		draw_marks_of(l, i);
	fed_free(p.at);
	return FED_OK;
}

static int draw(struct plot_layout *l, struct fed_error *err)
{
	const struct fed_text_style style = {FED_FAINT, FED_SIZE_LABEL, FED_ANCHOR_MIDDLE};

	lay_out(l);
	fed_legend_draw(l->d, l->entry, l->entries, l->f.top - 4 - l->legend_rows * FED_LINE_HEIGHT,
	                l->legend_rows);
	fed__frame_draw(&l->f, &l->text, l->d);
	draw_marks(l);
	if (l->empty)
		fed__drawing_text(l->d, l->f.left + l->f.width / 2, l->f.top + l->f.height / 2, style,
		                  l->f.omitted ? "no values above 0" : "no values");
	if (l->f.omitted)
		say_omitted(l);
	if (!l->plot->bars)
		return draw_curves(l, err);
	draw_bars(l);
	return FED_OK;
}

int fed_plot_draw(const struct fed_plot *plot, struct fed_drawing *d, struct fed_plot_frame *frame,
                  struct fed_error *err)
{
	struct plot_layout l = {
		.plot = plot,
		.d = d,
		.text = {.heading = plot->heading,
	             .x_label = plot->x_label,
	             .y_label = plot->y_label,
	             .tick_name = plot->tick_name,
	             .tick_names = plot->tick_names},
		.entry = fed_alloc_array(plot->n + 1, sizeof *l.entry),
	};
	int rc = FED_FAIL;

	if (!l.entry)
		return fed_fail_memory(err, (plot->n + 1) * sizeof *l.entry, "a figure");
	if (!plot->n) {
		fed_fail(err, "a figure without curves cannot be drawn");
	} else if ((rc = fed_frame_check(d, err)) == FED_OK) {
		l.entries = legend_of(plot, l.entry);
		rc = draw(&l, err);
	}
	if (frame)
		*frame = l.f;
	fed_free(l.entry);
	return rc;
}
