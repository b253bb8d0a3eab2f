/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/sync.c - the synchronous scheme: invite a sample of clients, wait for all of them.
 *
 * McMahan 2017, algorithm 1: m = max(C K, 1) clients drawn uniformly without replacement; the
 * server steps when each of them has reported or is known to be lost.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "train/invite.h"

struct sync {
	struct fed_aggregation aggregation;
	bool begun;
};

static uint32_t participants(const struct fed_settings *s, uint32_t population)
{
	const double share = floor(s->fraction * population + 0.5);
	double m = s->participants ? (double)s->participants : share;

	if (m > population)
		m = population;
	return m < 1 ? 1 : (uint32_t)m;
}

static int sync_begin(struct fed_federation *f, void *state, struct fed_error *err)
{
	struct sync *s = state;
	const struct fed_clients *c = f->clients;
	const uint32_t m = participants(f->settings, c->n_present);
	struct fed_stream draw =
		fed_stream_open((uint64_t)f->settings->seed, FED_FOR_SAMPLE, f->version, 0);
	uint32_t *chosen = fed_alloc_array(m, sizeof *chosen);

	if (!chosen)
		return fed_fail_memory(err, m * sizeof *chosen, "the participants");
	int rc = fed_stream_choose(&draw, c->n_present, m, chosen, err);
	for (uint32_t i = 0; rc == FED_OK && i < m; i++)
		chosen[i] = c->present[chosen[i]];
	if (rc == FED_OK)
		rc = fed_begin_aggregation(f, &s->aggregation, m, err);
	s->begun = rc == FED_OK;
	if (rc == FED_OK)
		rc = fed_invite(f, chosen, m, err);
	fed_free(chosen);
	return rc;
}

static int sync_arrived(struct fed_federation *f, void *state, const struct fed_envelope *e,
                        struct fed_error *err)
{
	struct sync *s = state;
	const struct fed_update update = fed_update_of(f, e);

	return fed_aggregation_add(&s->aggregation, &update, err);
}

static int sync_lost(struct fed_federation *f, void *state, uint32_t client, struct fed_error *err)
{
	(void)f, (void)state, (void)client, (void)err;
	return FED_OK; /* the invitation is closed: nobody waits for it */
}

static bool sync_complete(const struct fed_federation *f, const void *state)
{
	(void)state;
	return fed_invitations_open(f) == 0;
}

static int sync_finish(struct fed_federation *f, void *state, float *out, struct fed_error *err)
{
	struct sync *s = state;

	if (fed_aggregation_finish(&s->aggregation, out, err))
		return FED_FAIL;
	return fed_keep_verdicts(f, &s->aggregation, err);
}

static void sync_end(struct fed_federation *f, void *state)
{
	struct sync *s = state;

	(void)f;
	if (s->begun)
		fed_aggregation_release(&s->aggregation);
	memset(s, 0, sizeof *s);
}

const struct fed_scheme fed_scheme_sync = {
	.name = "sync",
	.help = "invite a sample of the clients, wait for all, step once",
	.doc = "Each round invites m = max(C K, 1) of the K clients, drawn uniformly without\n"
		   "replacement (settings `fraction` = C, or `participants` = m). Each trains E epochs\n"
		   "of mini-batches of B examples on its own data (`epochs`, `batch`) and sends its\n"
		   "update; the server waits for all of them, then the aggregator makes one step.\n"
		   "A round lasts as long as its slowest client.\n"
		   "Source: McMahan et al. 2017, algorithm 1.\n",
	.state_size = sizeof(struct sync),
	.begin = sync_begin,
	.arrived = sync_arrived,
	.lost = sync_lost,
	.complete = sync_complete,
	.finish = sync_finish,
	.end = sync_end,
};
