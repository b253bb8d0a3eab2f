/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/numpy/numpy_labels.c - arrays of labels as classes or targets.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/readers/csv_categories.h"
#include "data/readers/numpy/numpy_options.h"
#include "data/source_internal.h"

enum { CLASSES_PLAIN = 1000 }; /* more different whole numbers are taken for a regression */

static bool is_text(const struct fed_stored_tensor *t)
{
	return t->type == FED_NUMBER_BYTES || t->type == FED_NUMBER_UNICODE;
}

static bool is_whole_type(const struct fed_stored_tensor *t)
{
	return t->type >= FED_NUMBER_BOOL && !is_text(t);
}

struct fed_shown fed__numpy_place(const struct fed_numpy_array *a, size_t i)
{
	const struct fed_stored_tensor *const t = &a->tensor;
	uint64_t index[FED_RANK_MAX] = {0};
	struct fed_text text = {0};

	for (uint32_t k = 0; k < t->rank; k++) {
		const uint32_t axis = t->fortran ? k : t->rank - 1 - k;

		index[axis] = i % t->shape[axis];
		i /= t->shape[axis];
	}
	fed_text_add(&text, "%.30s[", a->name);
	for (uint32_t k = 0; k < t->rank; k++)
		fed_text_add(&text, "%s%llu", k ? ", " : "", (unsigned long long)index[k]);
	fed_text_add(&text, "]");

	const struct fed_shown shown = fed_show(fed_text_str(&text));

	fed_text_release(&text);
	return shown;
}

/* Categories ------------------------------------------------------------------------------ */

/* Cells of one or two arrays, and their text. */
struct cells {
	struct fed_csv_cell *cell;
	struct fed_text text;
};

static int print_cells(struct cells *c, const struct fed_stored_tensor *const t[2],
                       struct fed_error *err)
{
	size_t n = 0, at = 0;

	for (int part = 0; part < 2 && t[part]; part++) {
		n += t[part]->n;
		for (size_t i = 0; i < t[part]->n; i++) {
			if (is_text(t[part]))
				fed_stored_text(t[part], i, &c->text);
			else
				fed_text_add(&c->text, "%.17g", fed_stored_value(t[part], i));
			fed_text_put(&c->text, "", 1);
		}
	}
	c->cell = fed_alloc_array(n, sizeof *c->cell);
	if (!c->cell || c->text.failed)
		return fed_fail_memory(err, n * sizeof *c->cell, "the labels");
	for (size_t i = 0; i < n; i++) {
		c->cell[i].s = c->text.s + at;
		at += strlen(c->text.s + at) + 1;
	}
	return FED_OK;
}

static int copy_categories(const struct fed_csv_categories *c, size_t rows, int32_t **of,
                           char ***names, uint32_t *n, struct fed_error *err)
{
	bool failed = false;

	*of = fed_alloc_array(rows, sizeof **of);
	*names = fed_alloc_array(c->n, sizeof **names);
	*n = c->n;
	if (!*of || !*names)
		return fed_fail_memory(err, rows * sizeof **of, "the labels");
	memcpy(*of, c->of, rows * sizeof **of);
	for (uint32_t i = 0; i < c->n; i++) {
		(*names)[i] = fed_strdup(c->name[i]);
		failed |= !(*names)[i];
	}
	return failed ? fed_fail_memory(err, c->n, "the classes' names") : FED_OK;
}

/* Of one array, or of two as if one followed the other. */
static int categories_of(const struct fed_stored_tensor *const t[2], int32_t **of, char ***names,
                         uint32_t *n, struct fed_error *err)
{
	const size_t rows = t[0]->n + (t[1] ? t[1]->n : 0);
	struct fed_csv_categories c = {0};
	struct cells cells = {0};
	int rc = print_cells(&cells, t, err);

	if (rc == FED_OK && fed__csv_categories_of(&c, cells.cell, 1, (uint32_t)rows, '.', err))
		rc = FED_FAIL;
	if (rc == FED_OK)
		rc = copy_categories(&c, rows, of, names, n, err);
	fed__csv_categories_release(&c);
	fed_free(cells.cell);
	fed_text_release(&cells.text);
	return rc;
}

