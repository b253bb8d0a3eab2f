/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/event_log.h - what happened: the last events, and each invitation's way.
 *
 * The session hands it every event.  The last FED_EVENTS_MAX are kept, 40 bytes each (42 MB when
 * full), and each different text once; texts beyond FED_TEXTS_BYTES push out the oldest events.
 * What an aborted round did stays, marked as undone: it was seen, though time was set back behind
 * it.  Nothing here can fail: where memory is short the oldest is forgotten sooner.
 */
#ifndef FED_HISTORY_EVENT_LOG_H
#define FED_HISTORY_EVENT_LOG_H

#include "history/invitation_log.h"
#include "history/string_pool.h"

#define FED_EVENTS_MAX (1u << 20)
#define FED_TEXTS_BYTES ((size_t)16 << 20)

struct fed_logged_event {
	double clock;
	uint64_t version;
	union {
		struct {
			uint64_t invitation, bytes;
		};
		struct { /* FED_EVENT_ROUND */
			float accuracy, loss;
			uint32_t used, invited;
		};
	};
	uint32_t client;
	uint32_t kind : 6; /* enum fed_event_kind */
	uint32_t undone : 1;
	uint32_t text : 25; /* number of the phrase, or 0 */
};

/* Zeroed is an empty one. */
struct fed_event_log {
	struct fed_logged_event *event; /* ring [capacity], a power of two; event k is at k mod room */
	uint64_t first, n;              /* kept: first .. n; numbers from 1 */
	uint32_t capacity,
		limit;    /* limit 0: FED_EVENTS_MAX; set before the first event, a power of two */
	uint64_t run; /* number of the present run's first event */
	uint64_t opened, opened_invitation; /* first event and journey of the open round; 0: none */
	struct fed_string_pool texts;
	struct fed_invitation_log invitation_log;
};

void fed_event_log_release(struct fed_event_log *);
void fed_event_log_take(struct fed_event_log *, const struct fed_event *);
/* Version 0 again, or a restored session: clock and versions begin anew. */
void fed_event_log_restart(struct fed_event_log *);

/* Event k, or NULL when it is not kept. */
const struct fed_logged_event *fed_event_log_at(const struct fed_event_log *, uint64_t k);
/* NULL: it has none. */
const char *fed_event_log_text(const struct fed_event_log *, const struct fed_logged_event *);
/* The first event of the present run at this version or a later one; n + 1 when there is none. */
uint64_t fed_event_log_since(const struct fed_event_log *, uint64_t version);

/* The version from which on events of the present run are kept, now that it is at `version`: 0, or
 * later where it was restored (a saved file has none) or the oldest went. */
uint64_t fed_event_log_begins(const struct fed_event_log *, uint64_t version);

/* "sent", "refused"; NULL past the last. */
const char *fed_event_name(size_t kind);
/* Steps inside a round: many, and without words of their own. */
bool fed_event_is_step(enum fed_event_kind);

#endif
