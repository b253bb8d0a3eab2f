/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/lesson.c - the command `lesson`: list the lessons, or play one.
 */
#include "shell/serving/serving.h"
#include "shell/language/travel.h"
#include "shell/commands/lesson.h"

#include <string.h>

#include "shell/language/hidden.h"
#include "shell/output/print.h"
#include "shell/script/lessons.h"

const struct fed_field fed__lesson_rows[] = {
	FED_ARG_TEXT(struct fed_lesson_args, lesson, FED_FIELD_POSITIONAL, "lesson",
                 "its number or name; without it all are listed"),
	FED_END,
};

void fed__list_lessons(struct fed_shell *shell)
{
	static const struct fed_table_column columns[] = {
		{.title = "lesson", .kind = FED_CELL_NUMBER},
		{.title = "title", .kind = FED_CELL_PROSE},
	};
	struct fed_table table = {.name = "lessons", .column = columns, .columns = 2, .untitled = true};

	for (size_t i = 0; i < shell->lessons.n; i++) {
		fed__table_cell(&table, "%s", shell->lessons.lesson[i].number);
		fed__table_cell(&table, "%s", shell->lessons.lesson[i].title);
	}
	if (table.n)
		fed__print_styled(shell, FED_EMPHASIS_BOLD, "\nlessons\n");
	fed__table_print(shell, &table);
}

/* Whether the journal has more than an empty session's: `reset`, and plugins that were loaded. */
static bool has_work(const struct fed_shell *shell)
{
	const char *line = fed_text_str(&shell->journal);

	if (shell->lessons.played && shell->lessons.left == shell->journal.len)
		return false;
	while (strncmp(line, "load ", 5) == 0 || strncmp(line, "reset", 5) == 0)
		line += strcspn(line, "\n") + 1;
	return *line;
}

static bool has_run(const struct fed_shell *shell)
{
	return fed_session_version(shell->session) > 0 || fed_session_open(shell->session);
}

/* Where lessons were looked for. */
static const char *folder(const struct fed_shell *shell)
{
	return shell->lessons.folder ? shell->lessons.folder : "this installation";
}

static void show_list(struct fed_shell *shell)
{
	if (!shell->lessons.n) {
		fed__print(shell, "there are no lessons in %s\n", folder(shell));
		return;
	}
	fed__list_lessons(shell);
	fed__print_prose(shell,
	                 "\n`lesson 1` plays one, with `set step on` a key at a time; in the watch\n"
	                 "(`watch`, then `:lesson 1`) on the whole screen.\n");
	fed__print(shell, "%s/papers has scripts that repeat published results: `source` plays one.\n",
	           folder(shell));
}

static int play(struct fed_shell *shell, const struct fed_lesson *lesson, struct fed_error *err)
{
	if (fed__serving_check_closed(shell, "a lesson has clients of its own", err)) {
		shell->fault = FED_EXIT_FAILED;
		return FED_FAIL;
	}
	if (has_work(shell) && !has_run(shell)) {
		shell->fault = FED_EXIT_FAILED;
		return fed_fail(err,
		                "lesson %s begins a new session, and what you composed would be lost: "
		                "`save FILE` keeps it, `reset; lesson %s` does without",
		                lesson->number, lesson->number);
	}
	if (has_work(shell)) { /* `undo` brings it back, which is said at the end */
		if (fed_session_reset(shell->session, false, err))
			return FED_FAIL;
		fed__journal_restart(shell);
		fed__travel_restarted(shell);
		fed__print(shell, "note: your session is put aside for lesson %s; `undo` brings it back\n",
		           lesson->number);
	}
	fed__hidden_end(shell);
	const bool playing = shell->lessons.playing;
	shell->lessons.playing = true;
	const enum fed_exit result = fed__shell_source(shell, lesson->path, err);
	shell->lessons.playing = playing;
	shell->lessons.played = true;
	shell->lessons.left = shell->journal.len;
	shell->fault = result;
	return result && result != FED_EXIT_INTERRUPTED ? FED_FAIL : FED_OK;
}

int fed__run_lesson(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_lesson_args *a = call->args;
	const struct fed_lessons *l = &shell->lessons;

	if (!*a->lesson) {
		show_list(shell);
		return FED_OK;
	}
	if (!l->n)
		return fed_fail(err, "there are no lessons in %s", fed_show(folder(shell)).s);
	const struct fed_lesson *lesson = fed__lesson_find(l, a->lesson);
	if (!lesson)
		return fed_fail(err, "no lesson %s; there are %s to %s, `lesson` lists them",
		                fed_show(a->lesson).s, l->lesson[0].number, l->lesson[l->n - 1].number);
	return play(shell, lesson, err);
}
