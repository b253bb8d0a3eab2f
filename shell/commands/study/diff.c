/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/diff.c - the command `diff`: what was composed differently in two runs, and
 * what came out differently.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "history/kept_runs.h"
#include "report/composition_text.h"
#include "shell/commands/study/diff_branches.h"
#include "shell/commands/study/runs.h"
#include "shell/commands/study/study.h"
#include "shell/language/origins.h"
#include "shell/output/print.h"
#include "travel/travel.h"

#define P struct fed_diff_runs_args
const struct fed_field fed__diff_runs_rows[] = {
	FED_ARG_TEXT(P, first, FED_ARG_NEEDED, "kept-run",
                 "a kept run, a branch, now, or a study's STUDY/NUMBER"),
	FED_ARG_TEXT(P, second, FED_FIELD_POSITIONAL, "kept-run", "likewise; without it now"),
	FED_END,
};
#undef P

/* One of two runs. */
struct compared_run {
	char name[64];
	char *composition; /* NULL: it was not kept */
	char *plugins;     /* likewise */
	struct fed_history history;
	struct fed_branch_end end; /* of a branch */
	bool branch;
};

static void release_run(struct compared_run *run)
{
	fed_free(run->composition);
	fed_free(run->plugins);
	fed_history_release(&run->history);
	fed__branch_end_release(&run->end);
}

/* Reading -------------------------------------------------------------------------------- */

static int copy_history(struct compared_run *run, const struct fed_history *from,
                        struct fed_error *err)
{
	for (size_t i = 0; i < from->n; i++)
		if (fed_history_add(&run->history, &from->record[i], err))
			return FED_FAIL;
	return FED_OK;
}

/* Take a joined composition (fed_composition_join) apart: the line of plugins, and the others. */
static int take_composition(struct compared_run *run, const char *text, struct fed_error *err)
{
	struct fed_text composition = {0}, plugins = {0};
	struct fed_composition_line line;

	while (fed_composition_next(&text, &line)) {
		const bool builds = line.key_bytes == 7 && memcmp(line.key, "plugins", 7) == 0;
		struct fed_text *out = builds ? &plugins : &composition;

		fed_text_put(out, builds ? line.value : line.key,
		             builds ? line.value_bytes
		                    : (size_t)(line.value + line.value_bytes - line.key));
		fed_text_add(out, "\n");
	}
	run->composition = composition.s;
	run->plugins = plugins.s;
	return composition.failed || plugins.failed
	           ? fed_fail_memory(err, strlen(text), "the composition")
	           : FED_OK;
}

static int read_kept(struct compared_run *run, const struct fed_kept_run *kept,
                     struct fed_error *err)
{
	if (kept->composition && take_composition(run, kept->composition, err))
		return FED_FAIL;
	return copy_history(run, &kept->history, err);
}

/* The run so far, with what its last version was made with. */
static int read_present(struct compared_run *run, const struct fed_shell *shell,
                        struct fed_error *err)
{
	const char *known = fed_session_composition(shell->session);
	struct fed_text text = {0};

	if (!known)
		fed__origins_put(shell, &text);
	const int rc = text.failed ? fed_fail_memory(err, text.cap, "the composition")
	                           : take_composition(run, known ? known : fed_text_str(&text), err);
	fed_text_release(&text);
	return rc ? rc : copy_history(run, fed_session_history(shell->session), err);
}

/* A run of a study as it is found. */
struct found_run {
	struct compared_run *run;
	struct fed_store *store;
	uint64_t cell;
	bool found;
	struct fed_error *err;
	int rc;
};

static bool take_found(void *ctx, const struct fed_stored_run *stored)
{
	struct found_run *f = ctx;
	struct fed_text text = {0};

	if (stored->cell != f->cell)
		return true;
	f->found = true;
	fed_composition_join(stored->program, stored->composition, stored->plugins, &text);
	f->rc = text.failed ? fed_fail_memory(f->err, text.cap, "the composition")
	                    : take_composition(f->run, fed_text_str(&text), f->err);
	if (f->rc == FED_OK)
		f->rc = fed_store_history(f->store, stored->id, &f->run->history, f->err);
	fed_text_release(&text);
	return false;
}

