/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/plot.c - curves of a study: the mean over the runs of each group by round.
 */
#include <string.h>

#include "experiments/study_figure.h"
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

static int draw_bands(struct fed_shell *shell, const struct fed_study_bands *b,
                      const struct fed_field *metric, const struct fed_plot_form *form,
                      struct fed_error *err)
{
	struct fed_study_curves curves = {.n = 0};
	struct fed_text title = {0}, said = {0};

	fed_field_key(metric, &title);
	int rc = fed_study_curves_init(&curves, b, metric, err);
	struct fed_chart chart = {
		.title = fed_text_str(&title), .x_label = "round", .series = curves.series, .n = curves.n};
	if (rc == FED_OK)
		rc = curves.n ? fed__print_chart(shell, &chart, form, err)
		              : fed_fail(err, "no run of it has a figure of %s yet", fed_text_str(&title));
	if (rc == FED_OK) {
		fed_study_curves_put(&curves, *form->figure.to, &said);
		fed__print(shell, "%s\n", fed_text_str(&said));
	}
	fed_study_curves_release(&curves);
	fed_text_release(&title);
	fed_text_release(&said);
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
	    fed__open_study(&store, FED_STORE_LOOK, name, &study, err))
		return FED_FAIL;
	const int rc = show_bands(shell, store, &study, metric, by, form, err);
	fed_stored_study_release(&study);
	fed_store_close(store);
	return rc;
}
