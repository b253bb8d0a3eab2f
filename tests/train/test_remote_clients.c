/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Clients on other machines: the model is that of the simulation, bit for bit, in whatever order
 * they answer; what they do wrong is refused, and the round goes on.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"
#include "train/client_work.h"
#include "train/remotes.h"
#include "train/schemes/schemes.h"

#define FOREVER UINT64_MAX

enum { ROUNDS = 4 };

static const struct way ways[] = {
	{"fedavg"},
	{"fedavg", .uneven = true},
	{"fedprox", .set = {{"epochs", "2"}}},
	{"scaffold", .set = {{"participants", "4"}}},
	{"median"},
	{"krum f=1", .fault2 = "byzantine attack=sign-flip scale=3"},
	{"fedavg", .set = {{"participants", "3"}}, .rule = "power-of-choice d=5"},
	{"fedavg", .set = {{"codec", "int8"}}},
	{"fedavg", .set = {{"codec", "up=top-k:0.2,down=fp16"}}},
	{"fedavg", .set = {{"codec", "up=sign,down=qsgd"}}},
	{"fedavg", .set = {{"codec", "powersgd"}, {"participants", "4"}}},
	{"scaffold", .set = {{"codec", "up=int8,down=int8"}}},
	{"fedavg", .set = {{"local_layers", "last:1"}, {"participants", "4"}}},
	{"fedavg", .set = {{"local_layers", "first:1"}, {"codec", "up=top-k:0.3,down=int8"}}},
	{"fedavg", .holdout = 0.25, .set = {{"evaluate_over", "network"}}},
	{"fedavg", .holdout = 0.25,
     .set = {{"evaluate_over", "network"}, {"local_layers", "last:1"}, {"participants", "3"}}},
	{"fedavg", .set = {{"noise", "0.01"}}},
	{"fednova", .uneven = true, .set = {{"momentum", "0.5"}}},
	{"fedadam", .set = {{"participants", "5"}}},
	{"ditto", .holdout = 0.25, .set = {{"evaluate_over", "network"}, {"participants", "4"}}},
	{"ifca k=2", .holdout = 0.25, .set = {{"evaluate_over", "network"}}},
	{"fedrep", .set = {{"local_layers", "last:1"}}},
	{"q-ffl"},
	{"fedavg", .set = {{"participants", "3"}}, .rule = "oort"},
	/* Faults at the server's door. */
	{"median", .fault = "byzantine attack=alie"},
	{"median", .fault = "byzantine attack=replay", .fault2 = "nan p=0.5"},
	{"fedavg", .fault = "nan"},
	{"fedavg", .fault = "corrupt p=0.6", .fault2 = "duplicate"},
	{"fedavg", .fault = "lossy p=0.5"},
	{"fedavg", .fault = "late versions=2", .fault2 = "corrupt"},
	{"fedavg", .fault = "duplicate", .set = {{"codec", "int8"}}},
	{"fedavg", .fault = "offline", .fault2 = "flaky p=0.5"},
	{"scaffold", .fault = "lossy p=0.4", .fault2 = "late versions=1 p=0.5"},
	{"fedavg", .fault = "churn join=0.4 leave=0.4"},
	{"fedavg", .fault = "partition"},
	{"fedavg", .uneven = true, .fault = "straggler factor=30"},
};
enum { WAYS = sizeof ways / sizeof *ways };

START_TEST(the_model_is_that_of_the_simulation)
{
	way_is_simulation(&ways[_i], (uint64_t)_i + 1, ROUNDS);
	if (!FED_SANITIZED) /* other numbers, the same code */
		way_is_simulation(&ways[_i], (uint64_t)_i + 100, ROUNDS);
}
END_TEST

/* What a client does wrong ---------------------------------------------------------- */

