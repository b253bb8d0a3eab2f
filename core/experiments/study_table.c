/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/study_table.c - statistics over the runs of a study.
 */
#include "experiments/study_table.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "experiments/student.h"
#include "history/series.h"

/* Groups --------------------------------------------------------------------------------- */

int fed__study_by_parse(struct fed_study_by *by, const struct fed_factors *f, const char *text,
                        struct fed_error *err)
{
	by->n = 0;
	for (size_t i = 0; !*text && i < f->n; i++)
		if (!fed_same_name(f->factor[i].key, "seed"))
			by->factor[by->n++] = i;
	for (const char *at = text; *text; at++) {
		const size_t len = strcspn(at, ",");
		char key[64];
		size_t factor;

		snprintf(key, sizeof key, "%.*s", (int)len, at);
		if (fed__factors_find(f, key, &factor, err))
			return FED_FAIL;
		for (size_t i = 0; i < by->n; i++)
			if (by->factor[i] == factor)
				return fed_fail(err, "by %s: %s is there twice", fed_show(text).s, key);
		by->factor[by->n++] = factor;
		at += len;
		if (!*at)
			break;
	}
	return FED_OK;
}

static size_t columns_of(const struct fed_factors *f, const struct fed_study_by *by)
{
	return by->n ? f->factor[by->factor[0]].n : 1;
}

static size_t rows_of(const struct fed_factors *f, const struct fed_study_by *by)
{
	size_t rows = 1;

	for (size_t k = 1; k < by->n; k++)
		rows *= f->factor[by->factor[k]].n;
	return rows;
}

/* Index of the group that a cell is in: [row][column]; the last factor of `by` changes fastest. */
static size_t group_of(const struct fed_factors *f, const struct fed_study_by *by, size_t cell)
{
	size_t row = 0;

	for (size_t k = 1; k < by->n; k++)
		row = row * f->factor[by->factor[k]].n + fed_factors_level(f, cell, by->factor[k]);
	return row * columns_of(f, by) + (by->n ? fed_factors_level(f, cell, by->factor[0]) : 0);
}

/* Level of a row in the k-th factor of `by`. */
static size_t row_level(const struct fed_factors *f, const struct fed_study_by *by, size_t row,
                        size_t k)
{
	for (size_t i = by->n; i-- > k + 1;)
		row /= f->factor[by->factor[i]].n;
	return row % f->factor[by->factor[k]].n;
}

const char *fed_study_row_level(const struct fed_study_table *t, size_t row, size_t k)
{
	return t->factors.factor[t->by.factor[k]].level[row_level(&t->factors, &t->by, row, k)];
}

bool fed__metric_rises(const struct fed_field *metric)
{
	static const char *const rising[] = {
		"test_accuracy",
		"defence_precision",
		"defence_recall",
		"updates",
		"reported",
		"used",
		"clients_accuracy",
		"clients_weighted",
		"clients_fairness",
		"clients_worst",
		"clients_worst_tenth",
		"unseen_accuracy",
		"unseen_worst_tenth",
		"macro_f1",
		"balanced_accuracy",
		"worst_class",
		"auc",
		"class_recall",
		"class_precision",
		"class_f1",
		"r2",
	};

	for (size_t i = 0; i < sizeof rising / sizeof *rising; i++)
		if (strcmp(metric->name, rising[i]) == 0)
			return true;
	return false;
}

/* Running mean and variance (Welford, Technometrics 4, 1962). */
struct moments {
	size_t n;
	double mean, squares;
};

static void moments_add(struct moments *m, double x)
{
	const double before = x - m->mean;

	m->mean += before / (double)++m->n;
	m->squares += before * (x - m->mean);
}

static double moments_sd(const struct moments *m)
{
	return m->n > 1 ? sqrt(m->squares / (double)(m->n - 1)) : NAN;
}

/* The table ------------------------------------------------------------------------------ */

/* Values of the cells as they are read. */
struct table_reading {
	struct fed_study_table *table;
	struct fed_store *store;
	double *value; /* [cells], NaN: none */
	size_t cells;
	struct fed_error *err;
	int rc;
};

static bool take_run(void *ctx, const struct fed_stored_run *run)
{
	struct table_reading *r = ctx;
	struct fed_history h = {0};
	struct fed_record total;

	if (run->cell >= r->cells)
		return true;
	r->table->missing--;
	if (*run->why) {
		r->table->failed++;
		return true;
	}
	r->rc = fed_store_history(r->store, run->id, &h, r->err);
	if (r->rc == FED_OK) {
		fed_history_total(&h, &total);
		r->value[run->cell] = fed_metric_value(r->table->metric, &total);
	}
	fed_history_release(&h);
	return r->rc == FED_OK;
}

static void sum_groups(struct fed_study_table *t, const double *value, size_t cells,
                       struct moments *sum)
{
	for (size_t k = 0; k < cells; k++)
		if (!isnan(value[k]))
			moments_add(&sum[group_of(&t->factors, &t->by, k)], value[k]);
	for (size_t g = 0; g < t->rows * t->columns; g++)
		t->group[g] = (struct fed_study_group){.n = sum[g].n,
		                                       .mean = sum[g].n ? sum[g].mean : NAN,
		                                       .sd = moments_sd(&sum[g]),
		                                       .difference = NAN,
		                                       .low = NAN,
		                                       .high = NAN};
}

