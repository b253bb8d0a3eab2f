/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/system/spawn.c - programs in processes of their own.
 */
#include "base/system/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

int fed_spawn(pid_t *pid, const char *const argv[], const char *output, struct fed_error *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all, none;
	char own[4096];
	const char *program = argv[0];

	if (strcmp(program, "/proc/self/exe") == 0) { /* there it would be the new process's */
		const ssize_t n = readlink(program, own, sizeof own - 1);

		own[n > 0 ? n : 0] = '\0';
		program = own;
	}
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_APPEND,
	                                 0600);
	posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
	                                          POSIX_SPAWN_SETPGROUP);
	const int why =
		posix_spawnp(pid, program, &actions, &attributes, (char *const *)(uintptr_t)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return why ? fed_fail(err, "%s: %s", program, strerror(why)) : FED_OK;
}
