/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/travel/moves.c - undo, redo, rewind, and the list of versions.
 */
#include "shell/commands/travel/moves.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "history/condition.h"
#include "session/composition.h"
#include "history/kept_runs.h"
#include "history/metrics.h"
#include "shell/language/travel.h"
#include "shell/output/print.h"
#include "shell/output/written.h"
#include "travel/search.h"
#include "travel/travel.h"

/* What is said ---------------------------------------------------------------------------- */

/* Append the last line of a revision that says what was done, without its end: settings and pauses
 * that a replay needs stand before it. */
static void put_command(struct fed_text *out, const struct fed_revision *r)
{
	const char *command = "";

	for (const char *at = r->lines; *at; at += strcspn(at, "\n") + 1)
		if (*at != '#' && *at != '\n' && (!*command || strncmp(at, "pause ", 6) != 0))
			command = at;
	fed_text_put(out, command, strcspn(command, "\n"));
}

void fed__say_place(struct fed_shell *shell, const char *way)
{
	const struct fed_session_status st = fed_session_status(shell->session);
	struct fed_text text = {0};

	fed_text_add(&text, "%s version %s", way, fed_count((double)st.version).s);
	if (st.version) {
		fed_text_add(&text, ", ");
		fed_text_seconds(&text, st.clock);
	}
	if (st.phase == FED_PHASE_OPEN)
		fed_text_add(&text, ", %s step%s into the next round", fed_count((double)st.round.steps).s,
		             st.round.steps == 1 ? "" : "s");
	fed__print(shell, "%s", fed_text_str(&text));
	fed_text_release(&text);
}

void fed__say_next(struct fed_shell *shell, struct fed_place from)
{
	const struct fed_tree *tree = fed_travel_tree(shell->travel);
	const struct fed_place here = fed_travel_place(shell->travel);
	const struct fed_place came_from = from;
	struct fed_text command = {0};

	while (from.revision && !fed_place_is(tree->revision[from.revision].from, here))
		from = tree->revision[from.revision].from;
	if (from.revision) {
		put_command(&command, &tree->revision[from.revision]);
		if (command.len)
			fed__print(shell, ", before `%s`", fed_text_str(&command));
		else
			fed__print(shell, ", before a file was restored");
	}
	fed__print(shell, "; `redo` goes forward again\n");
	const struct fed_instance *transport = &fed_session_parts(shell->session)->transport;
	if (transport->entry && !fed_is_simulated(transport))
		fed__print(shell, "what was sent over real connections stays sent\n");
	fed__written_tell(shell, came_from);
	fed_text_release(&command);
}

/* Moves ------------------------------------------------------------------------------------- */

const struct fed_field fed__undo_rows[] = {
	FED_ARG_INT(struct fed_undo_args, n, FED_FIELD_POSITIONAL, 1, 1, 1e9, "number of commands"),
	FED_END,
};

/* Nothing was composed since the program began: `undo` takes back its last end. */
static bool undoes_quit(const struct fed_shell *shell)
{
	return shell->autosave.offered.len && !shell->journal.len;
}

static int undo_quit(struct fed_shell *shell)
{
	struct fed_text *offered = &shell->autosave.offered;

	shell->fault = fed__shell_execute(shell, fed_text_str(offered), offered->len, shell->place);
	fed_text_release(offered);
	return FED_OK;
}

int fed__run_undo(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_undo_args *a = call->args;
	const struct fed_place from = fed_travel_place(shell->travel);

	if (undoes_quit(shell))
		return undo_quit(shell);
	const int rc = fed__travel_undo(shell, (uint64_t)a->n, err);
	if (rc)
		return rc;
	fed__say_place(shell, "back at");
	fed__say_next(shell, from);
	return FED_OK;
}

int fed__run_redo(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	(void)call;
	const int rc = fed__travel_redo(shell, err);

	if (rc)
		return rc;
	fed__say_place(shell, "forward to");
	fed__print(shell, "\n");
	return FED_OK;
}

const struct fed_field fed__rewind_rows[] = {
	FED_ARG_TEXT(struct fed_rewind_args, where, FED_ARG_NEEDED | FED_FIELD_REST, NULL,
                 "VERSION, -N, before fault NUMBER, when CONDITION, or clock=SECONDS"),
	FED_END,
};

static int find_condition(struct fed_shell *shell, const char *text, struct fed_place *to,
                          struct fed_error *err)
{
	struct fed_condition *condition;

