/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each fault does, and that every invitation is accounted for whatever goes wrong.
 *
 * The clients' device computes 1e9 FLOP/s and blobs are small: a training takes `work` seconds,
 * which the tests derive from the FLOPs that the model states.
 */
#include "train/faults/faults.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"
#include "train/participants.h"
#include "train/lab.h"
#include "train/round/message_faults.h"
#include "train/local/data_faults.h"
#include "train/schemes/schemes.h"

#define BLOBS "blobs train=600 test=60 classes=3"
#define FOREVER UINT64_MAX

/* Sums over the rounds of a lab, and its events. */
struct tally {
	double invited, reported, refused, lost, late;
	uint32_t events[FED_EVENT_KINDS];
	char last[FED_EVENT_KINDS][96]; /* text of the last one */
	uint32_t who[FED_EVENT_KINDS];
};

static void take(void *ctx, const struct fed_event *event)
{
	struct tally *t = ctx;

	t->events[event->kind]++;
	t->who[event->kind] = event->client;
	snprintf(t->last[event->kind], sizeof t->last[0], "%s", event->text ? event->text : "");
}

static void add(struct tally *t, const struct fed_record *r)
{
	t->invited += r->invited;
	t->reported += r->reported;
	t->refused += r->refused;
	t->lost += r->lost;
	t->late += r->late;
}

static void compose(struct lab *lab, struct tally *t, const struct fed_scheme *scheme)
{
	*t = (struct tally){0};
	lab_compose(lab, BLOBS, "softmax", "fedavg", "local", 6, 30, FED_PARTITION_IID);
	lab_scheme(lab, scheme, NULL, NULL);
	lab->settings.fraction = 1;
	lab->settings.epochs = 1;
	lab->settings.batch = 10;
	lab->sink = (struct fed_sink){.take = take, .ctx = t};
}

static void run(struct lab *lab, struct tally *t, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		lab_run(lab, 1);
		add(t, &lab->federation.record);
		ck_assert_double_eq(t->invited,
		                    t->reported + t->refused + t->lost + t->late + lab->federation.n_open);
	}
}

/* Virtual seconds of one training of 30 examples. */
static double work(const struct lab *lab)
{
	return 3 * fed_net_flops(&lab->net, 0, lab->net.layers) * 30 / 1e9;
}

/* Each fault in the table, on client 2 alone, one round of sync: what the round counts. */
START_TEST(one_round)
{
	static const struct {
		const char *fault;
		double reported, refused, lost, late;
		enum fed_event_kind kind; /* an event about client 2 ... */
		const char *text;         /* ... that says this */
	} rows[] = {
		{"offline", 5, 0, 1, 0, FED_EVENT_LOST, "offline"},
		{"flaky p=1", 5, 0, 1, 0, FED_EVENT_LOST, "cannot be reached"},
		{"flaky p=0", 6, 0, 0, 0, FED_EVENT_ROUND, ""},
		{"crash", 5, 0, 1, 0, FED_EVENT_LOST, "crashed"},
		{"straggler factor=3", 6, 0, 0, 0, FED_EVENT_ROUND, ""},
		{"hang", 5, 0, 1, 0, FED_EVENT_FAULT, "hangs"},
		{"slow-link", 6, 0, 0, 0, FED_EVENT_ROUND, ""},
		{"lossy p=1", 5, 0, 1, 0, FED_EVENT_LOST, "was lost"},
		{"partition", 5, 0, 0, 1, FED_EVENT_FAULT, "cut off"},
		{"duplicate", 6, 0, 0, 0, FED_EVENT_FAULT, "twice"},
		{"late versions=2", 5, 0, 0, 1, FED_EVENT_FAULT, "waits"},
		{"corrupt", 5, 1, 0, 0, FED_EVENT_REFUSED, "checksum"},
		{"corrupt bits=3", 5, 1, 0, 0, FED_EVENT_REFUSED, ""},
		{"nan", 5, 1, 0, 0, FED_EVENT_REFUSED, "NaN"},
		{"data-arrives", 6, 0, 0, 0, FED_EVENT_ROUND, ""},
		{"data-expires", 6, 0, 0, 0, FED_EVENT_ROUND, ""},
		{"drift", 6, 0, 0, 0, FED_EVENT_ROUND, ""},
		{"churn join=0 leave=0", 6, 0, 0, 0, FED_EVENT_ROUND, ""},
	};
	struct tally t;
	struct lab lab;

	compose(&lab, &t, &fed_scheme_sync);
	lab_inject(&lab, rows[_i].fault, 2, 1, 0, FOREVER);
	lab_start(&lab);
	run(&lab, &t, 1);
	ck_assert_double_eq(t.reported, rows[_i].reported);
	ck_assert_double_eq(t.refused, rows[_i].refused);
	ck_assert_double_eq(t.lost, rows[_i].lost);
	ck_assert_double_eq(t.late, rows[_i].late);
	if (*rows[_i].text) {
		ck_assert_uint_eq(t.events[rows[_i].kind], 1);
		ck_assert_uint_eq(t.who[rows[_i].kind], 2);
		ck_assert_msg(strstr(t.last[rows[_i].kind], rows[_i].text), "%s: %s", rows[_i].fault,
		              t.last[rows[_i].kind]);
	}
	lab_release(&lab);
}
END_TEST
#define ONE_ROUND_ROWS 18

