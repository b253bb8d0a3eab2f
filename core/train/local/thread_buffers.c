/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/thread_buffers.c - buffers of the threads, and evaluation in them.
 */
#include <string.h>

#include "base/mem.h"
#include "train/round/quality.h"
#include "train/local/internal.h"

/* Activations of one thread: larger batches are computed in parts (nn/sgd.h). */
#define WORKSPACE_BYTES ((size_t)64 << 20)
#define SMALLEST_PART 16u
#define LARGEST_PART 4096u
#define EVALUATION_BATCH 128u

static void release_worker(struct fed_thread_buffers *w)
{
	fed_workspace_release(&w->space);
	fed_free(w->order);
	fed_free(w->label);
	fed_free(w->target);
	fed_free_floats(w->gradient);
	fed_free_floats(w->velocity);
	fed_codec_buffers_release(&w->codec);
	memset(w, 0, sizeof *w);
}

/* Bytes of activations and gradients of one example. */
static size_t example_bytes(const struct fed_net *net)
{
	size_t floats = fed_shape_size(&net->input);

	for (size_t l = 0; l < net->layers; l++)
		floats += 2 * fed_shape_size(&net->layer[l].out);
	return floats * sizeof(float);
}

static uint32_t clamp(size_t x, uint32_t low, uint32_t high)
{
	return x < low ? low : x > high ? high : (uint32_t)x;
}

void fed__workers_measure(struct fed_trainer *t)
{
	const size_t fit = WORKSPACE_BYTES / example_bytes(t->federation->net);

	t->part = clamp(fit, SMALLEST_PART, LARGEST_PART);
	t->evaluation = clamp(fit / 4, SMALLEST_PART, EVALUATION_BATCH);
}

void fed__workers_release(struct fed_trainer *t)
{
	for (int i = 0; i < t->workers; i++)
		release_worker(&t->worker[i]);
	t->batch_capacity = t->order_capacity = 0;
}

static int prepare_worker(const struct fed_trainer *t, struct fed_thread_buffers *w, bool gradient,
                          bool velocity, struct fed_error *err)
{
	const struct fed_net *net = t->federation->net;

	release_worker(w);
	if (fed_workspace_init_for(&w->space, &t->thread_scratch, 0, net->layers, t->batch_capacity,
	                           false, err))
		return FED_FAIL;
	w->space.worker = (int)(w - t->worker);
	w->order = fed_alloc_array(t->order_capacity, sizeof *w->order);
	w->label = fed_alloc_array(t->batch_capacity, sizeof *w->label);
	w->target = fed_alloc_array((size_t)t->batch_capacity * net->outputs, sizeof *w->target);
	if (gradient)
		w->gradient = fed_alloc_floats(net->dim);
	if (velocity)
		w->velocity = fed_alloc_floats(net->dim);
	if (!w->order || !w->label || !w->target || (gradient && !w->gradient) ||
	    (velocity && !w->velocity))
		return fed_fail_memory(err, (size_t)t->batch_capacity * net->outputs * sizeof(float),
		                       "a training thread");
	return FED_OK;
}

bool fed__workers_have_memory(const struct fed_trainer *t, uint32_t batch_capacity,
                              uint32_t examples, bool gradient, bool velocity)
{
	const struct fed_thread_buffers *w = &t->worker[t->workers - 1];

	return t->batch_capacity >= batch_capacity && t->order_capacity >= examples &&
	       (!gradient || w->gradient) && (!velocity || w->velocity);
}

int fed__workers_reserve(struct fed_trainer *t, bool gradient, bool velocity, struct fed_error *err)
{
	for (int k = 0; k < t->workers; k++) {
		if (prepare_worker(t, &t->worker[k], gradient, velocity, err)) {
			fed__workers_release(t);
			return FED_FAIL;
		}
	}
	return FED_OK;
}

bool fed_trainer_must_stop(const struct fed_trainer *t)
{
	return atomic_load_explicit(&t->stop, memory_order_relaxed) ||
	       atomic_load_explicit(&t->federation->stop, memory_order_relaxed) >= 2;
}

int fed__worker_gather(const struct fed_federation *f, const struct fed_client *client,
                       const struct fed_data_faults *data_faults, struct fed_thread_buffers *w,
                       const uint32_t *ids, uint32_t n, struct fed_error *err)
{
	fed_dataset_gather(f->data, ids, n, client->shifted ? &client->shift : NULL,
	                   fed_workspace_input(&w->space), f->net->classes ? w->label : NULL,
	                   f->net->classes ? NULL : w->target);
	if (!data_faults || !fed_data_faults_any(data_faults))
		return FED_OK;
	return fed__data_faults_apply(data_faults, f->data, ids, n, fed_workspace_input(&w->space),
	                              f->net->classes ? w->label : NULL, err);
}

uint32_t fed_trainer_evaluation_batch(const struct fed_trainer *t)
{
	return t->evaluation;
}

/* Copy the answers y to n examples, and what was asked for. */
static void keep_answers(const struct fed_thread_buffers *w, const float *y, uint32_t n,
                         struct fed_answers *answers, uint32_t at)
{
	const size_t outputs = answers->net->outputs, from = at * outputs, all = n * outputs;

	memcpy(answers->y + from, y, all * sizeof *y);
	if (answers->label)
		memcpy(answers->label + at, w->label, n * sizeof *w->label);
	else
		memcpy(answers->target + from, w->target, all * sizeof *w->target);
}

