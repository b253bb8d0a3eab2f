/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/evaluate_clients.c - evaluation of the global model and of the clients' own models by each
 * client, on the examples that it holds out.
 *
 * The examples of all clients are evaluated in full batches: clients have few, and small batches
 * would cost several times as much.  A batch is a fixed list of parts, each of one client, and the
 * parts of a client are added in order: the same bits for any number of threads.  Clients with
 * models of their own have a batch each.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/spread.h"
#include "train/evaluate_clients.h"
#include "train/federation.h"
#include "train/local/own_model.h"
#include "train/local/trainer.h"

struct client_parts {
	struct fed_federation *federation;
	const float *params;
	const struct fed_own_models *own; /* of the clients; NULL: the global model */
	float *memory;                    /* [threads][dim], for these */
	struct fed_evaluation_part *part; /* [parts] */
	size_t *first;                    /* [batches + 1] of each batch */
	size_t parts, batches;
};

/* Divide the held-out examples into parts and batches; first NULL: only count them. */
static void divide(struct client_parts *p)
{
	const struct fed_clients *c = p->federation->clients;
	const uint32_t most = fed_trainer_evaluation_batch(p->federation->trainer);
	uint32_t room = 0;

	p->parts = p->batches = 0;
	for (uint32_t i = 0; i < c->n_present; i++) {
		const struct fed_client *client = &c->client[c->present[i]];

		if (p->own)
			room = 0;
		for (uint32_t from = 0, n; from < client->holdout; from += n, room -= n) {
			if (!room) {
				if (p->first)
					p->first[p->batches] = p->parts;
				p->batches++;
				room = most;
			}
			n = client->holdout - from < room ? client->holdout - from : room;
			if (p->first)
				p->part[p->parts] = (struct fed_evaluation_part){
					.client = c->present[i], .n = n, .id = client->examples + client->count + from};
			p->parts++;
		}
	}
	if (p->first)
		p->first[p->batches] = p->parts;
}

/* Memory for own models, each thread's with the global model in it. */
static int reserve_models(struct client_parts *p, struct fed_error *err)
{
	const size_t dim = p->federation->net->dim,
				 threads = (size_t)fed_pool_threads(p->federation->pool);

	p->memory = fed_alloc_floats(threads * dim);
	if (!p->memory)
		return fed_fail_memory(err, threads * dim * sizeof *p->memory, "the clients' own models");
	for (size_t k = 0; k < threads; k++)
		memcpy(p->memory + k * dim, p->params, dim * sizeof *p->memory);
	return FED_OK;
}

static int parts_init(struct client_parts *p, struct fed_error *err)
{
	if (p->own && reserve_models(p, err))
		return FED_FAIL;
	divide(p);
	const size_t bytes = p->parts * sizeof *p->part;
	p->part = fed_alloc(bytes);
	p->first = fed_alloc_array(p->batches + 1, sizeof *p->first);
	if (!p->part || !p->first)
		return fed_fail_memory(err, bytes, "the clients' evaluation");
	divide(p);
	return FED_OK;
}

static void forward(void *ctx, size_t i, int worker)
{
	const struct client_parts *p = ctx;

	if (atomic_load_explicit(&p->federation->stop, memory_order_relaxed) >= 2)
		return; /* the result is not needed */
	struct fed_evaluation_part *part = p->part + p->first[i];
	const struct fed_federation *f = p->federation;
	const float *params = p->params;
	if (p->own)
		params = fed_own_model(p->own, &f->clients->client[part->client],
		                       p->memory + (size_t)worker * f->net->dim);
	fed__trainer_forward_parts(f->trainer, worker, params, part, p->first[i + 1] - p->first[i]);
}

/* Choice of one of several global models by a client that never trained: by the loss on the
 * examples that it would train on, as those that do choose. */