int fed__numpy_categories(const struct fed_numpy_array *a, int32_t **of, char ***names, uint32_t *n,
                          struct fed_error *err)
{
	const struct fed_stored_tensor *const t[2] = {&a->tensor, NULL};

	return categories_of(t, of, names, n, err);
}

void fed__numpy_free_names(char **names, uint32_t n)
{
	for (uint32_t i = 0; names && i < n; i++)
		fed_free(names[i]);
	fed_free(names);
}

/* Labels ---------------------------------------------------------------------------------- */

struct labelling {
	struct fed_numpy *numpy;
	struct fed_numpy_labels *out;
	const struct fed_numpy_array *array[2]; /* of training and test, or NULL */
	const struct fed_stored_tensor *t[2];
	size_t width; /* numbers of a label */
	size_t rows;
	enum fed_numpy_task task;
};

/* Number j of row i, in the rows of both arrays. */
static double value_at(const struct labelling *l, size_t i, size_t j)
{
	const int part = i >= l->t[0]->shape[0];
	const size_t row = part ? i - l->t[0]->shape[0] : i;
	const struct fed_stored_tensor *const t = l->t[part];

	return fed_stored_value(t, t->fortran ? j * t->shape[0] + row : row * l->width + j);
}

static int check_finite(const struct labelling *l, struct fed_error *err)
{
	for (int part = 0; part < 2 && l->t[part]; part++)
		for (size_t i = 0; i < l->t[part]->n; i++) {
			const double x = fed_stored_value(l->t[part], i);

			if (!(fabs(x) <= FLT_MAX))
				return fed_fail(err,
				                "%s: %s is %g, which is no label; replace such values before "
				                "the array is saved",
				                fed_show(l->numpy->name).s, fed__numpy_place(l->array[part], i).s,
				                x);
		}
	return FED_OK;
}

static int make_targets(struct labelling *l, struct fed_error *err)
{
	struct fed_numpy_labels *const out = l->out;

	out->classes = 0;
	out->outputs = (uint32_t)l->width;
	out->target = fed_alloc_floats(l->rows * l->width);
	if (!out->target)
		return fed_fail_memory(err, l->rows * l->width * sizeof(float), "the targets");
	for (size_t i = 0; i < l->rows; i++)
		for (size_t j = 0; j < l->width; j++)
			out->target[i * l->width + j] = (float)value_at(l, i, j);
	return FED_OK;
}

static int new_labels(struct labelling *l, uint32_t classes, struct fed_error *err)
{
	if (classes > FED_DATASET_MAX_CLASSES)
		return fed_fail(err,
		                "%s: labels have %u different values; at most %u classes are possible; "
		                "say task=regression",
		                fed_show(l->numpy->name).s, classes, FED_DATASET_MAX_CLASSES);
	l->out->classes = classes;
	l->out->label = l->out->label ? l->out->label : fed_alloc_array(l->rows, sizeof(int32_t));
	return l->out->label ? FED_OK : fed_fail_memory(err, l->rows * sizeof(int32_t), "the labels");
}

static int note_task(const struct labelling *l, const char *overrule, struct fed_text *text,
                     struct fed_error *err)
{
	const bool told = l->task != FED_NUMPY_TASK_AUTO;

	return fed__note_text(&l->numpy->notes, told ? FED_NOTE_LISTED : FED_NOTE_TOLD, "task",
	                      told ? NULL : overrule, text, err);
}

/* One 1 in each row of 0s. */
static bool is_one_hot(const struct labelling *l)
{
	for (size_t i = 0; i < l->rows; i++) {
		size_t ones = 0;

		for (size_t j = 0; j < l->width; j++) {
			const double x = value_at(l, i, j);

			if (x != 0 && x != 1)
				return false;
			ones += x == 1;
		}
		if (ones != 1)
			return false;
	}
	return true;
}

