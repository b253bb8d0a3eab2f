/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The averaging aggregators against plain loops that know the definitions only.
 */
#include <math.h>
#include <string.h>

#include "drive.h"
#include "support/suite.h"

enum { ROUNDS = 4 };

/* What a definition remembers from round to round. */
struct memory {
	bool begun;
	double m[DIM], v[DIM];
};

static double mean(const struct updates *s, size_t j)
{
	double sum = 0, total = 0;

	for (size_t i = 0; i < s->n; i++) {
		sum += s->u[i].weight * s->delta[i][j];
		total += s->u[i].weight;
	}
	return sum / total;
}

static void expect_mean(struct memory *mem, const struct updates *s, double *step)
{
	(void)mem;
	for (size_t j = 0; j < DIM; j++)
		step[j] = mean(s, j);
}

static void expect_momentum(struct memory *mem, const struct updates *s, double *step)
{
	for (size_t j = 0; j < DIM; j++) {
		mem->v[j] = 0.7 * mem->v[j] + mean(s, j);
		step[j] = 0.5 * mem->v[j];
	}
}

static void expect_nova(struct memory *mem, const struct updates *s, double *step)
{
	double total = 0, effective = 0;

	(void)mem;
	for (size_t i = 0; i < s->n; i++)
		total += s->u[i].weight;
	for (size_t i = 0; i < s->n; i++)
		effective += s->u[i].weight / total * s->u[i].steps;
	for (size_t j = 0; j < DIM; j++) {
		step[j] = 0;
		for (size_t i = 0; i < s->n; i++)
			step[j] += effective * s->u[i].weight / total * s->delta[i][j] / s->u[i].steps;
	}
}

static void expect_plain_mean(struct memory *mem, const struct updates *s, double *step)
{
	(void)mem;
	for (size_t j = 0; j < DIM; j++) {
		step[j] = 0;
		for (size_t i = 0; i < s->n; i++)
			step[j] += 0.5 * s->delta[i][j] / (double)s->n;
	}
}

/* The adaptive ones: eta=0.05 beta1=0.8 beta2=0.9 tau=0.01. */
static void adapt(struct memory *mem, const struct updates *s, double *step,
                  double (*next)(double v, double square))
{
	for (size_t j = 0; j < DIM; j++) {
		const double d = mean(s, j);
		if (!mem->begun)
			mem->v[j] = 0.01 * 0.01;
		mem->m[j] = 0.8 * mem->m[j] + 0.2 * d;
		mem->v[j] = next(mem->v[j], d * d);
		step[j] = 0.05 * mem->m[j] / (sqrt(mem->v[j]) + 0.01);
	}
	mem->begun = true;
}

static double adagrad(double v, double square)
{
	return v + square;
}

static double adam(double v, double square)
{
	return 0.9 * v + 0.1 * square;
}

static double yogi(double v, double square)
{
	if (v > square)
		return v - 0.1 * square;
	return v < square ? v + 0.1 * square : v;
}

static void expect_adagrad(struct memory *mem, const struct updates *s, double *step)
{
	adapt(mem, s, step, adagrad);
}

static void expect_adam(struct memory *mem, const struct updates *s, double *step)
{
	adapt(mem, s, step, adam);
}

static void expect_yogi(struct memory *mem, const struct updates *s, double *step)
{
	adapt(mem, s, step, yogi);
}

static const struct rule {
	const char *name, *settings;
	void (*expect)(struct memory *, const struct updates *, double *step);
	bool scales;   /* k d_i for all i gives k step */
	bool weighted; /* by u->weight */
} rules[] = {
	{"fedavg", "", expect_mean, true, true},
	{"fedsgd", "", expect_mean, true, true},
	{"fedprox", "mu=0.3", expect_mean, true, true},
	{"fedrep", "", expect_mean, true, true},
	{"ditto", "lambda=0.5", expect_mean, true, true},
	{"ifca", "k=1", expect_mean, true, true},
	{"fedavgm", "beta=0.7 eta=0.5", expect_momentum, true, true},
	{"fednova", "", expect_nova, true, true},
	{"fedadagrad", "eta=0.05 beta1=0.8 tau=0.01", expect_adagrad, false, true},
	{"fedadam", "eta=0.05 beta1=0.8 beta2=0.9 tau=0.01", expect_adam, false, true},
	{"fedyogi", "eta=0.05 beta1=0.8 beta2=0.9 tau=0.01", expect_yogi, false, true},
	{"scaffold", "eta-g=0.5", expect_plain_mean, true, false},
};
enum { RULES = sizeof rules / sizeof *rules };

