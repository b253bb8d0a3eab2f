/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/sweep.c - sweeps: a table with a row for each value and a column for each
 * metric; a chart.
 */
#include "shell/commands/study/sweep.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "history/metrics.h"
#include "session/composition.h"
#include "shell/output/chart.h"
#include "shell/jobs/job.h"
#include "shell/output/print.h"

#define COLUMNS 12 /* metrics in a table */
#define SCHEMES 4  /* curves in a chart */

#define P struct fed_sweep_plan
const struct fed_field fed__sweep_rows[] = {
	FED_ROW(P, key, char *, FED_TYPE_TEXT, .flags = FED_ARG_NEEDED, .hint = "sweep",
            .help = "a setting, or aggregator, model, scheme, transport, device, link, clients, "
                    "cut"),
	FED_ROW(P, values, char *, FED_TYPE_TEXT, .flags = FED_FIELD_POSITIONAL, .hint = "values",
            .help = "joined by commas, or by | where they hold commas; cut alone: all of them"),
	FED_ARG_INT(P, rounds, 0, 0, 0, 1e6, "rounds of each row; 0: 10, or with until= at most 1,000"),
	FED_ROW(P, until, char *, FED_TYPE_TEXT, .hint = "condition",
            .help = "each row ends when this holds: accuracy>=0.9"),
	FED_ROW(P, metrics, char *, FED_TYPE_TEXT, .hint = "metrics",
            .text = "accuracy,client-flops,server-flops,bytes-up,bytes-down,messages,clock",
            .help = "the columns, joined by commas"),
	FED_END,
};
#undef P

/* Metrics ------------------------------------------------------------------------------- */

struct columns {
	const struct fed_field *metric[COLUMNS];
	size_t n;
};

/* Replace accuracy by the loss for regression. */
static const struct fed_field *fitting(const struct fed_session *s, const struct fed_field *metric)
{
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_error unused;

	if (parts->data && parts->data->classes == 0 && strcmp(metric->name, "test_accuracy") == 0)
		fed_metric_find("loss", &metric, &unused);
	return metric;
}

static int read_columns(struct columns *c, const struct fed_session *s, const char *names,
                        struct fed_error *err)
{
	const char *at = names;

	for (c->n = 0;; at++) {
		const size_t len = strcspn(at, ",");
		const struct fed_field *metric;
		char name[64];

		snprintf(name, sizeof name, "%.*s", (int)len, at);
		if (c->n == COLUMNS)
			return fed_fail(err, "more than %d metrics; name fewer", COLUMNS);
		if (fed_metric_find(name, &metric, err))
			return FED_FAIL;
		c->metric[c->n++] = fitting(s, metric);
		at += len;
		if (!*at)
			return FED_OK;
	}
}

static bool has_schemes(const struct fed_sweep *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->row[i].scheme)
			return true;
	return false;
}

/* The table ------------------------------------------------------------------------------ */

static void cell_rounds(struct fed_table *table, const struct fed_outcome *o, bool until)
{
	char text[80];

	if (!o->played || *o->why) {
		fed__table_cell(table, o->played ? "failed" : "...");
		return;
	}
	snprintf(text, sizeof text, "%s%.64s", until && !o->reached ? "> " : "",
	         fed_count((double)o->rounds).s);
	fed__table_shown(table, (double)o->rounds, text);
}

static void cell_figure(struct fed_table *table, const struct fed_outcome *o,
                        const struct fed_field *metric)
{
	struct fed_text text = {0};

	fed_metric_put(metric, fed_outcome_figure(o, metric), &text);
	fed__table_shown(table, fed_outcome_figure(o, metric), fed_text_str(&text));
	fed_text_release(&text);
}

/* A short title, because the table is wide. */
static const char *title_of(const struct fed_field *metric)
{
	static const struct {
		const char *metric, *title;
	} short_titles[] = {{"test_accuracy", "accuracy"},    {"test_loss", "loss"},
	                    {"client_flops", "FLOPs/client"}, {"server_flops", "server FLOPs"},
	                    {"bytes_up", "up/client"},        {"bytes_down", "down/client"},
	                    {"client_memory", "memory"}};

	for (size_t i = 0; i < sizeof short_titles / sizeof *short_titles; i++)
		if (strcmp(metric->name, short_titles[i].metric) == 0)
			return short_titles[i].title;
	return metric->name;
}

