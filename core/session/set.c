/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/set.c - assignment of settings to the session, its plugins and its scheme by key.
 */
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "session/internal.h"

enum part_kind { SETTINGS, AGGREGATOR, AFTER, MODEL, TRANSPORT, SELECTION, SCHEME, PARTS };

struct part {
	const char *name;             /* the word before the dot */
	const char *chosen;           /* "fedavg"; NULL: not chosen yet */
	const struct fed_field *rows; /* NULL: none */
};

static void list_parts(const struct fed_session *s, struct part part[PARTS])
{
	static const struct fed_instance none;
	const struct {
		const char *name;
		const struct fed_instance *instance;
	} plugins[] = {
		[AGGREGATOR] = {"aggregator", &s->parts.aggregator},
		[AFTER] = {"after", s->parts.aggregator.after ? s->parts.aggregator.after : &none},
		[MODEL] = {"model", &s->parts.model},
		[TRANSPORT] = {"transport", &s->parts.transport},
		[SELECTION] = {"selection", &s->parts.selection},
	};

	part[SETTINGS] = (struct part){"settings", "settings", fed_settings_fields};
	for (int k = AGGREGATOR; k <= SELECTION; k++) {
		const struct fed_entry *entry = plugins[k].instance->entry;

		part[k] = (struct part){plugins[k].name, entry ? entry->head->name : NULL,
		                        entry ? entry->head->fields : NULL};
	}
	part[SCHEME] = (struct part){"scheme", s->parts.scheme->name, s->parts.scheme->fields};
}

static const struct fed_field *find_in(const struct part *part, const char *key)
{
	return part->rows ? fed_fields_find(part->rows, key) : NULL;
}

/* Lookup of keys --------------------------------------------------------- */

/* All keys that may be typed, for fed_nearest. */
static const char *setting_at(const void *ctx, size_t i)
{
	const struct part *parts = ctx;

	for (int k = 0; k < PARTS; k++) {
		for (const struct fed_field *row = parts[k].rows; row && row->type; row++) {
			if (!fed_field_settable(row) || (row->flags & FED_FIELD_HIDDEN))
				continue;
			if (i-- == 0)
				return row->name;
		}
	}
	return NULL;
}

/* True if the help begins with the words of the key: "learning-rate", "learning rate of ...". */
static bool help_begins_with(const char *help, const char *key)
{
	for (; *key; key++, help++)
		if (tolower((unsigned char)*help) !=
		    (strchr("-_", *key) ? ' ' : tolower((unsigned char)*key)))
			return false;
	return strchr(" ;,:", *help) != NULL;
}

/* The key for a longer name used by other programs: `batch` for `batch-size`, and `lr` for
 * `learning-rate`, which begins its help; or NULL. */
static const char *key_for_alias(const struct part parts[PARTS], const char *key)
{
	for (int k = 0; strpbrk(key, "-_") && k < PARTS; k++) {
		for (const struct fed_field *row = parts[k].rows; row && row->type; row++) {
			const size_t n = strlen(row->name);

			if (!fed_field_settable(row) || (row->flags & FED_FIELD_HIDDEN))
				continue;
			if ((row->help && help_begins_with(row->help, key)) ||
			    (strncmp(row->name, key, n) == 0 && key[n] && strchr("-_", key[n])))
				return row->name;
		}
	}
	return NULL;
}

/* List the keys, those of plugins first, as many as fit into an error. */
static void list_keys(const struct part parts[PARTS], struct fed_text *out)
{
	enum { MOST = 230 };

	for (int i = 1; i <= PARTS; i++) {
		const struct part *part = &parts[i % PARTS]; /* the settings are the first and come last */

		for (const struct fed_field *row = part->rows; row && row->type; row++) {
			if (!fed_field_settable(row) || (row->flags & FED_FIELD_HIDDEN))
				continue;
			if (out->len > MOST) {
				fed_text_add(out, " and others, which `show` lists");
				return;
			}
			fed_text_add(out, "%s%s%s", out->len ? ", " : "", part == parts ? "" : part->name,
			             part == parts ? "" : ".");
			fed_field_key(row, out);
		}
	}
}

