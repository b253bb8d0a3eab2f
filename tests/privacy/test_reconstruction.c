/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inputs recovered from what clients send: exactly through a dense layer; the slope of the matching
 * against differences; decoders and matching against the mean of the public examples; noise; words.
 */
#include "privacy/reconstruction.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "privacy/decoder.h"
#include "privacy/gradient_inversion.h"
#include "session/small.h"

/* Images of the test set, which are the public examples. */
#if FED_SANITIZED
#define PUBLIC "60"
#else
#define PUBLIC "300"
#endif
#define GLYPHS "dataset glyphs train=300 test=" PUBLIC ";"

/* Enough steps for a good picture; under a sanitizer some, and any picture will do. */
static uint32_t steps(uint32_t enough)
{
	return FED_SANITIZED ? 4 : enough;
}

static struct fed_reconstruction peek(struct fed_session *s, struct fed_reconstruction_plan plan)
{
	struct fed_reconstruction k;
	struct fed_error err;

	plan.batch += plan.batch == 0;
	plan.steps += plan.steps == 0;
	fed_assert_ok(fed_reconstruction_make(&k, s, &plan, &err), &err);
	return k;
}

/* From an update ------------------------------------------------------------------------- */

START_TEST(a_dense_layer_gives_all_away)
{
	static const char *const models[] = {
		GLYPHS "model softmax;add 3 iid 20",
		GLYPHS "model mlp hidden=30,20;add 3 iid 20;round 2",
		GLYPHS "model mlp hidden=30;add 3 feature 20", /* inputs as the client sees them */
		"dataset linear d=7;model mlp hidden=9;add 3 iid 20",
		"dataset blobs;model mlp;add 3 iid 20;round 1",
	};
	struct fed_session s;

	small_init(&s, NULL);
	small_do(&s, models[_i]);
	for (uint32_t example = 0; example < 5; example++) {
		struct fed_reconstruction k =
			peek(&s, (struct fed_reconstruction_plan){
						 .client = 1, .example = example, .from = FED_RECONSTRUCTION_UPDATE});

		ck_assert_int_eq(k.how, FED_RECONSTRUCTION_EXACT);
		for (size_t j = 0; j < fed_shape_size(&k.shape); j++)
			ck_assert_float_eq_tol(k.recovered[j], k.original[j], 2e-5f);
		ck_assert_double_gt(k.guess[0], 1e-3);
		fed_reconstruction_release(&k);
	}
	fed__session_release(&s);
}
END_TEST

/* The model ends where the layers do; D at x, of a net that is smooth. */
static double distance_at(const struct fed_gradient_match_state *m, const float *x)
{
	float unused[64];
	struct fed_error err;
	double d;

	fed_assert_ok(fed__gradient_match_state_slope(m, x, &d, unused, &err), &err);
	return d;
}

START_TEST(the_slope_is_that_of_the_distance)
{
	enum { INPUTS = 6, BATCH = 2 };
	const struct fed_shape shape = {.rank = 1, .dim = {INPUTS}};
	struct fed_stream r = fed_stream_open(4, FED_FOR_OBSERVER, 0, 0);
	const int32_t label[BATCH] = {2, 0};
	struct fed_net_builder storage;
	struct fed_net net;
	struct fed_error err;
	float x[INPUTS * BATCH], dx[INPUTS * BATCH], largest = 0;
	double unused;

	fed_net_init(&net, &shape, 3, 3);
	struct fed_builder *b = fed_net_builder(&storage, &net);
	ck_assert(!b->dense(b, 8, &err) && !b->tanh(b, &err) && !b->dense(b, 3, &err) &&
	          !b->loss(b, FED_LOSS_CROSS_ENTROPY, &err));
	fed_assert_ok(fed_net_finish(&net, &err), &err);

	float *params = fed_alloc_floats(net.dim), *seen = fed_alloc_floats(net.dim);
	fed_net_init_params(&net, params, 3);
	for (size_t j = 0; j < net.dim; j++)
		seen[j] = (float)fed_stream_normal(&r);
	for (size_t j = 0; j < INPUTS * BATCH; j++)
		x[j] = (float)fed_stream_normal(&r);
	const struct fed_gradient_match_state m = {
		.net = &net, .params = params, .gradient = seen, .label = label, .batch = BATCH};
	fed_assert_ok(fed__gradient_match_state_slope(&m, x, &unused, dx, &err), &err);
	for (size_t j = 0; j < INPUTS * BATCH; j++)
		largest = fmaxf(largest, fabsf(dx[j]));
	for (size_t j = 0; j < INPUTS * BATCH; j++) {
		const float at = x[j];

		x[j] = at + 0.01f;
		const double above = distance_at(&m, x);
		x[j] = at - 0.01f;
		const double below = distance_at(&m, x);
		x[j] = at;
		ck_assert_double_eq_tol(dx[j], (above - below) / 0.02, 0.02 * largest);
	}
	fed_free_floats(params);
	fed_free_floats(seen);
	fed_net_release(&net);
}
END_TEST

