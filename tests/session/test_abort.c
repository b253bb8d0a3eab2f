/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/test_abort.c - an aborted round leaves no trace: random compositions with random faults,
 * of which one session opens and aborts rounds at random events, saves and restores them midway,
 * and the other does not; both have the same snapshots at every version.
 */
#include <string.h>

#include "base/random.h"
#include "checkpoint/checkpoint.h"
#include "session/small.h"

enum { COMPOSITIONS = 120, VERSIONS = 8, MOST_FAULTS = 5, TRIES = 4 };

static uint32_t below(struct fed_stream *random, uint32_t n)
{
	return fed_stream_below(random, n);
}

#define PICK(random, rows) (rows)[below((random), (uint32_t)(sizeof(rows) / sizeof *(rows)))]

static const char *const schemes[] = {
	"scheme sync",
	"scheme sync over-select=1.5 quorum=0.7",
	"scheme sync deadline=2",
	"scheme async concurrency=4",
	"scheme async concurrency=6 max-staleness=2",
	"scheme split cut=1",
	"scheme split cut=1 relay=peer order=random",
	"scheme split cut=1 parallel=v1",
	"scheme split cut=1 parallel=v2",
	"scheme split cut=1 parallel=v2 smashed=batch labels=client",
};
static const char *const aggregators[] = {
	"aggregator fedavg", "aggregator scaffold",         "aggregator fedadam",
	"aggregator median", "aggregator fedbuff buffer=3", "aggregator fedasync",
};
static const char *const extras[] = {
	"select oort;set fraction 0.5",
	"select power-of-choice;set fraction 0.4",
	"select round-robin;set fraction 0.5",
	"set codec none",
	"set codec int8",
	"set codec fp16;set error-feedback on",
	"set noise 0.01",
	"set epochs 2",
	"transport lossy retries=1",
	"set server_link 20k/30k",
	"set fraction 0.6",
	"set batch 5",
};
static const char *const faults[] = {
	"offline %s for=2",
	"flaky %s p=%.2f",
	"crash %s p=%.2f",
	"straggler %s factor=5",
	"hang %s p=%.2f",
	"slow-link %s factor=7",
	"lossy %s p=%.2f",
	"partition %s for=2",
	"duplicate %s p=%.2f",
	"late %s versions=2 p=%.2f",
	"corrupt %s bits=9 p=%.2f",
	"nan %s p=%.2f",
	"byzantine %s attack=ipm",
	"byzantine %s attack=replay",
	"byzantine %s attack=sign-flip",
	"data-arrives %s rate=0.2",
	"data-expires %s rate=0.1",
	"drift %s what=labels rate=0.05",
	"churn %s join=0.5 leave=0.3",
};
static const char *const who[] = {"0-9", "0-3", "2,5,7", "8", "4-9"};

/* What does not fit the rest of the composition is left out; the same is in every session. */
static void compose(struct fed_session *s, uint64_t seed)
{
	struct fed_stream random = fed_stream_open(seed, FED_FOR_OBSERVER, 1, 0);
	struct fed_error refused;
	char line[200];

	small_init(s, NULL);
	snprintf(line, sizeof line, "set seed %d", 1 + (int)seed);
	small_do(s, line);
	small_do(s, "dataset blobs train=400 test=40;model mlp hidden=6;aggregator fedavg");
	small_do(s, "add 5 noniid 12 phone 4g;add 5 iid 20 laptop wifi;set batch 8");
	small_try(s, schemes[seed % (sizeof schemes / sizeof *schemes)], &refused);
	small_try(s, PICK(&random, aggregators), &refused);
	for (uint32_t n = below(&random, 3); n > 0; n--) {
		char *rest = line;

		snprintf(line, sizeof line, "%s", PICK(&random, extras));
		while (rest)
			small_try(s, strsep(&rest, ";"), &refused);
	}
	for (uint32_t n = 1 + below(&random, MOST_FAULTS); n > 0; n--) {
		char fault[150];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(fault, sizeof fault, PICK(&random, faults), PICK(&random, who),
		         0.1 + 0.7 * fed_stream_real(&random));
#pragma GCC diagnostic pop
		snprintf(line, sizeof line, "inject %s", fault);
		small_do(s, line);
	}
}

/* The real seconds of rounds are all that may differ. */
static void take(struct fed_session *s, struct fed_text *out)
{
	struct fed_error err = {""};

	for (size_t i = 0; i < s->history.n; i++)
		s->history.record[i].wall = 0;
	s->progress.record.wall = s->federation.record.wall = s->federation.started.record.wall = 0;
	fed_text_clear(out);
	fed_assert_ok(fed_snapshot_take(s, out, &err), &err);
}

