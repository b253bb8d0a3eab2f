/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_features.c - features of a dataset from the columns of a table.
 */
#include "data/readers/csv_features.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "data/source_internal.h"

enum {
	MAX_ENCODED = 1000, /* different texts of a column */
	SIDE_BY_SIDE = 8,   /* columns that are scaled together: a cache line of a row */
};

static const struct fed_csv_column *column_at(const struct fed_csv_features *f, uint32_t i)
{
	return &f->table->columns.column[i];
}

/* Columns ------------------------------------------------------------------------------- */

static int encode(struct fed_csv_features *f, uint32_t i, struct fed_error *err)
{
	const struct fed_csv_table *t = f->table;

	if (fed__csv_categories_of(&f->encoded[i], t->text + column_at(f, i)->slot, t->columns.texts,
	                           t->rows, t->form.decimal, err))
		return FED_FAIL;
	if (f->encoded[i].n > MAX_ENCODED)
		return fed_reject(err,
		                  "%.80s: %s has %u different texts to encode; at most %d are possible "
		                  "(drop=%s leaves it out)",
		                  t->csv.name, fed__csv_column_shown(&t->columns, i).s, f->encoded[i].n,
		                  MAX_ENCODED, fed__csv_column_word(&t->columns, i).s);
	f->width += f->encoded[i].n;
	return FED_OK;
}

int fed__csv_features_init(struct fed_csv_features *f, const struct fed_csv_table *t,
                           struct fed_error *err)
{
	int rc = FED_OK;

	*f = (struct fed_csv_features){.table = t, .first = t->counts};
	f->encoded = fed_alloc_array(t->columns.n, sizeof *f->encoded);
	if (!f->encoded)
		return fed_fail_memory(err, t->columns.n * sizeof *f->encoded, "the encoded columns");
	for (uint32_t i = f->first; rc == FED_OK && i < t->columns.n; i++) {
		if (column_at(f, i)->role == FED_CSV_FEATURE)
			f->width++;
		else if (column_at(f, i)->role == FED_CSV_ENCODED)
			rc = encode(f, i, err);
	}
	return rc;
}

void fed__csv_features_release(struct fed_csv_features *f)
{
	for (uint32_t i = 0; f->encoded && i < f->table->columns.n; i++)
		fed__csv_categories_release(&f->encoded[i]);
	fed_free(f->encoded);
}

/* Scaling ------------------------------------------------------------------------------- */

struct scaling {
	uint32_t scaled, constant, coarse; /* columns */
	uint32_t first_constant, first_coarse;
};

/* Mean and standard deviation over the training part; of values[i * stride]. */
static double mean_of(const double *v, uint32_t n)
{
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += v[i];
	return sum / n;
}

static double deviation_of(const double *v, uint32_t n, double mean)
{
	double squares = 0;

	for (uint32_t i = 0; i < n; i++)
		squares += (v[i] - mean) * (v[i] - mean);
	return sqrt(squares / n);
}

/* Missing values become the mean of the others in the training part; 0 where there are none. */
static void fill_missing(double *v, uint32_t train, uint32_t all)
{
	double sum = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < train; i++) {
		sum += isnan(v[i]) ? 0 : v[i];
		n += !isnan(v[i]);
	}
	for (uint32_t i = 0; i < all; i++)
		if (isnan(v[i]))
			v[i] = n ? sum / n : 0;
}

/* Whether floats would be too coarse for the column beside its differences, so that it must be
 * scaled before: seconds since 1970 are multiples of 128 as floats.  A column whose deviation is
 * rounding only is constant. */
static bool is_coarse(const double *v, uint32_t train, uint32_t all)
{
	double largest = 0;
	bool exact = true;

	for (uint32_t i = 0; i < all; i++)
		exact = exact && v[i] == (double)(float)v[i];
	if (exact)
		return false;
	for (uint32_t i = 0; i < train; i++)
		largest = fmax(largest, fabs(v[i]));

	const double mean = mean_of(v, train), deviation = deviation_of(v, train, mean);

	return deviation > 1e-12 * fabs(mean) && largest * 0x1p-24 > deviation * 0x1p-10;
}

