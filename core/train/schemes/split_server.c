/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/split_server.c - server of split learning: one processor, one task after another.
 *
 * Under v1 each turn has server layers of its own, so the tasks may really run side by side; in
 * virtual time they still follow one another.  Otherwise the layers learn from one task at a time,
 * in the order in which the data arrived.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rows.h"
#include "train/round/emit.h"
#include "train/round/gate.h"
#include "train/round/invitations.h"
#include "train/round/message_faults.h"
#include "train/schemes/split_internal.h"
#include "train/local/trainer.h"

/* Tasks ------------------------------------------------------------------------- */

/* Schedule a task on the server: returns the virtual time of its end. */
static double schedule_task(struct fed_split *s, const struct fed_federation *f, double flops)
{
	const double begin = s->free > f->clock.now ? s->free : f->clock.now;

	s->free = begin + (s->server_speed > 0 ? flops / s->server_speed : 0);
	return s->free;
}

/* Computation of the server on a turn's data, and its cost for an example. */
struct task {
	void (*one)(struct fed_job *, int worker); /* for one turn */
	void (*all)(struct fed_job *, int worker);
	double flops;
	size_t width; /* floats of the result, one example */
};

static struct task task_of(const struct fed_split *s, const struct fed_net *net,
                           enum fed_turn_phase phase)
{
	const double forward = fed_net_flops(net, s->at[0], s->at[1]);
	const double back = fed_net_backward_flops(net, s->at[0], s->at[1], true);
	const size_t below = fed__cut_width(net, s->at[0]), above = fed__cut_width(net, s->at[1]);

	if (s->labels == FED_LABELS_SERVER)
		return (struct task){fed__work_serve, fed__work_serve_all, forward + back, below};
	if (phase == FED_TURN_SERVED_BACK)
		return (struct task){fed__work_serve_back, fed__work_serve_all_back, back, below};
	return (struct task){fed__work_serve_forward, fed__work_serve_all_forward, forward, above};
}

/* Allocate a task's result, and charge the work to the turn's client. */
static int prepare_task(struct fed_turn *t, const struct task *task, struct fed_error *err)
{
	struct fed_federation *f = t->federation;
	const uint32_t sharing = t->split->vertical ? t->split->turns : 1; /* one task of all */
	const struct fed_costs work = {.server_flops = task->flops * t->n / sharing};
	const size_t width = t->split->vertical ? fed__turn_width(t) : task->width;

	t->answer = fed_vector_free_list_take(&f->messages, 1, t->n * width);
	if (!t->answer)
		return fed_fail_memory(err, t->n * width * sizeof(float), "a gradient");
	return fed__charge(f, t->client, &work, err);
}

/* Reserve the server's own workspace for such a batch. */
static int reserve_server_workspace(struct fed_split *s, const struct fed_federation *f,
                                    uint32_t examples, struct fed_error *err)
{
	if (s->all.max_batch >= examples)
		return FED_OK;
	fed_workspace_release(&s->all);
	return fed_workspace_init_for(&s->all, fed__trainer_scratch(f->trainer), s->at[0], s->at[1],
	                              examples, true, err);
}

static int start(struct fed_turn *t, struct fed_error *err)
{
	struct fed_split *s = t->split;
	const struct task task = task_of(s, t->federation->net, t->phase);

	if (prepare_task(t, &task, err))
		return FED_FAIL;
	if (!fed__turn_has_memory(s, t->federation->net, FED_PART_SERVER) &&
	    reserve_server_workspace(s, t->federation, t->n, err))
		return FED_FAIL;
	return fed__turn_compute(t, task.one, schedule_task(s, t->federation, task.flops * t->n), err);
}

/* Start the task of the next waiting turn, if the server is idle. */
static int start_next(struct fed_split *s, struct fed_error *err)
{
	while (s->serving < 0 && s->queued) {
		const uint32_t i = s->queue[s->front];

		s->front = (s->front + 1) % s->turns;
		s->queued--;
		if (s->turn[i].phase == FED_TURN_OVER)
			continue; /* closed while its data waited */
		s->serving = i;
		return start(&s->turn[i], err);
	}
	return FED_OK;
}