enum trick {
	TWICE,
	OLD_FIRST,
	LONGER,
	SHORTER,
	EMPTY,
	MORE_VECTORS,
	NO_SAMPLES,
	NOT_FINITE,
	OTHER_VERSION,
	OF_SPLIT,
	OF_TEXT,
	DAMAGED_FIRST,
	SHORT_FIRST,
	STRANGER_FIRST,
	FIGURES_FIRST,
	LOSS_FIRST,
	UNKNOWN_CODEC,
	BAD_CODE,
	UNABLE,
};
static const struct {
	const char *words; /* what is told; NULL: nothing, for no event is about this */
	bool used;         /* its right update is */
	const char *codec;
} tricks[] = {
	[TWICE] = {"answers no open invitation", true},
	[OLD_FIRST] = {"answers no open invitation", true},
	[LONGER] = {"numbers, at most", false},
	[SHORTER] = {"brings 1 vectors of", false},
	[EMPTY] = {"brings 0 vectors of", false},
	[MORE_VECTORS] = {"brings 3 vectors of", false},
	[NO_SAMPLES] = {"claims 0 samples", false},
	[NOT_FINITE] = {"is NaN at coordinate 3", false},
	[OTHER_VERSION] = {"is of another version", false},
	[OF_SPLIT] = {"is of kind 4, which is not expected here", false},
	[OF_TEXT] = {"is of kind 64, which is not expected here", false},
	[DAMAGED_FIRST] = {NULL, true},
	[SHORT_FIRST] = {NULL, true},
	[STRANGER_FIRST] = {NULL, true},
	[FIGURES_FIRST] = {NULL, true},
	[LOSS_FIRST] = {NULL, true},
	[UNKNOWN_CODEC] = {"is under a codec that its receiver does not know", false},
	[BAD_CODE] = {"top-k", false, "up=top-k:0.3"},
	[UNABLE] = {"it cannot: no memory?[31m", false},
};
enum { TRICKS = sizeof tricks / sizeof *tricks, WHO = 2, TRICKED = 1 /* version */ };

struct trickster {
	enum trick trick;
	struct fed_envelope last; /* its update of the version before */
};

/* Replace the update's vectors by others. */
static void reshape(struct fed_envelope *e, uint32_t n, size_t dim)
{
	struct fed_shared_vectors *p = fed_shared_vectors_new(n, dim);

	fed_shared_vectors_unref(e->payload);
	e->payload = p;
}

static void send_damaged(struct remotes *r, uint32_t client, const struct fed_envelope *e,
                         size_t at, size_t len)
{
	struct fed_error err = {""};
	struct fed_text frame = {0};

	fed_assert_ok(fed_messenger_encode(e, &frame, &err), &err);
	frame.s[at] ^= 0x10;
	remotes_send(r, client, frame.s, len ? len : frame.len);
	fed_text_release(&frame);
}

static void send_unable(struct remotes *r, uint32_t client, uint64_t round)
{
	const struct fed_message head = {
		.from = client, .to = FED_SERVER, .kind = FED_FRAME_UNABLE, .id = 1};
	static const char why[] = "no memory\033[31m";
	struct fed_error err = {""};
	struct fed_text frame = {0};

	fed_assert_ok(fed_frame_put_text(&head, round, why, sizeof why - 1, &frame, &err), &err);
	remotes_send(r, client, frame.s, frame.len);
	fed_text_release(&frame);
}

/* A frame of no vectors. */
static void send_bare(struct remotes *r, uint32_t client, const struct fed_envelope *of,
                      uint32_t kind, uint32_t from)
{
	const bool figures = kind == FED_MESSAGE_FIGURES;
	struct fed_envelope bare = {.head = {.from = from, .to = FED_SERVER, .kind = kind},
	                            .version = of->version,
	                            .round = of->round,
	                            .figures = figures ? FED_FIGURES : 0};

	remotes_answer(r, client, &bare);
}

