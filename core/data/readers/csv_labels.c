/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_labels.c - classes or targets from a column of CSV cells.
 */
#include "data/readers/csv_labels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "data/source_internal.h"

/* A column with more distinct whole numbers than this is a target, not classes. */
enum { MAX_NUMBERED_CLASSES = 1000 };

const char *const fed__task_names[] = {"auto", "classes", "regression", NULL};

bool fed__csv_number(const char *s, double *out)
{
	int64_t whole = 0;
	int digits = 0;

	/* whole numbers such as pixels and counts: ten times faster */
	for (; s[digits] >= '0' && s[digits] <= '9' && digits < 15; digits++)
		whole = whole * 10 + (s[digits] - '0');
	if (digits && !s[digits]) {
		*out = (double)whole;
		return true;
	}
	return fed_parse_real(s, out) && isfinite(*out);
}

/* Sorted rows -------------------------------------------------------------------- */

struct sorted {
	const char *text;
	double value; /* 0 for texts */
	uint32_t row;
};

static int compare_sorted(const struct sorted *a, const struct sorted *b, bool numeric)
{
	if (!numeric)
		return strcmp(a->text, b->text);
	return (a->value > b->value) - (a->value < b->value);
}

static int by_value(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	const int order = compare_sorted(x, y, true);

	return order ? order : (x->row > y->row) - (x->row < y->row);
}

static int by_text(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	const int order = compare_sorted(x, y, false);

	return order ? order : (x->row > y->row) - (x->row < y->row);
}

static int sort_rows(const struct fed_csv_labels *l, const double *value, struct sorted **out,
                     uint32_t *distinct, struct fed_error *err)
{
	struct sorted *s = fed_alloc_array(l->n, sizeof *s);

	if (!s)
		return fed_fail_memory(err, l->n * sizeof *s, "sorted labels");
	for (uint32_t i = 0; i < l->n; i++)
		s[i] = (struct sorted){l->cell[i].s, value ? value[i] : 0, i};
	qsort(s, l->n, sizeof *s, value ? by_value : by_text);
	*distinct = 1;
	for (uint32_t i = 1; i < l->n; i++)
		*distinct += compare_sorted(&s[i - 1], &s[i], value != NULL) != 0;
	*out = s;
	return FED_OK;
}

static int name_classes(struct fed_csv_labels *l, const struct sorted *s, bool numeric,
                        uint32_t classes, struct fed_error *err)
{
	l->class_of = fed_alloc_array(l->n, sizeof *l->class_of);
	l->name = fed_alloc_array(classes, sizeof *l->name);
	if (!l->class_of || !l->name)
		return fed_fail_memory(err, l->n * sizeof *l->class_of, "labels");
	for (uint32_t i = 0, c = 0; i < l->n; i++) {
		c += i && compare_sorted(&s[i - 1], &s[i], numeric);
		if (!l->name[c])
			l->name[c] = s[i].text;
		l->class_of[s[i].row] = (int32_t)c;
	}
	l->classes = classes;
	return FED_OK;
}

/* Deciding ------------------------------------------------------------------------- */

struct kinds {
	uint32_t text, fraction; /* numbers of cells */
	const struct fed_csv_cell *first_text;
};

static int parse_cells(struct fed_csv_labels *l, const char *file, double *value, struct kinds *k,
                       struct fed_error *err)
{
	for (uint32_t i = 0; i < l->n; i++) {
		const struct fed_csv_cell *cell = &l->cell[i];
		double odd;

		if (!*cell->s)
			return fed_fail(err, "%.80s:%zu:%zu: the label is empty", file, cell->line,
			                cell->column);
		if (fed__csv_number(cell->s, &value[i])) {
			k->fraction += value[i] != floor(value[i]);
		} else if (!strcasecmp(cell->s, "nan") || fed_parse_real(cell->s, &odd)) {
			return fed_fail(err, "%.80s:%zu:%zu: the label %.40s is not a finite number", file,
			                cell->line, cell->column, fed_show(cell->s).s);
		} else if (!k->text++) {
			k->first_text = cell;
		}
	}
	return FED_OK;
}

/* Choose classes or regression; l takes `value` only for a regression. */
static int choose_task(struct fed_csv_labels *l, const char *file, enum fed_task task,
                       double *value, const struct kinds *k, struct fed_error *err)
{
	struct sorted *s = NULL;
	uint32_t distinct = 0;

	if (task == FED_TASK_REGRESSION && k->text)
		return fed_reject(
			err, "%.80s:%zu:%zu: the label %.40s is not a number, which task=regression needs",
			file, k->first_text->line, k->first_text->column, fed_show(k->first_text->s).s);
	if (task == FED_TASK_REGRESSION || (task == FED_TASK_AUTO && !k->text && k->fraction)) {
		l->value = value;
		return FED_OK;
	}
	if (sort_rows(l, k->text ? NULL : value, &s, &distinct, err))
		return FED_FAIL;

	int rc = FED_OK;

	if (task == FED_TASK_AUTO && !k->text && distinct > MAX_NUMBERED_CLASSES)
		l->value = value;
	else if (distinct > FED_DATASET_MAX_CLASSES)
		rc = fed_reject(err,
		                "%.80s: the label column has %u different texts; at most %u classes are "
		                "possible: is it the right column (label=)?",
		                file, distinct, FED_DATASET_MAX_CLASSES);
	else
		rc = name_classes(l, s, !k->text, distinct, err);
	fed_free(s);
	return rc;
}

int fed__csv_labels_decide(struct fed_csv_labels *l, const char *file, enum fed_task task,
                           struct fed_error *err)
{
	double *value = fed_alloc_array(l->n, sizeof *value);
	struct kinds k = {0};

	if (!value)
		return fed_fail_memory(err, l->n * sizeof *value, "labels");

	int rc = parse_cells(l, file, value, &k, err);

	if (!rc)
		rc = choose_task(l, file, task, value, &k, err);
	if (l->value != value)
		fed_free(value);
	return rc;
}

void fed__csv_labels_release(struct fed_csv_labels *l)
{
	fed_free(l->cell);
	fed_free(l->value);
	fed_free(l->class_of);
	fed_free(l->name);
	*l = (struct fed_csv_labels){0};
}