static int read_stored(struct compared_run *run, const char *study_name, const char *number,
                       struct fed_error *err)
{
	struct fed_stored_study study;
	struct fed_store *store;
	long long cell;

	if (!fed_parse_int(number, &cell) || cell < 0)
		return fed_fail(err, "%s is not the number of a run; `runs %s` lists them",
		                fed_show(number).s, study_name);
	if (fed__open_study(&store, FED_STORE_LOOK, study_name, &study, err))
		return FED_FAIL;
	struct found_run f = {.run = run, .store = store, .cell = (uint64_t)cell, .err = err};
	int rc = fed_store_each_run(store, study.id, take_found, &f, err);
	rc = rc ? rc : f.rc;
	if (rc == FED_OK && !f.found)
		rc = fed_fail(err, "study %s has no run %lld; `runs %s` lists those that it has",
		              study_name, cell, study_name);
	fed_stored_study_release(&study);
	fed_store_close(store);
	return rc;
}

static int read_branch(struct compared_run *run, struct fed_shell *shell, struct fed_place tip,
                       struct fed_error *err)
{
	const int rc = fed__branch_end_read(&run->end, shell, tip, true, err);

	if (rc)
		return rc;
	run->branch = true;
	if (run->end.composition && take_composition(run, run->end.composition, err))
		return FED_FAIL;
	return copy_history(run, &run->end.history, err);
}

static int read_run(struct compared_run *run, struct fed_shell *shell, const char *typed,
                    struct fed_error *err)
{
	const struct fed_runs *kept = fed_session_kept_runs(shell->session);
	const char *slash = strchr(typed, '/');
	struct fed_place tip;
	char study[64];

	snprintf(run->name, sizeof run->name, "%s", typed);
	if (strcmp(typed, "now") == 0)
		return read_present(run, shell, err);
	snprintf(study, sizeof study, "%.*s", (int)strcspn(typed, "/"), typed);
	if (slash)
		return read_stored(run, study, slash + 1, err);
	for (size_t i = 0; i < kept->n; i++)
		if (strcmp(kept->run[i].name, typed) == 0)
			return read_kept(run, &kept->run[i], err);
	if (fed_travel_tip(shell->travel, typed, &tip))
		return read_branch(run, shell, tip, err);
	return fed_fail(err,
	                "no run is kept as %s, and no branch is called so; say now, a name that `keep` "
	                "lists, one of `branches`, or STUDY/NUMBER as `runs STUDY` lists them",
	                fed_show(typed).s);
}

/* Differences ---------------------------------------------------------------------------- */

static void put_cell(struct fed_table *table, const char *s, size_t n)
{
	fed__table_cell(table, "%.*s", (int)n, s);
}

/* Rows for the lines of a that b lacks or has otherwise; both: those that b lacks alone. */
static void add_lines(struct fed_table *table, const char *a, const char *b, bool swapped)
{
	struct fed_composition_line line, other;

	while (fed_composition_next(&a, &line)) {
		const bool found = fed_composition_find(b, &line, &other);

		if (found && (swapped || (line.value_bytes == other.value_bytes &&
		                          memcmp(line.value, other.value, line.value_bytes) == 0)))
			continue;
		put_cell(table, line.key, line.key_bytes);
		if (swapped)
			fed__table_cell(table, "-");
		put_cell(table, line.value, line.value_bytes);
		if (found)
			put_cell(table, other.value, other.value_bytes);
		else if (!swapped)
			fed__table_cell(table, "-");
	}
}

