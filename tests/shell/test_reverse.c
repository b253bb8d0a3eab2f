/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Searches through the past: stops backwards are those of a run with the breakpoints set from the
 * beginning, steps backwards those of the run, a bisection finds what a scan of all versions does;
 * breakpoints go along and enter the journal; a search that fails or is interrupted changes
 * nothing.
 */
#include <string.h>

#include "checkpoint/checkpoint.h"
#include "session/breakpoints.h"
#include "shell/lab.h"
#include "support/suite.h"
#include "travel/travel.h"

#define CLIENTS "dataset blobs train=400 test=20; model mlp hidden=8; add-client 6 samples=20"
#define STOPS 400

static struct shell_lab lab, twin;

static void set_up(void)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	shell_lab_open(&twin, FED_PLUGIN_DIR);
}

static void tear_down(void)
{
	shell_lab_close(&twin);
	shell_lab_close(&lab);
}

static const char *run(const char *line)
{
	return shell_lab_reply(&lab, line, FED_EXIT_OK);
}

static uint64_t digest(const struct shell_lab *of)
{
	struct fed_error err = {""};
	uint64_t d;

	fed_assert_ok(fed__snapshot_digest(of->shell.session, &d, &err), &err);
	return d;
}

struct point {
	uint64_t version, steps;
};
static struct point now(const struct shell_lab *of)
{
	const struct fed_session_status st = fed_session_status(of->shell.session);

	return (struct point){st.version, st.phase == FED_PHASE_OPEN ? st.round.steps : 0};
}

static bool is_same(struct point a, struct point b)
{
	return a.version == b.version && a.steps == b.steps;
}

/* Stops ------------------------------------------------------------------------------------- */

static const struct {
	const char *setting, *condition;
} searches[] = {
	{"status", "client==2 and event==trained"},
	{"status", "event==lost or loss<1.2 and client==1"},
	{"status", "accuracy>0.4"},
	{"status", "lost>0"},
	{"set eval-every 3", "accuracy>0.4"},
	{"scheme async concurrency=3; aggregator fedasync", "client==2 and event==trained"},
	{"scheme split cut=2", "client==3 and event==sent"},
	{"restart; round 2; aggregator median; restart", "used<6"},
};
static const char *const course[] = {
	"round 2", "set lr 0.3", "step 5",  "continue", "inject crash 1 for=3", "round 4", "heal all",
	"step 3",  "abort",      "round 2", "step 4",
};

/* Run a command to its end, noting each stop of it. */
static void note_stops(const char *command, struct point *stops, size_t *n)
{
	const struct fed_breakpoints *d = fed_session_breakpoints(twin.shell.session);
	uint64_t hits = 0, after = 0;

	for (const char *line = command;; line = "continue") {
		const struct point before = now(&twin);

		for (size_t i = hits = 0; i < d->n; i++)
			hits += d->point[i].hits;
		shell_lab_run(&twin, line);
		for (size_t i = after = 0; i < d->n; i++)
			after += d->point[i].hits;
		if (after == hits || is_same(before, now(&twin)))
			return;
		ck_assert_uint_lt(*n, STOPS);
		stops[(*n)++] = now(&twin);
		if (fed_session_rest(twin.shell.session)->versions == 0 &&
		    (strncmp(command, "step", 4) == 0 || !fed_session_open(twin.shell.session)))
			return;
	}
}

