/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/arrivals.h - updates that arrive at the server.
 */
#ifndef FED_TRAIN_ROUND_ARRIVALS_H
#define FED_TRAIN_ROUND_ARRIVALS_H

#include "net/messenger.h"

struct fed_federation;

/* The update of an invitation has arrived: the gate, then the scheme; counts it as what it is.  The
 * envelope stays the caller's.  What answers no open invitation (late, twice, never asked) is
 * refused before the scheme hears of it. */
int fed_take_update(struct fed_federation *, struct fed_envelope *update, struct fed_error *);

#endif
