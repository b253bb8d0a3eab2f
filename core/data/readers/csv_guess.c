/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_guess.c - the form of a table, by its first rows.
 */
#include "data/readers/csv_guess.h"

#include <string.h>

#include "base/mem.h"
#include "data/readers/csv_columns.h"

enum {
	SAMPLE_ROWS = 100,
	SAMPLE_BYTES = 1 << 16, /* and at least so many lines: */
	SAMPLE_LINES = 4,
};

/* Sample -------------------------------------------------------------------------------- */

/* The first rows, parsed from a copy. */
struct sample {
	struct fed_text text;
	struct fed_csv_cell *cell;
	size_t n, capacity;
	size_t first[SAMPLE_ROWS + 1]; /* cells of row i: first[i] .. first[i + 1] */
	size_t rows;
};

/* The first rows of the text end here: behind a line, unless the text ends. */
static size_t sample_length(const char *text)
{
	const char *at = text;

	for (size_t lines = 0; *at; lines++) {
		const char *end = strchr(at, '\n');

		if (!end)
			return strlen(text);
		if (lines >= SAMPLE_LINES && (size_t)(end - text) > SAMPLE_BYTES)
			break;
		at = end + 1;
	}
	return (size_t)(at - text);
}

static int keep_row(struct sample *s, const struct fed_csv *csv, struct fed_error *err)
{
	if (s->n + csv->n > s->capacity) {
		const size_t more = 2 * s->capacity + csv->n;
		struct fed_csv_cell *grown =
			fed_resize(s->cell, s->capacity * sizeof *grown, more * sizeof *grown);

		if (!grown)
			return fed_fail_memory(err, more * sizeof *grown, "the first rows");
		s->cell = grown;
		s->capacity = more;
	}
	memcpy(s->cell + s->n, csv->cell, csv->n * sizeof *csv->cell);
	s->n += csv->n;
	s->first[++s->rows] = s->n;
	return FED_OK;
}

/* A row that cannot be parsed ends the sample: its error comes when the table is read. */
static int take_sample(struct sample *s, const char *text, size_t len, char separator,
                       struct fed_error *err)
{
	struct fed_csv csv;
	struct fed_error unused;
	bool more = true;
	int rc = FED_OK;

	s->n = s->rows = 0;
	fed_text_clear(&s->text);
	fed_text_put(&s->text, text, len);
	if (s->text.failed)
		return fed_fail_memory(err, len, "the first rows");
	fed__csv_init(&csv, "", s->text.s, separator);
	while (rc == FED_OK && s->rows < SAMPLE_ROWS) {
		if (fed__csv_row(&csv, &more, &unused) || !more)
			break;
		rc = keep_row(s, &csv, err);
	}
	fed__csv_release(&csv);
	return rc;
}

static void release_sample(struct sample *s)
{
	fed_text_release(&s->text);
	fed_free(s->cell);
}

static const char *cell_at(const struct sample *s, size_t row, size_t column)
{
	const size_t at = s->first[row] + column;

	return at < s->first[row + 1] ? s->cell[at].s : "";
}

/* Separator ----------------------------------------------------------------------------- */

static bool is_number(const char *cell, char separator)
{
	double value;

	return fed__csv_number(cell, '.', &value) ||
	       (separator != ',' && fed__csv_number(cell, ',', &value));
}

static bool is_even(const struct sample *s)
{
	for (size_t i = 1; i < s->rows; i++)
		if (s->first[i + 1] - s->first[i] != s->first[1])
			return false;
	return s->rows > 0;
}

/* The share of numbers behind the first row, of which a header has none. */
static double share_of_numbers(const struct sample *s, char separator)
{
	const size_t from = s->rows > 1 ? s->first[1] : 0;
	size_t numbers = 0;

	for (size_t i = from; i < s->n; i++)
		numbers += is_number(s->cell[i].s, separator) || fed__csv_usual_mark(s->cell[i].s);
	return s->n > from ? (double)numbers / (double)(s->n - from) : 0;
}

/* The separator whose rows have as many cells each, and among equals the most numbers; blanks only
 * where no other parts the rows.  Without any, the first that parts the first row. */
static int guess_separator(struct fed_csv_form *f, struct sample *s, const char *name, size_t len,
                           struct fed_error *err)
{
	static const char plain[] = ",;\t| ", tabs[] = "\t,;| ";
	const char *order = strstr(name, ".tsv") || strstr(name, ".tab") ? tabs : plain;
	double best = -1;

	f->separator = 0;
	for (const char *c = order; *c; c++) {
		if (take_sample(s, f->start, len, *c, err))
			return FED_FAIL;
		const double share =
			s->rows && s->first[1] > 1 && is_even(s) ? share_of_numbers(s, *c) : -1;
		if (share > best && (*c != ' ' || best < 0)) {
			f->separator = *c;
			best = share;
		}
	}
	for (const char *c = order; !f->separator && *c; c++) {
		if (take_sample(s, f->start, len, *c, err))
			return FED_FAIL;
		if (s->rows && s->first[1] > 1)
			f->separator = *c;
	}
	if (!f->separator)
		f->separator = order[0];
	return FED_OK;
}

/* Decimal comma ------------------------------------------------------------------------- */

static char guess_decimal(const struct sample *s)
{
	size_t commas = 0, points = 0;

	for (size_t i = 0; i < s->n; i++) {
		const char *cell = s->cell[i].s;
		double value;

		points += strchr(cell, '.') && fed__csv_number(cell, '.', &value);
		commas += strchr(cell, ',') && fed__csv_number(cell, ',', &value);
	}
	return commas > 0 && points == 0 ? ',' : '.';
}

