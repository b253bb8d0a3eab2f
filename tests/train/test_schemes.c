/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who waits for whom: sync with deadline, quorum and over-selection, async with staleness; what
 * became of every invitation adds up, and threads, aborts and missing memory change nothing.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"
#include "train/lab.h"
#include "train/schemes/schemes.h"

#define BLOBS "blobs classes=4 train=900 test=100"
#define SIMULATED FED_BUILD_DIR "/fixtures/simulated.so"

/* Sums of records over rounds. */
struct sums {
	double invited, reported, refused, lost, late;
};

static void add_sums(struct sums *s, const struct fed_record *r)
{
	s->invited += r->invited;
	s->reported += r->reported;
	s->refused += r->refused;
	s->lost += r->lost;
	s->late += r->late;
}

/* Eight quick clients of several sizes and two that are slow. */
static void compose(struct lab *lab, const char *aggregator, const char *transport)
{
	lab_compose(lab, BLOBS, "mlp hidden=8", aggregator, transport, 8, 30, FED_PARTITION_QUANTITY);
	lab_add(lab, 2, 30, FED_PARTITION_IID, 1e8f);
	lab->settings.epochs = 2;
}

START_TEST(every_invitation_ends_in_one_way)
{
	static const struct {
		const char *scheme, *key, *value, *transport;
	} cases[] = {
		{"sync", NULL, NULL, "local"},
		{"sync", "deadline", "0.00005", "local"},
		{"sync", "quorum", "0.5", "local"},
		{"sync", "over_select", "1.5", SIMULATED " how=drop-third"},
		{"async", "concurrency", "4", "local"},
		{"async", "max_staleness", "1", "local"},
		{"async", "concurrency", "7", SIMULATED " how=drop-third"},
		{"async", "concurrency", "10", SIMULATED " how=twice"},
	};
	const struct fed_scheme *scheme;
	struct fed_error err;
	struct sums sums = {0};
	struct lab lab;

	compose(&lab, "fedavg", cases[_i].transport);
	ck_assert_int_eq(fed_scheme_find(cases[_i].scheme, &scheme, &err), FED_OK);
	lab_scheme(&lab, scheme, cases[_i].key, cases[_i].value);
	lab.settings.fraction = 0.6;
	lab_start(&lab);
	for (int round = 0; round < 25; round++) {
		lab_run(&lab, 1);
		add_sums(&sums, &lab.federation.record);
		ck_assert_double_eq(sums.invited, sums.reported + sums.refused + sums.lost + sums.late +
		                                      lab.federation.n_open);
		ck_assert_double_eq(lab.federation.record.updates, sums.reported);
	}
	if (_i == 1 || _i == 2 || _i == 5)
		ck_assert_double_gt(sums.late, 0);
	lab_release(&lab);
}
END_TEST

static float *after_rounds(int64_t threads, const char *aggregator, size_t *dim)
{
	struct lab lab;

	compose(&lab, aggregator, "local");
	lab_scheme(&lab, &fed__scheme_async, "concurrency", "6");
	lab.settings.threads = threads;
	lab_start(&lab);
	lab_run(&lab, 30);
	*dim = lab.net.dim;
	float *params = malloc(*dim * sizeof *params);
	memcpy(params, lab.federation.params, *dim * sizeof *params);
	lab_release(&lab);
	return params;
}

START_TEST(threads_change_no_bit_of_async)
{
	static const char *const aggregators[] = {"fedavg", "scaffold", "fedadam"};
	size_t dim;
	float *one = after_rounds(1, aggregators[_i], &dim);

	for (int threads = 2; threads <= 8; threads *= 2) {
		float *many = after_rounds(threads, aggregators[_i], &dim);
		ck_assert(memcmp(one, many, dim * sizeof *one) == 0);
		free(many);
	}
	free(one);
}
END_TEST

START_TEST(one_client_at_a_time_is_sync)
{
	struct lab sync, async;

	lab_compose(&sync, BLOBS, "softmax", "fedavg", "local", 1, 50, FED_PARTITION_IID);
	lab_compose(&async, BLOBS, "softmax", "fedavg", "local", 1, 50, FED_PARTITION_IID);
	lab_scheme(&async, &fed__scheme_async, "concurrency", "1");
	lab_start(&sync);
	lab_start(&async);
	lab_run(&sync, 5);
	lab_run(&async, 5);
	ck_assert(
		memcmp(sync.federation.params, async.federation.params, sync.net.dim * sizeof(float)) == 0);
	ck_assert_double_eq(sync.federation.clock.now, async.federation.clock.now);
	lab_release(&sync);
	lab_release(&async);
}
END_TEST

