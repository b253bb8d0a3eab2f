/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/evaluate.c - loss and accuracy of a model, in parallel.
 *
 * Batches have a fixed size and their sums are added in order: the same bits for any number of
 * threads.
 */
#include <math.h>

#include "base/mem.h"
#include "train/trainer.h"

struct evaluation {
	struct fed_trainer *trainer;
	const float *params;
	uint32_t first, n, batch;
	double *loss;   /* [batches] */
	uint32_t *hits; /* [batches] */
};

static void evaluate_batch(void *ctx, size_t i, int worker)
{
	struct evaluation *e = ctx;
	const uint32_t at = (uint32_t)i * e->batch;
	const uint32_t n = e->n - at < e->batch ? e->n - at : e->batch;

	e->loss[i] = fed_trainer_forward(e->trainer, worker, e->params, e->first + at, n, &e->hits[i]);
}

int fed_federation_evaluate(struct fed_federation *f, const float *params, uint32_t first,
                            uint32_t n, double *loss, double *accuracy, struct fed_error *err)
{
	struct evaluation e = {
		.trainer = f->trainer,
		.params = params,
		.first = first,
		.n = n,
		.batch = fed_trainer_evaluation_batch(f->trainer),
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
	else
		rc = fed_pool_each(f->pool, batches, evaluate_batch, &e, err);
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