START_TEST(stops_backwards_are_those_of_a_run)
{
	struct point stops[STOPS];
	char line[200];
	size_t n = 0;

	snprintf(line, sizeof line, CLIENTS "; aggregator fedavg; %s", searches[_i].setting);
	run(line);
	shell_lab_reply(&twin, line, FED_EXIT_OK);
	snprintf(line, sizeof line, "break %s", searches[_i].condition);
	shell_lab_reply(&twin, line, FED_EXIT_OK);
	for (size_t i = 0; i < sizeof course / sizeof *course; i++) {
		shell_lab_run(&lab, course[i]);
		note_stops(course[i], stops, &n);
		/* A step that stopped early goes on to where the other one is. */
		while (strncmp(course[i], "step", 4) == 0 && !is_same(now(&lab), now(&twin)))
			note_stops("step", stops, &n);
		ck_assert(is_same(now(&lab), now(&twin)));
	}
	run(line);
	while (n > 0 && is_same(stops[n - 1], now(&lab)))
		n--;
	ck_assert_uint_gt(n, 0);
	while (n-- > 0) {
		run("reverse-continue");
		ck_assert_msg(is_same(now(&lab), stops[n]), "%s: %llu+%llu is not %llu+%llu", line,
		              (unsigned long long)now(&lab).version, (unsigned long long)now(&lab).steps,
		              (unsigned long long)stops[n].version, (unsigned long long)stops[n].steps);
	}
	const uint64_t before = digest(&lab);
	shell_lab_reply(&lab, "reverse-continue", FED_EXIT_FAILED);
	assert_shows(shell_lab_said(&lab), "no breakpoint was hit before");
	ck_assert_uint_eq(digest(&lab), before);
}
END_TEST

/* Steps -------------------------------------------------------------------------------------- */

START_TEST(steps_backwards_are_those_of_the_run)
{
	struct point steps[STOPS];
	size_t n = 0;

	shell_lab_reply(&twin, CLIENTS, FED_EXIT_OK);
	run(CLIENTS);
	run("round; set lr 0.2; round");
	while (now(&twin).version < 2) {
		steps[n++] = now(&twin);
		ck_assert_uint_lt(n, STOPS);
		shell_lab_reply(&twin, "step", FED_EXIT_OK);
		if (now(&twin).version == 1 && !now(&twin).steps)
			shell_lab_reply(&twin, "set lr 0.2", FED_EXIT_OK);
	}
	const uint64_t end = digest(&lab);
	const size_t all = n;
	while (n-- > 0) {
		run("reverse-step");
		ck_assert(is_same(now(&lab), steps[n]));
	}
	shell_lab_reply(&lab, "reverse-step", FED_EXIT_FAILED);
	for (size_t i = 0; i < all && i < 64; i++) /* the way back has so many places */
		run("redo");
	ck_assert_uint_eq(digest(&lab), end);
}
END_TEST

/* What goes along ------------------------------------------------------------------------------ */

START_TEST(breakpoints_go_along_and_enter_the_journal)
{
	run(CLIENTS "; break loss<0; round 6; break delete all; break client==2 and event==trained");
	run("reverse-continue");
	ck_assert_uint_eq(fed_session_breakpoints(lab.shell.session)->n, 1);
	const struct point stop = now(&lab);
	run("rewind 5"); /* where the other one was set */
	ck_assert_str_eq(fed_session_breakpoints(lab.shell.session)->point[0].text, "loss<0");
	run("redo; redo; reverse-continue");
	ck_assert(is_same(now(&lab), stop));
	run("break"); /* looks */
	ck_assert_uint_eq(fed_travel_tree(lab.shell.travel)->n_branches, 1);
	run("round 2");
	ck_assert_uint_eq(fed_travel_tree(lab.shell.travel)->n_branches, 2);
	assert_shows(fed_text_str(&lab.shell.journal),
	             "break delete all\nbreak client==2 and event==trained\n");
	/* A replay of the journal makes the same session. */
	shell_lab_reply(&twin, fed_text_str(&lab.shell.journal), FED_EXIT_OK);
	ck_assert_uint_eq(digest(&twin), digest(&lab));
	/* So does the way back and forward. */
	const uint64_t end = digest(&lab);
	run("rewind 1; redo");
	ck_assert_uint_eq(digest(&lab), end);
}
END_TEST