/* Scale a column to mean 0 and variance 1.  What floats can hold is rounded to them before, as it
 * always was. */
static struct fed_scaling scale(double *v, uint32_t train, uint32_t all, bool coarse)
{
	for (uint32_t i = 0; !coarse && i < all; i++)
		v[i] = (float)v[i];

	const double mean = mean_of(v, train), deviation = deviation_of(v, train, mean);
	/* the deviation of a constant column may be nonzero by rounding */
	const double factor = deviation > 1e-12 * fabs(mean) ? 1 / deviation : 0;

	for (uint32_t i = 0; i < all; i++)
		v[i] = (v[i] - mean) * factor;
	return (struct fed_scaling){mean, factor};
}

/* Scale one column, and count what it is. */
static struct fed_scaling scale_column(const struct fed_csv_features *f,
                                       const struct fed_dataset *data, uint32_t column, double *v,
                                       struct scaling *s)
{
	const struct fed_csv_table *t = f->table;
	const uint32_t all = data->train + data->test;
	struct fed_scaling made = {0, 1};

	if (t->left_out.filled)
		fill_missing(v, data->train, all);

	const bool coarse = is_coarse(v, data->train, all);

	if (t->options->standardise)
		made = scale(v, data->train, all, coarse);
	else if (coarse && !s->coarse++)
		s->first_coarse = column;
	if (made.factor == 0 && !s->constant++)
		s->first_constant = column;
	s->scaled += t->options->standardise && made.factor != 0;
	return made;
}

/* n columns of numbers, side by side, as the features from k on.  Rows are read and written for all
 * of them at once: a column at a time would miss the cache at each row.  v: (n, examples). */
static void fill_numbers(const struct fed_csv_features *f, struct fed_dataset *data,
                         const uint32_t *order, uint32_t column, uint32_t n, uint32_t k, double *v,
                         struct scaling *s)
{
	const struct fed_csv_table *t = f->table;
	const size_t all = (size_t)data->train + data->test, width = f->width;

	for (size_t i = 0; i < all; i++) {
		const double *row = t->x + (size_t)order[i] * t->columns.numbers;

		for (uint32_t j = 0; j < n; j++)
			v[j * all + i] = row[column_at(f, column)->slot + j];
	}
	for (uint32_t j = 0; j < n; j++)
		data->scaling[k + j] = scale_column(f, data, column + j, v + j * all, s);
	for (size_t i = 0; i < all; i++)
		for (uint32_t j = 0; j < n; j++)
			data->values[i * width + k + j] = (float)v[j * all + i];
}

/* Columns of numbers from column i on, at most SIDE_BY_SIDE. */
static uint32_t numbers_from(const struct fed_csv_features *f, uint32_t i)
{
	uint32_t n = 0;

	while (n < SIDE_BY_SIDE && i + n < f->table->columns.n &&
	       column_at(f, i + n)->role == FED_CSV_FEATURE)
		n++;
	return n;
}

/* A column of texts as the features from k on: 1 where the text is the feature's.  Missing ones
 * become the shares of the others in the training part. */
static void fill_encoded(const struct fed_csv_features *f, struct fed_dataset *data,
                         const uint32_t *order, uint32_t column, uint32_t k, double *v)
{
	const struct fed_csv_categories *c = &f->encoded[column];
	const uint32_t all = data->train + data->test;
	const size_t width = f->width;

	for (uint32_t j = 0; j < c->n; j++) {
		data->scaling[k + j] = (struct fed_scaling){0, 1};
		for (uint32_t i = 0; i < all; i++)
			v[i] = c->of[order[i]] < 0 ? NAN : c->of[order[i]] == (int32_t)j;
		fill_missing(v, data->train, all);
		for (uint32_t i = 0; i < all; i++)
			data->values[i * width + k + j] = (float)v[i];
	}
}

/* Notes --------------------------------------------------------------------------------- */

