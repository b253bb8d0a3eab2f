/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of each invitation: times against closed forms, counts against the history. */
#include "history/invitation_log.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "report/timeline.h"
#include "session/small.h"

#define NEAR 1e-9

static const struct fed_invitation_log *of(const struct fed_session *s)
{
	return &s->event_log.invitation_log;
}

/* Properties ------------------------------------------------------------------- */

static void check_spans(const struct fed_invitation_record *x, double now)
{
	struct fed_span span[FED_SPANS_MAX];
	const int n = fed_invitation_spans(x, now, span);
	double way = 0, at = x->sent;

	ck_assert_int_ge(n, 1);
	for (int i = 0; i < n; i++) {
		ck_assert_double_eq(span[i].from, at);
		ck_assert_double_ge(span[i].to, span[i].from);
		at = span[i].to;
		way += isnan(x->ended) || span[i].to <= x->ended ? span[i].to - span[i].from : 0;
	}
	if (!isnan(x->ended))
		ck_assert_double_eq_tol(way, x->ended - x->sent, NEAR);
	if (x->state == FED_INVITATION_REPORTED)
		ck_assert_double_eq_tol(x->received - x->sent + (x->trained - x->received) +
		                            (x->ended - x->left) + (x->left - x->trained),
		                        x->ended - x->sent, NEAR);
}

/* A client does one thing after the other. */
static void check_chains(const struct fed_session *s)
{
	const struct fed_invitation_log *j = of(s);
	uint64_t seen = 0;

	for (uint32_t id = 0; id < s->parts.clients.n; id++) {
		const struct fed_invitation_record *x = fed_invitation_log_last(j, id);

		for (const struct fed_invitation_record *y; x; x = y, seen++) {
			y = fed_invitation_log_before(j, x);
			ck_assert_uint_eq(x->client, id);
			if (!y)
				continue;
			ck_assert_uint_lt(y->invitation, x->invitation);
			ck_assert_uint_ge(y->state, FED_INVITATION_REPORTED);
			ck_assert_double_le(y->ended, x->sent);
			ck_assert(isnan(y->until) || y->until <= x->sent);
		}
	}
	ck_assert_uint_eq(seen, j->n ? j->n - j->first + 1 : 0);
}

/* The history's counts and sums, from journeys. */
static void check_totals(const struct fed_session *s)
{
	const struct fed_invitation_log *j = of(s);
	double by[FED_INVITATION_STATES] = {0}, up = 0, down = 0;
	struct fed_record total;

	for (uint64_t k = j->first; k && k <= j->n; k++) {
		const struct fed_invitation_record *x = fed_invitation_log_at(j, k);

		by[x->state]++;
		up += (double)x->bytes_up;
		down += (double)x->bytes_down;
	}
	fed_history_total(&s->history, &total);
	ck_assert_double_eq(by[FED_INVITATION_REPORTED], total.reported);
	ck_assert_double_eq(by[FED_INVITATION_REFUSED], total.refused);
	ck_assert_double_eq(by[FED_INVITATION_LOST], total.lost);
	ck_assert_double_eq(by[FED_INVITATION_LATE], total.late);
	ck_assert_double_eq((double)(j->n - j->first + 1), total.invited);
	ck_assert_double_eq(up, total.bytes_up);
	ck_assert_double_eq(down, total.bytes_down);
}

static void check_version(const struct fed_session *s, const struct fed_record *r)
{
	const struct fed_invitation_log *j = of(s);
	double used = 0, weight = 0, stale = 0;

	for (uint64_t k = j->first; k && k <= j->n; k++) {
		const struct fed_invitation_record *x = fed_invitation_log_at(j, k);

		if ((double)x->step != r->round)
			continue;
		ck_assert_double_le(x->until, r->clock);
		ck_assert_double_le(x->ended, x->until);
		used += x->used;
		weight += x->used ? (double)x->weight : 0;
		stale += x->used ? (double)(x->step - 1 - x->version) : 0;
	}
	ck_assert_double_eq(used, r->used);
	ck_assert_double_eq_tol(weight, 1, 1e-5);
	ck_assert_double_eq_tol(stale / used, r->staleness, NEAR);
}

