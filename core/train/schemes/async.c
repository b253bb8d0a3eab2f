/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/async.c - asynchronous scheme: some clients are always at work, the server steps as
 * updates arrive.
 *
 * Xie 2019 (each update makes a version), Nguyen 2022 (each K do).  The aggregator decides which
 * (updates_per_step).  Staleness of an update: versions made since its client received the model.
 */
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "train/faults/faults.h"
#include "train/participants.h"
#include "train/memory_budget.h"
#include "train/round/aggregate.h"
#include "train/round/emit.h"
#include "train/round/invitations.h"
#include "train/schemes/schemes.h"

/* Limit of consecutive lost invitations, plus ten per concurrent client, after which a round fails.
 */
#define LOST_MAX 1000u

struct async {
	int64_t concurrency, max_staleness; /* settings */
	struct fed_aggregation aggregation;
	uint32_t enough; /* updates that complete the version */
	uint64_t lost;   /* consecutive invitations */
	bool begun;
};

static const char *const no_limit[] = {"none", NULL};
static const struct fed_field fields[] = {
	FED_INT(struct async, concurrency, 10, 1, 10000000, "clients at work at any moment"),
	FED_INT_WORD(struct async, max_staleness, -1, -1, 1000000000, no_limit,
                 "an update on a model that is more versions old is given up"),
	FED_END,
};

static bool is_idle(const struct fed_federation *f, uint32_t client)
{
	const struct fed_client *row = fed_clients_get(f->clients, client);

	return row && !fed__client_is_away(f->clients, client) && !fed_invitation_of(f, client) &&
	       fed_faults_present(f->faults, client, f->version);
}

/* Uniform choice of a present client without an open invitation; the stream is that of the next
 * invitation.  False when there is none. */
static bool choose(const struct fed_federation *f, uint32_t *client)
{
	struct fed_stream draw =
		fed_stream_open((uint64_t)f->settings->seed, FED_FOR_SAMPLE, f->invitations + 1, 1);

	for (int tries = 0; tries < 64; tries++) {
		*client = f->seen[fed_stream_below(&draw, f->n_seen)];
		if (is_idle(f, *client))
			return true;
	}
	/* Nearly all are at work or away: take the first idle one from a random place on. */
	const uint32_t first = fed_stream_below(&draw, f->n_seen);
	for (uint32_t k = 0; k < f->n_seen; k++) {
		*client = f->seen[(first + k) % f->n_seen];
		if (is_idle(f, *client))
			return true;
	}
	return false;
}

static uint32_t places(const struct fed_federation *f, const struct async *s)
{
	const uint32_t population = f->n_seen;

	return s->concurrency < (int64_t)population ? (uint32_t)s->concurrency : population;
}

static int top_up(struct fed_federation *f, const struct async *s, struct fed_error *err)
{
	const uint32_t capacity = places(f, s);

	while (f->n_open < capacity) {
		uint32_t client;

		if (!choose(f, &client))
			break; /* the others are away */
		if (fed__invite(f, &client, 1, err))
			return FED_FAIL;
	}
	if (f->n_open == 0 && fed_clients_are_remote(f->clients))
		return fed_reject(err, "none of the %u clients is here; `room` shows who is", f->n_seen);
	if (f->n_open == 0)
		return fed_reject(err,
		                  "no client is present: churn took away all %u; `heal` brings them back",
		                  f->n_seen);
	return FED_OK;
}

/* Callback fed_scheme.too_stale. */
static bool is_too_stale(const struct fed_federation *f, const void *state, uint64_t version)
{
	const struct async *s = state;

	return s->max_staleness >= 0 && f->version > version + (uint64_t)s->max_staleness;
}

/* Close the invitations whose updates would be too stale, so that other clients can be invited. */
static void give_up_stale(struct fed_federation *f, const struct async *s)
{
	if (is_too_stale(f, s, 0))
		fed__invitations_expire_before(f, f->version - (uint64_t)s->max_staleness,
		                               "its model is older than max-staleness allows");
}

static int async_begin(struct fed_federation *f, void *state, struct fed_error *err)
{
	struct async *s = state;

	s->lost = 0;
	s->enough = fed_updates_per_step(f->aggregator);
	const int rc = fed__memory_for_concurrency(f, places(f, s), s->enough, err);
	if (rc)
		return rc;
	if (fed__begin_aggregation(f, &s->aggregation, s->enough, err))
		return FED_FAIL;
	s->begun = true;
	give_up_stale(f, s);
	return top_up(f, s, err);
}

/* Invite another client in place of one that has ended, unless the version is complete: the next
 * one will be sent then. */
static int refill(struct fed_federation *f, const struct async *s, struct fed_error *err)
{
	return s->aggregation.n < s->enough ? top_up(f, s, err) : FED_OK;
}

static int async_arrived(struct fed_federation *f, void *state, const struct fed_envelope *e,
                         const float *base, struct fed_error *err)
{
	struct async *s = state;
	const struct fed_update update = fed__update_of(f, e, base);

	s->lost = 0;
	const int rc = fed_aggregation_add(&s->aggregation, &update, err);
	return rc ? rc : refill(f, s, err);
}

static int async_lost(struct fed_federation *f, void *state, uint64_t number, struct fed_error *err)
{
	struct async *s = state;

	(void)number;
	/* A client that replaces a lost one may be lost too, without end. */
	if (++s->lost > LOST_MAX + 10 * (uint64_t)s->concurrency) {
		fed_fail(err, "the last %llu invitations were all lost or refused",
		         (unsigned long long)s->lost);
		return fed__fail_unreported(f, err);
	}
	return refill(f, s, err);
}

static bool async_complete(const struct fed_federation *f, const void *state)
{
	const struct async *s = state;

	(void)f;
	return s->aggregation.n >= s->enough;
}

static int async_finish(struct fed_federation *f, void *state, float *out, struct fed_error *err)
{
	struct async *s = state;

	if (fed_aggregation_finish(&s->aggregation, out, err))
		return FED_FAIL;
	fed__verdicts_set(f, &s->aggregation);
	return FED_OK;
}

static void async_end(struct fed_federation *f, void *state)
{
	struct async *s = state;

	(void)f;
	if (s->begun)
		fed_aggregation_release(&s->aggregation);
	s->begun = false;
}

static bool async_drops_late(const void *state)
{
	const struct async *s = state;

	return s->max_staleness >= 0;
}

const struct fed_scheme fed__scheme_async = {
	.name = "async",
	.help = "clients are always at work, the server steps as updates come in",
	.doc = "`concurrency` clients, drawn uniformly among the idle, are at work at any moment;\n"
		   "one that answers is replaced at once by another, which gets the newest model. Each\n"
		   "update makes a version (fedasync), or each K updates do (fedbuff). The server never\n"
		   "waits for stragglers; the price is staleness: an update was computed on a model that\n"
		   "is some versions old. max-staleness=N drops updates of older models (late).\n"
		   "A rule that `select` chose has no effect here: it selects whole rounds, and async\n"
		   "invites one client at a time.\n"
		   "`round N` makes N versions. Work in flight when they are made goes on with the\n"
		   "next `round`.\n"
		   "\n"
		   "Source: Xie, Koyejo, Gupta 2019; Nguyen et al. 2022 (FedBuff).\n",
	.fields = fields,
	.state_size = sizeof(struct async),
	.begin = async_begin,
	.arrived = async_arrived,
	.lost = async_lost,
	.drops_late = async_drops_late,
	.complete = async_complete,
	.finish = async_finish,
	.end = async_end,
	.too_stale = is_too_stale,
	.overlaps = true,
};
