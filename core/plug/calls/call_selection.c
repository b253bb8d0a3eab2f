/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/call_selection.c - calls of selection rules, and the host functions that they may
 * call.
 */
#include "plug/calls/call_selection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "plug/calls/remote.h"
#include "plug/calls/remote_selection.h"
#include "plug/result_checks.h"

/* A block of scratch memory, freed after the call. */
struct scratch_block {
	struct scratch_block *next;
	max_align_t bytes[];
};

/* The host's state during one call. */
struct call {
	struct fed_selection_host host; /* first: the plugin passes it back */
	const struct fed_selection_services *services;
	uint32_t knows, candidates;
	struct scratch_block *blocks;
};

static const struct fed_selection *rule_of(const struct fed_instance *instance)
{
	return &instance->entry->copy.selection;
}

/* Host functions -------------------------------------------------------------- */

static struct call *call_of(const struct fed_selection_host *host)
{
	return (struct call *)(void *)(uintptr_t)host; /* the first member; never a constant object */
}

/* Remove what the rule did not declare that it wants to know. */
static void veil(struct fed_candidate *c, uint32_t knows)
{
	if (!(knows & FED_KNOWS_SAMPLES))
		c->samples = 0;
	if (!(knows & FED_KNOWS_LOSS))
		c->loss = NAN;
	if (!(knows & FED_KNOWS_LOSS_SQUARES))
		c->loss_rms = NAN;
	if (!(knows & FED_KNOWS_SPEED))
		c->expected = NAN;
	if (knows & FED_KNOWS_HISTORY)
		return;
	c->seconds = NAN;
	c->last = 0;
	c->times = 0;
}

static bool describe(const struct fed_selection_host *host, uint32_t i, struct fed_candidate *out,
                     size_t size)
{
	const struct call *call = call_of(host);
	struct fed_candidate c = {0};
	const size_t known = size < sizeof c ? size : sizeof c;

	memset(out, 0, size);
	if (i >= call->candidates)
		return false;
	const bool here = call->services->describe(call->services->ctx, i, &c);
	if (!here)
		c = (struct fed_candidate){
			.client = c.client, .loss = NAN, .loss_rms = NAN, .expected = NAN, .seconds = NAN};
	c.size = (uint32_t)known;
	veil(&c, call->knows);
	memcpy(out, &c, known);
	return here;
}

static int draw(const struct fed_selection_host *host, uint32_t *chosen, uint32_t *n,
                struct fed_error *err)
{
	const struct call *call = call_of(host);

	if (*n > call->candidates)
		*n = call->candidates;
	return call->services->draw(call->services->ctx, chosen, n, err);
}

static void *scratch(const struct fed_selection_host *host, size_t n, size_t size,
                     struct fed_error *err)
{
	struct call *call = call_of(host);
	const bool fits = size == 0 || n <= (SIZE_MAX - sizeof(struct scratch_block) - 1) / size;
	struct scratch_block *b = fits ? fed_alloc(sizeof *b + n * size + 1) : NULL;

	if (!b) {
		fed_fail_memory(err, n * size, "a selection rule's scratch memory");
		return NULL;
	}
	b->next = call->blocks;
	call->blocks = b;
	return b->bytes;
}

static void note(const struct fed_selection_host *host, const char *text)
{
	const struct call *call = call_of(host);

	call->services->note(call->services->ctx, text);
}

static void begin_call(struct call *call, const struct fed_instance *rule,
                       const struct fed_selection_round *from, struct fed_selection_round *round,
                       const struct fed_selection_services *services)
{
	*call = (struct call){
		.host = {.size = sizeof call->host,
	             .describe = describe,
	             .draw = draw,
	             .scratch = scratch,
	             .note = note},
		.services = services,
		.knows = rule_of(rule)->knows,
		.candidates = from->candidates,
	};
	*round = *from;
	round->size = sizeof *round;
	round->host = &call->host;
}

