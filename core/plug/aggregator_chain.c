/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/aggregator_chain.c - an aggregator and the pre-aggregation before it: names and settings of
 * both.
 *
 *     krum f=3 after=nnm after.f=2
 *
 * A parameter of the pre-aggregation may be given without "after." when the aggregator has none of
 * that name; where it has one, and none is given for the pre-aggregation, both get the same value.
 */
#include "plug/aggregator_chain.h"

#include <string.h>

#include "base/mem.h"
#include "plug/calls/call.h"

#define AFTER "after"
#define AFTER_DOT "after."

static bool names_after(const char *key)
{
	return fed_same_name(key, AFTER);
}

/* "f" of "after.f", or NULL. */
static const char *behind_dot(const char *key)
{
	const size_t n = sizeof AFTER_DOT - 1;

	return strncmp(key, AFTER_DOT, n) == 0 ? key + n : NULL;
}

static int find_pre_aggregation(const struct fed_registry *plugins, const char *name,
                                const struct fed_entry **entry, struct fed_error *err)
{
	const struct fed_entry *e;
	struct fed_error unused;
	struct fed_text all = {0};

	if (fed_registry_find(plugins, FED_KIND_AGGREGATOR, name, entry, &unused) == FED_OK &&
	    fed_is_pre_aggregation(*entry))
		return FED_OK;
	for (size_t i = 0; (e = fed_registry_at(plugins, FED_KIND_AGGREGATOR, i)); i++)
		if (fed_is_pre_aggregation(e))
			fed_text_add(&all, "%s%s", all.len ? ", " : "", e->head->name);
	fed_fail(err, "%s is not a pre-aggregation; after= takes one of %s", fed_show(name).s,
	         all.len ? fed_text_str(&all) : "none: no pre-aggregation is loaded");
	fed_text_release(&all);
	return FED_FAIL;
}

static int check_pair(const struct fed_entry *entry, bool pre, struct fed_error *err)
{
	const char *name = entry->head->name;

	if (fed_is_pre_aggregation(entry))
		return fed_fail(err,
		                "%s is a pre-aggregation: it goes before an aggregator, as in `aggregator "
		                "krum after=%s`",
		                name, name);
	if (pre && entry->copy.aggregator.returned_vectors)
		return fed_fail(
			err,
			"%s takes more than the update from each client, a pre-aggregation mixes the "
			"updates alone; choose it without after=",
			name);
	return FED_OK;
}

/* Copy parameters that both plugins have and that were given for the aggregator only. */
static int inherit(const struct fed_instance *main, const struct fed_assign *assign, size_t n,
                   struct fed_error *err)
{
	const struct fed_field *rows = main->after->entry->head->fields;
	struct fed_error unused;
	struct fed_text value = {0};
	int rc = FED_OK;

	for (const struct fed_field *row = rows; rc == FED_OK && row->type; row++) {
		const struct fed_field *same = fed_fields_find(main->entry->head->fields, row->name);
		bool given = !same || !fed_field_settable(row) || !fed_field_settable(same);

		for (size_t i = 0; i < n; i++)
			given |=
				behind_dot(assign[i].key) && fed_same_name(behind_dot(assign[i].key), row->name);
		if (given)
			continue;
		fed_text_clear(&value);
		fed_field_print(same, main->state, &value);
		if (value.failed)
			rc = fed_fail_memory(err, value.len, "settings");
		else /* a value that the pre-aggregation refuses: its default stays */
			(void)fed_field_parse(row, main->after->state, fed_text_str(&value), &unused);
	}
	fed_text_release(&value);
	return rc;
}

static int attach_pre_aggregation(const struct fed_registry *plugins, struct fed_instance *out,
                                  const char *name, struct fed_error *err)
{
	const struct fed_entry *pre;

	if (out->after)
		return fed_fail(err, "after is given twice");
	if (check_pair(out->entry, true, err) || find_pre_aggregation(plugins, name, &pre, err))
		return FED_FAIL;
	struct fed_instance *after = fed_alloc(sizeof *after);
	if (!after)
		return fed_fail_memory(err, sizeof *after, "a pre-aggregation");
	if (fed_instance_init(after, pre, NULL, 0, err)) {
		fed_free(after);
		return FED_FAIL;
	}
	if (fed__instance_set_after(out, after, err))
		return FED_FAIL;
	return FED_OK;
}

int fed_instance_put(const struct fed_registry *plugins, struct fed_instance *out, const char *key,
                     const char *value, struct fed_error *err)
{
	const struct fed_field *rows = out->entry->head->fields;
	const struct fed_instance *whose = out;
	const char *own = key;

	if (out->entry->head->kind == FED_KIND_AGGREGATOR && !fed_fields_find(rows, key)) {
		if (names_after(key))
			return attach_pre_aggregation(plugins, out, value ? value : "", err);
		if (behind_dot(key))
			own = behind_dot(key);
		if (own != key && !out->after)
			return fed_fail(err, "%s needs a pre-aggregation: after=NAME", fed_show(key).s);
		if (own != key || (out->after && fed_fields_find(out->after->entry->head->fields, key)))
			whose = out->after;
	}
	return fed_fields_set(whose->entry->head->fields, whose->state, own, value, err);
}

int fed_aggregator_make(const struct fed_registry *plugins, struct fed_instance *out,
                        const char *name, const struct fed_assign *assign, size_t n,
                        struct fed_error *err)
{
	const struct fed_entry *entry;

	*out = (struct fed_instance){0};
	if (fed_registry_find(plugins, FED_KIND_AGGREGATOR, name, &entry, err) ||
	    check_pair(entry, false, err) || fed_assigned_once(assign, n, err) ||
	    fed_instance_init(out, entry, NULL, 0, err))
		return FED_FAIL;
	int rc = FED_OK;
	/* the pre-aggregation first: it defines the valid keys */
	for (int front = 1; front >= 0; front--)
		for (size_t i = 0; rc == FED_OK && i < n; i++)
			if (names_after(assign[i].key) == front)
				rc = fed_instance_put(plugins, out, assign[i].key, assign[i].value, err);
	if (rc == FED_OK && out->after)
		rc = inherit(out, assign, n, err);
	if (rc)
		fed_instance_release(out);
	return rc;
}

int fed_instance_settings(struct fed_key_values *out, const struct fed_instance *x,
                          struct fed_error *err)
{
	struct fed_key_values front = {0};
	struct fed_text key = {0};

	if (fed_key_values_of(out, x->entry->head->fields, x->state, err))
		return FED_FAIL;
	if (!x->after)
		return FED_OK;
	int rc = fed_key_values_add(out, AFTER, x->after->entry->head->name, err);
	if (rc == FED_OK)
		rc = fed_key_values_of(&front, x->after->entry->head->fields, x->after->state, err);
	for (size_t i = 0; rc == FED_OK && i < front.n; i++) {
		fed_text_clear(&key);
		fed_text_add(&key, AFTER_DOT "%s", front.assign[i].key);
		rc = key.failed ? fed_fail_memory(err, key.len, "settings")
		                : fed_key_values_add(out, fed_text_str(&key), front.assign[i].value, err);
	}
	fed_key_values_release(&front);
	fed_text_release(&key);
	if (rc)
		fed_key_values_release(out);
	return rc;
}
