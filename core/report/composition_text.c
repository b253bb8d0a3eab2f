/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/composition_text.c - a composition as lines of text.
 */
#include "report/composition_text.h"

#include <string.h>

#include "base/file.h"
#include "history/client_selector.h"
#include "session/composition.h"
#include "session/inject.h"
#include "train/schemes/schemes.h"

/* "aggregator.mu=0.1" for each row that can be set. */
static void put_fields(const char *part, const struct fed_field *rows, const void *state,
                       struct fed_text *out)
{
	for (const struct fed_field *row = rows; row && row->type != FED_TYPE_END; row++) {
		if (!fed_field_settable(row))
			continue;
		fed_text_add(out, "%s.", part);
		fed_field_key(row, out);
		fed_text_add(out, "=");
		fed_field_print(row, state, out);
		fed_text_add(out, "\n");
	}
}

static void put_instance(const char *part, const struct fed_instance *x, struct fed_text *out)
{
	if (!x || !x->entry)
		return;
	fed_text_add(out, "%s=%s\n", part, x->entry->head->name);
	put_fields(part, x->entry->head->fields, x->state, out);
}

/* The frozen base of a model: that of the seed, or one that was imported or pre-trained. */
static void put_base(const struct fed_composition *c, struct fed_text *out)
{
	const struct fed_net *net = &c->net;

	if (!c->net_built || net->frozen_dim == 0)
		return;
	if (net->frozen_given)
		fed_text_add(out, "model.base=crc %08x\n",
		             fed_crc32(0, net->frozen, net->frozen_dim * sizeof *net->frozen));
	else
		fed_text_add(out, "model.base=seed\n");
}

/* Settings that no figure depends on. */
static bool is_idle(const struct fed_field *row)
{
	static const char *const idle[] = {"threads",        "guard",      "plugin_deadline",
	                                   "plugin_memory",  "data_cache", "device_spread",
	                                   "on_plugin_error"};

	for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
		if (fed_same_name(row->name, idle[i]))
			return true;
	return false;
}

static void put_settings(const struct fed_settings *settings, struct fed_text *out)
{
	for (const struct fed_field *row = fed_settings_fields; row->type != FED_TYPE_END; row++) {
		if (!fed_field_settable(row) || is_idle(row))
			continue;
		fed_field_key(row, out);
		fed_text_add(out, "=");
		fed_field_print(row, settings, out);
		fed_text_add(out, "\n");
	}
}

/* Clients -------------------------------------------------------------------------------- */

static void put_block(const struct fed_client_block *b, uint32_t k, struct fed_text *out)
{
	const struct fed_partition *how = &b->how;

	fed_text_add(out, "clients.block-%u=%u %s samples=%lld", k, b->n,
	             fed_partition_names[how->kind], (long long)how->samples);
	if (how->kind == FED_PARTITION_SHARDS)
		fed_text_add(out, " shards=%lld", (long long)how->shards);
	if (how->kind == FED_PARTITION_DIRICHLET) {
		fed_text_add(out, " alpha=");
		fed_text_json_number(out, how->alpha);
	}
	if (how->kind == FED_PARTITION_QUANTITY || how->kind == FED_PARTITION_FEATURE) {
		fed_text_add(out, " spread=");
		fed_text_json_number(out, how->spread);
	}
	fed_text_add(out, how->reuse ? " reuse\n" : "\n");
}

static void put_clients(const struct fed_clients *c, const struct fed_clients *from,
                        struct fed_text *out)
{
	const struct fed_clients *blocks = c->n_blocks || !from ? c : from;
	uint32_t examples = 0, equipment = 0;

