/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/attacks.c - attacks on updates: of single clients, and of colluders.
 */
#include "train/round/attacks.h"

#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "plug/calls/call.h"
#include "train/round/coding.h"
#include "train/faults/faults.h"
#include "train/round/aggregate.h"
#include "train/round/emit.h"
#include "train/round/gate.h"
#include "train/round/invitations.h"
#include "train/round/state.h"

/* Capacity of the colluders' knowledge in a scheme without rounds, in updates. */
#define KNOWN_MAX 100u

static uint64_t key_of(const struct fed_federation *f, const struct fed_fault *fault, uint32_t who,
                       uint64_t occasion)
{
	return fed_random(fed_stream_key(f->faults->seed, FED_FOR_FAULT, fault->number, who), occasion);
}

/* First active attack of a form on a client, or NULL. */
static struct fed_fault *attack_on(const struct fed_federation *f, enum fed_attack_form form,
                                   uint32_t client, uint64_t version)
{
	struct fed_fault *fault = NULL;

	while ((fault = fed_fault_on(f->faults, FED_FAULT_BYZANTINE, client, version, fault)))
		if (fed_attack_form(&fault->attack->instance) == form)
			return fault;
	return NULL;
}

/* Alone ------------------------------------------------------------------------ */

static int craft(struct fed_fault *fault, const struct fed_attacker *attacker, float *out,
                 struct fed_error *err)
{
	struct fed_instance *attack = &fault->attack->instance;

	if (fed_check_client_failures(attack, err))
		return FED_FAIL;
	const int rc = fed_call_craft(attack, attacker, out, err);
	fed_count_client_call(attack, rc != FED_OK);
	return rc;
}

int fed__attack_craft_alone(struct fed_federation *f, struct fed_envelope *update,
                            const float *received, uint64_t occasion, struct fed_error *err)
{
	const uint32_t id = update->head.from;
	struct fed_fault *fault = attack_on(f, FED_ATTACK_ALONE, id, update->version);
	const struct fed_invitation *open = fed_invitation_of(f, id);
	const size_t dim = update->payload->dim;
	float *memory = NULL;

	if (!fault || dim == 0 || !open || open->number != update->round)
		return FED_OK;
	if (fed_attack_remembers(&fault->attack->instance)) {
		memory = fed_fault_memory(fault, id, dim);
		if (!memory)
			return fed_fail_memory(err, dim * sizeof *memory, "an attack's memory");
	}
	float *out = update->payload->vector[0], *honest = fed_alloc_floats(dim);
	if (!honest)
		return fed_fail_memory(err, dim * sizeof *honest, "an attack");
	memcpy(honest, out, dim * sizeof *honest);
	const struct fed_attacker attacker = {
		.version = update->version,
		.seed = key_of(f, fault, id, occasion),
		.client = id,
		.dim = dim,
		.params = received ? received : open->model->vector[0],
		.delta = honest,
		.lr = f->plan.lr,
		.memory = memory,
	};
	const int rc = fed__excuse(f, &fault->attack->instance, craft(fault, &attacker, out, err));
	fed_free_floats(honest);
	fault->strikes += rc == FED_OK;
	return rc ? rc : fed__code_again(f, update, err);
}

/* The colluders' knowledge ------------------------------------------------------------ */

bool fed__has_colluders(const struct fed_federation *f)
{
	for (size_t i = 0; f->faults && i < f->faults->n; i++) {
		const struct fed_fault *fault = &f->faults->fault[i];
		if (fault->kind == FED_FAULT_BYZANTINE &&
		    fed_attack_form(&fault->attack->instance) == FED_ATTACK_TOGETHER)
			return true;
	}
	return false;
}

static int remember(struct fed_collusion_state *c, const struct fed_envelope *honest, bool all,
                    struct fed_error *err)
{
	const struct fed_known_update seen = {.payload = fed_shared_vectors_ref(honest->payload),
	                                      .client = honest->head.from};

