/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/build.c - the command `build`: runs the C compiler on a plugin.
 */
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "shell/output/print.h"
#include "shell/commands/build.h"

#define FLAGS_MAX 16

extern char **environ;

/* "my cc -flag" becomes arguments; the text is cut in place. */
static size_t split_compiler(char *text, const char **argv, size_t max)
{
	size_t n = 0;

	for (char *save, *word = strtok_r(text, " \t", &save); word && n < max;
	     word = strtok_r(NULL, " \t", &save))
		argv[n++] = word;
	return n;
}

/* Run the compiler and wait for it; its messages go to the descriptor `output`. */
static int run_compiler(const char *const *argv, int output, struct fed_error *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	pid_t child;
	int status;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGXFSZ);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
	const int rc =
		posix_spawnp(&child, argv[0], &actions, &attributes, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (rc)
		return fed_fail(err, "%s: %s; install a C compiler or name it in CC", argv[0],
		                strerror(rc));
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return fed_fail(err, "%s: %s", argv[0], strerror(errno));
	if (WIFSIGNALED(status))
		return fed_fail(err, "%s was ended by signal %d", argv[0], WTERMSIG(status));
	if (WEXITSTATUS(status))
		return fed_fail(err, "%s refused it (see above)", argv[0]);
	return FED_OK;
}

/* Run the compiler with its messages in a file, and print them cleaned of control bytes. */
static int compile(struct fed_shell *shell, const char *const *argv, struct fed_error *err)
{
	FILE *said = tmpfile();
	char line[1024];

	if (!said)
		return fed_fail(err, "no temporary file: %s", strerror(errno));
	const int rc = run_compiler(argv, fileno(said), err);
	rewind(said);
	while (fgets(line, sizeof line, said))
		fed__print(shell, "%s", line);
	fclose(said);
	return rc;
}

int fed__build(struct fed_shell *shell, const char *name, struct fed_error *err)
{
	const char *cc = getenv("CC"), *argv[FLAGS_MAX + 16];
	struct fed_text compiler = {0}, source = {0}, object = {0}, include = {0};
	size_t len = strlen(name);
	uint64_t bytes;
	int rc;

	if (len > 2 && strcmp(name + len - 2, ".c") == 0)
		len -= 2;
	fed_text_add(&compiler, "%s", cc && *cc ? cc : "cc");
	fed_text_add(&source, "%s%.*s.c", *name == '-' ? "./" : "", (int)len, name);
	fed_text_add(&object, "%s%.*s.so", *name == '-' ? "./" : "", (int)len, name);
	fed_text_add(&include, "-I%s", shell->include ? shell->include : "/usr/include");
	if (compiler.failed || source.failed || object.failed || include.failed) {
		rc = fed_fail(err, "out of memory (a command line)");
	} else {
		rc = fed_file_readable(source.s, &bytes, err);
		if (rc == FED_OK && (rc = fed_file_writable(object.s, err)) != FED_OK)
			shell->fault = FED_EXIT_IO;
		size_t n = split_compiler(compiler.s, argv, FLAGS_MAX);
		const char *const flags[] = {"-std=gnu17",
		                             "-shared",
		                             "-fPIC",
		                             "-O3",
		                             "-g",
		                             "-Wall",
		                             "-Wextra",
		                             "-Wno-unused-parameter",
		                             "-fvisibility=hidden",
		                             include.s,
		                             "-o",
		                             object.s,
		                             source.s,
		                             "-lm",
		                             NULL};

		for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
			argv[n++] = flags[i];
		if (rc == FED_OK)
			rc = compile(shell, argv, err);
	}
	if (rc == FED_OK)
		fed__print(shell, "built %s; `load %s%s` or, when it was loaded before, `reload` it\n",
		           object.s, strchr(object.s, '/') ? "" : "./", object.s);
	fed_text_release(&compiler);
	fed_text_release(&source);
	fed_text_release(&object);
	fed_text_release(&include);
	return rc;
}
