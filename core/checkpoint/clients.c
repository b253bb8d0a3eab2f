/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/clients.c - saver and loader of client blocks, clients, their devices, and their
 * vectors for the aggregator and the codec.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "checkpoint/parts.h"
#include "train/clients/names.h"

/* Client blocks --------------------------------------------------------------------- */

static const struct fed_record_column block_columns[] = {
	FED_COLUMN(struct fed_client_block, first),
	FED_COLUMN(struct fed_client_block, n),
	FED_COLUMN(struct fed_client_block, shared),
	FED_COLUMN_BELOW(struct fed_client_block, how.kind, FED_PARTITION_IN_ORDER + 1),
	FED_COLUMN(struct fed_client_block, how.samples),
	FED_COLUMN(struct fed_client_block, how.shards),
	FED_COLUMN(struct fed_client_block, how.alpha),
	FED_COLUMN(struct fed_client_block, how.spread),
	FED_COLUMN(struct fed_client_block, how.reuse),
	FED_COLUMN_END,
};

static void save_blocks(struct fed_saver *f, const struct fed_clients *c)
{
	fed_saver_begin(f, "cohorts");
	fed_put_u32(f, c->n_blocks);
	for (uint32_t k = 0; k < c->n_blocks; k++) {
		fed_put_row(f, block_columns, &c->block[k]);
		fed__put_ids(f, c->block[k].ids, c->block[k].n_ids);
	}
	fed_saver_end(f);
}

static void load_blocks(struct fed_loader *f, struct fed_session *s)
{
	struct fed_clients *c = &s->parts.clients;

	if (fed__loader_begin(f, "cohorts"))
		return;
	const uint32_t n = fed_get_u32(f);
	if (n && !s->parts.data)
		fed_loader_fail(f, "clients without a dataset");
	else if (n)
		c->block = fed_get_array(f, n, sizeof *c->block, fed__row_bytes(block_columns));
	while (c->n_blocks < n && !f->failed) {
		struct fed_client_block *h = &c->block[c->n_blocks++];

		fed_get_row(f, block_columns, h);
		h->ids = fed__get_ids(f, s->parts.data->train, &h->n_ids);
	}
	fed_loader_end(f);
}

/* Rows ------------------------------------------------------------------------------ */

/* Columns of a present client; the offset of its examples in its block comes before them. */
static const struct fed_record_column client_columns[] = {
	FED_COLUMN(struct fed_client, count),        FED_COLUMN(struct fed_client, version),
	FED_COLUMN(struct fed_client, rounds),       FED_COLUMN(struct fed_client, loss),
	FED_COLUMN(struct fed_client, shifted),      FED_COLUMN(struct fed_client, shift.gain),
	FED_COLUMN(struct fed_client, shift.offset), FED_COLUMN_END,
};

static void save_rows(struct fed_saver *f, const struct fed_last_version *v)
{
	const struct fed_clients *c = &v->session->parts.clients;

	fed_saver_begin(f, "clients");
	fed_put_u32(f, c->n);
	fed_put_u32(f, c->most);
	for (uint32_t id = 0; id < c->n; id++) {
		const struct fed_client *x = &v->client[id];
		const struct fed_equipment e = fed_equipment_of(id, x);

		fed_put_u8(f, x->present);
		fed_put_u32(f, x->block);
		if (!x->present)
			continue;
		fed_put_u64(f, (uint64_t)(x->examples - c->block[x->block].ids));
		fed_put_row(f, client_columns, x);
		fed__put_equipment(f, &e);
	}
	fed_saver_end(f);
}

/* Take n of the client's examples from the pool; fail if another client holds one of them. */
static void take_from_pool(struct fed_loader *f, struct fed_example_pool *pool, uint32_t id,
                           const uint32_t *examples, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t e = examples[i];
		const uint64_t bit = (uint64_t)1 << e % 64;

		if (!(pool->free_bits[e / 64] & bit)) {
			fed_loader_fail(f, "client %u holds example %u, which another one has", id, e);
			return;
		}
		pool->free_bits[e / 64] &= ~bit;
		pool->left--;
	}
}

