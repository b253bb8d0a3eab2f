/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/faults/faults.c - fault table, and queries for a client at a version.
 */
#include "train/faults/faults.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"

/* Attacks --------------------------------------------------------------------- */

struct fed_shared_attack *fed_shared_attack_new(struct fed_instance *instance)
{
	struct fed_shared_attack *share = fed_alloc(sizeof *share);

	if (!share)
		return NULL;
	atomic_init(&share->references, 1);
	share->instance = *instance;
	*instance = (struct fed_instance){0};
	return share;
}

struct fed_shared_attack *fed__shared_attack_ref(struct fed_shared_attack *share)
{
	if (share)
		atomic_fetch_add(&share->references, 1);
	return share;
}

void fed_shared_attack_unref(struct fed_shared_attack *share)
{
	if (!share || atomic_fetch_sub(&share->references, 1) > 1)
		return;
	fed_instance_release(&share->instance);
	fed_free(share);
}

/* The table ------------------------------------------------------------------- */

void fed_fault_forget(struct fed_fault *fault)
{
	for (size_t i = 0; i < fault->n_memories; i++) {
		fed_free_floats(fault->memory[i].vector);
		fed_free_floats(fault->memory[i].next);
	}
	fed_free(fault->memory);
	fault->memory = NULL;
	fault->n_memories = fault->memory_dim = 0;
}

void fed_fault_release(struct fed_fault *fault)
{
	fed_fault_forget(fault);
	fed_shared_attack_unref(fault->attack);
	fed_free(fault->client);
	*fault = (struct fed_fault){0};
}

static int copy_memories(struct fed_fault *out, const struct fed_fault *from, struct fed_error *err)
{
	const size_t bytes = from->memory_dim * sizeof(float);

	out->memory = fed_alloc_array(from->n_memories + 1, sizeof *out->memory);
	if (!out->memory)
		return fed_fail_memory(err, from->n_memories * sizeof *out->memory, "a copy of a fault");
	for (size_t i = 0; i < from->n_memories; i++) {
		struct fed_attack_memory *m = &out->memory[out->n_memories++];

		m->client = from->memory[i].client;
		if (!from->memory[i].vector)
			continue;
		m->vector = fed_alloc_floats(from->memory_dim);
		if (!m->vector)
			return fed_fail_memory(err, bytes, "a copy of what an attack remembers");
		memcpy(m->vector, from->memory[i].vector, bytes);
	}
	return FED_OK;
}

int fed_fault_copy(struct fed_fault *out, const struct fed_fault *from, struct fed_error *err)
{
	*out = *from;
	out->strikes = from->settled;
	out->attack = fed__shared_attack_ref(from->attack);
	out->memory = NULL;
	out->n_memories = 0;
	out->client = fed_alloc_array((size_t)from->n + 1, sizeof *out->client);
	if (!out->client)
		fed_fail_memory(err, from->n * sizeof *out->client, "a copy of a fault");
	else
		memcpy(out->client, from->client, from->n * sizeof *out->client);
	if (out->client && copy_memories(out, from, err) == FED_OK)
		return FED_OK;
	fed_fault_release(out);
	return FED_FAIL;
}

int fed_faults_copy(struct fed_faults *out, const struct fed_faults *from, struct fed_error *err)
{
	*out = (struct fed_faults){.made = from->made, .seed = from->seed};
	for (size_t i = 0; i < from->n; i++) {
		if (fed_faults_reserve(out, err) ||
		    fed_fault_copy(&out->fault[out->n], &from->fault[i], err)) {
			fed_faults_release(out);
			return FED_FAIL;
		}
		out->n++;
	}
	return FED_OK;
}

void fed_faults_release(struct fed_faults *faults)
{
	for (size_t i = 0; i < faults->n; i++)
		fed_fault_release(&faults->fault[i]);
	fed_free(faults->fault);
	*faults = (struct fed_faults){0};
}

int fed_faults_reserve(struct fed_faults *faults, struct fed_error *err)
{
	if (faults->n < faults->capacity)
		return FED_OK;
	const size_t capacity = faults->capacity ? 2 * faults->capacity : 8;
	struct fed_fault *grown =
		fed_resize(faults->fault, faults->capacity * sizeof *grown, capacity * sizeof *grown);
	if (!grown)
		return fed_fail_memory(err, capacity * sizeof *grown, "the faults");
	faults->fault = grown;
	faults->capacity = capacity;
	return FED_OK;
}

