/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/leakage.c - leakage of each cut about inputs and labels, as a table and as
 * JSON.
 */
#include "shell/commands/look/leakage.h"

#include <math.h>

#include "privacy/leakage.h"
#include "session/composition.h"
#include "shell/output/print.h"
#include "train/clients/names.h"

static const char *const all[] = {"all", NULL};

const struct fed_field fed__leakage_rows[] = {
	FED_INT_WORD(struct fed_leakage_args, cut, 0, 0, 1e6, all, "a boundary of the model"),
	FED_ARG_INT(struct fed_leakage_args, examples, 0, 200, FED_LEAK_EXAMPLES_MIN,
                FED_LEAK_EXAMPLES_MAX, "test examples to measure with"),
	FED_END,
};

/* Its client, if it has one already, and its columns. */
static void put_party(struct fed_shell *shell, struct fed_table *table,
                      const struct fed_leakage_cut *at)
{
	const struct fed_clients *clients = &fed_session_parts(shell->session)->clients;
	struct fed_text name = {0};

	if (at->party < clients->n_present)
		fed_client_put(&name, clients, clients->present[at->party]);
	fed__table_cell(table, "%s", name.len ? fed_text_str(&name) : "-");
	fed__table_cell(table, "%u-%u", at->columns.first, at->columns.last);
	fed_text_release(&name);
}

static void show(struct fed_shell *shell, const struct fed_leakage *leakage)
{
	const struct fed_net *net = &fed_session_parts(shell->session)->net;
	const bool two = net->classes == 2, labels = net->classes > 0;
	const bool parties = leakage->at[0].party != FED_NO_PARTY;
	static const struct fed_table_column columns[] = {
		{.title = "client"}, /* of parties */
		{.title = "columns", .kind = FED_CELL_NUMBER},
		{.title = "cut", .kind = FED_CELL_NUMBER},
		{.title = "after", .rank = 1},
		{.title = "numbers", .kind = FED_CELL_NUMBER, .rank = 2},
		{.title = "dcor", .kind = FED_CELL_NUMBER},
		{.title = "corrected", .kind = FED_CELL_NUMBER},
		{.title = "labels inferred", .kind = FED_CELL_NUMBER},
		{.title = "norm AUC", .kind = FED_CELL_NUMBER, .rank = 1},
	};
	struct fed_table table = {.name = "leakage",
	                          .column = parties ? columns : columns + 2,
	                          .columns = 5u + labels + two + 2 * parties};

	for (size_t i = 0; i < leakage->n; i++) {
		const struct fed_leakage_cut *at = &leakage->at[i];

		if (parties)
			put_party(shell, &table, at);
		fed__table_integer(&table, at->cut);
		fed__table_cell(&table, "%s", net->layer[at->cut - 1].name);
		fed__table_count(&table, (double)at->numbers);
		fed__table_real(&table, at->inputs.plain, "%.3f");
		fed__table_real(&table, at->inputs.corrected, "%.3f");
		if (labels)
			fed__table_share(&table, at->cosine_accuracy);
		if (two)
			fed__table_real(&table, at->norm_auc, "%.3f");
	}
	fed__table_print(shell, &table);
	fed__print(shell, "%u test example%s, version %llu, noise %g", leakage->examples,
	           leakage->examples == 1 ? "" : "s",
	           (unsigned long long)fed_session_version(shell->session), leakage->noise);
	if (labels)
		fed__print(shell, "; guessing gets %.1f %% of the labels right", 100 * leakage->guess);
	fed__print(shell, "\n");
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
		if (at->party != FED_NO_PARTY)
			fed_text_add(&line, ",\"party\":%u,\"columns\":\"%u-%u\"", at->party, at->columns.first,
			             at->columns.last);
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
