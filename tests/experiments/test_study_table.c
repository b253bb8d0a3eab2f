/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers of cells, and statistics of studies against closed forms and plain loops.
 */
#include "experiments/study_table.h"

#include <math.h>
#include <string.h>

#include "experiments/student.h"
#include "support/suite.h"

/* Cells ---------------------------------------------------------------------------------- */

START_TEST(cells_have_numbers)
{
	struct fed_factors f = {0};
	struct fed_error err = {""};
	struct fed_text text = {0};

	fed_assert_ok(fed_factors_parse(
					  &f, " seed = 2..4\n lr= 0.1 ,0.2;; codec = none | qsgd:levels=4,x ;", &err),
	              &err);
	ck_assert_uint_eq(f.n, 3);
	ck_assert_uint_eq(fed__factors_cells(&f), 12);
	fed__factors_put_cell(&f, 0, &text);
	fed_text_add(&text, "\n");
	fed__factors_put_cell(&f, 6, &text);
	ck_assert_str_eq(text.s, "seed=2 lr=0.1 codec=none\nseed=3 lr=0.2 codec=none");
	for (size_t k = 0; k < 12; k++) {
		size_t level[3];

		for (size_t i = 0; i < 3; i++)
			level[i] = fed_factors_level(&f, k, i);
		ck_assert_uint_eq(fed__factors_cell(&f, level), k);
		ck_assert_uint_eq(level[0], k / 4); /* seeds change most slowly */
	}
	fed_text_clear(&text);
	fed__factors_put(&f, &text);
	struct fed_factors again = {0};
	fed_assert_ok(fed_factors_parse(&again, text.s, &err), &err);
	struct fed_text second = {0};
	fed__factors_put(&again, &second);
	ck_assert_str_eq(text.s, second.s);
	fed_text_release(&text);
	fed_text_release(&second);
	fed_factors_release(&f);
	fed_factors_release(&again);
}
END_TEST