static void load_present(struct fed_loader *f, struct fed_clients *c, uint32_t id,
                         const struct fed_client_block *h)
{
	struct fed_client *x = &c->client[id];
	struct fed_equipment e = {0};
	const uint64_t start = fed_get_u64(f);

	fed_get_row(f, client_columns, x);
	fed__get_equipment(f, &e);
	if (f->failed)
		return;
	if (start > h->n_ids || x->count > h->n_ids - start || x->count > c->most) {
		fed_loader_fail(f, "client %u has examples outside of its client block", id);
		return;
	}
	fed_equipment_give(&e, x);
	x->present = true;
	x->examples = h->ids + start;
	c->present[c->n_present++] = id;
	if (!h->shared)
		take_from_pool(f, &c->pool, id, x->examples, x->count);
}

static void load_row(struct fed_loader *f, struct fed_clients *c, uint32_t id)
{
	const bool present = fed_get_flag(f);
	const uint32_t block = fed_get_u32(f);
	const struct fed_client_block *h = block < c->n_blocks ? &c->block[block] : NULL;

	if (f->failed)
		return;
	if (!h || id < h->first || id - h->first >= h->n) {
		fed_loader_fail(f, "client %u is not of client block %u", id, block);
		return;
	}
	c->client[id].block = block;
	if (present)
		load_present(f, c, id, h);
}

static void load_rows(struct fed_loader *f, struct fed_clients *c)
{
	if (fed__loader_begin(f, "clients"))
		return;
	const uint32_t n = fed_get_u32(f);
	c->most = fed_get_u32(f);
	if (n) {
		c->client = fed_get_array(f, n, sizeof *c->client, 1 + 4);
		c->present = fed_get_array(f, n, sizeof *c->present, 1 + 4);
	}
	if (!f->failed)
		c->n = c->capacity = n;
	for (uint32_t id = 0; id < c->n && !f->failed; id++)
		load_row(f, c, id);
	fed_loader_end(f);
}

/* Names, in a section that is there if a client has one; a table of ids and texts. */
static void save_names(struct fed_saver *f, const struct fed_clients *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n_present; i++)
		n += fed_client_name(c, c->present[i]) != NULL;
	if (!n)
		return;
	fed_saver_begin(f, "client names");
	fed_put_u32(f, n);
	for (uint32_t i = 0; i < c->n_present; i++) {
		const char *name = fed_client_name(c, c->present[i]);

		if (!name)
			continue;
		fed_put_u32(f, c->present[i]);
		fed__put_string(f, name);
	}
	fed_saver_end(f);
}

static void load_name(struct fed_loader *f, struct fed_clients *c, struct fed_text *name)
{
	const uint32_t id = fed_get_u32(f);
	struct fed_client *client = fed_clients_get(c, id);
	struct fed_error why;

	fed_text_clear(name);
	fed__get_string(f, name);
	if (f->failed)
		return;
	if (!client || client->name)
		fed_loader_fail(f, "a name for client %u, which %s", id,
		                client ? "has one" : "is not there");
	else if (fed_client_name_check(fed_text_str(name), &why))
		fed_loader_fail(f, "%s", why.text);
	else if (!(client->name = fed_strdup(fed_text_str(name))))
		fed_loader_fail(f, "out of memory for a client's name");
	c->named |= client && client->name;
}

static void load_names(struct fed_loader *f, struct fed_clients *c)
{
	struct fed_text name = {0};

	if (!fed_loader_begin_optional(f, "client names"))
		return;
	const uint32_t n = fed_get_u32(f);
	for (uint32_t i = 0; i < n && !f->failed; i++)
		load_name(f, c, &name);
	fed_text_release(&name);
	if (fed_client_names_twice(c))
		fed_loader_fail(f, "two clients have the same name");
	fed_loader_end(f);
}

/* Vectors --------------------------------------------------------------------------- */

