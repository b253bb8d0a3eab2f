/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watch/test_jobs.c - runs behind the prompt, at an emulated terminal: what is typed stays whole.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "support/suite.h"
#include "watch/emulator.h"

static struct fed_temp temp;

static void set_up(void)
{
	fed_temp_make(&temp);
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
}

/* A round takes some milliseconds. */
#if FED_SANITIZED
#define COMPOSE                                                                                    \
	"dataset glyphs train=200 test=20; model mlp hidden=10; add-client 10 samples=20; set epochs " \
	"1"
#else
#define COMPOSE                                                                                 \
	"dataset glyphs train=1000 test=100; model mlp hidden=100; add-client 10 samples=100; set " \
	"epochs 3"
#endif
/* A run that no test waits for. */
#define LONG "round 30000"

static void begin(void)
{
	emulator_begin(&(struct emulated){.term = "xterm-256color", .folder = temp.dir});
	emulator_wait("fedsh>");
	emulator_type(COMPOSE "\r");
	emulator_wait("epochs = ");
}

static void end_job(void)
{
	emulator_type("stop\r");
	emulator_wait("[1] stopped: ");
	emulator_type("quit\r");
	ck_assert_int_eq(emulator_end(), 0);
}

/* Whether each line above the last prompt is whole: it is what a run prints. */
static void check_lines(const char *typed)
{
	char screen[1 << 14];
	size_t rounds = 0;

	snprintf(screen, sizeof screen, "%s", emulator_screen());
	for (char *line = strtok(screen, "\n"); line; line = strtok(NULL, "\n")) {
		if (strncmp(line, "round ", 6) == 0) {
			ck_assert_msg(strstr(line, "  accuracy ") && strstr(line, "  clients 10  clock "),
			              "a line of a round is torn: %s", line);
			rounds++;
		} else if (strncmp(line, "fedsh> ", 7) == 0 && rounds > 0) {
			ck_assert_str_eq(line + 7, typed);
		}
	}
	ck_assert_uint_gt(rounds, 5);
}

START_TEST(lines_appear_above_what_is_typed)
{
	begin();
	emulator_type(LONG " &\r");
	emulator_wait("[1] " LONG);
	emulator_wait("clients 10  clock");
	emulator_type("show lr and a tail");
	emulator_wait_prompt("show lr and a tail");
	emulator_wait_gone(LONG "\n");              /* it scrolled away */
	emulator_wait_prompt("show lr and a tail"); /* a look between two writes finds half a line */
	check_lines("show lr and a tail");
	emulator_type("\027\027\027"); /* Ctrl-W: a word less */
	emulator_wait_prompt("show lr");
	emulator_type("\r");
	emulator_wait("lr = 0.1");
	end_job();
}
END_TEST

START_TEST(a_line_that_wraps_is_not_torn)
{
	char line[300];

	begin();
	emulator_type(LONG " &\r");
	emulator_wait("clients 10  clock");
	memset(line, 'x', 150);
	strcpy(line + 150, "END");
	emulator_type(line);
	emulator_wait("xEND");
	for (int i = 0; i < 5; i++)
		emulator_read_on();
	emulator_wait("xEND"); /* it is drawn anew under each lot of lines */
	const char *prompt = strstr(emulator_screen(), "fedsh> x");
	ck_assert_ptr_nonnull(prompt);
	ck_assert_ptr_null(strstr(prompt + 1, "fedsh> "));
	ck_assert_ptr_null(strstr(prompt, "round "));
	emulator_type("\025"); /* Ctrl-U */
	emulator_wait_prompt("");
	end_job();
}
END_TEST

START_TEST(a_pasted_line_and_a_listing_are_whole)
{
	begin();
	emulator_type(LONG " &\r");
	emulator_wait("clients 10  clock");
	emulator_type("\033[200~show seed\033[201~");
	emulator_wait_prompt("show seed");
	emulator_type("\025show dev\t\t"); /* several settings begin so */
	emulator_wait("device-spread");
	emulator_wait_prompt("show device-spread");
	emulator_type("\025");
	end_job();
}
END_TEST