static int label_rows_of_many(struct labelling *l, struct fed_error *err)
{
	struct fed_text text = {0};
	const bool one_hot = l->task != FED_NUMPY_TASK_REGRESSION && is_one_hot(l);

	if (!one_hot && l->task == FED_NUMPY_TASK_CLASSES)
		return fed_fail(err,
		                "%s: %s has %zu numbers for each example, and they are not one 1 among "
		                "0s; say task=regression, or save the classes",
		                fed_show(l->numpy->name).s, l->array[0]->name, l->width);
	fed_text_add(&text, one_hot ? "%zu classes, one-hot" : "regression with %zu targets", l->width);
	if (note_task(l, one_hot ? "task=regression" : NULL, &text, err))
		return FED_FAIL;
	if (!one_hot)
		return make_targets(l, err);
	if (new_labels(l, (uint32_t)l->width, err))
		return FED_FAIL;
	for (size_t i = 0; i < l->rows; i++)
		for (size_t j = 0; j < l->width; j++)
			if (value_at(l, i, j) == 1)
				l->out->label[i] = (int32_t)j;
	return FED_OK;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of numbers: the least, the largest, whether all are whole, and how many are different. */
struct numpy_spread {
	double least, most;
	bool whole;
	size_t different;
};

static int find_spread(const struct labelling *l, struct numpy_spread *s, struct fed_error *err)
{
	double *const x = fed_alloc_array(l->rows, sizeof *x);

	if (!x)
		return fed_fail_memory(err, l->rows * sizeof *x, "the labels");
	*s = (struct numpy_spread){.whole = true, .different = 1};
	for (size_t i = 0; i < l->rows; i++) {
		x[i] = value_at(l, i, 0);
		s->whole &= x[i] == floor(x[i]);
	}
	qsort(x, l->rows, sizeof *x, ascending);
	for (size_t i = 1; i < l->rows; i++)
		s->different += x[i] != x[i - 1];
	s->least = x[0];
	s->most = x[l->rows - 1];
	fed_free(x);
	return FED_OK;
}

static int label_numbers(struct labelling *l, struct fed_error *err)
{
	const bool floats = !is_whole_type(l->t[0]);
	struct fed_text text = {0};
	struct numpy_spread s = {0};

	if (find_spread(l, &s, err))
		return FED_FAIL;

	const bool classes =
		l->task == FED_NUMPY_TASK_CLASSES ||
		(l->task == FED_NUMPY_TASK_AUTO && s.whole && s.different <= CLASSES_PLAIN);

	if (!classes) {
		fed_text_add(&text, "regression, from %.4g to %.4g", s.least, s.most);
		return note_task(l, "task=classes", &text, err) ? FED_FAIL : make_targets(l, err);
	}
	if (s.whole && s.least >= 0 && s.most < 4.0 * (double)s.different) {
		const uint32_t n = s.most < 1 ? 2 : (uint32_t)s.most + 1;

		fed_text_add(&text, "%u classes, %s 0 to %.0f", n,
		             floats ? "whole numbers in floats," : "whole numbers", s.most);
		if (note_task(l, "task=regression", &text, err) || new_labels(l, n, err))
			return FED_FAIL;
		for (size_t i = 0; i < l->rows; i++)
			l->out->label[i] = (int32_t)value_at(l, i, 0);
		return FED_OK;
	}
	fed_text_add(&text, "%zu classes, the different numbers from %.4g to %.4g", s.different,
	             s.least, s.most);
	if (note_task(l, "task=regression", &text, err) || new_labels(l, (uint32_t)s.different, err))
		return FED_FAIL;
	fed_free(l->out->label);
	return categories_of(l->t, &l->out->label, &l->out->name, &l->out->classes, err);
}

static int label_texts(struct labelling *l, struct fed_error *err)
{
	struct fed_numpy_labels *const out = l->out;
	struct fed_text text = {0};

	if (l->task == FED_NUMPY_TASK_REGRESSION || l->task == FED_NUMPY_TASK_TOKENS)
		return fed_fail(err, "%s: the labels are texts; say task=classes",
		                fed_show(l->numpy->name).s);
	if (categories_of(l->t, &out->label, &out->name, &out->classes, err) ||
	    new_labels(l, out->classes, err))
		return FED_FAIL;
	fed_text_add(&text, "%u classes, the different texts", out->classes);
	return note_task(l, NULL, &text, err);
}

/* Tokens: the labels are next ones. */
static int label_tokens(struct labelling *l, struct fed_error *err)
{
	if (new_labels(l, 2, err))
		return FED_FAIL;
	for (size_t i = 0; i < l->rows; i++) {
		const double x = value_at(l, i, 0);

		if (x != floor(x) || x < 0 || x > UINT8_MAX)
			return fed_fail(err, "%s: label %g of row %zu is no token; tokens are 0 to %d",
			                fed_show(l->numpy->name).s, x, i, UINT8_MAX);
		l->out->label[i] = (int32_t)x;
		l->out->classes = (uint32_t)x >= l->out->classes ? (uint32_t)x + 1 : l->out->classes;
	}
	return FED_OK;
}

static int check_shape(struct labelling *l, int part, struct fed_error *err)
{
	const struct fed_stored_tensor *const t = l->t[part];
	const struct fed_numpy *const m = l->numpy;
	const uint64_t examples = part ? m->test : m->train;
	const size_t width = t->rank == 2 ? t->shape[1] : 1;

	if (t->rank < 1 || t->rank > 2 || width == 0)
		return fed_fail(err, "%s: %s has %u dimensions; labels are (n), (n, 1) or (n, classes)",
		                fed_show(m->name).s, l->array[part]->name, t->rank);
	if (t->shape[0] != examples)
		return fed_fail(err, "%s: %s has %llu labels for %llu examples; they must be as many",
		                fed_show(m->name).s, l->array[part]->name, (unsigned long long)t->shape[0],
		                (unsigned long long)examples);
	if (part && (width != l->width || is_text(t) != is_text(l->t[0])))
		return fed_fail(err, "%s: %s and %s are of different kinds", fed_show(m->name).s,
		                l->array[0]->name, l->array[1]->name);
	l->width = width;
	l->rows += t->shape[0];
	return FED_OK;
}

int fed__numpy_labels(struct fed_numpy_labels *out, struct fed_numpy *m, struct fed_error *err)
{
	struct labelling l = {.numpy = m, .out = out, .task = (enum fed_numpy_task)m->options->task};

	*out = (struct fed_numpy_labels){.outputs = 1};
	for (int part = 0; part < (m->test ? 2 : 1); part++) {
		l.array[part] = &m->arrays.of[part ? FED_NUMPY_TEST_Y : FED_NUMPY_Y];
		l.t[part] = &l.array[part]->tensor;
		if (check_shape(&l, part, err))
			return FED_FAIL;
	}
	if (is_text(l.t[0]))
		return l.width == 1 ? label_texts(&l, err)
		                    : fed_fail(err, "%s: %s has several texts for each example",
		                               fed_show(m->name).s, l.array[0]->name);
	if (check_finite(&l, err))
		return FED_FAIL;
	if (l.task == FED_NUMPY_TASK_TOKENS)
		return l.width == 1 ? label_tokens(&l, err)
		                    : fed_fail(err,
		                               "%s: %s has %zu numbers for each example; with tokens a "
		                               "label is the next one",
		                               fed_show(m->name).s, l.array[0]->name, l.width);
	return l.width > 1 ? label_rows_of_many(&l, err) : label_numbers(&l, err);
}

void fed__numpy_labels_release(struct fed_numpy_labels *l)
{
	fed__numpy_free_names(l->name, l->classes);
	fed_free(l->label);
	fed_free_floats(l->target);
	*l = (struct fed_numpy_labels){0};
}
