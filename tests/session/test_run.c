/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <signal.h>
#include <string.h>

#include "session/small.h"
#include "support/suite.h"

START_TEST(runs_until_a_condition_holds)
{
	struct fed_session s;
	struct fed_condition *until;
	struct fed_error err = {""};
	struct fed_run_result result;

	small_compose(&s, NULL, "fedavg");
	fed_assert_ok(fed_condition_parse(&until, "round>=3", NULL, &err), &err);
	fed_assert_ok(fed_session_run(&s, 0, until, &result, &err), &err);
	ck_assert_uint_eq(result.versions, 3);
	fed_assert_ok(fed_session_run(&s, 5, until, &result, &err), &err);
	ck_assert_uint_eq(result.versions, 0); /* it holds already */
	fed_assert_ok(fed_session_run(&s, 2, NULL, &result, &err), &err);
	ck_assert_uint_eq(result.versions, 2);
	ck_assert_uint_eq(s.history.n, 5);
	fed_condition_free(until);
	fed__session_release(&s);
}
END_TEST

/* A run whose first round fails leaves the session as it was, the rest of the run before included.
 */
START_TEST(a_run_that_fails_at_once_leaves_no_trace)
{
	struct fed_session s;
	struct fed_condition *until;
	struct fed_run_result result;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "break round==1");
	fed_assert_ok(fed_condition_parse(&until, "round>=3", NULL, &err), &err);
	fed_assert_ok(fed_session_run(&s, 0, until, &result, &err), &err);
	ck_assert_int_eq(result.outcome, FED_RUN_STOPPED);
	small_do(&s, "aggregator krum f=3"); /* of 4 updates it is refused */
	ck_assert_int_ne(fed_session_run(&s, 7, NULL, &result, &err), FED_OK);
	ck_assert_int_ne(fed_session_continue(&s, &result, &err), FED_OK);
	small_do(&s, "aggregator fedavg; continue");
	ck_assert_uint_eq(s.history.n, 3);
	ck_assert(!fed_session_left(&s));
	fed_condition_free(until);
	fed__session_release(&s);
}
END_TEST

/* Composed lines, a condition, what the reason says (NULL: the run reaches it), and after how many
 * versions (0: one). */
static const struct {
	const char *lines, *until, *why;
	uint64_t versions;
} awaited[] = {
	{"set lr 0.1", "round>=3", NULL},
	{"set lr 0.1", "accuracy>1", "it is a share"},
	{"set lr 0.1", "lost>0", "no link and no fault loses messages"},
	{"set lr 0.1", "late>0", "nothing makes work late"},
	{"set lr 0.1", "staleness>0", "no update of an older version"},
	{"set lr 0.1", "attackers>0", "no client is Byzantine"},
	{"set lr 0.1", "attack_success>0.5", "no client is Byzantine"},
	{"set lr 0.1", "defence_recall>=0", "no client is Byzantine"},
	{"set lr 0.1", "parameter_error<100", "no parameters are known"},
	{"set lr 0.1", "lr<0.01", "it stays as it is"},
	{"set lr 0.1", "reported>4", "at most the number of clients"},
	{"set lr 0.1", "round<1", "it only rises"},
	{"set eval-every never", "accuracy>=0", "nothing is evaluated"},
	{"set eval-every 4", "accuracy>=0", NULL},
	{"set lr-decay 0.5", "lr<0.05", NULL},
	{"set lr-decay 0.5", "lr>0.2", "it only falls"},
	{"set lr 0.1", "train_loss<-1", "it is never negative"},
	{"set lr 0.1", "loss<0", "it is never negative"},
	{"inject lossy 1 p=0.5 at=3", "lost>0", NULL},
	{"inject byzantine 1 attack=sign-flip at=2", "attackers>0", NULL},
	{"inject flaky 1 p=0.1", "attackers>0", "no client is Byzantine"},
	{"inject straggler 1 factor=2", "defence_recall>=0", "no client is Byzantine"},
	{"inject byzantine 1 attack=sign-flip for=1", "attackers>1", "no client is Byzantine"},
	{"inject byzantine 1 attack=backdoor for=1", "attack_success>=0 and round>=3", NULL},
	{"transport lossy retries=0; equip all laptop 3g", "lost>0", NULL},
	{"set lr 0.1", "server_wait>0", "the server has no link of its own"},
	{"set server-link 1k", "server_wait>0", NULL},
	{"scheme async; aggregator fedasync", "staleness>0", NULL},
	{"scheme async; aggregator fedasync", "late>0", "nothing makes work late"},
	{"scheme async max-staleness=0; aggregator fedasync; equip 0 phone", "late>0", NULL},
	/* seen at the eighth version, in the versions before */
	{"set lr 0.1", "server_flops>1e6", "it is the same in each round", 8},
	{"set codec int8", "bytes_up<10 or messages>1e9 and loss<1", "the same in each", 8},
	{"set participants 1", "bytes_down>1e6", "it is the same in each round", 8},
	{"set participants 1", "messages>messages[12] or round>=14", NULL},
	{"set participants 1", "client_flops>1e12 or round>=9", NULL},
	{"inject flaky 1 p=0.5", "messages<1e9 and round>=9", NULL},
	{"inject flaky 1 p=0.5", "messages>1e9 or round>=9", NULL},
	{"scheme async; aggregator fedasync", "bytes_up>1e9 or round>=9", NULL},
};

