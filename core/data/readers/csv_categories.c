/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_categories.c - the different cells of a column, by sorting its rows.
 */
#include "data/readers/csv_categories.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

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

static int number_them(struct fed_csv_categories *c, const struct sorted *s, uint32_t n,
                       bool numeric, struct fed_error *err)
{
	for (uint32_t i = 0; i < n; i++)
		c->n += i == 0 || compare_sorted(&s[i - 1], &s[i], numeric) != 0;
	c->name = fed_alloc_array(c->n + 1, sizeof *c->name);
	if (!c->name)
		return fed_fail_memory(err, c->n * sizeof *c->name, "the different cells");
	for (uint32_t i = 0, k = 0; i < n; i++) {
		k += i && compare_sorted(&s[i - 1], &s[i], numeric);
		if (!c->name[k])
			c->name[k] = s[i].text;
		c->of[s[i].row] = (int32_t)k;
	}
	return FED_OK;
}

int fed__csv_categories_make(struct fed_csv_categories *c, const struct fed_csv_cell *cells,
                             size_t stride, uint32_t rows, const double *value,
                             struct fed_error *err)
{
	struct sorted *s = fed_alloc_array(rows, sizeof *s);
	uint32_t n = 0;

	*c = (struct fed_csv_categories){.of = fed_alloc_array(rows, sizeof *c->of)};
	int rc = s && c->of ? FED_OK : fed_fail_memory(err, rows * sizeof *s, "sorted cells");

	for (uint32_t i = 0; rc == FED_OK && i < rows; i++) {
		c->of[i] = -1;
		if (cells[i * stride].s)
			s[n++] = (struct sorted){cells[i * stride].s, value ? value[i] : 0, i};
	}
	if (rc == FED_OK) {
		qsort(s, n, sizeof *s, value ? by_value : by_text);
		rc = number_them(c, s, n, value != NULL, err);
	}
	fed_free(s);
	if (rc)
		fed__csv_categories_release(c);
	return rc;
}

int fed__csv_categories_of(struct fed_csv_categories *c, const struct fed_csv_cell *cells,
                           size_t stride, uint32_t rows, char decimal, struct fed_error *err)
{
	double *value = fed_alloc_array(rows, sizeof *value);
	bool numeric = true;

	if (!value)
		return fed_fail_memory(err, rows * sizeof *value, "the numbers of a column");
	for (uint32_t i = 0; numeric && i < rows; i++)
		numeric = !cells[i * stride].s || fed__csv_number(cells[i * stride].s, decimal, &value[i]);

	const int rc = fed__csv_categories_make(c, cells, stride, rows, numeric ? value : NULL, err);

	fed_free(value);
	return rc;
}

void fed__csv_categories_release(struct fed_csv_categories *c)
{
	fed_free(c->of);
	fed_free(c->name);
	*c = (struct fed_csv_categories){0};
}