static int unknown_key(const struct part parts[PARTS], const char *key, struct fed_error *err)
{
	const char *near = fed_nearest(key, setting_at, parts);
	struct fed_text all = {0};

	if (!near)
		near = key_for_alias(parts, key);
	if (near) {
		struct fed_text shown = {0};

		for (int k = 0; shown.len == 0 && k < PARTS; k++)
			if (find_in(&parts[k], near))
				fed_field_key(find_in(&parts[k], near), &shown);
		fed_fail(err, "there is no setting %s; did you mean %s?", fed_show(key).s,
		         fed_text_str(&shown));
		fed_text_release(&shown);
		return FED_FAIL;
	}
	list_keys(parts, &all);
	fed_fail(err, "there is no setting %s; there are %s", fed_show(key).s, fed_text_str(&all));
	fed_text_release(&all);
	return FED_FAIL;
}

/* "model.hidden": the part before the dot, then its key. */
static int find_dotted(const struct part parts[PARTS], const char *key, const char *dot,
                       enum part_kind *kind, const struct fed_field **row, struct fed_error *err)
{
	const size_t n = (size_t)(dot - key);

	for (int k = AGGREGATOR; k < PARTS; k++) {
		if (strlen(parts[k].name) != n || strncmp(parts[k].name, key, n) != 0)
			continue;
		if (!parts[k].chosen && k == AFTER)
			return fed_fail(err,
			                "no pre-aggregation is chosen; put one in front of the aggregator with "
			                "`aggregator NAME after=NAME`");
		if (!parts[k].chosen)
			return fed_fail(err, "no %s is chosen yet; choose one with `%s NAME %s=...`",
			                parts[k].name, k == SELECTION ? "select" : parts[k].name,
			                fed_show(dot + 1).s);
		*kind = k;
		*row = find_in(&parts[k], dot + 1);
		if (*row)
			return FED_OK;
		struct part alone[PARTS] = {[0] = parts[k]};
		const char *near = fed_nearest(dot + 1, setting_at, alone);
		return fed_fail(err, "%s %s has no parameter %s%s%s%s; `info %s` shows what it has",
		                parts[k].name, parts[k].chosen, fed_show(dot + 1).s,
		                near ? "; did you mean " : "", near ? near : "", near ? "?" : "",
		                parts[k].chosen);
	}
	return fed_fail(err,
	                "%.40s: the part before the dot is aggregator, after, model, transport, "
	                "selection or scheme",
	                key);
}

static int find_setting_row(const struct part parts[PARTS], const char *key, enum part_kind *kind,
                            const struct fed_field **row, struct fed_error *err)
{
	const char *dot = strchr(key, '.');
	int found = 0, first = 0, second = 0;

	if (dot)
		return find_dotted(parts, key, dot, kind, row, err);
	*row = find_in(&parts[SETTINGS], key);
	*kind = SETTINGS;
	if (*row)
		return FED_OK;
	for (int k = AGGREGATOR; k < PARTS; k++) {
		if (!find_in(&parts[k], key))
			continue;
		*(found++ ? &second : &first) = k;
	}
	if (found == 0)
		return unknown_key(parts, key, err);
	if (found > 1)
		return fed_fail(err, "%.40s is a parameter of %s %s and of %s %s; say %s.%.40s or %s.%.40s",
		                key, parts[first].name, parts[first].chosen, parts[second].name,
		                parts[second].chosen, parts[first].name, key, parts[second].name, key);
	*kind = first;
	*row = find_in(&parts[first], key);
	return FED_OK;
}

/* Settings --------------------------------------------------------------- */

/* Whether the parameters of version 0 are not those of the seed: pre-trained or imported. */
static bool is_given(const struct fed_session *s)
{
	const struct fed_net *net = &s->parts.net;
	float *first = s->parts.net_built && fed_session_params(s) ? fed_alloc_floats(net->dim) : NULL;

	if (!first)
		return false;
	fed_net_init_params(net, first, (uint64_t)s->parts.settings.seed);
	const bool same = memcmp(first, fed_session_params(s), net->dim * sizeof *first) == 0;
	fed_free_floats(first);
	return !same;
}

