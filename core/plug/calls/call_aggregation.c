/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/call_aggregation.c - calls of aggregators and pre-aggregations, which turn a round's
 * updates into a step.
 */
#include "plug/calls/call_aggregation.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "plug/result_checks.h"
#include "plug/calls/pre_aggregation.h"
#include "plug/calls/remote.h"

/* Coordinates of a tile.  Measured with means of 10 and 100 updates of 1.7 million numbers: smaller
 * ones are up to 40% slower (1024), larger ones gain little and leave threads idle. */
enum { TILE = 4096 };

static const struct fed_aggregator *aggregator_of(const struct fed_instance *instance)
{
	return &instance->entry->copy.aggregator;
}

/* Beginning -------------------------------------------------------------- */

/* Rows start on cache lines, and never a multiple of 4096 bytes apart: the same column of all
 * rows would fall into the same few places of the cache. */
static size_t leading_dimension(size_t dim)
{
	const size_t ld = (dim + 15) / 16 * 16;

	return ld % 1024 == 0 ? ld + 16 : ld;
}

static int allocate(struct fed_aggregation *a, struct fed_error *err)
{
	const bool rows = fed_aggregation_keeps(a->instance) && !a->lent, after = a->instance->after;
	const size_t capacity = a->capacity ? a->capacity : 1, ld = a->round.ld;
	const char *what = "the updates of a round";

	if (capacity == 1 && !rows && !after) {
		a->update = &a->only;
		a->verdict = &a->only_verdict;
		a->trust = &a->only_trust;
		return FED_OK;
	}
	a->update = fed_alloc_array(capacity, sizeof *a->update);
	a->verdict = fed_alloc_array(capacity, sizeof *a->verdict);
	a->trust = fed_alloc_array(capacity, sizeof *a->trust);
	a->extra = fed_alloc_array(capacity, sizeof *a->extra);
	a->mixed = after ? fed_alloc_array(capacity, sizeof *a->mixed) : NULL;
	if (!a->update || !a->verdict || !a->trust || !a->extra || (after && !a->mixed))
		return fed_fail_memory(err, capacity * sizeof *a->update, what);
	if (!rows)
		return FED_OK;
	if (ld > SIZE_MAX / sizeof(float) / capacity)
		return fed_fail_memory(err, SIZE_MAX, what);
	a->rows = a->instance->worker ? fed__remote_rows(a->instance, capacity * ld)
	                              : fed_alloc_floats(capacity * ld);
	return a->rows ? FED_OK : fed_fail_memory(err, capacity * ld * sizeof(float), what);
}

/* Mixtures that a pre-aggregation makes of n updates. */
static size_t mixtures_of(const struct fed_instance *pre, size_t n)
{
	const struct fed_aggregator *plugin = aggregator_of(pre);
	size_t m = n;

	if (plugin->mixtures && pre->worker)
		m = (size_t)fed__remote_number(pre, FED_NUMBER_MIXTURES, n, 0, (double)n);
	else if (plugin->mixtures)
		m = plugin->mixtures(pre->state, n);

	return m < 1 ? 1 : m > n ? n : m;
}

/* Call begin() of the pre-aggregation, then that of the aggregator, with the number of
 * mixtures. */
static int call_begin(struct fed_aggregation *a, struct fed_error *err)
{
	struct fed_instance *const order[] = {a->instance->after, a->instance};
	struct fed_round round = a->round;
	int rc = FED_OK;

	for (size_t i = 0; rc == FED_OK && i < 2; i++) {
		struct fed_error words = {{0}};

		if (!order[i])
			continue;
		if (aggregator_of(order[i])->begin)
			rc = fed__check_code(order[i], "begin",
			                     aggregator_of(order[i])->begin(order[i]->state, &round, &words),
			                     true, &words, err);
		if (i == 0 && round.invited)
			round.invited = (uint32_t)mixtures_of(order[i], round.invited);
	}
	fed__aggregation_host_clear(&a->place);
	return rc;
}

/* Whether updates are not copied: an asynchronous version has one update, which is cheaper to read
 * in place. */
static bool stays(const struct fed_instance *instance, size_t capacity)
{
	return capacity == 1 && aggregator_of(instance)->columns && !instance->after;
}

