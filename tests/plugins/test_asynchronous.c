/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * FedAsync and FedBuff: what staleness does to an update, against the definitions.
 */
#include <math.h>
#include <string.h>

#include "drive.h"
#include "support/suite.h"

/* One aggregation of updates from their bases into params; out [DIM]. */
static void step_from(struct drive *d, const float *params, const struct fed_update *u, size_t n,
                      float *out, struct fed_verdict *v)
{
	const struct fed_round round = {.dim = DIM, .params = params, .invited = 1, .population = 10};
	struct fed_aggregation a;
	struct fed_error err;

	fed_assert_ok(fed_aggregation_begin(&a, &d->instance, &round, n, NULL, &err), &err);
	for (size_t i = 0; i < n; i++)
		fed_assert_ok(fed_aggregation_add(&a, &u[i], &err), &err);
	fed_assert_ok(fed_aggregation_finish(&a, out, &err), &err);
	if (v)
		memcpy(v, a.verdict, n * sizeof *v);
	fed_aggregation_release(&a);
}

static const struct {
	const char *name, *settings;
	uint32_t staleness;
	double score;
} values[] = {
	{"fedasync", "alpha=1 function=hinge a=10 b=4", 5, 1 / 11.0}, /* 0.0909 */
	{"fedasync", "alpha=1 function=hinge", 5, 1 / 11.0},
	{"fedasync", "alpha=1 function=hinge", 4, 1},
	{"fedasync", "alpha=1 function=hinge", 0, 1},
	{"fedasync", "alpha=0.5 function=hinge a=2 b=1.5", 3, 0.125},
	{"fedasync", "function=constant", 0, 0.6},
	{"fedasync", "function=constant", 1000, 0.6},
	{"fedasync", "", 0, 0.6},
	{"fedasync", "alpha=1", 3, 0.5},
	{"fedasync", "alpha=1 function=polynomial a=2", 2, 1 / 9.0},
	{"fedasync", "alpha=0.9 a=0.5", 8, 0.3},
	{"fedasync", "alpha=0", 8, 0},
	{"fedbuff", "", 0, 1},
	{"fedbuff", "", 3, 0.5},
	{"fedbuff", "", 15, 0.25},
};

START_TEST(staleness_has_its_price)
{
	struct drive d;
	struct updates s;
	struct fed_verdict v;
	float params[DIM] = {0}, out[DIM];
	double want[DIM];

	drive_open(&d, values[_i].name, values[_i].settings);
	updates_random(&s, 1, 1);
	s.u[0].staleness = values[_i].staleness;
	s.u[0].base = params;
	step_from(&d, params, s.u, 1, out, &v);
	ck_assert_double_eq_tol((double)v.score, values[_i].score, 1e-7);
	for (size_t j = 0; j < DIM; j++)
		want[j] = values[_i].score * (double)s.delta[0][j];
	assert_close(out, want, 1e-6, values[_i].settings);
	drive_close(&d);
}
END_TEST

/* A client sends the model 1 again and again: the distance to it shrinks by 1 - a_t each time, for
 * the same a_t.  With a compounding alpha it would never get there. */
START_TEST(alpha_does_not_compound)
{
	struct drive d;
	float params[DIM] = {0}, base[DIM], delta[DIM], out[DIM];
	double left = 1;

	drive_open(&d, "fedasync", "alpha=0.6 function=polynomial a=0.5");
	for (size_t j = 0; j < DIM; j++) {
		base[j] = -2;
		delta[j] = 3;
	}
	for (int round = 0; round < 40; round++) {
		const struct fed_update u = {
			.delta = delta, .base = base, .weight = 5, .staleness = 3 * (round % 2)};
		struct fed_verdict v;

		step_from(&d, params, &u, 1, out, &v);
		ck_assert_double_eq_tol((double)v.score, round % 2 ? 0.3 : 0.6, 1e-7);
		left *= round % 2 ? 0.7 : 0.4;
		for (size_t j = 0; j < DIM; j++) {
			params[j] += out[j];
			ck_assert_double_eq_tol(1 - (double)params[j], left, 1e-6);
		}
	}
	drive_close(&d);
}
END_TEST

/* Alone and never stale, with alpha 1: the step is what its SGD did, to the last bit. */
START_TEST(one_client_is_sgd)
{
	struct drive d;
	struct updates s;
	float params[DIM], out[DIM];

	drive_open(&d, "fedasync", "alpha=1 rho=0");
	for (uint64_t round = 0; round < 20; round++) {
		updates_random(&s, 1, round);
		for (size_t j = 0; j < DIM; j++)
			params[j] = (float)(1e3 * fed_random_real(77 + round, j));
		s.u[0].base = params;
		step_from(&d, params, s.u, 1, out, NULL);
		ck_assert_mem_eq(out, s.delta[0], sizeof out);
	}
	drive_close(&d);
}
END_TEST

