/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/evaluate.c - parallel evaluation: loss, accuracy, success of a targeted attack.
 *
 * Batches have a fixed size and their sums are added in order: the same bits for any number of
 * threads.
 */
#include <math.h>

#include "base/mem.h"
#include "train/federation.h"
#include "train/local/data_faults.h"
#include "train/local/places.h"
#include "train/local/trainer.h"
#include "train/round/quality.h"

struct evaluation {
	struct fed_trainer *trainer;
	const float *params;
	uint32_t first, n, batch;
	double *loss;                /* [batches] */
	uint32_t *hits;              /* [batches] */
	struct fed_answers *answers; /* NULL: they are not kept */
	const atomic_int *stop;
};

static void evaluate_batch(void *ctx, size_t i, int worker)
{
	struct evaluation *e = ctx;
	const uint32_t at = (uint32_t)i * e->batch;

	if (atomic_load_explicit(e->stop, memory_order_relaxed) >= 2)
		return; /* the result is not needed */
	const uint32_t n = e->n - at < e->batch ? e->n - at : e->batch;

	e->loss[i] = fed__trainer_forward(e->trainer, worker, e->params, e->first + at, n, &e->hits[i],
	                                  e->answers, at);
}

/* Batches on ranks, too: in jobs of some batches each, which are joined in order. */
static int evaluate_on_ranks(const struct fed_federation *f, struct evaluation *e, size_t batches,
                             struct fed_error *err)
{
	const size_t threads = f->ranks->threads + (size_t)fed_pool_threads(f->pool);
	const size_t each = (batches + 2 * threads - 1) / (2 * threads);
	const size_t n = (batches + each - 1) / each;
	struct fed_evaluation_job *job = fed_alloc_array(n, sizeof *job);
	int rc = job ? FED_OK : fed_fail_memory(err, n * sizeof *job, "an evaluation");
	size_t begun = 0;

	for (; rc == FED_OK && begun < n; begun++) {
		const uint32_t at = (uint32_t)(begun * each) * e->batch, left = e->n - at;
		const uint32_t most = (uint32_t)each * e->batch;

		job[begun] = (struct fed_evaluation_job){
			.job = {.run = fed__evaluation_run,
		            .due = -INFINITY,
		            .seq = begun,
		            .portable = FED_PORTABLE_EVALUATION},
			.trainer = e->trainer,
			.model = f->model,
			.first = e->first + at,
			.n = left < most ? left : most,
			.loss = e->loss + begun * each,
			.hits = e->hits + begun * each,
		};
		rc = fed_pool_submit(f->pool, &job[begun].job, err);
	}
	for (size_t i = 0; i < begun; i++)
		if (rc == FED_OK || i + 1 < begun)
			fed_pool_join(f->pool, &job[i].job);
	fed_free(job);
	return rc;
}

/* Whether ranks could evaluate: they have the model plugin, and their answers are not kept. */
static bool suits_ranks(const struct fed_federation *f, const struct evaluation *e)
{
	return f->ranks && f->model_plugin && f->model_plugin->entry->builtin &&
	       e->params == f->params && !e->answers;
}

/* Loss and accuracy of params on examples [first, first + n); answers: [n], to be filled, or NULL.
 */
static int evaluate(struct fed_federation *f, const float *params, uint32_t first, uint32_t n,
                    struct fed_answers *answers, double *loss, double *accuracy,
                    struct fed_error *err)
{
	struct evaluation e = {
		.trainer = f->trainer,
		.params = params,
		.first = first,
		.n = n,
		.batch = fed_trainer_evaluation_batch(f->trainer),
		.answers = answers,
		.stop = &f->stop,
	};
	*loss = *accuracy = NAN;
	if (n == 0)
		return FED_OK;
	if (fed_trainer_prepare(f->trainer, e.batch, err))
		return FED_FAIL;

	const size_t batches = ((size_t)n + e.batch - 1) / e.batch;
	e.loss = fed_alloc_array(batches, sizeof *e.loss);
	e.hits = fed_alloc_array(batches, sizeof *e.hits);
	int rc = FED_OK;
	if (!e.loss || !e.hits)
		rc = fed_fail_memory(err, batches * sizeof *e.loss, "an evaluation");
	else if (suits_ranks(f, &e))
		rc = evaluate_on_ranks(f, &e, batches, err);
	else
		rc = fed_pool_each(f->pool, batches, evaluate_batch, &e, err);
	if (rc == FED_OK && atomic_load(&f->stop) >= 2)
		rc = fed_reject(err, "the evaluation of version %llu was interrupted; the version is kept",
		                (unsigned long long)f->version);
	if (rc == FED_OK) {
		double sum = 0, hits = 0;
		for (size_t i = 0; i < batches; i++) {
			sum += e.loss[i];
			hits += e.hits[i];
		}
		*loss = sum / n;
		if (f->net->classes)
			*accuracy = hits / n;
	}
	fed_free(e.loss);
	fed_free(e.hits);
	return rc;
}

int fed__federation_evaluate(struct fed_federation *f, const float *params, uint32_t first,
                             uint32_t n, double *loss, double *accuracy, struct fed_error *err)
{
	return evaluate(f, params, first, n, NULL, loss, accuracy, err);
}

/* Loss, accuracy and the metrics that are chosen, on the test examples. */
static int measure_test(struct fed_federation *f, const float *params, struct fed_record *r,
                        struct fed_error *err)
{
	const uint32_t first = f->data->train, n = f->data->test;
	struct fed_chosen_metrics chosen;
	struct fed_answers answers;
	struct fed_quality q;