static void show_table(struct fed_shell *shell, const struct fed_sweep *w, const struct columns *c)
{
	const bool schemes = has_schemes(w);
	struct fed_table_column column[COLUMNS + 3] = {{.title = w->plan.key}, {.title = "scheme"}};
	struct fed_table table = {.name = "sweep", .column = column, .columns = 2 + schemes + c->n};

	column[1 + schemes] =
		(struct fed_table_column){.title = "rounds", .kind = FED_CELL_NUMBER, .rank = 1};
	for (size_t k = 0; k < c->n; k++)
		column[2 + schemes + k] = (struct fed_table_column){.title = title_of(c->metric[k]),
		                                                    .kind = FED_CELL_NUMBER,
		                                                    .rank = k > 0,
		                                                    .key = c->metric[k]->name};
	for (size_t i = 0; i < w->n; i++) {
		const struct fed_outcome *o = &w->trials.outcome[i];

		fed__table_cell(&table, "%s", *w->row[i].value ? w->row[i].value : "-");
		if (schemes)
			fed__table_cell(&table, "%s", o->scheme ? o->scheme : "");
		cell_rounds(&table, o, w->until != NULL);
		for (size_t k = 0; k < c->n; k++)
			cell_figure(&table, o, c->metric[k]);
	}
	fed__table_print(shell, &table);
	for (size_t i = 0; i < w->n; i++)
		if (*w->trials.outcome[i].why)
			fed__print(shell, "%s %s: %s\n", w->plan.key, w->row[i].value,
			           w->trials.outcome[i].why);
}

static void show_json(struct fed_shell *shell, const struct fed_sweep *w)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct fed_outcome *o = &w->trials.outcome[i];
		struct fed_text line = {0};

		if (!o->played)
			continue;
		fed_text_add(&line, "{\"v\":1,\"event\":\"sweep\",\"key\":");
		fed_text_json_string(&line, w->plan.key);
		fed_text_add(&line, ",\"value\":");
		fed_text_json_string(&line, w->row[i].value);
		fed_text_add(&line, ",\"scheme\":\"%s\"", o->scheme);
		if (w->until)
			fed_text_add(&line, ",\"reached\":%s", o->reached ? "true" : "false");
		fed__json_outcome(&line, o);
		fed__print_json(shell, &line);
	}
}

static void report_progress(void *shell)
{
	fed__progress_trials(shell);
}

int fed__show_sweep(struct fed_shell *shell, const struct fed_sweep_plan *plan,
                    struct fed_error *err)
{
	struct fed_sweep *w = &shell->sweep;
	struct columns columns;
	bool interrupted = false;

	if (read_columns(&columns, shell->session, plan->metrics, err)) {
		shell->fault = FED_EXIT_USAGE;
		return FED_FAIL;
	}
	fed__progress_begin_trials(shell, &w->trials, "rows", 0,
	                           fed__job_is_here() || isatty(fileno(shell->out))); /* no pager */
	const int rc =
		fed_sweep_play(w, shell->session, plan, report_progress, shell, &interrupted, err);
	fed__progress_end(shell);
	if (rc)
		return rc;
	fed__print(shell, "from version %llu\n",
	           (unsigned long long)fed_session_version(shell->session));
	show_table(shell, w, &columns);
	show_json(shell, w);
	if (interrupted) {
		fed__print(shell, "stopped; the same command goes on with the remaining rows\n");
		shell->fault = FED_EXIT_INTERRUPTED;
		fed__signals_interrupted();
	}
	return fed_trials_check_outcomes(&w->trials, "rows", err);
}

int fed__run_sweep(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	return fed__show_sweep(shell, call->args, err);
}

/* The chart ------------------------------------------------------------------------------ */

struct chart {
	struct fed_plot_series series[SCHEMES];
	double *values; /* [SCHEMES][2][rows] */
	size_t n, rows;
	bool numbers;       /* all values are numbers; else x is 1, 2, ... */
	const char **names; /* [rows] of these */
};

static bool all_numbers(const struct fed_sweep *w)
{
	double x;

	for (size_t i = 0; i < w->n; i++)
		if (*w->row[i].value && !fed_parse_real(w->row[i].value, &x))
			return false;
	return true;
}

