/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/event_filter.h - which events of the recorder are wanted, and an event as a line of text.
 */
#ifndef FED_HISTORY_EVENT_FILTER_H
#define FED_HISTORY_EVENT_FILTER_H

#include "history/event_log.h"
#include "train/clients/clients.h"

/* As people type it; "": any. */
struct fed_event_filter_spec {
	const char *kind;    /* "refused,lost", "all"; "": all but the steps inside rounds */
	const char *client;  /* a WHO */
	const char *version; /* "7", "3-5", "3-", "-5" */
	const char *text;    /* some of it, whatever its case */
};

struct fed_event_filter {
	uint64_t kinds; /* bit k: kind k */
	uint32_t *client;
	uint32_t n_clients; /* client NULL: any, and none */
	uint64_t from, to;  /* versions */
	char *text;
};
/* seed and draw: of the random WHO, which is looked at and not drawn. */
int fed_event_filter_init(struct fed_event_filter *, const struct fed_event_filter_spec *,
                          const struct fed_clients *, uint64_t seed, uint64_t draw,
                          struct fed_error *);
void fed_event_filter_release(struct fed_event_filter *); /* zeroed is fine */
bool fed_event_filter_passes(const struct fed_event_filter *, const struct fed_event_log *,
                             const struct fed_logged_event *);

/* Append "version 3  clock 1.2 s  refused  client 4  ..." */
void fed_logged_event_put(struct fed_text *, const struct fed_event_log *,
                          const struct fed_logged_event *);

#endif