/* A run without another limit ends after a round when its condition cannot come. */
START_TEST(runs_end_when_the_condition_cannot_come)
{
	struct fed_session s;
	struct fed_condition *until;
	struct fed_error err = {""};
	struct fed_run_result result;

	small_compose(&s, NULL, "fedavg");
	small_do(&s, awaited[_i].lines);
	fed_assert_ok(fed_condition_parse(&until, awaited[_i].until, NULL, &err), &err);
	const int rc = fed_session_run(&s, 0, until, &result, &err);
	if (awaited[_i].why) {
		ck_assert_int_eq(rc, FED_REJECT);
		ck_assert_int_eq(result.outcome, FED_RUN_POINTLESS);
		const uint64_t made = awaited[_i].versions ? awaited[_i].versions : 1;
		ck_assert_uint_eq(result.versions, made); /* which stay */
		ck_assert_uint_eq(fed_session_version(&s), made);
		ck_assert_msg(strstr(err.text, awaited[_i].why), "%s", err.text);
		ck_assert(!fed_session_left(&s));
		fed_assert_ok(fed_session_run(&s, 2, until, &result, &err), &err); /* has a limit */
		ck_assert_uint_eq(result.versions, 2);
	} else {
		fed_assert_ok(rc, &err);
		ck_assert(fed_condition_holds(until, &s.history));
	}
	fed_condition_free(until);
	fed__session_release(&s);
}
END_TEST

static void count_notes(void *ctx, const struct fed_event *event)
{
	int *n = ctx;

	*n += event->kind == FED_EVENT_NOTICE && strstr(event->text, "does not hold after") &&
	      strstr(event->text, "loss = ") && strstr(event->text, "Ctrl-C stops");
}

/* A run whose condition is merely improbable says where it is, at 100, 200, 500, 1,000 versions. */
START_TEST(a_long_run_says_where_it_is)
{
	struct fed_session s;
	struct fed_condition *until;
	struct fed_error err = {""};
	struct fed_run_result result;
	int notes = 0;

	small_compose(&s, NULL, "fedavg");
	fed_assert_ok(fed_session_add_sink(&s, (struct fed_sink){count_notes, &notes}, &err), &err);
	fed_assert_ok(fed_condition_parse(&until, "loss<1e-9 or round>=250", NULL, &err), &err);
	fed_assert_ok(fed_session_run(&s, 0, until, &result, &err), &err);
	ck_assert_uint_eq(result.versions, 250);
	ck_assert_int_eq(notes, 2);
	fed_condition_free(until);
	fed__session_release(&s);
}
END_TEST

static void count_version(void *ctx)
{
	struct fed_session *s = ctx;

	ck_assert(!fed_session_open(s));
	ck_assert_uint_eq(s->history.n, fed_session_version(s));
	s->draws++; /* a counter at hand */
}

