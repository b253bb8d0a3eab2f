/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/parts.h - the parts of a saved file, each a few sections; for save.c and restore.c.
 *
 * Functions that save cannot fail: the saver keeps that there was no memory.  Functions that load
 * do nothing once the loader has failed.  They are called in the order in which they stand here,
 * and each finds what those before it have restored.
 */
#ifndef FED_CHECKPOINT_PARTS_H
#define FED_CHECKPOINT_PARTS_H

#include "checkpoint/columns.h"
#include "checkpoint/last_version.h"

/* Settings, scheme, plugins, dataset, model, transport, aggregator. */
void fed_save_composition(struct fed_saver *, const struct fed_last_version *);
/* A dataset of the same contents is taken from `lender`, which still owns it; NULL: made anew. */
void fed_load_composition(struct fed_loader *, struct fed_session *,
                          const struct fed_session *lender);
/* How clients were dealt, their rows and devices, the vectors that they keep. */
void fed_save_clients(struct fed_saver *, const struct fed_last_version *);
void fed_load_clients(struct fed_loader *, struct fed_session *);
void fed_save_costs(struct fed_saver *, const struct fed_session *);
void fed_load_costs(struct fed_loader *, struct fed_session *);
/* Counters, the last record, all records, the model's parameters; runs that are kept by name. */
void fed_save_progress(struct fed_saver *, const struct fed_last_version *);
void fed_load_progress(struct fed_loader *, struct fed_session *);
void fed_save_faults(struct fed_saver *, const struct fed_last_version *);
void fed_load_faults(struct fed_loader *, struct fed_session *);
void fed_save_in_flight(struct fed_saver *, const struct fed_last_version *);
/* The caller releases it, also when the loader failed. */
void fed_load_in_flight(struct fed_loader *, const struct fed_session *, struct fed_in_flight *);
/* What is left of a stopped run, breakpoints, a pause. */
void fed_save_breakpoints(struct fed_saver *, const struct fed_session *);
void fed_load_breakpoints(struct fed_loader *, struct fed_session *);
/* How far an open round has come, and what the user edited in it.  The caller releases the edits,
 * also when the loader failed. */
void fed_save_open_round(struct fed_saver *, const struct fed_last_version *);
void fed_load_open_round(struct fed_loader *, struct fed_session *, uint64_t *steps,
                         struct fed_round_edits *);

/* Shared by parts ------------------------------------------------------------------ */

/* A plugin at work: a section with its settings, its own memory and its vectors.  As it stands in
 * `backup` when not NULL. */
void fed_save_instance(struct fed_saver *, const char *section, const struct fed_instance *,
                       const struct fed_instance_backup *);
/* The caller releases it, also when the loader failed. */
void fed_load_instance(struct fed_loader *, const struct fed_registry *, enum fed_kind,
                       struct fed_instance *);
/* One fault with what its attack remembers, settled.  The caller releases it, likewise. */
void fed_save_fault(struct fed_saver *, const struct fed_fault *);
void fed_load_fault(struct fed_loader *, struct fed_session *, struct fed_fault *);
/* A client's device and link.  Profiles go by name; one that is unknown here is no profile, what it
 * stood for is kept. */
void fed_put_equipment(struct fed_saver *, const struct fed_equipment *);
void fed_get_equipment(struct fed_loader *, struct fed_equipment *);
/* The session's settings, checked. */
void fed_get_settings(struct fed_loader *, struct fed_settings *);

#endif
