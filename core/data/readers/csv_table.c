/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_table.c - the rows of a table.
 *
 * The numbers of each row go into a growing block of doubles: they are scaled before they become
 * floats.  The cells of label, client and encoded columns are kept until all are known.
 */
#include "data/readers/csv_table.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "data/source_internal.h"

/* First row ------------------------------------------------------------------------------ */

static int first_row(struct fed_csv_table *t, struct fed_error *err)
{
	bool more;

	if (fed__csv_row(&t->csv, &more, err))
		return FED_FAIL;
	if (!more)
		return fed_fail(err, "%.80s: has no rows", t->csv.name);
	if (t->csv.n < 2)
		return fed_fail(err,
		                "%.80s:%zu: has 1 column; it must have features and a label (separator=?)",
		                t->csv.name, t->csv.cell[0].line);
	if (t->csv.n > FED_DATASET_MAX_BYTES || t->csv.n != t->form.columns)
		return fed_fail(err, "%.80s:%zu: the first row cannot be read", t->csv.name,
		                t->csv.cell[0].line);
	return fed__csv_columns_init(&t->columns, &t->csv, t->form.header, t->form.textual,
	                             t->form.empty_last, t->options, err);
}

/* Cells ---------------------------------------------------------------------------------- */

static int reserve_rows(struct fed_csv_table *t, struct fed_error *err)
{
	const size_t rows = t->capacity ? 2 * t->capacity : 256;
	const size_t d = t->columns.numbers, k = t->columns.texts;

	if (d) {
		double *x = fed_resize(t->x, t->capacity * d * sizeof *x, rows * d * sizeof *x);

		if (!x)
			return fed_fail_memory(err, rows * d * sizeof *x, "the rows of the table");
		t->x = x;
	}
	struct fed_csv_cell *text =
		fed_resize(t->text, t->capacity * k * sizeof *text, rows * k * sizeof *text);

	if (!text)
		return fed_fail_memory(err, rows * k * sizeof *text, "the labels of the table");
	t->text = text;
	t->capacity = rows;
	return FED_OK;
}

static int fail_empty(const struct fed_csv_table *t, uint32_t i, const struct fed_csv_cell *cell,
                      struct fed_error *err)
{
	return fed_fail(err,
	                "%.80s:%zu:%zu: the cell is empty; features must be numbers (missing=empty "
	                "leaves such rows out, with mean=%s it becomes the mean)",
	                t->csv.name, cell->line, cell->column, fed__csv_column_word(&t->columns, i).s);
}

static int fail_number(const struct fed_csv_table *t, uint32_t i, const struct fed_csv_cell *cell,
                       struct fed_error *err)
{
	const struct fed_shown word = fed__csv_column_word(&t->columns, i);
	char advice[400];
	double value;

	if (fed__csv_usual_mark(cell->s))
		snprintf(advice, sizeof advice, "%s leaves such rows out, with mean=%s it becomes the mean",
		         fed__csv_missing_advice(cell->s).s, word.s);
	else if (fed__csv_number(cell->s, t->form.decimal == ',' ? '.' : ',', &value))
		snprintf(advice, sizeof advice, "decimal=%s reads it",
		         t->form.decimal == ',' ? "point" : "comma");
	else
		snprintf(advice, sizeof advice,
		         "drop=%s leaves the column out, encode=%s makes features of its texts, client=%s "
		         "clients",
		         word.s, word.s, word.s);
	return fed_fail(err,
	                "%.80s:%zu:%zu: %.40s is not a finite number; features must be numbers (%s)",
	                t->csv.name, cell->line, cell->column, fed_show(cell->s).s, advice);
}

static int read_number(const struct fed_csv_table *t, uint32_t i, const struct fed_csv_cell *cell,
                       double *out, struct fed_error *err)
{
	if (!*cell->s)
		return fail_empty(t, i, cell, err);
	if (!fed__csv_number(cell->s, t->form.decimal, out) || !(fabs(*out) <= (double)FLT_MAX))
		return fail_number(t, i, cell, err);
	return FED_OK;
}

static int check_texts(const struct fed_csv_table *t, uint32_t i, const struct fed_csv_cell *cell,
                       struct fed_error *err)
{
	const enum fed_csv_role role = t->columns.column[i].role;

	if (role == FED_CSV_EMPTY && *cell->s)
		return fed_fail(err,
		                "%.80s:%zu:%zu: column %u was empty in the rows before and holds %.40s; "
		                "drop=%u leaves it out",
		                t->csv.name, cell->line, cell->column, i + 1, fed_show(cell->s).s, i + 1);
	if ((role == FED_CSV_CLIENT || role == FED_CSV_ENCODED) && !*cell->s)
		return fed_fail(err, "%.80s:%zu:%zu: the %s is empty; missing=empty leaves such rows out",
		                t->csv.name, cell->line, cell->column,
		                role == FED_CSV_CLIENT ? "client" : "cell");
	return FED_OK;
}

/* Rows ----------------------------------------------------------------------------------- */

static int fail_ragged(const struct fed_csv_table *t, struct fed_error *err)
{
	/* the first excess cell, or the last one */
	const struct fed_csv_cell *at =
		&t->csv.cell[t->csv.n > t->columns.n ? t->columns.n : t->csv.n - 1];

	return fed_fail(
		err, "%.80s:%zu:%zu: the row has %zu cell%s, the first one has %u%s", t->csv.name, at->line,
		at->column, t->csv.n, t->csv.n == 1 ? "" : "s", t->columns.n,
		t->csv.n > t->columns.n ? " (a decimal comma parts cells: write 1.5, or quote it)" : "");
}