/* What another seed keeps and what it loses. */
static void tell_new_seed(struct fed_session *s, bool given)
{
	const long long seed = s->parts.settings.seed;

	if (s->parts.net_built && s->parts.net.frozen_given)
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "the adapters start again, from seed %lld; the frozen base that was "
		                 "pre-trained or imported stays",
		                 seed);
	else if (given)
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "the parameters start again, from seed %lld; those that were pre-trained "
		                 "or imported are lost: `pretrain` or `import` again",
		                 seed);
	else
		fed_session_tell(s, FED_EVENT_NOTICE, "the parameters start again, from seed %lld", seed);
}

/* Data, partition and first parameters depend on the seed: it may change as long as nothing that is
 * kept depends on it. */
static int set_seed(struct fed_session *s, const struct fed_settings *next, struct fed_error *err)
{
	const long long old = s->parts.settings.seed;
	const struct fed_generation making = {(uint64_t)next->seed, &s->interrupts,
	                                      fed__session_cache_use(s), s->data_form};
	const bool began = s->running || s->progress.params, given = began && is_given(s);
	struct fed_dataset *data;
	struct fed_restart_parts afresh;
	int rc;

	if (s->parts.clients.n_present)
		return fed_fail(
			err,
			"seed: %s client%s examples partitioned with seed %lld; `remove-client all` "
			"first, or set the seed before add-client",
			fed_count(s->parts.clients.n_present).s,
			s->parts.clients.n_present == 1 ? " holds" : "s hold", old);
	if (fed_session_version(s))
		return fed_fail(err, "seed: the model was trained from seed %lld; `restart` first", old);
	if (fed__restart_parts_init(&afresh, s, err))
		return FED_FAIL;
	if (s->parts.data) {
		const struct fed_choice *c = &s->parts.dataset_choice;

		rc = fed_dataset_load(&data, c->name, c->args.assign, c->args.n, &making, err);
		if (rc)
			goto failed;
		rc = fed_session_adopt_data(s, data, c->name, &c->args, err);
		if (rc) {
			fed_dataset_free(data);
			goto failed;
		}
	}
	fed_session_stop(s);
	s->parts.settings = *next;
	fed__restart_parts_commit(s, &afresh);
	if (began)
		tell_new_seed(s, given);
	return FED_OK;
failed:
	fed__restart_parts_release(&afresh);
	return rc;
}

/* In an open round: refuse settings that it still reads; others apply from the next round on. */
static int check_open(struct fed_session *s, const struct fed_settings *next, struct fed_error *err)
{
	const struct fed_settings *now = &s->parts.settings;

	if (!fed_session_open(s))
		return FED_OK;
	if (next->threads != now->threads)
		return fed_fail(err, "a round is open; `continue` finishes it, `abort` leaves the model as "
		                     "before it (its clients train on the threads that it began with)");
	if (next->weighting != now->weighting || next->seed != now->seed ||
	    strcmp(next->local_layers, now->local_layers) != 0)
		return fed_session_check_closed(s, err);
	return FED_OK;
}

/* Other local layers than before: what clients have of the old ones, or are about to send, does not
 * fit. */
static void forget_local_layers(struct fed_session *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->parts.clients.n; i++)
		n += s->parts.clients.client[i].own != NULL;
	fed__session_cancel_in_flight(s, "setting local-layers");
	fed_clients_forget_residuals(&s->parts.clients);
	fed_clients_forget_evaluations(&s->parts.clients);
	if (fed_local_layers_any(s->parts.settings.local_layers))
		fed_session_tell(
			s, FED_EVENT_NOTICE,
			"the server's copy of the local layers keeps its values, and test accuracy is "
			"that of the model with it; %s",
			fed_clients_evaluating(&s->parts.clients)
				? "the line of the clients tells how their own models do"
				: "`set holdout 0.2` before add-client measures the clients' own models");
	if (n)
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "%s client%s own layers are dropped; each begins again with the server's "
		                 "copy",
		                 fed_count(n).s, n == 1 ? "'s" : "s'");
}