/* The number of clients with vectors; a section for each follows. */
static void save_count(struct fed_saver *f, const char *section, uint32_t vectors, size_t dim,
                       uint32_t n)
{
	fed_saver_begin(f, section);
	fed_put_u32(f, vectors);
	fed_put_u64(f, dim);
	fed_put_u32(f, n);
	fed_saver_end(f);
}

/* Returns the number of clients with vectors; *vectors each. */
static uint32_t load_count(struct fed_loader *f, const char *section, size_t dim, uint32_t *vectors)
{
	if (fed__loader_begin(f, section))
		return 0;
	*vectors = fed_get_u32(f);
	const uint64_t saved = fed_get_u64(f);
	const uint32_t n = fed_get_u32(f);
	if (n && (saved != dim || *vectors > FED_LIST_MAX))
		fed_loader_fail(f, "%u vectors of %llu numbers for a model of %zu", *vectors,
		                (unsigned long long)saved, dim);
	return fed_loader_end(f) ? 0 : n;
}

static void save_kept(struct fed_saver *f, const struct fed_clients *c, size_t dim)
{
	uint32_t n = 0;

	for (uint32_t id = 0; id < c->n; id++)
		n += c->client[id].kept != NULL;
	save_count(f, "kept", c->kept_vectors, dim, n);
	for (uint32_t id = 0; id < c->n; id++) {
		if (!c->client[id].kept)
			continue;
		fed_saver_begin(f, "kept by one");
		fed_put_u32(f, id);
		for (uint32_t k = 0; k < c->kept_vectors; k++)
			fed_put_f32s(f, c->client[id].kept->vector[k], dim);
		fed_saver_end(f);
	}
}

/* The client of the next section; NULL and failed: no such client, or too few bytes. */
static struct fed_client *next_client(struct fed_loader *f, const char *section,
                                      struct fed_clients *c, uint64_t numbers)
{
	if (fed__loader_begin(f, section))
		return NULL;
	const uint32_t id = fed_get_u32(f);
	struct fed_client *x = fed_clients_get(c, id);
	if (!x)
		fed_loader_fail(f, "there is no client %u", id);
	return fed_loader_holds(f, numbers, sizeof(float)) ? x : NULL;
}

static void load_kept(struct fed_loader *f, struct fed_session *s)
{
	struct fed_clients *c = &s->parts.clients;
	const size_t dim = s->parts.net.dim;
	uint32_t vectors;

	const uint32_t n = load_count(f, "kept", dim, &vectors);
	if (n)
		c->kept_vectors = vectors;
	for (uint32_t i = 0; i < n && !f->failed; i++) {
		struct fed_client *x = next_client(f, "kept by one", c, (uint64_t)vectors * dim);

		if (!x || x->kept || !(x->kept = fed_shared_vectors_new(vectors, dim))) {
			fed_loader_fail(f, x && x->kept ? "a client appears twice" : "out of memory");
			return;
		}
		for (uint32_t k = 0; k < vectors; k++)
			fed_get_f32s(f, x->kept->vector[k], dim);
		fed_loader_end(f);
	}
}

/* The client's residual if it fits the present model, or NULL. */
static const struct fed_shared_vectors *residual_of(const struct fed_client *x, size_t dim)
{
	return x->residual && x->residual->dim == dim ? x->residual : NULL;
}

/* The residuals; two vectors each where a codec keeps a memory beside one of them. */
static void save_residuals(struct fed_saver *f, const struct fed_last_version *v, size_t dim)
{
	const uint32_t clients = v->session->parts.clients.n;
	uint32_t n = 0, vectors = 1;

	for (uint32_t id = 0; id < clients; id++) {
		const struct fed_shared_vectors *x = residual_of(&v->client[id], dim);

		n += x != NULL;
		vectors = x && x->n > vectors ? x->n : vectors;
	}
	save_count(f, "residuals", vectors, dim, n);
	for (uint32_t id = 0; id < clients; id++) {
		const struct fed_shared_vectors *x = residual_of(&v->client[id], dim);

		if (!x)
			continue;
		fed_saver_begin(f, "residual");
		fed_put_u32(f, id);
		for (uint32_t k = 0; k < vectors; k++) /* without a memory: the residual again */
			fed_put_f32s(f, x->vector[k < x->n ? k : 0], dim);
		if (vectors > 1)
			fed_put_u8(f, x->n > 1);
		fed_saver_end(f);
	}
}

