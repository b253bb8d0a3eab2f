/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mimic - all attackers send a copy of one honest update.
 *
 * Karimireddy, He, Jaggi: Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing,
 * ICLR 2022.
 */
#include "honest.h"

#include <string.h>

struct mimic {
	int64_t which; /* client, or FARTHEST */
};

enum { FARTHEST = -1 };
static const char *const words[] = {"farthest", NULL};

static const struct fed_field fields[] = {
	FED_INT_WORD(struct mimic, which, FARTHEST, FARTHEST, UINT32_MAX - 1, words,
                 "the client to copy, when it is honest and reports"),
	FED_END,
};

static const char doc[] =
	"    all attackers send d_k, the honest update of client k\n"
	"    which=farthest   k = argmax_i |d_i - mean|, in each version anew\n"
	"    which=7          k = 7; in versions without it, the farthest\n"
	"\n"
	"Nothing that is sent is wrong: one honest client just counts m + 1 times.\n"
	"\n"
	"For: clients whose data differ (noniid). A rule that picks a crowd (krum) or\n"
	"a middle (median) takes the copied client for the majority and never learns\n"
	"what only the others have. Bucketing (`after=bucketing`) is the answer of\n"
	"the same paper. With iid data it does no harm.\n"
	"\n"
	"Source: Karimireddy, He, Jaggi, Byzantine-Robust Learning on Heterogeneous\n"
	"Datasets via Bucketing, ICLR 2022, sec. 3.2.\n"
	"\n"
	"Differences: the paper follows one client through the whole training, the\n"
	"one with the largest projection on the direction in which the updates vary\n"
	"most. which=ID follows a client; `farthest` chooses by distance, from one\n"
	"version's updates.";

static double squared_distance(const float *row, const double *mean, size_t m)
{
	double lane[LANES] = {0};

	for (size_t j = 0; j < m; j++) {
		const double off = row[j] - mean[j];
		lane[j % LANES] += off * off;
	}
	return add_up(lane);
}

/* Index of the known update farthest from the mean; of equal ones the first. */
static uint32_t farthest(const struct fed_collusion *c)
{
	double mean[TILE], *square = c->work;
	uint32_t best = 0;

	for (uint32_t i = 0; i < c->n_known; i++)
		square[i] = 0;
	for (size_t j0 = 0; j0 < c->dim; j0 += TILE) {
		const size_t m = tile_at(c, j0);

		honest_mean(c, j0, m, mean);
		for (uint32_t i = 0; i < c->n_known; i++)
			square[i] += squared_distance(c->known[i] + j0, mean, m);
	}
	for (uint32_t i = 1; i < c->n_known; i++)
		if (square[i] > square[best])
			best = i;
	return best;
}

static uint32_t choose(const struct mimic *s, const struct fed_collusion *c)
{
	for (uint32_t i = 0; i < c->n_known; i++)
		if (c->sender[i] == s->which)
			return i;
	return farthest(c);
}

static int collude(void *state, const struct fed_collusion *c, float *out, struct fed_error *err)
{
	(void)err;
	memcpy(out, c->known[choose(state, c)], c->dim * sizeof *out);
	return FED_OK;
}

FED_PLUGIN struct fed_attack fed_plugin = {
	.head = FED_ATTACK(struct mimic, "mimic", "a copy of one honest update", doc, fields),
	.collude = collude,
};
