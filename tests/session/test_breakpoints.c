/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rounds an event at a time: the same bits, and stops where they belong. */
#include <string.h>

#include "base/mem.h"
#include "report/next_event.h"
#include "checkpoint/checkpoint.h"
#include "session/small.h"
#include "support/suite.h"

#define STEPS_MAX 10000

static struct fed_run_result result;

/* Four clients, one of them slow, so that events have their own times. */
static void compose(struct fed_session *s, struct heard *heard, const char *lines)
{
	small_compose(s, heard, "fedavg");
	small_do(s, lines);
}

static void run(struct fed_session *s, uint64_t n)
{
	struct fed_error err = {""};

	fed_assert_ok(fed_session_run(s, n, NULL, &result, &err), &err);
}

static void step_to(struct fed_session *s, uint64_t version)
{
	for (int i = 0; fed_session_version(s) < version; i++) {
		ck_assert_int_lt(i, STEPS_MAX);
		small_do(s, "step");
	}
}

static const char *const worlds[] = {
	"set fraction 0.7",
	"aggregator scaffold;set fraction 0.7",
	"add 3 iid 5 phone:0.5 4g;scheme sync deadline=0.05;set participants 5",
	"add 9 iid 3 iot:1 3g;transport lossy;scheme sync quorum=0.5 over-select=1.5",
	"add 9 iid 3 phone:1 wifi;scheme async concurrency=5;aggregator fedasync",
	("add 9 iid 3 phone:1 3g;transport lossy;scheme async concurrency=4 max-staleness=3;"
     "aggregator fedbuff buffer=3"),
};
#define WORLDS ((int)(sizeof worlds / sizeof *worlds))

START_TEST(steps_make_the_same_bits)
{
	struct fed_session whole, stepped;

	compose(&whole, NULL, worlds[_i]);
	compose(&stepped, NULL, worlds[_i]);
	small_do(&whole, "inject flaky 1 p=0.5");
	small_do(&stepped, "inject flaky 1 p=0.5");
	run(&whole, 4);
	step_to(&stepped, 3);
	small_do(&stepped, "step;continue"); /* and a mixture */
	small_same(&whole, &stepped);
	ck_assert(!fed_session_open(&stepped));
	fed__session_release(&whole);
	fed__session_release(&stepped);
}
END_TEST

START_TEST(a_stepped_round_can_be_finished_by_round)
{
	struct fed_session whole, stepped;

	compose(&whole, NULL, worlds[_i]);
	compose(&stepped, NULL, worlds[_i]);
	run(&whole, 3);
	small_do(&stepped, "step 3");
	run(&stepped, 3);
	ck_assert_uint_eq(result.versions, 3); /* the open one is the first of them */
	small_same(&whole, &stepped);
	fed__session_release(&whole);
	fed__session_release(&stepped);
}
END_TEST

/* Over real connections a step waits until something has happened. */
START_TEST(steps_wait_for_real_messages)
{
	struct fed_session s;
	struct heard heard;
	const struct fed_entry *entry;
	struct fed_error err = {""};
	bool waited = false;
	unsigned told;

	small_compose(&s, &heard, "fedavg");
	fed_assert_ok(fed_session_load(&s, FED_BUILD_DIR "/fixtures/loopback.so", &entry, &err), &err);
	fed_assert_ok(fed_session_transport(&s, entry->head->name, NULL, 0, &err), &err);
	for (int i = 0; fed_session_version(&s) < 2; i++) {
		ck_assert_int_lt(i, 100);
		waited |= fed_session_next_event(&s).kind == FED_NEXT_EVENT_WAIT;
		told = 0;
		for (int k = 0; k < FED_EVENT_KINDS; k++)
			told += heard.count[k];
		small_do(&s, "step");
		for (int k = 0; k < FED_EVENT_KINDS; k++)
			told -= heard.count[k];
		ck_assert_uint_ne(told, 0);
	}
	ck_assert(waited);
	fed__session_release(&s);
}
END_TEST

