/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/internal.h - definition of struct fed_session, for core/session, checkpoint and
 * experiments.  Other code includes session.h.
 *
 * Functions that change the composition first do all that can fail, then stop the federation (which
 * cannot fail), replace the part, and set the federation up again.
 */
#ifndef FED_SESSION_INTERNAL_H
#define FED_SESSION_INTERNAL_H

#include "history/event_log.h"
#include "history/kept_runs.h"
#include "history/metrics.h"
#include "session/breakpoints.h"
#include "session/composition.h"
#include "session/round_edits.h"
#include "session/session.h"

#define FED_SINKS_MAX 8

/* Progress of training while no federation runs. */
struct fed_progress {
	float *params; /* [dim]; NULL: version 0, parameters come from the seed */
	size_t dim;
	uint64_t version, invitations;
	double clock, evaluation_seconds; /* the clock without these */
	uint64_t next_seq, next_id;       /* of the event queue and of the messenger */
	struct fed_record record;
	struct fed_step_maker maker; /* of the last version */
};

/* The substitute of an aggregator that fails. */
struct fed_guard_state {
	char on_error[48]; /* the setting that it was made by */
	struct fed_instance fallback;
	struct fed_substitute substitute;
};

struct fed_session {
	struct fed_registry *plugins;
	struct fed_composition parts;
	uint64_t faults_announced;        /* last fault number when a version last began */
	uint64_t announced_before;        /* the same of the version before the open round */
	bool announced;                   /* the open round has set it; an abort takes it back */
	struct fed_ledger ledger;         /* costs since version 0 */
	struct fed_federation federation; /* initialised by fed_session_start */
	bool running;                     /* federation is initialised */
	struct fed_ranks *ranks;          /* where trainings run, too; NULL: none */
	struct fed_data_origin origin;    /* of the federation's dataset */
	struct fed_round_edits edits;     /* since the open round began */
	struct fed_progress progress;     /* of a federation that was stopped */
	struct fed_history history;
	struct fed_runs runs; /* kept by name */
	char *made_with;      /* composition of the last version; NULL: unknown */
	struct fed_event_log event_log;
	struct fed_breakpoints breakpoints;
	struct fed_probe *probe;       /* borrowed; NULL: no search is on its way */
	struct fed_remaining_run rest; /* of the last run, if it was stopped */
	struct fed_sink sink[FED_SINKS_MAX];
	size_t n_sinks;
	struct fed_pause_hook pause_hook;
	struct fed_version_hook version_hook;
	struct fed_guard_state guard_state;        /* guard.c */
	const struct fed_network_service *network; /* borrowed; NULL: none is open */
	void (*settle)(void *ctx);                 /* see fed_session_set_network */
	void *settle_ctx;
	const struct fed_data_form *data_form; /* borrowed; NULL: none (fed_session_dataset_by) */
	uint64_t draws;                        /* random WHO selections made */
	bool diverged;                         /* the user was warned */
	bool copied;           /* a copy (experiments/session_copy.h): sends no events */
	atomic_int interrupts; /* see fed_session_interrupt */
	bool no_files;         /* see fed_session_write_no_files */
};

/* Send what plugins printed in worker processes to the sinks, a line an event. */
void fed__session_report_plugins(struct fed_session *);
/* Apply the settings about guarded plugins to the registry. */
void fed__session_apply_guard(struct fed_session *);
/* Give the aggregator its substitute, by the setting on-plugin-error; before each round. */
int fed_session_prepare_substitute(struct fed_session *, struct fed_error *);
void fed__session_release_substitute(struct fed_session *);
/* Check that such a setting names an aggregator that can be a substitute. */
int fed__session_check_on_error(const struct fed_session *, const char *on_error,
                                struct fed_error *);

/* Initialise a session in place (copies, tests).  Released on failure. */
int fed__session_init(struct fed_session *, const char *plugin_folder, struct fed_sink,
                      struct fed_error *);
void fed__session_release(struct fed_session *);

/* Progress of the federation that runs, in its open round if there is one; params are borrowed. */
struct fed_progress fed_session_running_progress(const struct fed_session *);
/* Stop and release the federation; its progress moves to s->progress. */
void fed_session_stop(struct fed_session *);
/* Cancel the invitations in flight between two versions (scheme async), if any, with a notice that
 * begins with `why`. */
void fed__session_cancel_in_flight(struct fed_session *, const char *why);
/* Set the federation up from s->progress.  The composition must be complete. */
int fed__session_set_up(struct fed_session *, struct fed_error *);
/* The same if the composition is complete.  A failure is a warning only: nothing is lost, the next
 * round tries again. */
