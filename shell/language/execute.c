/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/execute.c - execution of the commands of a line.
 */
#include <string.h>

#include "base/cpu.h"
#include "shell/jobs/job.h"
#include "shell/language/autosave.h"
#include "shell/language/command.h"
#include "shell/language/explain.h"
#include "shell/language/hidden.h"
#include "shell/output/print.h"
#include "shell/language/travel.h"
#include "shell/output/redirect.h"
#include "shell/language/watch_state.h"

#define ALIAS_DEPTH 16

static enum fed_exit fail(struct fed_shell *shell, enum fed_exit kind, const char *command,
                          const struct fed_error *err)
{
	if (!shell->reported)
		fed__failure_report(shell, command, err->text);
	return kind;
}

/* Exit code of the command's failure: set by run, else that of its row. */
static enum fed_exit class_of(const struct fed_shell *shell, const struct fed_command *command,
                              int rc)
{
	if (shell->fault)
		return shell->fault;
	if (rc == FED_REJECT && atomic_load(fed_session_interrupts(shell->session)))
		return FED_EXIT_INTERRUPTED;
	if (rc == FED_REJECT && (command->flags & FED_COMMAND_REJECTS))
		return FED_EXIT_USAGE;
	return command->failure ? command->failure : FED_EXIT_FAILED;
}

static enum fed_exit run_call(struct fed_shell *shell, const struct fed_call *call)
{
	const struct fed_command *command = call->command;
	struct fed_error err = {.text = ""};
	const double began = fed_wall_seconds();

	shell->fault = FED_EXIT_OK;
	shell->reported = shell->aside = false;
	if (!fed__job_begins())
		fed_session_clear_interrupt(shell->session);
	const int rc = command->run(shell, call, &err);
	fed__progress_end(shell);
	if (shell->timing) {
		struct fed_text text = {0};
		fed_text_seconds(&text, fed_wall_seconds() - began);
		fed__print_styled(shell, FED_EMPHASIS_DIM, "time: %s\n", fed_text_str(&text));
		fed_text_release(&text);
	}
	if (rc == FED_OK && !shell->fault && fed__signals_interrupted())
		return FED_EXIT_INTERRUPTED;
	if (rc == FED_OK)
		return shell->fault;
	return fail(shell, class_of(shell, command, rc), call->name, &err);
}

/* "round ?" is "help round", "inject straggler ?" is "explain straggler". */
static bool asks_help(struct fed_shell *shell, const struct fed_command *command,
                      const struct fed_words *words)
{
	struct fed_error unused;

	if (words->n < 2 || words->n > (command->more ? 3 : 2) ||
	    strcmp(fed__words_at(words, words->n - 1), "?") != 0)
		return false;
	if (words->n == 2 || fed__explain(shell, fed__words_at(words, 1), &unused))
		fed__help_command(shell, command);
	return true;
}

/* Record what changed the session: the command without where its output went. */
static void record(struct fed_shell *shell, const char *called, const struct fed_words *words,
                   const char *source)
{
	struct fed_text line = {0};

	fed_text_add(&line, "%s", called);
	for (size_t i = 1; i < words->n; i++) {
		const struct fed_word *word = &words->word[i];

		fed_text_add(&line, " ");
		if (source[word->begin] == '{') /* perhaps several lines */
			fed_text_add(&line, "%s", fed__words_at(words, i));
		else
			fed_text_put(&line, source + word->begin, word->end - word->begin);
	}
	fed__journal_add(shell, fed_text_str(&line), line.len);
	fed_text_release(&line);
}

/* What `set readonly on` refuses; file: the output goes to a file or a program. */
static int check_readonly(const struct fed_shell *shell, const struct fed_command *command,
                          bool file, struct fed_error *err)
{
	if (!shell->own.readonly || !(file || command->flags & FED_COMMAND_OUTSIDE))
		return FED_OK;
	return fed_fail(err, "is refused: readonly is on (no files are written, no plugins loaded, no "
	                     "programs run) until the program ends");
}

