/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scores, coordinates, distances and groups that the aggregators tell of a round, parsed from
 * their lines, against plain loops.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"
#include "told.h"

/* Krum ------------------------------------------------------------------- */

/* near [n - 1]: the squared distances, the least first. */
static double score_of(size_t i, size_t count, double *near)
{
	size_t n = 0;
	double sum = 0;

	for (size_t k = 0; k < told.r.n; k++)
		if (k != i)
			near[n++] = told_square(i, k);
	qsort(near, n, sizeof *near, told_by_value);
	for (size_t k = 0; k < count; k++)
		sum += near[k];
	return sum;
}

/* One "score_7 = a + b + ... = sum (rank 3, out)", of whose terms so many stand before "...". */
static void check_score(const char *s, size_t count, size_t shown)
{
	double near[MANY], terms = 0;
	char *end;
	size_t n = 0;
	const size_t i = told_whose(s, &end);
	const double score = score_of(i, count, near);

	ck_assert_int_eq(strncmp(end, " = ", 3), 0);
	do {
		const double term = strtod(end + 3, &end);
		told_near(term, near[n++]);
		terms += term;
	} while (strncmp(end, " + ", 3) == 0 && end[3] != '.');
	ck_assert_uint_eq(n, shown);
	if (shown == count)
		told_near(terms, score);
	told_near(told_number(end, " = "), score);
	told_near(score, (double)told.verdict[i].score);
	const char *line_end = strchr(end, '\n'), *out = strstr(end, ", out)");
	if (!told.rule.main.instance.after) /* else the verdicts are those on clients */
		ck_assert(told.verdict[i].used == !(out && out < line_end));
}

/* The best one's nearest are as near as the distances say. */
static void check_nearest(size_t best, size_t count)
{
	size_t who[MANY];
	double near[MANY];

	ck_assert_uint_eq(told_clients(told_behind(told.text, "its nearest are clients"), who), count);
	score_of(best, count, near);
	for (size_t k = 0; k < count; k++)
		told_near(told_square(best, who[k]), near[k]);
}

static void check_scores(size_t f, size_t m)
{
	const size_t n = told.r.n, count = n - f - 2;
	size_t who[MANY], lines = 0;
	char *end;

	told_near(told_number(told.text, "n = "), (double)n);
	told_near(told_number(told.text, "f = "), (double)f);
	told_near(told_number(told.text, "n - f - 2 = "), (double)count);
	for (const char *s = told.text; (s = strstr(s, "score_")) != NULL; s += 6, lines++)
		check_score(s + 6, count, lines == 0 ? count > 16 ? 8 : count : count > 4 ? 2 : count);
	ck_assert_uint_ge(lines, 5);
	const size_t best = told_whose(told_behind(told.text, "score_"), &end);
	for (size_t i = 0; i < n; i++)
		ck_assert_float_ge(told.verdict[i].score, told.verdict[best].score);
	if (m == 1) {
		const size_t chosen = told_whose(told_behind(told.text, "step = d_"), &end);
		ck_assert_uint_eq(chosen, best);
		for (size_t j = 0; j < told.r.dim; j++)
			ck_assert_double_eq_tol((double)told.step[j], told_at(chosen, j), 1e-6);
	} else if (m <= 16) {
		ck_assert_uint_eq(told_clients(told_behind(told.text, "of the d_i of clients"), who), m);
		for (size_t k = 0; k < m; k++)
			ck_assert(told.verdict[who[k]].used);
	}
	if (count <= 16)
		check_nearest(best, count);
}

START_TEST(krums_scores)
{
	static const struct {
		const char *name, *settings;
		size_t n, f, m;
	} cases[] = {{"krum", "f=3", N, 3, 1},
	             {"krum", "f=9", 41, 9, 1},
	             {"multi-krum", "f=4", N, 4, 9},
	             {"multi-krum", "f=10 m=25", 41, 10, 25}};

	told_round(cases[_i].n, DIMENSION);
	told_play(cases[_i].name, cases[_i].settings, NULL, NULL);
	told_tell(false);
	check_scores(cases[_i].f, cases[_i].m);
}
END_TEST

/* The scores are those of the mixtures. */
START_TEST(krum_behind_a_pre_aggregation)
{
	struct round mixed, plain;

	told_round(N, DIMENSION);
	told_play("krum", "f=3", "nnm", "f=3");
	define_nnm(&told.r, 3, &mixed);
	told_tell(false);
	plain = told.r;
	told.r = mixed;
	check_scores(3, 1);
	told.r = plain;
	round_free(&mixed);
}
END_TEST

/* Coordinates ------------------------------------------------------------ */

