/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/kit/debug_plugin.c - the command `debug-plugin`: gdb on a plugin.
 *
 * gdb runs this program on a saved copy of the session.  It opens the plugin's file in its place
 * (FEDSH_PLUGINS_IN_PLACE), since gdb cannot read the symbols of a private copy.
 */
#include "shell/commands/kit/debug_plugin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpoint/checkpoint.h"
#include "shell/language/plugin_files.h"
#include "shell/output/program.h"
#include "shell/language/line.h"
#include "shell/output/print.h"

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What gdb is told: run until the plugin is loaded, then to the first call of one of the functions
 * that its source defines. */
static int run_gdb(struct fed_shell *shell, const char *object, const char *source,
                   const char *line, struct fed_error *err)
{
	struct fed_text load = {0}, functions = {0};

	fed_text_add(&load, "catch load %s", last_part(object));
	fed_text_add(&functions, "rbreak %s:.", last_part(source));
	const char *const argv[] = {"gdb",    "-q",
	                            "-ex",    "set confirm off",
	                            "-ex",    "set pagination off",
	                            "-ex",    "set environment FEDSH_PLUGINS_IN_PLACE 1",
	                            "-ex",    load.s,
	                            "-ex",    "run",
	                            "-ex",    "delete",
	                            "-ex",    functions.s,
	                            "-ex",    "continue",
	                            "-ex",    "set pagination on",
	                            "--args", shell->program,
	                            "-c",     line,
	                            NULL};
	const int rc = load.failed || functions.failed
	                   ? fed_fail(err, "out of memory (a command line)")
	                   : fed__program_run(shell, argv, -1, "install gdb (Debian: gdb)", err);
	fed_text_release(&load);
	fed_text_release(&functions);
	return rc;
}

/* Save a copy of the session; the caller removes the file. */
static int save_copy(const struct fed_shell *shell, struct fed_text *path, struct fed_error *err)
{
	const char *folder = getenv("TMPDIR");

	fed_text_add(path, "%s/fedsh-debug-XXXXXX", folder && *folder ? folder : "/tmp");
	if (path->failed)
		return fed_fail(err, "out of memory (a path)");
	const int fd = mkstemp(path->s);
	if (fd < 0) {
		fed_text_clear(path);
		return fed_fail(err, "no temporary file: %s", strerror(errno));
	}
	close(fd);
	return fed_session_save_unsynced(shell->session, path->s, NULL, err);
}

int fed__debug_plugin(struct fed_shell *shell, const struct fed_entry *e, struct fed_error *err)
{
	struct fed_text source = {0}, copy = {0}, line = {0};
	const char *name = e->head->name;

	if (!fed_session_uses(shell->session, e))
		return fed_fail(err, "no round would call %s; choose it first, so that the session uses it",
		                name);
	if (!fed__plugin_source_beside(e, &source)) {
		fed_text_release(&source);
		return fed_fail(err, "%s has no source beside %s", name, e->path);
	}
	if (!fed__program_has_terminal(shell) || !shell->program) {
		fed__print(shell, "debug-plugin: in a terminal it starts gdb on %s\n", source.s);
		fed_text_release(&source);
		return FED_OK;
	}
	int rc = save_copy(shell, &copy, err);
	if (rc == FED_OK) {
		fed_text_add(&line, "autosave off; load ");
		fed__word_quote(&line, e->path);
		fed_text_add(&line, " trusted; restore ");
		fed__word_quote(&line, copy.s);
		fed_text_add(&line, "; round");
		fed__print(shell,
		           "gdb on a copy of the session, which stops in each function of %s; "
		           "`continue` goes on, `quit` leads back\n",
		           last_part(source.s));
		fflush(shell->out);
		rc = line.failed ? fed_fail(err, "out of memory (a command line)")
		                 : run_gdb(shell, e->path, source.s, line.s, err);
	}
	if (copy.len)
		unlink(copy.s);
	if (rc == FED_OK)
		fed__print(shell, "back in the session, which is as it was\n");
	fed_text_release(&source);
	fed_text_release(&copy);
	fed_text_release(&line);
	return rc == FED_OK ? FED_OK : FED_FAIL;
}
