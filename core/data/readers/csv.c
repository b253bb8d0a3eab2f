/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv.c - the CSV source: a table of numbers with one column of labels or targets.
 *
 * The text is read whole (encoding.c), its form is guessed by its first rows (csv_guess.c), its
 * rows are kept as numbers and cells (csv_table.c) until classes or targets are decided
 * (csv_labels.c); then the columns become features (csv_features.c).  What was found and guessed is
 * noted.
 */
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "data/readers/csv_features.h"
#include "data/source_internal.h"

/* Notes --------------------------------------------------------------------------------- */

static int note_form(const struct fed_csv_table *t, const struct fed_encoding_found *encoding,
                     struct fed_error *err)
{
	const struct fed_csv_options *o = t->options;
	const struct fed_csv_form *f = &t->form;
	struct fed_text text = {0};
	int rc = FED_OK;

	if (fed__encoding_describe(encoding, &text))
		rc = fed__note_text(t->notes, o->encoding ? FED_NOTE_LISTED : FED_NOTE_TOLD, "encoding",
		                    o->encoding ? NULL : "encoding=", &text, err);
	if (rc == FED_OK && f->returns)
		rc = fed__note(t->notes, FED_NOTE_LISTED, "lines", NULL, err,
		               "end in a carriage return alone");
	if (rc == FED_OK)
		rc = fed__note(t->notes,
		               o->separator || f->separator == ',' || f->separator_line ? FED_NOTE_LISTED
		                                                                        : FED_NOTE_TOLD,
		               "separator", o->separator ? NULL : "separator=", err, "%s%s",
		               fed__csv_separator_name(f->separator),
		               f->separator_line ? ", as the first line says" : "");
	if (rc == FED_OK && (f->decimal == ',' || f->decimal_told))
		rc = fed__note(t->notes, f->decimal_told ? FED_NOTE_LISTED : FED_NOTE_TOLD, "decimals",
		               f->decimal_told ? NULL : "decimal=point", err, "behind a %s",
		               f->decimal == ',' ? "comma" : "point");
	if (rc == FED_OK)
		rc = fed__note(t->notes, o->header ? FED_NOTE_LISTED : FED_NOTE_TOLD, "header",
		               o->header   ? NULL
		               : f->header ? "header=no"
		                           : "header=yes",
		               err, "%s", f->header ? "the first row" : "none");
	return rc;
}

/* Columns of a role, "id, name and 3 others". */
static uint32_t put_columns(const struct fed_csv_columns *c, enum fed_csv_role role,
                            struct fed_text *out)
{
	const uint32_t most = 5;
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n; i++)
		if (c->column[i].role == role && n++ < most)
			fed_text_add(out, "%s%s", n > 1 ? ", " : "", fed__csv_column_shown(c, i).s);
	if (n > most)
		fed_text_add(out, " and %u others", n - most);
	return n;
}

static int note_role(const struct fed_csv_table *t, enum fed_csv_role role, const char *subject,
                     struct fed_error *err)
{
	struct fed_text text = {0};
	const uint32_t n = put_columns(&t->columns, role, &text);

	if (n)
		return fed__note_text(t->notes, FED_NOTE_LISTED, subject, NULL, &text, err);
	fed_text_release(&text);
	return FED_OK;
}

static int note_columns(const struct fed_csv_table *t, struct fed_error *err)
{
	const struct fed_csv_columns *c = &t->columns;
	const bool named = *t->options->label != '\0';
	int rc = fed__note(t->notes, named ? FED_NOTE_LISTED : FED_NOTE_TOLD, "label",
	                   named ? NULL : "label=COLUMN", err, "%s%s",
	                   fed__csv_column_shown(c, c->label).s, named ? "" : ", the last column");

	if (rc == FED_OK && c->index)
		rc = t->counts ? fed__note(t->notes, FED_NOTE_TOLD, "column 1", "drop=none", err,
		                           "nameless, counts the rows and was left out")
		               : fed__note(t->notes, FED_NOTE_TOLD, "column 1", "drop=1", err,
		                           "nameless, was taken for a feature");
	if (rc == FED_OK)
		rc = note_role(t, FED_CSV_DROPPED, "dropped", err);
	if (rc == FED_OK)
		rc = note_role(t, FED_CSV_ENCODED, "encoded", err);
	if (rc == FED_OK && c->client >= 0)
		rc = fed__note(t->notes, FED_NOTE_LISTED, "clients", NULL, err, "by %s",
		               fed__csv_column_shown(c, (uint32_t)c->client).s);
	return rc;
}

