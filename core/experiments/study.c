/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/study.c - cells of a study as trials, and what is kept of each.
 */
#include "experiments/study.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "report/composition_text.h"
#include "session/internal.h"
#include "session/plugin_digests.h"

int fed_study_check_name(const char *name, struct fed_error *err)
{
	size_t n = 0;

	while (isalnum((unsigned char)name[n]) || (n && (name[n] == '-' || name[n] == '_')))
		n++;
	if (isalpha((unsigned char)*name) && !name[n] && n < FED_STUDY_NAME_MAX)
		return FED_OK;
	return fed_reject(err,
	                  "`%s` cannot be a study's name: it begins with a letter and has letters, "
	                  "digits, - and _, at most %d in all",
	                  fed_show(name).s, FED_STUDY_NAME_MAX - 1);
}

/* A cell ---------------------------------------------------------------------------------- */

static size_t levels_of(const struct fed_study *s, size_t cell, struct fed_level *level)
{
	for (size_t i = 0; i < s->factors.n; i++) {
		const struct fed_factor *f = &s->factors.factor[i];

		level[i] = (struct fed_level){f->key, f->level[fed_factors_level(&s->factors, cell, i)]};
	}
	return s->factors.n;
}

static int make_cell(void *ctx, size_t k, struct fed_session *copy, struct fed_error *err)
{
	struct fed_study *s = ctx;
	const struct fed_levels_plan plan = {.session = s->session, .afresh = true, .sets = &s->sets};
	struct fed_level level[FED_FACTORS_MAX];
	const size_t n = levels_of(s, k, level);

	return fed__levels_apply(copy, &plan, level, n, &s->lent[k], err);
}

static void give_back(void *ctx, size_t k)
{
	struct fed_study *s = ctx;

	if (s->lent[k])
		fed__example_sets_give_back(&s->sets, s->lent[k]);
	s->lent[k] = NULL;
}

/* The last round has the figures of the final model, whether or not it was evaluated. */
static void complete_last(struct fed_record *last, const struct fed_record *total)
{
	if (!isnan(last->test_loss) || isnan(total->test_loss))
		return;
	for (const struct fed_field *m = fed_metrics; m->type != FED_TYPE_END; m++)
		if (fed_metric_is_evaluated(m))
			memcpy((char *)last + m->offset, (const char *)total + m->offset, sizeof(double));
}

/* Keep a run; copy NULL: it could not be composed. */
static int keep_run(void *ctx, size_t k, struct fed_session *copy, const struct fed_outcome *o,
                    struct fed_error *err)
{
	struct fed_study *s = ctx;
	struct fed_text levels = {0}, composition = {0}, plugins = {0};
	struct fed_history none = {0}, *h = copy ? &copy->history : &none;

	fed__factors_put_cell(&s->factors, k, &levels);
	if (copy) {
		fed_composition_put(copy, &s->session->parts.clients, &composition);
		fed_plugin_digests_put(copy, &plugins);
		if (h->n && !*o->why)
			complete_last(&h->record[h->n - 1], &o->total);
	}
	const struct fed_stored_run run = {
		.cell = k,
		.rounds = o->rounds,
		.clients = o->clients,
		.reached = o->reached,
		.seconds = o->seconds,
		.levels = fed_text_str(&levels),
		.composition = fed_text_str(&composition),
		.program = s->program,
		.plugins = fed_text_str(&plugins),
		.why = o->why,
		.scheme = o->scheme ? o->scheme : "",
	};
	int rc = levels.failed || composition.failed || plugins.failed
	             ? fed_fail_memory(err, composition.cap, "the composition of a run")
	             : fed__store_put(s->store, s->stored.id, &run, h, err);
	fed_text_release(&levels);
	fed_text_release(&composition);
	fed_text_release(&plugins);
	return rc;
}