/* Change the update, or send something before it. */
static void play(struct remotes *r, struct trickster *t, uint32_t client, struct fed_envelope *e)
{
	const size_t dim = e->payload->dim;

	switch (t->trick) {
	case TWICE:
		remotes_answer(r, client, e);
		break;
	case OLD_FIRST:
		remotes_answer(r, client, &t->last);
		break;
	case LONGER:
		reshape(e, 1, dim + 1);
		break;
	case SHORTER:
		reshape(e, 1, dim - 1);
		break;
	case EMPTY:
		reshape(e, 0, dim);
		break;
	case MORE_VECTORS:
		reshape(e, 3, dim);
		break;
	case NO_SAMPLES:
		e->samples = 0;
		break;
	case NOT_FINITE:
		e->payload->vector[0][3] = NAN;
		break;
	case OTHER_VERSION:
		e->version += 7;
		break;
	case OF_SPLIT:
		e->head.kind = FED_MESSAGE_SMASHED;
		e->samples = 0;
		break;
	case OF_TEXT:
		e->head.kind = FED_FRAME_TEXT;
		break;
	case DAMAGED_FIRST:
		send_damaged(r, client, e, 100, 0);
		break;
	case SHORT_FIRST:
		send_damaged(r, client, e, 100, 30);
		send_damaged(r, client, e, 0, 0);
		break;
	case STRANGER_FIRST:
		send_bare(r, client, e, FED_MESSAGE_UPDATE, 77);
		break;
	case FIGURES_FIRST:
		send_bare(r, client, e, FED_MESSAGE_FIGURES, client);
		break;
	case LOSS_FIRST:
		send_bare(r, client, e, FED_MESSAGE_ANSWER, client);
		break;
	case UNKNOWN_CODEC:
	case BAD_CODE:
		fed_code_unref(e->code);
		e->code = fed_code_new((const unsigned char *)"wrong", 5);
		break;
	case UNABLE:
		send_unable(r, client, e->round);
		break;
	}
}

static void misbehave(struct remotes *r, uint32_t client, const struct fed_envelope *in)
{
	struct trickster *t = r->ctx;
	struct fed_envelope answer;

	if (client != WHO || in->version > TRICKED) {
		remotes_work(r, client, in);
		return;
	}
	remotes_compute(r, WHO, in, &answer);
	if (in->version == TRICKED)
		play(r, t, client, &answer);
	if (in->version != TRICKED || t->trick != UNABLE)
		remotes_answer(r, client, &answer);
	if (in->version == TRICKED) {
		fed_envelope_release(&answer);
		fed_envelope_release(&t->last);
	} else {
		t->last = answer;
	}
}

