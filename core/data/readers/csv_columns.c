/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_columns.c - the columns of a table: finding those that the options name.
 */
#include "data/readers/csv_columns.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

bool fed__csv_names_columns(const struct fed_csv_options *o)
{
	const char *const lists[] = {o->label, o->client, o->drop, o->encode, o->mean};
	bool named = false;

	for (size_t i = 0; !named && i < sizeof lists / sizeof *lists; i++) {
		char copy[sizeof o->drop], *rest = copy, *item;
		long long place;

		snprintf(copy, sizeof copy, "%s", lists[i]);
		while (*lists[i] && !named && (item = fed_list_next(&rest)))
			named = !fed_parse_int(item, &place) &&
			        !(i > 1 && (!strcmp(item, "all") || !strcmp(item, "none")));
	}
	return named;
}

/* Finding one --------------------------------------------------------------------------- */

struct column_search {
	const struct fed_csv *first;
	bool header;
	const char *key; /* of the option, for errors */
};

static const char *cell_name(const void *ctx, size_t i)
{
	const struct fed_csv *csv = ctx;

	return i < csv->n ? csv->cell[i].s : NULL;
}

static int fail_no_column(const struct column_search *s, const char *typed, struct fed_error *err)
{
	const char *near = fed_nearest(typed, cell_name, s->first);

	return fed_reject(
		err,
		"%.80s: no column is called %.60s%s%.60s%s; name one of the first row or give a place "
		"from 1 to %zu",
		s->first->name, typed, near ? " (did you mean " : "", near ? fed_show(near).s : "",
		near ? "?)" : "", s->first->n);
}

/* A whole number is a place if there is such a column; other text is a name in the first row. */
static int find_column(const struct column_search *s, const char *typed, uint32_t *out,
                       struct fed_error *err)
{
	const long long n = (long long)s->first->n;
	long long place = 0;
	const bool number = fed_parse_int(typed, &place);

	if (number && place != 0 && place <= n && place >= -n) {
		*out = (uint32_t)(place > 0 ? place - 1 : n + place);
		return FED_OK;
	}
	if (!number && !s->header)
		return fed_reject(err, "%s=%s is a name, but header=no; give the column's place", s->key,
		                  fed_show(typed).s);
	for (*out = 0; s->header && *out < s->first->n; ++*out)
		if (!strcmp(s->first->cell[*out].s, typed))
			return FED_OK;
	if (number)
		return fed_reject(err,
		                  "%.80s: %s=%s; the file has %zu columns: 1 to %zu, or -1 for the last",
		                  s->first->name, s->key, typed, s->first->n, s->first->n);
	return fail_no_column(s, typed, err);
}

/* Roles --------------------------------------------------------------------------------- */

static int fail_twice(const struct fed_csv_columns *c, const struct column_search *s, uint32_t i,
                      struct fed_error *err)
{
	static const char *const used[] = {"a feature",           "encoded", "the label",
	                                   "the clients' column", "dropped", "empty"};

	return fed_reject(err, "%.80s: %s= names %s, which is %s already", s->first->name, s->key,
	                  fed__csv_column_shown(c, i).s, used[c->column[i].role]);
}

static int give_role(struct fed_csv_columns *c, const struct column_search *s, const char *typed,
                     enum fed_csv_role role, uint32_t *out, struct fed_error *err)
{
	const int rc = find_column(s, typed, out, err);

	if (rc)
		return rc;
	const enum fed_csv_role now = c->column[*out].role;

	if (now != FED_CSV_FEATURE && now != FED_CSV_EMPTY && now != role)
		return fail_twice(c, s, *out, err);
	c->column[*out].role = role;
	return FED_OK;
}

/* Give a role to each column of a list, or to `all` features that are textual. */
static int give_list(struct fed_csv_columns *c, struct column_search s, const char *key,
                     const char *list, enum fed_csv_role role, const bool *textual,
                     struct fed_error *err)
{
	char copy[sizeof((struct fed_csv_options *)0)->drop], *rest = copy, *item;
	int rc = FED_OK;
	uint32_t i;

	s.key = key;
	snprintf(copy, sizeof copy, "%s", list);
	if (!*copy || (role == FED_CSV_DROPPED && !strcmp(copy, "none")))
		return FED_OK;
	if (role == FED_CSV_ENCODED && !strcmp(copy, "all")) {
		for (i = 0; i < c->n; i++)
			if (textual[i] && c->column[i].role == FED_CSV_FEATURE)
				c->column[i].role = role;
		return FED_OK;
	}
	while (rc == FED_OK && (item = fed_list_next(&rest)))
		rc = give_role(c, &s, item, role, &i, err);
	return rc;
}

static int mark_means(struct fed_csv_columns *c, struct column_search s, const char *list,
                      struct fed_error *err)
{
	char copy[sizeof((struct fed_csv_options *)0)->mean], *rest = copy, *item;
	int rc = FED_OK;
	uint32_t i;

	s.key = "mean";
	snprintf(copy, sizeof copy, "%s", list);
	if (!strcmp(copy, "all")) {
		for (i = 0; i < c->n; i++)
			c->column[i].mean = true;
		return FED_OK;
	}
	while (rc == FED_OK && *list && (item = fed_list_next(&rest))) {
		rc = find_column(&s, item, &i, err);
		if (rc == FED_OK && c->column[i].role > FED_CSV_ENCODED)
			rc = fail_twice(c, &s, i, err);
		if (rc == FED_OK)
			c->column[i].mean = true;
	}
	return rc;
}