static void check(const struct fed_session *s, bool complete)
{
	const struct fed_invitation_log *j = of(s);

	for (uint64_t k = j->first; k && k <= j->n; k++) {
		const struct fed_invitation_record *x = fed_invitation_log_at(j, k);

		check_spans(x, fed_session_clock(s));
		ck_assert(k == j->first || x->sent >= fed_invitation_log_at(j, k - 1)->sent);
		ck_assert(isnan(x->ended) || x->ended <= fed_session_clock(s));
	}
	check_chains(s);
	if (complete)
		check_totals(s);
	for (size_t i = 0; complete && i < s->history.n; i++)
		check_version(s, &s->history.record[i]);
}

#define COMPOSE "dataset blobs train=400 test=40;model softmax;set batch 5;"
static const char *const worlds[] = {
	COMPOSE "add 8 iid 20 1e5:1 4g:1;round 6",
	COMPOSE "add 8 iid 20 1e5:1 4g:1;scheme sync quorum=0.5 over_select=1.5;round 6",
	COMPOSE "add 8 iid 20 1e5:1 4g:1;scheme sync deadline=0.25;round 6",
	COMPOSE "add 8 iid 20;set fraction 0.4;round 6",
	COMPOSE "add 8 iid 20 1e5:1 4g:1;aggregator fedsgd;round 6",
	COMPOSE "add 8 iid 20 1e5:1 3g:1;transport lossy retries=0;round 25",
	COMPOSE "add 8 iid 20 1e5:2 4g:1;scheme async concurrency=3;aggregator fedasync;round 40",
	COMPOSE
	"add 8 iid 20 1e5:2 4g:1;scheme async concurrency=5;aggregator fedbuff buffer=4;round 40",
	COMPOSE
	"add 2 iid 20 1e5:2 4g:1;scheme async concurrency=2;aggregator fedbuff buffer=5;round 9",
	COMPOSE "add 8 iid 20 1e5:2 3g:1;transport lossy retries=0;"
			"scheme async concurrency=6 max_staleness=1;aggregator fedasync;round 60",
};

START_TEST(journeys_agree_with_the_history)
{
	struct fed_session s;

	small_init(&s, NULL);
	small_do(&s, worlds[_i]);
	check(&s, true);
	small_do(&s, "restart");
	ck_assert_uint_eq(of(&s)->n, 0);
	ck_assert_ptr_null(fed_invitation_log_last(of(&s), 0));
	small_do(&s, "round 3");
	check(&s, true);
	fed__session_release(&s);
}
END_TEST

/* Closed forms ------------------------------------------------------------------ */

START_TEST(times_are_those_of_device_and_link)
{
	for (size_t d = 0; fed_device_profiles[d].name; d++)
		for (size_t l = 0; fed_link_profiles[l].name; l++) {
			const struct fed_link *link = &fed_link_profiles[l].link;
			const double flops = fed_device_profiles[d].flops;
			struct fed_session s;
			char line[80];

			small_init(&s, NULL);
			small_do(&s, COMPOSE "set epochs 3");
			snprintf(line, sizeof line, "add 1 iid 20 %s %s;round 1", fed_device_profiles[d].name,
			         fed_link_profiles[l].name);
			small_do(&s, line);
			const struct fed_invitation_record *x = fed_invitation_log_last(of(&s), 0);
			const double work = s.history.record[0].client_flops;
			/* A frame and 12 parameters of 4 bytes. */
			const double bytes = FED_FRAME_BYTES + 4 * 12;

			ck_assert_uint_eq(x->bytes_down, (uint64_t)bytes);
			ck_assert_uint_eq(x->bytes_up, (uint64_t)bytes);
			ck_assert_double_eq(x->sent, 0);
			ck_assert_double_eq_tol(x->received, link->latency + bytes / link->down, 1e-7);
			ck_assert_double_eq_tol(x->trained - x->received, flops > 0 ? work / flops : 0, NEAR);
			ck_assert_double_eq(x->left, x->trained);
			ck_assert_double_eq_tol(x->ended - x->left, link->latency + bytes / link->up, 1e-7);
			ck_assert_double_eq(x->until, s.history.record[0].clock);
			ck_assert(x->used && x->step == 1);
			ck_assert_float_eq(x->weight, 1.0F);
			fed__session_release(&s);
		}
}
END_TEST

/* Aborts and cancellations ------------------------------------------------------------- */

struct trap {
	struct fed_session *session;
	enum fed_event_kind kind; /* the first one of these aborts the round */
	bool sprung;
};

