/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/training_process.c - trainings in worker processes: where a guarded plugin would run
 * at the clients.
 *
 * What crosses over is a whole training, never a batch.  Each thread of the pool has a process of
 * its own, which trains with the same code (core/worker/serve_training.c).
 */
#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "plug/guard/worker.h"
#include "plug/wire.h"
#include "train/local/internal.h"
#include "train/local/training_wire.h"

/* One process, and what it has been told. */
struct process {
	struct fed_worker *worker;
	const struct fed_entry *attack; /* that it has loaded, or NULL */
	uint64_t set_up;                /* the start that knows dataset and model */
};

struct fed_training_processes {
	struct fed_guard *guard;
	struct fed_dataset shared; /* the arrays of the dataset, in shared memory */
	struct process *process;   /* [trainer->workers] */
};

/* The guard of a plugin that runs at clients, or NULL. */
static struct fed_guard *guard_of(const struct fed_instance *x)
{
	return fed_is_guarded_at_clients(x) ? x->entry->guard : NULL;
}

static const struct fed_instance *poison_of(const struct fed_training *g)
{
	return g->data_faults.poison ? &g->data_faults.poison->instance : NULL;
}

bool fed__runs_in_process(const struct fed_training *g)
{
	const struct fed_federation *f = g->trainer->federation;

	return g->trainer->processes &&
	       (guard_of(f->model_plugin) || guard_of(f->aggregator) || guard_of(poison_of(g)));
}

/* Sharing ---------------------------------------------------------------- */

static void *share(struct fed_guard *guard, const void *from, size_t n, size_t size, bool *failed)
{
	if (!from)
		return NULL;
	void *block = fed_shared_memory_take(guard->memory, n * size);
	if (block)
		memcpy(block, from, n * size);
	else
		*failed = true;
	return block;
}

static void release_dataset(struct fed_training_processes *p)
{
	fed_shared_memory_return(p->guard->memory, p->shared.bytes);
	fed_shared_memory_return(p->guard->memory, p->shared.values);
	fed_shared_memory_return(p->guard->memory, p->shared.label);
	fed_shared_memory_return(p->guard->memory, p->shared.target);
}

/* Copies of the arrays that trainings read: those of the training examples. */
static bool share_dataset(struct fed_training_processes *p, const struct fed_dataset *data)
{
	const size_t n = data->train, example = n * fed_shape_size(&data->shape);
	bool failed = false;

	p->shared = *data;
	p->shared.bytes = share(p->guard, data->bytes, example, 1, &failed);
	p->shared.values = share(p->guard, data->values, example, sizeof *data->values, &failed);
	p->shared.label = share(p->guard, data->label, n, sizeof *data->label, &failed);
	p->shared.target =
		share(p->guard, data->target, n * data->outputs, sizeof *data->target, &failed);
	return !failed;
}

/* The guard of the first plugin that will run at clients in the next round, or NULL. */
static struct fed_guard *needed_guard(const struct fed_federation *f)
{
	struct fed_guard *guard = guard_of(f->model_plugin);

	if (!guard)
		guard = guard_of(f->aggregator);
	for (size_t i = 0; !guard && f->faults && i < f->faults->n; i++)
		if (f->faults->fault[i].attack)
			guard = guard_of(&f->faults->fault[i].attack->instance);
	return guard;
}

int fed__processes_prepare(struct fed_trainer *t, struct fed_error *err)
{
	struct fed_guard *guard = t->processes ? NULL : needed_guard(t->federation);

	if (!guard)
		return FED_OK;
	struct fed_training_processes *p = fed_alloc(sizeof *p);
	if (!p)
		return fed_fail_memory(err, sizeof *p, "training processes");
	p->guard = guard;
	p->process = fed_alloc_array((size_t)t->workers, sizeof *p->process);
	if (!p->process || !share_dataset(p, t->federation->data)) {
		release_dataset(p);
		fed_free(p->process);
		fed_free(p);
		return fed_fail_memory(err, t->federation->data->train, "training processes");
	}
	t->processes = p;
	return FED_OK;
}

void fed__processes_release(struct fed_trainer *t)
{
	struct fed_training_processes *p = t->processes;

	if (!p)
		return;
	for (int k = 0; k < t->workers; k++)
		fed_worker_free(p->process[k].worker);
	release_dataset(p);
	fed_free(p->process);
	fed_free(p);
	t->processes = NULL;
}

/* Set-up ------------------------------------------------------------------- */