/* Whether the call names a file to write. */
static bool saves(const struct fed_call *call)
{
	const struct fed_field *rows = call->command->args;

	for (size_t i = 0; rows && rows[i].type; i++)
		if (fed_call_has(call, i) &&
		    (strcmp(rows[i].name, "save") == 0 || strcmp(rows[i].name, "to") == 0))
			return true;
	return false;
}

/* Bind and run the command, and record it. */
static enum fed_exit bind_and_run(struct fed_shell *shell, const struct fed_command *command,
                                  const char *called, const struct fed_words *words,
                                  const char *source)
{
	const size_t recorded = shell->journal.len;
	struct fed_session_chosen chosen;
	struct fed_travel_call history;
	bool began = false;
	struct fed_call call = {0};
	struct fed_error err;
	enum fed_exit result;

	const bool looks = command->looks && command->looks(words);
	fed_session_chosen_init(&chosen, shell->session);
	if (fed__call_bind(&call, shell, command, words, 1, &err)) {
		shell->failing.bad = call.bad ? call.bad : SIZE_MAX;
		shell->failing.row = call.bad_row;
		result = fail(shell, FED_EXIT_USAGE, called, &err);
	} else if (check_readonly(shell, command, saves(&call), &err)) {
		result = fail(shell, FED_EXIT_USAGE, called, &err);
	} else {
		call.name = called;
		fed__travel_before(shell, command, looks, &history);
		began = true;
		result = run_call(shell, &call);
	}
	fed__call_release(&call);
	/* A Ctrl-C that came too late for this command stops the following ones. */
	const bool done = result == FED_EXIT_OK || (result == FED_EXIT_INTERRUPTED && !shell->fault);
	if (done && (command->flags & FED_COMMAND_CHANGES) && !shell->watching.stopped &&
	    !shell->aside && !looks)
		record(shell, called, words, source);
	else if (shell->journal.len == recorded && !(command->flags & FED_COMMAND_RUNS))
		fed_session_take_back(shell->session, &chosen); /* a replay would not complete it */
	fed_session_chosen_release(&chosen);
	if (began)
		fed__travel_after(shell, command, &history, result);
	return result;
}

/* Play a line: `shell` prints to nowhere meanwhile. */
static int play_line(struct fed_shell *shell, const char *line, struct fed_error *err)
{
	struct fed_words words = {0};
	const struct fed_command *command;
	struct fed_call call = {0};
	size_t used;
	int rc = fed__words_split(&words, line, strlen(line), &used, err);

	if (rc == FED_OK && words.n) {
		rc = fed__command_find(shell, fed__words_at(&words, 0), false, &command, err);
		if (rc == FED_OK)
			rc = fed__call_bind(&call, shell, command, &words, 1, err);
		if (rc == FED_OK) {
			call.name = fed__command_called(command, fed__words_at(&words, 0));
			rc = command->run(shell, &call, err);
		}
		fed__progress_end(shell);
		fed__call_release(&call);
	}
	fed__words_release(&words);
	return rc;
}

int fed__execute_quietly(void *ctx, const char *line, struct fed_error *err)
{
	struct fed_shell *const shell = ctx;
	FILE *const out = shell->out, *const errors = shell->errors, *const json = shell->json;
	FILE *const nowhere = fopen("/dev/null", "w");
	const struct fed_screen screen = shell->screen;
	const enum fed_exit fault = shell->fault;

	if (!nowhere)
		return fed_fail(err, "/dev/null cannot be opened");
	fed__print_flush(shell);
	shell->out = shell->errors = nowhere;
	shell->json = NULL;
	shell->screen.terminal = false;
	shell->replaying = true;
	const int rc = play_line(shell, line, err);
	fed__print_flush(shell);
	shell->replaying = false;
	shell->out = out;
	shell->errors = errors;
	shell->json = json;
	shell->screen = screen;
	shell->fault = fault;
	fclose(nowhere);
	return rc;
}

