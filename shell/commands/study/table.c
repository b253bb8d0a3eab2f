/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/table.c - tables of a study: means and spreads of groups, and paired
 * differences; the list of studies.
 */
#include <math.h>
#include <string.h>

#include "history/metrics.h"
#include "shell/commands/study/study.h"
#include "shell/output/print.h"

#define COLUMNS_MAX (FED_FACTORS_MAX + 12)
#define LEVELS_SHOWN 12 /* compared levels beside each other; more are below each other */

static void put_value(const struct fed_field *metric, double x, struct fed_text *out)
{
	fed_metric_put(metric, x, out);
}

/* "81.20 % +- 1.30 %" in a screen's own characters; " *" marks the best. */
static void put_group(const struct fed_shell *shell, const struct fed_study_table *t,
                      const struct fed_study_group *g, struct fed_text *out)
{
	put_value(t->metric, g->mean, out);
	if (!isnan(g->sd)) {
		fed_text_add(out, shell->screen.utf8 ? " ± " : " +- ");
		put_value(t->metric, g->sd, out);
	}
	fed_text_add(out, g->best ? " *" : "");
}

static void cell_value(struct fed_table *table, const struct fed_field *metric, double x)
{
	struct fed_text text = {0};

	put_value(metric, x, &text);
	fed__table_shown(table, x, isnan(x) ? "-" : fed_text_str(&text));
	fed_text_release(&text);
}

/* Titles of the factors of a row, from the k-th on; how many. */
static size_t add_factor_columns(struct fed_table_column *column, const struct fed_study_table *t,
                                 size_t first)
{
	size_t n = 0;

	for (size_t k = first; k < t->by.n; k++)
		column[n++] = (struct fed_table_column){.title = t->factors.factor[t->by.factor[k]].key};
	return n;
}

enum { MEANS_SHOWN = 3, BEST_SHOWN = 4, ALL_SHOWN = 8 }; /* the first of the figures below */

/* A row for each group: as data, where one factor is compared, and where a grid is too wide. */
static void show_long(struct fed_shell *shell, const struct fed_study_table *t, size_t shown)
{
	struct fed_table_column column[COLUMNS_MAX];
	size_t n = add_factor_columns(column, t, 0);
	struct fed_text title = {0};

	fed_field_key(t->metric, &title);
	const struct fed_table_column figures[] = {
		{.title = fed_text_str(&title), .kind = FED_CELL_NUMBER, .key = t->metric->name},
		{.title = "sd", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "runs", .kind = FED_CELL_NUMBER, .rank = 2},
		{.title = "best"},
		{.title = "difference", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "low", .kind = FED_CELL_NUMBER, .rank = 2},
		{.title = "high", .kind = FED_CELL_NUMBER, .rank = 2},
		{.title = "pairs", .kind = FED_CELL_NUMBER, .rank = 3},
	};
	struct fed_table table = {.name = "study", .column = column};

	memcpy(column + n, figures, shown * sizeof *figures);
	table.columns = n + shown;
	for (size_t i = 0; i < t->rows * t->columns; i++) {
		const struct fed_study_group *g = &t->group[i];

		if (t->by.n)
			fed__table_cell(&table, "%s", t->factors.factor[t->by.factor[0]].level[i % t->columns]);
		for (size_t k = 1; k < t->by.n; k++)
			fed__table_cell(&table, "%s", fed_study_row_level(t, i / t->columns, k));
		cell_value(&table, t->metric, g->mean);
		cell_value(&table, t->metric, g->sd);
		fed__table_integer(&table, g->n);
		if (shown >= BEST_SHOWN)
			fed__table_cell(&table, "%s", g->best ? "*" : "");
		if (shown < ALL_SHOWN)
			continue;
		cell_value(&table, t->metric, g->difference);
		cell_value(&table, t->metric, g->low);
		cell_value(&table, t->metric, g->high);
		fed__table_integer(&table, g->pairs);
	}
	fed__table_print(shell, &table);
	fed_text_release(&title);
}