static void spring(void *ctx, const struct fed_event *event)
{
	struct trap *t = ctx;

	for (int i = 0; event->kind == t->kind && !t->sprung && i < 2; i++)
		fed_session_interrupt(t->session);
	t->sprung |= event->kind == t->kind;
}

static void abort_round(struct fed_session *s, enum fed_event_kind kind)
{
	struct fed_error err = {""};
	struct trap trap = {s, kind, false};
	struct fed_run_result result;

	fed_assert_ok(fed_session_add_sink(s, (struct fed_sink){spring, &trap}, &err), &err);
	fed_assert_ok(fed_session_run(s, 1, NULL, &result, &err), &err);
	ck_assert(result.interrupted && result.versions == 0);
	fed__session_remove_sink(s, &trap);
	fed_session_clear_interrupt(s);
}

START_TEST(an_aborted_round_never_happened)
{
	struct fed_session s;
	static struct fed_invitation_record old[1000];
	uint64_t n = 0;

	small_init(&s, NULL);
	small_do(&s, worlds[_i]);
	const struct fed_invitation_log *j = of(&s);
	const double clock = fed_session_clock(&s);
	for (uint64_t k = j->first; k <= j->n; k++)
		old[n++] = *fed_invitation_log_at(j, k);
	/* Whatever reports to fedasync completes the round. */
	abort_round(&s, strstr(worlds[_i], "fedasync") ? FED_EVENT_SENT : FED_EVENT_REPORTED);
	ck_assert_uint_eq(j->n - j->first + 1, n);
	ck_assert_double_eq(fed_session_clock(&s), clock);
	for (uint64_t k = j->first, i = 0; k <= j->n; k++, i++) {
		const struct fed_invitation_record *x = fed_invitation_log_at(j, k);

		if (old[i].state >= FED_INVITATION_REPORTED) {
			ck_assert_mem_eq(x, &old[i], sizeof *x);
			continue;
		}
		ck_assert_uint_eq(x->state, FED_INVITATION_CANCELLED);
		ck_assert_double_eq(x->ended, clock);
		ck_assert_uint_eq(x->bytes_up, old[i].bytes_up);
		ck_assert_uint_eq(x->invitation, old[i].invitation);
		ck_assert_uint_eq(fed_event_log_at(&s.event_log, x->end)->kind, FED_EVENT_CANCELLED);
	}
	check(&s, false);
	small_do(&s, "round 4");
	check(&s, false);
	for (size_t i = 0; i < s.history.n; i++)
		check_version(&s, &s.history.record[i]);
	fed__session_release(&s);
}
END_TEST

/* The same, but nothing is cancelled: the journeys that the round changed go on. */
START_TEST(an_abort_by_hand_leaves_all_as_it_was)
{
	struct fed_session s;
	static struct fed_invitation_record old[1000];

	for (int steps = 1; steps < 12; steps++) {
		uint64_t n = 0;

		small_init(&s, NULL);
		small_do(&s, worlds[_i]);
		const struct fed_invitation_log *j = of(&s);
		for (uint64_t k = j->first; k <= j->n; k++)
			old[n++] = *fed_invitation_log_at(j, k);
		const uint64_t version = fed_session_version(&s);
		for (int i = 0; i < steps && fed_session_version(&s) == version; i++)
			small_do(&s, "step");
		if (fed_session_version(&s) == version) {
			small_do(&s, "abort");
			ck_assert_uint_eq(j->n - j->first + 1, n);
			for (uint64_t k = j->first, i = 0; k <= j->n; k++, i++)
				ck_assert_mem_eq(fed_invitation_log_at(j, k), &old[i], sizeof *old);
		}
		small_do(&s, "round 4");
		check(&s, false);
		fed__session_release(&s);
	}
}
END_TEST

START_TEST(what_is_cancelled_ends_then)
{
	struct fed_session s;
	unsigned cancelled = 0;

	small_init(&s, NULL);
	small_do(&s, worlds[7]);
	const double clock = fed_session_clock(&s);
	small_do(&s, "aggregator fedasync");
	for (uint64_t k = of(&s)->first; k <= of(&s)->n; k++) {
		const struct fed_invitation_record *x = fed_invitation_log_at(of(&s), k);

		ck_assert_uint_ge(x->state, FED_INVITATION_REPORTED);
		cancelled += x->state == FED_INVITATION_CANCELLED;
		ck_assert(x->state != FED_INVITATION_CANCELLED || x->ended == clock);
	}
	ck_assert_uint_ge(cancelled, 1);
	ck_assert_uint_le(cancelled, 5);
	small_do(&s, "round 5");
	check(&s, false);
	fed__session_release(&s);
}
END_TEST

