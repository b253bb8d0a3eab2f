/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/widgets/chart.c - line charts on a canvas, or sparklines where axes do not fit. */
#include "tui/widgets/chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "figures/axis.h"

enum {
	LEAST_ROWS = 4,      /* of the plot area; the x label, then the legend is left out for it */
	LONE_POINT = 0x2836, /* four braille dots, for a point without neighbours */
	AXIS_TICK_Y = 0x2524,
	AXIS_TICK_X = 0x252C,
	AXIS_Y = 0x2502,
	AXIS_X = 0x2500,
	AXIS_CORNER = 0x2514,
	MARK_LINE = 0x250A,
	LOWEST_BAR = 0x2581, /* and seven higher ones */
};

/* A chart being drawn.  Marks are dots of 2 x 4 a cell, or cells in ASCII. */
struct picture {
	const struct fed_chart *chart;
	struct fed_canvas *canvas;
	struct fed_axis x, y;
	int left, top, columns, rows; /* the plot area, in cells */
	int across, down;             /* marks per cell */
	int legend_rows;
	bool empty;     /* no point to draw */
	size_t omitted; /* points that are not above 0, on a logarithmic axis */
};

struct range {
	double lo, hi;
};

static const struct fed_style plain_style = {0}, grey_style = {.color = FED_COLOR_GREY},
							  bold_style = {.bold = true},
							  mark_style = {.color = FED_COLOR_RED, .bold = true};

static struct fed_style series_style(size_t i)
{
	static const uint8_t color[] = {FED_COLOR_GREEN,   FED_COLOR_YELLOW, FED_COLOR_CYAN,
	                                FED_COLOR_MAGENTA, FED_COLOR_BLUE,   FED_COLOR_RED};
	return (struct fed_style){.color = color[i % (sizeof color / sizeof *color)]};
}

static char series_letter(size_t i)
{
	return (char)('a' + i);
}

static bool drawn(const struct picture *p, const struct fed_plot_series *series, size_t k)
{
	const struct fed_chart *chart = p->chart;

	return k < series->n && isfinite(series->x[k]) && isfinite(series->y[k]) &&
	       !(chart->log_x && series->x[k] <= 0) && !(chart->log_y && series->y[k] <= 0);
}

static void widen(struct range *range, double value)
{
	value = fed_axis_limit(value);
	range->lo = fmin(range->lo, value);
	range->hi = fmax(range->hi, value);
}

static bool has_text(const char *s)
{
	return s && *s;
}

/* Layout --------------------------------------------------------------------- */

/* "! fault" behind the names, if it fits. */
static void legend_of_marks(struct picture *p, int row, int column)
{
	const struct fed_chart *chart = p->chart;

	if (!chart->marks || !has_text(chart->mark_name) ||
	    column + 2 + fed_text_width(chart->mark_name) > chart->columns)
		return;
	fed__canvas_put(p->canvas, column, row, '!', mark_style);
	fed__canvas_write(p->canvas, column + 2, row, chart->mark_name, plain_style);
}

/* Draw the legend, or only count its rows when draw is false; rows past `most` are left out. */
static int legend(struct picture *p, int row, int most, bool draw)
{
	const struct fed_chart *chart = p->chart;
	int column = 0, rows = 1;

	for (size_t i = 0; i < chart->n; i++) {
		const int width = 2 + fed_text_width(chart->series[i].name);
		if (column > 0 && column + width > chart->columns) {
			column = 0;
			rows++;
		}
		if (draw && rows <= most) {
			const int at = row + rows - 1;
			fed__canvas_put(p->canvas, column, at, (uint32_t)series_letter(i), series_style(i));
			fed__canvas_write(p->canvas, column + 2, at, chart->series[i].name, plain_style);
		}
		column += width + 2;
	}
	if (draw && rows <= most)
		legend_of_marks(p, row + rows - 1, column);
	return rows;
}

