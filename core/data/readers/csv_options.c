/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_options.c - field rows of a table, and the marks of missing values.
 */
#include "data/readers/csv_options.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "data/readers/encoding.h"

static const char *const task_names[] = {"auto", "classes", "regression", NULL};
static const char *const header_names[] = {"auto", "yes", "no", NULL};
static const char *const separator_names[] = {"auto",  "comma", "semicolon", "tab",
                                              "space", "bar",   NULL};
static const char separators[] = "\0,;\t |";
static const char *const yes_no[] = {"no", "yes", NULL};

const struct fed_field fed__csv_fields[] = {
	FED_TEXT(struct fed_csv_options, label, "", NULL,
             "column of the label: its name, or its place from 1 (-1 is the last, the default)"),
	FED_TEXT(struct fed_csv_options, client, "", NULL,
             "column that says whose row it is, for `add-client N natural`"),
	FED_TEXT(struct fed_csv_options, drop, "", NULL,
             "columns to leave out: drop=id,3; none keeps a nameless column of row numbers"),
	FED_TEXT(struct fed_csv_options, encode, "", NULL,
             "columns of texts, each different text a feature of 0 and 1; all: those that are"),
	FED_TEXT(struct fed_csv_options, missing, "", NULL,
             "marks of missing values: missing=NA,? or empty or usual; such rows are left out"),
	FED_TEXT(struct fed_csv_options, mean, "", NULL,
             "columns whose missing values become the mean of the training part; or all"),
	FED_REAL(struct fed_csv_options, test, 0.2, 0.001, 0.9, "share of the rows for the test"),
	FED_CHOICE(struct fed_csv_options, header, FED_CSV_HEADER_AUTO, header_names,
               "whether the first row holds names"),
	FED_CHOICE(struct fed_csv_options, task, FED_TASK_AUTO, task_names,
               "classes or regression; auto: numbers with fractions are a regression"),
	FED_CHOICE(struct fed_csv_options, separator, 0, separator_names,
               "what stands between cells; space: any blanks"),
	FED_TEXT(struct fed_csv_options, decimal, "auto", NULL,
             "what stands before the decimals of a number: point or comma"),
	FED_CHOICE(struct fed_csv_options, encoding, FED_ENCODING_AUTO, fed__encoding_names,
               FED_ENCODING_HELP),
	FED_CHOICE(struct fed_csv_options, standardise, 1, yes_no,
               "shift and scale each feature to mean 0, variance 1 in the training part"),
	FED_END,
};

char fed__csv_separator(const struct fed_csv_options *o)
{
	return separators[o->separator];
}

int fed__csv_decimal(const struct fed_csv_options *o, char *out, struct fed_error *err)
{
	if (!strcmp(o->decimal, "auto") || !*o->decimal)
		*out = 0;
	else if (!strcmp(o->decimal, "point") || !strcmp(o->decimal, "."))
		*out = '.';
	else if (!strcmp(o->decimal, "comma") || !strcmp(o->decimal, ","))
		*out = ',';
	else
		return fed_reject(err, "decimal=%s: must be one of auto, point, comma",
		                  fed_show(o->decimal).s);
	return FED_OK;
}

const char *fed__csv_separator_name(char separator)
{
	const char *at = memchr(separators, separator, sizeof separators - 1);

	return separator_names[at ? at - separators : 0];
}

/* Missing values ------------------------------------------------------------------------ */

bool fed__csv_usual_mark(const char *cell)
{
	static const char *const marks[] = {"", "NA", "N/A", "#N/A", "nan", "null", "none", "?", "-"};

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (!strcasecmp(cell, marks[i]))
			return true;
	return false;
}

int fed__csv_missing_init(struct fed_csv_missing *m, const struct fed_csv_options *o,
                          struct fed_error *err)
{
	char *rest, *mark;

	*m = (struct fed_csv_missing){.text = fed_strdup(o->missing)};
	if (!m->text)
		return fed_fail_memory(err, sizeof o->missing, "the marks of missing values");
	rest = *m->text ? m->text : NULL;
	while ((mark = fed_list_next(&rest))) {
		if (!*mark || !strcmp(mark, "empty"))
			m->empty = true;
		else if (!strcmp(mark, "usual"))
			m->usual = true;
		else if (m->n == sizeof m->mark / sizeof *m->mark)
			return fed_reject(err,
			                  "missing= has more than %zu marks; missing=usual stands for the "
			                  "usual ones",
			                  m->n);
		else
			m->mark[m->n++] = mark;
	}
	return FED_OK;
}

void fed__csv_missing_release(struct fed_csv_missing *m)
{
	fed_free(m->text);
	*m = (struct fed_csv_missing){0};
}

bool fed__csv_missing(const struct fed_csv_missing *m, const char *cell)
{
	if (!*cell)
		return m->empty || m->usual;
	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(cell, m->mark[i]))
			return true;
	return m->usual && fed__csv_usual_mark(cell);
}

struct fed_shown fed__csv_missing_advice(const char *cell)
{
	struct fed_shown advice;

	snprintf(advice.s, sizeof advice.s, "missing=%.40s", *cell ? fed_show(cell).s : "empty");
	return advice;
}
