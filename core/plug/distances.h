/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/distances.h - squared Euclidean distances between updates.
 */
#ifndef FED_PLUG_DISTANCES_H
#define FED_PLUG_DISTANCES_H

#include "base/system/pool.h"

/* square [n][n]: squared Euclidean distances between the rows [n][dim], symmetric, to about 1e-5 of
 * each; 0 between equal rows, infinite where a row is not finite.  The same bits for any number of
 * threads; pool NULL: in this thread. */
int fed_distances(const float *const *row, size_t n, size_t dim, struct fed_pool *, double *square,
                  struct fed_error *);
/* square [n]: squared distances of the rows to `from`; NULL: to the origin. */
int fed_lengths(const float *const *row, size_t n, size_t dim, const float *from, struct fed_pool *,
                double *square, struct fed_error *);

#endif
