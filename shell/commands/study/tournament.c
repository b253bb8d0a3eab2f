/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/tournament.c - tournaments: the grid of attacks and aggregators as table,
 * JSON and heat map.
 */
#include "shell/commands/study/tournament.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "session/composition.h"
#include "shell/jobs/job.h"
#include "figures/matrix.h"
#include "shell/output/print.h"
#include "tui/widgets/heatmap.h"

#define P struct fed_tournament_plan
const struct fed_field fed__tournament_rows[] = {
	FED_ROW(P, attacks, char *, FED_TYPE_TEXT, .text = "none,sign-flip,gaussian,alie,ipm",
            .hint = "attacks", .help = "attacks, joined by commas; parameters behind colons"),
	FED_ROW(P, aggregators, char *, FED_TYPE_TEXT,
            .text = "fedavg,median,trimmed-mean,multi-krum,bgd", .hint = "aggregators",
            .help = "aggregators, joined by commas; their f (q) is the number of attackers"),
	FED_ROW(P, byzantine, char *, FED_TYPE_TEXT, .text = "20%", .hint = "who",
            .help = "the clients that attack"),
	FED_ARG_INT(P, rounds, 0, 10, 1, 1e6, "rounds of each match"),
	FED_END,
};
#undef P

static void cell_match(struct fed_table *table, const struct fed_outcome *o)
{
	if (!o->played)
		fed__table_cell(table, "...");
	else if (*o->why)
		fed__table_cell(table, "failed");
	else if (isnan(o->total.test_accuracy))
		fed__table_real(table, o->total.test_loss, "%#.4g");
	else
		fed__table_share(table, o->total.test_accuracy);
}

static void json_match(struct fed_shell *shell, const struct fed_tournament *t, size_t k)
{
	struct fed_text line = {0};

	fed_text_add(&line, "{\"v\":1,\"event\":\"tournament\",\"attack\":");
	fed_text_json_string(&line, t->attack[k / t->aggregators].name);
	fed_text_add(&line, ",\"aggregator\":");
	fed_text_json_string(&line, t->aggregator[k % t->aggregators].name);
	fed__json_outcome(&line, &t->trials.outcome[k]);
	fed__print_json(shell, &line);
}

static void show_grid(struct fed_shell *shell, const struct fed_tournament *t)
{
	struct fed_table_column column[1 + FED_TOURNAMENT_SIDES] = {{.title = "attack"}};
	struct fed_table table = {
		.name = "tournament", .column = column, .columns = 1 + t->aggregators};

	for (size_t k = 0; k < t->aggregators; k++)
		column[1 + k] = (struct fed_table_column){
			.title = t->aggregator[k].name, .kind = FED_CELL_NUMBER, .rank = 1};
	for (size_t i = 0; i < t->attacks; i++) {
		fed__table_cell(&table, "%s", t->attack[i].name);
		for (size_t k = 0; k < t->aggregators; k++)
			cell_match(&table, &t->trials.outcome[i * t->aggregators + k]);
	}
	fed__table_print(shell, &table);
	for (size_t i = 0; i < t->trials.n; i++)
		if (*t->trials.outcome[i].why)
			fed__print(shell, "%s against %s: %s\n", t->attack[i / t->aggregators].name,
			           t->aggregator[i % t->aggregators].name, t->trials.outcome[i].why);
	for (size_t i = 0; i < t->trials.n; i++)
		if (t->trials.outcome[i].played)
			json_match(shell, t, i);
}

static void report_progress(void *shell)
{
	fed__progress_trials(shell);
}

