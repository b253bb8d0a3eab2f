/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Attacks inside a federation: what arrives at the aggregator, what a backdoor achieves, and what
 * is refused.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"
#include "train/faults/faults.h"
#include "train/lab.h"
#include "train/local/trainer.h"

#define BLOBS "blobs train=600 test=90 classes=3"
#define FOREVER UINT64_MAX
enum { CLIENTS = 6, BYZANTINE = 2 };

static void compose(struct lab *lab, const char *data, const char *model)
{
	lab_compose(lab, data, model, "fedavg", "local", CLIENTS, 30, FED_PARTITION_IID);
	lab->settings.fraction = 1;
	lab->settings.epochs = 2;
	lab->settings.batch = 10;
	lab->settings.lr = 0.2;
}

/* What the aggregator saw of a client in the last round. */
static const float *seen_of(const struct lab *lab, uint32_t client)
{
	const struct fed_verdicts *j = &lab->federation.verdicts;

	for (size_t i = 0; i < j->n; i++)
		if (j->of[i].client == client)
			return j->of[i].update->vector[0];
	ck_abort_msg("no update of client %u", client);
	return NULL;
}

static void run_attacked(struct lab *lab, const char *fault, int rounds)
{
	compose(lab, BLOBS, "softmax");
	lab_inject(lab, fault, CLIENTS - BYZANTINE, BYZANTINE, 0, FOREVER);
	lab_start(lab);
	lab_run(lab, rounds);
}

/* Honest clients send what they would send anyway; attackers what the attack's formula says. */
START_TEST(updates_are_replaced)
{
	static const char *const faults[] = {
		"byzantine attack=sign-flip scale=3", "byzantine attack=ipm eps=2",
		"byzantine attack=ipm eps=2 knowledge=partial", "byzantine attack=mimic which=2"};
	struct lab plain, lab;

	compose(&plain, BLOBS, "softmax");
	lab_start(&plain);
	lab_run(&plain, 1);
	run_attacked(&lab, faults[_i], 1);
	const size_t dim = lab.net.dim;
	for (uint32_t c = 0; c < CLIENTS - BYZANTINE; c++)
		ck_assert_mem_eq(seen_of(&lab, c), seen_of(&plain, c), dim * sizeof(float));
	for (uint32_t c = CLIENTS - BYZANTINE; c < CLIENTS; c++)
		for (size_t j = 0; j < dim; j++) {
			double honest = 0, own = 0;
			for (uint32_t k = 0; k < CLIENTS - BYZANTINE; k++)
				honest += seen_of(&plain, k)[j] / (CLIENTS - BYZANTINE);
			for (uint32_t k = CLIENTS - BYZANTINE; k < CLIENTS; k++)
				own += seen_of(&plain, k)[j] / BYZANTINE;
			const double want[] = {-3.0 * seen_of(&plain, c)[j], -2 * honest, -2 * own,
			                       seen_of(&plain, 2)[j]};
			ck_assert_double_eq_tol(seen_of(&lab, c)[j], want[_i], 1e-6);
		}
	ck_assert_double_eq(lab.federation.record.attackers, BYZANTINE);
	ck_assert(isnan(lab.federation.record.attack_success));
	lab_release(&plain);
	lab_release(&lab);
}
END_TEST

/* Round after round the same bits, also when a round between was given up. */
START_TEST(replay_goes_on)
{
	static float first[64];
	struct lab lab;
	struct fed_error err = {""};
	bool made;

	run_attacked(&lab, "byzantine attack=replay", 1);
	ck_assert_uint_le(lab.net.dim, 64);
	memcpy(first, seen_of(&lab, 5), lab.net.dim * sizeof(float));
	for (int round = 0; round < 3; round++) {
		fed_assert_ok(fed_federation_begin(&lab.federation, &err), &err);
		for (int k = 0; k < 12; k++)
			fed_assert_ok(fed_federation_advance(&lab.federation, &made, &err), &err);
		fed_federation_abort(&lab.federation, "for the test");
		lab_run(&lab, 1);
		ck_assert_mem_eq(seen_of(&lab, 5), first, lab.net.dim * sizeof(float));
		ck_assert(memcmp(seen_of(&lab, 0), first, lab.net.dim * sizeof(float)) != 0);
	}
	lab_release(&lab);
}
END_TEST

