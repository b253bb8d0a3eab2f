/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/restore.c - read a saved session into a new one, then let it take the old one's place.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "checkpoint/costs.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/devices.h"
#include "checkpoint/replay.h"
#include "session/internal.h"
#include "checkpoint/faults.h"
#include "checkpoint/in_flight.h"
#include "checkpoint/sections.h"
#include "plug/aggregator_chain.h"
#include "train/schemes/schemes.h"

static int load_settings(struct fed_loader *f, struct fed_session *s)
{
	struct fed_pairs pairs = {0};
	struct fed_error why;

	if (fed_loader_begin(f, "settings"))
		return FED_FAIL;
	fed_get_pairs(f, &pairs);
	fed_fields_default(fed_settings_fields, &s->parts.settings);
	if (!f->failed &&
	    (fed_fields_assign(fed_settings_fields, &s->parts.settings, pairs.assign, pairs.n, &why) ||
	     fed_settings_check(&s->parts.settings, &why)))
		fed_loader_fail(f, "%s", why.text);
	fed_pairs_release(&pairs);
	return fed_loader_end(f);
}

static int load_scheme(struct fed_loader *f, struct fed_session *s)
{
	struct fed_text name = {0};
	struct fed_pairs pairs = {0};
	struct fed_error why;

	if (fed_loader_begin(f, "scheme"))
		return FED_FAIL;
	fed_get_string(f, &name);
	fed_get_pairs(f, &pairs);
	if (!f->failed && (fed_scheme_find(fed_text_str(&name), &s->parts.scheme, &why) ||
	                   fed_scheme_state_new(&s->parts.scheme_state, s->parts.scheme, pairs.assign,
	                                        pairs.n, &why)))
		fed_loader_fail(f, "%s", why.text);
	fed_text_release(&name);
	fed_pairs_release(&pairs);
	return fed_loader_end(f);
}

/* One plugin that the user had loaded; what is loaded under its name already will do. */
static void load_plugin(struct fed_loader *f, struct fed_session *s, struct fed_text text[3])
{
	const struct fed_entry *entry;
	enum fed_kind kind;
	struct fed_error why;

	for (int k = 0; k < 3; k++) {
		fed_text_clear(&text[k]);
		fed_get_string(f, &text[k]);
	}
	if (f->failed)
		return;
	const char *name = fed_text_str(&text[1]);
	if (fed_kind_parse(fed_text_str(&text[0]), &kind, &why))
		fed_loader_fail(f, "%s", why.text);
	else if (fed_registry_find(s->plugins, kind, name, &entry, &why) == FED_OK)
		return;
	else if (fed_registry_load(s->plugins, fed_text_str(&text[2]), &entry, &why))
		fed_loader_fail(f, "plugin %.31s: %s; build it there again, or `load` it from elsewhere",
		                name, why.text);
	else if (strcmp(entry->head->name, name) != 0 || entry->head->kind != kind)
		fed_loader_fail(f, "%.100s holds plugin %s now, not %.31s", fed_text_str(&text[2]),
		                entry->head->name, name);
}

static int load_plugins(struct fed_loader *f, struct fed_session *s)
{
	struct fed_text text[3] = {{0}};

	if (fed_loader_begin(f, "plugins"))
		return FED_FAIL;
	const uint32_t n = fed_get_u32(f);
	for (uint32_t i = 0; i < n && !f->failed; i++)
		load_plugin(f, s, text);
	for (int k = 0; k < 3; k++)
		fed_text_release(&text[k]);
	return fed_loader_end(f);
}

static void take_dataset(struct fed_loader *f, struct fed_session *s, const char *name,
                         const struct fed_pairs *args, uint64_t fingerprint)
{
	const struct fed_making making = {(uint64_t)s->parts.settings.seed, f->stopped};
	struct fed_dataset *data;
	struct fed_error why;

	if (fed_dataset_load(&data, name, args->assign, args->n, &making, &why)) {
		fed_loader_fail(f, "%s", why.text);
		return;
	}
	if (data->fingerprint != fingerprint)
		fed_loader_fail(f, "%.150s has other contents now than when it was saved", name);
	else if (fed_session_adopt_data(s, data, name, args, &why))
		fed_loader_fail(f, "%s", why.text);
	else
		return;
	fed_dataset_free(data);
}

