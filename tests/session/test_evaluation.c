/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Evaluation by the clients over messages: the figures are those that the laboratory sees, training
 * is none the wiser, and what does not arrive is missing.
 */
#include <math.h>
#include <string.h>

#include "checkpoint/checkpoint.h"
#include "history/event_log.h"
#include "report/timeline.h"
#include "session/small.h"
#include "support/suite.h"

#define DATA "dataset blobs classes=3 train=300 test=30 spread=1.5;set holdout 0.25;set lr 0.05"

static const struct fed_record *last_of(const struct fed_session *s)
{
	const struct fed_history *h = fed_session_history(s);

	return &h->record[h->n - 1];
}

static struct fed_client_evaluation figures_of(const struct fed_session *s, uint32_t id)
{
	return fed_client_evaluation(&fed_session_parts(s)->clients, id);
}

static void begin(struct fed_session *s, struct heard *heard, const char *over, const char *lines)
{
	char set[160];

	small_init(s, heard);
	snprintf(set, sizeof set, "set evaluate-over %s;" DATA, over);
	small_do(s, set);
	small_do(s, lines);
}

/* Ways to train, and whether clients see another model than the server's. */
static const struct {
	const char *lines;
	bool other_model;
} ways[] = {
	{"add 5 noniid 20 phone 4g;round 3", false},
	{"add 5 noniid 20 phone 4g;transport lossy;set participants 2;set server-link 10k;round 4",
     false},
	{"add 6 iid 20 phone 4g;transport lossy;scheme async concurrency=3;round 5", false},
	{"model mlp hidden=4;add 4 iid 20 phone 4g;scheme split cut=1;round 2", false},
	{"add 4 noniid 20;aggregator scaffold;round 3", false},
	{"add 4 noniid 20;aggregator ditto;round 2", false},
	{"add 4 noniid 20;aggregator ifca k=2;set participants 2;round 3", false},
	{"model mlp hidden=4;add 4 noniid 20;set local-layers last:1;round 2", false},
	{"add 4 noniid 20;set codec int8;round 2", false},
	{"add 4 noniid 20 phone 4g;set codec down=int8;round 2", true},
	{"add 6 iid 20 phone 4g;transport lossy;inject lossy 0-3 p=0.4;inject churn all leave=0.3 "
     "join=0.5;round 4",
     false},
	{"add 6 iid 20 phone 4g;select oort;set participants 2;round 5", false},
};

/* Params, records but for what the messages cost, and what each client measured. */
START_TEST(training_and_figures_are_the_same)
{
	struct fed_session oracle, network;
	double spent = 0;

	begin(&oracle, NULL, "oracle", ways[_i].lines);
	begin(&network, NULL, "network", ways[_i].lines);
	ck_assert_mem_eq(fed_session_params(&oracle), fed_session_params(&network),
	                 oracle.parts.net.dim * sizeof(float));
	const struct fed_history *a = fed_session_history(&oracle), *b = fed_session_history(&network);
	ck_assert_uint_eq(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct fed_record *x = &a->record[i], *y = &b->record[i];

		ck_assert(x->test_loss == y->test_loss && x->train_loss == y->train_loss);
		ck_assert(x->used == y->used && x->lost == y->lost && x->late == y->late);
		ck_assert_double_eq(y->bytes_up + y->bytes_down - y->evaluation_bytes,
		                    x->bytes_up + x->bytes_down);
		ck_assert_double_eq_tol(y->clock, x->clock + spent, 1e-9);
		spent += y->evaluation_seconds;
		ck_assert(isnan(x->clients_measured) && isnan(x->evaluation_bytes));
		ck_assert(y->clients_measured + y->clients_missing > 0);
		if (ways[_i].other_model || y->clients_measured < oracle.parts.clients.n_present)
			continue;
		ck_assert(x->clients_accuracy == y->clients_accuracy && x->clients_loss == y->clients_loss);
		ck_assert(x->clients_worst == y->clients_worst);
	}
	ck_assert_double_eq_tol(fed_session_clock(&network), fed_session_clock(&oracle) + spent, 1e-9);
	fed__session_release(&network);
	fed__session_release(&oracle);
}
END_TEST