void fed_faults_add(struct fed_faults *faults, const struct fed_fault *fault)
{
	struct fed_fault *place = &faults->fault[faults->n++];

	*place = *fault;
	place->settled = place->strikes; /* of a restored fault */
	if (place->number == 0)
		place->number = faults->made + 1;
	if (place->number > faults->made)
		faults->made = place->number;
}

/* Remove client[0 .. n) (NULL: all) from one fault; returns how many it had of them.  Both ascend.
 */
static uint64_t heal_fault(struct fed_fault *fault, const uint32_t *client, uint32_t n)
{
	const uint32_t before = fault->n;
	uint32_t left = 0, k = 0;

	for (uint32_t i = 0; client && i < before; i++) {
		const uint32_t id = fault->client[i];

		while (k < n && client[k] < id)
			k++;
		if (k == n || client[k] != id)
			fault->client[left++] = id;
	}
	fault->n = left;
	return before - left;
}

/* Remove clients from the faults of this number (0: any) and of these kinds. */
static uint64_t heal(struct fed_faults *faults, uint64_t number, uint32_t kinds,
                     const uint32_t *client, uint32_t n)
{
	uint64_t healed = 0;
	size_t left = 0;

	for (size_t i = 0; i < faults->n; i++) {
		struct fed_fault *fault = &faults->fault[i];

		if ((kinds >> fault->kind & 1) && (!number || fault->number == number))
			healed += heal_fault(fault, client, n);
		if (fault->n == 0)
			fed_fault_release(fault);
		else
			faults->fault[left++] = *fault;
	}
	faults->n = left;
	return healed;
}

uint64_t fed_faults_heal(struct fed_faults *faults, const uint32_t *client, uint32_t n,
                         uint32_t kinds)
{
	return heal(faults, 0, kinds, client, n);
}

uint64_t fed_faults_heal_one(struct fed_faults *faults, uint64_t number, const uint32_t *client,
                             uint32_t n)
{
	return heal(faults, number, UINT32_MAX, client, n);
}

/* Memory entry of a client, inserted if there is none; NULL: no memory. */
static struct fed_attack_memory *memory_entry(struct fed_fault *fault, uint32_t client)
{
	size_t at = 0;

	while (at < fault->n_memories && fault->memory[at].client < client)
		at++;
	if (at < fault->n_memories && fault->memory[at].client == client)
		return &fault->memory[at];
	const size_t n = fault->n_memories, bytes = sizeof *fault->memory;
	struct fed_attack_memory *grown = fed_resize(fault->memory, n * bytes, (n + 1) * bytes);
	if (!grown)
		return NULL;
	fault->memory = grown;
	memmove(grown + at + 1, grown + at, (n - at) * bytes);
	grown[at] = (struct fed_attack_memory){.client = client};
	fault->n_memories++;
	return &grown[at];
}

float *fed_fault_memory(struct fed_fault *fault, uint32_t client, size_t dim)
{
	if (fault->memory_dim != dim)
		fed_fault_forget(fault);
	fault->memory_dim = dim;
	struct fed_attack_memory *m = memory_entry(fault, client);
	if (!m || m->next)
		return m ? m->next : NULL;
	m->next = fed_alloc_floats(dim);
	if (!m->next)
		return NULL;
	if (m->vector)
		memcpy(m->next, m->vector, dim * sizeof *m->next);
	else
		memset(m->next, 0, dim * sizeof *m->next);
	return m->next;
}

static void end_version(struct fed_faults *faults, bool commit)
{
	for (size_t i = 0; faults && i < faults->n; i++) {
		struct fed_fault *fault = &faults->fault[i];

		if (commit)
			fault->settled = fault->strikes;
		else
			fault->strikes = fault->settled;
		for (size_t k = 0; k < faults->fault[i].n_memories; k++) {
			struct fed_attack_memory *m = &faults->fault[i].memory[k];

			if (!m->next)
				continue;
			fed_free_floats(commit ? m->vector : m->next);
			m->vector = commit ? m->next : m->vector;
			m->next = NULL;
		}
	}
}

void fed_faults_commit(struct fed_faults *faults)
{
	end_version(faults, true);
}

void fed__faults_rollback(struct fed_faults *faults)
{
	end_version(faults, false);
}

static void begin_now(struct fed_fault *fault)
{
	if (fault->until != UINT64_MAX)
		fault->until -= fault->from;
	fault->from = 0;
}

void fed_faults_forget(struct fed_faults *faults)
{
	for (size_t i = 0; i < faults->n; i++) {
		fed_fault_forget(&faults->fault[i]);
		faults->fault[i].strikes = faults->fault[i].settled = 0;
		if (!faults->fault[i].dated)
			begin_now(&faults->fault[i]);
	}
}

