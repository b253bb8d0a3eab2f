/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/journal.c - the journal of commands since the last reset, and its recording to a
 * script.
 */
#include <errno.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "plug/registry.h"
#include "shell/language/line.h"
#include "shell/output/print.h"
#include "shell/language/origins.h"

/* End a recording whose next line cannot be written; half a line could be another command. */
static void lose_record(struct fed_shell *shell, off_t whole, const char *why)
{
	__fpurge(shell->record);
	if (whole >= 0)
		(void)ftruncate(fileno(shell->record), whole);
	fclose(shell->record);
	shell->record = NULL;
	shell->lines_lost = true;
	fed__print_error(shell, "the recording ends here: ", why);
}

/* The breakpoints that came along to an earlier place are set before what is typed there. */
static void add_carried(struct fed_shell *shell)
{
	struct fed_text lines = shell->carried;

	shell->carried = (struct fed_text){0};
	for (const char *at = fed_text_str(&lines); *at; at += strcspn(at, "\n") + 1)
		fed__journal_add(shell, at, strcspn(at, "\n"));
	fed_text_release(&lines);
}

void fed__journal_add(struct fed_shell *shell, const char *text, size_t len)
{
	if (shell->replaying)
		return;
	add_carried(shell);
	const size_t before = shell->journal.len;
	fed__origins_command(shell, text, len);
	fed_text_put(&shell->journal, text, len);
	fed_text_put(&shell->journal, "\n", 1);
	if (!shell->record)
		return;
	const off_t whole = ftello(shell->record);
	if (shell->journal.failed) {
		lose_record(shell, whole, "out of memory");
		return;
	}
	const size_t n = shell->journal.len - before;
	const int error = fed_file_stream_put(shell->record, shell->journal.s + before, n);
	if (error)
		lose_record(shell, whole, strerror(error));
}

void fed__journal_plugins(const struct fed_shell *shell, struct fed_text *out)
{
	const struct fed_registry *plugins = fed_session_plugins(shell->session);

	for (enum fed_kind kind = FED_KIND_AGGREGATOR; kind <= FED_KIND_LAST; kind++) {
		const struct fed_entry *e;

		for (size_t i = 0; (e = fed_registry_at(plugins, kind, i)); i++) {
			if (e->builtin)
				continue;
			fed_text_add(out, "%s ", e->head->name);
			fed__word_quote(out, e->path);
			fed_text_add(out, "\n");
		}
	}
}

static bool has_line(const char *lines, const char *line, size_t n)
{
	for (; *lines; lines += strcspn(lines, "\n") + 1)
		if (strncmp(lines, line, n) == 0)
			return true;
	return false;
}

/* Append the commands that make the plugins those of `now` from those of `before`. */
static void add_loads(struct fed_text *journal, const struct fed_text *before,
                      const struct fed_text *now)
{
	const char *const was = fed_text_str(before), *const is = fed_text_str(now);
	size_t n;

	if (now->failed) {
		journal->failed = true;
		return;
	}
	for (const char *at = was; *at; at += n)
		if (n = strcspn(at, "\n") + 1, !has_line(is, at, n))
			fed_text_add(journal, "unload %.*s\n", (int)strcspn(at, " "), at);
	for (const char *at = is; *at; at += n) {
		const char *path = strchr(at, ' ') + 1;

		if (n = strcspn(at, "\n") + 1, !has_line(was, at, n))
			fed_text_add(journal, "load %.*s", (int)(n - (size_t)(path - at)), path);
	}
}

void fed__journal_restart(struct fed_shell *shell)
{
	struct fed_text now = {0};

	if (shell->replaying)
		return;

	fed__journal_plugins(shell, &now);
	fed__origins_forget(shell);
	fed_text_clear(&shell->journal);
	fed_text_clear(&shell->carried);
	add_loads(&shell->journal, &(struct fed_text){0}, &now);
	fed_text_release(&now);
	shell->journal_restarts++;
}

int fed__journal_check_source(const struct fed_shell *shell, const char *path,
                              struct fed_error *err)
{
	struct stat st, record;