static void choose_model(void *ctx, size_t i, int worker)
{
	const struct client_parts *p = ctx;
	struct fed_federation *f = p->federation;
	const uint32_t id = f->clients->present[i];
	struct fed_client *client = &f->clients->client[id], row = *client;
	const uint32_t models = fed_instance_models(f->aggregator);
	float *memory = p->memory + (size_t)worker * f->net->dim;
	double least = NAN, loss;
	uint32_t best = 1;
	struct fed_error unused;

	if (!client->holdout || client->rounds || atomic_load(&f->stop) >= 2)
		return;
	for (uint32_t k = 1; k <= models; k++) {
		row.model = k & 63;
		if (fed__trainer_client_loss(f->trainer, worker, fed_own_model(p->own, &row, memory), id,
		                             &row, &loss, &unused))
			return;
		if (k > 1 && !(loss < least) && !isnan(least))
			continue;
		least = loss;
		best = k;
	}
	client->model = best & 63;
}

/* Add the parts up: the sums of each client, in the order of the clients. */
static void add_up(const struct client_parts *p, struct fed_client_figures *of)
{
	for (size_t k = 0; k < p->parts; of++) {
		const uint32_t id = p->part[k].client;
		double hits = 0, loss = 0;

		for (; k < p->parts && p->part[k].client == id; k++) {
			hits += p->part[k].hits;
			loss += p->part[k].loss;
		}
		*(p->own ? &of->own_hits : &of->hits) = p->federation->net->classes ? hits : NAN;
		*(p->own ? &of->own_loss : &of->loss) = loss;
	}
}

/* Evaluate the global model, or the clients' own ones. */
static int evaluate(struct client_parts *p, struct fed_client_figures *of, struct fed_error *err)
{
	struct fed_federation *f = p->federation;
	int rc = parts_init(p, err);

	if (rc == FED_OK && p->own && fed_instance_models(f->aggregator) > 1)
		rc = fed_pool_each(f->pool, f->clients->n_present, choose_model, p, err);
	if (rc == FED_OK)
		rc = fed_pool_each(f->pool, p->batches, forward, p, err);
	if (rc == FED_OK && atomic_load(&f->stop) >= 2)
		rc = fed_reject(err, "the evaluation of version %llu was interrupted; the version is kept",
		                (unsigned long long)f->version);
	if (rc == FED_OK)
		add_up(p, of);
	fed_free(p->part);
	fed_free(p->first);
	fed_free_floats(p->memory);
	return rc;
}

/* The clients that hold examples out, ascending, without figures. */
static int list_clients(const struct fed_clients *c, struct fed_client_figures **out, uint32_t *n,
                        struct fed_error *err)
{
	*n = 0;
	*out = fed_alloc_array(c->n_present, sizeof **out);
	if (!*out)
		return fed_fail_memory(err, c->n_present * sizeof **out, "the clients' evaluation");
	for (uint32_t i = 0; i < c->n_present; i++) {
		const uint32_t id = c->present[i], holdout = c->client[id].holdout;

		if (holdout)
			(*out)[(*n)++] = (struct fed_client_figures){
				.client = id, .examples = holdout, .own_hits = NAN, .own_loss = NAN};
	}
	return FED_OK;
}

int fed__clients_evaluate(struct fed_federation *f, const float *params,
                          const struct fed_shared_vectors *models, struct fed_client_figures **out,
                          uint32_t *n, struct fed_error *err)
{
	const struct fed_own_models own = {.sharing = f->sharing,
	                                   .aggregator = f->aggregator,
	                                   .params = params,
	                                   .models = models,
	                                   .dim = f->net->dim};
	struct client_parts global = {.federation = f, .params = params}, owned = global;

	owned.own = &own;
	if (list_clients(f->clients, out, n, err))
		return FED_FAIL;
	if (fed_clients_are_remote(f->clients))
		return FED_OK; /* they measure, and report */
	int rc = fed_trainer_prepare(f->trainer, fed_trainer_evaluation_batch(f->trainer), err);
	if (rc == FED_OK)
		rc = evaluate(&global, *out, err);
	if (rc == FED_OK && fed_own_models_exist(&own))
		rc = evaluate(&owned, *out, err);
	if (rc == FED_OK)
		return FED_OK;
	fed_free(*out);
	*out = NULL;
	return rc;
}

/* Figures by client ----------------------------------------------------------------- */

/* Figures of one client each: [n] of those that take part, and at the end of the [room] those of
 * the n_unseen others. */
struct spread_figures {
	uint32_t n, n_unseen, room;
	double *accuracy, *loss, *examples; /* one block */
};

