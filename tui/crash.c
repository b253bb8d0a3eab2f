/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/crash.c - crash handlers; they call async-signal-safe functions only. */
#include "tui/crash.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};
enum { FATAL = sizeof fatal / sizeof *fatal, BYTES_MOST = 512, STACK = 64 * 1024 };

static struct sigaction before[FATAL];
static int terminal = -1;
static volatile sig_atomic_t saved_stderr = -1;
static struct termios restored;
static char farewell[BYTES_MOST];
static size_t n_farewell;
static char stack[STACK]; /* alternate signal stack: the thread's own may have overflowed */

static void on_crash(int number)
{
	const ssize_t written = write(terminal, farewell, n_farewell);

	(void)written;
	tcsetattr(terminal, TCSADRAIN, &restored);
	if (saved_stderr >= 0)
		dup2(saved_stderr, STDERR_FILENO);
	for (size_t i = 0; i < FATAL; i++)
		if (fatal[i] == number)
			sigaction(number, &before[i], NULL);
	raise(number); /* delivered when this handler returns */
}

void fed__crash_arm(int fd, const struct termios *modes, const char *bytes, size_t n)
{
	const stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
	struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};
	stack_t present;

	terminal = fd;
	restored = *modes;
	n_farewell = n < sizeof farewell ? n : sizeof farewell;
	memcpy(farewell, bytes, n_farewell);
	if (sigaltstack(NULL, &present) == 0 && (present.ss_flags & SS_DISABLE))
		sigaltstack(&alternative, NULL);
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < FATAL; i++)
		sigaction(fatal[i], &action, &before[i]);
}

void fed__crash_disarm(void)
{
	if (terminal < 0)
		return;
	for (size_t i = 0; i < FATAL; i++)
		sigaction(fatal[i], &before[i], NULL);
	terminal = -1;
}

void fed__crash_stderr(int saved)
{
	saved_stderr = saved;
}