static int begin_aggregation(struct fed_aggregation *a, struct fed_instance *instance,
                             const struct fed_round *round, size_t capacity, size_t lent_ld,
                             struct fed_pool *pool, struct fed_error *err)
{
	*a = (struct fed_aggregation){.instance = instance,
	                              .round = *round,
	                              .capacity = capacity,
	                              .lent = lent_ld > 0 || stays(instance, capacity)};
	fed__aggregation_host_init(&a->place, round->host, pool, round->dim);
	a->round.size = sizeof a->round;
	a->round.host = &a->place.host;
	a->round.ld = lent_ld ? lent_ld : leading_dimension(round->dim);
	if (!instance->worker) /* its process does */
		fed__instance_zero_scratch(instance);
	int rc = allocate(a, err);
	if (rc == FED_OK && fed_is_pre_aggregation(instance->entry))
		rc = fed_fail(err,
		              "%s is a pre-aggregation: it goes before an aggregator, as in `aggregator "
		              "krum after=%s`",
		              instance->entry->head->name, instance->entry->head->name);
	if (rc == FED_OK)
		rc = instance->worker ? fed__remote_begin(a, err) : call_begin(a, err);
	if (rc != FED_OK)
		fed__aggregation_release(a);
	return rc;
}

int fed__aggregation_begin(struct fed_aggregation *a, struct fed_instance *instance,
                           const struct fed_round *round, size_t capacity, struct fed_pool *pool,
                           struct fed_error *err)
{
	return begin_aggregation(a, instance, round, capacity, 0, pool, err);
}

int fed_aggregation_borrow(struct fed_aggregation *a, struct fed_instance *instance,
                           const struct fed_round *round, size_t capacity, struct fed_pool *pool,
                           struct fed_error *err)
{
	return begin_aggregation(a, instance, round, capacity, round->ld, pool, err);
}

size_t fed_aggregation_mixtures(const struct fed_aggregation *a)
{
	return a->instance->after ? mixtures_of(a->instance->after, a->n) : a->n;
}

double fed_aggregation_bytes(const struct fed_instance *instance, size_t dim, size_t capacity)
{
	const double rows = fed_aggregation_keeps(instance) ? 1.0 + fed_returned_vectors(instance) : 0;
	const struct fed_aggregation *const a = NULL;

	return (double)capacity * (rows * (double)leading_dimension(dim) * sizeof(float) +
	                           sizeof *a->update + sizeof *a->verdict + sizeof *a->trust +
	                           sizeof *a->extra + (instance->after ? sizeof *a->mixed : 0));
}

/* The scratch memory that a plugin declares for n updates; invalid values count as 0. */
static double scratch_of(const struct fed_instance *instance, size_t n, size_t dim)
{
	const struct fed_aggregator *plugin = aggregator_of(instance);
	double bytes = 0;

	if (plugin->scratch_bytes && instance->worker)
		bytes = fed__remote_number(instance, FED_NUMBER_SCRATCH, n, dim, 0);
	else if (plugin->scratch_bytes)
		bytes = plugin->scratch_bytes(instance->state, n, dim);

	return bytes > 0 && isfinite(bytes) ? bytes : 0;
}

double fed_finish_bytes(const struct fed_instance *instance, size_t dim, size_t capacity)
{
	if (!instance->after)
		return scratch_of(instance, capacity, dim);

	/* the scratch memory of mix() is released before the mixtures are aggregated */
	const size_t m = mixtures_of(instance->after, capacity);
	const double before = scratch_of(instance->after, capacity, dim);
	const double then = scratch_of(instance, m, dim);

	return (before > then ? before : then) +
	       (double)m *
	           ((double)capacity * sizeof(double) + (double)leading_dimension(dim) * sizeof(float));
}

/* Adding ----------------------------------------------------------------- */

/* Copy the vectors of u into row i: its delta, its base unless that is the model itself, and the
 * returned vectors behind a table of pointers to them. */