/* The hook sees each version once, when it is complete, of runs and of steps. */
START_TEST(the_version_hook_is_called_between_versions)
{
	struct fed_session s;
	struct fed_error err = {""};
	struct fed_run_result result = {0};

	small_compose(&s, NULL, "fedavg");
	fed_session_set_version_hook(&s, (struct fed_version_hook){count_version, &s});
	fed_assert_ok(fed_session_run(&s, 3, NULL, &result, &err), &err);
	ck_assert_uint_eq(s.draws, 3);
	while (fed_session_version(&s) < 4)
		fed_assert_ok(fed_session_step(&s, &result, &err), &err);
	ck_assert_uint_eq(s.draws, 4);
	fed_assert_ok(fed_session_step(&s, &result, &err), &err);
	fed_assert_ok(fed_session_abort(&s, false, &err), &err);
	fed_session_set_version_hook(&s, (struct fed_version_hook){0});
	fed_assert_ok(fed_session_run(&s, 1, NULL, &result, &err), &err);
	ck_assert_uint_eq(s.draws, 4);
	fed__session_release(&s);
}
END_TEST

/* Interrupt when an event of `kind` comes, `times` times. */
struct trap {
	struct fed_session *session;
	enum fed_event_kind kind;
	int times;
	size_t history; /* when the round's event came */
};

static void spring(void *ctx, const struct fed_event *event)
{
	struct trap *t = ctx;

	if (event->kind == FED_EVENT_ROUND)
		t->history = t->session->history.n;
	if (event->kind == t->kind)
		for (; t->times > 0; t->times--)
			fed_session_interrupt(t->session);
}

START_TEST(first_interrupt_ends_after_the_round)
{
	struct fed_session s;
	struct fed_error err = {""};
	struct trap trap = {.session = &s, .kind = FED_EVENT_REPORTED, .times = 1};
	struct fed_run_result result;

	small_compose(&s, NULL, "fedavg");
	fed_assert_ok(fed_session_add_sink(&s, (struct fed_sink){spring, &trap}, &err), &err);
	fed_assert_ok(fed_session_run(&s, 9, NULL, &result, &err), &err);
	ck_assert(result.interrupted);
	ck_assert_uint_eq(result.versions, 1);
	ck_assert_uint_eq(trap.history, 1); /* views see a history that has the round */
	fed_session_clear_interrupt(&s);
	fed_assert_ok(fed_session_run(&s, 2, NULL, &result, &err), &err);
	ck_assert_uint_eq(result.versions, 2);
	fed__session_remove_sink(&s, &trap);
	fed__session_release(&s);
}
END_TEST

START_TEST(second_interrupt_leaves_the_model_as_it_was)
{
	struct fed_session s, other;
	struct heard heard;
	struct fed_error err = {""};
	struct trap trap = {.session = &s, .kind = FED_EVENT_REPORTED, .times = 0};
	struct fed_run_result result;

	small_compose(&s, &heard, "scaffold");
	small_compose(&other, NULL, "scaffold");
	small_do(&s, "round 2");
	small_do(&other, "round 2");
	fed_assert_ok(fed_session_add_sink(&s, (struct fed_sink){spring, &trap}, &err), &err);
	trap.times = 2;
	fed_assert_ok(fed_session_run(&s, 9, NULL, &result, &err), &err);
	ck_assert(result.interrupted);
	ck_assert_uint_eq(result.versions, 0);
	ck_assert_uint_eq(heard.count[FED_EVENT_ABORTED], 1);
	small_same(&s, &other);
	/* ... and what follows is as if it had never begun. */
	fed_session_clear_interrupt(&s);
	small_do(&s, "round 1");
	small_do(&other, "round 1");
	ck_assert_mem_eq(fed_session_params(&s), fed_session_params(&other),
	                 s.parts.net.dim * sizeof(float));
	fed__session_release(&s);
	fed__session_release(&other);
}
END_TEST

