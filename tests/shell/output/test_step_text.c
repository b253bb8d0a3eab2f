/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/output/test_step_text.c - step, continue, pause, break and abort as they are typed and
 * scripted.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "shell/lab.h"
#include "session/composition.h"
#include "shell/program/terminal.h"
#include "support/suite.h"

#define FEDSH FED_BUILD_DIR "/fedsh"
#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define WORLD "dataset blobs train=200 test=50; add-client 4 samples=20 link=4g device=phone; "
#define SPLIT WORLD "model mlp hidden=4; scheme split cut=1; "
#define ASYNC WORLD "scheme async concurrency=3; aggregator fedbuff buffer=2; transport lossy; "

static struct fed_temp temp;
static struct program_run run;

static void set_up(void)
{
	fed_temp_make(&temp);
	setenv("LC_ALL", "C", 1);
	setenv("HOME", temp.dir, 1);
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
}

static void go(const char *const *arguments)
{
	program_run(&run, FEDSH, temp.dir, arguments, NULL, 0);
}

/* What the commands print, and how they end. */
static const struct {
	const char *commands, *says;
	int code;
} told[] = {
	{WORLD "step",
     "0 s  round 1 begins: the model goes to 4 clients: 0, 1, 2, 3\n"
     "next: the model reaches client 0, at 0.0",
     0},
	{WORLD "step 2",
     " s  client 0 has the model and begins to train\nnext: the model reaches "
     "client 1, at ",
     0},
	{WORLD "step 6", " s  client 0 has trained and sends its update\nnext: client 1 ends its", 0},
	{WORLD "step 10", "s  the update of client 0 has arrived, 1 of 4\nnext: the update of", 0},
	{WORLD "step 13", "the update of client 3 has arrived, 4 of 4\nround 1     accuracy ", 0},
	{WORLD "step 13", "\nnext: `step` opens round 2\n", 0},
	{WORLD "set fraction 0.25; step", "round 1 begins: the model goes to client ", 0},
	{"dataset blobs; add-client 30 samples=20; step",
     "the model goes to 30 clients: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 20 more\n", 0},
	{WORLD "step 3; status",
     "open round  4 invited, 0 reported, 0 refused, 0 lost, 0 late, 4 at "
     "work; `continue` finishes it\n",
     0},
	{WORLD "break version==2; round 5; status", "left to do   3 rounds\n", 0},
	{WORLD "break client==2; run until round>=3; status",
     "left to do   rounds until the condition holds\n  breakpoints  1\n", 0},
	{WORLD "break client==2 and event==trained; round 2; continue",
     "break 1: client==2 and event==trained, event trained, version 0, clock ", 0},
	{WORLD "break version==2; round 3; continue; expect round==3",
     "break 1: version==2, version = 2, clock ", 0},
	{WORLD "break nan; break client==3; round; break",
     "  break  hits  condition\n      1     0  nan\n      2     1  client==3\n", 0},
	{WORLD "break", "no breakpoints; `break accuracy<0.5` makes one\n", 0},
	{WORLD "break nan; break loss<1; break delete 1; break", "      2     0  loss<1\n", 0},
	{WORLD "break nan; break delete all; break", "no breakpoints", 0},
	{WORLD "break delete 3", "there is no breakpoint 3; `break` lists them", 2},
	{WORLD "break delete x", "delete x: give a number that `break` lists, or all", 2},
	{WORLD "break delete", "delete what: give a number that `break` lists, or all", 2},
	{WORLD "break acuracy<0.5", "no metric is called acuracy; did you mean accuracy?", 2},
	{WORLD "break event==trainde", "did you mean trained?", 2},
	{WORLD "expect client==7", "client is a word of `break`", 2},
	{WORLD "pause; round 3; continue; expect round==3", "the next run pauses at version 1\n", 0},
	{WORLD "pause 2; round 3; expect round==2", "paused at version 2\n", 0},
	{WORLD "round 2; pause 1", "version 1 is in the past; the model is at version 2", 2},
	{WORLD "pause 2; break", "the next run pauses at version 2\n", 0},
	{WORLD "continue", "nothing is left to continue", 2},
	{WORLD "abort", "no round is open; `step` opens one", 2},
	{WORLD "round 2; step 5; abort; expect round==2",
     "round 3 aborted; the model is still version 2\n", 0},
	{WORLD "step; continue; expect round==1", "\nround 1     accuracy", 0},
	{WORLD "step; round 3; expect round==3", "\nround 3     accuracy", 0},
	{WORLD "step; add-client 2",
     "add-client: a round is open; `continue` finishes it, `abort` "
     "leaves the model as before it\n",
     1},
	{WORLD "step; set lr 0.01; continue",
     "note: the open round keeps its old values; the next one uses the new ones\n", 0},
	{WORLD "step; inject offline 2; set client 1 link=3g; continue; expect round==1", "", 0},
	{WORLD "step 3; restart; round; expect round==1",
     "restarted at version 0; clients, model and settings kept\n", 0},
	{WORLD "run until clock>=0.2; expect clock>=0.2 and clock[1]<0.2", "clock = 0.2", 0},
	{WORLD "run until updates>=10; expect updates==12", "updates = 12\n", 0},
	{WORLD "run until accuracy>=0.9 and round>=2 or clock>=0.5; expect clock<0.7",
     "accuracy = ", 0},
	{ASYNC "run until clock>=0.2; expect clock>=0.2 and clock[1]<0.2", "clock = 0.2", 0},
	{ASYNC "run until updates>=11; expect updates==12", "updates = 12\n", 0},
	{ASYNC "run until accuracy>=2 or updates>=20 and clock>=0.1", "updates = 20, clock = ", 0},
	{ASYNC "break lost>0; break client==1; round 3; continue; abort; round 2", "", 0},
	{SPLIT "step", "\nnext: a message to client 0 reaches it, at ", 0},
	{SPLIT "step 2", "\nnext: client 0 has computed, at ", 0},
	{SPLIT "step 3", "\nnext: a message from client 0 reaches the server, at ", 0},
	{SPLIT "step 4",
     " s  the server receives from client 0: batch 1: activations\nnext: the server has computed "
     "for client 0, at ",
     0},
	{SPLIT "step", "0 s  round 1 begins: the head goes to client 0\nnext: ", 0},
	{SPLIT "step 2", " s  client 0 has the head and begins to train\n", 0},
	{SPLIT "scheme split cut=1,2 labels=client; step 2", "begins: head and tail go to client 0\n",
     0},
	{SPLIT "step 13; status",
     "open round  2 of 4 invited, 1 reported, 0 refused, 0 lost, 0 late, 1 at work; ", 0},
	{SPLIT "step 13", " s  the update of client 0 has arrived, 1 of 4\n", 0},
	{SPLIT "scheme split cut=1 parallel=v2 smashed=batch; step 13",
     "\nnext: the server has computed for all, at 0.", 0},
	{"step", "there are no clients", 4},
	{"set lr=0.5 batch=x", "batch=x: must be", 2},
	{"add-client 3 partition=nonid", "did you mean noniid?", 2},
};

