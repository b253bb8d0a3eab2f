/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/levels.c - what a level changes in a copy.
 */
#include "experiments/levels.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "history/client_selector.h"
#include "plug/aggregator_chain.h"
#include "session/inject.h"
#include "session/internal.h"
#include "train/schemes/schemes.h"

/* Names with settings behind colons, cut in a copy of the text. */
struct cut_level {
	char text[200];
	const char *name;
	struct fed_assign assign[FED_COLONS_MAX];
	size_t n;
};

static int cut_level(struct cut_level *c, const char *value, struct fed_error *err)
{
	if (strlen(value) >= sizeof c->text)
		return fed_fail(err, "%.20s... is too long; at most %zu bytes", value, sizeof c->text - 1);
	memcpy(c->text, value, strlen(value) + 1);
	return fed_assign_cut(c->text, &c->name, c->assign, &c->n, err);
}

/* Take the setting without a value, or `key`=, out of the others: its text, or NULL. */
static const char *take_setting(struct cut_level *c, const char *key, bool bare)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct fed_assign a = c->assign[i];

		if (!fed_same_name(a.key, key) && !(bare && !a.value))
			continue;
		memmove(&c->assign[i], &c->assign[i + 1], (c->n - i - 1) * sizeof *c->assign);
		c->n--;
		return a.value ? a.value : a.key;
	}
	return NULL;
}

/* Examples ------------------------------------------------------------------------------- */

/* Parameters of a partition, as of `add-client`. */
static const struct fed_field partition_fields[] = {
	FED_INT(struct fed_partition, samples, 0, 1, UINT32_MAX, "examples of each client"),
	FED_INT(struct fed_partition, shards, 2, 1, UINT32_MAX, "label shards a client"),
	FED_REAL(struct fed_partition, alpha, 0.5, 1e-6, 1e6, "small is few classes a client"),
	FED_REAL(struct fed_partition, spread, 0.5, 0, 100, "of the sizes, or of the inputs"),
	FED_FLAG(struct fed_partition, reuse, "clients may share examples"),
	FED_END,
};

static const char *partition_at(const void *ctx, size_t i)
{
	(void)ctx;
	return fed_partition_names[i];
}

static int read_partition(struct fed_partition *how, const char *value, struct fed_error *err)
{
	struct cut_level c;
	size_t kind = 0;

	if (cut_level(&c, value, err))
		return FED_FAIL;
	while (fed_partition_names[kind] && !fed_same_name(fed_partition_names[kind], c.name))
		kind++;
	if (!fed_partition_names[kind]) {
		const char *near = fed_nearest(c.name, partition_at, NULL);

		return fed_fail(err, "there is no partition %s%s%s; `help add-client` lists them",
		                fed_show(c.name).s, near ? "; did you mean " : "", near ? near : "");
	}
	*how = (struct fed_partition){.kind = (enum fed_partition_kind)kind, .shards = 2};
	how->alpha = how->spread = 0.5;
	return fed_fields_assign(partition_fields, how, c.assign, c.n, err);
}

static int read_clients(uint32_t *n, const char *value, struct fed_error *err)
{
	long long typed;

	if (!fed_parse_int(value, &typed) || typed < 1 || typed > UINT32_MAX)
		return fed_fail(err, "clients: %s is not a number of clients; give a whole number from 1",
		                fed_show(value).s);
	*n = (uint32_t)typed;
	return FED_OK;
}

/* What the levels say of the examples. */
struct example_levels {
	struct fed_population population;
	const char *dataset;
	bool some;
};

