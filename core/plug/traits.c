/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/traits.c - what plugins declare, without a call of them.
 */
#include "plug/calls/call.h"
#include "plug/guard/worker.h"
#include "plug/loader.h"

static const struct fed_aggregator *aggregator_of(const struct fed_instance *instance)
{
	return &instance->entry->copy.aggregator;
}

bool fed_is_pre_aggregation(const struct fed_entry *entry)
{
	return entry->head->kind == FED_KIND_AGGREGATOR && entry->copy.aggregator.mix;
}

bool fed_aggregation_keeps(const struct fed_instance *instance)
{
	return !aggregator_of(instance)->add || instance->after;
}

struct fed_shared_memory *fed_update_memory(const struct fed_instance *aggregator)
{
	/* one that works by coordinates has a single update of a version in place under async */
	const bool in_place = aggregator_of(aggregator)->add || aggregator_of(aggregator)->columns;

	return aggregator->worker && in_place && !aggregator->after ? aggregator->worker->guard->memory
	                                                            : NULL;
}

bool fed_has_local_gradient(const struct fed_instance *aggregator)
{
	return aggregator_of(aggregator)->local_gradient;
}

bool fed_acts_at_clients(const struct fed_instance *aggregator)
{
	const struct fed_aggregator *a = aggregator_of(aggregator);

	return a->plan || a->local_gradient || a->local_end || a->client_vectors ||
	       a->returned_vectors || a->models;
}

uint32_t fed_own_model_vector(const struct fed_instance *aggregator)
{
	return aggregator_of(aggregator)->own_model;
}

uint32_t fed_client_vectors(const struct fed_instance *aggregator)
{
	return aggregator_of(aggregator)->client_vectors;
}

uint32_t fed_returned_vectors(const struct fed_instance *aggregator)
{
	return aggregator_of(aggregator)->returned_vectors;
}

bool fed__tells(const struct fed_entry *entry)
{
	return entry->head->kind == FED_KIND_AGGREGATOR && entry->copy.aggregator.tell;
}

/* Attacks and transports --------------------------------------------------- */

static const struct fed_attack *attack_of(const struct fed_instance *instance)
{
	return &instance->entry->copy.attack;
}

enum fed_attack_form fed_attack_form(const struct fed_instance *attack)
{
	if (attack_of(attack)->poison)
		return FED_ATTACK_ON_DATA;
	return attack_of(attack)->collude ? FED_ATTACK_TOGETHER : FED_ATTACK_ALONE;
}

bool fed_attack_remembers(const struct fed_instance *attack)
{
	return attack_of(attack)->remembers;
}

bool fed_attack_is_targeted(const struct fed_instance *attack)
{
	return attack_of(attack)->targeted;
}

bool fed_is_simulated(const struct fed_instance *transport)
{
	return !transport->entry->copy.transport.poll;
}

int fed_entry_file(const struct fed_entry *entry)
{
	return fed__library_descriptor(entry->library, entry->path);
}

bool fed_is_guarded_at_clients(const struct fed_instance *x)
{
	if (!x || !x->entry || !x->entry->guard)
		return false;
	switch (x->entry->head->kind) {
	case FED_KIND_AGGREGATOR:
		return x->entry->copy.aggregator.local_gradient || x->entry->copy.aggregator.local_end;
	case FED_KIND_MODEL:
		return x->worker->own_layers > 0;
	case FED_KIND_CODEC:
		return true;
	default:
		return x->entry->copy.attack.poison;
	}
}
