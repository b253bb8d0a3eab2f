/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/faults.c - saver and loader of the table of faults.
 *
 * One section with their count, then one for each fault with its kind and clients; an attack adds
 * its plugin's state and its memory of each client.
 */
#include "base/mem.h"
#include "checkpoint/parts.h"
#include "session/internal.h"

static const struct fed_record_column fault_columns[] = {
	FED_COLUMN(struct fed_fault, number),  FED_COLUMN(struct fed_fault, from),
	FED_COLUMN(struct fed_fault, until),   FED_COLUMN(struct fed_fault, dated),
	FED_COLUMN(struct fed_fault, settled), FED_COLUMN_END,
};

/* Writing ---------------------------------------------------------------------------- */

static void save_memories(struct fed_saver *f, const struct fed_fault *fault)
{
	uint32_t n = 0;

	for (size_t i = 0; i < fault->n_memories; i++)
		n += fault->memory[i].vector != NULL;
	fed_saver_begin(f, "attack memory");
	fed_put_u64(f, fault->memory_dim);
	fed_put_u32(f, n);
	for (size_t i = 0; i < fault->n_memories; i++) {
		if (!fault->memory[i].vector)
			continue;
		fed_put_u32(f, fault->memory[i].client);
		fed_put_f32s(f, fault->memory[i].vector, fault->memory_dim);
	}
	fed_saver_end(f);
}

void fed__save_fault(struct fed_saver *f, const struct fed_fault *fault)
{
	const struct fed_fault_type *type = &fed_fault_types[fault->kind];

	fed_saver_begin(f, "fault");
	fed__put_string(f, type->name);
	fed__put_fields(f, type->fields, &fault->args);
	fed_put_row(f, fault_columns, fault);
	fed__put_ids(f, fault->client, fault->n);
	fed_saver_end(f);
	if (!fault->attack)
		return;
	fed__save_instance(f, fed_kind_name(FED_KIND_ATTACK), &fault->attack->instance, NULL);
	save_memories(f, fault);
}

void fed__save_faults(struct fed_saver *f, const struct fed_last_version *v)
{
	const struct fed_faults *faults = v->faults;
	uint32_t n = 0;

	while (n < faults->n && faults->fault[n].number <= v->faults_made)
		n++;
	fed_saver_begin(f, "faults");
	fed_put_u64(f, v->faults_made);
	/* the open round announces its own again when it is replayed */
	fed_put_u64(f, v->session->announced ? v->session->announced_before
	                                     : v->session->faults_announced);
	fed_put_u32(f, n);
	fed_saver_end(f);
	for (uint32_t i = 0; i < n; i++)
		fed__save_fault(f, &faults->fault[i]);
}

/* Reading ---------------------------------------------------------------------------- */

static void load_fault_kind(struct fed_loader *f, struct fed_fault *fault)
{
	struct fed_text name = {0};
	struct fed_error why;

	fed__get_string(f, &name);
	if (!f->failed && fed_fault_find_type(fed_text_str(&name), &fault->kind, &why))
		fed_loader_fail(f, "%s", why.text);
	fed_text_release(&name);
}

static void check_fault(struct fed_loader *f, const struct fed_session *s,
                        const struct fed_fault *fault)
{
	struct fed_error why;

	fed__check_ascending(f, fault->client, fault->n);
	for (uint32_t i = 0; i < fault->n && !f->failed; i++)
		if (!fed_clients_get(&s->parts.clients, fault->client[i]))
			fed_loader_fail(f, "there is no client %u", fault->client[i]);
	if (!f->failed && (fault->n == 0 || fault->from >= fault->until))
		fed_loader_fail(f, "%u clients from version %llu until %llu", fault->n,
		                (unsigned long long)fault->from, (unsigned long long)fault->until);
	if (!f->failed && fed_fault_fits(s, fault, &why))
		fed_loader_fail(f, "%s", why.text);
}

static void load_fault_head(struct fed_loader *f, const struct fed_session *s,
                            struct fed_fault *fault)
{
	uint64_t n = 0;