/* Rows from the top: title, legend, curves, axis, its labels, x label. */
static void lay_out_rows(struct picture *p)
{
	const struct fed_chart *chart = p->chart;
	const int title = has_text(chart->title), label = has_text(chart->x_label);
	const int capacity = chart->rows - title - 2;
	const bool one_curve = chart->n == 1 && title && !chart->marks;

	p->legend_rows = one_curve ? 0 : legend(p, 0, 0, false);
	if (p->legend_rows > capacity - LEAST_ROWS)
		p->legend_rows = capacity - LEAST_ROWS;
	p->top = title + p->legend_rows;
	p->rows = capacity - p->legend_rows;
	if (label && p->rows > LEAST_ROWS)
		p->rows--;
}

static void find_axes(struct picture *p)
{
	const struct fed_chart *chart = p->chart;
	struct range x = {INFINITY, -INFINITY}, y = x;
	bool whole = true;

	for (size_t i = 0; i < chart->n; i++) {
		const struct fed_plot_series *series = &chart->series[i];
		for (size_t k = 0; k < series->n; k++) {
			if (!isfinite(series->x[k]))
				continue;
			p->omitted += isfinite(series->y[k]) && !drawn(p, series, k);
			if (chart->log_x && series->x[k] <= 0)
				continue;
			widen(&x, series->x[k]);
			whole = whole && series->x[k] == rint(series->x[k]);
			if (drawn(p, series, k))
				widen(&y, series->y[k]);
		}
	}
	p->empty = y.lo > y.hi;
	if (x.lo > x.hi)
		x = (struct range){chart->log_x, 1 + chart->log_x};
	if (p->empty)
		y = (struct range){chart->log_y, 1 + chart->log_y};
	if (x.lo == x.hi && !chart->log_x)
		x = (struct range){x.lo - 1, x.hi + 1};
	const int most = p->rows / 2 + 1 > 3 ? p->rows / 2 + 1 : 3;
	if (chart->log_y)
		fed_axis_init_log(&p->y, y.lo, y.hi, most, true);
	else
		fed_axis_init(&p->y, y.lo, y.hi, most, 0, true);
	if (chart->log_x)
		fed_axis_init_log(&p->x, x.lo, x.hi, chart->columns / 8, false);
	else
		fed_axis_init(&p->x, x.lo, x.hi, chart->columns / 8, whole, false);
}

static void lay_out_columns(struct picture *p)
{
	int widest = 0;
	for (int i = 0; i < p->y.n; i++) {
		char label[32];
		fed_axis_label(&p->y, i, label);
		const int width = (int)strlen(label);
		widest = width > widest ? width : widest;
	}
	p->left = widest + 1;
	/* A column at the right for the letters. */
	const int letters = p->chart->utf8 && p->chart->n > 1;
	p->columns = p->chart->columns - p->left - letters;
}

/* The position of a value, in marks. */
static int mark_x(const struct picture *p, double x)
{
	return p->left * p->across +
	       (int)lround(fed_axis_share(&p->x, x) * (p->columns * p->across - 1));
}

static int mark_y(const struct picture *p, double y)
{
	return p->top * p->down + (int)lround((1 - fed_axis_share(&p->y, y)) * (p->rows * p->down - 1));
}

/* Drawing -------------------------------------------------------------------- */

static void draw_y_axis(struct picture *p)
{
	for (int row = p->top; row < p->top + p->rows; row++)
		fed__canvas_put(p->canvas, p->left - 1, row, AXIS_Y, grey_style);
	for (int i = 0; i < p->y.n; i++) {
		char label[32];
		fed_axis_label(&p->y, i, label);
		const int row = mark_y(p, fed_axis_value(&p->y, i)) / p->down;
		fed__canvas_write(p->canvas, p->left - 1 - (int)strlen(label), row, label, plain_style);
		fed__canvas_put(p->canvas, p->left - 1, row, AXIS_TICK_Y, grey_style);
	}
}

