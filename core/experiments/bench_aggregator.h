/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/bench_aggregator.h - how long an aggregator takes for a round of random updates.
 */
#ifndef FED_EXPERIMENTS_BENCH_AGGREGATOR_H
#define FED_EXPERIMENTS_BENCH_AGGREGATOR_H

#include "session/session.h"

struct fed_aggregator_timing {
	size_t n, dim;
	uint32_t calls;
	double seconds; /* wall, of a call from begin to finish: the median */
	double rate;    /* bytes of updates a second */
};
/* Aggregate n updates of dim numbers again and again, for about a second and at least three times,
 * on the session's threads.  FED_REJECT: there is no such aggregator or setting. */
int fed_bench_aggregator(struct fed_aggregator_timing *, const struct fed_session *,
                         const char *aggregator, const struct fed_assign *, size_t n_assign,
                         size_t n, size_t dim, struct fed_error *);

#endif
