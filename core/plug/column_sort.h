/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/column_sort.h - sorting of each coordinate over many rows (private to plug/).
 */
#ifndef FED_PLUG_COLUMN_SORT_H
#define FED_PLUG_COLUMN_SORT_H

#include "base/pool.h"
#include "fedsh/host.h"

typedef void fed_sorted_work(void *ctx, const float *sorted, size_t j0, size_t width);
/* As struct fed_host's sorted(). */
int fed__sort_columns(const float *const *row, size_t n, size_t dim, size_t lo, size_t hi,
                      fed_sorted_work *, void *ctx, struct fed_pool *, uint64_t *within,
                      struct fed_error *);

#endif
