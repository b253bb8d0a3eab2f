/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/tournament.c - parsing of contenders, and the trial of each match.
 */
#include "experiments/tournament.h"

#include <string.h>

#include "base/mem.h"
#include "session/internal.h"
#include "history/client_selector.h"
#include "plug/aggregator_chain.h"

/* Contenders ----------------------------------------------------------------------- */

/* Set the number of Byzantine clients that a rule assumes, f or (bgd) q, to the true one, unless
 * the user gave it or groups, which follow from q. */
static int set_byzantine_number(struct fed_instance *instance, const struct fed_assign *assign,
                                size_t n, uint32_t byzantine, struct fed_error *err)
{
	const struct fed_field *fields = instance->entry->head->fields;
	const struct fed_field *f = fed_fields_find(fields, "f");
	const struct fed_field *row = f ? f : fed_fields_find(fields, "q");
	char value[16];

	for (size_t i = 0; i < n; i++)
		if ((row && fed_same_name(assign[i].key, row->name)) ||
		    (!f && fed_same_name(assign[i].key, "groups")))
			return FED_OK;
	if (!row || row->type != FED_TYPE_INT || byzantine < row->min || byzantine > row->max)
		return FED_OK;
	snprintf(value, sizeof value, "%u", byzantine);
	return fed_field_parse(row, instance->state, value, err);
}

static int read_contender(struct fed_contender *c, const struct fed_session *s, enum fed_kind kind,
                          const char *typed, size_t len, uint32_t byzantine, struct fed_error *err)
{
	struct fed_assign assign[FED_COLONS_MAX];
	const struct fed_entry *entry;
	const char *name;
	char text[sizeof c->name];
	size_t n;

	if (len == 0 || len >= sizeof text)
		return fed_fail(err, "`%.*s` is not the name of an %s", (int)(len < 20 ? len : 20), typed,
		                fed_kind_name(kind));
	memcpy(text, typed, len);
	text[len] = 0;
	memcpy(c->name, text, len + 1);
	if (kind == FED_KIND_ATTACK && strcmp(text, "none") == 0)
		return FED_OK;
	if (fed_assign_cut(text, &name, assign, &n, err))
		return FED_FAIL;
	if (kind != FED_KIND_AGGREGATOR)
		return fed_registry_find(s->plugins, kind, name, &entry, err) ||
		               fed_instance_init(&c->instance, entry, assign, n, err)
		           ? FED_FAIL
		           : FED_OK;
	if (fed_aggregator_make(s->plugins, &c->instance, name, assign, n, err) ||
	    set_byzantine_number(&c->instance, assign, n, byzantine, err))
		return FED_FAIL;
	return c->instance.after ? set_byzantine_number(c->instance.after, assign, n, byzantine, err)
	                         : FED_OK;
}

static void release_side(struct fed_contender *side, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fed_instance_release(&side[i].instance);
	fed_free(side);
}

/* Parse names joined by commas. */
static int read_side(struct fed_contender **out, size_t *n, const struct fed_session *s,
                     enum fed_kind kind, const char *typed, uint32_t byzantine,
                     struct fed_error *err)
{
	struct fed_contender *side = fed_alloc_array(FED_TOURNAMENT_SIDES, sizeof *side);

	if (!side)
		return fed_fail_memory(err, FED_TOURNAMENT_SIDES * sizeof *side, "the tournament");
	memset(side, 0, FED_TOURNAMENT_SIDES * sizeof *side);
	size_t read = 0;
	for (const char *at = typed;; at++) {
		const size_t len = strcspn(at, ",");
		int rc = FED_OK;

		if (read == FED_TOURNAMENT_SIDES)
			rc = fed_fail(err, "more than %d %ss", FED_TOURNAMENT_SIDES, fed_kind_name(kind));
		else
			rc = read_contender(&side[read++], s, kind, at, len, byzantine, err);
		if (rc) {
			release_side(side, read);
			return FED_FAIL;
		}
		at += len;
		if (!*at)
			break;
	}
	*out = side;
	*n = read;
	return FED_OK;
}

void fed_tournament_release(struct fed_tournament *t)
{
	release_side(t->attack, t->attacks);
	release_side(t->aggregator, t->aggregators);
	fed_free(t->byzantine);
	fed__trials_release(&t->trials);
	*t = (struct fed_tournament){0};
}

