/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watch/test_attach.c - a second terminal: a session at one pseudo-terminal, and an emulated one
 * that is attached to it. */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cpu.h"
#include "support/suite.h"
#include "watch/emulator.h"

#define PATIENCE 60 /* seconds */

static struct fed_temp temp;
static pid_t session;
static int master;
static char said[1 << 18]; /* what the session wrote */
static size_t n_said;

/* Read what the session writes, for as long as it writes without a pause of so many milliseconds.
 */
static void listen_to_session(int timeout)
{
	struct pollfd p = {.fd = master, .events = POLLIN};

	while (poll(&p, 1, timeout) > 0) {
		if (n_said + 4096 > sizeof said)
			n_said = 0;
		const ssize_t n = read(master, said + n_said, 4000);
		if (n <= 0)
			return;
		n_said += (size_t)n;
		said[n_said] = 0;
	}
}

static void wait_session(const char *text)
{
	const double began = fed_wall_seconds();

	while (!strstr(said, text)) {
		ck_assert_msg(fed_wall_seconds() < began + PATIENCE, "it never said %s, but\n%s", text,
		              said);
		listen_to_session(20);
	}
	const char *rest = strstr(said, text) + strlen(text);
	n_said -= (size_t)(rest - said);
	memmove(said, rest, n_said + 1);
}

static void type_session(const char *line)
{
	ck_assert_int_eq(write(master, line, strlen(line)), (ssize_t)strlen(line));
}

static void begin_session(void)
{
	struct winsize size = {.ws_row = 24, .ws_col = 100};

	n_said = 0;
	said[0] = 0;
	session = forkpty(&master, NULL, NULL, &size);
	ck_assert_int_ge(session, 0);
	if (session == 0) {
		setenv("TERM", "xterm", 1);
		setenv("NO_COLOR", "1", 1);
		setenv("HOME", temp.dir, 1);
		unsetenv("XDG_STATE_HOME");
		execl(FED_BUILD_DIR "/fedsh", "fedsh", (char *)NULL);
		_exit(99);
	}
	wait_session("fedsh> ");
	type_session("dataset blobs train=600 test=100; model softmax; add-client 10 samples=50\r");
	wait_session("left in the pool");
}

static int end_session(void)
{
	int status;
	const double began = fed_wall_seconds();

	while (waitpid(session, &status, WNOHANG) == 0) {
		ck_assert_msg(fed_wall_seconds() < began + PATIENCE, "it never ends, but said\n%s", said);
		listen_to_session(20);
	}
	close(master);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void attach(void)
{
	static const char *const arguments[] = {"--attach", NULL};

	emulator_begin(
		&(struct emulated){.term = "xterm-256color", .folder = temp.dir, .argument = arguments});
}

static void set_up(void)
{
	fed_temp_make(&temp);
	setenv("XDG_RUNTIME_DIR", temp.dir, 1);
	begin_session();
}

static void tear_down(void)
{
	unsetenv("XDG_RUNTIME_DIR");
	fed_temp_remove(&temp);
}

/* Wait until the attached terminal shows this, while the session goes on. */
static void wait_shown(const char *text)
{
	const double began = fed_wall_seconds();

	while (!emulator_shows(text)) {
		ck_assert_msg(fed_wall_seconds() < began + PATIENCE, "never %s on\n%s", text,
		              emulator_screen());
		listen_to_session(0);
		emulator_read_on();
	}
}

START_TEST(it_shows_what_the_session_does)
{
	attach();
	wait_shown("[1 overview]");
	type_session("round 3\r");
	wait_shown("version 3 ");
	emulator_type("2");
	wait_shown("[2 clients]");
	emulator_resize(60, 20);
	wait_shown("[2 clients]");
	emulator_type("r");
	wait_shown("this terminal looks on");
	type_session("attach\r");
	wait_session("1 terminal is attached");
	type_session("round 100000 > /dev/null &\r");
	wait_shown("running");
	type_session("stop\r");
	wait_session("[1] stopped");
	type_session("status\r");
	wait_session("scheme");
	type_session("watch\r"); /* its own, beside */
	wait_session("overview");
	emulator_type("1");
	wait_shown("[1 overview]");
	type_session("q");
	wait_session("`continue` goes on");
	wait_session("fedsh> ");
	type_session("quit\r");
	ck_assert_int_eq(end_session(), 0);
	wait_shown("the session has ended");
	ck_assert_int_eq(emulator_end(), 0);
	ck_assert(emulator_is_restored());
}
END_TEST

/* Killed, stopped, sized to nothing: the session does not notice. */
START_TEST(it_cannot_hold_up_the_session)
{
	attach();
	wait_shown("[1 overview]");
	emulator_resize(10, 3);
	wait_shown("needs 40");
	emulator_signal(SIGSTOP);
	type_session("round 30\r");
	wait_session("round 30 ");
	type_session("show lr\r");
	wait_session("lr = 0.1");
	emulator_signal(SIGCONT);
	emulator_resize(100, 30);
	wait_shown("version 30 ");
	emulator_signal(SIGKILL);
	ck_assert_int_eq(emulator_end(), 128 + SIGKILL);
	type_session("round 2\r");
	wait_session("round 32 ");
	type_session("attach\r");
	wait_session("no terminal is attached");
	attach();
	wait_shown("version 32 ");
	emulator_type("\003"); /* Ctrl-C is for it alone */
	ck_assert_int_eq(emulator_end(), 0);
	type_session("quit\r");
	ck_assert_int_eq(end_session(), 0);
}
END_TEST

START_TEST(a_session_that_is_killed_leaves_nothing)
{
	attach();
	wait_shown("[1 overview]");
	kill(session, SIGKILL);
	ck_assert_int_eq(end_session(), 128 + SIGKILL);
	wait_shown("the session has ended");
	ck_assert_int_eq(emulator_end(), 0);
	attach();
	wait_shown("no session of yours runs");
	ck_assert_int_eq(emulator_end(), 2);
}
END_TEST

FED_SUITE(attach)
{
	Suite *suite = suite_create("attach");
	TCase *tests = tcase_create("attach");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, it_shows_what_the_session_does);
	tcase_add_test(tests, it_cannot_hold_up_the_session);
	tcase_add_test(tests, a_session_that_is_killed_leaves_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}
