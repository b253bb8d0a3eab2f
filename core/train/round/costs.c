/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/costs.c - accounts by client.
 */
#include "train/round/costs.h"

#include <string.h>

#include "base/mem.h"
#include "train/round/state.h"

/* Place of the client's account in the hash table, or the free one where it would go. */
static struct fed_account *account_place(const struct fed_ledger *l, uint32_t client)
{
	const uint32_t mask = l->capacity - 1;
	uint32_t at = (uint32_t)fed_random(client, 0) & mask;

	while (l->account[at].owner && l->account[at].owner != client + 1)
		at = (at + 1) & mask;
	return &l->account[at];
}

void fed_ledger_release(struct fed_ledger *l)
{
	fed_free(l->account);
	*l = (struct fed_ledger){0};
}

/* Whether any cost is not 0; a client that gets the head from a peer has bytes without a message.
 */
static bool has_costs(const struct fed_costs *c)
{
	return c->messages_up || c->messages_down || c->bytes_up || c->bytes_down ||
	       c->client_flops > 0 || c->server_flops > 0;
}

const struct fed_costs *fed_ledger_of(const struct fed_ledger *l, uint32_t client)
{
	if (!l->n)
		return NULL;
	const struct fed_costs *costs = &account_place(l, client)->costs;
	return has_costs(costs) ? costs : NULL;
}

const struct fed_participation *fed_ledger_participation(const struct fed_ledger *l,
                                                         uint32_t client)
{
	if (!l->n)
		return NULL;
	const struct fed_participation *part = &account_place(l, client)->part;
	return part->times ? part : NULL;
}

void fed_ledger_take_part(struct fed_ledger *l, uint32_t client,
                          const struct fed_participation *part)
{
	account_place(l, client)->part = *part;
}

void fed_ledger_set_plain_down(struct fed_ledger *l, uint32_t client, uint64_t bytes)
{
	if (l->n && account_place(l, client)->owner)
		account_place(l, client)->costs.plain_down = bytes;
}

/* Reserve capacity for one more account; at most three quarters of the places are used. */
static int reserve(struct fed_ledger *l, struct fed_error *err)
{
	const size_t capacity = l->n < l->capacity / 4 * 3 ? l->capacity
	                        : l->capacity              ? 2 * (size_t)l->capacity
	                                                   : 16;

	if (capacity == l->capacity)
		return FED_OK;
	struct fed_account *old = l->account, *grown = fed_alloc_array(capacity, sizeof *grown);
	const uint32_t old_capacity = l->capacity;
	if (!grown)
		return fed_fail_memory(err, capacity * sizeof *grown, "the costs");
	l->account = grown;
	l->capacity = (uint32_t)capacity;
	for (uint32_t i = 0; i < old_capacity; i++)
		if (old[i].owner)
			*account_place(l, old[i].owner - 1) = old[i];
	fed_free(old);
	return FED_OK;
}

int fed_ledger_open(struct fed_ledger *l, uint32_t client, struct fed_error *err)
{
	if (reserve(l, err))
		return FED_FAIL;
	struct fed_account *a = account_place(l, client);
	l->n += a->owner == 0;
	a->owner = client + 1;
	return FED_OK;
}

void fed_costs_add(struct fed_costs *sum, const struct fed_costs *c)
{
	sum->messages_up += c->messages_up;
	sum->messages_down += c->messages_down;
	sum->bytes_up += c->bytes_up;
	sum->bytes_down += c->bytes_down;
	sum->plain_up += c->plain_up;
	sum->plain_down += c->plain_down;
	sum->client_flops += c->client_flops;
	sum->server_flops += c->server_flops;
}

void fed_ledger_enter(struct fed_ledger *l, uint32_t client, const struct fed_costs *costs)
{
	fed_costs_add(&account_place(l, client)->costs, costs);
	fed_costs_add(&l->total, costs);
}

/* Charges of the open round ----------------------------------------------------------------- */

static int add_charge(struct fed_federation *f, const struct fed_account *charge,
                      struct fed_error *err)
{
	struct fed_charges *all = &f->charges;

	if (!f->ledger)
		return FED_OK;
	if (fed_ledger_open(f->ledger, charge->owner - 1, err))
		return FED_FAIL;
	if (all->n == all->capacity) {
		const size_t capacity = all->capacity ? 2 * all->capacity : 64;
		struct fed_account *grown =
			fed_resize(all->charge, all->capacity * sizeof *grown, capacity * sizeof *grown);
		if (!grown)
			return fed_fail_memory(err, capacity * sizeof *grown, "the costs");
		all->charge = grown;
		all->capacity = capacity;
	}
	all->charge[all->n++] = *charge;
	return FED_OK;
}

int fed__charge(struct fed_federation *f, uint32_t client, const struct fed_costs *c,
                struct fed_error *err)
{
	const struct fed_account charge = {.owner = client + 1, .costs = *c};
	struct fed_record *r = &f->record;

	r->bytes_up += (double)c->bytes_up;
	r->bytes_down += (double)c->bytes_down;
	r->messages += (double)(c->messages_up + c->messages_down);
	r->client_flops += c->client_flops;
	r->server_flops += c->server_flops;
	return add_charge(f, &charge, err);
}

int fed__charge_participation(struct fed_federation *f, uint32_t client, double sent, float loss,
                              float loss_rms, struct fed_error *err)
{
	const struct fed_account charge = {
		.owner = client + 1,
		.part = {.last = f->version + 1,
	             .seconds = f->clock.now - sent,
	             .loss = loss,
	             .loss_rms = loss_rms,
	             .times = 1},
	};

	return add_charge(f, &charge, err);
}

/* Enter a participation of the committed version. */
static void enter_participation(struct fed_ledger *l, uint32_t client,
                                const struct fed_participation *part)
{
	const struct fed_participation *before = fed_ledger_participation(l, client);
	struct fed_participation now = *part;

	if (!part->times)
		return;
	now.times += before ? before->times : 0;
	fed_ledger_take_part(l, client, &now);
}

void fed__charges_commit(struct fed_federation *f)
{
	struct fed_charges *all = &f->charges;

	for (size_t i = 0; i < all->n; i++) {
		fed_ledger_enter(f->ledger, all->charge[i].owner - 1, &all->charge[i].costs);
		enter_participation(f->ledger, all->charge[i].owner - 1, &all->charge[i].part);
	}
	all->n = 0;
}
