/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/plot.c - the command `plot`: metrics of the run and of kept runs as curves.
 */
#include <stdio.h>
#include <string.h>

#include "history/series.h"
#include "shell/commands/clients.h"
#include "shell/output/chart.h"

static int add_metrics(struct fed_series_set *set, const struct fed_session *s, const char *names,
                       const struct fed_field *x, struct fed_error *err)
{
	const char *at = names;

	for (;;) {
		const size_t n = strcspn(at, ",");
		const struct fed_field *y;
		char name[64];

		snprintf(name, sizeof name, "%.*s", (int)n, at);
		if (fed_metric_find(name, &y, err) ||
		    fed_series_add_runs(set, fed_session_kept_runs(s), fed_session_history(s), y, x, NULL,
		                        err))
			return FED_FAIL;
		if (!at[n])
			return FED_OK;
		at += n + 1;
	}
}

static int draw(struct fed_shell *shell, const struct fed_series_set *set, const char *title,
                const char *x_label, struct fed_error *err)
{
	struct fed_chart_series series[FED_SERIES_MAX];

	for (size_t i = 0; i < set->n; i++)
		series[i] =
			(struct fed_chart_series){set->of[i].name, set->of[i].x, set->of[i].y, set->of[i].n};
	return fed__print_chart(shell, title, x_label, series, set->n, err);
}

int fed__show_plot(struct fed_shell *shell, const char *metrics, const char *against,
                   struct fed_error *err)
{
	struct fed_series_set set = {.n = 0};
	struct fed_text label = {0};
	const struct fed_field *x;
	int rc = FED_FAIL;

	if (fed_metric_find(against, &x, err) || add_metrics(&set, shell->session, metrics, x, err)) {
		shell->fault = FED_EXIT_USAGE;
	} else if (!set.n) {
		fed_fail(err, "no rounds yet: `round 5` makes some");
	} else {
		fed_field_key(x, &label);
		rc = draw(shell, &set, metrics, fed_text_str(&label), err);
	}
	fed_text_release(&label);
	fed_series_release(&set);
	return rc;
}