static struct fed_trials_plan trials_of(struct fed_study *s)
{
	return (struct fed_trials_plan){
		.make = make_cell,
		.ctx = s,
		.rounds = s->stored.rounds,
		.until = s->until,
		.afresh = true,
		.by_round = true,
		.keep = keep_run,
		.dropped = give_back,
	};
}

/* Opening -------------------------------------------------------------------------------- */

/* Each level once, but for seeds, whose data would have to be made. */
static int check_levels(struct fed_study *s, struct fed_error *err)
{
	const struct fed_trials_plan plan = trials_of(s);
	const size_t cells = fed__factors_cells(&s->factors);
	bool seen[FED_FACTORS_MAX][FED_LEVELS_MAX] = {{false}};

	for (size_t k = 0; k < cells; k++) {
		bool fresh = k == 0;

		for (size_t i = 0; i < s->factors.n; i++) {
			const size_t level = fed_factors_level(&s->factors, k, i);
			long long number;

			if (seen[i][level])
				continue;
			seen[i][level] = true;
			if (!fed_same_name(s->factors.factor[i].key, "seed"))
				fresh = true;
			else if (!fed_parse_int(s->factors.factor[i].level[level], &number) || number < 0)
				return fed_reject(err, "seed: %s is not a whole number from 0",
				                  fed_show(s->factors.factor[i].level[level]).s);
		}
		if (fresh && fed__trials_check(s->session, &plan, k, err))
			return FED_REJECT;
	}
	return FED_OK;
}

static int begin_study(struct fed_study *s, const struct fed_study_plan *plan,
                       struct fed_error *err)
{
	struct fed_stored_study *new = &s->stored;
	struct fed_text factors = {0}, composition = {0};

	if (fed_factors_parse(&s->factors, plan->factors, err))
		return FED_REJECT;
	const size_t cells = fed__factors_cells(&s->factors);
	s->lent = fed_alloc_array(cells, sizeof *s->lent);
	if (!s->lent)
		return fed_fail_memory(err, cells * sizeof *s->lent, "the study");
	fed__factors_put(&s->factors, &factors);
	fed_composition_put(s->session, NULL, &composition);
	if (factors.failed || composition.failed) {
		fed_text_release(&factors);
		fed_text_release(&composition);
		return fed_fail_memory(err, composition.cap, "the study");
	}
	*new = (struct fed_stored_study){
		.factors = factors.s,
		.composition = composition.s,
		.commands = fed_strdup(plan->commands ? plan->commands : ""),
		.until = fed_strdup(plan->until),
		.cells = cells,
		.rounds = plan->rounds   ? plan->rounds
	              : *plan->until ? FED_STUDY_ROUNDS_UNTIL
	                             : FED_STUDY_ROUNDS,
	};
	snprintf(new->name, sizeof new->name, "%s", plan->name);
	if (!new->until || !new->commands)
		return fed_fail_memory(err, strlen(plan->until), "the study");
	return check_levels(s, err);
}

/* Whether all lines of a are in b.  A setting that b does not know came with another version of the
 * program; faults and clients are always said. */
static bool is_within(const char *a, const char *b)
{
	struct fed_composition_line line, other;

	while (fed_composition_next(&a, &line)) {
		const bool always =
			strncmp(line.key, "fault-", 6) == 0 || strncmp(line.key, "clients", 7) == 0;

		if (!fed_composition_find(b, &line, &other)
		        ? always
		        : line.value_bytes != other.value_bytes ||
		              memcmp(line.value, other.value, line.value_bytes) != 0)
			return false;
	}
	return true;
}

/* What is different in a kept study of the same name; NULL: nothing. */
static const char *difference(const struct fed_stored_study *a, const struct fed_stored_study *b)
{
	if (strcmp(a->factors, b->factors) != 0)
		return "factors";
	if (a->rounds != b->rounds)
		return "rounds";
	if (strcmp(a->until, b->until) != 0)
		return "until";
	return is_within(a->composition, b->composition) && is_within(b->composition, a->composition)
	           ? NULL
	           : "composition";
}