static int load_dataset(struct fed_loader *f, struct fed_session *s)
{
	struct fed_text name = {0};
	struct fed_pairs args = {0};

	if (fed_loader_begin(f, "dataset"))
		return FED_FAIL;
	if (fed_get_u8(f)) {
		fed_get_string(f, &name);
		fed_get_pairs(f, &args);
		const uint64_t fingerprint = fed_get_u64(f);
		if (!f->failed)
			take_dataset(f, s, fed_text_str(&name), &args, fingerprint);
	}
	fed_text_release(&name);
	fed_pairs_release(&args);
	return fed_loader_end(f);
}

static void load_vectors(struct fed_loader *f, struct fed_instance *x)
{
	const uint32_t rows = fed_get_u32(f);
	const uint64_t dim = fed_get_u64(f);
	struct fed_error why;

	if (f->failed || rows == 0)
		return;
	if (dim > SIZE_MAX / sizeof(double) / rows || !fed_loader_holds(f, rows * dim, sizeof(double)))
		return;
	if (fed_instance_size(x, dim, &why)) {
		fed_loader_fail(f, "%s", why.text);
		return;
	}
	for (uint32_t k = 0; k < rows && !f->failed; k++) {
		double *v = fed_instance_persistent(x, k);

		if (v)
			fed_get_f64s(f, v, dim);
		else
			fed_loader_fail(f, "%s keeps fewer vectors than were saved; it was built anew since",
			                x->entry->head->name);
	}
}

static void load_state(struct fed_loader *f, struct fed_instance *x)
{
	const uint32_t n = fed_get_u32(f);
	struct fed_error why;

	if (!fed_loader_holds(f, n, 1))
		return;
	char *state = fed_alloc((size_t)n + 1);
	if (!state) {
		fed_loader_fail(f, "out of memory for %u bytes of state", n);
		return;
	}
	fed_get_bytes(f, state, n);
	if (!f->failed && fed_instance_set_state(x, state, n, &why))
		fed_loader_fail(f, "%s", why.text);
	fed_free(state);
}

static int make_instance(const struct fed_registry *plugins, enum fed_kind kind, const char *name,
                         const struct fed_pairs *settings, struct fed_instance *out,
                         struct fed_error *err)
{
	const struct fed_entry *entry;

	if (kind == FED_KIND_AGGREGATOR)
		return fed_aggregator_make(plugins, out, name, settings->assign, settings->n, err);
	if (fed_registry_find(plugins, kind, name, &entry, err))
		return FED_FAIL;
	return fed_instance_init(out, entry, settings->assign, settings->n, err);
}

int fed_load_instance(struct fed_loader *f, struct fed_session *s, enum fed_kind kind,
                      struct fed_instance *x)
{
	struct fed_text name = {0};
	struct fed_pairs pairs = {0};
	struct fed_error why;

	*x = (struct fed_instance){0};
	if (fed_loader_begin(f, fed_kind_name(kind)))
		return FED_FAIL;
	if (fed_get_u8(f)) {
		fed_get_string(f, &name);
		fed_get_pairs(f, &pairs);
		if (!f->failed && make_instance(s->plugins, kind, fed_text_str(&name), &pairs, x, &why))
			fed_loader_fail(f, "%s", why.text);
		if (!f->failed)
			load_state(f, x);
		if (!f->failed)
			load_vectors(f, x);
	}
	fed_text_release(&name);
	fed_pairs_release(&pairs);
	return fed_loader_end(f);
}