/* One model and one answer each: their frames' bytes, charged to each client. */
START_TEST(messages_cost_what_they_are)
{
	struct fed_session s, oracle;
	struct heard heard;

	begin(&s, &heard, "network", "add 5 noniid 20 phone 4g;transport lossy;round 2");
	begin(&oracle, NULL, "oracle", "add 5 noniid 20 phone 4g;transport lossy;round 2");
	const uint64_t down = fed_frame_size(1, s.parts.net.dim),
				   up = FED_FRAME_BYTES + FED_FIGURES * sizeof(double);
	const struct fed_record *r = last_of(&s);

	ck_assert_double_eq(r->evaluation_bytes, 5 * (double)(up + down));
	ck_assert(r->clients_measured == 5 && r->clients_missing == 0);
	ck_assert_double_gt(r->evaluation_seconds, 0.05);
	ck_assert_double_eq(r->messages, last_of(&oracle)->messages + 10);
	for (uint32_t id = 0; id < 5; id++) {
		const struct fed_costs *x = fed_ledger_of(&s.ledger, id),
							   *y = fed_ledger_of(&oracle.ledger, id);
		const double flops =
			fed_net_flops(&s.parts.net, 0, s.parts.net.layers) * s.parts.clients.client[id].holdout;

		ck_assert_uint_eq(x->bytes_up, y->bytes_up + 2 * up);
		ck_assert_uint_eq(x->bytes_down, y->bytes_down + 2 * down);
		ck_assert_uint_eq(x->messages_up + x->messages_down, y->messages_up + y->messages_down + 4);
		ck_assert_double_eq_tol(x->client_flops, y->client_flops + 2 * flops, 1e-6);
	}
	static const enum fed_event_kind kinds[] = {FED_EVENT_EVALUATION, FED_EVENT_EVALUATING,
	                                            FED_EVENT_EVALUATED, FED_EVENT_MEASURED};
	for (int k = 0; k < 4; k++)
		ck_assert_uint_eq(heard.count[kinds[k]], 10);
	ck_assert_uint_eq(heard.count[FED_EVENT_MISSING], 0);
	fed__session_release(&oracle);
	fed__session_release(&s);
}
END_TEST

/* Models that clients choose from travel with it; what else an aggregator broadcasts does not. */
START_TEST(several_models_are_sent)
{
	static const struct {
		const char *lines;
		uint32_t vectors;
	} of[] = {{"add 4 noniid 20;aggregator ifca k=3;round 1", 3},
	          {"add 4 noniid 20;aggregator scaffold;round 1", 1}};

	for (size_t i = 0; i < 2; i++) {
		struct fed_session s;

		begin(&s, NULL, "network", of[i].lines);
		ck_assert_double_eq(last_of(&s)->evaluation_bytes,
		                    4 * (double)(fed_frame_size(of[i].vectors, s.parts.net.dim) +
		                                 FED_FRAME_BYTES + FED_FIGURES * sizeof(double)));
		fed__session_release(&s);
	}
}
END_TEST

/* Faults, how many figures they keep from arriving, and the reason that is told. */
static const struct {
	const char *lines;
	uint32_t missing, first; /* clients first, first + 1, ... */
	const char *why;
} failing[] = {
	{"inject offline 1", 1, 1, "offline"},
	{"inject hang 1,2", 2, 1, "hangs"},
	{"inject crash 1", 1, 1, "crashed while it evaluated"},
	{"inject lossy 3,4 p=1", 2, 3, "the message was lost"},
	{"inject corrupt 2", 1, 2, "damaged"},
	{"inject partition 4", 1, 4, "cut off"},
	{"inject straggler 0 factor=1e9;set evaluate-deadline 5", 1, 0, "the deadline has passed"},
	{"set evaluate-deadline 0.001", 5, 0, "the deadline has passed"},
};

