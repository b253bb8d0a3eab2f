/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/evaluator.c - models tried on examples of the session's dataset.
 */
#include "report/evaluator.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "session/composition.h"

enum { BATCH = 128, BATCH_IMAGES = 32 };

struct fed_evaluator {
	const struct fed_session *session;
	const struct fed_net *net;
	const struct fed_dataset *data;
	struct fed_pool *pool;       /* the federation's, or NULL before there is one */
	struct fed_workspace *space; /* [threads] */
	int threads, ready;
	uint32_t batch;
};

/* Answers to the examples of a trial. */
struct trial_answers {
	struct fed_evaluator *evaluator;
	const struct fed_evaluation *trial;
	const float *params;
	struct fed_answers answers;
	double *loss; /* [batches] sums */
	const atomic_int *stop;
};

/* Answers ------------------------------------------------------------------------ */

int fed_evaluator_init(struct fed_evaluator **out, const struct fed_session *s,
                       struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_evaluator *t = fed_alloc(sizeof *t);

	*out = NULL;
	if (!t)
		return fed_fail_memory(err, sizeof *t, "an evaluation");
	*t = (struct fed_evaluator){.session = s,
	                            .net = &parts->net,
	                            .data = parts->data,
	                            .pool = fed_session_federation(s)->pool,
	                            .batch = parts->data->shape.rank > 1 ? BATCH_IMAGES : BATCH};
	t->threads = fed_pool_threads(t->pool);
	t->space = fed_alloc_array((size_t)t->threads, sizeof *t->space);
	int rc = t->space
	             ? FED_OK
	             : fed_fail_memory(err, (size_t)t->threads * sizeof *t->space, "an evaluation");
	while (rc == FED_OK && t->ready < t->threads) {
		rc = fed_workspace_init(&t->space[t->ready], t->net, 0, t->net->layers, t->batch, false,
		                        err);
		t->ready += rc == FED_OK;
	}
	if (rc)
		fed_evaluator_free(t);
	else
		*out = t;
	return rc;
}

void fed_evaluator_free(struct fed_evaluator *t)
{
	if (!t)
		return;
	while (t->ready)
		fed_workspace_release(&t->space[--t->ready]);
	fed_free(t->space);
	fed_free(t);
}

static void answer_batch(void *ctx, size_t i, int worker)
{
	struct trial_answers *a = ctx;
	const struct fed_evaluator *t = a->evaluator;
	const uint32_t from = (uint32_t)i * t->batch;
	const uint32_t n = a->trial->n - from < t->batch ? a->trial->n - from : t->batch;
	const size_t at = (size_t)from * t->net->outputs;
	int32_t *label = a->answers.label ? a->answers.label + from : NULL;
	float *target = a->answers.target ? a->answers.target + at : NULL;
	struct fed_workspace *space = &t->space[worker];
	uint32_t id[BATCH];

	if (atomic_load_explicit(a->stop, memory_order_relaxed))
		return;
	for (uint32_t k = 0; k < n; k++)
		id[k] = a->trial->id ? a->trial->id[from + k] : a->trial->first + from + k;
	fed_dataset_gather(t->data, id, n, a->trial->shift, fed_workspace_input(space), label, target);
	const float *y = fed_net_forward(space, a->params, n);
	memcpy(a->answers.y + at, y, (size_t)n * t->net->outputs * sizeof *y);
	a->loss[i] = fed_net_loss(t->net, y, label, target, n, 0, NULL, NULL);
}

/* Collect the answers; *loss: the mean. */
static int take_answers(struct trial_answers *a, double *loss, struct fed_error *err)
{
	struct fed_evaluator *t = a->evaluator;
	const size_t n = a->trial->n, batches = (n + t->batch - 1) / t->batch;

	if (fed_answers_init(&a->answers, t->net, a->trial->n, err))
		return FED_FAIL;
	a->loss = fed_alloc_array(batches, sizeof *a->loss);
	if (!a->loss)
		return fed_fail_memory(err, batches * sizeof *a->loss, "the answers of a model");
	if (fed_pool_each(t->pool, batches, answer_batch, a, err))
		return FED_FAIL;
	if (atomic_load(a->stop))
		return fed_reject(err, "was interrupted");
	*loss = 0;
	for (size_t i = 0; i < batches; i++)
		*loss += a->loss[i];
	*loss /= (double)n;
	return FED_OK;
}

int fed_evaluator_run(struct fed_evaluator *t, const float *params,
                      const struct fed_evaluation *trial, struct fed_quality *q,
                      struct fed_error *err)
{
	struct trial_answers a = {.evaluator = t,
	                          .trial = trial,
	                          .params = params,
	                          .stop = fed_session_interrupts(t->session)};
	double loss = NAN;
	int rc = trial->n ? take_answers(&a, &loss, err) : FED_OK;

	*q = (struct fed_quality){0};
	if (rc == FED_OK)
		rc = fed_quality_judge(&a.answers, loss, trial->brief ? FED_QUALITY_BRIEF : FED_QUALITY_AUC,
		                       q, err);
	fed_answers_release(&a.answers);
	fed_free(a.loss);
	return rc;
}