/* The process of a thread, with the plugins that this training needs. */
static int process_for(struct process *p, const struct fed_training *g, struct fed_error *err)
{
	const struct fed_federation *f = g->trainer->federation;
	const struct fed_instance *poison = poison_of(g);
	const struct fed_entry *attack = poison ? poison->entry : NULL;
	const int files[FED_WORKER_FILES] = {fed_entry_file(f->model_plugin->entry),
	                                     fed_entry_file(f->aggregator->entry),
	                                     attack ? fed_entry_file(attack) : -1};

	if (p->worker && (!attack || p->attack == attack))
		return FED_OK;
	fed_worker_free(p->worker);
	*p = (struct process){.attack = attack};
	/* what is printed there is most likely by the first that is guarded */
	const struct fed_entry *speaker = guard_of(f->model_plugin) ? f->model_plugin->entry
	                                  : guard_of(f->aggregator) ? f->aggregator->entry
	                                                            : attack;
	return fed_worker_new(&p->worker, g->trainer->processes->guard, speaker->head->name,
	                      FED_WORKER_TRAININGS, files, err);
}

static void put_array(struct fed_worker *w, const void *array, size_t n, size_t size)
{
	if (array)
		fed_put_input(w, array, n * size);
}

static void put_set_up(struct fed_worker *w, const struct fed_federation *f,
                       const struct fed_dataset *data)
{
	const size_t n = data->train, example = n * fed_shape_size(&data->shape);
	const struct fed_wire_dataset head = fed__wire_dataset_of(data);

	fed_worker_request(w, FED_ASK_SET_UP);
	FED_PUT(&w->packet, head);
	put_array(w, data->bytes, example, 1);
	put_array(w, data->values, example, sizeof *data->values);
	put_array(w, data->label, n, sizeof *data->label);
	put_array(w, data->target, n * data->outputs, sizeof *data->target);
	fed_put_number(&w->packet, f->net->dim);
	fed_put_number(&w->packet, f->net->whole);
	fed_put_state(&w->packet, f->model_plugin);
	fed_put_number(&w->packet, f->net->frozen_dim);
	put_array(w, f->net->frozen, f->net->frozen_dim, sizeof *f->net->frozen);
}

static int set_up(struct process *p, const struct fed_training *g, struct fed_error *err)
{
	struct fed_packet_reader reply;
	struct fed_error words;
	int rc;

	if (p->set_up == p->worker->starts)
		return FED_OK;
	put_set_up(p->worker, g->trainer->federation, &g->trainer->processes->shared);
	if (fed_worker_call(p->worker, "build()", NULL, &reply, &rc, &words, err))
		return FED_FAIL;
	if (rc != FED_OK)
		*err = words;
	else
		p->set_up = p->worker->starts;
	return rc;
}

/* Trainings ---------------------------------------------------------------- */

static bool is_unwanted(void *ctx)
{
	return fed_trainer_must_stop(ctx);
}

/* The job; false: no memory for its results. */
static bool put_job(struct fed_worker *w, const struct fed_training *g,
                    const struct fed_training_vectors *v)
{
	const struct fed_federation *f = g->trainer->federation;
	const struct fed_instance aggregator = {.entry = f->aggregator->entry,
	                                        .state = f->aggregator->state};
	const size_t dim = f->net->dim, bytes = dim * sizeof(float);
	struct fed_wire_training head = fed__wire_training_of(g);

	head.kept = g->kept ? head.kept : 0;
	const uint32_t results = 1 + head.kept + head.returned;
	float *values = fed_worker_output(w, results * bytes);
	if (!values)
		return false;
	for (uint32_t k = 1; k < results; k++)
		memcpy(values + k * dim, k <= head.kept ? v->kept[k - 1] : v->returned[k - 1 - head.kept],
		       bytes);
	fed_worker_request(w, FED_ASK_TRAIN);
	FED_PUT(&w->packet, head);
	fed_put(&w->packet, g->row.examples, head.count * sizeof *g->row.examples);
	fed_put_state(&w->packet, &aggregator);
	fed_put_number(&w->packet, f->aggregator->vectors ? dim : 0);
	if (f->aggregator->vectors)
		fed_put_input(w, f->aggregator->vectors, fed_instance_vector_bytes(f->aggregator, dim));
	if (head.poisoned)
		fed_put_state(&w->packet, poison_of(g));
	fed_put_input(w, v->received, bytes);
	for (uint32_t k = 0; k < head.broadcasts; k++)
		fed_put_input(w, v->broadcast[k], bytes);
	fed_put_output(&w->packet, w);
	return true;
}

