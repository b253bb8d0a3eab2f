/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/faults.c - the table of faults in a saved file.
 *
 * One section with their count, then for each fault what it is and whom it has, and for an attack
 * its plugin's state and what it remembers of each client.
 */
#include "checkpoint/faults.h"

#include <string.h>

#include "base/mem.h"
#include "session/internal.h"

/* Writing ------------------------------------------------------------------------- */

static uint32_t count_memories(const struct fed_fault *fault)
{
	uint32_t n = 0;

	for (size_t i = 0; i < fault->n_memories; i++)
		n += fault->memory[i].vector != NULL;
	return n;
}

static void save_memories(struct fed_saver *f, const struct fed_fault *fault)
{
	const uint32_t n = count_memories(fault);
	const size_t dim = fault->memory_dim;

	fed_saver_begin(f, "memories", 8 + 4 + n * (4 + 4ull * dim));
	fed_put_u64(f, dim);
	fed_put_u32(f, n);
	for (size_t i = 0; i < fault->n_memories; i++) {
		if (!fault->memory[i].vector)
			continue;
		fed_put_u32(f, fault->memory[i].client);
		fed_put_f32s(f, fault->memory[i].vector, dim);
	}
	fed_saver_end(f);
}

int fed_save_fault(struct fed_saver *f, const struct fed_fault *fault, struct fed_error *err)
{
	const struct fed_fault_type *type = &fed_fault_types[fault->kind];
	struct fed_pairs args;

	if (fed_pairs_of(&args, type->fields, &fault->args, err))
		return FED_FAIL;
	fed_saver_begin(f, "fault",
	                fed_size_string(type->name) + 4 * 8 + 1 + fed_size_pairs(&args) + 4 +
	                    4ull * fault->n);
	fed_put_string(f, type->name);
	fed_put_u64(f, fault->number);
	fed_put_u64(f, fault->from);
	fed_put_u64(f, fault->until);
	fed_put_u8(f, fault->dated);
	fed_put_u64(f, fault->strikes);
	fed_put_pairs(f, &args);
	fed_put_u32(f, fault->n);
	fed_put_u32s(f, fault->client, fault->n);
	fed_saver_end(f);
	fed_pairs_release(&args);
	if (!fault->attack)
		return FED_OK;
	if (fed_save_instance(f, fed_kind_name(FED_KIND_ATTACK), &fault->attack->instance, err))
		return FED_FAIL;
	save_memories(f, fault);
	return FED_OK;
}

int fed_save_faults(struct fed_saver *f, const struct fed_session *s, struct fed_error *err)
{
	fed_saver_begin(f, "faults", 8 + 8 + 4);
	fed_put_u64(f, s->parts.faults.made);
	fed_put_u64(f, s->faults_told);
	fed_put_u32(f, (uint32_t)s->parts.faults.n);
	fed_saver_end(f);
	for (size_t i = 0; i < s->parts.faults.n; i++)
		if (fed_save_fault(f, &s->parts.faults.fault[i], err))
			return FED_FAIL;
	return FED_OK;
}

/* Reading ------------------------------------------------------------------------- */

static void load_args(struct fed_loader *f, struct fed_fault *fault)
{
	const struct fed_field *rows = fed_fault_types[fault->kind].fields;
	struct fed_pairs pairs = {0};
	struct fed_error why;

	fed_get_pairs(f, &pairs);
	fed_fields_default(rows, &fault->args);
	if (!f->failed && fed_fields_assign(rows, &fault->args, pairs.assign, pairs.n, &why))
		fed_loader_fail(f, "%s", why.text);
	fed_pairs_release(&pairs);
}

/* Ids that ascend, of clients that are there. */
static void load_victims(struct fed_loader *f, const struct fed_clients *clients,
                         struct fed_fault *fault)
{
	fault->n = fed_get_u32(f);
	if (!fed_loader_holds(f, fault->n, sizeof *fault->client))
		return;
	fault->client = fed_alloc_array(fault->n + 1, sizeof *fault->client);
	if (!fault->client) {
		fed_loader_fail(f, "out of memory for %u clients", fault->n);
		return;
	}
	fed_get_u32s(f, fault->client, fault->n);
	for (uint32_t i = 0; i < fault->n && !f->failed; i++)
		if (!fed_clients_get(clients, fault->client[i]) ||
		    (i && fault->client[i] <= fault->client[i - 1]))
			fed_loader_fail(f, "client %u", fault->client[i]);
}