static void show_compositions(struct fed_shell *shell, const struct compared_run *a,
                              const struct compared_run *b)
{
	const struct fed_table_column columns[] = {
		{.title = "composed"},
		{.title = a->name, .kind = FED_CELL_PROSE, .key = "first"},
		{.title = b->name, .kind = FED_CELL_PROSE, .key = "second"},
	};
	struct fed_table table = {.name = "compositions", .column = columns, .columns = 3};

	if (!a->composition || !b->composition) {
		fed__print(shell,
		           "what %s was composed of is not known: it is a baseline, or was kept by an "
		           "earlier fedsh\n",
		           a->composition ? b->name : a->name);
		return;
	}
	add_lines(&table, a->composition, b->composition, false);
	add_lines(&table, b->composition, a->composition, true);
	const bool same = table.n == 0;
	if (same)
		fed__table_release(&table);
	else
		fed__table_print(shell, &table);
	if (same)
		fed__print(shell, "the compositions are the same\n");
	if (strcmp(a->plugins ? a->plugins : "", b->plugins ? b->plugins : "") != 0 && same)
		fed__print(shell, "but the files of their plugins are not\n");
}

/* The first round whose figures differ; 0: none does. */
static size_t first_difference(const struct fed_history *a, const struct fed_history *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++)
		if (fed_record_digest(&a->record[i]) != fed_record_digest(&b->record[i]))
			return i + 1;
	return 0;
}

static void add_metric(struct fed_table *table, const struct fed_field *metric, double x, double y)
{
	struct fed_text text = {0};

	fed_field_key(metric, &text);
	fed__table_cell(table, "%s", fed_text_str(&text));
	for (int i = 0; i < 3; i++) {
		const double value = i == 0 ? x : i == 1 ? y : y - x;

		fed_text_clear(&text);
		fed_metric_put(metric, value, &text);
		fed__table_shown(table, value, fed_text_str(&text));
	}
	fed_text_release(&text);
}

static void show_figures(struct fed_shell *shell, const struct compared_run *a,
                         const struct compared_run *b)
{
	const struct fed_table_column columns[] = {
		{.title = "figure"},
		{.title = a->name, .kind = FED_CELL_NUMBER, .key = "first"},
		{.title = b->name, .kind = FED_CELL_NUMBER, .key = "second"},
		{.title = "difference", .kind = FED_CELL_NUMBER, .rank = 1},
	};
	struct fed_table table = {.name = "figures", .column = columns, .columns = 4};
	struct fed_record x, y;

	fed_history_total(&a->history, &x);
	fed_history_total(&b->history, &y);
	for (const struct fed_field *m = fed_metrics; m->type; m++) {
		const double p = fed_metric_value(m, &x), q = fed_metric_value(m, &y);

		if (strcmp(m->name, "wall") == 0 || (isnan(p) && isnan(q)) || p == q)
			continue;
		add_metric(&table, m, p, q);
	}
	const size_t first = first_difference(&a->history, &b->history);
	if (table.n)
		fed__table_print(shell, &table);
	else
		fed__table_release(&table);
	if (a->history.n != b->history.n)
		fed__print(shell, "%s has %zu rounds, %s %zu\n", a->name, a->history.n, b->name,
		           b->history.n);
	if (first)
		fed__print(shell, "they differ from round %zu on\n", first);
	else
		fed__print(shell, "%s are the same, bit for bit\n",
		           a->history.n == b->history.n ? "all rounds" : "the rounds that both have");
}

int fed__run_diff_runs(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_diff_runs_args *args = call->args;
	const char *second = *args->second ? args->second : "now";
	struct compared_run a = {.name = ""}, b = {.name = ""};

	if (!*args->second && strcmp(args->first, second) == 0)
		return fed_fail(err, "now is compared with what? Name another run, which `runs` lists");
	int rc = read_run(&a, shell, args->first, err);
	if (rc == FED_OK)
		rc = read_run(&b, shell, second, err);
	if (rc == FED_OK) {
		show_compositions(shell, &a, &b);
		show_figures(shell, &a, &b);
		if (a.branch && b.branch)
			fed__show_branches(shell, a.name, &a.end, b.name, &b.end);
	}
	release_run(&a);
	release_run(&b);
	return rc ? FED_FAIL : FED_OK;
}
