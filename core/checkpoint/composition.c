/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/composition.c - saver and loader of the composition: settings, scheme, plugins,
 * dataset, model, transport, aggregator.
 */
#include <string.h>

#include "checkpoint/parts.h"
#include "session/internal.h"
#include "train/schemes/schemes.h"

/* Settings and scheme -------------------------------------------------------------- */

void fed__get_settings(struct fed_loader *f, struct fed_settings *settings)
{
	fed__get_fields(f, fed_settings_fields, settings);
}

static void save_settings(struct fed_saver *f, const struct fed_settings *settings)
{
	fed_saver_begin(f, "settings");
	fed__put_fields(f, fed_settings_fields, settings);
	fed_saver_end(f);
}

static void load_settings(struct fed_loader *f, struct fed_session *s)
{
	if (fed__loader_begin(f, "settings"))
		return;
	fed__get_settings(f, &s->parts.settings);
	fed_loader_end(f);
}

static void save_scheme(struct fed_saver *f, const struct fed_session *s)
{
	fed_saver_begin(f, "scheme");
	fed__put_string(f, s->parts.scheme->name);
	fed__put_fields(f, s->parts.scheme->fields, s->parts.scheme_state);
	fed_saver_end(f);
}

static void load_scheme(struct fed_loader *f, struct fed_session *s)
{
	struct fed_text name = {0};
	struct fed_key_values pairs = {0};
	struct fed_error why;

	if (fed__loader_begin(f, "scheme"))
		return;
	fed__get_string(f, &name);
	fed__get_pairs(f, &pairs);
	if (!f->failed && (fed_scheme_find(fed_text_str(&name), &s->parts.scheme, &why) ||
	                   fed_scheme_state_new(&s->parts.scheme_state, s->parts.scheme, pairs.assign,
	                                        pairs.n, &why)))
		fed_loader_fail(f, "%s", why.text);
	fed_text_release(&name);
	fed_key_values_release(&pairs);
	fed_loader_end(f);
}

/* Plugins -------------------------------------------------------------------------- */

/* The plugins that the user loaded: kind, name and path of each, then an empty kind. */
static void save_plugins(struct fed_saver *f, const struct fed_session *s)
{
	fed_saver_begin(f, "plugins");
	for (enum fed_kind kind = FED_KIND_AGGREGATOR; kind <= FED_KIND_LAST; kind++) {
		const struct fed_entry *e;

		for (size_t i = 0; (e = fed_registry_at(s->plugins, kind, i)); i++) {
			if (e->builtin)
				continue;
			fed__put_string(f, fed_kind_name(kind));
			fed__put_string(f, e->head->name);
			fed__put_string(f, e->path);
		}
	}
	fed__put_string(f, "");
	fed_saver_end(f);
}

/* Load a plugin, unless one of its kind and name is loaded already. */
static void load_plugin(struct fed_loader *f, const struct fed_session *s, const char *kind_name,
                        const char *name, const char *path)
{
	const struct fed_entry *entry;
	enum fed_kind kind;
	struct fed_error why;

	if (fed_kind_parse(kind_name, &kind, &why))
		fed_loader_fail(f, "%s", why.text);
	else if (fed_registry_find(s->plugins, kind, name, &entry, &why) == FED_OK)
		return;
	else if (fed_registry_load(s->plugins, path, &entry, &why))
		fed_loader_fail(f, "plugin %.31s: %s; build it there again, or `load` it from elsewhere",
		                name, why.text);
	else if (strcmp(entry->head->name, name) != 0 || entry->head->kind != kind)
		fed_loader_fail(f, "%.100s holds plugin %s now, not %.31s", path, entry->head->name, name);
}

static void load_plugins(struct fed_loader *f, const struct fed_session *s)
{
	struct fed_text text[3] = {{0}};

	if (fed__loader_begin(f, "plugins"))
		return;
	do {
		for (int k = 0; k < 3; k++)
			fed_text_clear(&text[k]);
		fed__get_string(f, &text[0]);
		for (int k = 1; k < 3 && text[0].len; k++)
			fed__get_string(f, &text[k]);
		if (!f->failed && text[0].len)
			load_plugin(f, s, text[0].s, fed_text_str(&text[1]), fed_text_str(&text[2]));
	} while (!f->failed && text[0].len);
	for (int k = 0; k < 3; k++)
		fed_text_release(&text[k]);
	fed_loader_end(f);
}

