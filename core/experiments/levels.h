/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/levels.h - levels of factors, applied to a copy of a session.
 *
 * Keys and their values; settings of a name stand behind colons (krum:f=2:after=nnm):
 *
 *     seed, dataset, partition, holdout,      the examples, dirichlet:alpha=0.1:samples=100; at
 *     unseen                                  version 0 only, as the same commands give them
 *     clients                                 so many, with the same examples in all
 *     model, scheme, cut, aggregator, select, transport
 *     device, link                            of all clients
 *     fault     FAULT:WHO:KEY=VALUE...        with at= and for=; none
 *     attack    ATTACK:WHO:KEY=VALUE...       of Byzantine clients, and of no others; without WHO
 *                                             20%; none
 *     any key of `set`
 */
#ifndef FED_EXPERIMENTS_LEVELS_H
#define FED_EXPERIMENTS_LEVELS_H

#include "experiments/population.h"

struct fed_level {
	const char *key, *value;
};
struct fed_levels_plan {
	struct fed_session *session;   /* the copy's original */
	bool afresh;                   /* the copy is at version 0, and may get other examples */
	struct fed_example_sets *sets; /* NULL unless afresh */
	/* The clients that `attack` makes Byzantine; an aggregator's f (q) is their number then, unless
	 * it is given. */
	const uint32_t *byzantine; /* [n_byzantine]; NULL: by WHO */
	uint32_t n_byzantine;
};

/* Apply levels, each key once, in the order in which a user would compose.  The copy is of no use
 * after FED_FAIL.  *data: what fed__example_sets_lend() lent, to be given back once the copy is
 * gone, or NULL. */
int fed__levels_apply(struct fed_session *copy, const struct fed_levels_plan *,
                      const struct fed_level *, size_t n, struct fed_dataset **data,
                      struct fed_error *);

/* Whether a key has names of plugins and the like, with settings behind colons. */
bool fed__level_is_part(const char *key);

#endif
