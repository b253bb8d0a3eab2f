/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "conformance/run.h"

#include <string.h>

#include "base/key_values.h"

static struct fed_registry *registry;

const struct fed_entry *entry_of(const char *folder, const char *file)
{
	const struct fed_entry *entry;
	struct fed_error err;
	char path[600];

	snprintf(path, sizeof path, "%s/%s.so", folder, file);
	if (!registry)
		fed_assert_ok(fed_registry_init(&registry, &err), &err);
	for (enum fed_kind kind = FED_KIND_AGGREGATOR; kind <= FED_KIND_LAST; kind++)
		for (size_t i = 0; (entry = fed_registry_at(registry, kind, i)); i++)
			if (strcmp(entry->path, path) == 0)
				return entry;
	fed_assert_ok(fed_registry_load(registry, path, &entry, &err), &err);
	return entry;
}

static void keep(void *ctx, const struct fed_conformance_result *r)
{
	struct run *run = ctx;
	struct kept_result *kept = &run->result[run->n++];

	ck_assert_uint_lt(run->n, sizeof run->result / sizeof *run->result);
	snprintf(kept->check, sizeof kept->check, "%s", r->check);
	snprintf(kept->given, sizeof kept->given, "%s", r->given);
	snprintf(kept->got, sizeof kept->got, "%s", r->got);
	snprintf(kept->expected, sizeof kept->expected, "%s", r->expected);
	kept->outcome = r->outcome;
	run->failed += r->outcome == FED_CONFORMANCE_FAILED;
	if (r->outcome == FED_CONFORMANCE_FAILED) { /* all three sentences are there */
		ck_assert_msg(*r->given && *r->got && *r->expected, "%s: given %s, got %s, expected %s",
		              r->check, r->given, r->got, r->expected);
	}
}

/* A search for the number of a check. */
struct search {
	const char *name;
	size_t at, number;
};

static void compare(void *ctx, const char *name)
{
	struct search *s = ctx;

	s->at++;
	if (strcmp(name, s->name) == 0)
		s->number = s->at;
}

/* large is 100,000 here, a million is what the program uses; under a sanitizer 20,000. */
void run_plugin(struct run *run, const char *folder, const char *file, const char *settings,
                const char *only)
{
	struct fed_conformance_options options = {.seed = 7, .large = FED_SANITIZED ? 20000 : 100000};
	const struct fed_entry *entry = entry_of(folder, file);
	char text[200] = "", *at = text, *word;
	struct search search = {.name = only};
	struct fed_assign assign[8];
	struct fed_error err;

	snprintf(text, sizeof text, "%s", settings ? settings : "");
	while ((word = strsep(&at, " ")) && *word) {
		char *value = strchr(word, '=');

		*value = '\0';
		assign[options.n_assign++] = (struct fed_assign){word, value + 1};
	}
	options.assign = assign;
	if (only) {
		fed_conformance_list(entry, compare, &search);
		ck_assert_msg(search.number, "no check %s", only);
		options.only = search.number;
	}
	*run = (struct run){0};
	fed_assert_ok(fed_conformance_run(entry, &options, keep, run, &err), &err);
	if (only)
		ck_assert_uint_eq(run->n, 1);
	else
		ck_assert_uint_gt(run->n, 4);
}

const struct kept_result *result_of(const struct run *run, const char *check)
{
	for (size_t i = 0; i < run->n; i++)
		if (strcmp(run->result[i].check, check) == 0)
			return &run->result[i];
	ck_abort_msg("no check %s", check);
	return NULL;
}