static int wider(int a, int b)
{
	return a > b ? a : b;
}

/* Whether the compared levels fit the screen beside each other: a grid without one misleads. */
static bool grid_fits(const struct fed_shell *shell, const struct fed_study_table *t)
{
	const struct fed_factor *factor = t->factors.factor;
	struct fed_text text = {0};
	int width = 0;

	for (size_t k = 1; k < t->by.n; k++) {
		const struct fed_factor *f = &factor[t->by.factor[k]];
		int widest = fed_text_width(f->key);

		for (size_t i = 0; i < f->n; i++)
			widest = wider(widest, fed_text_width(f->level[i]));
		width += 2 + widest;
	}
	for (size_t c = 0; c < t->columns; c++) {
		int widest = fed_text_width(factor[t->by.factor[0]].level[c]);

		for (size_t row = 0; row < t->rows; row++) {
			fed_text_clear(&text);
			put_group(shell, t, &t->group[row * t->columns + c], &text);
			widest = wider(widest, fed_text_width(fed_text_str(&text)));
		}
		width += 2 + widest;
	}
	fed_text_release(&text);
	return shell->screen.width == 0 || width <= shell->screen.width;
}

/* The compared levels beside each other. */
static void show_grid(struct fed_shell *shell, const struct fed_study_table *t)
{
	struct fed_table_column column[COLUMNS_MAX + LEVELS_SHOWN];
	const struct fed_factor *compared = &t->factors.factor[t->by.factor[0]];
	size_t n = add_factor_columns(column, t, 1);
	struct fed_table table = {.name = "study", .column = column, .columns = n + t->columns};

	for (size_t c = 0; c < t->columns; c++)
		column[n++] = (struct fed_table_column){
			.title = compared->level[c], .kind = FED_CELL_NUMBER, .rank = 1};
	for (size_t row = 0; row < t->rows; row++) {
		for (size_t k = 1; k < t->by.n; k++)
			fed__table_cell(&table, "%s", fed_study_row_level(t, row, k));
		for (size_t c = 0; c < t->columns; c++) {
			const struct fed_study_group *g = &t->group[row * t->columns + c];
			struct fed_text text = {0};

			put_group(shell, t, g, &text);
			fed__table_shown(&table, g->mean, fed_text_str(&text));
			fed_text_release(&text);
		}
	}
	fed__table_print(shell, &table);
}

/* Below a grid: each level against the best of its row. */
static void show_differences(struct fed_shell *shell, const struct fed_study_table *t)
{
	struct fed_table_column column[COLUMNS_MAX];
	const struct fed_factor *compared = &t->factors.factor[t->by.factor[0]];
	size_t n = add_factor_columns(column, t, 1);
	const struct fed_table_column figures[] = {
		{.title = compared->key},
		{.title = "difference", .kind = FED_CELL_NUMBER},
		{.title = "low", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "high", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "pairs", .kind = FED_CELL_NUMBER, .rank = 2},
	};
	struct fed_table table = {.name = "differences", .column = column};
	size_t some = 0;

	memcpy(column + n, figures, sizeof figures);
	table.columns = n + sizeof figures / sizeof *figures;
	for (size_t i = 0; i < t->rows * t->columns; i++) {
		const struct fed_study_group *g = &t->group[i];

		if (g->pairs < 2)
			continue;
		some++;
		for (size_t k = 1; k < t->by.n; k++)
			fed__table_cell(&table, "%s", fed_study_row_level(t, i / t->columns, k));
		fed__table_cell(&table, "%s", compared->level[i % t->columns]);
		cell_value(&table, t->metric, g->difference);
		cell_value(&table, t->metric, g->low);
		cell_value(&table, t->metric, g->high);
		fed__table_integer(&table, g->pairs);
	}
	if (some)
		fed__table_print(shell, &table);
	else
		fed__table_release(&table);
}

