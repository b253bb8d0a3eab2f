/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/client_selector.c - parser of client selectors.
 */
#include "history/client_selector.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "base/text.h"
#include "train/clients/names.h"

#define TEXT_MAX 65536
#define PART_MAX FED_CLIENT_NAME_MAX

struct selection {
	const struct fed_clients *clients;
	uint64_t *bits; /* by id */
	uint64_t seed, draws;
	struct fed_error *err;
};

static void pick(struct selection *s, uint32_t id)
{
	s->bits[id / 64] |= (uint64_t)1 << id % 64;
}

/* Error of an unknown client, with those that exist ("there are clients 0 to 9"). */
static int no_such(struct selection *s, const char *part)
{
	const struct fed_clients *c = s->clients;
	const uint32_t low = c->present[0], high = c->present[c->n_present - 1];

	if (low == high)
		return fed_fail(s->err, "%s: the only client is %u", part, low);
	return fed_fail(s->err, "%s: there are %u clients, from %u to %u", part, c->n_present, low,
	                high);
}

static int draw(struct selection *s, uint32_t k)
{
	const struct fed_clients *c = s->clients;
	struct fed_stream stream = fed_stream_open(s->seed, FED_FOR_WHO, s->draws, 0);
	uint32_t *place = fed_alloc_array(k, sizeof *place);

	if (!place)
		return fed_fail_memory(s->err, k * sizeof *place, "the selection");
	const int rc = fed_stream_choose(&stream, c->n_present, k, place, s->err);
	for (uint32_t i = 0; rc == FED_OK && i < k; i++)
		pick(s, c->present[place[i]]);
	fed_free(place);
	if (rc == FED_OK)
		s->draws++;
	return rc;
}

static int take_share(struct selection *s, const char *part, const char *digits)
{
	double percent;

	if (!fed_parse_real(digits, &percent) || !(percent > 0 && percent <= 100))
		return fed_fail(s->err, "%s: a share is above 0%% and at most 100%%", part);
	const uint32_t k = (uint32_t)(percent / 100 * s->clients->n_present + 0.5);
	return draw(s, k ? k : 1);
}

static int take_random(struct selection *s, const char *part, const char *digits)
{
	long long k;

	if (!fed_parse_int(digits, &k) || k < 1 || k > s->clients->n_present)
		return fed_fail(s->err, "%s: give a whole number from 1 to %u", part,
		                s->clients->n_present);
	return draw(s, (uint32_t)k);
}

/* An id in decimal digits alone; false also for "1k" and "+1". */
static bool parse_id(const char *digits, uint32_t *id)
{
	char *end;

	if (!digits[0] || strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > 10)
		return false;
	const unsigned long long x = strtoull(digits, &end, 10);
	*id = x < UINT32_MAX ? (uint32_t)x : UINT32_MAX;
	return true;
}

static int take_range(struct selection *s, const char *part, char *dash)
{
	char low_digits[PART_MAX];
	uint32_t low, high;
	bool any = false;

	memcpy(low_digits, part, (size_t)(dash - part));
	low_digits[dash - part] = 0;
	if (!parse_id(low_digits, &low) || !parse_id(dash + 1, &high))
		return fed_fail(s->err, "%s: a range is two client numbers, as 3-7", part);
	if (low > high)
		return fed_fail(s->err, "%s: a range goes upwards: %u-%u", part, high, low);
	if (high >= s->clients->n)
		return no_such(s, part);
	for (uint32_t id = low; id <= high; id++) {
		if (!s->clients->client[id].present)
			continue; /* removed clients leave gaps */
		pick(s, id);
		any = true;
	}
	return any ? FED_OK : no_such(s, part);
}

static int no_name(struct selection *s, const char *part)
{
	const char *near = fed_client_nearest(s->clients, part);

	if (near)
		return fed_fail(s->err, "no client is named `%s`; did you mean `%s`?", part, near);
	return fed_fail(s->err,
	                "`%s` is not a selection of clients; give a number, 1-5, 1,4,7-9, 20%%, "
	                "random:3%s or all",
	                part, fed_clients_named(s->clients) ? ", a name" : "");
}

