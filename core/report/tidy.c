/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/tidy.c - rounds with their composition, as CSV and as JSON lines.
 */
#include "report/tidy.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "report/composition_text.h"

/* Columns ------------------------------------------------------------------------------ */

/* Add the keys of a text that the columns lack. */
static void add_columns(struct fed_text *columns, const char *text)
{
	struct fed_composition_line line, unused;

	while (fed_composition_next(&text, &line)) {
		if (fed_composition_find(fed_text_str(columns), &line, &unused))
			continue;
		fed_text_put(columns, line.key, line.key_bytes);
		fed_text_add(columns, "=\n");
	}
}

int fed_tidy_add_keys(struct fed_tidy *t, const char *about, const struct fed_composition_log *log,
                      struct fed_error *err)
{
	add_columns(&t->about, about ? about : "");
	for (size_t i = 0; log && i < log->n; i++)
		add_columns(&t->composition, log->span[i].text);
	return t->about.failed || t->composition.failed
	           ? fed_fail_memory(err, t->composition.cap, "the columns")
	           : FED_OK;
}

void fed_tidy_release(struct fed_tidy *t)
{
	fed_text_release(&t->about);
	fed_text_release(&t->composition);
}

/* The name of a column that is no metric's. */
static void put_name(struct fed_text *out, const struct fed_composition_line *line)
{
	struct fed_text key = {0};
	bool metric = false;

	fed_text_put(&key, line->key, line->key_bytes);
	for (const struct fed_field *m = fed_metrics; m->type; m++)
		metric = metric || fed_same_name(m->name, fed_text_str(&key));
	fed_text_add(out, "%s%s", metric ? "setting." : "", fed_text_str(&key));
	fed_text_release(&key);
}

static int finish(const struct fed_tidy *t, struct fed_text *line, struct fed_error *err)
{
	fed_text_add(line, "\n");
	if (line->failed)
		return fed_fail_memory(err, 4096, "a line");
	fed_file_write(t->file, fed_text_str(line), line->len);
	fed_text_clear(line);
	return FED_OK;
}

/* Cells -------------------------------------------------------------------------------- */

/* NaN is an empty cell, a missing value for pandas and spreadsheets. */
static void put_number(struct fed_text *line, double x)
{
	if (isfinite(x))
		fed_text_json_number(line, x);
	else if (isinf(x))
		fed_text_add(line, "%s", x > 0 ? "inf" : "-inf");
}

static void put_quoted(struct fed_text *line, const char *s)
{
	if (!strpbrk(s, ",\"\r\n")) {
		fed_text_add(line, "%s", s);
		return;
	}
	fed_text_add(line, "\"");
	for (; *s; s++)
		fed_text_add(line, *s == '"' ? "\"\"" : "%c", *s);
	fed_text_add(line, "\"");
}

/* A number where all of it is one. */
static void put_value(struct fed_text *line, const char *value)
{
	double x;

	if (fed_parse_real(value, &x) && isfinite(x))
		fed_text_json_number(line, x);
	else
		fed_text_json_string(line, value);
}

/* The cells of these columns in a text, each with its comma before or behind it: JSON has those
 * alone that the text has. */
static void put_cells(const struct fed_tidy *t, const struct fed_text *columns, const char *text,
                      bool behind, struct fed_text *line)
{
	struct fed_composition_line column, found;
	struct fed_text part = {0};

	for (const char *rest = fed_text_str(columns); fed_composition_next(&rest, &column);) {
		const bool known = fed_composition_find(text, &column, &found);

		if (t->json && !known)
			continue;
		fed_text_add(line, "%s", behind ? "" : ",");
		fed_text_clear(&part);
		if (t->json) {
			put_name(&part, &column);
			fed_text_json_string(line, fed_text_str(&part));
			fed_text_add(line, ":");
			fed_text_clear(&part);
		}
		fed_text_put(&part, found.value, known ? found.value_bytes : 0);
		(t->json ? put_value : put_quoted)(line, fed_text_str(&part));
		fed_text_add(line, "%s", behind ? "," : "");
	}
	line->failed = line->failed || part.failed;
	fed_text_release(&part);
}

