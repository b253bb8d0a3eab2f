/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Planes of inputs, and decision regions against the model's answers one by one.
 */
#include "report/decisions.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "session/small.h"
#include "support/suite.h"

static const char moons[] = "dataset moons train=300 test=60;set lr 0.1;set batch 10;"
							"add 4 noniid 20";
static const struct fed_decisions_wanted small = {.columns = 9,
                                                  .rows = 6,
                                                  .client_columns = 5,
                                                  .client_rows = 4,
                                                  .clients = 100,
                                                  .examples = 1000,
                                                  .client_examples = 1000,
                                                  .flops = 1e12};

static void plane_of(struct fed_session *s, struct fed_input_plane *p, const uint32_t *through)
{
	struct fed_error err;

	fed_assert_ok(fed_input_plane_init(p, fed_session_parts(s)->data, through, &err), &err);
}

static void take(struct fed_session *s, const struct fed_input_plane *p,
                 const struct fed_decisions_wanted *wanted, struct fed_decisions *d)
{
	struct fed_error err;

	fed_assert_ok(fed_decisions_take(d, p, s, wanted, &err), &err);
}

/* The answer to one input, by the definition. */
static struct fed_decision answer(struct fed_session *s, const float *params, const float *x)
{
	const struct fed_net *net = &fed_session_parts(s)->net;
	struct fed_workspace space;
	struct fed_error err;
	struct fed_decision d = {.known = true};
	double most = 0, sum = 0;

	fed_assert_ok(fed_workspace_init(&space, net, 0, net->layers, 1, false, &err), &err);
	memcpy(fed_workspace_input(&space), x, fed_shape_size(&net->input) * sizeof *x);
	const float *y = fed_net_forward(&space, params, 1);
	for (uint32_t c = 0; c < net->classes; c++)
		sum += exp((double)y[c]);
	for (uint32_t c = 0; c < net->classes; c++)
		if (exp((double)y[c]) / sum > most) {
			most = exp((double)y[c]) / sum;
			d.class = (uint16_t)c;
		}
	fed_workspace_release(&space);
	const double sure = (most - 1.0 / net->classes) / (1 - 1.0 / net->classes);
	d.level = (uint8_t)fmin(FED_DECISION_LEVELS - 1, sure * FED_DECISION_LEVELS);
	return d;
}

/* Each answer of the grid; returns how many classes there are. */
static int must_be_answers(struct fed_session *s, const struct fed_input_plane *p,
                           const float *params, const struct fed_regions *r)
{
	bool seen[64] = {false};
	float x[1024];
	int classes = 0;

	ck_assert_int_gt(r->columns * r->rows, 0);
	for (int i = 0; i < r->columns * r->rows; i++) {
		const double across = (i % r->columns + 0.5) / r->columns,
					 down = (i / r->columns + 0.5) / r->rows;

		fed__input_plane_point(p, p->low[0] + across * (p->high[0] - p->low[0]),
		                       p->high[1] - down * (p->high[1] - p->low[1]), x);
		const struct fed_decision wanted = answer(s, params, x);
		ck_assert(r->at[i].known);
		ck_assert_uint_eq(r->at[i].class, wanted.class);
		ck_assert_int_le(abs(r->at[i].level - wanted.level), 1); /* batches round otherwise */
		classes += !seen[wanted.class];
		seen[wanted.class] = true;
	}
	return classes;
}

START_TEST(regions_are_the_answers_of_the_models)
{
	struct fed_session s;
	struct fed_input_plane p;
	struct fed_decisions d;

	small_init(&s, NULL);
	small_do(&s, moons);
	small_do(&s, "set momentum 0.9;set epochs 5;round 4");
	plane_of(&s, &p, NULL);
	take(&s, &p, &small, &d);
	const struct fed_federation *f = fed_session_federation(&s);
	const size_t dim = f->net->dim;
	float *own = fed_alloc_floats(dim), *before = fed_alloc_floats(dim);
	ck_assert_int_eq(must_be_answers(&s, &p, f->params, &d.global), 2);
	for (size_t j = 0; j < dim; j++)
		before[j] = f->params[j] - f->verdicts.step[j];
	must_be_answers(&s, &p, before, &d.before);
	ck_assert(d.modelled && !d.arrived && !d.limited);
	ck_assert_uint_eq(d.clients, 4);
	for (uint32_t i = 0; i < 4; i++) {
		const struct fed_client_decisions *c = &d.client[i];
		const struct fed_client_verdict *v = f->verdicts.of;

		ck_assert_uint_eq(c->client, i);
		while (v->client != i)
			v++;
		for (size_t j = 0; j < dim; j++)
			own[j] = before[j] + v->update->vector[0][j];
		must_be_answers(&s, &p, own, &c->regions);
	}
	fed_free_floats(own);
	fed_free_floats(before);
	fed_decisions_release(&d);
	fed_input_plane_release(&p);
	fed__session_release(&s);
}
END_TEST