START_TEST(factors_that_are_refused)
{
	static const char *const rows[][2] = {
		{"", "no factors"},
		{"lr", "is no factor"},
		{"lr = 0.1,,0.2", "empty level"},
		{"lr = 0.1, 0.1", "twice"},
		{"lr = 0.1; lr = 0.2", "there twice"},
		{"seed = 5..1", "is empty"},
		{"seed = 0..999", "more than 256 levels"},
		{"a=1;b=1;c=1;d=1;e=1;f=1;g=1;h=1;i=1", "more than 8 factors"},
		{"a = 1..200; b = 1..200; c = 1..200", "more than 100,000 runs"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fed_factors f = {0};
		struct fed_error err = {""};

		ck_assert_int_ne(fed_factors_parse(&f, rows[i][0], &err), FED_OK);
		ck_assert_msg(strstr(err.text, rows[i][1]), "%s: %s", rows[i][0], err.text);
		ck_assert_uint_eq(f.n, 0);
	}
}
END_TEST

/* Statistics ----------------------------------------------------------------------------- */

/* One degree of freedom is Cauchy's distribution, two have a root, many are nearly normal. */
START_TEST(students_t)
{
	static const double t_table[][2] = {/* 97.5 % quantiles, published to three digits */
	                                    {3, 3.182},
	                                    {4, 2.776},
	                                    {9, 2.262},
	                                    {29, 2.045},
	                                    {120, 1.980}};

	for (double t = -40; t <= 40; t += 0.37) {
		const double one = 0.5 + atan(t) / M_PI, two = 0.5 + t / (2 * sqrt(2 + t * t));

		ck_assert_double_eq_tol(fed__student_below(t, 1), one, 1e-13);
		ck_assert_double_eq_tol(fed__student_below(t, 2), two, 1e-13);
		ck_assert_double_eq_tol(fed__student_below(t / 10, 1e7), 0.5 * erfc(-t / 10 / sqrt(2)),
		                        1e-6);
	}
	for (double p = 0.5; p < 0.9995; p += 0.013) {
		ck_assert_double_eq_tol(fed__student_quantile(p, 1), tan(M_PI * (p - 0.5)),
		                        1e-10 * (1 + tan(M_PI * (p - 0.5))));
		ck_assert_double_eq_tol(fed__student_below(fed__student_quantile(p, 5.5), 5.5), p, 1e-12);
	}
	for (size_t i = 0; i < sizeof t_table / sizeof *t_table; i++)
		ck_assert_double_eq_tol(fed__student_quantile(0.975, t_table[i][0]), t_table[i][1], 5e-4);
}
END_TEST

/* Of every accuracy more is better, of every loss less. */
START_TEST(what_is_better)
{
	for (const struct fed_field *m = fed_metrics; m->type != FED_TYPE_END; m++) {
		if (strstr(m->name, "accuracy") || strstr(m->name, "worst"))
			ck_assert_msg(fed__metric_rises(m), "%s", m->name);
		if (strstr(m->name, "loss") || strstr(m->name, "bytes"))
			ck_assert_msg(!fed__metric_rises(m), "%s", m->name);
	}
}
END_TEST

static struct fed_store *store;
static struct fed_temp temp;

static void open_store(void)
{
	struct fed_error err;

	fed_temp_make(&temp);
	store = NULL; /* a build without SQLite has none */
	if (fed_store_open(&store, fed_temp_file(&temp, "a.db"), FED_STORE_MAKE, &err) == FED_FAIL)
		ck_abort_msg("%s", err.text);
}

static void close_store(void)
{
	fed_store_close(store);
	fed_temp_remove(&temp);
}

/* A study whose figures are given: loss of a = x, y and b = 1, 2 with five seeds. */
static void put_given(struct fed_stored_study *study, double value(size_t cell), size_t leave_out,
                      struct fed_error *err)
{
	struct fed_text none = {0};

	*study = (struct fed_stored_study){.name = "given",
	                                   .factors = "a = x, y, z; b = 1, 2; seed = 0..4",
	                                   .until = "",
	                                   .composition = "",
	                                   .rounds = 2,
	                                   .cells = 30,
	                                   .snapshot = none};
	fed_assert_ok(fed__store_add(store, study, err), err);
	for (size_t k = 0; k < 30; k++) {
		struct fed_record record[2] = {{.round = 1}, {.round = 2}};
		struct fed_history h = {.record = record, .n = 2};
		const struct fed_stored_run run = {.cell = k, .rounds = 2, .ended = ""};

		record[0].test_loss = 10 * value(k);
		record[1].test_loss = value(k);
		record[0].bytes_up = record[1].bytes_up = (double)k;
		if (k != leave_out)
			fed_assert_ok(fed__store_put(store, study->id, &run, &h, err), err);
	}
}

/* Cell k: seed k / 6, a = k / 2 % 3, b = k % 2. */
static double given(size_t k)
{
	const double seed = (double)(k / 6), a = (double)(k / 2 % 3), b = (double)(k % 2);

	return 1 + a + 0.5 * b + 0.25 * seed + 0.125 * a * seed * seed;
}

START_TEST(means_and_paired_differences)
{
	struct fed_study_table t = {0};
	struct fed_stored_study study;
	const struct fed_field *loss, *bytes;
	struct fed_error err = {""};

	put_given(&study, given, SIZE_MAX, &err);
	fed_metric_find("loss", &loss, &err);
	fed_metric_find("bytes-up", &bytes, &err);
	fed_assert_ok(fed_study_table_read(&t, store, &study, loss, "a,b", &err), &err);
	ck_assert_uint_eq(t.rows, 2);
	ck_assert_uint_eq(t.columns, 3);
	ck_assert(!t.rising);
	for (size_t row = 0; row < 2; row++)
		for (size_t a = 0; a < 3; a++) {
			const struct fed_study_group *g = &t.group[row * 3 + a];
			double sum = 0, squares = 0, pair = 0, pair_squares = 0;

			for (size_t seed = 0; seed < 5; seed++) {
				const double x = given(seed * 6 + a * 2 + row), d = x - given(seed * 6 + row);

				sum += x;
				pair += d;
			}
			for (size_t seed = 0; seed < 5; seed++) {
				const double x = given(seed * 6 + a * 2 + row), d = x - given(seed * 6 + row);

				squares += (x - sum / 5) * (x - sum / 5);
				pair_squares += (d - pair / 5) * (d - pair / 5);
			}
			const double half = 2.7764451051977987 * sqrt(pair_squares / 4 / 5);
			ck_assert_uint_eq(g->n, 5);
			ck_assert_double_eq_tol(g->mean, sum / 5, 1e-12);
			ck_assert_double_eq_tol(g->sd, sqrt(squares / 4), 1e-12);
			ck_assert_int_eq(g->best, a == 0);
			ck_assert_uint_eq(g->pairs, a ? 5 : 0);
			if (!a)
				continue;
			ck_assert_double_eq_tol(g->difference, pair / 5, 1e-12);
			ck_assert_double_eq_tol(g->low, pair / 5 - half, 1e-9);
			ck_assert_double_eq_tol(g->high, pair / 5 + half, 1e-9);
		}
	ck_assert_str_eq(fed_study_row_level(&t, 1, 1), "2");
	fed_study_table_release(&t);

	/* Costs add up over the rounds. */
	fed_assert_ok(fed_study_table_read(&t, store, &study, bytes, "seed", &err), &err);
	ck_assert_uint_eq(t.rows, 1);
	ck_assert_double_eq_tol(t.group[0].mean, 2 * (0 + 1 + 2 + 3 + 4 + 5) / 6.0, 1e-12);
	fed_study_table_release(&t);
	ck_assert_int_ne(fed_study_table_read(&t, store, &study, loss, "aa", &err), FED_OK);
	fed_study_table_release(&t);
	ck_assert_msg(strstr(err.text, "there is no factor aa"), "%s", err.text);
}
END_TEST

/* Of pairs of which one run is missing none is counted. */
START_TEST(a_missing_run_has_no_pair)
{
	struct fed_study_table t = {0};
	struct fed_stored_study study;
	const struct fed_field *loss;
	struct fed_error err = {""};

	put_given(&study, given, 12, &err); /* a = x, b = 1, seed 2 */
	fed_metric_find("loss", &loss, &err);
	fed_assert_ok(fed_study_table_read(&t, store, &study, loss, "a,b", &err), &err);
	ck_assert_uint_eq(t.missing, 1);
	ck_assert_uint_eq(t.group[0].n, 4);
	ck_assert_uint_eq(t.group[1].n, 5);
	ck_assert_uint_eq(t.group[1].pairs, 4);
	fed_study_table_release(&t);
}
END_TEST

/* Statistics take time in proportion to the cells, not to their square. */
START_TEST(of_many_groups_each_has_its_run)
{
	struct fed_stored_study study = {.name = "many",
	                                 .factors = "a = 1..250; b = 1..250",
	                                 .until = "",
	                                 .composition = "",
	                                 .rounds = 1,
	                                 .cells = 62500};
	struct fed_record record = {.round = 1, .test_loss = 3};
	struct fed_history h = {.record = &record, .n = 1};
	const struct fed_stored_run run = {.cell = 62499, .rounds = 1, .ended = ""};
	struct fed_study_table t = {0};
	const struct fed_field *loss;
	struct fed_error err = {""};

	fed_assert_ok(fed__store_add(store, &study, &err), &err);
	fed_assert_ok(fed__store_put(store, study.id, &run, &h, &err), &err);
	fed_metric_find("loss", &loss, &err);
	fed_assert_ok(fed_study_table_read(&t, store, &study, loss, "a,b", &err), &err);
	ck_assert_uint_eq(t.missing, 62499);
	ck_assert_uint_eq(t.group[62499].n, 1);
	ck_assert_double_eq(t.group[62499].mean, 3);
	ck_assert(!t.group[62499].best); /* it is alone */
	ck_assert_uint_eq(t.group[0].n, 0);
	fed_study_table_release(&t);
}
END_TEST

START_TEST(bands_are_moments_of_rounds)
{
	struct fed_study_bands b = {0};
	struct fed_stored_study study;
	const struct fed_field *loss;
	struct fed_error err = {""};

	put_given(&study, given, SIZE_MAX, &err);
	fed_metric_find("loss", &loss, &err);
	ck_assert_int_ne(fed_study_bands_read(&b, store, &study, loss, "a,b,seed", &err), FED_OK);
	ck_assert_msg(strstr(err.text, "30 curves are too many"), "%s", err.text);
	fed_study_bands_release(&b);
	study.rounds = UINT64_MAX; /* as a file may say that another program has written */
	fed_assert_ok(fed_study_bands_read(&b, store, &study, loss, "b", &err), &err);
	ck_assert_uint_eq(b.n, 2);
	for (size_t k = 0; k < 2; k++) {
		double sum = 0, squares = 0;

		for (size_t cell = k; cell < 30; cell += 2)
			sum += given(cell);
		for (size_t cell = k; cell < 30; cell += 2)
			squares += (given(cell) - sum / 15) * (given(cell) - sum / 15);
		ck_assert_str_eq(b.band[k].name, k ? "b=2" : "b=1");
		ck_assert_uint_eq(b.band[k].n, 2);
		ck_assert_uint_eq(b.band[k].runs[1], 15);
		ck_assert_double_eq(b.band[k].round[1], 2);
		ck_assert_double_eq_tol(b.band[k].mean[1], sum / 15, 1e-12);
		ck_assert_double_eq_tol(b.band[k].mean[0], sum / 1.5, 1e-11);
		ck_assert_double_eq_tol(b.band[k].sd[1], sqrt(squares / 14), 1e-12);
	}
	fed_study_bands_release(&b);
}
END_TEST

FED_SUITE(study_table)
{
	Suite *s = suite_create("study_table");
	TCase *c = tcase_create("study_table");

	tcase_add_test(c, cells_have_numbers);
	tcase_add_test(c, factors_that_are_refused);
	tcase_add_test(c, students_t);
	tcase_add_test(c, what_is_better);
#ifdef FED_HAVE_SQLITE
	tcase_add_checked_fixture(c, open_store, close_store);
	tcase_add_test(c, means_and_paired_differences);
	tcase_add_test(c, a_missing_run_has_no_pair);
	tcase_add_test(c, of_many_groups_each_has_its_run);
	tcase_add_test(c, bands_are_moments_of_rounds);
#endif
	suite_add_tcase(s, c);
	return s;
}
