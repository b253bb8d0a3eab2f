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
#include "figures/style.h"

#define LEGEND_LINE 16.0  /* length of a sample */
#define TICK_APART_Y 20.0 /* least distance of ticks */
#define CURVE_MARKS 9     /* marks of a curve of many points */
#define FEW_POINTS 14     /* each of them is marked */
#define COLUMN 0.2        /* points of a page, of which many data are drawn as their range */

struct plot_layout {
	const struct fed_plot *plot;
	struct fed_drawing *d;
	struct fed_plot_frame f;
	int legend_rows;
	bool empty;
};

struct plot_range {
	double lo, hi;
};

static bool has_text(const char *s)
{
	return s && *s;
}

double fed__plot_at_x(const struct fed_plot_frame *f, double x)
{
	return f->left + fed_axis_share(&f->x, x) * f->width;
}

double fed__plot_at_y(const struct fed_plot_frame *f, double y)
{
	return f->top + (1 - fed_axis_share(&f->y, y)) * f->height;
}

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

/* Half of the distance of bars. */
static double half_bar(const struct fed_plot *plot)
{
	const struct fed_plot_series *s = plot->series;

	return s->n > 1 ? (s->x[1] - s->x[0]) / 2 : 0.5;
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
		const double half = half_bar(plot);

		*x = (struct plot_range){x->lo - half, x->hi + half};
		widen(y, 0);
	}
	if (plot->tick_name)
		*x = (struct plot_range){x->lo - 0.5, x->hi + 0.5};
	if (x->lo == x->hi && !plot->log_x)
		*x = (struct plot_range){x->lo - 1, x->hi + 1};
}

static double widest_label(const struct fed_axis *axis)
{
	double widest = 0;
	char label[32];

	for (int i = 0; i < axis->n; i++) {
		fed_axis_label(axis, i, label);
		widest = fmax(widest, fed__drawing_text_width(label, FED_SIZE_TICK, false));
	}
	return widest;
}

/* As many ticks along x as their labels have place for. */
static void choose_x(struct plot_layout *l, struct plot_range x, bool whole)
{
	for (int most = 12; most >= 3; most--) {
		if (l->plot->log_x)
			fed_axis_init_log(&l->f.x, x.lo, x.hi, most, false);
		else
			fed_axis_init(&l->f.x, x.lo, x.hi, most, whole, false);
		if (l->f.x.n * (widest_label(&l->f.x) + 10) <= l->f.width)
			return;
	}
}

/* Layout ------------------------------------------------------------------------------ */

/* Width of an entry of the legend with the distance to the next. */
static double entry_width(const struct fed_drawing *d, const char *name)
{
	const double width = LEGEND_LINE + 4 + fed__drawing_text_width(name, FED_SIZE_TICK, false);

	return fmin(width, d->width - 2 * FED_MARGIN) + 10;
}

/* A sample of series i, or of the marks (i = n). */
static void draw_sample(struct plot_layout *l, size_t i, double x, double y)
{
	const struct fed_plot *plot = l->plot;
	const double at[2][2] = {{x, y}, {x + LEGEND_LINE, y}};
	const struct fed_paint paint = FED_DATA(fed__series_rgb(i));

	if (i == plot->n) {
		fed__drawing_line(l->d, at, 2, 0.8, 2, FED_INK);
		return;
	}
	if (plot->series[i].lower) {
		struct fed_paint band = paint;

		band.opacity = FED_BAND_OPACITY;
		fed__drawing_rect(l->d, x, y - 3, LEGEND_LINE, 6, false, band);
	}
	fed__drawing_line(l->d, at, 2, FED_CURVE_WIDTH, fed__series_dash(i), paint);
	fed__mark_draw(l->d, i, x + LEGEND_LINE / 2, y, FED_MARK_RADIUS, paint);
}