/* A fault that is over, or not yet there, or on others, changes no bit. */
START_TEST(not_active)
{
	static const char *const faults[] = {"offline", "crash", "nan", "drift", "data-arrives"};
	struct tally t;
	struct lab plain, lab;

	compose(&plain, &t, &fed_scheme_sync);
	lab_start(&plain);
	run(&plain, &t, 3);
	compose(&lab, &t, &fed_scheme_sync);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		lab_inject(&lab, faults[i], 0, 6, 3, FOREVER);
		lab_inject(&lab, faults[i], 100, 6, 0, FOREVER);
	}
	lab_start(&lab);
	run(&lab, &t, 3);
	ck_assert_mem_eq(plain.federation.params, lab.federation.params, lab.net.dim * sizeof(float));
	ck_assert_double_eq(plain.federation.clock.now, lab.federation.clock.now);
	lab_release(&plain);
	lab_release(&lab);
}
END_TEST

START_TEST(a_straggler_sets_the_pace)
{
	struct tally t;
	struct lab lab;

	compose(&lab, &t, &fed_scheme_sync);
	lab_inject(&lab, "straggler factor=10", 4, 1, 1, 2);
	lab_start(&lab);
	const double w = work(&lab);
	run(&lab, &t, 1);
	ck_assert_double_eq_tol(lab.federation.clock.now, w, 1e-12);
	run(&lab, &t, 1);
	ck_assert_double_eq_tol(lab.federation.clock.now, 11 * w, 1e-12);
	run(&lab, &t, 1);
	ck_assert_double_eq_tol(lab.federation.clock.now, 12 * w, 1e-12);
	lab_release(&lab);
}
END_TEST

/* When the accuracy is first reached, in virtual seconds; infinite: not within so many versions. */
static double time_to(struct lab *lab, double accuracy, int versions)
{
	for (int i = 0; i < versions; i++) {
		lab_run(lab, 1);
		if (lab->federation.record.test_accuracy >= accuracy)
			return lab->federation.record.clock;
	}
	return INFINITY;
}

static void compose_slow_learning(struct lab *lab, struct tally *t, const struct fed_scheme *scheme,
                                  const char *aggregator)
{
	*t = (struct tally){0};
	lab_compose(lab, "blobs train=3000 test=500 classes=8", "mlp hidden=16", aggregator, "local",
	            10, 60, FED_PARTITION_NONIID);
	lab_scheme(lab, scheme, NULL, NULL);
	lab->settings.fraction = 1;
	lab->settings.epochs = 1;
	lab->settings.batch = 10;
	lab->settings.lr = 0.05;
	lab->sink = (struct fed_sink){.take = take, .ctx = t};
	lab_inject(lab, "straggler factor=10", 0, 1, 0, FOREVER);
	lab_start(lab);
}

