/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Accounts of clients: sums, closed forms, and that they follow what stands.
 */
#include "train/round/costs.h"

#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "support/suite.h"
#include "train/participants.h"
#include "train/lab.h"
#include "train/schemes/schemes.h"

#define BLOBS "blobs train=600 test=60 classes=3"
#define FOREVER UINT64_MAX

static struct fed_costs sum_of(const struct fed_ledger *l, uint32_t clients)
{
	struct fed_costs sum = {0};

	for (uint32_t id = 0; id < clients; id++) {
		const struct fed_costs *c = fed_ledger_of(l, id);
		if (!c)
			continue;
		sum.messages_up += c->messages_up;
		sum.messages_down += c->messages_down;
		sum.bytes_up += c->bytes_up;
		sum.bytes_down += c->bytes_down;
		sum.plain_up += c->plain_up;
		sum.plain_down += c->plain_down;
		sum.client_flops += c->client_flops;
		sum.server_flops += c->server_flops;
	}
	return sum;
}

static void check_equal(const struct fed_costs *a, const struct fed_costs *b)
{
	ck_assert_uint_eq(a->messages_up, b->messages_up);
	ck_assert_uint_eq(a->messages_down, b->messages_down);
	ck_assert_uint_eq(a->bytes_up, b->bytes_up);
	ck_assert_uint_eq(a->bytes_down, b->bytes_down);
	ck_assert_uint_eq(a->plain_up, b->plain_up);
	ck_assert_uint_eq(a->plain_down, b->plain_down);
	ck_assert_double_eq_tol(a->client_flops, b->client_flops, 1e-9 * (1 + a->client_flops));
	ck_assert_double_eq_tol(a->server_flops, b->server_flops, 1e-9 * (1 + a->server_flops));
}