/* Of a client whose update was refused the model knows nothing, as if it had been out of reach. */
START_TEST(what_is_wrong_is_refused_and_the_round_goes_on)
{
	struct way way = {"fedavg"};
	struct trickster t = {.trick = (enum trick)_i};
	struct lab simulated;
	static struct remotes r;

	if (tricks[_i].codec) {
		way.set[0][0] = "codec";
		way.set[0][1] = tricks[_i].codec;
		way.set[1][0] = "error_feedback";
		way.set[1][1] = "off";
	}
	way_compose(&simulated, &way);
	if (!tricks[_i].used)
		lab_inject(&simulated, "offline", WHO, 1, TRICKED, TRICKED + 1);
	lab_start(&simulated);
	remotes_compose(&r, way_compose, &way, 7);
	r.behave = misbehave;
	r.ctx = &t;
	remotes_start(&r);
	for (int k = 0; k < ROUNDS; k++) {
		lab_run(&simulated, 1);
		lab_run(&r.server, 1);
		ways_same_model(&simulated, &r.server);
		ck_assert_double_eq(r.server.federation.record.refused, k == TRICKED && !tricks[_i].used);
	}
	if (tricks[_i].words)
		ck_assert_msg(strstr(r.log, tricks[_i].words), "%s", r.log);
	else
		ck_assert_str_eq(r.log, "");
	if (!tricks[_i].words && _i != FIGURES_FIRST && _i != LOSS_FIRST)
		ck_assert_uint_gt(r.server.federation.messenger.misdelivered, 0);
	lab_release(&simulated);
	remotes_release(&r);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

/* Departures ------------------------------------------------------------------------- */

/* When client WHO is gone, in version TRICKED. */
enum phase {
	BEFORE_MODEL,
	WITH_MODEL,
	AFTER_ANSWER,
	WITH_QUERY,
	BEFORE_START,
	UNABLE_TO_SAY,
	PHASES
};

static void depart(struct remotes *r, uint32_t client, const struct fed_envelope *in)
{
	const enum phase phase = *(enum phase *)r->ctx;
	const bool query = in->head.kind == FED_MESSAGE_QUERY;

	if (client != WHO || in->version < TRICKED ||
	    (in->version > TRICKED && phase != UNABLE_TO_SAY)) {
		remotes_work(r, client, in);
		return;
	}
	if (phase == AFTER_ANSWER || phase == BEFORE_START)
		remotes_work(r, client, in);
	if (phase == UNABLE_TO_SAY) { /* its loss */
		send_unable(r, client, in->round);
		return;
	}
	if (phase != BEFORE_START || query)
		remotes_leave(r, client);
}

START_TEST(a_client_that_is_gone_is_lost_and_the_round_goes_on)
{
	enum phase phase = (enum phase)_i;
	const bool asks = phase == WITH_QUERY || phase == BEFORE_START || phase == UNABLE_TO_SAY;
	struct way way = {"fedavg"};
	struct lab simulated;
	static struct remotes r;

	if (asks)
		way.rule = "power-of-choice d=6";
	way_compose(&simulated, &way);
	lab_inject(&simulated, "offline", WHO, 1, TRICKED + (phase == AFTER_ANSWER), FOREVER);
	lab_start(&simulated);
	remotes_compose(&r, way_compose, &way, (uint64_t)_i);
	r.behave = depart;
	r.ctx = &phase;
	remotes_start(&r);
	for (int k = 0; k < ROUNDS; k++) {
		if (k == TRICKED && phase == BEFORE_MODEL)
			remotes_leave(&r, WHO);
		lab_run(&simulated, 1);
		lab_run(&r.server, 1);
		ways_same_model(&simulated, &r.server);
		ck_assert_double_eq(r.server.federation.record.used,
		                    k > TRICKED || (k == TRICKED && phase != AFTER_ANSWER) ? 5 : 6);
	}
	lab_release(&simulated);
	remotes_release(&r);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

/* Once it cannot evaluate, and once it leaves while it does. */
static void leave_in_evaluation(struct remotes *r, uint32_t client, const struct fed_envelope *in)
{
	if (client == WHO && in->head.kind == FED_MESSAGE_EVALUATE && in->version == 1)
		send_unable(r, client, in->round);
	else if (client == WHO && in->head.kind == FED_MESSAGE_EVALUATE && in->version == 2)
		remotes_leave(r, client);
	else
		remotes_work(r, client, in);
}

START_TEST(who_is_gone_while_it_evaluates_is_missing)
{
	const struct way way = {"fedavg", .holdout = 0.25};
	static struct remotes r;

	remotes_compose(&r, way_compose, (void *)&way, 3);
	r.behave = leave_in_evaluation;
	remotes_start(&r);
	lab_run(&r.server, 1);
	ck_assert_double_eq(r.server.federation.record.used, 6);
	ck_assert_double_eq(r.server.federation.record.clients_measured, 5);
	ck_assert_double_eq(r.server.federation.record.clients_missing, 1);
	ck_assert_msg(strstr(r.log, "it cannot: no memory"), "%s", r.log);
	lab_run(&r.server, 1);
	ck_assert_double_eq(r.server.federation.record.used, 6);
	ck_assert_double_eq(r.server.federation.record.clients_measured, 5);
	ck_assert_double_eq(r.server.federation.record.clients_missing, 1);
	lab_run(&r.server, 1);
	ck_assert_double_eq(r.server.federation.record.used, 5);
	remotes_release(&r);
}
END_TEST

/* Time -------------------------------------------------------------------------------- */

/* Client WHO never answers version TRICKED in time: what it made comes with the next message. */
static void sleep_through(struct remotes *r, uint32_t client, const struct fed_envelope *in)
{
	struct trickster *t = r->ctx;

	if (client != WHO || in->version < TRICKED) {
		remotes_work(r, client, in);
		return;
	}
	if (in->version == TRICKED) {
		remotes_compute(r, WHO, in, &t->last);
		return;
	}
	remotes_answer(r, client, &t->last);
	remotes_work(r, client, in);
}

START_TEST(a_deadline_of_real_seconds_ends_a_round_with_those_who_came)
{
	const struct way way = {"fedavg", .scheme_set = {{"deadline", "0.03"}}};
	struct trickster t = {0};
	struct lab simulated;
	static struct remotes r;

	way_compose(&simulated, (void *)&(struct way){"fedavg"});
	lab_inject(&simulated, "offline", WHO, 1, TRICKED, TRICKED + 1);
	lab_start(&simulated);
	remotes_compose(&r, way_compose, (void *)&way, 5);
	r.real = true;
	r.behave = sleep_through;
	r.ctx = &t;
	remotes_start(&r);
	for (int k = 0; k <= TRICKED + 1; k++) {
		lab_run(&simulated, 1);
		lab_run(&r.server, 1);
		ways_same_model(&simulated, &r.server);
		ck_assert_double_eq(r.server.federation.record.late, k == TRICKED);
	}
	ck_assert_msg(strstr(r.log, "the deadline has passed"), "%s", r.log);
	ck_assert_msg(strstr(r.log, "answers no open invitation"), "%s", r.log);
	ck_assert_double_ge(r.server.federation.clock.now, 0.03);
	fed_envelope_release(&t.last);
	lab_release(&simulated);
	remotes_release(&r);
}
END_TEST

/* Seconds of three rounds. */
static double seconds_with(const struct way *way)
{
	static struct remotes r;

	remotes_compose(&r, way_compose, (void *)way, 9);
	if (way->fault)
		lab_inject(&r.server, way->fault, WHO, 1, 0, FOREVER);
	remotes_start(&r);
	lab_run(&r.server, 3);
	const double seconds = r.server.federation.clock.now;
	remotes_release(&r);
	return seconds;
}

START_TEST(a_straggler_is_slowed_at_the_door)
{
	struct way way = {"fedavg", .scheme = _i ? "split" : "sync"};
	const double plain = seconds_with(&way);

	way.fault = "straggler factor=200";
	const double slow = seconds_with(&way);
	ck_assert_double_gt(slow, 10 * plain);
	ck_assert_double_lt(slow, 200 * plain);
}
END_TEST

START_TEST(a_quorum_steps_with_the_first_that_came)
{
	const struct way way = {"fedavg", .scheme_set = {{"quorum", "0.5"}}};
	static struct remotes r;

	remotes_compose(&r, way_compose, (void *)&way, (uint64_t)_i);
	remotes_start(&r);
	for (int k = 0; k < 6; k++) {
		lab_run(&r.server, 1);
		ck_assert_double_eq(r.server.federation.record.used, 3);
		ck_assert_double_eq(r.server.federation.record.late, 3);
		ck_assert_double_eq(r.server.federation.record.refused, 0);
	}
	remotes_release(&r);
}
END_TEST

/* Async --------------------------------------------------------------------------------- */

/* Every update that was sent, by its invitation; what the server said of it. */
struct mailbag {
	struct {
		float *delta;
		uint64_t version;
		uint32_t client;
		int accepted;
	} of[512];
	struct fed_stream draw;
	float *params; /* the model that they make */
	size_t dim;
	uint64_t versions;
	struct remotes *r;
};

static void wander(struct remotes *r, uint32_t client, const struct fed_envelope *in)
{
	struct mailbag *bag = r->ctx;
	struct fed_envelope answer;

	remotes_compute(r, client, in, &answer);
	ck_assert_uint_lt(answer.round, 512);
	ck_assert_ptr_null(bag->of[answer.round].delta); /* asked once */
	bag->of[answer.round].delta = malloc(bag->dim * sizeof(float));
	memcpy(bag->of[answer.round].delta, answer.payload->vector[0], bag->dim * sizeof(float));
	bag->of[answer.round].version = in->version;
	bag->of[answer.round].client = client;
	const uint32_t what = fed_stream_below(&bag->draw, 20);
	if (what < 19 || !client)
		remotes_answer(r, client, &answer);
	if (what < 6)
		remotes_answer(r, client, &answer);
	if (what >= 18 && client) /* client 0 stays */
		remotes_leave(r, client);
	fed_envelope_release(&answer);
}

/* Apply what is accepted, as fedavg with one update a version does. */
static void apply_accepted(void *ctx, const struct fed_event *e)
{
	struct mailbag *bag = ctx;

	if (e->kind != FED_EVENT_REPORTED)
		return;
	ck_assert_int_eq(bag->of[e->invitation].accepted++, 0);
	ck_assert_uint_eq(bag->of[e->invitation].client, e->client);
	ck_assert_ptr_nonnull(bag->of[e->invitation].delta);
	for (size_t j = 0; j < bag->dim; j++)
		bag->params[j] += bag->of[e->invitation].delta[j];
	bag->versions++;
}

START_TEST(async_applies_each_update_once_in_the_order_of_arrival)
{
	const struct way way = {"fedavg", .scheme = "async", .scheme_set = {{"concurrency", "4"}}};
	static struct mailbag bag;
	static struct remotes r;
	double ended = 0;

	remotes_compose(&r, way_compose, (void *)&way, (uint64_t)_i);
	bag = (struct mailbag){.draw = fed_stream_open((uint64_t)_i, 4, 5, 6), .dim = r.server.net.dim};
	r.behave = wander;
	r.ctx = &bag;
	r.server.sink = (struct fed_sink){.take = apply_accepted, .ctx = &bag};
	remotes_start(&r);
	struct fed_federation *f = &r.server.federation;
	bag.params = malloc(bag.dim * sizeof(float));
	memcpy(bag.params, f->params, bag.dim * sizeof(float));
	for (uint64_t k = 1; k <= 40; k++) {
		lab_run(&r.server, 1);
		ck_assert_uint_eq(f->version, k);
		ck_assert_uint_eq(bag.versions, k);
		ck_assert_double_eq(f->record.updates, (double)k);
		ended += f->record.reported + f->record.refused + f->record.lost + f->record.late;
		ck_assert_uint_eq(f->invitations, (uint64_t)ended + f->n_open);
		for (size_t j = 0; j < bag.dim; j++)
			ck_assert_float_eq_tol(f->params[j], bag.params[j], 1e-5f);
	}
	for (size_t i = 0; i < 512; i++)
		free(bag.of[i].delta);
	free(bag.params);
	remotes_release(&r);
}
END_TEST

FED_SUITE(remote_clients)
{
	Suite *suite = suite_create("remote_clients");
	TCase *tests = tcase_create("remote_clients");

	tcase_add_loop_test(tests, the_model_is_that_of_the_simulation, 0, WAYS);
	tcase_add_loop_test(tests, what_is_wrong_is_refused_and_the_round_goes_on, 0, TRICKS);
	tcase_add_loop_test(tests, a_client_that_is_gone_is_lost_and_the_round_goes_on, 0, PHASES);
	tcase_add_test(tests, who_is_gone_while_it_evaluates_is_missing);
	tcase_add_test(tests, a_deadline_of_real_seconds_ends_a_round_with_those_who_came);
	tcase_add_loop_test(tests, a_straggler_is_slowed_at_the_door, 0, 2);
	tcase_add_loop_test(tests, a_quorum_steps_with_the_first_that_came, 0, 4);
	tcase_add_loop_test(tests, async_applies_each_update_once_in_the_order_of_arrival, 0, 12);
	suite_add_tcase(suite, tests);
	return suite;
}
