/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Selection in rounds: what it changes, what it costs, and that a round that fails leaves nothing.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"
#include "train/lab.h"
#include "train/participants.h"
#include "train/schemes/schemes.h"

#define BLOBS "blobs train=600 test=60 classes=3"
#define FOREVER UINT64_MAX

enum { CLIENTS = 12, WANTED = 3, SAMPLES = 20 };

/* A federation with its costs, which begins. */
struct town {
	struct lab lab;
	struct fed_ledger ledger;
};

static void begin(struct town *t, const char *rule, const struct fed_scheme *scheme)
{
	memset(t, 0, sizeof *t);
	lab_compose(&t->lab, BLOBS, scheme == &fed_scheme_split ? "mlp hidden=5,4" : "softmax",
	            "fedavg", "local", CLIENTS, SAMPLES, FED_PARTITION_NONIID);
	t->lab.settings.participants = WANTED;
	lab_scheme(&t->lab, scheme, NULL, NULL);
	if (*rule)
		lab_select(&t->lab, rule);
}

static void start(struct town *t)
{
	lab_start(&t->lab);
	t->lab.federation.ledger = &t->ledger;
}

static void end(struct town *t)
{
	lab_release(&t->lab);
	fed_ledger_release(&t->ledger);
	ck_assert_int_eq(fed__mem_live(), 0);
}

static void same_models(const struct town *a, const struct town *b)
{
	ck_assert_uint_eq(a->lab.federation.net->dim, b->lab.federation.net->dim);
	ck_assert_mem_eq(a->lab.federation.params, b->lab.federation.params,
	                 a->lab.federation.net->dim * sizeof(float));
}

static const struct fed_scheme *const schemes[] = {&fed_scheme_sync, &fed_scheme_split};

/* The plugin `uniform` is what a session does without a rule. */
START_TEST(uniform_is_the_default)
{
	struct town bare, ruled;

	begin(&bare, "", schemes[_i]);
	begin(&ruled, "uniform", schemes[_i]);
	if (_i == 1) { /* without a rule, order=round-robin draws nothing */
		lab_scheme(&bare.lab, schemes[_i], "order", "random");
		lab_scheme(&ruled.lab, schemes[_i], "order", "random");
	}
	lab_inject(&bare.lab, "churn", 0, CLIENTS, 0, FOREVER);
	lab_inject(&ruled.lab, "churn", 0, CLIENTS, 0, FOREVER);
	start(&bare);
	start(&ruled);
	lab_run(&bare.lab, 4);
	lab_run(&ruled.lab, 4);
	same_models(&bare, &ruled);
	lab_release(&bare.lab);
	fed_ledger_release(&bare.ledger);
	end(&ruled);
}
END_TEST

static const char *const rules[] = {"uniform",
                                    "by-size",
                                    "round-robin",
                                    "power-of-choice d=6",
                                    "power-of-choice variant=last",
                                    "oort exploration=0.4"};

START_TEST(the_same_bits_on_any_threads)
{
	struct town one, two;

	begin(&one, rules[_i], &fed_scheme_sync);
	begin(&two, rules[_i], &fed_scheme_sync);
	one.lab.settings.threads = 1;
	two.lab.settings.threads = 2;
	start(&one);
	start(&two);
	lab_run(&one.lab, 5);
	lab_run(&two.lab, 5);
	same_models(&one, &two);
	ck_assert_double_eq(one.lab.federation.record.invited, WANTED);
	lab_release(&one.lab);
	fed_ledger_release(&one.ledger);
	end(&two);
}
END_TEST

/* Two clients whose sizes differ: the mean counts them alike under rules that prefer the large. */
START_TEST(rules_by_size_weigh_equally)
{
	struct town t;

	begin(&t, rules[_i], &fed_scheme_sync);
	lab_add(&t.lab, 4, 5, FED_PARTITION_IID, 1e9);
	t.lab.settings.participants = CLIENTS + 4;
	start(&t);
	lab_run(&t.lab, 1);
	const bool equal = _i == 1 || _i == 3 || _i == 4;
	const struct fed_verdicts *v = &t.lab.federation.verdicts;
	ck_assert_uint_eq(v->n, CLIENTS + 4);
	for (size_t i = 0; i < v->n; i++)
		ck_assert_double_eq(v->of[i].weighed, equal ? 1 : v->of[i].client < CLIENTS ? SAMPLES : 5);
	end(&t);
}
END_TEST

