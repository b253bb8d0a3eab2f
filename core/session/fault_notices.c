/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/fault_notices.c - checks of injected faults for parameters, links and attacks without
 * effect.
 */
#include "session/fault_notices.h"

#include <math.h>

#include "base/mem.h"
#include "plug/calls/call.h"
#include "history/client_selector.h"
#include "train/round/invitations.h"
#include "train/schemes/schemes.h"
#include "train/schemes/split.h"
#include "session/internal.h"

/* Clients ----------------------------------------------------------------------- */

static bool has_ideal_link(const struct fed_session *s, const struct fed_fault *fault, uint32_t id)
{
	const struct fed_client_link *link = &s->parts.clients.client[id].link;

	(void)fault;
	return link->latency == 0 && isinf(link->up) && isinf(link->down);
}

static bool computes_at_once(const struct fed_session *s, const struct fed_fault *fault,
                             uint32_t id)
{
	(void)fault;
	return s->parts.clients.client[id].device == 0 &&
	       !fed_client_is_remote(&s->parts.clients, id); /* its time is what it took */
}

static bool has_one_example(const struct fed_session *s, const struct fed_fault *fault, uint32_t id)
{
	(void)fault;
	return s->parts.clients.client[id].count <= 1;
}

/* The fault begins in the open round, which has invited the client before. */
static bool is_invited(const struct fed_session *s, const struct fed_fault *fault, uint32_t id)
{
	return fed_session_open(s) && fault->from == fed_session_version(s) &&
	       fed_invitation_of(&s->federation, id);
}

static const struct idle_rule {
	enum fed_fault_kind kind;
	bool (*idle)(const struct fed_session *, const struct fed_fault *, uint32_t client);
	const char *when, *why;
} rules[] = {
	{FED_FAULT_SLOW_LINK, has_ideal_link, "",
     "an ideal link takes no time; `set client WHO link=4g` gives another"},
	{FED_FAULT_STRAGGLER, computes_at_once, "",
     "computing takes no time there; `set client WHO device=phone` changes that"},
	{FED_FAULT_DATA_ARRIVES, has_one_example, "", "there is one example, which is there at once"},
	{FED_FAULT_DATA_EXPIRES, has_one_example, "", "there is one example, which stays"},
	{FED_FAULT_OFFLINE, is_invited, " in the open round", "the model was sent before"},
	{FED_FAULT_FLAKY, is_invited, " in the open round", "the model was sent before"},
	{FED_FAULT_CHURN, is_invited, " in the open round", "the model was sent before"},
};

/* "slow-link changes nothing on clients 0-3: an ideal link ..." */
static void notice_clients(struct fed_session *s, const struct fed_fault *fault,
                           const struct idle_rule *rule)
{
	uint32_t *ids = fed_alloc_array(fault->n, sizeof *ids), n = 0;
	struct fed_text list = {0};

	if (!ids)
		return; /* no memory: no notice */
	for (uint32_t i = 0; i < fault->n; i++)
		if (rule->idle(s, fault, fault->client[i]))
			ids[n++] = fault->client[i];
	fed_client_labels_put(&list, &s->parts.clients, ids, n, 60);
	if (n)
		fed_session_tell(s, FED_EVENT_NOTICE, "%s changes nothing on client%s %s%s: %s",
		                 fed_fault_types[fault->kind].name, n == 1 ? "" : "s", fed_text_str(&list),
		                 rule->when, rule->why);
	fed_text_release(&list);
	fed_free(ids);
}

/* Parameters -------------------------------------------------------------------- */

static bool has_parameter(const struct fed_fault *fault, const char *key)
{
	return fed_fields_find(fed_fault_types[fault->kind].fields, key) != NULL;
}

