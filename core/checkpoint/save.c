/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/save.c - write a session into sections.  restore.c reads them in the same order.
 */
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

static void save_settings(struct fed_saver *f, const struct fed_pairs *settings)
{
	fed_saver_begin(f, "settings", fed_size_pairs(settings));
	fed_put_pairs(f, settings);
	fed_saver_end(f);
}

/* Plugins that the user loaded, by the files that they came from. */
static void save_plugins(struct fed_saver *f, const struct fed_session *s)
{
	uint32_t n = 0;
	uint64_t bytes = sizeof n;

	for (int write = 0; write < 2; write++) {
		if (write) {
			fed_saver_begin(f, "plugins", bytes);
			fed_put_u32(f, n);
		}
		for (enum fed_kind kind = FED_KIND_AGGREGATOR; kind <= FED_KIND_ATTACK; kind++) {
			const struct fed_entry *e;

			for (size_t i = 0; (e = fed_registry_at(s->plugins, kind, i)); i++) {
				if (e->builtin)
					continue;
				if (write) {
					fed_put_string(f, fed_kind_name(kind));
					fed_put_string(f, e->head->name);
					fed_put_string(f, e->path);
					continue;
				}
				n++;
				bytes += fed_size_string(fed_kind_name(kind)) + fed_size_string(e->head->name) +
				         fed_size_string(e->path);
			}
		}
	}
	fed_saver_end(f);
}

static void save_dataset(struct fed_saver *f, const struct fed_session *s)
{
	const struct fed_choice *c = &s->parts.dataset_choice;

	if (!s->parts.data) {
		fed_saver_begin(f, "dataset", 1);
		fed_put_u8(f, 0);
	} else {
		fed_saver_begin(f, "dataset",
		                1 + fed_size_string(c->name) + fed_size_pairs(&c->args) + sizeof(uint64_t));
		fed_put_u8(f, 1);
		fed_put_string(f, c->name);
		fed_put_pairs(f, &c->args);
		fed_put_u64(f, s->parts.data->fingerprint);
	}
	fed_saver_end(f);
}

static void save_scheme(struct fed_saver *f, const struct fed_session *s,
                        const struct fed_pairs *settings)
{
	fed_saver_begin(f, "scheme", fed_size_string(s->parts.scheme->name) + fed_size_pairs(settings));
	fed_put_string(f, s->parts.scheme->name);
	fed_put_pairs(f, settings);
	fed_saver_end(f);
}

/* Settings as text, then the state bytes, then the vectors that live across rounds. */
int fed_save_instance(struct fed_saver *f, const char *section, const struct fed_instance *x,
                      struct fed_error *err)
{
	struct fed_pairs settings;

	if (!x->entry) {
		fed_saver_begin(f, section, 1);
		fed_put_u8(f, 0);
		fed_saver_end(f);
		return FED_OK;
	}
	const struct fed_head *head = x->entry->head;
	uint32_t rows = 0;
	while (fed_instance_persistent(x, rows))
		rows++;
	char *state = fed_alloc(head->state_size + 1);
	if (!state)
		return fed_fail_memory(err, head->state_size, section);
	fed_instance_state_bytes(x, state);
	if (fed_instance_settings(&settings, x, err)) {
		fed_free(state);
		return FED_FAIL;
	}
	fed_saver_begin(f, section,
	                1 + fed_size_string(head->name) + fed_size_pairs(&settings) + 4 +
	                    head->state_size + 4 + 8 + 8ull * rows * x->dim);
	fed_put_u8(f, 1);
	fed_put_string(f, head->name);
	fed_put_pairs(f, &settings);
	fed_put_u32(f, head->state_size);
	fed_put_bytes(f, state, head->state_size);
	fed_put_u32(f, rows);
	fed_put_u64(f, x->dim);
	for (uint32_t k = 0; k < rows; k++)
		fed_put_f64s(f, fed_instance_persistent(x, k), x->dim);
	fed_saver_end(f);
	fed_free(state);
	fed_pairs_release(&settings);
	return FED_OK;
}