/* The best of a row, or `columns` if fewer than two have a mean. */
static size_t find_best(const struct fed_study_table *t, const struct fed_study_group *row)
{
	size_t best = t->columns, some = 0;

	for (size_t c = 0; c < t->columns; c++) {
		some += !isnan(row[c].mean);
		if (!isnan(row[c].mean) &&
		    (best == t->columns ||
		     (t->rising ? row[c].mean > row[best].mean : row[c].mean < row[best].mean)))
			best = c;
	}
	return some > 1 ? best : t->columns;
}

/* The cell that differs from this one in the level of the compared factor alone. */
static size_t partner_of(const struct fed_study_table *t, size_t cell, size_t level)
{
	size_t levels[FED_FACTORS_MAX];

	for (size_t i = 0; i < t->factors.n; i++)
		levels[i] = fed_factors_level(&t->factors, cell, i);
	levels[t->by.factor[0]] = level;
	return fed__factors_cell(&t->factors, levels);
}

/* The mean of the differences of a group's pairs, and its confidence interval. */
static void set_difference(struct fed_study_group *group, const struct moments *m)
{
	group->pairs = m->n;
	group->difference = m->n ? m->mean : NAN;
	if (m->n < 2)
		return;
	const double t_value = fed__student_quantile((1 + FED_CONFIDENCE) / 2, (double)(m->n - 1));
	const double half = t_value * moments_sd(m) / sqrt((double)m->n);
	group->low = m->mean - half;
	group->high = m->mean + half;
}

/* Compare each group with the best of its row. */
static void compare_all(struct fed_study_table *t, const double *value, size_t cells, size_t *best,
                        struct moments *pairs)
{
	for (size_t r = 0; r < t->rows; r++) {
		best[r] = find_best(t, &t->group[r * t->columns]);
		struct fed_study_group *row = &t->group[r * t->columns];

		for (size_t c = 0; best[r] < t->columns && c < t->columns; c++)
			row[c].best = row[c].mean == row[best[r]].mean;
	}
	for (size_t k = 0; k < cells; k++) {
		const size_t g = group_of(&t->factors, &t->by, k), row_best = best[g / t->columns];

		if (isnan(value[k]) || row_best == t->columns || g % t->columns == row_best)
			continue;
		const double other = value[partner_of(t, k, row_best)];
		if (!isnan(other))
			moments_add(&pairs[g], value[k] - other);
	}
	for (size_t g = 0; g < t->rows * t->columns; g++)
		set_difference(&t->group[g], &pairs[g]);
}

/* Statistics of all groups from the cells' values. */
static int fill_groups(struct fed_study_table *t, const double *value, size_t cells,
                       struct fed_error *err)
{
	const size_t groups = t->rows * t->columns;
	struct moments *sum = fed_alloc_array(groups, sizeof *sum); /* zeroed, as all of these */
	struct moments *pairs = fed_alloc_array(groups, sizeof *pairs);
	size_t *best = fed_alloc_array(t->rows, sizeof *best);
	int rc = FED_OK;

	if (sum && pairs && best) {
		sum_groups(t, value, cells, sum);
		compare_all(t, value, cells, best, pairs);
	} else {
		rc = fed_fail_memory(err, 2 * groups * sizeof *sum, "the figures of a study");
	}
	fed_free(sum);
	fed_free(pairs);
	fed_free(best);
	return rc;
}

int fed_study_table_read(struct fed_study_table *t, struct fed_store *store,
                         const struct fed_stored_study *study, const struct fed_field *metric,
                         const char *by, struct fed_error *err)
{
	t->metric = metric;
	t->rising = fed__metric_rises(metric);
	if (fed_factors_parse(&t->factors, study->factors, err) ||
	    fed__study_by_parse(&t->by, &t->factors, by, err))
		return FED_FAIL;
	const size_t cells = fed__factors_cells(&t->factors);
	t->rows = rows_of(&t->factors, &t->by);
	t->columns = columns_of(&t->factors, &t->by);
	t->missing = cells;
	t->group = fed_alloc_array(t->rows * t->columns, sizeof *t->group);
	struct table_reading r = {.table = t, .store = store, .cells = cells, .err = err};
	r.value = fed_alloc_array(cells, sizeof *r.value);
	if (!t->group || !r.value) {
		fed_free(r.value);
		return fed_fail_memory(err, cells * sizeof *r.value, "the figures of a study");
	}
	for (size_t k = 0; k < cells; k++)
		r.value[k] = NAN;
	int rc = fed_store_each_run(store, study->id, take_run, &r, err);
	if (rc == FED_OK)
		rc = r.rc;
	if (rc == FED_OK)
		rc = fill_groups(t, r.value, cells, err);
	fed_free(r.value);
	return rc;
}

void fed_study_table_release(struct fed_study_table *t)
{
	fed_factors_release(&t->factors);
	fed_free(t->group);
	*t = (struct fed_study_table){0};
}