START_TEST(the_oldest_journeys_go)
{
	struct fed_session s;

	small_init(&s, NULL);
	s.event_log.invitation_log.limit = 64;
	small_do(&s, worlds[7]);
	small_do(&s, "round 60");
	ck_assert_uint_eq(of(&s)->capacity, 64);
	ck_assert_uint_gt(of(&s)->first, 64);
	ck_assert_uint_eq(of(&s)->n - of(&s)->first, 63);
	ck_assert_ptr_null(fed_invitation_log_at(of(&s), of(&s)->first - 1));
	check(&s, false);
	abort_round(&s, FED_EVENT_REPORTED);
	check(&s, false);
	small_do(&s, "round 60");
	check(&s, false);
	fed__session_release(&s);
}
END_TEST

/* Turns --------------------------------------------------------------------------- */

struct sums {
	double phase[4][FED_PHASES], end[4]; /* by client, of its last turn */
	uint64_t bytes[4];
	uint64_t invitation[4];
};

static void add_stretch(void *ctx, const struct fed_timeline_span *stretch)
{
	struct sums *sums = ctx;
	const uint32_t at = stretch->at;

	if (stretch->invitation != sums->invitation[at]) {
		ck_assert_uint_eq(stretch->span.phase, FED_PHASE_COMPUTE);
		memset(sums->phase[at], 0, sizeof sums->phase[at]);
		sums->bytes[at] = 0;
		sums->invitation[at] = stretch->invitation;
	} else {
		ck_assert_double_eq(stretch->span.from, sums->end[at]);
	}
	sums->end[at] = stretch->span.to;
	sums->phase[at][stretch->span.phase] += stretch->span.to - stretch->span.from;
	sums->bytes[at] += stretch->bytes;
}

static const char *const turns[] = {"cut=2", "cut=2 parallel=v1", "cut=2 parallel=v2 smashed=batch",
                                    "cut=2,4 labels=client"};

/* Head and tail: forward once, backward twice as dear. */
static double own_flops(const struct fed_session *s, bool tail)
{
	return 3 *
	       (fed_net_flops(&s->parts.net, 0, 2) + (tail ? fed_net_flops(&s->parts.net, 4, 5) : 0));
}

START_TEST(a_turn_computes_sends_and_waits)
{
	struct fed_session s;
	struct fed_error err = {""};
	struct fed_timeline w;
	struct sums sums = {0};
	char line[100];

	small_init(&s, NULL);
	snprintf(line, sizeof line, "scheme split %s;round 2", turns[_i]);
	small_do(&s, COMPOSE "model mlp hidden=4,4;add 4 iid 20 1e5 4g");
	small_do(&s, line);
	fed_assert_ok(fed_timeline_init(&w, &s, 1, NULL, 0, &err), &err);
	ck_assert_uint_eq(w.n, 4);
	fed_assert_ok(fed_timeline_turns(&w, add_stretch, &sums, &err), &err);
	for (uint32_t id = 0; id < 4; id++) {
		const struct fed_invitation_record *x = fed_invitation_log_last(of(&s), id);

		ck_assert(x->turn);
		ck_assert_double_eq(sums.end[id], x->trained);
		const double *const p = sums.phase[id];
		const double traffic = p[FED_PHASE_UPLOAD] + p[FED_PHASE_DOWNLOAD];

		ck_assert_double_eq_tol(p[FED_PHASE_COMPUTE], fed_invitation_computed_seconds(x), NEAR);
		ck_assert_double_eq_tol(p[FED_PHASE_COMPUTE], 20 * own_flops(&s, _i == 3) / 1e5, NEAR);
		ck_assert_double_eq_tol(p[FED_PHASE_COMPUTE] + traffic + p[FED_PHASE_WAIT],
		                        x->trained - x->received, NEAR);
		ck_assert_double_ge(traffic, 4 * 0.07); /* batches, there and back */
		ck_assert_double_le(p[FED_PHASE_WAIT], 0.1 * traffic);
		ck_assert_uint_gt(sums.bytes[id], 0);
	}
	fed_timeline_release(&w);
	fed__session_release(&s);
}
END_TEST

