/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/join/changes.c - differences of two views as lines.
 */
#include "shell/join/changes.h"

#include <string.h>

static void put_client(const struct fed_join_view *now, struct fed_text *out)
{
	fed_text_add(out, "client %u, with %s examples", now->client, fed_count(now->examples).s);
	if (now->holdout)
		fed_text_add(out, ", %s of them held out", fed_count(now->holdout).s);
	fed_text_add(out, "; model %s, scheme %s, aggregator %s\n", now->model, now->scheme,
	             now->aggregator);
}

static void put_work(const struct fed_join_view *before, const struct fed_join_view *now,
                     struct fed_text *out)
{
	if (now->trainings != before->trainings) {
		fed_text_add(out, "trained from version %llu, loss %s; ", (unsigned long long)now->version,
		             fed_digits(now->loss, 4).s);
		fed_text_bytes(out, (double)now->server.received);
		fed_text_add(out, " received, ");
		fed_text_bytes(out, (double)now->server.sent);
		fed_text_add(out, " sent\n");
	}
	if (now->evaluations != before->evaluations)
		fed_text_add(out, "evaluated version %llu\n", (unsigned long long)now->version);
}

/* States that have a line of their own: not those that come with each message, nor the end, which
 * the program says. */
static bool is_told(enum fed_membership state)
{
	return state != FED_JOIN_TRAINS && state != FED_JOIN_EVALUATES && state != FED_JOIN_IDLE &&
	       state != FED_JOIN_READY && state < FED_JOIN_REFUSED;
}

void fed__join_changes_put(const struct fed_join_view *before, const struct fed_join_view *now,
                           struct fed_text *out)
{
	const bool why = strcmp(before->why, now->why) != 0;

	if (now->client != before->client && now->client != FED_SERVER)
		put_client(now, out);
	put_work(before, now, out);
	if ((is_told(now->state) && (before->state != now->state || why)) ||
	    (why && *now->why && now->state < FED_JOIN_REFUSED)) {
		fed__join_state_put(now, out);
		fed_text_add(out, "\n");
	}
	if (*now->told && strcmp(before->told, now->told) != 0)
		fed_text_add(out, "told: %s\n", now->told);
	if (now->asks && !before->asks)
		fed_text_add(out, "offered to attack as %s, which needs a terminal to answer\n", now->role);
	if (now->plays && !before->plays)
		fed_text_add(out, "attacks as %s\n", now->role);
	if (now->silent != before->silent && now->state < FED_JOIN_REFUSED)
		fed_text_add(out, now->silent ? "the server is silent; the connection is made again\n"
		                              : "the server is back\n");
}
