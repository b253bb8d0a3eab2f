/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/test_terminal.c - a person at a terminal: typing, TAB, pasting, Ctrl-C, leaving. */
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"
#include "support/suite.h"

#define PATIENCE 60000 /* milliseconds for what takes a moment */

static struct fed_temp temp;
static int master;
static pid_t child;
static char seen[1 << 18]; /* all that the program wrote since the last wait */
static size_t n_seen;

static void begin(const char *term)
{
	struct winsize size = {.ws_row = 24, .ws_col = 100};

	fed_temp_make(&temp);
	n_seen = 0;
	seen[0] = 0;
	child = forkpty(&master, NULL, NULL, &size);
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		setenv("TERM", term, 1);
		setenv("HOME", temp.dir, 1);
		setenv("INPUTRC", "/dev/null", 1);
		setenv("NO_COLOR", "1", 1);
		unsetenv("XDG_STATE_HOME");
		execl(FED_BUILD_DIR "/fedsh", "fedsh", (char *)NULL);
		_exit(99);
	}
}

static bool read_more(int timeout)
{
	struct pollfd p = {.fd = master, .events = POLLIN};

	if (poll(&p, 1, timeout) <= 0 || n_seen + 4096 > sizeof seen)
		return false;
	const ssize_t n = read(master, seen + n_seen, 4096);
	if (n <= 0)
		return false;
	n_seen += (size_t)n;
	seen[n_seen] = 0;
	return true;
}

/* Until the text was written; what came up to it is forgotten. */
static void wait_for(const char *text)
{
	char *at;

	while (!(at = strstr(seen, text)))
		ck_assert_msg(read_more(PATIENCE), "never wrote %s, but:\n%s", text, seen);
	at += strlen(text);
	n_seen -= (size_t)(at - seen);
	memmove(seen, at, n_seen + 1);
}

static void type(const char *text)
{
	ck_assert_int_eq(write(master, text, strlen(text)), (ssize_t)strlen(text));
}

static int end(void)
{
	int status;

	while (read_more(PATIENCE))
		;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	close(master);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

START_TEST(typing_and_completing)
{
	char history[300];

	begin("xterm");
	wait_for("fedsh> ");
	type("datas\tblo\ttrain=200 test=20\r");
	wait_for("200 training and 20 test examples");
	wait_for("fedsh> ");
	type("sho lr\r");
	wait_for("show lr");
	wait_for("lr = 0.1");
	wait_for("fedsh> ");
	type("garbage\003"); /* Ctrl-C clears the line */
	wait_for("fedsh> ");
	type("quit\r");
	ck_assert_int_eq(end(), 0);
	snprintf(history, sizeof history, "%s/.local/state/fedsh/history", temp.dir);
	ck_assert_int_eq(access(history, R_OK), 0);
	unlink(history);
	for (int i = 0; i < 3; i++) {
		*strrchr(history, '/') = 0;
		rmdir(history);
	}
	fed_temp_remove(&temp);
}
END_TEST

START_TEST(twenty_lines_pasted)
{
	begin("xterm");
	wait_for("fedsh> ");
	type("\033[200~dataset blobs train=500 test=20\n");
	for (int i = 0; i < 10; i++)
		type("add-client 1 samples=5\n");
	type("xyzzy\n");
	for (int i = 0; i < 8; i++)
		type("add-client 1 samples=5\n");
	type("\033[201~\r");
	wait_for("no command xyzzy");
	wait_for("fedsh> ");
	type("status\r");
	wait_for("10, 450 examples left");
	wait_for("fedsh> ");
	type("\004"); /* end of input */
	ck_assert_int_eq(end(), 0);
}
END_TEST

START_TEST(interrupts_stop_rounds)
{
	begin("xterm");
	wait_for("fedsh> ");
	type("dataset glyphs train=2000 test=500; add-client 5 samples=400\r");
	wait_for("left in the pool");
	wait_for("fedsh> ");
	type("round 1000000\r");
	wait_for("round 2 ");
	type("\003");
	wait_for("stops after this round");
	wait_for("stopped at version");
	wait_for("fedsh> ");
	type("set epochs 100000\r");
	wait_for("epochs = 100000");
	type("round\r");
	wait_for(" of 5 clients"); /* the line of progress */
	type("\003");
	wait_for("stops after this round");
	type("\003");
	wait_for("aborts this round");
	wait_for("fedsh> ");
	type("quit\r");
	ck_assert_int_eq(end(), 0);
}
END_TEST

START_TEST(a_dumb_terminal_gets_no_escapes)
{
	begin("dumb");
	wait_for("fedsh> ");
	type("status\r");
	wait_for("scheme");
	ck_assert_ptr_null(strchr(seen, '\033'));
	wait_for("fedsh> ");
	type("quit\r");
	ck_assert_int_eq(end(), 0);
	ck_assert_ptr_null(strchr(seen, '\033'));
	fed_temp_remove(&temp);
}
END_TEST

START_TEST(a_hangup_ends_it)
{
	begin("xterm");
	wait_for("fedsh> ");
	kill(child, SIGHUP);
	ck_assert_int_eq(end(), 128 + SIGHUP);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("terminal");
	TCase *tests = tcase_create("terminal");

	tcase_add_test(tests, typing_and_completing);
	tcase_add_test(tests, twenty_lines_pasted);
	tcase_add_test(tests, interrupts_stop_rounds);
	tcase_add_test(tests, a_dumb_terminal_gets_no_escapes);
	tcase_add_test(tests, a_hangup_ends_it);
	suite_add_tcase(suite, tests);
	return fed_run_suite(suite);
}