static bool all_finite(const float *v, size_t n)
{
	size_t j = 0;

	while (j < n && isfinite(v[j]))
		j++;
	return j == n;
}

static void load_residual(struct fed_loader *f, struct fed_session *s, uint32_t vectors, size_t dim)
{
	struct fed_client *x = next_client(f, "residual", &s->parts.clients, (uint64_t)vectors * dim);

	if (!x || x->residual || !(x->residual = fed_shared_vectors_new(vectors, dim))) {
		fed_loader_fail(f, x && x->residual ? "a client appears twice" : "out of memory");
		return;
	}
	for (uint32_t k = 0; k < vectors; k++) {
		fed_get_f32s(f, x->residual->vector[k], dim);
		if (!all_finite(x->residual->vector[k], dim))
			fed_loader_fail(f, "a number is not finite");
	}
	if (vectors > 1 && !fed_get_flag(f) && !f->failed) { /* it has no memory */
		struct fed_shared_vectors *alone = fed_shared_vectors_new(1, dim);

		if (alone)
			memcpy(alone->vector[0], x->residual->vector[0], dim * sizeof(float));
		else
			fed_loader_fail(f, "out of memory for a residual");
		fed_shared_vectors_unref(x->residual);
		x->residual = alone;
	}
	fed_loader_end(f);
}

static void load_residuals(struct fed_loader *f, struct fed_session *s)
{
	const size_t dim = s->parts.net.dim;
	uint32_t vectors;

	const uint32_t n = load_count(f, "residuals", dim, &vectors);
	if (n && (vectors == 0 || vectors > 2))
		fed_loader_fail(f, "%u vectors of each client", vectors);
	for (uint32_t i = 0; i < n && !f->failed; i++)
		load_residual(f, s, vectors, dim);
}

/* Own layers ------------------------------------------------------------------------ */

/* What clients have of the local layers: a section that a file lacks where none has any. */
static void save_own_layers(struct fed_saver *f, const struct fed_last_version *v)
{
	const uint32_t clients = v->session->parts.clients.n;
	size_t local = 0;
	uint32_t n = 0;

	for (uint32_t id = 0; id < clients; id++) {
		if (!v->client[id].own)
			continue;
		n++;
		local = v->client[id].own->dim;
	}
	if (!n)
		return;
	save_count(f, "own layers", 1, local, n);
	for (uint32_t id = 0; id < clients; id++) {
		if (!v->client[id].own)
			continue;
		fed_saver_begin(f, "layers of one");
		fed_put_u32(f, id);
		fed_put_f32s(f, v->client[id].own->vector[0], local);
		fed_saver_end(f);
	}
}

static void load_own_layers_of_one(struct fed_loader *f, struct fed_session *s, size_t local)
{
	struct fed_client *x = next_client(f, "layers of one", &s->parts.clients, local);

	if (!x || x->own || !(x->own = fed_shared_vectors_new(1, local))) {
		fed_loader_fail(f, x && x->own ? "a client appears twice" : "out of memory");
		return;
	}
	fed_get_f32s(f, x->own->vector[0], local);
	if (!all_finite(x->own->vector[0], local))
		fed_loader_fail(f, "a number is not finite");
	fed_loader_end(f);
}

