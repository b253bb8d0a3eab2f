/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/parts.h - savers and loaders of the parts of a file, each with its sections.
 *
 * Savers cannot fail: struct fed_saver records that memory ran out.  Loaders do nothing once
 * struct fed_loader has failed.  save.c and restore.c call them in the order of this header; each
 * loader relies on those before it.
 */
#ifndef FED_CHECKPOINT_PARTS_H
#define FED_CHECKPOINT_PARTS_H

#include "checkpoint/columns.h"
#include "checkpoint/last_version.h"

/* Settings, scheme, plugins, dataset, model, transport, aggregator; selection if one is chosen. */
void fed__save_composition(struct fed_saver *, const struct fed_last_version *);
/* Borrows the dataset of `lender` if its fingerprint is the same; lender NULL: loads it again. */
void fed__load_composition(struct fed_loader *, struct fed_session *,
                           const struct fed_session *lender);
/* Client blocks with their partition, rows and devices of clients, their persistent vectors. */
void fed__save_clients(struct fed_saver *, const struct fed_last_version *);
void fed__load_clients(struct fed_loader *, struct fed_session *);
/* What clients joined with, and when others left. */
void fed__save_origins(struct fed_saver *, const struct fed_session *);
void fed__load_origins(struct fed_loader *, struct fed_session *);
/* Which clients are on other machines (remote_clients.c). */
void fed__save_remote_clients(struct fed_saver *, const struct fed_clients *);
void fed__load_remote_clients(struct fed_loader *, struct fed_clients *);
void fed__save_costs(struct fed_saver *, const struct fed_session *);
void fed__load_costs(struct fed_loader *, struct fed_session *);
/* Counters, the last record, the history, the model's parameters, the kept runs. */
void fed__save_progress(struct fed_saver *, const struct fed_last_version *);
void fed__load_progress(struct fed_loader *, struct fed_session *);
void fed__save_faults(struct fed_saver *, const struct fed_last_version *);
void fed__load_faults(struct fed_loader *, struct fed_session *);
void fed__save_in_flight(struct fed_saver *, const struct fed_last_version *);
/* The caller releases the result, also when the loader failed. */
void fed__load_in_flight(struct fed_loader *, const struct fed_session *, struct fed_in_flight *);
/* Own layers and claims among it, a part of the above. */
void fed__save_personal(struct fed_saver *, const struct fed_in_flight *);
void fed__load_personal(struct fed_loader *, struct fed_in_flight *, const struct fed_sharing *);
/* The rest of a stopped run, the breakpoints, the pause. */
void fed__save_breakpoints(struct fed_saver *, const struct fed_session *);
void fed__load_breakpoints(struct fed_loader *, struct fed_session *);
/* The steps of the open round, and the user's edits in it.  The caller releases the edits, also
 * when the loader failed. */
void fed__save_open_round(struct fed_saver *, const struct fed_last_version *);
void fed__load_open_round(struct fed_loader *, struct fed_session *, uint64_t *steps,
                          struct fed_round_edits *);

/* Program and builds of plugins that saved a file; empty where that is not known. */
struct fed_saved_by {
	struct fed_text program, plugins; /* the latter: session/plugin_digests.h */
};
void fed__save_saved_by(struct fed_saver *, const struct fed_session *);
/* The caller releases the result, also when the loader failed. */
void fed__load_saved_by(struct fed_loader *, struct fed_saved_by *);
/* Tell which of them differ from those of this session. */
void fed__tell_saved_by(struct fed_session *, const struct fed_saved_by *);
void fed__saved_by_release(struct fed_saved_by *);

/* Shared by parts ------------------------------------------------------------------ */

/* A plugin instance: a section with its settings, its own state and its vectors, or those of
 * `backup` when not NULL. */
void fed__save_instance(struct fed_saver *, const char *section, const struct fed_instance *,
                        const struct fed_instance_backup *);
/* The caller releases the instance, also when the loader failed. */
void fed__load_instance(struct fed_loader *, const struct fed_registry *, enum fed_kind,
                        struct fed_instance *);
/* The same where the file may lack the section: the instance is zeroed then. */
void fed__load_instance_if_any(struct fed_loader *, const struct fed_registry *, enum fed_kind,
                               struct fed_instance *);
/* One fault with its settled figures and the memory of its attack.  The caller releases it, also
 * when the loader failed. */
void fed__save_fault(struct fed_saver *, const struct fed_fault *);
void fed__load_fault(struct fed_loader *, struct fed_session *, struct fed_fault *);
/* Profiles of a device and a link, by name; an unknown name becomes no profile. */
void fed__put_profiles(struct fed_saver *, uint8_t device, uint8_t link);
void fed__get_profiles(struct fed_loader *, uint8_t *device, uint8_t *link);
/* Device and link of a client, with their profiles. */
void fed__put_equipment(struct fed_saver *, const struct fed_equipment *);
void fed__get_equipment(struct fed_loader *, struct fed_equipment *);
/* The session's settings; what they say of plugins is checked by the caller. */
void fed__get_settings(struct fed_loader *, struct fed_settings *);

#endif