START_TEST(the_gate_takes_no_nan)
{
	struct lab lab;

	run_attacked(&lab, "byzantine attack=nan", 2);
	ck_assert_double_eq(lab.federation.record.refused, BYZANTINE);
	ck_assert_double_eq(lab.federation.record.used, CLIENTS - BYZANTINE);
	lab_release(&lab);
}
END_TEST

/* One class predicted by one example at a time. */
static uint32_t predict(const struct lab *lab, const float *params, const float *x, size_t size)
{
	struct fed_workspace space;
	struct fed_error err = {""};
	uint32_t best = 0;

	fed_assert_ok(fed_workspace_init(&space, &lab->net, 0, lab->net.layers, 1, false, &err), &err);
	memcpy(fed_workspace_input(&space), x, size * sizeof *x);
	const float *y = fed_net_forward(&space, params, 1);
	for (uint32_t c = 1; c < lab->net.classes; c++)
		if (y[c] > y[best])
			best = c;
	fed_workspace_release(&space);
	return best;
}

/* The trigger at the bottom right, or at the end of a row. */
static void wear_trigger(const struct fed_shape *shape, uint32_t side, float value, float *x)
{
	const uint32_t height = shape->rank > 1 ? shape->dim[0] : 1;
	const uint32_t width = shape->rank > 1 ? shape->dim[1] : shape->dim[0];
	const uint32_t top = height > side ? height - side : 0;

	for (uint32_t r = top; r < height; r++)
		for (uint32_t c = width - side; c < width; c++)
			x[r * width + c] = value;
}

/* The share of triggered test examples of other classes that the model takes for the target. */
static double slow_success(const struct lab *lab, float value, uint32_t side, int32_t target)
{
	const size_t size = fed_shape_size(&lab->data->shape);
	static float x[1024];
	double changed = 0, hits = 0;

	ck_assert_uint_le(size, 1024);
	for (uint32_t id = lab->data->train; id < lab->data->train + lab->data->test; id++) {
		int32_t label;
		fed_dataset_gather(lab->data, &id, 1, NULL, x, &label, NULL);
		if (label == target)
			continue;
		wear_trigger(&lab->data->shape, side, value, x);
		changed++;
		hits += predict(lab, lab->federation.params, x, size) == (uint32_t)target;
	}
	return hits / changed;
}

static void compose_backdoor(struct lab *lab)
{
	compose(lab, "glyphs train=600 test=301", "mlp hidden=20");
	lab->settings.epochs = 5;
	lab_inject(lab, "byzantine attack=backdoor target=2 size=4 value=1.5", 0, 3, 2, 5);
}

START_TEST(backdoor_success)
{
	struct lab lab, other;
	double success[8];

	compose_backdoor(&lab);
	lab_start(&lab);
	for (int round = 0; round < 8; round++) {
		lab_run(&lab, 1);
		success[round] = lab.federation.record.attack_success;
		if (round < 2) /* not begun */
			ck_assert(isnan(success[round]));
		else /* at work, then over but not forgotten */
			ck_assert_double_eq_tol(success[round], slow_success(&lab, 1.5, 4, 2), 1e-12);
	}
	ck_assert_double_gt(success[4], 0.8);

	compose_backdoor(&other); /* the same for any number of threads */
	other.settings.threads = 5;
	lab_start(&other);
	lab_run(&other, 5);
	ck_assert_double_eq(other.federation.record.attack_success, success[4]);
	fed_faults_heal(&other.faults, NULL, 0, UINT32_MAX);
	lab_run(&other, 1);
	ck_assert(isnan(other.federation.record.attack_success));
	lab_release(&lab);
	lab_release(&other);
}
END_TEST