/* With one straggler of factor 10, which sync waits for in each round and async does not. */
START_TEST(async_does_not_wait_for_a_straggler)
{
	struct tally t;
	struct lab sync, async;

	compose_slow_learning(&sync, &t, &fed_scheme_sync, "fedavg");
	const double accuracy = 0.8, waiting = time_to(&sync, accuracy, 400);
	ck_assert(isfinite(waiting));
	compose_slow_learning(&async, &t, &fed__scheme_async, "fedasync");
	const double going_on = time_to(&async, accuracy, 20000);
	ck_assert_double_lt(going_on, waiting / 2);
	lab_release(&sync);
	lab_release(&async);
}
END_TEST

START_TEST(a_slow_link_takes_longer)
{
	const struct fed_link_spec link = {.link = {.latency = 0.5, .up = 1000, .down = 2000},
	                                   .profile = FED_NO_PROFILE};
	struct tally t;
	struct lab lab;

	compose(&lab, &t, &fed_scheme_sync);
	lab_start(&lab);
	for (uint32_t i = 0; i < 6; i++)
		fed_client_equip(&lab.clients.client[i], i, NULL, &link, 1);
	lab_inject(&lab, "slow-link factor=4", 4, 1, 0, FOREVER);
	run(&lab, &t, 1);
	const double bytes = (double)fed_frame_size(1, lab.net.dim);
	const double once = 1 + bytes / 1000 + bytes / 2000;
	ck_assert_double_eq_tol(lab.federation.clock.now, 4 * once + work(&lab), 1e-4);
	lab_release(&lab);
}
END_TEST

/* It dies at a time within its work; FLOPs are counted up to there. */
START_TEST(a_crash_costs_a_part)
{
	struct tally t;
	struct lab lab;
	double shares = 0;

	compose(&lab, &t, &fed_scheme_sync);
	lab_inject(&lab, "crash", 3, 1, 0, FOREVER);
	lab_start(&lab);
	const double whole = 1e9 * work(&lab);
	for (int i = 0; i < 40; i++) {
		run(&lab, &t, 1);
		const double share = lab.federation.record.client_flops / whole - 5;
		ck_assert(share >= 0 && share < 1);
		shares += share / 40;
	}
	ck_assert_double_eq_tol(shares, 0.5, 0.2); /* four deviations of a mean of 40 */
	ck_assert_uint_eq(lab.faults.fault[0].strikes, 40);
	lab_release(&lab);
}
END_TEST

/* With the probability that it states. */
START_TEST(flaky_now_and_then)
{
	struct tally t;
	struct lab lab;

	compose(&lab, &t, &fed_scheme_sync);
	lab_inject(&lab, "flaky p=0.25", 0, 6, 0, FOREVER);
	lab_start(&lab);
	run(&lab, &t, 200);
	ck_assert_double_eq_tol(t.lost / t.invited, 0.25, 0.05);
	lab_release(&lab);
}
END_TEST

/* Under sync the answer comes in vain. */
START_TEST(partition_under_sync)
{
	struct tally t;
	struct lab lab;

	compose(&lab, &t, &fed_scheme_sync);
	lab_inject(&lab, "partition", 5, 1, 1, 4);
	lab_start(&lab);
	run(&lab, &t, 2); /* version 0 is whole; in 1 the model arrives and the answer is held */
	ck_assert_double_eq(t.late, 1);
	ck_assert_uint_eq(lab.federation.n_held, 1);
	run(&lab, &t, 2); /* 2 and 3: cut off */
	ck_assert_double_eq(t.lost, 2);
	ck_assert_uint_eq(t.events[FED_EVENT_REFUSED], 0);
	run(&lab, &t, 1);
	ck_assert_uint_eq(lab.federation.n_held, 0);
	ck_assert_uint_eq(t.events[FED_EVENT_REFUSED], 1); /* the old one, uncounted */
	ck_assert_double_eq(t.refused, 0);
	ck_assert_double_eq(t.reported, 6 + 5 + 5 + 5 + 6);
	lab_release(&lab);
}
END_TEST