/* Power-of-choice in closed form: d models, d answers, m words to begin, m updates. */
START_TEST(loss_queries_are_charged)
{
	enum { D = 7 };
	struct town t;

	begin(&t, "power-of-choice d=7", &fed_scheme_sync);
	start(&t);
	lab_run(&t.lab, 1);
	const struct fed_federation *f = &t.lab.federation;
	const double model = (double)fed_frame_size(1, f->net->dim), word = FED_FRAME_BYTES;
	const double forward = fed_net_flops(f->net, 0, f->net->layers);
	ck_assert_double_eq(f->record.bytes_down, D * model + WANTED * word);
	ck_assert_double_eq(f->record.bytes_up, D * word + WANTED * model);
	ck_assert_double_eq(f->record.messages, 2 * D + 2 * WANTED);
	ck_assert_double_eq(f->record.client_flops, (D + 3 * WANTED) * forward * SAMPLES);
	ck_assert_double_eq(f->record.invited, WANTED);
	ck_assert_double_eq(f->record.reported, WANTED);
	/* the time of an evaluation, then that of a training: the links take none */
	ck_assert_double_eq_tol(f->record.clock, 4 * forward * SAMPLES / 1e9, 1e-12);
	end(&t);
}
END_TEST

/* The chosen are those with the highest loss at the model of the round. */
START_TEST(power_of_choice_finds_the_highest_losses)
{
	struct town t;
	double loss[CLIENTS];
	uint32_t higher = 0;

	begin(&t, "power-of-choice d=12", &fed_scheme_sync);
	start(&t);
	lab_run(&t.lab, 2);
	const struct fed_federation *f = &t.lab.federation;
	struct fed_error err = {""};
	fed_assert_ok(fed_federation_begin(&t.lab.federation, &err), &err);
	for (uint32_t i = 0; i < CLIENTS; i++)
		loss[i] = f->queries.of[i].loss;
	for (uint32_t i = 0; i < CLIENTS; i++) { /* the mean over its examples, one by one */
		double sum = 0, one, unused;

		for (uint32_t k = 0; k < SAMPLES; k++) {
			fed_assert_ok(fed__federation_evaluate(&t.lab.federation, f->params,
			                                       f->clients->client[i].examples[k], 1, &one,
			                                       &unused, &err),
			              &err);
			sum += one;
		}
		ck_assert_double_eq_tol(loss[i], sum / SAMPLES, 1e-5);
	}
	bool made = false;
	while (!made)
		fed_assert_ok(fed_federation_advance(&t.lab.federation, &made, &err), &err);
	double least = INFINITY;
	for (size_t k = 0; k < f->verdicts.n; k++)
		least = fmin(least, loss[f->verdicts.of[k].client]);
	for (uint32_t i = 0; i < CLIENTS; i++)
		higher += loss[i] > least;
	ck_assert_uint_eq(higher, WANTED - 1);
	end(&t);
}
END_TEST

/* A query that is lost leaves its candidate out; when all are lost the round fails and leaves
 * nothing. */
START_TEST(lost_queries_leave_candidates_out)
{
	struct town t;
	struct fed_error err = {""};

	begin(&t, "power-of-choice d=6", &fed_scheme_sync);
	const uint64_t some = lab_inject(&t.lab, "offline", 0, 6, 0, 2);
	ck_assert_uint_eq(some, 1);
	start(&t);
	lab_run(&t.lab, 2);
	for (size_t k = 0; k < t.lab.federation.verdicts.n; k++)
		ck_assert_uint_ge(t.lab.federation.verdicts.of[k].client, 6);
	ck_assert_double_eq(t.lab.federation.record.lost, 0);
	lab_inject(&t.lab, "offline", 0, CLIENTS, 2, FOREVER);
	float *before = fed_alloc_floats(t.lab.federation.net->dim);
	memcpy(before, t.lab.federation.params, t.lab.federation.net->dim * sizeof *before);
	ck_assert_int_eq(fed_federation_round(&t.lab.federation, &err), FED_FAIL);
	ck_assert_str_eq(err.text, "selection power-of-choice: no candidate answered");
	ck_assert_mem_eq(before, t.lab.federation.params, t.lab.federation.net->dim * sizeof *before);
	ck_assert_uint_eq(t.lab.federation.version, 2);
	fed_free_floats(before);
	end(&t);
}
END_TEST

/* A round that is aborted between queries and answers, or later, is made again to the same bits. */
START_TEST(an_aborted_round_is_made_again)
{
	struct town straight, aborted;
	struct fed_error err = {""};

	begin(&straight, rules[_i], &fed_scheme_sync);
	begin(&aborted, rules[_i], &fed_scheme_sync);
	start(&straight);
	start(&aborted);
	lab_run(&straight.lab, 4);
	lab_run(&aborted.lab, 2);
	for (int steps = 0; steps < 12; steps++) {
		bool made = false;

		fed_assert_ok(fed_federation_begin(&aborted.lab.federation, &err), &err);
		for (int k = 0; k < steps && !made; k++)
			fed_assert_ok(fed_federation_advance(&aborted.lab.federation, &made, &err), &err);
		if (made)
			break;
		fed_federation_abort(&aborted.lab.federation, "a test");
	}
	while (aborted.lab.federation.version < 4)
		lab_run(&aborted.lab, 1);
	same_models(&straight, &aborted);
	for (uint32_t id = 0; id < CLIENTS; id++) {
		const struct fed_participation *a = fed_ledger_participation(&straight.ledger, id);
		const struct fed_participation *b = fed_ledger_participation(&aborted.ledger, id);

		ck_assert_int_eq(a != NULL, b != NULL);
		if (a)
			ck_assert_uint_eq(a->times, b->times);
	}
	lab_release(&straight.lab);
	fed_ledger_release(&straight.ledger);
	end(&aborted);
}
END_TEST

