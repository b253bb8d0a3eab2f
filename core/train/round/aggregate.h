/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/aggregate.h - updates on their way from the gate to the scheme and the aggregator.
 */
#ifndef FED_TRAIN_ROUND_AGGREGATE_H
#define FED_TRAIN_ROUND_AGGREGATE_H

#include "net/messenger.h"
#include "plug/call.h"

struct fed_federation;

/* Give an update that passed the gate, made from this model, to the scheme; both stay at least
 * until the version ends or the next one is given.  FED_REJECT refuses it in words. */
int fed_hand_in(struct fed_federation *, const struct fed_envelope *,
                struct fed_shared_vectors *model, struct fed_error *);
void fed_release_round_inputs(struct fed_federation *); /* of both */
/* Begin an aggregation of at most `most` updates on the present model. */
int fed_begin_aggregation(struct fed_federation *, struct fed_aggregation *, uint32_t most,
                          struct fed_error *);
/* The update in an envelope that passed the gate; valid while envelope and base are. */
struct fed_update fed_update_of(const struct fed_federation *, const struct fed_envelope *,
                                const float *base);

#endif
