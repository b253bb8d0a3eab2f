/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/compose/dataset.c - the command `dataset`: loading one, or the table of what it
 * is.
 */
#include "shell/commands/compose/dataset.h"

#include "report/dataset_rows.h"
#include "session/composition.h"
#include "shell/output/settings.h"
#include "shell/output/print.h"

const struct fed_field fed__dataset_rows[] = {
	FED_ARG_TEXT(
		struct fed_dataset_args, name, FED_FIELD_POSITIONAL, "dataset",
		"a built-in name, a folder (pictures, IDX, CIFAR, JSON of LEAF), .npz or a table, .csv "
		"and the like"),
	{.name = "else", /* a word of C: no member can have the name */
     .type = FED_TYPE_TEXT,
     .offset = offsetof(struct fed_dataset_args, otherwise),
     .size = sizeof(((struct fed_dataset_args *)0)->otherwise),
     .hint = "dataset",
     .help = "the dataset to use when that one is missing"},
	FED_END};

const struct fed_field *fed__dataset_more(const struct fed_shell *shell, const void *args)
{
	const struct fed_dataset_args *a = args;
	const struct fed_source *source;
	struct fed_error unused;

	(void)shell;
	return fed_source_find(a->name, &source, &unused) == FED_OK ? source->fields : NULL;
}

/* Load a dataset. `dataset fashion else=glyphs` takes the second if the first does not exist; if it
 * exists but is damaged or does not fit the session, that is an error. */
static int load_dataset(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_dataset_args *a = call->args;
	struct fed_session *s = shell->session;
	const char *name = a->name;
	struct fed_error why;

	if (*a->otherwise && fed_dataset_present(a->name, &why)) {
		fed_session_tell(s, FED_EVENT_NOTICE, "%s; using %s instead", why.text, a->otherwise);
		name = a->otherwise;
	}
	return fed_session_dataset(s, name, call->extra, call->n_extra, err);
}

static bool reads(const struct fed_dataset_args *a)
{
	const struct fed_source *source;
	struct fed_error unused;

	return fed_source_find(a->name, &source, &unused) || source->reads;
}

static void say_dataset(struct fed_shell *shell, const struct fed_dataset *data)
{
	struct fed_text text = {0};

	fed__put_dataset(data, &text);
	fed__print(shell, "dataset %s\n", fed_text_str(&text));
	fed_text_release(&text);
}

/* Whether a note has something that overrules it, for which there is a column. */
static bool has_guesses(const struct fed_dataset *data)
{
	for (size_t i = 0; i < data->notes.n; i++)
		if (data->notes.note[i].overrule)
			return true;
	return false;
}

static void add_row(void *ctx, const char *subject, const char *found, const char *overrule)
{
	struct fed_table *table = ctx;

	fed__table_cell(table, "%s", subject);
	fed__table_cell(table, "%s", found);
	if (table->columns > 2)
		fed__table_cell(table, "%s", overrule ? overrule : "");
}

static int show_dataset(struct fed_shell *shell, struct fed_error *err)
{
	const struct fed_dataset *data = fed_session_parts(shell->session)->data;
	static const struct fed_table_column columns[] = {
		{.title = "what"},
		{.title = "found", .kind = FED_CELL_PROSE},
		{.title = "overruled by", .rank = 1, .key = "overrule"},
	};
	struct fed_table table = {.name = "dataset", .column = columns, .columns = 3};

	if (!data)
		return fed_fail(err, "none chosen yet; `help dataset` shows what there is");
	say_dataset(shell, data);
	table.columns -= !has_guesses(data);

	const int rc = fed_dataset_rows(data, add_row, &table, err);

	fed__table_print(shell, &table);
	return rc;
}

int fed__run_dataset(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_dataset_args *a = call->args;
	struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);

	if (!*a->name)
		return show_dataset(shell, err);

	const bool taken = fed_session_open(s) || parts->clients.n_present;
	const int rc = load_dataset(shell, call, err);

	if (rc == FED_FAIL && !taken && reads(a)) /* else the session rejects it, or out of memory */
		shell->fault = FED_EXIT_IO;
	if (rc)
		return rc;
	say_dataset(shell, parts->data);
	return FED_OK;
}