/* What the numbers are. */
static void say_meaning(struct fed_shell *shell, const struct fed_study_table *t)
{
	size_t least = SIZE_MAX, most = 0, pairs = 0;
	bool best = false;
	struct fed_text key = {0};

	for (size_t i = 0; i < t->rows * t->columns; i++) {
		const struct fed_study_group *g = &t->group[i];

		least = g->n < least ? g->n : least;
		most = g->n > most ? g->n : most;
		pairs = g->pairs > pairs ? g->pairs : pairs;
		best |= g->best;
	}
	fed_field_key(t->metric, &key);
	fed__print(shell, "%s: mean%s of ", fed_text_str(&key),
	           most > 1 ? " and standard deviation" : "");
	fed_text_release(&key);
	if (least == most)
		fed__print(shell, "%zu run%s each", most, most == 1 ? "" : "s");
	else
		fed__print(shell, "%zu to %zu runs", least, most);
	if (best)
		fed__print(shell, "; * is the best%s", t->rows > 1 ? " of its row" : "");
	if (pairs > 1)
		fed__print(shell,
		           "; difference: to the best, over pairs of runs that agree in all else, with "
		           "its %g %% confidence interval (low, high)",
		           100 * FED_CONFIDENCE);
	if (t->missing)
		fed__print(shell, "; %s runs are missing", fed_count((double)t->missing).s);
	if (t->failed)
		fed__print(shell, "; %s failed", fed_count((double)t->failed).s);
	fed__print(shell, "\n");
}

void fed__show_study_table(struct fed_shell *shell, const struct fed_study_table *t)
{
	if (shell->form != FED_FORM_TEXT || t->by.n < 2 || t->columns > LEVELS_SHOWN) {
		show_long(shell, t, t->columns > 1 ? ALL_SHOWN : MEANS_SHOWN);
	} else {
		if (grid_fits(shell, t))
			show_grid(shell, t);
		else
			show_long(shell, t, BEST_SHOWN);
		show_differences(shell, t);
	}
	say_meaning(shell, t);
}

/* The list ------------------------------------------------------------------------------- */

static bool take_study(void *ctx, const struct fed_stored_study *study)
{
	struct fed_table *table = ctx;
	struct fed_text text = {0};

	fed__table_cell(table, "%s", study->name);
	fed_text_add(&text, "%s of %s", fed_count((double)study->played).s,
	             fed_count((double)study->cells).s);
	fed__table_shown(table, (double)study->played, fed_text_str(&text));
	fed__table_integer(table, study->failed);
	fed__table_integer(table, study->rounds);
	fed__table_cell(table, "%s", study->began);
	fed__table_cell(table, "%s", study->factors);
	fed_text_release(&text);
	return true;
}

int fed__list_studies(struct fed_shell *shell, bool *some, struct fed_error *err)
{
	static const struct fed_table_column columns[] = {
		{.title = "study"},
		{.title = "runs", .kind = FED_CELL_NUMBER},
		{.title = "failed", .kind = FED_CELL_NUMBER, .rank = 2},
		{.title = "rounds", .kind = FED_CELL_NUMBER, .rank = 2},
		{.title = "began", .rank = 3},
		{.title = "factors", .kind = FED_CELL_PROSE, .rank = 1},
	};
	struct fed_table table = {.name = "studies", .column = columns, .columns = 6};
	struct fed_store *store;

	*some = false;
	const int opened = fed__open_store(&store, FED_STORE_LOOK, err);
	if (opened == FED_REJECT)
		return FED_OK; /* there is no file yet */
	if (opened)
		return FED_FAIL;
	const int rc = fed_store_each_study(store, take_study, &table, err);
	fed_store_close(store);
	if (rc) {
		fed__table_release(&table);
		return FED_FAIL;
	}
	*some = table.n > 0;
	if (*some)
		fed__table_print(shell, &table);
	else
		fed__table_release(&table);
	return FED_OK;
}