/* Draw the legend, or only count its rows; those beyond `most` are left out. */
static int legend(struct plot_layout *l, double top, int most, bool draw)
{
	const struct fed_plot *plot = l->plot;
	const bool marks = plot->marks && has_text(plot->mark_name);
	const double end = l->d->width - FED_MARGIN;
	double x = FED_MARGIN;
	int rows = 1;

	if (plot->n < 2 && !marks)
		return 0;
	for (size_t i = 0; i < plot->n + marks; i++) {
		const char *name = i < plot->n ? plot->series[i].name : plot->mark_name;
		const double width = entry_width(l->d, name);

		if (x > FED_MARGIN && x + width - 10 > end) {
			x = FED_MARGIN;
			rows++;
		}
		if (draw && rows <= most) {
			const double base = top + rows * FED_LINE_HEIGHT - 3.5;

			draw_sample(l, i, x, base - 0.36 * FED_SIZE_TICK);
			fed__drawing_text_within(l->d, x + LEGEND_LINE + 4, base,
			                         (struct fed_text_style){FED_INK, FED_SIZE_TICK},
			                         end - x - LEGEND_LINE - 4, name);
		}
		x += width;
	}
	return rows;
}

static void lay_out(struct plot_layout *l)
{
	const struct fed_plot *plot = l->plot;
	struct fed_plot_frame *f = &l->f;
	const struct fed_drawing *d = l->d;
	struct plot_range x, y;
	bool whole;

	find_ranges(l, &x, &y, &whole);
	const double heading = has_text(plot->heading) ? FED_LINE_HEIGHT + 2 : 0;
	const double below = FED_TICK_LENGTH + FED_LINE_HEIGHT +
	                     (has_text(plot->x_label) ? FED_LINE_HEIGHT : 0) +
	                     (f->omitted ? FED_LINE_HEIGHT : 0) + FED_MARGIN;
	const double capacity = d->height - heading - below - FED_MARGIN - 4;
	const int most = (int)fmax(0, (capacity - 40) / FED_LINE_HEIGHT);

	l->legend_rows = legend(l, 0, 0, false);
	l->legend_rows = l->legend_rows < most ? l->legend_rows : most;
	f->top = FED_MARGIN + heading + l->legend_rows * FED_LINE_HEIGHT + 4;
	f->height = fmax(d->height - f->top - below, 1);
	const int ticks = (int)(f->height / TICK_APART_Y) + 1;
	if (plot->log_y)
		fed_axis_init_log(&f->y, y.lo, y.hi, ticks > 3 ? ticks : 3, true);
	else
		fed_axis_init(&f->y, y.lo, y.hi, ticks > 3 ? ticks : 3, 0, true);
	f->left = FED_MARGIN + (has_text(plot->y_label) ? FED_LINE_HEIGHT : 0) + widest_label(&f->y) +
	          FED_TICK_LENGTH + 3;
	f->width = fmax(d->width - f->left - FED_MARGIN - 8, 1);
	choose_x(l, x, whole);
}

/* Axes, drawn --------------------------------------------------------------------------- */

static const struct fed_text_style tick_right = {{FED_ROLE_INK, 0, 1},
                                                 FED_SIZE_TICK,
                                                 FED_ANCHOR_RIGHT},
								   tick_middle = {
									   {FED_ROLE_INK, 0, 1}, FED_SIZE_TICK, FED_ANCHOR_MIDDLE};

static void draw_y_axis(struct plot_layout *l)
{
	const struct fed_plot_frame *f = &l->f;
	double last = INFINITY; /* the place of the last label */
	char label[32];

	for (int i = 0; i < f->y.n; i++) {
		const double at = fed__plot_at_y(f, fed_axis_value(&f->y, i));

		fed__drawing_segment(l->d, f->left, at, f->left + f->width, at, 0.5, FED_GRID);
		fed__drawing_segment(l->d, f->left - FED_TICK_LENGTH, at, f->left, at, 0.7, FED_INK);
		if (last - at < FED_SIZE_TICK + 0.5)
			continue;
		fed_axis_label(&f->y, i, label);
		fed__drawing_text(l->d, f->left - FED_TICK_LENGTH - 2, at + 0.36 * FED_SIZE_TICK,
		                  tick_right, label);
		last = at;
	}
	if (has_text(l->plot->y_label)) {
		const struct fed_text_style style = {FED_INK, FED_SIZE_LABEL, FED_ANCHOR_MIDDLE, false,
		                                     true};
		const double middle = f->top + f->height / 2;

		fed__drawing_text_within(l->d, FED_MARGIN + FED_SIZE_LABEL, middle, style,
		                         f->height + FED_TICK_LENGTH, l->plot->y_label);
	}
}

