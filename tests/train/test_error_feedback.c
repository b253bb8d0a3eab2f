/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Updates under a codec: what is sent and what is kept add up to what was learned; bytes and time
 * follow; the bits depend on the seed alone; an abort gives residuals back.
 */
#include "net/codec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "net/codecs.h"
#include "support/suite.h"
#include "train/local/error_feedback.h"
#include "train/participants.h"
#include "train/lab.h"
#include "train/schemes/schemes.h"

#define BLOBS "blobs train=600 test=60 classes=3"

static const char *const codecs[] = {"none", "fp16", "int8", "top-k:0.05", "top-k:0.5"};
#define CODECS ((int)(sizeof codecs / sizeof *codecs))
/* And those whose decoded vectors do not encode to the same again. */
static const char *const others[] = {"sign", "powersgd", "qsgd:levels=8",
                                     "up=powersgd:rank=1,down=fp16", "up=int8,down=qsgd:300"};
#define OTHERS ((int)(sizeof others / sizeof *others))

static const char *codec_at(int i)
{
	return i < CODECS ? codecs[i] : others[i - CODECS];
}

static void choose(struct lab *lab, const char *codec)
{
	snprintf(lab->settings.codec, sizeof lab->settings.codec, "%s", codec);
}

static void compose(struct lab *lab, const char *aggregator, const char *codec)
{
	lab_compose(lab, BLOBS, "mlp hidden=5", aggregator, "local", 6, 30, FED_PARTITION_NONIID);
	lab->settings.batch = 10;
	choose(lab, codec);
}

static const float *residual_of(const struct lab *lab, uint32_t id)
{
	const struct fed_shared_vectors *p = lab->clients.client[id].residual;

	return p ? p->vector[0] : NULL;
}

static void check_same(const struct lab *a, const struct lab *b)
{
	const size_t bytes = a->net.dim * sizeof(float);

	ck_assert_mem_eq(a->federation.params, b->federation.params, bytes);
	for (uint32_t id = 0; id < a->clients.n; id++) {
		ck_assert(!residual_of(a, id) == !residual_of(b, id));
		if (residual_of(a, id))
			ck_assert_mem_eq(residual_of(a, id), residual_of(b, id), bytes);
	}
}

/* The sum of all that was decoded, and the residual, are the sum of the deltas: exactly, when the
 * numbers are multiples of 2^-14 and the codec's are, too. */
START_TEST(nothing_is_lost_for_good)
{
	enum { DIM = 700, ROUNDS = 30 };
	struct fed_training g = {.feedback = true};
	struct fed_thread_buffers w = {0};
	double sent[DIM] = {0}, learned[DIM] = {0};
	struct fed_registry *plugins = codec_registry();
	struct fed_error err = {""};
	const bool int8 = strcmp(codecs[_i], "int8") == 0;

	g.codec = codec_named(plugins, codecs[_i]);
	g.coding.n = DIM;
	g.result = fed_shared_vectors_new(1, DIM);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct fed_stream random = fed_stream_open(round, FED_FOR_DATA, 0, 0);
		float *delta = g.result->vector[0];

		for (size_t j = 0; j < DIM; j++) {
			delta[j] = (float)rint(fed_stream_normal(&random) * 1000) * 0x1p-14f;
			learned[j] += delta[j];
		}
		fed_assert_ok(fed__feedback_code(&g, &w, &err), &err);
		if (g.codec)
			ck_assert_uint_eq(g.code->len, fed_codec_bound(g.codec, &g.coding));
		for (size_t j = 0; j < DIM; j++)
			sent[j] += delta[j];
		fed_shared_vectors_unref(g.residual);
		g.residual = g.left;
		g.left = NULL;
		ck_assert(!g.residual == !g.codec);
		for (size_t j = 0; j < DIM; j++) {
			const double all = sent[j] + (g.residual ? (double)g.residual->vector[0][j] : 0);

			if (int8)
				ck_assert_double_eq_tol(all, learned[j], 1e-6);
			else
				ck_assert_double_eq(all, learned[j]);
		}
	}
	fed_shared_vectors_unref(g.residual);
	fed_shared_vectors_unref(g.result);
	fed_shared_codec_unref(g.codec);
	fed_code_unref(g.code);
	fed_codec_buffers_release(&w.codec);
	fed_registry_free(plugins);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