static bool same(const struct fed_text *a, const struct fed_text *b)
{
	return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

/* Saved and restored in the open round, if any: it is replayed. */
static void save_midway(struct fed_session *s)
{
	struct fed_error err = {""};
	struct fed_text saved = {0};

	fed_assert_ok(fed_snapshot_take(s, &saved, &err), &err);
	fed_assert_ok(fed_snapshot_restore(s, &saved, &err), &err);
	fed_text_release(&saved);
}

struct story {
	uint64_t aborts, failures;
};

/* Open a round, handle some of its events, and abort it, unless they complete it. */
static void start_in_vain(struct fed_session *s, struct fed_stream *random, struct story *story)
{
	const uint64_t version = fed_session_version(s);
	static const uint32_t most[] = {1, 3, 12, 40, 200};
	const uint32_t steps = 1 + below(random, PICK(random, most));
	struct fed_run_result result;
	struct fed_error err;

	for (uint32_t k = 0; k < steps; k++)
		if (fed_session_step(s, &result, &err) || fed_session_version(s) != version)
			return; /* a step that fails aborts the round itself */
	if (below(random, 4) == 0)
		save_midway(s);
	fed_assert_ok(fed_session_abort(s, false, &err), &err);
	story->aborts++;
}

/* Until the next version; a round that fails would fail again for ever: its faults are healed. */
static void make_version(struct fed_session *s, bool whole, struct story *story)
{
	const uint64_t version = fed_session_version(s);
	struct fed_run_result result;
	struct fed_error err;

	while (fed_session_version(s) == version) {
		int rc = FED_OK;

		if (whole)
			rc = fed_session_run(s, 1, NULL, &result, &err);
		while (!whole && rc == FED_OK && fed_session_version(s) == version)
			rc = fed_session_step(s, &result, &err);
		if (rc == FED_OK)
			continue;
		story->failures++;
		/* A whole round of async that fails cancels what was in flight: so does healing here. */
		fed_assert_ok(small_try(s, "aggregator median", &err), &err);
		small_do(s,
		         "heal all;select uniform"); /* one that asks clients does not fit split learning */
	}
}

START_TEST(an_abort_leaves_no_trace)
{
	const uint64_t seed = (uint64_t)_i;
	struct fed_stream random = fed_stream_open(seed, FED_FOR_OBSERVER, 2, 0);
	struct fed_text a = {0}, b = {0};
	struct fed_session straight, aborting;
	struct story story = {0};

	compose(&straight, seed);
	compose(&aborting, seed);
	while (fed_session_version(&aborting) < VERSIONS) {
		const uint64_t version = fed_session_version(&aborting);

		for (uint32_t n = below(&random, TRIES); n > 0; n--)
			start_in_vain(&aborting, &random, &story);
		if (fed_session_version(&aborting) == version)
			make_version(&aborting, below(&random, 2), &story);
		while (fed_session_version(&straight) < fed_session_version(&aborting))
			make_version(&straight, below(&random, 2), &story);
		take(&straight, &a);
		take(&aborting, &b);
		ck_assert_msg(same(&a, &b), "seed %d: version %llu differs, %llu aborts, %llu failures", _i,
		              (unsigned long long)version, (unsigned long long)story.aborts,
		              (unsigned long long)story.failures);
	}
	ck_assert_uint_gt(story.aborts, 0);
	fed_text_release(&a);
	fed_text_release(&b);
	fed__session_release(&straight);
	fed__session_release(&aborting);
}
END_TEST

/* Aborts the round at its first departing model, as Ctrl-C twice does. */
static void interrupt_at_sent(void *ctx, const struct fed_event *event)
{
	struct fed_session *s = ctx;

	for (int i = 0; event->kind == FED_EVENT_SENT && i < 2; i++)
		fed_session_interrupt(s);
}

/* A whole round of async keeps no snapshot of what was in flight before it: an interrupt cancels
 * that, as `abort all` does. */
START_TEST(an_interrupt_is_an_abort_of_all)
{
	struct fed_text a = {0}, b = {0};
	struct fed_session interrupted, aborted;
	struct fed_run_result result;
	struct fed_error err;

	compose(&interrupted, 33);
	compose(&aborted, 33);
	ck_assert_str_eq(aborted.parts.scheme->name, "async");
	small_do(&interrupted, "round 6");
	small_do(&aborted, "round 6");
	const struct fed_sink sink = {interrupt_at_sent, &interrupted};
	fed_assert_ok(fed_session_add_sink(&interrupted, sink, &err), &err);
	fed_assert_ok(fed_session_run(&interrupted, 1, NULL, &result, &err), &err);
	ck_assert(result.interrupted && result.lost);
	fed__session_remove_sink(&interrupted, &interrupted);
	fed_session_clear_interrupt(&interrupted);
	small_do(&aborted, "step");
	fed_assert_ok(fed_session_abort(&aborted, true, &err), &err);
	for (int i = 0; i < 4; i++) {
		ck_assert(i || interrupted.federation.n_open == 0);
		take(&interrupted, &a);
		take(&aborted, &b);
		ck_assert(same(&a, &b));
		small_do(&interrupted, "round 1");
		small_do(&aborted, "round 1");
	}
	fed_text_release(&a);
	fed_text_release(&b);
	fed__session_release(&interrupted);
	fed__session_release(&aborted);
}
END_TEST

/* The update of a colluder waits at the server for those of the others, while other turns wait for
 * it with their next batch: they must not wait for ever. */
START_TEST(colluders_do_not_stop_joined_batches)
{
	struct fed_session s;

	small_init(&s, NULL);
	small_do(&s, "dataset blobs train=400 test=40;model mlp hidden=6;aggregator fedavg");
	small_do(&s, "add 3 iid 8 phone 3g;add 3 iid 24 laptop wifi;set batch 8");
	small_do(&s, "scheme split cut=1 parallel=v2 smashed=batch labels=client");
	small_do(&s, "inject byzantine 0-2 attack=ipm");
	small_do(&s, "round 3");
	ck_assert_uint_eq(fed_session_version(&s), 3);
	ck_assert_double_eq(s.history.record[2].used, 6);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(abort)
{
	Suite *suite = suite_create("abort");
	TCase *tests = tcase_create("abort");

	tcase_add_loop_test(tests, an_abort_leaves_no_trace, 0, COMPOSITIONS);
	tcase_add_test(tests, an_interrupt_is_an_abort_of_all);
	tcase_add_test(tests, colluders_do_not_stop_joined_batches);
	suite_add_tcase(suite, tests);
	return suite;
}