/* Interrupt twice when the last of 4 clients has reported: the version is made. */
static void spring_late(void *ctx, const struct fed_event *event)
{
	struct trap *t = ctx;

	if (event->kind != FED_EVENT_REPORTED || --t->times > 0)
		return;
	fed_session_interrupt(t->session);
	fed_session_interrupt(t->session);
}

START_TEST(second_interrupt_ends_an_evaluation)
{
	struct fed_session s, other;
	struct heard heard;
	struct fed_error err = {""};
	struct trap trap = {.session = &s, .times = 4};
	struct fed_run_result result;

	small_compose(&s, &heard, "fedavg");
	small_compose(&other, NULL, "fedavg");
	fed_assert_ok(fed_session_add_sink(&s, (struct fed_sink){spring_late, &trap}, &err), &err);
	fed_assert_ok(fed_session_run(&s, 9, NULL, &result, &err), &err);
	ck_assert(result.interrupted);
	ck_assert_uint_eq(result.versions, 1);
	ck_assert(isnan(s.history.record[0].test_loss));
	ck_assert_msg(strstr(heard.text, "version 1 was interrupted; the version is kept"), "%s",
	              heard.text);
	small_do(&other, "round 1");
	ck_assert_mem_eq(fed_session_params(&s), fed_session_params(&other),
	                 s.parts.net.dim * sizeof(float));
	fed__session_remove_sink(&s, &trap);
	fed__session_release(&s);
	fed__session_release(&other);
}
END_TEST

static struct fed_session *signalled;
static void on_signal(int number)
{
	(void)number;
	fed_session_interrupt(signalled);
}

START_TEST(interrupts_from_a_signal_handler)
{
	struct fed_session s;
	struct fed_error err = {""};
	struct fed_run_result result;

	small_compose(&s, NULL, "fedavg");
	signalled = &s;
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	fed_assert_ok(fed_session_run(&s, 3, NULL, &result, &err), &err);
	ck_assert(result.interrupted);
	ck_assert_uint_eq(result.versions, 0);
	signal(SIGUSR1, SIG_DFL);
	fed__session_release(&s);
}
END_TEST

START_TEST(diverging_loss_is_told_once)
{
	struct fed_session s;
	struct heard heard;
	struct fed_error err = {""};

	small_init(&s, &heard);
	small_do(&s, "dataset linear train=80 test=40;model linear;add 4 iid 20;set lr 1;set batch 5");
	for (int i = 0; i < 6 && small_try(&s, "round 1", &err) == FED_OK; i++)
		;
	ck_assert_uint_eq(heard.count[FED_EVENT_WARNING], 1);
	ck_assert_ptr_nonnull(strstr(heard.text, "`set lr 0.1`"));
	ck_assert_ptr_nonnull(strstr(heard.text, "`restart`"));
	fed__session_release(&s);
}
END_TEST

/* There is no round before the first to hold it against. */
START_TEST(a_first_round_that_diverges_is_told)
{
	struct fed_session s;
	struct heard heard;

	small_compose(&s, &heard, "fedavg");
	small_do(&s, "set lr 1000;set batch 2;round 1");
	ck_assert_uint_eq(heard.count[FED_EVENT_WARNING], 1);
	ck_assert_ptr_nonnull(strstr(heard.text, "diverges at version 1"));
	fed__session_release(&s);
}
END_TEST

/* The clients' own numbers may be infinite already: no version comes that could be measured. */
START_TEST(a_first_round_without_finite_updates_is_told)
{
	static const char *const schemes[] = {"sync", "async", "split"};

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		struct fed_session s;
		struct heard heard;
		struct fed_error err = {""};
		char line[200];

		small_init(&s, &heard);
		snprintf(
			line, sizeof line,
			"dataset linear train=80 test=40;model mlp hidden=8;scheme %s;add 4 iid 20;set lr 1000;"
			"set batch 1;set epochs 20",
			schemes[i]);
		small_do(&s, line);
		ck_assert_msg(small_try(&s, "round 1", &err) != FED_OK, "%s", schemes[i]);
		ck_assert_msg(strstr(err.text, "`set lr 100`"), "%s: %s", schemes[i], err.text);
		fed__session_release(&s);
	}
}
END_TEST