static bool is_of_examples(const char *key)
{
	static const char *const keys[] = {"seed",    "dataset", "partition",
	                                   "clients", "holdout", "unseen"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (fed_same_name(key, keys[i]))
			return true;
	return false;
}

static int read_examples(struct example_levels *e, const struct fed_level *level,
                         struct fed_error *err)
{
	struct fed_population *p = &e->population;
	struct fed_settings settings = {0};

	e->some = true;
	if (fed_same_name(level->key, "dataset")) {
		e->dataset = level->value;
		return FED_OK;
	}
	if (fed_same_name(level->key, "partition")) {
		p->partitioned = true;
		return read_partition(&p->how, level->value, err);
	}
	if (fed_same_name(level->key, "clients"))
		return read_clients(&p->n, level->value, err);
	if (fed_fields_set(fed_settings_fields, &settings, level->key, level->value, err))
		return FED_FAIL;
	if (fed_same_name(level->key, "seed"))
		p->seed = (uint64_t)settings.seed;
	else if (fed_same_name(level->key, "holdout"))
		p->holdout = settings.holdout;
	else
		p->unseen = settings.unseen;
	return FED_OK;
}

/* From the present version on only the number of clients can change. */
static int change_examples(struct fed_session *copy, const struct fed_levels_plan *plan,
                           const struct fed_level *level, struct fed_error *err)
{
	uint32_t n = 0;

	if (fed_same_name(level->key, "clients"))
		return read_clients(&n, level->value, err)
		           ? FED_FAIL
		           : fed__session_partition_again(copy, plan->session, n, err);
	if (fed_same_name(level->key, "seed"))
		return fed_session_set(copy, level->key, level->value, err);
	if (fed_same_name(level->key, "holdout") || fed_same_name(level->key, "unseen"))
		return fed_fail(err, "%s is for clients that join; a `study` makes them again", level->key);
	return fed_fail(err,
	                "%s cannot change from the present version on; a `study` begins at version 0",
	                level->key);
}

static int apply_examples(struct fed_session *copy, const struct fed_levels_plan *plan,
                          const struct fed_level *level, size_t n, struct fed_dataset **data,
                          struct fed_error *err)
{
	const struct fed_session *s = plan->session;
	struct example_levels e = {
		.population = {.seed = (uint64_t)s->parts.settings.seed, .holdout = NAN, .unseen = NAN}};

	for (size_t i = 0; i < n; i++) {
		if (!is_of_examples(level[i].key))
			continue;
		if (plan->afresh ? read_examples(&e, &level[i], err)
		                 : change_examples(copy, plan, &level[i], err))
			return FED_FAIL;
	}
	if (!e.some)
		return FED_OK;
	if (fed__example_sets_lend(plan->sets, plan->session, e.population.seed, e.dataset,
	                           &e.population.data, err))
		return FED_FAIL;
	*data = e.population.data == s->parts.data ? NULL : e.population.data;
	if (!isnan(e.population.holdout))
		copy->parts.settings.holdout = e.population.holdout;
	if (!isnan(e.population.unseen))
		copy->parts.settings.unseen = e.population.unseen;
	return fed__session_populate(copy, s, &e.population, err);
}

/* Parts ---------------------------------------------------------------------------------- */

typedef int part_setter(struct fed_session *, const char *name, const struct fed_assign *, size_t n,
                        struct fed_error *);

/* In the order in which they are chosen. */
static const struct part_key {
	const char *key;
	part_setter *set;
} part_keys[] = {{"model", fed_session_model},
                 {"scheme", fed_session_scheme},
                 {"aggregator", fed_session_aggregator},
                 {"select", fed_session_select},
                 {"transport", fed_session_transport}};
#define PARTS (sizeof part_keys / sizeof *part_keys)

static const struct part_key *find_part(const char *key)
{
	for (size_t i = 0; i < PARTS; i++)
		if (fed_same_name(key, part_keys[i].key))
			return &part_keys[i];
	return NULL;
}

bool fed__level_is_part(const char *key)
{
	return find_part(key) != NULL;
}

/* Set the number of Byzantine clients that a rule assumes, f or (bgd) q, to the true one, unless
 * the user gave it or groups, which follow from q. */
static int set_byzantine_number(struct fed_instance *instance, const struct cut_level *c,
                                uint32_t byzantine, struct fed_error *err)
{
	const struct fed_field *fields = instance->entry->head->fields;
	const struct fed_field *f = fed_fields_find(fields, "f");
	const struct fed_field *row = f ? f : fed_fields_find(fields, "q");
	char value[16];

	for (size_t i = 0; i < c->n; i++)
		if ((row && fed_same_name(c->assign[i].key, row->name)) ||
		    (!f && fed_same_name(c->assign[i].key, "groups")))
			return FED_OK;
	if (!row || row->type != FED_TYPE_INT || byzantine < row->min || byzantine > row->max)
		return FED_OK;
	snprintf(value, sizeof value, "%u", byzantine);
	return fed_field_parse(row, instance->state, value, err);
}

static int apply_part(struct fed_session *copy, const struct fed_levels_plan *plan,
                      const struct part_key *part, const char *value, struct fed_error *err)
{
	struct cut_level c;

	if (cut_level(&c, value, err))
		return FED_FAIL;
	if (part->set == fed_session_scheme && c.n == 0 &&
	    fed_same_name(c.name, copy->parts.scheme->name))
		return FED_OK; /* the session's own */
	if (part->set(copy, c.name, c.assign, c.n, err))
		return FED_FAIL;
	struct fed_instance *rule = &copy->parts.aggregator;
	if (part->set != fed_session_aggregator || !plan->byzantine)
		return FED_OK;
	if (set_byzantine_number(rule, &c, plan->n_byzantine, err))
		return FED_FAIL;
	return rule->after ? set_byzantine_number(rule->after, &c, plan->n_byzantine, err) : FED_OK;
}

/* device=phone, link=4g: of all clients. */
static int apply_equipment(struct fed_session *copy, bool device, const char *value,
                           struct fed_error *err)
{
	struct fed_device_spec d;
	struct fed_link_spec l;
	uint32_t n;

	if (device ? fed_device_parse(value, &d, err) : fed_link_parse(value, &l, err))
		return FED_FAIL;
	return fed_session_change_clients(copy, "all", device ? &d : NULL, device ? NULL : &l, NULL, &n,
	                                  err);
}

/* Faults --------------------------------------------------------------------------------- */

static int take_count(struct cut_level *c, const char *key, uint64_t *out, struct fed_error *err)
{
	const char *typed = take_setting(c, key, false);
	long long n;

	if (!typed)
		return FED_OK;
	if (!fed_parse_int(typed, &n) || n < 0)
		return fed_fail(err, "%s=%s is not a number of versions", key, fed_show(typed).s);
	*out = (uint64_t)n;
	return FED_OK;
}

static int apply_fault(struct fed_session *copy, const char *value, struct fed_error *err)
{
	struct fed_injection in = {0};
	struct cut_level c;

	if (strcmp(value, "none") == 0)
		return FED_OK;
	if (cut_level(&c, value, err) || take_count(&c, "at", &in.at, err) ||
	    take_count(&c, "for", &in.versions, err))
		return FED_FAIL;
	in.who = take_setting(&c, "who", true);
	if (!in.who)
		return fed_fail(err, "fault %s needs its clients: %s:20%%, %s:0-3, %s:all", c.name, c.name,
		                c.name, c.name);
	in.fault = c.name;
	in.assign = c.assign;
	in.n = c.n;
	return fed_session_inject(copy, &in, err);
}

static int apply_attack(struct fed_session *copy, const struct fed_levels_plan *plan,
                        const char *value, struct fed_error *err)
{
	struct fed_injection in = {.fault = "byzantine"};
	struct fed_text ids = {0};
	struct cut_level c;

	fed_faults_heal(&copy->parts.faults, NULL, 0, (uint32_t)1 << FED_FAULT_BYZANTINE);
	if (strcmp(value, "none") == 0)
		return FED_OK;
	if (cut_level(&c, value, err))
		return FED_FAIL;
	const char *who = take_setting(&c, "who", true);
	if (c.n == FED_COLONS_MAX)
		return fed_fail(err, "%s has too many settings", c.name);
	if (plan->byzantine && !who)
		fed_client_ids_put(&ids, plan->byzantine, plan->n_byzantine, SIZE_MAX);
	c.assign[c.n++] = (struct fed_assign){.key = "attack", .value = c.name};
	in.who = who ? who : plan->byzantine ? fed_text_str(&ids) : "20%";
	in.assign = c.assign;
	in.n = c.n;
	const int rc = ids.failed ? fed_fail_memory(err, plan->n_byzantine * 10, "the attackers")
	                          : fed_session_inject(copy, &in, err);
	fed_text_release(&ids);
	return rc;
}

/* All ------------------------------------------------------------------------------------ */

/* Steps of a composition, in its order. */
enum step { STEP_EXAMPLES, STEP_PARTS, STEP_SETTINGS = STEP_PARTS + PARTS, STEP_CLIENTS, STEPS };

static enum step step_of(const char *key)
{
	const struct part_key *part = find_part(key);

	if (part)
		return (enum step)(STEP_PARTS + (part - part_keys));
	if (is_of_examples(key))
		return STEP_EXAMPLES;
	if (fed_same_name(key, "device") || fed_same_name(key, "link") || fed_same_name(key, "fault") ||
	    fed_same_name(key, "attack"))
		return STEP_CLIENTS;
	return STEP_SETTINGS;
}

static int apply_level(struct fed_session *copy, const struct fed_levels_plan *plan,
                       const struct fed_level *level, struct fed_error *err)
{
	const struct part_key *part = find_part(level->key);
	const bool device = fed_same_name(level->key, "device");

	if (part)
		return apply_part(copy, plan, part, level->value, err);
	if (device || fed_same_name(level->key, "link"))
		return apply_equipment(copy, device, level->value, err);
	if (fed_same_name(level->key, "fault"))
		return apply_fault(copy, level->value, err);
	if (fed_same_name(level->key, "attack"))
		return apply_attack(copy, plan, level->value, err);
	return fed_session_set(copy, fed_same_name(level->key, "cut") ? "scheme.cut" : level->key,
	                       level->value, err);
}

/* A base that was pre-trained or imported is of this model and this dataset: another one would drop
 * it, and the runs would not differ in the level alone. */
static int check_base(const struct fed_levels_plan *plan, const struct fed_level *level, size_t n,
                      struct fed_error *err)
{
	const struct fed_composition *parts = &plan->session->parts;

	if (!plan->afresh || !parts->net_built || !parts->net.frozen_given)
		return FED_OK;
	for (size_t i = 0; i < n; i++)
		if (fed_same_name(level[i].key, "dataset") || fed_same_name(level[i].key, "model"))
			return fed_fail(err,
			                "another %s would drop the model's base, which was pre-trained or "
			                "imported; run a study for each %s, with its own base",
			                level[i].key, level[i].key);
	return FED_OK;
}

int fed__levels_apply(struct fed_session *copy, const struct fed_levels_plan *plan,
                      const struct fed_level *level, size_t n, struct fed_dataset **data,
                      struct fed_error *err)
{
	*data = NULL;
	if (check_base(plan, level, n, err) || apply_examples(copy, plan, level, n, data, err))
		return FED_FAIL;
	for (int step = STEP_PARTS; step < STEPS; step++)
		for (size_t i = 0; i < n; i++)
			if ((int)step_of(level[i].key) == step && apply_level(copy, plan, &level[i], err))
				return FED_FAIL;
	return FED_OK;
}