static void draw_x_axis(struct picture *p)
{
	const int row = p->top + p->rows, right = p->left + p->columns;
	int free_from = 0;

	fed__canvas_put(p->canvas, p->left - 1, row, AXIS_CORNER, grey_style);
	for (int column = p->left; column < right; column++)
		fed__canvas_put(p->canvas, column, row, AXIS_X, grey_style);
	for (int i = 0; i < p->x.n; i++) {
		char label[32];
		fed_axis_label(&p->x, i, label);
		const int width = (int)strlen(label);
		const int column = mark_x(p, fed_axis_value(&p->x, i)) / p->across;
		int begin = column - width / 2;
		if (begin + width > p->chart->columns)
			begin = p->chart->columns - width;
		fed__canvas_put(p->canvas, column, row, AXIS_TICK_X, grey_style);
		if (begin < free_from)
			continue;
		fed__canvas_write(p->canvas, begin, row + 1, label, plain_style);
		free_from = begin + width + 1;
	}
	if (has_text(p->chart->x_label)) {
		const int begin = p->left + (p->columns - fed_text_width(p->chart->x_label)) / 2;
		fed__canvas_write(p->canvas, begin > 0 ? begin : 0, row + 2, p->chart->x_label,
		                  plain_style);
	}
}

static void draw_curve(struct picture *p, size_t i)
{
	const struct fed_plot_series *series = &p->chart->series[i];
	struct fed_pen pen = {.style = series_style(i)};
	int from_x = 0, from_y = 0;

	if (!p->chart->utf8)
		pen.glyph = p->chart->n > 1 ? (uint32_t)series_letter(i) : '*';
	for (size_t k = 0; k < series->n; k++) {
		if (!drawn(p, series, k))
			continue;
		const int x = mark_x(p, series->x[k]), y = mark_y(p, series->y[k]);
		if (k > 0 && drawn(p, series, k - 1))
			fed__canvas_line(p->canvas, from_x, from_y, x, y, pen);
		else if (drawn(p, series, k + 1) || pen.glyph)
			fed__canvas_mark(p->canvas, x, y, pen);
		else
			fed__canvas_put(p->canvas, x / p->across, y / p->down, LONE_POINT, pen.style);
		from_x = x;
		from_y = y;
	}
}

/* A curve's letter: right of its last point. */
struct curve_letter {
	size_t series;
	int column, row;
	double value; /* of that point */
};

static size_t find_letters(const struct picture *p, struct curve_letter *letter)
{
	size_t n = 0;

	for (size_t i = 0; i < p->chart->n; i++) {
		const struct fed_plot_series *series = &p->chart->series[i];
		size_t last = series->n;
		while (last > 0 && !drawn(p, series, last - 1))
			last--;
		if (last == 0)
			continue;
		letter[n++] =
			(struct curve_letter){.series = i,
		                          .column = mark_x(p, series->x[last - 1]) / p->across + 1,
		                          .row = mark_y(p, series->y[last - 1]) / p->down,
		                          .value = series->y[last - 1]};
	}
	return n;
}

/* By column, and in it from the highest point down. */
static int compare_letters(const void *a, const void *b)
{
	const struct curve_letter *x = a, *y = b;

	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return x->series < y->series ? -1 : x->series > y->series;
}

/* Put the letters, those of a column below each other in the order of their curves: each in the row
 * of its point, or in the next free one below; above it where there is none. */
static void draw_letters(struct picture *p)
{
	struct curve_letter letter[FED_CHART_SERIES];
	const size_t n = find_letters(p, letter);
	int lowest = p->top + p->rows - 1;

	qsort(letter, n, sizeof *letter, compare_letters);
	for (size_t i = 1; i < n; i++)
		if (letter[i].column == letter[i - 1].column && letter[i].row <= letter[i - 1].row)
			letter[i].row = letter[i - 1].row + 1;
	for (size_t i = n; i-- > 0;) {
		struct curve_letter *l = &letter[i];

		if (i + 1 == n || l->column != letter[i + 1].column)
			lowest = p->top + p->rows - 1;
		l->row = l->row < lowest ? l->row : lowest;
		lowest = l->row - 1;
		if (l->row >= p->top)
			fed__canvas_put(p->canvas, l->column, l->row, (uint32_t)series_letter(l->series),
			                series_style(l->series));
	}
}

