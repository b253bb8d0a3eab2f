/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrices, maps and timelines on a page. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "figures/matrix.h"
#include "figures/page.h"
#include "figures/palette.h"
#include "figures/scatter.h"
#include "figures/spans.h"
#include "support/suite.h"

/* Matrices ------------------------------------------------------------------------------ */

static const char *kinds[] = {"%zu", "class number %zu", "a name that is quite long, %zu"};

static void put_name(void *ctx, size_t i, struct fed_text *out)
{
	char name[64];

	snprintf(name, sizeof name, kinds[*(int *)ctx], i);
	fed_text_add(out, "%s", name);
}

static double shade_of(void *ctx, size_t row, size_t column)
{
	(void)ctx;
	return row == column ? NAN : (double)(row * 7 + column) / 100;
}

static void put_cell(void *ctx, size_t row, size_t column, struct fed_text *out)
{
	(void)ctx;
	fed_text_add(out, "%zu", row * 100 + column);
}

static struct fed_matrix_figure matrix_of(size_t rows, size_t columns, int *kind)
{
	return (struct fed_matrix_figure){.heading = *kind ? "A matrix" : NULL,
	                                  .row_label = "row",
	                                  .column_label = "column",
	                                  .rows = rows,
	                                  .columns = columns,
	                                  .ctx = kind,
	                                  .row_name = put_name,
	                                  .column_name = put_name,
	                                  .shade = shade_of,
	                                  .cell = put_cell,
	                                  .least = "0",
	                                  .most = "100 %"};
}

START_TEST(matrices_fit_whatever_their_size)
{
	static const size_t sizes[] = {1, 2, 10, 47, 150};

	for (size_t c = 0; c < 5 * 5 * 3 * 4; c++) {
		int kind = (int)(c % 3);
		const struct fed_matrix_figure m = matrix_of(sizes[c / 3 % 5], sizes[c / 15 % 5], &kind);
		struct fed_drawing d = {.width = 100 + (double)(c / 75) * 180};
		struct fed_error err;
		char what[60];

		d.height = fed_matrix_figure_height(&m, d.width);
		fed_assert_ok(fed_matrix_figure_draw(&m, &d, &err), &err);
		snprintf(what, sizeof what, "%zu x %zu, kind %d", m.rows, m.columns, kind);
		fed_page_check(&d, what);
		fed_drawing_release(&d);
	}
}
END_TEST

/* Cells are of one size, in the order of rows, and as dark as the function says. */
START_TEST(cells_are_a_grid)
{
	int kind = 0;
	const struct fed_matrix_figure m = matrix_of(3, 4, &kind);
	struct fed_drawing d = {.width = 300, .height = 200};
	struct fed_error err;
	double first[4], box[4];
	size_t cells = 0;

	fed_assert_ok(fed_matrix_figure_draw(&m, &d, &err), &err);
	for (size_t i = 0; i < d.n && cells < 12; i++) {
		if (d.item[i].kind != FED_DRAWN_AREA)
			continue;
		const size_t row = cells / 4, column = cells % 4;
		const double shade = shade_of(NULL, row, column);

		fed__drawing_extent(&d, i, box);
		if (!cells)
			memcpy(first, box, sizeof first);
		ck_assert_double_eq_tol(box[0] - first[0], (double)column * (first[2] - first[0]), 1e-9);
		ck_assert_double_eq_tol(box[1] - first[1], (double)row * (first[3] - first[1]), 1e-9);
		ck_assert_uint_eq(d.item[i].paint.rgb, fed__shade_rgb(isnan(shade) ? 0 : shade));
		cells++;
	}
	ck_assert_uint_eq(cells, 12);
	ck_assert_uint_eq(fed_page_count(&d, "203"), 1);
	fed_drawing_release(&d);
}
END_TEST

/* Darker shades are darker to every eye: luminance falls (ITU-R BT.709). */
START_TEST(shades_darken_evenly)
{
	double last = 256;

	for (int k = 0; k <= 100; k++) {
		const uint32_t rgb = fed__shade_rgb(k / 100.0);
		const double light =
			0.2126 * (rgb >> 16) + 0.7152 * (rgb >> 8 & 0xFF) + 0.0722 * (rgb & 0xFF);

		ck_assert_double_lt(light, last);
		last = light;
	}
	ck_assert_uint_eq(fed__shade_rgb(0), 0xFFFFFF);
}
END_TEST

/* Maps ---------------------------------------------------------------------------------- */

enum { POINTS = 30 };
static double px[POINTS], py[POINTS];
static const char *labels[POINTS];

static void fill_points(double scale)
{
	struct fed_stream random = fed_stream_open(5, FED_FOR_WHO, 0, 0);

	for (int i = 0; i < POINTS; i++) {
		px[i] = scale * fed_stream_normal(&random);
		py[i] = scale * fed_stream_normal(&random);
		labels[i] = i % 3 ? "12" : "17 Ada";
	}
}