static int load_model(struct fed_loader *f, struct fed_session *s)
{
	struct fed_instance model;
	struct fed_error why;

	if (fed_load_instance(f, s, FED_KIND_MODEL, &model) == FED_OK) {
		if (!model.entry)
			return FED_OK;
		if (fed_session_adopt_model(s, &model, &why) == FED_OK)
			return FED_OK;
		fed_loader_fail(f, "%s", why.text);
	}
	fed_instance_release(&model);
	return FED_FAIL;
}

/* Clients ---------------------------------------------------------------- */

static void load_cohort(struct fed_loader *f, const struct fed_dataset *data, struct fed_cohort *h)
{
	h->first = fed_get_u32(f);
	h->n = fed_get_u32(f);
	h->shared = fed_get_u8(f);
	h->how.kind = fed_get_u32(f);
	h->how.samples = (int64_t)fed_get_u64(f);
	h->how.shards = (int64_t)fed_get_u64(f);
	h->how.alpha = fed_get_f64(f);
	h->how.spread = fed_get_f64(f);
	h->how.reuse = fed_get_u8(f);
	h->n_ids = fed_get_u64(f);
	if (h->how.kind > FED_PARTITION_NATURAL)
		fed_loader_fail(f, "partition %u is unknown", (unsigned)h->how.kind);
	if (!fed_loader_holds(f, h->n_ids, sizeof *h->ids))
		return;
	h->ids = fed_alloc_array(h->n_ids, sizeof *h->ids);
	if (!h->ids && h->n_ids) {
		fed_loader_fail(f, "out of memory for %llu examples", (unsigned long long)h->n_ids);
		return;
	}
	fed_get_u32s(f, h->ids, h->n_ids);
	for (uint64_t i = 0; i < h->n_ids && !f->failed; i++)
		if (h->ids[i] >= data->train)
			fed_loader_fail(f, "example %u of %u", h->ids[i], data->train);
}

static int load_cohorts(struct fed_loader *f, struct fed_session *s)
{
	struct fed_clients *c = &s->parts.clients;

	if (fed_loader_begin(f, "cohorts"))
		return FED_FAIL;
	const uint32_t n = fed_get_u32(f);
	if (n && !s->parts.data)
		return fed_loader_fail(f, "clients without a dataset");
	if (n == 0 || !fed_loader_holds(f, n, 54))
		return fed_loader_end(f);
	c->cohort = fed_alloc_array(n, sizeof *c->cohort);
	if (!c->cohort)
		return fed_loader_fail(f, "out of memory for %u groups of clients", n);
	for (; c->n_cohorts < n && !f->failed; c->n_cohorts++)
		load_cohort(f, s->parts.data, &c->cohort[c->n_cohorts]);
	return fed_loader_end(f);
}

/* Its examples leave the pool; the same one twice is a lie. */
static void take_from_pool(struct fed_loader *f, struct fed_pool_of_examples *pool, uint32_t id,
                           const struct fed_client *x)
{
	for (uint32_t i = 0; i < x->count; i++) {
		const uint32_t e = x->examples[i];
		const uint64_t bit = (uint64_t)1 << e % 64;

		if (!(pool->free_bits[e / 64] & bit)) {
			fed_loader_fail(f, "client %u holds example %u, which another one has", id, e);
			return;
		}
		pool->free_bits[e / 64] &= ~bit;
		pool->left--;
	}
}

static void load_client(struct fed_loader *f, struct fed_clients *c, uint32_t id)
{
	struct fed_client *x = &c->client[id];
	const uint8_t flags = fed_get_u8(f);
	const uint64_t start = fed_get_u64(f);

	x->present = flags & 1;
	x->shifted = flags >> 1 & 1;
	x->count = fed_get_u32(f);
	x->cohort = fed_get_u32(f);
	x->version = fed_get_u64(f);
	x->rounds = fed_get_u32(f);
	x->loss = fed_get_f32(f);
	x->shift.gain = fed_get_f32(f);
	x->shift.offset = fed_get_f32(f);
	x->device = fed_get_f32(f);
	if (f->failed)
		return;
	if (x->cohort >= c->n_cohorts) {
		fed_loader_fail(f, "client %u is in group %u of %u", id, x->cohort, c->n_cohorts);
		return;
	}
	const struct fed_cohort *h = &c->cohort[x->cohort];
	if (id < h->first || id - h->first >= h->n || start > h->n_ids || x->count > h->n_ids - start ||
	    x->count > c->most) {
		fed_loader_fail(f, "client %u lies outside of its group", id);
		return;
	}
	if (!x->present)
		return;
	x->examples = h->ids + start;
	c->present[c->n_present++] = id;
	if (!h->shared)
		take_from_pool(f, &c->pool, id, x);
}