START_TEST(accounts_are_sums)
{
	struct fed_stream random = fed_stream_open(1, FED_FOR_DATA, 0, 0);
	struct fed_ledger l = {0};
	struct fed_costs want[50] = {{0}};
	struct fed_error err;

	ck_assert_ptr_null(fed_ledger_of(&l, 0));
	for (int i = 0; i < 2000; i++) {
		const uint32_t id = fed_stream_below(&random, 50);
		const struct fed_costs c = {.messages_up = 1, .bytes_up = fed_stream_below(&random, 99)};

		if (id == 7)
			continue;
		fed_assert_ok(fed_ledger_open(&l, id, &err), &err);
		fed_ledger_enter(&l, id, &c);
		want[id].messages_up++;
		want[id].bytes_up += c.bytes_up;
	}
	ck_assert_uint_eq(l.n, 49);
	for (uint32_t id = 0; id < 50; id++) {
		if (id == 7)
			ck_assert_ptr_null(fed_ledger_of(&l, id));
		else
			check_equal(fed_ledger_of(&l, id), &want[id]);
	}
	const struct fed_costs sum = sum_of(&l, 50);
	check_equal(&sum, &l.total);
	fed_ledger_release(&l);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

static void compose(struct lab *lab, struct fed_ledger *l, const char *codec, bool async)
{
	*l = (struct fed_ledger){0};
	lab_compose(lab, BLOBS, "softmax", "fedavg", "local", 6, 30, FED_PARTITION_IID);
	snprintf(lab->settings.codec, sizeof lab->settings.codec, "%s", codec);
	if (async)
		lab_scheme(lab, &fed__scheme_async, "concurrency", "3");
	lab_start(lab);
	lab->federation.ledger = l;
}

static void release(struct lab *lab, struct fed_ledger *l)
{
	lab_release(lab);
	fed_ledger_release(l);
}

/* rounds x participants x frame, in total and for each. */
START_TEST(costs_follow_the_closed_form)
{
	static const char *const codecs[] = {"none", "fp16", "int8", "top-k:0.5"};
	struct fed_shared_codec *codec;
	struct fed_ledger l;
	struct fed_error err;
	struct lab lab;

	compose(&lab, &l, codecs[_i], false);
	fed_assert_ok(fed_codec_make(lab.plugins, codecs[_i], &codec, &err), &err);
	lab_run(&lab, 5);
	const size_t dim = lab.net.dim;
	const double work = 30 * 3 * fed_net_flops(&lab.net, 0, lab.net.layers);
	const uint64_t plain = fed_frame_size(1, dim);
	const uint64_t up = FED_FRAME_BYTES + fed_codec_bound(codec, &(struct fed_coding){.n = dim});
	fed_shared_codec_unref(codec);
	const struct fed_costs each = {.messages_up = 5,
	                               .messages_down = 5,
	                               .bytes_up = 5 * up,
	                               .bytes_down = 5 * plain,
	                               .plain_up = 5 * plain,
	                               .plain_down = 5 * plain,
	                               .client_flops = 5 * work,
	                               .server_flops = 5 * 2 * (double)dim};
	for (uint32_t id = 0; id < 6; id++)
		check_equal(fed_ledger_of(&l, id), &each);
	const struct fed_costs all = {.messages_up = 30,
	                              .messages_down = 30,
	                              .bytes_up = 30 * up,
	                              .bytes_down = 30 * plain,
	                              .plain_up = 30 * plain,
	                              .plain_down = 30 * plain,
	                              .client_flops = 30 * work,
	                              .server_flops = 30 * 2 * (double)dim};
	check_equal(&l.total, &all);
	release(&lab, &l);
}
END_TEST

/* Only who takes part has an account. */
START_TEST(idle_clients_have_no_account)
{
	struct fed_ledger l;
	struct lab lab;

	compose(&lab, &l, "none", false);
	lab.settings.participants = 2;
	lab_run(&lab, 1);
	ck_assert_uint_eq(l.n, 2);
	release(&lab, &l);
}
END_TEST

/* The totals are the sums over clients and over records, whatever goes wrong. */
START_TEST(sums_hold_under_faults)
{
	static const char *const faults[] = {"flaky p=0.3", "crash p=0.3", "lossy p=0.3", "duplicate",
	                                     "nan p=0.3",   "hang p=0.2",  "corrupt",     "late"};
	struct fed_costs sum, records = {0};
	struct fed_ledger l;
	struct lab lab;

	compose(&lab, &l, "int8", _i);
	for (uint32_t k = 0; k < sizeof faults / sizeof *faults; k++)
		lab_inject(&lab, faults[k], k % 5, 1, 0, FOREVER); /* client 5 is well */
	for (int i = 0; i < 30; i++) {
		const struct fed_record *r = &lab.federation.record;

		lab_run(&lab, 1);
		records.bytes_up += (uint64_t)r->bytes_up;
		records.bytes_down += (uint64_t)r->bytes_down;
		records.messages_up += (uint64_t)r->messages;
		records.client_flops += r->client_flops;
		records.server_flops += r->server_flops;
	}
	sum = sum_of(&l, 6);
	check_equal(&sum, &l.total);
	sum.messages_up += sum.messages_down; /* records do not part them, nor know a codec */
	sum.messages_down = sum.plain_up = sum.plain_down = 0;
	check_equal(&sum, &records);
	/* Every message up is an update under int8. */
	ck_assert_uint_eq(l.total.bytes_up, l.total.messages_up * (FED_FRAME_BYTES + lab.net.dim + 4));
	ck_assert_uint_eq(l.total.plain_up, l.total.messages_up * fed_frame_size(1, lab.net.dim));
	release(&lab, &l);
}
END_TEST

/* A round that is given up, wherever it stands, costs nothing. */
START_TEST(aborted_rounds_are_not_billed)
{
	bool made = false;

	for (int events = 0; !made; events++) {
		struct fed_error err = {""};
		struct fed_ledger l;
		struct lab lab;

		compose(&lab, &l, "none", _i);
		lab_run(&lab, 2);
		const struct fed_costs before = l.total;
		fed_assert_ok(fed_federation_begin(&lab.federation, &err), &err);
		for (int i = 0; i < events && !made; i++)
			fed_assert_ok(fed_federation_advance(&lab.federation, &made, &err), &err);
		fed_federation_abort(&lab.federation, "a test");
		if (!made)
			ck_assert_mem_eq(&before, &l.total, sizeof before);
		lab_run(&lab, 1);
		const struct fed_costs sum = sum_of(&l, 6);
		check_equal(&sum, &l.total);
		release(&lab, &l);
	}
}
END_TEST

START_TEST(lack_of_memory_is_not_billed)
{
	bool ahead = false;

	for (uint64_t k = 1; !ahead; k++) {
		struct fed_error err = {""};
		struct fed_ledger l;
		struct lab lab;

		compose(&lab, &l, "none", false);
		fed__mem_fail_at(k);
		const int rc = fed_federation_round(&lab.federation, &err);
		ahead = fed__mem_fail_ahead();
		fed__mem_fail_at(0);
		if (rc)
			ck_assert(l.total.bytes_down == 0 && sum_of(&l, 6).bytes_down == 0);
		else
			ck_assert_uint_eq(l.total.messages_up, 6);
		release(&lab, &l);
		ck_assert_int_eq(fed__mem_live(), 0);
	}
}
END_TEST

FED_SUITE(round_costs)
{
	Suite *suite = suite_create("ledger");
	TCase *tests = tcase_create("ledger");

	tcase_add_test(tests, accounts_are_sums);
	tcase_add_loop_test(tests, costs_follow_the_closed_form, 0, 4);
	tcase_add_test(tests, idle_clients_have_no_account);
	tcase_add_loop_test(tests, sums_hold_under_faults, 0, 2);
	tcase_add_loop_test(tests, aborted_rounds_are_not_billed, 0, 2);
	tcase_add_test(tests, lack_of_memory_is_not_billed);
	suite_add_tcase(suite, tests);
	return suite;
}