/* Whether local layers fit the model and the scheme. */
static int check_local_layers(const struct fed_session *s, const char *text, struct fed_error *err)
{
	struct fed_sharing *sharing;

	if (!fed_local_layers_any(text) || strcmp(text, s->parts.settings.local_layers) == 0)
		return FED_OK;
	if (s->parts.scheme->message)
		return fed_fail(err,
		                "local-layers: scheme %s has cuts instead, which say what clients hold; "
		                "`scheme sync` has local layers",
		                s->parts.scheme->name);
	if (!s->parts.net_built)
		return FED_OK;
	if (fed_local_layers_make(text, &s->parts.net, &sharing, err))
		return FED_FAIL;
	fed_sharing_unref(sharing);
	return FED_OK;
}

/* Whether metrics are of what the model answers. */
static int check_metrics(const struct fed_session *s, const char *text, struct fed_error *err)
{
	struct fed_chosen_metrics chosen;

	if (!s->parts.data || strcmp(text, s->parts.settings.metrics) == 0)
		return FED_OK;
	const uint32_t classes = s->parts.net_built ? s->parts.net.classes : s->parts.data->classes;
	return fed_chosen_metrics_parse(text, &chosen, err) ||
	               fed_chosen_metrics_fit(&chosen, classes, err)
	           ? FED_FAIL
	           : FED_OK;
}

static int set_settings(struct fed_session *s, const struct fed_settings *next,
                        struct fed_error *err)
{
	if (next->seed != s->parts.settings.seed)
		return set_seed(s, next, err);
	const bool other_layers = strcmp(next->local_layers, s->parts.settings.local_layers) != 0;
	if (next->threads == s->parts.settings.threads) {
		struct fed_round_edit c = {.kind = FED_EDIT_SETTINGS, .settings = *next};

		if (fed_session_change(s, &c, NULL, err))
			return FED_FAIL;
		if (other_layers)
			forget_local_layers(s);
		if (fed_session_open(s))
			fed_session_tell(s, FED_EVENT_NOTICE,
			                 "the open round keeps its old values; the next one uses the new ones");
		return FED_OK;
	}
	fed_session_stop(s);
	s->parts.settings = *next;
	if (other_layers)
		forget_local_layers(s);
	fed_session_resume(s);
	return FED_OK;
}

/* All or nothing ---------------------------------------------------------- */

/* New values, prepared in copies. */
struct setting_change {
	bool touched[PARTS];
	struct fed_settings settings;
	void *state[PARTS];               /* copies of writable_state(), to check the values */
	struct fed_instance fresh[PARTS]; /* MODEL, TRANSPORT: a new instance for each change */
};

/* The state of a part whose values are written in place, or NULL. */
static void *writable_state(const struct fed_session *s, enum part_kind kind)
{
	switch (kind) {
	case AGGREGATOR:
		return s->parts.aggregator.state;
	case AFTER:
		return s->parts.aggregator.after->state;
	case SELECTION:
		return s->parts.selection.state;
	case SCHEME:
		return s->parts.scheme_state;
	default:
		return NULL;
	}
}

static void *copy_state(const void *state, size_t size)
{
	void *copy = fed_alloc(size + 1);

	if (copy && size)
		memcpy(copy, state, size);
	return copy;
}

/* The struct that gets the values of a part, copied at its first change. */
static int value_target(struct setting_change *c, const struct fed_session *s, enum part_kind kind,
                        void **target, struct fed_error *err)
{
	const bool first = !c->touched[kind];
	size_t size = 0;

	c->touched[kind] = true;
	switch (kind) {
	case SETTINGS:
		*target = &c->settings;
		return FED_OK;
	case MODEL:
	case TRANSPORT:
		if (first && fed_instance_renew(&c->fresh[kind],
		                                kind == MODEL ? &s->parts.model : &s->parts.transport, err))
			return FED_FAIL;
		*target = c->fresh[kind].state;
		return FED_OK;
	case AGGREGATOR:
		size = s->parts.aggregator.entry->head->state_size;
		break;
	case AFTER:
		size = s->parts.aggregator.after->entry->head->state_size;
		break;
	case SELECTION:
		size = s->parts.selection.entry->head->state_size;
		break;
	default:
		size = s->parts.scheme->state_size;
		break;
	}
	if (first)
		c->state[kind] = copy_state(writable_state(s, kind), size);
	*target = c->state[kind];
	return *target ? FED_OK : fed_fail_memory(err, size, "the settings");
}

