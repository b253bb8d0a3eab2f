/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/partition.c - a partition: check the request, size it, fill it by its kind, take the ids
 * from the pool.
 */
#include "data/partition.h"

#include <math.h>

#include "base/mem.h"
#include "data/partition_internal.h"

enum { MAX_SPREAD = 10 };

const char *const fed_partition_names[] = {
	[FED_PARTITION_IID] = "iid",           [FED_PARTITION_NONIID] = "noniid",
	[FED_PARTITION_SHARDS] = "shards",     [FED_PARTITION_DIRICHLET] = "dirichlet",
	[FED_PARTITION_QUANTITY] = "quantity", [FED_PARTITION_FEATURE] = "feature",
	[FED_PARTITION_NATURAL] = "natural",   [FED_PARTITION_IN_ORDER] = "in-order",
	[FED_PARTITION_IN_ORDER + 1] = NULL,
};

const char *const fed_partition_docs[] = {
	[FED_PARTITION_IID] =
		"Each client gets `samples` examples drawn at random from the pool, without\n"
		"replacement: all clients see the same mix of classes.",
	[FED_PARTITION_NONIID] =
		"Examples are sorted by label and cut into shards; each client gets two of them,\n"
		"so most clients know two classes only.\n\n"
		"Source: McMahan et al., Communication-Efficient Learning of Deep Networks from\n"
		"Decentralized Data, AISTATS 2017, sec. 3.",
	[FED_PARTITION_SHARDS] =
		"As noniid, with `shards` label shards for each client: 1 is the hardest case,\n"
		"many shards come close to iid.",
	[FED_PARTITION_DIRICHLET] =
		"The class mix of each client is drawn from a Dirichlet distribution with the\n"
		"parameter alpha for each class (scaled by the class' share of the pool): 100 is\n"
		"nearly iid, 0.1 gives most clients one or two classes. The source writes alpha\n"
		"for the sum over the classes: its 1 is alpha=0.1 here when there are ten.\n\n"
		"Source: Hsu, Qi, Brown, Measuring the Effects of Non-Identical Data Distribution\n"
		"for Federated Visual Classification, 2019.",
	[FED_PARTITION_QUANTITY] =
		"As iid, but of unequal sizes: each client gets one example first, the rest is split\n"
		"in shares that are lognormal with `spread` as the standard deviation of the\n"
		"logarithm. The mean is `samples` exactly.",
	[FED_PARTITION_FEATURE] =
		"As iid, but each client's inputs are changed by a gain and an offset of its own,\n"
		"as different sensors would: `spread` says how far.",
	[FED_PARTITION_NATURAL] =
		"The data's own users, one client each, in their order. Needs a dataset that\n"
		"knows its users, such as synthetic.",
	[FED_PARTITION_IN_ORDER] =
		"The next `samples` examples of the pool by their numbers: 0 to 599 for the first\n"
		"client, 600 to 1,199 for the second. What `fedsh join --data fashion:0-599` has on\n"
		"another machine is simulated by it. Where examples are sorted by class, clients are\n"
		"not alike.",
};

void fed_partition_result_release(struct fed_partition_result *result)
{
	fed_free(result->ids);
	fed_free(result->start);
	fed_free(result->shift);
	*result = (struct fed_partition_result){0};
}

/* How many examples ---------------------------------------------------------- */

static int fail_exhausted(const struct fed_partition_job *d, struct fed_error *err)
{
	const uint32_t left = d->pool->left;
	const double samples = (double)d->how->samples;

	if (left >= d->n)
		return fed_fail(err,
		                "%s client%s of %s example%s need%s %s, but %s are left in the pool; use "
		                "samples=%u%s, or add reuse to let clients share examples",
		                fed_count(d->n).s, d->n == 1 ? "" : "s", fed_count(samples).s,
		                samples == 1 ? "" : "s", d->n == 1 ? "s" : "", fed_count(d->n * samples).s,
		                fed_count(left).s, left / d->n, left / d->n == 1 ? "" : " or less");
	if (left == 0)
		return fed_fail(err,
		                "no examples are left in the pool; `remove-client` gives some back, or "
		                "add reuse to let clients share examples");
	return fed_fail(err,
	                "%s example%s left in the pool, fewer than 1 for each of %s clients; add fewer "
	                "clients, or add reuse to let clients share examples",
	                fed_count(left).s, left == 1 ? " is" : "s are", fed_count(d->n).s);
}

static int check_request(struct fed_partition_job *d, struct fed_error *err)
{
	if (d->how->samples < 1 || d->how->samples > UINT32_MAX)
		return fed_fail(err, "samples=%lld; it must be a whole number from 1",
		                (long long)d->how->samples);
	/* its exponential is used */
	if (!(d->how->spread >= 0 && d->how->spread <= MAX_SPREAD))
		return fed_fail(err, "spread=%g; it must be from 0 to %d", d->how->spread, MAX_SPREAD);
	if ((uint64_t)d->n * (uint64_t)d->how->samples <= d->pool->left)
		return FED_OK;
	if (!d->how->reuse)
		return fail_exhausted(d, err);
	d->shared = true;
	return FED_OK;
}

/* `quantity`: one example each, the rest in shares of lognormal(0, spread) weights: the mean is
 * `samples` exactly, so that the total is known in advance.  Rounding the running sum down spreads
 * the rounding. */
