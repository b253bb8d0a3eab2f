/* SPDX-License-Identifier: 0BSD */
/*
 * fedsh/host.h - services of the host for aggregators: memory, tiles, sums, distances, sorted
 * coordinates.
 *
 * The functions may be called until the call that passed r->host returns.  [round thread], in
 * begin, add, finish, reduce, mix and tell; neither in columns() and the client hooks nor inside
 * the work that the host runs for the plugin.  Those over all coordinates use the host's threads;
 * results are the same bits for any number of them.  A row is dim floats: an update's delta, or the
 * plugin's.
 */
#ifndef FEDSH_HOST_H
#define FEDSH_HOST_H

#include "plugin.h"

enum { FED_COLUMNS = 16 }; /* columns that host->sorted() passes at a time */

struct fed_host {
	uint32_t size; /* sizeof(struct fed_host) of the running host */
	/* Put a line into the session's log. */
	void (*note)(const struct fed_host *, const char *text);

	/* Zeroed memory, which the host frees after the call.  NULL: no memory, and err is set; return
	 * FED_FAIL. */
	void *(*scratch)(const struct fed_host *, size_t n, size_t size, struct fed_error *);
	/* work(ctx, j0, j1) on tiles that cover [0, dim).
	 * work: [any thread, disjoint tiles at once] */
	int (*tiles)(const struct fed_host *, void (*work)(void *ctx, size_t j0, size_t j1), void *ctx,
	             struct fed_error *);
	/* square[i * n + j] = |row_i - row_j|^2, symmetric, 0 between equal rows; infinite where a row
	 * is not finite. */
	int (*distances)(const struct fed_host *, const float *const row[], size_t n, double *square,
	                 struct fed_error *);
	/* square[i] = |row_i - from|^2; from NULL: the origin. */
	int (*lengths)(const struct fed_host *, const float *const row[], size_t n, const float *from,
	               double *square, struct fed_error *);
	/* out = sum_i w_i row_i, in the order of the rows; rows of weight 0 are not read. */
	int (*combine)(const struct fed_host *, const float *const row[], const double w[], size_t n,
	               float *out, struct fed_error *);
	/* sum += w row, in the order of these calls; done before finish() at the latest. */
	int (*accumulate)(const struct fed_host *, double *sum, double w, const float *row,
	                  struct fed_error *);
	/* Sort every coordinate: work() gets the columns of coordinates j0 .. j0 + width - 1; rank r of
	 * column k is sorted[r * FED_COLUMNS + k].  Ranks lo .. hi are needed: those below hold the
	 * smaller values in any order, those above the larger ones.  within, if any, gets for each row
	 * in how many coordinates its value lies between those of rank lo and hi, both included;
	 * coordinates in which both are 0 are not counted.  work: [any thread, disjoint columns at
	 * once] */
	int (*sorted)(const struct fed_host *, const float *const row[], size_t n, size_t lo, size_t hi,
	              void (*work)(void *ctx, const float *sorted, size_t j0, size_t width), void *ctx,
	              uint64_t *within, struct fed_error *);
	/* For the views, in reduce(): the group of update i (-1: none), and whether the rule trusted
	 * it.  For rules that down-weight updates instead of filtering them: by its verdict update i is
	 * still used, with its weight. */
	void (*mark)(const struct fed_host *, size_t i, int32_t group, bool trusted);
};

#endif