/* Whether the output may wait for its end, and be shown by the pager. */
static bool may_page(const struct fed_shell *shell, const struct fed_command *command)
{
	return shell->screen.terminal && fed__program_has_terminal(shell) &&
	       !(command->flags & (FED_COMMAND_CHANGES | FED_COMMAND_RUNS | FED_COMMAND_LIVE));
}

/* Run the command with its output where its words say. */
static enum fed_exit run_directed(struct fed_shell *shell, const struct fed_command *command,
                                  const char *called, struct fed_words *words, const char *source,
                                  size_t len)
{
	struct fed_redirect out = {0};
	struct fed_error err;
	enum fed_exit result;
	int rc = fed__request_take(&out, shell, command, words, source, len, &err);

	if (rc == FED_OK)
		rc = check_readonly(shell, command, out.outlet != FED_OUTLET_SCREEN, &err);
	if (rc == FED_OK && out.outlet == FED_OUTLET_SCREEN && may_page(shell, command))
		out.outlet = FED_OUTLET_PAGER;
	if (rc) {
		result = fail(shell, FED_EXIT_USAGE, called, &err);
	} else if (fed__redirect_open(&out, shell, &err)) {
		result = fail(shell, FED_EXIT_IO, called, &err);
	} else {
		result = asks_help(shell, command, words)
		             ? FED_EXIT_OK
		             : bind_and_run(shell, command, called, words, source);
		rc = fed__redirect_close(&out, shell, &err);
		if (rc && result == FED_EXIT_OK)
			result = fail(shell, rc == FED_FAIL ? FED_EXIT_IO : FED_EXIT_FAILED, called, &err);
	}
	fed__redirect_release(&out);
	return result;
}

static enum fed_exit run_words(struct fed_shell *shell, struct fed_words *words, const char *source,
                               size_t len)
{
	const struct fed_command *command;
	struct fed_error err;
	const char *name = fed__words_at(words, 0);

	if (strcmp(name, "?") == 0)
		name = "help";
	shell->reported = false;
	if (fed__command_find(shell, name, shell->lenient, &command, &err)) {
		shell->failing.bad = 0;
		return fail(shell, FED_EXIT_USAGE, "", &err);
	}
	shell->failing.command = command;
	if (fed__hidden_check(shell, command, &err)) {
		shell->failing.bad = 0;
		return fail(shell, FED_EXIT_USAGE, command->name, &err);
	}
	if (shell->configuring && !(command->flags & FED_COMMAND_CONFIGURES)) {
		fed_fail(&err,
		         "is not for the configuration, which holds alias, define, autosave, timing and "
		         "settings of the shell (echo, step, theme)");
		shell->failing.bad = 0;
		return fail(shell, FED_EXIT_USAGE, command->name, &err);
	}
	const char *called = fed__command_called(command, name);
	if (!fed_same_name(called, name))
		fed__print_styled(shell, FED_EMPHASIS_DIM, "%s%.*s\n", called,
		                  (int)(words->word[words->n - 1].end - words->word[0].end),
		                  source + words->word[0].end);
	enum fed_exit result;
	bool behind;
	int rc = fed__request_behind(command, words, source, &behind, &err);
	if (rc == FED_OK)
		rc = fed__run_beside(shell, command, called, words, source, behind, &result, &err);
	if (rc == FED_OK)
		return result;
	if (rc == FED_FAIL)
		return fail(shell, FED_EXIT_USAGE, called, &err);
	result = run_directed(shell, command, called, words, source,
	                      behind ? words->word[words->n - 1].end : len);
	if (behind)
		fed__note_awaited(shell, called, words, source, result);
	fed__autosave_check(shell);
	return fed__watch_state_after(shell, result);
}

