/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/residents.c - a table of clients' vectors.
 */
#include "train/local/residents.h"

#include "base/mem.h"
#include "train/local/internal.h"

struct fed_resident fed_residents_find(const struct fed_residents *t, uint32_t client)
{
	return client < t->n ? t->of[client] : (struct fed_resident){0};
}

static void drop(struct fed_resident *x)
{
	fed_shared_vectors_unref(x->kept);
	fed_shared_vectors_unref(x->residual);
	fed_shared_vectors_unref(x->own);
	*x = (struct fed_resident){0};
}

static bool grow(struct fed_residents *t, uint32_t n)
{
	const uint32_t wanted = n > 2 * t->n ? n : 2 * t->n;
	struct fed_resident *grown =
		fed_resize(t->of, t->n * sizeof *grown, wanted * sizeof *grown); /* zeroed */

	if (!grown)
		return false;
	t->of = grown;
	t->n = wanted;
	return true;
}

bool fed_residents_put(struct fed_residents *t, uint32_t client, uint64_t job,
                       const struct fed_training *g)
{
	const bool leaves = g && (g->kept || g->left || g->trained);

	if (client < t->n)
		drop(&t->of[client]);
	if (!leaves || (client >= t->n && !grow(t, client + 1)))
		return false;
	t->of[client] = (struct fed_resident){.job = job,
	                                      .kept = fed_shared_vectors_ref(g->kept),
	                                      .residual = fed_shared_vectors_ref(g->left),
	                                      .own = fed_shared_vectors_ref(g->trained)};
	return true;
}

void fed_residents_release(struct fed_residents *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		drop(&t->of[i]);
	fed_free(t->of);
	*t = (struct fed_residents){0};
}