static int keep_row(struct fed_aggregation *a, const struct fed_update *u, struct fed_error *err)
{
	const size_t dim = a->round.dim, bytes = dim * sizeof(float), i = a->n;
	const uint32_t returned = u->returned ? fed_returned_vectors(a->instance) : 0;
	const bool stale = u->base != a->round.params;
	struct fed_update *row = &a->update[i];
	float *delta = a->rows + i * a->round.ld;

	memcpy(delta, u->delta, bytes);
	row->delta = delta;
	row->returned = NULL;
	if (!stale && !returned)
		return FED_OK;

	const size_t table = (returned * sizeof(float *) + 63) / 64 * 16; /* floats, whole lines */
	const size_t floats = table + (stale + returned) * dim;
	float *block = fed_alloc_floats(floats);
	if (!block)
		return fed_fail_memory(err, floats * sizeof(float), "the vectors of an update");
	a->extra[i] = block;
	float *at = block + table;
	if (stale) {
		memcpy(at, u->base, bytes);
		row->base = at;
		at += dim;
	}
	const float **pointer = (const float **)(void *)block;
	for (uint32_t k = 0; k < returned; k++, at += dim) {
		memcpy(at, u->returned[k], bytes);
		pointer[k] = at;
	}
	if (returned)
		row->returned = pointer;
	return FED_OK;
}

static void unset_verdict(struct fed_verdict *v, struct fed_trust *b, const struct fed_update *u)
{
	*v = (struct fed_verdict){
		.size = sizeof *v, .weight = (float)u->weight, .score = NAN, .used = true};
	*b = (struct fed_trust){.group = -1, .trusted = true};
}

static int call_add(struct fed_aggregation *a, const struct fed_update *u, struct fed_verdict *v,
                    struct fed_error *err)
{
	struct fed_error words = {{0}};
	const int rc = aggregator_of(a->instance)->add(a->instance->state, &a->round, u, v, &words);

	return fed__check_code(a->instance, "add", rc, true, &words, err);
}

int fed__aggregation_add(struct fed_aggregation *a, const struct fed_update *u,
                         struct fed_error *err)
{
	int rc = FED_OK;

	if (a->n == a->capacity)
		return fed_fail(err, "aggregator %s: more than the %zu updates of this round",
		                a->instance->entry->head->name, a->capacity);
	struct fed_update *row = &a->update[a->n];
	*row = *u;
	row->size = sizeof *row;
	unset_verdict(&a->verdict[a->n], &a->trust[a->n], u);
	if (fed_aggregation_keeps(a->instance)) {
		rc = a->lent ? FED_OK : keep_row(a, u, err);
	} else {
		rc = a->instance->worker ? fed__remote_add(a, row, &a->verdict[a->n], err)
		                         : call_add(a, row, &a->verdict[a->n], err);
		row->delta = row->base = NULL;
		row->returned = NULL;
	}
	a->n += rc == FED_OK;
	return rc;
}

int fed_aggregation_lend(struct fed_aggregation *a, struct fed_instance *instance,
                         const struct fed_round *round, const struct fed_lent_updates *lent,
                         struct fed_pool *pool, struct fed_error *err)
{
	struct fed_error why;
	int rc = begin_aggregation(a, instance, round, lent->n, round->ld, pool, err);

	a->place.deferred = rc == FED_OK;
	for (size_t i = 0; rc != FED_FAIL && a->lent && i < lent->n; i++) {
		rc = fed__aggregation_add(a, &lent->update[i], &why);
		if (rc == FED_REJECT)
			lent->refused(lent->ctx, i, why.text);
		else if (rc == FED_FAIL)
			*err = why;
	}
	if (rc == FED_FAIL)
		fed__aggregation_release(a);
	return rc == FED_REJECT && a->lent ? FED_OK : rc;
}

/* The step --------------------------------------------------------------- */

/* Tiles of columns, spread over the threads; of several failures that of the first coordinates is
 * reported. */
struct tiles {
	const struct fed_aggregation *a;
	const struct fed_update *const *u;
	size_t n;
	float *out;
	pthread_mutex_t lock; /* of what follows */
	size_t first_failed;
	int rc;
	struct fed_error err;
};

