/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/crash.c - the terminal after a crash; async-signal-safe functions only. */
#include "tui/crash.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/system/fatal.h"

enum { BYTES_MOST = 512 };

static int terminal = -1;
static volatile sig_atomic_t saved_stderr = -1;
static struct termios restored;
static char farewell[BYTES_MOST];
static size_t n_farewell;

static void leave_terminal(int number, const siginfo_t *info, const void *context)
{
	const ssize_t written = write(terminal, farewell, n_farewell);

	(void)number, (void)info, (void)context, (void)written;
	tcsetattr(terminal, TCSADRAIN, &restored);
	if (saved_stderr >= 0)
		dup2(saved_stderr, STDERR_FILENO);
}

void fed__crash_arm(int fd, const struct termios *modes, const char *bytes, size_t n)
{
	terminal = fd;
	restored = *modes;
	n_farewell = n < sizeof farewell ? n : sizeof farewell;
	memcpy(farewell, bytes, n_farewell);
	fed_fatal_set(FED_FATAL_TERMINAL, leave_terminal);
}

void fed__crash_disarm(void)
{
	fed_fatal_set(FED_FATAL_TERMINAL, NULL);
}

void fed__crash_stderr(int saved)
{
	saved_stderr = saved;
}