START_TEST(the_first_step_opens_a_round)
{
	struct fed_session s;
	struct heard heard;

	small_compose(&s, &heard, "fedavg");
	ck_assert_int_eq(fed_session_next_event(&s).kind, FED_NEXT_EVENT_OPEN);
	small_do(&s, "step");
	ck_assert(fed_session_open(&s));
	ck_assert_uint_eq(heard.count[FED_EVENT_SENT], 4);
	ck_assert_uint_eq(heard.count[FED_EVENT_BEGIN], 1);
	ck_assert_uint_eq(heard.count[FED_EVENT_RECEIVED], 0);
	/* What is due next is what comes. */
	for (uint32_t i = 0; i < 4; i++) {
		const struct fed_next_event next = fed_session_next_event(&s);

		ck_assert_int_eq(next.kind, FED_NEXT_EVENT_MODEL);
		ck_assert_uint_eq(next.client, i);
		ck_assert(!next.stale);
		small_do(&s, "step");
		ck_assert_uint_eq(heard.count[FED_EVENT_RECEIVED], i + 1);
	}
	ck_assert_int_eq(fed_session_next_event(&s).kind, FED_NEXT_EVENT_TRAINED);
	small_do(&s, "step 4");
	ck_assert_int_eq(fed_session_next_event(&s).kind, FED_NEXT_EVENT_UPDATE);
	small_do(&s, "step 4");
	ck_assert_uint_eq(fed_session_version(&s), 1);
	ck_assert(!fed_session_open(&s));
	fed__session_release(&s);
}
END_TEST

/* Where a break stops. */
static const struct {
	const char *world, *condition;
	const char *said; /* how the telling begins */
	uint64_t version;
	bool open;
} stops[] = {
	{"", "version==2", "break 1: version==2, version = 2, clock ", 2, false},
	{"", "accuracy>=0", "break 1: accuracy>=0, accuracy = 0.", 1, false},
	{"", "client==2", "break 1: client==2, event sent, version 0, clock 0 s", 0, true},
	{"", "event==trained", "break 1: event==trained, event trained, version 0, clock ", 0, true},
	{"", "client==2 and event==reported", "break 1: client==2 and event==reported, event reported",
     0, true},
	{"", "event==reported and version==1",
     "break 1: event==reported and version==1, event reported, version = 1", 1, true},
	{"", "client>2 and event!=sent", "break 1: client>2 and event!=sent, event received", 0, true},
	{"", "reported>=3", "break 1: reported>=3, reported = 3, version 0", 0, true},
	{"", "clock>0.001", "break 1: clock>0.001, clock = ", 1, true},
	{"", "bytes-up>0 and version==2", "break 1: bytes-up>0 and version==2, bytes-up = ", 2, false},
	{"", "event==round", "break 1: event==round, event round, version 1", 1, false},
	{"", "nan or version==3", "break 1: nan or version==3, event round, version = 3", 3, false},
	{"", "reported[1]==4 and reported==2", "break 1: reported[1]==4 and reported==2, reported[1]",
     1, true},
	{"scheme async concurrency=2;aggregator fedasync", "event==lost or version==3",
     "break 1: event==lost or version==3, event round, version = 3", 3, false},
	{"scheme async concurrency=2;aggregator fedbuff buffer=3", "reported==2",
     "break 1: reported==2, reported = 2, version 0", 0, true},
};

START_TEST(a_break_stops_there)
{
	struct fed_session s, other;
	struct heard heard;
	struct fed_error err = {""};
	uint64_t number;

	small_compose(&s, &heard, "fedavg");
	small_compose(&other, NULL, "fedavg");
	if (*stops[_i].world)
		small_do(&s, stops[_i].world);
	if (*stops[_i].world)
		small_do(&other, stops[_i].world);
	fed_assert_ok(fed_session_break(&s, stops[_i].condition, &number, &err), &err);
	ck_assert_uint_eq(number, 1);
	run(&s, 5);
	ck_assert_msg(strstr(heard.text, stops[_i].said) != NULL, "%s: %s", stops[_i].said, heard.text);
	ck_assert_uint_eq(heard.count[FED_EVENT_STOP], 1);
	ck_assert_uint_eq(s.breakpoints.point[0].hits, 1);
	ck_assert_uint_eq(fed_session_version(&s), stops[_i].version);
	ck_assert_int_eq(fed_session_open(&s), stops[_i].open);
	/* What was left is made, no more and no less. */
	fed_assert_ok(fed_session_unbreak(&s, 1, &err), &err);
	const uint64_t before = result.versions;
	fed_assert_ok(fed_session_continue(&s, &result, &err), &err);
	ck_assert_uint_eq(before + result.versions, 5);
	run(&other, 5);
	small_same(&s, &other);
	ck_assert_int_eq(fed_session_continue(&s, &result, &err), FED_REJECT);
	fed__session_release(&s);
	fed__session_release(&other);
}
END_TEST

