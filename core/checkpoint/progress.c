/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/progress.c - saver and loader of counters, history, parameters and kept runs.
 */
#include <math.h>

#include "base/mem.h"
#include "checkpoint/parts.h"

static const struct fed_record_column counters[] = {
	FED_COLUMN(struct fed_progress, version),
	FED_COLUMN(struct fed_progress, invitations),
	FED_COLUMN_RULE(struct fed_progress, clock, FED_COLUMN_TIME),
	FED_COLUMN(struct fed_progress, next_seq),
	FED_COLUMN(struct fed_progress, next_id),
	FED_COLUMN_END,
};

/* Records ---------------------------------------------------------------------------- */

#define METRICS_MAX 64

/* Whether a metric has a value in some round. */
static bool is_measured(const struct fed_field *metric, const struct fed_record *record, size_t n)
{
	size_t i = 0;

	while (i < n && (!(record[i].round > 0) || isnan(fed_metric_value(metric, &record[i]))))
		i++;
	return i < n;
}

static bool is_real_time(const struct fed_field *metric)
{
	return metric->offset == offsetof(struct fed_record, wall);
}

/* Records after the names of their metrics, since another fedsh may have more of them. */
static void put_records(struct fed_saver *f, const struct fed_record *record, size_t n)
{
	bool saved[METRICS_MAX];
	uint32_t k = 0;

	for (const struct fed_field *m = fed_metrics; m->type; m++, k++) {
		saved[k] = !(m->flags & FED_FIELD_LATER) || is_measured(m, record, n);
		if (saved[k])
			fed__put_string(f, m->name);
	}
	fed__put_string(f, "");
	fed_put_u64(f, n);
	for (size_t i = 0; i < n; i++) {
		k = 0;
		for (const struct fed_field *m = fed_metrics; m->type; m++)
			if (saved[k++])
				fed_put_f64(f,
				            f->canonical && is_real_time(m) ? 0 : fed_metric_value(m, &record[i]));
	}
}

static double *metric_in(struct fed_record *record, const struct fed_field *metric)
{
	return (double *)(void *)((char *)record + metric->offset);
}

/* Returns the number of metrics in the file, below METRICS_MAX; fails on unknown ones. */
static uint32_t get_metrics(struct fed_loader *f, const struct fed_field *metric[METRICS_MAX])
{
	struct fed_text name = {0};
	uint32_t n = 0;

	for (fed__get_string(f, &name); name.len && !f->failed; fed__get_string(f, &name)) {
		metric[n] = fed_fields_find(fed_metrics, name.s);
		if (!metric[n])
			fed_loader_fail(f, "a metric called %.40s", name.s);
		else if (++n == METRICS_MAX)
			fed_loader_fail(f, "%u metrics", n);
		fed_text_clear(&name);
	}
	fed_text_release(&name);
	return n;
}

/* Read records; metrics that the file lacks are NaN. */
static void get_records(struct fed_loader *f, struct fed_history *h)
{
	const struct fed_field *metric[METRICS_MAX];
	struct fed_error why;

	const uint32_t metrics = get_metrics(f, metric);
	const uint64_t n = fed_get_u64(f);
	if (metrics == 0 && n)
		fed_loader_fail(f, "records without metrics");
	for (uint64_t i = 0; i < n && !f->failed; i++) {
		struct fed_record r;

		for (const struct fed_field *m = fed_metrics; m->type; m++)
			*metric_in(&r, m) = NAN;
		for (uint32_t k = 0; k < metrics; k++)
			*metric_in(&r, metric[k]) = fed_get_f64(f);
		if (!f->failed && fed_history_add(h, &r, &why))
			fed_loader_fail(f, "%s", why.text);
	}
}

static void save_history(struct fed_saver *f, const struct fed_history *h)
{
	fed_saver_begin(f, "history");
	put_records(f, h->record, h->n);
	fed_saver_end(f);
}