static void load_own_layers(struct fed_loader *f, struct fed_session *s)
{
	struct fed_sharing *sharing = NULL;
	struct fed_error why;

	if (!fed_loader_begin_optional(f, "own layers"))
		return;
	const uint32_t vectors = fed_get_u32(f);
	const uint64_t local = fed_get_u64(f);
	const uint32_t n = fed_get_u32(f);
	fed_loader_end(f);
	if (f->failed)
		return;
	if (!s->parts.net_built ||
	    fed_local_layers_make(s->parts.settings.local_layers, &s->parts.net, &sharing, &why) ||
	    !sharing || sharing->local != local || vectors != 1)
		fed_loader_fail(f, "%llu numbers of each client, which the model has no local layers for",
		                (unsigned long long)local);
	fed_sharing_unref(sharing);
	for (uint32_t i = 0; i < n && !f->failed; i++)
		load_own_layers_of_one(f, s, local);
}

/* Clients that never take part: a section that a file lacks where all do. */
static void save_unseen(struct fed_saver *f, const struct fed_clients *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n_present; i++)
		n += c->client[c->present[i]].unseen;
	if (!n)
		return;
	fed_saver_begin(f, "unseen clients");
	fed_put_u32(f, n);
	for (uint32_t i = 0; i < c->n_present; i++)
		if (c->client[c->present[i]].unseen)
			fed_put_u32(f, c->present[i]);
	fed_saver_end(f);
}

static void load_unseen(struct fed_loader *f, struct fed_clients *c)
{
	if (!fed_loader_begin_optional(f, "unseen clients"))
		return;
	const uint32_t n = fed_get_u32(f);
	for (uint32_t i = 0; i < n && !f->failed; i++) {
		struct fed_client *x = fed_clients_get(c, fed_get_u32(f));

		if (x)
			x->unseen = true;
		else
			fed_loader_fail(f, "a client that is not there");
	}
	fed_loader_end(f);
}

/* Choices among several global models: a section that a file lacks where none was made. */
static void save_choices(struct fed_saver *f, const struct fed_last_version *v)
{
	const uint32_t clients = v->session->parts.clients.n;
	uint32_t n = 0;

	for (uint32_t id = 0; id < clients; id++)
		n += v->client[id].model != 0;
	if (!n)
		return;
	fed_saver_begin(f, "chosen models");
	fed_put_u32(f, n);
	for (uint32_t id = 0; id < clients; id++) {
		if (!v->client[id].model)
			continue;
		fed_put_u32(f, id);
		fed_put_u8(f, v->client[id].model);
	}
	fed_saver_end(f);
}

static void load_choices(struct fed_loader *f, struct fed_clients *c)
{
	if (!fed_loader_begin_optional(f, "chosen models"))
		return;
	const uint32_t n = fed_get_u32(f);
	for (uint32_t i = 0; i < n && !f->failed; i++) {
		struct fed_client *x = fed_clients_get(c, fed_get_u32(f));
		const uint8_t model = fed_get_u8(f);

		if (x && model < 64)
			x->model = model & 63;
		else
			fed_loader_fail(f, "a client that is not there, or model %u", model);
	}
	fed_loader_end(f);
}

/* Held-out examples ----------------------------------------------------------------- */

/* Counts of held-out examples, and what the clients measured on them: a section that a file lacks
 * where no client holds any out. */
static void save_holdouts(struct fed_saver *f, const struct fed_clients *c)
{
	const uint32_t n = fed_clients_evaluating(c);

	if (n == 0)
		return;
	fed_saver_begin(f, "holdouts");
	fed_put_u32(f, n);
	for (uint32_t i = 0; i < c->n_present; i++) {
		const uint32_t id = c->present[i];
		const struct fed_client_evaluation e = fed_client_evaluation(c, id);

		if (!c->client[id].holdout)
			continue;
		fed_put_u32(f, id);
		fed_put_u32(f, c->client[id].holdout);
		fed_put_f32(f, e.accuracy);
		fed_put_f32(f, e.loss);
	}
	fed_saver_end(f);
}