/* How often it is hit in four rounds of four clients. */
static const struct {
	const char *condition;
	uint64_t hits;
} counts[] = {
	{"version==2", 1},
	{"version>=2", 1},                /* begins to hold once */
	{"reported>=2", 4},               /* once in each round, not at each event */
	{"reported>=2 or reported<2", 1}, /* never ceases to hold */
	{"client==1", 16},                /* sent, received, trained, reported */
	{"client==9", 0},
	{"event==round", 4},
	{"clock>=0", 1},
	{"accuracy==accuracy", 1},
	{"event==reported", 16},
	{"nan", 0},
};

START_TEST(a_break_is_hit_so_often)
{
	struct fed_session s;
	struct fed_error err = {""};
	uint64_t number;
	int runs = 0;

	small_compose(&s, NULL, "fedavg");
	fed_assert_ok(fed_session_break(&s, counts[_i].condition, &number, &err), &err);
	run(&s, 4);
	while (fed_session_continue(&s, &result, &err) == FED_OK)
		ck_assert_int_lt(runs++, 100);
	ck_assert_uint_eq(fed_session_version(&s), 4);
	ck_assert_uint_eq(s.breakpoints.point[0].hits, counts[_i].hits);
	fed__session_release(&s);
}
END_TEST

START_TEST(a_nan_is_seen)
{
	struct fed_session s;
	struct heard heard;
	struct fed_error err = {""};

	/* an update */
	small_compose(&s, &heard, "fedavg");
	small_do(&s, "break nan;inject nan 2");
	run(&s, 5);
	ck_assert(fed_session_open(&s));
	ck_assert_ptr_nonnull(strstr(heard.text, "break 1: nan, event refused, version 0"));
	fed__session_release(&s);
	/* a step, or a loss before it */
	small_init(&s, &heard);
	small_do(&s, "dataset linear train=80 test=40;model linear;add 4 iid 20;set lr 1000;set epochs "
	             "20;break nan");
	while (fed_session_run(&s, 5, NULL, &result, &err) == FED_OK &&
	       heard.count[FED_EVENT_STOP] == 0)
		;
	ck_assert_uint_ge(heard.count[FED_EVENT_STOP], 1);
	ck_assert_ptr_nonnull(strstr(heard.text, "break 1: nan, event "));
	fed__session_release(&s);
}
END_TEST

/* Steps that fail: which of them `nan` is about. */
static const struct {
	const char *how;
	bool nan;
} damaged[] = {{"nan", true}, {"inf", true}, {"skip", false}, {"fail", false}, {"bad-code", false}};

START_TEST(a_step_that_is_not_finite_is_seen)
{
	struct fed_session s;
	struct heard heard;
	const struct fed_entry *entry;
	struct fed_error err = {""};
	char line[80];

	small_compose(&s, &heard, "fedavg");
	fed_assert_ok(fed_session_load(&s, FED_BUILD_DIR "/fixtures/misbehave_stream.so", &entry, &err),
	              &err);
	snprintf(line, sizeof line, "aggregator %s how=%s", entry->head->name, damaged[_i].how);
	small_do(&s, line);
	small_do(&s, "break nan");
	ck_assert_int_eq(fed_session_run(&s, 5, NULL, &result, &err), FED_FAIL);
	ck_assert_uint_eq(heard.count[FED_EVENT_STOP], damaged[_i].nan);
	if (damaged[_i].nan)
		ck_assert_ptr_nonnull(strstr(heard.text, "break 1: nan, event aborted, version 0"));
	/* Nothing is left: it failed. */
	ck_assert(!fed_session_open(&s));
	ck_assert_int_eq(fed_session_continue(&s, &result, &err), FED_REJECT);
	fed__session_release(&s);
}
END_TEST

START_TEST(what_is_left_is_counted)
{
	struct fed_session s;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "break version==4;break version==7");
	run(&s, 10);
	ck_assert_uint_eq(result.versions, 4);
	small_do(&s, "step 2"); /* steps are part of it */
	fed_assert_ok(fed_session_continue(&s, &result, &err), &err);
	ck_assert_uint_eq(result.versions, 3);
	step_to(&s, 8);
	fed_assert_ok(fed_session_continue(&s, &result, &err), &err);
	ck_assert_uint_eq(result.versions, 2);
	ck_assert_uint_eq(fed_session_version(&s), 10);
	ck_assert_int_eq(fed_session_continue(&s, &result, &err), FED_REJECT);
	fed__session_release(&s);
}
END_TEST

