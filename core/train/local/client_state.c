/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/client_state.c - state of clients between trainings: kept vectors (SCAFFOLD's c_i),
 * residuals.
 */
#include <string.h>

#include "base/mem.h"
#include "train/local/internal.h"

struct fed_shared_vectors *fed__copy_kept(const struct fed_client *client, uint32_t vectors,
                                          size_t dim)
{
	struct fed_shared_vectors *kept = fed_shared_vectors_new(vectors, dim);

	for (uint32_t k = 0; kept && client->kept && k < vectors; k++)
		memcpy(kept->vector[k], client->kept->vector[k], dim * sizeof(float));
	return kept;
}

/* Replace the client's residual by the training's; move the old one to `learned`. */
static void replace_residual(struct fed_trainer *t, struct fed_training *g,
                             struct fed_learned *learned)
{
	struct fed_client *client = fed_clients_get(t->federation->clients, g->client);

	if (!client)
		return; /* removed */
	learned->settled = true;
	learned->residual = client->residual;
	client->residual = fed_shared_vectors_ref(g->left);
}

/* Likewise the client's own layers. */
static void replace_own(struct fed_trainer *t, struct fed_training *g, struct fed_learned *learned)
{
	struct fed_client *client = fed_clients_get(t->federation->clients, g->client);

	if (!client)
		return;
	learned->renewed = true;
	learned->own = client->own;
	client->own = fed_shared_vectors_ref(g->trained);
}

int fed__remember(struct fed_trainer *t, struct fed_training *g, struct fed_error *err)
{
	if (!g->kept && !g->residual && !g->left && !g->trained)
		return FED_OK;
	if (t->n_learned == t->learned_capacity) {
		const size_t batch_capacity = t->learned_capacity ? 2 * t->learned_capacity : 16;
		struct fed_learned *grown = fed_resize(t->learned, t->learned_capacity * sizeof *grown,
		                                       batch_capacity * sizeof *grown);
		if (!grown)
			return fed_fail_memory(err, batch_capacity * sizeof *grown, "clients' states");
		t->learned = grown;
		t->learned_capacity = batch_capacity;
	}
	struct fed_learned *learned = &t->learned[t->n_learned++];
	*learned = (struct fed_learned){.client = g->client, .kept = fed_shared_vectors_ref(g->kept)};
	if (g->residual || g->left)
		replace_residual(t, g, learned);
	if (g->trained)
		replace_own(t, g, learned);
	return FED_OK;
}

void fed__trainer_commit(struct fed_trainer *t)
{
	struct fed_clients *clients = t->federation->clients;

	for (size_t i = 0; i < t->n_learned; i++) {
		struct fed_client *client = fed_clients_get(clients, t->learned[i].client);

		fed_shared_vectors_unref(t->learned[i].residual);
		fed_shared_vectors_unref(t->learned[i].own);
		if (!t->learned[i].kept)
			continue;
		if (!client) {
			fed_shared_vectors_unref(t->learned[i].kept); /* removed */
			continue;
		}
		fed_shared_vectors_unref(client->kept);
		client->kept = t->learned[i].kept;
		clients->kept_vectors = fed_client_vectors(t->federation->aggregator);
	}
	t->n_learned = 0;
}

void fed_trainer_unlearn(const struct fed_trainer *t, struct fed_client *row)
{
	for (size_t i = t->n_learned; i-- > 0;) { /* the client's first entry has the committed one */
		if (t->learned[i].settled)
			row[t->learned[i].client].residual = t->learned[i].residual;
		if (t->learned[i].renewed)
			row[t->learned[i].client].own = t->learned[i].own;
	}
}

void fed__forget_learned(struct fed_trainer *t)
{
	while (t->n_learned) { /* last one first: a client may have trained twice */
		struct fed_learned *learned = &t->learned[--t->n_learned];
		struct fed_client *client = fed_clients_get(t->federation->clients, learned->client);

		fed_shared_vectors_unref(learned->kept);
		if (learned->settled && client) {
			fed_shared_vectors_unref(client->residual);
			client->residual = learned->residual;
		} else {
			fed_shared_vectors_unref(learned->residual);
		}
		if (learned->renewed && client) {
			fed_shared_vectors_unref(client->own);
			client->own = learned->own;
		} else {
			fed_shared_vectors_unref(learned->own);
		}
	}
}
