/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/session_hash.c - hash of what a session's next rounds depend on.
 */
#include "experiments/session_copy.h"

#include <string.h>

#include "session/internal.h"

static uint64_t hash_bytes(uint64_t h, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h ^ h >> 31;
}

static uint64_t hash_fields(uint64_t h, const struct fed_field *rows, const void *state)
{
	struct fed_text text = {0};

	for (const struct fed_field *row = rows; row && row->type != FED_TYPE_END; row++) {
		if (!fed_field_settable(row))
			continue;
		fed_field_print(row, state, &text);
		fed_text_put(&text, " ", 1);
	}
	h = hash_bytes(h, fed_text_str(&text), text.len);
	fed_text_release(&text);
	return h;
}

static uint64_t hash_instance(uint64_t h, const struct fed_instance *x)
{
	const struct fed_head *head = x->entry->head;

	h = hash_fields(hash_bytes(h, head->name, strlen(head->name)), head->fields, x->state);
	return x->after ? hash_instance(h, x->after) : h;
}

static uint64_t hash_client(uint64_t h, const struct fed_client *c)
{
	h = hash_bytes(h, c->examples, c->count * sizeof *c->examples);
	h = hash_bytes(h, &c->shift, sizeof c->shift);
	h = hash_bytes(h, &(bool){c->unseen}, sizeof(bool));
	h = hash_bytes(h, &c->device, sizeof c->device);
	return hash_bytes(h, &c->link, sizeof c->link);
}

static uint64_t hash_fault(uint64_t h, const struct fed_fault *f)
{
	h = hash_fields(h, fed_fault_types[f->kind].fields, &f->args);
	h = hash_bytes(h, f->client, f->n * sizeof *f->client);
	h = hash_bytes(h, &f->from, sizeof f->from);
	h = hash_bytes(h, &f->until, sizeof f->until);
	return f->attack ? hash_instance(h, &f->attack->instance) : h;
}

uint64_t fed__session_hash(const struct fed_session *s)
{
	const uint64_t version = fed_session_version(s);
	uint64_t h = 0xcbf29ce484222325u;

	h = hash_bytes(h, fed_session_params(s), s->parts.net.dim * sizeof(float));
	if (s->parts.net.frozen_dim)
		h = hash_bytes(h, s->parts.net.frozen, s->parts.net.frozen_dim * sizeof(float));
	h = hash_bytes(h, &version, sizeof version);
	h = hash_bytes(h, &s->parts.data->fingerprint, sizeof s->parts.data->fingerprint);
	h = hash_fields(h, fed_settings_fields, &s->parts.settings);
	h = hash_instance(h, &s->parts.aggregator);
	h = hash_instance(h, &s->parts.transport);
	h = hash_instance(h, &s->parts.model);
	h = hash_bytes(h, s->parts.scheme->name, strlen(s->parts.scheme->name));
	h = hash_fields(h, s->parts.scheme->fields, s->parts.scheme_state);
	for (uint32_t i = 0; i < s->parts.clients.n_present; i++)
		h = hash_client(h, &s->parts.clients.client[s->parts.clients.present[i]]);
	for (size_t i = 0; i < s->parts.faults.n; i++)
		h = hash_fault(h, &s->parts.faults.fault[i]);
	return h;
}
