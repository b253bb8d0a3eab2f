/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/plot.c - curves of a study: the mean over the runs of each group by round.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "history/series.h"
#include "shell/commands/study/study.h"
#include "shell/output/print.h"

/* The points as a table. */
static void list_bands(struct fed_shell *shell, const struct fed_study_bands *b)
{
	static const struct fed_table_column columns[] = {
		{.title = "curve"},
		{.title = "round", .kind = FED_CELL_NUMBER},
		{.title = "mean", .kind = FED_CELL_NUMBER},
		{.title = "sd", .kind = FED_CELL_NUMBER},
		{.title = "runs", .kind = FED_CELL_NUMBER},
	};
	struct fed_table table = {.name = "plot", .column = columns, .columns = 5};

	for (size_t i = 0; i < b->n; i++)
		for (size_t k = 0; k < b->band[i].n; k++) {
			fed__table_cell(&table, "%s", b->band[i].name);
			fed__table_real(&table, b->band[i].round[k], "%.0f");
			fed__table_real(&table, b->band[i].mean[k], "%.6g");
			fed__table_real(&table, b->band[i].sd[k], "%.6g");
			fed__table_integer(&table, b->band[i].runs[k]);
		}
	fed__table_print(shell, &table);
}

/* Limits of a band [n], below and above the mean by one standard deviation; those of a share end at
 * 0 and 1. */
static void put_limits(const struct fed_study_band *band, bool share, double *lower, double *upper)
{
	for (size_t k = 0; k < band->n; k++) {
		const double sd = isnan(band->sd[k]) ? 0 : band->sd[k];

		lower[k] = share ? fmax(band->mean[k] - sd, 0) : band->mean[k] - sd;
		upper[k] = share ? fmin(band->mean[k] + sd, 1) : band->mean[k] + sd;
	}
}

/* What the curves are, as for the caption of a figure. */
static void say_curves(struct fed_shell *shell, const struct fed_study_bands *b, bool figure)
{
	uint64_t least = UINT64_MAX, most = 0;

	for (size_t i = 0; i < b->n; i++)
		for (size_t k = 0; k < b->band[i].n; k++) {
			least = b->band[i].runs[k] < least ? b->band[i].runs[k] : least;
			most = b->band[i].runs[k] > most ? b->band[i].runs[k] : most;
		}
	if (most < 2)
		fed__print(shell, "each curve is one run\n");
	else if (least == most)
		fed__print(shell, "each curve is the mean of %s runs", fed_count((double)most).s);
	else
		fed__print(shell, "each curve is the mean of %s to %s runs", fed_count((double)least).s,
		           fed_count((double)most).s);
	if (most > 1)
		fed__print(shell, "%s\n", figure ? ", its band one standard deviation to each side" : "");
}

static int draw_bands(struct fed_shell *shell, const struct fed_study_bands *b,
                      const struct fed_field *metric, const struct fed_plot_form *form,
                      struct fed_error *err)
{
	struct fed_plot_series series[FED_SERIES_MAX];
	struct fed_text title = {0};
	size_t points = 0, n = 0;

	for (size_t i = 0; i < b->n; i++)
		points += b->band[i].n;
	double *limits = fed_alloc_array(2 * points + 1, sizeof *limits);
	if (!limits)
		return fed_fail_memory(err, 2 * points * sizeof *limits, "a figure");
	double *at = limits;
	for (size_t i = 0; i < b->n; i++) {
		const struct fed_study_band *band = &b->band[i];

		if (!band->n)
			continue;
		put_limits(band, fed_metric_is_share(metric), at, at + band->n);
		series[n++] = (struct fed_plot_series){*band->name ? band->name : "all runs",
		                                       band->round,
		                                       band->mean,
		                                       band->n,
		                                       at,
		                                       at + band->n};
		at += 2 * band->n;
	}
	fed_field_key(metric, &title);
	struct fed_chart chart = {
		.title = fed_text_str(&title), .x_label = "round", .series = series, .n = n};
	const int rc = n ? fed__print_chart(shell, &chart, form, err)
	                 : fed_fail(err, "no run of it has a figure of %s yet", fed_text_str(&title));
	fed_text_release(&title);
	fed_free(limits);
	if (rc == FED_OK)
		say_curves(shell, b, *form->figure.to);
	return rc;
}

static int show_bands(struct fed_shell *shell, struct fed_store *store,
                      const struct fed_stored_study *study, const char *metric_name, const char *by,
                      const struct fed_plot_form *form, struct fed_error *err)
{
	struct fed_study_bands bands = {0};
	const struct fed_field *metric;

	int rc = fed_metric_find(*metric_name ? metric_name : "accuracy", &metric, err);
	if (rc == FED_OK)
		rc = fed_study_bands_read(&bands, store, study, metric, by, err);
	if (rc == FED_OK && shell->form != FED_FORM_TEXT)
		list_bands(shell, &bands);
	else if (rc == FED_OK)
		rc = draw_bands(shell, &bands, metric, form, err);
	fed_study_bands_release(&bands);
	return rc ? FED_FAIL : FED_OK;
}

int fed__plot_study(struct fed_shell *shell, const char *name, const char *words,
                    const struct fed_plot_form *form, struct fed_error *err)
{
	struct fed_stored_study study;
	struct fed_store *store;
	const char *metric, *by;
	char copy[500];

	if (!*name)
		return fed_fail(err, "plot which study? `plot study NAME accuracy by FACTOR`");
	snprintf(copy, sizeof copy, "%s", words);
	if (fed__read_study_words(copy, &metric, &by, err) ||
	    fed__open_study(&store, name, &study, err))
		return FED_FAIL;
	const int rc = show_bands(shell, store, &study, metric, by, form, err);
	fed_stored_study_release(&study);
	fed_store_close(store);
	return rc;
}
