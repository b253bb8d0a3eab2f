/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/export.c - files of rounds, parameters, layers and traces.
 */
#include "shell/commands/export.h"

#include "base/file.h"
#include "experiments/study_export.h"
#include "report/export.h"
#include "shell/commands/study/study.h"
#include "shell/language/origins.h"
#include "shell/output/print.h"
#include "shell/output/written.h"
#include "shell/output/table.h"

const struct fed_field fed__export_rows[] = {
	FED_ARG_TEXT(struct fed_export_args, file, FED_ARG_NEEDED, "path", "a file"),
	FED_ARG_TEXT(struct fed_export_args, study, 0, "study",
                 "a study, the rounds of whose runs are written then: .csv or .jsonl"),
	FED_END,
};

static int export_study(struct fed_shell *shell, const struct fed_export_args *a,
                        struct fed_error *err)
{
	struct fed_stored_study study;
	struct fed_store *store;
	size_t rows;

	if (fed__open_study(&store, FED_STORE_LOOK, a->study, &study, err))
		return FED_FAIL;
	const int rc = fed_study_export(store, &study, a->file, &rows, err);
	if (rc == FED_OK) {
		fed__wrote(shell, a->file);
		fed__print(shell, "wrote %s: %s rounds of %s runs\n", a->file, fed_count((double)rows).s,
		           fed_count((double)study.played).s);
	}
	fed_stored_study_release(&study);
	fed_store_close(store);
	return rc;
}

int fed__run_export(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_export_args *a = call->args;

	if (*a->study)
		return export_study(shell, a, err);
	fed__origins_compose(shell);
	const int rc = fed_session_export(shell->session, a->file, &shell->compositions, err);
	if (rc != FED_OK)
		return rc;
	fed__print(shell, "wrote %s\n", a->file);
	if (fed_export_has_model(a->file))
		fed__wrote_model(shell, a->file);
	else
		fed__wrote(shell, a->file);
	return rc;
}

const struct fed_field fed__import_rows[] = {
	FED_ARG_TEXT(struct fed_import_args, file, FED_ARG_NEEDED, "path", "a file"),
	FED_END,
};

/* Which tensor of a file with names of its own is which of the model's. */
static void print_map(struct fed_shell *shell, const struct fed_import_map *map)
{
	static const struct fed_table_column columns[] = {
		{.title = "tensor"}, {.title = "of the file"}, {.title = "shape"}, {.title = "note"}};
	struct fed_table table = {.name = "import", .column = columns, .columns = 4};

	if (map->n == 0)
		return;
	for (size_t i = 0; i < map->n; i++) {
		const struct fed_import_row *row = &map->row[i];

		fed__table_cell(&table, "%s", row->to);
		fed__table_cell(&table, "%s", fed_show(row->from).s);
		fed__table_cell(&table, "%s", row->shape);
		fed__table_cell(&table, "%s", row->note);
	}
	fed__table_print(shell, &table);
	if (map->left_out)
		fed__print(shell, "left out: %zu counter%s of batches\n", map->left_out,
		           map->left_out == 1 ? "" : "s");
}

int fed__run_import(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_import_args *a = call->args;
	struct fed_import_map map;
	struct fed_text path = {0};

	fed_path_expand(a->file, &path);
	const int rc = path.failed ? fed_fail(err, "out of memory (a path)")
	                           : fed_session_import(shell->session, fed_text_str(&path), &map, err);
	if (rc == FED_OK) {
		print_map(shell, &map);
		fed__print(shell, "took parameters from %s\n", fed_text_str(&path));
	}
	if (!path.failed)
		fed_import_map_release(&map);
	fed_text_release(&path);
	return rc;
}
