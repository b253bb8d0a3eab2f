/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rules that serve clients one by one: FedRep, Ditto, IFCA, q-FFL.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "session/small.h"
#include "support/suite.h"

static const char composed[] = "dataset blobs classes=3 train=300 test=30 spread=1.5;"
							   "model mlp hidden=6;set holdout 0.25;add 5 noniid 24;set lr 0.05";
enum { BODY = 2 * 6 + 6, HEAD = 6 * 3 + 3, DIM = BODY + HEAD };

static void begin(struct fed_session *s, const char *lines)
{
	small_init(s, NULL);
	small_do(s, composed);
	if (*lines)
		small_do(s, lines);
}

static void same_model(const char *a, const char *b)
{
	struct fed_session x, y;

	begin(&x, a);
	begin(&y, b);
	small_do(&x, "round 3");
	small_do(&y, "round 3");
	ck_assert_mem_eq(fed_session_params(&x), fed_session_params(&y), DIM * sizeof(float));
	ck_assert_double_eq(small_last(&x)->train_loss, small_last(&y)->train_loss);
	fed__session_release(&x);
	fed__session_release(&y);
}

START_TEST(limits_are_federated_averaging)
{
	same_model("aggregator fedavg", "aggregator ifca k=1");
	same_model("aggregator fedavg", "aggregator ditto lambda=3");
	same_model("set momentum 0.5", "set momentum 0.5;aggregator ditto lambda=3 own-epochs=2");
	same_model("set weighting equal", "set weighting equal;aggregator q-ffl q=0");
}
END_TEST

/* With lambda 0 a client's own model is what it makes of its examples alone; with a huge one and a
 * small learning rate it stays at the global model. */
START_TEST(ditto_trains_a_model_beside)
{
	struct fed_session s, alone;

	begin(&s, "aggregator ditto lambda=0;set momentum 0.3;round 3");
	for (uint32_t id = 0; id < 5; id++) {
		char line[64];

		begin(&alone, "set momentum 0.3");
		for (uint32_t other = 0; other < 5; other++) {
			snprintf(line, sizeof line, "remove %u", other);
			if (other != id)
				small_do(&alone, line);
		}
		small_do(&alone, "round 3");
		for (size_t j = 0; j < DIM; j++)
			ck_assert_float_eq_tol(small_client(&s, id)->kept->vector[0][j],
			                       fed_session_params(&alone)[j], 2e-6);
		fed__session_release(&alone);
	}
	fed__session_release(&s);

	begin(&s, "set lr 0.001;aggregator ditto lambda=500;round 2");
	const float *x = fed_session_params(&s);
	for (size_t j = 0; j < DIM; j++)
		ck_assert_float_eq_tol(small_client(&s, 0)->kept->vector[0][j], x[j], 0.02);
	fed__session_release(&s);
}
END_TEST

/* The head is trained on the received body, and the body under the trained head: what the two
 * phases leave fixed is what other sessions have with one of the two alone. */
START_TEST(fedrep_trains_the_head_then_the_body)
{
	struct fed_session rep, head;

	begin(&rep, "set local-layers last:1;aggregator fedrep head-epochs=2;round 1");
	/* the head alone: the body is local, too, but for a learning rate of the body that is none */
	begin(&head, "set local-layers last:1;aggregator fedrep head-epochs=2;set epochs 1;round 1");
	ck_assert_mem_eq(fed_session_params(&rep), fed_session_params(&head), DIM * sizeof(float));
	for (uint32_t id = 0; id < 5; id++)
		ck_assert_mem_eq(small_client(&rep, id)->own->vector[0],
		                 small_client(&head, id)->own->vector[0], HEAD * sizeof(float));
	fed__session_release(&head);
	/* more epochs of the body change no head of this round */
	begin(&head, "set local-layers last:1;aggregator fedrep head-epochs=2;set epochs 4;round 1");
	ck_assert_mem_ne(fed_session_params(&rep), fed_session_params(&head), BODY * sizeof(float));
	for (uint32_t id = 0; id < 5; id++)
		ck_assert_mem_eq(small_client(&rep, id)->own->vector[0],
		                 small_client(&head, id)->own->vector[0], HEAD * sizeof(float));
	fed__session_release(&head);
	fed__session_release(&rep);
	begin(&rep, "aggregator fedrep");
	small_refuses(&rep, "round 1", "local-layers");
	fed__session_release(&rep);
}
END_TEST