START_TEST(failing_commands_leave_no_branch)
{
	const struct fed_tree *tree = fed_travel_tree(lab.shell.travel);

	run(CLIENTS "; round 3; break client==2 and event==trained; reverse-continue");
	const struct point stop = now(&lab);
	const uint32_t revisions = tree->n;
	const size_t journal = lab.shell.journal.len;
	ck_assert_int_ne(shell_lab_run(&lab, "aggregator median"), FED_EXIT_OK); /* a round is open */
	shell_lab_reply(&lab, "inject", FED_EXIT_USAGE);
	ck_assert_uint_eq(tree->n_branches, 1);
	ck_assert_uint_eq(tree->n, revisions);
	ck_assert_uint_eq(lab.shell.journal.len, journal);
	/* The breakpoints are here still, and enter the history with a command that succeeds. */
	ck_assert_uint_eq(fed_session_breakpoints(lab.shell.session)->n, 1);
	run("redo; reverse-continue");
	ck_assert(is_same(now(&lab), stop));
	run("set lr 0.3");
	ck_assert_uint_eq(tree->n_branches, 2);
	assert_shows(fed_text_str(&lab.shell.journal),
	             "break delete all\nbreak client==2 and event==trained\nset lr 0.3\n");
	run("undo");
	ck_assert(is_same(now(&lab), stop));
	ck_assert_uint_eq(fed_session_breakpoints(lab.shell.session)->n, 1);
}
END_TEST

START_TEST(beyond_the_end_it_says_what_goes_on)
{
	run(CLIENTS "; round 2");
	shell_lab_reply(&lab, "rewind +1", FED_EXIT_FAILED);
	assert_shows(shell_lab_said(&lab), "version 2 is the last one on branch main; `round` goes on");
	run("break round==4; round 5");
	shell_lab_reply(&lab, "rewind +1", FED_EXIT_FAILED);
	assert_shows(shell_lab_said(&lab),
	             "version 4 is the last one on branch main; `continue` goes on");
	run("model mlp hidden=4; round; undo 2"); /* another run follows */
	shell_lab_reply(&lab, "rewind +1", FED_EXIT_FAILED);
	assert_shows(shell_lab_said(&lab), "is the last one of this run; `switch main` goes to");
}
END_TEST

START_TEST(same_place_without_what_went_along)
{
	run(CLIENTS "; round 3; break client==2 and event==trained; reverse-continue");
	const struct fed_place place = fed_travel_place(lab.shell.travel);
	struct fed_error err;

	ck_assert_uint_eq(fed_session_breakpoints(lab.shell.session)->n, 1);
	ck_assert_int_eq(fed_travel_go(lab.shell.travel, place, &err), FED_OK);
	ck_assert_uint_eq(fed_session_breakpoints(lab.shell.session)->n, 0);
}
END_TEST

static void interrupt(void *session)
{
	fed_session_interrupt(session);
}

START_TEST(interrupted_search_returns)
{
	run(CLIENTS "; round 8; set lr 0.2; break event==lost");
	const uint64_t before = digest(&lab);

	fed_session_set_version_hook(lab.shell.session,
	                             (struct fed_version_hook){interrupt, lab.shell.session});
	ck_assert_int_ne(shell_lab_run(&lab, "reverse-continue"), FED_EXIT_OK);
	assert_shows(shell_lab_said(&lab), "interrupted");
	ck_assert_uint_eq(digest(&lab), before);
}
END_TEST

/* Bisection ------------------------------------------------------------------------------------ */

static const char *const conditions[] = {"loss<1.15", "accuracy>=0.7", "loss<0.9 or version>=17",
                                         "train-loss<1.2", "accuracy>=0"};

/* The first version at which a condition holds, by going to each. */
static uint64_t scan(const char *condition)
{
	char line[100];

	for (uint64_t v = 1; v <= 21; v++) {
		snprintf(line, sizeof line, "switch main; rewind %llu", (unsigned long long)v);
		shell_lab_run(&twin, line);
		snprintf(line, sizeof line, "expect %s", condition);
		if (shell_lab_run(&twin, line) == FED_EXIT_OK)
			return v;
	}
	return 0;
}

