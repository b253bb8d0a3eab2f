/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/own_model.c - the model that a client uses.
 */
#include "train/local/own_model.h"

bool fed_own_models_exist(const struct fed_own_models *m)
{
	return m->sharing || (m->aggregator->entry && (fed_own_model_vector(m->aggregator) ||
	                                               fed_instance_models(m->aggregator) > 1));
}

/* Global model k of several, from 1, in single precision. */
static const float *global_model(const struct fed_own_models *m, uint32_t k, float *memory)
{
	if (m->models && k > 1)
		return k <= m->models->n ? m->models->vector[k - 1] : m->params;
	const double *row =
		k > 1 && m->aggregator->dim == m->dim && k <= fed_instance_models(m->aggregator)
			? fed_instance_broadcast(m->aggregator, k - 2)
			: NULL;

	if (!row)
		return m->params;
	for (size_t j = 0; j < m->dim; j++)
		memory[j] = (float)row[j];
	return memory;
}

const float *fed_own_model(const struct fed_own_models *m, const struct fed_client *client,
                           float *memory)
{
	const uint32_t kept = m->aggregator->entry ? fed_own_model_vector(m->aggregator) : 0;

	if (kept && client->kept)
		return client->kept->vector[kept - 1];
	if (!m->sharing)
		return m->aggregator->entry ? global_model(m, client->model, memory) : m->params;
	if (fed_sharing_fits(m->sharing, client->own))
		fed_sharing_put_local(m->sharing, client->own->vector[0], memory);
	else
		fed_sharing_copy_local(m->sharing, m->params, memory);
	return memory;
}
