/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/arrivals.h - handling of updates that arrive at the server.
 */
#ifndef FED_TRAIN_ROUND_ARRIVALS_H
#define FED_TRAIN_ROUND_ARRIVALS_H

#include "net/messenger.h"

struct fed_federation;

/* Handle an update that has arrived: gate, then scheme; counts it as reported or refused.  The
 * envelope stays the caller's.  An update of no open invitation (late, duplicate, never asked for)
 * is refused without a call of the scheme. */
int fed__take_update(struct fed_federation *, struct fed_envelope *update, struct fed_error *);

#endif