/* By hand ------------------------------------------------------------------------- */

static void tell(struct fed_invitation_log *j, enum fed_event_kind kind, uint64_t invitation,
                 double clock, uint64_t bytes, const char *text)
{
	static uint64_t number;
	const struct fed_event event = {.kind = kind,
	                                .clock = clock,
	                                .client = 5,
	                                .invitation = invitation,
	                                .bytes = bytes,
	                                .text = text};

	fed__invitation_log_take(j, &event, ++number);
}

START_TEST(held_updates_and_strays)
{
	static const struct fed_span expected[] = {{FED_PHASE_DOWNLOAD, 0, 1},
	                                           {FED_PHASE_COMPUTE, 1, 2},
	                                           {FED_PHASE_WAIT, 2, 4},
	                                           {FED_PHASE_UPLOAD, 4, 6},
	                                           {FED_PHASE_WAIT, 6, 9}};
	struct fed_invitation_log j = {0};
	struct fed_span span[FED_SPANS_MAX];

	tell(&j, FED_EVENT_SENT, 1, 0, 70, NULL);
	tell(&j, FED_EVENT_RECEIVED, 1, 1, 0, NULL);
	tell(&j, FED_EVENT_TRAINED, 1, 2, 0, NULL);
	const struct fed_invitation_record *x = fed_invitation_log_last(&j, 5);
	ck_assert_uint_eq(x->state, FED_INVITATION_HELD);
	tell(&j, FED_EVENT_FAULT, 1, 3, 0, "strikes");
	ck_assert_uint_eq(x->state, FED_INVITATION_HELD);
	tell(&j, FED_EVENT_FAULT, 1, 4, 80, "leaves");
	ck_assert_uint_eq(x->state, FED_INVITATION_UPLOADS);
	tell(&j, FED_EVENT_REPORTED, 1, 6, 0, NULL);
	tell(&j, FED_EVENT_REFUSED, 1, 7, 0, fed_stray_update);
	ck_assert_uint_eq(x->state, FED_INVITATION_REPORTED);
	tell(&j, FED_EVENT_REFUSED, 1, 7, 0, fed_stale_update);
	ck_assert_uint_eq(x->state, FED_INVITATION_REPORTED);
	ck_assert_uint_eq(x->extra_answers, 2);
	ck_assert_uint_eq(x->bytes_up, 80);
	ck_assert_int_eq(fed_invitation_spans(x, 9, span), 5);
	for (int i = 0; i < 5; i++) {
		ck_assert_uint_eq(span[i].phase, expected[i].phase);
		ck_assert_double_eq(span[i].from, expected[i].from);
		ck_assert_double_eq(span[i].to, expected[i].to);
	}
	tell(&j, FED_EVENT_REFUSED, 1, 8, 0, "the aggregator, afterwards");
	ck_assert_uint_eq(x->state, FED_INVITATION_REFUSED);
	ck_assert_double_eq(x->ended, 6);
	tell(&j, FED_EVENT_LOST, 2, 8, 0, "an invitation that is not kept");
	fed__invitation_log_release(&j);
}
END_TEST

/* At the server's link the model waits from 0 to 2, the update from 7 to 8; and while each waits.
 */