static int prepare_setting(struct setting_change *c, struct fed_session *s,
                           const struct part *parts, const struct fed_assign *assign,
                           struct fed_error *err)
{
	const struct fed_field *row;
	enum part_kind kind = SETTINGS;
	void *target;

	if (find_setting_row(parts, assign->key, &kind, &row, err))
		return FED_FAIL;
	if (!fed_field_settable(row))
		return fed_fail(err, "%.40s can be shown, but not set", assign->key);
	if (kind != SETTINGS && fed_session_check_closed(s, err))
		return FED_FAIL;
	return value_target(c, s, kind, &target, err) ||
	               fed_field_parse(row, target, assign->value, err)
	           ? FED_FAIL
	           : FED_OK;
}

/* Commit all changes; those that can fail come first. */
static int commit_settings(struct setting_change *c, struct fed_session *s,
                           const struct part *parts, const struct fed_assign *assign, size_t n,
                           struct fed_error *err)
{
	if (c->touched[MODEL] && fed_session_adopt_model(s, &c->fresh[MODEL], err))
		return FED_FAIL;
	const int rc = c->touched[SETTINGS] ? set_settings(s, &c->settings, err) : FED_OK;
	if (rc)
		return rc;
	if (c->touched[SETTINGS])
		fed__session_tell_idle_codec(s);
	if (c->touched[TRANSPORT])
		fed__session_adopt_transport(s, &c->fresh[TRANSPORT]);
	for (size_t i = 0; i < n; i++) {
		const struct fed_field *row;
		enum part_kind kind = SETTINGS;

		/* The values were checked on a copy. */
		if (find_setting_row(parts, assign[i].key, &kind, &row, err))
			return FED_FAIL;
		if (writable_state(s, kind))
			fed_field_parse(row, writable_state(s, kind), assign[i].value, err);
		s->federation.verdicts.outdated |= kind == AGGREGATOR || kind == AFTER;
	}
	return FED_OK;
}

int fed_session_set_all(struct fed_session *s, const struct fed_assign *assign, size_t n,
                        struct fed_error *err)
{
	struct setting_change c = {.settings = s->parts.settings};
	struct part parts[PARTS];
	int rc = FED_OK;

	list_parts(s, parts);
	for (size_t i = 0; rc == FED_OK && i < n; i++)
		rc = prepare_setting(&c, s, parts, &assign[i], err);
	if (rc == FED_OK)
		rc = fed_settings_check(&c.settings, s->plugins, err);
	if (rc == FED_OK)
		rc = check_local_layers(s, c.settings.local_layers, err);
	if (rc == FED_OK)
		rc = check_metrics(s, c.settings.metrics, err);
	if (rc == FED_OK)
		rc = fed__session_check_on_error(s, c.settings.on_plugin_error, err);
	if (rc == FED_OK && c.touched[SCHEME] && s->parts.scheme->fits)
		rc = s->parts.scheme->fits(
			c.state[SCHEME], s->parts.net_built && !c.touched[MODEL] ? &s->parts.net : NULL, err);
	if (rc == FED_OK)
		rc = check_open(s, &c.settings, err);
	if (rc == FED_OK)
		rc = commit_settings(&c, s, parts, assign, n, err);
	fed__session_apply_guard(s);
	for (int k = 0; k < PARTS; k++) {
		fed_free(c.state[k]);
		fed_instance_release(&c.fresh[k]);
	}
	return rc;
}

int fed_session_set(struct fed_session *s, const char *key, const char *value,
                    struct fed_error *err)
{
	return fed_session_set_all(s, &(struct fed_assign){.key = key, .value = value}, 1, err);
}