/* Under async it is taken, stale. */
START_TEST(partition_under_async)
{
	struct tally t;
	struct lab lab;
	double stalest = 0;

	compose(&lab, &t, &fed__scheme_async);
	lab_scheme(&lab, &fed__scheme_async, "concurrency", "6");
	lab_inject(&lab, "partition", 5, 1, 0, 20);
	lab_start(&lab);
	for (int i = 0; i < 40; i++) {
		run(&lab, &t, 1);
		if (lab.federation.verdicts.of[0].client == 5 &&
		    lab.federation.verdicts.of[0].staleness > stalest)
			stalest = lab.federation.verdicts.of[0].staleness;
	}
	ck_assert_double_ge(stalest, 20);
	ck_assert_double_eq(t.lost, 0);
	lab_release(&lab);
}
END_TEST

START_TEST(late_by_versions)
{
	struct tally t;
	struct lab lab;

	compose(&lab, &t, &fed_scheme_sync);
	lab_inject(&lab, "late versions=2", 1, 1, 0, 1);
	lab_start(&lab);
	run(&lab, &t, 2);
	ck_assert_uint_eq(lab.federation.n_held, 1);
	ck_assert_uint_eq(t.events[FED_EVENT_REFUSED], 0);
	run(&lab, &t, 1);
	ck_assert_uint_eq(t.events[FED_EVENT_REFUSED], 1);
	ck_assert_uint_eq(t.who[FED_EVENT_REFUSED], 1);
	ck_assert_double_eq(t.reported, 5 + 6 + 6);
	lab_release(&lab);
}
END_TEST

/* The second copy costs bytes, and changes nothing else. */
START_TEST(duplicates_are_applied_once)
{
	struct tally t;
	struct lab plain, lab;

	compose(&plain, &t, &fed_scheme_sync);
	lab_start(&plain);
	run(&plain, &t, 1);
	compose(&lab, &t, &fed_scheme_sync);
	lab_inject(&lab, "duplicate", 0, 3, 0, FOREVER);
	lab_start(&lab);
	run(&lab, &t, 1);
	ck_assert_mem_eq(plain.federation.params, lab.federation.params, lab.net.dim * sizeof(float));
	ck_assert_double_eq(lab.federation.record.bytes_up, 9 * (double)fed_frame_size(1, lab.net.dim));
	ck_assert_double_eq(lab.federation.record.messages, 15);
	lab_release(&plain);
	lab_release(&lab);
}
END_TEST

static double samples_of(const struct lab *lab, uint32_t client)
{
	for (size_t i = 0; i < lab->federation.verdicts.n; i++)
		if (lab->federation.verdicts.of[i].client == client)
			return (double)lab->federation.verdicts.of[i].samples;
	return NAN;
}

START_TEST(data_comes_and_goes)
{
	static const double arrived[] = {6, 9, 12, 15}, left[] = {30, 24, 18, 15, 15};
	struct tally t;
	struct lab lab;

	compose(&lab, &t, &fed_scheme_sync);
	lab_inject(&lab, "data-arrives start=0.2 rate=0.1", 0, 1, 0, FOREVER);
	lab_inject(&lab, "data-expires rate=0.2 keep=0.5", 1, 1, 0, FOREVER);
	lab_start(&lab);
	for (int i = 0; i < 5; i++) {
		run(&lab, &t, 1);
		if (i < 4)
			ck_assert_double_eq(samples_of(&lab, 0), arrived[i]);
		ck_assert_double_eq(samples_of(&lab, 1), left[i]);
		ck_assert_double_eq(samples_of(&lab, 2), 30);
	}
	lab_release(&lab);
}
END_TEST

