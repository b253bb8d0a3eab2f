/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/capture.c - a pipe in place of standard error.
 *
 * It is created once and never closed, because child processes may keep writing to it. Both ends
 * are non-blocking: a writer never waits for a reader, and bytes beyond the pipe's capacity are
 * lost.
 */
#include "tui/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tui/crash.h"

static int ends[2] = {-1, -1};
static int saved[2] = {-1, -1}; /* standard output and error */

static int make_pipe(struct fed_error *err)
{
	if (ends[0] >= 0 || pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0)
		return FED_OK;
	return fed_fail(err, "no pipe for standard error: %s", strerror(errno));
}

static bool divert(int descriptor, int *kept)
{
	*kept = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
	return *kept >= 0 && dup2(ends[1], descriptor) >= 0;
}

int fed__capture_begin(struct fed_error *err)
{
	if (make_pipe(err))
		return FED_FAIL;
	fflush(stdout);
	fflush(stderr);
	if (!divert(STDERR_FILENO, &saved[1]) ||
	    (isatty(STDOUT_FILENO) && !divert(STDOUT_FILENO, &saved[0]))) {
		fed_fail(err, "standard error cannot be taken: %s", strerror(errno));
		fed__capture_end();
		return FED_FAIL;
	}
	fed__crash_stderr(saved[1]);
	return FED_OK;
}

void fed__capture_end(void)
{
	fflush(stdout);
	fed__crash_stderr(-1);
	for (int i = 0; i < 2; i++) {
		if (saved[i] < 0)
			continue;
		dup2(saved[i], STDOUT_FILENO + i);
		close(saved[i]);
		saved[i] = -1;
	}
}

int fed__capture_descriptor(void)
{
	return ends[0];
}

size_t fed__capture_read(char *bytes, size_t n)
{
	const ssize_t got = read(ends[0], bytes, n);

	return got > 0 ? (size_t)got : 0;
}