/* The label: as named, else the last column that is left. */
static int choose_label(struct fed_csv_columns *c, struct column_search s, const char *typed,
                        struct fed_error *err)
{
	s.key = "label";
	if (*typed)
		return give_role(c, &s, typed, FED_CSV_LABEL, &c->label, err);
	for (c->label = c->n; c->label > 0; c->label--)
		if (c->column[c->label - 1].role == FED_CSV_FEATURE) {
			c->column[--c->label].role = FED_CSV_LABEL;
			return FED_OK;
		}
	return fed_reject(err,
	                  "%.80s: no column is left for the label; name it with label=", s.first->name);
}

static int give_roles(struct fed_csv_columns *c, const struct column_search *s, const bool *textual,
                      const struct fed_csv_options *o, struct fed_error *err)
{
	struct column_search search = *s;
	uint32_t client = 0;
	int rc = give_list(c, search, "drop", o->drop, FED_CSV_DROPPED, textual, err);

	search.key = "client";
	if (rc == FED_OK && *o->client) {
		rc = give_role(c, &search, o->client, FED_CSV_CLIENT, &client, err);
		c->client = client;
	}
	if (rc == FED_OK && *o->label)
		rc = choose_label(c, search, o->label, err);
	/* columns of a list are no candidates for the label that is not named */
	if (rc == FED_OK && strcmp(o->encode, "all") != 0)
		rc = give_list(c, search, "encode", o->encode, FED_CSV_ENCODED, textual, err);
	if (rc == FED_OK && !*o->label)
		rc = choose_label(c, search, "", err);
	if (rc == FED_OK && !strcmp(o->encode, "all"))
		rc = give_list(c, search, "encode", o->encode, FED_CSV_ENCODED, textual, err);
	return rc ? rc : mark_means(c, search, o->mean, err);
}

static void number_slots(struct fed_csv_columns *c)
{
	for (uint32_t i = 0; i < c->n; i++) {
		struct fed_csv_column *column = &c->column[i];

		if (column->role == FED_CSV_FEATURE)
			column->slot = c->numbers++;
		else if (column->role < FED_CSV_DROPPED)
			column->slot = c->texts++;
	}
}

int fed__csv_columns_init(struct fed_csv_columns *c, const struct fed_csv *first, bool header,
                          const bool *textual, bool empty, const struct fed_csv_options *o,
                          struct fed_error *err)
{
	const struct column_search search = {.first = first, .header = header};
	uint32_t features = 0;

	*c = (struct fed_csv_columns){.n = (uint32_t)first->n, .client = -1};
	c->column = fed_alloc_array(c->n, sizeof *c->column);
	if (!c->column)
		return fed_fail_memory(err, c->n * sizeof *c->column, "the columns");
	for (uint32_t i = 0; header && i < c->n; i++)
		c->column[i].name = first->cell[i].s;
	if (empty)
		c->column[c->n - 1].role = FED_CSV_EMPTY;

	const int rc = give_roles(c, &search, textual, o, err);

	if (rc)
		return rc;
	for (uint32_t i = 0; i < c->n; i++)
		features += c->column[i].role <= FED_CSV_ENCODED;
	if (!features)
		return fed_reject(err, "%.80s: no column is left for the features", first->name);
	c->index = header && !*o->drop && c->column[0].role == FED_CSV_FEATURE && features > 1 &&
	           (!*c->column[0].name || !strcmp(c->column[0].name, "Unnamed: 0"));
	number_slots(c);
	return FED_OK;
}

void fed__csv_columns_release(struct fed_csv_columns *c)
{
	fed_free(c->column);
	*c = (struct fed_csv_columns){0};
}

/* Names --------------------------------------------------------------------------------- */

/* Whether a name can be typed as it is, and means this column. */
static bool is_word(const struct fed_csv_columns *c, uint32_t i)
{
	const char *name = c->column[i].name;
	long long place;

	if (!name || !*name || strlen(name) > 40 || fed_parse_int(name, &place) ||
	    !strcmp(name, "all") || !strcmp(name, "none"))
		return false;
	for (const char *s = name; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("_-.", *s))
			return false;
	for (uint32_t k = 0; k < i; k++)
		if (c->column[k].name && !strcmp(c->column[k].name, name))
			return false;
	return true;
}

struct fed_shown fed__csv_column_word(const struct fed_csv_columns *c, uint32_t i)
{
	struct fed_shown word;

	if (is_word(c, i))
		snprintf(word.s, sizeof word.s, "%s", c->column[i].name);
	else
		snprintf(word.s, sizeof word.s, "%u", i + 1);
	return word;
}

struct fed_shown fed__csv_column_shown(const struct fed_csv_columns *c, uint32_t i)
{
	const char *name = c->column[i].name;
	struct fed_shown shown;

	if (!name || !*name)
		snprintf(shown.s, sizeof shown.s, "column %u", i + 1);
	else if (is_word(c, i))
		snprintf(shown.s, sizeof shown.s, "%s", name);
	else
		snprintf(shown.s, sizeof shown.s, "column %u, %.60s", i + 1, fed_show(name).s);
	return shown;
}