/* What settings say of plugins, which are loaded now. */
static void check_settings(struct fed_loader *f, const struct fed_session *s)
{
	struct fed_error why;

	if (!f->failed && fed_settings_check(&s->parts.settings, s->plugins, &why))
		fed_loader_fail(f, "%s", why.text);
}

/* Dataset -------------------------------------------------------------------------- */

static void save_dataset(struct fed_saver *f, const struct fed_session *s)
{
	fed_saver_begin(f, "dataset");
	fed_put_u8(f, s->parts.data != NULL);
	if (s->parts.data) {
		fed__put_string(f, s->parts.dataset_choice.name);
		fed__put_pairs(f, &s->parts.dataset_choice.args);
		fed_put_u64(f, s->parts.data->fingerprint);
	}
	fed_saver_end(f);
}

/* Borrow the lender's dataset, or load it again by its name. */
static int make_dataset(struct fed_loader *f, const struct fed_session *s,
                        const struct fed_session *lender, uint64_t fingerprint, const char *name,
                        const struct fed_key_values *args, struct fed_dataset **data)
{
	const struct fed_generation making = {(uint64_t)s->parts.settings.seed, f->stopped,
	                                      s->parts.settings.data_cache ? FED_CACHE_READ
	                                                                   : FED_CACHE_UNUSED};
	struct fed_error why;

	if (lender && lender->parts.data && lender->parts.data->fingerprint == fingerprint) {
		*data = lender->parts.data;
		return FED_OK;
	}
	if (fed_dataset_load(data, name, args->assign, args->n, &making, &why))
		return fed_loader_fail(f, "%s", why.text);
	if ((*data)->fingerprint == fingerprint)
		return FED_OK;
	fed_dataset_free(*data);
	return fed_loader_fail(f, "%.150s has other contents now than when it was saved", name);
}

static void load_dataset(struct fed_loader *f, struct fed_session *s,
                         const struct fed_session *lender)
{
	struct fed_text name = {0};
	struct fed_key_values args = {0};
	struct fed_dataset *data;
	struct fed_error why;

	if (fed__loader_begin(f, "dataset"))
		return;
	if (fed_get_flag(f)) {
		fed__get_string(f, &name);
		fed__get_pairs(f, &args);
		const uint64_t fingerprint = fed_get_u64(f);
		if (!f->failed &&
		    make_dataset(f, s, lender, fingerprint, fed_text_str(&name), &args, &data) == FED_OK &&
		    fed_session_adopt_data(s, data, fed_text_str(&name), &args, &why)) {
			fed_loader_fail(f, "%s", why.text);
			if (!lender || data != lender->parts.data)
				fed_dataset_free(data);
		}
	}
	fed_text_release(&name);
	fed_key_values_release(&args);
	fed_loader_end(f);
}

/* ---------------------------------------------------------------------------------- */

static void load_model(struct fed_loader *f, struct fed_session *s)
{
	struct fed_instance model;
	struct fed_error why;

	fed__load_instance(f, s->plugins, FED_KIND_MODEL, &model);
	if (!f->failed && model.entry) {
		if (fed_session_adopt_model(s, &model, &why) == FED_OK)
			return;
		fed_loader_fail(f, "%s", why.text);
	}
	fed_instance_release(&model);
}

void fed__save_composition(struct fed_saver *f, const struct fed_last_version *v)
{
	const struct fed_session *s = v->session;

	save_settings(f, &v->settings);
	save_scheme(f, s);
	save_plugins(f, s);
	save_dataset(f, s);
	fed__save_instance(f, fed_kind_name(FED_KIND_MODEL), &s->parts.model, NULL);
	fed__save_instance(f, fed_kind_name(FED_KIND_TRANSPORT), &s->parts.transport, NULL);
	fed__save_instance(f, fed_kind_name(FED_KIND_AGGREGATOR), &s->parts.aggregator, v->aggregator);
	if (s->parts.selection.entry)
		fed__save_instance(f, fed_kind_name(FED_KIND_SELECTION), &s->parts.selection, v->selection);
}

void fed__load_composition(struct fed_loader *f, struct fed_session *s,
                           const struct fed_session *lender)
{
	load_settings(f, s);
	load_scheme(f, s);
	load_plugins(f, s);
	check_settings(f, s);
	load_dataset(f, s, lender);
	load_model(f, s);
	fed__load_instance(f, s->plugins, FED_KIND_TRANSPORT, &s->parts.transport);
	fed__load_instance(f, s->plugins, FED_KIND_AGGREGATOR, &s->parts.aggregator);
	fed__load_instance_if_any(f, s->plugins, FED_KIND_SELECTION, &s->parts.selection);
}
