/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Charts against golden text in golden/NAME.txt.  After a change that is meant, run the program
 * with FEDSH_GOLDEN=write and read the difference before committing it.
 */
#include "tui/widgets/chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"
#include "tui/glass.h"

enum { ROUNDS = 50 };

static double rounds[ROUNDS], rising[ROUNDS], slow[ROUNDS], gappy[ROUNDS];

static void make_curves(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		rounds[i] = i + 1;
		rising[i] = 1 - exp(-i / 12.0);
		slow[i] = 0.3 + 0.004 * i;
		gappy[i] = i % 9 == 8 || i == 20 || i == 18 ? NAN : 0.5 + 0.3 * sin(i / 5.0);
	}
}

static void compare(const char *name, const struct fed_chart *chart)
{
	struct fed_text out = {0};
	struct fed_error err;

	fed_assert_ok(fed_chart_draw(chart, &out, &err), &err);
	glass_compare(fed_text_str(&out), name);
	fed_text_release(&out);
}

static void three_curves(const char *name, size_t n, int columns, int rows, bool utf8, bool color)
{
	const struct fed_plot_series series[] = {
		{"fedavg", rounds, rising, ROUNDS},
		{"krum", rounds, slow, ROUNDS},
		{"bgd groups=5", rounds, gappy, ROUNDS},
	};
	const struct fed_chart chart = {.title = "test-accuracy",
	                                .x_label = "round",
	                                .series = series,
	                                .n = n,
	                                .columns = columns,
	                                .rows = rows,
	                                .utf8 = utf8,
	                                .palette = color ? FED_PALETTE_8 : FED_PALETTE_NONE};
	compare(name, &chart);
}

/* Equal factors are equal heights; what is not above 0 is left out, and counted. */
START_TEST(a_logarithmic_axis)
{
	static const double x[] = {1, 2, 3, 4, 5}, y[] = {0, 1, 10, 100, -3}, none[] = {0, 0, 0, 0, 0};
	struct fed_plot_series series = {"loss", x, y, 5};
	struct fed_chart chart = {
		.title = "loss", .series = &series, .n = 1, .columns = 50, .rows = 12, .log_y = true};
	struct fed_text text = {0};
	struct fed_error err;

	fed_assert_ok(fed_chart_draw(&chart, &text, &err), &err);
	ck_assert_ptr_nonnull(strstr(text.s, "log axis, 2 values not above 0 left out"));
	ck_assert_ptr_nonnull(strstr(text.s, "100"));
	fed_text_clear(&text);
	series.y = none;
	fed_assert_ok(fed_chart_draw(&chart, &text, &err), &err);
	ck_assert_ptr_nonnull(strstr(text.s, "no values above 0"));
	fed_text_release(&text);
}
END_TEST

START_TEST(curves_with_axes)
{
	make_curves();
	three_curves("one", 1, 60, 14, true, false);
	three_curves("one-ascii", 1, 60, 14, false, false);
	three_curves("three", 3, 72, 18, true, false);
	three_curves("three-ascii", 3, 72, 18, false, false);
	three_curves("three-color", 3, 50, 12, true, true);
	three_curves("three-40x10", 3, 40, 10, true, false);
	three_curves("three-least", 3, FED_CHART_COLUMNS, FED_CHART_ROWS, true, false);
}
END_TEST

/* Letters at the right follow the ends of their curves from the top down, also where these are too
 * close for a row each, and at the bottom. */
START_TEST(letters_in_the_order_of_ends)
{
	static const double end[][5] = {{0.95, 0.96, 0.84, 0.88, 0.951}, {0, 0.01, 0.9, 0.02, 0.005}};
	static const char *const order[] = {"beadc", "cdbea"};
	struct fed_error err;

	for (size_t k = 0; k < 2; k++) {
		double x[2] = {1, 2}, y[5][2];
		struct fed_plot_series series[5];
		struct fed_text out = {0};
		char seen[8] = "";
		size_t n = 0;

		for (size_t i = 0; i < 5; i++) {
			y[i][0] = i % 2;
			y[i][1] = end[k][i];
			series[i] = (struct fed_plot_series){.name = "", .x = x, .y = y[i], .n = 2};
		}
		const struct fed_chart chart = {
			.title = "loss", .series = series, .n = 5, .columns = 60, .rows = 16, .utf8 = true};
		fed_assert_ok(fed_chart_draw(&chart, &out, &err), &err);
		const char *at = strchr(strchr(fed_text_str(&out), '\n') + 1, '\n'); /* behind the legend */
		for (; at[1]; at++)
			if (at[1] == '\n' && *at >= 'a' && *at <= 'e' && n < 5)
				seen[n++] = *at;
		ck_assert_str_eq(seen, order[k]);
		fed_text_release(&out);
	}
}
END_TEST

START_TEST(small_charts_are_sparklines)
{
	make_curves();
	three_curves("spark", 3, 40, 7, true, false);
	three_curves("spark-ascii", 3, 40, 7, false, false);
	three_curves("spark-narrow", 3, 20, 30, true, false);
	three_curves("spark-least", 1, FED_CHART_COLUMNS_LEAST, 1, true, false);
}
END_TEST

