/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/kit/program.c - other programs that a command runs.
 */
#include "shell/commands/kit/program.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

extern char **environ;

size_t fed__program_split(char *text, const char **argv, size_t max)
{
	size_t n = 0;

	for (char *save, *word = strtok_r(text, " \t", &save); word && n < max;
	     word = strtok_r(NULL, " \t", &save))
		argv[n++] = word;
	return n;
}

/* 0 or an error number. */
static int spawn(pid_t *child, const char *const *argv, int output)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGXFSZ);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGQUIT);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	if (output >= 0) {
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
		posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
		posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
	}
	const int why =
		posix_spawnp(child, argv[0], &actions, &attributes, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return why;
}

/* What the program at the terminal would take with it. */
struct terminal {
	struct sigaction interrupt, quit;
	struct termios modes;
	bool has_modes;
};

static void lend_terminal(struct terminal *t)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigemptyset(&ignore.sa_mask);
	sigaction(SIGINT, &ignore, &t->interrupt);
	sigaction(SIGQUIT, &ignore, &t->quit);
	t->has_modes = tcgetattr(STDIN_FILENO, &t->modes) == 0;
}

static void take_terminal(const struct terminal *t)
{
	sigaction(SIGINT, &t->interrupt, NULL);
	sigaction(SIGQUIT, &t->quit, NULL);
	if (t->has_modes)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &t->modes);
}

static int wait_for(pid_t child, const char *name, struct fed_error *err)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return fed_fail(err, "%s: %s", name, strerror(errno));
	if (WIFSIGNALED(status))
		return fed_fail(err, "%s was ended by signal %d", name, WTERMSIG(status));
	if (WEXITSTATUS(status))
		return fed_reject(err, "%s ended with code %d", name, WEXITSTATUS(status));
	return FED_OK;
}

int fed__program_run(const char *const *argv, int output, const char *hint, struct fed_error *err)
{
	struct terminal terminal;
	pid_t child;

	if (output < 0)
		lend_terminal(&terminal);
	const int why = spawn(&child, argv, output);
	const int rc = why ? fed_fail(err, "%s: %s; %s", argv[0], strerror(why), hint)
	                   : wait_for(child, argv[0], err);
	if (output < 0)
		take_terminal(&terminal);
	return rc;
}

bool fed__program_has_terminal(const struct fed_shell *shell)
{
	return !(shell->place && shell->place->file) && !shell->watching.watch &&
	       isatty(STDIN_FILENO) && isatty(fileno(shell->out));
}
