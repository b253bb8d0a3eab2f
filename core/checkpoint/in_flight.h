/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/in_flight.h - what is under way between two versions, in a saved file.
 */
#ifndef FED_CHECKPOINT_IN_FLIGHT_H
#define FED_CHECKPOINT_IN_FLIGHT_H

#include "checkpoint/sections.h"
#include "session/session.h"
#include "train/in_flight.h"

/* Its trainings have ended (fed_trainer_finish).  dim: parameters of the model. */
int fed_save_underway(struct fed_saver *, const struct fed_underway *, size_t dim,
                      struct fed_error *);
/* The session has its clients and its model.  The caller releases it, also on FED_FAIL. */
int fed_load_underway(struct fed_loader *, const struct fed_session *, struct fed_underway *);

#endif
