/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/check.c - the check of a script without running it.
 */
#include "shell/script/check.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "shell/language/command.h"
#include "shell/output/print.h"
#include "shell/output/redirect.h"

#define ALIAS_DEPTH 16

static int check_file(struct fed_shell *, struct fed_script_check *, const char *path,
                      const char *name, struct fed_error *);

static void refuse(struct fed_shell *shell, struct fed_script_check *check, const char *command,
                   const struct fed_error *err)
{
	struct fed_text where = {0};

	if (shell->place && shell->place->file)
		fed_text_add(&where, "%s:%u: ", shell->place->file, shell->place->line);
	if (*command)
		fed_text_add(&where, "%s: ", command);
	fed__print_error(shell, fed_text_str(&where), err->text);
	fed_text_release(&where);
	check->errors++;
}

struct hinted {
	const struct fed_shell *shell;
	const char *hint;
};
static const char *hinted_at(const void *ctx, size_t i)
{
	const struct hinted *h = ctx;

	return fed__hint_name(h->shell, h->hint, i);
}

/* Whether the row takes the name of something that was chosen from a list which only plugins make
 * longer. */
static bool is_listed(const struct fed_field *row)
{
	static const char *const hints[] = {"aggregator", "transport", "scheme", "fault"};

	for (size_t i = 0; row->type == FED_TYPE_TEXT && i < sizeof hints / sizeof *hints; i++)
		if (row->hint && strcmp(row->hint, hints[i]) == 0)
			return true;
	return false;
}

/* Look up the names among the arguments. */
static int check_names(const struct fed_shell *shell, struct fed_script_check *check,
                       const struct fed_call *call, struct fed_error *err)
{
	const struct fed_field *rows = call->command->args;

	for (size_t i = 0; rows && rows[i].type; i++) {
		const struct hinted hinted = {shell, rows[i].hint};
		const char *value = (const char *)call->args + rows[i].offset;
		char name[256];
		bool known = false;

		snprintf(name, sizeof name, "%.*s", (int)strcspn(value, ":"), value); /* split:cut=1 */

		if (!fed_call_has(call, i) || !is_listed(&rows[i]))
			continue;
		for (size_t k = 0; !known && hinted_at(&hinted, k); k++)
			known = fed_same_name(hinted_at(&hinted, k), name);
		if (known)
			continue;
		const char *near = fed_nearest(name, hinted_at, &hinted);
		if (check->loads)
			check->unknown++;
		else if (near)
			return fed_fail(err, "no %s %s; did you mean %s?", rows[i].hint, fed_show(name).s,
			                near);
		else
			return fed_fail(err, "no %s %s; nothing is loaded before", rows[i].hint,
			                fed_show(name).s);
	}
	return FED_OK;
}

/* Whether what is behind the name asks for help ("round ?"). */
static bool asks(const struct fed_words *words)
{
	return words->n > 1 && strcmp(fed__words_at(words, words->n - 1), "?") == 0;
}

/* The script that a call reads, or NULL. */
static const char *script_of(const struct fed_call *call)
{
	const struct fed_field *row = call->command->args;

	return row && row->hint && strcmp(row->hint, "path") == 0 && fed_call_has(call, 0)
	           ? (const char *)call->args + row->offset
	           : NULL;
}

/* Check a script that the checked one reads.  NULL, or not there before the run: it may load
 * plugins. */
static void check_read(struct fed_shell *shell, struct fed_script_check *check, const char *path)
{
	const struct fed_script_place *place = shell->place;
	struct fed_text expanded = {0};
	struct fed_error err;
	uint64_t size;

	if (path)
		fed_path_expand(path, &expanded);
	if (!path || fed_file_readable(fed_text_str(&expanded), &size, &err)) {
		check->loads = true;
		check->absent += path != NULL;
	} else if (place && place->depth >= FED_SOURCE_DEPTH) {
		fed_fail(&err, "scripts inside scripts, more than %d deep", FED_SOURCE_DEPTH);
		refuse(shell, check, "source", &err);
	} else if (check_file(shell, check, fed_text_str(&expanded), path, &err)) {
		refuse(shell, check, "source", &err);
	}
	shell->place = place;
	fed_text_release(&expanded);
}

static void check_command(struct fed_shell *shell, struct fed_script_check *check,
                          struct fed_words *words, const char *source, size_t len)
{
	const char *name = fed__words_at(words, 0);
	const struct fed_command *command;
	struct fed_redirect out = {0};
	struct fed_call call = {0};
	struct fed_error err;

	check->commands++;
	if (strcmp(name, "?") == 0)
		name = "help";
	if (fed__command_find(shell, name, false, &command, &err)) {
		refuse(shell, check, "", &err);
		return;
	}
	bool behind; /* a script waits for it anyway */
	int rc = fed__request_behind(command, words, source, &behind, &err);
	if (rc == FED_OK)
		rc = fed__request_take(&out, shell, command, words, source, len, &err);
	if (rc == FED_OK && !asks(words))
		rc = fed__call_bind(&call, shell, command, words, 1, &err);
	if (rc == FED_OK && !asks(words)) {
		call.name = name;
		rc = check_names(shell, check, &call, &err);
		if (rc == FED_OK && (command->flags & FED_COMMAND_NAMES) && fed__call_next(&call) == NULL)
			rc = command->run(shell, &call, &err);
	}
	if (rc)
		refuse(shell, check, name, &err);
	check->loads |= (command->flags & FED_COMMAND_LOADS) != 0;
	if (command->flags & FED_COMMAND_RUNS)
		check_read(shell, check, rc ? NULL : script_of(&call));
	fed__call_release(&call);
	fed__redirect_release(&out);
}