/* Ctrl-Z, fg and again, Ctrl-C in front; bg. */
START_TEST(ctrl_z_puts_a_run_behind)
{
	begin();
	emulator_type(LONG "\r");
	emulator_wait("clients 10  clock");
	emulator_type("\032");
	emulator_wait("[1] " LONG);
	emulator_type("set lr 0.05\r"); /* between two events: the rest of the run is resumed */
	emulator_wait("lr = 0.05");
	emulator_type("jobs\r");
	emulator_wait("of 30,000");
	emulator_type("fg\r");
	emulator_wait("fedsh> fg\n" LONG);
	emulator_wait_gone("fedsh> fg\n");
	emulator_type("\032");
	emulator_wait("[1] " LONG);
	emulator_type("fg\r");
	emulator_wait("fedsh> fg\n");
	emulator_wait_gone("fedsh> fg\n"); /* its lines flow */
	emulator_type("\003");
	emulator_wait("`continue` goes on");
	emulator_type("bg\r");
	emulator_wait("[2] continue");
	emulator_type("stop\r");
	emulator_wait("[2] stopped: continue");
	emulator_type("jobs\r");
	emulator_wait("stopped");
	emulator_type("continue\r"); /* it counts all rounds of the run */
	emulator_wait("of 30000:");
	emulator_type("\003");
	emulator_wait("`continue` goes on");
	emulator_type("quit\r");
	ck_assert_int_eq(emulator_end(), 0);
}
END_TEST

/* However early it comes. */
START_TEST(a_run_is_stopped_before_it_begins)
{
	begin();
	emulator_type(LONG " &; stop\r");
	emulator_wait("[1] stopped: ");
	emulator_type("bg; stop; set lr 0.05\r");
	emulator_wait("[2] stopped: ");
	emulator_type("quit\r");
	ck_assert_int_eq(emulator_end(), 0);
}
END_TEST

/* At the prompt Ctrl-C is for the line alone. */
START_TEST(ctrl_c_clears_the_line)
{
	begin();
	emulator_type(LONG " &\r");
	emulator_wait("clients 10  clock");
	emulator_type("some text\003");
	emulator_wait_prompt("");
	emulator_type("jobs\r");
	emulator_wait("runs");
	emulator_type("every 100ms status\r");
	emulator_wait("scheme      sync");
	emulator_type("\003");
	emulator_wait_prompt("");
	emulator_type("jobs\r");
	emulator_wait(LONG "\n");
	end_job();
}
END_TEST

START_TEST(the_end_is_told)
{
	begin();
	emulator_type("round 20 &\r");
	emulator_wait("[1] done: round 20; version 20 after ");
	emulator_type("inject crash all; round 3 &\r");
	emulator_wait("[2] failed: round 3; version 20 after ");
	emulator_type("jobs\r");
	emulator_wait("failed");
	emulator_type("heal; break round==22; round 9 &\r");
	emulator_wait("[3] stopped: round 9; version 22 after ");
	emulator_type("quit\r");
	ck_assert_int_eq(emulator_end(), 0);
}
END_TEST

/* Commands that look show the present version; one that changes the session is in the run; others
 * are refused. */
START_TEST(commands_beside_a_run)
{
	begin();
	emulator_type(LONG " &\r");
	emulator_wait("clients 10  clock");
	emulator_type("round 3\r");
	emulator_wait("`fg` waits for it, `stop` ends it");
	emulator_type("reset\r");
	emulator_wait("error: reset: `" LONG "` runs behind the prompt");
	emulator_type("clients > clients.txt\r");
	emulator_type("inject byzantine 3 attack=sign-flip\r");
	emulator_wait("defence: found");
	emulator_type("quit\r");
	emulator_wait("runs still");
	emulator_wait_gone("runs still");
	emulator_type("show lr\r");
	emulator_wait("lr = 0.1");
	emulator_type("watch\r");
	emulator_wait("[1 overview]");
	emulator_wait("running");
	emulator_type("q");
	emulator_wait_left();
	emulator_type("jobs\r");
	emulator_wait("runs");
	emulator_wait_prompt("");
	emulator_type("\004"); /* Ctrl-D */
	emulator_wait("runs still");
	emulator_wait_prompt("");
	emulator_type("\004");
	ck_assert_int_eq(emulator_end(), 0);
	ck_assert(emulator_is_restored());
}
END_TEST