static int note_missing(const struct fed_csv_table *t, struct fed_error *err)
{
	const uint32_t out = t->left_out.rows;
	int rc = FED_OK;

	if (out)
		rc = fed__note(t->notes, FED_NOTE_TOLD, "missing values", "missing=, mean=", err,
		               "%s of %s rows left out, the first in line %zu for %s", fed_count(out).s,
		               fed_count((double)out + t->rows).s, t->left_out.line,
		               fed__csv_column_shown(&t->columns, t->left_out.column).s);
	if (rc == FED_OK && t->left_out.filled)
		rc = fed__note(t->notes, FED_NOTE_TOLD, "means", "mean=", err,
		               "%s missing cell%s became the mean of the training part",
		               fed_count((double)t->left_out.filled).s, t->left_out.filled == 1 ? "" : "s");
	return rc;
}

/* The dataset --------------------------------------------------------------------------- */

static int fill_owners(struct fed_dataset *data, const struct fed_csv_table *t,
                       const uint32_t *order, struct fed_error *err)
{
	struct fed_csv_categories c;

	if (t->columns.client < 0)
		return FED_OK;
	if (fed__csv_categories_of(&c, t->text + t->columns.column[t->columns.client].slot,
	                           t->columns.texts, t->rows, t->form.decimal, err))
		return FED_FAIL;
	data->owner = fed_alloc_array(data->train, sizeof *data->owner);

	int rc = data->owner ? FED_OK : fed_fail_memory(err, data->train, "the examples' users");

	for (uint32_t i = 0; rc == FED_OK && i < data->train; i++)
		data->owner[i] = (uint32_t)c.of[order[i]];
	data->owners = c.n;
	if (rc == FED_OK)
		rc = fed__dataset_name_owners(data, c.name, err);
	fed__csv_categories_release(&c);
	return rc;
}

static int fill_labels(struct fed_dataset *data, const struct fed_csv_table *t,
                       const uint32_t *order, struct fed_error *err)
{
	for (uint32_t i = 0; i < t->rows; i++) {
		if (data->label)
			data->label[i] = t->labels.classes.of[order[i]];
		else
			data->target[i] = (float)t->labels.value[order[i]];
	}
	return data->classes ? fed__dataset_name_classes(data, t->labels.classes.name, err) : FED_OK;
}

static int shuffle(uint32_t **out, uint32_t n, uint64_t seed, struct fed_error *err)
{
	struct fed_stream r = fed_stream_open(seed, FED_FOR_SPLIT, 0, 0);
	uint32_t *order = fed_alloc_array(n, sizeof *order);

	if (!order)
		return fed_fail_memory(err, n * sizeof *order, "the order of the rows");
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	fed_stream_shuffle(&r, order, n);
	*out = order;
	return FED_OK;
}

static int make_csv_dataset(struct fed_dataset **out, const struct fed_csv_table *t,
                            const struct fed_csv_features *f, struct fed_error *err)
{
	const uint32_t n = t->rows;
	const double wanted = t->options->test * n + 0.5;
	const uint32_t test = wanted < 1 ? 1 : wanted >= n ? n - 1 : (uint32_t)wanted;
	const struct fed_dataset_plan plan = {.name = t->csv.name,
	                                      .shape = {.rank = 1, .dim = {f->width}},
	                                      .classes = t->labels.classes.n,
	                                      .outputs = 1,
	                                      .train = n - test,
	                                      .test = test};
	struct fed_dataset *data = NULL;
	uint32_t *order = NULL;
	int rc = shuffle(&order, n, t->making->seed, err);

	if (rc == FED_OK && fed__dataset_new(&data, &plan, err))
		rc = FED_FAIL; /* too large: the arguments are valid */
	if (rc == FED_OK)
		rc = fill_labels(data, t, order, err);
	if (rc == FED_OK)
		rc = fill_owners(data, t, order, err);
	if (rc == FED_OK) {
		data->notes = *t->notes;
		*t->notes = (struct fed_dataset_notes){0};
		rc = fed__csv_features_fill(f, data, order, err);
	}
	fed_free(order);
	if (rc) {
		fed_dataset_free(data);
		return rc;
	}
	fed__dataset_seal(data);
	*out = data;
	return FED_OK;
}

