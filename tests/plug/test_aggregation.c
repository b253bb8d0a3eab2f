/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The three forms of aggregator against a slow mean, and what happens when one does wrong.
 */
#include "plug/plugins.h"

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "plug/calls/call.h"

enum { CLIENTS = 5, DIM = 3 * 4096 + 100, SOME = 40 }; /* several tiles, the last one short */

static struct fed_registry *registry;
static float params[DIM], stale[DIM], delta[CLIENTS][DIM], back[CLIENTS][DIM], out[DIM];
static const float *returned[CLIENTS][1];
static struct fed_update updates[CLIENTS];
static char noted[32];

static void take_note(const struct fed_host *host, const char *text)
{
	(void)host;
	snprintf(noted, sizeof noted, "%s", text);
}

static const struct fed_host host = {sizeof host, take_note};

static void setup(void)
{
	struct fed_stream random = fed_stream_open(1, FED_FOR_DATA, 0, 0);

	registry = make_registry();
	for (size_t j = 0; j < DIM; j++) {
		params[j] = (float)fed_stream_normal(&random);
		stale[j] = (float)fed_stream_normal(&random);
	}
	for (uint32_t i = 0; i < CLIENTS; i++) {
		for (size_t j = 0; j < DIM; j++) {
			delta[i][j] = (float)fed_stream_normal(&random);
			back[i][j] = (float)fed_stream_normal(&random);
		}
		returned[i][0] = back[i];
		updates[i] = (struct fed_update){.delta = delta[i],
		                                 .base = i == 2 ? stale : params,
		                                 .weight = 10 + i,
		                                 .client = i,
		                                 .loss = NAN,
		                                 .returned = returned[i]};
	}
}

static void teardown(void)
{
	fed_registry_free(registry);
	ck_assert_int_eq(fed__mem_live(), 0);
}

static struct fed_round round_of(size_t dim)
{
	return (struct fed_round){
		.dim = dim, .params = params, .invited = CLIENTS, .population = CLIENTS, .host = &host};
}

/* Begin and add all, through buffers that are overwritten afterwards: a kept row must be a copy. */
static int begin_and_add(struct fed_aggregation *a, struct fed_instance *instance, size_t dim,
                         struct fed_pool *pool, struct fed_error *err)
{
	const struct fed_round round = round_of(dim);
	static float d[DIM], b[DIM], r[DIM];
	int rc = fed_aggregation_begin(a, instance, &round, CLIENTS, pool, err);

	for (size_t i = 0; rc == FED_OK && i < CLIENTS; i++) {
		struct fed_update u = updates[i];
		const float *const table[] = {r};
		memcpy(d, u.delta, sizeof d);
		memcpy(b, u.base, sizeof b);
		memcpy(r, back[i], sizeof r);
		u.delta = d;
		u.base = u.base == params ? params : b;
		u.returned = table;
		rc = fed_aggregation_add(a, &u, err);
		memset(d, 0xff, sizeof d);
		memset(b, 0xff, sizeof b);
		memset(r, 0xff, sizeof r);
	}
	return rc;
}

static double mean_of(size_t j, size_t n, bool with_returned)
{
	double sum = 0, weight = 0;

	for (size_t i = 0; i < n; i++) {
		double d = delta[i][j];
		if (with_returned)
			d += ((double)updates[i].base[j] - params[j]) + back[i][j];
		sum += updates[i].weight * d;
		weight += updates[i].weight;
	}
	return sum / weight;
}

static const struct {
	const char *path;
	size_t used;
	bool with_returned;
	int threads;
} forms[] = {
	{FIXTURE("mean_stream"), CLIENTS, false, 0},
	{FIXTURE("mean_columns"), CLIENTS, false, 0},
	{FIXTURE("mean_columns"), CLIENTS, false, 3},
	{FIXTURE("mean_reduce"), CLIENTS - 1, true, 0},
};