	if (!shell->record || stat(path, &st) != 0 || fstat(fileno(shell->record), &record) != 0 ||
	    st.st_dev != record.st_dev || st.st_ino != record.st_ino)
		return FED_OK;
	return fed_fail(err, "%s: is being recorded; `record stop` first", fed_show(path).s);
}

/* Whether a script that is being run is this file: recording over it would feed it for ever. */
static bool is_read(const struct fed_shell *shell, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return false;
	for (const struct fed_script_place *p = shell->place; p; p = p->from)
		if (p->file && p->device == st.st_dev && p->inode == st.st_ino)
			return true;
	return false;
}

/* Open a recording, with the commands so far as its first lines. */
static int open_record(const struct fed_shell *shell, const char *path, FILE **out,
                       struct fed_error *err)
{
	struct fed_text begin = {0};

	fed_text_add(&begin, "# recorded by fedsh; `replay` runs it in a fresh session\n%s",
	             fed_text_str(&shell->journal));
	const int rc = begin.failed ? fed_fail_memory(err, shell->journal.len, "the recording")
	                            : fed_file_stream(out, path, begin.s, begin.len, err);
	fed_text_release(&begin);
	return rc;
}

void fed__journal_replace(struct fed_shell *shell, const struct fed_text *journal,
                          const struct fed_text *plugins)
{
	struct fed_text expanded = {0}, now = {0};
	struct fed_error err;
	FILE *f;

	fed__origins_forget(shell);
	fed_text_clear(&shell->journal);
	fed_text_put(&shell->journal, fed_text_str(journal), journal->len);
	shell->journal.failed = shell->journal.failed || journal->failed;
	fed__journal_plugins(shell, &now);
	add_loads(&shell->journal, plugins, &now);
	fed_text_release(&now);
	if (!shell->record)
		return;
	fed_path_expand(shell->record_path ? shell->record_path : "", &expanded);
	if (open_record(shell, fed_text_str(&expanded), &f, &err)) {
		lose_record(shell, -1, err.text);
	} else {
		fclose(shell->record);
		shell->record = f;
	}
	fed_text_release(&expanded);
}

int fed__journal_start(struct fed_shell *shell, const char *path, struct fed_error *err)
{
	struct fed_text expanded = {0};
	FILE *f;

	if (shell->record)
		return fed_fail(err, "%s is being recorded; `record stop` ends it",
		                shell->record_path ? shell->record_path : "a file");
	if (shell->journal.failed)
		return fed_fail(err, "out of memory: the commands so far were not all kept; `reset` first");
	fed_path_expand(path, &expanded);
	const int rc = is_read(shell, fed_text_str(&expanded))
	                   ? fed_fail(err, "%s: is a script that is being run; give another name",
	                              fed_show(path).s)
	                   : open_record(shell, fed_text_str(&expanded), &f, err);
	fed_text_release(&expanded);
	if (rc != FED_OK)
		return rc;
	shell->record = f;
	fed_free(shell->record_path);
	shell->record_path = fed_strdup(path);
	return FED_OK;
}

/* Whether the file of the recording is another one by now, or none: it was removed, or a command
 * wrote to that name. */
static bool is_replaced(const struct fed_shell *shell)
{
	struct fed_text expanded = {0};
	struct stat now, record;

	if (!shell->record_path)
		return false;
	fed_path_expand(shell->record_path, &expanded);
	const bool same = stat(fed_text_str(&expanded), &now) == 0 &&
	                  fstat(fileno(shell->record), &record) == 0 && now.st_dev == record.st_dev &&
	                  now.st_ino == record.st_ino;
	fed_text_release(&expanded);
	return !same;
}

int fed__journal_stop(struct fed_shell *shell, struct fed_error *err)
{
	if (!shell->record)
		return fed_fail(err, "nothing is being recorded; `record FILE` starts a recording");
	const bool replaced = is_replaced(shell);
	const int failed = fclose(shell->record);
	shell->record = NULL;
	if (replaced)
		return fed_fail(err,
		                "%s: the file was removed or written otherwise while it was recorded; "
		                "`record FILE` writes all commands again",
		                fed_show(shell->record_path).s);
	return failed ? fed_fail(err, "%s: %s", shell->record_path, strerror(errno)) : FED_OK;
}
