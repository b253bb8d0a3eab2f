/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/costs.c - residuals and accounts of clients in a saved file.
 */
#include "checkpoint/costs.h"

#include <math.h>

#define SINCE 3u /* version of the file */

static const float *residual_of(const struct fed_clients *c, uint32_t id, size_t dim)
{
	const struct fed_parcel *p = c->client[id].residual;

	return p && p->dim == dim ? p->vector[0] : NULL;
}

void fed_save_residuals(struct fed_saver *f, const struct fed_clients *c, size_t dim)
{
	uint32_t n = 0;

	for (uint32_t id = 0; id < c->n; id++)
		n += residual_of(c, id, dim) != NULL;
	fed_saver_begin(f, "residuals", 8 + 4 + n * (4 + 4ull * dim));
	fed_put_u64(f, dim);
	fed_put_u32(f, n);
	for (uint32_t id = 0; id < c->n; id++) {
		if (!residual_of(c, id, dim))
			continue;
		fed_put_u32(f, id);
		fed_put_f32s(f, residual_of(c, id, dim), dim);
	}
	fed_saver_end(f);
}

static bool all_finite(const float *v, size_t n)
{
	size_t j = 0;

	while (j < n && isfinite(v[j]))
		j++;
	return j == n;
}

int fed_load_residuals(struct fed_loader *f, struct fed_clients *c, size_t dim)
{
	if (f->version < SINCE)
		return FED_OK;
	if (fed_loader_begin(f, "residuals"))
		return FED_FAIL;
	const uint64_t saved = fed_get_u64(f);
	const uint32_t n = fed_get_u32(f);
	if (n && saved != dim)
		return fed_loader_fail(f, "residuals of %llu numbers for a model of %zu",
		                       (unsigned long long)saved, dim);
	for (uint32_t i = 0; i < n && fed_loader_holds(f, dim, sizeof(float)); i++) {
		const uint32_t id = fed_get_u32(f);
		struct fed_client *x = fed_clients_get(c, id);

		if (!x || x->residual)
			return fed_loader_fail(f, "client %u", id);
		x->residual = fed_parcel_new(1, dim);
		if (!x->residual)
			return fed_loader_fail(f, "out of memory for what client %u has not sent", id);
		fed_get_f32s(f, x->residual->vector[0], dim);
		if (!all_finite(x->residual->vector[0], dim))
			return fed_loader_fail(f, "the residual of client %u is not finite", id);
	}
	return fed_loader_end(f);
}

#define COSTS_BYTES (5 * 8 + 2 * 8)
static void put_costs(struct fed_saver *f, const struct fed_costs *c)
{
	fed_put_u64(f, c->messages_up);
	fed_put_u64(f, c->messages_down);
	fed_put_u64(f, c->bytes_up);
	fed_put_u64(f, c->bytes_down);
	fed_put_u64(f, c->plain_up);
	fed_put_f64(f, c->client_flops);
	fed_put_f64(f, c->server_flops);
}

static void get_costs(struct fed_loader *f, struct fed_costs *c)
{
	c->messages_up = fed_get_u64(f);
	c->messages_down = fed_get_u64(f);
	c->bytes_up = fed_get_u64(f);
	c->bytes_down = fed_get_u64(f);
	c->plain_up = fed_get_u64(f);
	c->client_flops = fed_get_f64(f);
	c->server_flops = fed_get_f64(f);
	if (!(c->client_flops >= 0 && c->server_flops >= 0))
		fed_loader_fail(f, "%g and %g FLOPs", c->client_flops, c->server_flops);
}

/* The total, then the accounts by client. */
void fed_save_ledger(struct fed_saver *f, const struct fed_ledger *l, const struct fed_clients *c)
{
	uint32_t n = 0;

	for (uint32_t id = 0; id < c->n; id++)
		n += fed_ledger_of(l, id) != NULL;
	fed_saver_begin(f, "bill", COSTS_BYTES + 4 + (uint64_t)n * (4 + COSTS_BYTES));
	put_costs(f, &l->total);
	fed_put_u32(f, n);
	for (uint32_t id = 0; id < c->n; id++) {
		const struct fed_costs *costs = fed_ledger_of(l, id);

		if (!costs)
			continue;
		fed_put_u32(f, id);
		put_costs(f, costs);
	}
	fed_saver_end(f);
}

int fed_load_ledger(struct fed_loader *f, struct fed_ledger *l, const struct fed_clients *c)
{
	struct fed_costs total;
	struct fed_error why;

	if (f->version < SINCE)
		return FED_OK;
	if (fed_loader_begin(f, "bill"))
		return FED_FAIL;
	get_costs(f, &total);
	const uint32_t n = fed_get_u32(f);
	for (uint32_t i = 0; i < n && fed_loader_holds(f, 1, 4 + COSTS_BYTES); i++) {
		const uint32_t id = fed_get_u32(f);
		struct fed_costs costs;

		get_costs(f, &costs);
		if (f->failed)
			return FED_FAIL;
		if (id >= c->n || fed_ledger_of(l, id))
			return fed_loader_fail(f, "an account of client %u of %u, or two", id, c->n);
		if (fed_ledger_open(l, id, &why))
			return fed_loader_fail(f, "%s", why.text);
		fed_ledger_enter(l, id, &costs);
	}
	l->total = total; /* the sum in the order in which it was spent */
	return fed_loader_end(f);
}
