/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Split learning with clients on other machines: in each variant the model is that of the
 * simulation, bit for bit; what a client does wrong ends its turn, and no round waits for it.
 */
#include <check.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"
#include "train/client_work.h"
#include "train/remotes.h"
#include "train/schemes/schemes.h"

enum { ROUNDS = 3, RANDOM = FED_SANITIZED ? 6 : 36 };

#define GLYPHS "glyphs train=240 test=10"
#define SPLIT "fedavg", .scheme = "split"
#define V1               \
	{                    \
		"parallel", "v1" \
	}
#define V2               \
	{                    \
		"parallel", "v2" \
	}
#define JOINED             \
	{                      \
		"smashed", "batch" \
	}
#define LABELS             \
	{                      \
		"labels", "client" \
	}
#define PEER            \
	{                   \
		"relay", "peer" \
	}

static const struct way ways[] = {
	{SPLIT},
	{SPLIT, .uneven = true, .set = {{"epochs", "2"}, {"batch", "7"}}},
	{SPLIT, .scheme_set = {PEER}, .seals_heads = true, .set = {{"participants", "4"}}},
	{SPLIT, .scheme_set = {LABELS}, .loss_is_claimed = true},
	{SPLIT, .scheme_set = {LABELS, PEER}, .loss_is_claimed = true, .seals_heads = true},
	{SPLIT, .scheme_set = {V1}},
	{SPLIT, .scheme_set = {V1, LABELS}, .loss_is_claimed = true, .set = {{"epochs", "2"}}},
	{SPLIT, .scheme_set = {V2}, .in_turn = true},
	{SPLIT, .scheme_set = {V2, LABELS}, .in_turn = true, .loss_is_claimed = true},
	{SPLIT, .scheme_set = {V2, JOINED}, .set = {{"batch", "7"}}},
	{SPLIT, .scheme_set = {V2, JOINED, LABELS}, .loss_is_claimed = true},
	{SPLIT, .scheme_set = {V2, JOINED}, .uneven = true, .set = {{"participants", "4"}}},
	{SPLIT, .scheme_set = {{"order", "random"}}, .set = {{"participants", "3"}}},
	/* Codecs, noise, evaluation. */
	{SPLIT, .set = {{"codec", "int8"}}},
	{SPLIT, .scheme_set = {V1}, .set = {{"codec", "top-k:0.3"}, {"batch", "7"}}},
	{SPLIT, .scheme_set = {V2, JOINED, LABELS}, .loss_is_claimed = true,
     .set = {{"codec", "qsgd"}}},
	{SPLIT, .scheme_set = {PEER}, .seals_heads = true, .set = {{"codec", "fp16"}}},
	{SPLIT, .set = {{"noise", "0.02"}}},
	{SPLIT, .scheme_set = {V1}, .set = {{"noise", "0.02"}}},
	{SPLIT, .holdout = 0.25, .set = {{"evaluate_over", "network"}}},
	{"median", .scheme = "split", .scheme_set = {V1}},
	/* One client: the model is its layers, and x + (y - x) is not always y. */
	{SPLIT, .scheme_set = {V1}, .set = {{"participants", "1"}}},
	{SPLIT, .scheme_set = {V2}, .set = {{"participants", "1"}}},
	{SPLIT, .scheme_set = {V2, JOINED, LABELS}, .loss_is_claimed = true,
     .set = {{"participants", "1"}}},
	{SPLIT, .scheme_set = {V1}, .set = {{"participants", "1"}, {"codec", "top-k:0.3"}}},
	{SPLIT, .scheme_set = {V1}, .set = {{"participants", "1"}, {"noise", "0.02"}}},
	{SPLIT, .scheme_set = {V1}, .set = {{"participants", "1"}}, .fault = "straggler factor=9"},
	/* Nets whose layers draw, or keep statistics. */
	{SPLIT, .dataset = GLYPHS, .model = "lenet", .scheme_set = {V1}},
	{SPLIT, .dataset = GLYPHS, .model = "resnet8 width=4 norm=batch"},
	{SPLIT, .dataset = "markov users=20 length=60 window=5",
     .model = "transformer layers=1 width=8 dropout=0.1", .scheme_set = {LABELS},
     .loss_is_claimed = true},
	/* Faults at the server's door. */
	{SPLIT, .fault = "byzantine attack=sign-flip scale=2"},
	{SPLIT, .scheme_set = {V1}, .fault = "byzantine attack=gaussian"},
	{"median", .scheme = "split", .scheme_set = {V2, JOINED}, .fault = "byzantine attack=alie"},
	{SPLIT, .fault = "nan"},
	{SPLIT, .scheme_set = {V1}, .fault = "nan", .fault2 = "corrupt"},
	{SPLIT, .fault = "corrupt p=0.6", .fault2 = "duplicate"},
	{SPLIT, .fault = "lossy p=0.2"},
	{SPLIT, .scheme_set = {V2, JOINED}, .fault = "lossy p=0.1"},
	{SPLIT, .fault = "late versions=1"},
	{SPLIT, .scheme_set = {V1}, .fault = "late versions=1", .fault2 = "duplicate"},
	{SPLIT, .scheme_set = {PEER}, .seals_heads = true, .fault = "offline", .fault2 = "corrupt"},
	{SPLIT, .fault = "churn join=0.4 leave=0.4"},
	{SPLIT, .fault = "straggler factor=9"},
	{SPLIT, .uneven = true, .scheme_set = {V1}, .fault = "straggler factor=9",
     .fault2 = "duplicate"},
};
enum { WAYS = sizeof ways / sizeof *ways };

