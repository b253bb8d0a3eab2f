/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/plot.c - the command `plot`: metrics of the run and of kept runs as curves.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "history/series.h"
#include "report/figures/figures.h"
#include "shell/commands/look/clients.h"
#include "shell/commands/study/diff_branches.h"
#include "shell/commands/study/study.h"
#include "shell/commands/study/sweep.h"
#include "shell/commands/study/tournament.h"
#include "shell/output/chart.h"
#include "shell/output/print.h"
#include "travel/travel.h"

/* Branches ------------------------------------------------------------------------------- */

#define BRANCHES_SHOWN 8u

/* Kept runs, whose histories are borrowed, and other branches from where they leave the present
 * course. */
struct shown_runs {
	struct fed_runs runs; /* [n] its array is owned */
	struct fed_history branch[BRANCHES_SHOWN];
	double fork[BRANCHES_SHOWN]; /* [branches] their versions */
	const char *present;         /* what the session's own run is called beside them */
	size_t branches;
};

static void release_shown(struct shown_runs *r)
{
	for (size_t i = 0; i < r->branches; i++)
		fed_history_release(&r->branch[i]);
	fed_free(r->runs.run);
}

/* The history of a branch: as it was when it was left, or by going there. */
static int read_branch(struct fed_shell *shell, const struct fed_branch *b, struct fed_history *h,
                       struct fed_error *err)
{
	struct fed_branch_end end;

	if (!b->history.n || !fed_place_is(b->left, b->tip)) {
		if (fed__branch_end_read(&end, shell, b->tip, false, err))
			return FED_FAIL;
		*h = end.history;
		end.history = (struct fed_history){0};
		fed__branch_end_release(&end);
		return FED_OK;
	}
	for (size_t i = 0; i < b->history.n; i++)
		if (fed_history_add(h, &b->history.record[i], err))
			return FED_FAIL;
	return FED_OK;
}

/* Remove the records before a version: a curve begins where it leaves another one. */
static void cut_before(struct fed_history *h, double version)
{
	size_t first = 0;

	while (first < h->n && h->record[first].round < version)
		first++;
	memmove(h->record, h->record + first, (h->n - first) * sizeof *h->record);
	h->n -= first;
}

static void add_branch(struct shown_runs *r, struct fed_shell *shell, const struct fed_branch *b,
                       bool cut)
{
	const struct fed_tree *tree = fed_travel_tree(shell->travel);
	const struct fed_place fork =
		fed_travel_common(shell->travel, fed_travel_place(shell->travel), b->tip);
	const bool same_run = tree->revision[fork.revision].run == tree->revision[b->tip.revision].run;
	struct fed_history *h = &r->branch[r->branches];
	struct fed_error unused; /* a branch that cannot be read is left out */

	*h = (struct fed_history){0};
	if (fed_place_is(fork, b->tip))
		return;
	if (read_branch(shell, b, h, &unused)) {
		fed_history_release(h);
		return;
	}
	r->fork[r->branches] = same_run ? (double)fed_place_version(tree, fork) : 0;
	if (cut)
		cut_before(h, r->fork[r->branches]);
	struct fed_kept_run *run = &r->runs.run[r->runs.n++];
	*run = (struct fed_kept_run){.history = *h};
	snprintf(run->name, sizeof run->name, "%.*s", (int)sizeof run->name - 1, b->name);
	r->branches++;
}

static int collect(struct shown_runs *r, struct fed_shell *shell, const struct fed_field *x,
                   struct fed_error *err)
{
	const struct fed_tree *tree = fed_travel_tree(shell->travel);
	const struct fed_runs *kept = fed_session_kept_runs(shell->session);
	const size_t most = kept->n + BRANCHES_SHOWN;
	const bool cut = strcmp(x->name, "round") == 0 || strcmp(x->name, "clock") == 0;

