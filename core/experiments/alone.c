/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/alone.c - clients of a session trained alone.
 */
#include "experiments/alone.h"

#include "base/mem.h"
#include "session/internal.h"

int fed__session_copy_plain(struct fed_session *copy, const struct fed_session *s, bool afresh,
                            int threads, struct fed_error *err)
{
	struct fed_settings *set = &copy->parts.settings;

	if (fed__session_copy(copy, s, afresh, err) || fed_session_scheme(copy, "sync", NULL, 0, err) ||
	    fed_session_aggregator(copy, "fedavg", NULL, 0, err) ||
	    fed_session_transport(copy, "local", NULL, 0, err) ||
	    fed_session_select(copy, "uniform", NULL, 0, err))
		return FED_FAIL;
	fed_faults_release(&copy->parts.faults);
	for (uint32_t id = 0; id < copy->parts.clients.n; id++)
		copy->parts.clients.client[id].unseen = false;
	set->participants = 0;
	set->fraction = 1;
	set->noise = 0;
	snprintf(set->codec, sizeof set->codec, "none");
	snprintf(set->server_link, sizeof set->server_link, "none");
	snprintf(set->local_layers, sizeof set->local_layers, "none");
	set->eval_every = 1;
	set->evaluate_over = FED_EVALUATE_ORACLE;
	set->threads = threads;
	return FED_OK;
}

bool fed__alone_interrupted(const struct fed_session *s)
{
	return atomic_load(&s->interrupts) > 0;
}

/* A few clients at once. */
struct loners {
	const struct fed_session *session;
	const struct fed_alone_plan *plan;
	uint32_t first;           /* of them, in the plan */
	struct fed_session *copy; /* [n] */
	struct fed_error *why;    /* [n]; "": it went well */
};

static void play_loner(void *ctx, size_t i, int worker)
{
	const struct loners *l = ctx;
	const struct fed_alone_plan *plan = l->plan;
	struct fed_session *copy = &l->copy[i];
	struct fed_run_result result;

	(void)worker;
	for (uint64_t k = 0; k < plan->rounds && !fed__alone_interrupted(l->session); k++) {
		if (fed_session_run(copy, 1, NULL, &result, &l->why[i]))
			return;
		if (plan->round)
			plan->round(plan->ctx, l->first + (uint32_t)i, k, copy);
	}
	l->why[i].text[0] = '\0';
}

/* Let a copy begin with the client's own layers. */
static int begin_with_own(const struct fed_session *s, uint32_t client, struct fed_session *copy,
                          struct fed_error *err)
{
	const struct fed_client *c = fed_clients_get(&s->parts.clients, client);
	struct fed_sharing *sharing;

	if (!c || !c->own || !copy->progress.params)
		return FED_OK;
	if (fed_local_layers_make(s->parts.settings.local_layers, &s->parts.net, &sharing, err))
		return FED_FAIL;
	if (fed_sharing_fits(sharing, c->own))
		fed_sharing_put_local(sharing, c->own->vector[0], copy->progress.params);
	fed_sharing_unref(sharing);
	return FED_OK;
}

static int make_loner(const struct loners *l, uint32_t i, struct fed_error *err)
{
	const struct fed_alone_plan *plan = l->plan;
	struct fed_session *copy = &l->copy[i];

	snprintf(l->why[i].text, sizeof l->why[i].text, "it failed without a reason");
	if (fed__session_copy_plain(copy, l->session, plan->afresh, 1, err))
		return FED_FAIL;
	copy->parts.clients.present[0] = plan->client[l->first + i];
	copy->parts.clients.n_present = 1;
	if (plan->epochs)
		copy->parts.settings.epochs = plan->epochs;
	if (plan->silent)
		copy->parts.settings.eval_every = 0;
	if (!plan->afresh && begin_with_own(l->session, plan->client[l->first + i], copy, err))
		return FED_FAIL;
	return fed_session_start(copy, err);
}

/* Play n clients at once. */
static int play_some(struct loners *l, uint32_t n, bool *interrupted, struct fed_error *err)
{
	const struct fed_alone_plan *plan = l->plan;
	int rc = FED_OK;

	for (uint32_t i = 0; rc == FED_OK && i < n; i++)
		rc = make_loner(l, i, err);
	if (rc == FED_OK)
		rc = fed_pool_each(l->session->federation.pool, n, play_loner, l, err);
	*interrupted = fed__alone_interrupted(l->session);
	for (uint32_t i = 0; rc == FED_OK && !*interrupted && i < n; i++)
		if (l->why[i].text[0])
			rc = fed_fail(err, "client %u alone: %s", plan->client[l->first + i], l->why[i].text);
		else if (plan->done)
			rc = plan->done(plan->ctx, l->first + i, &l->copy[i], err);
	for (uint32_t i = 0; i < n; i++)
		fed__session_drop(&l->copy[i]);
	return rc;
}

int fed_alone_play(const struct fed_session *s, const struct fed_alone_plan *plan,
                   bool *interrupted, struct fed_error *err)
{
	const uint32_t threads = (uint32_t)fed_pool_threads(s->federation.pool);
	struct loners l = {.session = s,
	                   .plan = plan,
	                   .copy = fed_alloc_array(threads, sizeof *l.copy),
	                   .why = fed_alloc_array(threads, sizeof *l.why)};
	int rc =
		l.copy && l.why ? FED_OK : fed_fail_memory(err, threads * sizeof *l.copy, "clients alone");

	*interrupted = false;
	while (rc == FED_OK && !*interrupted && l.first < plan->n) {
		const uint32_t n = plan->n - l.first < threads ? plan->n - l.first : threads;

		rc = play_some(&l, n, interrupted, err);
		l.first += n;
		if (rc == FED_OK && !*interrupted && plan->progress)
			plan->progress(plan->progress_ctx, l.first, plan->n);
	}
	fed_free(l.copy);
	fed_free(l.why);
	return rc;
}