/* Memory for the evaluation of every client; those before are forgotten. */
static int reserve_table(struct fed_clients *c, struct fed_error *err)
{
	struct fed_client_evaluation *grown =
		fed_resize(c->evaluation, c->evaluations * sizeof *grown, c->n * sizeof *grown);

	if (!grown)
		return fed_fail_memory(err, c->n * sizeof *grown, "the clients' evaluation");
	c->evaluation = grown;
	c->evaluations = c->n;
	for (uint32_t id = 0; id < c->n; id++)
		grown[id] = FED_NOT_EVALUATED;
	return FED_OK;
}

/* Put a client's figures into the table, and those of the model that it uses into the spread. */
static void put_client(struct fed_clients *c, const struct fed_client_figures *of,
                       struct spread_figures *s)
{
	const bool owns = !isnan(of->own_loss);
	const uint32_t at = c->client[of->client].unseen ? s->room - ++s->n_unseen : s->n++;
	struct fed_client_evaluation *e = &c->evaluation[of->client];
	const double n = of->examples;

	s->accuracy[at] = (owns ? of->own_hits : of->hits) / n;
	s->loss[at] = (owns ? of->own_loss : of->loss) / n;
	s->examples[at] = n;
	e->accuracy = (float)(of->hits / n);
	e->loss = (float)(of->loss / n);
	if (!owns)
		return;
	e->own_accuracy = (float)s->accuracy[at];
	e->own_loss = (float)s->loss[at];
}

static int record_spread(const struct spread_figures *f, struct fed_record *r,
                         struct fed_error *err)
{
	struct fed_spread accuracy, loss;

	if (fed_spread_of(&accuracy, f->accuracy, f->examples, f->n, true, err) ||
	    fed_spread_of(&loss, f->loss, f->examples, f->n, false, err))
		return FED_FAIL;
	r->clients_accuracy = accuracy.mean;
	r->clients_weighted = accuracy.weighted;
	r->clients_deviation = accuracy.deviation;
	r->clients_worst = accuracy.worst;
	r->clients_worst_tenth = accuracy.worst_tenth;
	r->clients_fairness = accuracy.jain;
	r->clients_loss = loss.mean;
	const uint32_t from = f->room - f->n_unseen;
	if (f->n_unseen == 0)
		return FED_OK;
	if (fed_spread_of(&accuracy, f->accuracy + from, f->examples + from, f->n_unseen, true, err) ||
	    fed_spread_of(&loss, f->loss + from, f->examples + from, f->n_unseen, false, err))
		return FED_FAIL;
	r->unseen_accuracy = accuracy.mean;
	r->unseen_worst_tenth = accuracy.worst_tenth;
	r->unseen_loss = loss.mean;
	return FED_OK;
}

int fed__clients_record(struct fed_federation *f, const struct fed_client_figures *of, uint32_t n,
                        struct fed_record *r, struct fed_error *err)
{
	struct spread_figures s = {.room = n,
	                           .accuracy = fed_alloc_array(3 * (size_t)n, sizeof(double))};
	int rc = FED_OK;

	fed_record_forget_clients(r);
	if (!s.accuracy)
		return fed_fail_memory(err, 3 * n * sizeof *s.accuracy, "the clients' evaluation");
	s.loss = s.accuracy + n;
	s.examples = s.loss + n;
	rc = reserve_table(f->clients, err);
	for (uint32_t i = 0; rc == FED_OK && i < n; i++)
		put_client(f->clients, &of[i], &s);
	if (rc == FED_OK)
		rc = record_spread(&s, r, err);
	fed_free(s.accuracy);
	return rc;
}

int fed_federation_evaluate_clients(struct fed_federation *f, const float *params,
                                    struct fed_record *r, struct fed_error *err)
{
	struct fed_client_figures *of;
	uint32_t n;

	fed_record_forget_clients(r);
	if (!fed_clients_evaluating(f->clients))
		return FED_OK;
	if (fed__clients_evaluate(f, params, NULL, &of, &n, err))
		return FED_FAIL;
	const int rc = fed__clients_record(f, of, n, r, err);
	fed_free(of);
	return rc;
}
