/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/series.c - histories become points.
 */
#include "session/series.h"

#include <string.h>

#include "base/mem.h"

void fed_series_release(struct fed_series_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		fed_free(set->of[i].x);
	*set = (struct fed_series_set){.n = 0};
}

/* Sums of a round are what was spent until then along the bottom. */
static bool adds_up(const struct fed_field *x)
{
	return strncmp(x->name, "bytes", 5) == 0 || strstr(x->name, "flops") ||
	       strcmp(x->name, "wall") == 0 || strcmp(x->name, "messages") == 0;
}

/* Points are joined over rounds that were not evaluated, not over those that went wrong. */
int fed_series_add(struct fed_series_set *set, const char *run, const struct fed_history *h,
                   const struct fed_field *y, const struct fed_field *x,
                   const struct fed_field *also, struct fed_error *err)
{
	struct fed_series *series = &set->of[set->n];
	struct fed_text key = {0};
	double spent = 0;

	if (set->n == FED_SERIES_MAX)
		return fed_fail(err, "more than %d curves; name fewer metrics", FED_SERIES_MAX);
	double *values = fed_alloc_array(2 * h->n, sizeof *values);
	if (!values && h->n)
		return fed_fail_memory(err, 2 * h->n * sizeof *values, "a curve");
	*series = (struct fed_series){.x = values, .y = values ? values + h->n : NULL, .history = h};
	for (size_t i = 0; i < h->n; i++) {
		const struct fed_record *record = &h->record[i];
		const double at = fed_metric_value(x, record) + (also ? fed_metric_value(also, record) : 0);

		spent += at;
		if (!fed_metric_is_due(y, record))
			continue;
		series->x[series->n] = adds_up(x) ? spent : at;
		series->y[series->n++] = fed_metric_value(y, record);
	}
	fed_field_key(y, &key);
	snprintf(series->name, sizeof series->name, "%s%s%s", run, *run ? "." : "", fed_text_str(&key));
	snprintf(series->run, sizeof series->run, "%s", run);
	fed_text_release(&key);
	set->n++;
	return FED_OK;
}

/* The present run was just kept. */
static bool is_kept(const struct fed_session *s)
{
	const struct fed_history *h = &s->history;

	for (size_t i = 0; i < s->runs.n; i++) {
		const struct fed_history *kept = &s->runs.run[i].history;

		if (kept->n == h->n && memcmp(kept->record, h->record, h->n * sizeof *h->record) == 0)
			return true;
	}
	return false;
}

int fed_series_add_runs(struct fed_series_set *set, const struct fed_session *s,
                        const struct fed_field *y, const struct fed_field *x,
                        const struct fed_field *also, struct fed_error *err)
{
	for (size_t i = 0; i < s->runs.n; i++) {
		const struct fed_kept_run *run = &s->runs.run[i];

		if (run->history.n && fed_series_add(set, run->name, &run->history, y, x, also, err))
			return FED_FAIL;
	}
	if (s->history.n && !is_kept(s))
		return fed_series_add(set, "", &s->history, y, x, also, err);
	return FED_OK;
}