/* Values of one coordinate in a line that begins with a word: each is its client's, and they
 * ascend from *last.  They are added to *sum; returns how many. */
static size_t read_values(const char **s, const char *word, size_t j, double *last, double *sum)
{
	size_t n = 0;

	if (strncmp(*s, word, strlen(word)) != 0)
		return 0;
	*s += strlen(word);
	while (**s == ' ' || **s == ',') {
		char *end;
		const double value = strtod(*s + strspn(*s, " ,"), &end);

		ck_assert_int_eq(strncmp(end, " [", 2), 0);
		told_near(value, told_at(told_whose(end + 2, &end), j));
		ck_assert_double_ge(value, *last);
		*last = value;
		*sum += value;
		n++;
		*s = end + 1;
	}
	ck_assert_int_eq(**s, '\n');
	++*s;
	return n;
}

static double mean_of(size_t j)
{
	double sum = 0;

	for (size_t i = 0; i < told.r.n; i++)
		sum += told_at(i, j) / (double)told.r.n;
	return sum;
}

/* The coordinate is the one that it is said to be. */
static void check_pick(const char *s, size_t j)
{
	const bool by_mean = strncmp(told_behind(s, "where the step is "), "farthest", 8) == 0;
	const double here = (double)told.step[j];

	for (size_t k = 0; k < told.r.dim; k++) {
		const double there = (double)told.step[k];

		if (by_mean)
			ck_assert_double_le(fabs(there - mean_of(k)), fabs(here - mean_of(j)) + 1e-6);
		else
			ck_assert_double_le(fabs(there), fabs(here));
	}
}

struct ranks {
	const char *name, *settings, *in, *out;
	size_t n, below, counted; /* below SIZE_MAX: any number */
};

/* "coordinate 3 of 40, ...:" and what stands below it. */
static void check_coordinate(const char *s, const struct ranks *want)
{
	const size_t j = (size_t)told_number(s, "coordinate ");
	double last = -INFINITY, sum = 0, others = 0;
	char *end;

	check_pick(s, j);
	s = told_behind(s, "\n");
	const size_t below = read_values(&s, want->out, j, &last, &others);
	ck_assert_uint_eq(read_values(&s, want->in, j, &last, &sum), want->counted);
	read_values(&s, want->out, j, &last, &others);
	ck_assert_msg(want->below == SIZE_MAX || below == want->below, "%zu are below in:\n%s", below,
	              told.text);
	ck_assert_uint_eq(strtoul(told_behind(s, "step_"), &end, 10), j);
	ck_assert_double_eq_tol(told_number(end, " = "), sum, 1e-3 * (1 + fabs(sum)));
	told_near(told_number(end, "/"), (double)want->counted);
	ck_assert_double_eq_tol(sum / (double)want->counted, (double)told.step[j], 1e-3);
	told_near(told_number(told_behind(end, "/"), " = "), (double)told.step[j]);
	told_near(told_number(end, "the mean of all is "), mean_of(j));
}

START_TEST(values_of_coordinates)
{
	static const struct ranks cases[] = {
		{"median", "", "    middle", "    others", 12, 5, 2},
		{"median", "", "    middle", "    others", N, 6, 1},
		{"trimmed-mean", "f=3", "    kept   ", "    dropped", N, 3, 7},
		{"trimmed-mean", "f=0", "    kept   ", "    dropped", N, 0, N},
		{"bulyan", "f=2", "    nearest", "    farther", N, SIZE_MAX, 5},
	};
	int found = 0;

	told_round(cases[_i].n, DIMENSION);
	told_play(cases[_i].name, cases[_i].settings, NULL, NULL);
	told_tell(false);
	for (const char *s = told.text; (s = strstr(s, "coordinate ")) != NULL; s++, found++)
		check_coordinate(s, &cases[_i]);
	ck_assert_int_ge(found, 1);
	ck_assert_int_le(found, 2);
}
END_TEST

/* The nine that count, and the four that are left. */
START_TEST(bulyans_choice)
{
	size_t who[MANY], used = 0;
	double near[MANY];
	char *end;

	told_round(N, DIMENSION);
	told_play("bulyan", "f=2", NULL, NULL);
	told_tell(false);
	told_near(told_number(told.text, "n - 2f = "), 9);
	told_near(told_number(told.text, "n - 4f = "), 5);
	/* The first is Krum's, with its score. */
	const double score = told_number(told.text, "[clients]\n");
	strtod(told_behind(told.text, "[clients]\n"), &end);
	told_near(score, score_of(told_whose(end + 2, &end), N - 4, near));
	ck_assert_uint_eq(told_clients(told_behind(told.text, "leaves clients"), who), 4);
	for (size_t k = 0; k < 4; k++)
		ck_assert(!told.verdict[who[k]].used);
	for (size_t i = 0; i < N; i++)
		used += told.verdict[i].used;
	ck_assert_uint_eq(used, 9);
}
END_TEST

