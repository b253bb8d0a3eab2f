/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/rounds.c - rounds that an aggregator is given.
 */
#include "conformance/rounds.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

/* The mean behind a pre-aggregation. */
static int mean_columns(const void *state, const struct fed_round *r,
                        const struct fed_update *const u[], size_t n, size_t j0, size_t j1,
                        float *out, struct fed_error *err)
{
	double total = 0;

	(void)state, (void)r;
	for (size_t i = 0; i < n; i++)
		total += u[i]->weight;
	if (!(total > 0))
		return fed_fail(err, "no mean: the weights sum to %g", total);
	for (size_t j = j0; j < j1; j++) {
		double sum = 0;

		for (size_t i = 0; i < n; i++)
			sum += u[i]->weight * (double)u[i]->delta[j];
		out[j] = (float)(sum / total);
	}
	return FED_OK;
}

static const struct fed_field no_fields[] = {FED_END};

static int init_mean(struct fed_rounds *r, struct fed_error *err)
{
	r->mean = (struct fed_entry){
		.copy.aggregator = {.head = FED_AGGREGATOR(char, "mean", "mean", "mean", no_fields),
	                        .columns = mean_columns},
	};
	r->mean.head = &r->mean.copy.head;
	if (fed_instance_init(&r->behind, &r->mean, NULL, 0, err))
		return FED_FAIL;
	r->behind.after = &r->plugin.instance;
	r->aggregator = &r->behind;
	return FED_OK;
}

static bool allocate(struct fed_rounds *r, size_t dim)
{
	struct fed_checker *c = r->checker;
	const uint32_t vectors = fed_returned_vectors(&r->plugin.instance);
	const size_t n = r->n, ld = (dim + 15) / 16 * 16 + 16;

	r->round.dim = dim;
	r->round.ld = ld;
	r->rows = fed__floats(c, "the block of updates", n * ld);
	r->params = fed__floats(c, "the model", dim);
	r->out = fed__floats(c, "its step", dim);
	r->update = fed__buffer(c, "the updates", n * sizeof *r->update);
	r->returned = fed__floats(c, "the returned vectors", n * vectors * dim);
	r->returned_at = fed__buffer(c, "the table of returned vectors", n * vectors * sizeof(float *));
	r->order = fed__buffer(c, "the order", n * sizeof *r->order);
	r->verdict = fed__buffer(c, "the verdicts", n * sizeof *r->verdict);
	return !c->no_memory;
}

