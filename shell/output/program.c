/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/program.c - other programs that a command runs.
 */
#include "shell/output/program.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell/output/print.h"

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
static int spawn_with(pid_t *child, const char *const *argv,
                      const posix_spawn_file_actions_t *actions)
{
	posix_spawnattr_t attributes;
	sigset_t defaults;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGXFSZ);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGQUIT);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	const int why =
		posix_spawnp(child, argv[0], actions, &attributes, (char *const *)argv, environ);
	posix_spawnattr_destroy(&attributes);
	return why;
}

static int spawn(pid_t *child, const char *const *argv, int output)
{
	posix_spawn_file_actions_t actions;

	posix_spawn_file_actions_init(&actions);
	if (output >= 0) {
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
		posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
		posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
	}
	const int why = spawn_with(child, argv, &actions);
	posix_spawn_file_actions_destroy(&actions);
	return why;
}

static void lend_terminal(struct fed_terminal_state *t)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigemptyset(&ignore.sa_mask);
	sigaction(SIGINT, &ignore, &t->interrupt);
	sigaction(SIGQUIT, &ignore, &t->quit);
	t->has_modes = tcgetattr(STDIN_FILENO, &t->modes) == 0;
}

static void take_terminal(const struct fed_terminal_state *t)
{
	sigaction(SIGINT, &t->interrupt, NULL);
	sigaction(SIGQUIT, &t->quit, NULL);
	if (t->has_modes)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &t->modes);
}

/* Attend to the room until the program ends; an interrupt leaves the rest to waitpid(). */
static void attend_until_end(struct fed_shell *shell, pid_t child)
{
	const int end = shell->room ? (int)syscall(SYS_pidfd_open, child, 0) : -1;
	struct fed_text said = {0};

	if (end < 0)
		return;
	(void)shell->wait(shell, end, INFINITY, &said);
	close(end);
	fed__print_flush(shell);
	fwrite(fed_text_str(&said), 1, said.len, shell->out);
	fed_text_release(&said);
}

static int wait_for(struct fed_shell *shell, pid_t child, const char *name, int *code,
                    struct fed_error *err)
{
	int status;

	attend_until_end(shell, child);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return fed_fail(err, "%s: %s", name, strerror(errno));
	if (WIFSIGNALED(status))
		return fed_fail(err, "%s was ended by signal %d", name, WTERMSIG(status));
	*code = WEXITSTATUS(status);
	if (*code)
		return fed_reject(err, "%s ended with code %d", name, *code);
	return FED_OK;
}

int fed__program_run(struct fed_shell *shell, const char *const *argv, int output, const char *hint,
                     struct fed_error *err)
{
	struct fed_terminal_state terminal;
	pid_t child;
	int code;

	if (output < 0)
		lend_terminal(&terminal);
	const int why = spawn(&child, argv, output);
	const int rc = why ? fed_fail(err, "%s: %s; %s", argv[0], strerror(why), hint)
	                   : wait_for(shell, child, argv[0], &code, err);
	if (output < 0)
		take_terminal(&terminal);
	return rc;
}

/* Commands ------------------------------------------------------------------- */

static int spawn_command(pid_t *child, const char *command, int input, int output)
{
	const char *const argv[] = {"/bin/sh", "-c", command, NULL};
	posix_spawn_file_actions_t actions;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	const int why = spawn_with(child, argv, &actions);
	posix_spawn_file_actions_destroy(&actions);
	return why;
}

int fed__program_feed(struct fed_reading_program *p, const char *command, int output,
                      struct fed_error *err)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	int ends[2], why;

	p->code = 0;
	if (pipe2(ends, O_CLOEXEC)) /* not for workers that are started meanwhile */
		return fed_fail(err, "no pipe to %s: %s", fed_show(command).s, strerror(errno));
	p->terminal.has_modes = tcgetattr(STDIN_FILENO, &p->terminal.modes) == 0; /* before it acts */
	p->input = fdopen(ends[1], "w");
	why = p->input ? spawn_command(&p->child, command, ends[0], output) : errno;
	close(ends[0]);
	if (why) {
		if (p->input)
			fclose(p->input);
		else
			close(ends[1]);
		return fed_fail(err, "/bin/sh: %s", strerror(why));
	}
	sigemptyset(&ignore.sa_mask);
	sigaction(SIGPIPE, &ignore, &p->pipe);
	return FED_OK;
}

int fed__program_feed_end(struct fed_shell *shell, struct fed_reading_program *p,
                          const char *command, struct fed_error *err)
{
	struct fed_terminal_state now;

	lend_terminal(&now);
	fclose(p->input);
	const int rc = wait_for(shell, p->child, fed_show(command).s, &p->code, err);
	now.modes = p->terminal.modes;
	now.has_modes = p->terminal.has_modes;
	take_terminal(&now);
	sigaction(SIGPIPE, &p->pipe, NULL);
	return rc;
}

int fed__program_show(struct fed_shell *shell, const char *command, int input, int *code,
                      struct fed_error *err)
{
	struct fed_terminal_state terminal;
	pid_t child;

	*code = 0;
	lend_terminal(&terminal);
	const int why = spawn_command(&child, command, input, fileno(shell->out));
	const int rc = why ? fed_fail(err, "/bin/sh: %s", strerror(why))
	                   : wait_for(shell, child, fed_show(command).s, code, err);
	take_terminal(&terminal);
	return rc;
}

bool fed__program_has_terminal(const struct fed_shell *shell)
{
	return !(shell->place && shell->place->file) && !shell->watching.watch &&
	       isatty(STDIN_FILENO) && isatty(fileno(shell->out));
}
