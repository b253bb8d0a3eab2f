/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/verify.c - the command `verify`.
 */
#include "shell/commands/verify.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "shell/language/line.h"
#include "shell/output/print.h"
#include "shell/output/program.h"

enum { WORDS_MAX = 512, LINE_MAX_SHOWN = 500 };

const struct fed_field fed__verify_rows[] = {
	FED_ARG_TEXT(struct fed_verify_args, files, FED_ARG_NEEDED | FED_FIELD_REST, "path",
                 "recordings, or patterns as *.fedsh"),
	FED_END,
};

/* The last line that tells an error, or that is not empty, without its end. */
static void last_line(FILE *f, char line[LINE_MAX_SHOWN])
{
	static const char error[] = "error: ";
	char next[LINE_MAX_SHOWN];
	bool told = false;

	line[0] = '\0';
	rewind(f);
	while (fgets(next, sizeof next, f)) {
		next[strcspn(next, "\r\n")] = '\0';
		const bool tells = strncmp(next, error, sizeof error - 1) == 0;
		if (tells || (*next && !told))
			memcpy(line, next, sizeof next);
		told |= tells;
	}
}

/* Replay a file in a program of its own; *line: what it said last. */
static int replay(struct fed_shell *shell, const char *path, char line[LINE_MAX_SHOWN],
                  struct fed_error *err)
{
	struct fed_text command = {0};
	FILE *said = tmpfile();

	if (!said)
		return fed_fail(err, "no temporary file: %s", strerror(errno));
	fed_text_add(&command, "set readonly on; replay ");
	fed__word_quote(&command, path);
	fed_text_add(&command, " verify");
	const char *const argv[] = {shell->program,         "--columns", "1000", "-c",
	                            fed_text_str(&command), NULL};
	const int rc = command.failed
	                   ? fed_fail(err, "out of memory (a command line)")
	                   : fed__program_run(shell, argv, fileno(said), "it is this program", err);
	last_line(said, line);
	fclose(said);
	fed_text_release(&command);
	return rc;
}

static int verify_one(struct fed_shell *shell, struct fed_table *t, const char *path,
                      struct fed_error *err)
{
	char line[LINE_MAX_SHOWN];
	uint64_t size;
	struct fed_error why;

	fed__table_cell(t, "%s", path);
	int rc = fed_file_readable(path, &size, &why);
	if (rc) {
		fed__table_cell(t, "unreadable");
		fed__table_cell(t, "%s", why.text);
		return FED_REJECT;
	}
	rc = replay(shell, path, line, err);
	if (rc == FED_FAIL)
		return rc;
	fed__table_cell(t, rc ? "differs or fails" : "same bits");
	fed__table_cell(t, "%s", line);
	return rc;
}

/* Verify the files of a pattern; counts those that are not the same. */
static int verify_pattern(struct fed_shell *shell, struct fed_table *t, const char *pattern,
                          unsigned *wrong, struct fed_error *err)
{
	glob_t found;
	int rc = FED_OK;

	if (glob(pattern, GLOB_NOCHECK | GLOB_TILDE, NULL, &found))
		return fed_fail(err, "%s: the folder cannot be searched", fed_show(pattern).s);
	for (size_t i = 0; rc != FED_FAIL && i < found.gl_pathc; i++) {
		rc = atomic_load(fed_session_interrupts(shell->session))
		         ? fed_fail(err, "was interrupted")
		         : verify_one(shell, t, found.gl_pathv[i], err);
		*wrong += rc == FED_REJECT;
	}
	globfree(&found);
	return rc == FED_FAIL ? rc : FED_OK;
}

int fed__run_verify(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	struct fed_verify_args a = *(const struct fed_verify_args *)call->args;
	static const struct fed_table_column columns[] = {
		{.title = "file"},
		{.title = "verified", .key = "verified"},
		{.title = "outcome", .kind = FED_CELL_PROSE, .rank = 1}};
	struct fed_table table = {.name = "verified", .column = columns, .columns = 3};
	const char *word[WORDS_MAX];
	unsigned wrong = 0;
	int rc = FED_OK;

	if (!shell->program)
		return fed_fail(err, "the path of this program is not known, which replays the files");
	const size_t n = fed__program_split(a.files, word, WORDS_MAX);
	if (n == WORDS_MAX)
		return fed_fail(err, "more than %d names; give a pattern as *.fedsh", WORDS_MAX - 1);
	for (size_t i = 0; rc == FED_OK && i < n; i++)
		rc = verify_pattern(shell, &table, word[i], &wrong, err);
	fed__table_print(shell, &table);
	if (rc || !wrong)
		return rc;
	return fed_fail(err, "%u file%s not what was recorded", wrong, wrong == 1 ? " is" : "s are");
}
