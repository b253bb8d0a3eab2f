/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plugins/rounds.h - rounds of any size for the robust aggregators, and what their definitions say,
 * in plain loops.
 */
#ifndef FED_TEST_ROUNDS_H
#define FED_TEST_ROUNDS_H

#include "drive.h"

/* Updates in one block, rows ld apart. */
struct round {
	size_t n, dim, ld;
	uint64_t seed;
	float *x;
	struct fed_update *u; /* [n], weight 1, client ids that are not in order */
};
void round_make(struct round *, size_t n, size_t dim);
void round_free(struct round *);
/* Uniform in (-1, 1); or whole numbers of [-3, 3], which repeat and sum exactly. */
void round_random(struct round *, uint64_t key);
void round_whole(struct round *, uint64_t key);

/* A robust aggregator behind an optional pre-aggregation. */
struct rule {
	struct drive main, pre;
};
/* pre NULL: none. */
void rule_open(struct rule *, const char *name, const char *settings, const char *pre,
               const char *pre_settings);
void rule_close(struct rule *);
/* verdict and trust [n] may be NULL.  Asserts what holds for every verdict. */
int rule_run(struct rule *, const struct round *, struct fed_pool *, float *out,
             struct fed_verdict *verdict, struct fed_trust *trust, struct fed_error *);
/* As rule_run, of what must succeed. */
void rule_step(struct rule *, const struct round *, float *out);

/* The definitions; out [dim].  Selections also give the least relative gap between the score of the
 * last that was chosen and the first that was not: below 1e-4 rounding may choose another. */
void define_ranks(const struct round *, size_t lo, size_t hi, double *out);
double define_krum(const struct round *, size_t f, size_t m, double *out);
double define_bulyan(const struct round *, size_t f, double *out);
void define_norm_clip(const struct round *, double tau, double *out);
void define_centered_clip(const struct round *, double tau, size_t times, const double *from,
                          double *out);
/* How far z is from where the sum of distances is least: the length of the sum of unit vectors to
 * the updates per update, less the share of those that lie in z. */
double define_geometric_slope(const struct round *, const float *z);
/* The groups' means as a round; group [n]. */
void define_groups(const struct round *, size_t k, struct round *means, uint32_t *group);
/* Nearest neighbour mixing, bucketing. */
double define_nnm(const struct round *, size_t f, struct round *mixed);
void define_buckets(const struct round *, size_t s, struct round *mixed);

#endif
