/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/partition_natural.c - partition `natural`: each client gets one of the data's own users, in
 * order.
 */

#include "base/mem.h"
#include "data/partition_internal.h"

/* Users ------------------------------------------------------------------------ */

struct users {
	uint32_t *count;  /* [owners]: training examples */
	uint32_t *first;  /* [owners + 1] into ids */
	uint32_t *ids;    /* [train]: by owner, ascending */
	uint32_t *chosen; /* [n]: the user of each client */
};

static void users_release(struct users *u)
{
	fed_free(u->count);
	fed_free(u->first);
	fed_free(u->ids);
	fed_free(u->chosen);
}

static int users_init(struct users *u, const struct fed_partition_job *d, struct fed_error *err)
{
	const struct fed_dataset *data = d->data;

	u->count = fed_alloc_array(data->owners, sizeof *u->count);
	u->first = fed_alloc_array((size_t)data->owners + 1, sizeof *u->first);
	u->ids = fed_alloc_array(data->train, sizeof *u->ids);
	u->chosen = fed_alloc_array(d->n, sizeof *u->chosen);
	if (!u->count || !u->first || !u->ids || !u->chosen)
		return fed_fail_memory(err, data->train * sizeof *u->ids, "the users");
	for (uint32_t i = 0; i < data->train; i++)
		u->first[data->owner[i] + 1]++;
	for (uint32_t k = 0; k < data->owners; k++)
		u->first[k + 1] += u->first[k];
	for (uint32_t i = 0; i < data->train; i++) {
		const uint32_t k = data->owner[i];

		u->ids[u->first[k] + u->count[k]++] = i;
	}
	return FED_OK;
}

/* Whether the user has examples, all of them in the pool. */
static bool user_whole(const struct users *u, const struct fed_partition_job *d, uint32_t k)
{
	for (uint32_t i = u->first[k]; i < u->first[k + 1]; i++)
		if (!fed_in_pool(d->pool, u->ids[i]))
			return false;
	return u->count[k] > 0;
}

static int choose_users(struct users *u, struct fed_partition_job *d, struct fed_error *err)
{
	uint32_t found = 0;

	for (uint32_t k = 0; k < d->data->owners && found < d->n; k++)
		if (user_whole(u, d, k))
			u->chosen[found++] = k;
	if (found == d->n)
		return FED_OK;
	if (!d->how->reuse)
		return fed_fail(err,
		                "%s client%s need%s as many users, but the pool has %s of the dataset's "
		                "%s; add at most %u, or add reuse to let clients share users",
		                fed_count(d->n).s, d->n == 1 ? "" : "s", d->n == 1 ? "s" : "",
		                fed_count(found).s, fed_count(d->data->owners).s, found);
	d->shared = true;
	found = 0;
	for (uint32_t k = 0; found < d->n; k = (k + 1) % d->data->owners)
		if (u->count[k])
			u->chosen[found++] = k;
	return FED_OK;
}

static int fill_users(const struct users *u, struct fed_partition_job *d, struct fed_error *err)
{
	struct fed_partition_result *result = d->result;

	result->start = fed_alloc_array((size_t)d->n + 1, sizeof *result->start);
	if (!result->start)
		return fed_fail_memory(err, ((size_t)d->n + 1) * sizeof *result->start, "clients");
	for (uint32_t i = 0; i < d->n; i++)
		result->start[i + 1] = result->start[i] + u->count[u->chosen[i]];
	result->ids = fed_alloc_array(result->start[d->n], sizeof *result->ids);
	if (!result->ids)
		return fed_fail_memory(err, result->start[d->n] * sizeof *result->ids, "clients' examples");
	for (uint32_t i = 0; i < d->n; i++)
		for (uint32_t k = 0; k < u->count[u->chosen[i]]; k++)
			result->ids[result->start[i] + k] = u->ids[u->first[u->chosen[i]] + k];
	return FED_OK;
}

int fed__partition_natural(struct fed_partition_job *d, struct fed_error *err)
{
	struct users u = {0};

	if (!d->data->owner)
		return fed_fail(
			err,
			"the dataset %s has no users of its own; use iid, noniid, shards, dirichlet, "
			"quantity or feature (synthetic has users, a table has with client=COLUMN)",
			d->data->name);

	int rc = users_init(&u, d, err);

	if (!rc)
		rc = choose_users(&u, d, err);
	if (!rc)
		rc = fill_users(&u, d, err);
	users_release(&u);
	return rc;
}