static int note_scaling(const struct fed_csv_features *f, struct fed_dataset *data,
                        const struct scaling *s, struct fed_error *err)
{
	const struct fed_csv_columns *c = &f->table->columns;
	struct fed_text text = {0};
	int rc = FED_OK;

	if (s->scaled || s->constant)
		fed_text_add(&text, "%s column%s to mean 0, variance 1", fed_count(s->scaled).s,
		             s->scaled == 1 ? "" : "s");
	if (s->constant == 1)
		fed_text_add(&text, "; %s is constant and became 0",
		             fed__csv_column_shown(c, s->first_constant).s);
	else if (s->constant)
		fed_text_add(&text, "; %s are constant and became 0, from %s on", fed_count(s->constant).s,
		             fed__csv_column_shown(c, s->first_constant).s);
	if (text.len)
		rc = fed__note_text(&data->notes, FED_NOTE_TOLD, "scaling", "standardise=no", &text, err);
	fed_text_release(&text);
	if (rc == FED_OK && s->coarse)
		rc = fed__note(&data->notes, FED_NOTE_WARNING, "scaling", "standardise=yes", err,
		               "the numbers of %s%s are so large beside their differences that these are "
		               "rounded away",
		               fed__csv_column_shown(c, s->first_coarse).s,
		               s->coarse > 1 ? " and others" : "");
	return rc;
}

/* "colour=red" */
static int name_inputs(const struct fed_csv_features *f, struct fed_dataset *data,
                       struct fed_error *err)
{
	const struct fed_csv_columns *c = &f->table->columns;
	struct fed_shown *made = fed_alloc_array(f->width, sizeof *made);
	const char **names = fed_alloc_array(f->width, sizeof *names);
	int rc = made && names ? FED_OK : fed_fail_memory(err, f->width * sizeof *made, "names");
	uint32_t k = 0;

	for (uint32_t i = f->first; rc == FED_OK && i < c->n; i++) {
		const char *name = c->column[i].name;
		const uint32_t n = column_at(f, i)->role == FED_CSV_FEATURE   ? 1
		                   : column_at(f, i)->role == FED_CSV_ENCODED ? f->encoded[i].n
		                                                              : 0;

		for (uint32_t j = 0; j < n; j++, k++) {
			const struct fed_shown shown =
				name && *name ? fed_show(name) : fed__csv_column_shown(c, i);

			snprintf(made[k].s, sizeof made[k].s, "%.60s%s%.30s", shown.s,
			         column_at(f, i)->role == FED_CSV_ENCODED ? "=" : "",
			         column_at(f, i)->role == FED_CSV_ENCODED ? f->encoded[i].name[j] : "");
			names[k] = made[k].s;
		}
	}
	if (rc == FED_OK)
		rc = fed__dataset_name_inputs(data, names, err);
	fed_free(made);
	fed_free(names);
	return rc;
}

int fed__csv_features_fill(const struct fed_csv_features *f, struct fed_dataset *data,
                           const uint32_t *order, struct fed_error *err)
{
	const struct fed_csv_columns *c = &f->table->columns;
	const size_t cells = SIDE_BY_SIDE * ((size_t)data->train + data->test);
	double *v = fed_alloc_array(cells, sizeof *v);
	struct scaling s = {0};

	data->scaling = fed_alloc_array(f->width, sizeof *data->scaling);
	if (!v || !data->scaling) {
		fed_free(v);
		return fed_fail_memory(err, cells * sizeof *v, "columns");
	}
	for (uint32_t i = f->first, k = 0; i < c->n;) {
		const uint32_t n = numbers_from(f, i);

		if (n > 0) {
			fill_numbers(f, data, order, i, n, k, v, &s);
			k += n;
		} else if (c->column[i].role == FED_CSV_ENCODED) {
			fill_encoded(f, data, order, i, k, v);
			k += f->encoded[i].n;
		}
		i += n > 0 ? n : 1;
	}
	fed_free(v);

	const int rc = note_scaling(f, data, &s, err);

	return rc ? rc : name_inputs(f, data, err);
}
