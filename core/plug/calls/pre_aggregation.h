/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/pre_aggregation.h - mixtures of updates, with which a pre-aggregation replaces the
 * updates (private to plug/).
 */
#ifndef FED_PLUG_CALLS_PRE_AGGREGATION_H
#define FED_PLUG_CALLS_PRE_AGGREGATION_H

#include "plug/calls/host.h"
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
int fed__mixing_init(struct fed_mixing *, size_t n, size_t m, size_t ld, struct fed_error *);
/* After mix was written: check it, make rows, updates and verdicts.  `name` is the
 * pre-aggregation's. */
int fed__mixing_make(struct fed_mixing *, const struct fed_aggregation_host *,
                     const struct fed_round *round, const struct fed_update *const *u,
                     const char *name, struct fed_error *);
/* All of this at once: init, mix() of the pre-aggregation on n updates, make.  round->ld becomes
 * that of the rows.  Defined in call_aggregation.c, since it calls the plugin. */
int fed__mix(struct fed_mixing *, const struct fed_instance *pre, struct fed_aggregation_host *,
             struct fed_round *, const struct fed_update *const *u, size_t n, struct fed_error *);
/* Map the verdicts on the mixtures to verdicts on the updates. */
void fed__mixing_judge(const struct fed_mixing *, struct fed_verdict *, struct fed_trust *);
void fed__mixing_release(struct fed_mixing *); /* zeroed is fine */

#endif
