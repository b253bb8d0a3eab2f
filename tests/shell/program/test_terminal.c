/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/program/test_terminal.c - a person at a terminal: typing, TAB, pasting, Ctrl-C, leaving. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "shell/program/terminal.h"
#include "support/suite.h"

static struct fed_temp temp;

static void set_up(void)
{
	fed_temp_make(&temp);
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
}

static void begin(const char *term)
{
	terminal_begin(term, temp.dir);
}

START_TEST(typing_and_completing)
{
	char history[300];

	begin("xterm");
	terminal_wait("fedsh> ");
	terminal_type("datas\tblo\ttrain=200 test=20\r");
	terminal_wait("200 training and 20 test examples");
	terminal_wait("fedsh> ");
	terminal_type("sho lr\r");
	terminal_wait("show lr");
	terminal_wait("lr = 0.1");
	terminal_wait("fedsh> ");
	terminal_type("garbage\003"); /* Ctrl-C clears the line */
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
	snprintf(history, sizeof history, "%s/.local/state/fedsh/history", temp.dir);
	ck_assert_int_eq(access(history, R_OK), 0);
}
END_TEST

/* However a session ends, and while others write at the same time. */
START_TEST(each_line_is_in_the_history_at_once)
{
	struct fed_text lines = {0};
	struct fed_error err;
	char history[300];
	FILE *other;

	snprintf(history, sizeof history, "%s/.local/state/fedsh/history", temp.dir);
	begin("xterm");
	terminal_wait("fedsh> ");
	terminal_type("show lr\r");
	terminal_wait("lr = 0.1");
	terminal_wait("fedsh> ");
	other = fopen(history, "a");
	ck_assert_ptr_nonnull(other);
	ck_assert_int_ge(fputs("of another session\n", other), 0);
	ck_assert_int_eq(fclose(other), 0);
	terminal_type("show batch\r");
	terminal_wait("batch = ");
	terminal_wait("fedsh> ");
	terminal_type("set seed 7\r");
	terminal_wait("fedsh> ");
	terminal_type("round x\r");
	terminal_wait("fedsh> ");
	terminal_signal(SIGKILL);
	ck_assert_int_eq(terminal_end(), 128 + SIGKILL);
	fed_assert_ok(fed_file_read(history, 1000, &lines, &err), &err);
	ck_assert_str_eq(fed_text_str(&lines),
	                 "show lr\n#: exit 0, seed 1: show lr\nof another session\nshow batch\n"
	                 "#: exit 0, seed 1: show batch\nset seed 7\n"
	                 "#: exit 0, seed 7: set seed 7\nround x\n"
	                 "#: exit 2, seed 7: round x\n");
	begin("xterm");
	terminal_wait("fedsh> ");
	terminal_type("\033[A\033[A\033[A\r"); /* how lines ended is not recalled */
	terminal_wait("batch = ");
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
	fed_text_release(&lines);
}
END_TEST

START_TEST(a_long_history_is_cut)
{
	struct fed_text lines = {0};
	struct fed_error err;
	char history[300];
	FILE *f;

	snprintf(history, sizeof history, "mkdir -p %s/.local/state/fedsh", temp.dir);
	ck_assert_int_eq(system(history), 0);
	snprintf(history, sizeof history, "%s/.local/state/fedsh/history", temp.dir);
	f = fopen(history, "w");
	ck_assert_ptr_nonnull(f);
	for (int i = 1; i <= 6000; i++)
		fprintf(f, "show lr # %d\n", i);
	ck_assert_int_eq(fclose(f), 0);
	begin("xterm");
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
	fed_assert_ok(fed_file_read(history, 1 << 20, &lines, &err), &err);
	ck_assert_int_eq(strncmp(fed_text_str(&lines), "show lr # 1001\n", 15), 0);
	ck_assert_ptr_nonnull(strstr(fed_text_str(&lines), "show lr # 6000\nquit\n"));
	fed_text_release(&lines);
}
END_TEST

