/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/rank.c - the loop of a rank that serves set-ups and trainings.
 *
 * This thread has the link; the pool's other threads train.  A training that is done comes back in
 * a list, and its thread wakes this one.
 */
#include <pthread.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/system/thread.h"
#include "cluster/internal.h"
#include "plug/calls/call.h"
#include "train/local/far_training.h"

#define SPARE_BYTES ((size_t)64 << 20) /* of models that are not used any more */
#define LEFT_FREE 256e6                /* bytes of memory that what clients keep leaves free */

/* A dataset that federations here have in common. */
struct rank_data {
	struct fed_dataset *data;
	uint32_t users;
	struct rank_data *next;
};

/* A federation. */
struct served {
	struct rank *rank;
	uint64_t number;
	struct fed_text set_up; /* until it is ready: what it waits for the arrays with */
	struct rank_data *data;
	struct fed_training_host host;
	bool ready, forgotten, stopping;
	struct fed_shared_vectors *model[FED_RANK_MODELS];
	struct fed_vector_free_list models;         /* of the ones before them */
	struct fed_far_training *held, **last_held; /* jobs that wait until none runs */
	uint32_t running;
	/* what buffers were prepared for */
	uint32_t most;
	struct fed_plan plan;
	bool prepared;
	struct served *next;
};

struct rank {
	struct fed_rank_link *link;
	struct fed_registry *plugins;
	struct fed_pool *pool;
	struct rank_data *data;
	struct served *first;
	struct fed_packet packet;
	struct fed_text received;
	/* jobs that are done */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct fed_far_training *done;
};

/* Sending ---------------------------------------------------------------------------- */

static int send_packet(struct rank *k, struct fed_error *err)
{
	return fed__send_packet(k->link, 0, &k->packet, err);
}

static int send_ready(struct rank *k, const struct served *s, const char *why,
                      struct fed_error *err)
{
	fed_packet_clear(&k->packet, FED_RANK_READY);
	fed_put_number(&k->packet, s->number);
	fed_put_number(&k->packet, why == NULL);
	fed_put_text(&k->packet, why);
	return send_packet(k, err);
}

static int send_undone(struct rank *k, uint64_t job, const char *why, struct fed_error *err)
{
	fed_packet_clear(&k->packet, FED_RANK_UNDONE);
	fed_put_number(&k->packet, job);
	fed_put_text(&k->packet, why);
	return send_packet(k, err);
}

/* Datasets --------------------------------------------------------------------------- */

static struct rank_data *find_data(struct rank *k, uint64_t fingerprint)
{
	struct rank_data *d = k->data;

	while (d && d->data->fingerprint != fingerprint)
		d = d->next;
	return d;
}

/* Keep a dataset, and drop others that no federation uses. */
static struct rank_data *keep_data(struct rank *k, struct fed_dataset *data)
{
	struct rank_data *d = fed_alloc(sizeof *d);

	for (struct rank_data **at = &k->data, *old; (old = *at);) {
		if (old->users) {
			at = &old->next;
			continue;
		}
		*at = old->next;
		fed_dataset_free(old->data);
		fed_free(old);
	}
	if (!d) {
		fed_dataset_free(data);
		return NULL;
	}
	d->data = data;
	d->next = k->data;
	k->data = d;
	return d;
}

/* The dataset that a set-up names, where this rank can load it with the same contents; else NULL.
 */
static struct rank_data *load_data(struct rank *k, const struct fed_far_data *wanted)
{
	const struct fed_generation making = {wanted->seed, NULL,
	                                      wanted->cached ? FED_CACHE_READ : FED_CACHE_UNUSED};
	struct fed_dataset *data;
	struct fed_error unused;

	if (!wanted->name ||
	    fed_dataset_load(&data, wanted->name, wanted->assign, wanted->n, &making, &unused))
		return NULL;
	if (data->fingerprint == wanted->fingerprint)
		return keep_data(k, data);
	fed_dataset_free(data);
	return NULL;
}

/* Federations ------------------------------------------------------------------------ */

static struct served *find(struct rank *k, uint64_t number)
{
	struct served *s = k->first;

