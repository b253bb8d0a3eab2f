/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/host.h - the host functions of aggregators (struct fed_host), and their state during
 * one aggregation.
 */
#ifndef FED_PLUG_CALLS_HOST_H
#define FED_PLUG_CALLS_HOST_H

#include "base/system/pool.h"
#include "fedsh/aggregator.h"
#include "fedsh/host.h"

/* A rule's judgement of an update, in addition to its verdict. */
struct fed_trust {
	int32_t group; /* -1: it made none */
	bool trusted;
};

/* A deferred sum: sum += w row. */
struct fed_addend {
	double *sum, w;
	const float *row;
};

/* The host's state during one aggregation.  Must not move between init and release: plugins have a
 * pointer into it. */
struct fed_aggregation_host {
	struct fed_host host;         /* first member: a pointer to it is one to this struct */
	const struct fed_host *outer; /* receives notes; NULL: none */
	struct fed_pool *pool;        /* NULL: this thread alone */
	size_t dim;
	struct fed_trust *trust; /* [n_trusts], the caller's */
	size_t n_trusts;
	void **scratch; /* [n_scratch] */
	size_t n_scratch;
	bool deferred;             /* rows are valid until the flush, so sums may be deferred */
	struct fed_addend *addend; /* [n_addends] */
	size_t n_addends, addend_capacity;
};
void fed__aggregation_host_init(struct fed_aggregation_host *, const struct fed_host *outer,
                                struct fed_pool *, size_t dim);
/* Compute the deferred sums. */
int fed__aggregation_host_flush(struct fed_aggregation_host *, struct fed_error *);
/* Release the scratch memory of a call. */
void fed__aggregation_host_clear(struct fed_aggregation_host *);
void fed__aggregation_host_release(struct fed_aggregation_host *); /* zeroed is fine */

/* out (m, dim), rows ld apart, = mix (m, n) rows: in doubles; rows of weight 0 are not read. */
int fed__aggregation_host_mix(const struct fed_aggregation_host *, const float *const row[],
                              size_t n, const double *mix, size_t m, float *out, size_t ld,
                              struct fed_error *);

#endif
