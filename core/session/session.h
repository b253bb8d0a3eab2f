/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/session.h - the session: a composition and its run, the interface for front ends.
 *
 * No globals: a process may hold several sessions.  All functions are called from one thread at a
 * time, except fed_session_interrupt.  Functions that compose leave the session unchanged on
 * FED_FAIL.
 *
 * A bare session is completed when the first command needs it, with a notice for each choice: the
 * dataset `glyphs`, the default model of the dataset (mlp for images, softmax for points, linear
 * for regression), aggregator fedavg, transport local, scheme sync.
 */
#ifndef FED_SESSION_SESSION_H
#define FED_SESSION_SESSION_H

#include <stdatomic.h>

#include "plug/registry.h"
#include "session/status.h"
#include "train/round/record.h"

struct fed_assign;
struct fed_breakpoints;
struct fed_composition; /* session/composition.h */
struct fed_condition;
struct fed_device_spec;
struct fed_event_log;
struct fed_federation;
struct fed_history;
struct fed_ledger;
struct fed_link_spec;
struct fed_partition;
struct fed_ranks;
struct fed_remaining_run;
struct fed_runs;

/* A callback between any two events of a run: true stops the run there, and the rest waits for
 * fed_session_continue().  version: a whole version was shown at once. */
struct fed_pause_hook {
	bool (*wants_pause)(void *ctx, bool version); /* NULL: no callback */
	void *ctx;
};

/* A callback after each version of a run or step: it may read the session and save it. */
struct fed_version_hook {
	void (*made)(void *ctx); /* NULL: no callback */
	void *ctx;
};

/* Why a run ended, on FED_FAIL and FED_REJECT too. */
enum fed_run_outcome {
	FED_RUN_ENDED,       /* complete, or it could not begin */
	FED_RUN_STOPPED,     /* at a breakpoint or a pause */
	FED_RUN_HELD,        /* by the pause hook, between two events */
	FED_RUN_INTERRUPTED, /* between two rounds; a step: after it */
	FED_RUN_POINTLESS,   /* its condition cannot come: FED_REJECT, with the versions made */
	FED_RUN_ABORTED,     /* by a failure or a second interrupt: the round was rolled back */
};
/* The result of run, continue and step. */
struct fed_run_result {
	enum fed_run_outcome outcome;
	bool interrupted;     /* because of an interrupt, also for FED_RUN_ABORTED */
	uint64_t versions;    /* made */
	uint64_t steps;       /* of the round that is open now or was aborted; opening it counts */
	uint64_t open_before; /* steps of the round that was open before; 0: none was */
	bool lost; /* aborted: work in flight from earlier versions was cancelled, too (scheme async) */
};

struct fed_session;

/* A bare session.  plugin_folder: the built-in plugins; `sink` gets a warning for each broken file
 * in it. */
int fed_session_new(struct fed_session **, const char *plugin_folder, struct fed_sink sink,
                    struct fed_error *);
/* Files that are loaded from now on are guarded (setting guard), by worker processes of this
 * program. */
int fed_session_guard(struct fed_session *, const char *program, struct fed_error *);
/* Trainings run on these ranks, too (core/cluster); before the first round.  They outlive the
 * session. */