	r->runs.run = fed_alloc_array(most, sizeof *r->runs.run);
	if (!r->runs.run)
		return fed_fail_memory(err, most * sizeof *r->runs.run, "the curves");
	for (size_t i = 0; i < kept->n; i++)
		r->runs.run[r->runs.n++] = kept->run[i];
	for (uint32_t k = 0; k < tree->n_branches && r->branches < BRANCHES_SHOWN; k++)
		if (*tree->branch[k].name)
			add_branch(r, shell, &tree->branch[k], cut);
	r->present =
		r->branches ? tree->branch[fed_travel_branch(shell->travel)].name : FED_PRESENT_RUN;
	return FED_OK;
}

/* Curves --------------------------------------------------------------------------------- */

static int add_metrics(struct fed_series_set *set, const struct fed_session *s,
                       const struct fed_runs *runs, const char *names, const struct fed_field *x,
                       struct fed_error *err)
{
	const char *at = names;

	for (;;) {
		const size_t n = strcspn(at, ",");
		const struct fed_field *y;
		char name[64];

		snprintf(name, sizeof name, "%.*s", (int)n, at);
		if (fed_metric_find(name, &y, err) ||
		    fed_series_add_runs(set, runs, fed_session_history(s), y, x, NULL, err))
			return FED_FAIL;
		if (!at[n])
			return FED_OK;
		at += n + 1;
	}
}

/* The points as a table. */
static void list_points(struct fed_shell *shell, const struct fed_series_set *set,
                        const struct fed_field *x)
{
	const struct fed_table_column columns[] = {
		{.title = "curve"},
		{.title = x->name, .kind = FED_CELL_NUMBER},
		{.title = "value", .kind = FED_CELL_NUMBER},
	};
	struct fed_table table = {.name = "plot", .column = columns, .columns = 3};

	for (size_t i = 0; i < set->n; i++)
		for (size_t k = 0; k < set->of[i].n; k++) {
			fed__table_cell(&table, "%s", set->of[i].name);
			fed__table_real(&table, set->of[i].x[k], "%.6g");
			fed__table_real(&table, set->of[i].y[k], "%.6g");
		}
	fed__table_print(shell, &table);
}

static bool has_one_metric(const struct fed_series_set *set)
{
	for (size_t i = 1; i < set->n; i++)
		if (set->of[i].of != set->of[0].of)
			return false;
	return true;
}

/* The name in the legend of a figure, whose axis names the metric if there is but one. */
static const char *name_in_figure(const struct fed_series_set *set, size_t i, const char *present)
{
	if (!has_one_metric(set))
		return set->of[i].name;
	return *set->of[i].run ? set->of[i].run : present;
}

static bool has_values(const struct fed_series_set *set, const struct fed_field *metric)
{
	for (size_t i = 0; i < set->n; i++)
		for (size_t k = 0; set->of[i].of == metric && k < set->of[i].n; k++)
			if (isfinite(set->of[i].y[k]))
				return true;
	return false;
}

/* Lines about metrics that no round has: "clients-worst has no values; it takes ..."; how many
 * metrics are without a line. */
static size_t add_missing(const struct fed_series_set *set, struct fed_text *out)
{
	const struct fed_field *before = NULL;
	size_t some = 0;

	for (size_t i = 0; i < set->n; i++) {
		const struct fed_field *m = set->of[i].of;
		const char *needs = fed_metric_needs(m);

		if (m == before)
			continue;
		before = m;
		if (has_values(set, m)) {
			some++;
			continue;
		}
		fed_text_add(out, out->len ? "; " : "");
		fed_field_key(m, out);
		fed_text_add(out, " has no values: ");
		if (needs) {
			fed_text_add(out, "it takes %s", needs);
			continue;
		}
		fed_text_add(out, "`explain ");
		fed_field_key(m, out);
		fed_text_add(out, "` says what it is");
	}
	return some;
}