int fed__run_tournament(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_tournament_plan *plan = call->args;
	struct fed_tournament *t = &shell->tournament;
	bool interrupted = false;

	fed__progress_begin_trials(shell, &t->trials, "matches", 0, true);
	const int rc =
		fed_tournament_play(t, shell->session, plan, report_progress, shell, &interrupted, err);
	fed__progress_end(shell);
	if (rc)
		return rc;
	const uint32_t n = fed_session_parts(shell->session)->clients.n_present;
	fed__print(shell, "%lld round%s from version %llu, %u of %u client%s\n",
	           (long long)plan->rounds, plan->rounds == 1 ? "" : "s",
	           (unsigned long long)fed_session_version(shell->session), t->n_byzantine, n,
	           n == 1 ? " attacks" : "s attack");
	show_grid(shell, t);
	if (interrupted) {
		fed__print(shell, "stopped; the same command goes on with the remaining matches\n");
		shell->fault = FED_EXIT_INTERRUPTED;
		fed__signals_interrupted();
	}
	return fed_trials_check_outcomes(&t->trials, "matches", err);
}

static void name_attack(void *ctx, size_t i, struct fed_text *out)
{
	fed_text_add(out, "%s", ((const struct fed_tournament *)ctx)->attack[i].name);
}

static void name_aggregator(void *ctx, size_t k, struct fed_text *out)
{
	fed_text_add(out, "%s", ((const struct fed_tournament *)ctx)->aggregator[k].name);
}

static double accuracy_of(void *ctx, size_t i, size_t k)
{
	const struct fed_tournament *t = ctx;

	return t->trials.outcome[i * t->aggregators + k].total.test_accuracy;
}

static void write_accuracy(void *ctx, size_t i, size_t k, struct fed_text *out)
{
	const double accuracy = accuracy_of(ctx, i, k);

	if (isfinite(accuracy))
		fed_text_add(out, "%.1f", 100 * accuracy);
}

static int save_grid(struct fed_shell *shell, const struct fed_figure_form *form,
                     struct fed_error *err)
{
	const struct fed_matrix_figure m = {.heading = form->title,
	                                    .row_label = "attack",
	                                    .column_label = "aggregator (test accuracy in per cent)",
	                                    .rows = shell->tournament.attacks,
	                                    .columns = shell->tournament.aggregators,
	                                    .ctx = &shell->tournament,
	                                    .row_name = name_attack,
	                                    .column_name = name_aggregator,
	                                    .shade = accuracy_of,
	                                    .cell = write_accuracy,
	                                    .least = "0",
	                                    .most = "100"};
	struct fed_drawing d;

	if (fed__figure_begin(&d, shell, form, err))
		return FED_FAIL;
	d.height = d.height > 0 ? d.height : fed_matrix_figure_height(&m, d.width);
	return fed__figure_end(&d, shell, form, fed_matrix_figure_draw(&m, &d, err), err);
}

int fed__plot_tournament(struct fed_shell *shell, const struct fed_figure_form *form,
                         struct fed_error *err)
{
	const struct fed_tournament *t = &shell->tournament;
	const char *row[FED_TOURNAMENT_SIDES], *column[FED_TOURNAMENT_SIDES];
	const size_t n = t->trials.n;
	struct fed_text drawing = {0};

	if (!t->trials.outcome)
		return fed_fail(err, "no tournament was played yet; `tournament` plays one");
	if (*form->to)
		return save_grid(shell, form, err);
	double *value = fed_alloc_array(n, sizeof *value);
	if (!value)
		return fed_fail_memory(err, n * sizeof *value, "a heat map");
	for (size_t i = 0; i < t->attacks; i++)
		row[i] = t->attack[i].name;
	for (size_t k = 0; k < t->aggregators; k++)
		column[k] = t->aggregator[k].name;
	for (size_t i = 0; i < n; i++)
		value[i] = t->trials.outcome[i].total.test_accuracy;
	fed__screen_measure(shell);
	const struct fed_screen *screen = &shell->screen;
	const struct fed_heatmap heat = {
		"test accuracy in per cent", row, column, t->attacks, t->aggregators, value, 0, 1};
	const int rc = fed_heatmap_draw(&heat, screen->columns, screen->utf8,
	                                fed__screen_palette(shell), &drawing, err);
	if (rc == FED_OK)
		fed__print_drawing(shell, &drawing);
	fed_text_release(&drawing);
	fed_free(value);
	return rc;
}
