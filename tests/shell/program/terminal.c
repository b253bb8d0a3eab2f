/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/program/terminal.c - the built program at a pseudo-terminal, one at a time.
 */
#include "shell/program/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/suite.h"

/* Milliseconds: for what takes a moment; for what may take a while to be said. */
#define PATIENCE 60000
#define QUIET 300

static int master;
static pid_t child;
static char seen[1 << 18];
static size_t n_seen;

void terminal_begin(const char *term, const char *folder)
{
	struct winsize size = {.ws_row = 24, .ws_col = 100};

	n_seen = 0;
	seen[0] = 0;
	child = forkpty(&master, NULL, NULL, &size);
	ck_assert_int_ge(child, 0);
	if (child > 0)
		ck_assert_int_eq(fcntl(master, F_SETFL, O_NONBLOCK), 0);
	if (child == 0) {
		setenv("TERM", term, 1);
		setenv("HOME", folder, 1);
		setenv("INPUTRC", "/dev/null", 1);
		setenv("NO_COLOR", "1", 0); /* unless colours are what is tested */
		setenv("PAGER", "", 0);     /* unless it is what is tested */
		unsetenv("XDG_STATE_HOME");
		if (chdir(folder) == 0)
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

const char *terminal_seen(void)
{
	return seen;
}

void terminal_wait(const char *text)
{
	char *at;

	while (!(at = strstr(seen, text)))
		ck_assert_msg(read_more(PATIENCE), "never wrote %s, but:\n%s", text, seen);
	at += strlen(text);
	n_seen -= (size_t)(at - seen);
	memmove(seen, at, n_seen + 1);
}

/* The program may wait until what it wrote is read before it reads on. */
void terminal_type(const char *text)
{
	for (size_t n = strlen(text); n > 0;) {
		struct pollfd p = {.fd = master, .events = POLLOUT};
		const ssize_t done = write(master, text, n);

		if (done > 0) {
			text += done;
			n -= (size_t)done;
		} else if (done < 0 && errno != EAGAIN && errno != EINTR) {
			ck_abort_msg("nothing reads any more (%s); it wrote:\n%s", strerror(errno), seen);
		} else if (poll(&p, 1, QUIET) <= 0) {
			ck_assert_msg(read_more(PATIENCE), "it reads nothing, and wrote:\n%s", seen);
		}
	}
}

void terminal_resize(unsigned short columns)
{
	const struct winsize size = {.ws_row = 24, .ws_col = columns};

	ck_assert_int_eq(ioctl(master, TIOCSWINSZ, &size), 0);
}

void terminal_signal(int number)
{
	kill(child, number);
}

/* Pages of the program's memory, and whether it sleeps. */
static unsigned long pages_now(bool *asleep)
{
	char path[64], state = 0;
	unsigned long pages;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%ld/stat", (long)child);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%*d %*s %c", &state), 1);
	fclose(f);
	snprintf(path, sizeof path, "/proc/%ld/statm", (long)child);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%lu", &pages), 1);
	fclose(f);
	*asleep = state == 'S';
	return pages;
}

void terminal_limit_memory(size_t more)
{
	unsigned long pages = 0;
	bool asleep;

	/* Behind its prompt it may still return memory, which it could use then. */
	for (int same = 0; same < 5; poll(NULL, 0, 2)) {
		const unsigned long now = pages_now(&asleep);
		same = asleep && now == pages ? same + 1 : 0;
		pages = now;
	}
	const rlim_t most = pages * (rlim_t)sysconf(_SC_PAGESIZE) + more;
	const struct rlimit limit = {most, RLIM_INFINITY};
	ck_assert_int_eq(prlimit(child, RLIMIT_AS, &limit, NULL), 0);
}

void terminal_interrupt(const char *text)
{
	for (int i = 0; i < PATIENCE / QUIET && !strstr(seen, text); i++)
		if (!read_more(QUIET))
			terminal_signal(SIGINT);
	terminal_wait(text);
}

int terminal_end(void)
{
	int status;

	while (read_more(PATIENCE))
		;
	for (int waited = 0; waitpid(child, &status, WNOHANG) == 0; waited += QUIET) {
		if (waited > PATIENCE) {
			kill(child, SIGKILL);
			ck_abort_msg("it never ends, and wrote:\n%s", seen);
		}
		poll(NULL, 0, waited ? QUIET : 1);
	}
	close(master);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
