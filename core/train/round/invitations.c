/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/invitations.c - hash table of open invitations.
 */
#include "train/round/invitations.h"

#include "base/mem.h"
#include "base/random.h"
#include "train/round/emit.h"
#include "train/round/state.h"

/* Place of the client's invitation, or the free one where it would go: open addressing, at most
 * half full. */
static uint32_t invitation_place(const struct fed_federation *f, uint32_t client)
{
	const uint32_t mask = f->open_capacity - 1;
	uint32_t at = (uint32_t)fed_random(client, 0) & mask;

	while (f->open[at].number && f->open[at].client != client)
		at = (at + 1) & mask;
	return at;
}

int fed__invitations_reserve(struct fed_federation *f, uint32_t n, struct fed_error *err)
{
	uint32_t capacity = f->open_capacity ? f->open_capacity : 16;

	while (capacity / 2 < f->n_open + n)
		capacity *= 2;
	if (capacity == f->open_capacity)
		return FED_OK;
	struct fed_invitation *grown = fed_alloc_array(capacity, sizeof *grown), *old = f->open;
	const uint32_t old_capacity = f->open_capacity;
	if (!grown)
		return fed_fail_memory(err, capacity * sizeof *grown, "the invitations");
	f->open = grown;
	f->open_capacity = capacity;
	for (uint32_t i = 0; i < old_capacity; i++)
		if (old[i].number)
			f->open[invitation_place(f, old[i].client)] = old[i];
	fed_free(old);
	return FED_OK;
}

const struct fed_invitation *fed_invitation_of(const struct fed_federation *f, uint32_t client)
{
	if (!f->n_open)
		return NULL;
	const struct fed_invitation *open = &f->open[invitation_place(f, client)];
	return open->number ? open : NULL;
}

bool fed__invitation_is_open(const struct fed_federation *f, uint32_t client, uint64_t number)
{
	const struct fed_invitation *invitation = fed_invitation_of(f, client);

	return invitation && invitation->number == number;
}

void fed__invitation_close(struct fed_federation *f, uint32_t client)
{
	const uint32_t mask = f->open_capacity - 1;
	uint32_t hole = invitation_place(f, client);

	fed_shared_vectors_unref(f->open[hole].model);
	f->open[hole] = (struct fed_invitation){0};
	f->n_open--;
	/* Move later entries of the probe sequence into the hole, so that searches still find them. */
	for (uint32_t at = (hole + 1) & mask; f->open[at].number; at = (at + 1) & mask) {
		const struct fed_invitation moved = f->open[at];
		f->open[at] = (struct fed_invitation){0};
		f->open[invitation_place(f, moved.client)] = moved;
	}
}

uint64_t fed__invitation_open(struct fed_federation *f, uint32_t client,
                              struct fed_shared_vectors *model)
{
	const uint64_t number = ++f->invitations;

	f->open[invitation_place(f, client)] = (struct fed_invitation){
		.number = number,
		.version = f->version,
		.sent = f->clock.now,
		.model = fed_shared_vectors_ref(model),
		.client = client,
	};
	f->n_open++;
	f->record.invited++;
	return number;
}

void fed__invitations_expire_before(struct fed_federation *f, uint64_t version, const char *why)
{
	for (uint32_t i = 0; i < f->open_capacity && f->n_open; i++) {
		/* closing may move another entry here */
		while (f->open[i].number && f->open[i].version < version) {
			const struct fed_invitation open = f->open[i];

			fed__invitation_close(f, open.client);
			f->record.late++;
			fed__emit_about(f, FED_EVENT_LATE, open.client, open.number, 0, why);
		}
	}
}

void fed__invitations_expire(struct fed_federation *f, const char *why)
{
	fed__invitations_expire_before(f, UINT64_MAX, why);
}

bool fed__goes_on_without(const struct fed_federation *f)
{
	return f->aggregator->substitute != NULL;
}

int fed__excuse(const struct fed_federation *f, const struct fed_instance *plugin, int rc)
{
	const bool excused = rc == FED_FAIL && plugin && !plugin->entry->builtin;

	return excused && fed__goes_on_without(f) ? FED_REJECT : rc;
}

int fed__skip_update(struct fed_federation *f, uint32_t client, uint64_t number,
                     struct fed_error *err)
{
	const struct fed_error why = *err;

	if (!fed__invitation_is_open(f, client, number))
		return FED_OK;
	fed__invitation_close(f, client);
	fed__refuse_update(f, client, number, false, why.text);
	return f->scheme->lost(f, f->scheme_state, number, err);
}

int fed__invitation_lost(struct fed_federation *f, uint32_t client, const char *why,
                         struct fed_error *err)
{
	const uint64_t number = fed_invitation_of(f, client)->number;

	fed__invitation_close(f, client);
	f->record.lost++;
	fed__emit_about(f, FED_EVENT_LOST, client, number, 0, why);
	return f->scheme->lost(f, f->scheme_state, number, err);
}