/* Take number and date of the kept study of the same name, or keep this one. */
static int find_or_add(struct fed_study *s, const struct fed_text *snapshot, struct fed_error *err)
{
	struct fed_stored_study kept;
	int rc = fed_store_find(s->store, s->stored.name, &kept, err);

	if (rc == FED_REJECT) {
		s->stored.snapshot = *snapshot; /* lent */
		rc = fed__store_add(s->store, &s->stored, err);
		s->stored.snapshot = (struct fed_text){0};
		return rc;
	}
	if (rc)
		return FED_FAIL;
	const char *other = difference(&kept, &s->stored);
	if (other)
		rc = fed_reject(
			err,
			"study %s is kept with other %s; `study %s continue` goes on with it, `study "
			"%s delete` drops it, or take another name",
			kept.name, other, kept.name, kept.name);
	else
		s->stored.id = kept.id;
	fed_stored_study_release(&kept);
	return rc;
}

static bool mark_played(void *ctx, const struct fed_stored_run *run)
{
	struct fed_study *s = ctx;

	if (run->cell < s->trials.n && !s->trials.outcome[run->cell].played) {
		struct fed_outcome *o = &s->trials.outcome[run->cell];

		o->played = true;
		o->rounds = run->rounds;
		snprintf(o->why, sizeof o->why, "%s", run->why);
		s->trials.played++;
	}
	return true;
}

/* Tell when version 0 has other parameters than those of the seed, which runs begin with. */
static int tell_start(struct fed_session *s, struct fed_error *err)
{
	const struct fed_net *net = &s->parts.net;

	if (fed_session_version(s) > 0)
		return FED_OK;
	float *drawn = fed_alloc_floats(net->dim);
	if (!drawn)
		return fed_fail_memory(err, net->dim * sizeof *drawn, "the study");
	fed_net_init_params(net, drawn, (uint64_t)s->parts.settings.seed);
	if (memcmp(drawn, fed_session_params(s), net->dim * sizeof *drawn) != 0)
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "the runs begin with parameters of their seed, not with those that were "
		                 "imported or pre-trained; a frozen base (`help pretrain`) is kept");
	fed_free_floats(drawn);
	return FED_OK;
}

int fed_study_open(struct fed_study *s, struct fed_store *store, struct fed_session *session,
                   const struct fed_study_plan *plan, struct fed_error *err)
{
	s->store = store;
	s->session = session;
	s->program = plan->program;
	if (fed_study_check_name(plan->name, err))
		return FED_REJECT;
	if (*plan->until && fed_condition_parse(&s->until, plan->until, &session->runs, err))
		return FED_REJECT;
	int rc = begin_study(s, plan, err);
	if (rc == FED_OK)
		rc = tell_start(session, err);
	if (rc == FED_OK)
		rc = find_or_add(s, plan->snapshot, err);
	if (rc == FED_OK)
		rc = fed_store_lock(store, &s->stored, err);
	s->locked = rc == FED_OK;
	if (rc == FED_OK)
		rc = fed__trials_init(&s->trials, (size_t)s->stored.cells, session, err);
	if (rc == FED_OK)
		rc = fed_store_each_run(store, s->stored.id, mark_played, s, err);
	return rc;
}

int fed_study_play(struct fed_study *s, void (*progress)(void *progress_ctx), void *progress_ctx,
                   bool *interrupted, struct fed_error *err)
{
	const struct fed_trials_plan plan = trials_of(s);

	return fed__trials_play(&s->trials, s->session, &plan, progress, progress_ctx, interrupted,
	                        err);
}

void fed_study_close(struct fed_study *s)
{
	if (s->locked)
		fed_store_unlock(s->store, &s->stored);
	fed_condition_free(s->until);
	fed__trials_release(&s->trials);
	fed_factors_release(&s->factors);
	fed__example_sets_release(&s->sets);
	fed_free(s->lent);
	fed_stored_study_release(&s->stored);
	*s = (struct fed_study){0};
}