START_TEST(the_model_is_that_of_the_simulation)
{
	way_is_simulation(&ways[_i], (uint64_t)_i + 1, ROUNDS);
}
END_TEST

/* What a client does wrong ------------------------------------------------------------ */

enum trick {
	TWICE,
	LEAVES,
	LEAVES_ANSWERED,
	LONGER,
	SHORTER,
	EMPTY,
	BATCH_AHEAD,
	NO_BATCH,
	OTHER_KIND,
	WHOLE_MODEL,
	BAD_LABELS,
	NO_LABELS,
	NOT_FINITE,
	OLD_FIRST,
	DAMAGED_FIRST,
	OTHER_INVITATION,
	BAD_CODE,
	TRICKS,
	IN_THE_CLEAR, /* a head that is to be sealed */
};

/* Client WHO does it with message AT of version TRICKED, or with a message in `often` at random. */
struct trickster {
	enum trick trick;
	uint32_t at, seen, often;
	struct fed_stream draw;
	uint32_t played;
};
enum { WHO = 2, TRICKED = 1 };

static void reshape(struct fed_envelope *e, uint32_t n, size_t dim)
{
	struct fed_shared_vectors *p = fed_shared_vectors_new(n, dim);

	fed_shared_vectors_unref(e->payload);
	e->payload = p;
	fed_code_unref(e->code);
	e->code = NULL;
}

static void send_flipped(struct remotes *r, uint32_t client, const struct fed_envelope *e)
{
	struct fed_error err = {""};
	struct fed_text frame = {0};

	fed_assert_ok(fed_messenger_encode(e, &frame, &err), &err);
	frame.s[70] ^= 4;
	remotes_send(r, client, frame.s, frame.len);
	fed_text_release(&frame);
}

static void send_clear(struct remotes *r, uint32_t client, const struct fed_envelope *e)
{
	struct fed_error err = {""};
	struct fed_text frame = {0};

	fed_assert_ok(fed_messenger_encode(e, &frame, &err), &err);
	remotes_send(r, client, frame.s, frame.len);
	fed_text_release(&frame);
}