/* What is not finite goes on to the gate, and is not kept for ever. */
START_TEST(residuals_are_finite)
{
	struct fed_training g = {.feedback = true};
	struct fed_thread_buffers w = {0};
	struct fed_registry *plugins = codec_registry();
	struct fed_error err = {""};

	g.codec = codec_named(plugins, codecs[_i]);
	g.coding.n = 600;
	g.result = fed_shared_vectors_new(1, 600);
	for (size_t j = 0; j < 600; j++)
		g.result->vector[0][j] = j == 7 ? NAN : j == 300 ? INFINITY : j == 301 ? 1e30f : 0.001f;
	fed_assert_ok(fed__feedback_code(&g, &w, &err), &err);
	ck_assert(!isfinite(g.result->vector[0][7]) && !isfinite(g.result->vector[0][300]));
	for (size_t j = 0; g.left && j < 600; j++)
		ck_assert(isfinite(g.left->vector[0][j]));
	fed_shared_vectors_unref(g.left);
	fed_shared_vectors_unref(g.result);
	fed_shared_codec_unref(g.codec);
	fed_code_unref(g.code);
	fed_codec_buffers_release(&w.codec);
	fed_registry_free(plugins);
}
END_TEST

/* Sizes on the wire, and the time that they take. */
START_TEST(bytes_and_time_follow)
{
	const struct fed_link_spec link = {.link = {.latency = 0.5, .up = 1000, .down = 2000},
	                                   .profile = FED_NO_PROFILE};
	for (int returns = 0; returns < 2; returns++) {
		struct lab lab;

		compose(&lab, returns ? "scaffold" : "fedavg", codecs[_i]);
		lab_start(&lab);
		for (uint32_t id = 0; id < 6; id++)
			fed_client_equip(&lab.clients.client[id], id, NULL, &link, 1);
		lab_run(&lab, 1);
		const struct fed_record *r = &lab.federation.record;
		const double down = (double)fed_frame_size(1 + (uint32_t)returns, lab.net.dim);
		/* What travels beside an update is sent as it is. */
		const double up =
			FED_FRAME_BYTES +
			(double)fed_codec_bound(lab.federation.codec, &(struct fed_coding){.n = lab.net.dim}) +
			(double)(4 * lab.net.dim * (size_t)returns);
		const double work = 3 * fed_net_flops(&lab.net, 0, lab.net.layers) * 30 / 1e9;
		ck_assert_double_eq(r->bytes_up, 6 * up);
		ck_assert_double_eq(r->bytes_down, 6 * down);
		ck_assert_double_eq_tol(r->clock, 1 + down / 2000 + work + up / 1000, 1e-4);
		lab_release(&lab);
	}
}
END_TEST

/* The same bits for any number of threads, in rounds and without. */
START_TEST(threads_change_nothing)
{
	static const int64_t threads[] = {1, 2, 8};

	for (int async = 0; async < 2; async++) {
		struct lab lab[3];

		for (int k = 0; k < 3; k++) {
			compose(&lab[k], "fedavg", codec_at(_i));
			lab[k].settings.threads = threads[k];
			lab[k].settings.fraction = 0.5;
			if (async)
				lab_scheme(&lab[k], &fed__scheme_async, "concurrency", "4");
			lab_start(&lab[k]);
			lab_run(&lab[k], 8);
			check_same(&lab[0], &lab[k]);
		}
		for (int k = 0; k < 3; k++)
			lab_release(&lab[k]);
	}
}
END_TEST