/* What they measured of their own models: a section that a file lacks without such models. */
static void save_own_evaluations(struct fed_saver *f, const struct fed_clients *c)
{
	uint32_t n = 0;

	for (uint32_t id = 0; id < c->evaluations; id++)
		n += !isnan(c->evaluation[id].own_loss);
	if (n == 0)
		return;
	fed_saver_begin(f, "own evaluations");
	fed_put_u32(f, n);
	for (uint32_t id = 0; id < c->evaluations; id++) {
		const struct fed_client_evaluation *e = &c->evaluation[id];

		if (isnan(e->own_loss))
			continue;
		fed_put_u32(f, id);
		fed_put_f32(f, e->own_accuracy);
		fed_put_f32(f, e->own_loss);
	}
	fed_saver_end(f);
}

static void load_own_evaluations(struct fed_loader *f, struct fed_clients *c)
{
	if (!fed_loader_begin_optional(f, "own evaluations"))
		return;
	const uint32_t n = fed_get_u32(f);
	for (uint32_t i = 0; i < n && !f->failed; i++) {
		const uint32_t id = fed_get_u32(f);

		if (id >= c->evaluations) {
			fed_loader_fail(f, "client %u holds no examples out", id);
			return;
		}
		c->evaluation[id].own_accuracy = fed_get_f32(f);
		c->evaluation[id].own_loss = fed_get_f32(f);
	}
	fed_loader_end(f);
}

static void load_holdout(struct fed_loader *f, struct fed_clients *c)
{
	const uint32_t id = fed_get_u32(f), n = fed_get_u32(f);
	struct fed_client *x = fed_clients_get(c, id);
	struct fed_client_evaluation e = FED_NOT_EVALUATED;
	e.accuracy = fed_get_f32(f);
	e.loss = fed_get_f32(f);

	if (f->failed)
		return;
	const struct fed_client_block *h = x ? &c->block[x->block] : NULL;
	if (!x || x->holdout || n == 0 || n > h->n_ids - (uint64_t)(x->examples - h->ids) - x->count) {
		fed_loader_fail(f, "client %u holds out %u examples that it does not have", id, n);
		return;
	}
	x->holdout = n;
	c->evaluation[id] = e;
	if (!h->shared)
		take_from_pool(f, &c->pool, id, x->examples + x->count, n);
}

static void load_holdouts(struct fed_loader *f, struct fed_clients *c)
{
	if (!fed_loader_begin_optional(f, "holdouts"))
		return;
	const uint32_t n = fed_get_u32(f);
	c->evaluation = fed_alloc_array(c->n ? c->n : 1, sizeof *c->evaluation);
	if (!c->evaluation) {
		fed_loader_fail(f, "out of memory for the clients' evaluation");
		return;
	}
	while (c->evaluations < c->n)
		c->evaluation[c->evaluations++] = FED_NOT_EVALUATED;
	for (uint32_t i = 0; i < n && !f->failed; i++)
		load_holdout(f, c);
	fed_loader_end(f);
}

/* ----------------------------------------------------------------------------------- */

void fed__save_clients(struct fed_saver *f, const struct fed_last_version *v)
{
	const struct fed_session *s = v->session;
	const size_t dim = s->parts.net_built ? s->parts.net.dim : 0;

	save_blocks(f, &s->parts.clients);
	save_rows(f, v);
	save_holdouts(f, &s->parts.clients);
	save_names(f, &s->parts.clients);
	save_kept(f, &s->parts.clients, dim);
	save_residuals(f, v, dim);
	save_own_layers(f, v);
	save_choices(f, v);
	save_unseen(f, &s->parts.clients);
	save_own_evaluations(f, &s->parts.clients);
	fed__save_remote_clients(f, &s->parts.clients);
	fed__save_origins(f, s);
}

void fed__load_clients(struct fed_loader *f, struct fed_session *s)
{
	load_blocks(f, s);
	load_rows(f, &s->parts.clients);
	load_holdouts(f, &s->parts.clients);
	load_names(f, &s->parts.clients);
	load_kept(f, s);
	load_residuals(f, s);
	load_own_layers(f, s);
	load_choices(f, &s->parts.clients);
	load_unseen(f, &s->parts.clients);
	load_own_evaluations(f, &s->parts.clients);
	fed__load_remote_clients(f, &s->parts.clients);
	fed__load_origins(f, s);
}