static void end_call(struct call *call)
{
	while (call->blocks) {
		struct scratch_block *b = call->blocks;

		call->blocks = b->next;
		fed_free(b);
	}
}

/* Checks ------------------------------------------------------------------------ */

static int ascending(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Sort the chosen, and refuse a choice that is none. */
static int check_choice(const struct fed_instance *rule, const struct call *call, uint32_t *chosen,
                        uint32_t n, uint32_t most, struct fed_error *err)
{
	const char *name = rule->entry->head->name;
	struct fed_candidate unused;

	if (n > most)
		return fed_fail(err, "selection %s: chooses %u candidates, at most %u are allowed", name, n,
		                most);
	if (n > 1)
		qsort(chosen, n, sizeof *chosen, ascending);
	for (uint32_t k = 0; k < n; k++) {
		if (chosen[k] >= call->candidates)
			return fed_fail(err, "selection %s: chooses candidate %u, allowed are 0 to %u", name,
			                chosen[k], call->candidates - 1);
		if (k && chosen[k] == chosen[k - 1])
			return fed_fail(err, "selection %s: chooses candidate %u twice", name, chosen[k]);
		if (!call->services->describe(call->services->ctx, chosen[k], &unused))
			return fed_fail(err, "selection %s: chooses candidate %u, who is away", name,
			                chosen[k]);
	}
	return FED_OK;
}

/* Calls --------------------------------------------------------------------------- */

uint32_t fed_call_asks(const struct fed_instance *rule, const struct fed_selection_round *r,
                       const struct fed_selection_services *services)
{
	struct fed_selection_round round;
	struct call call;

	if (!rule_of(rule)->asks)
		return 0;
	begin_call(&call, rule, r, &round, services);
	uint32_t n = 0;
	struct fed_error why;
	if (!rule->worker) {
		n = rule_of(rule)->asks(rule->state, &round);
	} else if (fed__remote_selection((struct fed_instance *)rule, FED_SELECTION_ASKS, r, services,
	                                 NULL, &n, &why)) {
		fed__remote_report(rule, &why);
		n = 0;
	}
	end_call(&call);
	return n < r->candidates ? n : r->candidates;
}

int fed_call_ask(struct fed_instance *rule, const struct fed_selection_round *r,
                 const struct fed_selection_services *services, uint32_t *asked, uint32_t *n,
                 struct fed_error *err)
{
	const uint32_t most = *n;
	struct fed_selection_round round;
	struct fed_error words = {{0}};
	struct call call;

	begin_call(&call, rule, r, &round, services);
	int rc = rule->worker
	             ? fed__remote_selection(rule, FED_SELECTION_ASK, r, services, asked, n, err)
	             : fed__check_code(rule, "ask",
	                               rule_of(rule)->ask(rule->state, &round, asked, n, &words), true,
	                               &words, err);
	if (rc == FED_OK)
		rc = check_choice(rule, &call, asked, *n, most, err);
	end_call(&call);
	return rc;
}

int fed_call_select(struct fed_instance *rule, const struct fed_selection_round *r,
                    const struct fed_selection_services *services, uint32_t *chosen, uint32_t *n,
                    struct fed_error *err)
{
	struct fed_selection_round round;
	struct fed_error words = {{0}};
	struct call call;

	*n = rule->worker ? r->wanted : 0;
	begin_call(&call, rule, r, &round, services);
	int rc = rule->worker
	             ? fed__remote_selection(rule, FED_SELECTION_SELECT, r, services, chosen, n, err)
	             : fed__check_code(rule, "select",
	                               rule_of(rule)->select(rule->state, &round, chosen, n, &words),
	                               true, &words, err);
	if (rc == FED_OK)
		rc = check_choice(rule, &call, chosen, *n, r->wanted, err);
	end_call(&call);
	return rc;
}

uint32_t fed_selection_knows(const struct fed_instance *rule)
{
	return rule_of(rule)->knows;
}

bool fed_selection_weighs_equally(const struct fed_instance *rule)
{
	return rule_of(rule)->equal_weights;
}