static void load_history(struct fed_loader *f, struct fed_history *h)
{
	if (fed__loader_begin(f, "history"))
		return;
	get_records(f, h);
	fed_loader_end(f);
}

/* What a run was made with, where that is known. */
static void save_made_with(struct fed_saver *f, const char *section, const char *composition)
{
	if (!composition)
		return;
	fed_saver_begin(f, section);
	fed__put_string(f, composition);
	fed_saver_end(f);
}

/* Returns the caller's string, NULL where the file lacks it. */
static char *load_made_with(struct fed_loader *f, const char *section)
{
	struct fed_text text = {0};
	char *copy = NULL;

	if (!fed_loader_begin_optional(f, section))
		return NULL;
	fed__get_string(f, &text);
	fed_loader_end(f);
	if (!f->failed && !(copy = fed_strdup(fed_text_str(&text))))
		fed_loader_fail(f, "out of memory for a composition");
	fed_text_release(&text);
	return copy;
}

static void save_runs(struct fed_saver *f, const struct fed_runs *runs)
{
	fed_saver_begin(f, "runs");
	fed_put_u32(f, (uint32_t)runs->n);
	fed_saver_end(f);
	for (size_t i = 0; i < runs->n; i++) {
		fed_saver_begin(f, "run");
		fed__put_string(f, runs->run[i].name);
		put_records(f, runs->run[i].history.record, runs->run[i].history.n);
		fed_saver_end(f);
		save_made_with(f, "run made with", runs->run[i].composition);
	}
}

static void load_run(struct fed_loader *f, struct fed_runs *runs)
{
	struct fed_text name = {0};
	struct fed_history history = {0};
	struct fed_error why;

	if (fed__loader_begin(f, "run"))
		return;
	fed__get_string(f, &name);
	get_records(f, &history);
	fed_loader_end(f);
	char *composition = load_made_with(f, "run made with");
	if (!f->failed && fed_runs_keep(runs, fed_text_str(&name), &history, composition, &why))
		fed_loader_fail(f, "%s", why.text);
	fed_free(composition);
	fed_text_release(&name);
	fed_history_release(&history);
}

static void load_runs(struct fed_loader *f, struct fed_runs *runs)
{
	if (fed__loader_begin(f, "runs"))
		return;
	const uint32_t n = fed_get_u32(f);
	fed_loader_end(f);
	for (uint32_t i = 0; i < n && !f->failed; i++)
		load_run(f, runs);
}

/* ------------------------------------------------------------------------------------ */

static void save_parameters(struct fed_saver *f, const struct fed_progress *p)
{
	const size_t dim = p->params ? p->dim : 0;

	fed_saver_begin(f, "parameters");
	fed_put_u64(f, dim);
	fed_put_f32s(f, p->params, dim);
	fed_saver_end(f);
}

static void load_parameters(struct fed_loader *f, struct fed_session *s)
{
	struct fed_progress *p = &s->progress;

	if (fed__loader_begin(f, "parameters"))
		return;
	const uint64_t dim = fed_get_u64(f);
	if (dim && (dim != s->parts.net.dim || !s->parts.net_built || !s->parts.aggregator.entry ||
	            !s->parts.transport.entry))
		fed_loader_fail(f, "%llu parameters for a model of %zu", (unsigned long long)dim,
		                s->parts.net.dim);
	if (!f->failed && dim && fed_loader_holds(f, dim, sizeof *p->params)) {
		p->params = fed_alloc_floats(dim);
		if (p->params)
			fed_get_f32s(f, p->params, p->dim = dim);
		else
			fed_loader_fail(f, "out of memory for %zu parameters", s->parts.net.dim);
	}
	fed_loader_end(f);
}

/* The frozen base of a model that has one and that was set up. */
static void save_base(struct fed_saver *f, const struct fed_session *s,
                      const struct fed_progress *p)
{
	const struct fed_net *net = &s->parts.net;

	if (!s->parts.net_built || net->frozen_dim == 0 || (!net->frozen_given && !p->params))
		return;
	fed_saver_begin(f, "frozen base");
	fed_put_u8(f, net->frozen_given);
	fed_put_u64(f, net->frozen_dim);
	fed_put_f32s(f, net->frozen, net->frozen_dim);
	fed_saver_end(f);
}