START_TEST(forms_give_the_mean)
{
	struct fed_instance instance;
	struct fed_aggregation a;
	struct fed_pool *pool = NULL;
	struct fed_error err;
	double sum = 0;

	if (forms[_i].threads)
		ck_ok(fed_pool_init(&pool, forms[_i].threads, 1, &err));
	make_instance(registry, forms[_i].path, &instance, NULL, NULL, NULL, NULL);
	for (int round = 0; round < 2; round++) { /* scratch is zero again in the second */
		ck_ok(fed_instance_size(&instance, DIM, &err));
		ck_ok(begin_and_add(&a, &instance, DIM, pool, &err));
		ck_ok(fed_aggregation_finish(&a, out, &err));
		for (size_t j = 0; j < DIM; j++)
			ck_assert_double_eq_tol(out[j], mean_of(j, forms[_i].used, forms[_i].with_returned),
			                        1e-5);
		ck_assert_uint_eq(a.n, CLIENTS);
		sum = 0;
		for (size_t i = 0; i < a.n; i++) {
			ck_assert_uint_eq(a.update[i].client, i);
			ck_assert_int_eq(a.verdict[i].used, i < forms[_i].used);
			sum += a.verdict[i].weight;
			if (i >= forms[_i].used)
				ck_assert(a.verdict[i].weight == 0);
		}
		ck_assert_double_eq_tol(sum, 1, 1e-6);
		fed_aggregation_release(&a);
	}
	fed_instance_release(&instance);
	fed_pool_free(pool);
}
END_TEST

START_TEST(streaming_refuses_an_update_and_takes_notes)
{
	const struct fed_round round = round_of(SOME);
	struct fed_update u = updates[0];
	struct fed_instance instance;
	struct fed_aggregation a;
	struct fed_error err;

	make_instance(registry, FIXTURE("mean_stream"), &instance, NULL, NULL, NULL, NULL);
	ck_ok(fed_instance_size(&instance, SOME, &err));
	ck_ok(fed_aggregation_begin(&a, &instance, &round, 2, NULL, &err));
	u.client = 13;
	ck_assert_int_eq(fed_aggregation_add(&a, &u, &err), FED_REJECT);
	ck_assert_str_eq(err.text, "aggregator mean-stream: 13 brings bad luck");
	ck_assert_uint_eq(a.n, 0);
	ck_assert_int_eq(fed_aggregation_finish(&a, out, &err), FED_FAIL);
	ck_says(err.text, "no update to aggregate");
	ck_ok(fed_aggregation_add(&a, &updates[0], &err));
	ck_ok(fed_aggregation_add(&a, &updates[4], &err));
	ck_assert_int_eq(fed_aggregation_add(&a, &updates[1], &err), FED_FAIL);
	ck_says(err.text, "more than the 2 updates");
	ck_ok(fed_aggregation_finish(&a, out, &err));
	ck_assert_str_eq(noted, "averaged");
	ck_assert(a.verdict[1].score == 4 && a.update[1].delta == NULL);
	ck_assert_double_eq_tol(a.verdict[0].weight, 10. / 24, 1e-6);
	fed_aggregation_release(&a);
	fed_instance_release(&instance);
}
END_TEST

START_TEST(begin_may_refuse_a_round)
{
	struct fed_round round = round_of(SOME);
	struct fed_instance instance;
	struct fed_aggregation a;
	struct fed_error err;

	make_instance(registry, FIXTURE("mean_stream"), &instance, NULL, NULL, NULL, NULL);
	round.invited = 1;
	ck_assert_int_eq(fed_aggregation_begin(&a, &instance, &round, 2, NULL, &err), FED_REJECT);
	ck_assert_str_eq(err.text, "aggregator mean-stream: needs 2 clients, has 1");
	fed_aggregation_release(&a); /* after a failure, too */
	fed_instance_release(&instance);
}
END_TEST

static const struct {
	const char *how, *at, *words;
} wrongs[] = {
	{"nan", "30", "its step is NaN at coordinate 30"},
	{"inf", "0", "its step is infinite at coordinate 0"},
	{"nan", "5000", "its step is NaN at coordinate 5000"},
	{"skip", "39", "its step was not written at coordinate 39"},
	{"add-to", "8191", "its step was not written at coordinate 8191"},
	{"bad-code", "0", "() returned 7, which is none of"},
	{"reject", "0", "has no mind to"},
	{"fail", "0", "broke at 0"},
	{"silent", "0", "() failed and gave no reason"},
	{"bad-weight", "0", "gave the update of client 0 the weight"},
};
static const char *const wrong_paths[] = {FIXTURE("misbehave_stream"), FIXTURE("misbehave_columns"),
                                          FIXTURE("misbehave_reduce")};