#define COHORT_BYTES 54
static void save_cohorts(struct fed_saver *f, const struct fed_clients *c)
{
	uint64_t bytes = 4;

	for (uint32_t k = 0; k < c->n_cohorts; k++)
		bytes += COHORT_BYTES + 4 * c->cohort[k].n_ids;
	fed_saver_begin(f, "cohorts", bytes);
	fed_put_u32(f, c->n_cohorts);
	for (uint32_t k = 0; k < c->n_cohorts; k++) {
		const struct fed_cohort *h = &c->cohort[k];

		fed_put_u32(f, h->first);
		fed_put_u32(f, h->n);
		fed_put_u8(f, h->shared);
		fed_put_u32(f, (uint32_t)h->how.kind);
		fed_put_u64(f, (uint64_t)h->how.samples);
		fed_put_u64(f, (uint64_t)h->how.shards);
		fed_put_f64(f, h->how.alpha);
		fed_put_f64(f, h->how.spread);
		fed_put_u8(f, h->how.reuse);
		fed_put_u64(f, h->n_ids);
		fed_put_u32s(f, h->ids, h->n_ids);
	}
	fed_saver_end(f);
}

#define CLIENT_BYTES 45
static void save_clients(struct fed_saver *f, const struct fed_clients *c)
{
	fed_saver_begin(f, "clients", 8 + (uint64_t)CLIENT_BYTES * c->n);
	fed_put_u32(f, c->n);
	fed_put_u32(f, c->most);
	for (uint32_t id = 0; id < c->n; id++) {
		const struct fed_client *x = &c->client[id];
		const uint32_t *ids = c->cohort[x->cohort].ids;

		fed_put_u8(f, (uint8_t)(x->present | x->shifted << 1));
		fed_put_u64(f, x->present ? (uint64_t)(x->examples - ids) : 0);
		fed_put_u32(f, x->count);
		fed_put_u32(f, x->cohort);
		fed_put_u64(f, x->version);
		fed_put_u32(f, x->rounds);
		fed_put_f32(f, x->loss);
		fed_put_f32(f, x->shift.gain);
		fed_put_f32(f, x->shift.offset);
		fed_put_f32(f, x->device);
	}
	fed_saver_end(f);
}

/* What clients keep for the aggregator. */
static void save_kept(struct fed_saver *f, const struct fed_clients *c, size_t dim)
{
	uint32_t n = 0;

	for (uint32_t id = 0; id < c->n; id++)
		n += c->client[id].kept != NULL;
	fed_saver_begin(f, "kept", 4 + 8 + 4 + n * (4 + 4ull * c->kept_vectors * dim));
	fed_put_u32(f, c->kept_vectors);
	fed_put_u64(f, dim);
	fed_put_u32(f, n);
	for (uint32_t id = 0; id < c->n; id++) {
		if (!c->client[id].kept)
			continue;
		fed_put_u32(f, id);
		for (uint32_t k = 0; k < c->kept_vectors; k++)
			fed_put_f32s(f, c->client[id].kept[k], dim);
	}
	fed_saver_end(f);
}

/* Records with the names of their columns: a later fedsh may have more of them. */
static void save_records(struct fed_saver *f, const char *section, const struct fed_record *record,
                         size_t n)
{
	uint64_t bytes = 4 + 8;
	uint32_t columns = 0;

	for (const struct fed_field *m = fed_metrics; m->type; m++, columns++)
		bytes += fed_size_string(m->name) + 8ull * n;
	fed_saver_begin(f, section, bytes);
	fed_put_u32(f, columns);
	for (const struct fed_field *m = fed_metrics; m->type; m++)
		fed_put_string(f, m->name);
	fed_put_u64(f, n);
	for (size_t i = 0; i < n; i++)
		for (const struct fed_field *m = fed_metrics; m->type; m++)
			fed_put_f64(f, fed_metric_value(m, &record[i]));
	fed_saver_end(f);
}

static void save_runs(struct fed_saver *f, const struct fed_runs *runs)
{
	fed_saver_begin(f, "runs", 4);
	fed_put_u32(f, (uint32_t)runs->n);
	fed_saver_end(f);
	for (size_t i = 0; i < runs->n; i++) {
		fed_saver_begin(f, "run name", fed_size_string(runs->run[i].name));
		fed_put_string(f, runs->run[i].name);
		fed_saver_end(f);
		save_records(f, "run", runs->run[i].history.record, runs->run[i].history.n);
	}
}