/* Feedback has nothing to feed back under `none`; without feedback nothing is kept. */
START_TEST(without_need_nothing_is_kept)
{
	struct lab with, without;

	compose(&with, "fedavg", "none");
	compose(&without, "fedavg", "none");
	without.settings.error_feedback = false;
	lab_start(&with);
	lab_start(&without);
	lab_run(&with, 3);
	lab_run(&without, 3);
	check_same(&with, &without);
	ck_assert_ptr_null(residual_of(&with, 0));
	choose(&without, "top-k:0.05");
	lab_run(&without, 1);
	ck_assert_ptr_null(residual_of(&without, 0));
	choose(&with, "top-k:0.05");
	lab_run(&with, 1);
	ck_assert_ptr_nonnull(residual_of(&with, 0));
	choose(&with, "none"); /* all that was kept is sent now */
	lab_run(&with, 1);
	ck_assert_ptr_null(residual_of(&with, 0));
	choose(&with, "top-k:0.05");
	lab_run(&with, 1);
	with.settings.error_feedback = false;
	lab_run(&with, 1);
	ck_assert_ptr_null(residual_of(&with, 0));
	lab_release(&with);
	lab_release(&without);
}
END_TEST

/* Stop a round after its n-th event, for every n: residuals are as before, and so is the rest. */
START_TEST(an_abort_gives_residuals_back)
{
	for (int async = 0; async < 2; async++) {
		struct lab undisturbed, lab;
		bool made = false;

		for (int events = 0; !made; events++) {
			struct fed_error err = {""};

			compose(&undisturbed, "fedavg", "int8");
			compose(&lab, "fedavg", "int8");
			if (async) {
				lab_scheme(&undisturbed, &fed__scheme_async, "concurrency", "3");
				lab_scheme(&lab, &fed__scheme_async, "concurrency", "3");
			}
			lab_start(&undisturbed);
			lab_start(&lab);
			lab_run(&undisturbed, 3);
			lab_run(&lab, 3);
			fed_cancel_open(&undisturbed.federation, true);
			fed_cancel_open(&lab.federation, true);
			fed_assert_ok(fed_federation_begin(&lab.federation, &err), &err);
			for (int i = 0; i < events && !made; i++)
				fed_assert_ok(fed_federation_advance(&lab.federation, &made, &err), &err);
			if (!made) {
				fed_federation_abort(&lab.federation, "a test");
				check_same(&undisturbed, &lab);
			}
			lab_release(&lab);
			lab_release(&undisturbed);
		}
	}
}
END_TEST

START_TEST(a_round_without_memory_keeps_residuals)
{
	struct lab before;
	int failed = 0;
	bool ahead = false;

	compose(&before, "fedavg", "top-k:0.5");
	lab_start(&before);
	lab_run(&before, 2);
	for (uint64_t k = 1; !ahead; k++) {
		struct fed_error err = {""};
		struct lab lab;

		compose(&lab, "fedavg", "top-k:0.5");
		lab_start(&lab);
		lab_run(&lab, 2);
		fed__mem_fail_at(k);
		const int rc = fed_federation_round(&lab.federation, &err);
		ahead = fed__mem_fail_ahead();
		fed__mem_fail_at(0);
		if (rc)
			check_same(&before, &lab);
		failed += rc != FED_OK;
		lab_release(&lab);
	}
	ck_assert_int_ge(failed, 6); /* a residual each */
	lab_release(&before);
}
END_TEST

