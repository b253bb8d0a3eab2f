/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * perturb.h - perturbed mean, shared by min-max and min-sum: the honest mean, moved by gamma along
 * a perturbation as far as a condition on squared distances allows.
 *
 *     sends  mean + gamma p
 *     p      unit: -mean/|mean|    std: -std    sign: -sign(mean)
 *
 * The squared distance to the honest update d_i is a_i + 2 gamma b_i + gamma^2 pp with
 *
 *     a_i = |mean - d_i|^2    b_i = p.(mean - d_i)    pp = p.p
 *
 * so that the largest gamma is the root of a quadratic equation.  Shejwalkar, Houmansadr:
 * Manipulating the Byzantine: Optimizing Model Poisoning Attacks and Defenses for Federated
 * Learning, NDSS 2021, section V.
 */
#ifndef PERTURB_H
#define PERTURB_H

#include "honest.h"

enum perturbation { UNIT, STD, SIGN };
static const char *const perturbations[] = {"unit", "std", "sign", NULL};

struct perturb {
	int perturbation; /* enum perturbation */
};

#define PERTURB_ROW                                               \
	FED_CHOICE(struct perturb, perturbation, UNIT, perturbations, \
	           "away from the mean: straight, by the spread, by signs")

/* Paragraphs of both docs. */
#define PERTURB_WAYS                                                          \
	"    perturbation=unit   p = -mean/|mean|\n"                              \
	"    perturbation=std    p = -std of each parameter (the population's)\n" \
	"    perturbation=sign   p = -sign(mean)\n"
#define PERTURB_SOURCE                                                               \
	"Source: Shejwalkar, Houmansadr, Manipulating the Byzantine: Optimizing Model\n" \
	"Poisoning Attacks and Defenses for Federated Learning, NDSS 2021, sec. V\n"     \
	"(aggregation rule unknown, updates known).\n"                                   \
	"\n"                                                                             \
	"Differences: the paper searches gamma by halving steps; here it is computed,\n" \
	"the same up to that search's tolerance. d_1 .. d_n are the updates that the\n"  \
	"attackers know; of a single one they send a copy.\n"

/* a_i and b_i of each known update, and their sums. */
struct apart {
	double *a, *b; /* [n_known] */
	double pp;
};

/* Compute mean [m] and p [m] of the tile at j0; `unit` is not divided by |mean|: gamma includes
 * that factor. */
static inline void perturb_tile(const struct perturb *s, const struct fed_collusion *c, size_t j0,
                                size_t m, double *mean, double *p)
{
	honest_mean(c, j0, m, mean);
	if (s->perturbation == STD)
		honest_std(c, j0, m, mean, p);
	else
		for (size_t j = 0; j < m; j++)
			p[j] = s->perturbation == UNIT ? mean[j] : (mean[j] > 0) - (mean[j] < 0);
	for (size_t j = 0; j < m; j++)
		p[j] = -p[j];
}

static inline void add_row(const float *row, const double *mean, const double *p, size_t m,
                           double *a, double *b)
{
	double square[LANES] = {0}, dot[LANES] = {0};
	size_t j = 0;

	for (; j + LANES <= m; j += LANES)
		for (size_t k = 0; k < LANES; k++) {
			const double off = mean[j + k] - row[j + k];
			square[k] += off * off;
			dot[k] += p[j + k] * off;
		}
	for (; j < m; j++) {
		const double off = mean[j] - row[j];
		square[0] += off * off;
		dot[0] += p[j] * off;
	}
	*a += add_up(square);
	*b += add_up(dot);
}

static inline struct apart measure(const struct perturb *s, const struct fed_collusion *c)
{
	struct apart q = {.a = c->work, .b = c->work + c->n_known};
	double mean[TILE], p[TILE];

	for (uint32_t i = 0; i < c->n_known; i++)
		q.a[i] = q.b[i] = 0;
	for (size_t j0 = 0; j0 < c->dim; j0 += TILE) {
		const size_t m = tile_at(c, j0);

		perturb_tile(s, c, j0, m, mean, p);
		for (uint32_t i = 0; i < c->n_known; i++)
			add_row(c->known[i] + j0, mean, p, m, &q.a[i], &q.b[i]);
		for (size_t j = 0; j < m; j++)
			q.pp += p[j] * p[j];
	}
	return q;
}

static inline void send_moved(const struct perturb *s, const struct fed_collusion *c, double gamma,
                              float *out)
{
	double mean[TILE], p[TILE];

	for (size_t j0 = 0; j0 < c->dim; j0 += TILE) {
		const size_t m = tile_at(c, j0);

		perturb_tile(s, c, j0, m, mean, p);
		for (size_t j = 0; j < m; j++)
			out[j0 + j] = (float)(mean[j] + gamma * p[j]);
	}
}

#endif