void fed__session_try_set_up(struct fed_session *);
/* fed__session_try_set_up() if training had begun. */
void fed_session_resume(struct fed_session *);

/* Keep the run under the name `last`, unless it is kept already: it is about to be discarded. */
int fed__session_keep_last(struct fed_session *, struct fed_error *);

/* Fresh parts for a run from version 0: plugins with their settings and an empty state. */
struct fed_restart_parts {
	struct fed_instance aggregator, transport, selection;
	struct fed_shared_attack **attack; /* [n_faults] as in the faults; NULL: not Byzantine */
	size_t n_faults;
};
int fed__restart_parts_init(struct fed_restart_parts *, const struct fed_session *,
                            struct fed_error *);
void fed__restart_parts_release(struct fed_restart_parts *);
/* Return to version 0: parameters from the seed, empty history, clients that never trained.  Takes
 * the parts; the federation must have been stopped. */
void fed__restart_parts_commit(struct fed_session *, struct fed_restart_parts *);

/* A new attack with the same settings and an empty state. */
int fed_attack_renew(struct fed_shared_attack **out, const struct fed_shared_attack *,
                     struct fed_error *);
/* Build the net of a model for the examples of a dataset, and try the layers that it brings;
 * released on failure.  doubt: "", or that one of them has a wrong gradient; NULL: they have been
 * tried. */
int fed_net_for(struct fed_net *, const struct fed_instance *model, const struct fed_dataset *,
                struct fed_error *doubt, struct fed_error *);
/* The net of the model's base, where all is trained that is frozen in the other. */
int fed_net_for_base(struct fed_net *, const struct fed_instance *model, const struct fed_dataset *,
                     struct fed_error *);
/* Replace the model's parameters, as fed_session_adopt_base(). */
int fed__session_adopt_params(struct fed_session *, float *params, struct fed_error *);
/* Warn of such a doubt; the model stays. */
void fed__session_tell_doubt(struct fed_session *, const struct fed_error *doubt);

/* What loading a dataset does with the data cache, by the settings. */
enum fed_cache_use fed__session_cache_use(const struct fed_session *);
/* Choose the default dataset if none is chosen. */
int fed__session_complete_data(struct fed_session *, struct fed_error *);
/* Replace the dataset; the session owns `data` on FED_OK.  No client may be present.  name and args
 * may be those of the present choice. */
int fed_session_adopt_data(struct fed_session *, struct fed_dataset *data, const char *name,
                           const struct fed_key_values *args, struct fed_error *);
/* Replace the present plugin; the instance is moved on FED_OK. */
int fed_session_adopt_model(struct fed_session *, struct fed_instance *, struct fed_error *);
void fed__session_adopt_aggregator(struct fed_session *, struct fed_instance *);
void fed__session_adopt_transport(struct fed_session *, struct fed_instance *);
void fed__session_adopt_selection(struct fed_session *, struct fed_instance *);

/* Send a notice if the codec of the model has no effect under the present scheme. */
void fed__session_tell_idle_codec(struct fed_session *);
/* At the beginning of a version: send an event for each fault that begins or ends with it. */
void fed__session_tell_faults(struct fed_session *);
/* Remove clients (ascending), which leave, from all faults. */
void fed__session_forget_clients(struct fed_session *, const uint32_t *ids, uint32_t n);
/* Refuse a fault or an attack that does not fit the session's examples. */
int fed_fault_fits(const struct fed_session *, const struct fed_fault *, struct fed_error *);
int fed_attack_fits(const struct fed_session *, const struct fed_instance *attack,
                    struct fed_error *);
/* Give a fault its attack if that fits; the instance is moved, and released on failure. */
int fed__fault_take_attack(const struct fed_session *, struct fed_fault *,
                           struct fed_instance *attack, struct fed_error *);

/* Send an event to the event log and to the session's sinks. */
void fed__session_notify(struct fed_session *, const struct fed_event *);
/* Release the composition and its run; plugins and sinks stay.  The session has no scheme then: it
 * must be released or get another composition. */
void fed_session_clear(struct fed_session *);
/* Clear the session, then move the composition and the run of `from`, which runs no federation, to
 * it.  The event log starts again; plugins, sinks and interrupts stay; the caller must not clear
 * `from`, whose members are not zeroed. */
void fed_session_replace(struct fed_session *, struct fed_session *from);

#endif