static void play(struct remotes *r, enum trick trick, uint32_t client, struct fed_envelope *e)
{
	const size_t dim = e->payload->dim;
	struct fed_envelope old = *e;

	switch (trick) {
	case TWICE:
		remotes_answer(r, client, e);
		break;
	case LEAVES:
	case LEAVES_ANSWERED:
		remotes_leave(r, client);
		break;
	case LONGER:
		reshape(e, 1, dim + 1);
		break;
	case SHORTER:
		reshape(e, 1, dim ? dim - 1 : 3);
		break;
	case EMPTY:
		reshape(e, 0, dim);
		break;
	case BATCH_AHEAD:
		e->steps++;
		break;
	case NO_BATCH:
		e->steps = 0;
		break;
	case OTHER_KIND:
		e->head.kind =
			e->head.kind == FED_MESSAGE_HEAD ? FED_MESSAGE_UPDATE : FED_MESSAGE_FEATURES_GRADIENT;
		fed_shared_vectors_unref(e->labels);
		e->labels = NULL;
		break;
	case WHOLE_MODEL:
		e->head.kind = FED_MESSAGE_MODEL;
		break;
	case BAD_LABELS:
		if (e->labels)
			e->labels->vector[0][0] = 17;
		break;
	case NO_LABELS:
		fed_shared_vectors_unref(e->labels);
		e->labels = NULL;
		break;
	case NOT_FINITE:
		if (e->payload->n)
			e->payload->vector[0][0] = INFINITY;
		break;
	case OLD_FIRST:
		old.round -= old.round > 6 ? 6 : 0;
		remotes_answer(r, client, &old);
		break;
	case DAMAGED_FIRST:
		send_flipped(r, client, e);
		break;
	case OTHER_INVITATION:
		e->round++;
		remotes_answer(r, client, e);
		e->round--;
		break;
	case IN_THE_CLEAR:
		break;
	case BAD_CODE:
	case TRICKS:
		fed_code_unref(e->code);
		e->code = fed_code_new((const unsigned char *)"wrong", 5);
		break;
	}
}

static void misbehave(struct remotes *r, uint32_t client, const struct fed_envelope *in)
{
	struct trickster *t = r->ctx;
	struct fed_envelope answer;

	remotes_compute(r, client, in, &answer);
	enum trick trick = t->trick;
	bool now = client == WHO && in->version == TRICKED && ++t->seen == t->at;
	if (t->often) {
		now = fed_stream_below(&t->draw, t->often) == 0;
		trick = (enum trick)fed_stream_below(&t->draw, TRICKS);
	}
	t->played += now;
	if (now)
		play(r, trick, client, &answer);
	if (now && trick == IN_THE_CLEAR)
		send_clear(r, client, &answer);
	else if (!now || trick != LEAVES)
		remotes_answer(r, client, &answer);
	fed_envelope_release(&answer);
}

static const struct {
	struct way way;
	enum trick trick;
	uint32_t at;
	const char *words;
	bool used;
} cases[] = {
	{{SPLIT}, TWICE, 2, "sends a message of kind 4 about batch 2, which is not awaited now"},
	{{SPLIT}, TWICE, 5, "", true},
	{{SPLIT}, LEAVES, 1, "its connection ended"},
	{{SPLIT}, LEAVES, 5, "its connection ended"},
	{{SPLIT}, LEAVES_ANSWERED, 5, "", true},
	{{SPLIT}, LONGER, 2, "numbers, at most 70 are expected"},
	{{SPLIT}, SHORTER, 2, "sends 1 vectors of 69 numbers as batch 2, and one of 70 is awaited"},
	{{SPLIT}, SHORTER, 5, "sends 1 vectors of"},
	{{SPLIT}, EMPTY, 2, "sends 0 vectors of 70 numbers"},
	{{SPLIT}, BATCH_AHEAD, 2, "about batch 3"},
	{{SPLIT}, NO_BATCH, 2, "is of kind 4, which is not expected here"},
	{{SPLIT}, OTHER_KIND, 2, "numbers, at most 40"},
	{{SPLIT}, OTHER_KIND, 5, "sends a message of kind 2 about batch 4, which is not awaited now"},
	{{SPLIT}, WHOLE_MODEL, 2, "is of kind 1, which is not expected here"},
	{{SPLIT}, BAD_LABELS, 2, "labels that are no classes"},
	{{SPLIT}, NO_LABELS, 2, "labels that are no classes"},
	{{SPLIT}, NOT_FINITE, 2, "batch 2 is infinite"},
	{{SPLIT}, NOT_FINITE, 5, "its head is not finite"},
	{{SPLIT}, OLD_FIRST, 2, "answers no open invitation", true},
	{{SPLIT}, DAMAGED_FIRST, 2, "", true},
	{{SPLIT}, OTHER_INVITATION, 2, "answers no open invitation", true},
	{{SPLIT, .set = {{"codec", "int8"}}}, BAD_CODE, 2, "int8"},
	{{SPLIT}, BAD_CODE, 2, "is under a codec that its receiver does not know"},
	{{SPLIT, .scheme_set = {LABELS}}, LEAVES, 2, "its connection ended"},
	{{SPLIT, .scheme_set = {LABELS}}, OTHER_KIND, 1, "numbers, at most 50"},
	{{SPLIT, .scheme_set = {LABELS}}, LONGER, 2, "numbers, at most"},
	{{SPLIT, .scheme_set = {LABELS}}, NOT_FINITE, 2, "batch 1 is infinite"},
	{{SPLIT, .scheme_set = {V1}}, LEAVES, 5, "its connection ended"},
	{{SPLIT, .scheme_set = {V1}}, SHORTER, 5, "sends 1 vectors of"},
	{{SPLIT, .scheme_set = {V1}}, EMPTY, 5, "sends 0 vectors of"},
	{{SPLIT, .scheme_set = {V1}}, NOT_FINITE, 5, "is infinite at coordinate 0"},
	{{SPLIT, .scheme_set = {V1}}, TWICE, 5, "answers no open invitation", true},
	{{SPLIT, .scheme_set = {V2, JOINED}}, LEAVES, 2, "its connection ended"},
	{{SPLIT, .scheme_set = {V2, JOINED}}, BAD_LABELS, 3, "labels that are no classes"},
	{{SPLIT, .scheme_set = {V2, JOINED, LABELS}}, LEAVES, 4, "its connection ended"},
	{{SPLIT, .scheme_set = {PEER}}, LEAVES, 3, "its connection ended"},
	{{SPLIT, .scheme_set = {PEER}}, IN_THE_CLEAR, 5, "is of kind 3, which is not expected here"},
	{{SPLIT, .scheme_set = {PEER}}, TWICE, 5, "", true},
};
enum { CASES = sizeof cases / sizeof *cases };

