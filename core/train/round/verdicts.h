/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/verdicts.h - the aggregator's verdicts on the last version's updates, beside the
 * ground truth.
 *
 * fedsh knows who is Byzantine, the aggregator does not: precision and recall of a defence compare
 * the two.  The updates themselves are kept (by reference, without a copy) until the next round
 * begins, for the views, if they fit into FED_VERDICT_UPDATES_BYTES: the round's trainings then
 * write into the same memory, which is still in the caches.
 */
#ifndef FED_TRAIN_ROUND_VERDICTS_H
#define FED_TRAIN_ROUND_VERDICTS_H

#include "net/messenger.h"
#include "plug/calls/call.h"

#define FED_VERDICT_UPDATES_BYTES ((size_t)1 << 30)

struct fed_federation;

struct fed_client_verdict {
	uint32_t client, steps, staleness;
	uint64_t invitation; /* its number */
	uint64_t samples;
	double weighed; /* its weight in a mean: samples, or 1 */
	float loss;     /* mean local loss, as claimed */
	bool byzantine; /* under an active fault of that kind when it was invited */
	bool secret;    /* or perhaps so in its own program, which is not told yet: not byzantine */
	struct fed_verdict verdict;
	struct fed_verdict mixed; /* verdict on mixture i of a pre-aggregation, not on this update */
	struct fed_trust trust;   /* of rules that down-weight instead of filtering; and its group */
	struct fed_shared_vectors *update; /* reference to what the aggregator saw; NULL: not kept */
};

/* Whether the rule trusted the update. */
static inline bool fed_client_verdict_trusted(const struct fed_client_verdict *x)
{
	return x->verdict.used && x->trust.trusted;
}

static inline const char *fed_truth_word(bool byzantine, bool secret)
{
	return byzantine ? "Byzantine" : secret ? "secret" : "honest";
}

/* Where a step came from when the aggregator is a loaded plugin (on-plugin-error). */
struct fed_step_maker {
	bool failed;   /* the aggregator has */
	char name[32]; /* of the rule that made the step in its place; "": it was skipped */
};

struct fed_verdicts {
	struct fed_client_verdict
		*of; /* [n], in the aggregator's order; of the last committed version */
	size_t n, capacity;
	float *step;   /* [dim], of that version; NULL before the first */
	bool outdated; /* the aggregator's settings have changed since */
	struct fed_step_maker maker;
	/* Of the open round, in the same order. */
	struct fed_client_verdict *taken;
	size_t n_taken, taken_capacity;
	struct fed_step_maker taken_maker;
};
/* Whether the last version's step was skipped. */
static inline bool fed_step_was_skipped(const struct fed_verdicts *g)
{
	return g->maker.failed && !g->maker.name[0];
}

/* Add an update that the scheme has given to the aggregator. */
int fed__verdicts_add(struct fed_federation *, const struct fed_envelope *, struct fed_error *);
/* What was secret of the client is told. */
void fed_verdicts_tell(struct fed_verdicts *, uint32_t client, bool byzantine);
/* Record the verdicts of a finished aggregation, and the round's metrics of them.  Cannot fail. */
void fed__verdicts_set(struct fed_federation *, const struct fed_aggregation *);
/* Measure the distance of the step [dim] from the honest mean, when there was an attacker. */
void fed__verdicts_measure_step(struct fed_federation *, const float *step);
/* Release the last version's updates, so that the new round can use their memory. */
void fed__verdicts_release_updates(struct fed_verdicts *);
/* Commit the verdicts with the version, or roll them back.  Commit swaps the step with *step. */
void fed__verdicts_commit(struct fed_verdicts *, float **step);
void fed__verdicts_rollback(struct fed_verdicts *);
void fed__verdicts_release(struct fed_verdicts *);

#endif
