/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/quality.c - figures of quality from a model's answers.
 */
#include "train/round/quality.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "nn/net.h"

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
static void softmax(const struct fed_answers *a)
{
	const uint32_t k = a->net->outputs;

	for (uint32_t i = 0; i < a->n; i++) {
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

static int find_areas(const struct fed_answers *a, struct fed_quality *q, struct fed_error *err)
{
	const uint32_t n = a->n;
	struct scored *s = fed_alloc_array(n, sizeof *s);
	double sum = 0, some = 0;

	if (!s)
		return fed_fail_memory(err, n * sizeof *s, "the scores of a model");
	softmax(a);
	for (uint32_t c = 0; c < q->classes; c++) {
		for (uint32_t i = 0; i < n; i++)
			s[i] = (struct scored){(double)a->y[(size_t)i * a->net->outputs + c],
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

/* Mean and least of the recalls of the classes that have examples. */
static void find_recalls(struct fed_quality *q)
{
	double sum = 0, some = 0;

	for (uint32_t c = 0; c < q->classes; c++) {
		const double recall = q->of[c].recall;

		if (isnan(recall))
			continue;
		sum += recall;
		some++;
		q->worst_recall = q->worst_recall <= recall ? q->worst_recall : recall;
	}
	q->balanced = share(sum, some);
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
	find_recalls(q);
}

static int judge_classes(const struct fed_answers *a, unsigned parts, struct fed_quality *q,
                         struct fed_error *err)
{
	const uint32_t k = a->net->outputs;
	uint32_t right = 0;

	if (parts != FED_QUALITY_BRIEF && k <= FED_QUALITY_CLASSES) {
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
	if (a->net->tokens)
		q->perplexity = exp(q->loss);
	if (!q->classes)
		return FED_OK;
	find_classes(q);
	return q->unknown || !(parts & FED_QUALITY_AUC) ? FED_OK : find_areas(a, q, err);
}

/* Regression ----------------------------------------------------------------------- */

static void judge_values(const struct fed_answers *a, struct fed_quality *q)
{
	const uint32_t k = a->net->outputs, n = q->n;
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

int fed_quality_judge(struct fed_answers *a, double loss, unsigned parts, struct fed_quality *q,
                      struct fed_error *err)
{
	int rc = FED_OK;

	*q = (struct fed_quality){.n = a->n,
	                          .loss = loss,
	                          .perplexity = NAN,
	                          .accuracy = NAN,
	                          .macro_f1 = NAN,
	                          .balanced = NAN,
	                          .worst_recall = NAN,
	                          .auc = NAN,
	                          .mae = NAN,
	                          .rmse = NAN,
	                          .r2 = NAN};
	if (a->n == 0)
		return FED_OK;
	if (a->label)
		rc = judge_classes(a, parts, q, err);
	else
		judge_values(a, q);
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

int fed_answers_init(struct fed_answers *a, const struct fed_net *net, uint32_t n,
                     struct fed_error *err)
{
	const size_t all = (size_t)n * net->outputs;

	*a = (struct fed_answers){.net = net, .n = n, .y = fed_alloc_floats(all)};
	if (net->classes)
		a->label = fed_alloc_array(n, sizeof *a->label);
	else
		a->target = fed_alloc_floats(all);
	if (a->y && (a->label || a->target))
		return FED_OK;
	fed_answers_release(a);
	return fed_fail_memory(err, 2 * all * sizeof *a->y, "the answers of a model");
}

void fed_answers_release(struct fed_answers *a)
{
	fed_free_floats(a->target);
	fed_free(a->label);
	fed_free_floats(a->y);
	*a = (struct fed_answers){0};
}