START_TEST(run_until_goes_on_after_a_break)
{
	struct fed_session s;
	struct fed_condition *until;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "break client==1 and event==trained");
	fed_assert_ok(fed_condition_parse(&until, "round>=3", NULL, &err), &err);
	fed_assert_ok(fed_session_run(&s, 0, until, &result, &err), &err);
	fed_condition_free(until); /* it keeps its own */
	for (int i = 0; fed_session_version(&s) < 3; i++) {
		ck_assert_int_lt(i, 20);
		small_do(&s, "continue");
	}
	ck_assert_int_eq(fed_session_continue(&s, &result, &err), FED_REJECT);
	ck_assert_uint_eq(s.breakpoints.point[0].hits, 3);
	fed__session_release(&s);
}
END_TEST

START_TEST(a_pause_stops_once)
{
	struct fed_session s;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	fed_session_pause(&s, 2);
	run(&s, 5);
	ck_assert_uint_eq(result.versions, 2);
	fed_assert_ok(fed_session_continue(&s, &result, &err), &err);
	ck_assert_uint_eq(result.versions, 3);
	fed_session_pause(&s, 5);
	run(&s, 2); /* it stands: at once */
	ck_assert_uint_eq(result.versions, 0);
	small_do(&s, "continue");
	ck_assert_uint_eq(fed_session_version(&s), 7);
	fed_session_pause(&s, 8);
	run(&s, 1); /* its end is the pause's */
	run(&s, 1);
	ck_assert_uint_eq(fed_session_version(&s), 9);
	fed__session_release(&s);
}
END_TEST

START_TEST(an_abort_leaves_all_as_it_was)
{
	struct fed_session s, other;

	for (int steps = 1; steps < 13; steps++) {
		small_compose(&s, NULL, "scaffold");
		small_compose(&other, NULL, "scaffold");
		run(&s, 2);
		run(&other, 2);
		for (int i = 0; i < steps; i++)
			small_do(&s, "step");
		small_do(&s, "abort");
		ck_assert(!fed_session_open(&s));
		small_same(&s, &other);
		small_refuses(&s, "abort", "no round is open");
		small_refuses(&s, "continue", "nothing is left to continue");
		run(&s, 2);
		run(&other, 2);
		ck_assert_mem_eq(fed_session_params(&s), fed_session_params(&other),
		                 s.parts.net.dim * sizeof(float));
		fed__session_release(&s);
		fed__session_release(&other);
	}
}
END_TEST

static const char *const refused[] = {
	"model mlp",     "dataset linear",      "aggregator fedadam", "transport lossy",
	"scheme async",  "add 1 iid 5",         "remove 1",           "set seed 4",
	"set threads 2", "set weighting equal", "set deadline 3",     "set scheme.quorum 0.5",
};

START_TEST(an_open_round_keeps_its_composition)
{
	struct fed_session s, other;
	struct fed_temp temp;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	small_compose(&other, NULL, "fedavg");
	small_do(&s, "step 4");
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		small_refuses(&s, refused[i], "a round is open; `continue` finishes it, `abort`");
		ck_assert(fed_session_open(&s));
	}
	fed_temp_make(&temp);
	fed_assert_ok(fed_session_save(&s, fed_temp_file(&temp, "x.fed"), &err), &err);
	ck_assert(fed_session_open(&s));
	fed_temp_remove(&temp);
	small_do(&s, "continue");
	run(&other, 1);
	small_same(&s, &other);
	fed__session_release(&s);
	fed__session_release(&other);
}
END_TEST

START_TEST(settings_count_from_the_next_round)
{
	struct fed_session s, other;

	small_compose(&s, NULL, "fedavg");
	small_compose(&other, NULL, "fedavg");
	small_do(&s, "step 2;set lr 0.5;set epochs 3;set batch 2;set fraction 0.5;set momentum 0.5");
	small_do(&s, "continue");
	run(&other, 1);
	small_same(&s, &other);
	small_do(&other, "set lr 0.5;set epochs 3;set batch 2;set fraction 0.5;set momentum 0.5");
	run(&s, 1);
	run(&other, 1);
	small_same(&s, &other);
	fed__session_release(&s);
	fed__session_release(&other);
}
END_TEST

