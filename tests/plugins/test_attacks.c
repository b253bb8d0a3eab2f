/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Attacks on updates, alone and together, against slow loops that know the definitions only.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drive.h"
#include "support/suite.h"

enum { ROWS_MOST = 60, DIM_MOST = 2500 };

/* What attackers know: random updates around a common direction. */
struct known {
	uint32_t n;
	size_t dim;
	float x[ROWS_MOST][DIM_MOST];
	const float *row[ROWS_MOST];
	uint32_t sender[ROWS_MOST];
};

static struct known known;
static float out[DIM_MOST], again[DIM_MOST];
static double mean[DIM_MOST], std[DIM_MOST];

static void random_known(uint32_t n, size_t dim, uint64_t key)
{
	uint64_t k = 0;

	known.n = n;
	known.dim = dim;
	for (uint32_t i = 0; i < n; i++) {
		known.row[i] = known.x[i];
		known.sender[i] = 100 + 3 * i;
		for (size_t j = 0; j < dim; j++)
			known.x[i][j] = (float)(fed_random_real(key, k++) - 0.4);
	}
}

/* (1,2,3), (4,5,6), (7,8,9) */
static void nine_numbers(void)
{
	random_known(3, 3, 1);
	for (uint32_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 3; j++)
			known.x[i][j] = (float)(3 * i + j + 1);
}

static void mean_and_std(void)
{
	for (size_t j = 0; j < known.dim; j++) {
		mean[j] = std[j] = 0;
		for (uint32_t i = 0; i < known.n; i++)
			mean[j] += known.x[i][j] / (double)known.n;
		for (uint32_t i = 0; i < known.n; i++)
			std[j] += pow(known.x[i][j] - mean[j], 2) / (double)known.n;
		std[j] = sqrt(std[j]);
	}
}

static void collude(const char *name, const char *settings, uint32_t attackers, float *to)
{
	const struct fed_collusion view = {
		.version = 4,
		.seed = 77,
		.dim = known.dim,
		.params = known.x[0],
		.attackers = attackers,
		.n_known = known.n,
		.known = known.row,
		.sender = known.sender,
		.clients = known.n + attackers,
	};
	struct drive d;
	struct fed_error err = {""};

	drive_open(&d, name, settings);
	ck_assert_int_eq(fed_attack_form(&d.instance), FED_ATTACK_TOGETHER);
	fed_assert_ok(fed_call_collude(&d.instance, &view, NULL, to, &err), &err);
	drive_close(&d);
}

static void close_to(const float *got, double want, size_t j, const char *what)
{
	ck_assert_msg(fabs(got[j] - want) <= 2e-6 * fmax(1, fabs(want)),
	              "%s, %u of %zu: number %zu is %.9g, not %.9g", what, known.n, known.dim, j,
	              (double)got[j], want);
}

/* Squared distance of the known update i from v, or from another one. */
static double apart_from(uint32_t i, const float *v)
{
	double sum = 0;

	for (size_t j = 0; j < known.dim; j++)
		sum += pow((double)known.x[i][j] - v[j], 2);
	return sum;
}

/* Check rows of the definitions. */
START_TEST(check_rows)
{
	static const double alie[] = {0.325765, 1.325765, 2.325765};

	nine_numbers();
	collude("ipm", "eps=2", 1, out);
	for (size_t j = 0; j < 3; j++)
		close_to(out, -8 - 2.0 * (double)j, j, "ipm");
	collude("alie", "z=1.5", 1, out);
	for (size_t j = 0; j < 3; j++)
		ck_assert_double_eq_tol(out[j], alie[j], 1e-6);
}
END_TEST

static const struct {
	uint32_t n;
	size_t dim;
} sizes[] = {{1, 1}, {1, 40}, {2, 3}, {3, 1024}, {5, 1025}, {8, 37}, {13, 2500}, {60, 700}};
enum { SIZES = sizeof sizes / sizeof *sizes };