START_TEST(calm_loss_is_not_told)
{
	struct fed_session s;
	struct heard heard;

	small_compose(&s, &heard, "fedavg");
	small_do(&s, "set eval-every 2;round 4");
	ck_assert_uint_eq(heard.count[FED_EVENT_WARNING], 0);
	ck_assert(isnan(s.history.record[0].test_loss)); /* not measured is not diverged */
	fed__session_release(&s);
}
END_TEST

static const char *const rules[] = {"fedavg", "fedadam", "scaffold"};

START_TEST(threads_do_not_change_bits)
{
	struct fed_session one, other;
	const char *const threads[] = {"set threads 2", "set threads 8"};

	small_init(&one, NULL);
	small_compose(&other, NULL, rules[_i]);
	fed__session_release(&other);
	for (int k = 0; k < 2; k++) {
		fed__session_release(&one);
		small_compose(&one, NULL, rules[_i]);
		small_compose(&other, NULL, rules[_i]);
		small_do(&other, threads[k]);
		for (int round = 0; round < 4; round++) {
			small_do(&one, "set fraction 0.7;round 1");
			small_do(&other, "set fraction 0.7;round 1");
			small_same(&one, &other);
		}
		fed__session_release(&other);
	}
	fed__session_release(&one);
}
END_TEST

/* Fewer trainings than threads, of steps that are long enough for idle threads to take a share. */
static const char *const lonely[] = {
	"add 1 iid 96",
	"add 3 noniid 64;set participants 1;scheme async concurrency=1;aggregator fedasync",
	"add 1 iid 96;scheme split cut=3",
	"add 2 iid 64;scheme split cut=1,6 labels=client relay=peer",
	"add 2 iid 64;scheme split cut=3 parallel=v2 smashed=batch",
};

START_TEST(shared_steps_do_not_change_bits)
{
	static const char *const threads[] = {"set threads 1", "set threads 2", "set threads 5"};
	struct fed_session s[3];

	for (int k = 0; k < 3; k++) {
		small_init(&s[k], NULL);
		small_do(&s[k], threads[k]);
		small_do(&s[k],
		         "dataset glyphs train=200 test=50;model lenet;aggregator fedavg;set batch 32");
		small_do(&s[k], lonely[_i]);
		small_do(&s[k], FED_SANITIZED ? "round 1" : "round 2");
		small_same(&s[0], &s[k]);
	}
	for (int k = 0; k < 3; k++)
		fed__session_release(&s[k]);
}
END_TEST

FED_SUITE(run)
{
	Suite *suite = suite_create("run");
	TCase *tests = tcase_create("run");

	tcase_add_test(tests, runs_until_a_condition_holds);
	tcase_add_test(tests, a_run_that_fails_at_once_leaves_no_trace);
	tcase_add_loop_test(tests, runs_end_when_the_condition_cannot_come,
	                    FED_THREAD_SANITIZED ? 30 : 0, (int)(sizeof awaited / sizeof *awaited));
	tcase_add_test(tests, a_long_run_says_where_it_is);
	tcase_add_test(tests, the_version_hook_is_called_between_versions);
	tcase_add_test(tests, first_interrupt_ends_after_the_round);
	tcase_add_test(tests, second_interrupt_leaves_the_model_as_it_was);
	tcase_add_test(tests, second_interrupt_ends_an_evaluation);
	tcase_add_test(tests, interrupts_from_a_signal_handler);
	tcase_add_test(tests, diverging_loss_is_told_once);
	tcase_add_test(tests, a_first_round_that_diverges_is_told);
	if (!FED_THREAD_SANITIZED) /* on one thread, thousands of steps */
		tcase_add_test(tests, a_first_round_without_finite_updates_is_told);
	tcase_add_test(tests, calm_loss_is_not_told);
	tcase_add_loop_test(tests, threads_do_not_change_bits, 0, (int)(sizeof rules / sizeof *rules));
	tcase_add_loop_test(tests, shared_steps_do_not_change_bits, 0,
	                    (int)(sizeof lonely / sizeof *lonely));
	suite_add_tcase(suite, tests);
	return suite;
}