	if (!all && c->n_known == KNOWN_MAX) {
		struct fed_known_update *oldest = &c->known[c->oldest++ % KNOWN_MAX];
		fed_shared_vectors_unref(oldest->payload);
		*oldest = seen;
		return FED_OK;
	}
	if (c->n_known == c->known_capacity) {
		const size_t capacity = c->known_capacity ? 2 * c->known_capacity : 16;
		struct fed_known_update *grown =
			fed_resize(c->known, c->known_capacity * sizeof *grown, capacity * sizeof *grown);
		if (!grown) {
			fed_shared_vectors_unref(seen.payload);
			return fed_fail_memory(err, capacity * sizeof *grown, "the updates that attackers see");
		}
		c->known = grown;
		c->known_capacity = capacity;
	}
	c->known[c->n_known++] = seen;
	return FED_OK;
}

static int wait_for_others(struct fed_collusion_state *c, const struct fed_envelope *e,
                           struct fed_shared_vectors *model, uint64_t fault, struct fed_error *err)
{
	if (c->n_waiting == c->waiting_capacity) {
		const size_t capacity = c->waiting_capacity ? 2 * c->waiting_capacity : 16;
		struct fed_waiting_update *grown =
			fed_resize(c->waiting, c->waiting_capacity * sizeof *grown, capacity * sizeof *grown);
		if (!grown)
			return fed_fail_memory(err, capacity * sizeof *grown, "the updates of colluders");
		c->waiting = grown;
		c->waiting_capacity = capacity;
	}
	struct fed_waiting_update *w = &c->waiting[c->n_waiting++];
	*w = (struct fed_waiting_update){
		.envelope = *e, .model = fed_shared_vectors_ref(model), .fault = fault};
	w->envelope.payload = fed_shared_vectors_ref(e->payload);
	w->envelope.labels = NULL;
	w->envelope.codec = NULL;
	w->envelope.code = NULL;
	return FED_OK;
}

void fed__collusion_state_clear(struct fed_collusion_state *c)
{
	for (size_t i = 0; i < c->n_known; i++)
		fed_shared_vectors_unref(c->known[i].payload);
	for (size_t i = 0; i < c->n_waiting; i++) {
		fed_shared_vectors_unref(c->waiting[i].envelope.payload);
		fed_shared_vectors_unref(c->waiting[i].model);
	}
	c->n_known = c->n_waiting = c->oldest = 0;
}

void fed__collusion_state_release(struct fed_collusion_state *c)
{
	fed__collusion_state_clear(c);
	fed_free(c->known);
	fed_free(c->waiting);
	*c = (struct fed_collusion_state){0};
}

/* Together ----------------------------------------------------------------------- */

/* Updates that attackers see, and their senders; capacity for all known ones. */
struct shown_rows {
	const float **row;
	uint32_t *sender;
	uint32_t n;
};

static void add_row(struct shown_rows *r, const struct fed_shared_vectors *payload, uint32_t client)
{
	r->row[r->n] = payload->vector[0];
	r->sender[r->n++] = client;
}

/* List the updates that the attackers of a fault see; `own`: the honest update of one of them, in a
 * scheme without rounds. */
static void list_rows(const struct fed_collusion_state *c, const struct fed_fault *fault,
                      const struct fed_envelope *own, struct shown_rows *r)
{
	if (fault->args.knowledge == FED_KNOWLEDGE_ALL) {
		for (size_t i = 0; i < c->n_known; i++)
			add_row(r, c->known[i].payload, c->known[i].client);
		return;
	}
	for (size_t i = 0; i < c->n_waiting; i++)
		if (c->waiting[i].fault == fault->number)
			add_row(r, c->waiting[i].envelope.payload, c->waiting[i].envelope.head.from);
	if (own)
		add_row(r, own->payload, own->head.from);
}

/* Craft the update that all attackers of a fault send; NULL in *out: they know no update, and send
 * their honest ones.  FED_REJECT: the attack failed, and the session goes on without them. */