static enum fed_exit run_all(struct fed_shell *, const char *text, size_t len, unsigned depth);

/* Run the line with the alias replaced by its text. */
static enum fed_exit run_alias(struct fed_shell *shell, const struct fed_alias *alias,
                               const struct fed_words *words, const char *source, unsigned depth)
{
	struct fed_text line = {0};
	struct fed_error err;
	enum fed_exit result;

	shell->reported = false;
	if (fed__alias_expand(alias, words, source, &line, &err)) {
		result = fail(shell, FED_EXIT_USAGE, alias->name, &err);
	} else if (depth == ALIAS_DEPTH) {
		fed_fail(&err, "aliases inside aliases, more than %d deep", ALIAS_DEPTH);
		result = fail(shell, FED_EXIT_USAGE, alias->name, &err);
	} else {
		result = run_all(shell, fed_text_str(&line), line.len, depth + 1);
	}
	fed_text_release(&line);
	return result;
}

/* Run a command, what an alias stands for, or take a line of the group that is being defined. */
static enum fed_exit run_one(struct fed_shell *shell, struct fed_words *words, const char *source,
                             unsigned depth)
{
	struct fed_error err;

	if (shell->defining.name)
		return fed__group_take(shell, words, source, &err) ? fail(shell, FED_EXIT_USAGE, "", &err)
		                                                   : FED_EXIT_OK;
	const struct fed_alias *alias = fed__alias_find(shell, fed__words_at(words, 0));
	return alias ? run_alias(shell, alias, words, source, depth)
	             : run_words(shell, words, source, words->word[words->n - 1].end);
}

static enum fed_exit run_all(struct fed_shell *shell, const char *text, size_t len, unsigned depth)
{
	const struct fed_failing before = shell->failing;
	struct fed_words words = {0};
	struct fed_error err;
	enum fed_exit result = FED_EXIT_OK;
	unsigned lines = depth ? before.lines : 0;

	while (len && result == FED_EXIT_OK && !shell->quit && !fed__signals_ending()) {
		size_t used = 0;

		if (fed__signals_interrupted()) {
			result = FED_EXIT_INTERRUPTED;
			break;
		}
		shell->reported = false;
		shell->failing = (struct fed_failing){.source = text,
		                                      .len = len,
		                                      .lines = lines,
		                                      .expanded = depth > 0,
		                                      .words = &words,
		                                      .bad = SIZE_MAX};
		if (fed__words_split(&words, text, len, &used, &err)) {
			shell->failing.bad = words.n ? words.n - 1 : SIZE_MAX;
			result = fail(shell, FED_EXIT_USAGE, "", &err);
		} else if (words.n) {
			result = run_one(shell, &words, text, depth);
		}
		for (size_t i = 0; i < used && !depth; i++)
			lines += text[i] == '\n';
		text += used;
		len -= used;
	}
	shell->failing = before;
	fed__words_release(&words);
	return result;
}

enum fed_exit fed__shell_execute(struct fed_shell *shell, const char *text, size_t len,
                                 const struct fed_script_place *place)
{
	const struct fed_script_place *before = shell->place;
	struct fed_error err;
	enum fed_exit result;

	shell->place = place;
	shell->reported = false;
	fed__screen_measure(shell);
	if (len > FED_LINE_MAX) {
		fed_fail(&err, "the line has %zu bytes; at most %u are read", len, FED_LINE_MAX);
		result = fail(shell, FED_EXIT_USAGE, "", &err);
	} else if (memchr(text, 0, len)) {
		fed_fail(&err, "a NUL byte at column %zu",
		         (size_t)((const char *)memchr(text, 0, len) - text) + 1);
		result = fail(shell, FED_EXIT_USAGE, "", &err);
	} else {
		result = run_all(shell, text, len, 0);
	}
	fed__print_flush(shell);
	shell->place = before;
	return result;
}
