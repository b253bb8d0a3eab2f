/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privacy/leakage.c - measurement of leakage, with a job on the pool for each cut.
 */
#include "privacy/leakage.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "plug/distances.h"
#include "privacy/smashed_image.h"
#include "session/composition.h"

enum { BATCH = 20 }; /* examples that go through the model together */

/* Examples, labels and distances shared by all cuts. */
struct leakage_probe {
	const struct fed_session *session;
	const float *params;
	uint32_t n;
	uint32_t *id;     /* [n] test examples */
	int32_t *label;   /* [n], or NULL */
	float *target;    /* (n, outputs), or NULL */
	float *x;         /* (n, inputs) */
	double *distance; /* [n][n] of the inputs, all columns */
};

/* The job of one cut. */
struct cut_job {
	const struct leakage_probe *probe;
	struct fed_leakage_cut *at;
	int rc;
	struct fed_error err;
	struct fed_workspace head, tail;
	size_t from, width;        /* of these numbers at the cut a party has at->numbers */
	float *whole;              /* (BATCH, width) */
	float *smashed, *gradient; /* (n, numbers) */
	float *unused;             /* [dim]: gradients by parameters, not read */
	double *norm;              /* [n] */
	double *distance;          /* [n][n] */
	double *inputs;            /* [n][n] of the party's columns; NULL: of all */
};

/* Figures ---------------------------------------------------------------------- */

double fed__norm_auc(const double *value, const int32_t *label, size_t n)
{
	double pairs = 0, won = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			if (label[i] != 1 || label[k] != 0)
				continue;
			pairs++;
			won += value[i] > value[k] ? 1 : value[i] < value[k] ? 0 : 0.5;
		}
	return pairs > 0 ? fmax(won, pairs - won) / pairs : NAN;
}

static double dot(const float *a, const float *b, size_t d)
{
	double sum = 0;

	for (size_t j = 0; j < d; j++)
		sum += (double)a[j] * b[j];
	return sum;
}

/* Add v / |v| to the mean of its class; a zero vector has no direction. */
static void add_direction(const float *v, size_t d, float *mean)
{
	const double norm = sqrt(dot(v, v, d));

	for (size_t j = 0; norm > 0 && j < d; j++)
		mean[j] += (float)(v[j] / norm);
}

static uint32_t nearest_class(const float *v, size_t d, const float *mean, const double *length,
                              uint32_t classes)
{
	uint32_t best = 0;
	double most = -INFINITY;

	for (uint32_t c = 0; c < classes; c++) {
		const double cosine = length[c] > 0 ? dot(v, mean + c * d, d) / length[c] : -INFINITY;

		if (cosine > most) {
			most = cosine;
			best = c;
		}
	}
	return best;
}

int fed__distinguishable_by_cosine(const float *v, size_t n, size_t d, const int32_t *label,
                                   uint32_t classes, double *accuracy, struct fed_error *err)
{
	float *mean = classes > SIZE_MAX / sizeof *mean / d ? NULL : fed_alloc_floats(classes * d);
	double *length = fed_alloc_array(classes, sizeof *length);
	size_t hits = 0;

	if (!mean || !length) {
		fed_free_floats(mean);
		fed_free(length);
		return fed_fail_memory(err, classes * d * sizeof *mean, "the classes' gradients");
	}
	memset(mean, 0, classes * d * sizeof *mean);
	for (size_t i = 0; i < n / 2; i++)
		add_direction(v + i * d, d, mean + (size_t)label[i] * d);
	for (uint32_t c = 0; c < classes; c++)
		length[c] = sqrt(dot(mean + c * d, mean + c * d, d));
	for (size_t i = n / 2; i < n; i++)
		hits += nearest_class(v + i * d, d, mean, length, classes) == (uint32_t)label[i];
	*accuracy = (double)hits / (double)(n - n / 2);
	fed_free_floats(mean);
	fed_free(length);
	return FED_OK;
}

/* One cut ---------------------------------------------------------------------- */

static void cut_job_release(struct cut_job *w)
{
	fed_workspace_release(&w->head);
	fed_workspace_release(&w->tail);
	fed_free_floats(w->whole);
	fed_free_floats(w->smashed);
	fed_free_floats(w->gradient);
	fed_free_floats(w->unused);
	fed_free(w->norm);
	fed_free(w->distance);
	fed_free(w->inputs);
}