/* Clients that leave take their residuals along, also while they train. */
START_TEST(clients_may_leave)
{
	struct lab lab;
	const uint32_t gone[] = {1, 4};

	compose(&lab, "fedavg", "top-k:0.05");
	lab_scheme(&lab, &fed__scheme_async, "concurrency", "4");
	lab_start(&lab);
	lab_run(&lab, 10);
	fed_clients_remove(&lab.clients, gone, 2);
	lab_run(&lab, 10);
	ck_assert_ptr_null(residual_of(&lab, 1));
	ck_assert_ptr_nonnull(residual_of(&lab, 0));
	lab_release(&lab);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

/* Attackers have the same codec as others, and the gate sees a NaN through each of them. */
START_TEST(attacks_and_faults_pass_the_codec)
{
	static const char *const attacks[] = {"byzantine attack=gaussian std=1",
	                                      "byzantine attack=ipm"};
	struct fed_error err = {""};

	for (size_t a = 0; a < 2; a++) {
		struct lab lab;
		float again[1000];

		compose(&lab, "fedavg", codecs[_i]);
		lab_inject(&lab, attacks[a], 2, 2, 0, UINT64_MAX);
		lab_start(&lab);
		lab_run(&lab, 1);
		ck_assert_uint_eq(lab.federation.verdicts.n, 6);
		const struct fed_coding coding = {.n = lab.net.dim};
		const struct fed_shared_codec *codec = lab.federation.codec;
		const bool sparse = strncmp(codecs[_i], "top-k", 5) == 0;
		const size_t most = sparse ? fed_codec_bound(codec, &coding) / 8 : lab.net.dim;
		for (size_t i = 0; i < 6; i++) {
			struct fed_code *code = NULL;
			const float *v = lab.federation.verdicts.of[i].update->vector[0];
			size_t sent = 0;

			for (size_t j = 0; j < lab.net.dim; j++)
				sent += v[j] != 0;
			ck_assert_uint_le(sent, most);
			memcpy(again, v, lab.net.dim * sizeof *v);
			fed_assert_ok(fed_recode(codec, &coding, again, &code, &err), &err);
			fed_code_unref(code);
			ck_assert_mem_eq(again, v, lab.net.dim * sizeof *v);
		}
		lab_release(&lab);
	}
	struct lab lab;
	compose(&lab, "fedavg", codecs[_i]);
	lab_inject(&lab, "nan", 2, 1, 0, UINT64_MAX);
	lab_inject(&lab, "corrupt", 3, 1, 0, UINT64_MAX);
	lab_start(&lab);
	lab_run(&lab, 2);
	ck_assert_double_eq(lab.federation.record.refused, 2);
	ck_assert_double_eq(lab.federation.record.reported, 4);
	lab_release(&lab);
}
END_TEST

static double loss_under(const char *codec, bool feedback)
{
	struct lab lab;

	lab_compose(&lab, "linear", "linear", "fedavg", "local", 10, 50, FED_PARTITION_NONIID);
	lab.settings.lr = 0.02;
	lab.settings.error_feedback = feedback;
	choose(&lab, codec);
	lab_start(&lab);
	lab_run(&lab, 100);
	const double loss = lab.federation.record.test_loss;
	lab_release(&lab);
	return loss;
}

/* A client's largest numbers alone lead elsewhere; with feedback the rest comes later. */
START_TEST(feedback_learns_where_the_codec_alone_does_not)
{
	const double plain = loss_under("none", true), with = loss_under("top-k:0.05", true);
	const double without = loss_under("top-k:0.05", false);

	ck_assert_double_lt(with, 1.05 * plain);
	ck_assert_double_gt(without, 1.5 * plain);
	ck_assert_double_lt(loss_under("int8", true), 1.01 * plain);
	ck_assert_double_lt(loss_under("fp16", true), 1.01 * plain);
}
END_TEST

/* What a codec keeps beside the residual: PowerSGD's Q, found again and again. */
START_TEST(a_codec_keeps_its_memory)
{
	struct lab lab, unbiased;

	compose(&lab, "fedavg", "powersgd:rank=1");
	lab_start(&lab);
	lab_run(&lab, 2);
	for (uint32_t id = 0; id < 6; id++) {
		const struct fed_shared_vectors *kept = lab.clients.client[id].residual;
		double squares = 0;

		ck_assert_uint_eq(kept->n, 2);
		for (size_t j = 0; j < lab.net.dim; j++)
			squares += (double)kept->vector[1][j] * (double)kept->vector[1][j];
		ck_assert_double_gt(squares, 0);
	}
	choose(&lab, "fp16");
	lab_run(&lab, 1);
	ck_assert_uint_eq(lab.clients.client[0].residual->n, 1);
	lab_release(&lab);

	compose(&unbiased, "fedavg", "qsgd"); /* nothing to make up for */
	lab_start(&unbiased);
	lab_run(&unbiased, 2);
	ck_assert_ptr_null(unbiased.clients.client[0].residual);
	lab_release(&unbiased);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

/* The model goes down under its codec: clients train on what they decode, and it is charged. */
START_TEST(the_model_is_compressed_too)
{
	struct lab lab;
	struct fed_ledger ledger = {0};

	compose(&lab, _i ? "scaffold" : "fedavg", "down=fp16");
	lab_start(&lab);
	lab.federation.ledger = &ledger;
	lab_run(&lab, 1);
	const size_t dim = lab.net.dim, beside = _i ? 4 * dim : 0;
	ck_assert_double_eq(lab.federation.record.bytes_down,
	                    6 * (double)(FED_FRAME_BYTES + 2 * dim + beside));
	ck_assert_double_eq(lab.federation.record.bytes_up,
	                    6 * (double)(FED_FRAME_BYTES + 4 * dim + beside));
	ck_assert_uint_eq(ledger.total.plain_down, 6 * (FED_FRAME_BYTES + 4 * dim + beside));
	/* what clients got is the model in half floats: off by 2^-11 of each number at most */
	const struct fed_federation *f = &lab.federation;
	for (size_t j = 0; j < dim; j++) {
		const float x = f->outgoing->vector[0][j];
		unsigned bits;

		memcpy(&bits, &x, sizeof bits);
		ck_assert_uint_eq(bits & 0x1fffu, 0);
	}
	ck_assert_uint_eq(f->outgoing_code->len, 2 * dim);
	lab_release(&lab);
	fed_ledger_release(&ledger);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

/* A codec that fails stops the round, which leaves nothing. */
START_TEST(a_failing_codec_stops_the_round)
{
	struct lab lab;
	const struct fed_entry *entry;
	struct fed_error err = {""};
	char text[64];

	compose(&lab, "fedavg", "none");
	fed_assert_ok(
		fed_registry_load(lab.plugins, FED_BUILD_DIR "/fixtures/misbehave_codec.so", &entry, &err),
		&err);
	snprintf(text, sizeof text, "%s=misbehave-codec:fail", _i ? "down" : "up");
	choose(&lab, text);
	lab_start(&lab);
	ck_assert_int_eq(fed_federation_round(&lab.federation, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "codec misbehave-codec: will not"), "%s", err.text);
	ck_assert_uint_eq(lab.federation.version, 0);
	choose(&lab, "none");
	lab_run(&lab, 1);
	lab_release(&lab);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

FED_SUITE(error_feedback)
{
	Suite *suite = suite_create("feedback");
	TCase *tests = tcase_create("feedback");

	tcase_add_loop_test(tests, nothing_is_lost_for_good, 0, CODECS);
	tcase_add_loop_test(tests, residuals_are_finite, 0, CODECS);
	tcase_add_loop_test(tests, bytes_and_time_follow, 0, CODECS);
	tcase_add_loop_test(tests, threads_change_nothing, 0, CODECS + OTHERS);
	tcase_add_test(tests, without_need_nothing_is_kept);
	tcase_add_test(tests, an_abort_gives_residuals_back);
	tcase_add_test(tests, a_round_without_memory_keeps_residuals);
	tcase_add_test(tests, clients_may_leave);
	tcase_add_loop_test(tests, attacks_and_faults_pass_the_codec, 0, CODECS);
	tcase_add_test(tests, a_codec_keeps_its_memory);
	tcase_add_loop_test(tests, the_model_is_compressed_too, 0, 2);
	tcase_add_loop_test(tests, a_failing_codec_stops_the_round, 0, 2);
	tcase_add_test(tests, feedback_learns_where_the_codec_alone_does_not);
	suite_add_tcase(suite, tests);
	return suite;
}