	if (fed__loader_begin(f, "fault"))
		return;
	load_fault_kind(f, fault);
	if (!f->failed)
		fed__get_fields(f, fed_fault_types[fault->kind].fields, &fault->args);
	fed_get_row(f, fault_columns, fault);
	fault->strikes = fault->settled;
	fault->client = fed__get_ids(f, s->parts.clients.n, &n);
	fault->n = (uint32_t)n; /* ascending: at most clients.n */
	if (!f->failed && n > s->parts.clients.n)
		fed_loader_fail(f, "%llu clients of %u", (unsigned long long)n, s->parts.clients.n);
	check_fault(f, s, fault);
	fed_loader_end(f);
}

static void load_attack(struct fed_loader *f, struct fed_session *s, struct fed_fault *fault)
{
	struct fed_instance attack;
	struct fed_error why;

	fed__load_instance(f, s->plugins, FED_KIND_ATTACK, &attack);
	if (!f->failed && !attack.entry)
		fed_loader_fail(f, "fault %llu has none", (unsigned long long)fault->number);
	else if (!f->failed && fed_attack_fits(s, &attack, &why))
		fed_loader_fail(f, "%s", why.text);
	else if (!f->failed && !(fault->attack = fed_shared_attack_new(&attack)))
		fed_loader_fail(f, "out of memory");
	if (!fault->attack)
		fed_instance_release(&attack);
}

static void load_memories(struct fed_loader *f, const struct fed_session *s,
                          struct fed_fault *fault)
{
	if (fed__loader_begin(f, "attack memory"))
		return;
	const uint64_t dim = fed_get_u64(f);
	const uint32_t n = fed_get_u32(f);
	/* Under scheme split an update has the length of the client's layers. */
	if (n && (dim == 0 || dim > s->parts.net.dim))
		fed_loader_fail(f, "vectors of %llu numbers for a model of %zu", (unsigned long long)dim,
		                s->parts.net.dim);
	for (uint32_t i = 0; i < n && fed_loader_holds(f, dim, sizeof(float)); i++) {
		const uint32_t id = fed_get_u32(f);
		float *v = id < s->parts.clients.n ? fed_fault_memory(fault, id, dim) : NULL;

		if (v)
			fed_get_f32s(f, v, dim);
		else
			fed_loader_fail(f, "no place for what client %u remembers", id);
	}
	fed_loader_end(f);
}

void fed__load_fault(struct fed_loader *f, struct fed_session *s, struct fed_fault *fault)
{
	*fault = (struct fed_fault){0};
	load_fault_head(f, s, fault);
	if (f->failed || fault->kind != FED_FAULT_BYZANTINE)
		return;
	load_attack(f, s, fault);
	load_memories(f, s, fault);
}

/* Add a fault; numbers ascend up to `made`. */
static int add_fault(struct fed_loader *f, struct fed_faults *faults, struct fed_fault *fault,
                     uint64_t made)
{
	const uint64_t before = faults->n ? faults->fault[faults->n - 1].number : 0;
	struct fed_error why;

	if (f->failed)
		return FED_FAIL;
	if (fault->number <= before || fault->number > made)
		return fed_loader_fail(f, "fault %llu after %llu, of %llu",
		                       (unsigned long long)fault->number, (unsigned long long)before,
		                       (unsigned long long)made);
	if (fed_faults_reserve(faults, &why))
		return fed_loader_fail(f, "%s", why.text);
	fed_faults_add(faults, fault);
	return FED_OK;
}

void fed__load_faults(struct fed_loader *f, struct fed_session *s)
{
	if (fed__loader_begin(f, "faults"))
		return;
	const uint64_t made = fed_get_u64(f);
	s->faults_announced = fed_get_u64(f);
	const uint32_t n = fed_get_u32(f);
	if (made >= INT64_MAX || s->faults_announced > made)
		fed_loader_fail(f, "%llu of %llu faults", (unsigned long long)s->faults_announced,
		                (unsigned long long)made);
	fed_loader_end(f);
	for (uint32_t i = 0; i < n && !f->failed; i++) {
		struct fed_fault fault;

		fed__load_fault(f, s, &fault);
		if (add_fault(f, &s->parts.faults, &fault, made))
			fed_fault_release(&fault);
	}
	s->parts.faults.made = made;
	fed_faults_commit(&s->parts.faults);
}