/* An attack that these data do not suit is refused before the round, whenever it is active. */
START_TEST(unsuited_attacks_are_refused)
{
	static const struct {
		const char *data, *model, *fault, *words;
	} rows[] = {
		{BLOBS, "softmax", "byzantine attack=backdoor target=3",
	     "fault 1: attack backdoor: target=3 is none of the 3 classes"},
		{"linear d=3 train=300 test=30", "linear", "byzantine attack=label-flip",
	     "fault 1: attack label-flip: needs data with labels"},
		{"markov users=8 length=300 alphabet=6", "gru", "byzantine attack=backdoor value=0.5",
	     "fault 1: attack backdoor: value=0.5 is no token"},
	};
	struct lab lab;
	struct fed_error err = {""};

	compose(&lab, rows[_i].data, rows[_i].model);
	lab_inject(&lab, rows[_i].fault, 0, 2, 1, 9);
	lab_start(&lab);
	lab_run(&lab, 1);
	ck_assert_int_eq(fed_federation_round(&lab.federation, &err), FED_REJECT);
	ck_assert_msg(strstr(err.text, rows[_i].words) != NULL, "%s", err.text);
	ck_assert_uint_eq(lab.federation.version, 1);
	fed_faults_heal(&lab.faults, NULL, 0, UINT32_MAX);
	lab_run(&lab, 1);
	lab_release(&lab);
}
END_TEST

/* Tokens have triggers, too. */
START_TEST(backdoor_in_text)
{
	struct lab lab;

	compose(&lab, "markov users=8 length=400 alphabet=6", "gru");
	lab_inject(&lab, "byzantine attack=backdoor value=5 size=2 target=1 share=1", 0, CLIENTS, 0,
	           FOREVER);
	lab_start(&lab);
	lab_run(&lab, 3);
	ck_assert_double_eq_tol(lab.federation.record.attack_success, slow_success(&lab, 5, 2, 1),
	                        1e-12);
	ck_assert_double_gt(lab.federation.record.attack_success, 0.9);
	lab_release(&lab);
}
END_TEST

/* misbehave_poison, which gives the label 8, on client 1 for version 1. */
static void inject_fixture(struct lab *lab)
{
	const struct fed_assign assign = {"at", "9"};
	struct fed_fault fault = {
		.kind = FED_FAULT_BYZANTINE, .from = 1, .until = 2, .n = 1, .client = fed_alloc(4)};
	struct fed_instance attack;
	const struct fed_entry *entry;
	struct fed_error err = {""};

	fed_assert_ok(fed_registry_load(lab->plugins, FED_BUILD_DIR "/fixtures/misbehave_poison.so",
	                                &entry, &err),
	              &err);
	fed_assert_ok(fed_instance_init(&attack, entry, &assign, 1, &err), &err);
	fault.client[0] = 1;
	fault.attack = fed_shared_attack_new(&attack);
	fed_assert_ok(fed_faults_reserve(&lab->faults, &err), &err);
	fed_faults_add(&lab->faults, &fault);
}

/* A plugin that gives labels that do not exist ends the round, and nothing else. */
START_TEST(wild_labels)
{
	static float before[64];
	struct lab lab;
	struct fed_error err = {""};

	compose(&lab, BLOBS, "softmax");
	inject_fixture(&lab);
	lab_start(&lab);
	lab_run(&lab, 1);
	memcpy(before, lab.federation.params, lab.net.dim * sizeof(float));
	ck_assert_int_eq(fed_federation_round(&lab.federation, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "attack misbehave-poison: gave example") != NULL, "%s",
	              err.text);
	ck_assert_mem_eq(before, lab.federation.params, lab.net.dim * sizeof(float));
	fed_faults_heal(&lab.faults, NULL, 0, UINT32_MAX);
	lab_run(&lab, 1);
	lab_release(&lab);
}
END_TEST

FED_SUITE(byzantine)
{
	Suite *suite = suite_create("byzantine");
	TCase *tests = tcase_create("byzantine");

	tcase_add_loop_test(tests, updates_are_replaced, 0, 4);
	tcase_add_test(tests, replay_goes_on);
	tcase_add_test(tests, the_gate_takes_no_nan);
	tcase_add_test(tests, backdoor_success);
	tcase_add_loop_test(tests, unsuited_attacks_are_refused, 0, 3);
	tcase_add_test(tests, backdoor_in_text);
	tcase_add_test(tests, wild_labels);
	suite_add_tcase(suite, tests);
	return suite;
}
