/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/column_sort.h - sorting of each coordinate over many rows (private to plug/).
 */
#ifndef FED_PLUG_COLUMN_SORT_H
#define FED_PLUG_COLUMN_SORT_H

#include "base/system/pool.h"
#include "fedsh/host.h"

typedef void fed_sorted_work(void *ctx, const float *sorted, size_t j0, size_t width);
/* The arguments of struct fed_host's sorted(). */
struct fed_column_sort {
	const float *const *row; /* [n][dim] */
	size_t n, dim, lo, hi;
	fed_sorted_work *work;
	void *ctx;
	uint64_t *within; /* [n], or NULL */
};
int fed__sort_columns(const struct fed_column_sort *, struct fed_pool *, struct fed_error *);

#endif