static void put_metrics(const struct fed_tidy *t, const struct fed_record *r, struct fed_text *line)
{
	for (const struct fed_field *m = fed_metrics; m->type; m++) {
		fed_text_add(line, "%s", m == fed_metrics ? "" : ",");
		if (t->json) {
			fed_text_add(line, "\"%s\":", m->name);
			fed_text_json_number(line, fed_metric_value(m, r));
		} else {
			put_number(line, fed_metric_value(m, r));
		}
	}
}

/* What all rows that a composition made end with. */
static void put_end(const struct fed_tidy *t, const struct fed_composition_span *span,
                    struct fed_text *end)
{
	fed_text_clear(end);
	if (span)
		fed_text_add(end, t->json ? ",\"composition_since\":%llu" : ",%llu",
		             (unsigned long long)span->from);
	put_cells(t, &t->composition, span ? span->text : "", false, end);
	fed_text_add(end, t->json ? "}" : "");
}

/* Tables ------------------------------------------------------------------------------- */

static void put_names(const struct fed_text *columns, bool behind, struct fed_text *line)
{
	struct fed_composition_line column;
	struct fed_text name = {0};

	for (const char *rest = fed_text_str(columns); fed_composition_next(&rest, &column);) {
		fed_text_clear(&name);
		put_name(&name, &column);
		fed_text_add(line, "%s", behind ? "" : ",");
		put_quoted(line, fed_text_str(&name));
		fed_text_add(line, "%s", behind ? "," : "");
	}
	line->failed = line->failed || name.failed;
	fed_text_release(&name);
}

int fed_tidy_begin(struct fed_tidy *t, struct fed_error *err)
{
	struct fed_text line = {0};

	if (t->json)
		return FED_OK;
	put_names(&t->about, true, &line);
	for (const struct fed_field *m = fed_metrics; m->type; m++)
		fed_text_add(&line, "%s%s", m == fed_metrics ? "" : ",", m->name);
	if (t->composition.len)
		fed_text_add(&line, ",composition_since");
	put_names(&t->composition, false, &line);
	const int rc = finish(t, &line, err);
	fed_text_release(&line);
	return rc;
}

int fed_tidy_add_run(struct fed_tidy *t, const char *about, const struct fed_history *h,
                     const struct fed_composition_log *log, struct fed_error *err)
{
	const struct fed_composition_span *of = NULL;
	struct fed_text begin = {0}, end = {0}, line = {0};
	int rc = FED_OK;

	fed_text_add(&begin, t->json ? "{" : "");
	put_cells(t, &t->about, about ? about : "", true, &begin);
	put_end(t, NULL, &end);
	for (size_t i = 0; rc == FED_OK && i < h->n; i++) {
		const struct fed_composition_span *span =
			log ? fed__composition_log_at(log, (uint64_t)h->record[i].round) : NULL;

		if (span != of)
			put_end(t, of = span, &end);
		fed_text_put(&line, fed_text_str(&begin), begin.len);
		put_metrics(t, &h->record[i], &line);
		fed_text_put(&line, fed_text_str(&end), end.len);
		line.failed = line.failed || begin.failed || end.failed;
		rc = finish(t, &line, err);
	}
	fed_text_release(&begin);
	fed_text_release(&end);
	fed_text_release(&line);
	return rc;
}

int fed__tidy_write(bool json, const struct fed_history *h, const struct fed_composition_log *log,
                    struct fed_file_writer *file, struct fed_error *err)
{
	struct fed_tidy t = {.file = file, .json = json};

	int rc = fed_tidy_add_keys(&t, NULL, log, err);
	if (rc == FED_OK)
		rc = fed_tidy_begin(&t, err);
	if (rc == FED_OK)
		rc = fed_tidy_add_run(&t, NULL, h, log, err);
	fed_tidy_release(&t);
	return rc;
}
