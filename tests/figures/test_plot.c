/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves on a page: where data go, that nothing overlaps, and what readers find in the files. */
#include "figures/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "figures/page.h"
#include "figures/palette.h"
#include "figures/save.h"
#include "support/suite.h"

enum { POINTS = 40 };

static double x[POINTS], y[POINTS], lower[POINTS], upper[POINTS];

static void fill(double scale)
{
	for (int k = 0; k < POINTS; k++) {
		x[k] = k + 1;
		y[k] = scale * (1 - exp(-0.1 * k));
		lower[k] = y[k] - 0.1 * scale;
		upper[k] = y[k] + 0.1 * scale;
	}
}

/* Data go where the frame says, which is a straight line between the ends of the axes. */
START_TEST(data_are_mapped_in_proportion)
{
	const struct fed_plot_series series = {"a", x, y, POINTS, NULL, NULL};
	const struct fed_plot plot = {.x_label = "x", .y_label = "y", .series = &series, .n = 1};
	struct fed_drawing d = {.width = 300, .height = 200};
	struct fed_plot_frame f;
	struct fed_error err;
	bool found = false;

	fill(1);
	ck_assert_int_eq(fed_plot_draw(&plot, &d, &f, &err), FED_OK);
	ck_assert_double_eq(f.x.lo, 1);
	ck_assert_double_eq(f.x.hi, POINTS);
	ck_assert_double_eq(f.y.lo, 0);
	ck_assert_double_eq(f.y.hi, 1);
	for (size_t i = 0; i < d.n; i++) {
		const double(*at)[2] = (const double(*)[2]) & d.at[d.item[i].first];

		if (d.item[i].kind != FED_DRAWN_LINE || d.item[i].n != POINTS)
			continue;
		found = true;
		for (int k = 0; k < POINTS; k++) {
			ck_assert_double_eq_tol(at[k][0], f.left + f.width * k / (POINTS - 1), 1e-9);
			ck_assert_double_eq_tol(at[k][1], f.top + f.height * exp(-0.1 * k), 1e-9);
		}
	}
	ck_assert(found);
	/* A tick and its grid line at each multiple of the step. */
	for (int i = 0; i < f.y.n; i++) {
		size_t ticks = 0;

		for (size_t k = 0; k < d.n; k++) {
			const double(*at)[2] = (const double(*)[2]) & d.at[d.item[k].first];

			ticks += d.item[k].kind == FED_DRAWN_LINE && d.item[k].n == 2 && at[0][1] == at[1][1] &&
			         fabs(at[0][1] - (f.top + f.height * (1 - i * f.y.step))) < 1e-9;
		}
		ck_assert_uint_ge(ticks, 2);
	}
	fed_drawing_release(&d);
}
END_TEST

START_TEST(a_decade_is_as_long_as_any_other)
{
	const double powers[] = {1e-3, 1e-2, 1e-1, 1, 10}, at[] = {1, 10, 100, 1000, 10000};
	const struct fed_plot_series series = {"a", at, powers, 5, NULL, NULL};
	const struct fed_plot plot = {.series = &series, .n = 1, .log_x = true, .log_y = true};
	struct fed_drawing d = {.width = 300, .height = 200};
	struct fed_plot_frame f;
	struct fed_error err;

	ck_assert_int_eq(fed_plot_draw(&plot, &d, &f, &err), FED_OK);
	for (int k = 0; k < 5; k++) {
		ck_assert_double_eq_tol(fed__plot_at_x(&f, at[k]), f.left + f.width * k / 4, 1e-9);
		ck_assert_double_eq_tol(fed__plot_at_y(&f, powers[k]), f.top + f.height * (4 - k) / 4,
		                        1e-9);
	}
	fed_drawing_release(&d);
}
END_TEST

