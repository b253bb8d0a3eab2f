/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/plugins.c - loading, unloading and reloading of plugin files.
 */
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "session/internal.h"
#include "plug/aggregator_chain.h"
#include "plug/calls/call.h"
#include "plug/carried_state.h"

static int load(struct fed_session *s, const char *path, bool trusted,
                const struct fed_entry **entry, struct fed_error *err)
{
	struct fed_text expanded = {0};
	int rc;

	fed_path_expand(path, &expanded);
	if (expanded.failed)
		rc = fed_fail_memory(err, strlen(path), "a path");
	else if (trusted)
		rc = fed_registry_load_trusted(s->plugins, fed_text_str(&expanded), entry, err);
	else
		rc = fed_registry_load(s->plugins, fed_text_str(&expanded), entry, err);
	fed_text_release(&expanded);
	fed__session_report_plugins(s);
	return rc;
}

int fed_session_load(struct fed_session *s, const char *path, const struct fed_entry **entry,
                     struct fed_error *err)
{
	return load(s, path, false, entry, err);
}

int fed_session_load_trusted(struct fed_session *s, const char *path,
                             const struct fed_entry **entry, struct fed_error *err)
{
	return load(s, path, true, entry, err);
}

/* For fed_nearest: all plugins of all kinds. */
static const char *plugin_at(const void *ctx, size_t i)
{
	const struct fed_registry *plugins = ctx;

	for (enum fed_kind kind = FED_KIND_AGGREGATOR; kind <= FED_KIND_LAST; kind++) {
		size_t k = 0;

		for (const struct fed_entry *e; (e = fed_registry_at(plugins, kind, k)); k++)
			if (i-- == 0)
				return e->head->name;
	}
	return NULL;
}

/* Find "krum", or "aggregator.krum" if two kinds have the name. */
static int find_plugin(const struct fed_session *s, const char *name,
                       const struct fed_entry **found, struct fed_error *err)
{
	const char *dot = strchr(name, '.');
	struct fed_error unused;

	*found = NULL;
	for (enum fed_kind kind = FED_KIND_AGGREGATOR; kind <= FED_KIND_LAST; kind++) {
		const struct fed_entry *e;
		const char *kind_name = fed_kind_name(kind);
		const size_t n = dot ? (size_t)(dot - name) : 0;

		if (dot && (strlen(kind_name) != n || strncmp(kind_name, name, n) != 0))
			continue;
		if (fed_registry_find(s->plugins, kind, dot ? dot + 1 : name, &e, &unused))
			continue;
		if (*found)
			return fed_fail(err, "%.40s is a plugin of two kinds; say %s.%.40s or %s.%.40s", name,
			                fed_kind_name((*found)->head->kind), name, kind_name, name);
		*found = e;
	}
	if (*found)
		return FED_OK;
	const char *near = fed_nearest(name, plugin_at, s->plugins);
	return fed_fail(err, "no plugin is called %s%s%s%s; `plugins` lists them", fed_show(name).s,
	                near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static bool is_pre_aggregation(const struct fed_instance *x, const struct fed_entry *entry)
{
	return x->after && x->after->entry == entry;
}

/* The session's instance of an entry, or the aggregator that has it as pre-aggregation, or NULL. */
static struct fed_instance *instance_of(struct fed_session *s, const struct fed_entry *entry)
{
	struct fed_instance *const all[] = {&s->parts.aggregator, &s->parts.model, &s->parts.transport,
	                                    &s->parts.selection};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i]->entry == entry || is_pre_aggregation(all[i], entry))
			return all[i];
	return NULL;
}

/* The first fault from *i on whose attack is of an entry, or NULL. */
static struct fed_fault *fault_with_attack(struct fed_session *s, const struct fed_entry *entry,
                                           size_t *i)
{
	for (; *i < s->parts.faults.n; ++*i) {
		const struct fed_shared_attack *attack = s->parts.faults.fault[*i].attack;

		if (attack && attack->instance.entry == entry)
			return &s->parts.faults.fault[*i];
	}
	return NULL;
}

/* Whether the settings name it as a codec. */
static bool is_codec_of(const struct fed_session *s, const struct fed_entry *entry)
{
	return entry->head->kind == FED_KIND_CODEC &&
	       fed_codecs_use(s->parts.settings.codec, entry->head->name);
}