bool fed__rounds_init(struct fed_rounds *r, struct fed_checker *c, const struct fed_assign *extra,
                      size_t dim, size_t n)
{
	struct fed_error err;

	*r = (struct fed_rounds){.checker = c, .n = n};
	int rc = fed__guarded_init(c, &r->plugin, extra, dim, &err);
	r->aggregator = &r->plugin.instance;
	if (rc == FED_OK && fed_is_pre_aggregation(c->entry))
		rc = init_mean(r, &err);
	if (rc == FED_OK && !allocate(r, dim))
		rc = FED_FAIL;
	if (rc && !c->no_memory)
		fed__failed(c, "an instance with this setting", "%s", err.text);
	if (rc) {
		fed__rounds_release(r);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		r->order[i] = (uint32_t)i;
	r->round.size = sizeof r->round;
	r->round.invited = (uint32_t)n;
	r->round.population = 2 * (uint32_t)n;
	r->round.lr = 0.1;
	r->round.params = r->params;
	fed__rounds_fill(r, 1);
	return true;
}

void fed__rounds_release(struct fed_rounds *r)
{
	r->behind.after = NULL;
	fed_instance_release(&r->behind);
	fed__guarded_release(&r->plugin);
}

/* The numbers of a vector in the order that the round has. */
static void turn(const struct fed_rounds *r, float *v)
{
	for (size_t j = 0, k = r->round.dim; r->reversed && j + 1 < k; j++) {
		const float kept = v[--k];

		v[k] = v[j];
		v[j] = kept;
	}
}

static void fill_update(struct fed_rounds *r, size_t i, uint64_t key)
{
	const size_t dim = r->round.dim, vectors = fed_returned_vectors(&r->plugin.instance);
	const uint32_t number = r->order[i];
	float *row = r->rows + i * r->round.ld;

	memset(row, 0xff, r->round.ld * sizeof *row); /* NaN in the gap between rows */
	fed__fill_normal(row, dim, fed_random(key, 10 + number), 0.05);
	for (size_t j = 0; j < dim; j++)
		row[j] += (float)(0.2 * fed_random_real(key, j) - 0.1);
	turn(r, row);
	for (size_t k = 0; k < vectors; k++) {
		float *v = r->returned + (i * vectors + k) * dim;

		fed__fill_normal(v, dim, fed_random(key, 1000 + number * vectors + k), 0.1);
		turn(r, v);
		r->returned_at[i * vectors + k] = v;
	}
	r->update[i] = (struct fed_update){
		.size = sizeof(struct fed_update),
		.client = 3 * number + 2,
		.delta = row,
		.base = r->params,
		.weight = 50 + 7 * number,
		.samples = 50 + 7 * number,
		.steps = 5,
		.loss = 1 + 0.01f * (float)number,
		.returned = vectors ? r->returned_at + i * vectors : NULL,
	};
}

void fed__rounds_fill(struct fed_rounds *r, uint64_t key)
{
	const uint64_t mixed = fed_random(r->checker->options.seed, key);

	r->round.seed = fed_random(mixed, 3);
	fed__fill_normal(r->params, r->round.dim, fed_random(mixed, 4), 0.3);
	turn(r, r->params);
	for (size_t i = 0; i < r->n; i++)
		fill_update(r, i, mixed);
}

void fed__rounds_seal(struct fed_rounds *r)
{
	fed__seal(r->checker, r->rows);
	fed__seal(r->checker, r->params);
	fed__seal(r->checker, r->update);
	fed__seal(r->checker, r->returned);
	fed__seal(r->checker, r->returned_at);
}

static void note_refusal(void *ctx, size_t i, const char *text)
{
	struct fed_rounds *r = ctx;

	(void)i;
	r->refused++;
	fed_error_set(&r->err, FED_REJECT, "%s", text);
	fed__check_words(r->checker, &r->err);
}

/* Call tell() on the round that has just ended. */
static void tell(struct fed_rounds *r, const struct fed_aggregation *a)
{
	const struct fed_telling telling = {
		.instance = r->aggregator,
		.round = r->round,
		.update = r->update, /* those of a streaming aggregation have no vectors any more */
		.verdict = a->verdict,
		.mixed = a->mixed,
		.n = a->n,
		.step = r->out,
		.pool = r->pool,
		.lines = r->lines,
	};

	r->rc = r->aggregator->after ? fed_call_tell_pre_aggregation(&telling, &r->err)
	                             : fed_call_tell(&telling, &r->err);
}

void fed__rounds_play(struct fed_rounds *r)
{
	const struct fed_lent_updates lent = {r->update, r->n, note_refusal, r};
	struct fed_aggregation a;

	r->refused = 0;
	r->rc = fed_aggregation_lend(&a, r->aggregator, &r->round, &lent, r->pool, &r->err);
	if (r->rc == FED_OK) {
		const bool none = a.n == 0;

		r->rc = none ? FED_REJECT : fed_aggregation_finish(&a, r->out, &r->err);
		if (r->rc == FED_OK && r->refused == 0)
			memcpy(r->verdict, a.verdict, r->n * sizeof *r->verdict);
		if (r->rc == FED_OK && r->lines && r->refused == 0)
			tell(r, &a);
		fed_aggregation_release(&a);
	}
	if (r->rc != FED_OK)
		fed__check_words(r->checker, &r->err);
	r->round.version++;
}

/* The host's own words about a step (plug/result_checks.c, call_aggregation.c,
 * pre_aggregation.c). */
static bool is_of_host(const struct fed_error *err)
{
	static const char *const texts[] = {"its step is ", "its step was not written",
	                                    "gave the update of client", "the share of update ",
	                                    "the shares in mixture "};

	for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
		if (strstr(err->text, texts[k]))
			return true;
	return false;
}

bool fed__rounds_made_step(struct fed_rounds *r)
{
	if (r->rc == FED_OK && r->refused == 0)
		return true;
	fed__failed(r->checker, "a finite step", "%s", r->err.text);
	return false;
}

void fed__rounds_step_or_words(struct fed_rounds *r)
{
	if (r->rc != FED_OK && is_of_host(&r->err))
		fed__failed(r->checker, "a finite step, or a refusal that says why", "%s", r->err.text);
}

double fed__rounds_scale(const struct fed_rounds *r)
{
	double scale = 0;

	for (size_t i = 0; i < r->n; i++)
		for (size_t j = 0; j < r->round.dim; j++)
			scale = fmax(scale, fabs((double)r->rows[i * r->round.ld + j]));
	return scale;
}
