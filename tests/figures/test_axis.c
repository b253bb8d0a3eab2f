/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Round numbers along an axis. */
#include "figures/axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "support/suite.h"

START_TEST(labels_are_short_and_of_one_kind)
{
	static const struct {
		double lo, hi;
		int most;
		double least;
		bool extend;
		const char *labels;
	} cases[] = {
		{0, 1, 6, 0, true, "0 0.2 0.4 0.6 0.8 1.0"},
		{0.12, 0.83, 6, 0, true, "0 0.2 0.4 0.6 0.8 1.0"},
		{0.12, 0.83, 5, 0, true, "0 0.5 1.0"},
		{0.12, 0.83, 6, 0, false, "0.2 0.4 0.6 0.8"},
		{1, 50, 9, 1, false, "10 20 30 40 50"},
		{1, 3, 9, 1, false, "1 2 3"},
		{1, 3, 5, 0, false, "1.0 1.5 2.0 2.5 3.0"},
		{0, 60000, 4, 0, true, "0 20000 40000 60000"},
		{0, 250000, 4, 0, true, "0 100k 200k 300k"},
		{0, 1.5e6, 4, 0, true, "0 0.5M 1.0M 1.5M"},
		{-2e9, 2e9, 5, 0, true, "-2G -1G 0 1G 2G"},
		{0, 2e-7, 5, 0, true, "0 0.5e-7 1.0e-7 1.5e-7 2.0e-7"},
		{0, 1e300, 3, 0, true, "0 0.5e300 1.0e300"},
		/* Empty ranges. */
		{0, 0, 3, 0, true, "-1 0 1"},
		{5, 5, 3, 0, true, "4.5 5.0 5.5"},
		{-1e6, -1e6, 3, 0, true, "-1.1M -1.0M -0.9M"},
		{1e6, 1e6 + 1e-4, 3, 0, true, "0.9M 1.0M 1.1M"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fed_axis ticks;
		char all[400] = "", label[32];
		fed_axis_init(&ticks, cases[i].lo, cases[i].hi, cases[i].most, cases[i].least,
		              cases[i].extend);
		for (int k = 0; k < ticks.n; k++) {
			fed_axis_label(&ticks, k, label);
			snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", k ? " " : "", label);
		}
		ck_assert_msg(strcmp(all, cases[i].labels) == 0, "%g..%g: \"%s\", not \"%s\"", cases[i].lo,
		              cases[i].hi, all, cases[i].labels);
	}
}
END_TEST

/* Whatever the range: few enough ticks, inside it, labels different and short. */
START_TEST(any_range_has_ticks)
{
	struct fed_stream random = fed_stream_open(7, FED_FOR_WHO, 0, 0);

	for (int i = 0; i < 20000; i++) {
		const double size = pow(10, 600 * fed_stream_real(&random) - 300);
		const double lo = fed_axis_limit(size * (2 * fed_stream_real(&random) - 1));
		const double width = size * pow(10, -12 * fed_stream_real(&random));
		const double hi = fed_axis_limit(lo + width * fed_stream_real(&random));
		const int most = 3 + (int)fed_stream_below(&random, 20);
		const bool extend = i % 2 == 0;
		struct fed_axis ticks;

		fed_axis_init(&ticks, lo, hi, most, 0, extend);
		ck_assert(ticks.lo < ticks.hi && isfinite(ticks.hi - ticks.lo));
		ck_assert(extend ? ticks.lo <= lo + ticks.step * 1e-5 : ticks.lo <= lo);
		ck_assert_int_ge(ticks.n, extend ? 2 : 0);
		ck_assert_int_le(ticks.n, most);
		char before[32] = "", label[32];
		for (int k = 0; k < ticks.n; k++) {
			const double slack = ticks.step * 1e-5;
			ck_assert(fed_axis_value(&ticks, k) >= ticks.lo - slack);
			ck_assert(fed_axis_value(&ticks, k) <= ticks.hi + slack);
			fed_axis_label(&ticks, k, label);
			ck_assert_msg(strcmp(label, before) != 0, "%.17g..%.17g: two ticks are \"%s\"", lo, hi,
			              label);
			ck_assert_uint_le(strlen(label), 18);
			memcpy(before, label, sizeof label);
		}
	}
}
END_TEST

START_TEST(wild_values_are_tamed)
{
	ck_assert(fed_axis_limit(1.7e308) == 1e300);
	ck_assert(fed_axis_limit(-1.7e308) == -1e300);
	ck_assert(fed_axis_limit(4e-320) == 0);
	ck_assert(fed_axis_limit(0.25) == 0.25);
}
END_TEST

/* Ticks of a logarithmic axis are powers of ten, or 1, 2 and 5 times these, and inside it. */
START_TEST(logarithmic_ticks)
{
	static const struct {
		double lo, hi;
		int most;
		const char *labels;
	} rows[] = {
		{0.3, 0.9, 8, "0.3 0.4 0.5 0.6 0.7 0.8 0.9"},
		{0.11, 1, 4, "0.5 1.0"},
		{0.011, 0.9, 8, "0.01 0.02 0.05 0.1 0.2 0.5 1"},
		{1e-6, 3, 8, "1e-6 1e-5 1e-4 0.001 0.01 0.1 1 10"},
		{1, 1e12, 5, "0.1 100 100k 1e8 1e11 1e14"},
		{7, 7, 8, "2 4 6 8 10 12 14"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fed_axis ticks;
		char all[200] = "", label[32];

		fed_axis_init_log(&ticks, rows[i].lo, rows[i].hi, rows[i].most, true);
		ck_assert_int_le(ticks.n, rows[i].most);
		ck_assert(ticks.lo <= rows[i].lo * 1.000001 && ticks.hi >= rows[i].hi * 0.999999);
		for (int k = 0; k < ticks.n; k++) {
			fed_axis_label(&ticks, k, label);
			strcat(strcat(all, k ? " " : ""), label);
		}
		if (rows[i].most != 5)
			ck_assert_str_eq(all, rows[i].labels);
		ck_assert_double_eq_tol(fed_axis_share(&ticks, ticks.lo), 0, 1e-9);
		ck_assert_double_eq_tol(fed_axis_share(&ticks, ticks.hi), 1, 1e-9);
		ck_assert_double_eq_tol(fed_axis_share(&ticks, sqrt(ticks.lo * ticks.hi)), 0.5, 1e-9);
	}
}
END_TEST

FED_SUITE(axis)
{
	Suite *suite = suite_create("ticks");
	TCase *tests = tcase_create("ticks");
	tcase_add_test(tests, labels_are_short_and_of_one_kind);
	tcase_add_test(tests, any_range_has_ticks);
	tcase_add_test(tests, wild_values_are_tamed);
	tcase_add_test(tests, logarithmic_ticks);
	suite_add_tcase(suite, tests);
	return suite;
}
