/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_labels.c - classes or targets from a column of CSV cells.
 */
#include "data/readers/csv_labels.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "data/readers/csv_options.h"
#include "data/source_internal.h"

/* A column with more distinct whole numbers than this is a target, not classes. */
enum { MAX_NUMBERED_CLASSES = 1000 };

/* Deciding ------------------------------------------------------------------------- */

/* What the cells are. */
struct label_kinds {
	uint32_t text, fraction; /* numbers of cells */
	uint32_t mark;           /* texts that often stand for a missing value */
	const struct fed_csv_cell *first_text, *first_mark;
};

static const struct fed_csv_cell *cell_of(const struct fed_csv_labels *l, uint32_t i)
{
	return &l->cell[i * l->stride];
}

static int fail_label(const char *file, const struct fed_csv_cell *cell, const char *is,
                      struct fed_error *err)
{
	return fed_fail(err, "%.80s:%zu:%zu: the label %.40s%s; %s leaves such rows out", file,
	                cell->line, cell->column, fed_show(cell->s).s, is,
	                fed__csv_missing_advice(cell->s).s);
}

static int parse_cells(struct fed_csv_labels *l, const char *file, double *value,
                       struct label_kinds *k, struct fed_error *err)
{
	for (uint32_t i = 0; i < l->n; i++) {
		const struct fed_csv_cell *cell = cell_of(l, i);
		double odd;

		if (!*cell->s)
			return fail_label(file, cell, "is empty", err);
		if (fed__csv_number(cell->s, l->decimal, &value[i])) {
			k->fraction += value[i] != floor(value[i]);
			continue;
		}
		if (!strcasecmp(cell->s, "nan") || fed_parse_real(cell->s, &odd))
			return fail_label(file, cell, " is not a finite number", err);
		if (!k->text++)
			k->first_text = cell;
		if (fed__csv_usual_mark(cell->s) && !k->mark++)
			k->first_mark = cell;
	}
	return FED_OK;
}

/* A mark of a missing value among numbers makes no class. */
static int check_marks(const struct fed_csv_labels *l, const char *file, enum fed_task task,
                       const struct label_kinds *k, struct fed_error *err)
{
	const struct fed_csv_cell *mark = k->first_mark;

	if (task == FED_TASK_CLASSES || !mark || k->mark < k->text || k->text == l->n)
		return FED_OK;
	return fed_fail(
		err,
		"%.80s:%zu:%zu: the label %.40s is not a number, as %s others are; %s leaves such "
		"rows out, task=classes makes it a class",
		file, mark->line, mark->column, fed_show(mark->s).s, fed_count(l->n - k->text).s,
		fed__csv_missing_advice(mark->s).s);
}

/* Choose classes or regression; l takes `value` only for a regression. */
static int choose_task(struct fed_csv_labels *l, const char *file, enum fed_task task,
                       double *value, const struct label_kinds *k, struct fed_error *err)
{
	if (task == FED_TASK_REGRESSION && k->text)
		return fed_reject(
			err, "%.80s:%zu:%zu: the label %.40s is not a number, which task=regression needs",
			file, k->first_text->line, k->first_text->column, fed_show(k->first_text->s).s);
	if (task == FED_TASK_REGRESSION || (task == FED_TASK_AUTO && !k->text && k->fraction)) {
		l->value = value;
		return FED_OK;
	}
	if (fed__csv_categories_make(&l->classes, l->cell, l->stride, l->n, k->text ? NULL : value,
	                             err))
		return FED_FAIL;

	const uint32_t distinct = l->classes.n;

	if (task == FED_TASK_AUTO && !k->text && distinct > MAX_NUMBERED_CLASSES) {
		l->value = value;
		fed__csv_categories_release(&l->classes);
	} else if (distinct > FED_DATASET_MAX_CLASSES) {
		return fed_reject(err,
		                  "%.80s: the label column has %u different texts; at most %u classes are "
		                  "possible: is it the right column (label=)?",
		                  file, distinct, FED_DATASET_MAX_CLASSES);
	}
	return FED_OK;
}

/* Notes ------------------------------------------------------------------------------ */

/* "0, 1, 2 and 7 others" */
static void put_classes(const struct fed_csv_categories *c, struct fed_text *out)
{
	const uint32_t most = 4, shown = c->n > most + 1 ? most : c->n;

	for (uint32_t i = 0; i < shown; i++)
		fed_text_add(out, "%s%.20s", i ? ", " : "", c->name[i]);
	if (shown < c->n)
		fed_text_add(out, " and %u others", c->n - shown);
}

static int note_task(const struct fed_csv_labels *l, enum fed_task task,
                     const struct label_kinds *k, struct fed_dataset_notes *notes,
                     struct fed_error *err)
{
	const enum fed_note_level level = task == FED_TASK_AUTO ? FED_NOTE_TOLD : FED_NOTE_LISTED;
	struct fed_text text = {0};

	if (l->value) {
		fed_text_add(&text, "regression%s",
		             k->fraction ? ", labels have fractions"
		             : task      ? ""
		                         : ", labels have more than 1,000 values");
		return fed__note_text(notes, level, "task", task || k->text ? NULL : "task=classes", &text,
		                      err);
	}
	fed_text_add(&text, "%u classes: ", l->classes.n);
	put_classes(&l->classes, &text);
	return fed__note_text(notes, level, "task", task || k->text ? NULL : "task=regression", &text,
	                      err);
}

/* Classes that are perhaps none: a mark of a missing value, a text among numbers. */
static int note_odd_classes(const struct fed_csv_labels *l, const struct label_kinds *k,
                            struct fed_dataset_notes *notes, struct fed_error *err)
{
	const struct fed_csv_cell *text = k->first_text, *mark = k->first_mark;

	if (mark) {
		if (fed__note(notes, FED_NOTE_WARNING, "classes", fed__csv_missing_advice(mark->s).s, err,
		              "%s label%s often stand%s for a missing value, the first is %.40s in line "
		              "%zu",
		              fed_count(k->mark).s, k->mark == 1 ? "" : "s", k->mark == 1 ? "s" : "",
		              mark->s, mark->line))
			return FED_FAIL;
	} else if (text && k->text < l->n) {
		if (fed__note(notes, FED_NOTE_WARNING, "classes", NULL, err,
		              "%s labels are numbers and %s %s not, the first of these is %.40s in line "
		              "%zu",
		              fed_count(l->n - k->text).s, fed_count(k->text).s,
		              k->text == 1 ? "is" : "are", text->s, text->line))
			return FED_FAIL;
	}
	return FED_OK;
}

int fed__csv_labels_decide(struct fed_csv_labels *l, const char *file, enum fed_task task,
                           struct fed_dataset_notes *notes, struct fed_error *err)
{
	double *value = fed_alloc_array(l->n, sizeof *value);
	struct label_kinds k = {0};

	if (!value)
		return fed_fail_memory(err, l->n * sizeof *value, "labels");

	int rc = parse_cells(l, file, value, &k, err);

	if (!rc)
		rc = check_marks(l, file, task, &k, err);
	if (!rc)
		rc = choose_task(l, file, task, value, &k, err);
	if (!rc)
		rc = note_task(l, task, &k, notes, err);
	if (!rc)
		rc = note_odd_classes(l, &k, notes, err);
	if (l->value != value)
		fed_free(value);
	return rc;
}

void fed__csv_labels_release(struct fed_csv_labels *l)
{
	fed_free(l->value);
	fed__csv_categories_release(&l->classes);
	*l = (struct fed_csv_labels){0};
}
