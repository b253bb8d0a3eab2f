/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/kept.c - the table of the runs that a session keeps.
 */
#include "shell/commands/look/kept.h"

#include <math.h>

#include "shell/output/print.h"

void fed__list_kept(struct fed_shell *shell, const struct fed_runs *kept)
{
	static const struct fed_table_column columns[] = {
		{.title = "run"},
		{.title = "rounds", .kind = FED_CELL_NUMBER},
		{.title = "accuracy", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "loss", .kind = FED_CELL_NUMBER, .rank = 1},
	};
	struct fed_table table = {.name = "runs", .column = columns, .columns = 4};

	for (size_t i = 0; i < kept->n; i++) {
		const struct fed_history *h = &kept->run[i].history;
		const struct fed_record *last = h->n ? &h->record[h->n - 1] : NULL;

		fed__table_cell(&table, "%s", kept->run[i].name);
		fed__table_integer(&table, h->n);
		fed__table_share(&table, last ? last->test_accuracy : NAN);
		fed__table_real(&table, last ? last->test_loss : NAN, "%#.4g");
	}
	fed__table_print(shell, &table);
}