	fed_record_forget_chosen(r);
	if (fed_chosen_metrics_parse(f->settings->metrics, &chosen, err))
		return FED_FAIL;
	if (!chosen.chosen || n == 0)
		return fed__federation_evaluate(f, params, first, n, &r->test_loss, &r->test_accuracy, err);
	if (fed_answers_init(&answers, f->net, n, err))
		return FED_FAIL;
	int rc = evaluate(f, params, first, n, &answers, &r->test_loss, &r->test_accuracy, err);
	if (rc == FED_OK)
		rc = fed_quality_judge(&answers, r->test_loss, chosen.parts, &q, err);
	if (rc == FED_OK) {
		fed__chosen_metrics_record(&chosen, &q, r);
		fed_quality_release(&q);
	}
	fed_answers_release(&answers);
	return rc;
}

int fed_federation_measure(struct fed_federation *f, const float *params, struct fed_record *r,
                           struct fed_error *err)
{
	if (measure_test(f, params, r, err))
		return FED_FAIL;
	r->perplexity = fed_federation_perplexity(f, r->test_loss);
	r->parameter_error = fed__federation_parameter_error(f, params);
	if (f->settings->evaluate_over == FED_EVALUATE_ORACLE && !fed_clients_are_remote(f->clients) &&
	    fed_federation_evaluate_clients(f, params, r, err))
		return FED_FAIL;
	return fed__federation_attacked(f, params, &r->attack_success, err);
}

double fed__federation_parameter_error(const struct fed_federation *f, const float *params)
{
	const float *truth = f->data->truth;
	const size_t d = fed_shape_size(&f->data->shape);

	/* One dense layer: d weights and a bias, which is 0 in the true model. */
	if (!truth || f->net->layers != 1 || f->net->dim != d + 1)
		return NAN;
	double sum = (double)params[d] * (double)params[d];
	for (size_t j = 0; j < d; j++) {
		const double off = (double)params[j] - (double)truth[j];
		sum += off * off;
	}
	return sqrt(sum);
}

double fed_federation_perplexity(const struct fed_federation *f, double test_loss)
{
	return f->data->tokens ? exp(test_loss) : NAN;
}

/* Targeted attacks --------------------------------------------------------- */

#define FAILED UINT32_MAX

struct batch_results {
	struct fed_trainer *trainer;
	const struct fed_instance *attack;
	const float *params;
	uint32_t first, n, batch;
	struct fed_attack_hits *hits; /* [batches]; changed FAILED: the attack misbehaved */
};

static void try_batch(void *ctx, size_t i, int worker)
{
	const struct batch_results *a = ctx;
	const uint32_t at = (uint32_t)i * a->batch;
	const uint32_t n = a->n - at < a->batch ? a->n - at : a->batch;
	struct fed_error unused;

	if (fed__trainer_attacked(a->trainer, worker, a->params, a->attack, a->first + at, n,
	                          &a->hits[i], &unused))
		a->hits[i].changed = FAILED;
}

/* Success rate over all batches; fails with the first batch that failed. */
static int sum_up(const struct batch_results *a, size_t batches, double *success,
                  struct fed_error *err)
{
	double changed = 0, hits = 0;

	for (size_t i = 0; i < batches; i++) {
		if (a->hits[i].changed == FAILED)
			return fed_fail(err, "attack %s misbehaves on test examples %u and on",
			                a->attack->entry->head->name, a->first + (uint32_t)i * a->batch);
		changed += a->hits[i].changed;
		hits += a->hits[i].hits;
	}
	*success = changed > 0 ? hits / changed : NAN;
	return FED_OK;
}

/* The first targeted attack that has begun and suits the dataset, or NULL. */
static const struct fed_instance *targeted_attack(const struct fed_federation *f)
{
	const struct fed_examples form = fed_examples_of(f->data);
	struct fed_error unused;

	for (size_t i = 0; f->faults && i < f->faults->n; i++) {
		const struct fed_fault *fault = &f->faults->fault[i];

		if (fault->attack && fed_attack_is_targeted(&fault->attack->instance) &&
		    fault->from < f->version &&
		    fed_call_suits(&fault->attack->instance, &form, &unused) == FED_OK)
			return &fault->attack->instance;
	}
	return NULL;
}

int fed__federation_attacked(struct fed_federation *f, const float *params, double *success,
                             struct fed_error *err)
{
	struct batch_results a = {
		.trainer = f->trainer,
		.attack = targeted_attack(f),
		.params = params,
		.first = f->data->train,
		.n = f->data->test,
		.batch = fed_trainer_evaluation_batch(f->trainer),
	};
	*success = NAN;
	if (!a.attack || a.n == 0 || !f->data->label)
		return FED_OK;
	if (fed_trainer_prepare(f->trainer, a.batch, err))
		return FED_FAIL;

	const size_t batches = ((size_t)a.n + a.batch - 1) / a.batch;
	a.hits = fed_alloc_array(batches, sizeof *a.hits);
	int rc = FED_OK;
	if (!a.hits)
		rc = fed_fail_memory(err, batches * sizeof *a.hits, "an evaluation");
	else
		rc = fed_pool_each(f->pool, batches, try_batch, &a, err);
	if (rc == FED_OK)
		rc = sum_up(&a, batches, success, err);
	fed_free(a.hits);
	return rc;
}
