/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/try.c - output of the command `try`: the result of an aggregator on a file of
 * updates.
 */
#include <math.h>

#include "shell/output/print.h"
#include "shell/commands/look/updates.h"

enum { SHOWN = 8 }; /* coordinates of the step */

static bool has_groups(const struct fed_trial *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->trust[i].group >= 0)
			return true;
	return false;
}

static const char *word_of(const struct fed_trial *t, size_t i)
{
	if (t->refused[i].len)
		return "refused";
	if (!t->verdict[i].used)
		return "filtered";
	return t->trust[i].trusted ? "used" : "suspect";
}

static double length_of(const float *x, size_t n)
{
	double sum = 0;

	for (size_t j = 0; j < n; j++)
		sum += (double)x[j] * (double)x[j];
	return sqrt(sum);
}

static void show_rows(struct fed_shell *shell, const struct fed_trial *t)
{
	static const struct fed_table_column columns[] = {
		{.title = "row", .kind = FED_CELL_NUMBER},
		{.title = "norm", .kind = FED_CELL_NUMBER},
		{.title = "score", .kind = FED_CELL_NUMBER},
		{.title = "weight", .kind = FED_CELL_NUMBER},
		{.title = "verdict"},
		{.title = "group", .kind = FED_CELL_NUMBER},
	};
	const bool grouped = has_groups(t);
	struct fed_table table = {.name = "updates",
	                          .column = columns,
	                          .columns = sizeof columns / sizeof *columns - !grouped};

	for (size_t i = 0; i < t->n; i++) {
		fed__table_integer(&table, i);
		fed__table_real(&table, length_of(t->update[i].delta, t->dim), "%#.6g");
		fed__table_real(&table, (double)t->verdict[i].score, "%#.6g");
		fed__table_real(&table, (double)t->verdict[i].weight, "%.6f");
		fed__table_cell(&table, "%s", word_of(t, i));
		if (grouped)
			fed__table_real(&table, t->trust[i].group, "%.0f");
	}
	fed__table_print(shell, &table);
}

void fed__show_trial(struct fed_shell *shell, const struct fed_trial *t)
{
	struct fed_text text = {0};

	fed_text_add(&text, "aggregator %s%s%s on ", t->aggregator.entry->head->name,
	             t->settings.len ? "  " : "", fed_text_str(&t->settings));
	fed_text_count(&text, (double)t->n);
	fed_text_add(&text, " x ");
	fed_text_count(&text, (double)t->dim);
	fed_text_add(&text, " numbers, %.3g ms", t->seconds * 1e3);
	fed__print(shell, "%s\n", fed_text_str(&text));
	show_rows(shell, t);
	if (t->notes.len)
		fed__print(shell, "%s", fed_text_str(&t->notes));
	for (size_t i = 0; i < t->n; i++)
		if (t->refused[i].len)
			fed__print(shell, "row %zu: %s\n", i, fed_text_str(&t->refused[i]));
	fed_text_clear(&text);
	for (size_t j = 0; j < t->dim && j < SHOWN; j++)
		fed_text_add(&text, "%s%.6g", j ? ", " : "", (double)t->step[j]);
	fed__print(shell, "step (%s%s), length %.6g\n", fed_text_str(&text),
	           t->dim > SHOWN ? ", ..." : "", length_of(t->step, t->dim));
	fed_text_release(&text);
}
