/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/checkpoint.h - save a session to one file and restore it bit for bit.
 *
 * Sections, each with a name, length and CRC-32: settings, choices, clients (cohorts, ids,
 * figures, kept vectors, residuals, costs), parameters, aggregator state and vectors, clock,
 * history, faults, what is under way (checkpoint/in_flight.h), what a stop left of a run,
 * breakpoints and a pause, and how far an open round has come (checkpoint/replay.h).  The dataset
 * is made or read again from its spec and its fingerprint compared. restore replaces the session
 * only after the whole file was read and checked.
 */
#ifndef FED_CHECKPOINT_CHECKPOINT_H
#define FED_CHECKPOINT_CHECKPOINT_H

#include "session/session.h"

int fed_session_save(struct fed_session *, const char *path, struct fed_error *);
/* FED_REJECT: it was interrupted while its dataset was made; nothing has changed. */
int fed_session_restore(struct fed_session *, const char *path, struct fed_error *);

#endif
