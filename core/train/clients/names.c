/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/clients/names.c - names of clients: rules, lookup, numbered names.
 */
#include "train/clients/names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Lookup --------------------------------------------------------------------- */

const char *fed_client_name(const struct fed_clients *c, uint32_t id)
{
	return c && id < c->n ? c->client[id].name : NULL;
}

bool fed_clients_named(const struct fed_clients *c)
{
	for (uint32_t i = 0; c->named && i < c->n_present; i++)
		if (c->client[c->present[i]].name)
			return true;
	return false;
}

bool fed_client_find(const struct fed_clients *c, const char *name, uint32_t *id)
{
	for (uint32_t i = 0; c->named && i < c->n_present; i++) {
		const char *its = c->client[c->present[i]].name;

		if (its && strcmp(its, name) == 0) {
			*id = c->present[i];
			return true;
		}
	}
	return false;
}

/* The names of present clients one after the other; those without one are empty. */
static const char *name_at(const void *ctx, size_t i)
{
	const struct fed_clients *c = ctx;

	if (i >= c->n_present)
		return NULL;
	const char *name = c->client[c->present[i]].name;
	return name ? name : "";
}

const char *fed_client_nearest(const struct fed_clients *c, const char *typed)
{
	const char *near = c->named ? fed_nearest(typed, name_at, c) : NULL;

	return near && *near ? near : NULL;
}

void fed_client_put(struct fed_text *out, const struct fed_clients *c, uint32_t id)
{
	const char *name = fed_client_name(c, id);

	fed_text_add(out, name ? "client %u (%s)" : "client %u", id, name);
}

void fed_client_put_label(struct fed_text *out, const struct fed_clients *c, uint32_t id)
{
	const char *name = fed_client_name(c, id);

	fed_text_add(out, name ? "%u %s" : "%u", id, name);
}

int fed_client_label_width(const struct fed_clients *c, const uint32_t *ids, uint32_t n)
{
	struct fed_text label = {0};
	bool any = false;
	int widest = 0;

	for (uint32_t i = 0; c && c->named && i < n; i++) {
		fed_text_clear(&label);
		fed_client_put_label(&label, c, ids[i]);
		const int width = fed_text_width(fed_text_str(&label));
		widest = width > widest ? width : widest;
		any |= fed_client_name(c, ids[i]) != NULL;
	}
	fed_text_release(&label);
	return any ? widest : 0;
}

/* Rules ---------------------------------------------------------------------- */

/* Words that select clients, and those that a filter of clients takes alone (a test compares). */
static const char *const reserved[] = {
	"all",      "random",      "group",     "and",     "or",       "nan",       "none",
	"idle",     "done",        "refused",   "lost",    "late",     "cancelled", "away",
	"queued",   "downloading", "used",      "suspect", "training", "holding",   "uploading",
	"filtered", "skipped",     "byzantine", "unseen",  "seen",     NULL,
};

/* Bytes of the character that a name may have at s; 0: none. */
static size_t name_next(const char *s, bool first)
{
	const unsigned char c = (unsigned char)*s;

	if (c >= 0x80)
		return fed_letter_size(s);
	return isalpha(c) || (!first && (isdigit(c) || c == '_' || c == '-'));
}

static bool is_reserved(const char *name)
{
	for (size_t i = 0; reserved[i]; i++)
		if (strcmp(name, reserved[i]) == 0)
			return true;
	return false;
}

static bool is_name(const char *name)
{
	size_t n = name_next(name, true);

	while (n && *(name += n))
		n = name_next(name, false);
	return n > 0;
}

int fed_client_name_check(const char *name, struct fed_error *err)
{
	if (strlen(name) >= FED_CLIENT_NAME_MAX)
		return fed_fail(err, "`%s` is too long for a client's name; it has at most %d bytes",
		                fed_show(name).s, FED_CLIENT_NAME_MAX - 1);
	if (!is_name(name))
		return fed_fail(err,
		                "`%s` cannot be a client's name: it begins with a letter and has letters, "
		                "digits, _ and -",
		                fed_show(name).s);
	if (is_reserved(name))
		return fed_fail(err, "`%s` cannot be a client's name: in a selection it has a meaning",
		                name);
	return FED_OK;
}

/* Names that are taken ---------------------------------------------------------- */

struct owned_name {
	const char *name;
	uint32_t client;
};