/* An example is where its features say, has its class, and is wrong where a model answers another:
 * of the test examples in all as often as the accuracy says. */
/* Of few examples none comes twice, and no class is left out. */
START_TEST(examples_are_a_fair_choice)
{
	struct fed_decisions_wanted wanted = small;
	struct fed_session s;
	struct fed_input_plane p;
	struct fed_decisions d;

	small_init(&s, NULL);
	small_do(&s, "dataset circles classes=5 train=300 test=100;add 3 iid 50");
	plane_of(&s, &p, NULL);
	for (uint32_t n = 10; n <= 100; n += 10) {
		uint32_t count[5] = {0};

		wanted.examples = wanted.client_examples = n;
		take(&s, &p, &wanted, &d);
		ck_assert_uint_eq(d.n, n);
		ck_assert_uint_eq(d.client[0].n, n < 50 ? n : 50);
		for (uint32_t i = 0; i < n; i++) {
			count[d.example[i].class]++;
			for (uint32_t k = 0; k < i; k++)
				ck_assert(d.example[i].x != d.example[k].x || d.example[i].y != d.example[k].y);
		}
		for (int c = 0; c < 5; c++)
			ck_assert_double_eq_tol(count[c], n / 5.0, 1.5);
		fed_decisions_release(&d);
	}
	fed_input_plane_release(&p);
	fed__session_release(&s);
}
END_TEST

START_TEST(examples_are_placed_and_judged)
{
	struct fed_session s;
	struct fed_input_plane p;
	struct fed_decisions d;
	uint32_t wrong = 0, trained_wrong[2] = {0};

	small_init(&s, NULL);
	small_do(&s, moons);
	small_do(&s, "set momentum 0.9;set epochs 5;round 4");
	plane_of(&s, &p, NULL);
	take(&s, &p, &small, &d);
	const struct fed_dataset *data = fed_session_parts(&s)->data;
	ck_assert_uint_eq(d.n, data->test);
	uint32_t seen = 0;
	for (uint32_t i = 0; i < d.n; i++) {
		const double at[2] = {p.low[0] + (double)d.example[i].x * (p.high[0] - p.low[0]),
		                      p.high[1] - (double)d.example[i].y * (p.high[1] - p.low[1])};

		ck_assert(d.example[i].x > 0 && d.example[i].x < 1);
		ck_assert(d.example[i].y > 0 && d.example[i].y < 1);
		for (uint32_t k = data->train; k < data->train + data->test; k++) {
			const float *x = data->values + 2 * (size_t)k;

			if (hypot(at[0] - (double)x[0], at[1] - (double)x[1]) > 1e-5)
				continue;
			ck_assert_int_eq(d.example[i].class, data->label[k]);
			seen++;
		}
		wrong += d.example[i].wrong[1];
	}
	ck_assert_uint_eq(seen, d.n);
	const struct fed_history *h = fed_session_history(&s);
	ck_assert_double_eq_tol(1 - (double)wrong / d.n, h->record[h->n - 1].test_accuracy, 1e-9);
	for (uint32_t i = 0; i < d.clients; i++) {
		const struct fed_client *row =
			fed_clients_get(&fed_session_parts(&s)->clients, d.client[i].client);

		ck_assert_uint_eq(d.client[i].n, row->count);
		uint32_t ones[2] = {0};
		for (uint32_t k = 0; k < row->count; k++) {
			ones[0] += d.client[i].example[k].class;
			ones[1] += (uint32_t)data->label[row->examples[k]];
			for (int model = 0; model < 2; model++)
				trained_wrong[model] += d.client[i].example[k].wrong[model];
		}
		ck_assert_uint_eq(ones[0], ones[1]);
	}
	/* local training fits a client's own examples */
	ck_assert_uint_lt(trained_wrong[1], trained_wrong[0]);
	fed_decisions_release(&d);
	fed_input_plane_release(&p);
	fed__session_release(&s);
}
END_TEST