/* Whether the row is left out for a missing value, of which it is noted where. */
static bool lacks(struct fed_csv_table *t)
{
	if (!t->missing.n && !t->missing.empty && !t->missing.usual)
		return false;
	for (uint32_t i = 0; i < t->columns.n; i++) {
		const struct fed_csv_column *column = &t->columns.column[i];
		const bool filled = column->mean && column->role <= FED_CSV_ENCODED;

		if (column->role >= FED_CSV_DROPPED || filled ||
		    !fed__csv_missing(&t->missing, t->csv.cell[i].s))
			continue;
		if (!t->left_out.rows++) {
			t->left_out.line = t->csv.cell[i].line;
			t->left_out.column = i;
		}
		return true;
	}
	return false;
}

/* Whether the first cells go on counting from 0 or 1. */
static bool counts_on(const struct fed_csv_table *t, double value)
{
	const double first = t->rows ? t->x[0] : 0;

	return t->rows
	           ? value > t->x[(size_t)(t->rows - 1) * t->columns.numbers] &&
	                 value == floor(value) && value - first <= 2.0 * (t->rows + t->left_out.rows)
	           : value == 0 || value == 1;
}

static int take_cells(struct fed_csv_table *t, struct fed_error *err)
{
	double *x = t->x ? t->x + (size_t)t->rows * t->columns.numbers : NULL;
	struct fed_csv_cell *text = t->text + (size_t)t->rows * t->columns.texts;

	for (uint32_t i = 0; i < t->columns.n; i++) {
		const struct fed_csv_column *column = &t->columns.column[i];
		const struct fed_csv_cell *cell = &t->csv.cell[i];
		const bool missing = column->mean && column->role <= FED_CSV_ENCODED &&
		                     fed__csv_missing(&t->missing, cell->s);
		int rc = FED_OK;

		t->left_out.filled += missing;
		if (column->role == FED_CSV_FEATURE && missing)
			x[column->slot] = NAN;
		else if (column->role == FED_CSV_FEATURE)
			rc = read_number(t, i, cell, &x[column->slot], err);
		else if (!missing)
			rc = check_texts(t, i, cell, err);
		if (rc)
			return rc;
		if (column->role > FED_CSV_FEATURE && column->role < FED_CSV_DROPPED) {
			text[column->slot] = *cell;
			if (missing)
				text[column->slot].s = NULL;
		}
	}
	t->counts = t->counts && counts_on(t, x[0]);
	return FED_OK;
}

static int take_row(struct fed_csv_table *t, struct fed_error *err)
{
	if (t->csv.n != t->columns.n)
		return fail_ragged(t, err);
	if (lacks(t))
		return FED_OK;
	if (t->rows == UINT32_MAX)
		return fed_fail(err, "%.80s: has more than %u rows", t->csv.name, UINT32_MAX);
	if (t->rows == t->capacity && reserve_rows(t, err))
		return FED_FAIL;
	if (take_cells(t, err))
		return FED_FAIL;
	t->rows++;
	return FED_OK;
}

static int fail_few(const struct fed_csv_table *t, struct fed_error *err)
{
	if (t->left_out.rows)
		return fed_fail(err,
		                "%.80s: has %u of the 2 rows of data that training and test need; %s %s "
		                "left out for missing values (mean=all keeps them)",
		                t->csv.name, t->rows, fed_count(t->left_out.rows).s,
		                t->left_out.rows == 1 ? "was" : "were");
	return fed_fail(err, "%.80s: has %u of the 2 rows of data that training and test need",
	                t->csv.name, t->rows);
}

static int read_rows(struct fed_csv_table *t, struct fed_error *err)
{
	bool more = true;
	int rc = first_row(t, err);

	t->counts = rc == FED_OK && t->columns.index;
	if (rc == FED_OK && !t->form.header)
		rc = take_row(t, err);
	while (rc == FED_OK && more) {
		rc = fed__generation_check(t->making, t->rows, err);
		if (rc == FED_OK)
			rc = fed__csv_row(&t->csv, &more, err);
		if (rc == FED_OK && more)
			rc = take_row(t, err);
	}
	return rc ? rc : t->rows < 2 ? fail_few(t, err) : FED_OK;
}

int fed__csv_table_read(struct fed_csv_table *t, const char *name, char *text,
                        struct fed_error *err)
{
	int rc = fed__csv_missing_init(&t->missing, t->options, err);

	if (rc == FED_OK)
		rc = fed__csv_guess(&t->form, name, text, t->options, err);
	if (rc)
		return rc;
	fed__csv_init(&t->csv, name, t->form.start, t->form.separator);
	t->csv.line += t->form.skipped;
	return read_rows(t, err);
}

int fed__csv_table_labels(struct fed_csv_table *t, struct fed_error *err)
{
	t->labels.cell = t->text + t->columns.column[t->columns.label].slot;
	t->labels.stride = t->columns.texts;
	t->labels.n = t->rows;
	t->labels.decimal = t->form.decimal;
	return fed__csv_labels_decide(&t->labels, t->csv.name, (enum fed_task)t->options->task,
	                              t->notes, err);
}

void fed__csv_table_release(struct fed_csv_table *t)
{
	fed__csv_labels_release(&t->labels);
	fed__csv_columns_release(&t->columns);
	fed__csv_form_release(&t->form);
	fed__csv_missing_release(&t->missing);
	fed__csv_release(&t->csv);
	fed_free(t->x);
	fed_free(t->text);
}