START_TEST(wrong_steps_are_refused)
{
	const size_t w = (size_t)_i / COUNT(wrong_paths), p = (size_t)_i % COUNT(wrong_paths);
	struct fed_instance instance;
	struct fed_aggregation a;
	struct fed_error err = {{0}};

	make_instance(registry, wrong_paths[p], &instance, "how", wrongs[w].how, "at", wrongs[w].at);
	ck_ok(begin_and_add(&a, &instance, DIM, NULL, &err));
	const int rc = fed_aggregation_finish(&a, out, &err);
	if (p == 1 && strcmp(wrongs[w].how, "bad-weight") == 0) {
		ck_ok(rc); /* the coordinate-wise form gives no verdicts */
	} else {
		ck_assert_int_eq(rc, FED_FAIL);
		ck_says(err.text, wrongs[w].words);
		ck_says(err.text, instance.entry->head->name);
	}
	fed_aggregation_release(&a);
	fed_instance_release(&instance);
}
END_TEST

START_TEST(of_many_bad_tiles_the_first_is_told)
{
	struct fed_instance instance;
	struct fed_aggregation a;
	struct fed_pool *pool;
	struct fed_error err;

	ck_ok(fed_pool_init(&pool, 4, 1, &err));
	make_instance(registry, FIXTURE("misbehave_columns"), &instance, "how", "fail", NULL, NULL);
	for (int round = 0; round < 50; round++) {
		ck_ok(begin_and_add(&a, &instance, DIM, pool, &err));
		ck_assert_int_eq(fed_aggregation_finish(&a, out, &err), FED_FAIL);
		ck_says(err.text, "broke at 0");
		fed_aggregation_release(&a);
	}
	fed_instance_release(&instance);
	fed_pool_free(pool);
}
END_TEST

START_TEST(a_wrong_add_is_refused)
{
	static const struct {
		const char *how, *words;
		int rc;
	} cases[] = {{"bad-code", "add() returned 7", FED_FAIL},
	             {"silent", "add() failed and gave no reason", FED_FAIL},
	             {"reject", "has no mind to", FED_REJECT}};
	const struct fed_round round = round_of(SOME);
	struct fed_update u = updates[0];
	struct fed_instance instance;
	struct fed_aggregation a;
	struct fed_error err;

	u.client = 99;
	make_instance(registry, FIXTURE("misbehave_stream"), &instance, "how", cases[_i].how, NULL,
	              NULL);
	ck_ok(fed_aggregation_begin(&a, &instance, &round, 2, NULL, &err));
	ck_assert_int_eq(fed_aggregation_add(&a, &u, &err), cases[_i].rc);
	ck_says(err.text, cases[_i].words);
	ck_assert_uint_eq(a.n, 0);
	fed_aggregation_release(&a);
	fed_instance_release(&instance);
}
END_TEST

START_TEST(all_filtered_have_no_weight)
{
	struct fed_instance instance;
	struct fed_aggregation a;
	struct fed_error err;

	make_instance(registry, FIXTURE("misbehave_reduce"), &instance, "how", "none", NULL, NULL);
	ck_ok(begin_and_add(&a, &instance, SOME, NULL, &err));
	ck_ok(fed_aggregation_finish(&a, out, &err));
	for (size_t i = 0; i < a.n; i++)
		ck_assert(a.verdict[i].weight == 0 && !a.verdict[i].used);
	fed_aggregation_release(&a);
	fed_instance_release(&instance);
}
END_TEST

START_TEST(plans_are_checked)
{
	static const struct {
		const char *at, *words;
	} cases[] = {{"1", "plans 0 epochs"},
	             {"2", "plans batches of -1"},
	             {"3", "plans the learning rate nan"},
	             {"4", "plans the momentum 1"},
	             {"5", "plans the weight decay -1"},
	             {"0", NULL}};
	const struct fed_plan asked = {.epochs = 5, .batch = 10, .lr = 0.1, .momentum = 0.5};
	struct fed_plan plan = asked;
	struct fed_instance instance;
	struct fed_error err;

	make_instance(registry, FIXTURE("misbehave_stream"), &instance, "at", cases[_i].at, NULL, NULL);
	const int rc = fed_call_plan(&instance, &plan, &err);
	if (cases[_i].words) {
		ck_assert_int_eq(rc, FED_FAIL);
		ck_says(err.text, cases[_i].words);
		ck_assert(plan.epochs == 5 && plan.batch == 10 && plan.momentum == 0.5);
	} else {
		ck_ok(rc);
		ck_assert(plan.epochs == 1 && plan.batch == 0);
	}
	fed_instance_release(&instance);
}
END_TEST