START_TEST(commands_tell)
{
	static char all[2 * sizeof run.out];

	go(ARGUMENTS("-c", told[_i].commands));
	snprintf(all, sizeof all, "%s%s", run.out, run.err);
	ck_assert_msg(run.code == told[_i].code && strstr(all, told[_i].says), "%s\n%d, %s",
	              told[_i].commands, run.code, all);
}
END_TEST

START_TEST(settings_are_all_or_nothing)
{
	struct shell_lab lab;

	shell_lab_open(&lab, FED_PLUGIN_DIR);
	ck_assert_int_eq(shell_lab_run(&lab, "dataset blobs; model mlp hidden=8; aggregator fedadam"),
	                 0);
	ck_assert_int_ne(shell_lab_run(&lab, "set lr 0.3 eta=0.5 hidden=9 deadline=7 batch=x"), 0);
	const struct fed_composition *parts = fed_session_parts(lab.shell.session);
	ck_assert(parts->settings.lr < 0.2);
	ck_assert_int_eq(shell_lab_run(&lab, "show eta; show hidden; show deadline"), 0);
	const char *said = strstr(shell_lab_said(&lab), "aggregator.eta = ");
	ck_assert_ptr_nonnull(said);
	ck_assert_str_ne(said, "aggregator.eta = 0.5\nmodel.hidden = 9\nscheme.deadline = 7\n");
	ck_assert_ptr_nonnull(strstr(said, "model.hidden = 8\nscheme.deadline = 0\n"));
	ck_assert_int_eq(shell_lab_run(&lab, "set lr 0.3 eta=0.5 hidden=9 deadline=7 batch=3"), 0);
	ck_assert_ptr_nonnull(strstr(shell_lab_said(&lab),
	                             "lr = 0.3\naggregator.eta = 0.5\nmodel.hidden = 9\n"
	                             "scheme.deadline = 7\nbatch = 3\n"));
	shell_lab_close(&lab);
}
END_TEST