/* A band is the polygon along its upper and back along its lower end. */
START_TEST(a_band_has_both_of_its_ends)
{
	const struct fed_plot_series series = {"a", x, y, POINTS, lower, upper};
	const struct fed_plot plot = {.series = &series, .n = 1};
	struct fed_drawing d = {.width = 300, .height = 200};
	struct fed_plot_frame f;
	struct fed_error err;
	size_t bands = 0;

	fill(5);
	y[20] = NAN; /* a gap: two bands */
	ck_assert_int_eq(fed_plot_draw(&plot, &d, &f, &err), FED_OK);
	for (size_t i = 0; i < d.n; i++) {
		const struct fed_drawing_item *item = &d.item[i];
		const double(*at)[2] = (const double(*)[2]) & d.at[item->first];
		const size_t half = item->n / 2, from = bands ? 21 : 0;

		if (item->kind != FED_DRAWN_AREA || item->n < 20)
			continue;
		ck_assert_uint_eq(half, bands ? POINTS - 21 : 20);
		for (size_t k = 0; k < half; k++) {
			ck_assert_double_eq_tol(at[k][1], fed__plot_at_y(&f, upper[from + k]), 1e-9);
			ck_assert_double_eq_tol(at[item->n - 1 - k][1], fed__plot_at_y(&f, lower[from + k]),
			                        1e-9);
			ck_assert_double_eq(at[k][0], at[item->n - 1 - k][0]);
		}
		bands++;
	}
	ck_assert_uint_eq(bands, 2);
	fed_drawing_release(&d);
}
END_TEST

/* Whatever the size, the range and the names. */
START_TEST(no_text_meets_another_or_leaves_the_page)
{
	static const double scales[] = {1, 1e-7, 123456, 3e9, 0};
	const char *const names[] = {"fedavg",
	                             "a very long name of a run that somehow came to be",
	                             "krum & <co>",
	                             "\xd0\x96\xd0\x96\xd0\x96",
	                             "median",
	                             "x",
	                             "y"};
	struct fed_plot_series series[7];

	for (size_t c = 0; c < 5 * 7 * 12; c++) {
		const size_t n = 1 + c % 7;
		struct fed_plot plot = {.heading = c % 2 ? "A heading of a figure" : NULL,
		                        .x_label = "round",
		                        .y_label = c % 3 ? "accuracy" : "a long label of the other axis",
		                        .series = series,
		                        .n = n,
		                        .log_y = c % 4 == 1,
		                        .log_x = c % 8 == 5};
		struct fed_drawing d = {.width = FED_FIGURE_WIDTH_LEAST + (double)(c % 12) * 37,
		                        .height = FED_FIGURE_HEIGHT_LEAST + (double)(c % 11) * 29};
		struct fed_error err;
		char what[40];

		fill(scales[c % 5]);
		for (size_t i = 0; i < n; i++)
			series[i] =
				(struct fed_plot_series){names[i], x, y, POINTS, i % 2 ? lower : NULL, upper};
		ck_assert_int_eq(fed_plot_draw(&plot, &d, NULL, &err), FED_OK);
		snprintf(what, sizeof what, "case %zu", c);
		fed_page_check(&d, what);
		fed_drawing_release(&d);
	}
}
END_TEST

START_TEST(what_is_not_above_0_is_left_out_and_told)
{
	const double at[] = {1, 2, 3}, values[] = {0, -1, 10};
	const struct fed_plot_series series = {"a", at, values, 3, NULL, NULL};
	const struct fed_plot plot = {.series = &series, .n = 1, .log_y = true};
	struct fed_drawing d = {.width = 300, .height = 200};
	struct fed_plot_frame f;
	struct fed_error err;

	ck_assert_int_eq(fed_plot_draw(&plot, &d, &f, &err), FED_OK);
	ck_assert_uint_eq(f.omitted, 2);
	ck_assert_uint_eq(fed_page_count(&d, "2 values not above 0 left out"), 1);
	fed_drawing_release(&d);
}
END_TEST

/* A curve of a million points is drawn by what can be seen of it. */
START_TEST(long_curves_are_thinned_to_their_outline)
{
	enum { MANY = 200000 };
	double *t = fed_alloc_array(MANY, sizeof *t), *v = fed_alloc_array(MANY, sizeof *v);
	const struct fed_plot_series series = {"a", t, v, MANY, NULL, NULL};
	const struct fed_plot plot = {.series = &series, .n = 1};
	struct fed_drawing d = {.width = 300, .height = 200};
	struct fed_plot_frame f;
	struct fed_error err;
	double top = INFINITY, bottom = 0;

	for (int k = 0; k < MANY; k++) {
		t[k] = k;
		v[k] = k % 1000 == 500 ? 1 : k % 1000 == 700 ? -1 : 0.1 * sin(k);
	}
	ck_assert_int_eq(fed_plot_draw(&plot, &d, &f, &err), FED_OK);
	ck_assert_uint_lt(d.points, 10000);
	for (size_t i = 0; i < d.n; i++)
		for (size_t k = 0; d.item[i].n > 10 && k < d.item[i].n; k++) {
			top = fmin(top, d.at[d.item[i].first + k][1]);
			bottom = fmax(bottom, d.at[d.item[i].first + k][1]);
		}
	ck_assert_double_eq_tol(top, fed__plot_at_y(&f, 1), 1e-9);
	ck_assert_double_eq_tol(bottom, fed__plot_at_y(&f, -1), 1e-9);
	fed_drawing_release(&d);
	fed_free(t);
	fed_free(v);
}
END_TEST