static int take_one(struct selection *s, const char *part)
{
	uint32_t id;

	if (!parse_id(part, &id))
		return no_name(s, part);
	if (id < s->clients->n && !s->clients->client[id].present)
		return fed_fail(s->err, "client %u was removed", id);
	if (id >= s->clients->n)
		return no_such(s, part);
	pick(s, id);
	return FED_OK;
}

/* Those that never take part in training, or those that do. */
static int take_kind(struct selection *s, const char *part, bool unseen)
{
	const struct fed_clients *c = s->clients;
	bool any = false;

	for (uint32_t i = 0; i < c->n_present; i++) {
		if (c->client[c->present[i]].unseen != unseen)
			continue;
		pick(s, c->present[i]);
		any = true;
	}
	if (any)
		return FED_OK;
	return unseen ? fed_fail(s->err,
	                         "%s: every client takes part in training; `set unseen 20%%` "
	                         "before add-client keeps some out of it",
	                         part)
	              : fed_fail(s->err, "%s: no client takes part in training", part);
}

static int take_part(struct selection *s, char *part)
{
	const size_t len = strlen(part);
	char *dash = strchr(part, '-');
	uint32_t id;

	if (fed_client_find(s->clients, part, &id)) {
		pick(s, id);
		return FED_OK;
	}
	if (strcmp(part, "all") == 0) {
		for (uint32_t i = 0; i < s->clients->n_present; i++)
			pick(s, s->clients->present[i]);
		return FED_OK;
	}
	if (strcmp(part, "unseen") == 0 || strcmp(part, "seen") == 0)
		return take_kind(s, part, *part == 'u');
	if (strncmp(part, "random:", 7) == 0)
		return take_random(s, part, part + 7);
	if (len > 1 && part[len - 1] == '%') {
		char digits[PART_MAX];

		memcpy(digits, part, len - 1);
		digits[len - 1] = 0;
		return take_share(s, part, digits);
	}
	return dash && dash > part && isdigit((unsigned char)*part) ? take_range(s, part, dash)
	                                                            : take_one(s, part);
}

/* Next part up to a comma, trimmed, and printable in a message. */
static int next_part(struct selection *s, const char **at, char part[PART_MAX])
{
	*at += strspn(*at, " \t");
	size_t n = strcspn(*at, ",");
	const char *const begin = *at;

	*at += n;
	while (n && (begin[n - 1] == ' ' || begin[n - 1] == '\t'))
		n--;
	if (n == 0)
		return fed_fail(s->err, "a selection has nothing between two commas");
	struct fed_text clean = {0};
	fed_text_put_clean(&clean, begin, n < PART_MAX ? n : PART_MAX - 1, true);
	if (n >= PART_MAX)
		fed_fail(s->err, "`%.20s...`: no selector has %zu characters", fed_text_str(&clean), n);
	else
		snprintf(part, PART_MAX, "%.*s", PART_MAX - 1, fed_text_str(&clean));
	const bool failed = clean.failed;
	fed_text_release(&clean);
	if (failed)
		return fed_fail_memory(s->err, n, "the selection");
	return n >= PART_MAX ? FED_FAIL : FED_OK;
}

static int select_clients(struct selection *s, const char *text)
{
	char part[PART_MAX];

	for (const char *at = text;; at++) {
		if (next_part(s, &at, part) || take_part(s, part))
			return FED_FAIL;
		if (*at == 0)
			return FED_OK;
	}
}