START_TEST(matching_finds_pictures)
{
	static const char *const models[] = {"model lenet",
	                                     "model cnn filters1=16 filters2=32 units=128"};
	const uint32_t batch = _i ? 1 : 2;
	struct fed_session s;

	small_init(&s, NULL);
	small_do(&s, "dataset glyphs train=300 test=" PUBLIC);
	small_do(&s, models[_i]);
	small_do(&s, "add 2 iid 20;round 1");

	struct fed_reconstruction k =
		peek(&s, (struct fed_reconstruction_plan){.client = 0,
	                                              .example = 3,
	                                              .from = FED_RECONSTRUCTION_UPDATE,
	                                              .batch = batch,
	                                              .steps = steps(120)});
	ck_assert_int_eq(k.how, FED_RECONSTRUCTION_MATCHING);
	ck_assert_uint_eq(k.steps, steps(120));
	ck_assert(!k.stopped);
	ck_assert_double_lt(k.distance, FED_SANITIZED ? 1 : 0.1);
	for (uint32_t i = 0; i < batch; i++)
		ck_assert_double_lt(k.mse[i], FED_SANITIZED ? INFINITY : 0.8 * k.guess[i]);
	fed_reconstruction_release(&k);
	fed__session_release(&s);
}
END_TEST

/* From smashed data ---------------------------------------------------------------------- */

START_TEST(decoders_draw_better_than_the_mean)
{
	static const struct {
		const char *model;
		size_t cut;
		double share; /* of the mean's error that is left, at most */
	} cases[] = {
		{"model mlp hidden=100", 1, 0.1},
		{"model mlp hidden=100", 2, 0.8},
		{"model lenet", 1, 0.1},
		{"model lenet", 3, 0.25},
		{"model lenet", 6, 0.6},
		{"model lenet", 7, 0.6}, /* the same, flattened */
		{"model cnn filters1=4 filters2=8 units=32", 3, 0.5},
	};
	struct fed_session s;
	double error = 0, guess = 0;

	small_init(&s, NULL);
	small_do(&s, "dataset glyphs train=300 test=" PUBLIC);
	small_do(&s, cases[_i].model);
	small_do(&s, "add 2 iid 20");
	for (uint32_t example = 0; example < 2; example++) {
		struct fed_reconstruction k =
			peek(&s, (struct fed_reconstruction_plan){.client = 1,
		                                              .example = example,
		                                              .from = FED_RECONSTRUCTION_SMASHED,
		                                              .cut = cases[_i].cut,
		                                              .steps = steps(120)});

		ck_assert_int_eq(k.how, FED_RECONSTRUCTION_DECODER);
		ck_assert_uint_eq(k.publics, atoi(PUBLIC));
		error += k.mse[0];
		guess += k.guess[0];
		fed_reconstruction_release(&k);
	}
	ck_assert_double_lt(error, FED_SANITIZED ? INFINITY : cases[_i].share * guess);
	fed__session_release(&s);
}
END_TEST

/* Both ----------------------------------------------------------------------------------- */

START_TEST(noise_dissolves_the_picture)
{
	static const char *const noise[2][4] = {{"0", "0.3", "1", "4"},
	                                        {"0", "0.0001", "0.001", "0.01"}};
	const enum fed_reconstruction_source from =
		_i ? FED_RECONSTRUCTION_UPDATE : FED_RECONSTRUCTION_SMASHED;
	struct fed_session s;
	double before = -1;

	small_init(&s, NULL);
	small_do(&s, GLYPHS "model mlp hidden=50;add 2 iid 20");
	for (int n = 0; n < 4; n++) {
		struct fed_error err;
		double error = 0;

		fed_assert_ok(fed_session_set(&s, "noise", noise[_i][n], &err), &err);
		for (uint32_t example = 0; example < (FED_SANITIZED ? 1 : 2); example++) {
			struct fed_reconstruction k =
				peek(&s, (struct fed_reconstruction_plan){
							 .example = example, .from = from, .cut = 1, .steps = steps(100)});
			error += k.mse[0];
			fed_reconstruction_release(&k);
		}
		ck_assert_double_gt(error, FED_SANITIZED ? -1 : before);
		before = error;
	}
	fed__session_release(&s);
}
END_TEST