static int make_from_table(struct fed_dataset **out, struct fed_csv_table *t,
                           const struct fed_encoding_found *encoding, struct fed_error *err)
{
	struct fed_csv_features features;
	int rc = note_form(t, encoding, err);

	if (rc == FED_OK)
		rc = note_columns(t, err);
	if (rc == FED_OK)
		rc = fed__csv_table_labels(t, err);
	if (rc == FED_OK)
		rc = note_missing(t, err);
	if (rc)
		return rc;
	rc = fed__csv_features_init(&features, t, err);
	if (rc == FED_OK)
		rc = make_csv_dataset(out, t, &features, err);
	fed__csv_features_release(&features);
	return rc;
}

static int csv_load(struct fed_dataset **out, const void *args, const char *path,
                    const struct fed_generation *making, struct fed_error *err)
{
	const char *slash = strrchr(path, '/');
	const struct fed_shown name = fed_show(slash ? slash + 1 : path);
	const struct fed_csv_options *options = args;
	struct fed_encoding_found encoding;
	struct fed_dataset_notes notes = {0};
	struct fed_text text = {0};
	struct fed_csv_table t = {.options = options, .making = making, .notes = &notes};
	int rc = fed__text_read(&text, path, FED_DATASET_MAX_BYTES,
	                        (enum fed_encoding)options->encoding, &encoding, err);

	if (rc == FED_OK)
		rc = fed__csv_table_read(&t, name.s, text.s, err);
	if (rc == FED_OK)
		rc = make_from_table(out, &t, &encoding, err);
	fed__csv_table_release(&t);
	fed__notes_release(&notes);
	fed_text_release(&text);
	return rc;
}

/* The first lines, whole: rows of as many cells each, most of them numbers. */
bool fed__csv_looks_so(const char *path)
{
	const struct fed_csv_options none = {0};
	struct fed_csv_form form = {0};
	struct fed_error unused;
	char text[16385];
	size_t n = 0;
	bool so = false;

	if (fed__text_peek(path, text, sizeof text - 1, &n, &unused) || memchr(text, 0, n))
		return false;
	text[n] = '\0';
	if (n == sizeof text - 1) {
		char *end = strrchr(text, '\n');

		if (end)
			end[1] = '\0';
	}
	if (fed__csv_guess(&form, "", text, &none, &unused) == FED_OK)
		so = form.columns > 1 && form.even && form.numbers > 0.5;
	fed__csv_form_release(&form);
	return so;
}

const struct fed_source fed__source_csv = {
	.name = "csv",
	.help = "a table of numbers with a column of labels: .csv, .tsv, .data, also .gz",
	.doc =
		"One row an example; all columns but the label are numeric features.  Labels that are "
		"texts\n"
		"become classes in sorted order, whole numbers in numeric order (more than 1,000\n"
		"different ones are taken for a regression), numbers with fractions are the target of a\n"
		"regression.  Rows are shuffled by the seed, `test` of them are the test part; each "
		"feature\n"
		"is shifted and scaled to mean 0 and variance 1 over the training part (a constant one\n"
		"becomes 0), the target is left as it is.  Header, separator, decimal comma and encoding\n"
		"are guessed where they are not told, by the first 100 rows; a line says what was\n"
		"guessed and what overrules it, `dataset` alone shows all.  A line sep=; at the top is\n"
		"understood.  A nameless first column that counts the rows is left out.  Columns are\n"
		"named or counted from 1; in a list \\, stands for a comma in a name.",
	.fields = fed__csv_fields,
	.args_size = sizeof(struct fed_csv_options),
	.reads = true,
	.load = csv_load,
};