static int by_name(const void *pa, const void *pb)
{
	const struct owned_name *a = pa, *b = pb;

	return strcmp(a->name, b->name);
}

/* Names of present clients but those of ids [n], ascending by name. */
static int list_taken(const struct fed_clients *c, const uint32_t *ids, uint32_t n,
                      struct owned_name **out, size_t *count, struct fed_error *err)
{
	uint32_t k = 0;

	*count = 0;
	*out = fed_alloc_array((size_t)(c->named ? c->n_present : 0) + 1, sizeof **out);
	if (!*out)
		return fed_fail_memory(err, c->n_present * sizeof **out, "the clients' names");
	for (uint32_t i = 0; c->named && i < c->n_present; i++) {
		const uint32_t id = c->present[i];

		while (ids && k < n && ids[k] < id)
			k++;
		if (c->client[id].name && !(ids && k < n && ids[k] == id))
			(*out)[(*count)++] = (struct owned_name){c->client[id].name, id};
	}
	qsort(*out, *count, sizeof **out, by_name);
	return FED_OK;
}

static const struct owned_name *find_taken(const struct owned_name *taken, size_t n,
                                           const char *name)
{
	const struct owned_name key = {.name = name};

	return n ? bsearch(&key, taken, n, sizeof key, by_name) : NULL;
}

bool fed_client_names_twice(const struct fed_clients *c)
{
	struct owned_name *all;
	struct fed_error unused;
	size_t n;
	bool twice = false;

	if (list_taken(c, NULL, 0, &all, &n, &unused))
		return false;
	for (size_t i = 1; i < n; i++)
		twice |= strcmp(all[i - 1].name, all[i].name) == 0;
	fed_free(all);
	return twice;
}

/* Names to give -------------------------------------------------------------------- */

void fed_client_names_release(struct fed_client_names *names)
{
	for (uint32_t i = 0; names->name && i < names->n; i++)
		fed_free(names->name[i]);
	fed_free(names->name);
	*names = (struct fed_client_names){0};
}

static int names_init(struct fed_client_names *names, uint32_t n, struct fed_error *err)
{
	*names = (struct fed_client_names){.name = fed_alloc_array(n, sizeof *names->name), .n = n};
	return names->name ? FED_OK
	                   : fed_fail_memory(err, n * sizeof *names->name, "the clients' names");
}

static int set_name(struct fed_client_names *names, uint32_t i, const char *name,
                    struct fed_error *err)
{
	names->name[i] = fed_strdup(name);
	return names->name[i] ? FED_OK : fed_fail_memory(err, strlen(name), "a client's name");
}

static uint32_t items_of(const char *list)
{
	uint32_t n = 1;

	for (; *list; list++)
		n += *list == ',';
	return n;
}