static int collude(struct fed_federation *f, struct fed_fault *fault,
                   const struct fed_envelope *own, uint32_t attackers, uint32_t clients,
                   struct fed_shared_vectors **out, struct fed_error *err)
{
	const struct fed_collusion_state *c = &f->collusions;
	const size_t most = c->n_known + c->n_waiting + 1;
	struct shown_rows r = {.row = fed_alloc_array(most, sizeof *r.row),
	                       .sender = fed_alloc_array(most, sizeof *r.sender)};
	struct fed_code *unused = NULL; /* their messages have arrived */
	const struct fed_coding coding = fed__coding_of(f, fault->client[0], f->version, f->net->dim);
	int rc = FED_OK;

	*out = NULL;
	if (!r.row || !r.sender)
		rc = fed_fail_memory(err, most * sizeof *r.row, "the updates that attackers see");
	else
		list_rows(c, fault, own, &r);
	if (r.n) {
		*out = fed_shared_vectors_new(1, f->net->dim);
		if (!*out)
			rc = fed_fail_memory(err, f->net->dim * sizeof(float), "an attack");
	}
	if (*out) {
		const struct fed_collusion view = {
			.version = f->version,
			.seed = key_of(f, fault, FED_SERVER, f->version),
			.dim = f->net->dim,
			.params = f->params,
			.attackers = attackers,
			.n_known = r.n,
			.known = r.row,
			.sender = r.sender,
			.clients = clients,
		};
		struct fed_instance *attack = &fault->attack->instance;
		rc = fed_check_client_failures(attack, err);
		if (rc == FED_OK) {
			rc = fed_call_collude(attack, &view, f->pool, (*out)->vector[0], err);
			fed_count_client_call(attack, rc != FED_OK);
		}
		rc = fed__excuse(f, attack, rc);
		fault->strikes += rc == FED_OK ? attackers : 0;
		if (rc == FED_OK)
			rc = fed__recode(f, f->codec, &coding, (*out)->vector[0], &unused, err);
	}
	fed_code_unref(unused);
	fed_free(r.row);
	fed_free(r.sender);
	if (rc) {
		fed_shared_vectors_unref(*out);
		*out = NULL;
	}
	return rc;
}

/* Replace the honest update by the crafted one; the returned vectors beside it stay. */
static int replace(struct fed_envelope *e, struct fed_shared_vectors *made, struct fed_error *err)
{
	struct fed_shared_vectors *p;

	if (e->payload->n == 1) {
		p = fed_shared_vectors_ref(made);
	} else {
		p = fed_shared_vectors_new(e->payload->n, e->payload->dim);
		if (!p)
			return fed_fail_memory(err, e->payload->dim * sizeof(float), "an attack");
		for (uint32_t k = 0; k < p->n; k++)
			memcpy(p->vector[k], k ? e->payload->vector[k] : made->vector[0],
			       p->dim * sizeof(float));
	}
	fed_shared_vectors_unref(e->payload);
	e->payload = p;
	return FED_OK;
}

/* Rewrite an update at once, in a scheme without rounds: attackers are the fault's clients, n is
 * the population. */
static int rewrite_now(struct fed_federation *f, struct fed_fault *fault, struct fed_envelope *e,
                       struct fed_error *err)
{
	struct fed_shared_vectors *made;
	int rc = collude(f, fault, e, fault->n, f->n_seen, &made, err);

	if (rc == FED_OK && made) {
		rc = replace(e, made, err);
		fed_shared_vectors_unref(made);
	}
	return rc;
}

int fed__collude_on_arrival(struct fed_federation *f, struct fed_envelope *e,
                            struct fed_shared_vectors *model, bool *waits, struct fed_error *err)
{
	struct fed_fault *fault;