/* Before the first round: nothing without a model, then the model that the first round begins with;
 * the clients have only examples. */
START_TEST(the_model_before_the_first_round)
{
	struct fed_session s;
	struct fed_input_plane p;
	struct fed_decisions d;

	small_init(&s, NULL);
	small_do(&s, "dataset moons train=300 test=60;add 3 iid 10;inject byzantine 1 attack=zero");
	plane_of(&s, &p, NULL);
	take(&s, &p, &small, &d);
	ck_assert(!d.modelled && d.n == 60 && d.clients == 3 && d.client[1].n == 10);
	for (int i = 0; i < d.global.columns * d.global.rows; i++)
		ck_assert(!d.global.at[i].known);
	fed_decisions_release(&d);
	small_do(&s, "model mlp hidden=5");
	take(&s, &p, &small, &d);
	ck_assert_ptr_null(fed_session_params(&s));
	struct fed_error err;
	struct fed_decisions started;
	fed_assert_ok(fed_session_start(&s, &err), &err);
	take(&s, &p, &small, &started);
	must_be_answers(&s, &p, fed_session_params(&s), &d.global);
	ck_assert_mem_eq(d.global.at, started.global.at,
	                 sizeof *d.global.at * (size_t)(d.global.columns * d.global.rows));
	for (uint32_t i = 0; i < 3; i++)
		ck_assert(!d.client[i].updated && d.client[i].byzantine == (i == 1));
	fed_decisions_release(&d);
	fed_decisions_release(&started);
	fed_input_plane_release(&p);
	fed__session_release(&s);
}
END_TEST

/* In an open round the clients are those whose updates have arrived, on the present version. */
START_TEST(an_open_round_has_what_has_arrived)
{
	struct fed_session s;
	struct fed_input_plane p;
	struct fed_decisions d;
	struct fed_error err;
	uint32_t place, n = 0;

	small_init(&s, NULL);
	small_do(&s, moons);
	small_do(&s, "round 1;step 2");
	plane_of(&s, &p, NULL);
	const struct fed_federation *f = fed_session_federation(&s);
	for (; fed_session_open(&s); small_do(&s, "step")) {
		take(&s, &p, &small, &d);
		const size_t taken = f->verdicts.n_taken;
		ck_assert(d.arrived == (taken > 0));
		ck_assert_uint_eq(d.clients, taken ? taken : 4);
		ck_assert_uint_eq(d.version, 1);
		must_be_answers(&s, &p, f->params, &d.global);
		must_be_answers(&s, &p, f->params, &d.before);
		if (taken && taken < 4) {
			for (uint32_t c = 0; c < 4; c++)
				n += fed_decisions_find(&s, c, &place, &err) == FED_REJECT;
			ck_assert(strstr(err.text, "open round") || n == 0);
		}
		fed_decisions_release(&d);
	}
	ck_assert_uint_gt(n, 0);
	ck_assert_int_eq(fed_decisions_find(&s, 9, &place, &err), FED_REJECT);
	fed_assert_ok(fed_decisions_find(&s, 3, &place, &err), &err);
	ck_assert_uint_eq(place, 3);
	fed_input_plane_release(&p);
	fed__session_release(&s);
}
END_TEST

/* What costs too much is coarser, down to its share of the work. */
START_TEST(costly_models_get_coarser_regions)
{
	struct fed_decisions_wanted wanted = small;
	struct fed_session s;
	struct fed_input_plane p;
	struct fed_decisions d;

	small_init(&s, NULL);
	small_do(&s, moons);
	small_do(&s, "round 1");
	plane_of(&s, &p, NULL);
	wanted.columns = wanted.rows = 60;
	take(&s, &p, &wanted, &d);
	ck_assert_int_eq(d.global.columns, 60);
	const double flops = d.flops;
	fed_decisions_release(&d);
	wanted.flops = 1000 * flops;
	take(&s, &p, &wanted, &d);
	ck_assert(d.limited);
	const int points = d.global.columns * d.global.rows + 5 * d.before.columns * d.before.rows;
	ck_assert_int_lt(points + (int)d.n, 1100);
	ck_assert_int_gt(points, 300);
	must_be_answers(&s, &p, fed_session_params(&s), &d.global);
	fed_decisions_release(&d);
	wanted = small;
	wanted.first = 2;
	wanted.clients = 1;
	take(&s, &p, &wanted, &d);
	ck_assert(d.clients == 1 && d.first == 2 && d.all == 4 && d.client[0].client == 2);
	fed_decisions_release(&d);
	fed_input_plane_release(&p);
	fed__session_release(&s);
}
END_TEST