/* Windows of any two faults lie within the client's examples and are never empty. */
START_TEST(windows)
{
	struct lab lab = {0};

	lab_inject(&lab, "data-arrives start=0 rate=0.03", 0, 1, 0, FOREVER);
	lab_inject(&lab, "data-expires rate=0.07 keep=0", 0, 1, 0, FOREVER);
	for (uint32_t count = 0; count < 40; count++)
		for (uint64_t version = 0; version < 60; version++) {
			uint32_t first, n;

			fed__faults_window(&lab.faults, 0, version, count, &first, &n);
			ck_assert_uint_le(first + n, count);
			ck_assert(n > 0 || count == 0);
		}
	fed_faults_release(&lab.faults);
}
END_TEST

/* Labels move for a growing set of examples, inputs by a growing amount. */
START_TEST(drift)
{
	enum { N = 400 };
	struct tally t;
	struct lab lab;
	struct fed_error err = {""};
	uint32_t ids[N], moved_before = 0;
	static float x[2 * N];
	int32_t label[N];

	compose(&lab, &t, &fed_scheme_sync);
	lab_inject(&lab, "drift what=labels rate=0.1", 0, 1, 2, FOREVER);
	lab_inject(&lab, "drift what=inputs rate=0.5", 0, 1, 2, FOREVER);
	for (uint32_t i = 0; i < N; i++)
		ids[i] = i;
	for (uint64_t version = 0; version < 14; version++) {
		struct fed_data_faults s = fed_data_faults_for(&lab.faults, 0, version);
		const double age = version < 2 ? 0 : (double)version - 2;
		uint32_t moved = 0;

		memset(x, 0, sizeof x);
		for (uint32_t i = 0; i < N; i++)
			label[i] = 2;
		fed_assert_ok(fed__data_faults_apply(&s, lab.data, ids, N, x, label, &err), &err);
		for (uint32_t i = 0; i < N; i++) {
			ck_assert(label[i] == 2 || label[i] == 0);
			moved += label[i] == 0;
			ck_assert_float_eq_tol(x[i], (float)(0.5 * age), 1e-6);
		}
		ck_assert_uint_ge(moved, moved_before);
		ck_assert_double_eq_tol((double)moved / N, fmin(0.1 * age, 1), 0.08);
		moved_before = moved;
		fed_data_faults_release(&s);
	}
	lab_release(&lab);
}
END_TEST

/* The share that is here tends to join / (join + leave); a state lasts 1/p versions in the mean. */
START_TEST(churn)
{
	enum { CLIENTS = 2000 };
	struct lab lab = {0};
	uint32_t here = 0, changes = 0;

	lab.faults.seed = 7;
	lab_inject(&lab, "churn join=0.05 leave=0.15", 0, CLIENTS, 10, FOREVER);
	for (uint32_t c = 0; c < CLIENTS; c++) {
		for (uint64_t v = 0; v <= 10; v++)
			ck_assert(fed_faults_present(&lab.faults, c, v));
		here += fed_faults_present(&lab.faults, c, 200);
		changes +=
			fed_faults_present(&lab.faults, c, 200) != fed_faults_present(&lab.faults, c, 201);
	}
	ck_assert_double_eq_tol((double)here / CLIENTS, 0.25, 0.05);
	/* in equilibrium: 0.25 * 0.15 leave and 0.75 * 0.05 join */
	ck_assert_double_eq_tol((double)changes / CLIENTS, 0.075, 0.025);
	fed_faults_release(&lab.faults);
}
END_TEST