int fed_session_unload(struct fed_session *s, const char *name, struct fed_error *err)
{
	const struct fed_entry *entry;
	size_t first = 0;

	if (find_plugin(s, name, &entry, err))
		return FED_FAIL;
	if (is_pre_aggregation(&s->parts.aggregator, entry))
		return fed_fail(
			err, "%s is the pre-aggregation of the session's aggregator; choose another one first",
			entry->head->name);
	if (instance_of(s, entry))
		return fed_fail(err, "%s is the session's %s now; choose another one first",
		                entry->head->name, fed_kind_name(entry->head->kind));
	const struct fed_fault *fault = fault_with_attack(s, entry, &first);
	if (fault)
		return fed_fail(err, "fault %llu attacks with %s; `heal fault=%llu` first",
		                (unsigned long long)fault->number, entry->head->name,
		                (unsigned long long)fault->number);
	if (is_codec_of(s, entry))
		return fed_fail(err, "updates travel by %s now; `set codec none` first", entry->head->name);
	return fed_registry_unload(s->plugins, entry->head->kind, entry->head->name, err);
}

/* Kind, name and settings of an instance while its plugin is unloaded. */
struct unloaded_instance {
	enum fed_kind kind;
	char name[32];
	struct fed_key_values settings;
	struct fed_carried_state state;
	struct fed_carried_state after; /* of its pre-aggregation; zeroed: it has none */
};

static void release_unloaded(struct unloaded_instance *saved)
{
	fed_key_values_release(&saved->settings);
	fed_carried_state_release(&saved->state);
	fed_carried_state_release(&saved->after);
}

static int save_state(struct unloaded_instance *saved, const struct fed_instance *instance,
                      struct fed_error *err)
{
	if (fed_carried_state_init(&saved->state, instance, err))
		return FED_FAIL;
	return instance->after ? fed_carried_state_init(&saved->after, instance->after, err) : FED_OK;
}

/* Give a new instance the state that was saved, and say what of it. */
static int carry_state(struct fed_session *s, struct fed_instance *out,
                       const struct fed_carried_state *state, struct fed_error *err)
{
	const char *name = out->entry->head->name;
	struct fed_text vectors = {0};

	const int rc = fed_carried_state_put(state, out, &vectors, err);
	if (rc == FED_OK && !fed_carried_state_holds(state))
		;
	else if (rc == FED_OK && fed_carried_state_fits(state, out))
		fed_session_tell(s, FED_EVENT_NOTICE, "%s keeps its settings and its state%s%s", name,
		                 vectors.len ? ", with " : "", fed_text_str(&vectors));
	else if (rc == FED_OK && vectors.len)
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "%s keeps its settings and %s; the rest of its state begins anew, because "
		                 "the struct has changed",
		                 name, fed_text_str(&vectors));
	else if (rc == FED_OK)
		fed_session_tell(
			s, FED_EVENT_NOTICE,
			"%s keeps its settings; its state begins anew, because the struct has changed", name);
	fed_text_release(&vectors);
	return rc;
}

/* Create the instance again, with the settings that the plugin still has; warns of others. */
static int recreate_instance(struct fed_session *s, struct fed_instance *out,
                             const struct fed_entry *entry, const struct unloaded_instance *saved,
                             struct fed_error *err)
{
	struct fed_error why;

	if (fed_instance_init(out, entry, NULL, 0, err))
		return FED_FAIL;
	for (size_t i = 0; i < saved->settings.n; i++) {
		const struct fed_assign *a = &saved->settings.assign[i];

		if (fed_instance_put(s->plugins, out, a->key, a->value, &why))
			fed_session_tell(s, FED_EVENT_WARNING, "%s no longer takes %s=%s: %s", saved->name,
			                 a->key, a->value, why.text);
	}
	int rc = carry_state(s, out, &saved->state, err);
	if (rc == FED_OK && out->after && saved->after.row)
		rc = carry_state(s, out->after, &saved->after, err);
	if (rc)
		fed_instance_release(out);
	return rc;
}

/* Build the layers of a reloaded model again.  Its parameters stay if they still fit. */
static int rebuild_net(struct fed_session *s, struct fed_error *err)
{
	struct fed_error doubt;

	if (!s->parts.data)
		return FED_OK;
	if (fed_net_for(&s->parts.net, &s->parts.model, s->parts.data, &doubt, err)) {
		fed_instance_release(&s->parts.model);
		return FED_FAIL;
	}
	s->parts.net_built = true;
	fed__session_tell_doubt(s, &doubt);
	if (!s->progress.params || s->progress.dim == s->parts.net.dim)
		return FED_OK;

	struct fed_restart_parts afresh;
	if (fed__restart_parts_init(&afresh, s, err)) {
		fed_net_release(&s->parts.net);
		s->parts.net_built = false;
		fed_instance_release(&s->parts.model);
		return FED_FAIL;
	}
	fed__restart_parts_commit(s, &afresh);
	fed_session_tell(s, FED_EVENT_NOTICE, "the model has %s parameters now; restarted at version 0",
	                 fed_count((double)s->parts.net.dim).s);
	return FED_OK;
}