static int cut_job_init(struct cut_job *w)
{
	const struct leakage_probe *p = w->probe;
	const struct fed_net *net = &fed_session_parts(p->session)->net;
	const size_t n = p->n, floats = n * w->at->numbers;

	if (fed_workspace_init(&w->head, net, 0, w->at->cut, BATCH, false, &w->err) ||
	    fed_workspace_init(&w->tail, net, w->at->cut, net->layers, BATCH, true, &w->err))
		return FED_FAIL;
	w->width = fed_shape_size(&net->layer[w->at->cut].in);
	w->from = w->at->party == FED_NO_PARTY ? 0 : w->at->party * w->at->numbers;
	w->whole = fed_alloc_floats(BATCH * w->width);
	w->smashed = fed_alloc_floats(floats);
	w->gradient = fed_alloc_floats(floats);
	w->unused = fed_alloc_floats(net->dim + !net->dim);
	w->norm = fed_alloc_array(n, sizeof *w->norm);
	w->distance = fed_alloc_array(n * n, sizeof *w->distance);
	if (w->at->party != FED_NO_PARTY)
		w->inputs = fed_alloc_array(n * n, sizeof *w->inputs);
	if (!w->whole || !w->smashed || !w->gradient || !w->unused || !w->norm || !w->distance ||
	    (w->at->party != FED_NO_PARTY && !w->inputs))
		return fed_fail_memory(&w->err, 2 * floats * sizeof(float), "smashed data");
	return FED_OK;
}

/* The numbers of the cut that are the party's, of rows of all. */
static void take_own(const struct cut_job *w, const float *all, uint32_t rows, float *own)
{
	for (uint32_t i = 0; i < rows; i++)
		memcpy(own + i * w->at->numbers, all + i * w->width + w->from,
		       w->at->numbers * sizeof *own);
}

/* Pass examples first .. first + batch - 1 forward to the cut, with noise, and their gradients
 * back. */
static void pass_batch(struct cut_job *w, uint32_t first, uint32_t batch)
{
	const struct leakage_probe *p = w->probe;
	const struct fed_session *s = p->session;
	const struct fed_net *net = &fed_session_parts(s)->net;
	const size_t d = w->at->numbers;
	float *dy = fed_workspace_output_gradient(&w->tail), *x = fed_workspace_input(&w->tail);

	fed__smashed_image_make(s, &w->head, p->id + first, batch, NULL, w->whole);
	take_own(w, w->whole, batch, w->smashed + first * d);
	memcpy(x, w->whole, batch * w->width * sizeof *x);
	fed_net_loss(net, fed_net_forward(&w->tail, p->params, batch),
	             p->label ? p->label + first : NULL,
	             p->target ? p->target + (size_t)first * net->outputs : NULL, batch, 1, dy, NULL);
	fed_net_spread_gradient(net, dy, batch);
	fed_net_backward(&w->tail, p->params, w->unused, dy, batch);
	take_own(w, fed_workspace_input_gradient(&w->tail), batch, w->gradient + first * d);
}

/* Distance of rows of tokens: that of their one-hot codes. */
static double token_distance(const float *a, const float *b, size_t d)
{
	size_t differ = 0;

	for (size_t j = 0; j < d; j++)
		differ += a[j] != b[j];
	return sqrt(2.0 * (double)differ);
}

/* Distances of the examples in some columns of the inputs, into out [n][n]. */
static int measure_inputs(const struct leakage_probe *p, const struct fed_range *columns,
                          double *out, struct fed_error *err)
{
	const struct fed_dataset *data = fed_session_parts(p->session)->data;
	const size_t n = p->n, all = fed_shape_size(&data->shape), d = fed_range_size(columns);
	const float **row = fed_alloc_array(n, sizeof *row);

	if (!row)
		return fed_fail_memory(err, n * sizeof *row, "the inputs");
	for (size_t i = 0; i < n; i++)
		row[i] = p->x + i * all + columns->first;
	const int rc = fed_distances(row, n, d, NULL, out, err);
	for (size_t i = 0; rc == FED_OK && i < n; i++)
		for (size_t k = 0; k < n; k++)
			out[i * n + k] =
				data->tokens ? token_distance(row[i], row[k], d) : sqrt(out[i * n + k]);
	fed_free(row);
	return rc;
}