START_TEST(no_client_is_here)
{
	const struct fed_scheme *schemes[] = {&fed_scheme_sync, &fed__scheme_async};
	struct fed_error err = {""};
	struct tally t;
	struct lab lab;

	compose(&lab, &t, schemes[_i]);
	lab_inject(&lab, "churn join=0 leave=1", 0, 6, 0, FOREVER);
	lab_start(&lab);
	/* Under async the answers that are in flight already still make versions. */
	for (int i = 0; i < 7 && fed_federation_round(&lab.federation, &err) == FED_OK; i++)
		ck_assert_int_lt(i, _i == 0 ? 1 : 6);
	ck_assert_msg(strstr(err.text, "churn took away all 6"), "%s", err.text);
	ck_assert_uint_eq(fed_faults_heal(&lab.faults, NULL, 0, 1u << FED_FAULT_CHURN), 6);
	run(&lab, &t, 1);
	lab_release(&lab);
}
END_TEST

START_TEST(healing)
{
	static const uint32_t some[] = {1, 2, 9};
	struct lab lab = {0};

	lab_inject(&lab, "straggler", 0, 4, 0, FOREVER);
	lab_inject(&lab, "nan", 2, 2, 0, FOREVER);
	ck_assert_uint_eq(fed_faults_heal(&lab.faults, some, 3, 1u << FED_FAULT_STRAGGLER), 2);
	ck_assert_ptr_null(fed_fault_on(&lab.faults, FED_FAULT_STRAGGLER, 1, 0, NULL));
	ck_assert_ptr_nonnull(fed_fault_on(&lab.faults, FED_FAULT_STRAGGLER, 3, 0, NULL));
	ck_assert_ptr_nonnull(fed_fault_on(&lab.faults, FED_FAULT_NAN, 2, 0, NULL));
	ck_assert_uint_eq(fed_faults_heal(&lab.faults, some, 3, UINT32_MAX), 1);
	ck_assert_uint_eq(lab.faults.n, 2);
	ck_assert_uint_eq(fed_faults_heal(&lab.faults, NULL, 0, UINT32_MAX), 3);
	ck_assert_uint_eq(lab.faults.n, 0);
	ck_assert_uint_eq(lab_inject(&lab, "nan", 0, 1, 0, 1), 3); /* numbers are not given again */
	fed_faults_release(&lab.faults);
}
END_TEST

/* Stragglers of a factor multiply. */
START_TEST(factors_multiply)
{
	struct lab lab = {0};

	lab_inject(&lab, "straggler factor=2", 0, 4, 0, FOREVER);
	lab_inject(&lab, "straggler factor=5", 3, 4, 0, FOREVER);
	ck_assert_double_eq(fed__faults_factor(&lab.faults, FED_FAULT_STRAGGLER, 0, 0), 2);
	ck_assert_double_eq(fed__faults_factor(&lab.faults, FED_FAULT_STRAGGLER, 3, 0), 10);
	ck_assert_double_eq(fed__faults_factor(&lab.faults, FED_FAULT_SLOW_LINK, 3, 0), 1);
	ck_assert_double_eq(fed__faults_factor(NULL, FED_FAULT_STRAGGLER, 3, 0), 1);
	fed_faults_release(&lab.faults);
}
END_TEST

FED_SUITE(faults)
{
	Suite *s = suite_create("faults");
	TCase *c = tcase_create("faults");

	tcase_add_loop_test(c, one_round, 0, ONE_ROUND_ROWS);
	tcase_add_test(c, not_active);
	tcase_add_test(c, a_straggler_sets_the_pace);
	tcase_add_test(c, async_does_not_wait_for_a_straggler);
	tcase_add_test(c, a_slow_link_takes_longer);
	tcase_add_test(c, a_crash_costs_a_part);
	tcase_add_test(c, flaky_now_and_then);
	tcase_add_test(c, partition_under_sync);
	tcase_add_test(c, partition_under_async);
	tcase_add_test(c, late_by_versions);
	tcase_add_test(c, duplicates_are_applied_once);
	tcase_add_test(c, data_comes_and_goes);
	tcase_add_test(c, windows);
	tcase_add_test(c, drift);
	tcase_add_test(c, churn);
	tcase_add_loop_test(c, no_client_is_here, 0, 2);
	tcase_add_test(c, healing);
	tcase_add_test(c, factors_multiply);
	suite_add_tcase(s, c);
	return s;
}