/* Joined batches -------------------------------------------------------------- */

/* Whether the data of all open turns have arrived; *phase: their common phase (no turn is ahead of
 * a joined step), *examples: how many.  Checks the turn first that was missing last time, so that
 * most arrivals cost one check. */
static bool all_have_arrived(struct fed_split *s, enum fed_turn_phase *phase, uint32_t *examples)
{
	*examples = 0;
	if (s->awaited == s->turns)
		return false;
	for (uint32_t k = 0; k < s->turns; k++) {
		const uint32_t i = (uint32_t)(((uint64_t)s->awaited + k) % s->turns);
		const struct fed_turn *t = &s->turn[i];

		if (t->phase == FED_TURN_OVER || t->phase == FED_TURN_RELAYING)
			continue;
		if (t->phase != FED_TURN_SERVED && t->phase != FED_TURN_SERVED_BACK) {
			s->awaited = i;
			return false;
		}
		*phase = t->phase;
		*examples = s->vertical ? t->n : *examples + t->n;
	}
	if (*examples == 0)
		s->awaited = s->turns;
	return *examples > 0;
}

static int start_all(struct fed_federation *f, struct fed_split *s, enum fed_turn_phase phase,
                     uint32_t examples, struct fed_error *err)
{
	const struct task task = task_of(s, f->net, phase);

	if (phase == FED_TURN_SERVED) {
		if (reserve_server_workspace(s, f, examples, err))
			return FED_FAIL;
		s->n_all = examples;
	}
	for (uint32_t i = 0, from = 0; i < s->turns; i++) {
		struct fed_turn *t = &s->turn[i];

		if (t->phase != phase)
			continue;
		if (prepare_task(t, &task, err))
			return FED_FAIL;
		t->joined = true;
		if (phase == FED_TURN_SERVED)
			t->from_all = from;
		from += t->n;
	}
	const double due = schedule_task(s, f, task.flops * examples);
	s->serving = FED_SERVING_ALL;
	s->all_job = (struct fed_job){.run = task.all, .due = due, .seq = s->jobs++};
	if (fed_pool_submit(f->pool, &s->all_job, err)) {
		s->serving = -1;
		return FED_FAIL;
	}
	return fed_event_queue_add(&f->clock, due, FED_QUEUED_WORK, 0, FED_SERVER, err);
}

int fed__split_missed(struct fed_federation *f, struct fed_split *s, struct fed_error *err)
{
	enum fed_turn_phase phase = FED_TURN_SERVED;
	uint32_t examples;

	if (s->ended)
		return FED_OK;
	if (s->smashed != FED_SMASHED_BATCH || s->serving >= 0 || s->called < s->turns ||
	    !all_have_arrived(s, &phase, &examples))
		return FED_OK;
	return start_all(f, s, phase, examples, err);
}

/* Arrivals ------------------------------------------------------------------------- */

static bool labels_are_valid(const struct fed_turn *t)
{
	const struct fed_net *net = t->federation->net;
	const struct fed_shared_vectors *p = t->labels;

	if (t->split->labels == FED_LABELS_CLIENT || t->split->vertical)
		return !p;
	if (!p || p->dim != (size_t)t->n * (net->classes ? net->positions : net->outputs))
		return false;
	for (size_t i = 0; net->classes && i < p->dim; i++)
		if (!(p->vector[0][i] >= 0 && p->vector[0][i] < (float)net->classes &&
		      p->vector[0][i] == floorf(p->vector[0][i])))
			return false;
	return true;
}

/* Gate of activations and gradients. */
static int check(const struct fed_turn *t, struct fed_error *why)
{
	const struct fed_shared_vectors *p = t->crossing;

	if (!fed_rows_kernels()->finite(p->vector[0], p->dim)) {
		size_t j = 0;
		while (isfinite(p->vector[0][j]))
			j++;
		return fed_reject(why, "batch %u is %s at number %zu", t->batch,
		                  isnan(p->vector[0][j]) ? "NaN" : "infinite", j);
	}
	if (t->phase == FED_TURN_SERVED && !labels_are_valid(t))
		return fed_reject(why, "batch %u has labels that are no classes of this dataset", t->batch);
	return FED_OK;
}