static void save_progress(struct fed_saver *f, const struct fed_session *s)
{
	const struct fed_federation *run = &s->federation;
	const struct fed_progress *p = &s->progress;
	const float *params = fed_session_params(s);
	const size_t dim = params ? s->parts.net.dim : 0;

	fed_saver_begin(f, "progress", 7 * 8 + 1 + 8);
	fed_put_u64(f, fed_session_version(s));
	fed_put_u64(f, s->running ? run->invitations : p->invitations);
	fed_put_f64(f, fed_session_clock(s));
	fed_put_u64(f, s->running ? run->clock.next_seq : p->next_seq);
	fed_put_u64(f, s->running ? run->post.next_id : p->next_id);
	fed_put_u64(f, s->draws);
	fed_put_u64(f, (uint64_t)s->history.n);
	fed_put_u8(f, s->diverged);
	fed_put_u64(f, dim);
	fed_saver_end(f);
	save_records(f, "record", s->running ? &run->record : &p->record, 1);
	save_records(f, "history", s->history.record, s->history.n);
	fed_saver_begin(f, "parameters", 4ull * dim);
	fed_put_f32s(f, params, dim);
	fed_saver_end(f);
}

static int save_all(struct fed_saver *f, const struct fed_session *s, struct fed_error *err)
{
	struct fed_pairs settings = {0}, scheme = {0};

	if (fed_pairs_of(&settings, fed_settings_fields, &s->parts.settings, err) ||
	    fed_pairs_of(&scheme, s->parts.scheme->fields, s->parts.scheme_state, err)) {
		fed_pairs_release(&settings);
		return FED_FAIL;
	}
	save_settings(f, &settings);
	save_scheme(f, s, &scheme);
	fed_pairs_release(&settings);
	fed_pairs_release(&scheme);
	save_plugins(f, s);
	save_dataset(f, s);
	if (fed_save_instance(f, "model", &s->parts.model, err) ||
	    fed_save_instance(f, "transport", &s->parts.transport, err) ||
	    fed_save_instance(f, "aggregator", &s->parts.aggregator, err))
		return FED_FAIL;
	save_cohorts(f, &s->parts.clients);
	save_clients(f, &s->parts.clients);
	fed_save_links(f, &s->parts.clients);
	save_kept(f, &s->parts.clients, s->parts.net_built ? s->parts.net.dim : 0);
	fed_save_residuals(f, &s->parts.clients, s->parts.net_built ? s->parts.net.dim : 0);
	fed_save_ledger(f, &s->ledger, &s->parts.clients);
	save_progress(f, s);
	save_runs(f, &s->runs);
	return fed_save_faults(f, s, err);
}

/* What is under way goes on here as it does in a restored session.  Over real connections it cannot
 * be saved: it is recalled here too. */
static int set_aside(struct fed_session *s, struct fed_underway *u, struct fed_error *err)
{
	if (!s->running)
		return FED_OK;
	if (!fed_is_simulated(&s->parts.transport)) {
		fed_session_recall(s, "saving");
		return FED_OK;
	}
	return fed_trainer_finish(s->federation.trainer, err) ||
	               fed_underway_take(u, &s->federation, err)
	           ? FED_FAIL
	           : FED_OK;
}

static int save_closed(struct fed_session *s, const char *path, const struct fed_midway *midway,
                       struct fed_error *err)
{
	struct fed_text expanded = {0};
	struct fed_saver f;

	struct fed_underway underway = {0};

	if (set_aside(s, &underway, err))
		return FED_FAIL;
	fed_path_expand(path, &expanded);
	int rc = expanded.failed ? fed_fail_memory(err, strlen(path), "a path") : FED_OK;
	if (rc == FED_OK)
		rc = fed_saver_open(&f, fed_text_str(&expanded), err);
	if (rc == FED_OK) {
		rc = save_all(&f, s, err);
		if (rc == FED_OK)
			rc = fed_save_underway(&f, &underway, s->parts.net_built ? s->parts.net.dim : 0, err);
		if (rc == FED_OK)
			rc = fed_save_midway(&f, s, midway, err);
		if (rc == FED_OK)
			rc = fed_saver_commit(&f, err);
		else
			fed_saver_abandon(&f);
	}
	fed_underway_release(&underway);
	fed_text_release(&expanded);
	return rc;
}

int fed_session_save(struct fed_session *s, const char *path, struct fed_error *err)
{
	struct fed_error why;
	struct fed_midway midway;

	if (fed_midway_rewind(s, &midway, err))
		return FED_FAIL;
	const int rc = save_closed(s, path, &midway, err);
	if (fed_midway_replay(s, &midway, false, &why) && rc == FED_OK)
		return fed_fail(err, "saved, but the open round is lost here: %s; `restore` the file",
		                why.text);
	return rc;
}
