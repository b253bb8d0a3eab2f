/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/personal.c - several global models, heads and own models: first values, and refusals.
 */
#include "train/round/personal.h"

#include "base/mem.h"
#include "base/random.h"
#include "train/round/state.h"

int fed__draw_models(struct fed_federation *f, struct fed_error *err)
{
	const uint32_t rows = f->aggregator->entry->copy.aggregator.models
	                          ? fed_instance_broadcast_rows(f->aggregator)
	                          : 0;
	float *drawn = rows ? fed_alloc_floats(f->net->dim) : NULL;

	if (rows && !drawn)
		return fed_fail_memory(err, f->net->dim * sizeof *drawn, "another global model");
	for (uint32_t k = 0; k < rows; k++) {
		double *row = fed_instance_model(f->aggregator, k + 1);

		fed_net_init_params(f->net, drawn, fed_random((uint64_t)f->settings->seed, k + 1));
		for (size_t j = 0; j < f->net->dim; j++)
			row[j] = (double)drawn[j];
	}
	fed_free_floats(drawn);
	return FED_OK;
}

int fed__plan_suits(const struct fed_federation *f, struct fed_error *err)
{
	const char *name = f->aggregator->entry->head->name;
	const struct fed_plan *p = &f->plan;
	const bool several = fed_instance_models(f->aggregator) > 1;

	if ((several || p->first_loss || p->head_epochs || p->own_epochs) && f->scheme->message)
		return fed_reject(
			err,
			"aggregator %s changes how clients train, which scheme %s cannot; `scheme "
			"sync`",
			name, f->scheme->name);
	if ((several || p->first_loss) && f->scheme->overlaps)
		return fed_reject(err,
		                  "aggregator %s compares the clients of a round, which scheme %s does not "
		                  "have; `scheme sync`",
		                  name, f->scheme->name);
	if (several && f->sharing)
		return fed_reject(
			err,
			"aggregator %s has several global models, of which all layers travel; `set "
			"local-layers none`",
			name);
	if (several && f->aggregator->after)
		return fed_reject(err,
		                  "aggregator %s has several global models, whose updates %s would mix; "
		                  "choose it without after=",
		                  name, f->aggregator->after->entry->head->name);
	if (p->head_epochs && !f->sharing)
		return fed_reject(err,
		                  "aggregator %s trains the clients' own head first; `set local-layers "
		                  "last:1` says which layers it has",
		                  name);
	return FED_OK;
}