/* Draw the vertical lines; curves are drawn over them. */
static void draw_marks(struct picture *p)
{
	const struct fed_style line = {.color = FED_COLOR_RED};

	for (size_t i = 0; i < p->chart->marks; i++) {
		const double x = p->chart->mark[i];

		if (!(x >= p->x.lo && x <= p->x.hi))
			continue;
		const int column = mark_x(p, x) / p->across;
		for (int row = p->top; row < p->top + p->rows; row++)
			fed__canvas_put(p->canvas, column, row, MARK_LINE, line);
		fed__canvas_put(p->canvas, column, p->top + p->rows, '!', mark_style);
	}
}

/* "loss  log axis, 3 values that are not above 0 left out" */
static void draw_title(struct picture *p)
{
	const struct fed_chart *chart = p->chart;
	const int column = fed__canvas_write(p->canvas, 0, 0, chart->title, bold_style);
	struct fed_text text = {0};

	if (!chart->log_x && !chart->log_y)
		return;
	fed_text_add(&text, chart->log_x && chart->log_y ? "log axes" : "log axis");
	if (p->omitted)
		fed_text_add(&text, ", %zu value%s not above 0 left out", p->omitted,
		             p->omitted == 1 ? "" : "s");
	fed__canvas_write(p->canvas, column + 2, 0, fed_text_str(&text), grey_style);
	fed_text_release(&text);
}

static void draw_picture(struct picture *p)
{
	const struct fed_chart *chart = p->chart;
	const char *const nothing = p->omitted ? "no values above 0" : "no values";

	if (has_text(chart->title))
		draw_title(p);
	if (p->legend_rows > 0)
		legend(p, p->top - p->legend_rows, p->legend_rows, true);
	draw_y_axis(p);
	draw_x_axis(p);
	if (p->empty)
		fed__canvas_write(p->canvas, p->left + (p->columns - (int)strlen(nothing)) / 2,
		                  p->top + p->rows / 2, nothing, grey_style);
	draw_marks(p);
	for (size_t i = 0; i < chart->n; i++)
		draw_curve(p, i);
	if (chart->utf8 && chart->n > 1)
		draw_letters(p);
}

static int paint_axes_and_curves(const struct fed_chart *chart, struct fed_canvas *canvas,
                                 struct fed_error *err)
{
	struct picture p = {.chart = chart,
	                    .canvas = canvas,
	                    .across = chart->utf8 ? 2 : 1,
	                    .down = chart->utf8 ? 4 : 1};

	(void)err;
	lay_out_rows(&p);
	find_axes(&p);
	lay_out_columns(&p);
	draw_picture(&p);
	return FED_OK;
}

/* Sparklines ------------------------------------------------------------------- */

/* Bars of equal shares of the points, each as high as the last finite value of its share. */
static void draw_bars(struct fed_canvas *canvas, const struct fed_chart *chart, size_t i, int left,
                      int columns)
{
	const struct fed_plot_series *series = &chart->series[i];
	const int bars = series->n < (size_t)columns ? (int)series->n : columns;
	struct range range = {INFINITY, -INFINITY};

	for (size_t k = 0; k < series->n; k++)
		if (isfinite(series->y[k]))
			widen(&range, series->y[k]);
	for (int bar = 0; bar < bars; bar++) {
		const size_t begin = series->n * (size_t)bar / (size_t)bars;
		size_t end = series->n * ((size_t)bar + 1) / (size_t)bars;
		while (end > begin && !isfinite(series->y[end - 1]))
			end--;
		if (end == begin)
			continue;
		const double height = range.hi - range.lo, y = fed_axis_limit(series->y[end - 1]);
		const int level = height > 0 ? (int)((y - range.lo) / height * 7.999) : 3;
		const uint32_t code =
			chart->utf8 ? LOWEST_BAR + (uint32_t)level : (uint32_t) "_.:-=+*#"[level];
		fed__canvas_put(canvas, left + bar, (int)i, code, series_style(i));
	}
}

