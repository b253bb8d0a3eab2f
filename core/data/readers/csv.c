/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv.c - the CSV source: a table of numbers with one column of labels or targets.
 *
 * The text is read whole; the features of each row go into a growing block of floats, the label
 * cells are kept until all are known and csv_labels.c has decided whether they are classes or
 * targets.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "data/source_internal.h"
#include "data/readers/csv_labels.h"

static const char *const header_names[] = {"auto", "yes", "no", NULL};
static const char *const separator_names[] = {"comma", "semicolon", "tab", NULL};
enum { HEADER_AUTO, HEADER_YES, HEADER_NO };

struct csv_args {
	char label[128];
	double test;
	int header, task, separator, standardise;
};
static const char *const yes_no[] = {"no", "yes", NULL};
static const struct fed_field csv_fields[] = {
	FED_TEXT(struct csv_args, label, "", NULL,
             "column of the label: its name, or its place from 1 (-1 is the last, the default)"),
	FED_REAL(struct csv_args, test, 0.2, 0.001, 0.9, "share of the rows for the test"),
	FED_CHOICE(struct csv_args, header, HEADER_AUTO, header_names,
               "whether the first row holds names"),
	FED_CHOICE(struct csv_args, task, FED_TASK_AUTO, fed__task_names,
               "classes or regression; auto: numbers with fractions are a regression"),
	FED_CHOICE(struct csv_args, separator, 0, separator_names, "what stands between cells"),
	FED_CHOICE(struct csv_args, standardise, 1, yes_no,
               "shift and scale each feature to mean 0, variance 1 in the training part"),
	FED_END,
};

/* Columns ------------------------------------------------------------------------ */

struct table {
	const struct csv_args *args;
	struct fed_csv csv;
	uint32_t columns, label; /* the label's column, from 0 */
	bool header;
	float *x; /* (rows, columns - 1) */
	struct fed_csv_labels labels;
	size_t capacity; /* rows */
};

static const char *cell_name(const void *ctx, size_t i)
{
	const struct fed_csv *csv = ctx;

	return i < csv->n ? csv->cell[i].s : NULL;
}

static int fail_no_column(const struct table *t, struct fed_error *err)
{
	const char *near = fed_nearest(t->args->label, cell_name, &t->csv);

	return fed_reject(
		err,
		"%.80s: no column is called %.60s%s%.60s%s; name one of the first row or give a place "
		"from 1 to %u",
		t->csv.name, t->args->label, near ? " (did you mean " : "", near ? fed_show(near).s : "",
		near ? "?)" : "", t->columns);
}

/* The label column: a whole number is an index, other text a name in the first row. */
static int find_label(struct table *t, bool *by_name, struct fed_error *err)
{
	const char *label = t->args->label;
	long long place = -1;

	*by_name = *label && !fed_parse_int(label, &place);
	if (*by_name) {
		for (t->label = 0; t->label < t->columns; t->label++)
			if (!strcmp(t->csv.cell[t->label].s, label))
				return FED_OK;
		return fail_no_column(t, err);
	}
	if (place == 0 || place > t->columns || place < -(long long)t->columns)
		return fed_reject(err,
		                  "%.80s: label=%s; the file has %u columns: 1 to %u, or -1 for the last",
		                  t->csv.name, label, t->columns, t->columns);
	t->label = (uint32_t)(place > 0 ? place - 1 : t->columns + place);
	return FED_OK;
}

/* Whether a feature cell of the first row is no number. */
static bool looks_like_header(const struct table *t)
{
	double value;

	for (uint32_t i = 0; i < t->columns; i++)
		if (i != t->label && *t->csv.cell[i].s && !fed__csv_number(t->csv.cell[i].s, &value))
			return true;
	return false;
}