START_TEST(what_does_not_arrive_is_missing)
{
	struct fed_session s;
	struct heard heard;
	double sum = 0;
	uint32_t some = 0;

	begin(&s, &heard, "network",
	      "add 5 noniid 20 phone 4g;transport lossy;scheme sync deadline=60");
	small_do(&s, failing[_i].lines);
	small_do(&s, "round 1");
	const struct fed_record *r = last_of(&s);
	ck_assert_double_eq(r->clients_missing, failing[_i].missing);
	ck_assert_double_eq(r->clients_measured, 5 - failing[_i].missing);
	ck_assert_uint_eq(heard.count[FED_EVENT_MISSING], failing[_i].missing);
	ck_assert_msg(strstr(heard.text, failing[_i].why), "%s: %s", failing[_i].why, heard.text);
	for (uint32_t id = 0; id < 5; id++) {
		const struct fed_client_evaluation e = figures_of(&s, id);
		const bool missing =
			id >= failing[_i].first && id < failing[_i].first + failing[_i].missing;

		ck_assert_msg(isnan(e.accuracy) == missing && isnan(e.loss) == missing, "client %u", id);
		sum += missing ? 0 : (double)e.accuracy;
		some += !missing;
	}
	if (some)
		ck_assert_double_eq_tol(r->clients_accuracy, sum / some, 1e-6);
	else
		ck_assert(isnan(r->clients_accuracy) && isnan(r->clients_loss));
	fed__session_release(&s);
}
END_TEST

/* A sink that interrupts twice when the first model leaves to be evaluated. */
static void interrupt_evaluation(void *ctx, const struct fed_event *event)
{
	if (event->kind != FED_EVENT_EVALUATION)
		return;
	fed_session_interrupt(ctx);
	fed_session_interrupt(ctx);
}

START_TEST(an_interrupted_evaluation_keeps_the_version)
{
	struct fed_session s, whole;

	begin(&s, NULL, "network", "add 4 noniid 20 phone 4g;transport lossy;round 1");
	begin(&whole, NULL, "network", "add 4 noniid 20 phone 4g;transport lossy;round 3");
	s.sink[s.n_sinks++] = (struct fed_sink){interrupt_evaluation, &s};
	struct fed_run_result result;
	struct fed_error err;
	fed_assert_ok(fed_session_run(&s, 1, NULL, &result, &err), &err);
	ck_assert_uint_eq(fed_session_version(&s), 2);
	ck_assert(isnan(last_of(&s)->clients_accuracy) && isfinite(last_of(&s)->test_accuracy));
	s.n_sinks--;
	fed_session_clear_interrupt(&s);
	small_do(&s, "round 1");
	ck_assert_uint_eq(fed_session_version(&s), 3);
	ck_assert_mem_eq(fed_session_params(&s), fed_session_params(&whole),
	                 s.parts.net.dim * sizeof(float));
	ck_assert_double_eq(last_of(&s)->clients_accuracy, last_of(&whole)->clients_accuracy);
	fed__session_release(&whole);
	fed__session_release(&s);
}
END_TEST

/* The clock with the time of evaluations goes through a snapshot, also within a round and with work
 * in flight. */
START_TEST(snapshots_keep_the_clock)
{
	static const char *const lines[] = {
		"add 4 noniid 20 phone 4g;transport lossy;inject lossy 1 p=0.5;round 2",
		"add 4 noniid 20 phone 4g;transport lossy;scheme async concurrency=2;round 3",
	};

	for (size_t i = 0; i < 2; i++) {
		struct fed_session one, two;
		struct fed_text snapshot = {0};
		struct fed_error err;

		begin(&one, NULL, "network", lines[i]);
		begin(&two, NULL, "network", lines[i]);
		small_do(&two, "step 3");
		fed_assert_ok(fed_snapshot_take_apart(&two, &snapshot, NULL, 1 << 24, &err), &err);
		fed__session_release(&two);
		small_init(&two, NULL);
		fed_assert_ok(fed_snapshot_restore(&two, &snapshot, &err), &err);
		fed_text_release(&snapshot);
		small_do(&one, "round 2");
		small_do(&two, "continue;round 1");
		small_same(&one, &two);
		ck_assert(fed_session_clock(&one) == fed_session_clock(&two));
		ck_assert_double_gt(fed_session_clock(&one), last_of(&one)->clock);
		fed__session_release(&one);
		fed__session_release(&two);
	}
}
END_TEST