/* The codec passes on less, too. */
START_TEST(updates_travel_under_their_codec)
{
	struct fed_session s;
	const struct fed_reconstruction_plan plan = {.from = FED_RECONSTRUCTION_UPDATE};

	small_init(&s, NULL);
	small_do(&s, GLYPHS "model mlp hidden=50;add 2 iid 20;set codec int8");
	struct fed_reconstruction k = peek(&s, plan);
	ck_assert_double_gt(k.mse[0], 1e-9);
	ck_assert_double_lt(k.mse[0], 0.5 * k.guess[0]);
	fed_reconstruction_release(&k);
	fed__session_release(&s);
}
END_TEST

START_TEST(threads_change_nothing)
{
	struct fed_reconstruction k[2];

	for (int i = 0; i < 2; i++) {
		struct fed_session s;

		small_init(&s, NULL);
		small_do(&s, i ? "set threads 1" : "set threads 4");
		small_do(&s, GLYPHS "model lenet;add 2 iid 20;set noise 0.01;round 1");
		k[i] = peek(&s, (struct fed_reconstruction_plan){.client = 1,
		                                                 .from = _i ? FED_RECONSTRUCTION_UPDATE
		                                                            : FED_RECONSTRUCTION_SMASHED,
		                                                 .cut = 3,
		                                                 .steps = steps(10)});
		fed__session_release(&s);
	}
	ck_assert_mem_eq(k[0].recovered, k[1].recovered, 784 * sizeof(float));
	fed_reconstruction_release(&k[0]);
	fed_reconstruction_release(&k[1]);
}
END_TEST

START_TEST(an_interrupt_shows_what_there_is)
{
	for (int from = FED_RECONSTRUCTION_SMASHED; from <= FED_RECONSTRUCTION_UPDATE; from++) {
		struct fed_session s;

		small_init(&s, NULL);
		small_do(&s, GLYPHS "model lenet;add 2 iid 20");
		fed_session_interrupt(&s);
		struct fed_reconstruction k =
			peek(&s, (struct fed_reconstruction_plan){
						 .from = (enum fed_reconstruction_source)from, .cut = 3, .steps = 50});
		ck_assert(k.stopped);
		ck_assert_uint_le(k.steps, 1);
		ck_assert(isfinite(k.mse[0]));
		fed_reconstruction_release(&k);
		fed__session_release(&s);
	}
}
END_TEST

#define VERTICAL "model mlp hidden=60,10 parts=0-391,392-783;scheme vertical;add 3 iid 100"

/* A party's own columns, from its own share of the cut; of the others nothing is drawn. */
START_TEST(a_party_gives_its_own_columns_away)
{
	struct fed_session s;

	small_init(&s, NULL);
	small_do(&s, GLYPHS VERTICAL);
	for (uint32_t client = 0; client < 2; client++) {
		struct fed_reconstruction k = peek(
			&s, (struct fed_reconstruction_plan){.client = client, .cut = 2, .steps = steps(150)});

		ck_assert(k.party);
		ck_assert_uint_eq(k.columns.first, client * 392);
		ck_assert_uint_eq(k.columns.last, client * 392 + 391);
		for (uint32_t j = 0; j < 784; j++)
			if (j < k.columns.first || j > k.columns.last) {
				ck_assert_float_eq(k.original[j], k.mean[j]);
				ck_assert_float_eq(k.recovered[j], k.mean[j]);
			}
		if (!FED_SANITIZED)
			ck_assert_double_lt(k.mse[0], 0.8 * k.guess[0]);
		fed_reconstruction_release(&k);
	}
	fed__session_release(&s);
}
END_TEST