/* These give the model up, and so the round. */
START_TEST(beginning_again_ends_the_round)
{
	static const char *const lines[] = {"restart", "reset"};
	struct fed_session s;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "break client==2");
	run(&s, 3);
	ck_assert(fed_session_open(&s));
	small_do(&s, lines[_i]);
	ck_assert(!fed_session_open(&s));
	ck_assert_int_ne(fed_session_continue(&s, &result, &err), FED_OK);
	ck_assert_uint_eq(s.breakpoints.n, _i == 0); /* breakpoints outlive a restart */
	fed__session_release(&s);
}
END_TEST

/* Interrupt when an event of `kind` comes, `times` times. */
struct trap {
	struct fed_session *session;
	enum fed_event_kind kind;
	int times;
};

static void spring(void *ctx, const struct fed_event *event)
{
	struct trap *t = ctx;

	if (event->kind == t->kind)
		for (; t->times > 0; t->times--)
			fed_session_interrupt(t->session);
}

START_TEST(interrupts_while_stepping)
{
	struct fed_session s, other;
	struct fed_error err = {""};
	struct trap trap = {.session = &s, .kind = FED_EVENT_TRAINED, .times = 1};

	small_compose(&s, NULL, "scaffold");
	small_compose(&other, NULL, "scaffold");
	run(&s, 1);
	run(&other, 1);
	fed_assert_ok(fed_session_add_sink(&s, (struct fed_sink){spring, &trap}, &err), &err);
	small_do(&s, "step 5");
	fed_assert_ok(fed_session_step(&s, &result, &err), &err);
	ck_assert(result.interrupted && result.outcome != FED_RUN_ABORTED);
	ck_assert(fed_session_open(&s));
	fed_session_clear_interrupt(&s);
	trap.times = 2;
	fed_assert_ok(fed_session_step(&s, &result, &err), &err); /* one more comes yet */
	fed_assert_ok(fed_session_step(&s, &result, &err), &err);
	ck_assert(result.interrupted && result.outcome == FED_RUN_ABORTED);
	ck_assert(!fed_session_open(&s));
	small_same(&s, &other);
	fed__session_release(&s);
	fed__session_release(&other);
}
END_TEST

START_TEST(an_interrupted_run_goes_on)
{
	struct fed_session s;
	struct fed_error err = {""};
	struct trap trap = {.session = &s, .kind = FED_EVENT_REPORTED, .times = 1};

	small_compose(&s, NULL, "fedavg");
	fed_assert_ok(fed_session_add_sink(&s, (struct fed_sink){spring, &trap}, &err), &err);
	run(&s, 6);
	ck_assert(result.interrupted);
	ck_assert_uint_eq(result.versions, 1);
	fed_session_clear_interrupt(&s);
	fed_assert_ok(fed_session_continue(&s, &result, &err), &err);
	ck_assert_uint_eq(result.versions, 5);
	fed__session_release(&s);
}
END_TEST

/* Its replay: the versions that it made, the steps that came to nothing, an abort. */
START_TEST(an_aborted_run_is_told_in_steps)
{
	struct fed_session s, other;
	struct fed_error err = {""};
	struct trap trap = {.session = &s, .kind = FED_EVENT_TRAINED, .times = 2};
	char line[40];

	compose(&s, NULL, worlds[_i]);
	compose(&other, NULL, worlds[_i]);
	small_do(&s, "round 1;step 2");
	small_do(&other, "round 1;step 2");
	fed_assert_ok(fed_session_add_sink(&s, (struct fed_sink){spring, &trap}, &err), &err);
	run(&s, 9);
	ck_assert(result.interrupted && result.outcome == FED_RUN_ABORTED);
	fed_session_clear_interrupt(&s);
	const struct fed_run_result end = result;
	if (end.versions)
		run(&other, end.versions);
	snprintf(line, sizeof line, "step %llu;abort", (unsigned long long)end.steps);
	small_do(&other, line);
	small_same(&s, &other);
	run(&s, 3);
	run(&other, 3);
	small_same(&s, &other);
	fed__session_release(&s);
	fed__session_release(&other);
}
END_TEST