START_TEST(staleness_is_what_the_speeds_make_it)
{
	struct lab lab;

	/* Four alike and one that takes as long as 10 of their trainings: it answers when 40 versions
	 * were made meanwhile. */
	lab_compose(&lab, BLOBS, "softmax", "fedavg", "local", 4, 30, FED_PARTITION_IID);
	lab_add(&lab, 1, 30, FED_PARTITION_IID, 1e8f);
	lab_scheme(&lab, &fed__scheme_async, "concurrency", "5");
	lab_start(&lab);
	double stalest = 0;
	for (int version = 0; version < 41; version++) {
		lab_run(&lab, 1);
		stalest = fmax(stalest, lab.federation.record.staleness);
		if (version < 4)
			ck_assert_double_eq(lab.federation.record.staleness, version);
	}
	ck_assert_double_ge(stalest, 36);
	ck_assert_double_le(stalest, 40);
	lab_release(&lab);
}
END_TEST

START_TEST(a_straggler_makes_sync_rounds_ten_times_as_long)
{
	struct lab plain, slow;
	static const char *const spec[] = {BLOBS, "mlp hidden=32", "fedavg", "local"};

	lab_compose(&plain, spec[0], spec[1], spec[2], spec[3], 5, 30, FED_PARTITION_IID);
	lab_compose(&slow, spec[0], spec[1], spec[2], spec[3], 4, 30, FED_PARTITION_IID);
	lab_add(&slow, 1, 30, FED_PARTITION_IID, 1e8f);
	lab_start(&plain);
	lab_start(&slow);
	lab_run(&plain, 3);
	lab_run(&slow, 3);
	ck_assert_double_eq_tol(slow.federation.clock.now, 10 * plain.federation.clock.now,
	                        1e-3 * slow.federation.clock.now);
	lab_release(&plain);
	lab_release(&slow);
}
END_TEST

START_TEST(over_selection_takes_the_first)
{
	struct lab lab;

	lab_compose(&lab, BLOBS, "softmax", "fedavg", "local", 6, 30, FED_PARTITION_IID);
	lab_add(&lab, 4, 30, FED_PARTITION_IID, 1e6f);
	lab_scheme(&lab, &fed_scheme_sync, "over_select", "2");
	lab.settings.participants = 5;
	lab_start(&lab);
	lab_run(&lab, 1);
	ck_assert_double_eq(lab.federation.record.invited, 10);
	ck_assert_double_eq(lab.federation.record.used, 5);
	ck_assert_double_eq(lab.federation.record.late, 5);
	for (size_t i = 0; i < lab.federation.verdicts.n; i++)
		ck_assert_uint_lt(lab.federation.verdicts.of[i].client, 6); /* none of the slow ones */
	lab_release(&lab);
}
END_TEST

START_TEST(a_missed_quorum_or_deadline_ends_the_round_in_words)
{
	static const struct {
		const char *key, *value, *words;
	} cases[] = {{"quorum", "0.9", "quorum is missed"},
	             {"deadline", "1e-9", "no update of 10 clients was accepted"}};
	struct fed_error err = {""};
	struct lab lab;

	lab_compose(&lab, BLOBS, "softmax", "fedavg", "local", 5, 30, FED_PARTITION_IID);
	lab_add(&lab, 5, 30, FED_PARTITION_IID, 1e6f);
	lab_scheme(&lab, &fed_scheme_sync, "deadline", "0.0005");
	lab_scheme(&lab, &fed_scheme_sync, cases[_i].key, cases[_i].value);
	lab_start(&lab);
	ck_assert_int_eq(fed_federation_round(&lab.federation, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, cases[_i].words), "%s", err.text);
	ck_assert_uint_eq(lab.federation.version, 0);
	ck_assert_double_eq(lab.federation.clock.now, 0);
	lab_release(&lab);
}
END_TEST