/* name-1, name-2, ...: the first numbers that are free. */
static int number_names(struct fed_client_names *names, const char *base,
                        const struct owned_name *taken, size_t n_taken, struct fed_error *err)
{
	char name[FED_CLIENT_NAME_MAX + 16];
	uint64_t number = 0;

	if (fed_client_name_check(base, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < names->n; i++) {
		do
			snprintf(name, sizeof name, "%s-%llu", base, (unsigned long long)++number);
		while (find_taken(taken, n_taken, name));
		if (fed_client_name_check(name, err) || set_name(names, i, name, err))
			return FED_FAIL;
	}
	return FED_OK;
}

static int list_names(struct fed_client_names *names, const char *typed,
                      const struct owned_name *taken, size_t n_taken, struct fed_error *err)
{
	for (uint32_t i = 0; i < names->n; i++) {
		char name[FED_CLIENT_NAME_MAX + 1];
		const size_t n = strcspn(typed, ",");

		snprintf(name, sizeof name, "%.*s", (int)n, typed);
		if (fed_client_name_check(name, err))
			return FED_FAIL;
		const struct owned_name *other = find_taken(taken, n_taken, name);
		if (other)
			return fed_fail(err, "`%s` is the name of client %u already; choose another", name,
			                other->client);
		for (uint32_t k = 0; k < i; k++)
			if (strcmp(names->name[k], name) == 0)
				return fed_fail(err, "`%s` stands twice among the names; each client has its own",
				                name);
		if (set_name(names, i, name, err))
			return FED_FAIL;
		typed += n + (typed[n] == ',');
	}
	return FED_OK;
}

int fed_client_names_parse(struct fed_client_names *names, const struct fed_clients *c,
                           const char *typed, const uint32_t *ids, uint32_t n,
                           struct fed_error *err)
{
	const uint32_t items = items_of(typed);
	struct owned_name *taken;
	size_t n_taken;

	*names = (struct fed_client_names){0};
	if (items > 1 && items != n)
		return fed_fail(err,
		                "%u names for %u client%s; give as many, or one, which gets numbers behind",
		                items, n, n == 1 ? "" : "s");
	if (names_init(names, n, err))
		return FED_FAIL;
	if (!*typed)
		return FED_OK;
	int rc = list_taken(c, ids, n, &taken, &n_taken, err);
	if (rc == FED_OK)
		rc = items == n ? list_names(names, typed, taken, n_taken, err)
		                : number_names(names, typed, taken, n_taken, err);
	fed_free(taken);
	if (rc)
		fed_client_names_release(names);
	return rc;
}

void fed_client_name_of(const char *owner, char *name, size_t size)
{
	size_t n = 0;

	for (size_t bytes; *owner; owner += bytes ? bytes : 1) {
		bytes = name_next(owner, n == 0);
		if (n + bytes >= size - 12) /* a number may follow */
			break;
		if (bytes)
			memcpy(name + n, owner, bytes);
		else if (n && name[n - 1] != '-')
			name[n++] = '-';
		n += bytes;
	}
	while (n && name[n - 1] == '-')
		n--;
	name[n] = 0;
}

/* Another client may have the name of the owner: a number follows then. */
static int name_after(struct fed_client_names *names, uint32_t i, const char *owner,
                      const struct owned_name *taken, size_t n_taken, struct fed_error *err)
{
	char base[FED_CLIENT_NAME_MAX], name[FED_CLIENT_NAME_MAX + 16];
	struct fed_error unused;

	fed_client_name_of(owner, base, sizeof base);
	snprintf(name, sizeof name, "%s", base);
	for (unsigned k = 2; k < 1000 && find_taken(taken, n_taken, name); k++)
		snprintf(name, sizeof name, "%s-%u", base, k);
	if (!is_name(owner) && isdigit((unsigned char)*owner))
		return FED_OK; /* a number is no name */
	if (fed_client_name_check(name, &unused) || find_taken(taken, n_taken, name))
		return FED_OK;
	return set_name(names, i, name, err);
}

/* Two owners may have made the same name; the later one goes without. */
static int drop_twins(struct fed_client_names *names, struct fed_error *err)
{
	struct owned_name *all = fed_alloc_array(names->n, sizeof *all);
	uint32_t n = 0;

	if (!all)
		return fed_fail_memory(err, names->n * sizeof *all, "the clients' names");
	for (uint32_t i = 0; i < names->n; i++)
		if (names->name[i])
			all[n++] = (struct owned_name){names->name[i], i};
	qsort(all, n, sizeof *all, by_name);
	for (uint32_t i = 1, first = 0; i < n; i++) {
		if (strcmp(all[i].name, all[first].name) != 0) {
			first = i;
			continue;
		}
		fed_free(names->name[all[i].client]);
		names->name[all[i].client] = NULL;
	}
	fed_free(all);
	return FED_OK;
}

int fed__client_names_natural(struct fed_client_names *names, const struct fed_clients *c,
                              const struct fed_dataset *data, const uint32_t *const *first,
                              uint32_t n, struct fed_error *err)
{
	struct owned_name *taken;
	size_t n_taken;

	*names = (struct fed_client_names){0};
	if (!data->owner_name || !data->owner)
		return FED_OK;
	if (names_init(names, n, err))
		return FED_FAIL;
	int rc = list_taken(c, NULL, 0, &taken, &n_taken, err);
	for (uint32_t i = 0; rc == FED_OK && i < n; i++)
		if (first[i])
			rc =
				name_after(names, i, data->owner_name[data->owner[*first[i]]], taken, n_taken, err);
	fed_free(taken);
	if (rc == FED_OK)
		rc = drop_twins(names, err);
	if (rc)
		fed_client_names_release(names);
	return rc;
}

void fed_client_names_give(struct fed_client_names *names, struct fed_clients *c,
                           const uint32_t *ids)
{
	for (uint32_t i = 0; i < names->n; i++) {
		struct fed_client *client = &c->client[ids[i]];

		fed_free(client->name);
		client->name = names->name[i];
		c->named |= client->name != NULL;
		names->name[i] = NULL;
	}
	fed_client_names_release(names);
}
