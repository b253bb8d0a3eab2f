/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What aggregators do at the client: FedProx's pull, SCAFFOLD's control variates, fixed plans.
 */
#include <math.h>
#include <string.h>

#include "drive.h"
#include "support/suite.h"

START_TEST(prox_adds_its_gradient)
{
	struct drive d;
	float w[DIM], x[DIM], g[DIM];

	drive_open(&d, "fedprox", "mu=0.25");
	ck_assert(fed_has_local_gradient(&d.instance));
	for (size_t j = 0; j < DIM; j++) {
		w[j] = (float)fed_random_real(1, j);
		x[j] = (float)fed_random_real(2, j);
		g[j] = (float)j;
	}
	const struct fed_local local = {.dim = DIM, .received = x, .lr = 0.1};
	drive_local_gradient(&d.instance, &local, w, g, 5, 30);
	for (size_t j = 0; j < DIM; j++) {
		const double pull = j >= 5 && j < 30 ? 0.25 * (w[j] - x[j]) : 0;
		ck_assert_double_eq_tol(g[j], (double)j + pull, 1e-5);
	}
	drive_close(&d);
}
END_TEST

START_TEST(plans)
{
	static const struct {
		const char *name;
		struct fed_plan want;
	} table[] = {
		{"fedavg", {0, 5, 10, 0.05, 0.9, 0.001}},
		{"fedprox", {0, 5, 10, 0.05, 0.9, 0.001}},
		{"fedsgd", {0, 1, 0, 0.05, 0, 0.001}},
		{"scaffold", {0, 5, 10, 0.05, 0, 0.001}},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct drive d;
		struct fed_plan plan = {0, 5, 10, 0.05, 0.9, 0.001};
		const struct fed_plan *want = &table[i].want;
		struct fed_error err;

		drive_open(&d, table[i].name, "");
		fed_assert_ok(fed_call_plan(&d.instance, &plan, &err), &err);
		ck_assert_msg(plan.epochs == want->epochs && plan.batch == want->batch, "%s",
		              table[i].name);
		ck_assert_double_eq_tol(plan.lr, want->lr, 1e-15);
		ck_assert_double_eq_tol(plan.momentum, want->momentum, 1e-15);
		ck_assert_double_eq_tol(plan.weight_decay, want->weight_decay, 1e-15);
		drive_close(&d);
	}
}
END_TEST

/* Four clients with objectives a_i/2 |y - b_i|^2, two of them in each round; SCAFFOLD as in the
 * paper in double beside the plugin's hooks. */
enum { N = 4, S = 2, K = 6, ROUNDS = 5 };
#define ETA 0.05
#define ETA_G 0.8

static double curvature(int i)
{
	return 0.5 + i;
}

static double minimum(int i, size_t j)
{
	return 3 * fed_random_real(50 + (uint64_t)i, j) - i;
}

struct paper {
	double x[DIM], c[DIM], ci[N][DIM];
};

static void paper_round(struct paper *p, const int *who)
{
	double step[DIM] = {0}, change[DIM] = {0};

	for (int s = 0; s < S; s++) {
		const int i = who[s];
		for (size_t j = 0; j < DIM; j++) {
			double y = p->x[j];
			for (int k = 0; k < K; k++)
				y -= ETA * (curvature(i) * (y - minimum(i, j)) - p->ci[i][j] + p->c[j]);
			const double renewed = p->ci[i][j] - p->c[j] + (p->x[j] - y) / (K * ETA);
			step[j] += (y - p->x[j]) / S;
			change[j] += (renewed - p->ci[i][j]) / S;
			p->ci[i][j] = renewed;
		}
	}
	for (size_t j = 0; j < DIM; j++) {
		p->x[j] += ETA_G * step[j];
		p->c[j] += (double)S / N * change[j];
	}
}

