/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * krum - the one update with the least sum of distances to its nearest neighbours:
 *
 *     score_i = sum of |d_i - d_j|^2 over the n - f - 2 nearest others j
 *     step    = the d_i of the lowest score
 *
 * Blanchard, El Mhamdi, Guerraoui, Stainer: Machine Learning with Adversaries: Byzantine Tolerant
 * Gradient Descent, NIPS 2017, section 3.
 */
#include <string.h>

#include "robust_tell.h"

struct krum {
	int64_t f;
};

static const struct fed_field fields[] = {
	ROBUST_F(struct krum, "Byzantine updates that it assumes"),
	FED_END,
};

static const char doc[] =
	"    score_i = sum of |d_i - d_j|^2 over the n - f - 2 nearest others j\n"
	"    step    = d_k,   k the client of the lowest score\n"
	"\n"
	"Ties go to the lowest client id.  Needs 2f + 2 < n; f=most is the largest that\n"
	"fits.  Samples have no say.\n"
	"\n"
	"For: with at most f Byzantine updates the chosen one lies among the honest\n"
	"ones.  Far away outliers never win, but the step has the noise of a single\n"
	"client, and attackers who stay within the spread of the honest updates (alie)\n"
	"or who are copies of each other may be chosen: with different data at the\n"
	"clients the honest ones are far from each other.  nnm or bucketing in front of\n"
	"it help: `aggregator krum f=3 after=nnm`.\n"
	"\n"
	"Breakdown: f + 1 updates.  The score of a far one has n - f - 2 others in it,\n"
	"one of them honest at least: up to f, however far away, never win.\n"
	"\n"
	"The views show the score of every update; all but the chosen one are filtered.\n"
	"\n"
	"Source: Blanchard, El Mhamdi, Guerraoui, Stainer: Machine Learning with\n"
	"Adversaries: Byzantine Tolerant Gradient Descent, NIPS 2017, section 3.\n"
	"\n"
	"Differences: systems disagree.  Some sum n - f - 1 or n - f distances, some\n"
	"count the distance of an update to itself, some do not square.  This is the\n"
	"paper's.";

static int begin(void *state, const struct fed_round *r, struct fed_error *err)
{
	int64_t f;

	return robust_krum_f(((const struct krum *)state)->f, r->invited, &f, FED_REJECT, err);
}

static int reduce(void *state, const struct fed_round *r, const struct fed_update *const u[],
                  size_t n, struct fed_verdict *const v[], float *out, struct fed_error *err)
{
	struct robust_krum krum;
	int64_t f;

	if (robust_krum_f(((const struct krum *)state)->f, n, &f, FED_FAIL, err) ||
	    robust_krum_init(&krum, r, u, n, err))
		return FED_FAIL;
	struct robust_place *place = r->host->scratch(r->host, n, sizeof *place, err);
	if (!place)
		return FED_FAIL;
	robust_krum_rank(&krum, u, n - (size_t)f - 2, place);
	for (size_t p = 0; p < n; p++) {
		struct fed_verdict *verdict = v[place[p].i];

		verdict->score = (float)place[p].by;
		verdict->used = p == 0;
	}
	memcpy(out, u[place[0].i]->delta, r->dim * sizeof *out);
	return FED_OK;
}

static int tell(const void *state, const struct fed_round *r, const struct fed_update *const u[],
                size_t n, const struct fed_verdict *const v[], const float *step,
                const struct fed_teller *to, struct fed_error *err)
{
	struct tell t = {.to = to};
	int64_t f;

	(void)v, (void)step;
	if (robust_krum_f(((const struct krum *)state)->f, n, &f, FED_FAIL, err))
		return FED_FAIL;
	return tell_krum(&t, r, u, n, (size_t)f, 1, err);
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head =
		FED_AGGREGATOR(struct krum, "krum", "the update nearest to its neighbours", doc, fields),
	.begin = begin,
	.reduce = reduce,
	.tell = tell,
	.scratch_bytes = robust_krum_bytes,
	.affine = true,
};