	while (s && s->number != number)
		s = s->next;
	return s;
}

static void free_served(struct served *s)
{
	for (int i = 0; i < FED_RANK_MODELS; i++)
		fed_shared_vectors_unref(s->model[i]);
	fed_training_host_release(&s->host);
	fed_vector_free_list_release(&s->models);
	if (s->data)
		s->data->users--;
	fed_text_release(&s->set_up);
	fed_free(s);
}

/* Whether there is memory for what this rank will have at once: models, and for each thread two
 * trainings, with their messages. */
static int check_memory(const struct rank *k, const struct served *s, struct fed_error *err)
{
	const struct fed_instance *rule = &s->host.aggregator;
	const double returned = fed_returned_vectors(rule), kept = fed_client_vectors(rule);
	const double models = 2 * (1 + fed_instance_broadcasts(rule));
	const double trainings = 2.0 * (fed_pool_threads(k->pool) - 1);
	const double vectors = models + trainings * (2 * (1 + returned) + 3 * kept + 2);
	const double need = vectors * sizeof(float) * (double)s->host.net.dim;
	const double have = fed_mem_available() / k->link->on_node;
	struct fed_text text = {0};

	if (need <= have)
		return FED_OK;
	fed_text_add(&text, "its trainings need ");
	fed_text_bytes(&text, need);
	fed_text_add(&text, " of memory and ");
	fed_text_bytes(&text, have);
	fed_text_add(&text, " are its share of what is free; start fewer ranks on a machine");
	fed_fail(err, "%s", fed_text_str(&text));
	fed_text_release(&text);
	return FED_FAIL;
}

/* Set a federation up, with its dataset at hand. */
static int open_served(struct rank *k, struct served *s, struct fed_packet_reader *r,
                       struct fed_error *err)
{
	struct fed_error why;

	if (fed_training_host_init(&s->host, k->plugins, s->data->data, k->pool, r, &why) ||
	    check_memory(k, s, &why))
		return send_ready(k, s, why.text, err);
	s->ready = true;
	return send_ready(k, s, NULL, err);
}

static int take_set_up(struct rank *k, struct fed_packet_reader *r, struct fed_error *err)
{
	struct served *s = fed_alloc(sizeof *s);
	struct fed_far_data wanted;

	if (!s)
		return fed_fail_memory(err, sizeof *s, "a federation");
	s->rank = k;
	s->last_held = &s->held;
	fed_vector_free_list_init(&s->models, SPARE_BYTES);
	s->number = fed_get_number(r);
	s->next = k->first;
	k->first = s;
	const char *rest = r->at;
	if (fed_get_far_data(r, &wanted, err)) {
		fed_free(wanted.assign);
		return FED_FAIL;
	}
	s->data = find_data(k, wanted.fingerprint);
	if (!s->data)
		s->data = load_data(k, &wanted);
	fed_free(wanted.assign);
	if (s->data) {
		s->data->users++;
		return open_served(k, s, r, err);
	}
	fed_text_put(&s->set_up, k->received.s, k->received.len);
	if (s->set_up.failed)
		return fed_fail_memory(err, (size_t)(r->end - rest), "a set-up");
	fed_packet_clear(&k->packet, FED_RANK_LACKS);
	fed_put_number(&k->packet, s->number);
	return send_packet(k, err);
}

static int take_data(struct rank *k, struct served *s, struct fed_packet_reader *arrays,
                     struct fed_error *err)
{
	struct fed_packet_reader r = fed_packet_open(s->set_up.s, s->set_up.len);
	struct fed_dataset *data = NULL;
	struct fed_far_data wanted;
	struct fed_error why;

	fed_get_number(&r);
	int rc = fed_get_far_data(&r, &wanted, &why);
	if (rc == FED_OK)
		rc = fed_get_data(arrays, &wanted, &data, &why);
	fed_free(wanted.assign);
	if (rc == FED_OK)
		s->data = keep_data(k, data);
	if (!s->data)
		return send_ready(k, s, why.text, err);
	s->data->users++;
	rc = open_served(k, s, &r, err);
	fed_text_release(&s->set_up);
	return rc;
}