/* Bytes over sockets: the figures are the same bits. */
START_TEST(real_transports_carry_it)
{
	struct fed_session real, simulated;
	struct heard heard;
	const struct fed_entry *entry;
	struct fed_error err;

	begin(&real, &heard, "network", "add 4 noniid 20");
	begin(&simulated, NULL, "network", "add 4 noniid 20;round 1");
	fed_assert_ok(fed_session_load(&real, FED_BUILD_DIR "/fixtures/loopback.so", &entry, &err),
	              &err);
	fed_assert_ok(fed_session_transport(&real, entry->head->name, NULL, 0, &err), &err);
	small_do(&real, "round 1");
	const struct fed_record *x = last_of(&real), *y = last_of(&simulated);
	ck_assert(x->clients_measured == 4 && x->clients_missing == 0);
	ck_assert(x->evaluation_bytes == y->evaluation_bytes && x->evaluation_seconds > 0);
	ck_assert_double_eq_tol(x->clients_accuracy, y->clients_accuracy, 1e-3);
	ck_assert_double_eq_tol(x->clients_loss, y->clients_loss, 1e-4);
	small_do(&real, "round 1");
	ck_assert_uint_eq(heard.count[FED_EVENT_MEASURED], 8);
	ck_assert_double_le(x->clock, last_of(&real)->clock);
	fed__session_release(&simulated);
	fed__session_release(&real);
}
END_TEST

/* All clients are in the timeline, also those that only evaluate; their spans are within it. */
struct spans {
	uint32_t n[FED_PHASES];
	double until;
};
static void take_span(void *ctx, const struct fed_timeline_span *of)
{
	struct spans *s = ctx;

	s->n[of->span.phase]++;
	s->until = fmax(s->until, of->span.to);
}

START_TEST(the_timeline_shows_it)
{
	struct fed_session s;
	struct fed_timeline w;
	struct spans spans = {.until = 0};
	struct fed_error err;

	begin(&s, NULL, "network",
	      "add 5 noniid 20 phone 4g;transport lossy;set participants 1;round 1");
	fed_assert_ok(fed_timeline_init(&w, &s, 1, NULL, 0, &err), &err);
	ck_assert_uint_eq(w.n, 5);
	for (uint32_t i = 0; i < 5; i++)
		ck_assert_uint_eq(w.client[i], i);
	fed_assert_ok(fed_timeline_turns(&w, take_span, &spans, &err), &err);
	ck_assert_uint_eq(spans.n[FED_PHASE_DOWNLOAD], 5);
	ck_assert_uint_eq(spans.n[FED_PHASE_COMPUTE], 5);
	ck_assert_uint_eq(spans.n[FED_PHASE_UPLOAD], 5);
	ck_assert_double_eq(spans.until, fed_session_clock(&s));
	fed_timeline_release(&w);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(evaluation)
{
	Suite *suite = suite_create("evaluation");
	TCase *tests = tcase_create("evaluation");

	tcase_add_loop_test(tests, training_and_figures_are_the_same, 0,
	                    (int)(sizeof ways / sizeof *ways));
	tcase_add_test(tests, messages_cost_what_they_are);
	tcase_add_test(tests, several_models_are_sent);
	tcase_add_loop_test(tests, what_does_not_arrive_is_missing, 0,
	                    (int)(sizeof failing / sizeof *failing));
	tcase_add_test(tests, an_interrupted_evaluation_keeps_the_version);
	tcase_add_test(tests, snapshots_keep_the_clock);
	tcase_add_test(tests, real_transports_carry_it);
	tcase_add_test(tests, the_timeline_shows_it);
	suite_add_tcase(suite, tests);
	return suite;
}