static int paint_sparklines(const struct fed_chart *chart, struct fed_canvas *canvas,
                            struct fed_error *err)
{
	int names = 0;

	if (chart->n > (size_t)chart->rows)
		return fed_fail(err, "%zu curves need %zu rows, there are %d", chart->n, chart->n,
		                chart->rows);
	for (size_t i = 0; i < chart->n; i++) {
		const int width = fed_text_width(chart->series[i].name);
		names = width > names ? width : names;
	}
	/* Names are shortened first: at most a third of the line, with a space. */
	names = names < chart->columns / 3 ? names : chart->columns / 3 - 1;
	for (size_t i = 0; i < chart->n; i++) {
		const struct fed_plot_series *series = &chart->series[i];
		size_t last = series->n;
		while (last > 0 && !isfinite(series->y[last - 1]))
			last--;
		char value[32] = "no values";
		if (last > 0)
			snprintf(value, sizeof value, "%#.4g", series->y[last - 1]);
		const int left = names + 1, end = chart->columns - (int)strlen(value);
		fed__canvas_write(canvas, 0, (int)i, series->name, plain_style);
		for (int column = names; column < chart->columns; column++)
			fed__canvas_put(canvas, column, (int)i, ' ', plain_style);
		if (end - 1 > left)
			draw_bars(canvas, chart, i, left, end - 1 - left);
		fed__canvas_write(canvas, end > left ? end : left, (int)i, value, plain_style);
	}
	return FED_OK;
}

/* Check the chart and paint it on a new canvas of its size, or of one row a curve for sparklines.
 */
static int paint(const struct fed_chart *chart, struct fed_canvas *canvas, struct fed_error *err)
{
	if (chart->n < 1 || chart->n > FED_CHART_SERIES)
		return fed_fail(err, "a chart of %zu curves cannot be drawn: from 1 to %d", chart->n,
		                FED_CHART_SERIES);
	if (chart->columns < FED_CHART_COLUMNS_LEAST || chart->rows < 1)
		return fed_fail(err, "%d x %d cells are too few for a chart: at least %d x 1",
		                chart->columns, chart->rows, FED_CHART_COLUMNS_LEAST);
	const bool small = chart->columns < FED_CHART_COLUMNS || chart->rows < FED_CHART_ROWS;
	if (fed__canvas_init(canvas, chart->columns, small ? (int)chart->n : chart->rows, err))
		return FED_FAIL;
	const int rc = (small ? paint_sparklines : paint_axes_and_curves)(chart, canvas, err);
	if (rc)
		fed__canvas_release(canvas);
	return rc;
}

int fed_chart_draw(const struct fed_chart *chart, struct fed_text *out, struct fed_error *err)
{
	struct fed_canvas canvas;

	if (paint(chart, &canvas, err))
		return FED_FAIL;
	fed__canvas_text(&canvas, out, chart->utf8, chart->palette);
	fed__canvas_release(&canvas);
	return out->failed ? fed_fail_memory(err, out->len, "a chart") : FED_OK;
}

int fed__chart_put(struct fed_canvas *canvas, int column, int row, const struct fed_chart *chart,
                   struct fed_error *err)
{
	struct fed_canvas alone;

	if (chart->columns < FED_CHART_COLUMNS_LEAST || chart->rows < (int)chart->n)
		return FED_OK;
	if (paint(chart, &alone, err))
		return FED_FAIL;
	fed__canvas_copy(canvas, column, row, &alone);
	fed__canvas_release(&alone);
	return FED_OK;
}
