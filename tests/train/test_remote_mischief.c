/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Clients on other machines: whole frames with any bytes in them, rounds that are aborted, memory
 * that runs out at the server or at a client.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/suite.h"
#include "train/client_work.h"
#include "train/remotes.h"
#include "train/schemes/schemes.h"

static const struct way ways[] = {
	{"fedavg", .holdout = 0.25, .set = {{"evaluate_over", "network"}}},
	{"scaffold", .set = {{"codec", "up=top-k:0.3,down=int8"}, {"local_layers", "last:1"}}},
	{"fedavg", .set = {{"codec", "powersgd"}, {"participants", "3"}},
     .rule = "power-of-choice d=5"},
	{"ifca k=2", .set = {{"codec", "qsgd"}}, .fault = "byzantine attack=sign-flip"},
	{"median", .scheme = "async", .scheme_set = {{"concurrency", "3"}}, .set = {{"codec", "sign"}}},
	{"fedavg", .scheme = "split", .set = {{"codec", "int8"}}},
	{"fedavg", .scheme = "split", .scheme_set = {{"parallel", "v1"}, {"labels", "client"}}},
	{"fedavg", .scheme = "split", .scheme_set = {{"parallel", "v2"}, {"smashed", "batch"}},
     .fault = "byzantine attack=gaussian"},
};
enum { WAYS = sizeof ways / sizeof *ways, FUZZ = (FED_SANITIZED ? 2 : 4) * WAYS };

/* Frames --------------------------------------------------------------------------- */

enum { HEAD_FROM = 8, HEAD_ID = 16, HEAD_CRC = 60 };

static void set_crc(char *frame, size_t len)
{
	const unsigned char blank[4] = {0};
	uint32_t crc = fed_crc32(0, frame, HEAD_CRC);

	crc = fed_crc32(crc, blank, sizeof blank);
	crc = fed_crc32(crc, frame + FED_FRAME_BYTES, len - FED_FRAME_BYTES);
	for (int i = 0; i < 4; i++)
		frame[HEAD_CRC + i] = (char)(crc >> 8 * i);
}

/* Send the answer with some bytes changed, or of another length, whole and from the same client;
 * then the answer itself, so that no round waits for ever. */
static void mutate(struct remotes *r, uint32_t client, const struct fed_envelope *in)
{
	struct fed_stream *draw = r->ctx;
	struct fed_envelope answer;
	struct fed_error err = {""};
	struct fed_text frame = {0};

	remotes_compute(r, client, in, &answer);
	fed_assert_ok(fed_messenger_encode(&answer, &frame, &err), &err);
	for (uint32_t n = 1 + fed_stream_below(draw, 3); n; n--) {
		const uint32_t where = fed_stream_below(draw, 2) ? FED_FRAME_BYTES : (uint32_t)frame.len;
		const uint32_t at = fed_stream_below(draw, where);

		if (at >= 4 && (at < HEAD_FROM || at >= HEAD_ID))
			frame.s[at] = (char)(fed_stream_below(draw, 2) ? frame.s[at] ^ 1 << at % 8
			                                               : (int)fed_stream_below(draw, 256));
	}
	if (fed_stream_below(draw, 4) == 0 && frame.len > FED_FRAME_BYTES)
		frame.len = FED_FRAME_BYTES + fed_stream_below(draw, (uint32_t)frame.len - FED_FRAME_BYTES);
	set_crc(frame.s, frame.len);
	if (fed_stream_below(draw, 3) == 0)
		remotes_send(r, client, frame.s, frame.len);
	remotes_answer(r, client, &answer);
	fed_text_release(&frame);
	fed_envelope_release(&answer);
}