START_TEST(json_tells_that_a_round_is_open)
{
	go(ARGUMENTS("--json", "-", "-c", WORLD "step 2; break client==1; round; round"));
	ck_assert_msg(run.code == 0, "%s", run.err);
	ck_assert_ptr_nonnull(strstr(run.out, "{\"v\":1,\"event\":\"begin\",\"round\":0,\"clock\":0"));
	ck_assert_ptr_nonnull(strstr(run.out, "\"event\":\"received\""));
	const char *stop = strstr(run.out, "{\"v\":1,\"event\":\"stop\",\"round\":0,\"clock\":");
	ck_assert_ptr_nonnull(stop);
	ck_assert_ptr_nonnull(strstr(stop, "\"text\":\"break 1: client==1, event received, version 0"));
	ck_assert_ptr_nonnull(strstr(stop, ",\"open\":true}\n"));
}
END_TEST

/* Replays --------------------------------------------------------------------- */

static size_t slurp(const char *name, char *out, size_t size)
{
	FILE *f = fopen(fed_temp_file(&temp, name), "r");

	ck_assert_msg(f != NULL, "no %s", name);
	const size_t n = fread(out, 1, size - 1, f);
	out[n] = 0;
	fclose(f);
	return n;
}

static void same_parameters(void)
{
	static char a[1 << 16], b[1 << 16];
	const size_t n = slurp("a.npz", a, sizeof a);

	ck_assert_uint_eq(slurp("b.npz", b, sizeof b), n);
	ck_assert_mem_eq(a, b, n);
}

static const char *const recorded[] = {
	WORLD "break client==2; round 4; continue; step 4; continue; break delete all; continue",
	WORLD "step 7; abort; round 2; pause; round 3; continue; step 3",
	ASYNC "break event==trained and client==3; break updates>=6; run until updates>=10; continue; "
		  "inject nan 2; set lr 0.02; continue; continue; step; abort; round 2",
	ASYNC "step 5; abort; step 9; round 3; break lost>0; round 9; step 2; abort; round 3",
};

START_TEST(a_record_stops_at_the_same_places)
{
	struct fed_text commands = {0};
	static char one[sizeof run.out], other[sizeof run.out];

	fed_text_add(&commands, "record r.fedsh; %s; record stop; status; export a.npz", recorded[_i]);
	go(ARGUMENTS("-c", fed_text_str(&commands)));
	ck_assert_msg(run.code == 0, "%s\n%s", run.err, run.out);
	snprintf(one, sizeof one, "%s", run.out);
	go(ARGUMENTS("-c", "replay r.fedsh; status; export b.npz"));
	ck_assert_msg(run.code == 0, "%s\n%s", run.err, run.out);
	snprintf(other, sizeof other, "%s", run.out);
	ck_assert_ptr_nonnull(strstr(one, "blobs:"));
	/* All that was told, up to the names of the files. */
	*strstr(one, "wrote ") = *strstr(other, "wrote ") = 0;
	ck_assert_str_eq(strchr(one, '\n') + 1, other);
	same_parameters();
	fed_text_release(&commands);
}
END_TEST

static void interrupt_at_the_end(void *ctx, const struct fed_event *event)
{
	const struct fed_shell *shell = ctx;

	if (event->kind == FED_EVENT_ROUND && fed_session_version(shell->session) == 2)
		raise(SIGINT);
}

/* Ctrl-C in the last of the rounds: they are made, and the journal has them. */
START_TEST(an_interrupt_that_comes_too_late_is_no_loss)
{
	struct shell_lab lab;
	struct fed_error err = {""};

	shell_lab_open(&lab, FED_PLUGIN_DIR);
	ck_assert_int_eq(shell_lab_run(&lab, WORLD), 0);
	fed_assert_ok(fed_session_add_sink(lab.shell.session,
	                                   (struct fed_sink){interrupt_at_the_end, &lab.shell}, &err),
	              &err);
	fed__signals_connect(&lab.shell);
	ck_assert_int_eq(shell_lab_run(&lab, "round 2; status"), FED_EXIT_INTERRUPTED);
	fed__signals_connect(NULL);
	ck_assert_ptr_null(strstr(shell_lab_said(&lab), "scheme"));
	ck_assert_ptr_nonnull(strstr(fed_text_str(&lab.shell.journal), "\nround 2\n"));
	shell_lab_close(&lab);
}
END_TEST

