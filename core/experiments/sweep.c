/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/sweep.c - rows of a sweep, and the trial of each as a changed copy of the session.
 */
#include "experiments/sweep.h"

#include <math.h>
#include <string.h>

#include "experiments/levels.h"
#include "nn/columns.h"
#include "session/internal.h"
#include "train/schemes/schemes.h"
#include "train/schemes/split.h"

#define ROUNDS_DEFAULT 10
#define ROUNDS_UNTIL 1000

static bool is_clients(const char *key)
{
	return fed_same_name(key, "clients");
}

static bool is_cut(const char *key)
{
	return fed_same_name(key, "cut") || fed_same_name(key, "scheme.cut");
}

/* Whose cuts are compared: the session's scheme, if it has some. */
static const struct fed_scheme *scheme_of_cuts(const struct fed_session *s)
{
	return s->parts.scheme == &fed_scheme_vertical ? &fed_scheme_vertical : &fed_scheme_split;
}

/* A row ---------------------------------------------------------------------------------- */

static int make_row(void *ctx, size_t k, struct fed_session *copy, struct fed_error *err)
{
	const struct fed_sweep *w = ctx;
	const struct fed_sweep_row *row = &w->row[k];
	const struct fed_levels_plan plan = {.session = w->session};
	struct fed_dataset *none;
	struct fed_level level[2];
	size_t n = 0;

	if (row->scheme)
		level[n++] = (struct fed_level){.key = "scheme", .value = row->scheme->name};
	if (*row->value)
		level[n++] = (struct fed_level){.key = w->plan.key, .value = row->value};
	return fed__levels_apply(copy, &plan, level, n, &none, err);
}

/* Rows ----------------------------------------------------------------------------------- */

static int add_sweep_row(struct fed_sweep *w, const char *value, size_t len,
                         const struct fed_scheme *scheme, struct fed_error *err)
{
	struct fed_sweep_row *row = &w->row[w->n];

	if (w->n == FED_SWEEP_ROWS)
		return fed_fail(err, "more than %d rows; name fewer values", FED_SWEEP_ROWS);
	if (len >= sizeof row->value)
		return fed_fail(err, "the value %.20s... is too long", value);
	memcpy(row->value, value, len);
	row->value[len] = 0;
	row->scheme = scheme;
	w->n++;
	return FED_OK;
}

/* The same value under scheme sync, to compare with split learning. */
static int add_sync(struct fed_sweep *w, const char *value, size_t len, struct fed_error *err)
{
	return add_sweep_row(w, value, len, &fed_scheme_sync, err);
}

static int add_value(struct fed_sweep *w, const char *value, size_t len, struct fed_error *err)
{
	if (len == 0)
		return fed_fail(err, "an empty value in %s", fed_show(w->plan.values).s);
	if (is_clients(w->plan.key) && w->session->parts.scheme == &fed_scheme_split &&
	    add_sync(w, value, len, err))
		return FED_FAIL;
	return add_sweep_row(w, value, len, is_cut(w->plan.key) ? scheme_of_cuts(w->session) : NULL,
	                     err);
}

static int add_values(struct fed_sweep *w, struct fed_error *err)
{
	const char *at = w->plan.values, *between = strchr(at, '|') ? "|" : ",";

	for (;; at++) {
		const size_t len = strcspn(at, between);

		if (add_value(w, at, len, err))
			return FED_FAIL;
		at += len;
		if (!*at)
			return FED_OK;
	}
}

/* True for split learning with labels=client, which has two cuts. */
static bool is_u_shaped(const struct fed_session *s)
{
	const struct fed_split *split = s->parts.scheme_state;

	return s->parts.scheme == &fed_scheme_split && split->labels == FED_LABELS_CLIENT;
}

/* Every pair of cuts; if those are too many rows, only pairs whose tail is the last layer. */
static int add_pairs(struct fed_sweep *w, struct fed_error *err)
{
	const size_t cuts = w->session->parts.net.layers - 1;
	const bool all = cuts * (cuts - 1) / 2 < FED_SWEEP_ROWS;
	char pair[48];

	for (size_t first = 1; first < cuts; first++)
		for (size_t second = all ? first + 1 : cuts; second <= cuts; second++) {
			snprintf(pair, sizeof pair, "%zu,%zu", first, second);
			if (add_value(w, pair, strlen(pair), err))
				return FED_FAIL;
		}
	return FED_OK;
}