/* Why the parameters have no effect on any client, or NULL. */
static const char *idle_args(const struct fed_fault *fault)
{
	const struct fed_fault_args *a = &fault->args;

	if (has_parameter(fault, "p") && a->p == 0)
		return "p=0: it never strikes";
	if (has_parameter(fault, "factor") && a->factor == 1)
		return "factor=1: nothing gets slower";
	if (fault->kind == FED_FAULT_DATA_ARRIVES && a->start == 1)
		return "start=1: everything is there at once";
	if (fault->kind == FED_FAULT_DATA_EXPIRES && (a->rate == 0 || a->keep == 1))
		return "with rate=0 or keep=1 nothing goes";
	if (fault->kind == FED_FAULT_DRIFT && a->rate == 0)
		return "rate=0: nothing changes";
	if (fault->kind == FED_FAULT_CHURN && a->leave == 0)
		return "leave=0: no client leaves";
	return NULL;
}

/* Attacks ------------------------------------------------------------------------ */

static void notice_knowledge(struct fed_session *s, const struct fed_fault *fault)
{
	const struct fed_instance *attack = &fault->attack->instance;

	if (fault->args.knowledge != FED_KNOWLEDGE_PARTIAL)
		return;
	if (fed_attack_form(attack) != FED_ATTACK_TOGETHER)
		fed_session_tell(
			s, FED_EVENT_NOTICE,
			"knowledge=partial changes nothing: %s does not look at the updates of others",
			attack->entry->head->name);
	else if (fault->n == 1)
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "knowledge=partial: a single attacker sees its own update alone, from "
		                 "which %s learns nothing about the others",
		                 attack->entry->head->name);
}

/* Under sequential split learning: why the fault has no effect, or NULL. */
static const char *idle_when_sequential(const struct fed_session *s, const struct fed_fault *fault)
{
	const struct fed_split *split = s->parts.scheme_state;

	if (s->parts.scheme != &fed_scheme_split || split->parallel != FED_PARALLEL_OFF)
		return NULL;
	if (fault->attack && fed_attack_form(&fault->attack->instance) == FED_ATTACK_TOGETHER)
		return "it is made of the updates of a round; `set parallel v1`, or another attack";
	if (fault->kind == FED_FAULT_DUPLICATE && split->relay == FED_RELAY_PEER)
		return "a peer that wants the head asks once; `set relay server`";
	return NULL;
}

static void notice_sequential(struct fed_session *s, const struct fed_fault *fault)
{
	const char *why = idle_when_sequential(s, fault);
	const char *name = fed_fault_types[fault->kind].name;

	if (fault->attack)
		name = fault->attack->instance.entry->head->name;
	if (why)
		fed_session_tell(s, FED_EVENT_NOTICE, "%s can do nothing where clients train in turn: %s",
		                 name, why);
}

static bool shares_client(const struct fed_fault *a, const struct fed_fault *b)
{
	uint32_t i = 0, k = 0;

	while (i < a->n && k < b->n && a->client[i] != b->client[k])
		a->client[i] < b->client[k] ? i++ : k++;
	return i < a->n && k < b->n;
}

/* Of two attacks of the same form on one client only the first takes effect. */
static void notice_conflicts(struct fed_session *s, const struct fed_fault *fault)
{
	const enum fed_attack_form form = fed_attack_form(&fault->attack->instance);

	for (size_t i = 0; i < s->parts.faults.n; i++) {
		const struct fed_fault *other = &s->parts.faults.fault[i];

		if (!other->attack || fed_attack_form(&other->attack->instance) != form ||
		    other->from >= fault->until || fault->from >= other->until ||
		    !shares_client(fault, other))
			continue;
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "some of these clients make the attack of fault %llu, %s, as long as that "
		                 "one is active",
		                 (unsigned long long)other->number,
		                 other->attack->instance.entry->head->name);
	}
}

void fed__session_tell_idle(struct fed_session *s, const struct fed_fault *fault)
{
	const char *why = idle_args(fault);

	if (why)
		fed_session_tell(s, FED_EVENT_NOTICE, "%s can do nothing: %s",
		                 fed_fault_types[fault->kind].name, why);
	for (size_t i = 0; !why && i < sizeof rules / sizeof *rules; i++)
		if (rules[i].kind == fault->kind)
			notice_clients(s, fault, &rules[i]);
	notice_sequential(s, fault);
	if (fault->attack) {
		notice_knowledge(s, fault);
		notice_conflicts(s, fault);
	}
}