static const struct {
	const char *lines;
	struct fed_reconstruction_plan plan;
	const char *says;
} refused[] = {
	{GLYPHS "model mlp;add 2 iid 20", {.client = 2, .batch = 1}, "no client 2; there are 2"},
	{GLYPHS "model mlp;add 2 iid 20", {.example = 20, .batch = 1}, "has 20 examples, 0 to 19"},
	{GLYPHS "model mlp;add 2 iid 20", {.example = 16, .batch = 5}, "5 from 16 on"},
	{GLYPHS "model mlp;add 2 iid 20", {.cut = 99, .batch = 1}, "no cut 99"},
	{GLYPHS "model mlp;add 2 iid 20;set lr 0",
     {.from = FED_RECONSTRUCTION_UPDATE, .batch = 1},
     "learning rate is 0"},
	{"dataset glyphs train=300 test=9;model mlp;add 2 iid 20",
     {.from = FED_RECONSTRUCTION_UPDATE, .batch = 1},
     "9 public examples"},
	{GLYPHS VERTICAL, {.client = 2, .cut = 2, .batch = 1}, "client 2 is no party"},
	{GLYPHS VERTICAL, {.cut = 4, .batch = 1}, "cuts 2 to 3 of this model do"},
	{GLYPHS VERTICAL, {.from = FED_RECONSTRUCTION_UPDATE, .batch = 1}, "sends no update"},
	{"dataset markov users=20;model gru;add 2 natural 1", {.cut = 1, .batch = 1}, "are texts"},
};

START_TEST(refusals_have_words)
{
	struct fed_session s;
	struct fed_reconstruction k;
	struct fed_error err;

	small_init(&s, NULL);
	small_do(&s, refused[_i].lines);
	ck_assert_int_eq(fed_reconstruction_make(&k, &s, &refused[_i].plan, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, refused[_i].says) != NULL, "%s", err.text);
	ck_assert_ptr_null(k.original);
	fed__session_release(&s);
}
END_TEST

struct attempt {
	struct fed_session s;
	struct fed_reconstruction_plan plan;
};

static int try_peek(void *ctx, struct fed_error *err)
{
	struct attempt *a = ctx;
	struct fed_reconstruction k;

	const int rc = fed_reconstruction_make(&k, &a->s, &a->plan, err);
	fed_reconstruction_release(&k);
	return rc;
}

START_TEST(every_allocation_may_fail)
{
	static const struct fed_reconstruction_plan plans[] = {
		{.from = FED_RECONSTRUCTION_SMASHED, .cut = 1, .batch = 1, .steps = 2},
		{.from = FED_RECONSTRUCTION_UPDATE, .batch = 1, .steps = 2},
		{.from = FED_RECONSTRUCTION_UPDATE, .batch = 2, .steps = 2},
	};
	struct attempt a = {.plan = plans[_i]};
	struct fed_error err;

	small_init(&a.s, NULL);
	small_do(&a.s, "set threads 1;dataset blobs;model mlp hidden=9;add 2 iid 20;set codec fp16");
	fed_assert_ok(fed_session_start(&a.s, &err), &err);
	ck_assert_uint_ge(fed_each_allocation(try_peek, &a), 8);
	fed__session_release(&a.s);
}
END_TEST

static void nothing_is_left(void)
{
	ck_assert_int_eq(fed__mem_live(), 0);
}

FED_SUITE(reconstruction)
{
	Suite *suite = suite_create("peek");
	TCase *tests = tcase_create("peek");

	tcase_add_checked_fixture(tests, NULL, nothing_is_left);
	tcase_add_loop_test(tests, a_dense_layer_gives_all_away, 0, 5);
	tcase_add_test(tests, the_slope_is_that_of_the_distance);
	tcase_add_loop_test(tests, matching_finds_pictures, 0, 2);
	tcase_add_loop_test(tests, decoders_draw_better_than_the_mean, FED_THREAD_SANITIZED ? 5 : 0, 7);
	tcase_add_test(tests, a_party_gives_its_own_columns_away);
	tcase_add_loop_test(tests, noise_dissolves_the_picture, 0, 2);
	tcase_add_test(tests, updates_travel_under_their_codec);
	tcase_add_loop_test(tests, threads_change_nothing, 0, 2);
	tcase_add_test(tests, an_interrupt_shows_what_there_is);
	tcase_add_loop_test(tests, refusals_have_words, 0, sizeof refused / sizeof *refused);
	tcase_add_loop_test(tests, every_allocation_may_fail, 0, 3);
	suite_add_tcase(suite, tests);
	return suite;
}