	*waits = false;
	if (!fed__faults_any(f->faults, FED_FAULT_BYZANTINE) || !fed__has_colluders(f))
		return FED_OK;
	fault = attack_on(f, FED_ATTACK_TOGETHER, e->head.from, e->version);
	if (!fault) {
		if (fed_fault_on(f->faults, FED_FAULT_BYZANTINE, e->head.from, e->version, NULL))
			return FED_OK;
		return remember(&f->collusions, e, !f->scheme->overlaps, err);
	}
	if (f->scheme->overlaps)
		return rewrite_now(f, fault, e, err);
	*waits = true;
	return wait_for_others(&f->collusions, e, model, fault->number, err);
}

static struct fed_fault *find_fault(const struct fed_faults *faults, uint64_t number)
{
	for (size_t i = 0; i < faults->n; i++)
		if (faults->fault[i].number == number)
			return &faults->fault[i];
	return NULL;
}

/* Let the updates of a fault be refused, for the attack failed. */
static int refuse_fault(struct fed_federation *f, uint64_t number, const struct fed_error *why,
                        struct fed_error *err)
{
	struct fed_collusion_state *c = &f->collusions;

	for (size_t i = 0; i < c->n_waiting; i++) {
		struct fed_waiting_update *w = &c->waiting[i];

		if (w->fault != number)
			continue;
		w->refused = true;
		f->record.reported--;
		fed__refuse_update(f, w->envelope.head.from, w->envelope.round, false, why->text);
		if (f->scheme->lost(f, f->scheme_state, w->envelope.round, err))
			return FED_FAIL;
	}
	return FED_OK;
}

/* Craft the update of the attackers of fault `number`, and put it into their envelopes.  A fault
 * that was healed meanwhile changes nothing. */
static int reveal_fault(struct fed_federation *f, uint64_t number, struct fed_error *err)
{
	struct fed_collusion_state *c = &f->collusions;
	struct fed_fault *fault = find_fault(f->faults, number);
	const uint32_t clients = (uint32_t)(f->record.reported);
	uint32_t attackers = 0;
	struct fed_shared_vectors *made;

	for (size_t i = 0; i < c->n_waiting; i++)
		attackers += c->waiting[i].fault == number;
	if (!fault)
		return FED_OK;
	struct fed_error why;
	int rc = collude(f, fault, NULL, attackers, clients, &made, &why);
	if (rc == FED_REJECT)
		return refuse_fault(f, number, &why, err);
	if (rc)
		*err = why;
	for (size_t i = 0; made && rc == FED_OK && i < c->n_waiting; i++)
		if (c->waiting[i].fault == number)
			rc = replace(&c->waiting[i].envelope, made, err);
	fed_shared_vectors_unref(made);
	return rc;
}

/* Submit an update that was kept back; unlike an arriving one it is counted as reported already. */
static int submit_kept_back(struct fed_federation *f, const struct fed_waiting_update *w,
                            struct fed_error *err)
{
	const struct fed_envelope *e = &w->envelope;
	struct fed_error why;
	int rc = fed__gate_check(e, fed_returned_vectors(f->aggregator), f->net->dim, &why);

	if (rc == FED_OK)
		rc = fed__submit_update(f, e, w->model, &why);
	if (rc == FED_REJECT) {
		f->record.reported--;
		fed__refuse_update(f, e->head.from, e->round, !fed__update_is_finite(e), why.text);
		return f->scheme->lost(f, f->scheme_state, e->round, err);
	}
	if (rc)
		*err = why;
	return rc;
}

int fed__craft_colluders(struct fed_federation *f, struct fed_error *err)
{
	struct fed_collusion_state *c = &f->collusions;

	for (size_t i = 0; i < c->n_waiting; i++) {
		bool seen = false;
		for (size_t k = 0; k < i; k++)
			seen |= c->waiting[k].fault == c->waiting[i].fault;
		if (!seen && reveal_fault(f, c->waiting[i].fault, err))
			return FED_FAIL;
	}
	for (size_t i = 0; i < c->n_waiting; i++)
		if (!c->waiting[i].refused && submit_kept_back(f, &c->waiting[i], err))
			return FED_FAIL;
	return FED_OK;
}