/* Mean loss of a model on a client's training examples, by a net of its own. */
static double loss_of(const struct fed_session *s, const struct fed_client *c, const float *params)
{
	const struct fed_net *net = &fed_session_parts(s)->net;
	struct fed_workspace w;
	struct fed_error err;
	int32_t label[64];

	fed_assert_ok(fed_workspace_init(&w, net, 0, net->layers, 64, false, &err), &err);
	fed_dataset_gather(fed_session_parts(s)->data, c->examples, c->count,
	                   c->shifted ? &c->shift : NULL, fed_workspace_input(&w), label, NULL);
	const float *y = fed_net_forward(&w, params, c->count);
	const double loss = fed_net_loss(net, y, label, NULL, c->count, 0, NULL, NULL);
	fed_workspace_release(&w);
	return loss / c->count;
}

/* Clients take the model with the least loss; each model is the mean of those that took it. */
START_TEST(ifca_lets_clients_choose)
{
	struct fed_session s, before;
	unsigned taken[3] = {0};

	begin(&before, "aggregator ifca k=3;round 1");
	begin(&s, "aggregator ifca k=3;round 2");
	for (uint32_t id = 0; id < 5; id++) {
		const struct fed_client *c = small_client(&s, id);
		double least = INFINITY;
		uint32_t best = 0;

		for (uint32_t k = 0; k < 3; k++) {
			float x[DIM];

			memcpy(x, fed_session_params(&before), sizeof x);
			for (size_t j = 0; k && j < DIM; j++)
				x[j] = (float)fed_instance_broadcast(&before.parts.aggregator, k - 1)[j];
			const double loss = loss_of(&before, small_client(&before, id), x);
			if (loss < least) {
				least = loss;
				best = k;
			}
		}
		ck_assert_uint_eq(c->model, best + 1);
		taken[best]++;
	}
	ck_assert_uint_gt(taken[0] + taken[1] + taken[2] - fmax(taken[0], fmax(taken[1], taken[2])), 0);
	for (uint32_t k = 1; k < 3; k++)
		ck_assert((memcmp(fed_instance_broadcast(&s.parts.aggregator, k - 1),
		                  fed_instance_broadcast(&before.parts.aggregator, k - 1),
		                  DIM * sizeof(double)) != 0) == (taken[k] > 0));
	ck_assert_double_eq(small_last(&s)->bytes_down, 5 * (64.0 + 3 * 4 * DIM));
	ck_assert_double_eq(small_last(&s)->bytes_up, 5 * (64.0 + 4 * DIM));
	small_refuses(&s, "aggregator ifca k=9", "8");
	small_do(&s, "set local-layers last:1");
	small_refuses(&s, "round 1", "local-layers none");
	small_do(&s, "set local-layers none;scheme async");
	small_refuses(&s, "round 1", "scheme sync");
	fed__session_release(&before);
	fed__session_release(&s);
}
END_TEST

/* The paper's formula, computed from the updates and losses. */
START_TEST(q_ffl_follows_its_formula)
{
	static const double q = 1.5, lipschitz = 1 / 0.05;
	struct fed_session s;
	double sum[DIM] = {0}, h = 0;
	float x[DIM];

	begin(&s, "aggregator q-ffl q=1.5;round 1");
	memcpy(x, fed_session_params(&s), sizeof x);
	small_do(&s, "round 1");
	const struct fed_verdicts *g = &fed_session_federation(&s)->verdicts;
	ck_assert_uint_eq(g->n, 5);
	for (size_t i = 0; i < g->n; i++) {
		const float *d = g->of[i].update->vector[0];
		const double loss = loss_of(&s, small_client(&s, g->of[i].client), x);
		double square = 0;

		for (size_t j = 0; j < DIM; j++) {
			const double big = -lipschitz * (double)d[j]; /* L (x - x_i) */
			sum[j] += pow(loss, q) * big;
			square += big * big;
		}
		h += q * pow(loss, q - 1) * square + lipschitz * pow(loss, q);
	}
	for (size_t j = 0; j < DIM; j++)
		ck_assert_double_eq_tol((double)fed_session_params(&s)[j], (double)x[j] - sum[j] / h, 1e-6);
	ck_assert_double_eq(small_last(&s)->bytes_up, 5 * (64.0 + 4 + 4 * DIM));
	small_do(&s, "scheme async");
	small_refuses(&s, "round 1", "scheme sync");
	fed__session_release(&s);
}
END_TEST