START_TEST(mean_and_spread)
{
	random_known(sizes[_i].n, sizes[_i].dim, 10);
	mean_and_std();
	collude("ipm", "", 2, out);
	for (size_t j = 0; j < known.dim; j++)
		close_to(out, -0.5 * mean[j], j, "ipm");
	collude("ipm", "eps=30", 2, out);
	for (size_t j = 0; j < known.dim; j++)
		close_to(out, -30 * mean[j], j, "ipm eps=30");
	collude("alie", "z=0.7", 2, out);
	for (size_t j = 0; j < known.dim; j++)
		close_to(out, mean[j] - 0.7 * std[j], j, "alie z=0.7");
}
END_TEST

/* The normal distribution up to z, by Simpson's rule. */
static double normal_up_to(double z)
{
	enum { N = 2000 };
	const double h = z / N;
	double sum = 0;

	for (int i = 0; i <= N; i++) {
		const double x = h * i;
		sum += (i == 0 || i == N ? 1 : i % 2 ? 4 : 2) * exp(-x * x / 2);
	}
	return 0.5 + sum * h / 3 / sqrt(2 * 3.14159265358979324);
}

/* z that alie takes from n and m: what it sends from one coordinate of two updates -1 and 1. */
static double z_taken(uint32_t n, uint32_t m)
{
	static const float low = -1, high = 1;
	const float *const row[] = {&low, &high};
	const uint32_t sender[] = {0, 1};
	const struct fed_collusion view = {
		.dim = 1, .attackers = m, .n_known = 2, .known = row, .sender = sender, .clients = n};
	struct drive d;
	struct fed_error err = {""};
	float sent;

	drive_open(&d, "alie", "");
	fed_assert_ok(fed_call_collude(&d.instance, &view, NULL, &sent, &err), &err);
	drive_close(&d);
	return -sent;
}

START_TEST(alie_takes_z_from_n_and_m)
{
	/* As published (n=50, m=24) and as its users have it (n=25, m=11). */
	ck_assert_double_eq_tol(z_taken(50, 24), 1.43, 0.005);
	ck_assert_double_eq_tol(z_taken(25, 11), 1.0676, 0.0001);
	for (uint32_t n = 3; n <= 101; n += 7)
		for (uint32_t m = 1; 2 * m < n; m++) {
			const double s = fmax(1, n / 2 + 1 - m), z = z_taken(n, m); /* n / 2: rounded down */
			const double p = (n - m - s) / (n - m);

			if (p <= 0.5)
				ck_assert_double_eq(z, 0);
			else
				ck_assert_double_eq_tol(normal_up_to(z), p, 1e-6);
		}
	/* Majorities alone: still a number. */
	ck_assert(isfinite(z_taken(10, 9)));
	ck_assert_double_eq(z_taken(4, 4), 0);
	ck_assert_double_eq(z_taken(1, 1), 0);
}
END_TEST

/* p of perturb.h, of length |p|. */
static void perturbation(const char *way, double *p)
{
	double norm = 0;

	for (size_t j = 0; j < known.dim; j++)
		norm += mean[j] * mean[j];
	for (size_t j = 0; j < known.dim; j++)
		p[j] = strcmp(way, "unit") == 0  ? -mean[j] / sqrt(norm)
		       : strcmp(way, "std") == 0 ? -std[j]
		       : mean[j] > 0             ? -1
		                                 : mean[j] < 0;
}

static float moved[DIM_MOST];

/* Whether mean + gamma p meets the condition, in plain loops; slack: how far beyond it may be. */
static bool meets(bool sum, const double *p, double gamma)
{
	double left = 0, right = 0;

	for (size_t j = 0; j < known.dim; j++)
		moved[j] = (float)(mean[j] + gamma * p[j]);
	for (uint32_t i = 0; i < known.n; i++) {
		const double d = apart_from(i, moved);
		double row = 0;

		left = sum ? left + d : fmax(left, d);
		for (uint32_t k = 0; k < known.n; k++)
			row = sum ? row + apart_from(i, known.x[k]) : fmax(row, apart_from(i, known.x[k]));
		right = fmax(right, row);
	}
	return left <= right;
}