static int refuse(struct fed_turn *t, const char *why, bool nonfinite, struct fed_error *err)
{
	struct fed_federation *f = t->federation;

	fed__invitation_close(f, t->client);
	fed__refuse_update(f, t->client, t->number, nonfinite, why);
	return f->scheme->lost(f, f->scheme_state, t->number, err);
}

/* Emit the end of the upload: from now on the client waits for the server. */
static void emit_reached(const struct fed_turn *t, bool back)
{
	char text[64];

	snprintf(text, sizeof text, "batch %u: %s", t->batch,
	         back ? "gradient of the features" : "activations");
	fed__emit_about(t->federation, FED_EVENT_REACHED, t->client, t->number, 0, text);
}

int fed__split_serve(struct fed_turn *t, struct fed_envelope *e, struct fed_error *err)
{
	struct fed_split *s = t->split;
	const bool back = e->head.kind == FED_MESSAGE_FEATURES_GRADIENT;
	const enum fed_turn_phase awaited = back ? FED_TURN_TAIL_UP : FED_TURN_UP;
	const size_t width = back ? fed__cut_width(t->federation->net, s->at[1]) : fed__turn_width(t);
	struct fed_error why;

	if (t->phase != awaited || e->steps != t->batch || e->payload->dim != t->n * width)
		return FED_OK; /* duplicate, or of a former batch */
	t->crossing = fed_shared_vectors_ref(e->payload);
	t->labels = fed_shared_vectors_ref(e->labels);
	t->phase = back ? FED_TURN_SERVED_BACK : FED_TURN_SERVED;
	emit_reached(t, back);
	const int damaged =
		s->vertical ? fed__check_part(t->federation, e, fed__turn_sent(t), fed__turn_sends(t), &why)
					: FED_OK;
	if (damaged == FED_FAIL) {
		*err = why;
		return FED_FAIL;
	}
	if (damaged || check(t, &why))
		return refuse(t, why.text, damaged == FED_OK, err);
	if (s->parallel == FED_PARALLEL_V1)
		return start(t, err);
	if (s->smashed == FED_SMASHED_BATCH)
		return fed__split_missed(t->federation, s, err);
	s->queue[(s->front + s->queued++) % s->turns] = (uint32_t)(t - s->turn);
	return start_next(s, err);
}

/* Results ---------------------------------------------------------------------------- */

/* Send a task's result to the turn's client, unless the turn is over. */
static int send_result(struct fed_turn *t, struct fed_error *err)
{
	const bool features = t->phase == FED_TURN_SERVED && t->split->labels == FED_LABELS_CLIENT;

	if (t->phase == FED_TURN_OVER)
		return FED_OK;
	fed_shared_vectors_unref(t->labels);
	t->labels = NULL;
	t->phase = features ? FED_TURN_FEATURES : FED_TURN_DOWN;
	return fed__turn_send(t, features ? FED_MESSAGE_FEATURES : FED_MESSAGE_GRADIENT, false, err);
}

static int answer_all(struct fed_federation *f, struct fed_split *s, struct fed_error *err)
{
	fed_pool_join(f->pool, &s->all_job);
	s->serving = -1;
	for (uint32_t i = 0; i < s->turns; i++) {
		struct fed_turn *t = &s->turn[i];

		if (!t->joined)
			continue;
		t->joined = false;
		fed_shared_vectors_unref(t->crossing);
		t->crossing = t->answer;
		t->answer = NULL;
		if (t->phase == FED_TURN_OVER)
			fed__turn_close(t); /* closed meanwhile */
		else if (send_result(t, err))
			return FED_FAIL;
	}
	return fed__split_missed(f, s, err);
}

int fed__split_served(struct fed_federation *f, struct fed_split *s, struct fed_turn *t,
                      struct fed_error *err)
{
	if (!t)
		return answer_all(f, s, err);
	fed__turn_join(t);
	if (s->serving == t - s->turn)
		s->serving = -1;
	if (t->phase == FED_TURN_OVER)
		fed__turn_close(t);
	else if (send_result(t, err))
		return FED_FAIL;
	return start_next(s, err);
}