/* Bands ---------------------------------------------------------------------------------- */

/* Moments of each group in each round up to the last one that a run has the metric in. */
struct bands_reading {
	const struct fed_factors *factors;
	const struct fed_study_by *by;
	size_t groups, rounds, cells;
	struct moments *moments; /* [groups][rounds + 1] */
};

static bool find_last_round(void *ctx, uint64_t cell, uint64_t round, double value)
{
	struct bands_reading *r = ctx;

	if (cell < r->cells && round <= FED_STUDY_ROUNDS_MAX && !isnan(value) && round > r->rounds)
		r->rounds = (size_t)round;
	return true;
}

static bool take_figure(void *ctx, uint64_t cell, uint64_t round, double value)
{
	struct bands_reading *r = ctx;

	if (cell < r->cells && round <= r->rounds && !isnan(value))
		moments_add(&r->moments[group_of(r->factors, r->by, cell) * (r->rounds + 1) + round],
		            value);
	return true;
}

static void name_band(struct fed_study_band *band, const struct bands_reading *r, size_t group)
{
	const size_t columns = columns_of(r->factors, r->by);
	struct fed_text name = {0};

	for (size_t k = 0; k < r->by->n; k++) {
		const struct fed_factor *f = &r->factors->factor[r->by->factor[k]];
		const size_t level = k ? row_level(r->factors, r->by, group / columns, k) : group % columns;

		fed_text_add(&name, "%s%s=%s", k ? " " : "", f->key, f->level[level]);
	}
	snprintf(band->name, sizeof band->name, "%s", fed_text_str(&name));
	fed_text_release(&name);
}

static int fill_band(struct fed_study_band *band, const struct bands_reading *r, size_t group,
                     struct fed_error *err)
{
	const struct moments *m = &r->moments[group * (r->rounds + 1)];
	size_t n = 0;

	name_band(band, r, group);
	for (size_t i = 0; i <= r->rounds; i++)
		n += m[i].n > 0;
	band->round = fed_alloc_array(n + 1, sizeof *band->round);
	band->mean = fed_alloc_array(n + 1, sizeof *band->mean);
	band->sd = fed_alloc_array(n + 1, sizeof *band->sd);
	band->runs = fed_alloc_array(n + 1, sizeof *band->runs);
	if (!band->round || !band->mean || !band->sd || !band->runs)
		return fed_fail_memory(err, 4 * n * sizeof *band->mean, "a curve");
	for (size_t i = 0; i <= r->rounds; i++) {
		if (!m[i].n)
			continue;
		band->round[band->n] = (double)i;
		band->mean[band->n] = m[i].mean;
		band->sd[band->n] = moments_sd(&m[i]);
		band->runs[band->n++] = (uint32_t)m[i].n;
	}
	return FED_OK;
}

static int read_bands(struct fed_study_bands *b, struct bands_reading *r, struct fed_store *store,
                      const struct fed_stored_study *study, const struct fed_field *metric,
                      struct fed_error *err)
{
	r->groups = rows_of(r->factors, r->by) * columns_of(r->factors, r->by);
	r->cells = fed__factors_cells(r->factors);
	if (r->groups > FED_SERIES_MAX)
		return fed_fail(err,
		                "%zu curves are too many, at most %d; say `by FACTOR` with fewer levels",
		                r->groups, FED_SERIES_MAX);
	if (fed__store_figures(store, study->id, metric, find_last_round, r, err))
		return FED_FAIL;
	r->moments = fed_alloc_array(r->groups * (r->rounds + 1), sizeof *r->moments);
	b->band = fed_alloc_array(r->groups, sizeof *b->band);
	if (!r->moments || !b->band)
		return fed_fail_memory(err, r->groups * (r->rounds + 1) * sizeof *r->moments, "the curves");
	if (fed__store_figures(store, study->id, metric, take_figure, r, err))
		return FED_FAIL;
	for (size_t g = 0; g < r->groups; g++) {
		b->n = g + 1;
		if (fill_band(&b->band[g], r, g, err))
			return FED_FAIL;
	}
	return FED_OK;
}

int fed_study_bands_read(struct fed_study_bands *b, struct fed_store *store,
                         const struct fed_stored_study *study, const struct fed_field *metric,
                         const char *by, struct fed_error *err)
{
	struct fed_factors factors = {0};
	struct fed_study_by chosen;
	struct bands_reading r = {.factors = &factors, .by = &chosen};

	int rc = fed_factors_parse(&factors, study->factors, err);
	if (rc == FED_OK)
		rc = fed__study_by_parse(&chosen, &factors, by, err);
	if (rc == FED_OK)
		rc = read_bands(b, &r, store, study, metric, err);
	fed_free(r.moments);
	fed_factors_release(&factors);
	return rc;
}

void fed_study_bands_release(struct fed_study_bands *b)
{
	for (size_t i = 0; i < b->n; i++) {
		fed_free(b->band[i].round);
		fed_free(b->band[i].mean);
		fed_free(b->band[i].sd);
		fed_free(b->band[i].runs);
	}
	fed_free(b->band);
	*b = (struct fed_study_bands){0};
}
