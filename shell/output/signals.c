/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/signals.c - Ctrl-C stops rounds, not the program.
 */
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "shell/shell.h"

static struct fed_shell *volatile connected;
/* Lock-free, so that handlers may use them; while the watch is open, commands run in another
 * thread than the one that handles signals. */
static atomic_int interrupted, ending, running, presses;

/* write() may be called in a handler, stdio may not. */
static void say(const char *text, size_t len)
{
	const ssize_t written = write(STDERR_FILENO, text, len);

	(void)written; /* nothing can be done here if it failed */
}

/* As if nobody had caught the signal. */
static void end_at_once(int number)
{
	signal(number, SIG_DFL);
	raise(number);
}

#define SAID(words) words, sizeof words - 1
struct words {
	const char *text;
	size_t len;
};
/* What the first and the second one do; and where the second comes too late, or is not enough. */
static const struct words said[FED_RUNNING_KINDS][2] = {
	[FED_RUNNING_ROUNDS] = {{SAID("\nstops after this round; Ctrl-C again aborts it\n")},
                            {SAID("\naborts this round\n")}},
	[FED_RUNNING_STEPS] = {{SAID("\nstops after this step; Ctrl-C again aborts the round\n")},
                           {SAID("\naborts this round\n")}},
	[FED_RUNNING_TRIALS] = {{SAID("\nstops after those that run; Ctrl-C again drops them\n")},
                            {SAID("\ndrops those that run\n")}},
};
static const struct words late = {SAID("\nthis round is made already; ends its evaluation\n")};
static const struct words stuck = {
	SAID("\nstill at work, maybe in a plugin; Ctrl-C again ends fedsh, without saving\n")};

static const struct words *words_for(int press)
{
	if (press > 2)
		return &stuck;
	if (press == 2 && fed_session_evaluates(connected->session))
		return &late;
	return &said[running][press - 1];
}

static void on_interrupt(int number)
{
	interrupted = 1;
	if (!connected)
		return;
	fed_session_interrupt(connected->session);
	if (!running)
		return;
	const int press = ++presses;
	if (press > 3) {
		end_at_once(number);
		return;
	}
	const struct words *words = words_for(press);
	say(words->text, words->len);
}

/* The second time without waiting: a plugin may never come back. */
static void on_end(int number)
{
	if (ending)
		end_at_once(number);
	ending = number;
	if (!connected)
		return;
	fed_session_interrupt(connected->session);
	fed_session_interrupt(connected->session);
}

void fed_signals_connect(struct fed_shell *shell)
{
	struct sigaction interrupt = {.sa_handler = on_interrupt}, end = {.sa_handler = on_end};
	struct sigaction pipe = {.sa_handler = SIG_DFL};

	connected = shell;
	sigemptyset(&interrupt.sa_mask);
	sigemptyset(&end.sa_mask);
	sigemptyset(&pipe.sa_mask);
	interrupt.sa_flags = end.sa_flags = 0; /* poll() must return */
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGHUP, &end, NULL);
	sigaction(SIGPIPE, &pipe, NULL);
}

bool fed_signals_interrupted(void)
{
	return atomic_exchange(&interrupted, 0);
}

int fed_signals_ending(void)
{
	return ending;
}

void fed_signals_running(enum fed_running what)
{
	presses = 0;
	running = (int)what;
}
