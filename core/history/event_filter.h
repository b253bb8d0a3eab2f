/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/event_filter.h - filter over the event log, and formatting of an event as a line of text.
 */
#ifndef FED_HISTORY_EVENT_FILTER_H
#define FED_HISTORY_EVENT_FILTER_H

#include "history/event_log.h"
#include "train/clients/clients.h"

/* Filter as typed; "": any. */
struct fed_event_filter_spec {
	const char *kind;    /* "refused,lost", "all"; "": all but the steps inside rounds */
	const char *client;  /* a client selector */
	const char *version; /* "7", "3-5", "3-", "-5" */
	const char *text;    /* substring, case-insensitive */
};

struct fed_event_filter {
	uint64_t kinds; /* bit k: kind k */
	uint32_t *client;
	uint32_t n_clients; /* client NULL: events of any client, or of none */
	uint64_t from, to;  /* versions */
	char *text;
};
/* Parse a filter.  seed, draw: of random selectors, whose count of draws does not change. */
int fed_event_filter_init(struct fed_event_filter *, const struct fed_event_filter_spec *,
                          const struct fed_clients *, uint64_t seed, uint64_t draw,
                          struct fed_error *);
void fed_event_filter_release(struct fed_event_filter *); /* zeroed is fine */
bool fed_event_filter_passes(const struct fed_event_filter *, const struct fed_event_log *,
                             const struct fed_logged_event *);

/* Append an event, "version 3  clock 1.2 s  refused  client 4 (name)  ..."; clients NULL: without
 * their names. */
void fed_logged_event_put(struct fed_text *, const struct fed_event_log *,
                          const struct fed_logged_event *, const struct fed_clients *);

#endif
