/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/leakage.c - leakage of each cut about inputs and labels, as a table and as JSON.
 */
#include "shell/commands/leakage.h"

#include <math.h>

#include "privacy/leakage.h"
#include "session/composition.h"
#include "shell/output/print.h"

static const char *const all[] = {"all", NULL};

const struct fed_field fed__leakage_rows[] = {
	FED_INT_WORD(struct fed_leakage_args, cut, 0, 0, 1e6, all, "a boundary of the model"),
	FED_ARG_INT(struct fed_leakage_args, examples, 0, 200, FED_LEAK_EXAMPLES_MIN,
                FED_LEAK_EXAMPLES_MAX, "test examples to measure with"),
	FED_END,
};

static void cell_share(struct fed_table *t, double x)
{
	if (isnan(x))
		fed__table_cell(t, "-");
	else
		fed__table_cell(t, "%.1f %%", 100 * x);
}

static void show(struct fed_shell *shell, const struct fed_leakage *leakage)
{
	const struct fed_net *net = &fed_session_parts(shell->session)->net;
	const bool two = net->classes == 2, labels = net->classes > 0;
	struct fed_table table = {.columns = 5u + labels + two, .right = "rlrrrrr"};
	struct fed_text text = {0};

	fed__table_cell(&table, "cut");
	fed__table_cell(&table, "after");
	fed__table_cell(&table, "numbers");
	fed__table_cell(&table, "dcor");
	fed__table_cell(&table, "corrected");
	if (labels)
		fed__table_cell(&table, "labels inferred");
	if (two)
		fed__table_cell(&table, "norm AUC");
	for (size_t i = 0; i < leakage->n; i++) {
		const struct fed_leakage_cut *at = &leakage->at[i];

		fed__table_cell(&table, "%zu", at->cut);
		fed__table_cell(&table, "%s", net->layer[at->cut - 1].name);
		fed_text_clear(&text);
		fed_text_count(&text, (double)at->numbers);
		fed__table_cell(&table, "%s", fed_text_str(&text));
		fed__table_cell(&table, "%.3f", at->inputs.plain);
		fed__table_cell(&table, "%.3f", at->inputs.corrected);
		if (labels)
			cell_share(&table, at->cosine_accuracy);
		if (two)
			fed__table_cell(&table, "%.3f", at->norm_auc);
	}
	fed__table_print(shell, &table, true);
	fed__print(shell, "%u test example%s, version %llu, noise %g", leakage->examples,
	           leakage->examples == 1 ? "" : "s",
	           (unsigned long long)fed_session_version(shell->session), leakage->noise);
	if (labels)
		fed__print(shell, "; guessing gets %.1f %% of the labels right", 100 * leakage->guess);
	fed__print(shell, "\n");
	fed_text_release(&text);
}

static void put_number(struct fed_text *line, const char *name, double x)
{
	fed_text_add(line, ",\"%s\":", name);
	fed_text_json_number(line, x);
}

/* A JSON line for each cut. */
static void write_json(struct fed_shell *shell, const struct fed_leakage *leakage)
{
	for (size_t i = 0; shell->json && i < leakage->n; i++) {
		const struct fed_leakage_cut *at = &leakage->at[i];
		struct fed_text line = {0};

		fed_text_add(&line, "{\"v\":1,\"event\":\"leakage\"");
		put_number(&line, "version", (double)fed_session_version(shell->session));
		put_number(&line, "cut", (double)at->cut);
		put_number(&line, "numbers", (double)at->numbers);
		put_number(&line, "noise", leakage->noise);
		put_number(&line, "distance_correlation", at->inputs.plain);
		put_number(&line, "corrected", at->inputs.corrected);
		put_number(&line, "labels_told", at->cosine_accuracy);
		put_number(&line, "guess", leakage->guess);
		put_number(&line, "norm_auc", at->norm_auc);
		fed_text_add(&line, "}");
		fed__print_json(shell, &line);
	}
}

int fed__run_leakage(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_leakage_args *a = call->args;
	struct fed_leakage leakage;

	const int rc =
		fed_leakage_measure(&leakage, shell->session, (size_t)a->cut, (uint32_t)a->examples, err);
	if (rc)
		return rc;
	show(shell, &leakage);
	write_json(shell, &leakage);
	fed_leakage_release(&leakage);
	return FED_OK;
}
