/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/settings.c - the tables of settings, of the session and of its plugins; the
 * composition as text.
 */
#include "shell/output/settings.h"

#include <string.h>

#include "session/composition.h"
#include "shell/output/devices.h"
#include "shell/output/print.h"
#include "train/schemes/schemes.h"
#include "train/schemes/split.h"

/* A group of settings: the session's, or those of a chosen plugin. */
struct settings_group {
	const char *name;             /* "settings", "aggregator", ... */
	const char *chosen;           /* "fedavg"; NULL: the session's settings, or none chosen */
	const struct fed_field *rows; /* NULL: none */
	const void *state;
};

/* Part i; false past the last. */
static bool part_at(const struct fed_shell *shell, size_t i, struct settings_group *part)
{
	const struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);
	static const struct fed_instance none;
	static const char *const names[] = {"aggregator", "after", "model", "transport", "selection"};
	const struct fed_instance *const plugins[] = {
		&parts->aggregator, parts->aggregator.after ? parts->aggregator.after : &none,
		&parts->model, &parts->transport, &parts->selection};

	*part = (struct settings_group){0};
	if (i == 0) {
		*part = (struct settings_group){"settings", NULL, fed_settings_fields, &parts->settings};
	} else if (i <= 5) {
		const struct fed_instance *p = plugins[i - 1];

		part->name = names[i - 1];
		if (p->entry)
			*part = (struct settings_group){names[i - 1], p->entry->head->name,
			                                p->entry->head->fields, p->state};
	} else if (i == 6) {
		*part = (struct settings_group){"scheme", parts->scheme->name, parts->scheme->fields,
		                                parts->scheme_state};
	} else if (i == 7) {
		*part = (struct settings_group){"shell", NULL, fed__shell_fields, &shell->own};
	}
	return part->name != NULL;
}

/* Whether the group is a table of settings, not of a plugin that may not be chosen. */
static bool is_table(const struct settings_group *part)
{
	return part->rows == fed_settings_fields || part->rows == fed__shell_fields;
}

static bool is_listed(const struct fed_field *row)
{
	return fed_field_settable(row) && !(row->flags & FED_FIELD_HIDDEN);
}

static void add_row(struct fed_table *table, const struct fed_field *row, const void *state)
{
	struct fed_text text = {0};

	fed_field_key(row, &text);
	fed__table_cell(table, "%s", fed_text_str(&text));
	fed_text_clear(&text);
	fed_field_print(row, state, &text);
	fed__table_cell(table, "%s", fed_text_str(&text));
	fed__table_cell(table, "%s", row->help ? row->help : "");
	fed_text_release(&text);
}

void fed__show_all(struct fed_shell *shell)
{
	static const struct fed_table_column columns[] = {
		{.title = "key"},
		{.title = "value", .kind = FED_CELL_PROSE},
		{.title = "help", .kind = FED_CELL_PROSE, .rank = 1},
	};
	struct settings_group part;

	for (size_t i = 0; part_at(shell, i, &part); i++) {
		struct fed_table table = {
			.name = part.name, .column = columns, .columns = 3, .untitled = true};

		if (!part.chosen && !is_table(&part))
			continue;
		fed__print_styled(shell, FED_EMPHASIS_BOLD, "%s%s%s\n", part.name, part.chosen ? " " : "",
		                  part.chosen ? part.chosen : "");
		for (const struct fed_field *row = part.rows; row && row->type; row++)
			if (is_listed(row))
				add_row(&table, row, part.state);
		fed__table_print(shell, &table);
	}
	fed__show_equipment(shell);
}

static const char *setting_at(const void *ctx, size_t i)
{
	struct settings_group part;

	for (size_t k = 0; part_at(ctx, k, &part); k++)
		for (const struct fed_field *row = part.rows; row && row->type; row++)
			if (is_listed(row) && i-- == 0)
				return row->name;
	return NULL;
}

/* The row named by KEY or PART.KEY, or NULL; *part: its group, number *at. */
static const struct fed_field *find_row(const struct fed_shell *shell, const char *key,
                                        struct settings_group *part, size_t *at)
{
	const char *dot = strchr(key, '.');
	const size_t n = dot ? (size_t)(dot - key) : 0;

