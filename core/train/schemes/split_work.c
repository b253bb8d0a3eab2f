/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/split_work.c - jobs of split learning: computations of clients and server, on
 * threads of the pool.
 *
 * Gradients cross the cut with the scale of the whole net's plain step, -lr / B, so that each side
 * updates its parameters as fed_net_backward() does without a cut (nn/net.h) and one client's turn
 * gives the bits that training without a cut gives.
 */
#include <string.h>

#include "train/clients/noise.h"
#include "train/schemes/split_internal.h"
#include "train/local/trainer.h"

int fed__turn_compute(struct fed_turn *t, void (*run)(struct fed_job *, int), double when,
                      struct fed_error *err)
{
	struct fed_federation *f = t->federation;

	t->job = (struct fed_job){.run = run, .due = when, .seq = t->split->jobs++};
	t->submitted = true; /* a thread owns the turn until it is joined */
	if (fed_pool_submit(f->pool, &t->job, err)) {
		t->submitted = false;
		return FED_FAIL;
	}
	return fed_event_queue_add(&f->clock, when, FED_QUEUED_WORK, t->number, t->client, err);
}

static void take_answer(struct fed_turn *t)
{
	if (!t->answer)
		return;
	fed_shared_vectors_unref(t->crossing);
	t->crossing = t->answer;
	t->answer = NULL;
}

void fed__turn_join(struct fed_turn *t)
{
	if (!t->submitted)
		return;
	fed_pool_join(t->federation->pool, &t->job);
	t->submitted = false;
	take_answer(t);
}

void fed__turn_compute_here(struct fed_turn *t, void (*run)(struct fed_job *, int))
{
	run(&t->job, 0);
	take_answer(t);
}

/* Conversion of labels ---------------------------------------- */

/* Labels, or targets, as numbers. */
static void write_labels(const struct fed_turn *t, float *to)
{
	const struct fed_net *net = t->federation->net;

	if (!net->classes) {
		memcpy(to, t->target, (size_t)t->n * net->outputs * sizeof *to);
		return;
	}
	for (size_t i = 0; i < (size_t)t->n * net->positions; i++)
		to[i] = (float)t->label[i];
}

static void read_labels(struct fed_turn *t)
{
	const struct fed_net *net = t->federation->net;
	const float *from = t->labels->vector[0];

	if (!net->classes) {
		memcpy(t->target, from, (size_t)t->n * net->outputs * sizeof *from);
		return;
	}
	for (size_t i = 0; i < (size_t)t->n * net->positions; i++)
		t->label[i] = (int32_t)from[i];
}

static void put_input(struct fed_workspace *ws, const struct fed_turn *t)
{
	memcpy(fed_workspace_input(ws), t->crossing->vector[0], t->crossing->dim * sizeof(float));
}

static void take_gradient(const struct fed_workspace *ws, struct fed_turn *t)
{
	memcpy(t->answer->vector[0], fed_workspace_input_gradient(ws), t->answer->dim * sizeof(float));
}

/* Workspace in which thread `worker` runs a part of the turn's model. */
static struct fed_workspace *space_of(struct fed_turn *t, enum fed_split_part part, int worker)
{
	struct fed_workspace *ws = &t->space[part];

	ws->worker = worker;
	return ws;
}

/* Workspace in which the server computes on this turn's data. */
static struct fed_workspace *server_space(struct fed_turn *t, int worker)
{
	if (t->space[FED_PART_SERVER].net)
		return space_of(t, FED_PART_SERVER, worker);
	t->split->all.worker = worker;
	return &t->split->all;
}

/* Steps ----------------------------------------------------------------------- */

static float scale_of(const struct fed_turn *t, uint32_t batch)
{
	return (float)(-t->federation->plan.lr / batch);
}

/* Random numbers of the turn's batch: those of the step that it would be without a cut. */
static struct fed_step_random key_of(const struct fed_turn *t)
{
	const struct fed_federation *f = t->federation;

	return fed__random_of_step((uint64_t)f->settings->seed, f->version,
	                           t->split->vertical ? t->split->turn[0].client : t->client,
	                           t->batch - 1);
}

/* Backward through a part, whose buffers follow. */
static void go_back(struct fed_workspace *ws, float *w, const float *dy, uint32_t n)
{
	fed_net_backward(ws, w, w, dy, n);
	fed_net_update_buffers(ws, w, n);
}

