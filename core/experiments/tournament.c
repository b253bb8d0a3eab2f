/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/tournament.c - parsing of contenders, and the trial of each match.
 */
#include "experiments/tournament.h"

#include <string.h>

#include "base/mem.h"
#include "experiments/levels.h"
#include "session/internal.h"
#include "history/client_selector.h"

/* Contenders ----------------------------------------------------------------------- */

/* Parse names joined by commas; each is checked in a match. */
static int read_side(struct fed_contender **out, size_t *n, enum fed_kind kind, const char *typed,
                     struct fed_error *err)
{
	struct fed_contender *side = fed_alloc_array(FED_TOURNAMENT_SIDES, sizeof *side);

	if (!side)
		return fed_fail_memory(err, FED_TOURNAMENT_SIDES * sizeof *side, "the tournament");
	*out = side;
	*n = 0;
	for (const char *at = typed;; at++) {
		const size_t len = strcspn(at, ",");

		if (*n == FED_TOURNAMENT_SIDES)
			return fed_fail(err, "more than %d %ss", FED_TOURNAMENT_SIDES, fed_kind_name(kind));
		if (len == 0 || len >= sizeof side->name)
			return fed_fail(err, "`%.*s` is not the name of an %s", (int)(len < 20 ? len : 20), at,
			                fed_kind_name(kind));
		memcpy(side[(*n)++].name, at, len); /* zeroed before */
		at += len;
		if (!*at)
			return FED_OK;
	}
}

void fed_tournament_release(struct fed_tournament *t)
{
	fed_free(t->attack);
	fed_free(t->aggregator);
	fed_free(t->byzantine);
	fed__trials_release(&t->trials);
	*t = (struct fed_tournament){0};
}

/* Matches --------------------------------------------------------------------------- */

/* The match's aggregator and attack; the session's other Byzantine faults are healed. */
static int make_match(void *ctx, size_t k, struct fed_session *copy, struct fed_error *err)
{
	const struct fed_tournament *t = ctx;
	const struct fed_level level[] = {{"aggregator", t->aggregator[k % t->aggregators].name},
	                                  {"attack", t->attack[k / t->aggregators].name}};
	const struct fed_levels_plan plan = {
		.session = t->session, .byzantine = t->byzantine, .n_byzantine = t->n_byzantine};
	struct fed_dataset *none;

	return fed__levels_apply(copy, &plan, level, 2, &none, err);
}

static struct fed_trials_plan trials_of(struct fed_tournament *t)
{
	return (struct fed_trials_plan){
		.make = make_match, .ctx = t, .rounds = (uint64_t)t->plan.rounds};
}

/* Each aggregator against the first attack, each attack against the first aggregator. */
static int check_contenders(struct fed_tournament *t, struct fed_error *err)
{
	const struct fed_trials_plan trials = trials_of(t);

	for (size_t k = 0; k < t->attacks * t->aggregators; k++)
		if ((k < t->aggregators || k % t->aggregators == 0) &&
		    fed__trials_check(t->session, &trials, k, err))
			return FED_FAIL;
	return FED_OK;
}

/* The plan ---------------------------------------------------------------------------- */

static int begin_tournament(struct fed_tournament *t, struct fed_session *s,
                            const struct fed_tournament_plan *plan, struct fed_error *err)
{
	uint64_t draws = s->draws; /* looking draws nothing from the session's stream */

	fed_tournament_release(t);
	t->plan = *plan;
	t->session = s;
	if (fed_client_selector_parse(plan->byzantine, &s->parts.clients,
	                              (uint64_t)s->parts.settings.seed, &draws, &t->byzantine,
	                              &t->n_byzantine, err) ||
	    read_side(&t->attack, &t->attacks, FED_KIND_ATTACK, plan->attacks, err) ||
	    read_side(&t->aggregator, &t->aggregators, FED_KIND_AGGREGATOR, plan->aggregators, err) ||
	    check_contenders(t, err))
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
	*interrupted = false;
	if (s->parts.clients.n_present == 0)
		return fed_fail(err, "there are no clients; `add-client 10` makes some");
	if (fed_session_start(s, err))
		return FED_FAIL;
	if (!is_same_tournament(t, s, plan) && begin_tournament(t, s, plan, err)) {
		fed_tournament_release(t);
		return FED_REJECT;
	}
	const struct fed_trials_plan trials = trials_of(t);
	return fed__trials_play(&t->trials, s, &trials, progress, progress_ctx, interrupted, err);
}
