/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * torturing/frames.c - the watch's own loop while memory fails: its keys, its frames, and the
 * commands that run behind it.
 *
 * The loop runs in this process, at a pseudo-terminal.  It asks once a turn whether the program
 * ends (fed__signals_ending, which the linker wraps): there the test reads what was drawn, lets an
 * allocation of the turns to come fail, and types a key.  A key is typed again and again, with one
 * allocation after another failing, until there is no k-th one.  Clock and poll() are wrapped, too:
 * the loop's pauses of 50 ms pass in one.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "shell/terminal/watch_bridge.h"
#include "torturing/torture.h"

enum {
	SHARES = 16,      /* seeds that together are every k */
	TURNS = 4,        /* of the loop, for a key and what it leads to */
	MOST_TURNS = 200, /* until a command behind it has ended */
	MOST_ALLOCATIONS = 3000,
	HASTE = 100, /* times as fast as the clock */
};

static const char *const keys[] = {
	"2",         "j",
	"\r",        "\033",
	"3",         "m",
	"4",         "5",
	"6",         "7",
	"1",         "?",
	"?",         "/",
	"3\r",       "/",
	"\r",        ":",
	"ro\t\r",    ":status\r",
	"r",         ":set lr 0.1\r",
	":step 3\r", ":abort\r",
	":xyzzy\r",  "\t",
	"\033[Z",    "s",
	"+",         "-",
};
enum { KEYS = sizeof keys / sizeof *keys };

static struct drive {
	bool on, opening, leaving;
	pthread_t thread; /* the loop's */
	int master;
	struct fed_shell *shell;
	uint64_t share, k;
	size_t key;
	int turns;  /* since the key was typed */
	bool ahead; /* the watch has opened without the allocation that was to fail */
} drive;

int __real_fed__signals_ending(void);
int __wrap_fed__signals_ending(void);
double __real_fed_wall_seconds(void);
double __wrap_fed_wall_seconds(void);
int __real_poll(struct pollfd *, nfds_t, int);
int __wrap_poll(struct pollfd *, nfds_t, int);

double __wrap_fed_wall_seconds(void)
{
	return __real_fed_wall_seconds() * (drive.on ? HASTE : 1);
}

int __wrap_poll(struct pollfd *p, nfds_t n, int timeout)
{
	const bool loop = drive.on && pthread_equal(pthread_self(), drive.thread);

	return __real_poll(p, n, loop && timeout > 1 ? 1 : timeout);
}

static void read_drawn(void)
{
	char bytes[4096];

	while (read(drive.master, bytes, sizeof bytes) > 0)
		;
}

static void type(const char *text)
{
	ck_assert_int_eq(write(drive.master, text, strlen(text)), (ssize_t)strlen(text));
}

/* The next allocation to fail, or the next key. */
static void go_on(void)
{
	const bool ahead = fed__mem_fail_ahead();

	fed__mem_fail_at(0);
	drive.k += SHARES;
	if (ahead || drive.k > MOST_ALLOCATIONS) { /* there is no k-th one */
		drive.key++;
		drive.k = 1 + drive.share;
	}
	drive.turns = 0;
	if (drive.key < KEYS) {
		fed__mem_fail_at(drive.k);
		type(keys[drive.key]);
	} else {
		drive.leaving = true;
		type("\033\033q");
	}
}

int __wrap_fed__signals_ending(void)
{
	if (!drive.on || !pthread_equal(pthread_self(), drive.thread))
		return __real_fed__signals_ending();
	read_drawn();
	drive.turns++;
	if (drive.opening && drive.turns == 1) {
		drive.ahead = fed__mem_fail_ahead();
		fed__mem_fail_at(0);
		type("q");
	} else if (!drive.opening && !drive.leaving && drive.turns > TURNS)
		go_on();
	else if (drive.leaving && drive.turns % MOST_TURNS == 0)
		type("\033q"); /* from a prompt, too */
	return 0;
}

static void open_terminal(int *slave)
{
	const struct winsize size = {.ws_row = 30, .ws_col = 100};

	setenv("TERM", "xterm-256color", 1);
	ck_assert_int_eq(openpty(&drive.master, slave, NULL, NULL, &size), 0);
	ck_assert_int_eq(fcntl(drive.master, F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(dup2(*slave, STDIN_FILENO), STDIN_FILENO);
}

/* The watch opens with its k-th allocation failing, or says why it does not. */
static void open_with_failures(struct torture *t, struct fed_shell *shell)
{
	for (uint64_t k = 1 + t->seed % SHARES; !drive.ahead; k += SHARES) {
		struct fed_error err = {""};

		ck_assert_uint_lt(k, MOST_ALLOCATIONS);
		drive = (struct drive){.on = true,
		                       .opening = true,
		                       .thread = pthread_self(),
		                       .master = drive.master,
		                       .shell = shell};
		fed__mem_fail_at(k);
		const int rc = fed__watch_bridge_run(shell, NULL, 0, NULL, &err);
		fed__mem_fail_at(0);
		ck_assert_msg(rc == FED_OK || strlen(err.text) > 10, "the watch says \"%s\"", err.text);
		read_drawn();
	}
}

/* Every turn with an allocation that fails: the watch stays or leaves with a sentence, and the
 * session is whole. */
void torture_frames(struct torture *t)
{
	struct fed_error err = {""};
	struct fed_text snapshot = {0};
	struct shell_lab lab;
	int slave;
	const int output = dup(STDOUT_FILENO);

	shell_lab_open(&lab, FED_PLUGIN_DIR);
	torture_own_state(t);
	shell_lab_reply(&lab,
	                "set threads 2; dataset blobs train=120 test=30; model softmax; add-client 6 "
	                "samples=10; set eval-every 2; round 3; keep first; restart; round 2",
	                FED_EXIT_OK);
	open_terminal(&slave);
	fflush(stdout); /* readline writes there, as no prompt has told it of the shell's output */
	ck_assert_int_eq(dup2(slave, STDOUT_FILENO), STDOUT_FILENO);
	FILE *const kept = lab.shell.out, *const terminal = fdopen(dup(slave), "w");
	ck_assert_ptr_nonnull(terminal);
	lab.shell.out = lab.shell.errors = terminal;
	open_with_failures(t, &lab.shell);
	drive = (struct drive){.on = true,
	                       .thread = pthread_self(),
	                       .master = drive.master,
	                       .shell = &lab.shell,
	                       .share = t->seed % SHARES};
	drive.k = 1 + drive.share;
	const uint64_t version = fed_session_version(lab.shell.session);
	const int rc = fed__watch_bridge_run(&lab.shell, NULL, 0, NULL, &err);
	drive.on = false;
	fed__mem_fail_at(0);
	lab.shell.out = lab.shell.errors = kept;
	fclose(terminal);
	fflush(stdout);
	ck_assert_int_eq(dup2(output, STDOUT_FILENO), STDOUT_FILENO);
	close(output);
	ck_assert_msg(rc == FED_OK, "the watch ended: %s", err.text);
	ck_assert_uint_eq(drive.key, KEYS);
	ck_assert_uint_ge(fed_session_version(lab.shell.session), version);
	ck_assert(torture_snapshot(lab.shell.session, &snapshot));
	shell_lab_run(&lab, "abort");
	shell_lab_reply(&lab, "round", FED_EXIT_OK);
	fed_text_release(&snapshot);
	shell_lab_close(&lab);
	close(slave);
	close(drive.master);
}