static void load_base(struct fed_loader *f, struct fed_session *s)
{
	struct fed_net *net = &s->parts.net;

	if (!fed_loader_begin_optional(f, "frozen base"))
		return;
	const bool given = fed_get_flag(f);
	const uint64_t n = fed_get_u64(f);
	if (!s->parts.net_built || n != net->frozen_dim)
		fed_loader_fail(f, "%llu numbers for a base of %zu", (unsigned long long)n,
		                s->parts.net_built ? net->frozen_dim : 0);
	if (!f->failed && fed_loader_holds(f, n, sizeof *net->frozen)) {
		fed_get_f32s(f, net->frozen, n);
		net->frozen_given = given;
	}
	fed_loader_end(f);
}

static const struct fed_record_column evaluations[] = {
	FED_COLUMN_RULE(struct fed_progress, evaluation_seconds, FED_COLUMN_TIME),
	FED_COLUMN_END,
};

/* The time of evaluations by messages, where there were any. */
static void save_evaluations(struct fed_saver *f, const struct fed_progress *p)
{
	if (!(p->evaluation_seconds > 0))
		return;
	fed_saver_begin(f, "evaluations");
	fed_put_row(f, evaluations, p);
	fed_saver_end(f);
}

static void load_evaluations(struct fed_loader *f, struct fed_progress *p)
{
	if (!fed_loader_begin_optional(f, "evaluations"))
		return;
	fed_get_row(f, evaluations, p);
	fed_loader_end(f);
}

/* Of a last version whose step the aggregator did not make. */
static void save_maker(struct fed_saver *f, const struct fed_step_maker *maker)
{
	if (!maker->failed)
		return;
	fed_saver_begin(f, "step maker");
	fed__put_string(f, maker->name);
	fed_saver_end(f);
}

static void load_maker(struct fed_loader *f, struct fed_step_maker *maker)
{
	struct fed_text name = {0};

	if (!fed_loader_begin_optional(f, "step maker"))
		return;
	fed__get_string(f, &name);
	if (name.len >= sizeof maker->name)
		fed_loader_fail(f, "the name of an aggregator of %zu bytes", name.len);
	if (!f->failed) {
		maker->failed = true;
		snprintf(maker->name, sizeof maker->name, "%s", fed_text_str(&name));
	}
	fed_text_release(&name);
	fed_loader_end(f);
}

void fed__save_progress(struct fed_saver *f, const struct fed_last_version *v)
{
	const struct fed_session *s = v->session;

	fed_saver_begin(f, "progress");
	fed_put_row(f, counters, &v->progress);
	fed_put_u64(f, s->draws);
	fed_put_u8(f, s->diverged);
	put_records(f, &v->progress.record, 1);
	fed_saver_end(f);
	save_evaluations(f, &v->progress);
	save_history(f, &s->history);
	save_parameters(f, &v->progress);
	save_base(f, s, &v->progress);
	save_maker(f, &v->progress.maker);
	save_runs(f, &s->runs);
	save_made_with(f, "made with", fed_session_composition(s));
}

void fed__load_progress(struct fed_loader *f, struct fed_session *s)
{
	struct fed_history last = {0};

	if (fed__loader_begin(f, "progress"))
		return;
	fed_get_row(f, counters, &s->progress);
	s->draws = fed_get_u64(f);
	s->diverged = fed_get_flag(f);
	get_records(f, &last);
	if (last.n)
		s->progress.record = last.record[last.n - 1];
	fed_history_release(&last);
	fed_loader_end(f);
	load_evaluations(f, &s->progress);
	load_history(f, &s->history);
	load_parameters(f, s);
	load_base(f, s);
	load_maker(f, &s->progress.maker);
	load_runs(f, &s->runs);
	s->made_with = load_made_with(f, "made with");
}