/* min-max and min-sum with each perturbation: as far as bisection over the condition gets. */
START_TEST(as_far_as_the_condition_allows)
{
	static const char *const ways[] = {"unit", "std", "sign"};
	static const struct {
		uint32_t n;
		size_t dim;
	} small[] = {{2, 3}, {3, 17}, {7, 130}, {12, 1100}};
	const char *way = ways[_i % 3];
	const bool sum = _i % 6 >= 3;
	static double p[DIM_MOST];
	char settings[40];

	random_known(small[_i / 6].n, small[_i / 6].dim, 20 + (uint64_t)_i);
	mean_and_std();
	perturbation(way, p);
	double low = 0, high = 1;
	while (meets(sum, p, high))
		high *= 2;
	for (int k = 0; k < 40; k++) {
		const double middle = (low + high) / 2;
		*(meets(sum, p, middle) ? &low : &high) = middle;
	}
	snprintf(settings, sizeof settings, "perturbation=%s", way);
	collude(sum ? "min-sum" : "min-max", settings, 2, out);
	for (size_t j = 0; j < known.dim; j++)
		ck_assert_msg(fabs(out[j] - (mean[j] + low * p[j])) < 3e-5 * fmax(1, low),
		              "%s: %zu is %.9g, not %.9g", settings, j, (double)out[j],
		              mean[j] + low * p[j]);
}
END_TEST

/* Many rows with one far off: the condition holds, and a little further it does not. */
START_TEST(conditions_are_tight)
{
	double most = 0, most_sum = 0, left = 0, left_sum = 0;
	const bool sum = _i;

	random_known(40, 333, 5);
	for (size_t j = 0; j < known.dim; j++)
		known.x[17][j] *= 4;
	mean_and_std();
	for (int over = 0; over < 2; over++) {
		if (!over)
			collude(sum ? "min-sum" : "min-max", "", 3, out);
		for (size_t j = 0; over && j < known.dim; j++)
			out[j] = (float)(mean[j] + 1.0001 * (out[j] - mean[j]));
		left = left_sum = most = most_sum = 0;
		for (uint32_t i = 0; i < known.n; i++) {
			double row = 0;
			for (uint32_t k = 0; k < known.n; k++) {
				row += apart_from(i, known.x[k]);
				most = fmax(most, apart_from(i, known.x[k]));
			}
			most_sum = fmax(most_sum, row);
			left = fmax(left, apart_from(i, out));
			left_sum += apart_from(i, out);
		}
		const double ratio = sum ? left_sum / most_sum : left / most;
		if (over)
			ck_assert_double_gt(ratio, 1);
		else
			ck_assert_double_eq_tol(ratio, 1, 1e-6);
	}
}
END_TEST

/* One honest update, equal ones, a mean of zero: nothing to move along or no room. */
START_TEST(nothing_to_move)
{
	static const char *const ways[] = {"perturbation=unit", "perturbation=std",
	                                   "perturbation=sign"};
	const char *name = _i % 2 ? "min-sum" : "min-max";

	random_known(1, 50, 3);
	collude(name, ways[_i / 2], 1, out);
	for (size_t j = 0; j < 50; j++)
		close_to(out, known.x[0][j], j, name);
	random_known(4, 50, 3);
	for (uint32_t i = 1; i < 4; i++)
		memcpy(known.x[i], known.x[0], sizeof known.x[0]);
	collude(name, ways[_i / 2], 1, out);
	for (size_t j = 0; j < 50; j++)
		ck_assert_double_eq_tol(out[j], known.x[0][j], 1e-3);
	for (uint32_t i = 0; i < 4; i++)
		for (size_t j = 0; j < 50; j++)
			known.x[i][j] = i % 2 ? 1 : -1;
	collude(name, ways[_i / 2], 1, out);
	for (size_t j = 0; j < 50; j++)
		ck_assert(isfinite(out[j]));
}
END_TEST

