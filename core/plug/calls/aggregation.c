/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/aggregation.c - aggregations, and what becomes of them when a plugin that a user
 * loaded fails.
 *
 * With a substitute the same updates go to both rules, so that the other one can make the step
 * whenever the first fails; nothing is kept for it but what it keeps itself.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "plug/calls/call_aggregation.h"

/* The aggregator or its pre-aggregation, if it is set aside, or NULL. */
static const struct fed_entry *set_aside(const struct fed_instance *x)
{
	for (; x; x = x->after)
		if (x->entry->guard && x->entry->failures >= FED_FAILURES_MOST)
			return x->entry;
	return NULL;
}

/* Report the failure, and go on without the aggregator. */
static void give_up(struct fed_aggregation *a, const char *why)
{
	const struct fed_substitute *substitute = a->instance->substitute;
	const struct fed_host *outer = a->place.outer;
	struct fed_text text = {0};

	fed_text_add(&text, "%s; %s", why,
	             substitute->skips ? "the step is skipped" : "the step is made by ");
	if (!substitute->skips)
		fed_text_add(&text, "%s", substitute->instance->entry->head->name);
	if (outer && outer->note)
		outer->note(outer, fed_text_str(&text));
	fed_text_release(&text);
	a->failed = true;
}

/* The same round for the substitute. */
static int begin_second(struct fed_aggregation *a, const struct fed_round *round,
                        struct fed_pool *pool, struct fed_error *err)
{
	const struct fed_substitute *substitute = a->instance->substitute;

	if (substitute->skips)
		return FED_OK;
	a->second = fed_alloc(sizeof *a->second);
	if (!a->second)
		return fed_fail_memory(err, sizeof *a->second, "a second aggregation");
	const int rc =
		fed__aggregation_begin(a->second, substitute->instance, round, a->capacity, pool, err);
	if (rc != FED_OK) {
		fed_free(a->second);
		a->second = NULL;
	}
	return rc;
}

/* An aggregation whose aggregator failed before it began: the lists alone. */
static int begin_without(struct fed_aggregation *a, struct fed_instance *instance,
                         const struct fed_round *round, size_t capacity, const char *why,
                         struct fed_error *err)
{
	const size_t n = capacity ? capacity : 1;

	*a = (struct fed_aggregation){.instance = instance, .round = *round, .capacity = capacity};
	a->place.outer = round->host;
	a->update = fed_alloc_array(n, sizeof *a->update);
	a->verdict = fed_alloc_array(n, sizeof *a->verdict);
	a->trust = fed_alloc_array(n, sizeof *a->trust);
	if (!a->update || !a->verdict || !a->trust) {
		fed__aggregation_release(a);
		return fed_fail_memory(err, n * sizeof *a->update, "the updates of a round");
	}
	give_up(a, why);
	return FED_OK;
}

int fed_aggregation_begin(struct fed_aggregation *a, struct fed_instance *instance,
                          const struct fed_round *round, size_t capacity, struct fed_pool *pool,
                          struct fed_error *err)
{
	const bool replaceable = instance->substitute && !instance->entry->builtin;
	struct fed_error why;
	const struct fed_entry *aside = set_aside(instance);
	int rc = aside ? fed__fail_set_aside(aside, &why)
	               : fed__aggregation_begin(a, instance, round, capacity, pool, &why);

	if (rc == FED_FAIL && replaceable)
		rc = begin_without(a, instance, round, capacity, why.text, err);
	else if (rc != FED_OK)
		*err = why;
	if (rc == FED_OK && replaceable)
		rc = begin_second(a, round, pool, err);
	if (rc != FED_OK)
		fed_aggregation_release(a);
	return rc;
}

/* An update that the aggregator does not see: listed, unless the substitute refuses it. */
static int add_to_second(struct fed_aggregation *a, const struct fed_update *u,
                         struct fed_error *err)
{
	const int rc = a->second ? fed__aggregation_add(a->second, u, err) : FED_OK;

	if (rc != FED_OK || !a->failed)
		return rc;
	if (a->n == a->capacity)
		return fed_fail(err, "more than the %zu updates of this round", a->capacity);
	a->update[a->n] = *u;
	a->update[a->n].size = sizeof *u;
	a->update[a->n].delta = a->update[a->n].base = NULL;
	a->update[a->n].returned = NULL;
	a->verdict[a->n] = (struct fed_verdict){.size = sizeof *a->verdict, .score = NAN};
	a->trust[a->n] = (struct fed_trust){.group = -1, .trusted = true};
	a->n++;
	return FED_OK;
}

int fed_aggregation_add(struct fed_aggregation *a, const struct fed_update *u,
                        struct fed_error *err)
{
	const bool replaceable = a->instance->substitute && !a->instance->entry->builtin;
	int rc = FED_OK;

	if (!a->failed) {
		struct fed_error why;

		rc = fed__aggregation_add(a, u, &why);
		if (rc == FED_FAIL && replaceable)
			give_up(a, why.text);
		else if (rc != FED_OK)
			*err = why;
	}
	if (a->failed || (rc == FED_OK && a->second))
		rc = add_to_second(a, u, err);
	return rc;
}

/* The step of a round whose aggregator failed. */
static int finish_without(struct fed_aggregation *a, float *out, struct fed_error *err)
{
	if (!a->second) {
		memset(out, 0, a->round.dim * sizeof *out);
		for (size_t i = 0; i < a->n; i++)
			a->verdict[i] =
				(struct fed_verdict){.size = sizeof *a->verdict, .score = NAN, .used = true};
		return FED_OK;
	}
	if (fed__aggregation_finish(a->second, out, err))
		return FED_FAIL;
	for (size_t i = 0; i < a->n && i < a->second->n; i++) {
		a->verdict[i] = a->second->verdict[i];
		a->trust[i] = a->second->trust[i];
	}
	return FED_OK;
}

int fed_aggregation_finish(struct fed_aggregation *a, float *out, struct fed_error *err)
{
	const bool replaceable = a->instance->substitute && !a->instance->entry->builtin;

	if (a->n == 0)
		return fed_fail(err, "aggregator %s: no update to aggregate",
		                a->instance->entry->head->name);
	if (!a->failed) {
		struct fed_error why;
		const int rc = fed__aggregation_finish(a, out, &why);

		if (rc == FED_OK)
			return FED_OK;
		if (!replaceable) {
			*err = why;
			return rc;
		}
		give_up(a, why.text);
	}
	return finish_without(a, out, err);
}

void fed_aggregation_release(struct fed_aggregation *a)
{
	if (a->second)
		fed__aggregation_release(a->second);
	fed_free(a->second);
	fed__aggregation_release(a);
}