/* Forward, loss and backward of the last part; returns the sum of the losses. */
static double learn(struct fed_turn *t, struct fed_workspace *ws, float *w, uint32_t n)
{
	const struct fed_net *net = ws->net;
	float *dy = fed_workspace_output_gradient(ws);
	const float *y = fed_net_forward_training(ws, w, n, key_of(t));
	const double loss = fed_net_training_loss(net, y, t->label, t->target, n, scale_of(t, n), dy);

	go_back(ws, w, dy, n);
	return loss;
}

void fed__work_forward(struct fed_job *job, int worker)
{
	struct fed_turn *t = (struct fed_turn *)job;
	const struct fed_federation *f = t->federation;
	struct fed_workspace *ws = space_of(t, FED_PART_HEAD, worker);
	const uint32_t *ids = t->order + t->from;
	float *x = fed_workspace_input(ws);

	fed_dataset_gather(f->data, ids, t->n, t->row.shifted ? &t->row.shift : NULL, x,
	                   f->net->classes ? t->label : NULL, f->net->classes ? NULL : t->target);
	if (fed_data_faults_any(&t->data_faults) &&
	    fed__data_faults_apply(&t->data_faults, f->data, ids, t->n, x,
	                           f->net->classes ? t->label : NULL, &t->why)) {
		t->failed = true;
		return;
	}
	if (t->split->vertical && fed_data_faults_any(&t->data_faults)) /* the server's stay */
		fed_dataset_gather(f->data, ids, t->n, NULL, NULL, f->net->classes ? t->label : NULL,
		                   f->net->classes ? NULL : t->target);
	if (t->split->vertical)
		fed__vertical_hide(t, x);
	if (f->net->positions > 1)
		fed_net_spread_labels(f->net, x, t->label, t->n, t->label);
	const float *y = fed_net_forward_training(ws, t->params, t->n, key_of(t));
	if (t->split->vertical)
		fed__vertical_take(t, y, t->answer->vector[0]);
	else
		memcpy(t->answer->vector[0], y, t->answer->dim * sizeof *y);
	fed_noise_add(&t->noise, t->sigma, t->answer->vector[0], t->answer->dim);
	if (t->labels)
		write_labels(t, t->labels->vector[0]);
}

void fed__work_serve(struct fed_job *job, int worker)
{
	struct fed_turn *t = (struct fed_turn *)job;
	struct fed_workspace *ws = server_space(t, worker);

	read_labels(t);
	put_input(ws, t);
	t->loss += learn(t, ws, fed__server_model(t), t->n);
	take_gradient(ws, t);
}

void fed__work_serve_forward(struct fed_job *job, int worker)
{
	struct fed_turn *t = (struct fed_turn *)job;
	struct fed_workspace *ws = space_of(t, FED_PART_SERVER, worker);

	put_input(ws, t);
	const float *y = fed_net_forward_training(ws, fed__server_model(t), t->n, key_of(t));
	memcpy(t->answer->vector[0], y, t->answer->dim * sizeof *y);
}

void fed__work_tail(struct fed_job *job, int worker)
{
	struct fed_turn *t = (struct fed_turn *)job;
	struct fed_workspace *ws = space_of(t, FED_PART_TAIL, worker);

	put_input(ws, t);
	t->loss += learn(t, ws, t->params, t->n);
	take_gradient(ws, t);
}

void fed__work_serve_back(struct fed_job *job, int worker)
{
	struct fed_turn *t = (struct fed_turn *)job;
	struct fed_workspace *ws = space_of(t, FED_PART_SERVER, worker);
	float *w = fed__server_model(t);

	go_back(ws, w, t->crossing->vector[0], t->n);
	take_gradient(ws, t);
}

void fed__work_backward(struct fed_job *job, int worker)
{
	struct fed_turn *t = (struct fed_turn *)job;
	struct fed_workspace *ws = space_of(t, FED_PART_HEAD, worker);
	const float *dy = t->crossing->vector[0];

	if (t->split->vertical) {
		float *all = fed_workspace_output_gradient(ws);

		memset(all, 0, t->n * fed__cut_width(ws->net, t->split->at[0]) * sizeof *all);
		fed__vertical_put(t, dy, all);
		dy = all;
	}
	go_back(ws, t->params, dy, t->n);
}

/* Joined batches -------------------------------------------------------------- */

static struct fed_split *scheme_of(struct fed_job *all_job, int worker)
{
	struct fed_split *s =
		(struct fed_split *)((char *)all_job - offsetof(struct fed_split, all_job));

	s->all.worker = worker;
	return s;
}

/* Random numbers of the joined batch: those of its first turn. */
static struct fed_step_random joined_key(const struct fed_split *s)
{
	uint32_t i = 0;