double fed__trainer_forward(struct fed_trainer *t, int worker, const float *params, uint32_t first,
                            uint32_t n, uint32_t *hits, struct fed_answers *answers, uint32_t at)
{
	const struct fed_federation *f = t->federation;
	struct fed_thread_buffers *w = &t->worker[worker];
	const struct fed_client unshifted = {0};
	struct fed_error unused;

	for (uint32_t i = 0; i < n; i++)
		w->order[i] = first + i;
	fed__worker_gather(f, &unshifted, NULL, w, w->order, n, &unused);
	const float *y = fed_net_forward(&w->space, params, n);
	if (answers)
		keep_answers(w, y, n, answers, at);
	return fed_net_loss(f->net, y, w->label, w->target, n, 0, NULL, f->net->classes ? hits : NULL);
}

void fed__evaluation_run(struct fed_job *job, int worker)
{
	struct fed_evaluation_job *e = (struct fed_evaluation_job *)job;
	const uint32_t batch = e->trainer->evaluation;

	for (uint32_t at = 0; at < e->n && !fed_trainer_must_stop(e->trainer); at += batch) {
		const uint32_t n = e->n - at < batch ? e->n - at : batch;

		e->loss[at / batch] = fed__trainer_forward(e->trainer, worker, e->model->vector[0],
		                                           e->first + at, n, &e->hits[at / batch], NULL, 0);
	}
}

/* Gather the parts' examples; those of clients whose inputs are not shifted together, which hides
 * the time that memory takes. */
static void gather_parts(const struct fed_federation *f, struct fed_thread_buffers *w,
                         const struct fed_evaluation_part *part, size_t parts)
{
	const size_t size = fed_shape_size(&f->data->shape), outputs = f->net->outputs;
	uint32_t n = 0, from = 0;

	for (size_t k = 0; k < parts; k++) {
		const struct fed_client *c = &f->clients->client[part[k].client];

		memcpy(w->order + n, part[k].id, part[k].n * sizeof *w->order);
		n += part[k].n;
		if (k + 1 < parts && !c->shifted && !f->clients->client[part[k + 1].client].shifted)
			continue;
		fed_dataset_gather(f->data, w->order + from, n - from, c->shifted ? &c->shift : NULL,
		                   fed_workspace_input(&w->space) + from * size,
		                   f->net->classes ? w->label + from : NULL,
		                   f->net->classes ? NULL : w->target + from * outputs);
		from = n;
	}
}

void fed__trainer_forward_parts(struct fed_trainer *t, int worker, const float *params,
                                struct fed_evaluation_part *part, size_t parts)
{
	const struct fed_federation *f = t->federation;
	const struct fed_net *net = f->net;
	struct fed_thread_buffers *w = &t->worker[worker];
	uint32_t n = 0;

	gather_parts(f, w, part, parts);
	for (size_t k = 0; k < parts; k++)
		n += part[k].n;
	const float *y = fed_net_forward(&w->space, params, n);
	n = 0;
	for (size_t k = 0; k < parts; k++) {
		const size_t at = (size_t)n * net->outputs;

		part[k].loss = fed_net_loss(net, y + at, w->label + n, w->target + at, part[k].n, 0, NULL,
		                            net->classes ? &part[k].hits : NULL);
		n += part[k].n;
	}
}

int fed__trainer_client_loss(struct fed_trainer *t, int worker, const float *params,
                             uint32_t client, const struct fed_client *row, double *loss,
                             struct fed_error *err)
{
	const struct fed_federation *f = t->federation;
	struct fed_thread_buffers *w = &t->worker[worker];
	struct fed_data_faults faults = fed_data_faults_for(f->faults, client, f->version);
	double sum = 0;
	int rc = FED_OK;

	for (uint32_t i = 0; rc == FED_OK && i < row->count; i += t->evaluation) {
		const uint32_t n = row->count - i < t->evaluation ? row->count - i : t->evaluation;

		rc = fed__worker_gather(f, row, &faults, w, row->examples + i, n, err);
		if (rc)
			break;
		const float *y = fed_net_forward(&w->space, params, n);
		sum += fed_net_loss(f->net, y, w->label, w->target, n, 0, NULL, NULL);
	}
	fed_data_faults_release(&faults);
	*loss = row->count ? sum / row->count : NAN;
	return rc;
}

/* Move the examples whose label was changed to the front; returns how many there are. */
static uint32_t keep_changed(const struct fed_federation *f, struct fed_thread_buffers *w,
                             uint32_t n)
{
	const size_t size = fed_shape_size(&f->data->shape);
	float *x = fed_workspace_input(&w->space);
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (w->label[i] == f->data->label[w->order[i]])
			continue;
		if (kept < i)
			memcpy(x + kept * size, x + i * size, size * sizeof *x);
		w->label[kept++] = w->label[i];
	}
	return kept;
}

int fed__trainer_attacked(struct fed_trainer *t, int worker, const float *params,
                          const struct fed_instance *attack, uint32_t first, uint32_t n,
                          struct fed_attack_hits *out, struct fed_error *err)
{
	const struct fed_federation *f = t->federation;
	struct fed_thread_buffers *w = &t->worker[worker];
	struct fed_examples examples = fed_examples_of(f->data);

	*out = (struct fed_attack_hits){0};
	for (uint32_t i = 0; i < n; i++)
		w->order[i] = first + i;
	examples.n = n;
	examples.x = fed_workspace_input(&w->space);
	examples.label = w->label;
	examples.id = w->order;
	examples.all = true;
	fed_dataset_gather(f->data, w->order, n, NULL, examples.x, w->label, NULL);
	if (fed_call_poison(attack, &examples, err))
		return FED_FAIL;
	out->changed = keep_changed(f, w, n);
	if (out->changed == 0)
		return FED_OK;
	const float *y = fed_net_forward(&w->space, params, out->changed);
	fed_net_loss(f->net, y, w->label, NULL, out->changed, 0, NULL, &out->hits);
	return FED_OK;
}
