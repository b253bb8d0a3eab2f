/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/plot.c - metrics of the run and of kept runs as curves.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "shell/clients.h"
#include "shell/print.h"

#define CURVES 26 /* what a chart can tell apart */

struct curves {
	struct fed_plot_series series[CURVES];
	char name[CURVES][FED_RUN_NAME_MAX + 40];
	double *values[CURVES]; /* x [n], then y [n] */
	size_t n;
};

static void release(struct curves *c)
{
	for (size_t i = 0; i < c->n; i++)
		fed_free(c->values[i]);
}

/* Sums of a round are what was spent until then along the bottom. */
static bool adds_up(const struct fed_field *x)
{
	return strncmp(x->name, "bytes", 5) == 0 || strstr(x->name, "flops") ||
	       strcmp(x->name, "wall") == 0 || strcmp(x->name, "messages") == 0;
}

/* Points are joined over rounds that were not evaluated, not over those that went wrong. */
static int add_curve(struct curves *c, const char *run, const struct fed_history *h,
                     const struct fed_field *y, const struct fed_field *x, struct fed_error *err)
{
	struct fed_text key = {0};

	if (c->n == CURVES)
		return fed_fail(err, "more than %d curves; name fewer metrics", CURVES);
	double *values = fed_alloc_array(2 * h->n, sizeof *values);
	if (!values)
		return fed_fail_memory(err, 2 * h->n * sizeof *values, "a curve");
	double spent = 0;
	size_t n = 0;
	for (size_t i = 0; i < h->n; i++) {
		const double at = fed_metric_value(x, &h->record[i]);

		spent += at;
		if (!fed_metric_is_due(y, &h->record[i]))
			continue;
		values[n] = adds_up(x) ? spent : at;
		values[h->n + n++] = fed_metric_value(y, &h->record[i]);
	}
	fed_field_key(y, &key);
	snprintf(c->name[c->n], sizeof c->name[c->n], "%s%s%s", run, *run ? "." : "",
	         fed_text_str(&key));
	fed_text_release(&key);
	c->values[c->n] = values;
	c->series[c->n] = (struct fed_plot_series){c->name[c->n], values, values + h->n, n};
	c->n++;
	return FED_OK;
}

/* The present run was just kept. */
static bool is_kept(const struct fed_session *s)
{
	const struct fed_history *h = &s->history;

	for (size_t i = 0; i < s->runs.n; i++) {
		const struct fed_history *kept = &s->runs.run[i].history;

		if (kept->n == h->n && memcmp(kept->record, h->record, h->n * sizeof *h->record) == 0)
			return true;
	}
	return false;
}

/* Every run that has rounds, each once. */
static int add_metric(struct curves *c, const struct fed_session *s, const struct fed_field *y,
                      const struct fed_field *x, struct fed_error *err)
{
	for (size_t i = 0; i < s->runs.n; i++)
		if (s->runs.run[i].history.n &&
		    add_curve(c, s->runs.run[i].name, &s->runs.run[i].history, y, x, err))
			return FED_FAIL;
	return s->history.n && !is_kept(s) ? add_curve(c, "", &s->history, y, x, err) : FED_OK;
}

static int add_metrics(struct curves *c, const struct fed_session *s, const char *names,
                       const struct fed_field *x, struct fed_error *err)
{
	const char *at = names;

	for (;;) {
		const size_t n = strcspn(at, ",");
		const struct fed_field *y;
		char name[64];

		snprintf(name, sizeof name, "%.*s", (int)n, at);
		if (fed_metric_find(name, &y, err) || add_metric(c, s, y, x, err))
			return FED_FAIL;
		if (!at[n])
			return FED_OK;
		at += n + 1;
	}
}

int fed_show_plot(struct fed_shell *shell, const char *metrics, const char *against,
                  struct fed_error *err)
{
	struct curves c = {.n = 0};
	struct fed_text label = {0}, drawing = {0};
	const struct fed_field *x;
	int rc = FED_FAIL;

	if (fed_metric_find(against, &x, err) || add_metrics(&c, &shell->session, metrics, x, err)) {
		shell->fault = FED_EXIT_USAGE;
	} else if (!c.n) {
		fed_fail(err, "no rounds yet: `round 5` makes some");
	} else if (!shell->plot) {
		fed_fail(err, "this program was built without charts; `history` shows the figures");
	} else {
		fed_shell_measure(shell);
		fed_field_key(x, &label);
		const struct fed_plot plot = {metrics, fed_text_str(&label), c.series, c.n};
		rc = shell->plot(&plot, &shell->screen, &drawing, err);
		if (rc == FED_OK)
			fed_print_drawing(shell, &drawing);
	}
	fed_text_release(&label);
	fed_text_release(&drawing);
	release(&c);
	return rc;
}