/* Small ticks at 2, 3, ... 9 times the powers of ten. */
static void draw_minor(struct plot_layout *l, bool along_x)
{
	const struct fed_plot_frame *f = &l->f;
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
				fed__drawing_segment(l->d, at, bottom, at, bottom + FED_TICK_LENGTH / 2, 0.5,
				                     FED_INK);
			else
				fed__drawing_segment(l->d, f->left - FED_TICK_LENGTH / 2, at, f->left, at, 0.5,
				                     FED_INK);
		}
}

/* A label at a tick of x, unless it meets the last one. */
static void label_tick(struct plot_layout *l, double at, const char *label, double most,
                       double *from)
{
	const double width = fmin(fed__drawing_text_width(label, FED_SIZE_TICK, false), most);
	const double half = width / 2, edge = l->d->width - 1;
	const double middle = fmax(fmin(at, edge - half), half + 1);

	if (middle - half < *from)
		return;
	fed__drawing_text_within(l->d, middle,
	                         l->f.top + l->f.height + FED_TICK_LENGTH + FED_SIZE_TICK + 1,
	                         tick_middle, most + 0.01, label);
	*from = middle + half + 4;
}

static void draw_x_axis(struct plot_layout *l)
{
	const struct fed_plot *plot = l->plot;
	const struct fed_plot_frame *f = &l->f;
	const double bottom = f->top + f->height;
	const int n = plot->tick_name ? (int)plot->tick_names : f->x.n;
	double from = 0;
	char label[32];

	for (int i = 0; i < n; i++) {
		const double at = fed__plot_at_x(f, plot->tick_name ? i + 1 : fed_axis_value(&f->x, i));

		if (!plot->tick_name)
			fed_axis_label(&f->x, i, label);
		fed__drawing_segment(l->d, at, bottom, at, bottom + FED_TICK_LENGTH, 0.7, FED_INK);
		label_tick(l, at, plot->tick_name ? plot->tick_name[i] : label,
		           plot->tick_name ? f->width / n - 4 : f->width, &from);
	}
	if (has_text(plot->x_label)) {
		const struct fed_text_style style = {FED_INK, FED_SIZE_LABEL, FED_ANCHOR_MIDDLE};
		const double middle = f->left + f->width / 2;

		fed__drawing_text_within(l->d, middle,
		                         bottom + FED_TICK_LENGTH + FED_LINE_HEIGHT + FED_SIZE_LABEL, style,
		                         2 * fmin(middle, l->d->width - middle) - 2, plot->x_label);
	}
}

static void draw_axes(struct plot_layout *l)
{
	const struct fed_plot_frame *f = &l->f;
	const double bottom = f->top + f->height;

	draw_y_axis(l);
	draw_x_axis(l);
	draw_minor(l, false);
	draw_minor(l, true);
	fed__drawing_line(
		l->d,
		(const double[3][2]){{f->left, f->top}, {f->left, bottom}, {f->left + f->width, bottom}}, 3,
		0.7, 0, FED_INK);
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
	const struct fed_paint paint = FED_DATA(fed__series_rgb(i));

	if (p->n > (size_t)(l->f.width / COLUMN))
		thin(p);
	if (p->n > 1)
		fed__drawing_line(l->d, (const double(*)[2])p->at, p->n, FED_CURVE_WIDTH,
		                  fed__series_dash(i), paint);
	else if (p->n)
		fed__mark_draw(l->d, i, p->at[0][0], p->at[0][1], FED_MARK_RADIUS, paint);
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

/* Marks, at points spread evenly over the page; series begin at different places. */
static void draw_marks_of(struct plot_layout *l, size_t i)
{
	const struct fed_plot *plot = l->plot;
	const struct fed_plot_series *s = &plot->series[i];
	const bool all = s->n <= FEW_POINTS || plot->dots;
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
		fed__mark_draw(l->d, i, x, fed__plot_at_y(&l->f, s->y[k]), FED_MARK_RADIUS,
		               FED_DATA(fed__series_rgb(i)));
		while (next <= x)
			next += apart;
	}
}

