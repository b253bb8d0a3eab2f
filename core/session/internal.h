/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/internal.h - struct fed_session itself, for core/session and for those who save and copy
 * it (checkpoint, experiments).  Others see session.h.
 *
 * Whatever changes the composition first makes all that can fail, then takes the federation down
 * (which cannot), puts the new part in, and sets the federation up again.
 */
#ifndef FED_SESSION_INTERNAL_H
#define FED_SESSION_INTERNAL_H

#include "history/event_log.h"
#include "history/kept_runs.h"
#include "history/metrics.h"
#include "session/breakpoints.h"
#include "session/round_edits.h"
#include "session/session.h"

#define FED_SINKS_MAX 8

/* Where training stands while no federation runs. */
struct fed_progress {
	float *params; /* [dim]; NULL: at the beginning, parameters come from the seed */
	size_t dim;
	uint64_t version, invitations;
	double clock;
	uint64_t next_seq, next_id; /* of the clock and of the post */
	struct fed_record record;
};

struct fed_session {
	struct fed_registry *plugins;
	struct fed_composition parts;
	uint64_t faults_told;             /* numbers up to this one when a version last began */
	struct fed_ledger ledger;         /* what they cost since version 0 */
	struct fed_federation federation; /* initialised by fed_session_start */
	bool running;                     /* federation is initialised */
	struct fed_round_edits changes;   /* since the open round began */
	struct fed_progress progress;     /* of a federation that was taken down */
	struct fed_history history;
	struct fed_runs runs; /* kept by name */
	struct fed_event_log event_log;
	struct fed_breakpoints breakpoints;
	struct fed_remaining_run rest; /* of the last run, where a stop left some */
	struct fed_sink sink[FED_SINKS_MAX];
	size_t n_sinks;
	struct fed_pause_hook between;
	uint64_t draws;        /* random WHO selections made */
	bool diverged;         /* the user was told */
	bool copied;           /* a copy (experiments/session_copy.h): nobody hears of it */
	atomic_int interrupts; /* see fed_session_interrupt */
};

/* In place, where no front end is served: copies and tests.  A failed one is released. */
int fed_session_init(struct fed_session *, const char *plugin_folder, struct fed_sink,
                     struct fed_error *);
void fed_session_release(struct fed_session *);

/* Take the federation down; where training stands goes into s->progress. */
void fed_session_stop(struct fed_session *);
/* Recall the work that is under way between two versions (scheme async), if any, with a notice that
 * begins with `why`. */
void fed_session_cancel_in_flight(struct fed_session *, const char *why);
/* Set the federation up, from where training stands.  The composition is complete. */
int fed_session_set_up(struct fed_session *, struct fed_error *);
/* The same where the composition is complete.  A failure is a warning: nothing is lost, the next
 * round tries again. */
void fed_session_try_set_up(struct fed_session *);
/* fed_session_try_set_up() where training had begun. */
void fed_session_resume(struct fed_session *);

/* What a run at version 0 needs anew: plugins with their settings and an empty state. */
struct fed_restart_parts {
	struct fed_instance aggregator, transport;
	struct fed_attack_share **attack; /* [n_faults] as in s->faults; NULL: not Byzantine */
	size_t n_faults;
};
int fed_restart_parts_init(struct fed_restart_parts *, const struct fed_session *,
                           struct fed_error *);
void fed_restart_parts_release(struct fed_restart_parts *);
/* Version 0: parameters from the seed, empty history, clients that never trained.  Takes what is
 * in `afresh`; the federation must have been stopped. */
void fed_restart_parts_commit(struct fed_session *, struct fed_restart_parts *);

/* The same attack with the same settings and an empty state. */
int fed_attack_renew(struct fed_attack_share **out, const struct fed_attack_share *,
                     struct fed_error *);
int fed_net_for(struct fed_net *, const struct fed_instance *model, const struct fed_dataset *,
                struct fed_error *);

/* The default dataset where none is chosen. */
int fed_session_complete_data(struct fed_session *, struct fed_error *);
/* Make `data` the session's; owned by the session on FED_OK.  No client may be present.  name and
 * args may be those of the present choice. */
int fed_session_adopt_data(struct fed_session *, struct fed_dataset *data, const char *name,
                           const struct fed_key_values *args, struct fed_error *);
/* Put the plugin in place of the present one; taken on FED_OK. */
int fed_session_adopt_model(struct fed_session *, struct fed_instance *, struct fed_error *);
void fed_session_adopt_aggregator(struct fed_session *, struct fed_instance *);
void fed_session_adopt_transport(struct fed_session *, struct fed_instance *);

/* A version begins: tell which faults begin and end with it. */
void fed_session_tell_faults(struct fed_session *);
/* These clients (ascending) leave: no fault has them any more. */
void fed_session_forget_clients(struct fed_session *, const uint32_t *ids, uint32_t n);
/* Refuse what the session's examples have no place for. */
int fed_fault_fits(const struct fed_session *, const struct fed_fault *, struct fed_error *);
int fed_attack_fits(const struct fed_session *, const struct fed_instance *attack,
                    struct fed_error *);

/* An event to the log of events and to the session's sinks. */
void fed_session_notify(struct fed_session *, const struct fed_event *);
/* Release the composition and its run; plugins and sinks stay.  Without a scheme a session is good
 * for release, or for another composition. */
void fed_session_clear(struct fed_session *);
/* Clear it, then take the composition and the run of `from`, where no federation runs.  The log of
 * events starts again; plugins, sinks and interrupts stay; `from` is left with what was taken and
 * must not be cleared. */
void fed_session_replace(struct fed_session *, struct fed_session *from);

#endif