START_TEST(odd_values)
{
	static const double x[] = {1, 2, 3};
	static const struct {
		const char *name;
		double y[3];
		size_t n;
	} cases[] = {
		{"constant", {5, 5, 5}, 3},
		{"zero", {0, 0, 0}, 3},
		{"one-point", {0.25}, 1},
		{"lone-point", {NAN, 3, NAN}, 3},
		{"no-values", {NAN, NAN, INFINITY}, 3},
		{"no-points", {0}, 0},
		{"huge", {1e308, -1e308, 0}, 3},
		{"tiny", {1e-9, 2e-9, 1.5e-9}, 3},
		{"subnormal", {1e-320, 0, 1e-320}, 3},
		{"close", {0.6931471, 0.6931472, 0.69314715}, 3},
		{"bytes", {1e9, 2.5e9, 1.5e9}, 3},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct fed_plot_series series = {"loss", x, cases[i].y, cases[i].n};
		const struct fed_chart chart = {.title = cases[i].name,
		                                .series = &series,
		                                .n = 1,
		                                .columns = 40,
		                                .rows = 10,
		                                .utf8 = true};
		compare(cases[i].name, &chart);
	}
}
END_TEST

START_TEST(names_are_shown_safely)
{
	static const double x[] = {0, 1}, y[] = {0, 1};
	const struct fed_plot_series series[] = {{"\033[2J\xFF", x, y, 2},
	                                         {"\xE4\xB8\xAD\xE6\x96\x87", x, y, 2}};
	const struct fed_chart chart = {
		.title = "a\nb", .series = series, .n = 2, .columns = 30, .rows = 8, .utf8 = true};
	compare("names", &chart);
}
END_TEST

/* Every size and style: exactly the rows asked for, none wider than the columns, no crash. */
START_TEST(charts_keep_to_their_size)
{
	make_curves();
	const struct fed_plot_series series[] = {{"fedavg", rounds, rising, ROUNDS},
	                                         {"a long name of a curve", rounds, gappy, ROUNDS}};
	for (int columns = FED_CHART_COLUMNS_LEAST; columns < 90; columns += 3)
		for (int rows = 2; rows < 30; rows++) {
			const struct fed_chart chart = {.title = "accuracy",
			                                .x_label = "round",
			                                .series = series,
			                                .n = 2,
			                                .columns = columns,
			                                .rows = rows,
			                                .utf8 = (columns + rows) % 2};
			struct fed_text out = {0};
			struct fed_error err;
			fed_assert_ok(fed_chart_draw(&chart, &out, &err), &err);
			int lines = 0;
			for (char *line = strtok(out.s, "\n"); line; line = strtok(NULL, "\n")) {
				ck_assert_int_le(fed_text_width(line), columns);
				lines++;
			}
			ck_assert_int_le(lines, rows);
			fed_text_release(&out);
		}
}
END_TEST

START_TEST(impossible_charts_are_refused)
{
	static const double x[] = {0, 1};
	const struct fed_plot_series one = {"loss", x, x, 2};
	const struct fed_chart good = {.series = &one, .n = 1, .columns = 40, .rows = 10};
	struct fed_chart cases[4] = {good, good, good, good};
	static const char *const words[] = {"1 to 26", "1 to 26", "8 x 1", "8 x 1"};
	cases[0].n = 0;
	cases[1].n = FED_CHART_SERIES + 1;
	cases[2].columns = FED_CHART_COLUMNS_LEAST - 1;
	cases[3].rows = 0;

	for (size_t i = 0; i < 4; i++) {
		struct fed_text out = {0};
		struct fed_error err;
		ck_assert_int_eq(fed_chart_draw(&cases[i], &out, &err), FED_FAIL);
		ck_assert_msg(strstr(err.text, words[i]) != NULL, "%s", err.text);
		ck_assert_uint_eq(out.len, 0);
	}
}
END_TEST

static int draw_once(void *ctx, struct fed_error *err)
{
	struct fed_text out = {0};
	const int rc = fed_chart_draw(ctx, &out, err);
	fed_text_release(&out);
	return rc;
}

START_TEST(every_allocation_may_fail)
{
	make_curves();
	const struct fed_plot_series series = {"loss", rounds, slow, ROUNDS};
	struct fed_chart chart = {.series = &series, .n = 1, .columns = 200, .rows = 60, .utf8 = true};
	fed_each_allocation(draw_once, &chart);
	chart.rows = 3;
	fed_each_allocation(draw_once, &chart);
}
END_TEST

FED_SUITE(chart)
{
	Suite *suite = suite_create("chart");
	TCase *tests = tcase_create("chart");
	tcase_add_test(tests, curves_with_axes);
	tcase_add_test(tests, letters_in_the_order_of_ends);
	tcase_add_test(tests, a_logarithmic_axis);
	tcase_add_test(tests, small_charts_are_sparklines);
	tcase_add_test(tests, odd_values);
	tcase_add_test(tests, names_are_shown_safely);
	tcase_add_test(tests, charts_keep_to_their_size);
	tcase_add_test(tests, impossible_charts_are_refused);
	tcase_add_test(tests, every_allocation_may_fail);
	suite_add_tcase(suite, tests);
	return suite;
}
