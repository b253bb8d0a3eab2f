/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/script.c - execution of scripts; they stop at the first error.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "shell/language/line.h"
#include "shell/language/watch_state.h"
#include "shell/output/print.h"
#include "shell/script/player.h"
#include "shell/script/resume.h"
#include "shell/script/verify.h"

/* Put the form of lines to run: with --short what is behind "# short:" in those that have it. */
static void put_form(const struct fed_shell *shell, const char *lines, size_t len,
                     struct fed_text *out)
{
	static const char mark[] = "# short:";

	fed_text_clear(out);
	for (const char *at = lines, *const end = lines + len; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const size_t n = newline ? (size_t)(newline - at) + 1 : (size_t)(end - at);
		const char *brief = shell->brief ? memmem(at, n, mark, strlen(mark)) : NULL;
		const char *from = brief ? brief + strlen(mark) : at;

		fed_text_put(out, from, n - (size_t)(from - at));
		at += n;
	}
}

/* Exit code of a failed script: that of the command if it is specific, else FED_EXIT_SCRIPT. */
static enum fed_exit script_failure(enum fed_exit result)
{
	return result == FED_EXIT_FAILED ? FED_EXIT_SCRIPT : result;
}

/* A script that is being read. */
struct reading {
	struct fed_script_place place;
	struct fed_caption caption; /* of the comments since the last command */
	struct fed_text line, form; /* as read, and as it is run */
};

/* Take a line: a comment becomes part of a caption, a command is shown and executed. */
static enum fed_exit run_line(struct fed_shell *shell, struct reading *r)
{
	const size_t bom =
		r->place.line == 1 && r->line.len >= 3 && !memcmp(r->line.s, "\xef\xbb\xbf", 3);
	put_form(shell, fed_text_str(&r->line) + 3 * bom, r->line.len - 3 * bom, &r->form);
	const char *form = fed_text_str(&r->form);
	size_t len = r->form.len;
	if (fed__verify_take(shell, form))
		return FED_EXIT_OK;
	if (r->form.failed) {
		fed__print_error(shell, r->place.file, ": out of memory");
		return FED_EXIT_FAILED;
	}
	const size_t before = shell->resume.script ? fed__resume_line(shell, &r->place, form, len) : 0;
	if (before && before >= len)
		return FED_EXIT_OK;
	form += before;
	len -= before;
	const bool refused = len > FED_LINE_MAX || memchr(form, 0, len); /* with an error */
	enum fed_caption_line kind = FED_CAPTION_COMMAND;

	while (!refused && (kind = fed__caption_take(&r->caption, form)) == FED_CAPTION_FULL) {
		const enum fed_exit result = fed__player_show(shell, &r->caption, NULL);
		if (result)
			return result;
	}
	if (kind == FED_CAPTION_TAKEN)
		return FED_EXIT_OK;
	const enum fed_exit result = fed__player_show(shell, &r->caption, form);
	return result ? result : fed__shell_execute(shell, form, len, &r->place);
}

static enum fed_exit run_lines(struct fed_shell *shell, FILE *f, struct reading *r)
{
	enum fed_exit result = FED_EXIT_OK;

	unsigned lines, next = 1;

	while (result == FED_EXIT_OK && !shell->quit &&
	       fed__line_read_continued(f, &r->line, &lines, NULL, NULL)) {
		r->place.line = next;
		next += lines;
		if (!r->line.failed) {
			result = run_line(shell, r);
		} else {
			fed__print_error(shell, r->place.file, ": out of memory");
			result = FED_EXIT_FAILED;
		}
	}
	if (result == FED_EXIT_OK && ferror(f)) {
		fed__print_error(shell, r->place.file, ": cannot be read to its end");
		result = FED_EXIT_IO;
	}
	r->caption.last = r->place.depth == 1;
	if (result == FED_EXIT_OK && !shell->quit && r->caption.text.len)
		result = fed__player_show(shell, &r->caption, NULL);
	return result;
}

enum fed_exit fed__shell_read(struct fed_shell *shell, FILE *f, const char *name,
                              const struct fed_script_place *from)
{
	struct reading r = {.place = {.file = name, .from = from, .depth = from ? from->depth + 1 : 1}};
	const bool lenient = shell->lenient;
	struct fed_error err;
	struct stat st;

	/* Standard input that attends to a room while it waits has no descriptor of its own. */
	if (fstat(fileno(f) >= 0 ? fileno(f) : STDIN_FILENO, &st) == 0) {
		r.place.device = st.st_dev;
		r.place.inode = st.st_ino;
	}
	shell->lenient = false;
	fed__watch_state_script(shell, true);
	const bool defining = shell->defining.name != NULL;
	enum fed_exit result = run_lines(shell, f, &r);
	if (!defining && fed__group_ended(shell, &err) && result == FED_EXIT_OK) {
		struct fed_text where = {0};

		fed_text_add(&where, "%s:%u: ", name, r.place.line);
		fed__print_error(shell, fed_text_str(&where), err.text);
		fed_text_release(&where);
		shell->reported = true;
		result = FED_EXIT_USAGE;
	}
	fed__watch_state_script(shell, false);
	fed__caption_release(&r.caption);
	fed_text_release(&r.line);
	fed_text_release(&r.form);
	shell->lenient = lenient;
	return script_failure(result);
}