START_TEST(mimic_copies)
{
	static const struct {
		const char *settings;
		uint32_t row;
	} rows[] = {{"which=106", 2}, {"which=100", 0}, {"", 5}, {"which=farthest", 5}, {"which=7", 5}};

	random_known(8, 1500, 6);
	for (size_t j = 0; j < known.dim; j++)
		known.x[5][j] += 0.05f;
	collude("mimic", rows[_i].settings, 3, out);
	ck_assert_mem_eq(out, known.x[rows[_i].row], known.dim * sizeof *out);
}
END_TEST

/* The same whatever ran before, and for any order of the rows up to rounding. */
START_TEST(colluding_is_deterministic)
{
	static const char *const names[] = {"ipm", "alie", "min-max", "min-sum", "mimic"};

	random_known(9, 1333, 8);
	collude(names[_i], "", 4, out);
	collude("min-max", "perturbation=std", 2, again);
	collude(names[_i], "", 4, again);
	ck_assert_mem_eq(out, again, known.dim * sizeof *out);
	for (uint32_t i = 0; i < known.n; i++)
		known.row[i] = known.x[known.n - 1 - i];
	collude(names[_i], "", 4, again);
	for (size_t j = 0; j < known.dim; j++)
		close_to(again, out[j], j, names[_i]);
}
END_TEST

/* Alone ---------------------------------------------------------------------- */

static float delta[DIM_MOST], memory[DIM_MOST];

static void craft(const char *name, const char *settings, uint64_t seed, float *to)
{
	const struct fed_attacker attacker = {.version = 3,
	                                      .seed = seed,
	                                      .client = 5,
	                                      .dim = DIM_MOST,
	                                      .params = known.x[0],
	                                      .delta = delta,
	                                      .lr = 0.1,
	                                      .memory = memory};
	struct drive d;
	struct fed_error err = {""};

	drive_open(&d, name, settings);
	ck_assert_int_eq(fed_attack_form(&d.instance), FED_ATTACK_ALONE);
	ck_assert(fed_attack_remembers(&d.instance) == (strcmp(name, "replay") == 0));
	fed_assert_ok(fed_call_craft(&d.instance, &attacker, to, &err), &err);
	drive_close(&d);
}

static void random_delta(uint64_t key)
{
	for (size_t j = 0; j < DIM_MOST; j++)
		delta[j] = (float)(fed_random_real(key, j) - 0.5);
}

START_TEST(alone)
{
	static const struct {
		const char *name, *settings;
		double factor, offset;
	} rows[] = {
		{"sign-flip", "", -1, 0},           {"sign-flip", "scale=10", -10, 0},
		{"sign-flip", "scale=0", 0, 0},     {"scale", "", 10, 0},
		{"scale", "factor=-0.25", -.25, 0}, {"zero", "", 0, 0},
		{"same-value", "", 0, 1},           {"same-value", "value=-100", 0, -100},
		{"gaussian", "std=0", 0, 0},        {"gaussian", "std=0 around=update", 1, 0},
	};

	random_delta(1);
	craft(rows[_i].name, rows[_i].settings, 9, out);
	for (size_t j = 0; j < DIM_MOST; j++)
		close_to(out, rows[_i].factor * delta[j] + rows[_i].offset, j, rows[_i].name);
}
END_TEST

START_TEST(nan_is_nan)
{
	random_delta(1);
	craft("nan", "", 9, out);
	for (size_t j = 0; j < DIM_MOST; j++)
		ck_assert(isnan(out[j]));
}
END_TEST