/* A sweep has rows, and its rounds say what is left. */
START_TEST(progress_of_a_sweep)
{
	begin();
	emulator_type("sweep lr 0.1,0.2 rounds=100000 &\r");
	emulator_wait("[1] sweep");
	emulator_wait_prompt("");
	for (bool known = false; !known;) { /* after the first rounds */
		emulator_type("jobs --json\r");
		emulator_wait("\"left\":");
		emulator_wait_prompt("");
		known = strstr(emulator_screen(), "\"left\":null") == NULL;
		emulator_type("\014"); /* Ctrl-L: an empty screen */
		emulator_wait_gone("\"left\":");
	}
	emulator_type("jobs\r");
	emulator_wait("0 of 2 rows");
	emulator_type("stop\r");
	emulator_wait("`stop` again");
	emulator_type("stop\r");
	emulator_wait("[1] stopped: ");
	emulator_type("quit\r");
	ck_assert_int_eq(emulator_end(), 0);
}
END_TEST

static void read_bytes(const char *name, struct fed_text *text)
{
	struct fed_error err;
	char path[400];

	snprintf(path, sizeof path, "%s/%s", temp.dir, name);
	fed_assert_ok(fed_file_read(path, 1 << 20, text, &err), &err);
}

/* What was typed beside a run has its place in the journal: a replay makes the same bits. */
START_TEST(a_replay_makes_the_same_bits)
{
	struct fed_text one = {0}, two = {0};

	begin();
	emulator_type("record run.fedsh; " LONG " &\r");
	emulator_wait("clients 10  clock");
	emulator_type("inject byzantine 3 attack=sign-flip\r");
	emulator_wait("defence: found");
	emulator_type("set lr 0.05\r");
	emulator_wait("lr = 0.05");
	emulator_type("status > /dev/null; stop\r");
	emulator_wait("[1] stopped: ");
	emulator_type("record stop; export one.npz\r");
	emulator_wait_prompt("");
	emulator_type("replay run.fedsh > /dev/null\r");
	emulator_wait_prompt("");
	emulator_type("export two.npz; show lr\r");
	emulator_wait("lr = 0.05");
	emulator_type("quit\r");
	ck_assert_int_eq(emulator_end(), 0);
	read_bytes("one.npz", &one);
	read_bytes("two.npz", &two);
	ck_assert_uint_eq(one.len, two.len);
	ck_assert_mem_eq(one.s, two.s, one.len);
	fed_text_release(&one);
	fed_text_release(&two);
}
END_TEST

FED_SUITE(jobs)
{
	Suite *suite = suite_create("jobs");
	TCase *tests = tcase_create("jobs");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, lines_appear_above_what_is_typed);
	tcase_add_test(tests, a_line_that_wraps_is_not_torn);
	tcase_add_test(tests, a_pasted_line_and_a_listing_are_whole);
	tcase_add_test(tests, ctrl_z_puts_a_run_behind);
	tcase_add_test(tests, a_run_is_stopped_before_it_begins);
	tcase_add_test(tests, ctrl_c_clears_the_line);
	tcase_add_test(tests, the_end_is_told);
	tcase_add_test(tests, commands_beside_a_run);
	tcase_add_test(tests, progress_of_a_sweep);
	tcase_add_test(tests, a_replay_makes_the_same_bits);
	suite_add_tcase(suite, tests);
	return suite;
}