/* "a.fedsh:3, from b.fedsh:1": who asked whom. */
static void include_stack(const struct fed_script_place *place, struct fed_text *out)
{
	for (const struct fed_script_place *p = place; p && p->file; p = p->from)
		fed_text_add(out, "%s%s:%u", p == place ? "" : " < ", p->file, p->line);
}

enum fed_exit fed__shell_source(struct fed_shell *shell, const char *path, struct fed_error *err)
{
	const struct fed_script_place *from = shell->place;
	struct fed_text expanded = {0};
	enum fed_exit result = FED_EXIT_IO;
	uint64_t size;
	FILE *f;

	if (from && from->depth >= FED_SOURCE_DEPTH) {
		struct fed_text stack = {0};
		include_stack(from, &stack);
		fed_fail(err, "scripts inside scripts, more than %d deep: %s", FED_SOURCE_DEPTH,
		         fed_text_str(&stack));
		fed_text_release(&stack);
		return FED_EXIT_USAGE;
	}
	fed_path_expand(path, &expanded);
	if (fed__journal_check_source(shell, fed_text_str(&expanded), err)) {
		result = FED_EXIT_FAILED;
	} else if (fed_file_readable(fed_text_str(&expanded), &size, err) == FED_OK) {
		f = fopen(fed_text_str(&expanded), "re");
		if (f) {
			result = fed__shell_read(shell, f, path, from);
			fclose(f);
			if (result)
				fed_fail(err, "%s stopped", fed_show(path).s);
		} else {
			fed_fail(err, "%s: %s", fed_show(path).s, strerror(errno));
		}
	}
	fed_text_release(&expanded);
	return result;
}

/* The path of the configuration; false: there is no folder for it. */
static bool configuration(struct fed_text *path)
{
	const char *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (folder && *folder == '/')
		fed_text_add(path, "%s/fedsh/config", folder);
	else if (home && *home == '/')
		fed_text_add(path, "%s/.config/fedsh/config", home);
	return path->len && !path->failed;
}

/* Each line by itself: after an error the next one is read. */
static enum fed_exit configure(struct fed_shell *shell, FILE *f, const char *name)
{
	struct fed_script_place place = {.file = name, .depth = 1};
	struct fed_text line = {0};
	enum fed_exit result = FED_EXIT_OK;
	struct fed_error err;
	unsigned lines, next = 1;

	shell->configuring = true;
	shell->form = FED_FORM_CSV; /* nothing is said of what was set */
	while (fed__line_read_continued(f, &line, &lines, NULL, NULL)) {
		place.line = next;
		next += lines;
		const enum fed_exit now = fed__shell_execute(shell, fed_text_str(&line), line.len, &place);
		result = result ? result : now;
	}
	if (fed__group_ended(shell, &err)) {
		struct fed_text where = {0};

		fed_text_add(&where, "%s: ", name);
		fed__print_error(shell, fed_text_str(&where), err.text);
		fed_text_release(&where);
		result = FED_EXIT_USAGE;
	}
	shell->configuring = false;
	shell->form = FED_FORM_TEXT;
	fed_text_release(&line);
	return result;
}

enum fed_exit fed__shell_configure(struct fed_shell *shell, const char *given)
{
	struct fed_text path = {0};
	enum fed_exit result = FED_EXIT_OK;
	struct fed_error err;
	uint64_t size;

	if (given)
		fed_path_expand(given, &path);
	if (!given && (!configuration(&path) || access(path.s, F_OK) != 0)) {
		fed_text_release(&path);
		return FED_EXIT_OK;
	}
	FILE *f = fed_file_readable(fed_text_str(&path), &size, &err) == FED_OK
	              ? fopen(fed_text_str(&path), "re")
	              : NULL;
	if (f) {
		result = configure(shell, f, fed_text_str(&path));
		fclose(f);
	} else {
		fed__print_error(shell, "the configuration cannot be read: ", fed_text_str(&path));
		result = FED_EXIT_IO;
	}
	fed_text_release(&path);
	return result;
}
