/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/selection.c - marking of clients. */
#include "tui/views/selection.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int reserve_marks(struct fed_watched *w, uint32_t n, struct fed_error *err)
{
	const uint32_t capacity = n < 64 ? 64 : n;

	if (n <= w->marked_capacity)
		return FED_OK;
	uint32_t *grown = fed_resize(w->marked, w->marked_capacity * sizeof *grown,
	                             2 * (size_t)capacity * sizeof *grown);
	if (!grown)
		return fed_fail_memory(err, capacity * sizeof *grown, "the marks");
	w->marked = grown;
	w->marked_capacity = 2 * capacity;
	return FED_OK;
}

int fed__selection_turn(struct fed_watched *w, uint32_t client, struct fed_error *err)
{
	uint32_t at = 0;

	while (at < w->n_marked && w->marked[at] < client)
		at++;
	const size_t behind = w->n_marked - at;
	if (behind && w->marked[at] == client) {
		memmove(w->marked + at, w->marked + at + 1, (behind - 1) * sizeof *w->marked);
		w->n_marked--;
		return FED_OK;
	}
	if (reserve_marks(w, w->n_marked + 1, err))
		return FED_FAIL;
	memmove(w->marked + at + 1, w->marked + at, behind * sizeof *w->marked);
	w->marked[at] = client;
	w->n_marked++;
	return FED_OK;
}

static int by_id(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int fed__selection_add(struct fed_watched *w, const struct fed_client_table *r,
                       struct fed_error *err)
{
	const uint32_t all = w->n_marked + r->n;
	uint32_t n = 0;

	if (reserve_marks(w, all, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < r->n; i++)
		w->marked[w->n_marked + i] = r->ranked[i].client;
	if (all)
		qsort(w->marked, all, sizeof *w->marked, by_id);
	for (uint32_t i = 0; i < all; i++)
		if (n == 0 || w->marked[n - 1] != w->marked[i])
			w->marked[n++] = w->marked[i];
	w->n_marked = n;
	return FED_OK;
}
