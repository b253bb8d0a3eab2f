/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/tidy.c - rounds with their composition, as CSV and as JSON lines.
 */
#include "report/tidy.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "report/composition_text.h"

/* The keys of all compositions, each once: pointers into the log. */
struct tidy_columns {
	struct fed_composition_line *of; /* [n] */
	size_t n, capacity;
};

static bool same_key(const struct fed_composition_line *a, const struct fed_composition_line *b)
{
	return a->key_bytes == b->key_bytes && memcmp(a->key, b->key, a->key_bytes) == 0;
}

static int add_column(struct tidy_columns *c, const struct fed_composition_line *line,
                      struct fed_error *err)
{
	for (size_t i = 0; i < c->n; i++)
		if (same_key(&c->of[i], line))
			return FED_OK;
	if (c->n == c->capacity) {
		const size_t capacity = c->capacity ? 2 * c->capacity : 64;
		struct fed_composition_line *grown =
			fed_resize(c->of, c->capacity * sizeof *grown, capacity * sizeof *grown);

		if (!grown)
			return fed_fail_memory(err, capacity * sizeof *grown, "the columns");
		c->of = grown;
		c->capacity = capacity;
	}
	c->of[c->n++] = *line;
	return FED_OK;
}

static int find_columns(struct tidy_columns *c, const struct fed_composition_log *log,
                        struct fed_error *err)
{
	for (size_t i = 0; log && i < log->n; i++) {
		const char *rest = log->span[i].text;
		struct fed_composition_line line;

		while (fed_composition_next(&rest, &line))
			if (add_column(c, &line, err))
				return FED_FAIL;
	}
	return FED_OK;
}

/* The name of a column of the composition. */
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

/* The value of a column in a version; false: it has none. */
static bool value_of(const struct fed_composition_span *span,
                     const struct fed_composition_line *column, struct fed_text *out)
{
	struct fed_composition_line line;

	fed_text_clear(out);
	if (!span || !fed_composition_find(span->text, column, &line))
		return false;
	fed_text_put(out, line.value, line.value_bytes);
	return true;
}

static int finish(struct fed_text *line, struct fed_file_writer *file, struct fed_error *err)
{
	fed_text_add(line, "\n");
	if (line->failed)
		return fed_fail_memory(err, 4096, "a line");
	fed_file_write(file, fed_text_str(line), line->len);
	fed_text_clear(line);
	return FED_OK;
}

/* CSV ---------------------------------------------------------------------------------- */

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

static void csv_row(const struct fed_record *r, const struct tidy_columns *c,
                    const struct fed_composition_log *log, struct fed_text *line,
                    struct fed_text *value)
{
	const struct fed_composition_span *span =
		log ? fed__composition_log_at(log, (uint64_t)r->round) : NULL;

	for (const struct fed_field *m = fed_metrics; m->type; m++) {
		fed_text_add(line, "%s", m == fed_metrics ? "" : ",");
		put_number(line, fed_metric_value(m, r));
	}
	if (span)
		fed_text_add(line, ",%llu", (unsigned long long)span->from);
	for (size_t i = 0; i < c->n; i++) {
		fed_text_add(line, ",");
		if (value_of(span, &c->of[i], value))
			put_quoted(line, fed_text_str(value));
	}
}

static int csv(const struct fed_history *h, const struct fed_composition_log *log,
               const struct tidy_columns *c, struct fed_file_writer *file, struct fed_error *err)
{
	struct fed_text line = {0}, value = {0};

	for (const struct fed_field *m = fed_metrics; m->type; m++)
		fed_text_add(&line, "%s%s", m == fed_metrics ? "" : ",", m->name);
	if (c->n)
		fed_text_add(&line, ",composition_since");
	for (size_t i = 0; i < c->n; i++) {
		fed_text_clear(&value);
		put_name(&value, &c->of[i]);
		fed_text_add(&line, ",");
		put_quoted(&line, fed_text_str(&value));
	}
	int rc = finish(&line, file, err);
	for (size_t i = 0; rc == FED_OK && i < h->n; i++) {
		csv_row(&h->record[i], c, log, &line, &value);
		rc = finish(&line, file, err);
	}
	fed_text_release(&line);
	fed_text_release(&value);
	return rc;
}

/* JSON lines ---------------------------------------------------------------------------- */

/* A number where all of it is one. */
static void put_value(struct fed_text *line, const char *value)
{
	double x;

	if (fed_parse_real(value, &x) && isfinite(x))
		fed_text_json_number(line, x);
	else
		fed_text_json_string(line, value);
}

static void json_row(const struct fed_record *r, const struct tidy_columns *c,
                     const struct fed_composition_log *log, struct fed_text *line,
                     struct fed_text *value)
{
	const struct fed_composition_span *span =
		log ? fed__composition_log_at(log, (uint64_t)r->round) : NULL;

	fed_text_add(line, "{");
	for (const struct fed_field *m = fed_metrics; m->type; m++) {
		fed_text_add(line, "%s\"%s\":", m == fed_metrics ? "" : ",", m->name);
		fed_text_json_number(line, fed_metric_value(m, r));
	}
	if (span)
		fed_text_add(line, ",\"composition_since\":%llu", (unsigned long long)span->from);
	for (size_t i = 0; i < c->n; i++) {
		if (!value_of(span, &c->of[i], value))
			continue;
		struct fed_text name = {0};
		put_name(&name, &c->of[i]);
		fed_text_add(line, ",");
		fed_text_json_string(line, fed_text_str(&name));
		fed_text_add(line, ":");
		put_value(line, fed_text_str(value));
		fed_text_release(&name);
	}
	fed_text_add(line, "}");
}

static int json(const struct fed_history *h, const struct fed_composition_log *log,
                const struct tidy_columns *c, struct fed_file_writer *file, struct fed_error *err)
{
	struct fed_text line = {0}, value = {0};
	int rc = FED_OK;

	for (size_t i = 0; rc == FED_OK && i < h->n; i++) {
		json_row(&h->record[i], c, log, &line, &value);
		rc = finish(&line, file, err);
	}
	fed_text_release(&line);
	fed_text_release(&value);
	return rc;
}

int fed__tidy_csv(const struct fed_history *h, const struct fed_composition_log *log,
                  struct fed_file_writer *file, struct fed_error *err)
{
	struct tidy_columns c = {0};
	int rc = find_columns(&c, log, err);

	if (rc == FED_OK)
		rc = csv(h, log, &c, file, err);
	fed_free(c.of);
	return rc;
}

int fed__tidy_json(const struct fed_history *h, const struct fed_composition_log *log,
                   struct fed_file_writer *file, struct fed_error *err)
{
	struct tidy_columns c = {0};
	int rc = find_columns(&c, log, err);

	if (rc == FED_OK)
		rc = json(h, log, &c, file, err);
	fed_free(c.of);
	return rc;
}