static int take_results(struct fed_worker *w, struct fed_training *g, struct fed_packet_reader *r,
                        const struct fed_training_vectors *v, struct fed_error *err)
{
	const size_t dim = g->trainer->federation->net->dim, bytes = dim * sizeof(float);
	const uint32_t returned = g->result->n - 1;
	const float *values = w->out.values;
	const uint32_t kept = (uint32_t)(w->out.used / bytes) - 1 - returned;
	struct fed_wire_trained done;

	FED_GET(r, done);
	if (r->short_)
		return fed_fail(err, "the worker process gave no update");
	if (!fed_worker_output_intact(w))
		return fed_fail(err, "a plugin wrote past the end of its output");
	g->steps = done.steps;
	g->loss = done.loss;
	g->squares = done.squares;
	g->chosen = done.chosen <= fed_instance_broadcasts(g->trainer->federation->aggregator)
	                ? done.chosen
	                : 0;
	g->first_loss = done.first_loss;
	memcpy(v->params, values, bytes);
	for (uint32_t k = 0; k < kept; k++)
		memcpy(v->kept[k], values + (1 + k) * dim, bytes);
	for (uint32_t k = 0; k < returned; k++)
		memcpy(v->returned[k], values + (1 + kept + k) * dim, bytes);
	return FED_OK;
}

/* Train in an entered worker. */
static int train(struct process *p, struct fed_training *g, const struct fed_training_vectors *v,
                 struct fed_error *err)
{
	struct fed_worker *w = p->worker;
	struct fed_packet_reader reply;
	struct fed_error words;
	int rc;

	w->stopped = is_unwanted;
	w->stopped_ctx = g->trainer;
	if (set_up(p, g, err))
		return FED_FAIL;
	if (!put_job(w, g, v))
		return fed_fail_memory(err, g->trainer->federation->net->dim * sizeof(float), "an update");
	if (fed_worker_call(w, "a training", NULL, &reply, &rc, &words, err))
		return FED_FAIL;
	if (rc != FED_OK)
		*err = words;
	return rc == FED_OK ? take_results(w, g, &reply, v, err) : FED_FAIL;
}

/* The plugin that an error is about: that of the crash, or the first that is guarded. */
static const struct fed_instance *culprit(const struct fed_training *g, const struct fed_worker *w)
{
	const struct fed_federation *f = g->trainer->federation;
	const struct fed_instance *poison = poison_of(g);
	const struct fed_instance *all[] = {f->model_plugin, f->aggregator, poison};

	if (w->report->signal && w->report->frames && w->report->plugin < 3 && all[w->report->plugin])
		return all[w->report->plugin];
	for (size_t i = 0; i < 3; i++)
		if (guard_of(all[i]))
			return all[i];
	return f->model_plugin;
}

/* Whether none of the plugins is set aside. */
static int check_failures(const struct fed_training *g, struct fed_error *err)
{
	const struct fed_federation *f = g->trainer->federation;
	const struct fed_instance *all[] = {f->model_plugin, f->aggregator, poison_of(g)};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (guard_of(all[i]) && fed_check_client_failures(all[i], err))
			return FED_FAIL;
	return FED_OK;
}

void fed__train_in_process(struct fed_training *g, int worker, const struct fed_training_vectors *v)
{
	struct process *p = &g->trainer->processes->process[worker];
	struct fed_error why;
	int rc = check_failures(g, &g->why);

	if (rc == FED_OK)
		rc = process_for(p, g, &g->why);
	if (rc == FED_OK)
		rc = fed_worker_enter(p->worker, &g->why);
	if (rc != FED_OK) {
		g->failed = true;
		return;
	}
	const double before = p->worker->seconds;
	rc = train(p, g, v, &why);
	g->seconds = p->worker->seconds - before;
	g->lost = !p->worker->pid;
	if (rc != FED_OK) {
		g->culprit = culprit(g, p->worker);
		const struct fed_entry *entry = g->culprit->entry;

		g->stopped = fed_trainer_must_stop(g->trainer);
		g->failed = !g->stopped;
		fed_fail(&g->why, "%s %s: %s", fed_kind_name((enum fed_kind)entry->head->kind),
		         entry->head->name, why.text);
	}
	fed_worker_drop_copies(p->worker, 0);
	fed_worker_leave(p->worker);
}
