/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/verdicts.h - the updates of the last version as the aggregator judged them, and the
 * truth.
 *
 * fedsh knows who is Byzantine, the aggregator does not: precision and recall of a defence compare
 * the two.  The updates themselves are kept (as shares, without a copy) until the next round
 * begins, for the views, as long as they fit into FED_VERDICT_UPDATES_BYTES: the round's trainings
 * then write into the same memory, which is still in the caches.
 */
#ifndef FED_TRAIN_ROUND_VERDICTS_H
#define FED_TRAIN_ROUND_VERDICTS_H

#include "net/messenger.h"
#include "plug/call.h"

#define FED_VERDICT_UPDATES_BYTES ((size_t)1 << 30)

struct fed_federation;

struct fed_client_verdict {
	uint32_t client, steps, staleness;
	uint64_t invitation; /* its number */
	uint64_t samples;
	double weighed; /* what a mean weighs it by: samples, or 1 */
	float loss;     /* mean local loss, as told */
	bool byzantine; /* under an active fault of that kind when it was asked */
	struct fed_verdict verdict;
	struct fed_verdict
		mixed; /* number i of those on a pre-aggregation's mixtures, not on this update */
	struct fed_trust trust;            /* of rules that leave nobody out, and groups */
	struct fed_shared_vectors *update; /* its share: what the aggregator saw; NULL when not kept */
};

/* Whether the rule took it for an honest one. */
static inline bool fed_client_verdict_trusted(const struct fed_client_verdict *x)
{
	return x->verdict.used && x->trust.trusted;
}

struct fed_verdicts {
	struct fed_client_verdict
		*of; /* [n], in the aggregator's order; of the last version that stands */
	size_t n, capacity;
	float *step;   /* [dim], of that version; NULL before the first */
	bool outdated; /* the aggregator's settings have changed since */
	/* Of the version that runs, in the same order. */
	struct fed_client_verdict *taken;
	size_t n_taken, taken_capacity;
};

/* The scheme has handed an update to the aggregator. */
int fed_verdicts_add(struct fed_federation *, const struct fed_envelope *, struct fed_error *);
/* After a finished aggregation: the verdicts of what was taken, and the round's figures from them.
 * Cannot fail. */
void fed_verdicts_set(struct fed_federation *, const struct fed_aggregation *);
/* The step [dim] is made: how far it is from the honest mean, when there was an attacker. */
void fed_verdicts_measure_step(struct fed_federation *, const float *step);
/* A round begins: the memory of the last one's updates is wanted. */
void fed_verdicts_release_updates(struct fed_verdicts *);
/* The version stands, or was given up.  The step that stands is swapped with *step. */
void fed_verdicts_commit(struct fed_verdicts *, float **step);
void fed_verdicts_rollback(struct fed_verdicts *);
void fed_verdicts_release(struct fed_verdicts *);

#endif
