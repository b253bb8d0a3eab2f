/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/gate.h - validation of updates before an aggregator sees them.
 */
#ifndef FED_TRAIN_ROUND_GATE_H
#define FED_TRAIN_ROUND_GATE_H

#include <math.h>

#include "net/messenger.h"

/* Validate an update.  FED_REJECT when the envelope has another number of vectors (1 + returned) or
 * another size than the model, an impossible claim (no samples, no steps), or a number that is not
 * finite (its index is named). */
int fed__gate_check(const struct fed_envelope *, uint32_t returned, size_t dim, struct fed_error *);
/* Whether all its numbers are finite, its loss included. */
bool fed__update_is_finite(const struct fed_envelope *);

#endif