static int collect(const struct selection *s, uint32_t **ids, uint32_t *n)
{
	uint32_t count = 0, filled = 0;

	for (uint32_t i = 0; i < (s->clients->n + 63) / 64; i++)
		count += (uint32_t)__builtin_popcountll(s->bits[i]);
	*ids = fed_alloc_array(count, sizeof **ids);
	if (!*ids)
		return fed_fail_memory(s->err, count * sizeof **ids, "the selection");
	for (uint32_t id = 0; id < s->clients->n; id++)
		if (s->bits[id / 64] >> id % 64 & 1)
			(*ids)[filled++] = id;
	*n = count;
	return FED_OK;
}

int fed_client_selector_parse(const char *text, const struct fed_clients *clients, uint64_t seed,
                              uint64_t *draws, uint32_t **ids, uint32_t *n, struct fed_error *err)
{
	struct selection s = {.clients = clients, .seed = seed, .draws = *draws, .err = err};

	if (clients->n_present == 0)
		return fed_fail(err, "there are no clients yet; `add-client 10` makes some");
	if (strnlen(text, TEXT_MAX + 1) > TEXT_MAX)
		return fed_fail(err, "a selection has at most %d characters", TEXT_MAX);
	if (text[strspn(text, " \t")] == 0)
		return fed_fail(err, "no clients are named; give a number, 1-5, 20%%, random:3 or all");
	s.bits = fed_alloc_array((clients->n + 63) / 64, sizeof *s.bits);
	if (!s.bits)
		return fed_fail_memory(err, clients->n / 8, "the selection");
	const int rc = select_clients(&s, text) == FED_OK ? collect(&s, ids, n) : FED_FAIL;
	fed_free(s.bits);
	if (rc == FED_OK)
		*draws = s.draws;
	return rc;
}

int fed_client_parse(const char *text, const struct fed_clients *c, uint32_t *id,
                     struct fed_error *err)
{
	if (c->n == 0)
		return fed_fail(err, "there are no clients; `add-client 10` makes some");
	if (fed_client_find(c, text, id))
		return FED_OK;
	if (!parse_id(text, id)) {
		const char *near = fed_client_nearest(c, text);

		return near
		           ? fed_fail(err, "no client is named `%s`; did you mean `%s`?", fed_show(text).s,
		                      near)
		           : fed_fail(err, "`%s` is no client; give a number from 0 to %u%s",
		                      fed_show(text).s, c->n - 1, fed_clients_named(c) ? " or a name" : "");
	}
	return *id < c->n ? FED_OK : fed_fail(err, "no client %u: there are 0 to %u", *id, c->n - 1);
}

static int by_id(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

bool fed_client_ids_contain(const uint32_t *ids, uint32_t n, uint32_t id)
{
	return n && bsearch(&id, ids, n, sizeof id, by_id) != NULL;
}

void fed_client_ids_put(struct fed_text *out, const uint32_t *ids, uint32_t n, size_t most)
{
	fed_client_labels_put(out, NULL, ids, n, most);
}

void fed_client_labels_put(struct fed_text *out, const struct fed_clients *clients,
                           const uint32_t *ids, uint32_t n, size_t most)
{
	const size_t begin = out->len;

	for (uint32_t i = 0, last; i < n; i = last + 1) {
		char part[PART_MAX + 16];
		const char *comma = i ? "," : "", *name = fed_client_name(clients, ids[i]);

		for (last = i; !name && last + 1 < n && ids[last + 1] == ids[last] + 1 &&
		               !fed_client_name(clients, ids[last + 1]);
		     last++)
			;
		if (name)
			snprintf(part, sizeof part, "%s%u %s", comma, ids[i], name);
		else if (last == i)
			snprintf(part, sizeof part, "%s%u", comma, ids[i]);
		else
			snprintf(part, sizeof part, "%s%u%s%u", comma, ids[i], last > i + 1 ? "-" : ",",
			         ids[last]);
		if (out->len - begin + strlen(part) > most) {
			fed_text_add(out, "%s... (", comma);
			fed_text_count(out, n);
			fed_text_add(out, " in all)");
			return;
		}
		fed_text_add(out, "%s", part);
	}
}