static struct fed_plot_series *curve_of(struct chart *c, const char *scheme)
{
	size_t k = 0;

	while (k < c->n && strcmp(c->series[k].name, scheme) != 0)
		k++;
	if (k == c->n && c->n < SCHEMES) {
		double *x = c->values + 2 * k * c->rows;
		c->series[c->n++] = (struct fed_plot_series){.name = scheme, .x = x, .y = x + c->rows};
	}
	return k < c->n ? &c->series[k] : NULL;
}

static void add_point(struct fed_plot_series *curve, double x, double y)
{
	((double *)curve->x)[curve->n] = x;
	((double *)curve->y)[curve->n++] = y;
}

/* Add a horizontal line for a row without a value (sync beside the cuts). */
static void add_level(struct chart *c, const struct fed_sweep *w, struct fed_plot_series *curve,
                      double y)
{
	double x;

	for (size_t i = 0; i < w->n && curve->n < c->rows; i++)
		if (fed_parse_real(w->row[i].value, &x))
			add_point(curve, x, y);
}

static void fill_chart(struct chart *c, const struct fed_sweep *w, const struct fed_field *metric)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct fed_outcome *o = &w->trials.outcome[i];
		struct fed_plot_series *curve = curve_of(c, has_schemes(w) && o->scheme ? o->scheme : "");
		const double y = fed_outcome_figure(o, metric);
		double x = (double)i + 1;

		if (!curve)
			continue;
		if (c->numbers && *w->row[i].value)
			fed_parse_real(w->row[i].value, &x);
		if (*w->row[i].value)
			add_point(curve, x, y);
		else
			add_level(c, w, curve, y);
	}
}

/* "aggregator: 1 fedavg, 2 median" */
static void put_label(struct fed_text *label, const struct fed_sweep *w, bool numbers)
{
	fed_text_add(label, "%s", w->plan.key);
	for (size_t i = 0; !numbers && i < w->n; i++)
		fed_text_add(label, "%s%zu %s", i ? ", " : ": ", i + 1, w->row[i].value);
}

static int draw(struct fed_shell *shell, const struct fed_sweep *w, const struct fed_field *metric,
                struct chart *c, const struct fed_plot_form *form, struct fed_error *err)
{
	struct fed_text label = {0}, title = {0};

	fill_chart(c, w, metric);
	put_label(&label, w, c->numbers);
	fed_field_key(metric, &title);
	if (fed_metric_is_shared(metric))
		fed_text_add(&title, " of a client");
	struct fed_chart chart = {.title = fed_text_str(&title),
	                          .x_label = fed_text_str(&label),
	                          .series = c->series,
	                          .n = c->n};
	chart.dots = true;
	if (!c->numbers && form->figure.to[0]) {
		chart.tick_name = c->names;
		chart.tick_names = w->n;
		chart.tick_label = w->plan.key;
	}
	const int rc = fed__print_chart(shell, &chart, form, err);
	fed_text_release(&label);
	fed_text_release(&title);
	return rc;
}

int fed__plot_sweep(struct fed_shell *shell, const char *name, const struct fed_plot_form *form,
                    struct fed_error *err)
{
	const struct fed_sweep *w = &shell->sweep;
	const struct fed_field *metric;
	struct chart c = {.rows = w->n, .numbers = all_numbers(w)};

	if (!w->trials.outcome)
		return fed_fail(err, "no sweep was played yet; `sweep lr 0.01,0.1` plays one");
	if (fed_metric_find(*name ? name : "accuracy", &metric, err))
		return FED_FAIL;
	c.values = fed_alloc_array(2 * SCHEMES * c.rows, sizeof *c.values);
	c.names = fed_alloc_array(c.rows, sizeof *c.names);
	int rc = FED_FAIL;
	if (!c.values || !c.names) {
		fed_fail_memory(err, 2 * SCHEMES * c.rows * sizeof *c.values, "a chart");
	} else {
		for (size_t i = 0; i < w->n; i++)
			c.names[i] = *w->row[i].value ? w->row[i].value : "-";
		rc = draw(shell, w, fitting(shell->session, metric), &c, form, err);
	}
	fed_free(c.names);
	fed_free(c.values);
	return rc;
}