START_TEST(a_world_without_answers_does_not_hang)
{
	struct fed_error err = {""};
	struct lab lab;

	lab_compose(&lab, BLOBS, "softmax", "fedavg", SIMULATED " how=drop-silently", 5, 30,
	            FED_PARTITION_IID);
	lab_scheme(&lab, &fed__scheme_async, NULL, NULL);
	lab_start(&lab);
	ck_assert_int_eq(fed_federation_round(&lab.federation, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "lost"), "%s", err.text);
	lab_release(&lab);
}
END_TEST

START_TEST(an_abort_of_async_leaves_the_model)
{
	for (int k = 1; k < 12; k++) {
		struct fed_error err = {""};
		struct lab_interrupter interrupter = {0};
		struct lab lab;

		compose(&lab, "scaffold", "local");
		lab_scheme(&lab, &fed__scheme_async, "concurrency", "4");
		lab.sink = lab_interrupt(&lab, &interrupter);
		lab_start(&lab);
		lab_run(&lab, 5);
		float *before = malloc(lab.net.dim * sizeof *before);
		memcpy(before, lab.federation.params, lab.net.dim * sizeof *before);
		interrupter.left = k;
		if (fed_federation_round(&lab.federation, &err) == FED_REJECT) {
			ck_assert(memcmp(before, lab.federation.params, lab.net.dim * sizeof *before) == 0);
			ck_assert_uint_eq(lab.federation.version, 5);
			ck_assert_uint_eq(lab.federation.n_open, 0);
		}
		atomic_store(&lab.federation.stop, 0);
		interrupter.left = 0;
		lab_run(&lab, 3);
		free(before);
		lab_release(&lab);
	}
}
END_TEST

/* From the first version on: later ones use again what these have allocated. */
START_TEST(async_without_memory_fails_cleanly)
{
	struct lab lab;
	int failed = 0, rc;

	do {
		struct fed_error err = {""};
		uint64_t version = 0;

		compose(&lab, "scaffold", "local");
		lab_scheme(&lab, &fed__scheme_async, "concurrency", "4");
		lab_start(&lab);
		fed__mem_fail_at((uint64_t)failed + 1);
		for (rc = FED_OK; rc == FED_OK && version < 3; version += rc == FED_OK)
			rc = fed_federation_round(&lab.federation, &err);
		fed__mem_fail_at(0);
		ck_assert_uint_eq(lab.federation.version, version);
		failed += rc != FED_OK;
		lab_run(&lab, 3);
		lab_release(&lab);
	} while (rc != FED_OK);
	ck_assert_int_gt(failed, 30);
}
END_TEST

START_TEST(settings_may_change_while_work_is_under_way)
{
	struct lab lab;

	compose(&lab, "fedavg", "local");
	lab_scheme(&lab, &fed__scheme_async, "concurrency", "8");
	lab_start(&lab);
	lab_run(&lab, 4);
	lab.settings.batch = 0;
	lab.settings.momentum = 0.5; /* needs buffers that no round had yet */
	lab_run(&lab, 20);
	lab_add(&lab, 3, 200, FED_PARTITION_IID, 1e9f); /* larger than any before */
	lab_run(&lab, 20);
	lab_release(&lab);
}
END_TEST

FED_SUITE(schemes)
{
	Suite *s = suite_create("schemes");
	TCase *c = tcase_create("schemes");

	tcase_add_loop_test(c, every_invitation_ends_in_one_way, 0, 8);
	tcase_add_loop_test(c, threads_change_no_bit_of_async, 0, 3);
	tcase_add_test(c, one_client_at_a_time_is_sync);
	tcase_add_test(c, staleness_is_what_the_speeds_make_it);
	tcase_add_test(c, a_straggler_makes_sync_rounds_ten_times_as_long);
	tcase_add_test(c, over_selection_takes_the_first);
	tcase_add_loop_test(c, a_missed_quorum_or_deadline_ends_the_round_in_words, 0, 2);
	tcase_add_test(c, a_world_without_answers_does_not_hang);
	tcase_add_test(c, an_abort_of_async_leaves_the_model);
	tcase_add_test(c, async_without_memory_fails_cleanly);
	tcase_add_test(c, settings_may_change_while_work_is_under_way);
	suite_add_tcase(s, c);
	return s;
}
