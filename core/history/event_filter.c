/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/event_filter.c - filter over the event log, and events as lines.
 */
#include "history/event_filter.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "history/client_selector.h"
#include "train/clients/names.h"

static const char *kind_at(const void *ctx, size_t i)
{
	(void)ctx;
	return fed_event_name(i);
}

static int add_kind(uint64_t *kinds, const char *name, struct fed_error *err)
{
	if (strcmp(name, "all") == 0) {
		*kinds = UINT64_MAX;
		return FED_OK;
	}
	for (size_t k = 0; fed_event_name(k); k++)
		if (fed_same_name(fed_event_name(k), name)) {
			*kinds |= 1ull << k;
			return FED_OK;
		}
	const char *near = fed_nearest(name, kind_at, NULL);
	if (near)
		return fed_fail(err, "no kind of event %s; did you mean %s?", fed_show(name).s, near);
	struct fed_text names = {0};
	for (size_t k = 0; fed_event_name(k); k++)
		fed_text_add(&names, "%s, ", fed_event_name(k));
	fed_fail(err, "no kind of event %s; there are %sand all", fed_show(name).s,
	         fed_text_str(&names));
	fed_text_release(&names);
	return FED_FAIL;
}

static int parse_kinds(const char *typed, uint64_t *kinds, struct fed_error *err)
{
	char name[64];

	*kinds = 0;
	for (const char *at = typed;; at++) {
		const size_t n = strcspn(at, ",");

		snprintf(name, sizeof name, "%.*s", (int)n, at);
		if (add_kind(kinds, name, err))
			return FED_FAIL;
		at += n;
		if (!*at)
			return FED_OK;
	}
}

static bool parse_version(const char *typed, uint64_t *out)
{
	long long value;

	if (!fed_parse_int(typed, &value) || value < 0)
		return false;
	*out = (uint64_t)value;
	return true;
}

/* Parse versions: "7", "3-5", "3-", "-5". */
static int parse_versions(const char *typed, struct fed_event_filter *c, struct fed_error *err)
{
	char from[64];
	const char *dash = strchr(typed, '-');
	bool good;

	snprintf(from, sizeof from, "%.*s", dash ? (int)(dash - typed) : 63, typed);
	if (dash)
		good = (!*from || parse_version(from, &c->from)) &&
		       (!dash[1] || parse_version(dash + 1, &c->to)) && typed[1];
	else
		good = parse_version(typed, &c->from) && parse_version(typed, &c->to);
	if (!good || c->from > c->to)
		return fed_fail(err, "version %s: give one number, or two with - between, as in 3-5 or 3-",
		                fed_show(typed).s);
	return FED_OK;
}

int fed_event_filter_init(struct fed_event_filter *c, const struct fed_event_filter_spec *words,
                          const struct fed_clients *clients, uint64_t seed, uint64_t draw,
                          struct fed_error *err)
{
	*c = (struct fed_event_filter){.to = UINT64_MAX};
	for (size_t k = 0; !*words->kind && fed_event_name(k); k++)
		c->kinds |= (uint64_t)!fed_event_is_step((enum fed_event_kind)k) << k;
	if ((*words->kind && parse_kinds(words->kind, &c->kinds, err)) ||
	    (*words->version && parse_versions(words->version, c, err)))
		return FED_FAIL;
	if (*words->client && fed_client_selector_parse(words->client, clients, seed, &draw, &c->client,
	                                                &c->n_clients, err))
		return FED_FAIL;
	if (!*words->text)
		return FED_OK;
	c->text = fed_strdup(words->text);
	if (c->text)
		return FED_OK;
	fed_event_filter_release(c);
	return fed_fail_memory(err, strlen(words->text), "a filter");
}

void fed_event_filter_release(struct fed_event_filter *c)
{
	fed_free(c->client);
	fed_free(c->text);
	*c = (struct fed_event_filter){0};
}

bool fed_event_filter_passes(const struct fed_event_filter *c, const struct fed_event_log *r,
                             const struct fed_logged_event *e)
{
	if (!(c->kinds >> e->kind & 1) || e->version < c->from || e->version > c->to)
		return false;
	if (c->client && !fed_client_ids_contain(c->client, c->n_clients, e->client))
		return false;
	const char *text = fed_event_log_text(r, e);
	return !c->text || (text && strcasestr(text, c->text));
}

/* Lines ------------------------------------------------------------------------ */

/* Append a round's metrics: "accuracy 81.20 %, loss 0.5512, clients 9 of 10", in the words of a
 * round's line. */
static void put_figures(struct fed_text *line, const struct fed_logged_event *e)
{
	fed_text_add(line, "  ");
	if (!isnan(e->accuracy))
		fed_text_add(line, "accuracy %.2f %%, ", 100 * e->accuracy);
	if (!isnan(e->loss))
		fed_text_add(line, "loss %s, ", fed_digits(e->loss, 4).s);
	fed_text_add(line, "clients %u", e->used);
	if (e->used != e->invited)
		fed_text_add(line, " of %u", e->invited);
}

void fed_logged_event_put(struct fed_text *line, const struct fed_event_log *r,
                          const struct fed_logged_event *e, const struct fed_clients *clients)
{
	const char *text = fed_event_log_text(r, e);

	fed_text_add(line, "version %llu  clock ", (unsigned long long)e->version);
	fed_text_clock(line, e->clock);
	/* "fault 1: offline on client 3" has the kind itself. */
	const char *kind = fed_event_name(e->kind);
	if (!text || strncmp(text, kind, strlen(kind)) != 0)
		fed_text_add(line, "  %s", kind);
	if (e->client != FED_SERVER) {
		fed_text_add(line, "  ");
		fed_client_put(line, clients, e->client);
	}
	if (e->kind == FED_EVENT_ROUND)
		put_figures(line, e);
	else if (e->bytes) {
		fed_text_add(line, "  ");
		fed_text_bytes(line, (double)e->bytes);
	}
	if (text)
		fed_text_add(line, "  %s", text);
	if (e->undone)
		fed_text_add(line, "  (undone)");
}