START_TEST(maps_have_one_scale_and_show_all_points)
{
	for (size_t c = 0; c < 60; c++) {
		const struct fed_scatter_points group[] = {
			{"honest", FED_DATA(0x0072B2), 0, false, px, py, POINTS / 2, labels},
			{"Byzantine, filtered", FED_DATA(0xD55E00), 2, true, px + POINTS / 2, py + POINTS / 2,
		     POINTS / 2, labels}};
		const struct fed_scatter_figure figure = {.heading = c % 2 ? "A map" : NULL,
		                                          .x_label = "first",
		                                          .y_label = "second",
		                                          .group = group,
		                                          .n = 2,
		                                          .reach_x = c % 3 == 2 ? 0.5 : 0,
		                                          .reach_y = c % 3 == 2 ? 0.2 : 0};
		struct fed_drawing d = {.width = 110 + (double)(c % 10) * 40,
		                        .height = 100 + (double)(c % 7) * 45};
		struct fed_plot_frame f;
		struct fed_error err;
		size_t discs = 0;

		fill_points(c % 5 == 4 ? 0 : pow(10, (double)(c % 5) - 2));
		fed_assert_ok(fed_scatter_figure_draw(&figure, &d, &f, &err), &err);
		ck_assert_double_eq_tol((f.x.hi - f.x.lo) / f.width / ((f.y.hi - f.y.lo) / f.height), 1,
		                        1e-6);
		fed_page_check(&d, "map");
		for (size_t i = 0; i < d.n; i++)
			discs += d.item[i].kind == FED_DRAWN_CIRCLE;
		ck_assert_uint_eq(discs, POINTS / 2 + 1); /* and one in the legend */
		fed_drawing_release(&d);
	}
}
END_TEST

/* Timelines ------------------------------------------------------------------------------- */

START_TEST(spans_are_where_their_times_are)
{
	const char *const rows[] = {"0", "1 Ada"}, *const lines[] = {"7"};
	const char *const names[FED_SPAN_KINDS] = {"download", "compute", "lost"};
	const uint32_t colors[FED_SPAN_KINDS] = {1, 2, 3};
	const struct fed_drawn_span spans[] = {
		{10, 12.5, 0, 0}, {12.5, 20, 0, 1}, {8, 15, 1, 1}, {18, 18, 1, 2}, {21, 30, 1, 0}};
	const double line = 15;
	const struct fed_spans_figure figure = {.x_label = "seconds",
	                                        .from = 10,
	                                        .to = 20,
	                                        .rows = 2,
	                                        .row_name = rows,
	                                        .span = spans,
	                                        .n = 5,
	                                        .kind_name = names,
	                                        .kind_rgb = colors,
	                                        .line = &line,
	                                        .line_label = lines,
	                                        .lines = 1,
	                                        .line_name = "version"};
	const double ends[3][2] = {{0, 0.25}, {0.25, 1}, {0, 0.5}};
	struct fed_drawing d = {.width = 300, .height = 120};
	struct fed_plot_frame f;
	struct fed_error err;
	size_t bars = 0;

	fed_assert_ok(fed_spans_figure_draw(&figure, &d, &f, &err), &err);
	fed_page_check(&d, "timeline");
	for (size_t i = 0; i < d.n; i++) {
		double box[4];

		fed__drawing_extent(&d, i, box);
		if (d.item[i].kind != FED_DRAWN_AREA || box[1] < f.top || box[2] - box[0] < 20)
			continue;
		ck_assert_uint_lt(bars, 3);
		ck_assert_double_eq_tol(box[0], f.left + ends[bars][0] * f.width, 1e-9);
		ck_assert_double_eq_tol(box[2], f.left + ends[bars][1] * f.width, 1e-9);
		bars++;
	}
	ck_assert_uint_eq(bars, 3); /* the last one is after the window */
	fed_drawing_release(&d);
}
END_TEST

START_TEST(timelines_of_any_size_fit)
{
	enum { ROWS = 120 };
	static char text[ROWS][24];
	static const char *rows[ROWS];
	static struct fed_drawn_span spans[ROWS];
	const char *names[FED_SPAN_KINDS];
	uint32_t colors[FED_SPAN_KINDS];
	double lines[40];
	const char *versions[40];

	for (int k = 0; k < FED_SPAN_KINDS; k++) {
		names[k] = "a kind of span";
		colors[k] = 0x123456;
	}
	for (int i = 0; i < 40; i++) {
		lines[i] = i * 0.3;
		versions[i] = "1234";
	}
	for (int i = 0; i < ROWS; i++) {
		snprintf(text[i], sizeof text[i], i % 2 ? "%d" : "%d a client of some name", i);
		rows[i] = text[i];
		spans[i] = (struct fed_drawn_span){i * 0.05, i * 0.1, (uint32_t)i, (uint8_t)(i % 9)};
	}
	for (size_t n = 1; n <= ROWS; n = n * 3 / 2 + 1)
		for (int width = 100; width < 600; width += 90) {
			const struct fed_spans_figure figure = {.heading = n % 2 ? "A timeline" : NULL,
			                                        .x_label = "virtual seconds",
			                                        .to = 12,
			                                        .rows = n,
			                                        .row_name = rows,
			                                        .span = spans,
			                                        .n = n,
			                                        .kind_name = names,
			                                        .kind_rgb = colors,
			                                        .line = lines,
			                                        .line_label = versions,
			                                        .lines = 40,
			                                        .line_name = "version"};
			struct fed_drawing d = {.width = width,
			                        .height = fed_spans_figure_height(&figure, width)};
			struct fed_error err;

			fed_assert_ok(fed_spans_figure_draw(&figure, &d, NULL, &err), &err);
			fed_page_check(&d, "timeline");
			fed_drawing_release(&d);
		}
}
END_TEST

FED_SUITE(layouts)
{
	Suite *suite = suite_create("layouts");
	TCase *tests = tcase_create("layouts");

	tcase_add_test(tests, matrices_fit_whatever_their_size);
	tcase_add_test(tests, cells_are_a_grid);
	tcase_add_test(tests, shades_darken_evenly);
	tcase_add_test(tests, maps_have_one_scale_and_show_all_points);
	tcase_add_test(tests, spans_are_where_their_times_are);
	tcase_add_test(tests, timelines_of_any_size_fit);
	suite_add_tcase(suite, tests);
	return suite;
}