	for (*at = 0; part_at(shell, *at, part); ++*at) {
		if (dot && (strlen(part->name) != n || strncmp(part->name, key, n) != 0))
			continue;
		const struct fed_field *row =
			part->rows ? fed_fields_find(part->rows, dot ? dot + 1 : key) : NULL;

		if (row && is_listed(row))
			return row;
	}
	return NULL;
}

const struct fed_field *fed__find_setting(const struct fed_shell *shell, const char *key)
{
	struct settings_group part;
	size_t at;

	return find_row(shell, key, &part, &at);
}

int fed__show_setting(struct fed_shell *shell, const char *key, struct fed_error *err)
{
	const char *dot = strchr(key, '.');
	struct settings_group part;
	size_t at;

	if (strcmp(key, "client") == 0) {
		fed__show_equipment(shell);
		return FED_OK;
	}
	const struct fed_field *row = find_row(shell, key, &part, &at);
	if (row) {
		struct fed_text text = {0};

		fed_field_key(row, &text);
		fed_text_add(&text, " = ");
		fed_field_print(row, part.state, &text);
		const bool plain = is_table(&part);
		fed__print(shell, "%s%s%s\n", plain ? "" : part.name, plain ? "" : ".",
		           fed_text_str(&text));
		fed_text_release(&text);
		return FED_OK;
	}
	const char *near = fed_nearest(dot ? dot + 1 : key, setting_at, shell);
	if (near)
		return fed_fail(err, "no setting %s; did you mean %s?", fed_show(key).s, near);
	return fed_fail(err, "no setting %s; `show` lists them", fed_show(key).s);
}

void fed__put_instance(const struct fed_instance *x, struct fed_text *out)
{
	if (!x->entry)
		return;
	fed_fields_print(x->entry->head->fields, x->state, false, out);
	if (!x->after)
		return;
	fed_text_add(out, "%safter=%s", out->len ? " " : "", x->after->entry->head->name);
	for (const struct fed_field *row = x->after->entry->head->fields; row->type; row++) {
		if (!fed_field_settable(row))
			continue;
		fed_text_add(out, " after.");
		fed_field_key(row, out);
		fed_text_add(out, "=");
		fed_field_print(row, x->after->state, out);
	}
}

/* "28x28 pixels", "2 features", "40 tokens each". */
static void put_example(const struct fed_dataset *data, struct fed_text *out)
{
	const uint32_t *dim = data->shape.dim;

	if (data->shape.rank == 1) {
		fed_text_add(out, "%u %s%s each", dim[0], data->tokens ? "token" : "feature",
		             dim[0] == 1 ? "" : "s");
		return;
	}
	fed_text_add(out, "%ux%u pixels", dim[0], dim[1]);
	if (data->shape.rank > 2 && dim[2] > 1)
		fed_text_add(out, " in %u channels", dim[2]);
}

void fed__put_dataset(const struct fed_dataset *data, struct fed_text *out)
{
	fed_text_add(out, "%s: ", data->name);
	fed_text_count(out, data->train);
	fed_text_add(out, " training and ");
	fed_text_count(out, data->test);
	fed_text_add(out, data->test == 1 ? " test example, " : " test examples, ");
	put_example(data, out);
	if (data->classes)
		fed_text_add(out, ", %u classes", data->classes);
	else
		fed_text_add(out, ", %u target%s", data->outputs, data->outputs == 1 ? "" : "s");
	if (data->owner)
		fed_text_add(out, ", %u user%s", data->owners, data->owners == 1 ? "" : "s");
}

/* The cut ------------------------------------------------------------------ */

void fed__put_cut(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_split *split = parts->scheme_state;
	struct fed_error why;
	size_t at[2];

	if (!fed_is_split(parts->scheme) || !parts->net_built)
		return;
	if (fed_split_cuts(split, &parts->net, at, &why)) {
		fed_text_add(out, "%s", why.text);
		return;
	}
	if (at[1] < parts->net.layers)
		fed_text_add(out, "after layers %zu and %zu of %zu", at[0], at[1], parts->net.layers);
	else
		fed_text_add(out, "after layer %zu of %zu", at[0], parts->net.layers);
	if (split->cut.n < 1 + (at[1] < parts->net.layers))
		fed_text_add(out, ", by default");
	if (split->relay == FED_RELAY_PEER && split->holder >= 0)
		fed_text_add(out, "; head at: client %lld", (long long)split->holder);
	else if (split->relay == FED_RELAY_PEER)
		fed_text_add(out, "; no client has the head yet");
}