	if (fed_condition_parse(&condition, text, fed_session_kept_runs(shell->session), err))
		return FED_FAIL;
	const int rc = fed_travel_when(shell->travel, condition, to, err);
	fed_condition_free(condition);
	return rc;
}

/* The text behind a word, or NULL if that is not the first one. */
static const char *behind(const char *text, const char *word)
{
	const size_t n = strlen(word);

	return strncmp(text, word, n) == 0 && text[n] == ' ' ? text + n + 1 : NULL;
}

/* The last version of the run is here: what makes the next one, or where the branch goes on. */
static int fail_at_end(const struct fed_shell *shell, const struct fed_course *course,
                       struct fed_error *err)
{
	const unsigned long long here = (unsigned long long)course->here;

	if (course->behind)
		return fed_fail(err,
		                "version %llu is the last one of this run; `switch %s` goes to the end of "
		                "the branch, where another run follows",
		                here, course->branch);
	return fed_fail(err, "version %llu is the last one on branch %s; `%s` goes on", here,
	                course->branch, fed_session_left(shell->session) ? "continue" : "round");
}

/* So many versions from the present one: -3, +1. */
static int find_relative(const struct fed_shell *shell, long long n, struct fed_place *to,
                         struct fed_error *err)
{
	const struct fed_course course = fed_travel_course(shell->travel);

	if (n < 0 && (uint64_t)-n > course.here)
		return fed_fail(err, "%lld version%s back from version %llu there is none", -n,
		                n == -1 ? "" : "s", (unsigned long long)course.here);
	if (n > 0 && course.last <= course.here)
		return fail_at_end(shell, &course, err);
	return fed_travel_at_version(shell->travel, course.here + (uint64_t)n, to, err);
}

/* The place that was typed. FED_REJECT: it means nothing. */
static int find_place(struct fed_shell *shell, const char *where, struct fed_place *to,
                      struct fed_error *err)
{
	const char *rest;
	long long n;
	double x;

	if (fed_parse_int(where, &n))
		return n < 0 || *where == '+' ? find_relative(shell, n, to, err)
		                              : fed_travel_at_version(shell->travel, (uint64_t)n, to, err);
	if ((rest = behind(where, "when")))
		return find_condition(shell, rest, to, err);
	if ((rest = behind(where, "before")) && (rest = behind(rest, "fault")) &&
	    fed_parse_int(rest, &n) && n > 0)
		return fed_travel_before_fault(shell->travel, (uint64_t)n, to, err);
	if (strncmp(where, "clock=", 6) == 0 && fed_parse_real(where + 6, &x) && x >= 0)
		return fed_travel_at_clock(shell->travel, x, to, err);
	return fed_reject(
		err,
		"%s is no place in the history: a version (12), so many back or forward (-3, +1), `before "
		"fault 2`, `when accuracy<0.5`, `clock=30`",
		fed_show(where).s);
}

int fed__run_rewind(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_rewind_args *a = call->args;
	const struct fed_place from = fed_travel_place(shell->travel);
	struct fed_place to;

	int rc = find_place(shell, a->where, &to, err);
	if (rc)
		return rc;
	if (fed_place_is(to, from)) {
		fed__say_place(shell, "the session is at");
		fed__print(shell, " already\n");
		return FED_OK;
	}
	const uint64_t version = fed_session_version(shell->session);
	rc = fed__travel_to(shell, to, err);
	if (rc)
		return rc;
	if (fed_session_version(shell->session) > version) {
		fed__say_place(shell, "forward to");
		fed__print(shell, "\n");
		return FED_OK;
	}
	fed__say_place(shell, "back at");
	fed__say_next(shell, from);
	return FED_OK;
}

const struct fed_field fed__play_rows[] = {
	FED_ARG_INT(struct fed_play_args, to, FED_FIELD_POSITIONAL, 0, 0, 1e12,
                "the last version; else where the branch ends"),
	FED_END,
};

static void print_version(struct fed_shell *shell)
{
	const struct fed_history *h = fed_session_history(shell->session);
	struct fed_text text = {0};

	if (h->n == 0)
		return;
	const struct fed_record *r = &h->record[h->n - 1];
	fed_text_add(&text, "version %-6.0f accuracy %6.2f %%  loss %-8.4g clock ", r->round,
	             100 * r->test_accuracy, r->test_loss);
	fed_text_seconds(&text, r->clock);
	fed__print(shell, "%s\n", fed_text_str(&text));
	fed_text_release(&text);
}

