/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_rows.c - an in-place CSV parser.
 */
#include "data/readers/csv_rows.h"

#include <string.h>

#include "base/mem.h"

int fed__csv_init(struct fed_csv *csv, const char *name, struct fed_text *text, char separator,
                  struct fed_error *err)
{
	char *start = text->len ? text->s : NULL;
	const char *nul = start ? memchr(start, 0, text->len) : NULL;

	*csv = (struct fed_csv){.name = name, .separator = separator, .line = 1};
	if (!start)
		return fed_fail(err, "%.80s: is empty", name);
	if (nul)
		return fed_fail(err, "%.80s: is not a text: byte %zu is 0", name, (size_t)(nul - start));
	if (!strncmp(start, "\xef\xbb\xbf", 3))
		start += 3;
	csv->p = csv->line_start = start;
	return FED_OK;
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

/* End of a bare cell: at the separator or the end of the row, without trailing spaces. */
static char *bare_end(struct fed_csv *csv)
{
	char *end = csv->p;

	for (; *csv->p != csv->separator && !at_row_end(csv); csv->p++)
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
	if (*csv->p != csv->separator && !at_row_end(csv))
		return fed_fail(err, "%.80s:%zu:%zu: text follows a closing quote", csv->name, csv->line,
		                (size_t)(csv->p - csv->line_start) + 1);

	/* read before the cell is terminated: its end may be the separator */
	const bool more = *csv->p == csv->separator;

	if (!more && *csv->p == '\r')
		csv->p++;

	const bool last = !*csv->p;

	*end = '\0';
	if (!last)
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