START_TEST(transfers_queue_at_the_servers_link)
{
	static const struct fed_span expected[] = {
		{FED_PHASE_QUEUE, 0, 2},  {FED_PHASE_DOWNLOAD, 2, 3}, {FED_PHASE_COMPUTE, 3, 6},
		{FED_PHASE_UPLOAD, 6, 7}, {FED_PHASE_QUEUE, 7, 8},    {FED_PHASE_UPLOAD, 8, 9},
		{FED_PHASE_WAIT, 9, 12}};
	struct fed_invitation_log j = {0};
	struct fed_span span[FED_SPANS_MAX];

	tell(&j, FED_EVENT_SENT, 1, 0, 70, NULL);
	tell(&j, FED_EVENT_QUEUED, 1, 0, 0, "from the server");
	const struct fed_invitation_record *x = fed_invitation_log_last(&j, 5);
	ck_assert(fed_invitation_is_queued(x));
	ck_assert_int_eq(fed_invitation_spans(x, 1, span), 1);
	ck_assert(span[0].phase == FED_PHASE_QUEUE && span[0].to == 1);
	tell(&j, FED_EVENT_PASSES, 1, 2, 0, "from the server");
	ck_assert(!fed_invitation_is_queued(x));
	tell(&j, FED_EVENT_RECEIVED, 1, 3, 0, NULL);
	tell(&j, FED_EVENT_TRAINED, 1, 6, 80, NULL);
	ck_assert_int_eq(fed_invitation_spans(x, 6.5, span), 4);
	ck_assert_uint_eq(span[3].phase, FED_PHASE_UPLOAD);
	tell(&j, FED_EVENT_QUEUED, 1, 7, 0, "to the server");
	ck_assert(fed_invitation_is_queued(x));
	ck_assert_int_eq(fed_invitation_spans(x, 7.5, span), 5);
	ck_assert(span[4].phase == FED_PHASE_QUEUE && span[4].to == 7.5);
	tell(&j, FED_EVENT_PASSES, 1, 8, 0, "to the server");
	tell(&j, FED_EVENT_REPORTED, 1, 9, 0, NULL);
	ck_assert(!fed_invitation_is_queued(x));
	ck_assert_int_eq(fed_invitation_spans(x, 12, span), 7);
	for (int i = 0; i < 7; i++) {
		ck_assert_uint_eq(span[i].phase, expected[i].phase);
		ck_assert_double_eq(span[i].from, expected[i].from);
		ck_assert_double_eq(span[i].to, expected[i].to);
	}
	fed__invitation_log_release(&j);
}
END_TEST

/* Against looking at all of them. */
START_TEST(clients_of_a_window)
{
	struct fed_session s;
	struct fed_error err = {""};

	small_init(&s, NULL);
	small_do(&s, worlds[7]);
	for (uint64_t n = 1; n < 12; n++) {
		struct fed_timeline w;
		uint32_t k = 0;

		fed_assert_ok(fed_timeline_init(&w, &s, n, NULL, 0, &err), &err);
		ck_assert_uint_eq(w.rounds, n);
		ck_assert_double_eq(w.to, fed_session_clock(&s));
		ck_assert_double_eq(w.from, s.history.record[s.history.n - n - 1].clock);
		for (uint32_t id = 0; id < s.parts.clients.n; id++) {
			bool busy = false;

			for (uint64_t i = of(&s)->first; i <= of(&s)->n; i++) {
				const struct fed_invitation_record *x = fed_invitation_log_at(of(&s), i);
				struct fed_span span[FED_SPANS_MAX];
				const int spans = fed_invitation_spans(x, w.now, span);

				busy |= x->client == id && span[spans - 1].to > w.from;
			}
			if (busy)
				ck_assert_uint_eq(w.client[k++], id);
		}
		ck_assert_uint_eq(k, w.n);
		fed_timeline_release(&w);
		fed_assert_ok(fed_timeline_init(&w, &s, n, (uint32_t[]){1, 3}, 2, &err), &err);
		for (uint32_t i = 0; i < w.n; i++)
			ck_assert(w.client[i] == 1 || w.client[i] == 3);
		fed_timeline_release(&w);
	}
	fed__session_release(&s);
}
END_TEST

FED_SUITE(invitation_log)
{
	Suite *suite = suite_create("journeys");
	TCase *tests = tcase_create("journeys");

	tcase_add_loop_test(tests, journeys_agree_with_the_history, 0,
	                    (int)(sizeof worlds / sizeof *worlds));
	tcase_add_test(tests, times_are_those_of_device_and_link);
	tcase_add_loop_test(tests, an_abort_by_hand_leaves_all_as_it_was, 0,
	                    (int)(sizeof worlds / sizeof *worlds));
	tcase_add_loop_test(tests, an_aborted_round_never_happened, 0,
	                    (int)(sizeof worlds / sizeof *worlds) - 1);
	tcase_add_test(tests, what_is_cancelled_ends_then);
	tcase_add_test(tests, the_oldest_journeys_go);
	tcase_add_test(tests, held_updates_and_strays);
	tcase_add_test(tests, transfers_queue_at_the_servers_link);
	tcase_add_test(tests, clients_of_a_window);
	tcase_add_loop_test(tests, a_turn_computes_sends_and_waits, 0,
	                    (int)(sizeof turns / sizeof *turns));
	suite_add_tcase(suite, tests);
	return suite;
}
