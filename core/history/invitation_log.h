/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/invitation_log.h - what became of each invitation of the present run: when the model left
 * for a client, arrived, was trained, when the update left, arrived, and what it was good for.
 *
 * The last FED_INVITATION_LOG_MAX are kept, 128 bytes each and 32 to 96 for each client among them:
 * at most 50 MB.  Those of an aborted round never happened: virtual time is set back, and they are
 * taken out; what an aborted round did to earlier ones (scheme async) ends as recalled, at the time
 * that the clock was set back to.
 */
#ifndef FED_HISTORY_INVITATION_LOG_H
#define FED_HISTORY_INVITATION_LOG_H

#include "train/round/verdicts.h"
#include "train/round/record.h"

#define FED_INVITATION_LOG_MAX (1u << 18)

enum fed_invitation_state {
	FED_INVITATION_DOWNLOADS, /* the model is on its way */
	FED_INVITATION_COMPUTES,
	FED_INVITATION_HELD, /* trained, and a fault keeps the update at the client */
	FED_INVITATION_UPLOADS,
	/* From here on it is over. */
	FED_INVITATION_REPORTED,
	FED_INVITATION_REFUSED,
	FED_INVITATION_LOST,
	FED_INVITATION_LATE,
	FED_INVITATION_CANCELLED,
	FED_INVITATION_STATES
};

struct fed_invitation_record {
	/* Virtual seconds; NaN: not yet, or never. */
	double sent, received, trained, left, ended;
	double computed; /* seconds until trained; in between less the time at which it began last */
	double until;    /* reported: the step was made, or the client was invited again */
	uint64_t invitation;
	uint64_t version; /* of the model that was sent */
	uint64_t step;    /* reported: the version that it was judged for; 0: not yet */
	uint64_t end;     /* number of the event that ended it (history/event_log.h) */
	uint64_t bytes_down, bytes_up;
	float weight, score; /* its verdict, once step is set; NaN: in turn there is none */
	uint32_t client;
	uint32_t before;        /* so many journeys ago the client's one before left; 0: none */
	uint16_t extra_answers; /* answers that came after its end */
	uint8_t state;          /* enum fed_invitation_state */
	bool computing;
	bool turn;      /* split learning: between received and trained it waits for the server, too */
	bool used;      /* in the step */
	bool trusted;   /* used, and not suspect by a rule that leaves nobody out */
	bool byzantine; /* the truth, which the server is not told */
};

/* Zeroed is an empty one. */
struct fed_invitation_log {
	struct fed_invitation_record
		*invitation;          /* ring [capacity], a power of two; journey k is at k mod room */
	uint64_t first, n;        /* kept: first .. n, in the order of leaving; numbers from 1 */
	uint32_t capacity, limit; /* limit 0: FED_INVITATION_LOG_MAX; set before the first event */
	struct fed_invitation_hash *head; /* hash table [heads] by client */
	uint32_t heads, heads_used;
};

void fed_invitation_log_release(struct fed_invitation_log *);
/* Another run begins. */
void fed_invitation_log_clear(struct fed_invitation_log *);
/* What the federation tells; number: the event's. */
void fed_invitation_log_take(struct fed_invitation_log *, const struct fed_event *,
                             uint64_t number);
/* The version that now stands was made of these updates. */
void fed_invitation_log_set_verdicts(struct fed_invitation_log *, uint64_t version, double clock,
                                     const struct fed_verdicts *);
/* The version that now stands was made by clients in turn, without a verdict: each that reported
 * has handed its layers on. */
void fed_invitation_log_relay(struct fed_invitation_log *, uint64_t version, double clock);
/* The round whose first event and journey would have had these numbers was aborted; event: that
 * says so, with its own number. */
void fed_invitation_log_undo(struct fed_invitation_log *, uint64_t first_event,
                             uint64_t first_invitation, const struct fed_event *, uint64_t number);

/* Journey k, or NULL when it is not kept. */
const struct fed_invitation_record *fed_invitation_log_at(const struct fed_invitation_log *,
                                                          uint64_t k);
/* The client's last one; its one before; NULL: none kept. */
const struct fed_invitation_record *fed_invitation_log_last(const struct fed_invitation_log *,
                                                            uint32_t client);
const struct fed_invitation_record *fed_invitation_log_before(const struct fed_invitation_log *,
                                                              const struct fed_invitation_record *);
/* The clients that have journeys between two times, ascending (fed_free).  *n of them. */
int fed_invitation_log_clients(const struct fed_invitation_log *, double from, double to,
                               uint32_t **client, uint32_t *n, struct fed_error *);

/* Seconds that its client computed, which under split learning is not all between received and
 * trained; NaN: it has not trained. */
double fed_invitation_computed_seconds(const struct fed_invitation_record *);

/* What a client does one after the other. */
enum fed_phase {
	FED_PHASE_DOWNLOAD,
	FED_PHASE_COMPUTE,
	FED_PHASE_UPLOAD,
	FED_PHASE_WAIT, /* for its link, or for the others of the round */
	FED_PHASES
};
extern const char *const fed_phase_names[FED_PHASES];
struct fed_span {
	enum fed_phase phase;
	double from, to;
};
#define FED_SPANS_MAX 5
/* The spans of a journey, each beginning where the last one ended; what has no end yet ends `now`.
 * Returns how many.  What is between received and trained in a turn is left out:
 * fed_timeline_turns(). */
int fed_invitation_spans(const struct fed_invitation_record *, double now,
                         struct fed_span[FED_SPANS_MAX]);

#endif