/* Make the instance of a plugin that was loaded again, with what was saved. */
static int make_again(struct fed_session *s, struct fed_instance *instance,
                      const struct fed_entry *entry, const struct unloaded_instance *saved,
                      struct fed_error *err)
{
	const int rc = recreate_instance(s, instance, entry, saved, err);

	return rc == FED_OK && instance == &s->parts.model ? rebuild_net(s, err) : rc;
}

static int reload_used(struct fed_session *s, struct fed_instance *instance,
                       const struct fed_entry *old, struct unloaded_instance *saved,
                       struct fed_error *err)
{
	const struct fed_entry *entry = instance->entry, *fresh;
	struct fed_error failure, unused;

	if (fed_instance_settings(&saved->settings, instance, err) || save_state(saved, instance, err))
		return FED_FAIL;
	fed_session_stop(s);
	if (instance == &s->parts.model && s->parts.net_built) {
		fed_net_release(&s->parts.net);
		s->parts.net_built = false;
	}
	const bool aggregates = instance == &s->parts.aggregator;
	const uint32_t client_vectors = aggregates ? fed_client_vectors(instance) : 0;
	fed_instance_release(instance);
	int rc = fed_registry_reload(s->plugins, saved->kind, saved->name, &fresh, err);
	if (rc == FED_OK && entry == old)
		entry = fresh;
	/* Also when the new file was refused: the old one is kept. */
	if (make_again(s, instance, entry, saved, &failure)) {
		const bool loaded = rc == FED_OK, whole = loaded && entry == fresh;

		rc = FED_FAIL;
		if (loaded && fed_registry_take_back(s->plugins, &fresh) &&
		    make_again(s, instance, whole ? fresh : entry, saved, &unused) == FED_OK)
			fed_fail(err, "%s; what was loaded before stays", failure.text);
		else if (loaded)
			*err = failure;
	}
	/* what clients keep for an aggregator is part of its state */
	if (aggregates && (!instance->entry || !fed_carried_state_fits(&saved->state, instance) ||
	                   fed_client_vectors(instance) != client_vectors))
		fed_clients_forget(&s->parts.clients);
	fed_session_resume(s);
	return rc;
}

/* Attacks ---------------------------------------------------------------- */

/* Attacks of an entry while it is unloaded: settings by the faults' indices. */
struct unloaded_attacks {
	struct unloaded_instance *saved; /* [n] */
	size_t n;
};

/* Release the attacks of an entry, and save their settings and states. */
static int unload_attacks(struct fed_session *s, const struct fed_entry *old,
                          struct unloaded_attacks *a, struct fed_error *err)
{
	struct fed_fault *fault;

	a->n = s->parts.faults.n;
	a->saved = fed_alloc_array(a->n, sizeof *a->saved);
	if (!a->saved)
		return fed_fail_memory(err, a->n * sizeof *a->saved, "the attacks");
	for (size_t i = 0; (fault = fault_with_attack(s, old, &i)); i++) {
		const struct fed_instance *attack = &fault->attack->instance;

		snprintf(a->saved[i].name, sizeof a->saved[i].name, "%s", old->head->name);
		if (fed_key_values_of(&a->saved[i].settings, old->head->fields, attack->state, err) ||
		    save_state(&a->saved[i], attack, err))
			return FED_FAIL;
	}
	fed_session_stop(s); /* trainings hold references to them */
	for (size_t i = 0; (fault = fault_with_attack(s, old, &i)); i++) {
		fed_shared_attack_unref(fault->attack);
		fault->attack = NULL;
	}
	return FED_OK;
}

static int recreate_attack(struct fed_session *s, struct fed_fault *fault,
                           const struct fed_entry *entry, const struct unloaded_instance *saved,
                           struct fed_error *err)
{
	struct fed_instance attack = {0};

	if (recreate_instance(s, &attack, entry, saved, err)) {
		fed_instance_release(&attack);
		return FED_FAIL;
	}
	/* what it remembers of its clients is part of its state */
	if (!fed_attack_remembers(&attack) || !fed_carried_state_fits(&saved->state, &attack))
		fed_fault_forget(fault);
	return fed__fault_take_attack(s, fault, &attack, err);
}