/* Moments of N(0, std^2), a new draw for each seed, neighbours that know nothing of each other. */
START_TEST(gaussian_noise)
{
	const bool update = _i;
	double sum = 0, square = 0, product = 0, inside = 0, other = 0, before = 0;

	random_delta(2);
	craft("gaussian", update ? "std=3 around=update" : "std=3", 41, out);
	craft("gaussian", update ? "std=3 around=update" : "std=3", 42, again);
	for (size_t j = 0; j < DIM_MOST; j++) {
		const double z = (out[j] - (update ? delta[j] : 0)) / 3;
		sum += z;
		square += z * z;
		product += z * before;
		other += z * (again[j] - (update ? delta[j] : 0)) / 3;
		inside += fabs(z) < 1;
		before = z;
	}
	ck_assert_double_eq_tol(sum / DIM_MOST, 0, 4 / sqrt(DIM_MOST));
	ck_assert_double_eq_tol(square / DIM_MOST, 1, 4 * sqrt(2.0 / DIM_MOST));
	ck_assert_double_eq_tol(product / DIM_MOST, 0, 4 / sqrt(DIM_MOST));
	ck_assert_double_eq_tol(other / DIM_MOST, 0, 4 / sqrt(DIM_MOST));
	ck_assert_double_eq_tol(inside / DIM_MOST, 0.6827, 0.04);
	craft("gaussian", update ? "std=3 around=update" : "std=3", 42, out);
	ck_assert_mem_eq(out, again, sizeof out);
}
END_TEST

START_TEST(replay_sends_its_first_update)
{
	static float first[DIM_MOST];

	memset(memory, 0, sizeof memory);
	for (uint64_t round = 0; round < 4; round++) {
		random_delta(30 + round);
		if (round == 0)
			memcpy(first, delta, sizeof first);
		craft("replay", "", round, out);
		ck_assert_mem_eq(out, first, sizeof out);
	}
	memset(memory, 0, sizeof memory); /* it begins anew */
	craft("replay", "", 9, out);
	ck_assert_mem_eq(out, delta, sizeof out);
}
END_TEST

START_TEST(bad_parameters)
{
	static const struct {
		const char *name, *key, *value;
	} rows[] = {
		{"sign-flip", "scale", "-1"},
		{"sign-flip", "scale", "nan"},
		{"gaussian", "std", "-0.5"},
		{"gaussian", "around", "mean"},
		{"same-value", "value", "inf"},
		{"scale", "factor", "x"},
		{"alie", "z", "-1"},
		{"ipm", "eps", "-0.1"},
		{"mimic", "which", "-2"},
		{"mimic", "which", "nearest"},
		{"min-max", "perturbation", "mean"},
		{"min-sum", "gamma", "1"},
		{"label-flip", "share", "1.5"},
		{"backdoor", "share", "-1"},
		{"backdoor", "size", "0"},
		{"backdoor", "target", "-1"},
		{"backdoor", "place", "left"},
		{"zero", "value", "0"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct fed_assign assign = {rows[i].key, rows[i].value};
		struct fed_instance instance;
		struct fed_error err = {""};
		struct drive d;

		drive_open(&d, rows[i].name, "");
		const struct fed_entry *entry = d.instance.entry;
		ck_assert_msg(fed_instance_init(&instance, entry, &assign, 1, &err) == FED_FAIL, "%s %s=%s",
		              rows[i].name, rows[i].key, rows[i].value);
		ck_assert_msg(strstr(err.text, rows[i].key) != NULL, "%s", err.text);
		drive_close(&d);
	}
}
END_TEST

FED_SUITE(attacks)
{
	Suite *suite = suite_create("attacks");
	TCase *tests = tcase_create("attacks");

	tcase_add_test(tests, check_rows);
	tcase_add_loop_test(tests, mean_and_spread, 0, SIZES);
	tcase_add_test(tests, alie_takes_z_from_n_and_m);
	tcase_add_loop_test(tests, as_far_as_the_condition_allows, 0, 4 * 6);
	tcase_add_loop_test(tests, conditions_are_tight, 0, 2);
	tcase_add_loop_test(tests, nothing_to_move, 0, 6);
	tcase_add_loop_test(tests, mimic_copies, 0, 5);
	tcase_add_loop_test(tests, colluding_is_deterministic, 0, 5);
	tcase_add_loop_test(tests, alone, 0, 10);
	tcase_add_test(tests, nan_is_nan);
	tcase_add_loop_test(tests, gaussian_noise, 0, 2);
	tcase_add_test(tests, replay_sends_its_first_update);
	tcase_add_test(tests, bad_parameters);
	suite_add_tcase(suite, tests);
	return suite;
}