/* Medians, groups -------------------------------------------------------- */

START_TEST(distances_of_the_geometric_median)
{
	const struct round *r = &told.r;
	double sum = 0, total = 0, at_mean = 0;
	float mean[DIMENSION] = {0};
	int lines = 0;

	told_round(12, DIMENSION);
	told_play("geometric-median", "", NULL, NULL);
	told_tell(false);
	for (size_t i = 0; i < r->n; i++)
		total += r->u[i].weight;
	for (size_t i = 0; i < r->n; i++) {
		sum += r->u[i].weight * told_distance(i, told.step);
		for (size_t j = 0; j < r->dim; j++)
			mean[j] += (float)(r->u[i].weight / total * told_at(i, j));
	}
	for (size_t i = 0; i < r->n; i++)
		at_mean += r->u[i].weight * told_distance(i, mean);
	ck_assert_double_lt(sum, at_mean);
	told_near(told_number(told.text, "|z - d_i| = "), sum);
	told_near(told_number(told.text, "at the mean it is "), at_mean);
	for (const char *s = told.text; (s = strstr(s, "client ")) != NULL; lines++) {
		char *end;
		const size_t i = told_whose(s + 7, &end);

		told_near(told_number(s, "w_i = "), r->u[i].weight);
		told_near(told_number(s, "|z - d_i| = "), told_distance(i, told.step));
		told_near(told_number(s, "share in the step "), (double)told.verdict[i].weight);
		s = end;
	}
	ck_assert_int_eq(lines, 12);
}
END_TEST

/* One "group 3: ...: clients 1, 2". */
static void check_group(const char *s, const struct round *means, const uint32_t *group)
{
	const size_t g = (size_t)told_number(s, "group ");
	size_t who[N], members = 0;
	double sum = 0, share = 0;

	for (size_t j = 0; j < means->dim; j++) {
		const double e = (double)means->x[g * means->ld + j] - (double)told.step[j];
		sum += e * e;
	}
	ck_assert_double_eq_tol(told_number(s, "- step| = "), sqrt(sum), 1e-3 * sqrt(sum) + 1e-6);
	const size_t n = told_clients(told_behind(s, ": clients"), who);
	for (size_t i = 0; i < N; i++)
		members += group[i] == g;
	ck_assert_uint_eq(n, members);
	const char *line_end = strchr(s, '\n'), *trusted = strstr(s, "trusted:");
	for (size_t k = 0; k < n; k++) {
		ck_assert_uint_eq(group[who[k]], g);
		ck_assert(told.trust[who[k]].trusted == (trusted && trusted < line_end));
		share += (double)told.verdict[who[k]].weight;
	}
	told_near(told_number(s, "share "), share);
}

START_TEST(groups_of_bgd)
{
	static const char *const settings[] = {"groups=5", "groups=7 median=coordinate", "groups=1",
	                                       "groups=13"};
	static const size_t groups[] = {5, 7, 1, 13};
	struct round means;
	uint32_t group[N];
	int lines = 0;

	told_round(N, DIMENSION);
	for (size_t i = 0; i < N; i++)
		told.r.u[i].weight = 1;
	told_play("bgd", settings[_i], NULL, NULL);
	define_groups(&told.r, groups[_i], &means, group);
	told_tell(false);
	told_near(told_number(told.text, "k = "), (double)groups[_i]);
	for (const char *s = told.text; (s = strstr(s, "    group ")) != NULL; s++, lines++)
		check_group(s, &means, group);
	ck_assert_int_eq(lines, groups[_i] > 12 ? 12 : (int)groups[_i]);
	round_free(&means);
}
END_TEST

FED_SUITE(telling)
{
	Suite *suite = suite_create("telling");
	TCase *tests = tcase_create("telling");

	tcase_add_checked_fixture(tests, NULL, told_close);
	tcase_add_loop_test(tests, krums_scores, 0, 4);
	tcase_add_test(tests, krum_behind_a_pre_aggregation);
	tcase_add_loop_test(tests, values_of_coordinates, 0, 5);
	tcase_add_test(tests, bulyans_choice);
	tcase_add_test(tests, distances_of_the_geometric_median);
	tcase_add_loop_test(tests, groups_of_bgd, 0, 4);
	suite_add_tcase(suite, tests);
	return suite;
}