/* What the server remembers of those who took part, and of no other client. */
START_TEST(participations_are_remembered)
{
	struct town t;
	uint32_t times = 0;

	begin(&t, "oort exploration=1 least=1 decay=1", &fed_scheme_sync);
	start(&t);
	lab_run(&t.lab, 2);
	const struct fed_federation *f = &t.lab.federation;
	const double forward = fed_net_flops(f->net, 0, f->net->layers);
	for (uint32_t id = 0; id < CLIENTS; id++) {
		const struct fed_participation *part = fed_ledger_participation(&t.ledger, id);

		if (!part)
			continue;
		times += part->times;
		ck_assert_uint_ge(part->last, 1);
		ck_assert_uint_le(part->last, 2);
		ck_assert_double_eq_tol(part->seconds, 3 * forward * SAMPLES / 1e9, 1e-12);
		ck_assert_float_eq(part->loss, f->clients->client[id].loss);
		/* a root mean square is at least the mean, and not far from it here */
		ck_assert_float_ge(part->loss_rms, part->loss);
		ck_assert_float_le(part->loss_rms, 4 * part->loss);
	}
	ck_assert_uint_eq(times, 2 * WANTED);
	/* the root mean square loss takes 4 bytes in each update */
	ck_assert_double_eq(f->record.bytes_up, WANTED * ((double)fed_frame_size(1, f->net->dim) + 4));
	end(&t);
}
END_TEST

/* With one step of one example a training's loss is that example's. */
START_TEST(the_root_mean_square_is_right)
{
	struct town t;

	memset(&t, 0, sizeof t);
	lab_compose(&t.lab, BLOBS, "softmax", "fedavg", "local", 3, 1, FED_PARTITION_IID);
	lab_select(&t.lab, "oort");
	t.lab.settings.batch = 0;
	start(&t);
	lab_run(&t.lab, 1);
	for (uint32_t id = 0; id < 3; id++) {
		const struct fed_participation *part = fed_ledger_participation(&t.ledger, id);

		ck_assert_float_eq_tol(part->loss_rms, part->loss, 1e-6f);
	}
	end(&t);
}
END_TEST

START_TEST(split_learning_asks_for_no_losses)
{
	struct town t;
	struct fed_error err = {""};

	begin(&t, "power-of-choice", &fed_scheme_split);
	start(&t);
	ck_assert_int_eq(fed_federation_round(&t.lab.federation, &err), FED_REJECT);
	ck_assert_msg(
		strstr(err.text, "selection power-of-choice asks for the loss of the whole model"), "%s",
		err.text);
	lab_release(&t.lab);
	fed_ledger_release(&t.ledger);
	begin(&t, "round-robin", &fed_scheme_split);
	start(&t);
	lab_run(&t.lab, 2);
	for (uint32_t id = 0; id < CLIENTS; id++)
		ck_assert_int_eq(fed_ledger_participation(&t.ledger, id) != NULL, id < 2 * WANTED);
	end(&t);
}
END_TEST

/* A deadline that passes while losses are asked for ends the round. */
START_TEST(a_deadline_ends_the_queries)
{
	struct town t;
	struct fed_error err = {""};

	begin(&t, "power-of-choice", &fed_scheme_sync);
	lab_scheme(&t.lab, &fed_scheme_sync, "deadline", "1e-9");
	start(&t);
	ck_assert_int_eq(fed_federation_round(&t.lab.federation, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "the deadline has passed while candidates"), "%s", err.text);
	end(&t);
}
END_TEST

FED_SUITE(selection)
{
	Suite *suite = suite_create("selection");
	TCase *tests = tcase_create("selection");
	const int n = sizeof rules / sizeof *rules;

	tcase_add_loop_test(tests, uniform_is_the_default, 0, 2);
	tcase_add_loop_test(tests, the_same_bits_on_any_threads, 0, n);
	tcase_add_loop_test(tests, rules_by_size_weigh_equally, 0, n);
	tcase_add_test(tests, loss_queries_are_charged);
	tcase_add_test(tests, power_of_choice_finds_the_highest_losses);
	tcase_add_test(tests, lost_queries_leave_candidates_out);
	tcase_add_loop_test(tests, an_aborted_round_is_made_again, 0, n);
	tcase_add_test(tests, participations_are_remembered);
	tcase_add_test(tests, the_root_mean_square_is_right);
	tcase_add_test(tests, split_learning_asks_for_no_losses);
	tcase_add_test(tests, a_deadline_ends_the_queries);
	suite_add_tcase(suite, tests);
	return suite;
}
