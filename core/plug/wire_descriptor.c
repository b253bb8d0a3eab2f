/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/wire_descriptor.c - a plugin's descriptor in a packet: head, field rows, and which functions
 * it has.
 */
#include <string.h>

#include "base/mem.h"
#include "plug/descriptor.h"
#include "plug/wire.h"

enum { ROWS_MOST = 256, CHOICES_MOST = 256 };

/* Functions of a plugin struct, by the offsets of their pointers. */
struct callbacks {
	const size_t *offset;
	size_t n;
};

#define AT(S, member) offsetof(struct fed_##S, member)

static struct callbacks callbacks_of(uint32_t kind)
{
	static const size_t aggregator[] = {
		AT(aggregator, begin),     AT(aggregator, add),
		AT(aggregator, finish),    AT(aggregator, columns),
		AT(aggregator, reduce),    AT(aggregator, plan),
		AT(aggregator, weigh),     AT(aggregator, local_gradient),
		AT(aggregator, local_end), AT(aggregator, updates_per_step),
		AT(aggregator, mix),       AT(aggregator, mixtures),
		AT(aggregator, tell),      AT(aggregator, scratch_bytes),
	};
	static const size_t transport[] = {AT(transport, open), AT(transport, send),
	                                   AT(transport, poll), AT(transport, now),
	                                   AT(transport, close)};
	static const size_t model[] = {AT(model, build)};
	static const size_t attack[] = {AT(attack, craft), AT(attack, collude), AT(attack, poison),
	                                AT(attack, suits)};
	static const size_t selection[] = {AT(selection, select), AT(selection, asks),
	                                   AT(selection, ask)};
	static const size_t codec[] = {AT(codec, bound), AT(codec, encode), AT(codec, decode),
	                               AT(codec, memory), AT(codec, scratch)};
#define TABLE(a) ((struct callbacks){a, sizeof(a) / sizeof *(a)})

	switch (kind) {
	case FED_KIND_AGGREGATOR:
		return TABLE(aggregator);
	case FED_KIND_TRANSPORT:
		return TABLE(transport);
	case FED_KIND_MODEL:
		return TABLE(model);
	case FED_KIND_ATTACK:
		return TABLE(attack);
	case FED_KIND_SELECTION:
		return TABLE(selection);
	case FED_KIND_CODEC:
		return TABLE(codec);
	default:
		return (struct callbacks){NULL, 0};
	}
}

typedef int callback(void);

/* The place of every function that is elsewhere.  Calls of a guarded plugin go to its worker. */
static int is_elsewhere(void)
{
	return FED_FAIL;
}

/* Writing ---------------------------------------------------------------- */

static void put_row(struct fed_packet *p, const struct fed_field *row)
{
	struct fed_field copy = *row;
	uint64_t n = 0;

	copy.name = copy.help = copy.text = copy.hint = NULL;
	copy.choice = NULL;
	FED_PUT(p, copy);
	fed_put_text(p, row->name);
	fed_put_text(p, row->help);
	fed_put_text(p, row->text);
	fed_put_text(p, row->hint);
	while (row->choice && row->choice[n])
		n++;
	fed_put_number(p, n);
	for (uint64_t i = 0; i < n; i++)
		fed_put_text(p, row->choice[i]);
}

void fed_put_descriptor(struct fed_packet *p, const struct fed_entry *entry)
{
	const struct fed_head *head = entry->head;
	const struct callbacks c = callbacks_of(head->kind);
	uint64_t n = 0;

	while (head->fields[n].type != FED_TYPE_END)
		n++;
	fed_put_number(p, head->kind);
	fed_put_number(p, head->state_size);
	fed_put_text(p, head->name);
	fed_put_text(p, head->help);
	fed_put_text(p, head->doc);
	fed_put_text(p, head->version);
	fed_put_number(p, n);
	for (uint64_t i = 0; i < n; i++)
		put_row(p, &head->fields[i]);
	for (size_t i = 0; i < c.n; i++) {
		callback *f;

		memcpy(&f, (const char *)entry + offsetof(struct fed_entry, copy) + c.offset[i], sizeof f);
		fed_put_number(p, f != NULL);
	}
	if (head->kind == FED_KIND_AGGREGATOR) {
		fed_put_number(p, entry->copy.aggregator.client_vectors);
		fed_put_number(p, entry->copy.aggregator.returned_vectors);
		fed_put_number(p, entry->copy.aggregator.own_model);
		fed_put_text(p, entry->copy.aggregator.models);
	} else if (head->kind == FED_KIND_ATTACK) {
		fed_put_number(p, entry->copy.attack.remembers);
		fed_put_number(p, entry->copy.attack.targeted);
	} else if (head->kind == FED_KIND_SELECTION) {
		fed_put_number(p, entry->copy.selection.knows);
		fed_put_number(p, entry->copy.selection.equal_weights);
	} else if (head->kind == FED_KIND_CODEC) {
		fed_put_number(p, entry->copy.codec.unbiased);
	}
}

