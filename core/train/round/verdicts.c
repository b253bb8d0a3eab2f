/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/verdicts.c - verdicts of a round, and precision and recall of the defence.
 */
#include "train/round/verdicts.h"

#include <math.h>

#include "base/mem.h"
#include "train/faults/faults.h"
#include "train/round/state.h"

static void drop(struct fed_client_verdict *of, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fed_shared_vectors_unref(of[i].update);
}

int fed__verdicts_add(struct fed_federation *f, const struct fed_envelope *e, struct fed_error *err)
{
	struct fed_verdicts *g = &f->verdicts;
	const size_t bytes = f->net->dim * sizeof(float);

	if (g->n_taken == g->taken_capacity) {
		const size_t capacity = g->taken_capacity ? 2 * g->taken_capacity : 16;
		struct fed_client_verdict *grown =
			fed_resize(g->taken, g->taken_capacity * sizeof *grown, capacity * sizeof *grown);
		if (!grown)
			return fed_fail_memory(err, capacity * sizeof *grown, "the verdicts");
		g->taken = grown;
		g->taken_capacity = capacity;
	}
	const enum fed_client_truth told = fed_client_truth(f->clients, e->head.from);
	const bool byzantine =
		told == FED_TRUTH_BYZANTINE ||
		fed_fault_on(f->faults, FED_FAULT_BYZANTINE, e->head.from, e->version, NULL);
	const bool equal = f->settings->weighting == FED_WEIGHT_EQUAL || f->equal_weights;
	struct fed_client_verdict *t = &g->taken[g->n_taken++];
	*t = (struct fed_client_verdict){
		.client = e->head.from,
		.invitation = e->round,
		.steps = e->steps,
		.staleness = (uint32_t)(f->version - e->version),
		.samples = e->samples,
		.weighed = equal ? 1 : (double)e->samples,
		.loss = e->loss,
		.byzantine = byzantine,
		.secret = !byzantine && told == FED_TRUTH_SECRET,
	};
	if (g->n_taken * bytes <= FED_VERDICT_UPDATES_BYTES)
		t->update = fed_shared_vectors_ref(e->payload);
	return FED_OK;
}

static void tell(struct fed_client_verdict *of, size_t n, uint32_t client, bool byzantine)
{
	for (size_t i = 0; i < n; i++) {
		if (of[i].client != client || !of[i].secret)
			continue;
		of[i].secret = false;
		of[i].byzantine = byzantine;
	}
}

void fed_verdicts_tell(struct fed_verdicts *g, uint32_t client, bool byzantine)
{
	tell(g->of, g->n, client, byzantine);
	tell(g->taken, g->n_taken, client, byzantine);
}

/* Precision and recall of the verdicts as a test for Byzantine clients; NaN, as their number, while
 * it is secret who they are. */
static void score_defence(struct fed_record *r, const struct fed_client_verdict *of, size_t n)
{
	double attackers = 0, filtered = 0, hits = 0;

	for (size_t i = 0; i < n; i++) {
		attackers += of[i].secret ? NAN : of[i].byzantine;
		filtered += !fed_client_verdict_trusted(&of[i]);
		hits += of[i].byzantine && !fed_client_verdict_trusted(&of[i]);
	}
	r->attackers = attackers;
	r->defence_precision = attackers > 0 && filtered > 0 ? hits / filtered : NAN;
	r->defence_recall = attackers > 0 ? hits / attackers : NAN;
}

void fed__verdicts_set(struct fed_federation *f, const struct fed_aggregation *a)
{
	struct fed_verdicts *g = &f->verdicts;
	struct fed_record *r = &f->record;
	double loss = 0, weight = 0, staleness = 0;
	double plain_loss = 0, plain_weight = 0; /* as in a mean, where the rule gave none a weight */

	r->used = 0;
	for (size_t i = 0; i < a->n; i++) {
		struct fed_client_verdict *t = &g->taken[i];

		t->verdict = a->verdict[i];
		t->trust = a->trust[i];
		if (a->mixed)
			t->mixed = a->mixed[i];
		if (!t->verdict.used)
			continue;
		r->used++;
		loss += (double)t->verdict.weight * t->loss;
		weight += t->verdict.weight;
		plain_loss += a->update[i].weight * t->loss;
		plain_weight += a->update[i].weight;
		staleness += t->staleness;
	}
	g->taken_maker = (struct fed_step_maker){.failed = a->failed};
	if (a->second)
		snprintf(g->taken_maker.name, sizeof g->taken_maker.name, "%s",
		         a->second->instance->entry->head->name);
	r->updates += r->used;
	r->staleness = r->used > 0 ? staleness / r->used : NAN;
	r->train_loss = weight > 0 ? loss / weight : plain_weight > 0 ? plain_loss / plain_weight : NAN;
	score_defence(r, g->taken, g->n_taken);
}

/* sum += weight * row, over the honest updates; returns the sum of the weights, 0 when an update
 * was not kept. */
static double add_honest(const struct fed_verdicts *g, double *sum, size_t dim)
{
	double weight = 0;

	for (size_t i = 0; i < g->n_taken; i++) {
		const struct fed_client_verdict *t = &g->taken[i];

		if (t->byzantine)
			continue;
		if (!t->update)
			return 0;
		const float *row = t->update->vector[0];
		for (size_t j = 0; j < dim; j++)
			sum[j] += t->weighed * row[j];
		weight += t->weighed;
	}
	return weight;
}

void fed__verdicts_measure_step(struct fed_federation *f, const float *step)
{
	const size_t dim = f->net->dim;
	double sum = 0;

	f->record.honest_distance = NAN;
	if (!(f->record.attackers > 0))
		return;
	double *mean = fed_alloc_array(dim, sizeof *mean);
	if (!mean)
		return; /* a missing metric does not fail the round */
	for (size_t j = 0; j < dim; j++)
		mean[j] = 0;
	const double weight = add_honest(&f->verdicts, mean, dim);
	if (weight > 0) {
		for (size_t j = 0; j < dim; j++) {
			const double d = step[j] - mean[j] / weight;
			sum += d * d;
		}
		f->record.honest_distance = sqrt(sum);
	}
	fed_free(mean);
}

void fed__verdicts_release_updates(struct fed_verdicts *g)
{
	for (size_t i = 0; i < g->n; i++) {
		fed_shared_vectors_unref(g->of[i].update);
		g->of[i].update = NULL;
	}
}

void fed__verdicts_commit(struct fed_verdicts *g, float **step)
{
	struct fed_client_verdict *of = g->of;
	const size_t capacity = g->capacity;
	float *made = *step;

	*step = g->step;
	g->step = made;

	drop(g->of, g->n);
	g->outdated = false;
	g->maker = g->taken_maker;
	g->taken_maker = (struct fed_step_maker){0};
	g->of = g->taken;
	g->n = g->n_taken;
	g->capacity = g->taken_capacity;
	g->taken = of;
	g->taken_capacity = capacity;
	g->n_taken = 0;
}

void fed__verdicts_rollback(struct fed_verdicts *g)
{
	drop(g->taken, g->n_taken);
	g->n_taken = 0;
	g->taken_maker = (struct fed_step_maker){0};
}

void fed__verdicts_release(struct fed_verdicts *g)
{
	fed__verdicts_rollback(g);
	drop(g->of, g->n);
	fed_free_floats(g->step);
	fed_free(g->of);
	fed_free(g->taken);
	*g = (struct fed_verdicts){0};
}