static void check_commands(struct fed_shell *, struct fed_script_check *, const char *text,
                           size_t len, unsigned depth);

static void check_one(struct fed_shell *shell, struct fed_script_check *check,
                      struct fed_words *words, const char *source, unsigned depth)
{
	struct fed_text line = {0};
	struct fed_error err;

	if (shell->defining.name) {
		if (fed__group_take(shell, words, source, &err))
			refuse(shell, check, "", &err);
		return;
	}
	const struct fed_alias *alias = fed__alias_find(shell, fed__words_at(words, 0));
	if (!alias) {
		check_command(shell, check, words, source, words->word[words->n - 1].end);
		return;
	}
	if (fed__alias_expand(alias, words, source, &line, &err)) {
		refuse(shell, check, alias->name, &err);
	} else if (depth < ALIAS_DEPTH) {
		check_commands(shell, check, fed_text_str(&line), line.len, depth + 1);
	} else {
		fed_fail(&err, "aliases inside aliases, more than %d deep", ALIAS_DEPTH);
		refuse(shell, check, alias->name, &err);
	}
	fed_text_release(&line);
}

static void check_commands(struct fed_shell *shell, struct fed_script_check *check,
                           const char *text, size_t len, unsigned depth)
{
	struct fed_words words = {0};
	struct fed_error err;
	size_t used = 0;

	for (; len; text += used, len -= used) {
		if (fed__words_split(&words, text, len, &used, &err)) {
			refuse(shell, check, "", &err);
			break; /* what follows is in quotes, perhaps */
		}
		if (!words.n)
			continue;
		check_one(shell, check, &words, text, depth);
	}
	fed__words_release(&words);
}

void fed__script_check_text(struct fed_shell *shell, struct fed_script_check *check,
                            const char *text, size_t len, const struct fed_script_place *place)
{
	const struct fed_script_place *from = shell->place;
	struct fed_error err;

	shell->place = place;
	if (len > FED_LINE_MAX)
		fed_fail(&err, "the line has %zu bytes; at most %u are read", len, FED_LINE_MAX);
	else if (memchr(text, 0, len))
		fed_fail(&err, "a NUL byte at column %zu",
		         (size_t)((const char *)memchr(text, 0, len) - text) + 1);
	else
		check_commands(shell, check, text, len, 0);
	if (len > FED_LINE_MAX || memchr(text, 0, len))
		refuse(shell, check, "", &err);
	shell->place = from;
}

static int check_lines(struct fed_shell *shell, struct fed_script_check *check, FILE *f,
                       const char *name, struct fed_error *err)
{
	const struct fed_script_place *from = shell->place;
	struct fed_script_place place = {
		.file = name, .from = from, .depth = from ? from->depth + 1 : 1};
	struct fed_text line = {0};
	unsigned lines, next = 1;
	int rc = FED_OK;

	while (rc == FED_OK && fed__line_read_continued(f, &line, &lines, NULL, NULL)) {
		const size_t bom = next == 1 && line.len >= 3 && !memcmp(line.s, "\xef\xbb\xbf", 3);

		place.line = next;
		next += lines;
		if (line.failed)
			rc = fed_fail(err, "%s: out of memory", fed_show(name).s);
		else
			fed__script_check_text(shell, check, fed_text_str(&line) + 3 * bom, line.len - 3 * bom,
			                       &place);
	}
	if (fed__group_ended(shell, err)) {
		shell->place = &place;
		refuse(shell, check, "", err);
		shell->place = from;
	}
	if (rc == FED_OK && ferror(f))
		rc = fed_fail(err, "%s: cannot be read to its end", fed_show(name).s);
	fed_text_release(&line);
	return rc;
}

static int check_file(struct fed_shell *shell, struct fed_script_check *check, const char *path,
                      const char *name, struct fed_error *err)
{
	FILE *f = fopen(path, "re");

	if (!f)
		return fed_fail(err, "%s: %s", fed_show(name).s, strerror(errno));
	const int rc = check_lines(shell, check, f, name, err);
	fclose(f);
	return rc;
}

int fed__script_check_file(struct fed_shell *shell, struct fed_script_check *check,
                           const char *path, struct fed_error *err)
{
	uint64_t size;

	if (!path)
		return check_lines(shell, check, stdin, "stdin", err);
	return fed_file_readable(path, &size, err) ? FED_FAIL
	                                           : check_file(shell, check, path, path, err);
}

enum fed_exit fed__script_check_end(struct fed_shell *shell, const struct fed_script_check *check)
{
	fed__print(shell, "%zu command%s checked, %zu error%s\n", check->commands,
	           check->commands == 1 ? "" : "s", check->errors, check->errors == 1 ? "" : "s");
	if (check->unknown)
		fed__print(shell, "%zu name%s not known before the script has loaded its plugins\n",
		           check->unknown, check->unknown == 1 ? " is" : "s are");
	if (check->absent)
		fed__print(shell, "%zu script%s that %s read %s not there now\n", check->absent,
		           check->absent == 1 ? "" : "s", check->absent == 1 ? "is" : "are",
		           check->absent == 1 ? "is" : "are");
	if (!check->errors)
		fed__print(shell,
		           "Only a run tells whether clients, files, conditions and results are as the "
		           "script wants them.\n");
	fed__print_flush(shell);
	return check->errors ? FED_EXIT_USAGE : FED_EXIT_OK;
}