static int load_clients(struct fed_loader *f, struct fed_session *s)
{
	struct fed_clients *c = &s->parts.clients;

	if (fed_loader_begin(f, "clients"))
		return FED_FAIL;
	const uint32_t n = fed_get_u32(f);
	c->most = fed_get_u32(f);
	if (n == 0 || !fed_loader_holds(f, n, 45))
		return fed_loader_end(f);
	c->client = fed_alloc_array(n, sizeof *c->client);
	c->present = fed_alloc_array(n, sizeof *c->present);
	if (!c->client || !c->present)
		return fed_loader_fail(f, "out of memory for %u clients", n);
	c->n = c->capacity = n;
	for (uint32_t id = 0; id < n && !f->failed; id++)
		load_client(f, c, id);
	return fed_loader_end(f);
}

static int load_kept(struct fed_loader *f, struct fed_session *s)
{
	struct fed_clients *c = &s->parts.clients;

	if (fed_loader_begin(f, "kept"))
		return FED_FAIL;
	const uint32_t vectors = fed_get_u32(f);
	const uint64_t dim = fed_get_u64(f);
	const uint32_t n = fed_get_u32(f);
	if (n == 0)
		return fed_loader_end(f);
	if (dim != s->parts.net.dim || vectors > FED_LIST_MAX)
		return fed_loader_fail(f, "vectors of %llu numbers for a model of %zu",
		                       (unsigned long long)dim, s->parts.net.dim);
	c->kept_vectors = vectors;
	for (uint32_t i = 0; i < n && fed_loader_holds(f, vectors * dim, sizeof(float)); i++) {
		const uint32_t id = fed_get_u32(f);
		struct fed_client *x = fed_clients_get(c, id);

		if (!x || x->kept)
			return fed_loader_fail(f, "client %u", id);
		if (!fed_client_kept(x, vectors, dim))
			return fed_loader_fail(f, "out of memory for what client %u keeps", id);
		for (uint32_t k = 0; k < vectors; k++)
			fed_get_f32s(f, x->kept[k], dim);
	}
	return fed_loader_end(f);
}

/* Progress --------------------------------------------------------------- */

static double *figure(struct fed_record *record, const struct fed_field *metric)
{
	return (double *)(void *)((char *)record + metric->offset);
}

/* Columns that this fedsh does not know are refused; those that the file lacks are NaN. */
static uint32_t load_columns(struct fed_loader *f, const struct fed_field *column[64])
{
	const uint32_t n = fed_get_u32(f);
	struct fed_text name = {0};

	if (n > 64)
		fed_loader_fail(f, "%u figures of a round", n);
	for (uint32_t k = 0; k < n && !f->failed; k++) {
		fed_text_clear(&name);
		fed_get_string(f, &name);
		column[k] = fed_fields_find(fed_metrics, fed_text_str(&name));
		if (!column[k])
			fed_loader_fail(f, "a figure called %.40s", fed_text_str(&name));
	}
	fed_text_release(&name);
	return n;
}

static int load_records(struct fed_loader *f, const char *section, struct fed_history *h)
{
	const struct fed_field *column[64];
	struct fed_error why;

	if (fed_loader_begin(f, section))
		return FED_FAIL;
	const uint32_t columns = load_columns(f, column);
	const uint64_t n = fed_get_u64(f);
	if (f->failed || columns == 0 || !fed_loader_holds(f, n, 8ull * columns))
		return fed_loader_fail(f, "no figures");
	for (uint64_t i = 0; i < n && !f->failed; i++) {
		struct fed_record r;

		for (const struct fed_field *m = fed_metrics; m->type; m++)
			*figure(&r, m) = NAN;
		for (uint32_t k = 0; k < columns; k++)
			*figure(&r, column[k]) = fed_get_f64(f);
		if (fed_history_add(h, &r, &why))
			fed_loader_fail(f, "%s", why.text);
	}
	return fed_loader_end(f);
}

