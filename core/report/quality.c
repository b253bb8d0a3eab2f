/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/quality.c - the quality of a model's answers.
 */
#include "report/quality.h"

#include <math.h>
#include <stdlib.h>
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
struct answers {
	struct fed_evaluator *tryout;
	const struct fed_evaluation *trial;
	const float *params;
	uint32_t outputs;
	float *y;       /* (n, outputs) */
	int32_t *label; /* [n], or NULL */
	float *target;  /* (n, outputs), or NULL */
	double *loss;   /* [batches] sums */
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
	struct answers *a = ctx;
	const struct fed_evaluator *t = a->tryout;
	const uint32_t from = (uint32_t)i * t->batch;
	const uint32_t n = a->trial->n - from < t->batch ? a->trial->n - from : t->batch;
	const size_t at = (size_t)from * a->outputs;
	struct fed_workspace *space = &t->space[worker];
	uint32_t id[BATCH];

	if (atomic_load_explicit(a->stop, memory_order_relaxed))
		return;
	for (uint32_t k = 0; k < n; k++)
		id[k] = a->trial->id ? a->trial->id[from + k] : a->trial->first + from + k;
	fed_dataset_gather(t->data, id, n, a->trial->shift, fed_workspace_input(space),
	                   a->label ? a->label + from : NULL, a->target ? a->target + at : NULL);
	const float *y = fed_net_forward(space, a->params, n);
	memcpy(a->y + at, y, (size_t)n * a->outputs * sizeof *y);
	a->loss[i] = fed_net_loss(t->net, y, a->label ? a->label + from : NULL,
	                          a->target ? a->target + at : NULL, n, 0, NULL, NULL);
}

static void answers_release(struct answers *a)
{
	fed_free(a->loss);
	fed_free_floats(a->target);
	fed_free(a->label);
	fed_free_floats(a->y);
}

static int answers_take(struct answers *a, struct fed_quality *q, struct fed_error *err)
{
	struct fed_evaluator *t = a->tryout;
	const size_t n = a->trial->n, batches = (n + t->batch - 1) / t->batch;
	const size_t all = n * a->outputs;

	a->y = fed_alloc_floats(all);
	a->loss = fed_alloc_array(batches, sizeof *a->loss);
	if (t->net->classes)
		a->label = fed_alloc_array(n, sizeof *a->label);
	else
		a->target = fed_alloc_floats(all);
	if (!a->y || !a->loss || (!a->label && !a->target))
		return fed_fail_memory(err, 2 * all * sizeof *a->y, "the answers of a model");
	if (fed_pool_each(t->pool, batches, answer_batch, a, err))
		return FED_FAIL;
	if (atomic_load(a->stop))
		return fed_reject(err, "was interrupted");
	q->loss = 0;
	for (size_t i = 0; i < batches; i++)
		q->loss += a->loss[i];
	q->loss /= (double)n;
	return FED_OK;
}

/* Classes ------------------------------------------------------------------------ */

/* The class of an answer; `classes`: the outputs are not finite. */
static uint32_t class_of(const float *y, uint32_t classes)
{
	uint32_t best = 0;

	for (uint32_t c = 0; c < classes; c++) {
		if (!isfinite((double)y[c]))
			return classes;
		if (y[c] > y[best])
			best = c;
	}
	return best;
}

struct scored {
	double score;
	bool of_class;
};

static int by_score(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;

	return (x->score > y->score) - (x->score < y->score);
}

/* The area under the curve from scores [n], by the ranks of the class' examples. */
static double area(struct scored *s, uint32_t n)
{
	double ranks = 0, of_class = 0;

	qsort(s, n, sizeof *s, by_score);
	for (uint32_t i = 0, end; i < n; i = end) {
		uint32_t tied = 0;

		for (end = i; end < n && s[end].score == s[i].score; end++)
			tied += s[end].of_class;
		ranks += tied * ((i + 1 + end) / 2.0); /* the mean of the ranks i + 1 .. end */
		of_class += tied;
	}
	const double others = n - of_class;
	if (of_class == 0 || others == 0)
		return NAN;
	return (ranks - of_class * (of_class + 1) / 2) / (of_class * others);
}

/* Turn the outputs into softmax scores. */
static void softmax(const struct answers *a)
{
	const uint32_t k = a->outputs;

	for (uint32_t i = 0; i < a->trial->n; i++) {
		float *y = a->y + (size_t)i * k;
		double sum = 0;
		float most = y[0];

		for (uint32_t c = 1; c < k; c++)
			most = y[c] > most ? y[c] : most;
		for (uint32_t c = 0; c < k; c++)
			sum += exp((double)(y[c] - most));
		for (uint32_t c = 0; c < k; c++)
			y[c] = (float)(exp((double)(y[c] - most)) / sum);
	}
}