START_TEST(what_is_wrong_ends_its_turn_alone)
{
	const struct way *way = &cases[_i].way;
	struct trickster t = {.trick = cases[_i].trick, .at = cases[_i].at};
	static struct remotes r;

	remotes_compose(&r, way_compose, (void *)way, (uint64_t)_i);
	r.behave = misbehave;
	r.ctx = &t;
	remotes_start(&r);
	const bool leaves = t.trick == LEAVES || t.trick == LEAVES_ANSWERED;
	for (int k = 0; k < ROUNDS; k++) {
		lab_run(&r.server, 1);
		const bool lost = (k == TRICKED && !cases[_i].used) || (k > TRICKED && leaves);
		ck_assert_double_eq(r.server.federation.record.used, lost ? 5 : 6);
		ck_assert_double_eq(r.server.federation.record.refused, lost && !leaves);
		ck_assert_double_eq(r.server.federation.record.lost,
		                    k == TRICKED && leaves && !cases[_i].used);
	}
	ck_assert_uint_eq(t.played, 1);
	ck_assert_msg(strstr(r.log, cases[_i].words), "%s", r.log);
	remotes_release(&r);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

/* Many at random: every round ends, each invitation in one way, and the model is finite. */
START_TEST(no_round_hangs_whatever_clients_send)
{
	static const struct way variants[] = {
		{SPLIT},
		{SPLIT, .scheme_set = {LABELS, PEER}},
		{SPLIT, .scheme_set = {V1}, .set = {{"codec", "int8"}}},
		{SPLIT, .scheme_set = {V2, LABELS}},
		{SPLIT, .scheme_set = {V2, JOINED}},
		{SPLIT, .scheme_set = {V2, JOINED, LABELS}},
	};
	const struct way *way = &variants[_i % (int)(sizeof variants / sizeof *variants)];
	struct trickster t = {.often = 30, .draw = fed_stream_open((uint64_t)_i, 7, 7, 7)};
	static struct remotes r;
	double ended = 0;

	remotes_compose(&r, way_compose, (void *)way, (uint64_t)_i);
	r.behave = misbehave;
	r.ctx = &t;
	remotes_start(&r);
	struct fed_federation *f = &r.server.federation;
	for (int k = 0; k < 4; k++) {
		struct fed_error err = {""};
		const int rc = fed_federation_round(f, &err);

		ck_assert_msg(rc == FED_OK || strstr(err.text, "no update of"), "%s", err.text);
		if (rc)
			break;
		ended += f->record.reported + f->record.refused + f->record.lost + f->record.late;
		ck_assert_uint_eq(f->n_open, 0);
		ck_assert_uint_eq(f->invitations, (uint64_t)ended);
		for (size_t j = 0; j < r.server.net.dim; j++)
			ck_assert(isfinite(f->params[j]));
	}
	remotes_release(&r);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

/* Who stays silent ---------------------------------------------------------------------- */

#define DEADLINE           \
	{                      \
		"deadline", "0.03" \
	}

static const struct way waiting[] = {
	{SPLIT, .scheme_set = {DEADLINE}},
	{SPLIT, .scheme_set = {DEADLINE, LABELS}, .loss_is_claimed = true},
	{SPLIT, .scheme_set = {DEADLINE, V1}},
	{SPLIT, .scheme_set = {DEADLINE, V2}, .in_turn = true},
	{SPLIT, .scheme_set = {DEADLINE, V2, JOINED}},
	{SPLIT, .scheme_set = {DEADLINE, V2, JOINED, LABELS}, .loss_is_claimed = true},
};
enum { WAITING = sizeof waiting / sizeof *waiting, MESSAGES = 4 };

/* Client WHO does not answer message AT of version TRICKED, though it is there. */
static void stay_silent(struct remotes *r, uint32_t client, const struct fed_envelope *in)
{
	struct trickster *t = r->ctx;
	struct fed_envelope answer;
	struct fed_error err = {""};
	bool answers;

	fed_assert_ok(
		fed_client_work(&r->client[client].lab.federation, client, in, &answer, &answers, &err),
		&err);
	if (client == WHO && in->version == TRICKED && ++t->seen >= t->at)
		t->played++;
	else
		remotes_answer(r, client, &answer);
	fed_envelope_release(&answer);
}

/* The round goes on without it; and where it never said anything, the model is that of the
 * simulation in which it hangs. */
START_TEST(who_stays_silent_is_late)
{
	const struct way *way = &waiting[_i / MESSAGES];
	struct trickster t = {.at = (uint32_t)_i % MESSAGES + 1};
	static struct remotes r;
	struct lab simulated;

	way_compose(&simulated, (void *)way);
	lab_inject(&simulated, "hang", WHO, 1, TRICKED, TRICKED + 1);
	lab_start(&simulated);
	remotes_compose(&r, way_compose, (void *)way, (uint64_t)_i);
	r.in_turn = way->in_turn;
	r.behave = stay_silent;
	r.ctx = &t;
	remotes_start(&r);
	for (int k = 0; k < ROUNDS; k++) {
		const struct fed_record *a = &simulated.federation.record, *b = &r.server.federation.record;

		lab_run(&simulated, 1);
		lab_run(&r.server, 1);
		if (t.at == 1) {
			ways_same_model(&simulated, &r.server);
			ck_assert_double_eq(a->late, b->late);
		}
		ck_assert_double_eq(b->late, k == TRICKED);
		ck_assert_double_eq(b->used, k == TRICKED ? 5 : 6);
		ck_assert_uint_eq(r.server.federation.n_open, 0);
	}
	ck_assert_uint_eq(t.played, 1);
	ck_assert_msg(strstr(r.log, "2: the deadline has passed"), "%s", r.log);
	lab_release(&simulated);
	remotes_release(&r);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

FED_SUITE(remote_split)
{
	Suite *suite = suite_create("remote_split");
	TCase *tests = tcase_create("remote_split");

	tcase_add_loop_test(tests, the_model_is_that_of_the_simulation, 0, WAYS);
	tcase_add_loop_test(tests, what_is_wrong_ends_its_turn_alone, 0, CASES);
	tcase_add_loop_test(tests, who_stays_silent_is_late, 0, WAITING * MESSAGES);
	tcase_add_loop_test(tests, no_round_hangs_whatever_clients_send, 0, RANDOM);
	suite_add_tcase(suite, tests);
	return suite;
}