/* Reading ---------------------------------------------------------------- */

static int get_row(struct fed_packet_reader *r, struct fed_field *row, struct fed_error *err)
{
	FED_GET(r, *row);
	row->name = fed_get_text(r);
	row->help = fed_get_text(r);
	row->text = fed_get_text(r);
	row->hint = fed_get_text(r);
	row->choice = NULL;
	const uint64_t n = fed_get_number(r);
	if (r->short_ || !row->name || n > CHOICES_MOST)
		return fed_reject(err, "its field rows did not arrive");
	if (!n)
		return FED_OK;
	const char **choice = fed_alloc_array(n + 1, sizeof *choice);
	if (!choice)
		return fed_fail_memory(err, n * sizeof *choice, "a plugin's field rows");
	row->choice = choice;
	for (uint64_t i = 0; i < n; i++)
		if (!(choice[i] = fed_get_text(r)))
			return fed_reject(err, "its field rows did not arrive");
	return FED_OK;
}

static int get_rows(struct fed_packet_reader *r, struct fed_entry *entry, struct fed_error *err)
{
	const uint64_t n = fed_get_number(r);
	int rc = FED_OK;

	if (n > ROWS_MOST)
		return fed_reject(err, "its field rows did not arrive");
	entry->fields = fed_alloc_array(n + 1, sizeof *entry->fields);
	if (!entry->fields)
		return fed_fail_memory(err, (n + 1) * sizeof *entry->fields, "a plugin's field rows");
	for (uint64_t i = 0; rc == FED_OK && i < n; i++)
		rc = get_row(r, &entry->fields[i], err);
	entry->fields[n] = (struct fed_field)FED_END;
	return rc;
}

static void get_kind(struct fed_packet_reader *r, struct fed_entry *entry)
{
	const struct callbacks c = callbacks_of(entry->copy.head.kind);
	callback *const elsewhere = is_elsewhere;

	for (size_t i = 0; i < c.n; i++)
		if (fed_get_number(r))
			memcpy((char *)entry + offsetof(struct fed_entry, copy) + c.offset[i], &elsewhere,
			       sizeof elsewhere);
	if (entry->copy.head.kind == FED_KIND_AGGREGATOR) {
		entry->copy.aggregator.client_vectors = (uint32_t)fed_get_number(r);
		entry->copy.aggregator.returned_vectors = (uint32_t)fed_get_number(r);
		entry->copy.aggregator.own_model = (uint32_t)fed_get_number(r);
		entry->copy.aggregator.models = fed_get_text(r);
	} else if (entry->copy.head.kind == FED_KIND_ATTACK) {
		entry->copy.attack.remembers = fed_get_number(r);
		entry->copy.attack.targeted = fed_get_number(r);
	} else if (entry->copy.head.kind == FED_KIND_SELECTION) {
		entry->copy.selection.knows = (uint32_t)fed_get_number(r);
		entry->copy.selection.equal_weights = fed_get_number(r);
	} else if (entry->copy.head.kind == FED_KIND_CODEC) {
		entry->copy.codec.unbiased = fed_get_number(r);
	}
}

int fed__get_descriptor(struct fed_packet_reader *r, struct fed_entry *entry, struct fed_error *err)
{
	struct fed_head head = {.magic = FED_MAGIC,
	                        .abi = FED_ABI,
	                        .size = sizeof entry->copy,
	                        .field_size = sizeof(struct fed_field)};

	head.kind = (uint32_t)fed_get_number(r);
	head.state_size = (uint32_t)fed_get_number(r);
	head.name = fed_get_text(r);
	head.help = fed_get_text(r);
	head.doc = fed_get_text(r);
	head.version = fed_get_text(r);
	if (r->short_ || !head.name || !head.help)
		return fed_reject(err, "its descriptor did not arrive");
	const int rc = get_rows(r, entry, err);
	if (rc != FED_OK)
		return rc;
	memset(&entry->copy, 0, sizeof entry->copy);
	entry->copy.head = head;
	entry->copy.head.fields = entry->fields;
	entry->head = &entry->copy.head;
	get_kind(r, entry);
	if (r->short_)
		return fed_reject(err, "its descriptor did not arrive");
	return fed__descriptor_check(entry, err);
}