void fed_session_use_ranks(struct fed_session *, struct fed_ranks *);
struct fed_ranks *fed_session_ranks(const struct fed_session *); /* NULL: none */
void fed_session_free(struct fed_session *);                     /* NULL is fine */
int fed_session_add_sink(struct fed_session *, struct fed_sink, struct fed_error *);
void fed__session_remove_sink(struct fed_session *, void *ctx);
/* Replace the pause hook; a session has at most one. */
void fed_session_set_pause_hook(struct fed_session *, struct fed_pause_hook);
/* Replace the version hook; a session has at most one. */
void fed_session_set_version_hook(struct fed_session *, struct fed_version_hook);
/* Send an event that is a text, at the present version and time. */
void fed_session_tell(struct fed_session *, enum fed_event_kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Compose ---------------------------------------------------------------- */

/* FED_REJECT and FED_FAIL as of fed_dataset_load; an interrupt stops loading and keeps the old
 * dataset.  Refused while clients hold examples of another dataset.  The model and its version stay
 * if shape and outputs are the same; else it is built anew, or removed if it does not fit. */
int fed_session_dataset(struct fed_session *, const char *name, const struct fed_assign *, size_t n,
                        struct fed_error *);
/* A new model starts at version 0 with parameters from the seed; the history is cleared. */
int fed_session_model(struct fed_session *, const char *name, const struct fed_assign *, size_t n,
                      struct fed_error *);
/* The next three keep the model and its version. */
int fed_session_aggregator(struct fed_session *, const char *name, const struct fed_assign *,
                           size_t n, struct fed_error *);
int fed_session_transport(struct fed_session *, const char *name, const struct fed_assign *,
                          size_t n, struct fed_error *);
/* The selection rule of rounds. */
int fed_session_select(struct fed_session *, const char *name, const struct fed_assign *, size_t n,
                       struct fed_error *);
int fed_session_scheme(struct fed_session *, const char *name, const struct fed_assign *, size_t n,
                       struct fed_error *);
/* The new clients are first .. first + n - 1; device and link NULL: the defaults; names as typed
 * (train/clients/names.h), NULL: those of natural owners.  Refused with
 * the memory estimate if memory does not suffice. */
int fed_session_add_clients(struct fed_session *, uint32_t n, const struct fed_partition *,
                            const struct fed_device_spec *, const struct fed_link_spec *,
                            const char *names, uint32_t *first, struct fed_error *);
/* Change device, link and names of *n clients; NULL: unchanged. */
int fed_session_change_clients(struct fed_session *, const char *who,
                               const struct fed_device_spec *, const struct fed_link_spec *,
                               const char *names, uint32_t *n, struct fed_error *);
int fed_session_remove_clients(struct fed_session *, const char *who, uint32_t *n,
                               struct fed_error *);
/* A setting of the session, or of the present aggregator, model, transport or scheme as
 * "aggregator.server_lr" or, when no other has it, "server_lr".  A key of the model builds it
 * anew, at version 0.  The seed may change as long as no partition and no version depends on it. */
int fed_session_set(struct fed_session *, const char *key, const char *value, struct fed_error *);
/* Set several keys, all or none. */
int fed_session_set_all(struct fed_session *, const struct fed_assign *, size_t n,
                        struct fed_error *);
/* Return to a bare session.  Plugins and sinks stay, settings too if keep_settings. */
int fed_session_reset(struct fed_session *, bool keep_settings, struct fed_error *);
/* Return to version 0 with the same composition (parameters from the seed, history cleared). */
int fed_session_restart(struct fed_session *, struct fed_error *);

/* Say what the last version was made with, as lines KEY=VALUE: runs are kept and saved with it.
 * NULL: unknown, as it is without memory for a copy. */
void fed_session_made_with(struct fed_session *, const char *composition);
/* Keep the history so far under a name; replaces a kept run of that name. */
int fed_session_keep_run(struct fed_session *, const char *name, struct fed_error *);
/* Keep a run no more; the error has the nearest name. */
int fed_session_drop_run(struct fed_session *, const char *name, struct fed_error *);
/* The same for another history. */
int fed_session_keep_history(struct fed_session *, const char *name, const struct fed_history *,
                             struct fed_error *);
/* Replace the model's parameters [dim] (from fed_alloc_floats; taken), and the frozen base by a
 * copy of `frozen` [net.frozen_dim] (NULL: it stays; what is in flight is cancelled otherwise); the
 * federation must be set up. */
int fed_session_adopt_base(struct fed_session *, const float *frozen, float *params,
                           struct fed_error *);

/* Plugins ---------------------------------------------------------------- */

int fed_session_load(struct fed_session *, const char *path, const struct fed_entry **,
                     struct fed_error *);
/* The same, to run inside whatever the setting guard says. */
int fed_session_load_trusted(struct fed_session *, const char *path, const struct fed_entry **,
                             struct fed_error *);
int fed_session_unload(struct fed_session *, const char *name, struct fed_error *);
/* Load the plugin's file again, between rounds; an instance in use is recreated with its settings
 * and with as much of its state as still fits (plug/carried_state.h), which a notice tells. */
int fed_session_reload(struct fed_session *, const char *name, struct fed_error *);
/* Whether the session's composition or one of its faults has the plugin. */
bool fed_session_uses(const struct fed_session *, const struct fed_entry *);
/* Calls of a guarded plugin since it was loaded, in instances of the session. */
struct fed_work fed_session_plugin_work(const struct fed_session *, const struct fed_entry *);

/* Run -------------------------------------------------------------------- */

/* Choose defaults for missing dataset, model, aggregator and transport (a notice each). */
int fed_session_complete(struct fed_session *, struct fed_error *);
/* Complete the composition and set up the federation, as the first round does; the model then has
 * its parameters. */
int fed_session_start(struct fed_session *, struct fed_error *);
/* Which parts a session has, to take back what is completed after this: by a command that only
 * looks, or by one that fails. */
struct fed_session_chosen {
	bool data, model, aggregator, transport;
	bool began;                /* the model has its parameters */
	struct fed_instance alone; /* a copy of a model that was chosen before the dataset */
};
void fed_session_chosen_init(struct fed_session_chosen *, const struct fed_session *);
void fed_session_chosen_release(struct fed_session_chosen *);
/* Remove the defaults that were chosen since, and a federation that was set up since.  Nothing is
 * removed once a version was made or a round is open: the work depends on it. */
void fed_session_take_back(struct fed_session *, struct fed_session_chosen *before);

/* Inspect ---------------------------------------------------------------- */

/* A snapshot for front ends is in session/status.h.  The pointers returned here are borrowed, and
 * valid until the session changes. */
const struct fed_composition *fed_session_parts(const struct fed_session *);
const struct fed_history *fed_session_history(const struct fed_session *);
const struct fed_runs *fed_session_kept_runs(const struct fed_session *);
/* What fed_session_made_with was told, of the last version; NULL: unknown, or there is none. */
const char *fed_session_composition(const struct fed_session *);
const struct fed_event_log *fed_session_event_log(const struct fed_session *);
/* Put a former copy of its event log in the place of the present one (fed_event_log_return). */
void fed_session_return_events(struct fed_session *, struct fed_event_log *copy);
const struct fed_ledger *fed_session_costs(const struct fed_session *); /* since version 0 */
const struct fed_breakpoints *fed_session_breakpoints(const struct fed_session *);
const struct fed_remaining_run *fed_session_rest(const struct fed_session *);
const struct fed_registry *fed_session_plugins(const struct fed_session *);
/* True if a federation is set up; else all members of fed_session_federation() are 0. */
bool fed_session_running(const struct fed_session *);
const struct fed_federation *fed_session_federation(const struct fed_session *);
uint64_t fed_session_draws(const struct fed_session *); /* random WHO selections made */
/* From now on the session writes no files by itself: what is slow to read is not kept. */
void fed_session_write_no_files(struct fed_session *);
/* Interrupts since fed_session_clear_interrupt(): above 0, long work stops. */
const atomic_int *fed_session_interrupts(const struct fed_session *);
/* Versions made; the model's parameters [net.dim], NULL before fed_session_start. */
uint64_t fed_session_version(const struct fed_session *);
const float *fed_session_params(const struct fed_session *);
/* Whether clients use models of their own (train/local/own_model.h). */
bool fed_session_has_own_models(const struct fed_session *);
/* Where the last version's step came from; kept when the federation is set up again, whose verdicts
 * are not, and in snapshots. */
const struct fed_step_maker *fed_session_step_maker(const struct fed_session *);
/* Virtual seconds, as of the last event. */
double fed_session_clock(const struct fed_session *);
/* The same now: over a real transport time goes on between two events of a round. */
double fed_session_time(const struct fed_session *);
/* Make n versions, or run until the condition holds (NULL: none; n == 0: no limit but the
 * condition); an open round is the first of them.  Stops early after an interrupt, at a breakpoint,
 * perhaps with the round open, and at a pause (with an event); the rest then waits for
 * fed_session_continue().  A failure drops the rest. */
int fed_session_run(struct fed_session *, uint64_t n, const struct fed_condition *until,
                    struct fed_run_result *, struct fed_error *);
/* Finish the open round, if any, and the rest of a stopped run.  FED_REJECT: there is nothing to
 * continue. */
int fed_session_continue(struct fed_session *, struct fed_run_result *, struct fed_error *);
/* Open a round if none is open, else handle its next event. */
int fed_session_step(struct fed_session *, struct fed_run_result *, struct fed_error *);
/* True if there is something to continue. */
bool fed_session_left(const struct fed_session *);
/* Between two of many steps, or versions: true if the pause hook asks for a stop. */
bool fed_session_hold(struct fed_session *, bool version);
/* True while a round is open.  Changes of the composition are refused then, except those of faults,
 * devices, links and most settings. */
bool fed_session_open(const struct fed_session *);
/* FED_FAIL with what to do next while a round is open. */
int fed_session_check_closed(const struct fed_session *, struct fed_error *);
/* End the open round without a step and roll it back; all: cancel what was in flight before it,
 * too.  FED_REJECT: none is open. */
int fed_session_abort(struct fed_session *, bool all, struct fed_error *);
/* Add a breakpoint: a condition (history/condition.h) at which runs stop.  fed_session_reset
 * deletes all of them. */
int fed_session_break(struct fed_session *, const char *condition, uint64_t *number,
                      struct fed_error *);
int fed_session_unbreak(struct fed_session *, uint64_t number, struct fed_error *);
void fed_session_unbreak_all(struct fed_session *);
/* Stop the next run once when this version is committed, or at once if it is already. */
void fed_session_pause(struct fed_session *, uint64_t version);
/* Safe in a signal handler.  Called once: stop after this round; twice: abort it. */
void fed_session_interrupt(struct fed_session *);
/* True during the evaluation of a committed version.  Safe in a signal handler. */
bool fed_session_evaluates(const struct fed_session *);
/* Reset the count of interrupts, before a new command. */
void fed_session_clear_interrupt(struct fed_session *);

#endif