/* Queries ------------------------------------------------------------------- */

static bool is_on(const struct fed_fault *fault, uint32_t client, uint64_t version)
{
	uint32_t low = 0, high = fault->n;

	if (version < fault->from || version >= fault->until)
		return false;
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (fault->client[middle] < client)
			low = middle + 1;
		else
			high = middle;
	}
	return low < fault->n && fault->client[low] == client;
}

struct fed_fault *fed_fault_on(const struct fed_faults *faults, enum fed_fault_kind kind,
                               uint32_t client, uint64_t version, const struct fed_fault *after)
{
	if (!faults)
		return NULL;
	for (size_t i = after ? (size_t)(after - faults->fault) + 1 : 0; i < faults->n; i++)
		if (faults->fault[i].kind == kind && is_on(&faults->fault[i], client, version))
			return &faults->fault[i];
	return NULL;
}

double fed__fault_draw(const struct fed_faults *faults, const struct fed_fault *fault,
                       uint32_t client, uint64_t occasion, uint32_t which)
{
	const uint64_t key = fed_stream_key(faults->seed, FED_FOR_FAULT, fault->number, client);

	return fed_random_real(fed_random(key, occasion), which);
}

struct fed_fault *fed__fault_strikes(const struct fed_faults *faults, enum fed_fault_kind kind,
                                     uint32_t client, uint64_t version, uint64_t occasion)
{
	struct fed_fault *fault = NULL;

	while ((fault = fed_fault_on(faults, kind, client, version, fault)))
		if (fed__fault_draw(faults, fault, client, occasion, 0) < fault->args.p)
			return fault;
	return NULL;
}

/* Versions that a state lasts which ends with probability p in each: geometric, at least 1. */
static double sojourn(double u, double p)
{
	if (p >= 1)
		return 1;
	return p <= 0 ? INFINITY : 1 + floor(log1p(-u) / log1p(-p));
}

/* Whether churn has the client present: a two-state Markov chain that begins present.  Durations of
 * stays are drawn, not versions, so that the number of draws is that of the changes. */
static bool is_present(const struct fed_faults *faults, const struct fed_fault *churn,
                       uint32_t client, uint64_t version)
{
	double left = (double)(version - churn->from);
	bool here = true;

	for (uint64_t k = 0;; k++) {
		const double u = fed__fault_draw(faults, churn, client, k, 0);

		left -= sojourn(u, here ? churn->args.leave : churn->args.join);
		if (left < 0)
			return here;
		here = !here;
	}
}

bool fed_faults_present(const struct fed_faults *faults, uint32_t client, uint64_t version)
{
	const struct fed_fault *churn = NULL;

	while ((churn = fed_fault_on(faults, FED_FAULT_CHURN, client, version, churn)))
		if (!is_present(faults, churn, client, version))
			return false;
	return true;
}

double fed__faults_factor(const struct fed_faults *faults, enum fed_fault_kind kind,
                          uint32_t client, uint64_t version)
{
	const struct fed_fault *fault = NULL;
	double factor = 1;

	while ((fault = fed_fault_on(faults, kind, client, version, fault)))
		factor *= fault->args.factor;
	return factor;
}

void fed__faults_window(const struct fed_faults *faults, uint32_t client, uint64_t version,
                        uint32_t count, uint32_t *first, uint32_t *n)
{
	const struct fed_fault *fault = NULL;
	double low = 0, high = 1; /* shares of the examples */

	while ((fault = fed_fault_on(faults, FED_FAULT_DATA_ARRIVES, client, version, fault)))
		high = fmin(high, fault->args.start + fault->args.rate * (double)(version - fault->from));
	while ((fault = fed_fault_on(faults, FED_FAULT_DATA_EXPIRES, client, version, fault)))
		low = fmax(low,
		           fmin(1 - fault->args.keep, fault->args.rate * (double)(version - fault->from)));
	uint32_t end = (uint32_t)ceil(high * count - 1e-9);
	uint32_t begin = (uint32_t)floor(low * count + 1e-9);
	if (end == 0 && count)
		end = 1;
	if (begin >= end) /* data expire as they arrive: the newest example is left */
		begin = end ? end - 1 : 0;
	*first = begin;
	*n = end - begin;
}

bool fed__faults_any(const struct fed_faults *faults, enum fed_fault_kind kind)
{
	for (size_t i = 0; faults && i < faults->n; i++)
		if (faults->fault[i].kind == kind)
			return true;
	return false;
}