START_TEST(state_lives_across_rounds)
{
	struct fed_instance instance;
	struct fed_aggregation a;
	struct fed_error err;
	double expected = 0, sum = 0;

	for (size_t i = 0; i < CLIENTS; i++)
		sum += delta[i][7];
	make_instance(registry, FIXTURE("keeper"), &instance, NULL, NULL, NULL, NULL);
	ck_ok(fed_instance_size(&instance, SOME, &err));
	for (int round = 1; round <= 4; round++) {
		ck_ok(begin_and_add(&a, &instance, SOME, NULL, &err));
		ck_ok(fed_aggregation_finish(&a, out, &err));
		fed_aggregation_release(&a);
		expected = 0.5 * expected + sum;
		ck_assert_double_eq_tol(out[7], expected, 1e-5);
		ck_assert(fed_instance_broadcast(&instance, 0)[7] == round);
	}
	fed_instance_release(&instance);
}
END_TEST

static int aggregate(void *ctx, struct fed_error *err)
{
	struct fed_aggregation a;

	int rc = begin_and_add(&a, ctx, SOME, NULL, err);
	if (rc == FED_OK)
		rc = fed_aggregation_finish(&a, out, err);
	fed_aggregation_release(&a);
	return rc;
}

START_TEST(survives_lack_of_memory)
{
	static const char *const paths[] = {FIXTURE("mean_columns"), FIXTURE("mean_reduce")};
	struct fed_instance instance;

	for (size_t i = 0; i < COUNT(paths); i++) {
		make_instance(registry, paths[i], &instance, NULL, NULL, NULL, NULL);
		ck_assert_uint_ge(fed_each_allocation(aggregate, &instance), 5);
		fed_instance_release(&instance);
	}
}
END_TEST

/* A builder of the test's own: only what the fixture calls. */
static int take_dense(struct fed_builder *b, uint32_t units, struct fed_error *err)
{
	(void)err;
	b->outputs = units;
	return FED_OK;
}

static int take_loss(struct fed_builder *b, enum fed_loss loss, struct fed_error *err)
{
	(void)err;
	b->classes = loss;
	return FED_OK;
}

START_TEST(models_are_built)
{
	static const struct {
		const char *units, *words;
	} cases[] = {{"10", NULL},
	             {"13", "model builder: 13 units bring bad luck"},
	             {"7", "model builder: build() returned 7"}};
	struct fed_builder builder = {.size = sizeof builder, .dense = take_dense, .loss = take_loss};
	struct fed_instance instance;
	struct fed_error err;

	make_instance(registry, FIXTURE("builder"), &instance, "units", cases[_i].units, NULL, NULL);
	const int rc = fed_call_build(&instance, &builder, &err);
	ck_assert_int_eq(rc, cases[_i].words ? FED_FAIL : FED_OK);
	if (cases[_i].words)
		ck_says(err.text, cases[_i].words);
	else
		ck_assert(builder.outputs == 10 && builder.classes == FED_LOSS_SQUARED);
	fed_instance_release(&instance);
}
END_TEST

FED_SUITE(aggregation)
{
	Suite *suite = suite_create("aggregation");
	TCase *tests = tcase_create("aggregation");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, forms_give_the_mean, 0, COUNT(forms));
	tcase_add_test(tests, streaming_refuses_an_update_and_takes_notes);
	tcase_add_test(tests, begin_may_refuse_a_round);
	tcase_add_loop_test(tests, wrong_steps_are_refused, 0, COUNT(wrongs) * COUNT(wrong_paths));
	tcase_add_test(tests, of_many_bad_tiles_the_first_is_told);
	tcase_add_loop_test(tests, a_wrong_add_is_refused, 0, 3);
	tcase_add_test(tests, all_filtered_have_no_weight);
	tcase_add_loop_test(tests, plans_are_checked, 0, 6);
	tcase_add_test(tests, state_lives_across_rounds);
	tcase_add_test(tests, survives_lack_of_memory);
	tcase_add_loop_test(tests, models_are_built, 0, 3);
	suite_add_tcase(suite, tests);
	return suite;
}