/* Trainings -------------------------------------------------------------------------- */

static void take_back(struct fed_far_training *x)
{
	struct served *s = x->ctx;
	struct rank *k = s->rank;

	pthread_mutex_lock(&k->lock);
	x->next = k->done;
	k->done = x;
	pthread_cond_signal(&k->wake);
	pthread_mutex_unlock(&k->lock);
}

static uint32_t batch_of(const struct fed_plan *plan, uint32_t examples)
{
	return plan->batch == 0 || plan->batch > (int64_t)examples ? examples : (uint32_t)plan->batch;
}

/* Whether the threads' buffers, which cannot grow while trainings run, suffice. */
static bool fits(const struct served *s, const struct fed_far_training *x)
{
	const struct fed_plan *plan = &x->training.plan;

	if (x->evaluation)
		return s->prepared;
	return s->prepared && x->training.row.count <= s->most && x->most <= s->most &&
	       batch_of(plan, s->most) <= batch_of(&s->plan, s->most) &&
	       (plan->momentum <= 0 || s->plan.momentum > 0) &&
	       (plan->weight_decay <= 0 || s->plan.weight_decay > 0);
}

/* Make the buffers fit, while no training runs. */
static int prepare(struct served *s, const struct fed_far_training *x, struct fed_error *err)
{
	struct fed_federation *f = &s->host.federation;
	const struct fed_plan *plan = &x->training.plan;

	const uint32_t evaluation = fed_trainer_evaluation_batch(f->trainer);

	s->most = x->most > s->most ? x->most : s->most;
	s->most = evaluation > s->most ? evaluation : s->most;
	s->most = x->training.row.count > s->most ? x->training.row.count : s->most;
	if (!s->prepared || batch_of(plan, s->most) > batch_of(&s->plan, s->most))
		s->plan.batch = plan->batch;
	s->plan.momentum = plan->momentum > 0 ? plan->momentum : s->plan.momentum;
	s->plan.weight_decay = plan->weight_decay > 0 ? plan->weight_decay : s->plan.weight_decay;
	f->plan = s->plan;
	s->prepared = fed_trainer_prepare(f->trainer, s->most, err) == FED_OK;
	return s->prepared ? FED_OK : FED_FAIL;
}

/* Begin a training, or hold it until no other one of its federation runs. */
static int begin(struct rank *k, struct served *s, struct fed_far_training *x,
                 struct fed_error *err)
{
	struct fed_error why;

	if (s->running && (s->stopping || s->held || !fits(s, x))) {
		x->next = NULL;
		*s->last_held = x;
		s->last_held = &x->next;
		return FED_OK;
	}
	if (!s->running && s->stopping) {
		atomic_store(&s->host.federation.trainer->stop, false);
		s->stopping = false;
	}
	if ((!fits(s, x) && prepare(s, x, &why)) || fed_pool_submit(k->pool, &x->training.job, &why)) {
		const int rc = send_undone(k, x->number, why.text, err);
		fed_far_training_free(x);
		return rc;
	}
	s->running++;
	return FED_OK;
}

static int begin_held(struct rank *k, struct served *s, struct fed_error *err)
{
	struct fed_far_training *x = s->held;
	int rc = FED_OK;

	s->held = NULL;
	s->last_held = &s->held;
	while (x && rc == FED_OK) {
		struct fed_far_training *next = x->next;

		rc = begin(k, s, x, err);
		x = next;
	}
	return rc;
}

static int take_job(struct rank *k, struct served *s, struct fed_packet_reader *r,
                    struct fed_error *err)
{
	const bool evaluates = r->kind == FED_RANK_EVALUATE;
	const uint64_t number = fed_get_number(r), place = fed_get_number(r);
	struct fed_far_training *x;
	struct fed_error why;

	if (!s->ready || place >= FED_RANK_MODELS || !s->model[place])
		return send_undone(k, number, "it is not set up", err);
	struct fed_shared_vectors *model = fed_shared_vectors_ref(s->model[place]);
	if (evaluates ? fed_get_evaluation(r, &s->host, model, &x, &why)
	              : fed_get_training(r, &s->host, model, &x, &why))
		return send_undone(k, number, why.text, err);
	x->number = number;
	x->done = take_back;
	x->ctx = s;
	return begin(k, s, x, err);
}