/* Header -------------------------------------------------------------------------------- */

/* What the cells of a column are, behind the first row. */
struct kinds {
	size_t numbers, texts, empty;
};

static struct kinds kinds_of(const struct sample *s, size_t column, char decimal)
{
	struct kinds k = {0};
	double value;

	for (size_t row = 1; row < s->rows; row++) {
		const char *cell = cell_at(s, row, column);

		if (!*cell)
			k.empty++;
		else if (fed__csv_number(cell, decimal, &value))
			k.numbers++;
		else if (!fed__csv_usual_mark(cell))
			k.texts++;
	}
	return k;
}

/* Whether the cell of the first row is a text, which no other row of its column repeats. */
static bool is_unrepeated(const struct sample *s, size_t column, char decimal)
{
	const char *name = cell_at(s, 0, column);
	double value;

	if (!*name || fed__csv_number(name, decimal, &value))
		return false;
	for (size_t row = 1; row < s->rows; row++)
		if (!strcmp(cell_at(s, row, column), name))
			return false;
	return true;
}

/* A text above numbers is the name of its column; a nameless first cell stands above row numbers.
 * Where all is text, the first row is names if none of them comes again. */
static bool guess_header(const struct sample *s, char decimal)
{
	const size_t columns = s->rows ? s->first[1] : 0;
	size_t unrepeated = 0;
	double value;

	for (size_t i = 0; i < columns; i++) {
		const char *first = cell_at(s, 0, i);
		const struct kinds k = kinds_of(s, i, decimal);
		const bool text =
			*first && !fed__csv_number(first, decimal, &value) && !fed__csv_usual_mark(first);

		if (text && k.numbers > k.texts)
			return true;
		if (i == 0 && !*first && k.numbers > 0 && k.empty == 0)
			return true;
		unrepeated += is_unrepeated(s, i, decimal);
	}
	return s->rows > 2 && columns > 0 && unrepeated == columns;
}

static int find_textual(struct fed_csv_form *f, const struct sample *s, struct fed_error *err)
{
	const size_t last = f->columns - 1;
	bool empty = f->columns > 2;

	f->textual = fed_alloc_array(f->columns, sizeof *f->textual);
	if (!f->textual)
		return fed_fail_memory(err, f->columns, "the columns");
	for (size_t i = 0; i < f->columns; i++) {
		const char *first = cell_at(s, 0, i);
		double value;

		f->textual[i] = kinds_of(s, i, f->decimal).texts > 0 ||
		                (!f->header && *first && !fed__csv_number(first, f->decimal, &value) &&
		                 !fed__csv_usual_mark(first));
	}
	for (size_t row = 0; row < s->rows; row++)
		empty = empty && s->first[row + 1] - s->first[row] == f->columns && !*cell_at(s, row, last);
	f->empty_last = empty && s->rows > 1;
	return FED_OK;
}

/* Lines --------------------------------------------------------------------------------- */

/* Lines that end in a carriage return alone get the usual end. */
static void mend_line_ends(struct fed_csv_form *f, char *text)
{
	if (strchr(text, '\n') || !strchr(text, '\r'))
		return;
	f->returns = true;
	for (char *c = text; (c = strchr(c, '\r'));)
		*c++ = '\n';
}

/* "sep=;", which Excel writes and reads. */
static void read_separator_line(struct fed_csv_form *f)
{
	char *at = f->start;

	if (strncmp(at, "sep=", 4) != 0 || !at[4] || at[4] == '\n' || at[4] == '\r')
		return;
	char *end = at + 5;
	end += *end == '\r';
	if (*end && *end != '\n')
		return;
	f->separator = at[4];
	f->separator_line = true;
	f->skipped = 1;
	f->start = *end ? end + 1 : end;
}

static int guess(struct fed_csv_form *f, struct sample *s, const char *name,
                 const struct fed_csv_options *o, struct fed_error *err)
{
	const size_t len = sample_length(f->start);
	const int rc = fed__csv_decimal(o, &f->decimal, err);

	if (rc)
		return rc;
	if (fed__csv_separator(o))
		f->separator = fed__csv_separator(o);
	else if (!f->separator_line && guess_separator(f, s, name, len, err))
		return FED_FAIL;
	if (take_sample(s, f->start, len, f->separator, err))
		return FED_FAIL;
	f->columns = s->rows ? s->first[1] : 0;
	f->decimal_told = f->decimal != 0;
	if (!f->decimal_told)
		f->decimal = guess_decimal(s);
	f->header = o->header == FED_CSV_HEADER_YES ||
	            (o->header == FED_CSV_HEADER_AUTO &&
	             (fed__csv_names_columns(o) || guess_header(s, f->decimal)));
	f->numbers = share_of_numbers(s, f->separator);
	f->even = is_even(s);
	return f->columns ? find_textual(f, s, err) : FED_OK;
}

int fed__csv_guess(struct fed_csv_form *f, const char *name, char *text,
                   const struct fed_csv_options *o, struct fed_error *err)
{
	struct sample s = {0};

	*f = (struct fed_csv_form){.start = text};
	mend_line_ends(f, text);
	read_separator_line(f);

	const int rc = guess(f, &s, name, o, err);

	release_sample(&s);
	return rc;
}

void fed__csv_form_release(struct fed_csv_form *f)
{
	fed_free(f->textual);
	*f = (struct fed_csv_form){0};
}