/* The band over points from .. end - 1, forth along its upper and back along its lower end. */
static void draw_band_part(struct plot_layout *l, size_t i, size_t from, size_t end, struct path *p)
{
	const struct fed_plot_series *s = &l->plot->series[i];
	struct fed_paint paint = FED_DATA(fed__series_rgb(i));
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

static void draw_bars(struct plot_layout *l)
{
	const struct fed_plot_series *s = l->plot->series;
	const double half = half_bar(l->plot);

	for (size_t k = 0; k < s->n; k++) {
		if (!drawn(l->plot, s, k))
			continue;
		const double x0 = fed__plot_at_x(&l->f, s->x[k] - half),
					 x1 = fed__plot_at_x(&l->f, s->x[k] + half), zero = fed__plot_at_y(&l->f, 0),
					 y = fed__plot_at_y(&l->f, s->y[k]);
		fed__drawing_rect(l->d, x0 + 0.4, fmin(y, zero), fmax(x1 - x0 - 0.8, 0.2), fabs(zero - y),
		                  false, FED_DATA(fed__series_rgb(0)));
	}
}

static void draw_marks(struct plot_layout *l)
{
	const struct fed_plot_frame *f = &l->f;

	for (size_t i = 0; i < l->plot->marks; i++) {
		const double x = l->plot->mark[i], at = fed__plot_at_x(f, x);

		if (x >= f->x.lo && x <= f->x.hi)
			fed__drawing_line(l->d, (const double[2][2]){{at, f->top}, {at, f->top + f->height}}, 2,
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
	fed__drawing_text_within(l->d, l->d->width - FED_MARGIN, l->d->height - FED_MARGIN, style,
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
		draw_band(l, i, &p);
	for (size_t i = 0; i < l->plot->n; i++)
		draw_curve(l, i, &p);
	for (size_t i = 0; i < l->plot->n; i++)
		draw_marks_of(l, i);
	fed_free(p.at);
	return FED_OK;
}

int fed_plot_draw(const struct fed_plot *plot, struct fed_drawing *d, struct fed_plot_frame *frame,
                  struct fed_error *err)
{
	struct plot_layout l = {.plot = plot, .d = d};
	int rc = FED_OK;

	if (!plot->n)
		return fed_fail(err, "a figure without curves cannot be drawn");
	if (d->width < FED_PLOT_WIDTH_LEAST || d->height < FED_PLOT_HEIGHT_LEAST)
		return fed_fail(err, "%.1f x %.1f cm are too few for a figure: at least %.1f x %.1f",
		                d->width / FED_POINTS_PER_CM, d->height / FED_POINTS_PER_CM,
		                FED_PLOT_WIDTH_LEAST / FED_POINTS_PER_CM + 0.05,
		                FED_PLOT_HEIGHT_LEAST / FED_POINTS_PER_CM + 0.05);
	lay_out(&l);
	if (has_text(plot->heading))
		fed__drawing_text_within(
			d, FED_MARGIN, FED_MARGIN + FED_SIZE_LABEL,
			(struct fed_text_style){FED_INK, FED_SIZE_LABEL, FED_ANCHOR_LEFT, true, false},
			d->width - 2 * FED_MARGIN, plot->heading);
	legend(&l, l.f.top - 4 - l.legend_rows * FED_LINE_HEIGHT, l.legend_rows, true);
	draw_axes(&l);
	draw_marks(&l);
	if (plot->bars)
		draw_bars(&l);
	else
		rc = draw_curves(&l, err);
	if (l.empty)
		fed__drawing_text(d, l.f.left + l.f.width / 2, l.f.top + l.f.height / 2,
		                  (struct fed_text_style){FED_FAINT, FED_SIZE_LABEL, FED_ANCHOR_MIDDLE},
		                  l.f.omitted ? "no values above 0" : "no values");
	if (l.f.omitted)
		say_omitted(&l);
	if (frame)
		*frame = l.f;
	return rc;
}