static int load_parameters(struct fed_loader *f, struct fed_session *s, size_t dim)
{
	struct fed_progress *p = &s->progress;

	if (fed_loader_begin(f, "parameters"))
		return FED_FAIL;
	if (dim == 0)
		return fed_loader_end(f);
	if (dim != s->parts.net.dim || !s->parts.net_built || !s->parts.aggregator.entry ||
	    !s->parts.transport.entry)
		return fed_loader_fail(f, "%zu parameters for a model of %zu", dim, s->parts.net.dim);
	p->params = fed_alloc_floats(dim);
	if (!p->params)
		return fed_loader_fail(f, "out of memory for %zu parameters", dim);
	p->dim = dim;
	fed_get_f32s(f, p->params, dim);
	return fed_loader_end(f);
}

static int load_progress(struct fed_loader *f, struct fed_session *s)
{
	struct fed_progress *p = &s->progress;
	struct fed_history last = {0};

	if (fed_loader_begin(f, "progress"))
		return FED_FAIL;
	p->version = fed_get_u64(f);
	p->invitations = fed_get_u64(f);
	p->clock = fed_get_f64(f);
	p->next_seq = fed_get_u64(f);
	p->next_id = fed_get_u64(f);
	s->draws = fed_get_u64(f);
	const uint64_t rounds = fed_get_u64(f);
	s->diverged = fed_get_u8(f);
	const uint64_t dim = fed_get_u64(f);
	if (!isfinite(p->clock) || p->clock < 0)
		fed_loader_fail(f, "virtual time %g", p->clock);
	if (fed_loader_end(f) || load_records(f, "record", &last)) {
		fed_history_release(&last);
		return FED_FAIL;
	}
	if (last.n)
		p->record = last.record[last.n - 1];
	fed_history_release(&last);
	if (load_records(f, "history", &s->history))
		return FED_FAIL;
	if (s->history.n != rounds)
		return fed_loader_fail(f, "%zu rounds, not %llu", s->history.n, (unsigned long long)rounds);
	return load_parameters(f, s, dim);
}

static int load_run(struct fed_loader *f, struct fed_runs *runs)
{
	struct fed_text name = {0};
	struct fed_history history = {0};
	struct fed_error why;

	if (fed_loader_begin(f, "run name"))
		return FED_FAIL;
	fed_get_string(f, &name);
	if (fed_loader_end(f) == FED_OK && load_records(f, "run", &history) == FED_OK &&
	    fed_runs_keep(runs, fed_text_str(&name), &history, &why))
		fed_loader_fail(f, "%s", why.text);
	fed_text_release(&name);
	fed_history_release(&history);
	return f->failed ? FED_FAIL : FED_OK;
}

static int load_runs(struct fed_loader *f, struct fed_session *s)
{
	if (fed_loader_begin(f, "runs"))
		return FED_FAIL;
	const uint32_t n = fed_get_u32(f);
	if (fed_loader_end(f))
		return FED_FAIL;
	for (uint32_t i = 0; i < n; i++)
		if (load_run(f, &s->runs))
			return FED_FAIL;
	return FED_OK;
}

/* ------------------------------------------------------------------------ */

