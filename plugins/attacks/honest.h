/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * honest.h - mean and standard deviation of the updates that colluders know, a tile of coordinates
 * at a time, so that the rows are read from memory once.
 *
 *     mean_j = 1/n sum_i d_ij        std_j = sqrt(1/n sum_i (d_ij - mean_j)^2)
 *
 * n is the number of known updates, all of equal weight; std is the population's.
 */
#ifndef HONEST_H
#define HONEST_H

#include <math.h>
#include <fedsh/attack.h>

enum { TILE = 1024 }; /* 100 rows of 1024 floats stay in the second cache */

/* Number of coordinates of the tile that begins at j0. */
static inline size_t tile_at(const struct fed_collusion *c, size_t j0)
{
	return c->dim - j0 < TILE ? c->dim - j0 : TILE;
}

/* Compute mean [m] of coordinates [j0, j0 + m). */
static inline void honest_mean(const struct fed_collusion *c, size_t j0, size_t m, double *mean)
{
	for (size_t j = 0; j < m; j++)
		mean[j] = 0;
	for (uint32_t i = 0; i < c->n_known; i++) {
		const float *row = c->known[i] + j0;
		for (size_t j = 0; j < m; j++)
			mean[j] += row[j];
	}
	for (size_t j = 0; j < m; j++)
		mean[j] /= c->n_known;
}

/* Compute std [m] of coordinates [j0, j0 + m). */
static inline void honest_std(const struct fed_collusion *c, size_t j0, size_t m,
                              const double *mean, double *std)
{
	for (size_t j = 0; j < m; j++)
		std[j] = 0;
	for (uint32_t i = 0; i < c->n_known; i++) {
		const float *row = c->known[i] + j0;
		for (size_t j = 0; j < m; j++) {
			const double off = row[j] - mean[j];
			std[j] += off * off;
		}
	}
	for (size_t j = 0; j < m; j++)
		std[j] = sqrt(std[j] / c->n_known);
}

/* Eight independent partial sums, in a fixed order: a single one would be limited by the latency of
 * additions. */
enum { LANES = 8 };

static inline double add_up(const double *lane)
{
	return ((lane[0] + lane[1]) + (lane[2] + lane[3])) +
	       ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

#endif