static int draw(struct fed_shell *shell, const struct fed_series_set *set,
                const struct shown_runs *runs, const char *title, const struct fed_field *x,
                const struct fed_plot_form *form, struct fed_error *err)
{
	struct fed_plot_series series[FED_SERIES_MAX];
	struct fed_text label = {0};

	if (shell->form != FED_FORM_TEXT) {
		list_points(shell, set, x);
		return FED_OK;
	}
	for (size_t i = 0; i < set->n; i++)
		series[i] = (struct fed_plot_series){
			*form->figure.to ? name_in_figure(set, i, runs->present) : set->of[i].name,
			set->of[i].x,
			set->of[i].y,
			set->of[i].n,
			NULL,
			NULL};
	struct fed_text missing = {0};
	if (!add_missing(set, &missing) && *form->figure.to) {
		fed_fail(err, "%s", fed_text_str(&missing));
		fed_text_release(&missing);
		return FED_FAIL;
	}
	fed_field_key(x, &label);
	/* The legend of a figure names several metrics. */
	const bool named = !*form->figure.to || has_one_metric(set);
	struct fed_chart chart = {.title = named ? title : "",
	                          .x_label = fed_text_str(&label),
	                          .series = series,
	                          .n = set->n,
	                          .mark = runs->fork,
	                          .marks = strcmp(x->name, "round") == 0 ? runs->branches : 0,
	                          .mark_name = "fork"};
	const int rc = fed__print_chart(shell, &chart, form, err);
	if (rc == FED_OK && missing.len)
		fed__print(shell, "%s\n", fed_text_str(&missing));
	fed_text_release(&missing);
	fed_text_release(&label);
	return rc;
}

static int show_plot(struct fed_shell *shell, const char *metrics, const struct fed_plot_form *form,
                     struct fed_error *err)
{
	struct fed_series_set set = {.n = 0};
	struct shown_runs runs = {.branches = 0};
	const struct fed_field *x;
	int rc = FED_FAIL;

	if (fed_metric_find(form->against, &x, err) || collect(&runs, shell, x, err) ||
	    add_metrics(&set, shell->session, &runs.runs, metrics, x, err)) {
		shell->fault = FED_EXIT_USAGE;
	} else if (!set.n) {
		fed_fail(err, "no rounds yet: `round 5` makes some");
	} else {
		rc = draw(shell, &set, &runs, metrics, x, form, err);
	}
	fed_series_release(&set);
	release_shown(&runs);
	return rc;
}

const struct fed_field fed__plot_rows[] = {
	FED_ARG_TEXT(struct fed_plot_args, metric, FED_ARG_NEEDED, "metrics",
                 "one or more, joined by commas; or tournament, sweep, study"),
	FED_ARG_TEXT(struct fed_plot_args, of, FED_FIELD_POSITIONAL, "metric",
                 "after sweep: the metric of each row; after study: its name"),
	FED_ARG_TEXT(struct fed_plot_args, words, FED_FIELD_POSITIONAL | FED_FIELD_WORDS, "study-words",
                 "after study NAME: METRIC by FACTOR,FACTOR"),
	{.name = "against",
     .type = FED_TYPE_TEXT,
     .offset = offsetof(struct fed_plot_args, form.against),
     .size = sizeof(((struct fed_plot_form *)0)->against),
     .text = "round",
     .hint = "metric",
     .help = "the metric along the bottom: round, clock, bytes-up"},
	{.name = "log",
     .type = FED_TYPE_FLAG,
     .offset = offsetof(struct fed_plot_args, form.log),
     .size = sizeof(bool),
     .help = "logarithmic values; those not above 0 are left out and counted"},
	{.name = "log_x",
     .type = FED_TYPE_FLAG,
     .offset = offsetof(struct fed_plot_args, form.log_x),
     .size = sizeof(bool),
     .help = "the same along the bottom"},
	FED_FIGURE_ROWS(struct fed_plot_args, form.figure),
	FED_END,
};
int fed__run_plot(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_plot_args *a = call->args;

	if (strcmp(a->metric, "tournament") == 0)
		return fed__plot_tournament(shell, &a->form.figure, err);
	if (strcmp(a->metric, "sweep") == 0)
		return fed__plot_sweep(shell, a->of, &a->form, err);
	if (strcmp(a->metric, "study") == 0)
		return fed__plot_study(shell, a->of, a->words, &a->form, err);
	if (*a->of) {
		shell->fault = FED_EXIT_USAGE;
		return fed_fail(err, "metrics are joined by commas: plot %s,%s", fed_show(a->metric).s,
		                fed_show(a->of).s);
	}
	return show_plot(shell, a->metric, &a->form, err);
}