/* One client's training through the hooks. */
static void train(const struct drive *d, int i, const float *x, float *kept, struct updates *s,
                  size_t slot)
{
	float y[DIM], c[DIM];
	const double *server = fed_instance_broadcast(&d->instance, 0);
	for (size_t j = 0; j < DIM; j++)
		c[j] = (float)server[j];
	const float *const sent[] = {c};
	float *const mine[] = {kept}, *const back[] = {s->change[slot]};
	struct fed_local local = {.client = (uint32_t)i,
	                          .dim = DIM,
	                          .lr = ETA,
	                          .received = x,
	                          .broadcast = sent,
	                          .kept = mine,
	                          .returned = back};

	memcpy(y, x, sizeof y);
	memset(s->change[slot], 0, sizeof s->change[slot]);
	for (; local.steps < K; local.steps++) {
		float g[DIM];
		for (size_t j = 0; j < DIM; j++)
			g[j] = (float)(curvature(i) * (y[j] - minimum(i, j)));
		drive_local_gradient(&d->instance, &local, y, g, 0, 20);
		drive_local_gradient(&d->instance, &local, y, g, 20, DIM);
		for (size_t j = 0; j < DIM; j++)
			y[j] -= (float)ETA * g[j];
	}
	drive_local_end(&d->instance, &local, y);
	for (size_t j = 0; j < DIM; j++)
		s->delta[slot][j] = y[j] - x[j];
	s->returned[slot][0] = s->change[slot];
	s->u[slot] = (struct fed_update){.delta = s->delta[slot],
	                                 .base = x,
	                                 .weight = 1 + i, /* which must not matter */
	                                 .samples = 1 + (uint64_t)i,
	                                 .client = (uint32_t)i,
	                                 .steps = K,
	                                 .returned = s->returned[slot]};
}

START_TEST(scaffold_follows_option_two)
{
	static const int who[ROUNDS][S] = {{0, 1}, {1, 3}, {0, 3}, {2, 3}, {0, 1}};
	struct paper paper = {0};
	float x[DIM] = {0}, kept[N][DIM] = {{0}}, out[DIM];
	struct drive d;
	struct fed_error err;

	drive_open(&d, "scaffold", "eta-g=0.8");
	ck_assert_uint_eq(fed_client_vectors(&d.instance), 1);
	ck_assert_uint_eq(fed_returned_vectors(&d.instance), 1);
	ck_assert_uint_eq(fed_instance_broadcasts(&d.instance), 1);
	for (int round = 0; round < ROUNDS; round++) {
		struct updates s = {.n = S};
		const struct fed_round r = {
			.dim = DIM, .params = x, .invited = S, .population = N, .lr = ETA};
		struct fed_aggregation a;

		for (size_t slot = 0; slot < S; slot++)
			train(&d, who[round][slot], x, kept[who[round][slot]], &s, slot);
		fed_assert_ok(fed_aggregation_begin(&a, &d.instance, &r, S, NULL, &err), &err);
		for (size_t slot = 0; slot < S; slot++)
			fed_assert_ok(fed_aggregation_add(&a, &s.u[slot], &err), &err);
		fed_assert_ok(fed_aggregation_finish(&a, out, &err), &err);
		fed_aggregation_release(&a);
		for (size_t j = 0; j < DIM; j++)
			x[j] += out[j];

		paper_round(&paper, who[round]);
		assert_close(x, paper.x, 1e-5, "model");
		for (int i = 0; i < N; i++)
			assert_close(kept[i], paper.ci[i], 1e-4, "a client's control variate");
		const double *c = fed_instance_broadcast(&d.instance, 0);
		for (size_t j = 0; j < DIM; j++)
			ck_assert_double_eq_tol(c[j], paper.c[j], 1e-4);
	}
	drive_close(&d);
}
END_TEST

START_TEST(scaffold_of_a_client_that_did_nothing)
{
	struct drive d;
	struct updates s;
	struct fed_error err;
	float x[DIM] = {1}, c[DIM] = {2}, kept[DIM] = {3}, back[DIM] = {0}, out[DIM];
	const float *const sent[] = {c};
	float *const mine[] = {kept}, *const returned[] = {back};
	const struct fed_local local = {.dim = DIM,
	                                .lr = 0.1,
	                                .received = x,
	                                .broadcast = sent,
	                                .kept = mine,
	                                .returned = returned};

	drive_open(&d, "scaffold", "");
	drive_local_end(&d.instance, &local, x); /* no step was made */
	ck_assert_float_eq_tol(kept[0], 3, 1e-6f);
	ck_assert_float_eq_tol(back[0], 0, 1e-6f);

	updates_random(&s, 2, 3);
	s.u[1].returned = NULL;
	ck_assert_int_eq(drive_round(&d, &s, out, NULL, &err), FED_REJECT);
	ck_assert_msg(strstr(err.text, "client 1 sent no control variate"), "%s", err.text);
	drive_close(&d);
}
END_TEST

FED_SUITE(client_hooks)
{
	Suite *suite = suite_create("client hooks");
	TCase *tests = tcase_create("client hooks");

	tcase_add_test(tests, prox_adds_its_gradient);
	tcase_add_test(tests, plans);
	tcase_add_test(tests, scaffold_follows_option_two);
	tcase_add_test(tests, scaffold_of_a_client_that_did_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}
