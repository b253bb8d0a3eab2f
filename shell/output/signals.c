/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/signals.c - signal handlers: Ctrl-C stops rounds, not the program.
 */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "shell/shell.h"

static struct fed_shell *volatile connected;
/* Lock-free atomics, because handlers use them, and because commands run in another thread while
 * the watch is open. */
static atomic_int interrupted, ending, running, presses, behind, stopping;
static _Thread_local bool in_job;

/* Async-signal-safe output. */
static void write_message(const char *text, size_t len)
{
	const ssize_t written = write(STDERR_FILENO, text, len);

	(void)written; /* a failure cannot be handled here */
}

/* End the program by the signal's default action. */
static void end_at_once(int number)
{
	signal(number, SIG_DFL);
	raise(number);
}

#define MESSAGE(message) message, sizeof message - 1
struct message {
	const char *text;
	size_t len;
};
/* Messages for the first and the second Ctrl-C; `late`: the round is over; `stuck`: later ones. */
static const struct message messages[FED_RUNNING_KINDS][2] = {
	[FED_RUNNING_ROUNDS] = {{MESSAGE("\nstops after this round; Ctrl-C again aborts it\n")},
                            {MESSAGE("\naborts this round\n")}},
	[FED_RUNNING_STEPS] = {{MESSAGE("\nstops after this step; Ctrl-C again aborts the round\n")},
                           {MESSAGE("\naborts this round\n")}},
	[FED_RUNNING_TRIALS] = {{MESSAGE("\n"
                                     "stops after the running trials; Ctrl-C again drops them\n")},
                            {MESSAGE("\n"
                                     "drops the running trials\n")}},
};
static const struct message late = {
	MESSAGE("\n"
            "the round is trained already; stops its evaluation\n")};
static const struct message stuck = {
	MESSAGE("\nstill at work, maybe in a plugin; Ctrl-C again ends fedsh, without saving\n")};

static const struct message *message_for(int press)
{
	if (press > 2)
		return &stuck;
	if (press == 2 && fed_session_evaluates(connected->session))
		return &late;
	return &messages[running][press - 1];
}

static void on_interrupt(int number)
{
	interrupted = 1;
	if (!connected || behind)
		return;
	fed_session_interrupt(connected->session);
	if (!running)
		return;
	const int press = ++presses;
	if (press > 3) {
		end_at_once(number);
		return;
	}
	const struct message *message = message_for(press);
	write_message(message->text, message->len);
}

/* The second signal ends at once, because a plugin may never return. */
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

void fed__signals_connect(struct fed_shell *shell)
{
	struct sigaction interrupt = {.sa_handler = on_interrupt}, end = {.sa_handler = on_end};
	struct sigaction pipe = {.sa_handler = SIG_DFL}, file_size = {.sa_handler = SIG_IGN};

	connected = shell;
	sigemptyset(&interrupt.sa_mask);
	sigemptyset(&end.sa_mask);
	sigemptyset(&pipe.sa_mask);
	sigemptyset(&file_size.sa_mask);
	interrupt.sa_flags = end.sa_flags = 0; /* poll() must return */
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGHUP, &end, NULL);
	sigaction(SIGPIPE, &pipe, NULL);
	sigaction(SIGXFSZ, &file_size, NULL);
}

int fed__signals_poll(struct pollfd *of, unsigned n, double seconds)
{
	const struct timespec most = {(time_t)seconds, (long)(1e9 * (seconds - floor(seconds)))};
	sigset_t ours, before;
	int rc;

	/* Blocked but for the wait itself: one that comes just before it is not missed. */
	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ours, &before);
	do {
		rc = interrupted || ending ? -1 : ppoll(of, n, &most, &before);
	} while (rc < 0 && errno == EINTR && !interrupted && !ending);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return interrupted || ending ? -1 : rc;
}

bool fed__signals_interrupted(void)
{
	if (in_job && behind)
		return false;
	return atomic_exchange(&interrupted, 0);
}

int fed__signals_ending(void)
{
	return ending;
}

enum fed_running fed__signals_running(enum fed_running what)
{
	presses = 0;
	return (enum fed_running)atomic_exchange(&running, (int)what);
}

void fed__signals_behind(bool is)
{
	behind = is;
}

bool fed__signals_are_behind(void)
{
	return behind;
}

void fed__signals_in_job(void)
{
	in_job = true;
}

static void on_stop(int number)
{
	(void)number;
	stopping = 1;
}

void fed__signals_catch_stop(bool catch)
{
	struct sigaction action = {.sa_handler = catch ? on_stop : SIG_DFL};

	sigemptyset(&action.sa_mask);
	sigaction(SIGTSTP, &action, NULL);
}

bool fed__signals_stop(void)
{
	return atomic_exchange(&stopping, 0);
}

void fed__signals_suspend(void)
{
	fed__signals_catch_stop(false);
	raise(SIGTSTP);
}