START_TEST(rounds_follow_the_definition)
{
	const struct rule *rule = &rules[_i];
	struct memory memory = {0};
	struct drive d;
	struct updates s;
	struct fed_error err;
	float out[DIM];
	double want[DIM];

	drive_open(&d, rule->name, rule->settings);
	for (uint64_t round = 0; round < ROUNDS; round++) {
		updates_random(&s, round == 2 ? 1 : 5, 100 + round);
		fed_assert_ok(drive_round(&d, &s, out, NULL, &err), &err);
		rule->expect(&memory, &s, want);
		assert_close(out, want, 1e-6, rule->name);
	}
	drive_close(&d);
}
END_TEST

/* Three rounds of the same updates, each changed by change(); what the last round gives. */
static void three_rounds(const struct rule *rule, void (*change)(struct updates *), float *out)
{
	struct drive d;
	struct updates s;
	struct fed_error err;

	drive_open(&d, rule->name, rule->settings);
	for (uint64_t round = 0; round < 3; round++) {
		updates_random(&s, 6, 200 + round);
		if (change)
			change(&s);
		fed_assert_ok(drive_round(&d, &s, out, NULL, &err), &err);
	}
	drive_close(&d);
}

static void reverse(struct updates *s)
{
	for (size_t i = 0; i < s->n / 2; i++) {
		const struct fed_update u = s->u[i];
		s->u[i] = s->u[s->n - 1 - i];
		s->u[s->n - 1 - i] = u;
	}
}

static void scale(struct updates *s, float k)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t j = 0; j < DIM; j++) {
			s->delta[i][j] *= k;
			s->change[i][j] *= k;
		}
}

static void negate(struct updates *s)
{
	scale(s, -1);
}

static void triple(struct updates *s)
{
	scale(s, 3);
}

static void shift(struct updates *s)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t j = 0; j < DIM; j++)
			s->delta[i][j] += 2;
}

static void weigh_tenfold(struct updates *s)
{
	for (size_t i = 0; i < s->n; i++)
		s->u[i].weight *= 10;
}

START_TEST(order_scale_and_sign)
{
	const struct rule *rule = &rules[_i];
	float plain[DIM], out[DIM];
	double want[DIM];
	const struct {
		const char *what;
		void (*change)(struct updates *);
		double factor;
		bool holds;
	} laws[] = {
		{"order of the updates", reverse, 1, true},
		{"scale of the weights", weigh_tenfold, 1, true},
		{"sign of the updates", negate, -1, true},
		{"scale of the updates", triple, 3, rule->scales},
	};

	three_rounds(rule, NULL, plain);
	for (size_t k = 0; k < sizeof laws / sizeof *laws; k++) {
		if (!laws[k].holds)
			continue;
		three_rounds(rule, laws[k].change, out);
		for (size_t j = 0; j < DIM; j++)
			want[j] = laws[k].factor * plain[j];
		assert_close(out, want, 2e-6, laws[k].what);
	}
}
END_TEST

START_TEST(a_shift_of_all_shifts_the_mean)
{
	float plain[DIM], out[DIM];
	double want[DIM];

	for (int i = 0; i < 3; i++) { /* fedavg, fedsgd, fedprox */
		three_rounds(&rules[i], NULL, plain);
		three_rounds(&rules[i], shift, out);
		for (size_t j = 0; j < DIM; j++)
			want[j] = plain[j] + 2.0;
		assert_close(out, want, 2e-6, rules[i].name);
	}
}
END_TEST

START_TEST(weights_that_sum_to_zero)
{
	const struct rule *rule = &rules[_i];
	struct drive d;
	struct updates s;
	struct fed_error err = {{0}};
	float out[DIM];

	drive_open(&d, rule->name, rule->settings);
	updates_random(&s, 3, 1);
	for (size_t i = 0; i < s.n; i++)
		s.u[i].weight = 0;
	const int rc = drive_round(&d, &s, out, NULL, &err);
	if (rule->weighted) {
		ck_assert_int_eq(rc, FED_FAIL);
		ck_assert_msg(strstr(err.text, "sum to 0"), "%s", err.text);
	} else {
		ck_assert_int_eq(rc, FED_OK);
	}
	drive_close(&d);
}
END_TEST