static int first_row(struct table *t, struct fed_error *err)
{
	bool more, by_name;

	if (fed__csv_row(&t->csv, &more, err))
		return FED_FAIL;
	if (!more)
		return fed_fail(err, "%.80s: has no rows", t->csv.name);
	if (t->csv.n < 2 || t->csv.n > UINT32_MAX)
		return fed_fail(err,
		                "%.80s:%zu: has 1 column; it must have features and a label (separator=?)",
		                t->csv.name, t->csv.cell[0].line);
	t->columns = (uint32_t)t->csv.n;

	const int rc = find_label(t, &by_name, err);

	if (rc)
		return rc;
	if (by_name && t->args->header == HEADER_NO)
		return fed_reject(err, "label=%s is a name, but header=no; give the label's place",
		                  t->args->label);
	t->header = by_name || t->args->header == HEADER_YES ||
	            (t->args->header == HEADER_AUTO && looks_like_header(t));
	return FED_OK;
}

/* Rows ----------------------------------------------------------------------------- */

static int reserve_row(struct table *t, struct fed_error *err)
{
	const size_t rows = t->capacity ? 2 * t->capacity : 256, d = t->columns - 1;
	float *x = fed_resize(t->x, t->capacity * d * sizeof *x, rows * d * sizeof *x);

	if (!x)
		return fed_fail_memory(err, rows * d * sizeof *x, "the rows of the table");
	t->x = x;

	struct fed_csv_cell *cell =
		fed_resize(t->labels.cell, t->capacity * sizeof *cell, rows * sizeof *cell);

	if (!cell)
		return fed_fail_memory(err, rows * sizeof *cell, "the labels of the table");
	t->labels.cell = cell;
	t->capacity = rows;
	return FED_OK;
}

static int read_feature(const struct table *t, const struct fed_csv_cell *cell, float *out,
                        struct fed_error *err)
{
	double value;

	if (!*cell->s)
		return fed_fail(err, "%.80s:%zu:%zu: the cell is empty; features must be numbers",
		                t->csv.name, cell->line, cell->column);
	if (!fed__csv_number(cell->s, &value) || !(fabs(value) <= FLT_MAX))
		return fed_fail(err,
		                "%.80s:%zu:%zu: %.40s is not a finite number; features must be numbers",
		                t->csv.name, cell->line, cell->column, fed_show(cell->s).s);
	*out = (float)value;
	return FED_OK;
}

static int fail_ragged(const struct table *t, struct fed_error *err)
{
	/* the first excess cell, or the last one */
	const struct fed_csv_cell *at = &t->csv.cell[t->csv.n > t->columns ? t->columns : t->csv.n - 1];

	return fed_fail(
		err,
		"%.80s:%zu:%zu: the row has %zu cells, the first one has %u (a decimal comma parts "
		"cells: write 1.5)",
		t->csv.name, at->line, at->column, t->csv.n, t->columns);
}

static int take_row(struct table *t, struct fed_error *err)
{
	const size_t d = t->columns - 1, row = t->labels.n;

	if (t->csv.n != t->columns)
		return fail_ragged(t, err);
	if (row == UINT32_MAX)
		return fed_fail(err, "%.80s: has more than %u rows", t->csv.name, UINT32_MAX);
	if (row == t->capacity && reserve_row(t, err))
		return FED_FAIL;
	for (uint32_t i = 0, k = 0; i < t->columns; i++)
		if (i != t->label && read_feature(t, &t->csv.cell[i], &t->x[row * d + k++], err))
			return FED_FAIL;
	t->labels.cell[row] = t->csv.cell[t->label];
	t->labels.n++;
	return FED_OK;
}

static int read_table(struct table *t, const struct fed_generation *making, struct fed_error *err)
{
	bool more = true;
	int rc = first_row(t, err);

	if (rc == FED_OK && !t->header)
		rc = take_row(t, err);
	while (rc == FED_OK && more) {
		rc = fed__generation_check(making, t->labels.n, err);
		if (rc == FED_OK)
			rc = fed__csv_row(&t->csv, &more, err);
		if (rc == FED_OK && more)
			rc = take_row(t, err);
	}
	if (rc)
		return rc;
	if (t->labels.n < 2)
		return fed_fail(err, "%.80s: has %u of the 2 rows of data that training and test need",
		                t->csv.name, t->labels.n);
	return fed__csv_labels_decide(&t->labels, t->csv.name, t->args->task, err);
}

/* The dataset ------------------------------------------------------------------------ */