static int find_areas(const struct answers *a, struct fed_quality *q, struct fed_error *err)
{
	const uint32_t n = a->trial->n;
	struct scored *s = fed_alloc_array(n, sizeof *s);
	double sum = 0, some = 0;

	if (!s)
		return fed_fail_memory(err, n * sizeof *s, "the scores of a model");
	softmax(a);
	for (uint32_t c = 0; c < q->classes; c++) {
		for (uint32_t i = 0; i < n; i++)
			s[i] = (struct scored){(double)a->y[(size_t)i * a->outputs + c],
			                       a->label[i] == (int32_t)c};
		q->of[c].auc = area(s, n);
		if (isnan(q->of[c].auc))
			continue;
		sum += q->of[c].auc;
		some++;
	}
	fed_free(s);
	q->auc = some > 0 ? sum / some : NAN;
	return FED_OK;
}

static double share(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

static void find_classes(struct fed_quality *q)
{
	const uint32_t k = q->classes;
	double sum = 0, some = 0;

	for (uint32_t c = 0; c < k; c++) {
		struct fed_class_quality *of = &q->of[c];
		const uint32_t right = q->confusion[(size_t)c * k + c];

		for (uint32_t other = 0; other < k; other++)
			of->answers += q->confusion[(size_t)other * k + c];
		of->precision = share(right, of->answers);
		of->recall = share(right, of->examples);
		of->f1 = share(2.0 * right, (double)of->answers + of->examples);
		if (isnan(of->f1))
			continue;
		sum += of->f1;
		some++;
	}
	q->macro_f1 = share(sum, some);
}

static int judge_classes(const struct answers *a, struct fed_quality *q, struct fed_error *err)
{
	const uint32_t k = a->outputs;
	uint32_t right = 0;

	if (!a->trial->brief && k <= FED_QUALITY_CLASSES) {
		q->confusion = fed_alloc_array((size_t)k * k, sizeof *q->confusion);
		q->of = fed_alloc_array(k, sizeof *q->of);
		if (!q->confusion || !q->of)
			return fed_fail_memory(err, (size_t)k * k * sizeof *q->confusion, "a confusion matrix");
		q->classes = k;
	}
	for (uint32_t i = 0; i < q->n; i++) {
		const uint32_t label = (uint32_t)a->label[i], answer = class_of(a->y + (size_t)i * k, k);

		right += answer == label;
		q->unknown += answer == k;
		if (!q->classes)
			continue;
		q->of[label].examples++;
		if (answer < k)
			q->confusion[(size_t)label * k + answer]++;
	}
	q->accuracy = (double)right / q->n;
	if (a->tryout->net->tokens)
		q->perplexity = exp(q->loss);
	if (!q->classes)
		return FED_OK;
	find_classes(q);
	return q->unknown ? FED_OK : find_areas(a, q, err);
}

/* Regression ----------------------------------------------------------------------- */

static void judge_values(const struct answers *a, struct fed_quality *q)
{
	const uint32_t k = a->outputs, n = q->n;
	double off = 0, squares = 0, explained = 0, some = 0;

	for (uint32_t c = 0; c < k; c++) {
		double mean = 0, spread = 0, rest = 0;

		for (uint32_t i = 0; i < n; i++)
			mean += (double)a->target[(size_t)i * k + c] / n;
		for (uint32_t i = 0; i < n; i++) {
			const double t = (double)a->target[(size_t)i * k + c];
			const double e = (double)a->y[(size_t)i * k + c] - t;

			q->unknown += !isfinite(e);
			off += fabs(e);
			rest += e * e;
			spread += (t - mean) * (t - mean);
		}
		squares += rest;
		if (spread > 0) {
			explained += 1 - rest / spread;
			some++;
		}
	}
	q->mae = off / n / k;
	q->rmse = sqrt(squares / n / k);
	q->r2 = share(explained, some);
}

int fed_evaluator_run(struct fed_evaluator *t, const float *params,
                      const struct fed_evaluation *trial, struct fed_quality *q,
                      struct fed_error *err)
{
	struct answers a = {.tryout = t,
	                    .trial = trial,
	                    .params = params,
	                    .outputs = t->net->outputs,
	                    .stop = fed_session_interrupts(t->session)};

	*q = (struct fed_quality){.n = trial->n,
	                          .loss = NAN,
	                          .perplexity = NAN,
	                          .accuracy = NAN,
	                          .macro_f1 = NAN,
	                          .auc = NAN,
	                          .mae = NAN,
	                          .rmse = NAN,
	                          .r2 = NAN};
	if (trial->n == 0)
		return FED_OK;
	int rc = answers_take(&a, q, err);
	if (rc == FED_OK && a.label)
		rc = judge_classes(&a, q, err);
	else if (rc == FED_OK)
		judge_values(&a, q);
	answers_release(&a);
	if (rc)
		fed_quality_release(q);
	return rc;
}

void fed_quality_release(struct fed_quality *q)
{
	fed_free(q->confusion);
	fed_free(q->of);
	q->confusion = NULL;
	q->of = NULL;
	q->classes = 0;
}