/* Without q there is no L; a loss whose power is beyond a float is refused, and the round is not.
 */
START_TEST(q_ffl_at_its_ends)
{
	struct fed_session s;

	begin(&s, "set lr 0;aggregator q-ffl q=0;round 1");
	fed__session_release(&s);
	begin(&s, "set lr 5;round 2;aggregator q-ffl q=100");
	small_refuses(&s, "round 1", "no update of 5 clients was accepted");
	fed__session_release(&s);
}
END_TEST

static const char *const ways[] = {
	"aggregator ditto;set codec top-k:0.3;inject lossy 1 p=0.5",
	"aggregator ditto;scheme async concurrency=3",
	"set local-layers last:1;aggregator fedrep;inject corrupt 2 p=0.5;set codec int8",
	"set local-layers first:1;aggregator fedrep head-epochs=1;scheme async concurrency=3",
	"aggregator ifca k=3;inject byzantine 1 attack=gaussian;set codec up=top-k:0.3,down=fp16",
	"aggregator ifca k=2;inject late 0-4 versions=1 p=0.4;inject duplicate 3 p=1",
	"aggregator q-ffl;inject late 0-4 versions=1 p=0.4;inject corrupt 2 p=0.5",
};

START_TEST(threads_snapshots_and_aborts_keep_the_bits)
{
	struct fed_session one, two;
	struct fed_text snapshot = {0};
	struct fed_error err;
	char lines[256];

	snprintf(lines, sizeof lines, "set threads 1;%s", ways[_i]);
	begin(&one, lines);
	snprintf(lines, sizeof lines, "set threads 2;%s", ways[_i]);
	begin(&two, lines);
	const bool async = strstr(ways[_i], "async");
	small_do(&one, "round 4");
	small_do(&two, async ? "round 2;step 1;abort;step 1" : "round 2;step 9;abort;step 7");
	fed_assert_ok(fed_snapshot_take_apart(&two, &snapshot, NULL, 1 << 24, &err), &err);
	small_do(&two, "abort;round 1;set lr 0.01;round 1");
	fed_assert_ok(fed_snapshot_restore(&two, &snapshot, &err), &err);
	fed_text_release(&snapshot);
	small_do(&two, "continue;round 1");
	small_same(&one, &two);
	for (uint32_t id = 0; id < 5; id++) {
		const struct fed_client *a = small_client(&one, id), *b = small_client(&two, id);
		const struct fed_client_evaluation x = fed_client_evaluation(&one.parts.clients, id),
										   y = fed_client_evaluation(&two.parts.clients, id);

		ck_assert_uint_eq(a->model, b->model);
		ck_assert(!a->kept == !b->kept);
		if (a->kept)
			ck_assert_mem_eq(a->kept->vector[0], b->kept->vector[0], DIM * sizeof(float));
		ck_assert(x.accuracy == y.accuracy);
		ck_assert((isnan(x.own_accuracy) && isnan(y.own_accuracy)) ||
		          x.own_accuracy == y.own_accuracy);
	}
	fed__session_release(&one);
	fed__session_release(&two);
}
END_TEST

FED_SUITE(personal)
{
	Suite *suite = suite_create("personal");
	TCase *tests = tcase_create("personal");

	tcase_add_test(tests, limits_are_federated_averaging);
	tcase_add_test(tests, ditto_trains_a_model_beside);
	tcase_add_test(tests, fedrep_trains_the_head_then_the_body);
	tcase_add_test(tests, ifca_lets_clients_choose);
	tcase_add_test(tests, q_ffl_follows_its_formula);
	tcase_add_test(tests, q_ffl_at_its_ends);
	tcase_add_loop_test(tests, threads_snapshots_and_aborts_keep_the_bits, 0,
	                    sizeof ways / sizeof *ways);
	suite_add_tcase(suite, tests);
	return suite;
}
