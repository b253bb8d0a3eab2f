/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/kit/build.c - the command `build`: runs the C compiler on a plugin.
 */
#include "shell/commands/kit/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "shell/language/plugin_files.h"
#include "shell/output/program.h"
#include "shell/output/print.h"

#define FLAGS_MAX 16

/* Run the compiler with its messages in a file, and print them cleaned of control bytes. */
static int compile(struct fed_shell *shell, const char *const *argv, struct fed_error *err)
{
	FILE *said = tmpfile();
	char line[1024];

	if (!said)
		return fed_fail(err, "no temporary file: %s", strerror(errno));
	int rc =
		fed__program_run(shell, argv, fileno(said), "install a C compiler or name it in CC", err);
	if (rc == FED_REJECT)
		rc = fed_fail(err, "%s refused it (see above)", argv[0]);
	rewind(said);
	while (fgets(line, sizeof line, said))
		fed__print(shell, "%s", line);
	fclose(said);
	return rc;
}

/* Compile a source to an object; checked: for a process with the sanitizers' runtimes. */
static int build_file(struct fed_shell *shell, const char *source, const char *object, bool checked,
                      struct fed_error *err)
{
	const char *cc = getenv("CC"), *argv[FLAGS_MAX + 16];
	struct fed_text compiler = {0}, include = {0};
	uint64_t bytes;

	fed_text_add(&compiler, "%s", cc && *cc ? cc : "cc");
	fed_text_add(&include, "-I%s", shell->include ? shell->include : "/usr/include");
	int rc = compiler.failed || include.failed ? fed_fail(err, "out of memory (a command line)")
	                                           : fed_file_readable(source, &bytes, err);
	if (rc == FED_OK && (rc = fed_file_writable(object, err)) != FED_OK)
		shell->fault = FED_EXIT_IO;
	if (rc == FED_OK) {
		size_t n = fed__program_split(compiler.s, argv, FLAGS_MAX);
		const char *const flags[] = {"-std=gnu17",
		                             "-shared",
		                             "-fPIC",
		                             "-g",
		                             "-Wall",
		                             "-Wextra",
		                             "-Wno-unused-parameter",
		                             "-fvisibility=hidden",
		                             include.s,
		                             checked ? "-O1" : "-O3",
		                             checked ? "-fsanitize=address,undefined" : "-g",
		                             checked ? "-fno-sanitize-recover=undefined" : "-g",
		                             checked ? "-w" : "-g", /* `build` has said it */
		                             "-o",
		                             object,
		                             source,
		                             "-lm",
		                             NULL};

		for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
			argv[n++] = flags[i];
		rc = compile(shell, argv, err);
	}
	fed_text_release(&compiler);
	fed_text_release(&include);
	return rc;
}

int fed__build_checked(struct fed_shell *shell, const char *source, const char *object,
                       struct fed_error *err)
{
	return build_file(shell, source, object, true, err);
}

/* What to do with an object that was built. */
static void say_next(struct fed_shell *shell, const char *object)
{
	const struct fed_entry *loaded = fed__plugin_of(shell, object);
	const char *slash = strrchr(object, '/');
	const char *name = slash ? slash + 1 : object;
	const size_t n = strlen(name) - strlen(".so"), folder = slash ? (size_t)(slash - object) : 0;

	if (loaded)
		fed__print(shell, "built %s; `reload %s` takes it\n", object, loaded->head->name);
	else if (folder == 0 || (folder == n && strncmp(object, name, n) == 0))
		fed__print(shell, "built %s; `load %.*s`\n", object, (int)n, name);
	else
		fed__print(shell, "built %s; `load %s`\n", object, object);
}

int fed__build(struct fed_shell *shell, const char *name, struct fed_error *err)
{
	struct fed_text source = {0}, object = {0};
	int rc = fed__plugin_source(shell, name, &source, err);

	if (rc == FED_OK) {
		if (*fed_text_str(&source) == '-') { /* no option of the compiler */
			struct fed_text here = {0};

			fed_text_add(&here, "./%s", source.s);
			fed_text_release(&source);
			source = here;
		}
		fed__plugin_object_of(fed_text_str(&source), &object);
		rc = source.failed || object.failed ? fed_fail(err, "out of memory (a path)")
		                                    : build_file(shell, source.s, object.s, false, err);
	}
	if (rc == FED_OK)
		say_next(shell, object.s);
	fed_text_release(&source);
	fed_text_release(&object);
	return rc;
}