/* No two of 28 series have colour and dash in common, nor colour and mark. */
START_TEST(series_differ_without_colour)
{
	for (size_t i = 0; i < 28; i++)
		for (size_t k = 0; k < i; k++) {
			ck_assert(fed_series_rgb(i) != fed_series_rgb(k) ||
			          fed__series_dash(i) != fed__series_dash(k));
			ck_assert(fed_series_rgb(i) != fed_series_rgb(k) || i % FED_MARKS != k % FED_MARKS);
		}
}
END_TEST

START_TEST(lengths_have_units)
{
	static const struct {
		const char *text;
		double points;
	} cases[] = {{"2.54cm", 72}, {"25.4mm", 72}, {"1in", 72},  {"72pt", 72}, {"2.54", 72},
	             {"", 0},        {"cm", 0},      {"-3cm", 0},  {"0", 0},     {"3em", 0},
	             {"nan", 0},     {"infcm", 0},   {"8.5 kg", 0}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double points = 0;

		ck_assert_int_eq(fed_length_parse(cases[i].text, &points), cases[i].points > 0);
		ck_assert_double_eq_tol(points, cases[i].points, 1e-9);
	}
}
END_TEST

/* Files -------------------------------------------------------------------------------- */

/* The first line that a program prints; "": there is no such program, or it failed. */
static void said_by(const char *command, char *line, int size)
{
	FILE *out = popen(command, "r");

	ck_assert_ptr_nonnull(out);
	if (!fgets(line, size, out))
		*line = '\0';
	pclose(out);
}

static void save_all(struct fed_temp *temp, bool *cairo)
{
	static const char *const names[] = {"f.svg", "f.pdf", "f.png"};
	const struct fed_plot_series series[] = {{"krum & <co>", x, y, POINTS, lower, upper},
	                                         {"median", x, lower, POINTS, NULL, NULL}};
	const struct fed_plot plot = {
		.x_label = "round", .y_label = "accuracy", .series = series, .n = 2};
	struct fed_drawing d = {.width = 8.5 * FED_POINTS_PER_CM, .height = 150, .title = "a > b"};
	struct fed_error err;

	fill(1);
	ck_assert_int_eq(fed_plot_draw(&plot, &d, NULL, &err), FED_OK);
	*cairo = true;
	for (size_t i = 0; i < 3; i++) {
		const int rc = fed_drawing_save(&d, fed_temp_file(temp, names[i]), &err);

		if (i && rc == FED_REJECT && strstr(err.text, "without cairo"))
			*cairo = false;
		else
			ck_assert_msg(rc == FED_OK, "%s", err.text);
	}
	ck_assert_int_eq(fed_drawing_save(&d, fed_temp_file(temp, "f.gif"), &err), FED_REJECT);
	ck_assert_ptr_nonnull(strstr(err.text, ".svg, .pdf or .png"));
	ck_assert_int_eq(fed_drawing_save(&d, "/no/such/folder/f.svg", &err), FED_FAIL);
	fed_drawing_release(&d);
}

START_TEST(svg_is_text_that_other_programs_draw)
{
	struct fed_text svg = {0};
	struct fed_temp temp;
	struct fed_error err;
	char command[700], line[200];
	bool cairo;

	fed_temp_make(&temp);
	save_all(&temp, &cairo);
	ck_assert_int_eq(fed_file_read(fed_temp_file(&temp, "f.svg"), 1 << 20, &svg, &err), FED_OK);
	ck_assert_ptr_nonnull(strstr(fed_text_str(&svg), ">krum &amp; &lt;co&gt;</text>"));
	ck_assert_ptr_nonnull(strstr(fed_text_str(&svg), "<title>a &gt; b</title>"));
	ck_assert_ptr_nonnull(strstr(fed_text_str(&svg), "width=\"240.94pt\""));
	fed_text_release(&svg);
	/* 300 dots an inch of 8.5 cm; IHDR has the width at byte 16. */
	snprintf(
		command, sizeof command,
		"command -v rsvg-convert >/dev/null || { echo none; exit; }; "
		"rsvg-convert -d 300 -p 300 %s > \"%s/drawn.png\" && od -An -j16 -N4 -tu1 \"%s/drawn.png\"",
		fed_temp_file(&temp, "f.svg"), temp.dir, temp.dir);
	said_by(command, line, sizeof line);
	if (strcmp(line, "none\n") != 0) {
		unsigned b[4] = {0};

		sscanf(line, "%u %u %u %u", &b[0], &b[1], &b[2], &b[3]);
		ck_assert_int_le(abs((int)(b[2] << 8 | b[3]) - 1004), 1);
	}
	fed_temp_remove(&temp);
}
END_TEST