/* Every cut, or every pair of cuts; of scheme vertical those that keep the parties apart. */
static int add_cuts(struct fed_sweep *w, struct fed_error *err)
{
	const struct fed_net *net = &w->session->parts.net;
	const bool vertical = scheme_of_cuts(w->session) == &fed_scheme_vertical;
	char cut[24];

	if (net->layers < 2)
		return fed_fail(err, "a model of %zu layer has no cut; take one with more", net->layers);
	if (is_u_shaped(w->session))
		return add_pairs(w, err);
	const size_t first = vertical ? fed_net_first_cut_apart(net) : 1;
	const size_t apart = vertical ? fed_net_layers_apart(net) + 1 : net->layers;
	const size_t end = apart < net->layers ? apart : net->layers;
	if (first >= end)
		return fed_fail(err, "no cut of this model keeps columns apart, as scheme vertical needs; "
		                     "`model mlp parts=0-391,392-783` has some");
	for (size_t k = first; k < end; k++) {
		snprintf(cut, sizeof cut, "%zu", k);
		if (add_value(w, cut, strlen(cut), err))
			return FED_FAIL;
	}
	return FED_OK;
}

static int list_sweep_rows(struct fed_sweep *w, struct fed_error *err)
{
	if (!is_cut(w->plan.key)) {
		if (!*w->plan.values)
			return fed_fail(err, "no values for %s; join them by commas, as in `sweep lr 0.01,0.1`",
			                fed_show(w->plan.key).s);
		return add_values(w, err);
	}
	/* parties have no model of their own to average */
	if (scheme_of_cuts(w->session) == &fed_scheme_split && add_sync(w, "", 0, err))
		return FED_FAIL;
	return *w->plan.values ? add_values(w, err) : add_cuts(w, err);
}

/* The plan ------------------------------------------------------------------------------- */

static struct fed_trials_plan trials_of(struct fed_sweep *w)
{
	const int64_t otherwise = w->until ? ROUNDS_UNTIL : ROUNDS_DEFAULT;

	return (struct fed_trials_plan){
		.make = make_row,
		.ctx = w,
		.rounds = (uint64_t)(w->plan.rounds ? w->plan.rounds : otherwise),
		.until = w->until,
	};
}

static int begin_sweep(struct fed_sweep *w, struct fed_session *s,
                       const struct fed_sweep_plan *plan, struct fed_error *err)
{
	fed_sweep_release(w);
	w->plan = *plan;
	w->session = s;
	if (*plan->until && fed_condition_parse(&w->until, plan->until, &s->runs, err))
		return FED_FAIL;
	if (list_sweep_rows(w, err))
		return FED_FAIL;
	const struct fed_trials_plan trials = trials_of(w);
	for (size_t k = 0; k < w->n; k++)
		if (fed__trials_check(s, &trials, k, err))
			return FED_FAIL;
	return fed__trials_init(&w->trials, w->n, s, err);
}

static bool is_same_sweep(const struct fed_sweep *w, const struct fed_session *s,
                          const struct fed_sweep_plan *plan)
{
	return strcmp(w->plan.key, plan->key) == 0 && strcmp(w->plan.values, plan->values) == 0 &&
	       strcmp(w->plan.until, plan->until) == 0 && w->plan.rounds == plan->rounds &&
	       fed__trials_fit(&w->trials, s);
}

int fed_sweep_play(struct fed_sweep *w, struct fed_session *s, const struct fed_sweep_plan *plan,
                   void (*progress)(void *progress_ctx), void *progress_ctx, bool *interrupted,
                   struct fed_error *err)
{
	*interrupted = false;
	if (s->parts.clients.n_present == 0)
		return fed_fail(err, "there are no clients; `add-client 10` makes some");
	if (fed_session_start(s, err))
		return FED_FAIL;
	if (!is_same_sweep(w, s, plan) && begin_sweep(w, s, plan, err)) {
		fed_sweep_release(w);
		return FED_REJECT;
	}
	const struct fed_trials_plan trials = trials_of(w);
	return fed__trials_play(&w->trials, s, &trials, progress, progress_ctx, interrupted, err);
}

void fed_sweep_release(struct fed_sweep *w)
{
	fed_condition_free(w->until);
	fed__trials_release(&w->trials);
	*w = (struct fed_sweep){0};
}

/* Reading -------------------------------------------------------------------------------- */

bool fed_metric_is_shared(const struct fed_field *metric)
{
	return metric->offset == offsetof(struct fed_record, bytes_up) ||
	       metric->offset == offsetof(struct fed_record, bytes_down) ||
	       metric->offset == offsetof(struct fed_record, client_flops);
}

double fed_outcome_figure(const struct fed_outcome *o, const struct fed_field *metric)
{
	const double value = fed_metric_value(metric, &o->total);

	if (!o->played || *o->why)
		return NAN;
	return fed_metric_is_shared(metric) ? value / o->clients : value;
}
