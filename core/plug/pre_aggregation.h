/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/pre_aggregation.h - mixtures of updates, which a pre-aggregation puts in their place (of
 * plug/ alone).
 */
#ifndef FED_PLUG_PRE_AGGREGATION_H
#define FED_PLUG_PRE_AGGREGATION_H

#include "plug/host.h"
#include "plug/registry.h"

struct fed_mixing {
	size_t n, m;
	double *mix;                 /* [m][n]: shares of the updates in each mixture */
	float *rows;                 /* [m][ld] */
	struct fed_update *update;   /* [m] */
	struct fed_verdict *verdict; /* [m] */
	struct fed_trust *trust;     /* [m] */
	const struct fed_update **u; /* [m], of update */
};
/* mix is zero, verdicts and trusts are unset; u [n] are the updates. */
int fed_mixing_init(struct fed_mixing *, size_t n, size_t m, size_t ld, struct fed_error *);
/* mix is filled in: check it, make rows, updates and verdicts.  `name` is the pre-aggregation. */
int fed_mixing_make(struct fed_mixing *, const struct fed_workplace *,
                    const struct fed_round *round, const struct fed_update *const *u,
                    const char *name, struct fed_error *);
/* All of this at once: what the pre-aggregation makes of n updates.  round->ld becomes that of the
 * rows. In call_aggregation.c, since it calls the plugin. */
int fed_mix(struct fed_mixing *, const struct fed_instance *pre, struct fed_workplace *,
            struct fed_round *, const struct fed_update *const *u, size_t n, struct fed_error *);
/* What the verdicts on the mixtures mean for the updates. */
void fed_mixing_judge(const struct fed_mixing *, struct fed_verdict *, struct fed_trust *);
void fed_mixing_release(struct fed_mixing *); /* zeroed is fine */

#endif