START_TEST(pdf_and_png_are_read_by_others)
{
	struct fed_text bytes = {0};
	struct fed_temp temp;
	struct fed_error err;
	char command[700], line[2000];
	bool cairo;

	fed_temp_make(&temp);
	save_all(&temp, &cairo);
	if (cairo) {
		ck_assert_int_eq(fed_file_read(fed_temp_file(&temp, "f.png"), 1 << 24, &bytes, &err),
		                 FED_OK);
		ck_assert_mem_eq(fed_text_str(&bytes), "\x89PNG\r\n\x1a\n", 8);
		const unsigned char *b = (const unsigned char *)fed_text_str(&bytes);
		ck_assert_int_le(abs((b[18] << 8 | b[19]) - 1004), 1);
		snprintf(command, sizeof command,
		         "command -v pdftotext >/dev/null || { echo none; exit; }; "
		         "pdftotext -layout %s - | tr '\\n' ' '; pdffonts %s | tail -n 1 | tr -s ' '",
		         fed_temp_file(&temp, "f.pdf"), temp.file);
		said_by(command, line, sizeof line);
		if (strcmp(line, "none\n") != 0) {
			ck_assert_ptr_nonnull(strstr(line, "krum & <co>"));
			ck_assert_ptr_nonnull(strstr(line, "round"));
			ck_assert_ptr_nonnull(strstr(line, " yes yes ")); /* the font is embedded */
		}
	}
	fed_text_release(&bytes);
	fed_temp_remove(&temp);
}
END_TEST

START_TEST(sizes_that_are_too_small_are_refused)
{
	const struct fed_plot_series series = {"a", x, y, POINTS, NULL, NULL};
	const struct fed_plot plot = {.series = &series, .n = 1}, none = {0};
	struct fed_drawing d = {.width = 50, .height = 200};
	struct fed_error err;

	ck_assert_int_eq(fed_plot_draw(&plot, &d, NULL, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "at least"));
	d.width = 300;
	ck_assert_int_eq(fed_plot_draw(&none, &d, NULL, &err), FED_FAIL);
	fed_drawing_release(&d);
}
END_TEST

START_TEST(any_allocation_may_fail)
{
	const struct fed_plot_series series = {"a", x, y, POINTS, lower, upper};
	const struct fed_plot plot = {.x_label = "x", .series = &series, .n = 1};

	fill(1);
	for (uint64_t k = 1;; k++) {
		struct fed_drawing d = {.width = 300, .height = 200};
		struct fed_error err;

		fed__mem_fail_at(k);
		const int rc = fed_plot_draw(&plot, &d, NULL, &err);
		const bool ahead = fed__mem_fail_ahead();
		fed__mem_fail_at(0);
		ck_assert(ahead || rc == FED_FAIL || d.failed);
		ck_assert(!ahead || rc == FED_OK);
		fed_drawing_release(&d);
		if (ahead)
			break;
	}
}
END_TEST

FED_SUITE(plot)
{
	Suite *suite = suite_create("plot");
	TCase *tests = tcase_create("plot");

	tcase_add_test(tests, data_are_mapped_in_proportion);
	tcase_add_test(tests, a_decade_is_as_long_as_any_other);
	tcase_add_test(tests, a_band_has_both_of_its_ends);
	tcase_add_test(tests, no_text_meets_another_or_leaves_the_page);
	tcase_add_test(tests, what_is_not_above_0_is_left_out_and_told);
	tcase_add_test(tests, long_curves_are_thinned_to_their_outline);
	tcase_add_test(tests, series_differ_without_colour);
	tcase_add_test(tests, lengths_have_units);
	tcase_add_test(tests, svg_is_text_that_other_programs_draw);
	tcase_add_test(tests, pdf_and_png_are_read_by_others);
	tcase_add_test(tests, sizes_that_are_too_small_are_refused);
	tcase_add_test(tests, any_allocation_may_fail);
	suite_add_tcase(suite, tests);
	return suite;
}