/* Planes ---------------------------------------------------------------------------------- */

static double dot(const float *a, const float *b, size_t d)
{
	double sum = 0;

	for (size_t j = 0; j < d; j++)
		sum += (double)a[j] * (double)b[j];
	return sum;
}

/* Orthonormal axes, and a point comes back from where it was. */
static void must_be_a_plane(const struct fed_input_plane *p)
{
	float x[1024];
	double at[2];

	ck_assert_uint_le(p->d, 1024);
	for (int k = 0; k < 2; k++)
		ck_assert_double_eq_tol(dot(p->axis[k], p->axis[k], p->d), 1, 1e-5);
	ck_assert_double_eq_tol(dot(p->axis[0], p->axis[1], p->d), 0, 1e-5);
	fed__input_plane_point(p, 0.3, -1.5, x);
	fed__input_plane_place(p, x, at);
	ck_assert_double_eq_tol(at[0], 0.3, 1e-4);
	ck_assert_double_eq_tol(at[1], -1.5, 1e-4);
}

/* The variance along both axes is the share that is told, and more than along any two features. */
START_TEST(components_show_the_most_variance)
{
	enum { N = 100 };
	struct fed_session s;
	struct fed_input_plane p;
	struct fed_text title = {0};
	double along[2] = {0}, all = 0, feature[1024] = {0};

	small_init(&s, NULL);
	small_do(&s, "dataset glyphs train=10 test=100");
	plane_of(&s, &p, NULL);
	ck_assert_int_eq(p.kind, FED_PLANE_COMPONENTS);
	must_be_a_plane(&p);
	static float x[N][1024];
	for (uint32_t i = 0; i < N; i++) {
		const uint32_t id = p.data->train + i;
		double at[2];

		fed_dataset_gather(p.data, &id, 1, NULL, x[i], NULL, NULL);
		fed__input_plane_place(&p, x[i], at);
		along[0] += at[0] * at[0];
		along[1] += at[1] * at[1];
		ck_assert(at[0] > p.low[0] && at[0] < p.high[0] && at[1] > p.low[1] && at[1] < p.high[1]);
		for (size_t j = 0; j < p.d; j++)
			feature[j] += pow((double)x[i][j] - (double)p.origin[j], 2);
	}
	double most = 0;
	for (size_t j = 0; j < p.d; j++) {
		all += feature[j];
		most = fmax(most, feature[j]);
	}
	ck_assert_double_ge(along[0], along[1]);
	ck_assert_double_gt(along[1], 0);
	ck_assert_double_gt(along[0], 2 * most);
	ck_assert_double_eq_tol((along[0] + along[1]) / all, p.shown, 1e-3);
	fed_input_plane_title(&p, &title);
	ck_assert_ptr_nonnull(strstr(fed_text_str(&title), "two principal components ("));
	fed_text_release(&title);
	fed_input_plane_release(&p);
	fed__session_release(&s);
}
END_TEST

START_TEST(a_plane_goes_through_three_examples)
{
	struct fed_session s;
	struct fed_input_plane p;
	struct fed_decisions d;
	struct fed_error err;
	uint32_t through[3];

	small_init(&s, NULL);
	small_do(&s, "dataset glyphs train=60 test=30;model softmax;add 2 iid 10;round 1");
	const struct fed_dataset *data = fed_session_parts(&s)->data;
	fed_assert_ok(fed_input_plane_choose(data, through, &err), &err);
	plane_of(&s, &p, through);
	must_be_a_plane(&p);
	for (int k = 0; k < 3; k++) {
		const uint32_t id = data->train + through[k];
		float x[1024], y[1024];
		double at[2];

		for (int i = 0; i < k; i++)
			ck_assert_int_ne(data->label[data->train + through[i]], data->label[id]);
		fed_dataset_gather(data, &id, 1, NULL, x, NULL, NULL);
		fed__input_plane_place(&p, x, at);
		fed__input_plane_point(&p, at[0], at[1], y);
		for (size_t j = 0; j < p.d; j++)
			ck_assert_double_eq_tol((double)x[j], (double)y[j], 1e-4);
	}
	take(&s, &p, &small, &d);
	ck_assert(d.n == 3 && d.client[0].n == 0); /* others are not on it */
	for (int k = 0; k < 3; k++)
		ck_assert_int_eq(d.example[k].class, data->label[data->train + through[k]]);
	must_be_answers(&s, &p, fed_session_params(&s), &d.global);
	fed_decisions_release(&d);
	fed_input_plane_release(&p);
	through[2] = through[0];
	ck_assert_int_eq(fed_input_plane_init(&p, data, through, &err), FED_REJECT);
	ck_assert_ptr_nonnull(strstr(err.text, "on one line"));
	through[2] = 30;
	ck_assert_int_eq(fed_input_plane_init(&p, data, through, &err), FED_REJECT);
	ck_assert_ptr_nonnull(strstr(err.text, "no test example 30"));
	fed__session_release(&s);
}
END_TEST