static void standardise(struct fed_dataset *data)
{
	const size_t d = data->shape.dim[0], all = (size_t)data->train + data->test;

	for (size_t k = 0; k < d; k++) {
		double sum = 0, squares = 0;

		for (size_t i = 0; i < data->train; i++)
			sum += data->values[i * d + k];

		const double mean = sum / data->train;

		for (size_t i = 0; i < data->train; i++)
			squares += (data->values[i * d + k] - mean) * (data->values[i * d + k] - mean);

		const double deviation = sqrt(squares / data->train);
		/* the deviation of a constant column may be nonzero by rounding */
		const double scale = deviation > 1e-12 * fabs(mean) ? 1 / deviation : 0;

		for (size_t i = 0; i < all; i++)
			data->values[i * d + k] = (float)((data->values[i * d + k] - mean) * scale);
	}
}

static void fill(struct fed_dataset *data, const struct table *t, const uint32_t *order)
{
	const size_t d = data->shape.dim[0];

	for (size_t i = 0; i < t->labels.n; i++) {
		memcpy(data->values + i * d, t->x + order[i] * d, d * sizeof *data->values);
		if (data->label)
			data->label[i] = t->labels.class_of[order[i]];
		else
			data->target[i] = (float)t->labels.value[order[i]];
	}
}

static int make_csv_dataset(struct fed_dataset **out, const struct table *t, uint64_t seed,
                            struct fed_error *err)
{
	const uint32_t n = t->labels.n;
	const double wanted = t->args->test * n + 0.5;
	const uint32_t test = wanted < 1 ? 1 : wanted >= n ? n - 1 : (uint32_t)wanted;
	const struct fed_dataset_plan plan = {.name = t->csv.name,
	                                      .shape = {.rank = 1, .dim = {t->columns - 1}},
	                                      .classes = t->labels.classes,
	                                      .outputs = 1,
	                                      .train = n - test,
	                                      .test = test};
	struct fed_stream r = fed_stream_open(seed, FED_FOR_SPLIT, 0, 0);
	uint32_t *order = fed_alloc_array(n, sizeof *order);
	struct fed_dataset *data = NULL;
	int rc;

	if (!order)
		return fed_fail_memory(err, n * sizeof *order, "the order of the rows");
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	fed_stream_shuffle(&r, order, n);
	rc = fed__dataset_new(&data, &plan, err);
	if (!rc)
		fill(data, t, order);
	fed_free(order);
	if (!rc && plan.classes)
		rc = fed__dataset_name_classes(data, t->labels.name, err);
	if (rc) {
		fed_dataset_free(data);
		return FED_FAIL;
	}
	if (t->args->standardise)
		standardise(data);
	fed__dataset_seal(data);
	*out = data;
	return FED_OK;
}

static int csv_load(struct fed_dataset **out, const void *args, const char *path,
                    const struct fed_generation *making, struct fed_error *err)
{
	const char *slash = strrchr(path, '/');
	const struct fed_shown name = fed_show(slash ? slash + 1 : path);
	struct fed_text text = {0};
	struct table t = {.args = args};
	int rc = fed_file_read(path, FED_DATASET_MAX_BYTES, &text, err);

	if (!rc)
		rc = fed__csv_init(&t.csv, name.s, &text, ",;\t"[t.args->separator], err);
	if (!rc)
		rc = read_table(&t, making, err);
	if (!rc)
		rc = make_csv_dataset(out, &t, making->seed, err);
	fed__csv_labels_release(&t.labels);
	fed__csv_release(&t.csv);
	fed_free(t.x);
	fed_text_release(&text);
	return rc;
}

const struct fed_source fed__source_csv = {
	.name = "csv",
	.help = "a .csv file: rows of numbers and a label",
	.doc =
		"One row an example; all columns but the label are numeric features.  Labels that are "
		"texts\n"
		"become classes in sorted order, whole numbers in numeric order (more than 1,000\n"
		"different ones are taken for a regression), numbers with fractions are the target of a\n"
		"regression.  Rows are shuffled by the seed, `test` of them are the test part; each "
		"feature\n"
		"is shifted and scaled to mean 0 and variance 1 over the training part (a constant one\n"
		"becomes 0), the target is left as it is.",
	.fields = csv_fields,
	.args_size = sizeof(struct csv_args),
	.reads = true,
	.load = csv_load,
};