START_TEST(whole_frames_with_any_bytes_do_no_harm)
{
	struct fed_stream draw = fed_stream_open((uint64_t)_i, 8, 8, 8);
	static struct remotes r;

	remotes_compose(&r, way_compose, (void *)&ways[_i % WAYS], (uint64_t)_i);
	r.behave = mutate;
	r.ctx = &draw;
	remotes_start(&r);
	for (int k = 0; k < 4; k++) {
		struct fed_error err = {""};
		const int rc = fed_federation_round(&r.server.federation, &err);

		ck_assert_msg(rc == FED_OK || *err.text, "no words");
		for (size_t j = 0; rc == FED_OK && j < r.server.net.dim; j++)
			ck_assert_msg(isfinite(r.server.federation.params[j]), "version %d", k);
	}
	remotes_release(&r);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

/* Aborts ---------------------------------------------------------------------------- */

/* What clients go on to send of an aborted round changes nothing in those that follow. */
START_TEST(an_aborted_round_leaves_the_model_and_the_next_ones_go_on)
{
	for (int k = 1; k < 40; k += FED_SANITIZED ? 13 : 5) {
		struct lab_interrupter interrupter = {0};
		struct fed_error err = {""};
		static struct remotes r;

		remotes_compose(&r, way_compose, (void *)&ways[_i], (uint64_t)k);
		r.server.sink = lab_interrupt(&r.server, &interrupter);
		remotes_start(&r);
		lab_run(&r.server, 2);
		const size_t bytes = r.server.net.dim * sizeof(float);
		float *before = malloc(bytes);
		memcpy(before, r.server.federation.params, bytes);
		interrupter.left = k;
		if (fed_federation_round(&r.server.federation, &err) == FED_REJECT) {
			ck_assert_uint_eq(r.server.federation.version, 2);
			ck_assert_mem_eq(before, r.server.federation.params, bytes);
		}
		atomic_store(&r.server.federation.stop, 0);
		interrupter.left = 0;
		lab_run(&r.server, 2);
		free(before);
		remotes_release(&r);
		ck_assert_int_eq(fed__mem_live(), 0);
	}
}
END_TEST

/* Memory ------------------------------------------------------------------------------ */

/* A client that cannot do its work leaves, as its process would end. */
static void work_or_leave(struct remotes *r, uint32_t client, const struct fed_envelope *in)
{
	struct fed_envelope answer;
	struct fed_error err = {""};
	struct fed_text frame = {0};
	bool answers;

	if (fed_client_work(&r->client[client].lab.federation, client, in, &answer, &answers, &err)) {
		ck_assert_msg(*err.text, "no words");
		remotes_leave(r, client);
		return;
	}
	if (fed_messenger_encode(&answer, &frame, &err))
		remotes_leave(r, client);
	else
		remotes_send(r, client, frame.s, frame.len);
	fed_text_release(&frame);
	fed_envelope_release(&answer);
}

START_TEST(without_memory_a_round_ends_in_words)
{
	static struct remotes r;
	bool failed = true;

	for (uint64_t k = 1; failed; k += FED_SANITIZED ? 97 : 43) {
		struct fed_error err = {""};

		remotes_compose(&r, way_compose, (void *)&ways[_i], k);
		r.behave = work_or_leave;
		r.may_fail = true;
		remotes_start(&r);
		lab_run(&r.server, 1);
		fed__mem_fail_at(k);
		int rc = fed_federation_round(&r.server.federation, &err);
		failed = !fed__mem_fail_ahead();
		fed__mem_fail_at(0);
		ck_assert_msg(rc == FED_OK || *err.text, "no words");
		ck_assert_uint_eq(r.server.federation.version, 1 + (rc == FED_OK));
		for (uint32_t i = 0; i < r.n; i++)
			r.client[i].gone = r.client[i].told = false;
		for (uint32_t i = 0; i < r.n; i++)
			fed_client_set_away(&r.server.clients, i, false);
		lab_run(&r.server, 1);
		remotes_release(&r);
		ck_assert_int_eq(fed__mem_live(), 0);
	}
}
END_TEST

/* Messages that a client did not ask for ------------------------------------------------ */

START_TEST(a_client_refuses_what_is_not_for_it)
{
	static struct remotes r;
	struct fed_error err = {""};
	struct fed_envelope in = {.head = {.from = FED_SERVER, .to = 0}, .round = 9, .steps = 3};
	struct fed_envelope answer;
	bool answers;
	static const struct {
		int way;
		uint32_t kind;
		const char *words;
	} rows[] = {
		{0, FED_MESSAGE_START, "the model of version 0 did not come"},
		{0, FED_MESSAGE_GRADIENT, "is of kind 5"},
		{5, FED_MESSAGE_GRADIENT, "is of batch 3, which is not under way here"},
		{6, FED_MESSAGE_FEATURES, "is of batch 3, which is not under way here"},
		{5, FED_MESSAGE_HEAD, "for the client's layers, which have"},
		{5, FED_MESSAGE_SMASHED, "is of batch 3"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		remotes_compose(&r, way_compose, (void *)&ways[rows[i].way], 1);
		remotes_start(&r);
		in.payload = fed_shared_vectors_new(1, 5);
		in.head.kind = rows[i].kind;
		ck_assert_int_eq(
			fed_client_work(&r.client[0].lab.federation, 0, &in, &answer, &answers, &err),
			FED_REJECT);
		ck_assert_msg(strstr(err.text, rows[i].words), "%s", err.text);
		fed_shared_vectors_unref(in.payload);
		remotes_release(&r);
	}
}
END_TEST

START_TEST(a_client_that_is_stopped_gives_its_turn_up)
{
	static struct remotes r;
	struct fed_error err = {""};
	struct fed_envelope answer,
		in = {.head = {.from = FED_SERVER, .kind = FED_MESSAGE_HEAD}, .round = 4};
	bool answers;

	remotes_compose(&r, way_compose, (void *)&ways[5], 1);
	remotes_start(&r);
	struct fed_federation *f = &r.client[0].lab.federation;
	fed_assert_ok(fed__federation_prepare(f, &err), &err);
	in.payload = fed_shared_vectors_new(1, 21); /* two inputs, seven units */
	memset(in.payload->vector[0], 0, 21 * sizeof(float));
	fed_assert_ok(fed_client_work(f, 0, &in, &answer, &answers, &err), &err);
	ck_assert(answers);
	fed_envelope_release(&answer);
	atomic_store(&f->stop, 2);
	ck_assert_int_eq(fed_client_work(f, 0, &in, &answer, &answers, &err), FED_REJECT);
	ck_assert(!answers);
	ck_assert_str_eq(err.text, "stopped; its turn is over");
	fed_shared_vectors_unref(in.payload);
	remotes_release(&r);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

FED_SUITE(remote_mischief)
{
	Suite *suite = suite_create("remote_mischief");
	TCase *tests = tcase_create("remote_mischief");

	tcase_add_loop_test(tests, whole_frames_with_any_bytes_do_no_harm, 0, FUZZ);
	tcase_add_loop_test(tests, an_aborted_round_leaves_the_model_and_the_next_ones_go_on, 0, WAYS);
	tcase_add_loop_test(tests, without_memory_a_round_ends_in_words, 0, WAYS);
	tcase_add_test(tests, a_client_that_is_stopped_gives_its_turn_up);
	tcase_add_test(tests, a_client_refuses_what_is_not_for_it);
	suite_add_tcase(suite, tests);
	return suite;
}