static void run_tile(void *ctx, size_t i, int worker)
{
	struct tiles *t = ctx;
	const struct fed_instance *instance = t->a->instance;
	const size_t dim = t->a->round.dim, j0 = i * TILE, j1 = j0 + TILE < dim ? j0 + TILE : dim;
	struct fed_error words = {{0}}, err;

	(void)worker;
	fed__fill_unwritten(t->out + j0, j1 - j0);
	int rc = aggregator_of(instance)->columns(instance->state, &t->a->round, t->u, t->n, j0, j1,
	                                          t->out, &words);
	rc = fed__check_code(instance, "columns", rc, false, &words, &err);
	if (rc == FED_OK)
		rc = fed__check_step(instance, t->out, j0, j1, &err);
	if (rc == FED_OK)
		return;
	pthread_mutex_lock(&t->lock);
	if (t->rc == FED_OK || i < t->first_failed) {
		t->rc = rc;
		t->err = err;
		t->first_failed = i;
	}
	pthread_mutex_unlock(&t->lock);
}

static int run_columns(const struct fed_aggregation *a, const struct fed_update *const *u, size_t n,
                       float *out, struct fed_error *err)
{
	struct tiles tiles = {.a = a, .u = u, .n = n, .out = out, .lock = PTHREAD_MUTEX_INITIALIZER};

	/* one update is too little work to spread */
	struct fed_pool *pool = n > 1 ? a->place.pool : NULL;

	if (fed_pool_each(pool, (a->round.dim + TILE - 1) / TILE, run_tile, &tiles, err))
		return FED_FAIL;
	if (tiles.rc != FED_OK)
		*err = tiles.err;
	return tiles.rc;
}

static int run_reduce(struct fed_aggregation *a, const struct fed_update *const *u, size_t n,
                      struct fed_verdict *verdict, float *out, struct fed_error *err)
{
	const struct fed_instance *instance = a->instance;
	struct fed_verdict **v = fed_alloc_array(n, sizeof *v);
	struct fed_error words = {{0}};

	if (!v)
		return fed_fail_memory(err, n * sizeof *v, "the verdicts");
	for (size_t i = 0; i < n; i++)
		v[i] = &verdict[i];
	fed__fill_unwritten(out, a->round.dim);
	const int rc =
		aggregator_of(instance)->reduce(instance->state, &a->round, u, n, v, out, &words);
	fed__aggregation_host_clear(&a->place);
	fed_free(v);
	if (fed__check_code(instance, "reduce", rc, false, &words, err))
		return FED_FAIL;
	return fed__check_step(instance, out, 0, a->round.dim, err);
}

static int run_finish(struct fed_aggregation *a, float *out, struct fed_error *err)
{
	const struct fed_instance *instance = a->instance;
	struct fed_error words = {{0}};

	if (fed__aggregation_host_flush(&a->place, err))
		return FED_FAIL;
	fed__fill_unwritten(out, a->round.dim);
	const int rc = aggregator_of(instance)->finish(instance->state, &a->round, out, &words);
	fed__aggregation_host_clear(&a->place);
	if (fed__check_code(instance, "finish", rc, false, &words, err))
		return FED_FAIL;
	return fed__check_step(instance, out, 0, a->round.dim, err);
}

/* Pass n mixtures to a streaming plugin. */
static int run_stream(struct fed_aggregation *a, const struct fed_update *const *u, size_t n,
                      struct fed_verdict *verdict, float *out, struct fed_error *err)
{
	a->place.deferred = true;
	for (size_t i = 0; i < n; i++) {
		const int rc = call_add(a, u[i], &verdict[i], err);

		if (rc == FED_FAIL)
			return FED_FAIL;
		verdict[i].used &= rc == FED_OK;
	}
	return run_finish(a, out, err);
}

static int run_rows(struct fed_aggregation *a, const struct fed_update *const *u, size_t n,
                    struct fed_verdict *verdict, struct fed_trust *trust, float *out,
                    struct fed_error *err)
{
	const struct fed_aggregator *plugin = aggregator_of(a->instance);

	a->place.trust = trust;
	a->place.n_trusts = n;
	for (size_t i = 0; plugin->columns && plugin->weigh && i < n; i++)
		plugin->weigh(a->instance->state, &a->round, u[i], &verdict[i]);
	if (plugin->columns)
		return run_columns(a, u, n, out, err);
	if (plugin->reduce)
		return run_reduce(a, u, n, verdict, out, err);
	return run_stream(a, u, n, verdict, out, err);
}