static int load_head(struct fed_loader *f, const struct fed_session *s, struct fed_fault *fault)
{
	struct fed_text name = {0};
	struct fed_error why;

	if (fed_loader_begin(f, "fault"))
		return FED_FAIL;
	fed_get_string(f, &name);
	if (!f->failed && fed_fault_find_type(fed_text_str(&name), &fault->kind, &why))
		fed_loader_fail(f, "%s", why.text);
	fed_text_release(&name);
	fault->number = fed_get_u64(f);
	fault->from = fed_get_u64(f);
	fault->until = fed_get_u64(f);
	fault->dated = fed_get_u8(f);
	fault->strikes = fed_get_u64(f);
	if (!f->failed)
		load_args(f, fault);
	if (!f->failed)
		load_victims(f, &s->parts.clients, fault);
	if (!f->failed && (fault->n == 0 || fault->from >= fault->until))
		fed_loader_fail(f, "%u clients from version %llu until %llu", fault->n,
		                (unsigned long long)fault->from, (unsigned long long)fault->until);
	if (!f->failed && fed_fault_fits(s, fault, &why))
		fed_loader_fail(f, "%s", why.text);
	return fed_loader_end(f);
}

static int load_attack(struct fed_loader *f, struct fed_session *s, struct fed_fault *fault)
{
	struct fed_instance attack;
	struct fed_error why;

	if (fed_load_instance(f, s, FED_KIND_ATTACK, &attack)) {
		fed_instance_release(&attack);
		return FED_FAIL;
	}
	if (!attack.entry)
		return fed_loader_fail(f, "fault %llu has none", (unsigned long long)fault->number);
	if (fed_attack_fits(s, &attack, &why) == FED_OK)
		fault->attack = fed_attack_share_new(&attack);
	else
		fed_loader_fail(f, "%s", why.text);
	if (fault->attack)
		return FED_OK;
	fed_instance_release(&attack);
	return f->failed ? FED_FAIL : fed_loader_fail(f, "out of memory");
}

static int load_memories(struct fed_loader *f, struct fed_session *s, struct fed_fault *fault)
{
	if (fed_loader_begin(f, "memories"))
		return FED_FAIL;
	const uint64_t dim = fed_get_u64(f);
	const uint32_t n = fed_get_u32(f);
	/* Under scheme split an update is as long as the layers that a client has. */
	if (n && (dim == 0 || dim > s->parts.net.dim))
		return fed_loader_fail(f, "vectors of %llu numbers for a model of %zu",
		                       (unsigned long long)dim, s->parts.net.dim);
	for (uint32_t i = 0; i < n && fed_loader_holds(f, dim, sizeof(float)); i++) {
		const uint32_t id = fed_get_u32(f);
		float *v = id < s->parts.clients.n ? fed_fault_memory(fault, id, dim) : NULL;

		if (!v)
			return fed_loader_fail(f, "no place for what client %u remembers", id);
		fed_get_f32s(f, v, dim);
	}
	return fed_loader_end(f);
}

/* Among those before it: numbers ascend. */
static int take_fault(struct fed_loader *f, struct fed_faults *faults, struct fed_fault *fault)
{
	const uint64_t before = faults->n ? faults->fault[faults->n - 1].number : 0;
	struct fed_error why;

	if (fault->number <= before)
		return fed_loader_fail(f, "fault %llu after %llu", (unsigned long long)fault->number,
		                       (unsigned long long)before);
	if (fed_faults_reserve(faults, &why))
		return fed_loader_fail(f, "%s", why.text);
	fed_faults_add(faults, fault);
	return FED_OK;
}

int fed_load_fault(struct fed_loader *f, struct fed_session *s, struct fed_fault *fault)
{
	*fault = (struct fed_fault){0};
	int rc = load_head(f, s, fault);
	if (rc == FED_OK && fault->kind == FED_FAULT_BYZANTINE)
		rc = load_attack(f, s, fault) || load_memories(f, s, fault);
	return rc ? FED_FAIL : FED_OK;
}

int fed_load_faults(struct fed_loader *f, struct fed_session *s)
{
	if (f->version < 4)
		return FED_OK;
	if (fed_loader_begin(f, "faults"))
		return FED_FAIL;
	const uint64_t made = fed_get_u64(f), told = fed_get_u64(f);
	const uint32_t n = fed_get_u32(f);
	if (made >= INT64_MAX || told > made)
		return fed_loader_fail(f, "%llu of %llu faults", (unsigned long long)told,
		                       (unsigned long long)made);
	if (fed_loader_end(f))
		return FED_FAIL;
	for (uint32_t i = 0; i < n; i++) {
		struct fed_fault fault;

		if (fed_load_fault(f, s, &fault) || take_fault(f, &s->parts.faults, &fault)) {
			fed_fault_release(&fault);
			return FED_FAIL;
		}
	}
	if (s->parts.faults.made > made)
		return fed_loader_fail(f, "fault %llu of %llu", (unsigned long long)s->parts.faults.made,
		                       (unsigned long long)made);
	s->parts.faults.made = made;
	s->faults_told = told;
	fed_faults_commit(&s->parts.faults);
	return FED_OK;
}