START_TEST(some_datasets_have_no_plane)
{
	struct fed_session s;
	struct fed_input_plane p;
	struct fed_error err;
	uint32_t through[3];

	small_init(&s, NULL);
	small_do(&s, "dataset markov users=4");
	ck_assert_int_eq(fed_input_plane_init(&p, fed_session_parts(&s)->data, NULL, &err), FED_REJECT);
	ck_assert_ptr_nonnull(strstr(err.text, "tokens"));
	small_do(&s, "dataset moons train=10 test=2");
	ck_assert_int_eq(fed_input_plane_choose(fed_session_parts(&s)->data, through, &err),
	                 FED_REJECT);
	ck_assert_ptr_nonnull(strstr(err.text, "three"));
	fed__session_release(&s);
}
END_TEST

/* Values above and below the middle of the targets. */
START_TEST(a_regression_has_two_halves)
{
	struct fed_session s;
	struct fed_input_plane p;
	struct fed_decisions d;
	int above = 0, below = 0;

	small_init(&s, NULL);
	small_do(&s,
	         "dataset linear d=2 train=200 test=50 noise=0;add 2 iid 40;set lr 0.1;set batch 10;"
	         "round 5");
	plane_of(&s, &p, NULL);
	take(&s, &p, &small, &d);
	for (int i = 0; i < d.global.columns * d.global.rows; i++) {
		above += d.global.at[i].class == 1;
		below += d.global.at[i].class == 0;
		ck_assert_int_lt(d.global.at[i].level, FED_DECISION_LEVELS);
	}
	ck_assert(above > 10 && below > 10);
	uint32_t wrong = 0;
	for (uint32_t i = 0; i < d.n; i++)
		wrong += d.example[i].wrong[1];
	ck_assert_uint_le(wrong, 3); /* near the middle */
	fed_decisions_release(&d);
	fed_input_plane_release(&p);
	fed__session_release(&s);
}
END_TEST

static int try_take(void *ctx, struct fed_error *err)
{
	struct fed_input_plane p;
	struct fed_decisions d;
	int rc = fed_input_plane_init(&p, fed_session_parts(ctx)->data, NULL, err);

	if (rc)
		return rc;
	rc = fed_decisions_take(&d, &p, ctx, &small, err);
	fed_input_plane_release(&p);
	if (rc == FED_OK)
		fed_decisions_release(&d);
	return rc;
}

START_TEST(every_allocation_may_fail)
{
	struct fed_session s;

	small_init(&s, NULL);
	small_do(&s, "dataset linear d=3 train=60 test=20;add 2 iid 10;round 1");
	ck_assert_uint_ge(fed_each_allocation(try_take, &s), 15);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(decisions)
{
	Suite *suite = suite_create("decisions");
	TCase *tests = tcase_create("decisions");

	tcase_add_test(tests, regions_are_the_answers_of_the_models);
	tcase_add_test(tests, examples_are_placed_and_judged);
	tcase_add_test(tests, examples_are_a_fair_choice);
	tcase_add_test(tests, the_model_before_the_first_round);
	tcase_add_test(tests, an_open_round_has_what_has_arrived);
	tcase_add_test(tests, costly_models_get_coarser_regions);
	tcase_add_test(tests, components_show_the_most_variance);
	tcase_add_test(tests, a_plane_goes_through_three_examples);
	tcase_add_test(tests, some_datasets_have_no_plane);
	tcase_add_test(tests, a_regression_has_two_halves);
	tcase_add_test(tests, every_allocation_may_fail);
	suite_add_tcase(suite, tests);
	return suite;
}
