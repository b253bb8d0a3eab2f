/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/faults.h - faults in a saved file, with what attacks remember.
 */
#ifndef FED_CHECKPOINT_FAULTS_H
#define FED_CHECKPOINT_FAULTS_H

#include "checkpoint/sections.h"
#include "session/session.h"

/* One of them; load: the caller releases it, also on FED_FAIL. */
int fed_save_fault(struct fed_saver *, const struct fed_fault *, struct fed_error *);
int fed_load_fault(struct fed_loader *, struct fed_session *, struct fed_fault *);

int fed_save_faults(struct fed_saver *, const struct fed_session *, struct fed_error *);
/* The session has its dataset, model and clients already. */
int fed_load_faults(struct fed_loader *, struct fed_session *);

#endif
