/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/series.c - points of charts from histories.
 */
#include "history/series.h"

#include <string.h>

#include "base/mem.h"

void fed_series_release(struct fed_series_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		fed_free(set->of[i].x);
		fed_free(set->of[i].y);
	}
	*set = (struct fed_series_set){.n = 0};
}

static int reserve_points(struct fed_series *s, size_t more, struct fed_error *err)
{
	const size_t wanted = s->n + more,
				 capacity = wanted > 2 * s->capacity ? wanted : 2 * s->capacity;

	if (wanted <= s->capacity)
		return FED_OK;
	double *x = fed_resize(s->x, s->capacity * sizeof *x, capacity * sizeof *x);
	s->x = x ? x : s->x;
	double *y = x ? fed_resize(s->y, s->capacity * sizeof *y, capacity * sizeof *y) : NULL;
	s->y = y ? y : s->y;
	if (!y)
		return fed_fail_memory(err, 2 * capacity * sizeof *x, "a curve");
	s->capacity = capacity;
	return FED_OK;
}

/* Whether a metric is accumulated along x: costs of a round. */
static bool adds_up(const struct fed_field *x)
{
	return strncmp(x->name, "bytes", 5) == 0 || strstr(x->name, "flops") ||
	       strcmp(x->name, "wall") == 0 || strcmp(x->name, "messages") == 0;
}

/* Rounds without evaluation are left out; non-finite values stay, and break the line. */
int fed_series_follow(struct fed_series *s, struct fed_error *err)
{
	const struct fed_history *h = s->history;

	if (reserve_points(s, h->n - s->taken, err))
		return FED_FAIL;
	for (; s->taken < h->n; s->taken++) {
		const struct fed_record *record = &h->record[s->taken];
		const double at =
			fed_metric_value(s->along, record) + (s->also ? fed_metric_value(s->also, record) : 0);

		s->spent += at;
		if (!fed_metric_is_due(s->of, record))
			continue;
		s->x[s->n] = adds_up(s->along) ? s->spent : at;
		s->y[s->n++] = fed_metric_value(s->of, record);
	}
	return FED_OK;
}

static int add_series(struct fed_series_set *set, const char *run, const struct fed_history *h,
                      const struct fed_field *y, const struct fed_field *x,
                      const struct fed_field *also, struct fed_error *err)
{
	struct fed_series *series = &set->of[set->n];
	struct fed_text key = {0};

	if (set->n == FED_SERIES_MAX)
		return fed_fail(err, "more than %d curves; name fewer metrics", FED_SERIES_MAX);
	*series = (struct fed_series){.history = h, .of = y, .along = x, .also = also};
	set->n++; /* counted now, so that the set releases it */
	fed_field_key(y, &key);
	snprintf(series->name, sizeof series->name, "%s%s%s", run, *run ? "." : "", fed_text_str(&key));
	snprintf(series->run, sizeof series->run, "%s", run);
	fed_text_release(&key);
	return fed_series_follow(series, err);
}

/* Whether the present run is a copy of a kept one. */
static bool is_kept(const struct fed_history *h, const struct fed_runs *runs)
{
	for (size_t i = 0; i < runs->n; i++) {
		const struct fed_history *kept = &runs->run[i].history;

		if (kept->n == h->n && memcmp(kept->record, h->record, h->n * sizeof *h->record) == 0)
			return true;
	}
	return false;
}

int fed_series_add_runs(struct fed_series_set *set, const struct fed_runs *kept,
                        const struct fed_history *present, const struct fed_field *y,
                        const struct fed_field *x, const struct fed_field *also,
                        struct fed_error *err)
{
	for (size_t i = 0; i < kept->n; i++) {
		const struct fed_kept_run *run = &kept->run[i];

		if (run->history.n && add_series(set, run->name, &run->history, y, x, also, err))
			return FED_FAIL;
	}
	if (present->n && !is_kept(present, kept))
		return add_series(set, "", present, y, x, also, err);
	return FED_OK;
}