	while (i + 1 < s->turns && !s->turn[i].joined)
		i++;
	return key_of(&s->turn[i]);
}

/* Concatenate the activations of all waiting turns, and run the server's layers forward. */
static const float *forward_all(struct fed_split *s)
{
	const size_t width = fed__cut_width(s->all.net, s->at[0]);
	float *x = fed_workspace_input(&s->all);

	for (uint32_t i = 0; i < s->turns; i++) {
		const struct fed_turn *t = &s->turn[i];
		if (t->joined && s->vertical)
			fed__vertical_put(t, t->crossing->vector[0], x);
		else if (t->joined)
			memcpy(x + t->from_all * width, t->crossing->vector[0], t->n * width * sizeof *x);
	}
	return fed_net_forward_training(&s->all, s->params, s->n_all, joined_key(s));
}

/* Copy each turn's rows of the result into its answer. */
static void share_out(struct fed_split *s, const float *from)
{
	for (uint32_t i = 0; i < s->turns; i++) {
		struct fed_turn *t = &s->turn[i];
		if (!t->joined)
			continue;
		if (s->vertical) {
			fed__vertical_take(t, from, t->answer->vector[0]);
			continue;
		}
		memcpy(t->answer->vector[0], from, t->answer->dim * sizeof *from);
		from += t->answer->dim;
	}
}

/* The loss of joined columns, by the server's labels: those of the first turn's examples, which are
 * everyone's. */
static void learn_columns(struct fed_split *s, const float *y, float *dy)
{
	const struct fed_turn *first = &s->turn[0];
	const double loss = fed_net_training_loss(s->all.net, y, first->label, first->target, s->n_all,
	                                          scale_of(first, s->n_all), dy);

	s->seen += s->n_all;
	for (uint32_t i = 0; i < s->turns; i++)
		s->turn[i].loss += loss;
}

/* Job: one step of the server's layers on the joined batch. */
void fed__work_serve_all(struct fed_job *job, int worker)
{
	struct fed_split *s = scheme_of(job, worker);
	const struct fed_net *net = s->all.net;
	const float *y = forward_all(s);
	float *dy = fed_workspace_output_gradient(&s->all);

	if (s->vertical)
		learn_columns(s, y, dy);
	for (uint32_t i = 0; i < s->turns && !s->vertical; i++) {
		struct fed_turn *t = &s->turn[i];
		const size_t from = (size_t)t->from_all * net->positions * net->outputs;
		if (!t->joined)
			continue;
		read_labels(t);
		t->loss += fed_net_training_loss(net, y + from, t->label, t->target, t->n,
		                                 scale_of(t, s->n_all), dy + from);
	}
	go_back(&s->all, s->params, dy, s->n_all);
	share_out(s, fed_workspace_input_gradient(&s->all));
}

void fed__work_serve_all_forward(struct fed_job *job, int worker)
{
	struct fed_split *s = scheme_of(job, worker);

	share_out(s, forward_all(s));
}

/* Remove turns that failed since the joined forward pass, and repeat it without them.  A zero
 * gradient would not do: their activations may have overflowed.  Returns the examples that are
 * left. */
static uint32_t leave_out_missing(struct fed_split *s)
{
	const size_t width = fed__cut_width(s->all.net, s->at[0]);
	float *x = fed_workspace_input(&s->all);
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->turns; i++) {
		const struct fed_turn *t = &s->turn[i];
		if (!t->joined)
			continue;
		memmove(x + n * width, x + t->from_all * width, t->n * width * sizeof *x);
		n += t->n;
	}
	if (n < s->n_all)
		fed_net_forward_training(&s->all, s->params, n, joined_key(s));
	return n;
}

/* Job: backward pass of the joined batch.  The clients' gradients are scaled by their own batches;
 * the factor n_i / n makes them those of the joined one. */
void fed__work_serve_all_back(struct fed_job *job, int worker)
{
	struct fed_split *s = scheme_of(job, worker);
	const uint32_t n = leave_out_missing(s);
	float *dy = fed_workspace_output_gradient(&s->all), *to = dy;

	for (uint32_t i = 0; i < s->turns; i++) {
		const struct fed_turn *t = &s->turn[i];
		const float share = (float)((double)t->n / n);
		if (!t->joined)
			continue;
		for (size_t j = 0; j < t->crossing->dim; j++)
			*to++ = share * t->crossing->vector[0][j];
	}
	go_back(&s->all, s->params, dy, n);
	share_out(s, fed_workspace_input_gradient(&s->all));
}
