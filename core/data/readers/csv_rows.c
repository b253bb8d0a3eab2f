/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_rows.c - an in-place CSV parser.
 */
#include "data/readers/csv_rows.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

void fed__csv_init(struct fed_csv *csv, const char *name, char *text, char separator)
{
	*csv = (struct fed_csv){
		.name = name, .separator = separator, .line = 1, .p = text, .line_start = text};
}

void fed__csv_release(struct fed_csv *csv)
{
	fed_free(csv->cell);
	*csv = (struct fed_csv){0};
}

static struct fed_csv_cell *next_cell(struct fed_csv *csv, struct fed_error *err)
{
	if (csv->n == csv->capacity) {
		const size_t old = csv->capacity * sizeof *csv->cell,
					 size = old ? 2 * old : 64 * sizeof *csv->cell;
		struct fed_csv_cell *more = fed_resize(csv->cell, old, size);

		if (!more) {
			fed_fail_memory(err, size, "the cells of a row");
			return NULL;
		}
		csv->cell = more;
		csv->capacity = size / sizeof *csv->cell;
	}
	return &csv->cell[csv->n++];
}

static bool at_row_end(const struct fed_csv *csv)
{
	return !*csv->p || *csv->p == '\n' || (*csv->p == '\r' && (csv->p[1] == '\n' || !csv->p[1]));
}

static void skip_spaces(struct fed_csv *csv)
{
	while (*csv->p == ' ' || (*csv->p == '\t' && csv->separator != '\t'))
		csv->p++;
}

/* Whether a separator begins here; blanks are one, however many. */
static bool at_separator(const struct fed_csv *csv)
{
	return *csv->p == csv->separator || (csv->separator == ' ' && *csv->p == '\t');
}

/* End of a bare cell: at the separator or the end of the row, without trailing spaces. */
static char *bare_end(struct fed_csv *csv)
{
	char *end = csv->p;

	for (; !at_separator(csv) && !at_row_end(csv); csv->p++)
		if (*csv->p != ' ' && *csv->p != '\t')
			end = csv->p + 1;
	return end;
}

/* End of a quoted cell, after the opening quote; two quotes are one.  NULL: the closing quote is
 * missing. */
static char *quoted_end(struct fed_csv *csv)
{
	char *to = csv->p;

	for (;; csv->p++) {
		if (!*csv->p)
			return NULL;
		if (*csv->p == '"') {
			if (csv->p[1] != '"')
				break;
			csv->p++;
		}
		if (*csv->p == '\n') {
			csv->line++;
			csv->line_start = csv->p + 1;
		}
		*to++ = *csv->p;
	}
	csv->p++;
	skip_spaces(csv);
	return to;
}

static int read_cell(struct fed_csv *csv, struct fed_error *err)
{
	struct fed_csv_cell *cell = next_cell(csv, err);

	if (!cell)
		return FED_FAIL;
	skip_spaces(csv);

	const bool quoted = *csv->p == '"';

	csv->p += quoted;
	*cell =
		(struct fed_csv_cell){csv->p, csv->line, (size_t)(csv->p - quoted - csv->line_start) + 1};

	char *end = quoted ? quoted_end(csv) : bare_end(csv);

	if (!end)
		return fed_fail(err, "%.80s:%zu:%zu: a quote is opened and never closed", csv->name,
		                cell->line, cell->column);
	if (csv->separator == ' ')
		skip_spaces(csv);
	else if (*csv->p != csv->separator && !at_row_end(csv))
		return fed_fail(err, "%.80s:%zu:%zu: text follows a closing quote", csv->name, csv->line,
		                (size_t)(csv->p - csv->line_start) + 1);

	/* read before the cell is terminated: its end may be the separator */
	const bool blank = csv->separator == ' ';
	const bool more = blank ? !at_row_end(csv) : *csv->p == csv->separator;

	if (!more && *csv->p == '\r')
		csv->p++;

	const bool last = !*csv->p;

	*end = '\0';
	if (!last && !(blank && more))
		csv->p++;
	if (!more) {
		csv->line++;
		csv->line_start = csv->p;
	}
	return more;
}

int fed__csv_row(struct fed_csv *csv, bool *more, struct fed_error *err)
{
	csv->n = 0;
	for (skip_spaces(csv); *csv->p && at_row_end(csv); skip_spaces(csv)) {
		csv->p += *csv->p == '\r' && csv->p[1] ? 2 : 1;
		csv->line++;
		csv->line_start = csv->p;
	}
	*more = *csv->p != '\0';
	if (!*more)
		return FED_OK;

	int rc;

	while ((rc = read_cell(csv, err)) == 1)
		;
	return rc;
}

bool fed__csv_number(const char *s, char decimal, double *out)
{
	char pointed[64];
	int64_t whole = 0;
	int digits = 0;

	/* whole numbers such as pixels and counts: ten times faster */
	for (; s[digits] >= '0' && s[digits] <= '9' && digits < 15; digits++)
		whole = whole * 10 + (s[digits] - '0');
	if (digits && !s[digits]) {
		*out = (double)whole;
		return true;
	}
	if (decimal == ',') {
		if (strlen(s) >= sizeof pointed || strchr(s, '.'))
			return false;
		strcpy(pointed, s);
		char *comma = strchr(pointed, ',');
		if (comma)
			*comma = '.';
		s = pointed;
	}
	return fed_parse_real(s, out) && isfinite(*out);
}