static int compare_inputs(struct cut_job *w)
{
	const struct leakage_probe *p = w->probe;
	const float **row = fed_alloc_array(p->n, sizeof *row);

	if (!row)
		return fed_fail_memory(&w->err, p->n * sizeof *row, "smashed data");
	for (uint32_t i = 0; i < p->n; i++)
		row[i] = w->smashed + i * w->at->numbers;
	int rc = fed_distances(row, p->n, w->at->numbers, NULL, w->distance, &w->err);
	for (size_t i = 0; i < (size_t)p->n * p->n; i++)
		w->distance[i] = sqrt(w->distance[i]);
	if (rc == FED_OK && w->inputs)
		rc = measure_inputs(p, &w->at->columns, w->inputs, &w->err);
	if (rc == FED_OK)
		rc = fed__distance_correlation(w->inputs ? w->inputs : p->distance, w->distance, p->n,
		                               &w->at->inputs, &w->err);
	fed_free(row);
	return rc;
}

static int classify_labels(struct cut_job *w)
{
	const struct leakage_probe *p = w->probe;
	const struct fed_composition *parts = fed_session_parts(p->session);
	const size_t d = w->at->numbers;

	w->at->norm_auc = w->at->cosine_accuracy = NAN;
	if (!p->label)
		return FED_OK;
	for (uint32_t i = 0; i < p->n; i++)
		w->norm[i] = sqrt(dot(w->gradient + i * d, w->gradient + i * d, d));
	if (parts->net.classes == 2)
		w->at->norm_auc = fed__norm_auc(w->norm, p->label, p->n);
	return fed__distinguishable_by_cosine(w->gradient, p->n, d, p->label, parts->net.classes,
	                                      &w->at->cosine_accuracy, &w->err);
}

static int measure_cut(struct cut_job *w)
{
	const struct leakage_probe *p = w->probe;

	if (cut_job_init(w))
		return FED_FAIL;
	for (uint32_t i = 0; i < p->n; i += BATCH) {
		if (atomic_load(fed_session_interrupts(p->session)))
			return fed_reject(&w->err, "stopped before all cuts were measured");
		pass_batch(w, i, p->n - i < BATCH ? p->n - i : BATCH);
	}
	const int rc = compare_inputs(w);
	return rc ? rc : classify_labels(w);
}

static void run_cut_job(void *ctx, size_t i, int worker)
{
	struct cut_job *w = (struct cut_job *)ctx + i;

	(void)worker;
	w->rc = measure_cut(w);
	cut_job_release(w);
}

/* All cuts --------------------------------------------------------------------- */

static void probe_release(struct leakage_probe *p)
{
	fed_free(p->id);
	fed_free(p->label);
	fed_free_floats(p->target);
	fed_free_floats(p->x);
	fed_free(p->distance);
}

static int probe_init(struct leakage_probe *p, struct fed_error *err)
{
	const struct fed_session *s = p->session;
	const struct fed_composition *parts = fed_session_parts(s);
	const size_t n = p->n, d = fed_shape_size(&parts->data->shape);
	const struct fed_range all = {0, (uint32_t)d - 1};
	const bool classes = parts->net.classes > 0;

	p->x = fed_alloc_floats(n * d);
	p->id = fed_alloc_array(n, sizeof *p->id);
	if (classes)
		p->label = fed_alloc_array(n, sizeof *p->label);
	else
		p->target = fed_alloc_floats(n * parts->net.outputs);
	p->distance = fed_alloc_array(n * n, sizeof *p->distance);
	if (!p->x || !p->id || !(classes ? (void *)p->label : (void *)p->target) || !p->distance)
		return fed_fail_memory(err, n * (n + d) * sizeof *p->x, "the examples");
	if (fed__tests_choose(s, p->n, p->id, err))
		return FED_FAIL;
	fed_dataset_gather(parts->data, p->id, p->n, NULL, p->x, p->label, p->target);
	return measure_inputs(p, &all, p->distance, err);
}