static int take_model(struct served *s, struct fed_packet_reader *r, struct fed_error *err)
{
	const struct fed_far_body body = fed__link_body(s->rank->link);
	const uint64_t place = fed_get_number(r);
	struct fed_shared_vectors *model;

	if (place >= FED_RANK_MODELS)
		return fed_fail(err, "a model has no place");
	if (fed_get_model(r, &body, &s->models, &model, err))
		return FED_FAIL;
	fed_shared_vectors_unref(s->model[place]);
	s->model[place] = model;
	return FED_OK;
}

/* Stop what runs; what waits is given back. */
static int cancel(struct rank *k, struct served *s, struct fed_error *err)
{
	int rc = FED_OK;

	while (s->held) {
		struct fed_far_training *x = s->held;

		s->held = x->next;
		rc = rc ? rc : send_undone(k, x->number, "it was cancelled", err);
		fed_far_training_free(x);
	}
	s->last_held = &s->held;
	if (s->running)
		atomic_store(&s->host.federation.trainer->stop, true);
	s->stopping = s->running > 0;
	return rc;
}

/* Release federations that have ended, once none of their trainings runs. */
static void sweep(struct rank *k)
{
	for (struct served **at = &k->first, *s; (s = *at);) {
		if (!s->forgotten || s->running) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		free_served(s);
	}
}

/* Remember what a client of this rank keeps, if there is memory for it. */
static bool remember(const struct rank *k, struct served *s, const struct fed_far_training *x)
{
	const struct fed_training *g = &x->training;
	const struct fed_shared_vectors *const v[] = {g->kept, g->left, g->trained};
	struct fed_residents *residents = &s->host.residents;
	double need = LEFT_FREE;

	if (x->evaluation ||
	    fed__home_rank(g->client, (uint32_t)k->link->ranks) != (uint32_t)k->link->rank)
		return false;
	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		need += v[i] ? (double)v[i]->n * (double)v[i]->dim * sizeof(float) : 0;
	const bool complete = !g->stopped && !g->no_memory && !g->failed;
	const bool fits =
		complete && (need == LEFT_FREE || fed_residents_find(residents, g->client).job ||
	                 need < fed_mem_available() / k->link->on_node);
	return fed_residents_put(residents, g->client, x->number, fits ? g : NULL);
}

static int send_done(struct rank *k, struct fed_far_training *x, struct fed_error *err)
{
	struct served *s = x->ctx;

	fed_pool_cancel(k->pool, &x->training.job); /* waits until its thread has left it */
	fed_packet_clear(&k->packet, FED_RANK_DONE);
	fed_put_number(&k->packet, x->number);
	FED_PUT(&k->packet, x->seconds);
	fed_put_number(&k->packet, remember(k, s, x));
	if (x->evaluation)
		fed_put_evaluated(&k->packet, x->evaluation);
	else
		fed_put_trained(&k->packet, &x->training);
	uint32_t first = 0;
	struct fed_shared_vectors *body = x->evaluation ? NULL : fed_trained_body(&x->training, &first);
	fed_far_training_free(x);
	s->running--;
	struct fed_bytes *b = fed__bytes_with(&k->packet.bytes, body, first);
	int rc = b ? k->link->row->send(k->link, 0, b, err) : fed_fail_memory(err, 1, "a message");
	if (rc == FED_OK && !s->running && s->held)
		rc = begin_held(k, s, err);
	return rc;
}

static int send_all_done(struct rank *k, bool *moved, struct fed_error *err)
{
	int rc = FED_OK;

	pthread_mutex_lock(&k->lock);
	struct fed_far_training *x = k->done;
	k->done = NULL;
	pthread_mutex_unlock(&k->lock);
	while (x && rc == FED_OK) {
		struct fed_far_training *next = x->next;

		*moved = true;
		rc = send_done(k, x, err);
		x = next;
	}
	sweep(k);
	return rc;
}

/* The loop --------------------------------------------------------------------------- */