START_TEST(twenty_lines_pasted)
{
	begin("xterm");
	terminal_wait("fedsh> ");
	terminal_type("\033[200~dataset blobs train=500 test=20\n");
	for (int i = 0; i < 10; i++)
		terminal_type("add-client 1 samples=5\n");
	terminal_type("xyzzy\n");
	for (int i = 0; i < 8; i++)
		terminal_type("add-client 1 samples=5\n");
	terminal_type("\033[201~\r");
	terminal_wait("no command xyzzy");
	terminal_wait("fedsh> ");
	terminal_type("status\r");
	terminal_wait("10, 450 examples left");
	terminal_wait("fedsh> ");
	terminal_type("\004"); /* end of input */
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__ /* theirs is not limited */
static void paste(const char *begin, size_t n)
{
	char block[1001];

	memset(block, 'x', 1000);
	block[1000] = 0;
	terminal_type("\033[200~");
	terminal_type(begin);
	for (size_t i = 0; i < n; i += 1000)
		terminal_type(block);
	terminal_type("\033[201~");
}

/* Readline's own allocator would end the program.  A line of usual length has its reserve. */
START_TEST(a_moment_without_memory_ends_nothing)
{
	begin("xterm");
	terminal_wait("fedsh> ");
	terminal_limit_memory(0);
	paste("show lr #", 200000);
	terminal_type("\r");
	terminal_wait("lr = 0.1");
	terminal_wait("fedsh> ");
	terminal_type("sho bat\t\r");
	terminal_wait("batch = ");
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

/* Without memory for a line, and without the reserve, lines are read by other means. */
START_TEST(a_line_without_memory_is_dropped)
{
	begin("xterm");
	terminal_wait("fedsh> ");
	terminal_limit_memory(0);
	paste("show lr #", 800000);
	terminal_type("\r");
	terminal_wait("out of memory for the line, which is dropped");
	terminal_wait("fedsh> ");
	terminal_type("\rshow batch\r");
	terminal_wait("batch = ");
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

#endif

START_TEST(interrupts_stop_rounds)
{
	begin("xterm");
	terminal_wait("fedsh> ");
	terminal_type("dataset glyphs train=2000 test=500; add-client 5 samples=400\r");
	terminal_wait("left in the pool");
	terminal_wait("fedsh> ");
	terminal_type("round 1000000\r");
	terminal_wait("round 2 ");
	terminal_type("\003");
	terminal_wait("stops after this round");
	terminal_wait("stopped at version");
	terminal_wait("fedsh> ");
	terminal_type("set epochs 100000\r");
	terminal_wait("epochs = 100000");
	terminal_type("round\r");
	terminal_wait(" of 5 clients"); /* the line of progress */
	terminal_type("\003");
	terminal_wait("stops after this round");
	terminal_type("\003");
	terminal_wait("aborts this round");
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

/* Ctrl-C ends it at the next example; what was chosen before stays. */
START_TEST(interrupts_stop_a_dataset)
{
	begin("xterm");
	terminal_wait("fedsh> ");
	terminal_type("dataset blobs classes=7\r");
	terminal_wait("4,000 training");
	terminal_wait("fedsh> ");
	terminal_type("dataset linear train=20000000 d=4\r");
	terminal_wait("\033[?2004l"); /* the line was taken: a Ctrl-C no longer clears it */
	terminal_interrupt("examples; nothing has changed");
	terminal_wait("fedsh> ");
	terminal_type("status\r");
	terminal_wait("blobs");
	terminal_wait("fedsh> ");
	terminal_type("set seed 3\r"); /* no interrupt is left over */
	terminal_wait("seed = 3");
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

static const char *const without_escapes[] = {"dumb", "nosuchterminal", "unknown", ""};

START_TEST(a_terminal_without_escapes_gets_none)
{
	begin(without_escapes[_i]);
	terminal_wait("fedsh> ");
	terminal_type("status\r");
	terminal_wait("scheme");
	ck_assert_ptr_null(strchr(terminal_seen(), '\033'));
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
	ck_assert_ptr_null(strchr(terminal_seen(), '\033'));
}
END_TEST

START_TEST(a_hangup_ends_it)
{
	begin("xterm");
	terminal_wait("fedsh> ");
	terminal_signal(SIGHUP);
	ck_assert_int_eq(terminal_end(), 128 + SIGHUP);
}
END_TEST

/* What a command that looks prints goes through $PAGER where the screen does not hold it. */
START_TEST(long_output_is_paged)
{
	setenv("PAGER", "stty raw -echo; sed 's/^/P /'", 1); /* it may leave the modes so */
	begin("xterm");
	unsetenv("PAGER");
	terminal_wait("fedsh> ");
	terminal_type("help\r");
	terminal_wait("P compose: ");
	terminal_wait("P A first run: ");
	terminal_wait("fedsh> ");
	terminal_type("show lr\r");
	terminal_wait("show lr"); /* which is seen while one types it */
	terminal_wait("\rlr = 0.1");
	terminal_wait("fedsh> ");
	terminal_type("help | head -n 1\r");
	terminal_wait("\rcompose: ");
	terminal_wait("fedsh> ");
	terminal_type("dataset blobs; add-client 30 samples=5 device=phone:0.3\r");
	terminal_wait("fedsh> ");
	terminal_type("clients all\r");
	terminal_wait("P   client  examples");
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

START_TEST(tables_follow_the_terminal)
{
	begin("xterm");
	terminal_wait("fedsh> ");
	terminal_type("dataset blobs; add-client 3 samples=5 device=phone:0.3 link=satellite\r");
	terminal_wait("fedsh> ");
	terminal_type("clients\r");
	terminal_wait("partition");
	terminal_wait("fedsh> ");
	terminal_resize(60);
	terminal_type("clients\r");
	terminal_wait("left out: partition");
	terminal_wait("fedsh> ");
	terminal_type("clients -w\r");
	terminal_wait("  partition  ");
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

FED_SUITE(terminal)
{
	Suite *suite = suite_create("terminal");
	TCase *tests = tcase_create("terminal");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, typing_and_completing);
	tcase_add_test(tests, each_line_is_in_the_history_at_once);
	tcase_add_test(tests, a_long_history_is_cut);
	tcase_add_test(tests, twenty_lines_pasted);
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__ /* they end by themselves */
	tcase_add_test(tests, a_moment_without_memory_ends_nothing);
	tcase_add_test(tests, a_line_without_memory_is_dropped);
#endif
	tcase_add_test(tests, interrupts_stop_rounds);
	tcase_add_test(tests, interrupts_stop_a_dataset);
	tcase_add_loop_test(tests, a_terminal_without_escapes_gets_none, 0,
	                    (int)(sizeof without_escapes / sizeof *without_escapes));
	tcase_add_test(tests, a_hangup_ends_it);
	tcase_add_test(tests, long_output_is_paged);
	tcase_add_test(tests, tables_follow_the_terminal);
	suite_add_tcase(suite, tests);
	return suite;
}