/* Share of the largest class among the examples to classify. */
static double guess_accuracy(const struct leakage_probe *p, struct fed_error *err, int *rc)
{
	const uint32_t classes = fed_session_parts(p->session)->net.classes;
	uint32_t *count = fed_alloc_array(classes + 1, sizeof *count), most = 0;

	*rc = count ? FED_OK : fed_fail_memory(err, classes * sizeof *count, "the classes");
	for (uint32_t i = p->n / 2; count && p->label && i < p->n; i++)
		if (++count[p->label[i]] > most)
			most = count[p->label[i]];
	fed_free(count);
	return p->label ? (double)most / (p->n - p->n / 2) : NAN;
}

static int measure_cuts(struct fed_leakage *leakage, const struct leakage_probe *p,
                        struct fed_error *err)
{
	struct cut_job *work = fed_alloc_array(leakage->n, sizeof *work);
	int rc;

	if (!work)
		return fed_fail_memory(err, leakage->n * sizeof *work, "the cuts");
	for (size_t i = 0; i < leakage->n; i++) {
		work[i].probe = p;
		work[i].at = &leakage->at[i];
	}
	rc =
		fed_pool_each(fed_session_federation(p->session)->pool, leakage->n, run_cut_job, work, err);
	for (size_t i = 0; rc == FED_OK && i < leakage->n; i++)
		if ((rc = work[i].rc))
			*err = work[i].err;
	fed_free(work);
	return rc;
}

/* The rows to measure: cuts, under scheme vertical each of every party. */
static int list_cuts(struct fed_leakage *leakage, const struct fed_session *s,
                     const struct fed_parties *parties, size_t cut, struct fed_error *err)
{
	const struct fed_net *net = &fed_session_parts(s)->net;
	const struct fed_range all = {0, (uint32_t)fed_shape_size(&net->input) - 1};
	const uint32_t each = parties->parts ? parties->parts->n : 1;
	const size_t first = cut ? cut : parties->parts ? parties->first : 1;
	const size_t last = cut ? cut : parties->parts ? parties->last : net->layers - 1;

	leakage->n = (last - first + 1) * each;
	leakage->at = fed_alloc_array(leakage->n, sizeof *leakage->at);
	if (!leakage->at)
		return fed_fail_memory(err, leakage->n * sizeof *leakage->at, "the cuts");
	for (size_t i = 0; i < leakage->n; i++) {
		const uint32_t k = (uint32_t)(i % each);

		leakage->at[i] = (struct fed_leakage_cut){
			.cut = first + i / each,
			.party = parties->parts ? k : FED_NO_PARTY,
			.columns = parties->parts ? parties->parts->range[k] : all,
			.numbers = fed_shape_size(&net->layer[first + i / each].in) / each,
		};
	}
	return FED_OK;
}

static int measure_leakage(struct fed_leakage *leakage, const struct fed_session *s,
                           const struct fed_parties *parties, size_t cut, struct fed_error *err)
{
	struct leakage_probe p = {
		.session = s, .params = fed_session_params(s), .n = leakage->examples};

	int rc = list_cuts(leakage, s, parties, cut, err);
	if (rc == FED_OK)
		rc = probe_init(&p, err);
	if (rc == FED_OK)
		leakage->guess = guess_accuracy(&p, err, &rc);
	if (rc == FED_OK)
		rc = measure_cuts(leakage, &p, err);
	probe_release(&p);
	return rc;
}

int fed_leakage_measure(struct fed_leakage *leakage, struct fed_session *s, size_t cut,
                        uint32_t examples, struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);

	struct fed_parties parties;

	*leakage = (struct fed_leakage){0};
	if (fed_session_start(s, err) || fed__cut_check(&parts->net, cut ? cut : 1, err) ||
	    fed__parties_find(&parties, s, cut, err))
		return FED_FAIL;
	if (parts->data->test < FED_LEAK_EXAMPLES_MIN)
		return fed_fail(err, "the dataset has %u test example%s, at least %d are needed",
		                parts->data->test, parts->data->test == 1 ? "" : "s",
		                FED_LEAK_EXAMPLES_MIN);
	leakage->examples = examples < parts->data->test ? examples : parts->data->test;
	leakage->noise = parts->settings.noise;
	const int rc = measure_leakage(leakage, s, &parties, cut, err);
	if (rc)
		fed_leakage_release(leakage);
	return rc;
}

void fed_leakage_release(struct fed_leakage *leakage)
{
	fed_free(leakage->at);
	*leakage = (struct fed_leakage){0};
}