START_TEST(breakpoints_are_numbered)
{
	struct fed_session s;
	struct fed_error err = {""};
	uint64_t number;

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "break nan;break client==1;break version==9");
	fed_assert_ok(fed_session_unbreak(&s, 2, &err), &err);
	ck_assert_int_eq(fed_session_unbreak(&s, 2, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "no breakpoint 2"));
	fed_assert_ok(fed_session_break(&s, "loss<1", &number, &err), &err);
	ck_assert_uint_eq(number, 4);
	ck_assert_uint_eq(s.breakpoints.n, 3);
	fed_session_unbreak_all(&s);
	ck_assert_uint_eq(s.breakpoints.n, 0);
	small_refuses(&s, "break acuracy<1", "did you mean accuracy");
	for (int i = 0; i < 100; i++)
		small_do(&s, "break nan");
	small_refuses(&s, "break nan", "at most 100 breakpoints");
	fed__session_release(&s);
}
END_TEST

static int debug_a_little(struct fed_session *s, struct fed_error *err)
{
	struct fed_condition *until = NULL;
	uint64_t number;
	int rc = fed_condition_parse(&until, "round>=100", NULL, err);

	if (rc == FED_OK)
		rc = fed_session_break(s, "client==2 and event==trained", &number, err);
	if (rc == FED_OK)
		rc = fed_session_run(s, 0, until, &result, err);
	if (rc == FED_OK)
		rc = fed_session_step(s, &result, err);
	fed_condition_free(until);
	return rc;
}

START_TEST(survives_every_allocation)
{
	const int64_t live = fed__mem_live();
	struct fed_session s;
	struct fed_error err;
	float before[64];
	bool all = false;

	small_compose(&s, NULL, "fedavg");
	run(&s, 1);
	memcpy(before, fed_session_params(&s), s.parts.net.dim * sizeof(float));
	for (unsigned k = 1; !all; k++) {
		fed__mem_fail_at(k);
		const int rc = debug_a_little(&s, &err);
		all = fed__mem_fail_ahead();
		fed__mem_fail_at(0);
		ck_assert_int_eq(fed_session_open(&s), rc == FED_OK);
		ck_assert(!all || rc == FED_OK);
		if (fed_session_open(&s))
			fed_assert_ok(fed_session_abort(&s, false, &err), &err);
		ck_assert_mem_eq(before, fed_session_params(&s), s.parts.net.dim * sizeof(float));
		fed_session_unbreak_all(&s);
	}
	fed__session_release(&s);
	ck_assert_int_eq(fed__mem_live(), live);
}
END_TEST

FED_SUITE(breakpoints)
{
	Suite *suite = suite_create("debugger");
	TCase *tests = tcase_create("debugger");

	tcase_add_loop_test(tests, steps_make_the_same_bits, 0, WORLDS);
	tcase_add_loop_test(tests, a_stepped_round_can_be_finished_by_round, 0, WORLDS);
	tcase_add_test(tests, steps_wait_for_real_messages);
	tcase_add_test(tests, the_first_step_opens_a_round);
	tcase_add_loop_test(tests, a_break_stops_there, 0, (int)(sizeof stops / sizeof *stops));
	tcase_add_loop_test(tests, a_break_is_hit_so_often, 0, (int)(sizeof counts / sizeof *counts));
	tcase_add_test(tests, a_nan_is_seen);
	tcase_add_loop_test(tests, a_step_that_is_not_finite_is_seen, 0,
	                    (int)(sizeof damaged / sizeof *damaged));
	tcase_add_test(tests, what_is_left_is_counted);
	tcase_add_test(tests, run_until_goes_on_after_a_break);
	tcase_add_test(tests, a_pause_stops_once);
	tcase_add_test(tests, an_abort_leaves_all_as_it_was);
	tcase_add_test(tests, an_open_round_keeps_its_composition);
	tcase_add_test(tests, settings_count_from_the_next_round);
	tcase_add_loop_test(tests, beginning_again_ends_the_round, 0, 2);
	tcase_add_test(tests, interrupts_while_stepping);
	tcase_add_test(tests, an_interrupted_run_goes_on);
	tcase_add_loop_test(tests, an_aborted_run_is_told_in_steps, 0, WORLDS);
	tcase_add_test(tests, breakpoints_are_numbered);
	tcase_add_test(tests, survives_every_allocation);
	suite_add_tcase(suite, tests);
	return suite;
}