static int take_message(struct rank *k, bool *leave, struct fed_error *err)
{
	struct fed_packet_reader r = fed_packet_open(k->received.s, k->received.len);

	*leave = r.kind == FED_RANK_LEAVE;
	if (*leave)
		return FED_OK;
	if (r.kind == FED_RANK_SET_UP)
		return take_set_up(k, &r, err);
	struct served *s = find(k, fed_get_number(&r));
	if (!s || r.short_)
		return fed_fail(err, "rank 0 sent a message of kind %u that makes no sense here", r.kind);
	switch (r.kind) {
	case FED_RANK_DATA:
		return take_data(k, s, &r, err);
	case FED_RANK_MODEL:
		return take_model(s, &r, err) || fed__link_rest(k->link, &k->received, err) ? FED_FAIL
		                                                                            : FED_OK;
	case FED_RANK_JOB:
	case FED_RANK_EVALUATE:
		return take_job(k, s, &r, err);
	case FED_RANK_CANCEL:
		return cancel(k, s, err);
	case FED_RANK_FORGET:
		s->forgotten = true;
		return cancel(k, s, err);
	default:
		return fed_fail(err, "rank 0 sent a message of kind %u, which is unknown here", r.kind);
	}
}

static void pause_until_done(struct rank *k, double seconds)
{
	const double until = fed_wall_seconds() + seconds;

	pthread_mutex_lock(&k->lock);
	if (!k->done)
		fed_condition_wait(&k->wake, &k->lock, until);
	pthread_mutex_unlock(&k->lock);
}

static int serve(struct rank *k, struct fed_error *err)
{
	struct fed_link_pause pause = {0};

	for (;;) {
		bool moved = false, leave = false;
		int from;

		if (send_all_done(k, &moved, err) || k->link->row->poll(k->link, &from, &k->received, err))
			return FED_FAIL;
		if (from >= 0) {
			if (take_message(k, &leave, err))
				return FED_FAIL;
			if (leave)
				return FED_OK;
			moved = true;
		}
		const bool idle = fed_pool_has_idle(k->pool);
		const double seconds = fed__link_pause(&pause, moved, idle ? FED_WAIT_IDLE : FED_WAIT_BUSY);
		if (!moved)
			pause_until_done(k, seconds);
	}
}

/* Cancel all, and wait for the trainings that run. */
static void end(struct rank *k)
{
	struct fed_error unused;

	for (struct served *s = k->first; s; s = s->next) {
		(void)cancel(k, s, &unused); /* rank 0 has left or ends the job */
		s->forgotten = true;
	}
	while (k->first) {
		bool moved = false;

		pause_until_done(k, FED_PAUSE_MOST);
		send_all_done(k, &moved, &unused);
	}
}

/* Rank 0 has said what is wrong with a file of the folder. */
static void skip_file(void *ctx, const char *path, const char *text)
{
	(void)ctx, (void)path, (void)text;
}

static int start(struct rank *k, struct fed_cluster *c, const char *plugin_folder,
                 struct fed_error *err)
{

	k->link = c->link;
	pthread_mutex_init(&k->lock, NULL);
	fed_condition_init(&k->wake);
	if (fed_registry_init(&k->plugins, err) ||
	    fed_registry_scan(k->plugins, plugin_folder, true, skip_file, NULL, err))
		return FED_FAIL;
	/* this thread is the pool's owner, and does not train */
	return fed_pool_init(&k->pool, (int)c->own.threads + 1, 1 << 20, err);
}

int fed_rank_serve(struct fed_cluster *c, const char *plugin_folder, struct fed_error *err)
{
	struct rank k = {0};
	int rc = start(&k, c, plugin_folder, err);

	if (rc == FED_OK) {
		rc = serve(&k, err);
		end(&k);
	}
	while (k.data) {
		struct rank_data *d = k.data;

		k.data = d->next;
		fed_dataset_free(d->data);
		fed_free(d);
	}
	fed_pool_free(k.pool);
	if (k.plugins)
		fed_registry_free(k.plugins);
	fed_packet_release(&k.packet);
	fed_text_release(&k.received);
	return rc;
}