START_TEST(check_rows)
{
	static const char *const names[] = {"fedavg", "fedsgd", "fedprox", "fednova", "scaffold"};

	for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
		struct drive d;
		struct updates s;
		struct fed_verdict v[MOST];
		struct fed_error err;
		float out[DIM];

		drive_open(&d, names[k], "");
		updates_random(&s, 3, 1);
		for (size_t i = 0; i < 3; i++) {
			s.u[i].weight = 600;
			s.u[i].steps = 7;
			for (size_t j = 0; j < 3; j++)
				s.delta[i][j] = (float)(3 * i + j + 1); /* (1,2,3), (4,5,6), (7,8,9) */
		}
		fed_assert_ok(drive_round(&d, &s, out, v, &err), &err);
		for (size_t j = 0; j < 3; j++)
			ck_assert_float_eq_tol(out[j], (float)(4 + j), 1e-6f);
		for (size_t i = 0; i < 3; i++)
			ck_assert_float_eq_tol(v[i].weight, 1.0f / 3, 1e-6f);
		drive_close(&d);
	}
}
END_TEST

START_TEST(nova_is_the_mean_when_steps_are_equal)
{
	struct drive d;
	struct updates s;
	struct fed_error err;
	float out[DIM];
	double want[DIM];

	drive_open(&d, "fednova", "");
	updates_random(&s, 7, 9);
	for (size_t i = 0; i < s.n; i++)
		s.u[i].steps = 12;
	fed_assert_ok(drive_round(&d, &s, out, NULL, &err), &err);
	expect_mean(NULL, &s, want);
	assert_close(out, want, 1e-6, "fednova");

	/* Shares in the step are p_i / tau_i, scaled to sum 1. */
	struct fed_verdict v[MOST];
	s.n = 2;
	s.u[0].weight = s.u[1].weight = 5;
	s.u[0].steps = 1;
	s.u[1].steps = 3;
	fed_assert_ok(drive_round(&d, &s, out, v, &err), &err);
	ck_assert_float_eq_tol(v[0].weight, 0.75f, 1e-6f);
	ck_assert_float_eq_tol(v[1].weight, 0.25f, 1e-6f);

	s.u[1].steps = 0;
	ck_assert_int_eq(drive_round(&d, &s, out, NULL, &err), FED_REJECT);
	ck_assert_msg(strstr(err.text, "client 1 claims no local steps"), "%s", err.text);
	drive_close(&d);
}
END_TEST

/* The texts that `explain` prints. */
START_TEST(every_plugin_explains_itself)
{
	struct fed_registry *registry;
	struct fed_error err;
	size_t found = 0;

	fed_assert_ok(fed_registry_init(&registry, &err), &err);
	fed_assert_ok(fed_registry_scan(registry, FED_PLUGIN_DIR, true, NULL, NULL, &err), &err);
	for (int kind = FED_KIND_AGGREGATOR; kind <= FED_KIND_LAST; kind++) {
		const struct fed_entry *entry;
		for (size_t i = 0; (entry = fed_registry_at(registry, kind, i)) != NULL; i++, found++) {
			const char *doc = entry->head->doc, *name = entry->head->name;
			ck_assert_msg(strstr(doc, "\nSource: ") != NULL, "%s has no source", name);
			ck_assert_msg(strstr(doc, "\nFor: ") != NULL, "%s is for nothing", name);
			for (const char *line = doc; *line; line += strcspn(line, "\n"), line += *line != 0)
				ck_assert_msg(strcspn(line, "\n") <= 78, "%s: too wide: %.90s", name, line);
			for (const char *c = doc; *c; c++)
				ck_assert_msg(*c == '\n' || (*c >= ' ' && *c <= '~'), "%s: not ASCII", name);
		}
	}
	ck_assert_uint_ge(found, 15);
	fed_registry_free(registry);
}
END_TEST

FED_SUITE(averaging)
{
	Suite *suite = suite_create("averaging");
	TCase *tests = tcase_create("averaging");

	tcase_add_loop_test(tests, rounds_follow_the_definition, 0, RULES);
	tcase_add_loop_test(tests, order_scale_and_sign, 0, RULES);
	tcase_add_test(tests, a_shift_of_all_shifts_the_mean);
	tcase_add_loop_test(tests, weights_that_sum_to_zero, 0, RULES);
	tcase_add_test(tests, check_rows);
	tcase_add_test(tests, nova_is_the_mean_when_steps_are_equal);
	tcase_add_test(tests, every_plugin_explains_itself);
	suite_add_tcase(suite, tests);
	return suite;
}