/* A person -------------------------------------------------------------------- */

static void leave(void)
{
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
}

START_TEST(the_prompt_tells_the_open_round)
{
	terminal_begin("xterm", temp.dir);
	terminal_wait("fedsh> ");
	terminal_type("dataset blobs; add-client 4 samples=20; round 2\r");
	terminal_wait("round 2 ");
	terminal_wait("fedsh> ");
	terminal_type("step\r");
	terminal_wait("fedsh(round 3)> ");
	terminal_type("continue\r");
	terminal_wait("round 3 ");
	terminal_wait("fedsh> ");
	terminal_type("break client==1\r");
	terminal_wait("fedsh> ");
	terminal_type("round\r");
	terminal_wait("fedsh(round 4)> ");
	terminal_type("abort\r");
	terminal_wait("the model is still version 3");
	terminal_wait("fedsh> ");
	leave();
}
END_TEST

/* Ctrl-C stops, Ctrl-C twice aborts, and the record knows where. */
START_TEST(an_interrupted_run_is_recorded)
{
	static char text[1 << 16];

	terminal_begin("xterm", temp.dir);
	terminal_wait("fedsh> ");
	terminal_type("dataset glyphs train=1000 test=200; add-client 5 samples=200; set threads 1\r");
	terminal_wait("threads = 1");
	terminal_wait("fedsh> ");
	terminal_type("record r.fedsh; round 100000\r");
	terminal_wait("round 2 ");
	terminal_type("\003");
	terminal_wait("stops after this round");
	terminal_wait("; `continue` goes on");
	terminal_wait("fedsh> ");
	terminal_type("pause; continue\r");
	terminal_wait("paused at version");
	terminal_wait("fedsh> ");
	terminal_type("set epochs 100000; step 6\r"); /* the open models have arrived: it trains */
	terminal_wait("fedsh(round ");
	terminal_type("step\r");
	terminal_wait("\033[?2004l"); /* the line was taken: a Ctrl-C no longer clears it */
	terminal_interrupt("stops after this step");
	terminal_type("\003");
	terminal_wait("aborts this round");
	terminal_wait("fedsh> ");
	terminal_type("set epochs 1; round; export a.npz\r");
	terminal_wait("wrote a.npz");
	leave();
	slurp("r.fedsh", text, sizeof text);
	ck_assert_msg(strstr(text, "\npause ") && strstr(text, "\nround 100000\n") &&
	                  strstr(text, "\nstep 6\nabort\nset epochs 1\n"),
	              "%s", text);
	/* Six steps of so many epochs would take for ever: what an abort undid may be left out. */
	FILE *f = fopen(fed_temp_file(&temp, "r.fedsh"), "w");
	*strstr(text, "set epochs 100000") = '#';
	ck_assert_ptr_nonnull(f);
	ck_assert_int_gt(fprintf(f, "%s", text), 0);
	fclose(f);
	go(ARGUMENTS("-c", "replay r.fedsh; export b.npz"));
	ck_assert_msg(run.code == 0, "%s", run.err);
	same_parameters();
}
END_TEST

FED_SUITE(step_text)
{
	Suite *suite = suite_create("stepping");
	TCase *tests = tcase_create("stepping");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	if (!FED_THREAD_SANITIZED) /* a program each, whose threads those below start as well */
		tcase_add_loop_test(tests, commands_tell, 0, (int)(sizeof told / sizeof *told));
	tcase_add_test(tests, settings_are_all_or_nothing);
	tcase_add_test(tests, json_tells_that_a_round_is_open);
	tcase_add_loop_test(tests, a_record_stops_at_the_same_places, 0,
	                    (int)(sizeof recorded / sizeof *recorded));
	tcase_add_test(tests, an_interrupt_that_comes_too_late_is_no_loss);
	tcase_add_test(tests, the_prompt_tells_the_open_round);
	tcase_add_test(tests, an_interrupted_run_is_recorded);
	suite_add_tcase(suite, tests);
	return suite;
}