START_TEST(bisection_finds_what_a_scan_finds)
{
	static const char *const every[] = {"1", "5", "never"};
	char line[200];

	shell_lab_reply(&twin, CLIENTS "; set lr 0.1; round 21", FED_EXIT_OK);
	snprintf(line, sizeof line, CLIENTS "; set lr 0.1; set eval-every %s; round 21", every[_i]);
	run(line);
	const uint64_t end = digest(&lab);
	for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
		const uint64_t first = scan(conditions[i]);

		ck_assert_uint_gt(first, 0);
		snprintf(line, sizeof line, "bisect %s", conditions[i]);
		run(line);
		ck_assert_msg(now(&lab).version == first, "%s: version %llu is not %llu", conditions[i],
		              (unsigned long long)now(&lab).version, (unsigned long long)first);
		shell_lab_run(&lab, "redo");
		ck_assert_uint_eq(digest(&lab), end);
	}
	shell_lab_reply(&lab, "bisect loss<0", FED_EXIT_FAILED);
	assert_shows(shell_lab_said(&lab), _i ? "loss<0 holds neither" : "loss<0 holds at none");
	ck_assert_uint_eq(digest(&lab), end);
}
END_TEST

START_TEST(bisection_tells_what_is_odd)
{
	run(CLIENTS
	    "; set lr 0.1; round 8; set participants 3; round 2; set participants by-fraction; round");
	assert_shows(run("bisect used==6"), "holds at version 1 already; it comes and goes: it does "
	                                    "not hold at version 9, and again at 11");
	run("redo");
	assert_shows(run("bisect used==3"), "holds first at version 9; from version 11 on it does");
	run("restart");
	shell_lab_reply(&lab, "bisect loss<1", FED_EXIT_FAILED);
	assert_shows(shell_lab_said(&lab), "no version to search yet");
}
END_TEST

/* Branches side by side --------------------------------------------------------------------------
 */

START_TEST(branches_are_compared_without_a_move)
{
	run(CLIENTS "; set lr 0.1; round 6; rewind 3; set lr 0.4; set batch 5; round 2");
	const uint64_t before = digest(&lab);
	const struct fed_place place = fed_travel_place(lab.shell.travel);
	const char *said = run("diff main b1");

	assert_shows(said, "they differ from round 4 on");
	assert_shows(said, "typed since version 3, where they part:");
	assert_shows(said, "round 3  set lr 0.4");
	assert_shows(said, "-        set batch 5");
	assert_shows(said, "dense1");
	said = run("diff main main");
	assert_shows(said, "all rounds are the same, bit for bit");
	assert_shows(said, "both are at the same place of the history");
	assert_shows(run("plot loss"), "main.test-loss");
	assert_shows(shell_lab_said(&lab), "fork");
	/* The curve of main begins where they part. */
	said = run("plot loss --csv");
	assert_shows(said, "main.test-loss,3,");
	assert_lacks(said, "main.test-loss,2,");
	ck_assert(fed_place_is(fed_travel_place(lab.shell.travel), place));
	ck_assert_uint_eq(digest(&lab), before);
	shell_lab_reply(&lab, "diff main b7", FED_EXIT_FAILED);
	assert_shows(shell_lab_said(&lab), "no run is kept as b7, and no branch is called so");
}
END_TEST

FED_SUITE(reverse)
{
	Suite *suite = suite_create("reverse");
	TCase *tests = tcase_create("reverse");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, stops_backwards_are_those_of_a_run, 0,
	                    sizeof searches / sizeof *searches);
	tcase_add_test(tests, steps_backwards_are_those_of_the_run);
	tcase_add_test(tests, breakpoints_go_along_and_enter_the_journal);
	tcase_add_test(tests, failing_commands_leave_no_branch);
	tcase_add_test(tests, beyond_the_end_it_says_what_goes_on);
	tcase_add_test(tests, same_place_without_what_went_along);
	tcase_add_test(tests, interrupted_search_returns);
	tcase_add_loop_test(tests, bisection_finds_what_a_scan_finds, 0, 3);
	tcase_add_test(tests, bisection_tells_what_is_odd);
	tcase_add_test(tests, branches_are_compared_without_a_move);
	suite_add_tcase(suite, tests);
	return suite;
}
