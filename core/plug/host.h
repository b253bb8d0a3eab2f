/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/host.h - what an aggregator may call (struct fed_host), and what it leaves behind.
 */
#ifndef FED_PLUG_HOST_H
#define FED_PLUG_HOST_H

#include "base/pool.h"
#include "fedsh/aggregator.h"
#include "fedsh/host.h"

/* What a rule thinks of an update, beside its verdict. */
struct fed_trust {
	int32_t group; /* -1: it made none */
	bool trusted;
};

/* A sum to be made later: sum += w row. */
struct fed_addend {
	double *sum, w;
	const float *row;
};

/* Where one aggregation works.  Stays where it is between init and release: plugins have a pointer
 * into it. */
struct fed_workplace {
	struct fed_host host;         /* first: it leads back here */
	const struct fed_host *outer; /* notes go there; NULL: nowhere */
	struct fed_pool *pool;        /* NULL: this thread alone */
	size_t dim;
	struct fed_trust *trust; /* [n_trusts], the caller's */
	size_t n_trusts;
	void **scratch; /* [n_scratch] */
	size_t n_scratch;
	bool lasting;              /* rows stay where they are until settle: sums may wait */
	struct fed_addend *addend; /* [n_addends] */
	size_t n_addends, addend_capacity;
};
void fed_workplace_init(struct fed_workplace *, const struct fed_host *outer, struct fed_pool *,
                        size_t dim);
/* Make the sums that wait. */
int fed_workplace_settle(struct fed_workplace *, struct fed_error *);
/* After a call: its scratch memory. */
void fed_workplace_clear(struct fed_workplace *);
void fed_workplace_release(struct fed_workplace *); /* zeroed is fine */

/* out (m, dim), rows ld apart, = mix (m, n) rows: in doubles; a row of weight 0 is not looked at.
 */
int fed_workplace_mix(const struct fed_workplace *, const float *const row[], size_t n,
                      const double *mix, size_t m, float *out, size_t ld, struct fed_error *);

#endif