	fed_text_add(out, "clients=%u\n", c->n_present);
	for (uint32_t k = 0; k < blocks->n_blocks; k++)
		put_block(&blocks->block[k], k, out);
	for (uint32_t i = 0; i < c->n_present; i++) {
		const struct fed_client *x = &c->client[c->present[i]];
		const float device[6] = {x->device,  x->link.latency, x->link.jitter,
		                         x->link.up, x->link.down,    x->link.drop_rate};

		examples = fed_crc32(examples, x->examples, (x->count + x->holdout) * sizeof *x->examples);
		if (x->holdout || x->unseen) { /* which of them it trains on */
			const uint32_t trained[2] = {x->count, x->unseen};

			examples = fed_crc32(examples, trained, sizeof trained);
		}
		equipment = fed_crc32(equipment, device, sizeof device);
	}
	fed_text_add(out, "clients.examples=crc %08x\nclients.equipment=crc %08x\n", examples,
	             equipment);
}

static void put_faults(const struct fed_faults *faults, struct fed_text *out)
{
	for (size_t i = 0; i < faults->n; i++) {
		const struct fed_fault *f = &faults->fault[i];
		struct fed_text args = {0};

		fed_text_add(out, "fault-%llu=%s", (unsigned long long)f->number,
		             fed_fault_types[f->kind].name);
		fed_fault_put_args(f, &args);
		fed_text_add(out, "%s%s on ", args.len ? " " : "", fed_text_str(&args));
		fed_client_ids_put(out, f->client, f->n, 200);
		fed_text_add(out, ", ");
		fed_fault_put_versions(f, out);
		fed_text_add(out, "\n");
		fed_text_release(&args);
	}
}

static void put_model_and_rules(const struct fed_composition *c, struct fed_text *out)
{
	put_instance("model", &c->model, out);
	put_base(c, out);
	fed_text_add(out, "scheme=%s\n", c->scheme->name);
	put_fields("scheme", c->scheme->fields, c->scheme_state, out);
	put_instance("aggregator", &c->aggregator, out);
	put_instance("after", c->aggregator.after, out);
}

void fed_composition_put_training(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_composition *c = fed_session_parts(s);

	put_model_and_rules(c, out);
	put_settings(&c->settings, out);
}

void fed_composition_put(const struct fed_session *s, const struct fed_clients *from,
                         struct fed_text *out)
{
	const struct fed_composition *c = fed_session_parts(s);

	if (c->data)
		fed_text_add(out, "dataset=%s\ndataset.fingerprint=%016llx\n",
		             c->data->spec ? c->data->spec : c->data->name,
		             (unsigned long long)c->data->fingerprint);
	put_model_and_rules(c, out);
	put_instance("transport", &c->transport, out);
	put_instance("selection", &c->selection, out);
	put_settings(&c->settings, out);
	put_clients(&c->clients, from, out);
	put_faults(&c->faults, out);
}

void fed_composition_join(const char *program, const char *composition, const char *plugins,
                          struct fed_text *out)
{
	fed_text_add(out, "program=fedsh %s\n", program);
	fed_text_put(out, composition, strlen(composition));
	fed_text_add(out, "plugins=");
	for (const char *at = plugins; *at; at++)
		fed_text_put(out, *at != '\n' ? at : at[1] ? "; " : "", *at != '\n' ? 1 : at[1] ? 2 : 0);
	fed_text_add(out, "\n");
}

/* Reading -------------------------------------------------------------------------------- */

bool fed_composition_next(const char **rest, struct fed_composition_line *line)
{
	const size_t n = strcspn(*rest, "\n"), key = strcspn(*rest, "=\n");

	if (n == 0)
		return false;
	*line = (struct fed_composition_line){.key = *rest, .key_bytes = key};
	line->value = *rest + (key < n ? key + 1 : n);
	line->value_bytes = (size_t)(*rest + n - line->value);
	*rest += n + ((*rest)[n] == '\n');
	return true;
}

bool fed_composition_find(const char *text, const struct fed_composition_line *key,
                          struct fed_composition_line *line)
{
	while (fed_composition_next(&text, line))
		if (line->key_bytes == key->key_bytes && memcmp(line->key, key->key, key->key_bytes) == 0)
			return true;
	return false;
}
