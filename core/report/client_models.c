/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/client_models.c - the clients' own models, as far as their updates are known.
 */
#include "report/client_models.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/update_geometry.h"
#include "session/composition.h"
#include "train/local/own_model.h"

struct fed_shown_updates fed__shown_updates(const struct fed_session *s)
{
	const struct fed_verdicts *g = &fed_session_federation(s)->verdicts;
	struct fed_shown_updates u = {0};
	struct fed_error unused;

	if (fed_session_open(s)) {
		for (size_t i = 0; i < g->n_taken; i++)
			if (!g->taken[i].update)
				return u;
		return (struct fed_shown_updates){g->taken, g->n_taken, true};
	}
	if (fed_updates_kept(s, &unused) == FED_OK)
		u = (struct fed_shown_updates){g->of, g->n, false};
	return u;
}

static int by_client(const void *a, const void *b)
{
	const struct fed_client_verdict *const *x = a, *const *y = b;

	if ((*x)->client != (*y)->client)
		return ((*x)->client > (*y)->client) - ((*x)->client < (*y)->client);
	return (*x > *y) - (*x < *y); /* async: of two of one client the first comes first */
}

static int sort_updates(struct fed_client_models *m, const struct fed_shown_updates *u,
                        struct fed_error *err)
{
	if (!u->n)
		return FED_OK;
	m->update = fed_alloc_array(u->n, sizeof *m->update);
	if (!m->update)
		return fed_fail_memory(err, u->n * sizeof *m->update, "the clients' models");
	for (size_t i = 0; i < u->n; i++)
		m->update[i] = &u->of[i];
	qsort(m->update, u->n, sizeof *m->update, by_client);
	m->n = u->n;
	m->arrived = u->arrived;
	return FED_OK;
}

static int find_models(struct fed_client_models *m, const struct fed_session *s,
                       struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const size_t dim = parts->net_built ? parts->net.dim : 0;

	m->session = s;
	if (!dim)
		return FED_OK;
	if (fed_local_layers_make(parts->settings.local_layers, &parts->net, &m->sharing, err))
		return FED_FAIL;
	m->memory = fed_alloc_floats(3 * dim);
	if (!m->memory)
		return fed_fail_memory(err, 3 * dim * sizeof *m->memory, "the clients' models");
	float *before = m->memory + dim, *initial = m->memory + 2 * dim;
	m->dim = dim;
	m->own = m->memory;
	m->before = before;
	m->global = fed_session_params(s);
	if (!m->global) {
		fed_net_init_params(&parts->net, initial, (uint64_t)parts->settings.seed);
		m->global = initial;
	}
	const float *step = m->n && !m->arrived ? fed_session_federation(s)->verdicts.step : NULL;
	for (size_t j = 0; j < dim; j++)
		before[j] = step ? m->global[j] - step[j] : m->global[j];
	return FED_OK;
}

int fed_client_models_init(struct fed_client_models *m, const struct fed_session *s,
                           struct fed_error *err)
{
	const struct fed_shown_updates u = fed__shown_updates(s);

	*m = (struct fed_client_models){.arrived = u.arrived};
	if (sort_updates(m, &u, err) || find_models(m, s, err)) {
		fed_client_models_release(m);
		return FED_FAIL;
	}
	return FED_OK;
}

void fed_client_models_release(struct fed_client_models *m)
{
	fed_free_floats(m->memory);
	fed_free(m->update);
	fed_sharing_unref(m->sharing);
	*m = (struct fed_client_models){0};
}

static void put_own_layers(struct fed_client_models *m, uint32_t client)
{
	const struct fed_client *c = fed_clients_get(&fed_session_parts(m->session)->clients, client);

	if (c && fed_sharing_fits(m->sharing, c->own))
		fed_sharing_put_local(m->sharing, c->own->vector[0], m->own);
}

const float *fed_client_models_used(struct fed_client_models *m, uint32_t client)
{
	const struct fed_composition *parts = fed_session_parts(m->session);
	const struct fed_client *c = fed_clients_get(&parts->clients, client);
	const struct fed_own_models own = {.sharing = m->sharing,
	                                   .aggregator = &parts->aggregator,
	                                   .params = m->global,
	                                   .dim = m->dim};

	if (!c || !fed_own_models_exist(&own))
		return m->global;
	memcpy(m->own, m->global, m->dim * sizeof *m->own);
	return fed_own_model(&own, c, m->own);
}

const float *fed_client_models_own(struct fed_client_models *m, size_t i)
{
	const struct fed_instance *rule = &fed_session_parts(m->session)->aggregator;
	const float *delta = m->update[i]->update->vector[0];

	if (rule->entry && fed_instance_models(rule) > 1) /* of which it may have changed another */
		return fed_client_models_used(m, m->update[i]->client);

	for (size_t j = 0; j < m->dim; j++)
		m->own[j] = m->before[j] + delta[j];
	if (m->sharing)
		put_own_layers(m, m->update[i]->client);
	return m->own;
}