/* Several at once are mixed one after another. */
START_TEST(several_updates_are_mixed_in_order)
{
	struct drive d, one;
	struct updates s;
	struct fed_verdict v[3];
	float start[DIM], params[DIM], base[3][DIM], out[DIM];
	double want[DIM];

	drive_open(&d, "fedasync", "");
	drive_open(&one, "fedasync", "");
	updates_random(&s, 3, 4);
	for (size_t i = 0; i < 3; i++) {
		for (size_t j = 0; j < DIM; j++)
			base[i][j] = (float)fed_random_real(i, j);
		s.u[i].base = base[i];
		s.u[i].staleness = (uint32_t)i;
	}
	for (size_t j = 0; j < DIM; j++)
		params[j] = start[j] = (float)fed_random_real(9, j);
	for (size_t i = 0; i < 3; i++) {
		step_from(&one, params, &s.u[i], 1, out, NULL);
		for (size_t j = 0; j < DIM; j++)
			params[j] += out[j];
	}
	for (size_t j = 0; j < DIM; j++)
		want[j] = (double)params[j] - (double)start[j];
	step_from(&d, start, s.u, 3, out, v);
	assert_close(out, want, 1e-6, "three updates");
	ck_assert_double_eq_tol((double)v[1].score, 0.6 / sqrt(2), 1e-7);
	drive_close(&d);
	drive_close(&one);
}
END_TEST

START_TEST(full_fresh_buffer_is_fedavg_of_equals)
{
	struct drive buffered, averaged;
	struct updates s;
	struct fed_error err;
	float out[DIM], mean[DIM];

	drive_open(&buffered, "fedbuff", "buffer=6");
	drive_open(&averaged, "fedavg", "");
	for (uint64_t round = 0; round < 5; round++) {
		updates_random(&s, 6, round);
		fed_assert_ok(drive_round(&buffered, &s, out, NULL, &err), &err);
		for (size_t i = 0; i < s.n; i++)
			s.u[i].weight = 1;
		fed_assert_ok(drive_round(&averaged, &s, mean, NULL, &err), &err);
		ck_assert_mem_eq(out, mean, sizeof out);
	}
	drive_close(&buffered);
	drive_close(&averaged);
}
END_TEST

START_TEST(buffer_of_stale_updates)
{
	static const double scale[] = {1, 0.5, 1 / 3.0};
	struct drive d;
	struct updates s;
	struct fed_verdict v[MOST];
	struct fed_error err;
	float out[DIM];
	double want[DIM] = {0};

	drive_open(&d, "fedbuff", "buffer=3 eta-g=0.7");
	updates_random(&s, 3, 5);
	s.u[1].staleness = 3;
	s.u[2].staleness = 8;
	fed_assert_ok(drive_round(&d, &s, out, v, &err), &err);
	for (size_t i = 0; i < 3; i++) {
		for (size_t j = 0; j < DIM; j++)
			want[j] += 0.7 / 3 * scale[i] * (double)s.delta[i][j];
		ck_assert_double_eq_tol((double)v[i].weight, scale[i] * 6 / 11, 1e-6);
	}
	assert_close(out, want, 1e-6, "fedbuff");
	drive_close(&d);
}
END_TEST

START_TEST(updates_that_make_a_version)
{
	static const struct {
		const char *name, *settings;
		uint32_t n;
	} table[] = {
		{"fedbuff", "", 10}, {"fedbuff", "buffer=32", 32}, {"fedasync", "", 1}, {"fedavg", "", 1}};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct drive d;

		drive_open(&d, table[i].name, table[i].settings);
		ck_assert_uint_eq(fed_updates_per_step(&d.instance), table[i].n);
		drive_close(&d);
	}
}
END_TEST

START_TEST(clients_are_held_near_their_model)
{
	struct drive d;
	const float w[3] = {1, 2, 3}, x[3] = {1, 0, -1};
	float g[3] = {0, 1, 0};
	const struct fed_local local = {.dim = 3, .received = x};

	drive_open(&d, "fedasync", "");
	ck_assert(fed_has_local_gradient(&d.instance));
	drive_local_gradient(&d.instance, &local, w, g, 1, 3);
	ck_assert_float_eq_tol(g[0], 0, 1e-7f);
	ck_assert_float_eq_tol(g[1], 1.01f, 1e-6f);
	ck_assert_float_eq_tol(g[2], 0.02f, 1e-6f);
	drive_close(&d);
}
END_TEST

FED_SUITE(asynchronous)
{
	Suite *suite = suite_create("asynchronous");
	TCase *tests = tcase_create("asynchronous");

	tcase_add_loop_test(tests, staleness_has_its_price, 0, sizeof values / sizeof *values);
	tcase_add_test(tests, alpha_does_not_compound);
	tcase_add_test(tests, one_client_is_sgd);
	tcase_add_test(tests, several_updates_are_mixed_in_order);
	tcase_add_test(tests, full_fresh_buffer_is_fedavg_of_equals);
	tcase_add_test(tests, buffer_of_stale_updates);
	tcase_add_test(tests, updates_that_make_a_version);
	tcase_add_test(tests, clients_are_held_near_their_model);
	suite_add_tcase(suite, tests);
	return suite;
}
