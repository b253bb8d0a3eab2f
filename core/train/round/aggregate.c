/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/aggregate.c - submission of updates to the scheme, and the input of an aggregation.
 */
#include "train/round/aggregate.h"

#include <math.h>

#include "base/random.h"
#include "train/round/state.h"

void fed__release_round_inputs(struct fed_federation *f)
{
	for (int k = 0; k < 2; k++) {
		fed_shared_vectors_unref(f->submitted_update[k]);
		f->submitted_update[k] = NULL;
	}
}

int fed__submit_update(struct fed_federation *f, const struct fed_envelope *e,
                       struct fed_shared_vectors *model, struct fed_error *err)
{
	fed__release_round_inputs(f);
	f->submitted_update[0] = fed_shared_vectors_ref(e->payload);
	f->submitted_update[1] = fed_shared_vectors_ref(model);
	const int rc = f->scheme->arrived(f, f->scheme_state, e,
	                                  model->vector[e->model < model->n ? e->model : 0], err);

	return rc ? rc : fed__verdicts_add(f, e, err);
}

int fed__begin_aggregation(struct fed_federation *f, struct fed_aggregation *a, uint32_t most,
                           struct fed_error *err)
{
	const struct fed_round round = {
		.version = f->version,
		.seed = fed_stream_key((uint64_t)f->settings->seed, FED_FOR_PLUGIN, f->version, 0),
		.dim = f->net->dim,
		.params = f->params,
		.invited = most,
		.population = f->n_seen,
		.lr = f->plan.lr,
		.host = &f->host,
	};

	return fed_aggregation_begin(a, f->aggregator, &round, most, f->pool, err);
}

struct fed_update fed__update_of(const struct fed_federation *f, const struct fed_envelope *e,
                                 const float *base)
{
	const bool equal = f->settings->weighting == FED_WEIGHT_EQUAL || f->equal_weights;

	return (struct fed_update){
		.delta = e->payload->vector[0],
		.base = e->version == f->version && !f->codec_down && !e->model ? f->params : base,
		.weight = equal ? 1 : (double)e->samples,
		.samples = e->samples,
		.client = e->head.from,
		.steps = e->steps,
		.staleness = (uint32_t)(f->version - e->version),
		.loss = e->loss,
		.model = e->model,
		.first_loss = e->reports_first ? e->first_loss : NAN,
		.returned = (const float *const *)(e->payload->vector + 1),
	};
}
