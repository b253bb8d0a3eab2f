/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/invitation_log.h - invitation log: times, end and verdict of each invitation of the
 * present run.
 *
 * The last FED_INVITATION_LOG_MAX are kept, 144 bytes each and 32 to 96 for each client among them:
 * at most 54 MB.  An abort rolls the clock back and removes the round's invitations; earlier ones
 * that the aborted round changed (scheme async) are as they were before it.
 */
#ifndef FED_HISTORY_INVITATION_LOG_H
#define FED_HISTORY_INVITATION_LOG_H

#include "train/round/verdicts.h"
#include "train/round/record.h"

#define FED_INVITATION_LOG_MAX (1u << 18)

enum fed_invitation_state {
	FED_INVITATION_DOWNLOADS, /* the model is in flight to its client */
	FED_INVITATION_COMPUTES,
	FED_INVITATION_HELD, /* trained, and a fault keeps the update at the client */
	FED_INVITATION_UPLOADS,
	/* From here on the invitation has ended. */
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
	double computed; /* seconds of training so far; while it trains, minus the time of its last
	                    start */
	double until;    /* reported: time of the step, or of the client's next invitation */
	uint64_t invitation;
	uint64_t version; /* of the model that was sent */
	uint64_t step;    /* reported: the version of its verdict; 0: none yet */
	uint64_t end;     /* number of the event that ended it (history/event_log.h) */
	uint64_t bytes_down, bytes_up;
	/* Seconds at the server's link: that the model waited there, from `sent` on; from `left` until
	 * the update reached it, and that it waited then.  INFINITY: it still waits. */
	float down_waited, up_reached, up_waited;
	float weight, score; /* its verdict, once step is set; NaN: sequential split has none */
	uint32_t client;
	uint32_t before;        /* distance to the client's previous record; 0: none */
	uint16_t extra_answers; /* updates that arrived after its end */
	uint8_t state;          /* enum fed_invitation_state */
	bool computing;
	bool turn;      /* split learning: also waits for the server between received and trained */
	bool used;      /* in the step */
	bool skipped;   /* the step was: its aggregator failed (on-plugin-error) */
	bool trusted;   /* used, and not suspect by a rule that down-weights */
	bool byzantine; /* ground truth, unknown to the server */
};

/* A record as it was before the open round changed it. */
struct fed_invitation_before {
	uint64_t k;
	struct fed_invitation_record record;
};

/* Invitation log; zeroed is empty. */
struct fed_invitation_log {
	struct fed_invitation_record
		*invitation;          /* ring [capacity], a power of two; record k is at k mod capacity */
	uint64_t first, n;        /* kept: first .. n, in the order of sending; numbers from 1 */
	uint64_t scheme;          /* the first record of the present scheme; 0: all are */
	uint32_t capacity, limit; /* limit 0: FED_INVITATION_LOG_MAX; set before the first event */
	struct fed_invitation_hash *head; /* hash table [heads] by client */
	uint32_t heads, heads_used;
	uint64_t opened;                       /* the open round's first record; 0: none is open */
	struct fed_invitation_before *changed; /* [n_changed], in the order of the changes; without
	                                          memory for it changes stay */
	size_t n_changed, changed_capacity;
};

void fed__invitation_log_release(struct fed_invitation_log *);
size_t fed__invitation_log_bytes(const struct fed_invitation_log *); /* of memory */
/* A copy; false: no memory, and *to is empty. */
bool fed__invitation_log_copy(struct fed_invitation_log *to, const struct fed_invitation_log *);
/* Add to the numbers of events that ended invitations. */
void fed__invitation_log_renumber(struct fed_invitation_log *, uint64_t more);
/* Remove all records, when another run begins. */
void fed__invitation_log_clear(struct fed_invitation_log *);
/* Update the log by an event with this number. */
void fed__invitation_log_take(struct fed_invitation_log *, const struct fed_event *,
                              uint64_t number);
/* Set the verdicts of the updates of a committed version. */
void fed_invitation_log_set_verdicts(struct fed_invitation_log *, uint64_t version, double clock,
                                     const struct fed_verdicts *);
/* Mark the invitations of a committed version of sequential split, which has no verdicts: each that
 * reported has relayed its layers. */
void fed_invitation_log_relay(struct fed_invitation_log *, uint64_t version, double clock);
/* Another scheme invites from now on. */
void fed_invitation_log_mark_scheme(struct fed_invitation_log *);
/* Begin a round, then commit or undo it. */
void fed__invitation_log_open(struct fed_invitation_log *);
void fed__invitation_log_commit(struct fed_invitation_log *);
void fed__invitation_log_undo(struct fed_invitation_log *);

/* Place in the log: what it held at a moment, and copies of what later events may change. */
struct fed_invitation_mark {
	uint64_t n, scheme, opened;
	struct fed_invitation_before *pending; /* [n_pending] not ended, or reported without verdict */
	size_t n_pending, pending_capacity;
	struct fed_invitation_before *changed; /* [n_changed] as in the log */
	size_t n_changed;
};
/* False: no memory, and *mark is empty. */
bool fed__invitation_log_mark(struct fed_invitation_mark *, const struct fed_invitation_log *);
void fed__invitation_mark_release(struct fed_invitation_mark *); /* zeroed is fine */
/* Remove what came after a mark of the same run; the numbers of events have grown by `more` since.
 * Without memory the open round cannot be undone in the log any more. */
void fed__invitation_log_cut(struct fed_invitation_log *, const struct fed_invitation_mark *,
                             uint64_t more);

/* Record k, or NULL when it is not kept. */
const struct fed_invitation_record *fed_invitation_log_at(const struct fed_invitation_log *,
                                                          uint64_t k);
/* The client's last one; its one before; NULL: none kept. */
const struct fed_invitation_record *fed_invitation_log_last(const struct fed_invitation_log *,
                                                            uint32_t client);
const struct fed_invitation_record *fed_invitation_log_before(const struct fed_invitation_log *,
                                                              const struct fed_invitation_record *);
/* Clients that have invitations between two times, ascending (fed_free).  *n of them. */
int fed_invitation_log_clients(const struct fed_invitation_log *, double from, double to,
                               uint32_t **client, uint32_t *n, struct fed_error *);

/* Seconds that its client computed, which under split learning is not all between received and
 * trained; NaN: it has not trained. */
double fed_invitation_computed_seconds(const struct fed_invitation_record *);

/* Whether its model or its update waits for the server's link now. */
bool fed_invitation_is_queued(const struct fed_invitation_record *);

/* Phases of an invitation, in order. */
enum fed_phase {
	FED_PHASE_DOWNLOAD,
	FED_PHASE_COMPUTE,
	FED_PHASE_UPLOAD,
	FED_PHASE_QUEUE, /* a message waits for the server's own link */
	FED_PHASE_WAIT,  /* for its link, the server or the other clients of the round */
	FED_PHASES
};
extern const char *const fed_phase_names[FED_PHASES];
struct fed_span {
	enum fed_phase phase;
	double from, to;
};
#define FED_SPANS_MAX 8
/* Spans of an invitation, contiguous; the last one of an open invitation ends `now`.  Returns how
 * many.  Leaves out the time between received and trained of a turn: fed_timeline_turns(); a client
 * whose turn has ended is idle. */
int fed_invitation_spans(const struct fed_invitation_record *, double now,
                         struct fed_span[FED_SPANS_MAX]);

#endif