static int load_all(struct fed_loader *f, struct fed_session *s, struct fed_underway *underway,
                    struct fed_midway *midway)
{
	if (load_settings(f, s) || load_scheme(f, s) || load_plugins(f, s) || load_dataset(f, s) ||
	    load_model(f, s) || fed_load_instance(f, s, FED_KIND_TRANSPORT, &s->parts.transport) ||
	    fed_load_instance(f, s, FED_KIND_AGGREGATOR, &s->parts.aggregator) || load_cohorts(f, s) ||
	    load_clients(f, s) || fed_load_links(f, &s->parts.clients) || load_kept(f, s) ||
	    fed_load_residuals(f, &s->parts.clients, s->parts.net.dim) ||
	    fed_load_ledger(f, &s->ledger, &s->parts.clients) || load_progress(f, s) ||
	    load_runs(f, s) || fed_load_faults(f, s))
		return FED_FAIL;
	if (s->parts.aggregator.dim && s->parts.aggregator.dim != s->parts.net.dim)
		return fed_loader_fail(f, "an aggregator for %zu parameters, a model of %zu",
		                       s->parts.aggregator.dim, s->parts.net.dim);
	return fed_load_underway(f, s, underway) || fed_load_midway(f, s, midway) ||
	               fed_loader_begin(f, "end")
	           ? FED_FAIL
	           : FED_OK;
}

/* So many went, others may have come. */
static void tell_breakpoints(struct fed_session *s, size_t gone)
{
	if (gone)
		fed_session_tell(s, FED_EVENT_NOTICE, "breakpoints belong to a session: %zu went with it",
		                 gone);
	if (s->debugger.n)
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "breakpoints of the saved session: %zu; `break` lists them",
		                 s->debugger.n);
}

/* What was under way goes on. */
static void go_on(struct fed_session *s, struct fed_underway *u)
{
	struct fed_error why;

	if (u->open && s->running && fed_underway_put(u, &s->federation, &why))
		fed_session_tell(s, FED_EVENT_WARNING,
		                 "the work that was under way is lost: %s; clients "
		                 "are invited again",
		                 why.text);
}

/* Into the round that was open.  The session is restored all the same when that fails. */
static void go_midway(struct fed_session *s, struct fed_midway *midway)
{
	struct fed_error why;

	if (midway->steps == 0) {
		if (fed_rest_wants(&s->rest, &s->history))
			fed_session_tell(s, FED_EVENT_NOTICE,
			                 "`continue` goes on with the run that was stopped");
		return;
	}
	if (fed_session_start(s, &why) || fed_midway_replay(s, midway, true, &why))
		fed_session_tell(s, FED_EVENT_WARNING, "the round that was open is not: %s", why.text);
	else if (fed_session_open(s))
		fed_session_tell(s, FED_EVENT_NOTICE, "round %s is open, %s steps were made",
		                 fed_count((double)fed_session_version(s) + 1).s,
		                 fed_count((double)s->federation.steps).s);
}

int fed_session_restore(struct fed_session *s, const char *path, struct fed_error *err)
{
	struct fed_text expanded = {0};
	struct fed_loader f;
	struct fed_session *fresh = fed_alloc(sizeof *fresh);
	struct fed_underway underway = {0};
	struct fed_midway midway = {0};

	if (!fresh)
		return fed_fail_memory(err, sizeof *fresh, "a session");
	fresh->plugins = s->plugins;
	fed_path_expand(path, &expanded);
	int rc = expanded.failed ? fed_fail_memory(err, strlen(path), "a path")
	                         : fed_loader_open(&f, fed_text_str(&expanded), err);
	if (rc == FED_OK) {
		f.stopped = &s->interrupts;
		rc = load_all(&f, fresh, &underway, &midway);
		if (rc && atomic_load(f.stopped))
			rc = FED_REJECT;
		fed_loader_close(&f);
	}
	if (rc == FED_OK) {
		const size_t breakpoints = s->debugger.n;
		fed_session_replace(s, fresh);
		tell_breakpoints(s, breakpoints);
		fed_session_resume(s);
		go_on(s, &underway);
		go_midway(s, &midway);
	} else {
		fed_session_clear(fresh);
	}
	fed_underway_release(&underway);
	fed_midway_release(&midway);
	fed_recorder_release(&fresh->recorder);
	fed_free(fresh);
	fed_text_release(&expanded);
	return rc;
}
