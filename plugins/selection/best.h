/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * best.h - the k candidates with the lowest keys, and draws that are proportional to a weight.
 *
 * A heap of k entries passes over the candidates once: memory for k, time for n log k.
 */
#ifndef PLUGINS_SELECTION_BEST_H
#define PLUGINS_SELECTION_BEST_H

#include <math.h>

#include <fedsh/selection.h>

struct keyed {
	double key; /* not NaN */
	uint32_t i; /* the candidate; of equal keys the lower one is better */
};

/* The k best so far: a heap whose first entry is the worst. */
struct best {
	struct keyed *of; /* [k] */
	uint32_t n, k;
};

static inline bool is_better(const struct keyed *a, const struct keyed *b)
{
	return a->key != b->key ? a->key < b->key : a->i < b->i;
}

static inline int best_init(struct best *b, const struct fed_selection_host *host, uint32_t k,
                            struct fed_error *err)
{
	*b = (struct best){.of = host->scratch(host, k, sizeof *b->of, err), .k = k};
	return b->of ? FED_OK : FED_FAIL;
}

/* Move the first entry down until those below it are better. */
static inline void best_sink(struct best *b, struct keyed x)
{
	uint32_t at = 0;

	for (;;) {
		uint32_t below = 2 * at + 1;

		if (below >= b->n)
			break;
		if (below + 1 < b->n && is_better(&b->of[below], &b->of[below + 1]))
			below++;
		if (!is_better(&x, &b->of[below]))
			break;
		b->of[at] = b->of[below];
		at = below;
	}
	b->of[at] = x;
}

static inline void best_add(struct best *b, uint32_t i, double key)
{
	const struct keyed x = {key, i};
	uint32_t at = b->n;

	if (b->n == b->k) {
		if (b->k && is_better(&x, &b->of[0]))
			best_sink(b, x);
		return;
	}
	for (b->n++; at && is_better(&b->of[(at - 1) / 2], &x); at = (at - 1) / 2)
		b->of[at] = b->of[(at - 1) / 2];
	b->of[at] = x;
}

/* Write the candidates, in any order. */
static inline void best_take(const struct best *b, uint32_t *chosen, uint32_t *n)
{
	*n = b->n;
	for (uint32_t k = 0; k < b->n; k++)
		chosen[k] = b->of[k].i;
}

/* A key by which the k lowest are a draw without replacement, each next one with a probability
 * proportional to its weight among those that are left: exponential variables of rate `weight`
 * (Efraimidis, Spirakis, Weighted random sampling with a reservoir, 2006).  weight > 0. */
static inline double draw_key(uint64_t seed, uint32_t client, double weight)
{
	return -log(1 - fed_random_real(seed, client)) / weight;
}

#endif