/* Matches --------------------------------------------------------------------------- */

static int add_attack(struct fed_session *copy, const struct fed_tournament *t,
                      const struct fed_instance *attack, struct fed_error *err)
{
	struct fed_fault f = {.kind = FED_FAULT_BYZANTINE, .until = UINT64_MAX, .n = t->n_byzantine};
	struct fed_instance own;

	f.client = fed_alloc_array(f.n, sizeof *f.client);
	if (!f.client)
		return fed_fail_memory(err, f.n * sizeof *f.client, "the attackers");
	memcpy(f.client, t->byzantine, f.n * sizeof *f.client);
	if (fed_faults_reserve(&copy->parts.faults, err) || fed_instance_renew(&own, attack, err)) {
		fed_free(f.client);
		return FED_FAIL;
	}
	f.attack = fed_shared_attack_new(&own);
	if (!f.attack) {
		fed_instance_release(&own);
		fed_free(f.client);
		return fed_fail_memory(err, sizeof *f.attack, "an attack");
	}
	fed_faults_add(&copy->parts.faults, &f);
	return FED_OK;
}

/* The match's aggregator and attack; the session's other Byzantine faults are healed. */
static int make_match(void *ctx, size_t k, struct fed_session *copy, struct fed_error *err)
{
	const struct fed_tournament *t = ctx;
	const struct fed_instance *attack = &t->attack[k / t->aggregators].instance;
	struct fed_instance aggregator;

	fed_faults_heal(&copy->parts.faults, NULL, 0, (uint32_t)1 << FED_FAULT_BYZANTINE);
	if (fed_instance_renew(&aggregator, &t->aggregator[k % t->aggregators].instance, err))
		return FED_FAIL;
	fed_session_adopt_aggregator(copy, &aggregator);
	return attack->entry ? add_attack(copy, t, attack, err) : FED_OK;
}

/* The plan ---------------------------------------------------------------------------- */

static int begin_tournament(struct fed_tournament *t, struct fed_session *s,
                            const struct fed_tournament_plan *plan, struct fed_error *err)
{
	uint64_t draws = s->draws; /* looking draws nothing from the session's stream */

	fed_tournament_release(t);
	t->plan = *plan;
	if (fed_client_selector_parse(plan->byzantine, &s->parts.clients,
	                              (uint64_t)s->parts.settings.seed, &draws, &t->byzantine,
	                              &t->n_byzantine, err) ||
	    read_side(&t->attack, &t->attacks, s, FED_KIND_ATTACK, plan->attacks, 0, err) ||
	    read_side(&t->aggregator, &t->aggregators, s, FED_KIND_AGGREGATOR, plan->aggregators,
	              t->n_byzantine, err))
		return FED_FAIL;
	return fed__trials_init(&t->trials, t->attacks * t->aggregators, s, err);
}

static bool is_same_tournament(const struct fed_tournament *t, const struct fed_session *s,
                               const struct fed_tournament_plan *plan)
{
	return strcmp(t->plan.attacks, plan->attacks) == 0 &&
	       strcmp(t->plan.aggregators, plan->aggregators) == 0 &&
	       strcmp(t->plan.byzantine, plan->byzantine) == 0 && t->plan.rounds == plan->rounds &&
	       fed__trials_fit(&t->trials, s);
}

int fed_tournament_play(struct fed_tournament *t, struct fed_session *s,
                        const struct fed_tournament_plan *plan,
                        void (*progress)(void *progress_ctx), void *progress_ctx, bool *interrupted,
                        struct fed_error *err)
{
	const struct fed_trials_plan trials = {
		.make = make_match, .ctx = t, .rounds = (uint64_t)plan->rounds};

	*interrupted = false;
	if (s->parts.clients.n_present == 0)
		return fed_fail(err, "there are no clients; `add-client 10` makes some");
	if (fed_session_start(s, err))
		return FED_FAIL;
	if (!is_same_tournament(t, s, plan) && begin_tournament(t, s, plan, err)) {
		fed_tournament_release(t);
		return FED_REJECT;
	}
	return fed__trials_play(&t->trials, s, &trials, progress, progress_ctx, interrupted, err);
}