/* Version by version, so that the watch shows each at its pace. */
int fed__run_play(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_play_args *a = call->args;
	const struct fed_course course = fed_travel_course(shell->travel);
	const uint64_t last = a->to ? (uint64_t)a->to : course.last;
	int rc = FED_OK;

	if (last <= course.here)
		return a->to ? fed_fail(err,
		                        "version %llu is not ahead of the present one, %llu; `rewind` goes "
		                        "back",
		                        (unsigned long long)last, (unsigned long long)course.here)
		             : fed_fail(err,
		                        "nothing comes after version %llu on branch %s; `rewind` goes back "
		                        "first",
		                        (unsigned long long)course.here, course.branch);
	for (uint64_t version = course.here + 1; rc == FED_OK && version <= last; version++) {
		struct fed_place to;

		rc = fed_travel_at_version(shell->travel, version, &to, err);
		if (rc == FED_OK)
			rc = fed__travel_to(shell, to, err);
		if (rc == FED_OK)
			print_version(shell);
		if (rc == FED_OK && (fed_session_hold(shell->session, true) || fed__signals_interrupted()))
			break;
	}
	return rc;
}

/* The list ------------------------------------------------------------------------------------ */

/* Rows of the path from the beginning to where the branch ends. */
static void add_row(struct fed_table *table, const struct fed_tree *tree, uint64_t from,
                    struct fed_place p, bool here, const struct fed_history *h)
{
	const struct fed_revision *r = &tree->revision[p.revision];
	const uint64_t to = fed_place_version(tree, p);
	struct fed_text command = {0};

	put_command(&command, r);
	fed__table_cell(table, here ? "*" : "");
	if (to > from + 1)
		fed__table_cell(table, "%llu-%llu", (unsigned long long)from + 1, (unsigned long long)to);
	else
		fed__table_cell(table, "%llu", (unsigned long long)to);
	fed__table_seconds(table, p.inside ? NAN : r->clock);
	fed__table_share(table, to && to <= h->n && h->record[to - 1].round == (double)to
	                            ? h->record[to - 1].test_accuracy
	                            : NAN);
	fed__table_cell(table, "%s", command.len ? fed_text_str(&command) : "the session began");
	fed_text_release(&command);
}

static void say_size(struct fed_shell *shell)
{
	const uint64_t disk = fed_travel_disk(shell->travel);
	const uint32_t n = fed_travel_snapshots(shell->travel);
	struct fed_text text = {0};

	fed_text_add(&text, "%s snapshot%s, ", fed_count((double)n).s, n == 1 ? "" : "s");
	fed_text_bytes(&text, (double)fed_travel_memory(shell->travel));
	fed_text_add(&text, " of memory");
	if (disk) {
		fed_text_add(&text, ", ");
		fed_text_bytes(&text, (double)disk);
		fed_text_add(&text, " on disk");
	}
	fed__print(shell, "%s\n", fed_text_str(&text));
	fed_text_release(&text);
}

int fed__run_versions(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	static const struct fed_table_column columns[] = {
		{.title = "", .key = "here"},
		{.title = "version"},
		{.title = "clock", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "accuracy", .kind = FED_CELL_NUMBER, .rank = 2},
		{.title = "command", .kind = FED_CELL_PROSE},
	};
	const struct fed_tree *tree = fed_travel_tree(shell->travel);
	const struct fed_history *h = fed_session_history(shell->session);
	const struct fed_place here = fed_travel_place(shell->travel);
	struct fed_table table = {.name = "versions", .column = columns, .columns = 5};
	uint32_t n;

	(void)call;
	struct fed_place *path =
		fed_tree_path(tree, tree->branch[fed_travel_branch(shell->travel)].tip, &n);
	if (!path)
		return fed_fail_memory(err, tree->n * sizeof *path, "the list of versions");
	for (uint32_t i = 0; i < n; i++) {
		const bool parted =
			here.inside && here.revision == path[i].revision && !fed_place_is(here, path[i]);
		const uint64_t from = tree->revision[path[i].revision].version_before;

		if (parted)
			add_row(&table, tree, from, here, true, h);
		add_row(&table, tree, parted ? here.version : from, path[i], fed_place_is(here, path[i]),
		        h);
	}
	fed_free(path);
	fed__table_print(shell, &table);
	say_size(shell);
	return FED_OK;
}