/* Normalise the weights: those of used updates sum to 1, those of filtered ones are 0. */
static int share_weights(const struct fed_instance *instance, const struct fed_update *const *u,
                         struct fed_verdict *verdict, size_t n, struct fed_error *err)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		struct fed_verdict *v = &verdict[i];
		if (!v->used)
			v->weight = 0;
		if (!isfinite(v->weight))
			return fed_fail(err, "aggregator %s: gave the update of client %u the weight %f",
			                instance->entry->head->name, u[i]->client, (double)v->weight);
		sum += v->weight;
	}
	for (size_t i = 0; sum != 0 && i < n; i++)
		verdict[i].weight = (float)(verdict[i].weight / sum);
	return FED_OK;
}

int fed__mix(struct fed_mixing *x, const struct fed_instance *pre,
             struct fed_aggregation_host *place, struct fed_round *round,
             const struct fed_update *const *u, size_t n, struct fed_error *err)
{
	struct fed_error words = {{0}};

	/* the layout of the mixtures does not depend on that of the updates */
	round->ld = leading_dimension(round->dim);
	if (fed__mixing_init(x, n, mixtures_of(pre, n), round->ld, err))
		return FED_FAIL;
	int rc = aggregator_of(pre)->mix(pre->state, round, u, n, x->mix, x->m, &words);
	fed__aggregation_host_clear(place);
	rc = fed__check_code(pre, "mix", rc, false, &words, err);
	if (rc == FED_OK)
		rc = fed__mixing_make(x, place, round, u, pre->entry->head->name, err);
	if (rc)
		fed__mixing_release(x);
	return rc;
}

/* Aggregate the mixtures that the pre-aggregation makes of the updates. */
static int run_mixed(struct fed_aggregation *a, const struct fed_update *const *u, float *out,
                     struct fed_error *err)
{
	struct fed_mixing x;

	if (fed__mix(&x, a->instance->after, &a->place, &a->round, u, a->n, err))
		return FED_FAIL;
	int rc = run_rows(a, x.u, x.m, x.verdict, x.trust, out, err);
	if (rc == FED_OK)
		rc = share_weights(a->instance, x.u, x.verdict, x.m, err);
	if (rc == FED_OK) {
		fed__mixing_judge(&x, a->verdict, a->trust);
		memcpy(a->mixed, x.verdict, x.m * sizeof *a->mixed);
	}
	fed__mixing_release(&x);
	return rc;
}

int fed__aggregation_finish(struct fed_aggregation *a, float *out, struct fed_error *err)
{
	int rc;

	if (a->n == 0)
		return fed_fail(err, "aggregator %s: no update to aggregate",
		                a->instance->entry->head->name);
	if (a->instance->worker)
		return fed__remote_finish(a, out, err);
	const struct fed_update *one = a->update, **u = &one;
	if (a->n > 1)
		u = fed_alloc_array(a->n, sizeof *u);
	if (!u)
		return fed_fail_memory(err, a->n * sizeof *u, "the updates of a round");
	for (size_t i = 0; i < a->n; i++)
		u[i] = &a->update[i];
	if (a->instance->after)
		rc = run_mixed(a, u, out, err);
	else if (fed_aggregation_keeps(a->instance))
		rc = run_rows(a, u, a->n, a->verdict, a->trust, out, err);
	else
		rc = run_finish(a, out, err);
	if (rc == FED_OK)
		rc = share_weights(a->instance, u, a->verdict, a->n, err);
	if (u != &one)
		fed_free(u);
	return rc;
}

void fed__aggregation_release(struct fed_aggregation *a)
{
	for (size_t i = 0; a->extra && i < a->capacity; i++)
		fed_free_floats(a->extra[i]);
	fed_free(a->extra);
	fed_free(a->mixed);
	if (a->instance && a->instance->worker)
		fed__remote_release(a);
	else
		fed_free_floats(a->rows);
	fed__aggregation_host_release(&a->place);
	if (a->update != &a->only) {
		fed_free(a->update);
		fed_free(a->verdict);
		fed_free(a->trust);
	}
	memset(a, 0, sizeof *a);
}
