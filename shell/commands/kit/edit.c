/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/kit/edit.c - the command `edit`: an editor on the source of a plugin, or a text
 * that replaces another in it.
 */
#include "shell/commands/kit/edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "shell/language/plugin_files.h"
#include "shell/output/program.h"
#include "shell/output/print.h"

#define SOURCE_MOST ((uint64_t)1 << 24) /* bytes of a source */
enum { WORDS_MOST = 16 };

enum { ROW_NAME, ROW_OLD, ROW_NEW };
const struct fed_field fed__edit_rows[] = {
	FED_ARG_TEXT(struct fed_edit_args, name, FED_ARG_NEEDED, "path",
                 "a plugin, or the path of its source"),
	FED_ARG_TEXT(struct fed_edit_args, old, 0, NULL,
                 "without an editor: a text that occurs once in it"),
	FED_ARG_TEXT(struct fed_edit_args, new, 0, NULL, "what takes its place"),
	FED_END,
};

static int open_editor(struct fed_shell *shell, const char *path, struct fed_error *err)
{
	const char *visual = getenv("VISUAL"), *editor = getenv("EDITOR"), *argv[WORDS_MOST + 2];
	struct fed_text line = {0};

	if (!fed__program_has_terminal(shell)) {
		fed__print(
			shell,
			"edit: in a terminal $VISUAL or $EDITOR opens %s; in a script `edit NAME old=... "
			"new=...` replaces a text in it\n",
			path);
		return FED_OK;
	}
	fed_text_add(&line, "%s", visual && *visual ? visual : editor && *editor ? editor : "vi");
	if (line.failed)
		return fed_fail(err, "out of memory (a command line)");
	size_t n = fed__program_split(line.s, argv, WORDS_MOST);
	argv[n++] = path;
	argv[n] = NULL;
	fflush(shell->out);
	const int rc = fed__program_run(shell, argv, -1, "name an editor in VISUAL or EDITOR", err);
	fed_text_release(&line);
	return rc == FED_OK ? FED_OK : FED_FAIL;
}

/* The text of the file with `new` in the place of the only `old`. */
static int substitute(const char *path, const struct fed_text *text, const char *old,
                      const char *new, struct fed_error *err)
{
	const char *at = strstr(fed_text_str(text), old), *rest = at ? at + strlen(old) : NULL;
	struct fed_file_writer file;

	if (!*old)
		return fed_fail(err, "old= is empty; it names a text that occurs once in %s", path);
	if (!at)
		return fed_fail(err, "%s has no \"%s\"", path, fed_show(old).s);
	if (strstr(at + 1, old))
		return fed_fail(err, "%s has \"%s\" more than once; name more of the text around it", path,
		                fed_show(old).s);
	if (fed_file_open(&file, path, err))
		return FED_FAIL;
	fed_file_write(&file, text->s, (size_t)(at - text->s));
	fed_file_write(&file, new, strlen(new));
	fed_file_write(&file, rest, text->len - (size_t)(rest - text->s));
	return fed_file_commit(&file, err);
}

int fed__run_edit(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_edit_args *a = call->args;
	struct fed_text path = {0}, text = {0};
	int rc = fed__plugin_source(shell, a->name, &path, err);

	if (rc == FED_OK && fed_call_has(call, ROW_OLD) != fed_call_has(call, ROW_NEW))
		rc = fed_fail(err, "old= and new= go together");
	else if (rc == FED_OK && !fed_call_has(call, ROW_OLD))
		rc = open_editor(shell, path.s, err);
	else if (rc == FED_OK && (rc = fed_file_read(path.s, SOURCE_MOST, &text, err)) == FED_OK &&
	         (rc = substitute(path.s, &text, a->old, a->new, err)) == FED_OK)
		fed__print(shell, "changed %s; `build %s`\n", path.s, a->name);
	fed_text_release(&path);
	fed_text_release(&text);
	return rc;
}
