/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/split_order.c - whose turns a round of split learning has, and in what order.
 */
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "train/participants.h"
#include "train/schemes/split_internal.h"
#include "train/selection.h"

static void shuffle(const struct fed_federation *f, uint32_t *chosen, uint32_t n)
{
	struct fed_stream order =
		fed_stream_open((uint64_t)f->settings->seed, FED_FOR_TURNS, f->version, 0);

	fed_stream_shuffle(&order, chosen, n);
}

/* Choose present clients in order of their ids, beginning where the last round would have ended. */
static uint32_t choose_in_turn(const struct fed_federation *f, uint32_t wanted, uint32_t *chosen)
{
	const uint32_t population = f->n_seen;
	const uint32_t first = (uint32_t)(f->version * wanted % population);
	uint32_t n = 0;

	for (uint32_t i = 0; i < population && n < wanted; i++) {
		const uint32_t id = f->seen[((uint64_t)first + i) % population];
		if (fed_faults_present(f->faults, id, f->version))
			chosen[n++] = id;
	}
	return n;
}

int fed__split_choose(struct fed_federation *f, struct fed_split *s, struct fed_error *err)
{
	const uint32_t wanted = fed__wanted_clients(f);
	uint32_t *chosen = fed_alloc_array(wanted, sizeof *chosen), n = 0;
	int rc = FED_OK;

	if (!chosen)
		return fed_fail_memory(err, wanted * sizeof *chosen, "the participants");
	if (fed__selects_by_query(f, wanted)) {
		rc = fed_reject(err,
		                "selection %s asks for the loss of the whole model, which no client of "
		                "split learning has; take a rule, or a variant, that asks for nothing",
		                f->selection->entry->head->name);
	} else if (s->order == FED_ORDER_RANDOM || fed__has_selection(f)) {
		rc = fed__select_clients(f, wanted, chosen, &n, err);
		if (rc == FED_OK && s->order == FED_ORDER_RANDOM)
			shuffle(f, chosen, n);
	} else {
		n = choose_in_turn(f, wanted, chosen);
	}
	if (rc == FED_OK && n == 0)
		rc =
			fed_reject(err, "no client is present: churn took away all %u; `heal` brings them back",
		               f->n_seen);
	if (rc == FED_OK)
		rc = fed__split_check_memory(f, s, chosen, n, err);
	if (rc == FED_OK) {
		s->turn = fed_alloc(n * sizeof *s->turn);
		s->queue = fed_alloc_array(n, sizeof *s->queue);
		if (!s->turn || !s->queue)
			rc = fed_fail_memory(err, n * sizeof *s->turn, "the turns");
	}
	for (uint32_t i = 0; rc == FED_OK && i < n; i++)
		s->turn[i] = (struct fed_turn){.federation = f,
		                               .split = s,
		                               .client = chosen[i],
		                               .remote = fed_client_is_remote(f->clients, chosen[i])};
	if (rc == FED_OK)
		s->turns = n;
	fed_free(chosen);
	return rc;
}