/* Create the attacks again; heals a fault whose attack fails. */
static void recreate_attacks(struct fed_session *s, const struct fed_entry *entry,
                             const struct unloaded_attacks *a)
{
	struct fed_error why;

	for (size_t i = a->n; i-- > 0;) {
		struct fed_fault *fault = &s->parts.faults.fault[i];

		if (!*a->saved[i].name || recreate_attack(s, fault, entry, &a->saved[i], &why) == FED_OK)
			continue;
		fed_session_tell(s, FED_EVENT_WARNING, "fault %llu is healed, its attack is gone: %s",
		                 (unsigned long long)fault->number, why.text);
		fed_faults_heal_one(&s->parts.faults, fault->number, NULL, 0);
	}
}

static int reload_attack(struct fed_session *s, const struct fed_entry *old, struct fed_error *err)
{
	const struct fed_entry *fresh;
	struct unloaded_attacks a = {0};
	char name[32];
	int rc = unload_attacks(s, old, &a, err);

	if (rc == FED_OK) {
		snprintf(name, sizeof name, "%s", old->head->name);
		rc = fed_registry_reload(s->plugins, FED_KIND_ATTACK, name, &fresh, err);
		/* Also when the new file was refused: the old one is kept. */
		recreate_attacks(s, rc ? old : fresh, &a);
		fed_session_resume(s);
	}
	for (size_t i = 0; a.saved && i < a.n; i++)
		release_unloaded(&a.saved[i]);
	fed_free(a.saved);
	return rc;
}

/* Trainings and messages refer to it: they are cancelled.  When the new one does not take the
 * settings, updates travel as they are, with a warning. */
static int reload_codec(struct fed_session *s, const struct fed_entry *old, struct fed_error *err)
{
	const struct fed_entry *fresh;
	struct fed_error why;
	char name[32];

	snprintf(name, sizeof name, "%s", old->head->name);
	fed_session_stop(s);
	const int rc = fed_registry_reload(s->plugins, FED_KIND_CODEC, name, &fresh, err);
	if (rc == FED_OK && fed_settings_check(&s->parts.settings, s->plugins, &why)) {
		snprintf(s->parts.settings.codec, sizeof s->parts.settings.codec, "none");
		fed_session_tell(s, FED_EVENT_WARNING, "updates travel as they are: %s", why.text);
	}
	fed_session_resume(s);
	return rc;
}

int fed_session_reload(struct fed_session *s, const char *name, struct fed_error *err)
{
	const struct fed_entry *entry, *fresh;
	size_t first = 0;

	if (find_plugin(s, name, &entry, err))
		return FED_FAIL;
	if (fault_with_attack(s, entry, &first))
		return reload_attack(s, entry, err);
	struct fed_instance *instance = instance_of(s, entry);
	struct unloaded_instance saved = {.kind = entry->head->kind};
	snprintf(saved.name, sizeof saved.name, "%s", entry->head->name);
	if (is_codec_of(s, entry))
		return fed_session_check_closed(s, err) ? FED_FAIL : reload_codec(s, entry, err);
	if (!instance)
		return fed_registry_reload(s->plugins, saved.kind, saved.name, &fresh, err);
	if (fed_session_check_closed(s, err))
		return FED_FAIL;
	const int rc = reload_used(s, instance, entry, &saved, err);
	release_unloaded(&saved);
	return rc;
}

bool fed_session_uses(const struct fed_session *s, const struct fed_entry *entry)
{
	struct fed_session *open = (struct fed_session *)s; /* nothing is changed */
	size_t first = 0;

	return instance_of(open, entry) || fault_with_attack(open, entry, &first);
}

struct fed_work fed_session_plugin_work(const struct fed_session *s, const struct fed_entry *entry)
{
	const struct fed_instance *const all[] = {&s->parts.aggregator, &s->parts.model,
	                                          &s->parts.transport, &s->parts.selection};
	struct fed_work sum = entry->work;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i]->entry == entry)
			fed_instance_work(all[i], &sum);
	for (size_t i = 0; i < s->parts.faults.n; i++) {
		const struct fed_shared_attack *attack = s->parts.faults.fault[i].attack;

		if (attack && attack->instance.entry == entry)
			fed_instance_work(&attack->instance, &sum);
	}
	const struct fed_shared_codec *const codecs[] = {s->federation.codec, s->federation.codec_down};
	for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
		if (codecs[i] && codecs[i]->instance.entry == entry)
			fed_instance_work(&codecs[i]->instance, &sum);
	return sum;
}