static int size_unequally(struct fed_partition_job *d, struct fed_error *err)
{
	const uint64_t rest = (uint64_t)d->n * (uint64_t)(d->how->samples - 1);
	double *sum = fed_alloc_array((size_t)d->n + 1, sizeof *sum);

	if (!sum)
		return fed_fail_memory(err, ((size_t)d->n + 1) * sizeof *sum, "clients' sizes");
	for (uint32_t i = 0; i < d->n; i++) {
		struct fed_stream r = fed_client_stream(d, i);

		sum[i + 1] = sum[i] + exp(d->how->spread * fed_stream_normal(&r));
	}
	for (uint32_t i = 0; i < d->n; i++)
		d->result->start[i + 1] = i + 1 + (uint64_t)((double)rest * (sum[i + 1] / sum[d->n]));
	fed_free(sum);
	return FED_OK;
}

static int size_clients(struct fed_partition_job *d, struct fed_error *err)
{
	const uint64_t total = (uint64_t)d->n * (uint64_t)d->how->samples;

	d->result->start = fed_alloc_array((size_t)d->n + 1, sizeof *d->result->start);
	if (!d->result->start)
		return fed_fail_memory(err, ((size_t)d->n + 1) * sizeof *d->result->start, "clients");
	d->result->ids = fed_alloc_array(total, sizeof *d->result->ids);
	if (!d->result->ids)
		return fed_fail_memory(err, total * sizeof *d->result->ids, "the clients' example numbers");
	if (d->how->kind == FED_PARTITION_QUANTITY)
		return size_unequally(d, err);
	for (uint32_t i = 0; i < d->n; i++)
		d->result->start[i + 1] = (i + 1) * (uint64_t)d->how->samples;
	return FED_OK;
}

/* Kinds ------------------------------------------------------------------------ */

/* `feature`: gain lognormal(0, spread), offset normal(0, spread), from each client's own stream. */
static int shift_clients(struct fed_partition_job *d, struct fed_error *err)
{
	d->result->shift = fed_alloc_array(d->n, sizeof *d->result->shift);
	if (!d->result->shift)
		return fed_fail_memory(err, d->n * sizeof *d->result->shift, "the clients' shifts");
	for (uint32_t i = 0; i < d->n; i++) {
		struct fed_stream r = fed_client_stream(d, i);

		d->result->shift[i].gain = (float)exp(d->how->spread * fed_stream_normal(&r));
		d->result->shift[i].offset = (float)(d->how->spread * fed_stream_normal(&r));
	}
	return FED_OK;
}

/* `in-order`: ascending; clients that share examples go round the dataset. */
static int take_in_order(struct fed_partition_job *d)
{
	uint32_t next = 0;

	for (uint64_t i = 0; i < d->result->start[d->n]; i++) {
		while (!d->shared && !fed_in_pool(d->pool, next))
			next++;
		d->result->ids[i] = d->shared ? (uint32_t)(i % d->data->train) : next++;
	}
	return FED_OK;
}

static int partition_by_kind(struct fed_partition_job *d, struct fed_error *err)
{
	switch (d->how->kind) {
	case FED_PARTITION_NONIID:
		return fed__partition_shards(d, 2, err);
	case FED_PARTITION_SHARDS:
		if (d->how->shards < 1 || d->how->shards > d->how->samples)
			return fed_fail(err, "shards=%lld; it must be from 1 to samples=%lld",
			                (long long)d->how->shards, (long long)d->how->samples);
		return fed__partition_shards(d, (uint32_t)d->how->shards, err);
	case FED_PARTITION_DIRICHLET:
		return fed__partition_dirichlet(d, err);
	case FED_PARTITION_IN_ORDER:
		return take_in_order(d);
	case FED_PARTITION_FEATURE:
		return shift_clients(d, err) ? FED_FAIL : fed__partition_uniform(d, err);
	default:
		return fed__partition_uniform(d, err);
	}
}

static int partition_sized(struct fed_partition_job *d, struct fed_error *err)
{
	if (d->how->kind == FED_PARTITION_NATURAL)
		return fed__partition_natural(d, err);
	if (check_request(d, err) || size_clients(d, err) || partition_by_kind(d, err))
		return FED_FAIL;
	return FED_OK;
}

static void take_from_pool(struct fed_example_pool *pool, const struct fed_partition_result *result,
                           uint32_t n)
{
	for (uint64_t i = 0; i < result->start[n]; i++)
		pool->free_bits[result->ids[i] / 64] &= ~((uint64_t)1 << (result->ids[i] % 64));
	pool->left -= (uint32_t)result->start[n];
}

int fed_partition_run(const struct fed_dataset *data, struct fed_example_pool *pool,
                      const struct fed_partition *how, uint32_t n, uint64_t seed, uint64_t number,
                      struct fed_partition_result *result, struct fed_error *err)
{
	struct fed_partition_result made = {0};
	struct fed_partition_job d = {.data = data,
	                              .pool = pool,
	                              .how = how,
	                              .n = n,
	                              .rand =
	                                  fed_stream_open(seed, FED_FOR_PARTITION, number, UINT64_MAX),
	                              .seed = seed,
	                              .number = number,
	                              .result = &made};

	if (!n)
		return fed_fail(err, "0 clients; there must be at least 1");
	if (partition_sized(&d, err)) {
		fed_partition_result_release(&made);
		return FED_FAIL;
	}
	made.shared = d.shared;
	if (!made.shared)
		take_from_pool(pool, &made, n);
	*result = made;
	return FED_OK;
}
